//! Courses and enrolments made as schools and centres make them.

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Reply, User};
use super::world::COMMUNE;
use super::{TestApp, World};

/// A course that began some days ago.
pub fn course_body(starts_on: NaiveDate) -> Value {
    json!({
        "trade": "sewing", "level": "under_three_months", "starts_on": starts_on,
        "ends_on": starts_on + TimeDelta::days(60), "venue": "Xưởng may số 2, 15 phố Huế", "unit_code": COMMUNE,
        "places": 20, "fee_dong": 2_400_000,
    })
}

/// A learner, from the case to the place in a course.
#[derive(Debug, Clone, Copy)]
pub struct Learner {
    pub person: Uuid,
    pub case: Uuid,
    pub referral: Uuid,
    pub enrolment: Uuid,
}

impl Client {
    /// Offers a course that begins on this day.
    #[track_caller]
    pub fn course(&self, school: &User, starts_on: NaiveDate) -> Uuid {
        self.post("/courses", &course_body(starts_on)).by(school).send().expect(201).id()
    }

    /// Enrols the person of a referral.
    pub fn enrol(&self, school: &User, referral: Uuid, course: Uuid) -> Reply {
        self.post("/enrolments", &json!({"referral_id": referral, "course_id": course})).by(school).send()
    }

    /// An enrolment as this user reads it.
    #[track_caller]
    pub fn enrolment(&self, user: &User, id: Uuid) -> Value {
        self.get(&format!("/enrolments/{id}")).by(user).send().expect(200).json()
    }

    /// Records marks of a day as it stands.
    pub fn mark(&self, school: &User, course: Uuid, day: NaiveDate, marks: &[(Uuid, &str)]) -> Reply {
        let path = format!("/courses/{course}/attendance/{day}");
        let version = self.get(&path).by(school).send().expect(200).version();
        let rows: Vec<Value> = marks.iter().map(|(id, mark)| json!({"enrolment_id": id, "mark": mark})).collect();
        self.put(&path, &json!({"rows": rows})).by(school).version(version).send()
    }

    /// Ends an enrolment as it stands.
    pub fn end_enrolment(&self, school: &User, id: Uuid, how: &str, body: &Value) -> Reply {
        let path = format!("/enrolments/{id}");
        let version = self.get(&path).by(school).send().expect(200).version();
        self.post(&format!("{path}/{how}"), body).by(school).version(version).send()
    }

    /// Grants aid.
    pub fn aid(&self, worker: &User, enrolment: Uuid, paid_on: NaiveDate) -> Reply {
        let body = json!({
            "aid_group": "near_poor", "paid_on": paid_on, "distance_km": 18, "difficult_area": false,
            "had_other_state_aid": false,
        });
        self.post(&format!("/enrolments/{enrolment}/aid"), &body).by(worker).send()
    }

    /// The way of a case to a livelihood.
    #[track_caller]
    pub fn livelihood(&self, user: &User, case: Uuid) -> Value {
        self.get(&format!("/cases/{case}/livelihood")).by(user).send().expect(200).json()
    }
}

/// A case whose referral to the school was accepted.
#[track_caller]
pub fn accepted(app: &TestApp, world: &World, name: &str) -> (Uuid, Uuid, Uuid) {
    let person = app.person(&world.worker, name);
    let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(10));
    let referral = accepted_again(app, world, person, case);
    (person, case, referral)
}

/// One more accepted referral of a case.
#[track_caller]
pub fn accepted_again(app: &TestApp, world: &World, person: Uuid, case: Uuid) -> Uuid {
    app.consent(&world.worker, person, world.school, app.today());
    app.assess(&world.worker, case, &["vocational_training"], app.today());
    let referral = app.referral(&world.worker, case, "vocational_training", world.school);
    app.step(&world.teacher, referral, "accept").expect(200);
    referral
}

/// Somebody enrolled in a course.
#[track_caller]
pub fn learner(app: &TestApp, world: &World, name: &str, course: Uuid) -> Learner {
    let (person, case, referral) = accepted(app, world, name);
    let enrolment = app.enrol(&world.teacher, referral, course).expect(201).id();
    Learner { person, case, referral, enrolment }
}

/// Somebody who came today, the first time.
#[track_caller]
pub fn attending(app: &TestApp, world: &World, name: &str, course: Uuid) -> Learner {
    let learner = learner(app, world, name, course);
    app.mark(&world.teacher, course, app.today(), &[(learner.enrolment, "present")]).expect(200);
    learner
}

/// Somebody who finished today.
#[track_caller]
pub fn graduate(app: &TestApp, world: &World, name: &str, course: Uuid) -> Learner {
    let learner = attending(app, world, name, course);
    let body = json!({"completed_on": app.today(), "outcome": "achieved"});
    app.end_enrolment(&world.teacher, learner.enrolment, "complete", &body).expect(200);
    learner
}
