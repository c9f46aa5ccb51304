//! The life of a case: its statuses and the one table of legal transitions.

use crate::db::types::text_enum;
use crate::grants::Action;

text_enum! {
    /// Status of a case.
    CaseStatus {
        /// Tiếp nhận.
        Received = "received",
        /// Đã sàng lọc.
        Screened = "screened",
        /// Đang xác minh.
        UnderVerification = "under_verification",
        /// Được xác định là nạn nhân.
        Confirmed = "confirmed",
        /// Chưa đủ căn cứ xác định.
        NotConfirmed = "not_confirmed",
        /// Đang hỗ trợ.
        ReceivingSupport = "receiving_support",
        /// Tạm dừng.
        Suspended = "suspended",
        /// Chưa liên lạc được.
        OutOfContact = "out_of_contact",
        /// Đóng hồ sơ.
        Closed = "closed",
    }
}

text_enum! {
    /// Why a case was closed.
    CloseReason {
        /// Hòa nhập cộng đồng.
        Reintegrated = "reintegrated",
        /// Chưa muốn nhận lúc này.
        NotWantedNow = "not_wanted_now",
        /// Chuyển nơi khác hỗ trợ.
        Transferred = "transferred",
        /// Chuyển nơi ở.
        Moved = "moved",
        /// Đã mất.
        Died = "died",
        /// Lý do khác.
        Other = "other",
    }
}

impl CloseReason {
    /// After these nobody asks how the person is.
    pub const NOT_FOLLOWED_UP: [Self; 2] = [Self::Died, Self::Transferred];

    /// Whether somebody asks after the person 3, 6 and 12 months later.
    pub fn is_followed_up(self) -> bool {
        !Self::NOT_FOLLOWED_UP.contains(&self)
    }
}

/// Every legal transition, and the right it takes. From `closed` the only way leads back into support: the
/// case is reopened. What an authority decided, and ending or reopening support, is not a counsellor's or a
/// commune's to record.
pub const TRANSITIONS: &[(CaseStatus, CaseStatus, Action)] = {
    use Action::{CaseDecide as Decide, CaseUpdate as Update};
    use CaseStatus::{
        Closed, Confirmed, NotConfirmed, OutOfContact, Received, ReceivingSupport, Screened, Suspended,
        UnderVerification,
    };
    &[
        (Received, Screened, Update),
        (Received, Closed, Update),
        (Screened, UnderVerification, Update),
        (Screened, ReceivingSupport, Update),
        (Screened, Closed, Update),
        (UnderVerification, Confirmed, Decide),
        (UnderVerification, NotConfirmed, Decide),
        (UnderVerification, OutOfContact, Update),
        (UnderVerification, Closed, Decide),
        (Confirmed, ReceivingSupport, Update),
        (Confirmed, OutOfContact, Update),
        (Confirmed, Closed, Decide),
        (NotConfirmed, ReceivingSupport, Update),
        (NotConfirmed, UnderVerification, Update),
        (NotConfirmed, Closed, Decide),
        (ReceivingSupport, UnderVerification, Update),
        (ReceivingSupport, Suspended, Update),
        (ReceivingSupport, OutOfContact, Update),
        (ReceivingSupport, Closed, Decide),
        (Suspended, ReceivingSupport, Update),
        (Suspended, OutOfContact, Update),
        (Suspended, Closed, Decide),
        (OutOfContact, ReceivingSupport, Update),
        (OutOfContact, UnderVerification, Update),
        (OutOfContact, Closed, Decide),
        (Closed, ReceivingSupport, Decide),
    ]
};

impl CaseStatus {
    /// The right that this transition takes; none when the table has no such transition.
    pub fn right_to_become(self, next: Self) -> Option<Action> {
        TRANSITIONS.iter().find(|(from, to, _)| (*from, *to) == (self, next)).map(|(_, _, right)| *right)
    }

    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        self.right_to_become(next).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{CaseStatus, TRANSITIONS};

    #[test]
    fn every_status_can_be_reached_from_received_and_every_status_has_a_way_to_closed() {
        let reach = |start: CaseStatus, forward: bool| {
            let mut reached = vec![start];
            let mut next = 0;
            while let Some(&at) = reached.get(next) {
                for &(from, to, _) in TRANSITIONS {
                    let (here, there) = if forward { (from, to) } else { (to, from) };
                    if here == at && !reached.contains(&there) {
                        reached.push(there);
                    }
                }
                next += 1;
            }
            reached.len()
        };
        assert_eq!(reach(CaseStatus::Received, true), CaseStatus::ALL.len());
        assert_eq!(reach(CaseStatus::Closed, false), CaseStatus::ALL.len());
    }

    #[test]
    fn no_status_leads_to_itself_and_nothing_leads_back_to_received() {
        assert!(TRANSITIONS.iter().all(|(from, to, _)| from != to && *to != CaseStatus::Received));
    }
}
