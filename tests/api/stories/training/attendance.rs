//! Days of study: recorded in one go, corrected with a trail, counted once.

use serde_json::{Value, json};

use crate::support::training::{attending, learner};
use crate::support::{TestApp, World, both_dbs};

fn support(app: &TestApp, world: &World, case: uuid::Uuid) -> Vec<(Value, bool)> {
    let items = app.all_items(&world.worker, &format!("/deliveries?case_id={case}"), 50);
    let mut rows: Vec<(Value, bool)> =
        items.iter().map(|item| (item["delivered_on"].clone(), item["voided_at"].is_null())).collect();
    rows.sort_by_key(|(day, live)| (day.to_string(), !live));
    rows
}

both_dbs! {
    fn a_day_is_recorded_in_one_go_and_shown_on_its_sheet(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let first = learner(app, &world, "Vàng Thị Dợ", course);
        let second = learner(app, &world, "Vàng Thị Mỷ", course);
        let path = format!("/courses/{course}/attendance/{}", app.today());
        let empty = app.get(&path).by(&world.teacher).send().expect(200);
        assert_eq!((empty.version(), empty.json()["rows"].as_array().map(Vec::len)), (0, Some(2)));
        let rows = json!({"rows": [
            {"enrolment_id": first.enrolment, "mark": "present"},
            {"enrolment_id": second.enrolment, "mark": "absent"},
        ]});
        let recorded = app.put(&path, &rows).by(&world.teacher).version(0).send().expect(200).json();
        assert_eq!((&recorded["recorded"], &recorded["corrected"]), (&json!(2), &json!(0)));
        app.put(&path, &rows).by(&world.teacher).version(0).send().expect_problem(412, "version_stale");
        let sheet = app.get(&path).by(&world.teacher).send().expect(200).json();
        let seen: Vec<_> = sheet["rows"].as_array().expect("rows").iter()
            .map(|row| (row["name"].as_str(), row["mark"].as_str(), row["status"].as_str())).collect();
        assert!(seen.contains(&(Some("Vàng Thị Dợ"), Some("present"), Some("attending"))), "{seen:?}");
        assert!(seen.contains(&(Some("Vàng Thị Mỷ"), Some("absent"), Some("enrolled"))), "{seen:?}");
    }

    fn the_first_day_of_study_records_the_support_once_and_a_correction_moves_it(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = learner(app, &world, "Vàng Thị Xuân", course);
        let day = |n: i64| app.today() - chrono::TimeDelta::days(n);
        app.pass_days(2);
        let mark = |on, mark| app.mark(&world.teacher, course, on, &[(learner.enrolment, mark)]).expect(200);
        mark(day(1), "present");
        mark(day(0), "present");
        assert_eq!(support(app, &world, learner.case), [(json!(day(1)), true)], "once, not for each day");
        mark(day(1), "absent");
        assert_eq!(support(app, &world, learner.case), [(json!(day(1)), false), (json!(day(0)), true)]);
        mark(day(0), "excused");
        assert!(support(app, &world, learner.case).iter().all(|(_, live)| !live), "no day of study, no support");
        mark(day(2), "present");
        let live: Vec<_> = support(app, &world, learner.case).into_iter().filter(|(_, live)| *live).collect();
        assert_eq!(live, [(json!(day(2)), true)]);
        let days = app.enrolment(&world.worker, learner.enrolment)["attendance"].clone();
        assert_eq!((&days["present"], &days["excused"], &days["absent"]), (&json!(1), &json!(1), &json!(1)));
    }

    fn support_that_the_school_wrote_by_hand_on_that_day_is_not_recorded_again(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = learner(app, &world, "Vàng Thị Sua", course);
        app.deliver(&world.teacher, learner.referral, "vocational_training", app.today());
        app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "present")]).expect(200);
        assert_eq!(support(app, &world, learner.case), [(json!(app.today()), true)]);
    }

    fn a_day_of_study_counts_in_the_figure_without_being_typed_again(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = learner(app, &world, "Vàng Thị Máo", course);
        let served = || app.figure(&world.manager, "vn-808-2021-2025", "808-10", 2025)["numerator"].clone();
        assert_eq!(served(), 0);
        app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "absent")]).expect(200);
        assert_eq!(served(), 0);
        app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "present")]).expect(200);
        assert_eq!(served(), 1);
    }

    fn a_correction_leaves_an_entry_in_the_trail_of_the_learner(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = attending(app, &world, "Vàng Thị Ly", course);
        let entries = || app.number("select count(*) as n from audit_entries where subject_kind = 'enrolment' and action = 'attendance'");
        assert_eq!(entries(), 0);
        for again in ["excused", "excused"] {
            app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, again)]).expect(200);
        }
        assert_eq!(entries(), 1, "what stays the same is no correction");
        let days = app.all_items(&world.worker, &format!("/enrolments/{}/attendance", learner.enrolment), 1);
        assert_eq!((days.len(), &days[0]["mark"]), (1, &json!("excused")));
    }

    fn attendance_of_an_ended_enrolment_stays_as_it_is(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.today());
        let learner = attending(app, &world, "Vàng Thị Pà", course);
        let body = json!({"stopped_on": app.today(), "reason": "family"});
        app.end_enrolment(&world.teacher, learner.enrolment, "stop", &body).expect(200);
        app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "absent")]).expect_problem(422, "invalid");
    }
}
