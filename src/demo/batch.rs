//! Records of many persons, stored together, in rows and chains of the form that the rules store.

use super::loans::LoanRecords;
use super::plans::Work;
use super::twice::Twin;
use crate::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use crate::attachments::model::Attachment;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, TrailKey};
use crate::care_plans::model::{CarePlan, Goal, Step};
use crate::cases::model::{Case, CaseEvent};
use crate::consents::model::Consent;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::deliveries::model::Delivery;
use crate::entitlements::model::Override;
use crate::follow_ups::model::FollowUp;
use crate::guardians::model::Guardian;
use crate::loans::model::{Loan, LoanEvent, LoanPapers};
use crate::notes::Shelf;
use crate::notes::model::{Note, NoteVersion};
use crate::persons::model::Person;
use crate::persons::same::model::{SameDecision, SameGroup};
use crate::referrals::model::{Referral, ReferralEvent};
use crate::stays::model::{Extension, Stay};
use crate::tasks::model::Task;
use crate::transfers::model::Transfer;

/// From a note to its correction.
pub(super) const CORRECTED_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(20);

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
    pub(super) stays: Vec<(Stay, Vec<Extension>)>,
    pub(super) overrides: Vec<Override>,
    pub(super) work: Work,
    pub(super) loans: Vec<LoanRecords>,
    pub(super) twin: Option<Twin>,
    pub(super) notes: Vec<(Note, Vec<NoteVersion>)>,
    pub(super) attachments: Vec<Attachment>,
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
    stays: Vec<Stay>,
    extensions: Vec<Extension>,
    overrides: Vec<Override>,
    plans: Vec<CarePlan>,
    goals: Vec<Goal>,
    steps: Vec<Step>,
    tasks: Vec<Task>,
    loans: Vec<Loan>,
    loan_papers: Vec<LoanPapers>,
    loan_events: Vec<LoanEvent>,
    same_decisions: Vec<SameDecision>,
    same_groups: Vec<SameGroup>,
    notes: Vec<Note>,
    note_versions: Vec<NoteVersion>,
    attachments: Vec<Attachment>,
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
            stays: Vec::new(),
            extensions: Vec::new(),
            overrides: Vec::new(),
            plans: Vec::new(),
            goals: Vec::new(),
            steps: Vec::new(),
            tasks: Vec::new(),
            loans: Vec::new(),
            loan_papers: Vec::new(),
            loan_events: Vec::new(),
            same_decisions: Vec::new(),
            same_groups: Vec::new(),
            notes: Vec::new(),
            note_versions: Vec::new(),
            attachments: Vec::new(),
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
        for (stay, extensions) in records.stays {
            self.stays.push(stay);
            self.extensions.extend(extensions);
        }
        self.overrides.extend(records.overrides);
        self.plans.extend(records.work.plans);
        self.goals.extend(records.work.goals);
        self.steps.extend(records.work.steps);
        self.tasks.extend(records.work.tasks);
        for told in records.loans {
            self.loans.push(told.loan);
            self.loan_papers.push(told.papers);
            self.loan_events.extend(told.events.into_iter().map(|(event, ..)| event));
        }
        if let Some(twin) = records.twin {
            self.same_groups.extend(twin.groups());
            self.same_decisions.extend(twin.decision);
            self.persons.push(twin.person);
        }
        for (note, earlier) in records.notes {
            self.notes.push(note);
            self.note_versions.extend(earlier);
        }
        self.attachments.extend(records.attachments);
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
        for plan in &records.work.plans {
            trail.record(of_case, Some(plan.saved_by), TrailAction::Plan, &["care_plan"], plan.saved_at);
        }
        for done in &records.work.entries {
            let subject = Subject::new(SubjectKind::Task, done.task.0);
            trail.record(subject, by, done.action, done.fields, done.at);
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
        self.note_entitled(records);
    }

    fn note_entitled(&mut self, records: &Records) {
        let trail = &mut self.trail;
        for (stay, extensions) in &records.stays {
            let (subject, by) = (Subject::new(SubjectKind::Stay, stay.id.0), Some(stay.recorded_by));
            trail.record(subject, by, TrailAction::Create, &["stay"], stay.created_at);
            for extension in extensions {
                trail.record(subject, by, TrailAction::Update, &["extension"], extension.created_at);
            }
            if stay.out_on.is_some() {
                trail.record(subject, by, TrailAction::Update, &["out_on"], stay.updated_at);
            }
        }
        for decided in &records.overrides {
            let subject = Subject::new(SubjectKind::Case, decided.case_id.0);
            let (by, service) = (Some(decided.recorded_by), decided.service_type.as_str());
            trail.record(subject, by, TrailAction::Override, &[service], decided.created_at);
            if let Some(at) = decided.revoked_at {
                trail.record(subject, decided.revoked_by, TrailAction::OverrideRevoke, &[service], at);
            }
        }
        for (event, action, field) in records.loans.iter().flat_map(|told| &told.events) {
            let subject = Subject::new(SubjectKind::Loan, event.loan_id.0);
            trail.record(subject, event.recorded_by, *action, &[field], event.recorded_at);
        }
        if let Some(twin) = &records.twin {
            twin.note(trail);
        }
        self.note_papers(records);
    }

    fn note_papers(&mut self, records: &Records) {
        let trail = &mut self.trail;
        for (note, earlier) in &records.notes {
            let kind = if note.counselling { Shelf::Counselling.subject() } else { Shelf::Casework.subject() };
            let (subject, by) = (Subject::new(kind, note.id.0), Some(note.author_id));
            trail.record(subject, by, TrailAction::Create, &["note"], note.created_at);
            for version in earlier {
                let at = version.written_at.plus(CORRECTED_AFTER);
                trail.record(subject, by, TrailAction::Update, &["text"], at);
            }
            if let Some(at) = note.mistaken_at {
                trail.record(subject, by, TrailAction::Void, &["mistaken_at"], at);
            }
        }
        for attachment in &records.attachments {
            let subject = Subject::new(SubjectKind::Attachment, attachment.id.0);
            let (by, at) = (Some(attachment.added_by), attachment.created_at);
            trail.record(subject, by, TrailAction::Create, &["attachment"], at);
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
        Stay::insert_all(conn, &self.stays)?;
        Extension::insert_all(conn, &self.extensions)?;
        Override::insert_all(conn, &self.overrides)?;
        CarePlan::insert_all(conn, &self.plans)?;
        Goal::insert_all(conn, &self.goals)?;
        Step::insert_all(conn, &self.steps)?;
        Task::insert_all(conn, &self.tasks)?;
        Loan::insert_all(conn, &self.loans)?;
        LoanPapers::insert_all(conn, &self.loan_papers)?;
        LoanEvent::insert_all(conn, &self.loan_events)?;
        SameDecision::insert_all(conn, &self.same_decisions)?;
        SameGroup::insert_all(conn, &self.same_groups)?;
        Note::insert_all(conn, &self.notes)?;
        NoteVersion::insert_all(conn, &self.note_versions)?;
        Attachment::insert_all(conn, &self.attachments)?;
        self.trail.store(conn)
    }
}
