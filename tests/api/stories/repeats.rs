//! A repeated request is done once.

use serde_json::json;
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn the_same_key_and_body_make_one_record_and_give_it_again(app: &TestApp) {
        let world = World::build(app);
        let body = person_body("Ngô Thị Sương");
        let ask = || app.post("/persons", &body).key("khóa-đăng-ký-1".replace(|c: char| !c.is_ascii(), "x").as_str()).by(&world.worker).send();
        let (first, again) = (ask().expect(201), ask().expect(201));
        assert_eq!(first.json(), again.json());
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!(app.number("select count(*) as n from persons"), 1);
    }

    fn the_same_key_with_another_body_or_route_is_refused(app: &TestApp) {
        let world = World::build(app);
        let key = "one-key-for-two";
        app.post("/persons", &person_body("Ngô Thị Sương")).key(key).by(&world.worker).send().expect(201);
        let before = app.row_counts();
        let other = app.post("/persons", &person_body("Ngô Thị Khác")).key(key).by(&world.worker).send();
        other.expect_problem(422, "idempotency_key_reused");
        let case = json!({"person_id": Uuid::nil(), "unit_code": "G34-C00004", "category": "at_risk", "received_on": app.today()});
        let route = app.post("/cases", &case).key(key).by(&world.worker).send();
        route.expect_problem(422, "idempotency_key_reused");
        assert_eq!(app.row_counts(), before);
    }

    fn two_people_may_use_the_same_key(app: &TestApp) {
        let world = World::build(app);
        for user in [&world.worker, &world.second_worker] {
            app.post("/persons", &person_body("Ngô Thị Sương")).key("a-common-key").by(user).send().expect(201);
        }
        assert_eq!(app.number("select count(*) as n from persons"), 2);
    }

    fn a_key_whose_request_was_refused_may_be_used_again(app: &TestApp) {
        let world = World::build(app);
        let mut body = person_body("Ngô Thị Sương");
        body["birth"]["date"] = json!("2031-01-01");
        app.post("/persons", &body).key("second-attempt").by(&world.worker).send().expect(422);
        body["birth"]["date"] = json!("1991-01-01");
        app.post("/persons", &body).key("second-attempt").by(&world.worker).send().expect(201);
    }

    fn eight_repeats_side_by_side_make_one_record(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Ngô Thị Sương");
        let body = json!({"person_id": person, "unit_code": "G34-C00004", "category": "at_risk", "received_on": app.today()});
        app.token(&world.worker);
        let ids: Vec<Uuid> = std::thread::scope(|scope| {
            let ask = || app.post("/cases", &body).key("eight-at-once").by(&world.worker).send().expect(201).id();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(app.number("select count(*) as n from cases"), 1);
        assert_eq!(app.number("select count(*) as n from case_events"), 1);
    }

    fn a_repeated_step_is_taken_once_and_answered_under_the_rights_of_now(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Ngô Thị Sương");
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let path = format!("/cases/{case}/status");
        let body = json!({"to": "screened", "occurred_on": app.today()});
        let ask = || app.post(&path, &body).key("move-once").by(&world.worker).version(1).send();
        assert_eq!(ask().expect(200).version(), 2);
        assert_eq!(ask().expect(200).version(), 2);
        assert_eq!(app.number("select count(*) as n from case_events"), 2);
        let assign = json!({"account_id": world.second_worker.id});
        app.put(&format!("/cases/{case}/assignment"), &assign).by(&world.manager).version(2).send().expect(200);
        ask().expect_problem(404, "not_found");
    }

    fn a_key_is_forgotten_after_seven_days(app: &TestApp) {
        let world = World::build(app);
        let ask = || app.post("/persons", &person_body("Ngô Thị Sương")).key("week-old-key").by(&world.worker).send().expect(201).id();
        let first = ask();
        app.pass_days(8);
        app.keep_house();
        assert_ne!(ask(), first);
    }
}
