//! An enrolment ends with its referral, and a referral with its enrolment.

use serde_json::json;
use uuid::Uuid;

use crate::support::training::{Learner, attending, graduate, learner};
use crate::support::{TestApp, World, both_dbs};

fn status(app: &TestApp, world: &World, learner: &Learner) -> (String, String) {
    let enrolment = app.enrolment(&world.worker, learner.enrolment)["status"].as_str().unwrap_or_default().to_owned();
    let referral = app.get(&format!("/referrals/{}", learner.referral)).by(&world.worker).send().expect(200);
    (enrolment, referral.text_at("/status"))
}

fn consent_of(app: &TestApp, world: &World, person: Uuid) -> Uuid {
    let consents = app.get(&format!("/persons/{person}/consents")).by(&world.worker).send().expect(200).json();
    consents["items"][0]["id"].as_str().and_then(|id| id.parse().ok()).expect("a consent")
}

/// No route gives the learner to the school any more.
fn is_gone_for_the_school(app: &TestApp, world: &World, course: Uuid, learner: &Learner, name: &str) {
    let teacher = &world.teacher;
    let path = format!("/enrolments/{}", learner.enrolment);
    app.get(&path).by(teacher).send().expect_problem(404, "not_found");
    app.get(&format!("{path}/attendance")).by(teacher).send().expect_problem(404, "not_found");
    let mut bytes = String::new();
    for read in [format!("/courses/{course}/enrolments"), format!("/courses/{course}/attendance/{}", app.today())] {
        bytes += &app.get(&read).by(teacher).send().expect(200).text();
    }
    assert!(!bytes.contains(name) && !bytes.contains(&learner.enrolment.to_string()), "{bytes}");
    let rows = json!({"rows": [{"enrolment_id": learner.enrolment, "mark": "present"}]});
    let day = format!("/courses/{course}/attendance/{}", app.today());
    let version = app.get(&day).by(teacher).send().expect(200).version();
    app.put(&day, &rows).by(teacher).version(version).send().expect_problem(422, "invalid");
}

both_dbs! {
    fn a_withdrawn_consent_ends_the_enrolment_and_the_school_no_longer_gets_the_person(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let begun = attending(app, &world, "Triệu Thị Yến", course);
        let waiting = learner(app, &world, "Triệu Thị Oanh", course);
        for (learner, name, expected) in [(&begun, "Triệu Thị Yến", "stopped"), (&waiting, "Triệu Thị Oanh", "cancelled")] {
            let consent = consent_of(app, &world, learner.person);
            let path = format!("/persons/{}/consents/{consent}/withdraw", learner.person);
            app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
            assert_eq!(status(app, &world, learner), (expected.to_owned(), "cancelled".to_owned()));
            is_gone_for_the_school(app, &world, course, learner, name);
        }
        let reason = app.enrolment(&world.worker, begun.enrolment)["stop_reason"].clone();
        assert_eq!(reason, "support_ended");
    }

    fn an_expired_consent_hides_the_name_at_once_and_ends_the_enrolment(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = attending(app, &world, "Triệu Thị Hường", course);
        let last = app.today();
        app.sql(&format!("update consents set expires_on = '{last}' where person_id = {}", app.sql_id(learner.person)));
        assert_eq!(app.enrolment(&world.teacher, learner.enrolment)["name"], "Triệu Thị Hường");
        app.pass_days(1);
        assert_eq!(app.enrolment(&world.teacher, learner.enrolment)["name"], json!(null), "before anybody swept");
        app.keep_house();
        assert_eq!(status(app, &world, &learner), ("stopped".to_owned(), "cancelled".to_owned()));
        is_gone_for_the_school(app, &world, course, &learner, "Triệu Thị Hường");
    }

    fn a_closed_case_and_a_referral_taken_back_end_the_enrolment(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let closed = attending(app, &world, "Triệu Thị Bình", course);
        app.move_case(&world.worker, closed.case, "closed", app.today()).expect(200);
        assert_eq!(status(app, &world, &closed), ("stopped".to_owned(), "cancelled".to_owned()));
        let taken_back = attending(app, &world, "Triệu Thị An", course);
        app.step(&world.worker, taken_back.referral, "cancel").expect(200);
        assert_eq!(status(app, &world, &taken_back), ("stopped".to_owned(), "cancelled".to_owned()));
        is_gone_for_the_school(app, &world, course, &taken_back, "Triệu Thị An");
    }

    fn a_referral_that_the_school_ends_by_itself_takes_the_enrolment_along(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let stopped = attending(app, &world, "Triệu Thị Sáu", course);
        app.step(&world.teacher, stopped.referral, "stop").expect(200);
        assert_eq!(status(app, &world, &stopped), ("stopped".to_owned(), "stopped".to_owned()));
        let completed = attending(app, &world, "Triệu Thị Bảy", course);
        app.step(&world.teacher, completed.referral, "complete").expect(200);
        assert_eq!(status(app, &world, &completed), ("completed".to_owned(), "completed".to_owned()));
    }

    fn completing_and_stopping_lead_the_referral_to_its_end(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let done = graduate(app, &world, "Triệu Thị Tám", course);
        assert_eq!(status(app, &world, &done), ("completed".to_owned(), "completed".to_owned()));
        let referral = app.get(&format!("/referrals/{}", done.referral)).by(&world.worker).send().expect(200).json();
        assert_eq!(referral["outcome"], "achieved");
        let left = attending(app, &world, "Triệu Thị Chín", course);
        let body = json!({"stopped_on": app.today(), "reason": "later"});
        app.end_enrolment(&world.teacher, left.enrolment, "stop", &body).expect(200);
        assert_eq!(status(app, &world, &left), ("stopped".to_owned(), "stopped".to_owned()));
        assert_eq!(app.enrolment(&world.worker, left.enrolment)["stop_reason"], "later");
        let waiting = learner(app, &world, "Triệu Thị Mười", course);
        for (how, body) in [("stop", body), ("complete", json!({"completed_on": app.today(), "outcome": "achieved"}))] {
            app.end_enrolment(&world.teacher, waiting.enrolment, how, &body).expect_problem(409, "illegal_transition");
        }
    }

    fn a_certificate_may_follow_later_and_be_corrected(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let done = graduate(app, &world, "Triệu Thị Ngọc", course);
        app.pass_days(20);
        let path = format!("/enrolments/{}/certificate", done.enrolment);
        let put = |number: &str, version| {
            let body = json!({"number": number, "issued_on": app.today()});
            app.put(&path, &body).by(&world.teacher).version(version).send()
        };
        put("CC-11", 2).expect_problem(412, "version_stale");
        let shown = put("CC-11", 3).expect(200).text();
        assert!(!shown.contains("CC-11"), "the school reads the day only: {shown}");
        put("CC-12", 4).expect(200);
        assert_eq!(app.enrolment(&world.worker, done.enrolment)["certificate"]["number"], "CC-12");
        let plain = app.number("select count(*) as n from enrolments where sealed_certificate_number is not null");
        assert_eq!(plain, 1);
    }
}
