//! The arithmetic of a loan, without a database: what was entered goes in, every figure comes out.
//!
//! Interest is simple, on the outstanding principal, by actual days of a year of 365, from the day the
//! money is paid out up to, and without, the day it comes back. Principal that is overdue bears the
//! higher rate. Fractions of a đồng are carried exactly and never charged: every amount asked for is
//! rounded down, so the borrower never pays one that is not owed. Days that are no working days are
//! days like others.
//!
//! Entries are replayed by day; on one day in the order paid out, restructured, brought over, paid back, written off.
//! So the order in which they were typed makes no difference to any figure.

mod account;
mod schedule;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

pub use account::Account;
pub use schedule::{Instalment, Overdue};

use crate::db::types::{LoanEventId, text_enum};

text_enum! {
    /// When principal comes back.
    RepaymentPlan {
        /// In equal parts, one with each instalment; the last one takes the rounding.
        EqualPrincipal = "equal_principal",
        /// All of it with the last instalment.
        AtTerm = "at_term",
    }
}

text_enum! {
    /// How often an instalment (principal by plan, and interest) falls due.
    Frequency {
        /// Every month.
        Monthly = "monthly",
        /// Every third month; a rest of the term makes a shorter last period.
        Quarterly = "quarterly",
    }
}

impl Frequency {
    fn months(self) -> u32 {
        match self {
            Self::Monthly => 1,
            Self::Quarterly => 3,
        }
    }
}

/// How a loan is paid back from some day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Months until the last instalment, at least 1.
    pub months: u32,
    /// When principal comes back.
    pub plan: RepaymentPlan,
    /// How often instalments fall due.
    pub frequency: Frequency,
}

/// Interest a year, in parts per million of the principal (6.6 % is 66,000).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// On principal that is not overdue.
    pub ordinary: i64,
    /// On principal that is overdue; not below the ordinary one.
    pub overdue: i64,
}

/// What happened to the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// So many đồng were paid out.
    Disbursed(i64),
    /// What is outstanding is paid back by these terms from that day on.
    Restructured(Terms),
    /// All that was paid back until that day, as papers of before say it. They say how much of it was interest,
    /// and not when it came; what more interest there may have been until then is not asked for.
    BroughtOver {
        /// Principal, whole đồng.
        principal: i64,
        /// Interest.
        interest: i64,
    },
    /// So many đồng were paid back.
    Repaid(i64),
    /// So many đồng of principal, which is all that was outstanding, will not come back; nor will the interest.
    WrittenOff(i64),
}

impl What {
    fn rank(&self) -> u8 {
        match self {
            Self::Disbursed(_) => 0,
            Self::Restructured(_) => 1,
            Self::BroughtOver { .. } => 2,
            Self::Repaid(_) => 3,
            Self::WrittenOff(_) => 4,
        }
    }
}

/// One entry that stands; those that were reversed, and their reversals, are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Id, which settles the order of equals.
    pub id: LoanEventId,
    /// Day on which it happened.
    pub on: NaiveDate,
    /// What happened.
    pub what: What,
}

/// Why entries make no ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Something happened before any money was paid out.
    BeforeDisbursement,
    /// Money was paid out when no instalment was left to bring it back.
    AfterLastInstalment,
    /// More was paid back than was owed.
    Overpaid,
    /// There was nothing to restructure or to write off.
    NothingOutstanding,
    /// The amount written off was not what was outstanding.
    NotAllWrittenOff,
    /// Something happened after the rest was written off.
    AfterWriteOff,
}

/// Replays entries in the order of their days.
///
/// # Errors
/// The first entry that cannot be.
pub fn replay(terms: Terms, rates: Rates, entries: &[Entry]) -> Result<Account, Refusal> {
    replay_all(terms, rates, entries.iter().collect())
}

fn replay_all(terms: Terms, rates: Rates, mut sorted: Vec<&Entry>) -> Result<Account, Refusal> {
    sorted.sort_by_key(|entry| (entry.on, entry.what.rank(), entry.id));
    let mut account = Account::new(terms, rates);
    for entry in sorted {
        account.take(entry.on, entry.what)?;
    }
    Ok(account)
}

/// The most that may be entered as paid back on `on` beside `entries`: one đồng more would be more
/// than was owed, on that day or after a payment that is recorded for a later one.
pub fn most_repayable(terms: Terms, rates: Rates, entries: &[Entry], on: NaiveDate, id: LoanEventId) -> i64 {
    // What is written off on that day is written off after it.
    let last = (on, What::Repaid(0).rank());
    let before = entries.iter().filter(|entry| (entry.on, entry.what.rank()) <= last).collect();
    let Ok(mut account) = replay_all(terms, rates, before) else { return 0 };
    account.advance(on);
    let fits = |amount| {
        let mut with = entries.to_vec();
        with.push(Entry { id, on, what: What::Repaid(amount) });
        replay(terms, rates, &with).is_ok()
    };
    // No more than this was owed on the day; less where later payments took it for granted.
    let owed = account.owed();
    if fits(owed) {
        return owed;
    }
    let (mut fitting, mut too_much) = (0, owed);
    while too_much - fitting > 1 {
        let middle = fitting + (too_much - fitting) / 2;
        if fits(middle) {
            fitting = middle;
        } else {
            too_much = middle;
        }
    }
    fitting
}
