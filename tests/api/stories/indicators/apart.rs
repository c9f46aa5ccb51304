//! Figures told apart: by class, kind and group, with the reports they were made of.

use hoanhap::grants::Role;
use serde_json::{Value, json};

use super::Officer;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

/// Class, numerator and denominator of the figures of a unit that are told by class.
fn classes(officer: &Officer<'_>, indicator: &str, question: &str) -> Vec<(String, Value, Value)> {
    let all = officer.figures(PLAN, &format!("indicator={indicator}&period=2022&{question}"));
    let figures = all["indicators"][0]["figures"].as_array().expect("figures").clone();
    let told = |figure: &Value| {
        let class = figure["class"].as_str()?.to_owned();
        assert!(all["class_names"][&class]["vi"].is_string(), "{class} has a name");
        Some((class, figure["numerator"].clone(), figure["denominator"].clone()))
    };
    figures.iter().filter_map(told).collect()
}

fn class(name: &str, numerator: i64, denominator: i64) -> (String, Value, Value) {
    (name.to_owned(), json!(numerator), json!(denominator))
}

both_dbs! {
    fn students_are_a_share_of_those_of_their_kind_of_school_and_the_schools_add_up_to_the_whole(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.reached("G63-C23535", "2022-05-01", "vocational_students", 30);
        officer.report_class("students", "upper_secondary_students", "G63-P62", "2022", 80);
        officer.report_class("students", "vocational_students", "G63-P62", "2022", 50);
        officer.expect(PLAN, "808-03c", "G63-P62", "2022", &json!({"reason": "denominator_missing"}));
        officer.report_class("students", "higher_education_students", "G63-P62", "2022", 10);
        // 40 + 30 of 80 + 50 + 10.
        officer.expect(PLAN, "808-03c", "G63-P62", "2022", &json!({"numerator": 70, "denominator": 140, "percent": 50.0}));
        let told = classes(&officer, "808-03c", "unit=G63-P62&breakdown=class");
        assert_eq!(told, [class("upper_secondary_students", 40, 80), class("vocational_students", 30, 50)]);
        // A whole that is told goes before the sum of its parts.
        officer.report("students", "G63-P62", "2022", 150);
        officer.expect(PLAN, "808-03c", "G63-P62", "2022", &json!({"numerator": 70, "denominator": 150}));
        let body = json!({"element": "students", "class": "workers", "unit_code": "G63-P62", "calendar": "civil", "period": "2022", "value": 1,
            "source_agency": "Sở", "source_document": "1", "source_on": "2022-01-05", "expected_revision": 0});
        app.post("/reported-values", &body).by(&officer.user).send().expect_problem(422, "invalid");
    }

    fn staff_are_told_by_level_and_by_topic_beside_their_agency(app: &TestApp) {
        let officer = Officer::of_country(app);
        let commune = "G63-C23535";
        for (number, level) in [("CB-1", "commune"), ("CB-2", "commune"), ("CB-3", "district"), ("CB-4", "province")] {
            officer.staff(commune, number, level, true);
        }
        officer.trained(commune, "2022-03-01", "prevention", &["CB-1", "CB-3", "CB-4"]);
        officer.trained(commune, "2022-04-01", "harm_reduction", &["CB-1"]);
        officer.trained(commune, "2022-04-02", "victim_support", &["CB-2"]);
        officer.expect(PLAN, "808-11b", "G63-P62", "2022", &json!({"numerator": 2, "denominator": 3}));
        let by_kind = classes(&officer, "808-11b", "unit=G63-P62&breakdown=kind");
        assert_eq!(by_kind, [class("commune", 1, 2), class("district", 1, 1)]);
        // One person may have learnt of several topics, so that topics do not add up; the share is of all staff.
        let by_topic = classes(&officer, "808-11b", "unit=G63-P62&breakdown=group");
        assert_eq!(by_topic, [class("harm_reduction", 1, 3), class("prevention", 2, 3)]);
        assert_eq!(classes(&officer, "808-11b", "unit=G63-P62&breakdown=class"), [class("health", 2, 3)]);
        assert_eq!(classes(&officer, "808-11a", "unit=G63-P62&breakdown=group"), [class("prevention", 1, 1)]);
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn the_central_press_is_told_apart_from_that_of_the_provinces_and_communication_by_its_form(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.press("VN", "central", &[1, 2, 3], 2022);
        officer.press("G63-P35", "provincial", &[1, 2, 3, 4], 2022);
        // 12 months of the central press; 12 of each of 63 provinces.
        let told = classes(&officer, "808-02", "unit=VN&breakdown=class");
        assert_eq!(told, [class("central", 3, 12), class("provincial", 4, 756)]);
        officer.regular("G63-C23535", 2022);
        assert_eq!(classes(&officer, "808-01", "unit=G63-C23535&breakdown=class"), [class("meeting", 1, 1)]);
    }

    fn a_month_that_was_missed_is_behind_at_once_and_months_that_were_met_are_on_course(app: &TestApp) {
        let officer = Officer::of_country(app);
        // It is October: nine months have passed.
        assert_eq!(app.clock.today().to_string(), "2025-10-15");
        for (old, new, first_months) in [("G63-P38", "G34-P38", &[1, 2, 3, 4, 5, 6][..]), ("G63-P40", "G34-P40", &[1, 2, 3, 5, 6])] {
            officer.press(old, "provincial", first_months, 2025);
            officer.press(new, "provincial", &[7, 8, 9], 2025);
        }
        officer.expect(PLAN, "808-02", "G34-P38", "2025", &json!({"numerator": 9, "denominator": 9, "status": "on_course"}));
        officer.expect(PLAN, "808-02", "G34-P40", "2025", &json!({"numerator": 8, "denominator": 9, "status": "behind"}));
    }

    fn an_indicator_names_its_registers_and_keepers_read_the_reports_it_was_made_of(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.report("students", "G63-P62", "2022", 100);
        officer.report("students", "G63-P35", "2022", 100);
        let asked = |who: &Officer<'_>, unit: &str| who.figures(PLAN, &format!("indicator=808-03c&unit={unit}&period=2022"))["indicators"][0].clone();
        let told = asked(&officer, "G63-P62");
        assert_eq!(told["registers"], json!(["communication_activities"]));
        let name = json!({"vi": "Số học sinh, sinh viên trung học phổ thông, đại học, giáo dục nghề nghiệp", "en": "Students of upper-secondary, higher and vocational education"});
        assert_eq!(told["reports"], json!([{"element": "students", "element_name": name, "class": "", "unit_code": "G63-P62", "period": "2022", "value": 100,
            "source_agency": "Công an tỉnh", "source_document": "12/BC", "source_on": "2022-01-05"}]));
        assert_eq!(asked(&officer, "VN")["reports"].as_array().map(Vec::len), Some(2));
        let role = Role::Supervisor;
        let supervisor = Officer { app, user: app.account("giamsat.hai", role, None, Some("VN")) };
        assert!(asked(&supervisor, "G63-P62")["reports"].is_null());
        let values = app.all_items(&officer.user, "/reported-values?element=students", 5);
        assert_eq!(values[0]["entered_by"], json!(officer.user.id));
    }

    fn the_report_for_people_tells_the_target_of_the_day_and_names_its_classes(app: &TestApp) {
        let officer = Officer::of_country(app);
        for district in ["G63-D347", "G63-D349", "G63-D350"] {
            officer.plan(district, "poverty_reduction", "2017-01-15", Some("2017-02-01"));
        }
        let report = |plan: &str, question: &str| {
            app.get(&format!("/programmes/{plan}/report?{question}")).by(&officer.user).send().expect(200).text()
        };
        // 3 of 6 districts, of which 50 % were wanted in 2017, and 100 % in the end.
        let page = report("ha-nam-2016-2020", "unit=G63-P35&period=2017&indicator=HN-02&format=html");
        assert!(page.contains("100% đến 31/12/2020; mốc lúc này 50%") && page.contains(">Đạt<"), "{page}");
        let table = report("ha-nam-2016-2020", "unit=G63-P35&period=2017&indicator=HN-02&format=csv");
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(table.as_bytes());
        let cells: Vec<csv::StringRecord> = reader.records().map(|line| line.expect("a line")).collect();
        let of = |name: &str| cells[0].iter().position(|code| code == name).map(|place| &cells[1][place]);
        assert_eq!((of("wanted"), of("map_of"), of("period_status")), (Some("50,0"), Some("2017-12-31"), Some("đang mở")));
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.report_class("students", "upper_secondary_students", "G63-P62", "2022", 80);
        let page = report(PLAN, "unit=G63-P62&period=2022&indicator=808-03c&breakdown=class&format=html");
        assert!(page.contains("Học sinh trung học phổ thông") && !page.contains("upper_secondary_students"));
    }
}
