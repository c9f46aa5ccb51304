//! Faults that an attack on the program found once, and that shall not come back.

use serde_json::json;

use crate::support::casework::person_body;
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn many_consents_of_one_person_at_once_are_all_recorded(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Kha Thị Lụa");
        app.token(&world.worker);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        app.consent(&world.worker, person, world.lender, app.days_ago(1));
                    }
                });
            }
        });
        let list = app.get(&format!("/persons/{person}/consents")).by(&world.worker).send().expect(200).json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(40));
    }

    fn a_trail_that_was_deleted_whole_gets_no_fresh_checkpoint_over_the_gap(app: &TestApp) {
        let world = World::build(app);
        app.person(&world.worker, "Kha Thị Tơ");
        app.keep_house();
        for table in ["audit_checkpoint_heads", "audit_checkpoints", "audit_entries", "audit_heads"] {
            app.sql(&format!("delete from {table}"));
        }
        app.person(&world.worker, "Kha Thị Gấm");
        assert!(hoanhap::boot::housekeeping(app.state()).is_err());
        let state = app.state();
        let findings = hoanhap::audit::verify(&state.db, &state.vault, &state.trail).expect("the trail is read");
        assert!(!findings.is_empty());
    }

    fn keys_of_many_persons_unknown_to_the_database_are_not_swept_away(app: &TestApp) {
        let state = app.state();
        let now = app.state().clock.now();
        let people: Vec<_> = (0..150).map(|_| hoanhap::db::types::PersonId(state.random.uuid())).collect();
        state.vault.create_keys_now(&people, now).expect("keys");
        app.pass_days(60);
        assert!(hoanhap::boot::sweep_orphan_keys(state).is_err(), "so many orphans are the sign of a wrong database");
        assert!(!state.vault.is_empty().expect("an answer"));
    }

    fn a_key_whose_person_was_never_committed_is_swept_only_after_every_backup_has_passed(app: &TestApp) {
        let state = app.state();
        let people = [hoanhap::db::types::PersonId(state.random.uuid())];
        state.vault.create_keys_now(&people, state.clock.now()).expect("a key");
        app.pass_days(34);
        assert_eq!(hoanhap::boot::sweep_orphan_keys(state).expect("a sweep"), 0);
        app.pass_days(2);
        assert_eq!(hoanhap::boot::sweep_orphan_keys(state).expect("a sweep"), 1);
    }

    fn a_worker_does_not_keep_a_person_by_opening_a_second_case(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Kha Thị Nhung");
        app.case(&world.worker, person, "at_risk", app.days_ago(3));
        let second = json!({"person_id": person, "unit_code": "G34-P01", "category": "at_risk",
            "received_on": app.days_ago(1)});
        app.post("/cases", &second).by(&world.worker).send().expect_problem(409, "open_case_exists");
        app.post("/cases", &second).by(&world.manager).send().expect(201);
    }

    fn opening_a_case_makes_its_person_one_of_its_category(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Kha Thị Đào");
        app.case(&world.worker, person, "establishment_worker", app.days_ago(3));
        let read = app.get(&format!("/persons/{person}")).by(&world.worker).send().expect(200).json();
        let categories = read["categories"].as_array().expect("a list");
        assert!(categories.contains(&json!("establishment_worker")), "{read}");
    }

    fn reopening_a_case_changes_no_figure_of_the_years_it_was_closed(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Kha Thị Sen");
        let long_ago = app.days_ago(900);
        let body = json!({"person_id": person, "unit_code": "G63-P01", "category": "person_selling_sex",
            "received_on": long_ago});
        let case = app.post("/cases", &body).by(&world.worker).send().expect(201).id();
        app.assess(&world.worker, case, &["loan"], long_ago);
        let close = |to: &str, on, version| {
            let mut body = json!({"to": to, "occurred_on": on});
            if to == "closed" {
                body["reason"] = json!("moved");
            }
            app.post(&format!("/cases/{case}/status"), &body).by(&world.worker).version(version).send().expect(200);
        };
        close("closed", app.days_ago(890), 1);
        let figure = || app.figure(&world.manager, "vn-808-2021-2025", "808-10", 2024)["clients"].clone();
        let before = figure();
        close("receiving_support", app.days_ago(2), 2);
        assert_eq!(figure(), before);
    }

    fn somebody_of_an_old_commune_is_corrected_without_knowing_the_new_one(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Kha Thị Xưa");
        app.sql("update persons set residence_unit_code = 'G63-C00001'");
        let path = format!("/persons/{person}");
        let change = |body: serde_json::Value| {
            let version = app.get(&path).by(&world.worker).send().expect(200).version();
            app.patch(&path, &body).by(&world.worker).version(version).send()
        };
        change(json!({"phone": "0987 654 321"})).expect(200);
        change(json!({"residence_unit_code": "G63-C00002"})).expect(422);
    }

    fn the_metrics_are_not_read_through_a_proxy(app: &TestApp) {
        app.get("/metrics").header("x-forwarded-for", "203.0.113.7").send().expect(404);
    }

    fn a_replayed_registration_is_logged_as_a_view(app: &TestApp) {
        let world = World::build(app);
        let key = app.new_key();
        let body = person_body("Kha Thị Lan");
        let register = || app.post("/persons", &body).by(&world.worker).key(&key).send().expect(201);
        register();
        let before = app.number("select count(*) as n from view_log");
        register();
        assert_eq!(app.number("select count(*) as n from view_log"), before + 1);
    }
}
