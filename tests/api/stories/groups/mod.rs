//! One whole story for each group of people that the program is for, told by those who work with them:
//! at every stage it says what each role sees, and what it does not.

mod lender;
mod livelihood;
mod minor;
mod moved;
mod refusal;
mod trafficked_again;
mod victim;

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, User, World};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// Lets time pass until this day.
fn until(app: &TestApp, on: &str) {
    app.pass_days((day(on) - app.today()).num_days());
    assert_eq!(app.today(), day(on));
}

/// What somebody reads.
#[track_caller]
fn read(app: &TestApp, user: &User, path: &str) -> Value {
    app.get(path).by(user).send().expect(200).json()
}

/// What is to be done in a case.
#[track_caller]
fn due(app: &TestApp, user: &User, case: Uuid) -> Vec<(String, String)> {
    let file = read(app, user, &format!("/cases/{case}"));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    file["deadlines"]
        .as_array()
        .expect("deadlines")
        .iter()
        .map(|one| (text(&one["what"]), text(&one["due_on"])))
        .collect()
}

/// Kind and day of every reminder somebody has.
#[track_caller]
fn reminders(app: &TestApp, user: &User) -> Vec<(String, String)> {
    reminders_at(app, user, "/reminders")
}

/// Kind and day of every reminder of a centre, or of a partner.
#[track_caller]
fn reminders_at(app: &TestApp, user: &User, path: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let all = app.all_items(user, path, 50);
    all.iter().map(|one| (text(&one["kind"]), text(&one["due_on"]))).collect()
}

/// A pair of texts that can be compared with what [`due`] and [`reminders`] give.
fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// None of these people reads any of these records, nor learns whether it is there.
#[track_caller]
fn hidden_from(app: &TestApp, users: &[&User], paths: &[String]) {
    for user in users {
        for path in paths {
            let reply = app.get(path).by(user).send();
            assert!(matches!(reply.status, 403 | 404), "{} reads {path}: {}", user.username, reply.text());
        }
    }
}

/// Everybody of the world to whom no person is shown.
fn bystanders(world: &World) -> [&User; 8] {
    [
        &world.administrator,
        &world.peer_leader,
        &world.programme_officer,
        &world.return_officer,
        &world.supervisor,
        &world.auditor,
        &world.other_manager,
        &world.other_worker,
    ]
}

/// Registers somebody; `change` says what differs from the usual form.
#[track_caller]
fn register(app: &TestApp, user: &User, name: &str, change: impl FnOnce(&mut Value)) -> Uuid {
    let mut body = crate::support::casework::person_body(name);
    change(&mut body);
    app.post("/persons", &body).by(user).send().expect(201).id()
}

/// A consent of a purpose to a recipient, by a guardian where one is named.
#[track_caller]
fn agree(app: &TestApp, user: &User, person: Uuid, purpose: &str, to: Uuid, guardian: Option<Uuid>) -> Uuid {
    let body = json!({
        "purpose": purpose, "recipient_organisation_id": to, "guardian_id": guardian, "given_on": app.today(),
        "given_by": if guardian.is_some() { "guardian" } else { "self" }, "proof": "written_signature",
    });
    app.post(&format!("/persons/{person}/consents"), &body).by(user).send().expect(201).id()
}

/// A referral that its recipient serves from today on.
#[track_caller]
fn served(app: &TestApp, (worker, partner): (&User, &User), case: Uuid, service: &str, to: Uuid) -> Uuid {
    let referral = app.referral(worker, case, service, to);
    app.step(partner, referral, "accept").expect(200);
    app.step(partner, referral, "start").expect(200);
    referral
}

/// Accepts what was offered; the case it becomes.
#[track_caller]
fn accept(app: &TestApp, manager: &User, transfer: Uuid) -> Uuid {
    let reply =
        app.post(&format!("/transfers/{transfer}/accept"), &json!({})).by(manager).version(1).send().expect(200);
    reply.text_at("/new_case_id").parse().expect("an id")
}

/// Numerator, denominator and refusals of an indicator of a centre.
#[track_caller]
fn figure(app: &TestApp, manager: &User, plan: &str, indicator: &str, year: i32) -> [i64; 3] {
    let figure = app.figure(manager, plan, indicator, year);
    ["numerator", "denominator", "refused"].map(|name| figure[name].as_i64().expect("a number"))
}
