//! Numbers on maps.

use proptest::prelude::*;

use super::*;
use crate::admin_units::Shares;

fn told(register: i64) -> Told {
    Told { register: Some(vec![Some(register)]), ..Told::default() }
}

fn report(value: i64) -> Told {
    Told { reported: Some(vec![Some(value)]), ..Told::default() }
}

fn ground(units: &AdminUnits, shares: &Shares, day: &str) -> Ground {
    units.ground(day.parse().expect("a day"), shares)
}

fn map<'a>(units: &'a AdminUnits, ground: &'a Ground, day: &str) -> Map<'a> {
    Map { units, day: day.parse().expect("a day"), ground, reported_by: Level::Commune }
}

fn facts<const N: usize>(units: &AdminUnits, of: [(&str, Told); N]) -> ByUnit<Told> {
    ByUnit::of(of.into_iter().map(|(code, told)| (units.number(code).expect("a unit"), told)).collect())
}

#[test]
fn a_report_for_a_whole_province_speaks_only_where_nothing_below_it_does() {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let ground = ground(&units, &shares, "2022-06-30");
    let map = map(&units, &ground, "2022-06-30");
    let of = |sums: &ByUnit<Sum>, code: &str| sums.get(units.number(code).expect("a unit")).expect("a sum").clone();
    let commune = map.units_of(Level::Commune, "G63-P38").first().expect("a commune").code.clone();
    let both = facts(&units, [(&commune, told(4)), ("G63-P38", report(100)), ("G63-P35", report(7))]);
    let sums = map.sums(&both, "VN", 1, false);
    assert_eq!(of(&sums, "G63-P38").at(0), Some(4));
    assert_eq!(
        (of(&sums, "VN").at(0), of(&sums, "VN").spans[0].register, of(&sums, "VN").spans[0].reported),
        (Some(11), 4, 7)
    );
    assert_eq!(
        (of(&sums, "G63-P38").spans[0].covered, of(&sums, "G63-P35").spans[0].covered),
        (1, map.units.count_on(Level::Commune, "G63-P35", map.day))
    );
    let first = map.sums(&both, "VN", 1, true);
    assert_eq!((of(&first, "G63-P38").at(0), of(&first, "VN").at(0)), (Some(100), Some(107)));
    let all = map.units.count_on(Level::Commune, "G63-P38", map.day);
    assert_eq!(of(&first, "G63-P38").spans[0].covered, all, "a report that is taken speaks for all");
}

#[test]
fn what_nobody_told_is_missing_and_not_nought() {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let ground = ground(&units, &shares, "2022-06-30");
    let map = map(&units, &ground, "2022-06-30");
    let of = |sums: &ByUnit<Sum>, code: &str| sums.get(units.number(code).expect("a unit")).expect("a sum").clone();
    let sums = map.sums(&facts(&units, [("G63-P38", told(0))]), "VN", 1, false);
    assert_eq!(of(&sums, "G63-P38").at(0), Some(0));
    assert!(sums.get(units.number("G63-P35").expect("a unit")).is_none());
}

#[test]
fn silence_is_nought_and_gives_way_to_whoever_tells_more() {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let ground = ground(&units, &shares, "2022-06-30");
    let map = map(&units, &ground, "2022-06-30");
    let of = |sums: &ByUnit<Sum>, code: &str| sums.get(units.number(code).expect("a unit")).expect("a sum").clone();
    let commune = map.units_of(Level::Commune, "G63-P38").first().expect("a commune").code.clone();
    let silent = Told { is_silent: true, ..Told::default() };
    let quiet = facts(&units, [(&commune, silent.clone())]);
    let sums = map.sums(&quiet, "VN", 1, false);
    assert_eq!((of(&sums, "G63-P38").at(0), of(&sums, "G63-P38").spans[0].covered), (Some(0), 1));
    let with_report = facts(&units, [(&commune, silent), ("G63-P38", report(9))]);
    assert_eq!(of(&map.sums(&with_report, "VN", 1, false), "G63-P38").at(0), Some(9));
}

#[test]
fn a_split_commune_is_left_at_its_province_unless_shares_were_declared() {
    let units = AdminUnits::shipped().expect("units");
    let last: NaiveDate = "2025-06-30".parse().expect("a day");
    let split =
        units.units_on(Level::Commune, "VN", last).into_iter().find(|unit| units.successors(&unit.code).len() == 2);
    let split = split.expect("a split commune");
    let facts = facts(&units, [(&split.code, told(5))]);
    let whole = ground(&units, &Shares::default(), "2026-01-01");
    let placing = map(&units, &whole, "2026-01-01").place(facts.clone());
    assert!(placing.remarks.iter().any(|remark| matches!(remark, Remark::LeftAbove { why: NotTold::Split, .. })));
    assert!(
        placing.told.0.iter().all(|(unit, _)| units.numbered(*unit).is_some_and(|unit| unit.level != Level::Commune))
    );
    let mut shares = Shares::default();
    for (successor, share) in units.successors(&split.code).iter().zip([600, 400]) {
        shares.declare(&split.code, &successor.successor, share);
    }
    let divided = ground(&units, &shares, "2026-01-01");
    let placing = map(&units, &divided, "2026-01-01").place(facts);
    let parts: Vec<i64> =
        placing.told.0.iter().map(|(_, told)| told.register.as_ref().expect("numbers")[0].expect("a number")).collect();
    assert_eq!(parts.iter().sum::<i64>(), 5);
    assert!(parts.contains(&3) && parts.contains(&2));
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole_and_stay_within_one_of_their_share(
        number in 0_i64..100_000, cuts in prop::collection::vec(0_i64..=1000, 1..4),
    ) {
        let mut cuts = cuts;
        cuts.extend([0, 1000]);
        cuts.sort_unstable();
        let shares: Vec<i64> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let parts = split(number, &shares);
        prop_assert_eq!(parts.iter().sum::<i64>(), number);
        for (part, share) in parts.iter().zip(shares) {
            prop_assert!((part * 1000 - number * share).abs() < 1000);
        }
    }
}
