//! What was published of figures, by which definition, to whom it is told, and what has changed since.

use hoanhap::grants::Role;
use serde_json::{Value, json};

use super::closing::step;
use super::{Officer, import};
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

both_dbs! {
    fn every_unit_that_is_shown_says_what_was_published_of_it_and_why_it_changed(app: &TestApp) {
        let country = Officer::of_country(app);
        country.report("students", "G63-P62", "2022", 100);
        country.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        for status in ["closed", "published"] {
            step(&country, "G63-P62", "2022", &json!({"status": status})).expect(200);
        }
        app.clock.advance(chrono::TimeDelta::seconds(60));
        // Of another province, of another year: neither is why anything changed here.
        country.activity("G63-C14755", "2022-03-01");
        country.activity("G63-C23535", "2023-03-01");
        let published = |question: &str| {
            let all = country.figures(PLAN, &format!("indicator=808-03c&unit=VN&period=2022&breakdown=province{question}"));
            let figures = all["indicators"][0]["figures"].as_array().expect("figures").clone();
            let own = figures.iter().find(|figure| figure["unit_code"] == json!("G63-P62")).expect("the province").clone();
            (own["published"].clone(), figures.iter().filter(|figure| !figure["published"].is_null()).count())
        };
        let (standing, count) = published("");
        assert_eq!((&standing["numerator"], standing["changed"].is_null(), count), (&json!(40), true, 1));
        step(&country, "G63-P62", "2022", &json!({"status": "reopened", "reason": "Sở sửa số"})).expect(200);
        let revised = json!({"element": "students", "class": "", "unit_code": "G63-P62", "calendar": "civil", "period": "2022", "value": 90,
            "source_agency": "Sở", "source_document": "2", "source_on": "2022-02-05", "reason": "Sửa", "expected_revision": 1});
        app.post("/reported-values", &revised).by(&country.user).send().expect(201);
        let changed = published("").0["changed"].clone();
        assert_eq!(changed, json!({"numerator": 0, "denominator": -10, "why": []}), "why is told where the province is asked for");
        let changed = country.figure(PLAN, "808-03c", "G63-P62", "2022")["published"]["changed"].clone();
        assert_eq!(changed, json!({"numerator": 0, "denominator": -10, "why": ["reported_values"], "entries_since": 0, "reported_values_since": 1}));
    }

    fn a_published_figure_is_read_with_the_definition_it_was_made_with(app: &TestApp) {
        let officer = Officer::of(app, "G63-P38");
        officer.report("students", "G63-P38", "2022", 100);
        for status in ["closed", "published"] {
            step(&officer, "G63-P38", "2022", &json!({"status": status})).expect(200);
        }
        let shipped = include_str!("../../../../config/programmes/vn-808-2021-2025.toml");
        let (before, after) = shipped.split_once("code = \"808-03c\"").expect("the indicator");
        let newer = format!("{before}code = \"808-03c\"{}", after.replacen("definition_vi = \"", "definition_vi = \"Cách tính mới. ", 1));
        import(app, &newer);
        let plan = |question: &str| app.get(&format!("/programmes/{PLAN}{question}")).by(&officer.user).send();
        let text = |plan: &Value| {
            let indicator = plan["indicators"].as_array().expect("indicators").iter().find(|one| one["code"] == json!("808-03c")).cloned();
            (plan["version"].clone(), indicator.expect("the indicator")["definition_vi"].as_str().is_some_and(|text| text.starts_with("Cách tính mới")))
        };
        assert_eq!(text(&plan("").expect(200).json()), (json!(2), true));
        let published = officer.figure(PLAN, "808-03c", "G63-P38", "2022")["published"].clone();
        let version = published["definition_version"].as_i64().expect("a version");
        assert_eq!(text(&plan(&format!("?version={version}")).expect(200).json()), (json!(1), false));
        plan("?version=3").expect(404);
        plan("?version=0").expect(422);
    }

    fn what_was_published_of_few_stays_theirs_when_a_newer_plan_no_longer_says_so(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 4);
        officer.report("students", "G63-P62", "2022-Q1", 100);
        for status in ["closed", "published"] {
            step(&officer, "G63-P62", "2022-Q1", &json!({"status": status})).expect(200);
        }
        let role = Role::Supervisor;
        let supervisor = app.account("giamsat.hai", role, None, Some("G63-P62"));
        let read = || app.get(&format!("/programmes/{PLAN}/published?unit=G63-P62&period=2022-Q1")).by(&supervisor).send().expect(200).json();
        let told = |reply: &Value| reply["items"].as_array().expect("items").iter().any(|item| item["indicator"] == json!("808-03c"));
        assert!(!told(&read()));
        let shipped = include_str!("../../../../config/programmes/vn-808-2021-2025.toml");
        import(app, &shipped.replacen("code = \"808-03c\"", "code = \"808-03d\"", 1));
        assert!(!told(&read()), "it is in no plan any more");
    }

    fn a_supervisor_reads_what_was_published_without_the_words_and_entries_behind_it(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.report("students", "G63-P62", "2022", 100);
        for (status, reason) in [("closed", None), ("published", None), ("reopened", Some("Bổ sung chị Nguyễn Thị X")), ("closed", None), ("published", None), ("reopened", Some("Chị Y"))] {
            step(&officer, "G63-P62", "2022", &json!({"status": status, "reason": reason})).expect(200);
        }
        app.clock.advance(chrono::TimeDelta::seconds(60));
        officer.reached("G63-C23535", "2022-04-01", "upper_secondary_students", 3);
        let role = Role::Supervisor;
        let supervisor = Officer { app, user: app.account("giamsat.hai", role, None, Some("G63-P62")) };
        let published = |who: &Officer<'_>| who.figure(PLAN, "808-03c", "G63-P62", "2022")["published"].clone();
        let (own, theirs) = (published(&officer), published(&supervisor));
        assert_eq!((&own["reason"], &own["changed"]["entries_since"]), (&json!("Bổ sung chị Nguyễn Thị X"), &json!(1)));
        assert_eq!((&theirs["revision"], &theirs["changed"]["numerator"]), (&json!(2), &json!(3)));
        assert!(theirs["reason"].is_null() && theirs["changed"]["entries_since"].is_null(), "{theirs}");
        for format in ["csv", "html"] {
            let path = format!("/programmes/{PLAN}/report?unit=G63-P62&period=2022&format={format}");
            let text = app.get(&path).by(&supervisor.user).send().expect(200).text();
            assert!(!text.contains("Nguyễn Thị X"), "{format}");
        }
    }
}
