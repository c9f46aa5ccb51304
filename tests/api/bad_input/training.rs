//! Courses, enrolments, attendance, aid and work that cannot be.

use chrono::TimeDelta;
use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};

use super::{Bad, CANARY, refuse_all};
use crate::support::training::{accepted, attending, course_body, graduate, learner};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_course_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let today = app.today();
        let day = |days: i64| today + TimeDelta::days(days);
        let offer = |field: &str, value: Value| {
            let mut body = course_body(today);
            body[field] = value;
            app.post("/courses", &body).by(&world.teacher)
        };
        let mut over = course_body(day(-90));
        over["ends_on"] = json!(day(-1));
        let over = app.post("/courses", &over).by(&world.teacher);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        refuse_all(app, vec![
            invalid("an unknown trade", offer("trade", json!(CANARY))).names("trade", "format"),
            malformed("an unknown level", offer("level", json!(CANARY))).names("level", "format"),
            invalid("an end before the start", offer("ends_on", json!(day(-1)))).names("ends_on", "not_before"),
            invalid("a course that is over", over).names("ends_on", "not_before"),
            invalid("longer than its level", offer("ends_on", json!(day(92)))).names("ends_on", "conflicts_with"),
            malformed("a day that is none", offer("starts_on", json!("2025-02-30"))).names("starts_on", "format"),
            invalid("no venue", offer("venue", json!(""))).names("venue", "length"),
            invalid("a venue with a NUL", offer("venue", json!(format!("{CANARY}\u{0}")))).names("venue", "control_character"),
            invalid("a venue of 10,000 characters", offer("venue", json!("x".repeat(10_000)))).names("venue", "length"),
            invalid("no place", offer("places", json!(0))).names("places", "range"),
            invalid("201 places", offer("places", json!(201))).names("places", "range"),
            invalid("a negative fee", offer("fee_dong", json!(-1))).names("fee_dong", "range"),
            malformed("half a đồng", offer("fee_dong", json!(0.5))).names("fee_dong", "format"),
            invalid("an old unit", offer("unit_code", json!("G63-C00001"))).names("unit_code", "unit_not_valid_on_date"),
            invalid("a province", offer("unit_code", json!("G34-P01"))).names("unit_code", "format"),
            malformed("an unknown field", offer("teacher", json!(CANARY))).names("teacher", "unknown_field"),
            invalid("a list in a unit of nowhere", app.get("/courses?unit_code=G99-X00000").by(&world.worker)).names("unit_code", "no_such_reference"),
        ]);
        app.post("/courses", &{ let mut body = course_body(today); body["ends_on"] = json!(day(91)); body }).by(&world.teacher).send().expect(201);
    }

    fn an_enrolment_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(5));
        let other = app.organisation(OrganisationKind::VocationalSchool, "Trường nghề khác");
        let rival = app.account("truong.khac", Role::Partner, Some(other), None);
        let theirs = app.course(&rival, app.days_ago(5));
        let (_, _, referral) = accepted(app, &world, CANARY);
        let enrol = |body: Value| app.post("/enrolments", &body).by(&world.teacher);
        let on = |day| enrol(json!({"referral_id": referral, "course_id": course, "enrolled_on": day}));
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("tomorrow", on(app.days_ago(-1))).names("enrolled_on", "not_in_future"),
            invalid("before the answer", on(app.days_ago(1))).names("enrolled_on", "not_before"),
            invalid("a course of another school", enrol(json!({"referral_id": referral, "course_id": theirs}))).names("course_id", "no_such_reference"),
            invalid("a course of nowhere", enrol(json!({"referral_id": referral, "course_id": app.state().random.uuid()}))).names("course_id", "no_such_reference"),
            Bad::new("a referral of nowhere", enrol(json!({"referral_id": app.state().random.uuid(), "course_id": course})), 404, "not_found"),
            Bad::new("no course", enrol(json!({"referral_id": referral})), 400, "malformed").names("course_id", "required"),
        ]);
    }

    fn a_day_that_cannot_be_is_refused_row_by_row(app: &TestApp) {
        let world = World::build(app);
        let teacher = &world.teacher;
        let course = app.course(teacher, app.days_ago(5));
        let other = app.course(teacher, app.days_ago(5));
        let here = learner(app, &world, CANARY, course);
        let elsewhere = learner(app, &world, CANARY, other);
        let put = |day: chrono::NaiveDate, rows: Value| {
            app.put(&format!("/courses/{course}/attendance/{day}"), &json!({"rows": rows})).by(teacher).version(0)
        };
        let row = |id: uuid::Uuid| json!({"enrolment_id": id, "mark": "present"});
        let today = app.today();
        let many: Vec<Value> = (0..201).map(|_| row(here.enrolment)).collect();
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("tomorrow", put(app.days_ago(-1), json!([row(here.enrolment)]))).names("day", "not_in_future"),
            invalid("before the course", put(app.days_ago(6), json!([row(here.enrolment)]))).names("day", "not_before"),
            invalid("before the enrolment", put(app.days_ago(1), json!([row(here.enrolment)]))).names("rows[0].enrolment_id", "not_before"),
            invalid("a learner of another course", put(today, json!([row(here.enrolment), row(elsewhere.enrolment)]))).names("rows[1].enrolment_id", "no_such_reference"),
            invalid("a learner of nowhere", put(today, json!([row(app.state().random.uuid())]))).names("rows[0].enrolment_id", "no_such_reference"),
            invalid("a learner twice", put(today, json!([row(here.enrolment), row(here.enrolment)]))).names("rows[1].enrolment_id", "conflicts_with"),
            invalid("nobody", put(today, json!([]))).names("rows", "length"),
            invalid("201 rows", put(today, json!(many))).names("rows", "length"),
            Bad::new("an unknown mark", put(today, json!([{"enrolment_id": here.enrolment, "mark": CANARY}])), 400, "malformed").names("rows[0].mark", "format"),
            Bad::new("a day that is none", app.put(&format!("/courses/{course}/attendance/2025-02-30"), &json!({"rows": [row(here.enrolment)]})).by(teacher).version(0), 404, "not_found"),
        ]);
        app.pass_days(70);
        let after = put(app.today(), json!([row(here.enrolment)]));
        refuse_all(app, vec![invalid("after the course", after).names("day", "not_after")]);
    }

    fn an_end_aid_or_work_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(5));
        let begun = attending(app, &world, CANARY, course);
        let done = graduate(app, &world, CANARY, course);
        let (today, tomorrow, yesterday) = (app.today(), app.days_ago(-1), app.days_ago(1));
        let end = |how: &str, body: Value| {
            app.post(&format!("/enrolments/{}/{how}", begun.enrolment), &body).by(&world.teacher).version(2)
        };
        let complete = |day, issued| {
            let certificate = json!({"number": CANARY, "issued_on": issued});
            end("complete", json!({"completed_on": day, "outcome": "achieved", "certificate": certificate}))
        };
        let aid = |field: &str, value: Value| {
            let mut body = json!({
                "aid_group": "poor", "paid_on": today, "distance_km": 3, "difficult_area": false, "had_other_state_aid": false,
            });
            body[field] = value;
            app.post(&format!("/enrolments/{}/aid", begun.enrolment), &body).by(&world.worker)
        };
        let job = |body: Value| app.put(&format!("/enrolments/{}/job", done.enrolment), &body).by(&world.worker).version(0);
        let work = |day| job(json!({"kind": "employed", "in_trade": true, "started_on": day}));
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("completed tomorrow", complete(tomorrow, tomorrow)).names("completed_on", "not_in_future"),
            invalid("completed before the last day", complete(yesterday, today)).names("completed_on", "not_before"),
            invalid("a certificate from before", complete(today, yesterday)).names("certificate.issued_on", "not_before"),
            invalid("stopped tomorrow", end("stop", json!({"stopped_on": tomorrow, "reason": "other"}))).names("stopped_on", "not_in_future"),
            Bad::new("an unknown reason", end("stop", json!({"stopped_on": today, "reason": CANARY})), 400, "malformed").names("reason", "format"),
            Bad::new("given back after the first day", end("cancel", json!({})), 409, "illegal_transition"),
            invalid("paid tomorrow", aid("paid_on", json!(tomorrow))).names("paid_on", "not_in_future"),
            invalid("paid before", aid("paid_on", json!(yesterday))).names("paid_on", "not_before"),
            invalid("from the moon", aid("distance_km", json!(384_400))).names("distance_km", "range"),
            Bad::new("an unknown group", aid("aid_group", json!(CANARY)), 400, "malformed").names("aid_group", "format"),
            Bad::new("an amount", aid("amount_dong", json!(1)), 400, "malformed").names("amount_dong", "unknown_field"),
            invalid("work from tomorrow", work(tomorrow)).names("started_on", "not_in_future"),
            invalid("work from before", work(yesterday)).names("started_on", "not_before"),
            invalid("work without a day", job(json!({"kind": "employed", "in_trade": true}))).names("started_on", "required"),
            invalid("work in no trade", job(json!({"kind": "employed", "started_on": today}))).names("in_trade", "required"),
            invalid("no work with a day", job(json!({"kind": "none_yet", "started_on": today}))).names("started_on", "conflicts_with"),
        ]);
        work(today).send().expect(200);
        let check = |months: &str, day| {
            let body = json!({"checked_on": day, "finding": "in_work"});
            app.put(&format!("/enrolments/{}/job/check-ups/{months}", done.enrolment), &body).by(&world.worker).version(0)
        };
        refuse_all(app, vec![
            invalid("a check-up before its day", check("3", today)).names("checked_on", "not_before"),
            invalid("a check-up to come", check("3", tomorrow)).names("checked_on", "not_in_future"),
            Bad::new("a check-up of another month", check("4", today), 404, "not_found"),
            Bad::new("a check-up of no month", check("x", today), 404, "not_found"),
        ]);
    }
}
