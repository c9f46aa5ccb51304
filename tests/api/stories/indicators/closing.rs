//! From an open period to a published one, and its revisions.

use hoanhap::grants::Role;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};

use super::Officer;
use crate::support::client::Reply;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

fn step(officer: &Officer<'_>, unit: &str, period: &str, body: &Value) -> Reply {
    let path = format!("/reporting-periods/{unit}/civil/{period}");
    let version = officer.app.get(&path).by(&officer.user).send().expect(200).version();
    officer.app.put(&path, body).by(&officer.user).version(version).send()
}

both_dbs! {
    fn a_commune_submits_the_province_checks_closes_and_publishes(app: &TestApp) {
        let (commune, province) = (Officer::of(app, "G63-C23535"), Officer::of(app, "G63-P62"));
        let to = |status: &str| json!({"status": status});
        step(&commune, "G63-C23535", "2022", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        step(&commune, "G63-C23535", "2022", &to("checked")).expect(403);
        app.put("/reporting-periods/G63-P62/civil/2022", &to("closed")).by(&commune.user).send().expect(404);
        step(&province, "G63-C23535", "2022", &to("open")).expect(422);
        step(&province, "G63-C23535", "2022", &json!({"status": "open", "reason": "Thiếu quý IV"})).expect(200);
        step(&commune, "G63-C23535", "2022", &to("submitted")).expect(200);
        step(&province, "G63-C23535", "2022", &to("checked")).expect(200);
        step(&province, "G63-C23535", "2022", &to("closed")).expect(403);
        step(&province, "G63-P62", "2022", &to("published")).expect_problem(409, "illegal_transition");
        step(&Officer::of(app, "G34-P01"), "G34-P01", "2099", &to("closed")).expect_problem(409, "period_not_over");
        let of_two = app.account("canbo.haixa", Role::ProgrammeOfficer, None, Some("G63-C23537"));
        app.grant(&of_two, Role::ProgrammeOfficer, None, Some("G63-C23538"));
        let path = "/reporting-periods/G63-C23537/civil/2022";
        app.put(path, &to("submitted")).by(&of_two).send().expect(200);
        app.put(path, &to("checked")).by(&of_two).version(1).send().expect(403);
        let closed = step(&province, "G63-P62", "2022", &to("closed")).expect(200);
        assert_eq!(closed.json()["revision"], json!(1));
        let missing = app.get("/reporting-periods?unit=G63-P62&calendar=civil&period=2022&missing=true&limit=5").by(&province.user).send().expect(200).json();
        assert_eq!((&missing["reported"], missing["units"].as_array().map(Vec::len)), (&json!(2), Some(5)));
        assert!(missing["next_cursor"].is_string());
        let stale = app.put("/reporting-periods/G63-P62/civil/2022", &to("published")).by(&province.user).version(7).send();
        stale.expect(412);
    }

    fn a_closed_period_changes_only_with_a_reason_and_the_change_is_told(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.report("students", "G63-P62", "2022", 100);
        let to = |status: &str| json!({"status": status});
        step(&officer, "G63-P62", "2022", &to("closed")).expect(200);
        step(&officer, "G63-P62", "2022", &to("published")).expect(200);
        let late = json!({"unit_code": "G63-C23535", "held_on": "2022-06-01", "form": "meeting",
            "audience": "vocational_students", "first_time_this_year": 5});
        app.recording(&officer.user, Register::CommunicationActivities, &late).send().expect_problem(409, "period_closed");
        let published = officer.figure(PLAN, "808-03c", "G63-P62", "2022")["published"].clone();
        assert_eq!((&published["revision"], &published["numerator"], &published["changed"]), (&json!(1), &json!(40), &json!(null)));

        step(&officer, "G63-P62", "2022", &json!({"status": "reopened", "reason": "Xã gửi bổ sung"})).expect(200);
        app.clock.advance(chrono::TimeDelta::seconds(60));
        app.recording(&officer.user, Register::CommunicationActivities, &late).send().expect(201);
        let changed = officer.figure(PLAN, "808-03c", "G63-P62", "2022")["published"]["changed"].clone();
        assert_eq!((&changed["numerator"], &changed["denominator"], &changed["why"]), (&json!(5), &json!(0), &json!(["entries"])));
        step(&officer, "G63-P62", "2022", &to("closed")).expect(200);
        step(&officer, "G63-P62", "2022", &to("published")).expect(200);
        let history = app.get(&format!("/programmes/{PLAN}/published?unit=G63-P62&period=2022")).by(&officer.user).send().expect(200).json();
        let of: Vec<(Value, Value, Value)> = history["items"].as_array().expect("items").iter()
            .filter(|item| item["indicator"] == json!("808-03c"))
            .map(|item| (item["revision"].clone(), item["figure"]["numerator"].clone(), item["reason"].clone())).collect();
        assert_eq!(of, [(json!(1), json!(40), json!(null)), (json!(2), json!(45), json!("Xã gửi bổ sung"))]);
    }

    fn who_reported_nothing_is_nought_and_who_did_not_report_is_no_data(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.establishment("G63-C23535", "2020-01-01", None, 10);
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &json!({"status": "no_data", "reason": "nothing_reported"}));
        step(&officer, "G63-C23535", "2022", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &json!({"numerator": 0, "denominator": 1, "percent": 0.0, "status": "behind"}));
    }

    fn a_province_that_closes_before_anybody_reported_has_said_nothing(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.establishment("G63-C23535", "2020-01-01", None, 10);
        step(&officer, "G63-P62", "2022", &json!({"status": "closed"})).expect(200);
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &json!({"status": "no_data", "reason": "nothing_reported"}));
    }

    fn what_was_trained_or_inspected_before_a_closed_period_would_count_in_it_and_is_refused(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        let open = officer.establishment("G63-C23535", "2020-01-01", None, 10);
        officer.staff("G63-C23535", "CB-1", "commune", true);
        step(&officer, "G63-P62", "2022-09", &json!({"status": "closed"})).expect(200);
        let inspection = json!({"establishment_id": open, "inspected_on": "2022-07-05", "result": "no_violation"});
        app.recording(&officer.user, Register::Inspections, &inspection).send().expect_problem(409, "period_closed");
        let training = json!({"unit_code": "G63-C23535", "held_on": "2022-07-05", "topic": "prevention", "participants": ["CB-1"]});
        app.recording(&officer.user, Register::StaffTrainings, &training).send().expect_problem(409, "period_closed");
        officer.inspected(open, "2022-10-05", "no_violation");
        officer.trained("G63-C23535", "2022-10-05", "prevention", &["CB-1"]);
    }
}
