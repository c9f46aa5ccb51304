//! The life of a task: its statuses and the one table of legal transitions.

use crate::db::types::text_enum;

text_enum! {
    /// Status of a task.
    TaskStatus {
        /// Còn phải làm.
        Open = "open",
        /// Đã xong.
        Done = "done",
        /// Đã hủy.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Why a task was cancelled.
    CancelReason {
        /// No longer needed.
        NotNeeded = "not_needed",
        /// Another task takes its place.
        Replaced = "replaced",
        /// Chưa muốn nhận lúc này.
        NotWantedNow = "not_wanted_now",
        /// Recorded by mistake.
        Mistake = "mistake",
        /// A new version of the care plan has it no more.
        PlanChanged = "plan_changed",
        /// The case was closed.
        CaseClosed = "case_closed",
        /// The case was handed over; what is to be done is planned anew there.
        CaseTransferred = "case_transferred",
    }
}

impl CancelReason {
    /// Whether people give this reason; the others follow from what they do.
    pub fn is_given(self) -> bool {
        !matches!(self, Self::PlanChanged | Self::CaseClosed | Self::CaseTransferred)
    }
}

/// Every legal transition. What was cancelled stays so: a case that is opened again gets new tasks.
pub const TRANSITIONS: &[(TaskStatus, TaskStatus)] = {
    use TaskStatus::{Cancelled, Done, Open};
    &[(Open, Done), (Open, Cancelled), (Done, Open)]
};

impl TaskStatus {
    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }
}

#[cfg(test)]
mod tests {
    use super::{TRANSITIONS, TaskStatus};

    #[test]
    fn what_was_cancelled_comes_back_never_and_what_was_done_can_be_undone() {
        assert!(TRANSITIONS.iter().all(|(from, to)| *from != TaskStatus::Cancelled && from != to));
        assert!(TaskStatus::Done.may_become(TaskStatus::Open));
        assert!(!TaskStatus::Done.may_become(TaskStatus::Cancelled));
    }
}
