//! The whole chain, and the list of check-ups that are due.

use chrono::{Months, TimeDelta};
use serde_json::json;

use crate::support::training::{attending, graduate, learner};
use crate::support::{Options, TestApp, World, both_dbs};

/// Somebody learns, is paid aid, finds work and is asked; rows of every table but the view log.
fn walk(app: &TestApp) -> std::collections::BTreeMap<&'static str, i64> {
    let world = World::build(app);
    let course = app.course(&world.teacher, app.days_ago(1));
    let learner = graduate(app, &world, "Đinh Thị Thanh", course);
    app.aid(&world.worker, learner.enrolment, app.today()).expect(201);
    let job = format!("/enrolments/{}/job", learner.enrolment);
    let work = json!({"kind": "employed", "in_trade": true, "started_on": app.today()});
    app.put(&job, &work).by(&world.worker).version(0).send().expect(200);
    app.pass_days(93);
    let found = json!({"checked_on": app.today(), "finding": "in_work"});
    app.put(&format!("{job}/check-ups/3"), &found).by(&world.worker).version(0).send().expect(200);
    let mut rows = app.row_counts();
    rows.remove("view_log");
    rows
}

both_dbs! {
    fn the_way_of_a_case_leads_from_referral_to_a_job_that_lasts(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = learner(app, &world, "Đinh Thị Lụa", course);
        app.clock.advance(TimeDelta::minutes(1));
        for _ in 0..3 {
            app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "present")]).expect(200);
            app.pass_days(1);
        }
        app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "excused")]).expect(200);
        let body = json!({
            "completed_on": app.today(), "outcome": "achieved",
            "certificate": {"number": "SC-0917/2025", "issued_on": app.today()},
        });
        app.end_enrolment(&world.teacher, learner.enrolment, "complete", &body).expect(200);
        let aid = app.aid(&world.worker, learner.enrolment, app.today()).expect(201).json();
        assert_eq!((&aid["study_days"], &aid["fee_dong"]), (&json!(3), &json!(2_400_000)));
        assert_eq!((&aid["meals_dong"], &aid["travel_dong"]), (&json!(90_000), &json!(200_000)));
        assert_eq!(aid["total_dong"], 2_690_000);
        let start = app.today();
        let job = format!("/enrolments/{}/job", learner.enrolment);
        let work = json!({"kind": "employed", "in_trade": true, "started_on": start});
        app.put(&job, &work).by(&world.worker).version(0).send().expect(200);
        app.pass_days(93);
        let found = json!({"checked_on": app.today(), "finding": "in_work"});
        app.put(&format!("{job}/check-ups/3"), &found).by(&world.worker).version(0).send().expect(200);

        let way = app.livelihood(&world.worker, learner.case);
        let chain = &way["training"][0];
        assert_eq!(way["training"].as_array().map(Vec::len), Some(1));
        assert_eq!(chain["referral"]["status"], "completed");
        assert_eq!(chain["course"]["trade"], "sewing");
        assert_eq!(chain["enrolment"]["status"], "completed");
        let days = &chain["enrolment"]["attendance"];
        assert_eq!((&days["present"], &days["excused"], &days["absent"]), (&json!(3), &json!(1), &json!(0)));
        assert_eq!(chain["enrolment"]["certificate"]["number"], "SC-0917/2025");
        let steps: Vec<&str> = chain["enrolment"]["steps"].as_array().expect("steps").iter()
            .filter_map(|step| step["to_status"].as_str()).collect();
        assert_eq!(steps, ["enrolled", "attending", "completed"]);
        assert_eq!(chain["aid"]["total_dong"], 2_690_000);
        assert_eq!(chain["job"]["kind"], "employed");
        let checks = chain["job"]["check_ups"].as_array().expect("check-ups");
        let seen: Vec<_> = checks.iter().map(|check| (check["months"].as_i64(), check["finding"].as_str())).collect();
        assert_eq!(seen, [(Some(3), Some("in_work")), (Some(6), None), (Some(12), None)]);
        let money = app.all_items(&world.worker, &format!("/deliveries?case_id={}", learner.case), 50);
        let paid: Vec<_> = money.iter().map(|row| (row["form"].clone(), row["amount_dong"].clone())).collect();
        assert_eq!(paid, [(json!("in_kind"), json!(null)), (json!("money"), json!(2_690_000))], "nothing was typed twice");
    }

    fn writes_that_run_twice_leave_what_writes_that_run_once_leave(app: &TestApp) {
        let stormy = TestApp::start(app.engine, Options { abort_first_attempt: true, ..Options::default() }).expect("as the first one");
        assert_eq!(walk(app), walk(&stormy));
    }

    fn check_ups_are_due_on_their_day_one_after_the_other_for_the_worker_of_the_case(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let first = graduate(app, &world, "Đinh Thị Mơ", course);
        let second = graduate(app, &world, "Đinh Thị Mận", course);
        let start = app.today();
        for (learner, kind) in [(&first, "self_employed"), (&second, "none_yet")] {
            let work = if kind == "none_yet" { json!({"kind": kind}) } else {
                json!({"kind": kind, "in_trade": false, "started_on": start})
            };
            let job = format!("/enrolments/{}/job", learner.enrolment);
            app.put(&job, &work).by(&world.worker).version(0).send().expect(200);
        }
        let due = |user| app.all_items(user, "/job-check-ups", 1);
        let in_three_months = start + Months::new(3);
        app.pass_days((in_three_months - start).num_days() - 1);
        assert!(due(&world.worker).is_empty(), "not before its day");
        app.pass_days(1);
        for user in [&world.worker, &world.manager] {
            let items = due(user);
            assert_eq!(items.len(), 1, "who has no work is not asked");
            assert_eq!(items[0]["enrolment_id"], json!(first.enrolment));
            assert_eq!((&items[0]["months"], &items[0]["due_on"]), (&json!(3), &json!(in_three_months)));
        }
        for other in [&world.second_worker, &world.other_worker, &world.other_manager] {
            assert!(due(other).is_empty(), "{}", other.username);
        }
        let own = format!("/job-check-ups?assigned_to={}&organisation_id={}", world.worker.id, world.centre);
        assert_eq!(app.all_items(&world.manager, &own, 50).len(), 1);
        let check = format!("/enrolments/{}/job/check-ups/3", first.enrolment);
        let found = |finding| json!({"checked_on": app.today(), "finding": finding});
        app.put(&check, &found("out_of_contact")).by(&world.worker).version(0).send().expect(200);
        assert!(due(&world.worker).is_empty());
        app.put(&check, &found("in_work")).by(&world.worker).version(0).send().expect_problem(412, "version_stale");
        app.put(&check, &found("in_work")).by(&world.worker).version(1).send().expect(200);
        app.pass_days(92);
        assert_eq!(due(&world.worker)[0]["months"], 6);
    }

    fn a_job_can_be_corrected_but_no_check_up_comes_to_lie_before_its_day(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = graduate(app, &world, "Đinh Thị Lý", course);
        let job = format!("/enrolments/{}/job", learner.enrolment);
        let put = |body: serde_json::Value, version| app.put(&job, &body).by(&world.worker).version(version).send();
        put(json!({"kind": "unknown"}), 0).expect(200);
        let check = format!("{job}/check-ups/3");
        let found = json!({"checked_on": app.today(), "finding": "in_work"});
        app.put(&check, &found).by(&world.worker).version(0).send().expect_problem(409, "no_work_recorded");
        let start = app.today();
        put(json!({"kind": "cooperative", "in_trade": true, "started_on": start}), 1).expect(200);
        app.pass_days(100);
        let found = json!({"checked_on": app.today(), "finding": "in_work"});
        app.put(&check, &found).by(&world.worker).version(0).send().expect(200);
        put(json!({"kind": "employed", "in_trade": true, "started_on": app.today()}), 2).expect_problem(422, "invalid");
        put(json!({"kind": "none_yet"}), 2).expect_problem(422, "invalid");
        put(json!({"kind": "employed", "in_trade": false, "started_on": start}), 2).expect(200);
    }

    fn no_work_is_recorded_before_the_course_is_completed(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(1));
        let learner = attending(app, &world, "Đinh Thị Na", course);
        let work = json!({"kind": "employed", "in_trade": true, "started_on": app.today()});
        let job = format!("/enrolments/{}/job", learner.enrolment);
        app.put(&job, &work).by(&world.worker).version(0).send().expect_problem(409, "course_not_completed");
    }
}
