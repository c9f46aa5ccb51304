//! The life of a referral: its statuses and the one table of legal transitions.

use crate::db::types::text_enum;
use crate::error::{AppError, Conflict};

text_enum! {
    /// Status of a referral.
    ReferralStatus {
        /// Being written; only the sender sees it.
        Draft = "draft",
        /// Waits for the recipient's answer.
        Sent = "sent",
        /// The recipient will help.
        Accepted = "accepted",
        /// The recipient cannot help.
        Declined = "declined",
        /// The deadline passed without an answer; back with the sender.
        Expired = "expired",
        /// Help is being given.
        InService = "in_service",
        /// Help was given in full.
        Completed = "completed",
        /// Help ended before its end.
        Stopped = "stopped",
        /// Taken back by the sender, or closed because the consent ended.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Why a referral was declined.
    DeclineReason {
        /// No places left.
        NoPlaces = "no_places",
        /// Conditions of the service not met.
        NotEligible = "not_eligible",
        /// The person could not be reached.
        Unreachable = "unreachable",
        /// Another reason.
        Other = "other",
    }
}

text_enum! {
    /// Why help ended before its end.
    ReferralStopReason {
        /// The person does not want it any more now.
        NotWantedNow = "not_wanted_now",
        /// The person could not be reached any more.
        Unreachable = "unreachable",
        /// The person moved.
        Moved = "moved",
        /// The recipient cannot go on.
        CannotGoOn = "cannot_go_on",
        /// Another reason.
        Other = "other",
    }
}

text_enum! {
    /// The risk to life for which a referral may go before consent.
    EmergencyReason {
        /// Somebody threatens the person's life or limb.
        Violence = "violence",
        /// Life or health is in danger now.
        Medical = "medical",
        /// The person may harm themself.
        SelfHarm = "self_harm",
        /// Those who trafficked the person are near.
        TraffickersNear = "traffickers_near",
    }
}

text_enum! {
    /// What came of the help.
    Outcome {
        /// The aim was reached.
        Achieved = "achieved",
        /// Reached in part.
        PartlyAchieved = "partly_achieved",
        /// Not reached.
        NotAchieved = "not_achieved",
    }
}

/// Every legal transition.
pub const TRANSITIONS: &[(ReferralStatus, ReferralStatus)] = {
    use ReferralStatus::{Accepted, Cancelled, Completed, Declined, Draft, Expired, InService, Sent, Stopped};
    &[
        (Draft, Sent),
        (Draft, Cancelled),
        (Sent, Accepted),
        (Sent, Declined),
        (Sent, Expired),
        (Sent, Cancelled),
        (Accepted, InService),
        (Accepted, Declined),
        (Accepted, Cancelled),
        (InService, Completed),
        (InService, Stopped),
        (InService, Cancelled),
    ]
};

impl ReferralStatus {
    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// Whether the recipient sees what the service needs to know about the person;
    /// in the other statuses it sees the minimum for an answer.
    pub fn shows_person(self) -> bool {
        matches!(self, Self::Accepted | Self::InService)
    }

    /// Whether help has not begun and still may.
    pub fn may_begin(self) -> bool {
        matches!(self, Self::Draft | Self::Sent | Self::Accepted)
    }

    /// Why nothing that follows from a referral is recorded on one in this status.
    pub fn not_in_service(self) -> AppError {
        AppError::Conflict(Conflict::ReferralNotInService { begins: self.may_begin() })
    }

    /// Statuses in which something is still to come.
    pub const OPEN: [Self; 4] = [Self::Draft, Self::Sent, Self::Accepted, Self::InService];
}

#[cfg(test)]
mod tests {
    use super::{ReferralStatus, TRANSITIONS};

    #[test]
    fn every_status_is_reached_from_draft_and_every_open_status_has_a_way_out() {
        let mut reached = vec![ReferralStatus::Draft];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            for &(from, to) in TRANSITIONS {
                if from == at && !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), ReferralStatus::ALL.len());
        for status in ReferralStatus::OPEN {
            assert!(TRANSITIONS.iter().any(|(from, _)| *from == status), "{status} has no way out");
        }
    }

    #[test]
    fn what_is_over_stays_over() {
        for &(from, _) in TRANSITIONS {
            assert!(ReferralStatus::OPEN.contains(&from), "{from} is over but leads on");
        }
    }
}
