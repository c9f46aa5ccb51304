//! Hà Nam 2016–2020: eleven indicators, with steps, a baseline nobody named, and denominators of their time.

use hoanhap::admin_units::Level;
use serde_json::json;

use super::Officer;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "ha-nam-2016-2020";
const PROVINCE: &str = "G63-P35";

both_dbs! {
    fn steps_and_cadence_of_ha_nam(app: &TestApp) {
        let officer = Officer::of(app, PROVINCE);
        let units = app.state().units.clone();
        // HN-01a: 75 % in 2017 of 116 communes: 87 = 75 % exactly. 86 = 74.1 % misses it. 2016: nothing is due.
        officer.report("regular_communes", PROVINCE, "2016", 86);
        officer.expect(PLAN, "HN-01a", PROVINCE, "2016", &json!({"numerator": 86, "denominator": 116, "percent": 74.1, "status": "on_course"}));
        officer.report("regular_communes", PROVINCE, "2017", 87);
        let step = officer.figure(PLAN, "HN-01a", PROVINCE, "2017");
        assert_eq!((&step["percent"], &step["status"], &step["target"]["wanted_tenths"]), (&json!(75.0), &json!("met"), &json!(750)));
        // 2020: 100 % of 109 communes.
        officer.report("regular_communes", PROVINCE, "2020", 108);
        officer.expect(PLAN, "HN-01a", PROVINCE, "2020", &json!({"numerator": 108, "denominator": 109, "percent": 99.0, "status": "behind"}));

        // HN-01b: from January to December of 2016, but August.
        officer.press(PROVINCE, "provincial", &[1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12], 2016);
        officer.expect(PLAN, "HN-01b", PROVINCE, "2016", &json!({"numerator": 11, "denominator": 12, "status": "behind"}));

        // HN-02: 50 % of 6 districts in 2017, 100 % in 2020: three of them from 2017 on.
        let districts = units.units_on(Level::District, PROVINCE, "2017-12-31".parse().expect("a day"));
        assert_eq!(districts.len(), 6);
        for district in districts.iter().take(3) {
            officer.plan(&district.code, "poverty_reduction", "2017-01-15", Some("2017-02-01"));
        }
        officer.expect(PLAN, "HN-02", PROVINCE, "2017", &json!({"numerator": 3, "denominator": 6, "percent": 50.0, "status": "met"}));
        officer.expect(PLAN, "HN-02", PROVINCE, "2020", &json!({"numerator": 3, "denominator": 6, "percent": 50.0, "status": "behind"}));

        // HN-03: both interventions are needed: three districts have one, two of them have both.
        for (place, district) in districts.iter().take(3).enumerate() {
            officer.model(&district.code, "harm_reduction", "2018-01-01", None);
            if place < 2 {
                officer.model(&district.code, "gender_based_violence", "2018-01-01", None);
            }
        }
        officer.expect(PLAN, "HN-03", PROVINCE, "2020", &json!({"numerator": 2, "denominator": 6, "percent": 33.3, "status": "behind"}));
        officer.model(&districts[2].code, "gender_based_violence", "2018-01-01", None);
        officer.expect(PLAN, "HN-03", PROVINCE, "2020", &json!({"numerator": 3, "percent": 50.0, "status": "met"}));

        // HN-04: from one to three models; four is beyond, and no failure; none that anybody told is no data.
        officer.expect(PLAN, "HN-04", PROVINCE, "2016", &json!({"status": "no_data", "reason": "nothing_reported"}));
        for from in ["2019-01-01", "2019-02-01", "2020-03-01", "2020-04-01"] {
            officer.model(PROVINCE, "support_services", from, None);
        }
        officer.expect(PLAN, "HN-04", PROVINCE, "2019", &json!({"number": 2, "status": "met"}));
        let four = officer.figure(PLAN, "HN-04", PROVINCE, "2020");
        assert_eq!((&four["number"], &four["status"], &four["target"]["beyond"]), (&json!(4), &json!("met"), &json!(true)));
    }

    fn reports_levels_and_staff_of_ha_nam(app: &TestApp) {
        let officer = Officer::of(app, PROVINCE);
        let units = app.state().units.clone();
        // HN-05: 12 of 12 cases and rings that were detected.
        officer.report("cases_and_rings_detected", PROVINCE, "2019", 12);
        officer.report("cases_and_rings_handled", PROVINCE, "2019", 12);
        officer.expect(PLAN, "HN-05", PROVINCE, "2019", &json!({"numerator": 12, "denominator": 12, "percent": 100.0, "status": "met"}));

        // HN-06: the plan names no baseline year: there are numbers, and no reduction.
        let found = officer.establishment(PROVINCE, "2016-01-01", None, 4);
        officer.inspected(found, "2019-05-05", "disguised_prostitution");
        officer.expect(PLAN, "HN-06", PROVINCE, "2019", &json!({"numerator": 1, "status": "no_data", "reason": "baseline_missing"}));

        // HN-07a: three communes recognised in 2017; one loses it in 2019; in 2020 it comes back.
        let communes = units.units_on(Level::Commune, PROVINCE, "2017-12-31".parse().expect("a day"));
        for (place, to) in [(0, None), (1, None), (2, Some("2019-06-30"))] {
            officer.healthy(&communes[place].code, "prostitution_free", "2017-03-01", to);
        }
        officer.expect(PLAN, "HN-07a", PROVINCE, "2018", &json!({"number": 3, "denominator": 3, "status": "met"}));
        officer.expect(PLAN, "HN-07a", PROVINCE, "2019", &json!({"number": 2, "denominator": 3, "status": "behind"}));
        officer.healthy(&communes[2].code, "drug_and_prostitution_free", "2020-01-10", None);
        officer.expect(PLAN, "HN-07a", PROVINCE, "2020", &json!({"number": 3, "denominator": 2, "status": "met"}));

        // HN-07b: one commune newly free of both in 2020, of the communes and wards of the province (townships not named).
        // The list of units does not know how many there were before 2021: no data, until somebody tells: 1 of 98 = 1 %.
        officer.expect(PLAN, "HN-07b", PROVINCE, "2020", &json!({"numerator": 1, "status": "no_data", "reason": "denominator_missing"}));
        officer.report_class("units_commune", "commune+ward", PROVINCE, "2020", 98);
        officer.expect(PLAN, "HN-07b", PROVINCE, "2020", &json!({"numerator": 1, "denominator": 98, "percent": 1.0, "status": "behind"}));

        // HN-07c: 3 of 109 communes are recognised at the end of 2020.
        officer.expect(PLAN, "HN-07c", PROVINCE, "2020", &json!({"numerator": 3, "denominator": 109, "percent": 2.7, "status": "behind"}));

        // HN-08: of three staff two are directly involved, one of them was trained on coordination: 1 of 2.
        for (number, direct) in [("T1", true), ("T2", true), ("T3", false)] {
            officer.staff(PROVINCE, number, "province", direct);
        }
        officer.trained(PROVINCE, "2018-05-01", "coordination", &["T1", "T3"]);
        officer.expect(PLAN, "HN-08", PROVINCE, "2019", &json!({"numerator": 1, "denominator": 2, "percent": 50.0, "status": "on_course"}));
    }
}
