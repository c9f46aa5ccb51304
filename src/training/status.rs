//! The life of an enrolment: its statuses and the one table of legal transitions.

use crate::db::types::text_enum;
use crate::referrals::status::ReferralStopReason;

text_enum! {
    /// Status of an enrolment.
    EnrolmentStatus {
        /// Đã ghi danh: holds a place, has not come yet.
        Enrolled = "enrolled",
        /// Đang học.
        Attending = "attending",
        /// Hoàn thành khóa học.
        Completed = "completed",
        /// Dừng khóa học.
        Stopped = "stopped",
        /// The place was given back before the first day.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Why a course was stopped (dừng khóa học). The words shown stand in `config/training.toml`.
    StopReason {
        /// Đã có việc làm.
        FoundWork = "found_work",
        /// Lý do sức khỏe.
        Health = "health",
        /// Việc gia đình.
        Family = "family",
        /// Chuyển nơi ở.
        Moved = "moved",
        /// Đi lại khó khăn.
        Travel = "travel",
        /// Muốn học nghề khác.
        AnotherTrade = "another_trade",
        /// Chưa muốn học lúc này.
        Later = "later",
        /// Chưa liên lạc được.
        OutOfContact = "out_of_contact",
        /// The referral ended: by withdrawal or expiry of the consent, by the sender, or with the case.
        SupportEnded = "support_ended",
        /// Lý do khác.
        Other = "other",
    }
}

impl StopReason {
    /// The reason with which the referral ends.
    pub fn of_referral(self) -> ReferralStopReason {
        match self {
            Self::Moved => ReferralStopReason::Moved,
            Self::Later => ReferralStopReason::NotWantedNow,
            Self::OutOfContact => ReferralStopReason::Unreachable,
            _ => ReferralStopReason::Other,
        }
    }
}

/// Every legal transition.
pub const TRANSITIONS: &[(EnrolmentStatus, EnrolmentStatus)] = {
    use EnrolmentStatus::{Attending, Cancelled, Completed, Enrolled, Stopped};
    &[(Enrolled, Attending), (Enrolled, Cancelled), (Attending, Completed), (Attending, Stopped)]
};

impl EnrolmentStatus {
    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// Statuses in which the course is still before the learner or under way.
    pub const OPEN: [Self; 2] = [Self::Enrolled, Self::Attending];

    /// Statuses that take up a place of the course.
    pub const TAKES_PLACE: [Self; 3] = [Self::Enrolled, Self::Attending, Self::Completed];
}

#[cfg(test)]
mod tests {
    use super::{EnrolmentStatus, TRANSITIONS};

    #[test]
    fn every_status_is_reached_from_enrolled_and_every_open_status_has_a_way_out() {
        let mut reached = vec![EnrolmentStatus::Enrolled];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            for &(from, to) in TRANSITIONS {
                if from == at && !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), EnrolmentStatus::ALL.len());
        for status in EnrolmentStatus::OPEN {
            assert!(TRANSITIONS.iter().any(|(from, _)| *from == status), "{status} has no way out");
        }
    }

    #[test]
    fn what_is_over_stays_over() {
        for &(from, _) in TRANSITIONS {
            assert!(EnrolmentStatus::OPEN.contains(&from), "{from} is over but leads on");
        }
    }
}
