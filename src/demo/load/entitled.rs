//! Stays and overrides as the rules would have stored them.

use super::{Scribe, at, word};
use crate::assessments::model::EligibilityReason;
use crate::cases::CaseStatus;
use crate::cases::model::{Case, CaseEvent};
use crate::db::types::{AccountId, ExtensionId, OverrideId, StayId};
use crate::deliveries::model::Delivery;
use crate::entitlements::evaluate::evaluate;
use crate::entitlements::facts::{CaseFacts, Facts, Span, Use};
use crate::entitlements::model::Override;
use crate::error::AppError;
use crate::persons::model::{Birth, Person};
use crate::referrals::model::{Referral, ReferralEvent};
use crate::services::ServiceType;
use crate::stays::model::{Extension, ExtensionReason, Stay};
use crate::vault::{DataKey, seal};

/// What a stay depends on.
pub(super) struct File<'a> {
    pub(super) person: &'a Person,
    pub(super) case: &'a Case,
    pub(super) events: &'a [CaseEvent],
    pub(super) referrals: &'a [(Referral, Vec<ReferralEvent>)],
    pub(super) deliveries: &'a [Delivery],
}

impl Scribe<'_> {
    /// Who is not confirmed as a victim is helped by the programme, where the law gives no right.
    pub(super) fn by_programme(&self, service: ServiceType) -> Option<EligibilityReason> {
        let refuted = self.story.case.events.iter().any(|change| change.to == "not_confirmed");
        let emergency = matches!(service, ServiceType::EssentialNeeds | ServiceType::Medical);
        (refuted && !emergency).then_some(EligibilityReason::Programme)
    }

    pub(super) fn stays(&self, file: &File<'_>, worker: AccountId) -> Result<Vec<(Stay, Vec<Extension>)>, AppError> {
        let mut stays = Vec::new();
        for told in &self.story.stays {
            let referral =
                told.referral.and_then(|position| file.referrals.get(position)).map(|(referral, _)| referral);
            let partner = self.centre.partner(self.app, ServiceType::EssentialNeeds).map(|(_, account)| account);
            let by = referral.and(partner).unwrap_or(worker);
            let id = StayId(self.ids.uuid());
            let mut extensions = Vec::new();
            if let Some((days, on, granted_by)) = told.extension {
                extensions.push(Extension {
                    id: ExtensionId(self.ids.uuid()),
                    stay_id: id,
                    days: i32::from(days),
                    granted_by: word(granted_by)?,
                    granted_on: on,
                    reason: ExtensionReason::NoSafePlace,
                    recorded_by: by,
                    created_at: at(on, 215),
                });
            }
            let created_at = at(told.in_on, 210);
            let extended_at = extensions.last().map_or(created_at, |extension| extension.created_at);
            stays.push((
                Stay {
                    id,
                    case_id: file.case.id,
                    person_id: self.person,
                    referral_id: referral.map(|referral| referral.id),
                    organisation_id: referral.map_or(file.case.organisation_id, |sent| sent.to_organisation_id),
                    centre_id: file.case.organisation_id,
                    room: Some(told.room.clone()),
                    in_on: told.in_on,
                    expected_out_on: Some(told.expected_out_on),
                    out_on: told.out_on,
                    runs_out_on: None,
                    recorded_by: by,
                    voided_at: None,
                    void_reason: None,
                    created_at,
                    updated_at: told.out_on.map_or(extended_at, |out| at(out, 220)),
                    version: 1 + i32::from(told.extension.is_some()) + i32::from(told.out_on.is_some()),
                },
                extensions,
            ));
        }
        self.mark_the_last_day_covered(file, &mut stays);
        Ok(stays)
    }

    /// As `stays::rules::refresh` keeps it.
    fn mark_the_last_day_covered(&self, file: &File<'_>, stays: &mut [(Stay, Vec<Extension>)]) {
        if stays.iter().all(|(stay, _)| stay.out_on.is_some()) {
            return;
        }
        let today = self.app.clock.today();
        let facts = facts(file, stays, today);
        let found = evaluate(&self.app.entitlements, &facts, file.case.id, today);
        let essential = found.iter().find(|one| one.regime.service == ServiceType::EssentialNeeds && one.entitled);
        let runs_out_on = essential.and_then(|one| one.runs_out_on);
        for (stay, _) in stays.iter_mut().filter(|(stay, _)| stay.out_on.is_none()) {
            stay.runs_out_on = runs_out_on;
        }
    }

    pub(super) fn overrides(&self, case: &Case, key: &DataKey) -> Result<Vec<Override>, AppError> {
        let mut overrides = Vec::new();
        for told in &self.story.overrides {
            let id = OverrideId(self.ids.uuid());
            let place = Override::note_place(id);
            let note = "Quyết định minh họa, đã trao đổi với nhân viên phụ trách.";
            overrides.push(Override {
                id,
                case_id: case.id,
                person_id: self.person,
                service_type: word(told.service_type)?,
                reason: word(told.reason)?,
                sealed_note: Some(seal(&self.app.random, key, self.person, place, 1, note)?),
                valid_until: told.valid_until,
                recorded_by: self.centre.manager,
                created_at: at(told.decided_on, 190),
                revoked_at: told.revoked_on.map(|day| at(day, 230)),
                revoked_by: told.revoked_on.map(|_| self.centre.manager),
                version: 1 + i32::from(told.revoked_on.is_some()),
            });
        }
        Ok(overrides)
    }
}

fn facts(file: &File<'_>, stays: &[(Stay, Vec<Extension>)], today: chrono::NaiveDate) -> Facts {
    let File { person, case, events, deliveries, .. } = file;
    let decided = |event: &CaseEvent| {
        let of_verification = [CaseStatus::UnderVerification, CaseStatus::Confirmed, CaseStatus::NotConfirmed];
        event.to_status.filter(|to| of_verification.contains(to)).map(|step| (event.occurred_on, step))
    };
    let case_facts = CaseFacts {
        id: case.id,
        category: case.category,
        received_on: case.received_on,
        closed_on: case.closed_on,
        close_reason: case.close_reason,
        created_at: case.created_at,
        continues: case.continues_case_id,
        trafficked_again: case.trafficked_again,
        identified_on: case.identified_on,
        steps: events.iter().filter_map(decided).collect(),
        circumstances: Vec::new(),
    };
    let used = |given: &Delivery| Use {
        case: case.id,
        service: given.service_type,
        day: given.delivered_on,
        key: given.referral_id.map_or(given.id.0, |referral| referral.0),
        recorded_at: given.created_at,
    };
    let span = |(stay, extensions): &(Stay, Vec<Extension>)| Span {
        case: case.id,
        from: stay.in_on,
        to: stay.out_on,
        extended: extensions.iter().filter_map(|extension| u32::try_from(extension.days).ok()).sum(),
    };
    Facts {
        today,
        birth: Birth { precision: person.birth_precision, date: person.birth_date, year: person.birth_year },
        nationality: person.nationality.clone(),
        cases: [case_facts].into_iter().filter(CaseFacts::is_victims).collect(),
        uses: deliveries.iter().map(used).collect(),
        stays: stays.iter().map(span).collect(),
        marks: Vec::new(),
    }
}
