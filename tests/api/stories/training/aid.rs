//! Training aid: computed, paid once to a person, wherever the case is.

use serde_json::json;

use crate::support::client::Reply;
use crate::support::training::{accepted, attending, course_body, learner};
use crate::support::{TestApp, World, both_dbs};

/// Somebody of the other centre's case who attends a course of the school.
fn attends_from_the_other_centre(app: &TestApp, world: &World, person: uuid::Uuid, course: uuid::Uuid) -> uuid::Uuid {
    // The other centre knows the person by a case of its own.
    let (own, centre, worker) = (app.sql_id(person), app.sql_id(world.other_centre), app.sql_id(world.other_worker.id));
    let copied = app.person(&world.other_worker, "Người khác");
    let case = app.case(&world.other_worker, copied, "at_risk", app.today());
    app.sql(&format!(
        "update cases set person_id = {own}, organisation_id = {centre}, assigned_to = {worker} where id = {}",
        app.sql_id(case)
    ));
    app.consent(&world.other_worker, person, world.school, app.today());
    app.assess(&world.other_worker, case, &["vocational_training"], app.today());
    let referral = app.referral(&world.other_worker, case, "vocational_training", world.school);
    app.step(&world.teacher, referral, "accept").expect(200);
    let enrolment = app.enrol(&world.teacher, referral, course).expect(201).id();
    app.mark(&world.teacher, course, app.today(), &[(enrolment, "present")]).expect(200);
    enrolment
}

/// What a refusal says of the other centre: nothing.
fn says_nothing_of_the_other(world: &World, reply: &Reply) {
    let text = reply.text();
    for secret in [world.centre.to_string(), world.school.to_string(), "2025".into(), "dong".into(), "Trung tâm".into()]
    {
        assert!(!text.contains(&secret), "{secret}: {text}");
    }
}

both_dbs! {
    fn training_aid_is_due_once_to_a_person_over_all_cases_and_centres(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let first = attending(app, &world, "Hà Thị Nhàn", course);
        let paid = app.aid(&world.worker, first.enrolment, app.today()).expect(201).json();
        let again = app.aid(&world.worker, first.enrolment, app.today()).expect_problem(409, "training_aid_used");
        assert!(again.text().contains("12 tháng qua") || again.text().contains("last twelve months"), "{}", again.text());
        let stop = json!({"stopped_on": app.today(), "reason": "another_trade"});
        app.end_enrolment(&world.teacher, first.enrolment, "stop", &stop).expect(200);
        app.pass_days(1);
        let mut body = course_body(app.today());
        body["trade"] = json!("welding");
        let second_course = app.post("/courses", &body).by(&world.teacher).send().expect(201).id();
        let second = attends_from_the_other_centre(app, &world, first.person, second_course);
        let refused = app.aid(&world.other_worker, second, app.today()).expect_problem(409, "training_aid_used");
        says_nothing_of_the_other(&world, &refused);
        // The right is free again once the payment is void, and only then.
        let payment = format!("/deliveries/{}", paid["delivery_id"].as_str().expect("an id"));
        let void = json!({"reason": "mistake"});
        app.post(&format!("{payment}/void"), &void).by(&world.worker).version(1).send().expect(200);
        app.aid(&world.other_worker, second, app.today()).expect(201);
        let way = app.livelihood(&world.worker, first.case);
        assert_eq!(way["training"][0]["aid"], json!(null), "what was taken back is not shown");
    }

    fn of_two_grants_at_once_one_is_paid(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = attending(app, &world, "Hà Thị Chung", course);
        app.token(&world.worker);
        app.token(&world.manager);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let ask = |user| scope.spawn(move || app.aid(user, learner.enrolment, app.today()).status);
            let asked = [ask(&world.worker), ask(&world.manager), ask(&world.worker)];
            asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        let paid = app.number("select count(*) as n from deliveries where form = 'money' and voided_at is null");
        assert_eq!(paid, 1);
    }

    fn aid_is_refused_where_none_is_due(app: &TestApp) {
        let world = World::build(app);
        let offer = |field: &str, value: serde_json::Value| {
            let mut body = course_body(app.today());
            body[field] = value;
            app.post("/courses", &body).by(&world.teacher).send().expect(201).id()
        };
        let grant = |enrolment, other: bool, group: &str| {
            let body = json!({
                "aid_group": group, "paid_on": app.today(), "distance_km": 3, "difficult_area": false,
                "had_other_state_aid": other,
            });
            app.post(&format!("/enrolments/{enrolment}/aid"), &body).by(&world.worker).send()
        };
        let college = attending(app, &world, "Hà Thị Kim", offer("level", json!("college")));
        grant(college.enrolment, false, "disabled").expect_problem(409, "no_training_aid");
        let usual = attending(app, &world, "Hà Thị Quế", offer("places", json!(9)));
        grant(usual.enrolment, true, "disabled").expect_problem(409, "training_aid_used");
        let waiting = learner(app, &world, "Hà Thị Lan", offer("places", json!(8)));
        grant(waiting.enrolment, false, "disabled").expect_problem(409, "course_not_attended");
        let aid = grant(usual.enrolment, false, "disabled").expect(201).json();
        assert_eq!((&aid["fee_dong"], &aid["meals_dong"], &aid["travel_dong"]), (&json!(2_400_000), &json!(30_000), &json!(0)));
    }

    fn aid_is_granted_by_the_worker_of_the_case_or_the_manager_alone(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = attending(app, &world, "Hà Thị Thu", course);
        for (user, status) in [(&world.teacher, 403), (&world.second_worker, 404), (&world.other_manager, 404), (&world.banker, 404)] {
            let refused = app.aid(user, learner.enrolment, app.today());
            let expected = if user.username == "tindung" { 404 } else { status };
            assert_eq!(refused.status, expected, "{}", user.username);
        }
        app.aid(&world.manager, learner.enrolment, app.today()).expect(201);
        let (_, case, _) = accepted(app, &world, "Hà Thị Đông");
        assert_eq!(app.livelihood(&world.manager, case)["training"][0]["enrolment"], json!(null));
    }
}
