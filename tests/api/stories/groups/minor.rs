//! A child with her mother's word, who comes of age while she is helped.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{agree, bystanders, day, due, hidden_from, pair, read, register, reminders, until};
use crate::support::client::Reply;
use crate::support::plans::{plan_body, step};
use crate::support::{TestApp, User, World, both_dbs};

const NAME: &str = "Hoàng Thị Nụ";
const MOTHER: &str = "Hoàng Thị Gạo";

struct Child {
    person: Uuid,
    mother: Uuid,
    case: Uuid,
}

fn consent_by(app: &TestApp, user: &User, person: Uuid, by: &str, guardian: Option<Uuid>, to: Uuid) -> Reply {
    let body = json!({
        "purpose": "referral", "recipient_organisation_id": to, "given_by": by, "guardian_id": guardian,
        "given_on": app.today(), "proof": "written_signature",
    });
    app.post(&format!("/persons/{person}/consents"), &body).by(user).send()
}

fn rule_of(reply: Reply) -> (String, String) {
    let problem = reply.expect(422).json();
    let text = |name: &str| problem["errors"][0][name].as_str().expect("text").to_owned();
    (text("field"), text("rule"))
}

fn reads_her(app: &TestApp, user: &User, referral: Uuid) -> bool {
    let text = app.get(&format!("/referrals/{referral}")).by(user).send().text();
    assert!(!text.contains(MOTHER), "a partner is never told of the guardian");
    text.contains(NAME)
}

/// A child is to have a plan within five working days, and somebody is reminded.
fn planned(app: &TestApp, world: &World) -> Child {
    let worker = &world.worker;
    let person = register(app, worker, NAME, |body| {
        body["birth"] = json!({"precision": "exact", "date": "2008-01-15"});
        body["categories"] = json!(["at_risk"]);
    });
    let case = app.case(worker, person, "at_risk", app.today());
    assert_eq!(due(app, worker, case), [pair("minors_plan", "2025-10-22")], "Wednesday to Wednesday");
    assert_eq!(reminders(app, worker), [], "not yet");
    until(app, "2025-10-17");
    assert_eq!(reminders(app, worker), [pair("minors_plan_due", "2025-10-22")]);
    assert_eq!(reminders(app, &world.second_worker), []);
    let mother = json!({"relation": "mother", "name": MOTHER, "phone": "0987", "from_on": "2025-10-15"});
    let mother = app.post(&format!("/persons/{person}/guardians"), &mother).by(worker).send().expect(201).id();
    app.move_case(worker, case, "screened", app.today()).expect(200);
    app.assess(worker, case, &["vocational_training", "medical"], app.today());
    until(app, "2025-10-21");
    let mut plan = plan_body(app.today(), day("2026-01-20"), &[step("Gặp gia đình", None, day("2025-10-24"))]);
    plan["agreed_with"] = json!("guardian");
    let saved = app.put_plan(worker, case, None, &plan).send().expect(200).json();
    assert_eq!(saved["approved_on"], Value::Null);
    plan["goals"][0]["steps"][0]["task_id"] = saved["goals"][0]["steps"][0]["task_id"].clone();
    plan["approved_on"] = json!(app.today());
    let approved = app.put_plan(worker, case, saved["version"].as_i64(), &plan).send().expect(200).json();
    assert_eq!(
        (&approved["approved_on"], &approved["number"]),
        (&json!("2025-10-21"), &json!(2)),
        "by the commune's chair"
    );
    assert_eq!(due(app, worker, case), []);
    assert_eq!(reminders(app, worker), [pair("task_due", "2025-10-24")]);
    app.move_case(worker, case, "receiving_support", app.today()).expect(200);
    let records = [format!("/persons/{person}/guardians"), format!("/persons/{person}"), format!("/cases/{case}")];
    hidden_from(app, &bystanders(world), &records);
    hidden_from(app, &[&world.second_worker, &world.teacher], &records);
    Child { person, mother, case }
}

/// Her mother agrees: to a course at the school, and to the clinic.
fn referred(app: &TestApp, world: &World, clinic: &User, child: &Child) -> [Uuid; 3] {
    let (worker, person) = (&world.worker, child.person);
    let alone = consent_by(app, worker, person, "self", None, world.school);
    assert_eq!(rule_of(alone), pair("given_by", "guardian_needed"));
    let given = consent_by(app, worker, person, "guardian", Some(child.mother), world.school).expect(201).json();
    assert_eq!(given["expires_on"], "2026-01-14", "the last day of her childhood");
    agree(app, worker, person, "referral", world.clinic, Some(child.mother));
    let school = app.referral(worker, child.case, "vocational_training", world.school);
    assert_eq!(read(app, &world.teacher, &format!("/referrals/{school}"))["age_group"], "minor");
    assert!(!reads_her(app, &world.teacher, school), "not before it is accepted");
    app.step(&world.teacher, school, "accept").expect(200);
    let course = app.course(&world.teacher, app.today());
    let enrolment = app.enrol(&world.teacher, school, course).expect(201).id();
    app.mark(&world.teacher, course, app.today(), &[(enrolment, "present")]).expect(200);
    let health = app.referral(worker, child.case, "medical", world.clinic);
    app.step(clinic, health, "accept").expect(200);
    app.step(clinic, health, "start").expect(200);
    assert!(reads_her(app, &world.teacher, school) && reads_her(app, clinic, health));
    [school, enrolment, health]
}

/// What a referral and the enrolment under it come to.
fn stands(app: &TestApp, user: &User, [school, enrolment, health]: [Uuid; 3]) -> [String; 3] {
    [format!("/referrals/{school}"), format!("/enrolments/{enrolment}"), format!("/referrals/{health}")]
        .map(|path| read(app, user, &path)["status"].as_str().expect("a word").to_owned())
}

/// On her birthday her mother's word ends; what she does not take up herself closes.
fn of_age(app: &TestApp, world: &World, clinic: &User, child: &Child, all: [Uuid; 3]) {
    let (worker, person) = (&world.worker, child.person);
    until(app, "2025-12-30");
    assert!(!reminders(app, worker).iter().any(|one| one.0 == "consent_runs_out"));
    until(app, "2025-12-31");
    assert!(reminders(app, worker).contains(&pair("consent_runs_out", "2026-01-14")), "one for school and clinic");
    until(app, "2026-01-14");
    let [school, enrolment, health] = all;
    assert!(reads_her(app, &world.teacher, school) && reads_her(app, clinic, health), "the last day");
    assert_eq!(stands(app, worker, all), ["in_service", "attending", "in_service"]);
    until(app, "2026-01-15");
    for (user, referral) in [(&world.teacher, school), (clinic, health)] {
        assert!(!reads_her(app, user, referral), "{} before any housekeeping", user.username);
    }
    let place = app.get(&format!("/enrolments/{enrolment}")).by(&world.teacher).send().text();
    assert!(!place.contains(NAME), "{place}");
    let late = consent_by(app, worker, person, "guardian", Some(child.mother), world.school);
    assert_eq!(rule_of(late), pair("given_by", "of_age"));
    // She is asked about the clinic on the day, and not about the school.
    consent_by(app, worker, person, "self", None, world.clinic).expect(201);
    assert!(reads_her(app, clinic, health), "her own word opens it again");
    app.keep_house();
    assert_eq!(stands(app, worker, all), ["cancelled", "stopped", "in_service"]);
    let steps = read(app, worker, &format!("/referrals/{school}/events"));
    let last = steps["items"].as_array().and_then(|steps| steps.last()).cloned().expect("a step");
    assert_eq!((&last["reason"], &last["recorded_by"]), (&json!("consent_expired"), &Value::Null));
    assert_eq!(read(app, worker, &format!("/enrolments/{enrolment}"))["stop_reason"], "support_ended");
    assert!(!reminders(app, worker).iter().any(|one| one.0 == "consent_runs_out"));
}

/// She decides for herself from then on.
fn on_her_own(app: &TestApp, world: &World, clinic: &User, child: &Child, health: Uuid) {
    let (worker, person) = (&world.worker, child.person);
    let end = json!({"until_on": app.today(), "reason": "came_of_age"});
    app.post(&format!("/persons/{person}/guardians/{}/end", child.mother), &end)
        .by(worker)
        .version(1)
        .send()
        .expect(200);
    app.deliver(clinic, health, "medical", app.today());
    let again = app.draft(worker, child.case, "vocational_training", world.school);
    app.step(worker, again, "send").expect_problem(409, "consent_missing");
    consent_by(app, worker, person, "self", None, world.school).expect(201);
    app.step(worker, again, "send").expect(200);
    assert_eq!(read(app, &world.teacher, &format!("/referrals/{again}"))["age_group"], "adult");
    app.step(&world.teacher, again, "accept").expect(200);
    let course = app.course(&world.teacher, app.today());
    let enrolment = app.enrol(&world.teacher, again, course).expect(201).id();
    app.mark(&world.teacher, course, app.today(), &[(enrolment, "present")]).expect(200);
    assert!(reads_her(app, &world.teacher, again));
    app.put_plan(
        worker,
        child.case,
        app.plan(worker, child.case)["version"].as_i64(),
        &plan_body(app.today(), day("2026-07-15"), &[]),
    )
    .send()
    .expect(200);
    assert_eq!(due(app, worker, child.case), []);
    let ways = app.livelihood(worker, child.case)["training"].as_array().map(Vec::len);
    assert_eq!(ways, Some(2), "the course that was stopped, and the new one");
}

both_dbs! {
    fn a_child_is_spoken_for_until_eighteen_and_speaks_for_herself_from_that_day(app: &TestApp) {
        let world = World::build(app);
        let clinic = app.account("bacsi", hoanhap::grants::Role::Partner, Some(world.clinic), None);
        let child = planned(app, &world);
        let all = referred(app, &world, &clinic, &child);
        of_age(app, &world, &clinic, &child, all);
        on_her_own(app, &world, &clinic, &child, all[2]);
    }
}
