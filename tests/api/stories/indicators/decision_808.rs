//! Decision 808: fifteen indicators. Each row stands in an area of its own.

use hoanhap::admin_units::Level;
use hoanhap::programmes::registers::Register;
use serde_json::json;

use super::Officer;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

both_dbs! {
    fn shares_of_units_of_decision_808(app: &TestApp) {
        let officer = Officer::of_country(app);
        let units = app.state().units.clone();
        let day = "2022-12-31".parse().expect("a day");

        // 808-01: Cẩm Lệ has 6 communes. Five hold something in each quarter, the sixth only in three: 5 of 6 = 83.3 %.
        // The target of 70 % is due at the end of 2025: nothing is due yet, and it is reached already.
        let communes: Vec<String> =
            units.units_on(Level::Commune, "G63-D495", day).iter().map(|unit| unit.code.clone()).collect();
        assert_eq!(communes.len(), 6);
        for commune in communes.iter().take(5) {
            officer.regular(commune, 2022);
        }
        for quarter in ["2022-01-02", "2022-04-02", "2022-12-30"] {
            officer.activity(&communes[5], quarter);
        }
        officer.expect(PLAN, "808-01", "G63-D495", "2022", &json!({
            "numerator": 5, "denominator": 6, "percent": 83.3, "status": "met",
            "coverage": {"units": 6, "of": 6}, "numerator_parts": {"register": 5, "reported": 0},
        }));
        // Of the first half all six had both quarters: no, the sixth too: January and April. 6 of 6.
        officer.expect(PLAN, "808-01", "G63-D495", "2022-H1", &json!({"numerator": 6, "denominator": 6, "percent": 100.0}));
        // Of the country: 5 of 10,599.
        officer.expect(PLAN, "808-01", "VN", "2022", &json!({
            "numerator": 5, "denominator": units.count_on(Level::Commune, "VN", day), "status": "on_course",
        }));

        // 808-04: 62 provinces have a plan that is carried out, one has a plan on paper: 62 of 63 = 98.4 %, due in 2025.
        let provinces: Vec<String> =
            units.units_on(Level::Province, "VN", day).iter().map(|unit| unit.code.clone()).collect();
        for province in provinces.iter().take(62) {
            officer.plan(province, "own_plan", "2021-10-01", Some("2021-11-01"));
        }
        officer.plan(&provinces[62], "own_plan", "2021-10-01", None);
        officer.expect(PLAN, "808-04", "VN", "2022", &json!({
            "numerator": 62, "denominator": 63, "percent": 98.4, "status": "on_course",
        }));
        // On the map of the end of 2025 all 63 lie in the 34: those of one province of today are one.
        officer.expect(PLAN, "808-04", "VN", "2025", &json!({"numerator": 34, "denominator": 34, "status": "met"}));

        // 808-05: 31 provinces take the task up: 31 of 63 = 49.2 %; one more makes 32 = 50.7 %, the first whole number over 50 %.
        for province in provinces.iter().take(31) {
            officer.plan(province, "hiv_aids", "2022-02-01", Some("2022-03-01"));
        }
        officer.expect(PLAN, "808-05", "VN", "2022", &json!({"numerator": 31, "percent": 49.2, "status": "on_course"}));
        officer.plan(&provinces[31], "drug_prevention", "2022-02-01", Some("2022-03-01"));
        officer.expect(PLAN, "808-05", "VN", "2022", &json!({"numerator": 32, "percent": 50.7, "status": "met"}));

        // 808-09: Hậu Giang has 8 districts, one runs a model until mid-2023: 1 of 8 = 12.5 % in 2022, none in 2023.
        let districts = units.units_on(Level::District, "G63-P93", day);
        officer.model(&districts[0].code, "harm_reduction", "2022-03-01", Some("2023-06-30"));
        officer.expect(PLAN, "808-09", "G63-P93", "2022", &json!({
            "numerator": 1, "denominator": districts.len(), "percent": 12.5, "status": "met",
        }));
        officer.expect(PLAN, "808-09", "G63-P93", "2023", &json!({"numerator": 0, "percent": 0.0, "status": "on_course"}));
        // Since 01/07/2025 there are no districts: the target has nobody to bind.
        officer.expect(PLAN, "808-09", "VN", "2025", &json!({"status": "not_applicable", "reason": "no_such_unit"}));
    }

    fn cadence_growth_and_items_of_decision_808(app: &TestApp) {
        let officer = Officer::of_country(app);
        let all: Vec<u32> = (1..=12).collect();

        // 808-02: the central press wrote each month; Hà Nam's wrote in 11 months, not in April: one empty month misses it.
        officer.press("VN", "central", &all, 2022);
        officer.press("G63-P35", "provincial", &[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12], 2022);
        officer.expect(PLAN, "808-02", "G63-P35", "2022", &json!({
            "numerator": 11, "denominator": 12, "percent": 91.6, "status": "behind",
        }));
        officer.press("G63-P35", "provincial", &[4], 2022);
        officer.expect(PLAN, "808-02", "G63-P35", "2022", &json!({"numerator": 12, "percent": 100.0, "status": "met"}));
        // Of the country: 12 months of the central press and 12 of each of 63 provinces, of which one wrote: 24 of 768.
        officer.expect(PLAN, "808-02", "VN", "2022", &json!({"numerator": 24, "denominator": 768, "percent": 3.1, "status": "behind"}));
        // A commune is not asked.
        officer.expect(PLAN, "808-02", "G63-C31340", "2022", &json!({"status": "not_applicable", "reason": "not_asked_here"}));

        // 808-06: three items of Bến Tre; one handled on day 61 is late: 2 of 3 = 66.6 %.
        for handled in ["2022-05-01", "2022-05-10", "2022-05-31"] {
            let steps = json!({"received_on": "2022-03-31", "type": "denunciation", "verified_on": "2022-04-10",
                "classified_on": "2022-04-20", "handled_on": handled});
            officer.entry(Register::TipOffs, "G63-P83", steps);
        }
        officer.expect(PLAN, "808-06", "G63-P83", "2022", &json!({"numerator": 2, "denominator": 3, "percent": 66.6, "status": "behind"}));
        // A reflection is none of the three kinds of this plan.
        officer.entry(Register::TipOffs, "G63-P83", json!({"received_on": "2022-06-01", "type": "reflection"}));
        officer.expect(PLAN, "808-06", "G63-P83", "2022", &json!({"denominator": 3}));
        // Nothing received in Trà Vinh is no data, never 0 %.
        officer.expect(PLAN, "808-06", "G63-P84", "2022", &json!({"status": "no_data", "reason": "denominator_missing", "percent": null}));

        // 808-07: 100 crimes in 2021, 104 in 2022: +4 %. From nought there is no growth. Above 5 % is no failure.
        officer.report("crimes_handled", "G63-P82", "2021", 100);
        officer.report("crimes_handled", "G63-P82", "2022", 104);
        officer.expect(PLAN, "808-07", "G63-P82", "2022", &json!({
            "numerator": 104, "denominator": 100, "percent": 4.0, "status": "met", "numerator_parts": {"register": 0, "reported": 104},
        }));
        officer.report("crimes_handled", "G63-P82", "2023", 120);
        let above = officer.figure(PLAN, "808-07", "G63-P82", "2023");
        assert_eq!((&above["percent"], &above["status"], &above["target"]["beyond"]), (&json!(15.3), &json!("met"), &json!(true)));
        officer.report("crimes_handled", "G63-P80", "2021", 0);
        officer.report("crimes_handled", "G63-P80", "2022", 5);
        officer.expect(PLAN, "808-07", "G63-P80", "2022", &json!({"status": "no_data", "reason": "from_nought"}));
        officer.expect(PLAN, "808-07", "G63-P80", "2021", &json!({"status": "no_data", "reason": "previous_missing"}));
    }

    fn persons_of_decision_808(app: &TestApp) {
        let officer = Officer::of_country(app);

        // 808-03a: two establishments of Ia H'Drai with 60 and 40 workers, one closed before the end of 2022: 60 remain.
        // 30 and 15 workers reached for the first time in the year: 45 of 60 = 75 %.
        officer.establishment("G63-C23535", "2020-05-01", None, 60);
        officer.establishment("G63-C23537", "2020-05-01", Some("2022-08-31"), 40);
        officer.reached("G63-C23535", "2022-03-01", "establishment_workers", 30);
        officer.reached("G63-C23535", "2022-09-01", "establishment_workers", 15);
        officer.reached("G63-C23535", "2022-09-01", "residents", 500);
        officer.expect(PLAN, "808-03a", "G63-P62", "2022", &json!({"numerator": 45, "denominator": 60, "percent": 75.0, "status": "met"}));
        // Five years are not the sum of years: a person may have been reached in two.
        let years = officer.figures(PLAN, "indicator=808-03a&unit=G63-P62&period=2021-2025&map=2025-06-30");
        assert_eq!(years["indicators"][0]["figures"][0]["reason"], json!("not_additive"));

        // 808-03b: the number of workers of the zones is another body's. Without it there is no share.
        officer.reached("G63-P74", "2022-04-01", "industrial_zone_workers", 900);
        officer.expect(PLAN, "808-03b", "G63-P74", "2022", &json!({"numerator": 900, "status": "no_data", "reason": "denominator_missing"}));
        officer.report("industrial_zone_workers", "G63-P74", "2022", 1500);
        officer.expect(PLAN, "808-03b", "G63-P74", "2022", &json!({
            "numerator": 900, "denominator": 1500, "percent": 60.0, "status": "met", "denominator_parts": {"register": 0, "reported": 1500},
        }));

        // 808-03c: "70 %", not "at least": 71 of 100 students is met, and beyond.
        officer.reached("G63-P86", "2022-04-01", "upper_secondary_students", 40);
        officer.reached("G63-P86", "2022-05-01", "vocational_students", 31);
        officer.report("students", "G63-P86", "2022", 100);
        let students = officer.figure(PLAN, "808-03c", "G63-P86", "2022");
        assert_eq!((&students["percent"], &students["status"]), (&json!(71.0), &json!("met")));
        assert_eq!((&students["target"]["operator"], &students["target"]["beyond"]), (&json!("equal"), &json!(true)));

        // 808-10 is about persons from cases: an officer reads no number of them, not even that there is none.
        officer.expect(PLAN, "808-10", "VN", "2022", &json!({"status": "not_applicable", "reason": "statistics_only", "numerator": null}));

        // 808-11a: three of four officials of the province were trained since 2021; one twice, one only in 2020; one on
        // another topic: 2 of 4 = 50 %.
        for number in ["A", "B", "C", "D"] {
            officer.staff("G63-P11", number, "province", false);
        }
        officer.trained("G63-P11", "2021-03-01", "prevention", &["A", "B"]);
        officer.trained("G63-P11", "2022-03-01", "reintegration", &["A"]);
        officer.trained("G63-P11", "2020-03-01", "prevention", &["C"]);
        officer.trained("G63-P11", "2022-04-01", "coordination", &["D"]);
        officer.expect(PLAN, "808-11a", "G63-P11", "2022", &json!({"numerator": 2, "denominator": 4, "percent": 50.0, "status": "on_course"}));
        officer.expect(PLAN, "808-11a", "G63-P11", "2021", &json!({"numerator": 2, "denominator": 4}));

        // 808-11b: staff of a district and of a commune, one of two trained: 50 %, met at the value itself.
        officer.staff("G63-D095", "H1", "district", false);
        officer.staff("G63-C03148", "X1", "commune", false);
        officer.trained("G63-P11", "2022-05-01", "harm_reduction", &["X1"]);
        officer.expect(PLAN, "808-11b", "G63-P11", "2022", &json!({"numerator": 1, "denominator": 2, "percent": 50.0, "status": "met"}));
    }

    fn establishments_that_open_and_close_under_decision_808(app: &TestApp) {
        let officer = Officer::of_country(app);
        // Four establishments of Cô Tô: 1 from 2019; 2 from 2019 to 31/03/2022; 3 from 01/07/2022; 4 from 2023.
        let [one, two, three] = [("2019-01-01", None), ("2019-01-01", Some("2022-03-31")), ("2022-07-01", None)]
            .map(|(opened, closed)| officer.establishment("G63-C07192", opened, closed, 3));
        let four = officer.establishment("G63-C07195", "2023-02-01", None, 3);
        officer.inspected(one, "2020-12-31", "no_violation");
        officer.inspected(two, "2022-02-10", "violation");
        officer.inspected(two, "2022-03-10", "no_violation");
        officer.inspected(three, "2022-11-10", "no_violation");

        // 808-08a: in 2022 three were open at some time (1, 2, 3), two of them were inspected (2 twice counts once): 66.6 %.
        officer.expect(PLAN, "808-08a", "G63-D207", "2022", &json!({"numerator": 2, "denominator": 3, "percent": 66.6, "status": "met"}));
        // In 2023 three were open (1, 3, 4), none inspected; the register of the unit says nothing of inspections in 2023.
        officer.expect(PLAN, "808-08a", "G63-D207", "2023", &json!({"denominator": 3, "status": "no_data", "reason": "nothing_reported"}));

        // 808-08b at the end of 2022: open are 1 and 3. 1 was inspected before the plan began, 3 in it: 1 of 2.
        officer.expect(PLAN, "808-08b", "G63-D207", "2022", &json!({"numerator": 1, "denominator": 2, "percent": 50.0, "status": "on_course"}));
        // In mid-2022: open is 1 alone (3 opens the day after); 2 has closed and left both numbers: 0 of 1.
        officer.expect(PLAN, "808-08b", "G63-D207", "2022-H1", &json!({"numerator": 0, "denominator": 1, "percent": 0.0}));
        // At the end of 2024 all three that are open were inspected: 100 %.
        officer.inspected(one, "2024-06-01", "no_violation");
        officer.inspected(four, "2024-06-01", "no_violation");
        officer.expect(PLAN, "808-08b", "G63-D207", "2024", &json!({"numerator": 3, "denominator": 3, "percent": 100.0, "status": "met"}));
        assert_eq!(app.wrong_sums(), [].into());
        officer.expect(PLAN, "808-08b", "G63-D207", "2024", &json!({"numerator": 3, "denominator": 3, "percent": 100.0, "status": "met"}));
    }
}
