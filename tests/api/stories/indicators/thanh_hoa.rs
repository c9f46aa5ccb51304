//! Thanh Hóa 2022: twelve indicators, of the province itself, and the plan for victims, which names no province.

use hoanhap::admin_units::Level;
use hoanhap::programmes::registers::Register;
use serde_json::json;

use super::Officer;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "thanh-hoa-2022";
const PROVINCE: &str = "G63-P38";

both_dbs! {
    fn units_of_thanh_hoa(app: &TestApp) {
        let officer = Officer::of(app, PROVINCE);
        let units = app.state().units.clone();
        let day = "2022-12-31".parse().expect("a day");

        // TH-01: 448 of 559 communes is the first whole number that reaches 80 %. The province reports; no register speaks.
        officer.report("regular_communes", PROVINCE, "2022", 447);
        officer.expect(PLAN, "TH-01", PROVINCE, "2022", &json!({
            "numerator": 447, "denominator": 559, "percent": 79.9, "status": "behind", "numerator_parts": {"register": 0, "reported": 447},
        }));
        let body = json!({"element": "regular_communes", "unit_code": PROVINCE, "calendar": "civil", "period": "2022", "value": 448,
            "source_agency": "Sở", "source_document": "13/BC", "source_on": "2023-01-05", "expected_revision": 1, "reason": "Đếm lại"});
        officer.app.post("/reported-values", &body).by(&officer.user).send().expect(201);
        officer.expect(PLAN, "TH-01", PROVINCE, "2022", &json!({"numerator": 448, "percent": 80.1, "status": "met"}));

        // TH-03: 16 of 27 districts = 59.2 %; 17 = 62.9 %, the first whole number over 60 %.
        let districts = units.units_on(Level::District, PROVINCE, day);
        assert_eq!(districts.len(), 27);
        for district in districts.iter().take(16) {
            officer.plan(&district.code, "trafficking_prevention", "2022-02-01", Some("2022-03-01"));
        }
        officer.expect(PLAN, "TH-03", PROVINCE, "2022", &json!({"numerator": 16, "denominator": 27, "percent": 59.2, "status": "behind"}));
        officer.plan(&districts[16].code, "hiv_aids", "2022-02-01", Some("2022-03-01"));
        officer.expect(PLAN, "TH-03", PROVINCE, "2022", &json!({"numerator": 17, "percent": 62.9, "status": "met"}));

        // TH-07: a model in one commune of each of three districts; the first whole number over 10 % of 27 is 3.
        for district in districts.iter().take(3) {
            let commune = units.units_on(Level::Commune, &district.code, day)[0].code.clone();
            officer.model(&commune, "prevention", "2022-05-01", None);
        }
        officer.expect(PLAN, "TH-07", PROVINCE, "2022", &json!({"numerator": 3, "denominator": 27, "percent": 11.1, "status": "met"}));
    }

    fn persons_items_and_establishments_of_thanh_hoa(app: &TestApp) {
        let officer = Officer::of(app, PROVINCE);
        // TH-02a: 10 of 50 workers = 20 %.
        officer.establishment(PROVINCE, "2021-01-01", None, 50);
        officer.reached(PROVINCE, "2022-03-01", "establishment_workers", 10);
        officer.expect(PLAN, "TH-02a", PROVINCE, "2022", &json!({"numerator": 10, "denominator": 50, "percent": 20.0, "status": "met"}));
        // TH-02b: 14 of 100 = 14 % is behind 15 %.
        officer.reached(PROVINCE, "2022-03-01", "industrial_zone_workers", 14);
        officer.report("industrial_zone_workers", PROVINCE, "2022", 100);
        officer.expect(PLAN, "TH-02b", PROVINCE, "2022", &json!({"numerator": 14, "denominator": 100, "percent": 14.0, "status": "behind"}));
        // TH-02c: 30 of 200 = 15 %.
        officer.reached(PROVINCE, "2022-03-01", "higher_education_students", 30);
        officer.report("students", PROVINCE, "2022", 200);
        officer.expect(PLAN, "TH-02c", PROVINCE, "2022", &json!({"numerator": 30, "denominator": 200, "percent": 15.0, "status": "met"}));
        // TH-04: reports, denunciations and reflections, not complaints; the one that was not handled at all is not in time.
        for (kind, handled) in [("reflection", json!("2022-02-20")), ("crime_report", json!(null)), ("complaint", json!(null))] {
            officer.entry(Register::TipOffs, PROVINCE, json!({"received_on": "2022-02-01", "type": kind,
                "verified_on": "2022-02-10", "classified_on": "2022-02-11", "handled_on": handled}));
        }
        officer.expect(PLAN, "TH-04", PROVINCE, "2022", &json!({"numerator": 1, "denominator": 2, "percent": 50.0, "status": "behind"}));
        // TH-05: 200 crimes in 2021, 209 in 2022: +4.5 % is behind 5 %.
        officer.report("crimes_handled", PROVINCE, "2021", 200);
        officer.report("crimes_handled", PROVINCE, "2022", 209);
        officer.expect(PLAN, "TH-05", PROVINCE, "2022", &json!({"percent": 4.5, "status": "behind"}));
        // TH-06: one of four establishments = 25 %.
        let other = officer.establishment(PROVINCE, "2021-01-01", None, 5);
        officer.establishment(PROVINCE, "2021-01-01", None, 5);
        officer.establishment(PROVINCE, "2022-12-01", None, 5);
        officer.inspected(other, "2022-06-01", "no_violation");
        officer.expect(PLAN, "TH-06", PROVINCE, "2022", &json!({"numerator": 1, "denominator": 4, "percent": 25.0, "status": "met"}));
        // TH-08: persons from cases.
        officer.expect(PLAN, "TH-08", PROVINCE, "2022", &json!({"status": "not_applicable", "reason": "statistics_only"}));
        // TH-09a: by number: 40 officials, 8 trained for the first time = 20 %.
        officer.entry(Register::StaffCounts, PROVINCE, json!({"counted_on": "2022-01-01", "level": "province", "agency": "police", "staff": 40}));
        officer.entry(Register::StaffTrainings, PROVINCE, json!({"held_on": "2022-04-01", "topic": "prevention", "level": "province", "first_time": 8}));
        officer.expect(PLAN, "TH-09a", PROVINCE, "2022", &json!({"numerator": 8, "denominator": 40, "percent": 20.0, "status": "met"}));
        // TH-09b: 15 of 100 of district and commune level.
        for (level, staff, trained) in [("district", 30, 5), ("commune", 70, 10)] {
            officer.entry(Register::StaffCounts, PROVINCE, json!({"counted_on": "2022-01-01", "level": level, "agency": "police", "staff": staff}));
            officer.entry(Register::StaffTrainings, PROVINCE, json!({"held_on": "2022-04-01", "topic": "reintegration", "level": level, "first_time": trained}));
        }
        officer.expect(PLAN, "TH-09b", PROVINCE, "2022", &json!({"numerator": 15, "denominator": 100, "percent": 15.0, "status": "met"}));
    }

    fn the_plan_for_victims(app: &TestApp) {
        let officer = Officer::of_country(app);
        // MB-01: persons from cases.
        officer.expect("mb-2021-2025", "MB-01", "VN", "2022", &json!({"status": "not_applicable", "reason": "statistics_only"}));
        // MB-02: two officers of communes, one trained on receiving victims, the other on prevention: 1 of 2.
        officer.staff("G63-C31108", "M1", "commune", true);
        officer.staff("G63-C31111", "M2", "commune", true);
        officer.trained("G63-P91", "2022-03-01", "victim_support", &["M1"]);
        officer.trained("G63-P91", "2022-04-01", "prevention", &["M2"]);
        officer.expect("mb-2021-2025", "MB-02", "G63-P91", "2022", &json!({"numerator": 1, "denominator": 2, "percent": 50.0, "status": "on_course"}));
        officer.trained("G63-P91", "2025-03-01", "victim_support", &["M1", "M2"]);
        officer.expect("mb-2021-2025", "MB-02", "G63-P91", "2025-H1", &json!({"numerator": 2, "denominator": 2, "percent": 100.0, "status": "met"}));
    }
}
