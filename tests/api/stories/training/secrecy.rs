//! What a school reads of its learners, in every byte, and who reads nothing.

use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::json;

use crate::support::training::{attending, graduate};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_school_reads_no_case_no_person_no_category_no_aid_and_no_job(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = attending(app, &world, "Sùng Thị Chia", course);
        app.aid(&world.worker, learner.enrolment, app.today()).expect(201);
        let teacher = &world.teacher;
        let mut bytes = String::new();
        let mut read = |path: String| {
            let reply = app.get(&path).by(teacher).send();
            bytes += &format!("{:?}", reply.headers);
            bytes += &reply.text();
        };
        for path in [
            format!("/enrolments/{}", learner.enrolment), format!("/enrolments/{}/attendance", learner.enrolment),
            format!("/courses/{course}"), format!("/courses/{course}/enrolments"), "/courses".into(),
            format!("/courses/{course}/attendance/{}", app.today()), format!("/cases/{}/livelihood", learner.case),
            "/job-check-ups".into(), format!("/deliveries?referral_id={}", learner.referral),
        ] {
            read(path);
        }
        assert!(bytes.contains("Sùng Thị Chia"), "while the course runs the school knows whom it teaches");
        for word in [
            "case_id", "person_id", &learner.case.to_string(), &learner.person.to_string(), "person_selling_sex",
            "categor", "near_poor", "total_dong", "money", "in_trade", "001196012345", "Số 5 ngõ 7",
        ] {
            assert!(!bytes.contains(word), "a school reads {word}");
        }
    }

    fn once_the_course_is_over_the_school_keeps_the_place_without_the_name(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = graduate(app, &world, "Sùng Thị Say", course);
        let roster = app.all_items(&world.teacher, &format!("/courses/{course}/enrolments"), 1);
        assert_eq!((roster.len(), &roster[0]["name"]), (1, &json!(null)));
        assert_eq!((&roster[0]["status"], &roster[0]["attendance"]["present"]), (&json!("completed"), &json!(1)));
        assert_eq!(app.enrolment(&world.teacher, learner.enrolment)["name"], json!(null));
    }

    fn another_school_and_another_centre_find_nothing(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = attending(app, &world, "Sùng Thị Máy", course);
        let other = app.organisation(OrganisationKind::VocationalSchool, "Trường nghề khác");
        let rival = app.account("truong.khac", Role::Partner, Some(other), None);
        let own = app.course(&rival, app.days_ago(1));
        for (user, path) in [
            (&rival, format!("/enrolments/{}", learner.enrolment)),
            (&rival, format!("/enrolments/{}/attendance", learner.enrolment)),
            (&rival, format!("/courses/{course}/enrolments")),
            (&rival, format!("/courses/{course}/attendance/{}", app.today())),
            (&world.other_worker, format!("/enrolments/{}", learner.enrolment)),
            (&world.other_manager, format!("/cases/{}/livelihood", learner.case)),
            (&world.second_worker, format!("/enrolments/{}", learner.enrolment)),
        ] {
            let refused = app.get(&path).by(user).send().expect_problem(404, "not_found");
            let nowhere = path.replace(&course.to_string(), &other.to_string())
                .replace(&learner.enrolment.to_string(), &other.to_string()).replace(&learner.case.to_string(), &other.to_string());
            assert_eq!(refused.refusal(), app.get(&nowhere).by(user).send().refusal(), "hidden differs from missing");
        }
        let rows = json!({"rows": [{"enrolment_id": learner.enrolment, "mark": "absent"}]});
        let day = format!("/courses/{own}/attendance/{}", app.today());
        app.put(&day, &rows).by(&rival).version(0).send().expect_problem(422, "invalid");
        let body = json!({"stopped_on": app.today(), "reason": "other"});
        let stop = format!("/enrolments/{}/stop", learner.enrolment);
        app.post(&stop, &body).by(&rival).version(2).send().expect_problem(404, "not_found");
        app.enrol(&rival, learner.referral, own).expect_problem(404, "not_found");
    }

    fn every_view_of_a_learner_is_logged(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = attending(app, &world, "Sùng Thị Ca", course);
        let seen = || app.number("select count(*) as n from view_log where subject_kind in ('enrolment', 'case')");
        for (user, path) in [
            (&world.teacher, format!("/enrolments/{}", learner.enrolment)),
            (&world.worker, format!("/enrolments/{}", learner.enrolment)),
            (&world.teacher, format!("/courses/{course}/enrolments")),
            (&world.teacher, format!("/courses/{course}/attendance/{}", app.today())),
            (&world.worker, format!("/enrolments/{}/attendance", learner.enrolment)),
            (&world.worker, format!("/cases/{}/livelihood", learner.case)),
        ] {
            let before = seen();
            app.get(&path).by(user).send().expect(200);
            assert_eq!(seen(), before + 1, "{path}");
        }
    }
}
