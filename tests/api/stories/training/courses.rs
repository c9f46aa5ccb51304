//! Courses: who offers them, who finds them, and what may still change.

use chrono::TimeDelta;
use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::training::{course_body, learner};
use crate::support::world::{COMMUNE, PROVINCE};
use crate::support::{TestApp, User, World, both_dbs};

fn found(app: &TestApp, user: &User, query: &str) -> Vec<Uuid> {
    let items = app.all_items(user, &format!("/courses{query}"), 1);
    items.iter().map(|item| item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
}

both_dbs! {
    fn a_centre_finds_the_courses_that_can_still_be_joined(app: &TestApp) {
        let world = World::build(app);
        let today = app.today();
        let mut body = course_body(today - TimeDelta::days(20));
        body["ends_on"] = json!(today);
        let ending = app.post("/courses", &body).by(&world.teacher).send().expect(201).id();
        let mut body = course_body(today + TimeDelta::days(30));
        body["trade"] = json!("baking");
        body["places"] = json!(1);
        let coming = app.post("/courses", &body).by(&world.teacher).send().expect(201).id();
        for user in [&world.worker, &world.manager, &world.counsellor, &world.other_worker] {
            assert_eq!(found(app, user, ""), [ending, coming], "those that end first stand first");
        }
        let worker = &world.worker;
        assert_eq!(found(app, worker, "?trade=baking"), [coming]);
        assert_eq!(found(app, worker, "?level=primary"), Vec::<Uuid>::new());
        for unit in [COMMUNE, PROVINCE, "VN"] {
            assert_eq!(found(app, worker, &format!("?unit_code={unit}")), [ending, coming], "{unit}");
        }
        assert_eq!(found(app, worker, "?unit_code=G34-P79"), Vec::<Uuid>::new(), "another province");
        let tomorrow = today + TimeDelta::days(1);
        assert_eq!(found(app, worker, &format!("?open_on={tomorrow}")), [coming]);
        learner(app, &world, "Bùi Thị Một", coming);
        assert_eq!(found(app, worker, "?has_places=true"), [ending], "the other is full");
        let view = app.get(&format!("/courses/{coming}")).by(worker).send().expect(200).json();
        assert_eq!((&view["places"], &view["places_left"]), (&json!(1), &json!(0)));
        app.pass_days(1);
        assert_eq!(found(app, worker, ""), [coming]);
        assert_eq!(found(app, worker, "?past=true"), [ending, coming]);
    }

    fn a_school_sees_and_changes_its_own_courses_only(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let other = app.organisation(OrganisationKind::VocationalSchool, "Trường nghề khác");
        let rival = app.account("truong.khac", Role::Partner, Some(other), None);
        let path = format!("/courses/{course}");
        app.get(&path).by(&rival).send().expect_problem(404, "not_found");
        assert!(found(app, &rival, "").is_empty());
        let change = json!({"places": 5});
        app.patch(&path, &change).by(&rival).version(1).send().expect_problem(404, "not_found");
        app.patch(&path, &change).by(&world.worker).version(1).send().expect_problem(403, "forbidden");
        app.patch(&path, &change).by(&world.teacher).version(2).send().expect_problem(412, "version_stale");
        app.patch(&path, &change).by(&world.teacher).version(1).send().expect(200);
        app.post("/courses", &course_body(app.today())).by(&world.banker).send().expect_problem(422, "invalid");
    }

    fn a_course_with_learners_keeps_its_days_and_is_not_withdrawn(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = learner(app, &world, "Bùi Thị Hai", course);
        let path = format!("/courses/{course}");
        let patch = |body: Value, version| app.patch(&path, &body).by(&world.teacher).version(version).send();
        let withdraw = |version| app.post(&format!("{path}/withdraw"), &json!({})).by(&world.teacher).version(version).send();
        patch(json!({"ends_on": app.today()}), 1).expect_problem(409, "course_has_learners");
        patch(json!({"fee_dong": 1}), 1).expect_problem(409, "course_has_learners");
        withdraw(1).expect_problem(409, "course_has_learners");
        let moved = patch(json!({"venue": "Cơ sở hai", "places": 1}), 1).expect(200).json();
        assert_eq!((&moved["venue"], &moved["places_left"]), (&json!("Cơ sở hai"), &json!(0)));
        app.end_enrolment(&world.teacher, learner.enrolment, "cancel", &json!({})).expect(200);
        patch(json!({"fee_dong": 1}), 2).expect(200);
        withdraw(3).expect(200);
        assert!(found(app, &world.worker, "").is_empty());
        let (_, _, referral) = crate::support::training::accepted(app, &world, "Bùi Thị Ba");
        app.enrol(&world.teacher, referral, course).expect_problem(409, "course_closed");
        patch(json!({"fee_dong": 2}), 4).expect_problem(409, "course_closed");
    }

    fn the_words_of_training_are_read_in_both_languages(app: &TestApp) {
        let world = World::build(app);
        for user in [&world.worker, &world.teacher] {
            let words = app.get("/training/catalogue").by(user).send().expect(200).json();
            assert_eq!(words["trades"]["sewing"], json!({"vi": "May công nghiệp", "en": "Industrial sewing"}));
            assert_eq!(words["stop_reasons"]["later"]["vi"], "Chưa muốn học lúc này");
        }
    }
}
