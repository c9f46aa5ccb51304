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
        /// A case, with events, assessments, refusals.
        Case = "case",
        /// A referral.
        Referral = "referral",
        /// A delivery.
        Delivery = "delivery",
        /// A transfer.
        Transfer = "transfer",
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
        /// The record was declared void.
        Void = "void",
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
