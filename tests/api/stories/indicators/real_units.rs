//! The plans against every unit there is: whom a figure is broken down into, and of how many units it is a share.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use hoanhap::admin_units::Level;
use serde_json::{Value, json};

use super::Officer;
use crate::support::{TestApp, both_dbs};

/// Plans, and the units they are for.
const PLANS: [(&str, &str); 5] = [
    ("vn-808-2021-2025", "VN"),
    ("mb-2021-2025", "VN"),
    ("thanh-hoa-2022", "G63-P38"),
    ("ha-nam-2016-2020", "G63-P35"),
    ("models-2016-2020", "VN"),
];
/// Days whose map is read: the last of the old provinces and districts, and one of today's.
const DAYS: [&str; 2] = ["2025-06-30", "2025-12-31"];

/// A line of the list, read here by itself.
struct Listed {
    code: String,
    level: String,
    parent: String,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

fn listed() -> Vec<Listed> {
    let text = include_str!("../../../../config/admin_units/admin_units.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("headers").clone();
    let place = |name: &str| names.iter().position(|of| of == name).expect("a column");
    let places = ["code", "level", "parent_code", "valid_from", "valid_to"].map(place);
    let line = |row: csv::StringRecord| {
        let [code, level, parent, from, to] = places.map(|place| row[place].to_owned());
        Listed { code, level, parent, from: from.parse().ok(), to: to.parse().ok() }
    };
    reader.records().map(|row| line(row.expect("a line"))).collect()
}

/// The units of a day, by level, for each unit that they lie in.
fn below(list: &[Listed], day: NaiveDate) -> BTreeMap<(String, String), BTreeSet<String>> {
    let by_code: BTreeMap<&str, &Listed> = list.iter().map(|unit| (unit.code.as_str(), unit)).collect();
    let there =
        list.iter().filter(|unit| unit.from.is_none_or(|from| from <= day) && unit.to.is_none_or(|to| day <= to));
    let mut below: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for unit in there {
        let mut at = Some(unit);
        while let Some(above) = at {
            below.entry((above.code.clone(), unit.level.clone())).or_default().insert(unit.code.clone());
            at = by_code.get(above.parent.as_str()).copied();
        }
    }
    below
}

both_dbs! {
    fn every_plan_is_broken_down_into_every_unit_of_a_map_and_is_a_share_of_all_of_them(app: &TestApp) {
        let (officer, list) = (Officer::of_country(app), listed());
        assert_eq!(list.len(), 14_741);
        let (mut asked, mut shares) = (BTreeSet::new(), 0);
        for day in DAYS {
            let below = below(&list, day.parse().expect("a day"));
            let of = |unit: &str, level: &str| below.get(&(unit.to_owned(), level.to_owned())).cloned().unwrap_or_default();
            for (code, scope) in PLANS.into_iter().filter(|(_, scope)| of("VN", "province").contains(*scope) || *scope == "VN") {
                let plans = app.state().plans.now();
                let plan = &plans.versioned(code).expect("a plan").plan;
                for level in ["province", "district", "commune"] {
                    let first = plan.indicators.iter().find(|one| one.measured.units.is_some()).or(plan.indicators.first()).expect("an indicator");
                    let chosen = if level == "commune" { format!("&indicator={}", first.code) } else { String::new() };
                    let all = officer.figures(code, &format!("period={}&map={day}&breakdown={level}{chosen}", plan.last_year));
                    for shown in all["indicators"].as_array().expect("indicators") {
                        let figures = shown["figures"].as_array().expect("figures");
                        let mut units: BTreeSet<String> = figures.iter().map(|figure| figure["unit_code"].as_str().expect("a unit").to_owned()).collect();
                        assert_eq!(units.len(), figures.len(), "{code} {day} {level}");
                        let mut expected = of(scope, level);
                        expected.insert(scope.to_owned());
                        assert_eq!(units, expected, "{code} {day} {level}");
                        asked.append(&mut units);
                        let indicator = plan.indicator(shown["indicator"].as_str().expect("a code")).expect("an indicator");
                        // Shares of communes of one kind are of fewer.
                        let of_all = indicator.measured.units.as_ref().filter(|units| units.commune_kinds.is_empty());
                        let Some(counted) = of_all.map(|units| units.level.to_string()) else { continue };
                        let told = format!("units_{counted}");
                        for figure in figures {
                            let unit = figure["unit_code"].as_str().expect("a unit");
                            if plan.values.iter().any(|value| value.element == told && value.unit == unit) {
                                continue;
                            }
                            let units = of(unit, &counted).len();
                            let expected = if units == 0 { Value::Null } else { json!(units) };
                            assert_eq!(figure["denominator"], expected, "{code} {} {unit} {day}", indicator.code);
                            shares += 1;
                        }
                    }
                }
            }
        }
        let of_days = list.iter().filter(|unit| unit.to.is_none_or(|to| to >= "2025-06-30".parse().expect("a day"))).count();
        assert_eq!(asked.len(), of_days, "every unit of both maps was asked for");
        assert!(shares > 15_000, "{shares}");
    }

    fn the_first_whole_number_of_units_that_meets_a_share_meets_it_and_one_less_does_not(app: &TestApp) {
        let officer = Officer::of_country(app);
        let plan = "vn-808-2021-2025";
        // 70 % of 10,599 communes are 7,419.3, and 50 % of 63 provinces 31.5.
        for (indicator, element, first, of) in
            [("808-01", "regular_communes", 7_420, 10_599), ("808-05", "provinces_mainstreaming", 32, 63)]
        {
            for (year, number, status) in [("2021", first - 1, "on_course"), ("2022", first, "met")] {
                officer.report(element, "VN", year, number);
                let all = officer.figures(plan, &format!("indicator={indicator}&period={year}&map=2021-11-01"));
                let figure = &all["indicators"][0]["figures"][0];
                let told = (&figure["numerator"], &figure["denominator"], &figure["status"]);
                assert_eq!(told, (&json!(number), &json!(of), &json!(status)), "{indicator} {year}");
            }
        }
        // 10 % of 705 districts are 70.5: each of them that runs a pilot model is recorded.
        let districts: Vec<String> = app.state().units.units_on(Level::District, "VN", "2021-12-31".parse().expect("a day"))
            .iter().map(|unit| unit.code.clone()).collect();
        assert_eq!(districts.len(), 705);
        let told = || {
            let figure = officer.figure(plan, "808-09", "VN", "2021");
            (figure["numerator"].clone(), figure["denominator"].clone(), figure["status"].clone())
        };
        for district in districts.iter().take(70) {
            officer.model(district, "prevention", "2021-03-01", None);
        }
        assert_eq!(told(), (json!(70), json!(705), json!("on_course")));
        officer.model(&districts[70], "prevention", "2021-03-01", None);
        assert_eq!(told(), (json!(71), json!(705), json!("met")));
    }

    fn the_map_of_the_first_day_of_the_list_has_the_units_that_the_plans_were_made_with(app: &TestApp) {
        let officer = Officer::of_country(app);
        for (indicator, units) in [("808-01", 10_599), ("808-04", 63), ("808-05", 63), ("808-09", 63)] {
            let all = officer.figures("vn-808-2021-2025", &format!("indicator={indicator}&period=2021&map=2021-11-01"));
            let figure = &all["indicators"][0]["figures"][0];
            let level = app.state().plans.now().versioned("vn-808-2021-2025").expect("a plan").plan.indicator(indicator)
                .and_then(|indicator| indicator.measured.units.as_ref().map(|units| units.level.to_string()));
            let expected = if level.as_deref() == Some("district") { 705 } else { units };
            assert_eq!(figure["denominator"], json!(expected), "{indicator}");
        }
    }
}
