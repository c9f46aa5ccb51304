//! The life of a case: its statuses and the one table of legal transitions.

use crate::db::types::text_enum;

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

/// Every legal transition. From `closed` the only way leads back into support: the case is reopened.
pub const TRANSITIONS: &[(CaseStatus, CaseStatus)] = {
    use CaseStatus::{
        Closed, Confirmed, NotConfirmed, OutOfContact, Received, ReceivingSupport, Screened, Suspended,
        UnderVerification,
    };
    &[
        (Received, Screened),
        (Received, Closed),
        (Screened, UnderVerification),
        (Screened, ReceivingSupport),
        (Screened, Closed),
        (UnderVerification, Confirmed),
        (UnderVerification, NotConfirmed),
        (UnderVerification, OutOfContact),
        (UnderVerification, Closed),
        (Confirmed, ReceivingSupport),
        (Confirmed, OutOfContact),
        (Confirmed, Closed),
        (NotConfirmed, ReceivingSupport),
        (NotConfirmed, UnderVerification),
        (NotConfirmed, Closed),
        (ReceivingSupport, UnderVerification),
        (ReceivingSupport, Suspended),
        (ReceivingSupport, OutOfContact),
        (ReceivingSupport, Closed),
        (Suspended, ReceivingSupport),
        (Suspended, OutOfContact),
        (Suspended, Closed),
        (OutOfContact, ReceivingSupport),
        (OutOfContact, UnderVerification),
        (OutOfContact, Closed),
        (Closed, ReceivingSupport),
    ]
};

impl CaseStatus {
    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
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
                for &(from, to) in TRANSITIONS {
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
        assert!(TRANSITIONS.iter().all(|(from, to)| from != to && *to != CaseStatus::Received));
    }
}
