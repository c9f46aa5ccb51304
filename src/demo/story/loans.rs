//! How a made-up loan is paid back, until today.

use chrono::NaiveDate;
use rand::RngExt as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::calendar::plus;
use crate::db::types::LoanEventId;
use crate::demo::dice::weighted;
use crate::loans::ledger::{Account, Entry, Frequency, Rates, RepaymentPlan, Terms, What, replay};

/// How a borrower pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Habit {
    /// Each instalment on its day.
    #[default]
    Punctual,
    /// Some, and then no more.
    Stops,
    /// Some, and then all at once.
    SettlesEarly,
    /// Some, then none for a while, then by new terms.
    Restructures,
    /// Some, then no more, until the lender gives up.
    IsLost,
}

/// Terms as they are agreed on.
pub(in crate::demo) fn draw_terms(rng: &mut StdRng) -> Terms {
    Terms {
        months: weighted(rng, &[(3, 12), (2, 18), (4, 24), (2, 36)]),
        plan: if rng.random_bool(0.85) { RepaymentPlan::EqualPrincipal } else { RepaymentPlan::AtTerm },
        frequency: if rng.random_bool(0.6) { Frequency::Monthly } else { Frequency::Quarterly },
    }
}

/// What happened to the money, from the day it was paid out until today; the first entry is that day's.
/// Ids are numbers, to be replaced.
pub(in crate::demo) fn history(
    rng: &mut StdRng,
    terms: Terms,
    rates: Rates,
    (paid_out_on, dong): (NaiveDate, i64),
    today: NaiveDate,
) -> Vec<Entry> {
    let habits = [
        (50, Habit::Punctual),
        (18, Habit::Stops),
        (16, Habit::SettlesEarly),
        (10, Habit::Restructures),
        (6, Habit::IsLost),
    ];
    let mut habit = weighted(rng, &habits);
    let mut before_turn = rng.random_range(0..=4_u32);
    let mut entries = vec![entry(0, paid_out_on, What::Disbursed(dong))];
    while let Ok(account) = replay(terms, rates, &entries) {
        let Some(due_on) = account.next_due_on() else { break };
        let turns = habit != Habit::Punctual && before_turn == 0;
        let next = if turns { turn(rng, habit, &account, due_on) } else { Some(instalment(&account, due_on)) };
        let Some((on, what)) = next.filter(|(on, _)| *on <= today) else { break };
        entries.push(entry(entries.len(), on, what));
        if turns {
            habit = Habit::Punctual;
        }
        before_turn = before_turn.saturating_sub(1);
    }
    entries
}

fn entry(number: usize, on: NaiveDate, what: What) -> Entry {
    Entry { id: LoanEventId(Uuid::from_u128(u128::try_from(number).unwrap_or(0))), on, what }
}

/// What is due on the day, paid on the day.
fn instalment(account: &Account, due_on: NaiveDate) -> (NaiveDate, What) {
    let due = account.schedule(due_on).into_iter().filter(|row| row.due_on <= due_on).map(|row| row.left()).sum();
    (due_on, What::Repaid(due))
}

fn turn(rng: &mut StdRng, habit: Habit, account: &Account, due_on: NaiveDate) -> Option<(NaiveDate, What)> {
    match habit {
        Habit::Punctual | Habit::Stops => None,
        Habit::SettlesEarly => {
            let on = plus(due_on, rng.random_range(0..=9));
            Some((on, What::Repaid(account.on(on).owed())))
        }
        Habit::Restructures => Some((plus(due_on, rng.random_range(40..=120)), What::Restructured(draw_terms(rng)))),
        Habit::IsLost => Some((plus(due_on, rng.random_range(200..=360)), What::WrittenOff(account.outstanding()))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn every_history_is_a_ledger_and_all_ends_occur() {
        let rates = Rates { ordinary: 79_200, overdue: 102_960 };
        let (start, today) =
            (NaiveDate::from_ymd_opt(2024, 1, 31).unwrap(), NaiveDate::from_ymd_opt(2026, 11, 24).unwrap());
        let mut ends = BTreeSet::new();
        for seed in 0..300 {
            let mut rng = StdRng::seed_from_u64(seed);
            let terms = draw_terms(&mut rng);
            let paid_out_on = plus(start, rng.random_range(0..=1_020));
            let entries = history(&mut rng, terms, rates, (paid_out_on, 25_000_000), today);
            let account = replay(terms, rates, &entries).unwrap();
            assert!(entries.iter().all(|entry| entry.on <= today));
            assert_eq!(account.disbursed, account.repaid_principal + account.outstanding() + account.written_off);
            let restructured = entries.iter().any(|entry| matches!(entry.what, What::Restructured(_)));
            ends.insert((account.is_settled(), account.is_written_off, account.overdue(today).is_some(), restructured));
        }
        for end in [
            (true, false, false, false),
            (false, true, false, false),
            (false, false, true, false),
            (false, false, false, true),
            (false, false, false, false),
        ] {
            assert!(ends.contains(&end), "{end:?} never occurs");
        }
    }
}
