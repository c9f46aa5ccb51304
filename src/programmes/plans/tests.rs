//! What the shipped plans want, and that a plan file that cannot be is told where and why.

use std::fmt::Write as _;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::model::{KnownValue, Operator, Target};
use super::*;
use crate::programmes::elements::Element;

mod faults;

static UNITS: LazyLock<AdminUnits> = LazyLock::new(|| AdminUnits::shipped().expect("units"));
static REGISTERS: LazyLock<RegisterCatalogue> = LazyLock::new(|| RegisterCatalogue::shipped().expect("registers"));

fn books() -> Books<'static> {
    Books { units: &UNITS, registers: &REGISTERS }
}

fn shipped(code: &str) -> &'static str {
    let file = SHIPPED.iter().find(|(name, _)| name.trim_end_matches(".toml") == code);
    file.map(|(_, text)| *text).expect("a shipped plan")
}

fn plan(code: &str) -> Plan {
    PlanFile::read(shipped(code), books()).expect("a plan").plan
}

#[test]
fn the_six_shipped_files_load_and_are_named_by_their_codes() {
    for demo in [false, true] {
        let plans = Plans::shipped(books(), demo).expect("plans");
        assert_eq!(plans.all().count(), if demo { 6 } else { 5 });
    }
    for (name, _) in SHIPPED {
        let code = name.trim_end_matches(".toml");
        assert_eq!(plan(code).code, code);
    }
}

#[test]
fn a_plan_asks_for_the_periods_it_names_in_its_own_years_and_for_years_when_it_names_none() {
    let national = plan("vn-808-2021-2025");
    let asked = |plan: &Plan| plan.reported_periods().map(|period| period.to_string()).collect::<Vec<_>>();
    assert_eq!(asked(&national), ["2021", "2022", "2023", "2024", "2025"]);
    assert_eq!((national.days_to_report(), national.grace_days), (30, 45), "the days between them are for checking");
    let with = |lines: &str| {
        let text = shipped("vn-808-2021-2025").replacen("grace_days = 45", lines, 1);
        PlanFile::read(&text, books()).expect("a plan").plan
    };
    let parts = with("grace_days = 20\nreports = [\"half_year\", \"five_years\"]");
    let halves = (2021..=2025).flat_map(|year| [format!("{year}-H1"), format!("{year}-H2")]);
    assert_eq!(asked(&parts), halves.chain(["2021-2025".to_owned()]).collect::<Vec<_>>());
    assert_eq!(parts.days_to_report(), 20);
    assert_eq!(with("grace_days = 45\nreport_days = 5").days_to_report(), 5);
    assert_eq!(asked(&with("grace_days = 45\nreports = []")), Vec::<String>::new());
}

/// Code, kind, operator, value, max, by, milestones: read off the texts of the plans, not off the files.
const WANTED: &str = "
808-01 unit_share at_least 70 - 2025-12-31
808-02 cadence at_least 100 - -
808-03a person_share at_least 70 - 2025-12-31
808-03b person_share at_least 60 - 2025-12-31
808-03c person_share equal 70 - 2025-12-31
808-04 unit_share equal 100 - 2025-12-31
808-05 unit_share at_least 50 - 2025-12-31
808-06 item_share equal 100 - -
808-07 growth range 3 5 -
808-08a establishment_share at_least 20 - -
808-08b cumulative equal 100 - 2025-12-31
808-09 unit_share at_least 10 - 2025-12-31
808-10 person_share at_least 60 - 2025-12-31
808-11a person_share at_least 70 - 2025-12-31
808-11b person_share equal 50 - 2025-12-31
MB-01 person_share equal 100 - 2025-12-31
MB-02 person_share equal 100 - 2025-12-31
TH-01 unit_share at_least 80 - 2022-12-31
TH-02a person_share at_least 20 - 2022-12-31
TH-02b person_share equal 15 - 2022-12-31
TH-02c person_share equal 15 - 2022-12-31
TH-03 unit_share equal 60 - 2022-12-31
TH-04 item_share equal 100 - 2022-12-31
TH-05 growth range 5 8 2022-12-31
TH-06 establishment_share at_least 25 - 2022-12-31
TH-07 unit_share at_least 10 - 2022-12-31
TH-08 person_share equal 70 - 2022-12-31
TH-09a person_share at_least 20 - 2022-12-31
TH-09b person_share equal 15 - 2022-12-31
HN-01a stepped equal 100 - 2020-12-31 75@2017-12-31
HN-01b cadence at_least 100 - -
HN-02 stepped equal 100 - 2020-12-31 50@2017-12-31
HN-03 unit_share equal 50 - 2020-12-31
HN-04 count range 1 3 2020-12-31
HN-05 item_share equal 100 - -
HN-06 reduction range 60 80 2020-12-31
HN-07a hold hold - - -
HN-07b yearly_increment equal 10 - -
HN-07c unit_share equal 95 - 2020-12-31
HN-08 person_share equal 100 - 2020-12-31
MO-01 count none - - -
MO-02 count none - - -
MO-03 count none - - -
MO-04 count none - - -
MO-05 count none - - -
MO-06 count none - - -
";

fn line_of(indicator: &Indicator, target: &Target) -> String {
    let number = |value: Option<u32>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let by = target.by.map_or_else(|| "-".to_owned(), |by| by.to_string());
    let (value, max) = (number(target.value), number(target.max));
    let mut line = format!("{} {} {} {value} {max} {by}", indicator.code, indicator.kind, target.operator);
    for step in &target.milestones {
        write!(line, " {}@{}", step.value, step.by).expect("text takes text");
    }
    line
}

#[test]
fn every_target_is_the_one_that_the_text_of_its_plan_names() {
    let codes = ["vn-808-2021-2025", "mb-2021-2025", "thanh-hoa-2022", "ha-nam-2016-2020", "models-2016-2020"];
    let plans = codes.map(plan);
    let indicators = plans.iter().flat_map(|plan| &plan.indicators);
    let lines: Vec<String> =
        indicators.flat_map(|indicator| indicator.targets.iter().map(|target| line_of(indicator, target))).collect();
    assert_eq!(lines, WANTED.trim().lines().collect::<Vec<_>>());
    let targets = plans.iter().flat_map(|plan| &plan.indicators).flat_map(|indicator| &indicator.targets);
    assert!(targets.into_iter().all(|target| target.unit.is_none() && !target.interpolated));
}

#[test]
fn plans_hold_for_the_units_and_years_that_their_texts_name() {
    let of = |code: &str| {
        let Plan { scope_unit, level, first_year, last_year, .. } = plan(code);
        (scope_unit, level.to_string(), first_year, last_year)
    };
    let expected = |unit: &str, level: &str, first: i32, last: i32| (unit.to_owned(), level.to_owned(), first, last);
    assert_eq!(of("vn-808-2021-2025"), expected("VN", "country", 2021, 2025));
    assert_eq!(of("mb-2021-2025"), expected("VN", "country", 2021, 2025));
    assert_eq!(of("thanh-hoa-2022"), expected("G63-P38", "province", 2022, 2022));
    assert_eq!(of("ha-nam-2016-2020"), expected("G63-P35", "province", 2016, 2020));
    assert_eq!(of("models-2016-2020"), expected("VN", "country", 2016, 2020));
}

/// Two figures of the same persons of one year would tell of single ones by their difference.
#[test]
fn of_all_plans_about_persons_of_cases_only_808_10_is_released() {
    let plans = Plans::shipped(books(), false).expect("plans");
    let released = plans.all().flat_map(Plan::released).map(|(indicator, _)| indicator.code.as_str());
    assert_eq!(released.collect::<Vec<_>>(), ["808-10"]);
}

fn values(code: &str) -> Vec<String> {
    let line = |value: KnownValue| format!("{} {} {} {}", value.element, value.unit, value.period, value.value);
    plan(code).values.into_iter().map(line).collect()
}

#[test]
fn values_are_those_of_the_sources() {
    let mut of_ha_nam = Vec::new();
    for (year, communes) in [(2016, 116), (2017, 116), (2018, 116), (2019, 116), (2020, 109)] {
        of_ha_nam.push(format!("units_commune G63-P35 {year} {communes}"));
        of_ha_nam.push(format!("units_district G63-P35 {year} 6"));
    }
    assert_eq!(values("ha-nam-2016-2020"), of_ha_nam);
    let of_models = [
        "intervention_points VN 2016-2020 113",
        "localities_of_model_1 VN 2016-2020 9",
        "localities_of_model_2 VN 2016-2020 17",
        "localities_of_model_3 VN 2016-2020 12",
        "group_members VN 2016-2020 4463",
        "members_of_sao_dem G63-D008 2020 10",
    ];
    assert_eq!(values("models-2016-2020"), of_models);
}

#[test]
fn a_plan_reads_back_from_its_own_json() {
    for (name, text) in SHIPPED {
        let plan = PlanFile::read(text, books()).expect("a plan").plan;
        let json = serde_json::to_value(&plan).expect("JSON");
        let again: Plan = serde_json::from_value(json.clone()).expect("a plan");
        assert_eq!(serde_json::to_value(&again).expect("JSON"), json, "{name}");
    }
}

#[test]
fn the_example_of_the_page_for_operators_is_a_plan_and_its_fault_stands_where_the_page_says() {
    let page = include_str!("../../../docs/operators/programmes.md");
    let (_, rest) = page.split_once("```toml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let plan = PlanFile::read(example, books()).expect("a plan").plan;
    let targets: usize = plan.indicators.iter().map(|indicator| indicator.targets.len()).sum();
    let summary = format!("{}: {} indicators, {targets} targets", plan.code, plan.indicators.len());
    assert!(page.contains(&format!("`{summary}`")), "{summary}");
    let faults = PlanFile::read(&example.replace("max = 5\n", ""), books()).expect_err("a fault");
    let fault = format!("`plan.toml:{}: {}: …`", faults[0].line, faults[0].field);
    assert!(faults.len() == 1 && page.contains(&fault), "{fault}");
}

#[test]
fn the_page_for_operators_names_every_kind_operator_and_element() {
    let page = include_str!("../../../docs/operators/programmes.md");
    let kinds = MeasureKind::ALL.iter().map(ToString::to_string);
    let operators = Operator::ALL.iter().map(ToString::to_string);
    for word in kinds.chain(operators) {
        assert!(page.contains(&format!("| `{word}` |")), "{word}");
    }
    let elements = page.split_once("## Elements").expect("the elements").1;
    for element in Element::ALL.iter().map(ToString::to_string) {
        let short = element.split_once('_').map_or("", |(_, rest)| rest);
        assert!([format!("`{element}`"), format!("`…_{short}`")].iter().any(|way| elements.contains(way)), "{element}");
    }
}

#[test]
fn days_may_stand_with_or_without_quotes() {
    let quoted = shipped("ha-nam-2016-2020").replace("by = 2020-12-31", "by = \"2020-12-31\"");
    let quoted = PlanFile::read(&quoted, books()).expect("a plan").plan;
    let days = |plan: &Plan| -> Vec<_> {
        plan.indicators.iter().flat_map(|one| &one.targets).map(|target| target.by).collect()
    };
    assert_eq!(days(&quoted), days(&plan("ha-nam-2016-2020")));
}

/// Lines of a shipped file, each of them there no times, once or twice.
fn any_lines() -> impl Strategy<Value = String> {
    let file = prop::sample::select(SHIPPED.to_vec());
    file.prop_flat_map(|(_, text)| {
        let lines: Vec<&str> = text.lines().collect();
        let places = prop::collection::vec((0..lines.len(), 0_usize..3), 0..6);
        places.prop_map(move |places| {
            let mut times = vec![1; lines.len()];
            for (place, count) in places {
                times[place] = count;
            }
            let mut text = String::new();
            for (line, times) in lines.iter().zip(times) {
                (0..times).for_each(|_| text.extend([line, "\n"]));
            }
            text
        })
    })
}

proptest! {
    #[test]
    fn whatever_lines_go_missing_or_stand_twice_a_file_loads_or_is_told_why_not(text in any_lines()) {
        match PlanFile::read(&text, books()) {
            Ok(file) => prop_assert!(!file.plan.indicators.is_empty()),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let lines = text.lines().count();
                prop_assert!(faults.iter().all(|fault| (1..=lines.max(1)).contains(&fault.line)), "{faults:?}");
                prop_assert!(faults.iter().all(|fault| !fault.message.is_empty()));
            }
        }
    }
}
