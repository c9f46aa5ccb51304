//! The life of a transfer: its statuses and the one table of legal transitions.

use crate::db::types::text_enum;

text_enum! {
    /// Status of a transfer.
    TransferStatus {
        /// Waits for the receiver's answer.
        Offered = "offered",
        /// The receiver took the case over.
        Accepted = "accepted",
        /// The receiver cannot take it.
        Declined = "declined",
        /// The sender took the offer back, or the consent ended.
        Withdrawn = "withdrawn",
        /// The deadline passed without an answer; the case stays with its sender.
        Expired = "expired",
    }
}

text_enum! {
    /// Why a transfer was declined.
    TransferDeclineReason {
        /// No room for another case.
        NoCapacity = "no_capacity",
        /// Another centre is competent.
        NotCompetent = "not_competent",
        /// Another reason.
        Other = "other",
    }
}

text_enum! {
    /// What allows the person's data to go to the receiver.
    TransferGround {
        /// The person's consent naming the receiver.
        Consent = "consent",
        /// The commune's duty to report a possible victim (Law 53/2024/QH15, Art. 27).
        LegalDuty = "legal_duty",
    }
}

/// Every legal transition: an offer is answered once.
pub const TRANSITIONS: &[(TransferStatus, TransferStatus)] = {
    use TransferStatus::{Accepted, Declined, Expired, Offered, Withdrawn};
    &[(Offered, Accepted), (Offered, Declined), (Offered, Withdrawn), (Offered, Expired)]
};

impl TransferStatus {
    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }
}
