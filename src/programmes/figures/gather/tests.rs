//! How what was reported for periods makes up others.

use super::*;

fn values(of: &[(&str, i64)]) -> BTreeMap<ReportPeriod, i64> {
    of.iter().map(|(period, value)| (period.parse().expect("a period"), *value)).collect()
}

fn told(of: &[(&str, i64)], period: &str, behaviour: Behaviour, absent: &[&str]) -> Option<(i64, bool)> {
    let absent: Vec<ReportPeriod> = absent.iter().map(|period| period.parse().expect("a period")).collect();
    let is_absent = |period: ReportPeriod| {
        let (from, to) = period.halves(Calendar::Civil);
        absent.iter().any(|absent| absent.halves(Calendar::Civil).0 <= from && to <= absent.halves(Calendar::Civil).1)
    };
    let found = reported_in(&values(of), period.parse().expect("a period"), behaviour, &is_absent);
    found.map(|found| (found.value, found.in_part))
}

#[test]
fn quarters_make_up_a_year_only_when_all_four_are_there() {
    let three = [("2022-Q1", 1), ("2022-Q2", 2), ("2022-Q3", 3)];
    assert_eq!(told(&three, "2022", Behaviour::Adds, &[]), None);
    assert_eq!(told(&three, "2022", Behaviour::Newest, &[]), Some((3, false)));
    let four = [("2022-Q1", 1), ("2022-Q2", 2), ("2022-Q3", 3), ("2022-Q4", 4)];
    assert_eq!(told(&four, "2022", Behaviour::Adds, &[]), Some((10, false)));
    assert_eq!(told(&[("2022", 9), ("2022-Q1", 1)], "2022", Behaviour::Adds, &[]), Some((9, false)));
}

#[test]
fn parts_of_any_length_make_up_the_whole() {
    let mixed = [("2023-H1", 5), ("2023-Q3", 6), ("2023-10", 1), ("2023-11", 2), ("2023-12", 4)];
    assert_eq!(told(&mixed, "2023", Behaviour::Adds, &[]), Some((18, false)));
    assert_eq!(told(&mixed, "2023-Q4", Behaviour::Adds, &[]), Some((7, false)));
    assert_eq!(told(&mixed[..4], "2023", Behaviour::Adds, &[]), None);
}

#[test]
fn who_counts_once_in_a_year_is_not_known_by_parts_or_over_years() {
    let parts = [("2023-H1", 5), ("2023-H2", 6), ("2024", 9)];
    assert_eq!(told(&parts, "2023", Behaviour::Once, &[]), None);
    assert_eq!(told(&parts, "2024", Behaviour::Once, &[]), Some((9, false)));
    assert_eq!(told(&parts, "2021-2025", Behaviour::Once, &[]), None);
}

#[test]
fn of_a_time_in_which_a_unit_was_not_there_nobody_need_tell() {
    let first = [("2025-H1", 5)];
    assert_eq!(told(&first, "2025", Behaviour::Adds, &["2025-H2"]), Some((5, true)));
    assert_eq!(told(&first, "2025", Behaviour::Adds, &[]), None);
    assert_eq!(told(&first, "2025-H2", Behaviour::Adds, &["2025-H2"]), None);
    assert_eq!(told(&[("2025", 9)], "2025", Behaviour::Adds, &["2025-H2"]), Some((9, false)));
}
