//! How cases go on: followed up after closing, at another centre, in a commune's hands, or anew.

use chrono::{Days, Months, NaiveDate};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{Scribe, at};
use crate::cases::deadlines::{DeadlineKind, FOLLOW_UP_MONTHS};
use crate::cases::model::{Case, CaseEvent, CaseEventKind};
use crate::cases::status::{CaseStatus, CloseReason};
use crate::consents::model::{Consent, ConsentPurpose, GivenBy, Proof};
use crate::db::types::{AccountId, CaseEventId, CaseId, ConsentId, FollowUpId, OrganisationId, TransferId};
use crate::demo::batch::Records;
use crate::demo::cast::Centre;
use crate::demo::dice::{chance, weighted};
use crate::follow_ups::model::{Finding, FollowUp};
use crate::persons::ClientCategory;
use crate::referrals::status::EmergencyReason;
use crate::transfers::model::Transfer;
use crate::transfers::status::{TransferGround, TransferStatus};

const FINDINGS: &[(u32, &str)] =
    &[(58, "stable"), (16, "needs_support"), (6, "at_risk"), (6, "not_wanted_now"), (14, "not_reached")];

/// Where else a case may go, and what day it is.
pub(super) struct Around<'a> {
    pub(super) centres: &'a [Centre],
    pub(super) today: NaiveDate,
}

impl Scribe<'_> {
    /// Adds what happened to a case after its story, as far as it has happened.
    pub(super) fn go_on(&self, rng: &mut StdRng, around: &Around<'_>, records: &mut Records) {
        if records.case.status == CaseStatus::Closed {
            self.follow_up(rng, around.today, records);
            if records.case.close_reason == Some(CloseReason::Transferred) && chance(rng, 0.6) {
                self.hand_over(rng, around, records);
            } else if records.case.identified_on.is_some() && chance(rng, 0.06) {
                self.trafficked_again(rng, around.today, records);
            }
            return;
        }
        let early = matches!(records.case.status, CaseStatus::Received | CaseStatus::Screened);
        if early && records.assessments.is_empty() && chance(rng, 0.8) {
            self.take_in_at_commune(rng, around.today, records);
        } else if records.case.status == CaseStatus::ReceivingSupport && chance(rng, 0.02) {
            self.offer(rng, around, records);
        }
        self.emergencies(rng, around.today, records);
    }

    fn follow_up(&self, rng: &mut StdRng, today: NaiveDate, records: &mut Records) {
        let case = &records.case;
        let Some(closed_on) = case.closed_on.filter(|_| case.close_reason.is_some_and(CloseReason::is_followed_up))
        else {
            return;
        };
        for months in FOLLOW_UP_MONTHS {
            let due = u32::try_from(months).ok().and_then(|months| closed_on.checked_add_months(Months::new(months)));
            let done_on = due.and_then(|due| due.checked_add_days(Days::new(rng.random_range(0..20))));
            let Some(done_on) = done_on.filter(|day| *day <= today && chance(rng, 0.8)) else { continue };
            records.follow_ups.push(FollowUp {
                id: FollowUpId(self.ids.uuid()),
                case_id: case.id,
                closed_on,
                months,
                done_on,
                finding: weighted(rng, FINDINGS).parse().unwrap_or(Finding::Stable),
                sealed_note: None,
                recorded_by: case.assigned_to.unwrap_or(self.centre.manager),
                created_at: at(done_on, 300),
            });
        }
    }

    /// The closing becomes a transfer that the other centre accepted.
    fn hand_over(&self, rng: &mut StdRng, around: &Around<'_>, records: &mut Records) {
        let (Some(receiver), Some(on)) = (self.other_centre(rng, around), records.case.closed_on) else { return };
        let Some(last) = records.events.last_mut() else { return };
        let before = last.from_status.unwrap_or(CaseStatus::ReceivingSupport);
        last.kind = CaseEventKind::HandedOver;
        last.recorded_by = receiver.manager;
        let worker = receiver.workers.first().copied();
        let case = Case {
            id: CaseId(self.ids.uuid()),
            organisation_id: receiver.id,
            status: before,
            status_since: on,
            received_on: on,
            last_contact_on: on,
            closed_on: None,
            close_reason: None,
            assigned_to: worker,
            opened_by: receiver.manager,
            created_at: last.recorded_at,
            updated_at: last.recorded_at,
            continues_case_id: Some(records.case.id),
            first_received_on: Some(records.case.received_on),
            planned_before: !records.work.plans.is_empty(),
            ..records.case.clone()
        };
        records.case.handed_to_case_id = Some(case.id);
        let opened = self.opening(&case, CaseEventKind::TakenOver);
        let consent = self.consent_to(receiver.id, on);
        let mut transfer = self.transfer(records, receiver.id, on, Some(consent.id));
        transfer.status = TransferStatus::Accepted;
        transfer.answered_by = Some(receiver.manager);
        transfer.answered_at = Some(case.created_at);
        transfer.new_case_id = Some(case.id);
        transfer.version = 2;
        records.consents.push(consent);
        records.transfers.push(transfer);
        records.later_cases.push((case, vec![opened]));
    }

    fn trafficked_again(&self, rng: &mut StdRng, today: NaiveDate, records: &mut Records) {
        let later = records.case.closed_on.and_then(|day| day.checked_add_days(Days::new(rng.random_range(60..400))));
        let Some(received_on) = later.filter(|day| *day <= today) else { return };
        let case = Case {
            id: CaseId(self.ids.uuid()),
            category: ClientCategory::IdentifiedVictim,
            status: CaseStatus::Received,
            status_since: received_on,
            received_on,
            last_contact_on: received_on,
            identified_on: None,
            closed_on: None,
            close_reason: None,
            created_at: at(received_on, 5),
            updated_at: at(received_on, 5),
            trafficked_again: true,
            ..records.case.clone()
        };
        let opened = self.opening(&case, CaseEventKind::Opened);
        records.later_cases.push((case, vec![opened]));
    }

    /// A commune took the person in and hands them over.
    fn take_in_at_commune(&self, rng: &mut StdRng, today: NaiveDate, records: &mut Records) {
        let Some((office, officer)) = self.centre.office else { return };
        records.person.registered_by = officer;
        records.person.organisation_id = office;
        records.case.organisation_id = office;
        records.case.opened_by = officer;
        records.case.assigned_to = None;
        for consent in &mut records.consents {
            consent.recorded_by = officer;
        }
        for event in &mut records.events {
            event.recorded_by = officer;
        }
        let victim = records.case.category == ClientCategory::PossibleVictim;
        if victim && chance(rng, 0.9) {
            let mut transfer = self.transfer(records, self.centre.id, today, None);
            transfer.ground = TransferGround::LegalDuty;
            records.transfers.push(transfer);
        }
    }

    fn offer(&self, rng: &mut StdRng, around: &Around<'_>, records: &mut Records) {
        let Some(receiver) = self.other_centre(rng, around) else { return };
        let consent = self.consent_to(receiver.id, around.today);
        let transfer = self.transfer(records, receiver.id, around.today, Some(consent.id));
        records.consents.push(consent);
        records.transfers.push(transfer);
    }

    /// Some shelter and treatment could not wait; of the latest the manager has yet to be told.
    fn emergencies(&self, rng: &mut StdRng, today: NaiveDate, records: &mut Records) {
        if records.case.category != ClientCategory::PossibleVictim {
            return;
        }
        for (referral, _) in &mut records.referrals {
            let Some(sent_at) = referral.sent_at else { continue };
            if !self.app.services.has_emergency(referral.service_type) || !chance(rng, 0.2) {
                continue;
            }
            referral.emergency_reason = Some(EmergencyReason::TraffickersNear);
            if sent_at.civil_date() + Days::new(14) < today {
                referral.reviewed_by = Some(self.centre.manager);
                referral.reviewed_at = Some(sent_at.plus(chrono::TimeDelta::hours(3)));
            }
        }
    }

    fn other_centre<'a>(&self, rng: &mut StdRng, around: &Around<'a>) -> Option<&'a Centre> {
        let others: Vec<&Centre> = around.centres.iter().filter(|centre| centre.id != self.centre.id).collect();
        others.get(rng.random_range(0..others.len().max(1))).copied()
    }

    fn opening(&self, case: &Case, kind: CaseEventKind) -> CaseEvent {
        CaseEvent {
            id: CaseEventId(self.ids.uuid()),
            case_id: case.id,
            kind,
            from_status: None,
            to_status: Some(case.status),
            occurred_on: case.received_on,
            reason: None,
            sealed_note: None,
            recorded_by: case.opened_by,
            recorded_at: case.created_at,
        }
    }

    fn consent_to(&self, receiver: OrganisationId, on: NaiveDate) -> Consent {
        Consent {
            id: ConsentId(self.ids.uuid()),
            person_id: self.person,
            purpose: ConsentPurpose::Transfer,
            recipient_organisation_id: Some(receiver),
            given_by: GivenBy::OneSelf,
            given_on: on,
            proof: Proof::WrittenSignature,
            expires_on: None,
            withdrawn_on: None,
            withdrawn_by: None,
            recorded_by: self.worker(),
            created_at: at(on, 2),
            version: 1,
            guardian_id: None,
            end_reason: None,
            holds_from: None,
            told_expires_on: None,
        }
    }

    fn transfer(
        &self,
        records: &Records,
        receiver: OrganisationId,
        on: NaiveDate,
        consent_id: Option<ConsentId>,
    ) -> Transfer {
        let by: AccountId = records.case.assigned_to.unwrap_or(records.case.opened_by);
        let answer = self.app.deadlines.one(DeadlineKind::TransferAnswer, on, on);
        Transfer {
            id: TransferId(self.ids.uuid()),
            case_id: records.case.id,
            person_id: self.person,
            from_organisation_id: records.case.organisation_id,
            to_organisation_id: receiver,
            ground: TransferGround::Consent,
            consent_id,
            status: TransferStatus::Offered,
            answer_due_on: answer.map_or(on, |deadline| deadline.due_on),
            sealed_summary: None,
            offered_by: by,
            created_at: at(on, 3),
            answered_by: None,
            answered_at: None,
            decline_reason: None,
            new_case_id: None,
            version: 1,
        }
    }
}
