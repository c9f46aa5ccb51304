//! Five years: put together year by year, among the units of each.

use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};

use super::{Officer, import};
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";
const RECOGNISED: &str = "drug_and_prostitution_free";
/// Hà Nam, Nam Định and Ninh Bình, and the province that they are since 01/07/2025.
const OLD: [&str; 3] = ["G63-P35", "G63-P36", "G63-P37"];
const NEW: &str = "G34-P37";
/// A commune of Nam Định.
const COMMUNE: &str = "G63-C13699";

/// A plan that counts what is only reported, as such, by class, and as it grows.
const COUNTED: &str = r#"
code = "vn-dem-2021-2025"
title_vi = "Số đếm"
title_en = "Counts"
document = "1/KH"
issued_on = 2021-01-01
scope_unit = "VN"
level = "country"
first_year = 2021
last_year = 2025
calendar = "civil"
reported_by = "commune"
grace_days = 45

[[elements]]
code = "people_helped"
vi = "Số người được giúp"
en = "People helped"
nature = "flow"
classes = ["upper_secondary_students", "vocational_students"]

[[elements]]
code = "people_asking"
vi = "Số người hỏi"
en = "People asking"
nature = "flow"
classes = ["upper_secondary_students", "vocational_students"]

[[indicators]]
code = "D-01"
kind = "item_share"
name_vi = "Tỷ lệ người được giúp"
name_en = "Share helped"
source_text = "Tỷ lệ"
definition_vi = "Số người được giúp trên số người hỏi."
definition_en = "People helped of those asking."
breakdowns = ["province", "class"]
feeds = ["reported_value"]
measured.numerator = { element = "people_helped" }
measured.denominator = { element = "people_asking" }

[[indicators.targets]]
operator = "at_least"
value = 50
by = 2025-12-31
"#;

fn first(officer: &Officer<'_>, question: &str) -> Value {
    officer.figures(PLAN, question)["indicators"][0]["figures"][0].clone()
}

both_dbs! {
    fn five_years_are_made_up_by_the_units_of_each_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let tell = |unit: &str, period: &str, value: i64| officer.tip_offs(unit, period, (value, value));
        for old in OLD {
            (2021..=2024).for_each(|year| tell(old, &year.to_string(), 10));
        }
        tell(NEW, "2025", 20);
        for map in ["period", "today", "2025-06-30"] {
            let figure = first(&officer, &format!("indicator=808-06&unit=VN&period=2021-2025&map={map}"));
            assert_eq!(figure["denominator"], json!(140), "{map}: {figure:#}");
        }
        // What the old ones told of their half is within the year of the new one.
        OLD.into_iter().for_each(|old| tell(old, "2025-H1", 5));
        officer.expect(PLAN, "808-06", "VN", "2021-2025", &json!({"denominator": 140}));
        officer.expect(PLAN, "808-06", NEW, "2021-2025", &json!({"denominator": 140}));
        // What another province reported for five years as such is its own, and takes nothing from the others.
        tell("G63-P01", "2021-2025", 7);
        officer.expect(PLAN, "808-06", "VN", "2021-2025", &json!({"denominator": 140}));
        // So are what one of them reported for its year, and what a register of theirs tells of it.
        tell(OLD[0], "2025", 10);
        officer.entry(Register::TipOffs, COMMUNE, json!({"received_on": "2025-03-01", "type": "denunciation"}));
        officer.expect(PLAN, "808-06", "VN", "2021-2025", &json!({"denominator": 140}));
    }

    fn of_what_a_register_gives_a_year_of_which_nobody_told_had_none(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.entry(Register::TipOffs, COMMUNE, json!({"received_on": "2022-03-01", "type": "denunciation"}));
        officer.expect(PLAN, "808-06", "VN", "2021-2025", &json!({"denominator": 1}));
        officer.tip_offs("G63-P14", "2023", (5, 5));
        officer.expect(PLAN, "808-06", "VN", "2021-2025", &json!({"numerator": 5, "denominator": 6}));
    }

    fn what_was_reported_for_five_years_stands_beside_a_year_that_was_reported_too(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.tip_offs("G34-P12", "2021-2025", (500, 500));
        officer.tip_offs("G34-P12", "2025", (10, 5));
        officer.expect(PLAN, "808-06", "G34-P12", "2021-2025", &json!({"numerator": 500, "denominator": 500}));
        officer.expect(PLAN, "808-06", "VN", "2021-2025", &json!({"numerator": 5, "denominator": 10}));
        // What the register tells goes before it.
        officer.entry(Register::TipOffs, "G63-C03386", json!({"received_on": "2022-03-01", "type": "denunciation"}));
        officer.expect(PLAN, "808-06", "G34-P12", "2021-2025", &json!({"numerator": 5, "denominator": 11}));
    }

    fn whoever_told_of_any_of_the_years_covers_the_five(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.tip_offs("G63-P14", "2022", (250, 250));
        officer.tip_offs("G63-P14", "2024", (255, 255));
        let covered = |unit: &str| officer.figure(PLAN, "808-06", unit, "2021-2025")["coverage"]["units"].clone();
        let all = officer.figure(PLAN, "808-06", "G34-P14", "2021-2025")["coverage"]["of"].clone();
        assert_eq!(covered("G34-P14"), all);
        let country = covered("VN");
        // Five years as such are in no number above.
        officer.tip_offs("G34-P11", "2021-2025", (500, 500));
        assert_eq!(covered("VN"), country);
    }

    fn growth_over_five_years_is_told_where_the_same_land_told_all_of_them(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        officer.report("crimes_handled", "G63-P01", "2016-2020", 30);
        officer.report("crimes_handled", "G34-P01", "2021-2025", 60);
        officer.expect(PLAN, "808-07", "VN", "2021-2025", &json!({"numerator": null, "denominator": null}));
        officer.expect(PLAN, "808-07", "G34-P01", "2021-2025", &json!({"numerator": 60}));
        for year in 2016..=2024 {
            officer.report("crimes_handled", "G63-P11", &year.to_string(), if year > 2020 { 11 } else { 10 });
        }
        officer.report("crimes_handled", "G34-P11", "2025", 11);
        let grown = json!({"numerator": 55, "denominator": 50, "percent": 10.0});
        for unit in ["G34-P11", "VN"] {
            officer.expect(PLAN, "808-07", unit, "2021-2025", &grown);
        }
        // A year of another province is no year of this one, and leaves the country as it was.
        officer.report("crimes_handled", "G63-P35", "2021", 100);
        (2022..=2024).for_each(|year| officer.report("crimes_handled", "G63-P36", &year.to_string(), 5));
        officer.report("crimes_handled", NEW, "2025", 5);
        officer.expect(PLAN, "808-07", "VN", "2021-2025", &grown);
        officer.expect(PLAN, "808-07", NEW, "2021-2025", &json!({"numerator": null}));
    }

    fn on_the_map_of_before_half_of_the_last_year_is_no_year_of_the_five(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        for (old, last) in [(OLD[0], 2024), (OLD[2], 2024), (OLD[1], 2021)] {
            (2021..=last).for_each(|year| officer.report("crimes_handled", old, &year.to_string(), 10));
            officer.report("crimes_handled", old, "2025-H1", 5);
        }
        officer.report("crimes_handled", NEW, "2025-H2", 1000);
        for map in ["period", "today", "2025-06-30", "2024-12-31"] {
            let figure = first(&officer, &format!("indicator=808-07&unit=VN&period=2021-2025&map={map}"));
            assert_eq!(figure["numerator"], Value::Null, "{map}: {figure:#}");
        }
    }

    fn years_of_two_districts_make_up_no_five_years(app: &TestApp) {
        const HA_NAM: &str = "ha-nam-2016-2020";
        let officer = Officer::of_country(app);
        let plan = app.state().plans.now();
        let indicator = plan.versioned(HA_NAM).expect("a plan").plan.indicator("HN-05").expect("an indicator").clone();
        let elements = [&indicator.measured.numerator, &indicator.measured.denominator];
        let elements: Vec<String> = elements.into_iter().flatten().map(|source| source.element.clone()).collect();
        let tell = |unit: &str, period: &str, values: [i64; 2]| {
            for (element, value) in elements.iter().zip(values) {
                officer.report(element, unit, period, value);
            }
        };
        tell("G63-D347", "2016", [80, 100]);
        (2017..=2020).for_each(|year| tell("G63-D349", &year.to_string(), [8, 10]));
        officer.expect(HA_NAM, "HN-05", "G63-P35", "2016-2020", &json!({"numerator": null, "denominator": null}));
        tell("G63-D349", "2016", [8, 10]);
        officer.expect(HA_NAM, "HN-05", "G63-P35", "2016-2020", &json!({"numerator": 40, "denominator": 50}));
    }

    fn classes_over_five_years_are_put_together_as_the_whole_is(app: &TestApp) {
        import(app, COUNTED);
        let officer = Officer::of_country(app);
        app.pass_days(100);
        for (element, value) in [("people_helped", 10), ("people_asking", 20)] {
            for class in ["upper_secondary_students", "vocational_students"] {
                (2021..=2024).for_each(|year| officer.report_class(element, class, "G63-P01", &year.to_string(), value));
                officer.report_class(element, class, "G34-P01", "2025", value);
                officer.report_class(element, class, "G34-P11", "2021-2025", value);
            }
        }
        let of = |unit: &str| {
            let all = officer.figures("vn-dem-2021-2025", &format!("indicator=D-01&unit={unit}&period=2021-2025&breakdown=class"));
            let figures = all["indicators"][0]["figures"].as_array().expect("figures").clone();
            figures.iter().map(|figure| (figure["class"].clone(), figure["numerator"].clone(), figure["denominator"].clone()))
                .collect::<Vec<_>>()
        };
        let expected = |of_class: (i64, i64)| {
            let row = |class: Value, times: i64| (class, json!(of_class.0 * times), json!(of_class.1 * times));
            vec![row(Value::Null, 2), row(json!("upper_secondary_students"), 1), row(json!("vocational_students"), 1)]
        };
        assert_eq!(of("G34-P01"), expected((50, 100)));
        assert_eq!(of("G34-P11"), expected((10, 20)));
        assert_eq!(of("VN"), expected((50, 100)));
    }

    fn new_recognitions_over_five_years_are_those_of_each_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        app.pass_days(100);
        let of = || officer.figure("ha-nam-2016-2020", "HN-07b", "G63-P35", "2016-2020")["numerator"].clone();
        (2016..=2019).for_each(|year| officer.report_class("healthy_communes_new", RECOGNISED, "G63-P35", &year.to_string(), 10));
        assert_eq!(of(), json!(40));
        officer.healthy("G63-C13291", RECOGNISED, "2020-05-01", None);
        assert_eq!(of(), json!(41));
    }
}
