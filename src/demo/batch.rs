//! Records of many persons, stored together, in rows and chains of the form that the rules store.

use crate::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, TrailKey};
use crate::cases::model::{Case, CaseEvent};
use crate::consents::model::Consent;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::deliveries::model::Delivery;
use crate::guardians::model::Guardian;
use crate::persons::model::Person;
use crate::referrals::model::{Referral, ReferralEvent};

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
            trail: NewChains::new(key),
        }
    }

    /// Takes in what is on record about one person, with the trail it leaves.
    pub(super) fn add(&mut self, records: Records) {
        self.note(&records);
        self.persons.push(records.person);
        self.cases.push(records.case);
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
        self.trail.store(conn)
    }
}
