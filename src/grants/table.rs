//! The grant table.

use crate::db::types::text_enum;

text_enum! {
    /// What an account is trusted with; one account may hold several, each with its own scope.
    Role {
        /// Accounts, reference data, keys; no person and no figure about persons.
        Administrator = "administrator",
        /// The cases of a centre and its exact figures.
        CentreManager = "centre_manager",
        /// Assigned cases and the centre's waiting ones.
        SocialWorker = "social_worker",
        /// As a social worker, for counselling.
        Counsellor = "counsellor",
        /// Receives people at the commune and hands them over.
        CommuneOfficer = "commune_officer",
        /// Outreach of one group.
        PeerLeader = "peer_leader",
        /// Answers the referrals addressed to its organisation.
        Partner = "partner",
        /// Registers and reported values of an administrative unit.
        ProgrammeOfficer = "programme_officer",
        /// The legal return of a province.
        ReturnOfficer = "return_officer",
        /// Anonymised releases of an area.
        Supervisor = "supervisor",
        /// The trail, without content.
        Auditor = "auditor",
    }
}

impl Role {
    /// Whether a grant of this role names an organisation.
    pub fn needs_organisation(self) -> bool {
        matches!(
            self,
            Self::CentreManager
                | Self::SocialWorker
                | Self::Counsellor
                | Self::CommuneOfficer
                | Self::PeerLeader
                | Self::Partner
        )
    }

    /// Whether a grant of this role names an administrative unit.
    pub fn needs_admin_unit(self) -> bool {
        matches!(self, Self::ProgrammeOfficer | Self::ReturnOfficer | Self::Supervisor)
    }

    /// Whether one account may hold both roles. Whoever sees persons or exact
    /// totals may not also read the anonymised releases of the same (statistics: attack by difference).
    pub fn goes_with(self, other: Self) -> bool {
        let alone = |role| matches!(role, Self::Supervisor | Self::Administrator | Self::Auditor);
        self == other || !(alone(self) || alone(other))
    }
}

text_enum! {
    /// Something a route does. Every route but the public ones names one.
    Action {
        /// List and read organisations.
        OrganisationRead = "organisation.read",
        /// Register and change organisations.
        OrganisationWrite = "organisation.write",
        /// Look up administrative units.
        AdminUnitRead = "admin_unit.read",
        /// List and read accounts.
        AccountRead = "account.read",
        /// Invite, suspend and grant.
        AccountWrite = "account.write",
        /// Read a person.
        PersonRead = "person.read",
        /// Register a person.
        PersonCreate = "person.create",
        /// Change a person.
        PersonUpdate = "person.update",
        /// Read who has looked at a person.
        ViewerRead = "viewer.read",
        /// Read consents of a person.
        ConsentRead = "consent.read",
        /// Record or withdraw a consent.
        ConsentWrite = "consent.write",
        /// List and read cases.
        CaseRead = "case.read",
        /// Open a case.
        CaseCreate = "case.create",
        /// Change and move a case.
        CaseUpdate = "case.update",
        /// Record what an authority decided; close and reopen a case.
        CaseDecide = "case.decide",
        /// Assign a case to a worker.
        CaseAssign = "case.assign",
        /// Read transfers, as sender or receiver.
        TransferRead = "transfer.read",
        /// Offer a case to another centre, and take the offer back.
        TransferOffer = "transfer.offer",
        /// Accept or decline a case that is offered.
        TransferAnswer = "transfer.answer",
        /// Assess needs and eligibility; record a refusal.
        AssessmentWrite = "assessment.write",
        /// Read referrals that were sent, with the whole case behind them.
        ReferralRead = "referral.read",
        /// Write, send and cancel referrals.
        ReferralWrite = "referral.write",
        /// Answer, start and complete referrals.
        ReferralAnswer = "referral.answer",
        /// Look at emergency referrals as manager.
        EmergencyReview = "emergency.review",
        /// Read deliveries.
        DeliveryRead = "delivery.read",
        /// Record or void support given.
        DeliveryWrite = "delivery.write",
        /// Read the catalogue of entitlements, and what a person is entitled to.
        EntitlementRead = "entitlement.read",
        /// Let support exceed its limit, and take that back.
        EntitlementOverride = "entitlement.override",
        /// Read stays at a facility.
        StayRead = "stay.read",
        /// Record, change and end stays.
        StayWrite = "stay.write",
        /// Read care plans and tasks, and what falls due in cases.
        PlanRead = "plan.read",
        /// Save care plans; create, change and finish tasks.
        PlanWrite = "plan.write",
        /// Read the workload of a whole centre and what falls due in it.
        WorkloadRead = "workload.read",
        /// Read loan products.
        LoanProductRead = "loan_product.read",
        /// List and read loans.
        LoanRead = "loan.read",
        /// Apply for a loan, read what a certificate tells, and withdraw the application.
        LoanApply = "loan.apply",
        /// Appraise, decide, pay out, record repayments.
        LoanLend = "loan.lend",
        /// Read the notes of a case.
        NoteRead = "note.read",
        /// Write and correct notes of a case.
        NoteWrite = "note.write",
        /// Read counselling notes: one's own, or all of the centre.
        CounsellingRead = "counselling.read",
        /// Write and correct counselling notes.
        CounsellingWrite = "counselling.write",
        /// Read the files of a case.
        AttachmentRead = "attachment.read",
        /// Add files to a case, and declare them void.
        AttachmentWrite = "attachment.write",
        /// Import files and undo imports.
        ImportRun = "import.run",
        /// Read exact indicator figures of a centre's own cases.
        FigureRead = "figure.read",
        /// Read plans and their targets.
        ProgrammeRead = "programme.read",
        /// Read statistical releases.
        ReleaseRead = "release.read",
        /// Read trail entries and the view log, without content.
        TrailRead = "trail.read",
        /// List and read vocational courses.
        CourseRead = "course.read",
        /// Offer, change and withdraw courses.
        CourseWrite = "course.write",
        /// Read enrolments and attendance.
        EnrolmentRead = "enrolment.read",
        /// Enrol, record attendance, complete and stop.
        EnrolmentWrite = "enrolment.write",
        /// Grant training aid.
        TrainingAidWrite = "training_aid.write",
        /// Read the way from training to a livelihood.
        LivelihoodRead = "livelihood.read",
        /// Record a job and whether it lasts.
        JobOutcomeWrite = "job_outcome.write",
        /// Read the words of outreach, and points of intervention.
        InterventionPointRead = "intervention_point.read",
        /// Register and change points of intervention.
        InterventionPointWrite = "intervention_point.write",
        /// List and read peer groups.
        PeerGroupRead = "peer_group.read",
        /// Register and change peer groups.
        PeerGroupWrite = "peer_group.write",
        /// Read sessions and contacts of outreach, and conflicts about them.
        OutreachRead = "outreach.read",
        /// Record sessions and contacts of outreach, and decide conflicts about them.
        OutreachWrite = "outreach.write",
        /// Read and answer referrals of people met in outreach.
        ContactReferralAnswer = "contact_referral.answer",
        /// Link contact codes to persons, and take that back.
        ContactCodeLink = "contact_code.link",
        /// Read what a group's outreach comes to, by numbers.
        OutreachTotalsRead = "outreach_totals.read",
        /// Read which parcels wait that phones handed in without a login, by numbers.
        OutreachParcelRead = "outreach_parcel.read",
        /// Accept or refuse parcels that phones handed in without a login.
        OutreachParcelDecide = "outreach_parcel.decide",
    }
}

/// How far a right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Records the account itself made, until they belong to a case.
    Own,
    /// Cases the account opened at an organisation that only takes people in, or a colleague who has left opened,
    /// until another centre has them.
    Intake,
    /// Cases assigned to the account, and what hangs on them.
    Assigned,
    /// Cases of the organisation that nobody is assigned to yet.
    Waiting,
    /// All cases of the organisation.
    Organisation,
    /// Referrals addressed to the organisation, and the courses it offers.
    Addressed,
    /// Peer groups that the organisation supports.
    Supported,
    /// Facts about the administrative unit and those below it, none of them about a person.
    AdminUnit,
    /// Everything of the kind; only for reference data, accounts and the trail.
    Everywhere,
}

/// One right of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub role: Role,
    /// What.
    pub action: Action,
    /// How far.
    pub reach: Reach,
}

const fn grant(role: Role, action: Action, reach: Reach) -> Grant {
    Grant { role, action, reach }
}

/// Every right there is. What is not here is refused.
pub const GRANTS: &[Grant] = {
    use Action as A;
    use Reach::{Addressed, AdminUnit, Assigned, Everywhere, Intake, Organisation, Own, Supported, Waiting};
    use Role as R;
    &[
        grant(R::Administrator, A::AccountRead, Everywhere),
        grant(R::Administrator, A::AccountWrite, Everywhere),
        grant(R::Administrator, A::OrganisationRead, Everywhere),
        grant(R::Administrator, A::OrganisationWrite, Everywhere),
        grant(R::Administrator, A::AdminUnitRead, Everywhere),
        grant(R::Administrator, A::ProgrammeRead, Everywhere),
        grant(R::Administrator, A::InterventionPointRead, Everywhere),
        grant(R::Administrator, A::InterventionPointWrite, Everywhere),
        grant(R::Administrator, A::PeerGroupRead, Everywhere),
        grant(R::Administrator, A::PeerGroupWrite, Everywhere),
        //
        grant(R::CentreManager, A::OrganisationRead, Everywhere),
        grant(R::CentreManager, A::AdminUnitRead, Everywhere),
        grant(R::CentreManager, A::ProgrammeRead, Everywhere),
        grant(R::CentreManager, A::PersonRead, Organisation),
        grant(R::CentreManager, A::PersonRead, Own),
        grant(R::CentreManager, A::PersonCreate, Organisation),
        grant(R::CentreManager, A::PersonUpdate, Organisation),
        grant(R::CentreManager, A::PersonUpdate, Own),
        grant(R::CentreManager, A::ViewerRead, Organisation),
        grant(R::CentreManager, A::ConsentRead, Organisation),
        grant(R::CentreManager, A::ConsentRead, Own),
        grant(R::CentreManager, A::ConsentWrite, Organisation),
        grant(R::CentreManager, A::ConsentWrite, Own),
        grant(R::CentreManager, A::CaseRead, Organisation),
        grant(R::CentreManager, A::CaseCreate, Organisation),
        grant(R::CentreManager, A::CaseUpdate, Organisation),
        grant(R::CentreManager, A::CaseDecide, Organisation),
        grant(R::CentreManager, A::CaseAssign, Organisation),
        grant(R::CentreManager, A::TransferRead, Organisation),
        grant(R::CentreManager, A::TransferRead, Addressed),
        grant(R::CentreManager, A::TransferOffer, Organisation),
        grant(R::CentreManager, A::TransferAnswer, Addressed),
        grant(R::CentreManager, A::AssessmentWrite, Organisation),
        grant(R::CentreManager, A::ReferralRead, Organisation),
        grant(R::CentreManager, A::ReferralWrite, Organisation),
        grant(R::CentreManager, A::EmergencyReview, Organisation),
        grant(R::CentreManager, A::DeliveryRead, Organisation),
        grant(R::CentreManager, A::DeliveryWrite, Organisation),
        grant(R::CentreManager, A::EntitlementRead, Organisation),
        grant(R::CentreManager, A::EntitlementOverride, Organisation),
        grant(R::CentreManager, A::StayRead, Organisation),
        grant(R::CentreManager, A::StayWrite, Organisation),
        grant(R::CentreManager, A::NoteRead, Organisation),
        grant(R::CentreManager, A::NoteWrite, Organisation),
        grant(R::CentreManager, A::CounsellingRead, Organisation),
        grant(R::CentreManager, A::AttachmentRead, Organisation),
        grant(R::CentreManager, A::AttachmentWrite, Organisation),
        grant(R::CentreManager, A::FigureRead, Organisation),
        grant(R::CentreManager, A::PlanRead, Organisation),
        grant(R::CentreManager, A::PlanWrite, Organisation),
        grant(R::CentreManager, A::WorkloadRead, Organisation),
        grant(R::CentreManager, A::CourseRead, Everywhere),
        grant(R::CentreManager, A::EnrolmentRead, Organisation),
        grant(R::CentreManager, A::TrainingAidWrite, Organisation),
        grant(R::CentreManager, A::LivelihoodRead, Organisation),
        grant(R::CentreManager, A::JobOutcomeWrite, Organisation),
        grant(R::CentreManager, A::LoanProductRead, Everywhere),
        grant(R::CentreManager, A::LoanRead, Organisation),
        grant(R::CentreManager, A::LoanApply, Organisation),
        grant(R::CentreManager, A::ImportRun, Organisation),
        grant(R::CentreManager, A::InterventionPointRead, Everywhere),
        grant(R::CentreManager, A::PeerGroupRead, Supported),
        grant(R::CentreManager, A::PeerGroupWrite, Supported),
        grant(R::CentreManager, A::OutreachTotalsRead, Supported),
        grant(R::CentreManager, A::ContactReferralAnswer, Addressed),
        grant(R::CentreManager, A::ContactCodeLink, Organisation),
        grant(R::CentreManager, A::ContactCodeLink, Own),
        grant(R::CentreManager, A::OutreachParcelRead, Supported),
        grant(R::CentreManager, A::OutreachParcelDecide, Supported),
        //
        grant(R::SocialWorker, A::OrganisationRead, Everywhere),
        grant(R::SocialWorker, A::AdminUnitRead, Everywhere),
        grant(R::SocialWorker, A::ProgrammeRead, Everywhere),
        grant(R::SocialWorker, A::PersonRead, Own),
        grant(R::SocialWorker, A::PersonRead, Assigned),
        grant(R::SocialWorker, A::PersonRead, Waiting),
        grant(R::SocialWorker, A::PersonCreate, Organisation),
        grant(R::SocialWorker, A::PersonUpdate, Own),
        grant(R::SocialWorker, A::PersonUpdate, Assigned),
        grant(R::SocialWorker, A::ViewerRead, Assigned),
        grant(R::SocialWorker, A::ConsentRead, Own),
        grant(R::SocialWorker, A::ConsentRead, Assigned),
        grant(R::SocialWorker, A::ConsentRead, Waiting),
        grant(R::SocialWorker, A::ConsentWrite, Own),
        grant(R::SocialWorker, A::ConsentWrite, Assigned),
        grant(R::SocialWorker, A::CaseRead, Assigned),
        grant(R::SocialWorker, A::CaseRead, Waiting),
        grant(R::SocialWorker, A::CaseCreate, Organisation),
        grant(R::SocialWorker, A::CaseUpdate, Assigned),
        grant(R::SocialWorker, A::CaseDecide, Assigned),
        grant(R::SocialWorker, A::CaseAssign, Waiting),
        grant(R::SocialWorker, A::TransferRead, Assigned),
        grant(R::SocialWorker, A::TransferRead, Waiting),
        grant(R::SocialWorker, A::TransferOffer, Assigned),
        grant(R::SocialWorker, A::AssessmentWrite, Assigned),
        grant(R::SocialWorker, A::ReferralRead, Assigned),
        grant(R::SocialWorker, A::ReferralRead, Waiting),
        grant(R::SocialWorker, A::ReferralWrite, Assigned),
        grant(R::SocialWorker, A::DeliveryRead, Assigned),
        grant(R::SocialWorker, A::DeliveryRead, Waiting),
        grant(R::SocialWorker, A::DeliveryWrite, Assigned),
        grant(R::SocialWorker, A::EntitlementRead, Assigned),
        grant(R::SocialWorker, A::EntitlementRead, Waiting),
        grant(R::SocialWorker, A::StayRead, Assigned),
        grant(R::SocialWorker, A::StayRead, Waiting),
        grant(R::SocialWorker, A::StayWrite, Assigned),
        grant(R::SocialWorker, A::PlanRead, Assigned),
        grant(R::SocialWorker, A::PlanRead, Waiting),
        grant(R::SocialWorker, A::PlanWrite, Assigned),
        grant(R::SocialWorker, A::CourseRead, Everywhere),
        grant(R::SocialWorker, A::EnrolmentRead, Assigned),
        grant(R::SocialWorker, A::EnrolmentRead, Waiting),
        grant(R::SocialWorker, A::TrainingAidWrite, Assigned),
        grant(R::SocialWorker, A::LivelihoodRead, Assigned),
        grant(R::SocialWorker, A::LivelihoodRead, Waiting),
        grant(R::SocialWorker, A::JobOutcomeWrite, Assigned),
        grant(R::SocialWorker, A::LoanProductRead, Everywhere),
        grant(R::SocialWorker, A::LoanRead, Assigned),
        grant(R::SocialWorker, A::LoanRead, Waiting),
        grant(R::SocialWorker, A::LoanApply, Assigned),
        grant(R::SocialWorker, A::NoteRead, Assigned),
        grant(R::SocialWorker, A::NoteRead, Waiting),
        grant(R::SocialWorker, A::NoteWrite, Assigned),
        grant(R::SocialWorker, A::CounsellingRead, Assigned),
        grant(R::SocialWorker, A::CounsellingWrite, Assigned),
        grant(R::SocialWorker, A::AttachmentRead, Assigned),
        grant(R::SocialWorker, A::AttachmentRead, Waiting),
        grant(R::SocialWorker, A::AttachmentWrite, Assigned),
        grant(R::SocialWorker, A::ContactReferralAnswer, Addressed),
        grant(R::SocialWorker, A::ContactCodeLink, Own),
        grant(R::SocialWorker, A::ContactCodeLink, Assigned),
        //
        grant(R::Counsellor, A::OrganisationRead, Everywhere),
        grant(R::Counsellor, A::AdminUnitRead, Everywhere),
        grant(R::Counsellor, A::PersonRead, Assigned),
        grant(R::Counsellor, A::ConsentRead, Assigned),
        grant(R::Counsellor, A::CaseRead, Assigned),
        grant(R::Counsellor, A::CaseUpdate, Assigned),
        grant(R::Counsellor, A::AssessmentWrite, Assigned),
        grant(R::Counsellor, A::ReferralRead, Assigned),
        grant(R::Counsellor, A::DeliveryRead, Assigned),
        grant(R::Counsellor, A::DeliveryWrite, Assigned),
        grant(R::Counsellor, A::EntitlementRead, Assigned),
        grant(R::Counsellor, A::StayRead, Assigned),
        grant(R::Counsellor, A::PlanRead, Assigned),
        grant(R::Counsellor, A::PlanWrite, Assigned),
        grant(R::Counsellor, A::CourseRead, Everywhere),
        grant(R::Counsellor, A::EnrolmentRead, Assigned),
        grant(R::Counsellor, A::LivelihoodRead, Assigned),
        grant(R::Counsellor, A::LoanProductRead, Everywhere),
        grant(R::Counsellor, A::LoanRead, Assigned),
        grant(R::Counsellor, A::NoteRead, Assigned),
        grant(R::Counsellor, A::NoteWrite, Assigned),
        grant(R::Counsellor, A::CounsellingRead, Assigned),
        grant(R::Counsellor, A::CounsellingWrite, Assigned),
        grant(R::Counsellor, A::AttachmentRead, Assigned),
        grant(R::Counsellor, A::AttachmentWrite, Assigned),
        //
        grant(R::CommuneOfficer, A::OrganisationRead, Everywhere),
        grant(R::CommuneOfficer, A::AdminUnitRead, Everywhere),
        grant(R::CommuneOfficer, A::PersonRead, Own),
        grant(R::CommuneOfficer, A::PersonRead, Intake),
        grant(R::CommuneOfficer, A::PersonCreate, Organisation),
        grant(R::CommuneOfficer, A::PersonUpdate, Own),
        grant(R::CommuneOfficer, A::PersonUpdate, Intake),
        grant(R::CommuneOfficer, A::ConsentRead, Own),
        grant(R::CommuneOfficer, A::ConsentRead, Intake),
        grant(R::CommuneOfficer, A::ConsentWrite, Own),
        grant(R::CommuneOfficer, A::ConsentWrite, Intake),
        grant(R::CommuneOfficer, A::CaseRead, Intake),
        grant(R::CommuneOfficer, A::CaseCreate, Organisation),
        grant(R::CommuneOfficer, A::CaseUpdate, Intake),
        grant(R::CommuneOfficer, A::TransferRead, Intake),
        grant(R::CommuneOfficer, A::TransferOffer, Intake),
        //
        grant(R::PeerLeader, A::AdminUnitRead, Everywhere),
        grant(R::PeerLeader, A::InterventionPointRead, Everywhere),
        grant(R::PeerLeader, A::PeerGroupRead, Organisation),
        grant(R::PeerLeader, A::OutreachRead, Organisation),
        grant(R::PeerLeader, A::OutreachWrite, Organisation),
        grant(R::PeerLeader, A::OutreachTotalsRead, Organisation),
        //
        grant(R::Partner, A::AdminUnitRead, Everywhere),
        grant(R::Partner, A::ReferralRead, Addressed),
        grant(R::Partner, A::ReferralAnswer, Addressed),
        grant(R::Partner, A::DeliveryRead, Addressed),
        grant(R::Partner, A::DeliveryWrite, Addressed),
        grant(R::Partner, A::StayRead, Addressed),
        grant(R::Partner, A::StayWrite, Addressed),
        grant(R::Partner, A::CourseRead, Addressed),
        grant(R::Partner, A::CourseWrite, Addressed),
        grant(R::Partner, A::EnrolmentRead, Addressed),
        grant(R::Partner, A::EnrolmentWrite, Addressed),
        grant(R::Partner, A::LoanProductRead, Addressed),
        grant(R::Partner, A::LoanRead, Addressed),
        grant(R::Partner, A::LoanLend, Addressed),
        grant(R::Partner, A::ContactReferralAnswer, Addressed),
        //
        grant(R::ProgrammeOfficer, A::OrganisationRead, Everywhere),
        grant(R::ProgrammeOfficer, A::AdminUnitRead, Everywhere),
        grant(R::ProgrammeOfficer, A::ProgrammeRead, Everywhere),
        //
        grant(R::ReturnOfficer, A::AdminUnitRead, Everywhere),
        grant(R::ReturnOfficer, A::ProgrammeRead, Everywhere),
        //
        grant(R::Supervisor, A::AdminUnitRead, Everywhere),
        grant(R::Supervisor, A::ProgrammeRead, Everywhere),
        grant(R::Supervisor, A::ReleaseRead, AdminUnit),
        //
        grant(R::Auditor, A::TrailRead, Everywhere),
    ]
};
