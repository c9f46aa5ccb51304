//! Steps that the state of a record does not allow.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::client::Call;
use crate::support::{TestApp, World, both_dbs};

fn moving<'a>(app: &'a TestApp, world: &World, case: Uuid, to: &str, version: i64) -> Call<'a> {
    let reason = (to == "closed").then_some("other");
    let body = json!({"to": to, "occurred_on": app.today(), "reason": reason, "note": CANARY});
    app.post(&format!("/cases/{case}/status"), &body).by(&world.worker).version(version)
}

fn draft(app: &TestApp, world: &World, services: &[&str]) -> (Uuid, Uuid, Uuid) {
    let person = app.person(&world.worker, CANARY);
    let case = app.case(&world.worker, person, "at_risk", app.days_ago(5));
    if !services.is_empty() {
        app.assess(&world.worker, case, services, app.days_ago(4));
    }
    (person, case, app.draft(&world.worker, case, "loan", world.lender))
}

both_dbs! {
    fn a_case_moves_only_as_the_table_of_transitions_allows(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let illegal = |to| Bad::new(to, moving(app, &world, case, to, 1), 409, "illegal_transition");
        refuse_all(app, ["received", "under_verification", "confirmed", "not_confirmed", "receiving_support", "suspended", "out_of_contact"].map(illegal).into());
        moving(app, &world, case, "closed", 1).send().expect(200);
        let closed = |what, path: &str, body: Value| Bad::new(what, app.post(path, &body).by(&world.worker), 409, "case_closed");
        let need = json!([{"service_type": "loan", "in_need": true, "eligible": true}]);
        refuse_all(app, vec![
            closed("assessing", &format!("/cases/{case}/assessments"), json!({"assessed_on": app.today(), "needs": need})),
            closed("refusing", &format!("/cases/{case}/refusals"), json!({"refused_on": app.today()})),
            closed("referring", "/referrals", json!({"case_id": case, "service_type": "loan", "to_organisation_id": world.lender})),
        ]);
        moving(app, &world, case, "receiving_support", 2).send().expect(200);
    }

    fn a_referral_needs_an_assessed_need_and_a_consent_before_it_is_sent(app: &TestApp) {
        let world = World::build(app);
        let (_, _, unassessed) = draft(app, &world, &[]);
        let (_, _, other_need) = draft(app, &world, &["travel"]);
        let (_, _, unconsented) = draft(app, &world, &["loan"]);
        let send = |what, id: Uuid, code| {
            Bad::new(what, app.post(&format!("/referrals/{id}/send"), &json!({})).by(&world.worker).version(1), 409, code)
        };
        refuse_all(app, vec![
            send("not assessed", unassessed, "not_assessed"),
            send("assessed for something else", other_need, "not_assessed"),
            send("no consent", unconsented, "consent_missing"),
        ]);
    }

    fn a_referral_moves_only_as_the_table_of_transitions_allows(app: &TestApp) {
        let world = World::build(app);
        let (person, case, referral) = draft(app, &world, &["loan"]);
        app.consent(&world.worker, person, world.lender, app.days_ago(1));
        app.step(&world.worker, referral, "send").expect(200);
        let step = |step: &'static str, version: i64, body: Value| {
            let call = app.post(&format!("/referrals/{referral}/{step}"), &body).by(&world.banker).version(version);
            Bad::new(step, call, 409, "illegal_transition")
        };
        let give = |service: &str| app.post("/deliveries", &json!({
            "referral_id": referral, "service_type": service, "delivered_on": app.today(), "form": "in_kind",
        })).by(&world.banker);
        refuse_all(app, vec![
            step("start", 2, json!({})),
            step("stop", 2, json!({"reason": "other"})),
            step("complete", 2, json!({"outcome": "achieved"})),
            Bad::new("giving before the start", give("loan"), 409, "referral_not_begun"),
            Bad::new("sending twice", app.post(&format!("/referrals/{referral}/send"), &json!({})).by(&world.worker).version(2), 409, "illegal_transition"),
        ]);
        app.step(&world.banker, referral, "accept").expect(200);
        app.step(&world.banker, referral, "start").expect(200);
        refuse_all(app, vec![
            step("accept", 4, json!({})),
            step("decline", 4, json!({"reason": "other"})),
            Bad::new("giving another service", give("travel"), 422, "invalid").names("service_type", "conflicts_with"),
        ]);
        app.step(&world.banker, referral, "complete").expect(200);
        refuse_all(app, vec![
            step("stop", 5, json!({"reason": "other"})),
            Bad::new("giving after the end", give("loan"), 409, "referral_over"),
            Bad::new("a stale version", moving(app, &world, case, "screened", 7), 412, "version_stale"),
        ]);
    }

    fn closing_a_case_takes_its_open_referrals_back(app: &TestApp) {
        let world = World::build(app);
        let (person, case, referral) = draft(app, &world, &["loan"]);
        app.consent(&world.worker, person, world.lender, app.days_ago(1));
        app.step(&world.worker, referral, "send").expect(200);
        app.move_case(&world.worker, case, "closed", app.today()).expect(200);
        let status = app.get(&format!("/referrals/{referral}")).by(&world.worker).send().expect(200).json()["status"].clone();
        assert_eq!(status, "cancelled");
    }
}
