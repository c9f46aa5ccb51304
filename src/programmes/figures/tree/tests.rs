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

fn year(year: i32) -> [Days; 1] {
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
    [(day(1, 1), day(12, 31))]
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
    let settled = |before: Before| map.settle(both.clone(), &year(2022), Reports { before, ..Reports::default() });
    let sums = map.sums(&settled(Before::Nothing), "VN", 1);
    assert_eq!(of(&sums, "G63-P38").at(0), Some(4));
    assert_eq!(
        (of(&sums, "VN").at(0), of(&sums, "VN").spans[0].register, of(&sums, "VN").spans[0].reported),
        (Some(11), 4, 7)
    );
    assert_eq!(
        (of(&sums, "G63-P38").spans[0].covered, of(&sums, "G63-P35").spans[0].covered),
        (1, map.units.count_on(Level::Commune, "G63-P35", map.day))
    );
    let first = map.sums(&settled(Before::Everything), "VN", 1);
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
    let sums = map.sums(&facts(&units, [("G63-P38", told(0))]), "VN", 1);
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
    let sums = map.sums(&quiet, "VN", 1);
    assert_eq!((of(&sums, "G63-P38").at(0), of(&sums, "G63-P38").spans[0].covered), (Some(0), 1));
    let with_report = facts(&units, [(&commune, silent), ("G63-P38", report(9))]);
    let settled = map.settle(with_report, &year(2022), Reports::default());
    assert_eq!(of(&map.sums(&settled, "VN", 1), "G63-P38").at(0), Some(9));
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
    let placing = map(&units, &whole, "2026-01-01").place(facts.clone(), &year(2025), Reports::default());
    assert!(placing.remarks.iter().any(|remark| matches!(remark, Remark::LeftAbove { why: NotTold::Split, .. })));
    assert!(
        placing.told.0.iter().all(|(unit, _)| units.numbered(*unit).is_some_and(|unit| unit.level != Level::Commune))
    );
    let mut shares = Shares::default();
    for (successor, share) in units.successors(&split.code).iter().zip([600, 400]) {
        shares.declare(&split.code, &successor.successor, share);
    }
    let divided = ground(&units, &shares, "2026-01-01");
    let placing = map(&units, &divided, "2026-01-01").place(facts, &year(2025), Reports::default());
    let parts: Vec<i64> =
        placing.told.0.iter().map(|(_, told)| told.register.as_ref().expect("numbers")[0].expect("a number")).collect();
    assert_eq!(parts.iter().sum::<i64>(), 5);
    assert!(parts.contains(&3) && parts.contains(&2));
}

/// Two communes of Hà Nam that went whole into one of today, with their province of then and that of today.
struct Merged {
    communes: [&'static str; 2],
    into: &'static str,
    provinces: [&'static str; 2],
}

const MERGED: Merged =
    Merged { communes: ["G63-C13291", "G63-C13306"], into: "G34-C13291", provinces: ["G63-P35", "G34-P37"] };
/// A commune of another province that went into the same.
const OTHER: &str = "G63-C13699";

fn on_both_maps<const N: usize>(of: [(&str, Told); N], reports: Reports) -> [Option<i64>; 2] {
    on_maps(["2025-06-30", "2026-01-01"], 2025, of, reports)
}

fn on_maps<const N: usize, const M: usize>(
    days: [&str; M],
    of_year: i32,
    of: [(&str, Told); N],
    reports: Reports,
) -> [Option<i64>; M] {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let facts = facts(&units, of);
    days.map(|day| {
        let ground = ground(&units, &shares, day);
        let map = map(&units, &ground, day);
        let placing = map.place(facts.clone(), &year(of_year), reports);
        map.sums(&placing.told, "VN", 1).get(units.number("VN").expect("a unit")).expect("a sum").at(0)
    })
}

fn in_part(value: i64) -> Told {
    Told { reported_in_part: Some(vec![Some(value)]), ..Told::default() }
}

#[test]
fn whole_or_part_is_decided_once_and_comes_to_the_same_on_every_map() {
    let [old, new] = MERGED.provinces;
    let [one, other] = MERGED.communes;
    let (adds, first) = (Reports::default(), Reports { before: Before::Everything, ..Reports::default() });
    let both = |number: i64| [Some(number), Some(number)];
    for (of, by_parts, by_report) in [
        ("a province that reported, and a register in another one", [(old, report(30)), (OTHER, told(1))], [31, 31]),
        ("two communes that became one, each in its own way", [(one, report(9)), (other, told(1))], [10, 10]),
        ("a report for the whole, and a register within it", [(old, report(30)), (one, told(4))], [4, 30]),
        ("an island that was a district", [("G63-D755", in_part(5)), ("G34-C26732", report(9))], [9, 9]),
        ("a report for more, and half a year of a part", [("VN", report(500)), (new, in_part(40))], [500, 500]),
        ("a year of the new one is that of those before it", [(old, in_part(15)), (new, report(77))], [77, 77]),
        ("the same, of communes", [(one, in_part(4)), (MERGED.into, report(9))], [9, 9]),
        ("the same, with an entry in an old commune", [(OTHER, told(1)), (new, report(50))], [50, 50]),
        ("an old year, and a half of one below the new one", [(old, report(53)), (MERGED.into, in_part(8))], [61, 61]),
        ("an old year, and an entry below the new one", [(old, report(3)), ("G34-C13699", told(5))], [8, 8]),
    ]
    .map(|(what, of, [parts, whole])| ((what, of), both(parts), both(whole)))
    {
        assert_eq!(on_both_maps(of.1.clone(), adds), by_parts, "{}", of.0);
        assert_eq!(on_both_maps(of.1, first), by_report, "{}, reports first", of.0);
    }
    // Each half by the provinces of then.
    let halves = [(old, in_part(15)), ("G63-P36", in_part(3)), ("G63-P37", in_part(4)), (new, in_part(20))];
    assert_eq!(on_both_maps(halves, first), both(42));
    // Half a year is no year where nobody tells the other half, or not all do; what a register did not hear of was not there.
    let half = [(old, in_part(15)), (new, in_part(20))];
    assert_eq!(on_both_maps(half, first), [None, None]);
    let by_register = Reports { by_register: true, ..adds };
    assert_eq!(on_both_maps([(one, told(1)), (MERGED.into, in_part(9))], by_register), both(10));
    assert_eq!(on_both_maps([(old, in_part(15))], first), [None, None]);
    assert_eq!(on_both_maps([(new, in_part(40))], first), [None, None]);
}

#[test]
fn a_commune_lies_where_it_lay_in_the_span_on_every_map() {
    let (adds, first) = (Reports::default(), Reports { before: Before::Everything, ..Reports::default() });
    // A commune that lay in one district until 31/08/2024, and in another since.
    let (commune, then, since) = ("G63-C13708", "G63-D358", "G63-D356");
    let maps = ["2023-12-31", "2024-06-01", "2025-06-30", "2026-01-01"];
    for (district, by_parts, by_report) in [(then, 4, 10), (since, 14, 14)] {
        let of = || [(district, report(10)), (commune, told(4))];
        assert_eq!(on_maps(maps, 2023, of(), adds), [Some(by_parts); 4], "{district}");
        let of = || [(district, report(10)), (commune, report(4))];
        assert_eq!(on_maps(maps, 2023, of(), first), [Some(by_report); 4], "{district}");
    }
}

#[test]
fn only_who_was_there_in_the_span_makes_a_report_up_to_the_whole() {
    let first = Reports { before: Before::Everything, ..Reports::default() };
    let by_register = Reports { by_register: true, ..Reports::default() };
    // One that began in 2023, long before the one it went into, and one that ended with no successor.
    for (unit, of_year) in [("G63-C11344", 2023), ("G63-C02872", 2024)] {
        for reports in [first, by_register] {
            assert_eq!(on_maps(["2026-01-01"], of_year, [(unit, in_part(8))], reports), [Some(8)], "{unit}");
        }
    }
    // What the other half has in its communes is heard of its province.
    let [old, new] = MERGED.provinces;
    let both = |number: i64| [Some(number), Some(number)];
    assert_eq!(on_both_maps([(MERGED.communes[0], told(1)), (new, in_part(20))], by_register), both(21));
    assert_eq!(on_both_maps([(old, in_part(5)), (MERGED.into, told(1))], by_register), both(6));
}

#[test]
fn a_number_that_was_reported_for_the_whole_goes_before_those_of_its_parts_and_after_registers() {
    let reports = Reports { before: Before::Reports, ..Reports::default() };
    let day = ["2024-12-31"];
    let whole = ("VN", report(3000));
    assert_eq!(on_maps(day, 2024, [whole.clone(), ("G63-P35", report(50))], reports), [Some(3000)]);
    assert_eq!(on_maps(day, 2024, [whole, (MERGED.communes[0], told(1))], reports), [Some(1)]);
}

#[test]
fn a_report_that_is_taken_leaves_what_was_told_below_it() {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let ground = ground(&units, &shares, "2023-12-31");
    let map = map(&units, &ground, "2023-12-31");
    let nested = facts(&units, [("VN", report(500)), ("G63-P35", report(50)), ("G63-C13291", told(7))]);
    let placing = map.place(nested, &year(2023), Reports { before: Before::Everything, ..Reports::default() });
    let sums = map.sums(&placing.told, "VN", 1);
    let of = |code: &str| sums.get(units.number(code).expect("a unit")).expect("a sum").spans[0];
    assert_eq!(["VN", "G63-P35", "G63-C13291"].map(|code| of(code).number), [Some(500), Some(50), Some(7)]);
    assert_eq!((of("G63-P35").register, of("G63-P35").reported), (0, 50));
    let all = |code: &str| units.count_on(Level::Commune, code, map.day);
    assert_eq!((of("VN").covered, of("G63-P35").covered), (all("VN"), all("G63-P35")));
    // What was told for the country says nothing of one province.
    let told = facts(&units, [("VN", report(500)), ("G63-C13291", told(7))]);
    let placing = map.place(told, &year(2023), Reports { before: Before::Everything, ..Reports::default() });
    let sums = map.sums(&placing.told, "VN", 1);
    let covered = |code: &str| sums.get(units.number(code).expect("a unit")).expect("a sum").spans[0].covered;
    assert_eq!((covered("VN"), covered("G63-P35"), covered("G63-C13291")), (all("VN"), 1, 1));
}

#[test]
fn of_levels_what_a_unit_tells_now_takes_the_place_of_what_was_told_before() {
    let newest = Reports { newest_stands: true, ..Reports::default() };
    let [old, new] = MERGED.provinces;
    let [one, other] = MERGED.communes;
    let both = |number: i64| [Some(number), Some(number)];
    assert_eq!(on_both_maps([(old, report(100)), (new, report(300))], newest), both(300));
    assert_eq!(on_both_maps([("G63-D347", report(7)), (new, report(300))], newest), both(300));
    assert_eq!(on_both_maps([(one, report(40)), (other, report(8)), (MERGED.into, report(50))], newest), both(50));
    assert_eq!(on_both_maps([(one, report(40)), (other, report(8)), (MERGED.into, told(50))], newest), both(50));
    assert_eq!(on_both_maps([(one, report(40)), (other, report(8)), (new, report(300))], newest), both(300));
    assert_eq!(on_both_maps([(one, report(40)), (other, report(8))], newest), both(48));
    assert_eq!(on_both_maps([("G63-D755", report(7)), ("G34-C26732", report(9))], newest), both(9));
    // What a province keeps itself stands beside what its communes tell.
    assert_eq!(on_both_maps([(one, report(40)), (new, told(5))], newest), both(45));
    // Of a province of before, what a commune tells now takes the place of what this commune told alone.
    let first = Reports { before: Before::Everything, ..newest };
    assert_eq!(on_both_maps([(old, report(100)), (one, report(7)), (MERGED.into, report(5))], first), both(98));
    // Where a register takes the place of a report, what the report had pushed aside stands again.
    assert_eq!(on_both_maps([(old, report(100)), (one, told(5)), (new, told(7))], first), both(12));
    let both_told = Told { reported: Some(vec![Some(9)]), ..told(6) };
    assert_eq!(on_both_maps([(one, both_told), (MERGED.into, told(4))], first), both(10));
}

#[test]
fn reports_moved_to_another_map_speak_of_the_units_their_communes_went_into() {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let ground = ground(&units, &shares, "2026-01-01");
    let map = map(&units, &ground, "2026-01-01");
    let covered = |of: Vec<(&str, Told)>| {
        let told = of.into_iter().map(|(code, told)| (units.number(code).expect("a unit"), told)).collect();
        let placing = map.place(ByUnit::of(told), &year(2025), Reports::default());
        let sums = map.sums(&placing.told, "G34-P37", 1);
        sums.get(units.number("G34-P37").expect("a unit")).expect("a sum").spans[0].covered
    };
    let (one, both) =
        (covered(vec![("G63-P35", report(30))]), covered(vec![("G63-P35", report(30)), ("G63-P36", report(1))]));
    assert!(0 < one && one < both && both < units.count_on(Level::Commune, "G34-P37", map.day));
    let silent = Told { is_silent: true, ..Told::default() };
    assert_eq!(covered(vec![("G63-P35", report(30)), (MERGED.communes[0], silent)]), one, "no commune counts twice");
}

#[test]
fn what_all_provinces_of_before_report_speaks_of_every_commune_of_today() {
    let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
    let ground = ground(&units, &shares, "2026-01-01");
    let map = map(&units, &ground, "2026-01-01");
    let then = "2024-12-31".parse().expect("a day");
    let provinces = units.units_on(Level::Province, "VN", then).into_iter();
    let told = provinces.map(|unit| (units.number(&unit.code).expect("a unit"), report(1))).collect();
    let placing = map.place(ByUnit::of(told), &year(2024), Reports::default());
    let sums = map.sums(&placing.told, "VN", 1);
    for unit in units.units_on(Level::Province, "VN", map.day).into_iter().chain(units.get("VN")) {
        let covered = sums.get(units.number(&unit.code).expect("a unit")).expect("a sum").spans[0].covered;
        assert_eq!(covered, units.count_on(Level::Commune, &unit.code, map.day), "{}", unit.code);
    }
}

#[test]
fn a_report_for_a_part_is_none_for_the_whole_it_was_left_at() {
    let units = AdminUnits::shipped().expect("units");
    let ground = ground(&units, &Shares::default(), "2026-01-01");
    let map = map(&units, &ground, "2026-01-01");
    // A ward of Hà Nội that was split: nobody knows which of the new ones it was.
    let ward = "G63-C00007";
    let commune = map.units_of(Level::Commune, "G34-P01").first().expect("a commune").code.clone();
    let of = |reports: Reports, of: &[(&str, Told)]| {
        let told = of.iter().map(|(code, told)| (units.number(code).expect("a unit"), told.clone())).collect();
        let placing = map.place(ByUnit::of(told), &year(2025), reports);
        map.sums(&placing.told, "G34-P01", 1).get(units.number("G34-P01").expect("a unit")).expect("a sum").clone()
    };
    let (adds, first) = (Reports::default(), Reports { before: Before::Everything, ..Reports::default() });
    let parts = of(first, &[(&commune, report(110)), (ward, report(1))]);
    assert_eq!((parts.at(0), parts.spans[0].covered), (Some(111), 1));
    assert_eq!(of(first, &[("G34-P01", report(126)), (ward, report(1))]).at(0), Some(126));
    assert_eq!(of(adds, &[(&commune, told(241)), (ward, report(5))]).at(0), Some(246));
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
