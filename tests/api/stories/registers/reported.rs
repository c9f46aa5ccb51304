//! What other bodies report comes in revisions; two officers never overwrite one another.

use hoanhap::audit::verify;
use hoanhap::grants::Role;
use serde_json::{Value, json};

use crate::support::registers::{csv_of, reported_body, with};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_value_is_entered_revised_taken_back_and_keeps_its_history(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let enter = |fields: Value| app.post("/reported-values", &with(reported_body(), &fields)).by(officer).send();
        let first = enter(json!({})).expect(201);
        assert_eq!((&first.json()["revision"], &first.json()["current"]), (&json!(1), &json!(true)));
        let stale = enter(json!({"value": 13, "reason": "Đếm lại"})).expect_problem(412, "version_stale").json();
        assert_eq!(stale["stands"], 1);
        let unexplained = enter(json!({"value": 13, "expected_revision": 1})).expect_problem(422, "invalid").json();
        assert_eq!(unexplained["errors"][0]["field"], "reason");
        enter(json!({"value": 13, "expected_revision": 1, "reason": "Đếm lại"})).expect(201);
        let mut back = with(reported_body(), &json!({"expected_revision": 2, "reason": "Báo nhầm"}));
        back["value"] = Value::Null;
        let third = app.post("/reported-values", &back).by(officer).send().expect(201);
        assert_eq!((&third.json()["revision"], &third.json()["value"]), (&json!(3), &Value::Null));
        back["expected_revision"] = json!(3);
        app.post("/reported-values", &back).by(officer).send().expect_problem(422, "invalid");

        let all = app.all_items(officer, &format!("/reported-values/{}/revisions", third.id()), 2);
        let told: Vec<(&Value, &Value, &Value)> = all.iter().map(|row| (&row["revision"], &row["value"], &row["current"])).collect();
        assert_eq!(told, [
            (&json!(3), &Value::Null, &json!(true)), (&json!(2), &json!(13), &json!(false)), (&json!(1), &json!(12), &json!(false)),
        ]);
        let read = app.get(&format!("/reported-values/{}", first.id())).by(officer).send().expect(200).json();
        assert_eq!((&read["value"], &read["current"]), (&json!(12), &json!(false)));
        assert_eq!(app.all_items(officer, "/reported-values", 1).len(), 1);
        assert_eq!(app.all_items(officer, "/reported-values?current=false", 1).len(), 3);
        assert_eq!(app.all_items(officer, "/reported-values?element=students", 1).len(), 0);
        assert_eq!(app.all_items(officer, "/reported-values?period=2025-Q3&unit=G34-P01", 1).len(), 1);
        let state = app.state();
        assert!(verify(&state.db, &state.vault, &state.trail).expect("the trail is read").is_empty());
    }

    fn a_retried_request_enters_once(app: &TestApp) {
        let world = World::build(app);
        let ask = || app.post("/reported-values", &reported_body()).key("one-value-only").by(&world.programme_officer).send().expect(201);
        assert_eq!(ask().json(), ask().json());
        assert_eq!(app.number("select count(*) as n from reported_values"), 1);
    }

    fn elements_classes_periods_and_units_are_checked(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let enter = |fields: Value| app.post("/reported-values", &with(reported_body(), &fields)).by(officer).send();
        for (fields, field, rule) in [
            (json!({"element": "nothing"}), "element", "format"),
            (json!({"class": "face_to_face"}), "class", "format"),
            (json!({"element": "communication_activities", "class": "online+club"}), "class", "format"),
            (json!({"element": "communication_activities", "class": "club+club"}), "class", "format"),
            (json!({"element": "communication_activities", "class": "club!direct"}), "class", "format"),
            (json!({"element": "staff", "class": "commune/word"}), "class", "format"),
            (json!({"period": "2025-Q5"}), "period", "format"),
            (json!({"period": "2026"}), "period", "not_in_future"),
            (json!({"source_on": "2025-10-16"}), "source_on", "not_in_future"),
            (json!({"unit_code": "G63-C00001"}), "unit_code", "unit_not_valid_on_date"),
            (json!({"unit_code": "G34-P44"}), "unit_code", "conflicts_with"),
            (json!({"value": -1}), "value", "range"),
            (json!({"source_agency": " "}), "source_agency", "length"),
            (json!({"source_document": "a\u{7}"}), "source_document", "control_character"),
            (json!({"source_document": "a\u{202e}b"}), "source_document", "control_character"),
            (json!({"element": "outreach_points", "unit_code": "G34-C00004", "period": "2025"}), "unit_code", "conflicts_with"),
            (json!({"element": "outreach_sessions", "unit_code": "G34-P01", "period": "2025-Q3"}), "period", "conflicts_with"),
        ] {
            let refused = enter(fields).expect_problem(422, "invalid").json();
            assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["rule"]), (&json!(field), &json!(rule)));
        }
        for fields in [
            json!({"element": "communication_activities", "class": "club+online/high_risk+migrants"}),
            json!({"element": "staff", "class": "commune/health!direct"}),
            json!({"element": "units_commune"}),
            json!({"element": "outreach_points", "unit_code": "G34-P01", "period": "2025"}),
            json!({"period": "2021-2025", "calendar": "closing"}),
        ] {
            enter(fields).expect(201);
        }
        enter(json!({"value": null})).expect_problem(400, "malformed");
    }

    fn another_provinces_values_are_not_there(app: &TestApp) {
        let world = World::build(app);
        let other = app.account("canbo.khac", Role::ProgrammeOfficer, None, Some("G34-P44"));
        let id = app.post("/reported-values", &reported_body()).by(&world.programme_officer).send().expect(201).id();
        app.get(&format!("/reported-values/{id}")).by(&other).send().expect(404);
        app.get(&format!("/reported-values/{id}/revisions")).by(&other).send().expect(404);
        assert!(app.all_items(&other, "/reported-values?current=false", 5).is_empty());
        app.get("/reported-values").by(&world.supervisor).send().expect(403);
    }

    fn a_file_of_values_is_stored_revised_and_undone(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let elements = ["regular_communes", "students", "industrial_zone_workers"];
        let months: Vec<Value> = (0..9).map(|number| {
            let period = format!("2025-0{}", 7 + number / 3);
            with(reported_body(), &json!({"element": elements[number % 3], "period": period, "value": number + 1}))
        }).collect();
        let (first, ended) = app.bring(officer, "reported-values", &csv_of(&months), true);
        assert_eq!((&ended["state"], &ended["rows_stored"]), (&json!("done"), &json!(9)), "{ended}");
        let again: Vec<Value> = months.iter().map(|row| with(row.clone(), &json!({"value": 99}))).collect();
        let (_, refused) = app.bring(officer, "reported-values", &csv_of(&again), true);
        assert_eq!((&refused["state"], &refused["fault_count"]), (&json!("refused"), &json!(9)));
        assert_eq!(refused["faults"][0]["column"], "expected_revision");
        let revised: Vec<Value> = again.iter().map(|row| with(row.clone(), &json!({"expected_revision": 1, "reason": "Đếm lại"}))).collect();
        let (second, ended) = app.bring(officer, "reported-values", &csv_of(&revised), true);
        assert_eq!(ended["state"], "done", "{ended}");
        let values = || app.all_items(officer, "/reported-values", 50).iter().map(|row| row["value"].as_i64()).collect::<Vec<_>>();
        assert_eq!(values(), [Some(99); 9]);
        app.undo_register_import(officer, first).expect_problem(409, "built_on");
        app.undo_register_import(officer, second).expect(200);
        let mut sorted = values();
        sorted.sort_unstable();
        assert_eq!(sorted, (1..=9).map(Some).collect::<Vec<_>>());
        assert_eq!(app.number("select count(*) as n from reported_values"), 27);
        let state = app.state();
        assert!(verify(&state.db, &state.vault, &state.trail).expect("the trail is read").is_empty());
    }
}
