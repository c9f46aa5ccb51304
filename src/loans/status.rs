//! The life of a loan: its statuses and the one table of legal transitions.
//!
//! That a loan is overdue or was restructured is no status: the first follows from the ledger and the
//! day of asking, the second is an entry of the ledger, and both may be true at once.

use crate::db::types::text_enum;

text_enum! {
    /// Status of a loan.
    LoanStatus {
        /// Applied for; the lender has not looked at it yet.
        Application = "application",
        /// The lender looks at it.
        Appraisal = "appraisal",
        /// Granted; no money was paid out.
        Approved = "approved",
        /// Not granted.
        Refused = "refused",
        /// Withdrawn before money was paid out: by the centre, or because the referral or a consent ended.
        Withdrawn = "withdrawn",
        /// Money was paid out, and some is owed.
        Disbursed = "disbursed",
        /// All is paid back.
        Settled = "settled",
        /// The rest will not come back.
        WrittenOff = "written_off",
    }
}

text_enum! {
    /// Why a loan was not granted. Says nothing about the person but what any borrower may be told.
    RefusalReason {
        /// The lender has no funds for the product now.
        NoFunds = "no_funds",
        /// The plan does not carry the repayments.
        PlanNotFeasible = "plan_not_feasible",
        /// The conditions of the product are not met.
        ConditionsNotMet = "conditions_not_met",
        /// The papers are not complete.
        PapersIncomplete = "papers_incomplete",
        /// Other loans are outstanding.
        OtherDebt = "other_debt",
        /// Another reason.
        Other = "other",
    }
}

text_enum! {
    /// Why a centre withdrew an application.
    WithdrawalReason {
        /// The person no longer wants the loan.
        NotWanted = "not_wanted",
        /// Written by mistake.
        Mistake = "mistake",
    }
}

text_enum! {
    /// Why a rest was written off.
    WriteOffReason {
        /// The borrower died.
        Died = "died",
        /// The borrower cannot be found.
        Unreachable = "unreachable",
        /// Nothing can be recovered.
        Irrecoverable = "irrecoverable",
        /// A disaster or epidemic took the means.
        Disaster = "disaster",
        /// Another reason.
        Other = "other",
    }
}

/// Every legal transition. The steps back are those that the reversal of a typing mistake makes.
pub const TRANSITIONS: &[(LoanStatus, LoanStatus)] = {
    use LoanStatus::{Application, Appraisal, Approved, Disbursed, Refused, Settled, Withdrawn, WrittenOff};
    &[
        (Application, Appraisal),
        (Application, Withdrawn),
        (Appraisal, Approved),
        (Appraisal, Refused),
        (Appraisal, Withdrawn),
        (Approved, Disbursed),
        (Approved, Withdrawn),
        (Disbursed, Settled),
        (Disbursed, WrittenOff),
        (Disbursed, Approved),
        (Disbursed, Withdrawn),
        (Settled, Disbursed),
        (WrittenOff, Disbursed),
    ]
};

impl LoanStatus {
    /// Whether the table has this transition.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// Statuses before any money was paid out in which the loan may still come about.
    pub const PENDING: [Self; 3] = [Self::Application, Self::Appraisal, Self::Approved];

    /// Whether the ledger holds money that was paid out.
    pub fn has_ledger(self) -> bool {
        matches!(self, Self::Disbursed | Self::Settled | Self::WrittenOff)
    }
}

#[cfg(test)]
mod tests {
    use super::{LoanStatus, TRANSITIONS};

    #[test]
    fn every_status_is_reached_and_every_status_but_an_end_has_a_way_out() {
        let mut reached = vec![LoanStatus::Application];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            for &(from, to) in TRANSITIONS {
                if from == at && !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), LoanStatus::ALL.len());
        for status in LoanStatus::ALL {
            let ends = matches!(status, LoanStatus::Refused | LoanStatus::Withdrawn);
            assert_eq!(TRANSITIONS.iter().any(|(from, _)| from == status), !ends, "{status}");
        }
    }

    #[test]
    fn money_comes_after_approval_and_nothing_pending_is_left_after_an_end() {
        for &(from, to) in TRANSITIONS {
            assert!(to != LoanStatus::Disbursed || from == LoanStatus::Approved || from.has_ledger());
            assert!(from != LoanStatus::Refused && from != LoanStatus::Withdrawn);
        }
    }
}
