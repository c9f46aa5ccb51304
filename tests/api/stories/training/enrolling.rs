//! One place a person, and no more learners than places.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use crate::support::training::{accepted, accepted_again, course_body, learner};
use crate::support::{TestApp, World, both_dbs};

fn referral_status(app: &TestApp, world: &World, referral: Uuid) -> String {
    app.get(&format!("/referrals/{referral}")).by(&world.worker).send().expect(200).text_at("/status")
}

both_dbs! {
    fn enrolling_puts_the_referral_into_service_when_the_course_has_begun_else_the_first_day_does(app: &TestApp) {
        let world = World::build(app);
        let running = app.course(&world.teacher, app.days_ago(3));
        let coming = app.course(&world.teacher, app.today() + TimeDelta::days(2));
        let now = learner(app, &world, "Lò Thị Mai", running);
        let later = learner(app, &world, "Lò Thị Đào", coming);
        assert_eq!(referral_status(app, &world, now.referral), "in_service");
        assert_eq!(referral_status(app, &world, later.referral), "accepted");
        app.pass_days(2);
        app.mark(&world.teacher, coming, app.today(), &[(later.enrolment, "absent")]).expect(200);
        assert_eq!(referral_status(app, &world, later.referral), "accepted", "who did not come was not served");
        app.pass_days(1);
        app.mark(&world.teacher, coming, app.today(), &[(later.enrolment, "present")]).expect(200);
        assert_eq!(referral_status(app, &world, later.referral), "in_service");
        assert_eq!(app.enrolment(&world.worker, later.enrolment)["status"], "attending");
    }

    fn nobody_is_enrolled_twice_in_a_course_nor_in_two_on_the_same_days(app: &TestApp) {
        let world = World::build(app);
        let first = app.course(&world.teacher, app.today());
        let overlapping = app.course(&world.teacher, app.today() + TimeDelta::days(60));
        let after = app.course(&world.teacher, app.today() + TimeDelta::days(61));
        let learner = learner(app, &world, "Lò Thị Hoa", first);
        app.enrol(&world.teacher, learner.referral, after).expect_problem(409, "already_enrolled");
        let again = accepted_again(app, &world, learner.person, learner.case);
        for course in [first, overlapping] {
            app.enrol(&world.teacher, again, course).expect_problem(409, "already_enrolled");
        }
        app.enrol(&world.teacher, again, after).expect(201);
    }

    fn a_place_given_back_is_free_and_the_referral_may_go_to_another_course(app: &TestApp) {
        let world = World::build(app);
        let mut body = course_body(app.today());
        body["places"] = json!(1);
        let course = app.post("/courses", &body).by(&world.teacher).send().expect(201).id();
        let other = app.course(&world.teacher, app.today());
        let first = learner(app, &world, "Lò Thị Ban", course);
        let (_, _, waiting) = accepted(app, &world, "Lò Thị Bưởi");
        app.enrol(&world.teacher, waiting, course).expect_problem(409, "course_full");
        app.end_enrolment(&world.teacher, first.enrolment, "cancel", &json!({})).expect(200);
        app.enrol(&world.teacher, waiting, course).expect(201);
        app.enrol(&world.teacher, first.referral, other).expect(201);
        app.end_enrolment(&world.teacher, first.enrolment, "cancel", &json!({})).expect_problem(409, "illegal_transition");
    }

    fn of_two_who_want_the_last_place_at_once_exactly_one_gets_it(app: &TestApp) {
        let world = World::build(app);
        for round in 0..4 {
            let mut body = course_body(app.today());
            body["places"] = json!(2);
            let course = app.post("/courses", &body).by(&world.teacher).send().expect(201).id();
            learner(app, &world, &format!("Lường Thị {round}"), course);
            let rivals: Vec<Uuid> = (0..4).map(|n| accepted(app, &world, &format!("Lường Văn {round}{n}")).2).collect();
            app.token(&world.teacher);
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let ask = |referral: &Uuid| {
                    let (referral, teacher) = (*referral, &world.teacher);
                    scope.spawn(move || app.enrol(teacher, referral, course).status)
                };
                let asked: Vec<_> = rivals.iter().map(ask).collect();
                asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
            });
            let got = statuses.iter().filter(|status| **status == 201).count();
            let refused = statuses.iter().filter(|status| **status == 409).count();
            assert_eq!((got, refused), (1, 3), "{statuses:?}");
            let view = app.get(&format!("/courses/{course}")).by(&world.worker).send().expect(200).json();
            assert_eq!(view["places_left"], 0);
        }
    }

    fn only_an_accepted_referral_to_training_addressed_to_the_school_of_the_course_is_enrolled(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let person = app.person(&world.worker, "Lò Thị Sen");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(3));
        app.consent(&world.worker, person, world.school, app.days_ago(2));
        app.assess(&world.worker, case, &["vocational_training", "general_education"], app.days_ago(1));
        let sent = app.referral(&world.worker, case, "vocational_training", world.school);
        app.enrol(&world.teacher, sent, course).expect_problem(409, "referral_not_begun");
        app.enrol(&world.worker, sent, course).expect_problem(403, "forbidden");
        app.enrol(&world.banker, sent, course).expect_problem(404, "not_found");
        let schooling = app.referral(&world.worker, case, "general_education", world.school);
        app.step(&world.teacher, schooling, "accept").expect(200);
        app.enrol(&world.teacher, schooling, course).expect_problem(422, "invalid");
        app.step(&world.teacher, sent, "accept").expect(200);
        app.enrol(&world.teacher, sent, app.state().random.uuid()).expect_problem(422, "invalid");
        let key = app.new_key();
        let body = json!({"referral_id": sent, "course_id": course});
        let first = app.post("/enrolments", &body).by(&world.teacher).key(&key).send().expect(201);
        let second = app.post("/enrolments", &body).by(&world.teacher).key(&key).send().expect(201);
        assert_eq!(first.id(), second.id(), "a repeated request enrols once");
    }
}
