//! Records of many persons, stored together, in rows and chains of the form that the rules store.

use crate::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, TrailKey};
use crate::cases::model::{Case, CaseEvent};
use crate::consents::model::Consent;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::deliveries::model::Delivery;
use crate::follow_ups::model::FollowUp;
use crate::guardians::model::Guardian;
use crate::persons::model::Person;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::transfers::model::Transfer;

/// Everything on record about one person.
pub(super) struct Records {
    pub(super) person: Person,
    pub(super) case: Case,
    pub(super) events: Vec<CaseEvent>,
    pub(super) guardian: Option<Guardian>,
    pub(super) consents: Vec<Consent>,
    pub(super) assessments: Vec<(Assessment, Vec<AssessedNeed>)>,
    pub(super) refusals: Vec<SupportRefusal>,
    pub(super) referrals: Vec<(Referral, Vec<ReferralEvent>)>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) follow_ups: Vec<FollowUp>,
    pub(super) transfers: Vec<Transfer>,
    /// Cases that went on elsewhere, or began anew.
    pub(super) later_cases: Vec<(Case, Vec<CaseEvent>)>,
}

/// Records of many persons, a list a table.
pub(super) struct Batch {
    persons: Vec<Person>,
    cases: Vec<Case>,
    case_events: Vec<CaseEvent>,
    guardians: Vec<Guardian>,
    consents: Vec<Consent>,
    assessments: Vec<Assessment>,
    needs: Vec<AssessedNeed>,
    refusals: Vec<SupportRefusal>,
    referrals: Vec<Referral>,
    referral_events: Vec<ReferralEvent>,
    deliveries: Vec<Delivery>,
    follow_ups: Vec<FollowUp>,
    transfers: Vec<Transfer>,
    trail: NewChains,
}

impl Batch {
    pub(super) fn new(key: TrailKey) -> Self {
        Self {
            persons: Vec::new(),
            cases: Vec::new(),
            case_events: Vec::new(),
            guardians: Vec::new(),
            consents: Vec::new(),
            assessments: Vec::new(),
            needs: Vec::new(),
            refusals: Vec::new(),
            referrals: Vec::new(),
            referral_events: Vec::new(),
            deliveries: Vec::new(),
            follow_ups: Vec::new(),
            transfers: Vec::new(),
            trail: NewChains::new(key),
        }
    }

    /// Takes in what is on record about one person, with the trail it leaves.
    pub(super) fn add(&mut self, records: Records) {
        self.note(&records);
        self.persons.push(records.person);
        self.cases.push(records.case);
        for (case, events) in records.later_cases {
            self.cases.push(case);
            self.case_events.extend(events);
        }
        self.case_events.extend(records.events);
        self.guardians.extend(records.guardian);
        self.consents.extend(records.consents);
        for (assessment, needs) in records.assessments {
            self.assessments.push(assessment);
            self.needs.extend(needs);
        }
        self.refusals.extend(records.refusals);
        for (referral, events) in records.referrals {
            self.referrals.push(referral);
            self.referral_events.extend(events);
        }
        self.deliveries.extend(records.deliveries);
        self.follow_ups.extend(records.follow_ups);
        self.transfers.extend(records.transfers);
    }

    fn note(&mut self, records: &Records) {
        let Records { person, case, .. } = records;
        let trail = &mut self.trail;
        let by = Some(person.registered_by);
        let of_person = Subject::new(SubjectKind::Person, person.id.0);
        trail.record(of_person, by, TrailAction::Create, &["person"], person.created_at);
        if let Some(guardian) = &records.guardian {
            trail.record(of_person, by, TrailAction::Update, &["guardian"], guardian.created_at);
        }
        for consent in &records.consents {
            let purpose = consent.purpose.as_str();
            trail.record(of_person, by, TrailAction::ConsentRecord, &[purpose], consent.created_at);
        }
        let of_case = Subject::new(SubjectKind::Case, case.id.0);
        trail.record(of_case, by, TrailAction::Create, &["case"], case.created_at);
        for event in records.events.iter().skip(1) {
            trail.record(of_case, by, TrailAction::Transition, &["status"], event.recorded_at);
        }
        for (assessment, _) in &records.assessments {
            trail.record(of_case, by, TrailAction::Assess, &["needs"], assessment.created_at);
        }
        for follow_up in &records.follow_ups {
            let by = Some(follow_up.recorded_by);
            trail.record(of_case, by, TrailAction::FollowUp, &["follow_up"], follow_up.created_at);
        }
        for (later, _) in &records.later_cases {
            let subject = Subject::new(SubjectKind::Case, later.id.0);
            trail.record(subject, Some(later.opened_by), TrailAction::Create, &["case"], later.created_at);
        }
        for transfer in &records.transfers {
            let subject = Subject::new(SubjectKind::Transfer, transfer.id.0);
            trail.record(subject, Some(transfer.offered_by), TrailAction::Create, &["transfer"], transfer.created_at);
            if let Some(at) = transfer.answered_at {
                trail.record(subject, transfer.answered_by, TrailAction::Transition, &["status"], at);
            }
        }
        for refusal in &records.refusals {
            trail.record(of_case, by, TrailAction::Refuse, &["refusal"], refusal.created_at);
        }
        for event in records.referrals.iter().flat_map(|(_, events)| events) {
            let subject = Subject::new(SubjectKind::Referral, event.referral_id.0);
            let (action, field) = match event.from_status {
                None => (TrailAction::Create, "referral"),
                Some(_) => (TrailAction::Transition, "status"),
            };
            trail.record(subject, event.recorded_by, action, &[field], event.recorded_at);
        }
        for delivery in &records.deliveries {
            let subject = Subject::new(SubjectKind::Delivery, delivery.id.0);
            let (by, at) = (Some(delivery.recorded_by), delivery.created_at);
            trail.record(subject, by, TrailAction::Create, &["delivery"], at);
        }
    }

    /// Stores everything in one transaction.
    pub(super) fn store(&self, conn: &mut DbConnection) -> diesel::QueryResult<()> {
        Person::insert_all(conn, &self.persons)?;
        Case::insert_all(conn, &self.cases)?;
        CaseEvent::insert_all(conn, &self.case_events)?;
        Guardian::insert_all(conn, &self.guardians)?;
        Consent::insert_all(conn, &self.consents)?;
        Assessment::insert_all(conn, &self.assessments)?;
        AssessedNeed::insert_all(conn, &self.needs)?;
        SupportRefusal::insert_all(conn, &self.refusals)?;
        Referral::insert_all(conn, &self.referrals)?;
        ReferralEvent::insert_all(conn, &self.referral_events)?;
        Delivery::insert_all(conn, &self.deliveries)?;
        FollowUp::insert_all(conn, &self.follow_ups)?;
        Transfer::insert_all(conn, &self.transfers)?;
        self.trail.store(conn)
    }
}
