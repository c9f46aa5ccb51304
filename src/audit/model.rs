//! Words of the trail.

use crate::db::types::text_enum;

text_enum! {
    /// What a trail entry or a view is about. Each subject has a chain of its own,
    /// so writers of different subjects never wait for one another.
    SubjectKind {
        /// An account.
        Account = "account",
        /// An organisation.
        Organisation = "organisation",
        /// A person, with consents.
        Person = "person",
        /// A case, with events, assessments, refusals, care plan.
        Case = "case",
        /// A referral.
        Referral = "referral",
        /// A delivery.
        Delivery = "delivery",
        /// A transfer.
        Transfer = "transfer",
        /// A stay at a facility, with extensions.
        Stay = "stay",
        /// A task, of a care plan or free.
        Task = "task",
        /// A vocational course, with its days.
        Course = "course",
        /// An enrolment, with attendance, aid, job and check-ups.
        Enrolment = "enrolment",
        /// A loan, with its events.
        Loan = "loan",
        /// A note of a case.
        Note = "note",
        /// A counselling note of a case.
        CounsellingNote = "counselling_note",
        /// A file of a case.
        Attachment = "attachment",
        /// An import of a file.
        Import = "import",
        /// A point of intervention.
        InterventionPoint = "intervention_point",
        /// A peer group, with places and members by number.
        PeerGroup = "peer_group",
        /// A session of outreach, with its contacts.
        OutreachSession = "outreach_session",
        /// A referral of somebody met in outreach.
        ContactReferral = "contact_referral",
        /// A plan of a programme.
        ProgrammePlan = "programme_plan",
        /// An entry of a register of a programme.
        RegisterEntry = "register_entry",
        /// The report of a unit for a period.
        ReportingPeriod = "reporting_period",
        /// An official return of a province.
        OfficialReturn = "official_return",
        /// A value reported by another body, with its revisions.
        ReportedValue = "reported_value",
        /// A sealed parcel of a phone, handed in without a login.
        OutreachParcel = "outreach_parcel",
        /// Declared shares of a split administrative unit.
        UnitShares = "unit_shares",
    }
}

text_enum! {
    /// What was done to the subject.
    TrailAction {
        /// The record was made.
        Create = "create",
        /// Fields were changed.
        Update = "update",
        /// Another status.
        Transition = "transition",
        /// Given to a worker, or taken back.
        Assign = "assign",
        /// A consent was recorded.
        ConsentRecord = "consent.record",
        /// A consent was withdrawn.
        ConsentWithdraw = "consent.withdraw",
        /// Needs and eligibility were assessed.
        Assess = "assess",
        /// A refusal of support was recorded.
        Refuse = "refuse",
        /// A follow-up after closing was recorded.
        FollowUp = "follow_up",
        /// A version of the care plan was saved.
        Plan = "plan",
        /// The record was declared void.
        Void = "void",
        /// A manager let support exceed its limit.
        Override = "override",
        /// An override was taken back.
        OverrideRevoke = "override.revoke",
        /// The account's state changed.
        AccountState = "account.state",
        /// A role was granted.
        RoleGrant = "role.grant",
        /// A role was revoked.
        RoleRevoke = "role.revoke",
        /// A login.
        Login = "login",
        /// Sessions were ended.
        SessionsEnd = "sessions.end",
        /// A password was set.
        PasswordSet = "password.set",
        /// A phone was registered for the work of a group.
        DeviceRegister = "device.register",
        /// Attendance of a day was recorded or corrected.
        Attendance = "attendance",
        /// Training aid was granted, or its right came free again.
        TrainingAid = "training_aid",
        /// A job, or whether it lasts, was recorded or corrected.
        JobOutcome = "job_outcome",
        /// It was decided which of two values of a field of the session or of a contact stands.
        ConflictDecide = "conflict.decide",
        /// Contacts of the session were reduced to numbers.
        Reduce = "reduce",
        /// A contact code was linked to the person.
        CodeLink = "code.link",
        /// Such a link was taken back.
        CodeUnlink = "code.unlink",
        /// Stock of a peer group came in or went out.
        StockMove = "stock.move",
        /// It was decided whether two records are one person.
        SameDecide = "same.decide",
        /// Such a decision was taken back.
        SameTakeBack = "same.take_back",
    }
}

text_enum! {
    /// How something was seen.
    ViewAction {
        /// A single record was read.
        Read = "read",
        /// The record stood in a list; `shown` holds the ids.
        List = "list",
    }
}
