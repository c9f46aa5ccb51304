//! What other bodies reported of units that were merged or split, beside what the new ones tell.

use hoanhap::admin_units::Level;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};

use super::Officer;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";
/// Hà Nam, Nam Định and Ninh Bình, and the province that they are since 01/07/2025.
const OLD: [&str; 3] = ["G63-P35", "G63-P36", "G63-P37"];
const NEW: &str = "G34-P37";
/// A commune of Nam Định.
const COMMUNE: &str = "G63-C13699";

/// The first figure of an answer.
fn first(officer: &Officer<'_>, question: &str) -> Value {
    officer.figures(PLAN, question)["indicators"][0]["figures"][0].clone()
}

/// The old provinces tell 2024 and their half of 2025, and the new one the other half.
#[track_caller]
fn tell_halves(officer: &Officer<'_>) {
    for old in OLD {
        officer.report("crimes_handled", old, "2024", 10);
        officer.report("crimes_handled", old, "2025-H1", 5);
    }
    officer.report("crimes_handled", NEW, "2025-H2", 20);
}

both_dbs! {
    fn one_province_reports_and_a_commune_of_another_records_and_every_map_tells_both(app: &TestApp) {
        let officer = Officer::of_country(app);
        let class = "complaint+crime_report+denunciation";
        for element in ["tip_offs_received", "tip_offs_handled"] {
            officer.report_class(element, class, OLD[0], "2024", 30);
        }
        officer.entry(Register::TipOffs, COMMUNE, json!({"received_on": "2024-03-01", "type": "denunciation"}));
        // 30 of 30, and one that was not handled.
        for map in ["period", "today"] {
            let figure = first(&officer, &format!("indicator=808-06&unit=VN&period=2024&map={map}"));
            assert_eq!((&figure["numerator"], &figure["denominator"]), (&json!(30), &json!(31)), "{map}: {figure:#}");
        }
    }

    fn growth_over_the_year_before_takes_all_that_was_told_of_it(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.report("crimes_handled", OLD[0], "2024", 10);
        officer.report("crimes_handled", COMMUNE, "2024", 4);
        officer.report("crimes_handled", NEW, "2025", 20);
        let unlike = json!({"numerator": 20, "denominator": 14, "status": "no_data", "reason": "unlike_coverage"});
        for unit in ["VN", NEW] {
            officer.expect(PLAN, "808-07", unit, "2025", &unlike);
        }
        // Once all have told theirs, 20 after 16 is 25 % more.
        officer.report("crimes_handled", OLD[1], "2024", 5);
        officer.report("crimes_handled", OLD[2], "2024", 1);
        for unit in ["VN", NEW] {
            officer.expect(PLAN, "808-07", unit, "2025", &json!({"numerator": 20, "denominator": 16, "percent": 25.0}));
        }
    }

    fn on_the_map_of_before_half_a_year_is_not_compared_with_a_whole_one(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        tell_halves(&officer);
        let on_old_map = |unit: &str| first(&officer, &format!("indicator=808-07&unit={unit}&period=2025&map=2025-06-30"));
        let ended = on_old_map(OLD[0]);
        assert_eq!((&ended["status"], &ended["reason"]), (&json!("not_applicable"), &json!("unit_ended")), "{ended:#}");
        let country = on_old_map("VN");
        assert_eq!((&country["numerator"], &country["denominator"]), (&json!(35), &json!(30)), "{country:#}");
        // One that goes on as it was is told in whole.
        officer.report("crimes_handled", "G63-P01", "2024", 10);
        officer.report("crimes_handled", "G34-P01", "2025", 12);
        let whole = on_old_map("G63-P01");
        assert_eq!((&whole["numerator"], &whole["percent"]), (&json!(12), &json!(20.0)), "{whole:#}");
    }

    fn a_number_of_communes_is_a_share_of_those_of_its_own_time(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.report("regular_communes", "VN", "2025-H1", 3000);
        officer.expect(PLAN, "808-01", "VN", "2025-H1", &json!({"numerator": 3000, "denominator": 10_035}));
        officer.expect(PLAN, "808-01", "VN", "2025", &json!({"numerator": null, "reason": "nothing_reported"}));
        officer.report("regular_communes", "VN", "2025-H2", 3000);
        officer.expect(PLAN, "808-01", "VN", "2025", &json!({"numerator": 3000, "denominator": 3321}));
        // That of the whole goes before that of a part.
        officer.report("regular_communes", NEW, "2025-H2", 50);
        officer.expect(PLAN, "808-01", "VN", "2025", &json!({"numerator": 3000}));
    }

    fn who_reports_for_another_unit_tells_nothing_of_this_one(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.report("students", NEW, "2025", 50);
        let of = |unit: &str| {
            first(&officer, &format!("indicator=808-03c&unit={unit}&period=2025&map=2025-06-30"))["denominator"].clone()
        };
        assert_eq!((of(OLD[0]), of("VN")), (Value::Null, json!(50)), "nobody knows which old province it is about");
    }

    fn the_same_teller_is_compared_however_many_units_it_has(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        // Communes came and went in between, and the list does not know into which all of them went.
        for (year, crimes) in [("2022", 100), ("2023", 104)] {
            officer.report("crimes_handled", "VN", year, crimes);
        }
        for map in ["period", "2024-06-01", "2025-06-30", "today"] {
            let figure = first(&officer, &format!("indicator=808-07&unit=VN&period=2023&map={map}"));
            assert_eq!(figure["percent"], json!(4.0), "{map}: {figure:#}");
        }
        // A year is told by those who were there in its halves, and by whoever tells of a part besides.
        let on = |level: Level, day: &str| -> Vec<String> {
            let units = app.state().units.clone();
            units.units_on(level, "VN", day.parse().expect("a day")).iter().map(|unit| unit.code.clone()).collect()
        };
        for old in on(Level::Province, "2025-06-30") {
            officer.report("crimes_handled", &old, "2024", 10);
            officer.report("crimes_handled", &old, "2025-H1", 5);
        }
        for new in on(Level::Province, "2025-07-01") {
            officer.report("crimes_handled", &new, "2025-H2", 10);
        }
        officer.report("crimes_handled", "G63-C13708", "2025", 1);
        for map in ["period", "2025-06-30", "today"] {
            let figure = first(&officer, &format!("indicator=808-07&unit=VN&period=2025&map={map}"));
            assert_eq!((&figure["denominator"], &figure["reason"]), (&json!(630), &Value::Null), "{map}: {figure:#}");
        }
        // Two other provinces with as many communes would not be the same.
        officer.report("crimes_handled", "G63-P06", "2021", 118);
        officer.report("crimes_handled", "G63-P94", "2022", 181);
        officer.expect(PLAN, "808-07", "G63-P94", "2022", &json!({"reason": "previous_missing"}));
        officer.expect(PLAN, "808-07", "VN", "2022", &json!({"denominator": 118, "reason": "unlike_coverage"}));
    }

    fn one_of_the_communes_that_became_one_is_not_compared_with_it(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let [one, new] = ["G63-C13291", "G34-C13291"];
        officer.report("crimes_handled", one, "2024", 10);
        officer.report("crimes_handled", new, "2025", 30);
        officer.expect(PLAN, "808-07", new, "2025", &json!({"denominator": 10, "reason": "unlike_coverage"}));
        let units = app.state().units.clone();
        for other in units.predecessors(new).filter(|other| other.code != one) {
            officer.report("crimes_handled", &other.code, "2024", 5);
        }
        officer.expect(PLAN, "808-07", new, "2025", &json!({"reason": null}));
    }

    fn halves_of_a_year_told_by_the_units_of_each_make_up_the_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        tell_halves(&officer);
        officer.expect(PLAN, "808-07", NEW, "2025", &json!({"numerator": 35, "denominator": 30, "percent": 16.6}));
        officer.expect(PLAN, "808-07", "VN", "2025", &json!({"numerator": 35, "denominator": 30}));
        // Who reports the whole year of the new province speaks of all of it.
        officer.report("crimes_handled", NEW, "2025", 40);
        officer.expect(PLAN, "808-07", NEW, "2025", &json!({"numerator": 40}));
    }

    fn halves_of_a_year_told_at_different_levels_make_up_the_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let of = |unit: &str| officer.figure(PLAN, "808-06", unit, "2025");
        let units = app.state().units.clone();
        let commune = |province: &str, day: &str| {
            units.units_on(Level::Commune, province, day.parse().expect("a day"))[0].code.clone()
        };
        // A province of then and a commune of now; a commune of then and a province of now; a district and a commune.
        officer.tip_offs("G63-P14", "2025-H1", (100, 100));
        officer.tip_offs(&commune("G34-P14", "2025-07-01"), "2025-H2", (40, 0));
        officer.tip_offs(&commune("G63-P20", "2025-06-30"), "2025-H1", (40, 0));
        officer.tip_offs("G34-P20", "2025-H2", (100, 100));
        let district = units.units_on(Level::District, "G63-P22", "2025-06-30".parse().expect("a day"))[0].code.clone();
        let within = units.units_on(Level::Commune, &district, "2025-06-30".parse().expect("a day"));
        let new = units.successors(&within[0].code)[0].successor.clone();
        officer.tip_offs(&district, "2025-H1", (100, 100));
        officer.tip_offs(&new, "2025-H2", (40, 0));
        for province in ["G34-P14", "G34-P20", "G34-P22"] {
            let figure = of(province);
            assert_eq!((&figure["numerator"], &figure["denominator"]), (&json!(100), &json!(140)), "{province}: {figure:#}");
        }
        for map in ["period", "2025-06-30"] {
            let figure = first(&officer, &format!("indicator=808-06&unit=VN&period=2025&map={map}"));
            assert_eq!((&figure["numerator"], &figure["denominator"]), (&json!(300), &json!(420)), "{map}: {figure:#}");
        }
    }

    fn who_reports_the_whole_year_speaks_of_the_half_that_the_old_ones_told_of_the_same_land(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let units = app.state().units.clone();
        for district in units.units_on(Level::District, "G63-P12", "2025-06-30".parse().expect("a day")) {
            officer.tip_offs(&district.code, "2025-H1", (100, 0));
        }
        officer.tip_offs("G63-P14", "2025-H1", (100, 0));
        for (province, communes) in ["G34-P12", "G34-P14"].map(|of| (of, units.units_on(Level::Commune, of, app.today()))) {
            for commune in &communes {
                officer.tip_offs(&commune.code, "2025", (1, 1));
            }
            let all = i64::try_from(communes.len()).expect("few");
            officer.expect(PLAN, "808-06", province, "2025", &json!({"numerator": all, "denominator": all}));
        }
    }

    fn half_a_year_that_is_not_counted_makes_up_no_other(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let new = "G34-C13291";
        for old in app.state().units.clone().predecessors(new) {
            officer.report("crimes_handled", &old.code, "2024", 100);
        }
        officer.report("crimes_handled", new, "2025-H2", 100);
        officer.report("crimes_handled", OLD[0], "2025-H1", 5000);
        officer.expect(PLAN, "808-07", NEW, "2025", &json!({"numerator": null, "denominator": 300, "status": "no_data"}));
    }

    fn half_a_year_of_a_district_is_no_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.report("crimes_handled", "G63-D380", "2024", 100);
        officer.report("crimes_handled", "G63-D380", "2025-H1", 50);
        officer.expect(PLAN, "808-07", "G34-P38", "2025", &json!({"numerator": null, "reason": "nothing_reported"}));
        let half = first(&officer, "indicator=808-07&unit=G63-P38&period=2025-H1");
        assert_eq!(half["numerator"], json!(50), "{half:#}");
    }

    fn the_same_units_are_compared_also_where_they_are_all_of_the_one_above(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let last = "2025-06-30".parse().expect("a day");
        let units = app.state().units.clone();
        for district in units.units_on(Level::District, "G63-P12", last) {
            officer.report("crimes_handled", &district.code, "2024", 10);
            officer.report("crimes_handled", &district.code, "2025", 11);
        }
        officer.expect(PLAN, "808-07", "G34-P12", "2025", &json!({"percent": 10.0}));
    }

    fn all_communes_are_not_the_province_while_an_island_is_missing(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let units = app.state().units.clone();
        for commune in units.units_on(Level::Commune, "G63-P48", "2023-12-31".parse().expect("a day")) {
            officer.report("crimes_handled", &commune.code, "2023", 1);
        }
        officer.report("crimes_handled", "G63-P48", "2024", 112);
        officer.expect(PLAN, "808-07", "G63-P48", "2024", &json!({"denominator": 56, "reason": "unlike_coverage"}));
        officer.report("crimes_handled", "G63-D498", "2023", 56);
        officer.expect(PLAN, "808-07", "G63-P48", "2024", &json!({"numerator": 112, "percent": 0.0}));
    }

    fn a_level_that_the_new_unit_tells_takes_the_place_of_those_before(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.report("establishment_workers", OLD[0], "2025-H1", 100);
        officer.expect(PLAN, "808-03a", NEW, "2025", &json!({"denominator": 100}));
        officer.report("establishment_workers", NEW, "2025-H2", 300);
        officer.expect(PLAN, "808-03a", NEW, "2025", &json!({"denominator": 300}));
        officer.expect(PLAN, "808-03a", "VN", "2025", &json!({"denominator": 300}));
    }

    fn a_report_of_a_split_commune_is_none_for_the_province_it_is_left_at(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let units = app.state().units.clone();
        let communes: Vec<String> =
            units.units_on(Level::Commune, "G34-P01", app.today()).iter().map(|unit| unit.code.clone()).collect();
        officer.report("students", &communes[0], "2025", 500);
        officer.report("students", "G63-C00007", "2025", 10);
        let figure = officer.figure(PLAN, "808-03c", "G34-P01", "2025");
        assert_eq!(figure["denominator"], json!(510), "{figure:#}");
        officer.report("students", "G34-P01", "2025", 33_000);
        officer.expect(PLAN, "808-03c", "G34-P01", "2025", &json!({"denominator": 33_000}));
    }

    fn a_commune_made_of_split_ones_is_not_told_to_have_done_nothing(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let units = app.state().units.clone();
        let last = "2025-06-30".parse().expect("a day");
        let split = units.units_on(Level::Commune, "VN", last).into_iter()
            .find(|unit| units.successors(&unit.code).len() == 2).expect("a split commune");
        let new = &units.successors(&split.code)[0].successor;
        for day in ["2025-02-03", "2025-05-03"] {
            officer.activity(&split.code, day);
        }
        for day in ["2025-08-03", "2025-11-03"] {
            officer.activity(new, day);
        }
        // Nobody knows whether it was here that something was done in the first two quarters.
        let all = officer.figures(PLAN, &format!("indicator=808-01&unit={new}&period=2025"));
        let (indicator, figure) = (&all["indicators"][0], &all["indicators"][0]["figures"][0]);
        assert_eq!((&figure["status"], &figure["reason"]), (&json!("no_data"), &json!("nothing_reported")), "{figure:#}");
        assert_eq!(indicator["unit_notes"][0]["unit_code"], json!(split.code));
        // A commune beside it that was not split, and did nothing in them, did nothing.
        let other = units.units_on(Level::Commune, "VN", app.today()).into_iter()
            .find(|unit| units.predecessors(&unit.code).count() == 1
                && units.predecessors(&unit.code).all(|old| units.successors(&old.code).len() == 1)).expect("a whole commune");
        officer.activity(&other.code, "2025-08-03");
        officer.expect(PLAN, "808-01", &other.code, "2025", &json!({"numerator": 0, "status": "behind"}));
    }

    fn a_unit_of_a_lower_level_is_not_asked_and_districts_are_no_more(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.expect(PLAN, "808-04", "G34-C00808", "2025", &json!({"reason": "not_asked_here"}));
        officer.expect(PLAN, "808-09", "G34-C00808", "2025", &json!({"reason": "no_such_unit"}));
    }
}
