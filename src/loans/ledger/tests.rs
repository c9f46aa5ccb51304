use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn terms(months: u32, plan: RepaymentPlan, frequency: Frequency) -> Terms {
    Terms { months, plan, frequency }
}

const POOR: Rates = Rates { ordinary: 66_000, overdue: 85_800 };
const YEAR: Terms = Terms { months: 12, plan: RepaymentPlan::EqualPrincipal, frequency: Frequency::Monthly };

fn entry(number: u128, on: NaiveDate, what: What) -> Entry {
    Entry { id: LoanEventId(Uuid::from_u128(number)), on, what }
}

fn ledger(entries: &[(&str, What)]) -> Vec<Entry> {
    (1..).zip(entries).map(|(number, (on, what))| entry(number, day(on), *what)).collect()
}

#[test]
fn equal_principal_comes_back_in_whole_dong_and_the_last_instalment_takes_the_rounding() {
    let three_years = terms(36, RepaymentPlan::EqualPrincipal, Frequency::Monthly);
    let entries = ledger(&[("2020-01-31", What::Disbursed(20_000_000))]);
    let rows = replay(three_years, POOR, &entries).unwrap().schedule(day("2020-01-31"));
    assert_eq!(rows.len(), 36);
    assert!(rows[..35].iter().all(|row| row.principal_dong == 555_555));
    assert_eq!(rows[35].principal_dong, 555_575);
    // The day of the month holds where the month has it.
    let days: Vec<String> = rows.iter().take(3).map(|row| row.due_on.to_string()).collect();
    assert_eq!(days, ["2020-02-29", "2020-03-31", "2020-04-30"]);
    // 20,000,000 × 6.6 % × 29 / 365 = 104,876.7 ; 19,444,445 × 6.6 % × 31 / 365 = 108,995.8 + 0.7
    assert_eq!(rows[0].interest_left_dong, 104_876);
    assert_eq!(rows[1].interest_left_dong, 108_996);
}

#[test]
fn principal_at_term_and_quarterly_interest_with_a_short_last_period() {
    let at_term = terms(8, RepaymentPlan::AtTerm, Frequency::Quarterly);
    let entries = ledger(&[("2021-01-15", What::Disbursed(10_000_000))]);
    let rows = replay(at_term, POOR, &entries).unwrap().schedule(day("2021-01-15"));
    let shape: Vec<(String, i64)> = rows.iter().map(|row| (row.due_on.to_string(), row.principal_dong)).collect();
    let expected = [("2021-04-15", 0), ("2021-07-15", 0), ("2021-09-15", 10_000_000)];
    assert_eq!(shape, expected.map(|(on, dong)| (on.to_owned(), dong)));
    // 10,000,000 × 6.6 % × 90 / 365
    assert_eq!(rows[0].interest_left_dong, 162_739);
}

#[test]
fn each_part_is_laid_on_the_instalments_that_are_left() {
    let half = terms(6, RepaymentPlan::EqualPrincipal, Frequency::Monthly);
    let entries = ledger(&[("2021-01-10", What::Disbursed(6_000_000)), ("2021-03-10", What::Disbursed(4_000_001))]);
    let rows = replay(half, POOR, &entries).unwrap().schedule(day("2021-03-10"));
    let principal: Vec<i64> = rows.iter().map(|row| row.principal_dong).collect();
    // The instalment of 10 March has fallen due when the second part is paid out on that day.
    assert_eq!(principal, [1_000_000, 1_000_000, 2_000_000, 2_000_000, 2_000_000, 2_000_001]);
}

#[test]
fn a_payment_goes_to_interest_due_then_principal_due_then_interest_then_principal_ahead() {
    let entries = ledger(&[("2021-01-01", What::Disbursed(12_000_000)), ("2021-02-11", What::Repaid(1_200_000))]);
    let account = replay(YEAR, POOR, &entries).unwrap();
    // Until 1 February: 12,000,000 × 6.6 % × 31 / 365 = 67,265.75. Ten days more on 11,000,000 at 6.6 % and on
    // 1,000,000 overdue at 8.58 %: 19,890.41 + 2,350.68, with the fraction 22,241.8.
    assert_eq!(account.repaid_interest, 67_265 + 22_241);
    assert_eq!(account.repaid_principal, 1_200_000 - 67_265 - 22_241);
    let part = ledger(&[("2021-01-01", What::Disbursed(12_000_000)), ("2021-02-11", What::Repaid(500_000))]);
    let account = replay(YEAR, POOR, &part).unwrap();
    assert_eq!((account.repaid_interest, account.repaid_principal), (67_265, 432_735));
    let overdue = account.overdue(day("2021-02-11")).unwrap();
    assert_eq!((overdue.days, overdue.amount_dong), (10, 567_265));
}

#[test]
fn what_papers_say_was_paid_back_settles_the_interest_until_then_and_splits_as_they_say() {
    let brought = What::BroughtOver { principal: 5_000_000, interest: 300_000 };
    let entries = ledger(&[("2021-01-01", What::Disbursed(12_000_000)), ("2021-07-15", brought)]);
    let account = replay(YEAR, POOR, &entries).unwrap();
    assert_eq!((account.repaid_principal, account.repaid_interest), (5_000_000, 300_000));
    assert_eq!((account.outstanding(), account.interest()), (7_000_000, 0));
    // Six instalments of a million have fallen due and five are paid.
    let overdue = account.overdue(day("2021-07-15")).unwrap();
    assert_eq!((overdue.days, overdue.amount_dong), (14, 1_000_000));
    // One day on 6,000,000 at 6.6 % and on 1,000,000 overdue at 8.58 %: 1,084.93 + 235.07.
    assert_eq!(account.on(day("2021-07-16")).interest(), 1_320);
    // What came later on that day is principal, whichever was typed first.
    let mut both = entries.clone();
    both.insert(0, entry(0, day("2021-07-15"), What::Repaid(7_000_000)));
    assert!(replay(YEAR, POOR, &both).unwrap().is_settled());
    let most = |what| {
        let entries = ledger(&[("2021-01-01", What::Disbursed(12_000_000)), ("2021-07-15", what)]);
        replay(YEAR, POOR, &entries).map(drop)
    };
    assert_eq!(most(What::BroughtOver { principal: 12_000_001, interest: 0 }), Err(Refusal::Overpaid));
    assert_eq!(most(What::BroughtOver { principal: 0, interest: 1_000_000 }), Err(Refusal::Overpaid));
    assert_eq!(most(What::BroughtOver { principal: 12_000_000, interest: 400_000 }), Ok(()));
}

#[test]
fn paying_on_the_day_what_the_schedule_says_is_never_overdue_and_ends_at_nothing() {
    for plan in [RepaymentPlan::EqualPrincipal, RepaymentPlan::AtTerm] {
        let agreed = terms(17, plan, Frequency::Quarterly);
        let mut entries = ledger(&[("2021-01-31", What::Disbursed(7_654_321))]);
        let rows = replay(agreed, POOR, &entries).unwrap().schedule(day("2021-01-31"));
        for (position, (number, row)) in (100..).zip(&rows).enumerate() {
            let account = replay(agreed, POOR, &entries).unwrap();
            assert_eq!(account.next_due_on(), Some(row.due_on));
            assert_eq!(account.overdue(row.due_on), None);
            let left = account.schedule(row.due_on)[position].left();
            assert_eq!(left, row.left(), "what was shown at first is asked for on the day");
            entries.push(entry(number, row.due_on, What::Repaid(left)));
        }
        let account = replay(agreed, POOR, &entries).unwrap();
        assert!(account.is_settled());
        assert_eq!((account.repaid_principal, account.next_due_on()), (7_654_321, None));
    }
}

#[test]
fn an_instalment_paid_some_days_early_is_met_and_the_interest_of_the_days_left_goes_with_the_next() {
    let entries = ledger(&[("2021-01-01", What::Disbursed(12_000_000)), ("2021-01-28", What::Repaid(1_067_265))]);
    let account = replay(YEAR, POOR, &entries).unwrap();
    assert_eq!(account.overdue(day("2021-02-28")), None);
    assert_eq!(account.next_due_on(), Some(day("2021-03-01")));
    let rows = account.schedule(day("2021-02-28"));
    assert_eq!(rows[0].left(), 0);
    // Four days of January and all of February.
    assert_eq!(rows[1].interest_left_dong, replay(YEAR, POOR, &entries).unwrap().on(day("2021-03-01")).interest());
}

#[test]
fn restructuring_lays_what_is_outstanding_on_new_instalments_and_ends_the_arrears() {
    let new = terms(24, RepaymentPlan::AtTerm, Frequency::Monthly);
    let mut entries = ledger(&[("2021-01-01", What::Disbursed(12_000_000)), ("2021-02-01", What::Repaid(1_067_265))]);
    assert!(replay(YEAR, POOR, &entries).unwrap().overdue(day("2021-06-15")).is_some());
    entries.push(entry(9, day("2021-06-15"), What::Restructured(new)));
    let account = replay(YEAR, POOR, &entries).unwrap();
    assert_eq!(account.overdue(day("2021-06-15")), None);
    let rows = account.schedule(day("2021-06-15"));
    assert_eq!((rows.len(), rows[23].principal_dong), (24, 11_000_000));
    assert_eq!(rows[0].due_on, day("2021-07-15"));
    // The interest that was not paid falls due with the first.
    assert_eq!(rows[0].interest_left_dong, account.on(day("2021-07-15")).interest());
}

#[test]
fn after_the_last_instalment_every_day_of_interest_is_overdue() {
    let entries = ledger(&[("2021-01-01", What::Disbursed(1_000_000))]);
    let account = replay(terms(1, RepaymentPlan::AtTerm, Frequency::Monthly), POOR, &entries).unwrap();
    // 31 days at 6.6 %, then 28 at 8.58 %.
    let interest = (1_000_000_i64 * 66_000 * 31 + 1_000_000 * 85_800 * 28) / (1_000_000 * 365);
    let overdue = account.overdue(day("2021-03-01")).unwrap();
    assert_eq!((overdue.days, overdue.amount_dong), (28, 1_000_000 + interest));
    assert_eq!(account.on(day("2021-03-01")).owed(), overdue.amount_dong);
}

#[test]
fn what_cannot_have_happened_is_refused() {
    let refusal = |entries: &[(&str, What)]| replay(YEAR, POOR, &ledger(entries)).unwrap_err();
    let paid_out = ("2021-01-01", What::Disbursed(1_000_000));
    assert_eq!(refusal(&[("2020-12-31", What::Repaid(1)), paid_out]), Refusal::BeforeDisbursement);
    assert_eq!(refusal(&[paid_out, ("2021-01-01", What::Repaid(1_000_001))]), Refusal::Overpaid);
    assert_eq!(refusal(&[paid_out, ("2021-01-01", What::WrittenOff(999_999))]), Refusal::NotAllWrittenOff);
    assert_eq!(refusal(&[paid_out, ("2022-01-01", What::Disbursed(1))]), Refusal::AfterLastInstalment);
    let over = ("2021-01-01", What::WrittenOff(1_000_000));
    assert_eq!(refusal(&[paid_out, over, ("2021-01-02", What::Repaid(1))]), Refusal::AfterWriteOff);
    let paid = ("2021-01-01", What::Repaid(1_000_000));
    assert_eq!(refusal(&[paid_out, paid, ("2021-01-01", What::WrittenOff(0))]), Refusal::NothingOutstanding);
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let plans = prop::sample::select(vec![RepaymentPlan::EqualPrincipal, RepaymentPlan::AtTerm]);
    let frequencies = prop::sample::select(vec![Frequency::Monthly, Frequency::Quarterly]);
    (1_u32..=40, plans, frequencies).prop_map(|(months, plan, frequency)| Terms { months, plan, frequency })
}

/// Something, and on which day after the first; amounts are shares of what is possible.
#[derive(Debug, Clone)]
enum Try {
    Disburse(i64),
    Restructure(Terms),
    Repay(u8),
    WriteOff,
    Reverse(usize),
}

fn any_try() -> impl Strategy<Value = Try> {
    prop_oneof![
        2 => (1_i64..=30_000_000).prop_map(Try::Disburse),
        1 => any_terms().prop_map(Try::Restructure),
        8 => (0_u8..=110).prop_map(Try::Repay),
        1 => Just(Try::WriteOff),
        2 => (0_usize..20).prop_map(Try::Reverse),
    ]
}

#[test]
fn on_the_day_of_a_write_off_its_interest_may_still_be_paid_and_no_principal() {
    let terms = Terms { months: 1, plan: RepaymentPlan::EqualPrincipal, frequency: Frequency::Monthly };
    let off = day("2024-04-19");
    let entries =
        [entry(0, day("2020-02-29"), What::Disbursed(20_000_000)), entry(1, off, What::WrittenOff(20_000_000))];
    let interest = replay(terms, POOR, &entries).unwrap().written_off_interest;
    assert!(interest > 0);
    assert_eq!(most_repayable(terms, POOR, &entries, off, LoanEventId(Uuid::from_u128(99))), interest);
}

fn any_story() -> impl Strategy<Value = (Terms, Vec<(i64, Try)>)> {
    (any_terms(), prop::collection::vec((0_i64..=1_600, any_try()), 0..24))
}

/// Plays what was tried, leaving out what the ledger refuses, and looks at it after each step.
fn play(terms: Terms, tries: &[(i64, Try)], mut look: impl FnMut(&[Entry], &Account)) -> Vec<Entry> {
    let start = day("2020-02-29");
    let mut entries = vec![entry(0, start, What::Disbursed(20_000_000))];
    for (number, (after, tried)) in (1..).zip(tries) {
        let on = start + chrono::TimeDelta::days(*after);
        let mut next = entries.clone();
        match tried {
            Try::Disburse(amount) => next.push(entry(number, on, What::Disbursed(*amount))),
            Try::Restructure(terms) => next.push(entry(number, on, What::Restructured(*terms))),
            Try::Repay(percent) => {
                let most = most_repayable(terms, POOR, &entries, on, LoanEventId(Uuid::from_u128(number)));
                let amount = most * i64::from(*percent) / 100;
                next.push(entry(number, on, What::Repaid(amount)));
            }
            Try::WriteOff => {
                let owed = replay(terms, POOR, &entries).unwrap().outstanding();
                next.push(entry(number, on, What::WrittenOff(owed)));
            }
            Try::Reverse(position) if *position < next.len() => drop(next.remove(*position)),
            Try::Reverse(_) => {}
        }
        if let Ok(account) = replay(terms, POOR, &next) {
            look(&next, &account);
            entries = next;
        }
    }
    entries
}

fn assert_sound(entries: &[Entry], account: &Account) {
    let paid_out: i64 = entries.iter().map(|e| if let What::Disbursed(dong) = e.what { dong } else { 0 }).sum();
    let paid_back: i64 = entries.iter().map(|e| if let What::Repaid(dong) = e.what { dong } else { 0 }).sum();
    assert_eq!(account.disbursed, paid_out);
    assert_eq!(account.repaid_principal + account.repaid_interest, paid_back);
    assert_eq!(account.disbursed, account.repaid_principal + account.outstanding() + account.written_off);
    let figures = [
        account.disbursed,
        account.repaid_principal,
        account.repaid_interest,
        account.written_off,
        account.written_off_interest,
        account.outstanding(),
        account.interest(),
        account.interest_due(),
        account.principal_due(),
    ];
    assert!(figures.iter().all(|figure| *figure >= 0), "{figures:?}");
    let Some(last) = account.last_day() else { return };
    for later in [0, 1, 17, 400, 2_000] {
        let day = last + chrono::TimeDelta::days(later);
        let rows = account.schedule(day);
        assert!(rows.iter().all(|row| row.principal_left_dong >= 0 && row.interest_left_dong >= 0), "{rows:?}");
        let left: i64 = rows.iter().map(|row| row.principal_left_dong).sum();
        assert_eq!(left, account.outstanding());
        let then = account.on(day);
        assert_eq!(then.next_due_on(), account.next_due_on(), "asked {later} days later");
        let overdue = then.overdue(day).map_or(0, |overdue| overdue.amount_dong);
        assert!(overdue <= then.owed());
        assert_eq!(overdue > 0, account.next_due_on().is_some_and(|due| due < day));
    }
}

proptest! {
    #[test]
    fn what_was_paid_out_is_paid_back_outstanding_or_written_off_and_no_figure_is_negative(
        (terms, tries) in any_story()
    ) {
        play(terms, &tries, assert_sound);
    }

    #[test]
    fn paying_the_amount_quoted_for_a_day_leaves_nothing((terms, tries) in any_story(), after in 0_i64..=900) {
        let entries = play(terms, &tries, |_, _| {});
        let account = replay(terms, POOR, &entries).unwrap();
        if let Some(last) = account.last_day().filter(|_| !account.is_written_off && account.owed() > 0) {
            let on = last + chrono::TimeDelta::days(after);
            let quote = account.on(on).owed();
            let mut paid = entries.clone();
            paid.push(entry(99, on, What::Repaid(quote)));
            let settled = replay(terms, POOR, &paid).unwrap();
            prop_assert!(settled.is_settled());
            prop_assert_eq!((settled.outstanding(), settled.owed(), settled.next_due_on()), (0, 0, None));
            prop_assert_eq!(most_repayable(terms, POOR, &entries, on, LoanEventId(Uuid::from_u128(99))), quote);
        }
    }

    #[test]
    fn the_order_in_which_entries_were_typed_changes_no_figure((terms, tries) in any_story(), turn in 0_usize..24) {
        let entries = play(terms, &tries, |_, _| {});
        let mut other = entries.clone();
        other.reverse();
        let middle = turn.min(other.len());
        other.rotate_left(middle);
        prop_assert_eq!(replay(terms, POOR, &entries), replay(terms, POOR, &other));
    }

    #[test]
    fn payments_of_one_day_count_like_their_sum(
        (terms, tries) in any_story(), after in 0_i64..=900, share in 0_i64..=100
    ) {
        let entries = play(terms, &tries, |_, _| {});
        let on = day("2020-02-29") + chrono::TimeDelta::days(after);
        let most = most_repayable(terms, POOR, &entries, on, LoanEventId(Uuid::from_u128(99)));
        let first = most * share / 100;
        let paid = |amounts: &[i64]| {
            let mut with = entries.clone();
            with.extend((100..).zip(amounts).map(|(number, dong)| entry(number, on, What::Repaid(*dong))));
            replay(terms, POOR, &with)
        };
        prop_assert_eq!(paid(&[most]), paid(&[first, most - first]));
    }

    #[test]
    fn the_most_that_may_be_paid_may_be_paid_and_no_dong_more((terms, tries) in any_story(), after in 0_i64..=1_600) {
        let entries = play(terms, &tries, |_, _| {});
        let on = day("2020-02-29") + chrono::TimeDelta::days(after);
        let most = most_repayable(terms, POOR, &entries, on, LoanEventId(Uuid::from_u128(99)));
        let paid = |dong| {
            let mut with = entries.clone();
            with.push(entry(99, on, What::Repaid(dong)));
            replay(terms, POOR, &with)
        };
        if most > 0 {
            prop_assert!(paid(most).is_ok());
        }
        prop_assert!(paid(most + 1).is_err());
    }
}
