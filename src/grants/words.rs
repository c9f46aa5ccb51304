//! What accounts are trusted with, and what routes do.

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
        /// Declare which share of a split administrative unit lies in which new one.
        UnitSharesWrite = "unit_shares.write",
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
        /// Read the figures of plans; those about persons from cases are left to the releases.
        IndicatorRead = "indicator.read",
        /// Read how far the reports of periods are, and who has not reported.
        ReportingRead = "reporting.read",
        /// Submit, check, return, close, publish and open again the reports of periods.
        ReportingStep = "reporting.step",
        /// Read the official returns of a province, with their exact totals, and check receipts.
        OfficialReturnRead = "official_return.read",
        /// Sign official returns, first or second.
        OfficialReturnSign = "official_return.sign",
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
        /// Read the registers of a programme, their entries and imports.
        RegisterRead = "register.read",
        /// Make, change, import and void entries of registers.
        RegisterWrite = "register.write",
        /// Read what other bodies reported.
        ReportedValueRead = "reported_value.read",
        /// Enter what other bodies reported.
        ReportedValueWrite = "reported_value.write",
    }
}
