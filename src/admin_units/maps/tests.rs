use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Instant;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::{NotTold, Placed, Shares, WHOLE};
use crate::admin_units::{AdminUnit, AdminUnits, CommuneKind, Level};

static UNITS: LazyLock<AdminUnits> = LazyLock::new(|| AdminUnits::shipped().expect("the list"));

const DAYS: [&str; 8] =
    ["2021-11-01", "2022-06-30", "2024-09-01", "2025-01-01", "2025-06-30", "2025-07-01", "2026-04-30", "2026-11-30"];

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn placed(code: &str, on: &str) -> Placed<'static> {
    UNITS.placed_on(code, day(on), &Shares::default()).expect("a unit")
}

fn above(code: &str, why: NotTold) -> Placed<'static> {
    Placed::Above { unit: UNITS.get(code).expect("a unit"), why }
}

fn at(code: &str) -> Placed<'static> {
    Placed::At(UNITS.get(code).expect("a unit"))
}

fn communes(on: &str) -> Vec<&'static AdminUnit> {
    UNITS.units_on(Level::Commune, "VN", day(on))
}

fn split() -> Vec<&'static AdminUnit> {
    communes("2025-06-30").into_iter().filter(|unit| UNITS.successors(&unit.code).len() > 1).collect()
}

/// The first whole number that is at least this share of all.
fn first_meeting(percent: usize, of: usize) -> usize {
    (percent * of).div_ceil(100)
}

#[test]
fn there_are_as_many_units_on_each_day_as_is_known() {
    for (on, provinces, districts, communes) in [
        ("2021-11-01", 63, 705, 10_599),
        ("2022-06-30", 63, 705, 10_599),
        ("2024-09-01", 63, 704, 10_542),
        ("2025-01-01", 63, 696, 10_051),
        ("2025-06-30", 63, 696, 10_035),
        ("2025-07-01", 34, 0, 3_321),
        ("2026-11-30", 34, 0, 3_321),
    ] {
        assert_eq!(UNITS.count_on(Level::Province, "VN", day(on)), provinces, "{on}");
        assert_eq!(UNITS.count_on(Level::District, "VN", day(on)), districts, "{on}");
        assert_eq!(UNITS.count_on(Level::Commune, "VN", day(on)), communes, "{on}");
    }
}

#[test]
fn shares_of_all_units_are_first_met_by_the_numbers_that_were_reckoned_by_hand() {
    let all = |level, within| UNITS.count_on(level, within, day("2022-06-30"));
    let thanh_hoa = "G63-P38";
    assert_eq!(UNITS.get(thanh_hoa).expect("a province").name_vi, "Tỉnh Thanh Hóa");
    assert_eq!((all(Level::Commune, thanh_hoa), all(Level::District, thanh_hoa)), (559, 27));
    assert_eq!(first_meeting(70, all(Level::Commune, "VN")), 7_420);
    assert_eq!(first_meeting(10, all(Level::District, "VN")), 71);
    assert_eq!(first_meeting(50, all(Level::Province, "VN")), 32);
    assert_eq!(first_meeting(80, all(Level::Commune, thanh_hoa)), 448);
    assert_eq!(first_meeting(60, all(Level::District, thanh_hoa)), 17);
}

#[test]
fn units_on_a_day_are_those_whose_chain_of_parents_of_that_day_ends_there() {
    for on in DAYS {
        let provinces = UNITS.units_on(Level::Province, "VN", day(on));
        let mut of_provinces: Vec<&AdminUnit> =
            provinces.iter().flat_map(|unit| UNITS.units_on(Level::Commune, &unit.code, day(on))).collect();
        of_provinces.sort_by(|a, b| a.code.cmp(&b.code));
        assert_eq!(of_provinces, communes(on), "{on}");
        assert!(of_provinces.iter().all(|unit| unit.is_valid_on(day(on))));
    }
    assert_eq!(UNITS.units_on(Level::Commune, "G63-P38", day("2025-07-01")), Vec::<&AdminUnit>::new());
    assert_eq!(UNITS.count_on(Level::Commune, "no such unit", day("2025-07-01")), 0);
    assert_eq!(UNITS.count_on(Level::Commune, "VN", NaiveDate::MIN), 10_599);
    assert_eq!(UNITS.count_on(Level::Commune, "VN", NaiveDate::MAX), 3_321);
}

#[test]
fn a_commune_is_in_the_district_of_the_day() {
    let moved = UNITS
        .units_on(Level::Commune, "VN", day("2021-11-01"))
        .into_iter()
        .filter(|unit| UNITS.parent_on(&unit.code, day("2024-12-31")) != UNITS.parent_on(&unit.code, day("2025-01-01")))
        .filter(|unit| unit.is_valid_on(day("2025-01-01")));
    let mut seen = 0;
    for unit in moved {
        for on in ["2024-12-31", "2025-01-01"].map(day) {
            let parent = UNITS.parent_on(&unit.code, on).expect("a district");
            assert!(parent.is_valid_on(on), "{}", unit.code);
            assert!(UNITS.units_on(Level::Commune, &parent.code, on).contains(&unit));
        }
        seen += 1;
    }
    assert_eq!(seen, 140);
}

#[test]
fn a_map_is_listed_within_a_millisecond() {
    let lists = |on: &str| (communes(on).len(), UNITS.units_on(Level::District, "VN", day(on)).len());
    lists("2022-06-30");
    // The best of many: what else the machine does is not measured.
    let took = |_| {
        let begun = Instant::now();
        lists("2022-06-30");
        begun.elapsed()
    };
    let best = (0..50).map(took).min().expect("some");
    assert!(best.as_millis() < 1, "{best:?}");
}

#[test]
fn every_unit_can_be_placed_on_every_map_and_only_where_there_is_a_unit() {
    for on in DAYS {
        for unit in UNITS.all() {
            let placed = placed(&unit.code, on);
            for found in placed.units() {
                assert!(found.is_valid_on(day(on)), "{} on {on}: {}", unit.code, found.code);
            }
            if unit.is_valid_on(day(on)) {
                assert_eq!(placed, Placed::At(unit), "{on}");
            }
            assert!(!matches!(placed, Placed::Split(_)), "nobody declared shares");
        }
    }
}

#[test]
fn every_commune_of_the_last_old_day_is_placed_whole_or_is_among_the_471_that_were_split() {
    let mut whole = 0;
    for unit in communes("2025-06-30") {
        match placed(&unit.code, "2025-07-01") {
            Placed::At(new) => {
                assert_eq!(unit.successor.as_ref(), Some(&new.code));
                whole += 1;
            }
            Placed::Above { unit: above, why } => {
                assert_eq!((above.level, why), (Level::Province, NotTold::Split), "{}", unit.code);
                assert_eq!(UNITS.province_on(&unit.code, day("2025-07-01")), Some(above));
            }
            Placed::Split(_) => panic!("nobody declared shares"),
        }
    }
    assert_eq!((whole, split().len(), communes("2025-06-30").len()), (9_564, 471, 10_035));
}

#[test]
fn what_ended_without_a_successor_is_left_at_its_province() {
    let gone: Vec<&AdminUnit> =
        UNITS.all().iter().filter(|unit| unit.valid_to.is_some_and(|last| last < day("2025-06-30"))).collect();
    assert_eq!(gone.len(), 580 + 11);
    for unit in gone {
        let province = unit.province.as_deref().expect("a province");
        assert_eq!(placed(&unit.code, "2025-06-30"), above(province, NotTold::NoSuccessor));
        let province = UNITS.province_on(province, day("2025-07-01")).expect("a province");
        let why = if unit.level == Level::District { NotTold::Abolished } else { NotTold::NoSuccessor };
        assert_eq!(placed(&unit.code, "2025-07-01"), above(&province.code, why));
    }
}

#[test]
fn districts_are_left_at_their_province_but_for_the_five_islands() {
    let districts = UNITS.units_on(Level::District, "VN", day("2025-06-30"));
    let (islands, rest): (Vec<&AdminUnit>, Vec<&AdminUnit>) =
        districts.into_iter().partition(|unit| matches!(placed(&unit.code, "2026-11-30"), Placed::At(_)));
    for unit in &rest {
        let province = UNITS.province_on(&unit.code, day("2026-11-30")).expect("a province");
        assert_eq!(placed(&unit.code, "2026-11-30"), above(&province.code, NotTold::Abolished));
    }
    for unit in &islands {
        let Placed::At(zone) = placed(&unit.code, "2026-11-30") else { panic!("chosen so") };
        assert_eq!(UNITS.kind_on(&zone.code, day("2026-11-30")), Some(CommuneKind::SpecialZone));
        assert_eq!(placed(&zone.code, "2025-06-30"), Placed::At(unit));
    }
    assert_eq!((islands.len(), rest.len()), (5, 691));
}

#[test]
fn a_new_unit_is_placed_on_an_older_map_where_all_it_was_made_of_lay() {
    let mut by_level = std::collections::BTreeMap::new();
    for unit in communes("2026-11-30") {
        let lay: BTreeSet<&str> = UNITS.predecessors(&unit.code).map(|old| old.code.as_str()).collect();
        match placed(&unit.code, "2025-06-30") {
            Placed::At(old) => assert_eq!(lay, BTreeSet::from([old.code.as_str()])),
            Placed::Above { unit: above, why } => {
                assert_eq!(why, NotTold::Merged);
                assert!(lay.iter().all(|old| UNITS.is_within(old, &above.code)), "{}", unit.code);
                *by_level.entry(above.level).or_insert(0) += 1;
            }
            Placed::Split(_) => panic!("an older map has no shares"),
        }
    }
    // In one old unit lay 140; 23 took from two old provinces.
    assert_eq!(by_level.values().sum::<i32>(), 3_321 - 140);
    assert_eq!(by_level.get(&Level::Country), Some(&23));
    assert_eq!(placed("G34-P44", "2022-06-30"), above("VN", NotTold::Merged));
    assert_eq!(placed("G34-P01", "2022-06-30"), at("G63-P01"));
    assert_eq!(placed("G63-P44", "2026-11-30"), at("G34-P44"));
}

#[test]
fn what_began_later_than_the_map_lay_in_its_province() {
    let begun: Vec<&AdminUnit> =
        UNITS.all().iter().filter(|unit| unit.code.starts_with("G63-") && unit.valid_from.is_some()).collect();
    assert_eq!(begun.len(), 18);
    for unit in begun {
        let province = unit.province.as_deref().expect("a province");
        assert_eq!(placed(&unit.code, "2022-06-30"), above(province, NotTold::NoPredecessor));
    }
}

#[test]
fn declared_shares_divide_a_split_unit_and_only_when_they_fit_it() {
    let unit = split()[0];
    let steps = UNITS.successors(&unit.code);
    let on = day("2026-11-30");
    let left = placed(&unit.code, "2026-11-30");
    let with = |given: &[(&str, i64)]| {
        let mut shares = Shares::default();
        for (code, share) in given {
            shares.declare(&unit.code, code, *share);
        }
        UNITS.placed_on(&unit.code, on, &shares).expect("a unit")
    };
    let (first, second) = (steps[0].successor.as_str(), steps[1].successor.as_str());
    assert_eq!(steps.len(), 2);
    let units = |code: &str| UNITS.get(code).expect("a unit");
    assert_eq!(with(&[(second, 400), (first, 600)]), Placed::Split(vec![(units(first), 600), (units(second), 400)]));
    assert_eq!(with(&[(first, 1000), (second, 0)]), Placed::Split(vec![(units(first), 1000)]));
    assert_eq!(with(&[(first, 600), (second, 399)]), left);
    assert_eq!(with(&[(first, 1001), (second, -1)]), left);
    assert_eq!(with(&[(first, 1000)]), left);
    assert_eq!(with(&[(first, 500), (first, 500)]), left);
    assert_eq!(with(&[(first, 600), (second, 400), ("G34-C00004", 0)]), left);
    // On its own map it stays where it is.
    let mut shares = Shares::default();
    shares.declare(&unit.code, first, 600);
    shares.declare(&unit.code, second, 400);
    assert_eq!(UNITS.placed_on(&unit.code, day("2025-06-30"), &shares), Some(Placed::At(unit)));
}

#[test]
fn a_code_nobody_knows_is_placed_nowhere() {
    assert_eq!(UNITS.placed_on("G63-C99999", day("2025-07-01"), &Shares::default()), None);
    assert_eq!(UNITS.full_name("G63-C99999", day("2025-07-01")), None);
    assert_eq!(UNITS.name_on("G63-C99999", day("2025-07-01")), None);
}

/// A made-up list in which units go on over several steps: what may yet come.
fn several_steps() -> AdminUnits {
    let units = "code,level,name_vi,name_en,parent_code,valid_from,valid_to,successor_code\n\
        VN,country,Việt Nam,Viet Nam,,,,\n\
        P,province,Tỉnh P,P,VN,,,\n\
        D,district,Huyện D,D,P,,,\n\
        A,commune,Xã A,A,D,,2022-12-31,B\n\
        B,commune,Xã B,B,D,2023-01-01,2023-12-31,C\n\
        C,commune,Xã C,C,D,2024-01-01,2024-12-31,E\n\
        E,commune,Xã E,E,D,2025-01-01,2025-12-31,G\n\
        F,commune,Xã F,F,D,2025-01-01,2025-12-31,G\n\
        G,commune,Phường G,G,D,2026-01-01,,\n";
    let steps = "code,successor_code,level,is_default,extent\n\
        A,B,commune,1,whole\nB,C,commune,1,whole\nC,E,commune,1,part\nC,F,commune,0,part\n\
        E,G,commune,1,whole\nF,G,commune,1,whole\n";
    AdminUnits::parsed(units, steps, "code,change_date,field,old_value,new_value\n").expect("a list")
}

#[test]
fn steps_are_followed_to_the_end_and_parts_that_meet_again_are_one() {
    let units = several_steps();
    let mut shares = Shares::default();
    let on = |code, on, shares: &Shares| units.placed_on(code, day(on), shares).expect("a unit");
    let one = |code| units.get(code).expect("a unit");
    assert_eq!(on("A", "2024-06-30", &shares), Placed::At(one("C")));
    assert_eq!(on("A", "2025-06-30", &shares), Placed::Above { unit: one("D"), why: NotTold::Split });
    assert_eq!(on("A", "2026-06-30", &shares), Placed::At(one("G")));
    assert_eq!(on("G", "2022-06-30", &shares), Placed::At(one("A")));
    assert_eq!(on("G", "2025-06-30", &shares), Placed::Above { unit: one("D"), why: NotTold::Merged });
    shares.declare("C", "E", 250);
    shares.declare("C", "F", 750);
    assert_eq!(on("A", "2025-06-30", &shares), Placed::Split(vec![(one("E"), 250), (one("F"), 750)]));
    assert_eq!(on("A", "2026-06-30", &shares), Placed::At(one("G")));
}

#[test]
fn a_list_whose_steps_lead_nowhere_or_whose_changes_name_nobody_is_damaged() {
    let units = "code,level,name_vi,name_en,parent_code,valid_from,valid_to,successor_code\n\
        VN,country,Việt Nam,Viet Nam,,,,\nP,province,Tỉnh P,P,VN,,2024-12-31,\nQ,province,Tỉnh Q,Q,VN,2025-07-01,,\n";
    let (steps, changes) =
        ("code,successor_code,level,is_default,extent\n", "code,change_date,field,old_value,new_value\n");
    let read = |step: &str, change: &str| {
        AdminUnits::parsed(units, &format!("{steps}{step}"), &format!("{changes}{change}")).is_ok()
    };
    assert!(read("", ""));
    assert!(!read("P,Q,province,1,whole\n", ""), "half a year lies between them");
    assert!(!read("Q,P,province,1,whole\n", ""), "it has not ended");
    assert!(read("", "P,2022-01-01,name_vi,Tỉnh O,Tỉnh P\n"));
    assert!(!read("", "O,2022-01-01,name_vi,Tỉnh O,Tỉnh P\n"));
    assert!(!read("", "P,2022-01-01,parent_code,O,VN\n"));
    assert!(!read("", "P,2022-01-01,level,commune,province\n"));
    assert!(!read("", "P,,name_vi,Tỉnh O,Tỉnh P\n"));
}

#[test]
fn dong_nai_became_a_city_and_ten_of_its_communes_wards() {
    let code = "G34-P75";
    let wards = |on| {
        let communes = UNITS.units_on(Level::Commune, code, day(on)).into_iter();
        communes.filter(|unit| UNITS.kind_on(&unit.code, day(on)) == Some(CommuneKind::Ward)).count()
    };
    assert_eq!(UNITS.name_on(code, day("2026-04-29")), Some("Tỉnh Đồng Nai"));
    assert_eq!(UNITS.name_on(code, day("2026-04-30")), Some("Thành phố Đồng Nai"));
    assert_eq!(wards("2026-04-30"), wards("2026-04-29") + 10);
    assert_eq!(UNITS.name_on("G34-C26368", day("2026-04-29")), Some("Xã Long Thành"));
    assert_eq!(UNITS.kind_on("G34-C26368", day("2026-04-29")), Some(CommuneKind::Commune));
    assert_eq!(UNITS.kind_on("G34-C26368", day("2026-04-30")), Some(CommuneKind::Ward));
}

#[test]
fn every_commune_has_a_kind_on_every_day_and_no_other_unit_has() {
    for on in DAYS {
        for unit in UNITS.all() {
            let kind = UNITS.kind_on(&unit.code, day(on));
            assert_eq!(kind.is_some(), unit.level == Level::Commune, "{}", unit.code);
        }
        let of = |kind| communes(on).into_iter().filter(|u| UNITS.kind_on(&u.code, day(on)) == Some(kind)).count();
        let two_levels = day(on) >= day("2025-07-01");
        assert_eq!(of(CommuneKind::Township) == 0, two_levels, "{on}");
        assert_eq!(of(CommuneKind::SpecialZone), if two_levels { 13 } else { 0 }, "{on}");
    }
}

#[test]
fn a_full_name_says_where_a_unit_lies_and_what_it_is_now() {
    let full = |code: &str, on: &str| UNITS.full_name(code, day(on)).expect("a unit");
    assert_eq!(full("VN", "2026-11-30"), "Việt Nam");
    assert_eq!(full("G34-C26368", "2026-04-29"), "Xã Long Thành, Tỉnh Đồng Nai");
    assert_eq!(full("G34-C26368", "2026-04-30"), "Phường Long Thành, Thành phố Đồng Nai");
    assert_eq!(full("G63-P44", "2026-11-30"), "Tỉnh Quảng Bình (nay: Tỉnh Quảng Trị)");
    assert_eq!(full("G63-C00001", "2025-06-30"), "Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội");
    assert_eq!(
        full("G63-C00001", "2026-11-30"),
        "Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội (nay: Phường Hồng Hà, Thành phố Hà Nội)"
    );
    assert_eq!(
        full("G63-C00007", "2026-11-30"),
        "Phường Cống Vị, Quận Ba Đình, Thành phố Hà Nội \
         (nay thuộc: Phường Ngọc Hà, Thành phố Hà Nội; Phường Giảng Võ, Thành phố Hà Nội)"
    );
    assert_eq!(full("G63-D001", "2026-11-30"), "Quận Ba Đình, Thành phố Hà Nội (nay thuộc: Thành phố Hà Nội)");
}

#[test]
fn full_names_of_one_day_tell_communes_apart_but_for_those_whose_earlier_name_is_missing() {
    let alike = |on: &str| {
        let all = communes(on);
        let names: BTreeSet<String> = all.iter().filter_map(|unit| UNITS.full_name(&unit.code, day(on))).collect();
        all.len() - names.len()
    };
    assert_eq!(["2021-11-01", "2022-06-30", "2025-01-01"].map(alike), [28, 28, 1]);
    assert_eq!(["2025-06-30", "2025-07-01", "2026-11-30"].map(alike), [0, 0, 0]);
}

/// Any unit, any day of the list and some around it, and shares for the unit if it was split.
fn asked() -> impl Strategy<Value = (&'static AdminUnit, NaiveDate, Shares)> {
    let any = (0..UNITS.all().len()).prop_map(|position| &UNITS.all()[position]);
    let split = (0..split().len()).prop_map(|position| split()[position]);
    let days = (0..2500_u64).prop_map(|days| day("2021-01-01") + chrono::Days::new(days));
    (prop_oneof![any, split], days, proptest::collection::vec(0..=WHOLE, 5))
        .prop_map(|(unit, day, cuts)| (unit, day, shares_of(unit, cuts)))
}

fn shares_of(unit: &AdminUnit, mut cuts: Vec<i64>) -> Shares {
    let mut shares = Shares::default();
    let steps = UNITS.successors(&unit.code);
    if steps.len() > 1 {
        cuts.truncate(steps.len() - 1);
        cuts.sort_unstable();
        cuts.push(WHOLE);
        let mut from = 0;
        for (step, to) in steps.iter().zip(cuts) {
            shares.declare(&unit.code, &step.successor, to - from);
            from = to;
        }
    }
    shares
}

proptest! {
    #[test]
    fn placing_is_the_same_each_time_whole_and_in_the_right_province((unit, on, shares) in asked()) {
        let placed = UNITS.placed_on(&unit.code, on, &shares).expect("a unit");
        let again = UNITS.placed_on(&unit.code, on, &shares).expect("a unit");
        prop_assert_eq!(&again, &placed);
        if let Placed::Split(parts) = &placed {
            prop_assert_eq!(parts.iter().map(|(_, share)| share).sum::<i64>(), WHOLE);
            prop_assert!(parts.iter().all(|(_, share)| *share > 0));
            prop_assert!(parts.is_sorted_by(|a, b| a.0.code < b.0.code));
        }
        if unit.is_valid_on(on) {
            prop_assert_eq!(&placed, &Placed::At(unit));
        }
        for found in placed.units() {
            prop_assert!(found.is_valid_on(on));
            let province = UNITS.province_on(&unit.code, on).map(|province| province.code.as_str());
            prop_assert!(province.is_none() || found.province.as_deref() == province);
            prop_assert!(UNITS.lineage(found, on).iter().all(|above| above.is_valid_on(on)));
        }
    }

    #[test]
    fn a_full_name_begins_with_the_name_and_ends_with_the_map_of_the_day((unit, on, _) in asked()) {
        let full = UNITS.full_name(&unit.code, on).expect("a unit");
        let ended = unit.valid_to.is_some_and(|last| last < on);
        prop_assert!(full.starts_with(UNITS.name_on(&unit.code, on).expect("a name")));
        prop_assert_eq!(full.contains("(nay"), ended);
    }
}
