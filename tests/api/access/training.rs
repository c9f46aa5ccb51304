//! What the matrix needs of vocational training: records, requests, and what they ask of the table.

use chrono::NaiveDate;
use hoanhap::grants::Action as A;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::Ask::{self, May, Reach};
use super::records::{File, Training};
use crate::support::TestApp;
use crate::support::training::course_body;

/// Ids of nothing.
pub fn nothing(app: &TestApp) -> Training {
    let id = || app.state().random.uuid();
    Training { referral: id(), course: id(), open_course: id(), enrolment: id() }
}

/// Hangs two courses of `school`, somebody who has just completed the first, and a referral that waits for a place on
/// the case of a referral, as copies of it.
pub fn hang_on(app: &TestApp, referral: Uuid, school: Uuid) -> Training {
    let made = nothing(app);
    let learns = app.state().random.uuid();
    let (school, like, today) = (app.sql_id(school), app.sql_id(referral), app.today());
    let refer = |id: Uuid| {
        format!(
            "insert into referrals (id, case_id, person_id, service_type, from_organisation_id, to_organisation_id,
                status, consent_id, answer_due_on, sent_at, answered_at, created_by, created_at, updated_at, version)
             select {}, case_id, person_id, 'vocational_training', from_organisation_id, {school}, status, consent_id,
                answer_due_on, sent_at, answered_at, created_by, created_at, updated_at, version
             from referrals where id = {like};",
            app.sql_id(id)
        )
    };
    let offer = |id: Uuid| {
        format!(
            "insert into courses (id, organisation_id, trade, level, starts_on, ends_on, venue, unit_code, places,
                fee_dong, created_by, created_at, updated_at, version)
             select {}, {school}, 'sewing', 'under_three_months', '{today}', '{today}', 'Xưởng may', 'G34-C00004', 9,
                2000000, created_by, created_at, updated_at, 1 from referrals where id = {like};",
            app.sql_id(id)
        )
    };
    app.sql(&format!(
        "{}{}{}{}
         insert into enrolments (id, course_id, referral_id, case_id, person_id, organisation_id, status, enrolled_on,
            ended_on, created_by, created_at, updated_at, version)
         select {}, {}, id, case_id, person_id, {school}, 'completed', '{today}', '{today}', created_by, created_at,
            updated_at, 1 from referrals where id = {};",
        refer(learns),
        refer(made.referral),
        offer(made.course),
        offer(made.open_course),
        app.sql_id(made.enrolment),
        app.sql_id(made.course),
        app.sql_id(learns),
    ));
    made
}

/// Whether this file answers for the path.
pub fn is_of_it(path: &str) -> bool {
    path.ends_with("/livelihood")
        || ["/training/", "/courses", "/enrolments", "/job-check-ups"].iter().any(|start| path.starts_with(start))
}

/// Whether the operation changes a record with a version, which a step of a referral does not tell already.
pub fn needs_version(operation: &str) -> bool {
    operation.starts_with("PUT /api/v1/enrolments") || operation.starts_with("PUT /api/v1/courses")
}

/// The body of a request.
pub fn body(path: &str, file: File, today: NaiveDate) -> Value {
    match path {
        "/courses" => course_body(today),
        "/courses/{id}" => json!({"venue": "Cơ sở hai"}),
        "/courses/{id}/attendance/{day}" => {
            json!({"rows": [{"enrolment_id": file.training.enrolment, "mark": "present"}]})
        }
        "/enrolments" => json!({"referral_id": file.training.referral, "course_id": file.training.open_course}),
        "/enrolments/{id}/complete" => json!({"completed_on": today, "outcome": "achieved"}),
        "/enrolments/{id}/stop" => json!({"stopped_on": today, "reason": "family"}),
        "/enrolments/{id}/certificate" => json!({"number": "SC-1", "issued_on": today}),
        "/enrolments/{id}/aid" => json!({
            "aid_group": "poor", "paid_on": today, "distance_km": 20, "difficult_area": false,
            "had_other_state_aid": false,
        }),
        "/enrolments/{id}/job" => json!({"kind": "employed", "in_trade": true, "started_on": today}),
        "/enrolments/{id}/job/check-ups/{months}" => json!({"checked_on": today, "finding": "in_work"}),
        _ => json!({}),
    }
}

/// What an operation asks of the grant table.
pub fn asks(method: &str, path: &str) -> Option<(Vec<Ask>, u16)> {
    let change = |read, write, done| (vec![Reach(read, 404), Reach(write, 403)], done);
    Some(match (method, path) {
        ("GET", "/training/catalogue" | "/courses") => (vec![May(A::CourseRead)], 200),
        ("POST", "/courses") => (vec![May(A::CourseWrite)], 201),
        ("GET", "/courses/{id}") => (vec![Reach(A::CourseRead, 404)], 200),
        ("PATCH", "/courses/{id}") | ("POST", "/courses/{id}/withdraw") => change(A::CourseRead, A::CourseWrite, 412),
        ("GET", "/courses/{id}/enrolments" | "/courses/{id}/attendance/{day}") => {
            change(A::CourseRead, A::EnrolmentWrite, 200)
        }
        ("PUT", "/courses/{id}/attendance/{day}") => change(A::CourseRead, A::EnrolmentWrite, 412),
        ("POST", "/enrolments") => change(A::ReferralRead, A::EnrolmentWrite, 201),
        ("GET", path) if path.starts_with("/enrolments/{id}") => (vec![Reach(A::EnrolmentRead, 404)], 200),
        ("POST", "/enrolments/{id}/aid") => change(A::EnrolmentRead, A::TrainingAidWrite, 201),
        ("PUT", path) if path.contains("/job") => change(A::EnrolmentRead, A::JobOutcomeWrite, 412),
        ("POST" | "PUT", path) if path.starts_with("/enrolments/{id}/") => {
            change(A::EnrolmentRead, A::EnrolmentWrite, 412)
        }
        ("GET", "/job-check-ups") => (vec![May(A::LivelihoodRead)], 200),
        ("GET", "/cases/{id}/livelihood") => (vec![Reach(A::LivelihoodRead, 404)], 200),
        _ => return None,
    })
}
