//! Entitlements and stays that cannot be.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_stay_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(20));
        app.consent(&world.worker, person, world.lender, app.days_ago(20));
        app.assess(&world.worker, case, &["loan"], app.days_ago(20));
        let loan = app.referral(&world.worker, case, "loan", world.lender);
        app.step(&world.banker, loan, "accept").expect(200);
        let stay = |change: Value| {
            let mut body = json!({"case_id": case, "in_on": app.days_ago(5)});
            for (name, value) in change.as_object().expect("fields") {
                body[name] = value.clone();
            }
            app.post("/stays", &body).by(&world.worker)
        };
        let (tomorrow, early) = (app.days_ago(-1), app.days_ago(21));
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let by_referral = |id: Uuid| {
            app.post("/stays", &json!({"referral_id": id, "in_on": app.days_ago(5)})).by(&world.worker)
        };
        refuse_all(app, vec![
            invalid("arriving tomorrow", stay(json!({"in_on": tomorrow}))).names("in_on", "not_in_future"),
            invalid("arriving before the reception", stay(json!({"in_on": early}))).names("in_on", "not_before"),
            invalid("leaving tomorrow", stay(json!({"out_on": tomorrow}))).names("out_on", "not_in_future"),
            invalid("leaving before arriving", stay(json!({"out_on": app.days_ago(6)}))).names("out_on", "not_before"),
            invalid("expected before arriving", stay(json!({"expected_out_on": app.days_ago(6)}))).names("expected_out_on", "not_before"),
            invalid("a name as room", stay(json!({"room": CANARY}))).names("room", "format"),
            invalid("a long room", stay(json!({"room": "A123456789012"}))).names("room", "length"),
            invalid("no room", stay(json!({"room": ""}))).names("room", "length"),
            invalid("neither case nor referral", stay(json!({"case_id": null}))).names("case_id", "required"),
            invalid("both", stay(json!({"referral_id": loan}))).names("case_id", "conflicts_with"),
            malformed("a day that is none", stay(json!({"in_on": "2025-02-30"}))).names("in_on", "format"),
            malformed("a day of another age", stay(json!({"expected_out_on": "9999-01-01"}))).names("expected_out_on", "format"),
            malformed("somebody's name", stay(json!({"name": CANARY}))).names("name", "unknown_field"),
            Bad::new("a case of nowhere", stay(json!({"case_id": Uuid::nil()})), 404, "not_found"),
            Bad::new("a referral of nowhere", by_referral(Uuid::nil()), 404, "not_found"),
            invalid("a referral for a loan", by_referral(loan)).names("referral_id", "wrong_organisation"),
            malformed("a list of no day", app.get("/stays?running_out_before=hom-nay").by(&world.worker)).names("running_out_before", "format"),
            invalid("a facility asking for a case", app.get(&format!("/stays?case_id={case}")).by(&world.shelter_keeper)).names("case_id", "conflicts_with"),
        ]);
        app.move_case(&world.worker, case, "closed", app.days_ago(3)).expect(200);
        refuse_all(app, vec![
            Bad::new("a stay in a closed case", stay(json!({})), 409, "case_closed"),
            Bad::new("leaving after the closure", stay(json!({"out_on": app.days_ago(2)})), 409, "case_closed"),
        ]);
        stay(json!({"out_on": app.days_ago(3)})).send().expect(201);
    }

    fn a_step_that_the_stay_does_not_allow_is_refused(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(20));
        let stay = app.try_stay(&world.worker, case, app.days_ago(5), None).expect(201).id();
        let step = |step: &str, version: i64, body: Value| {
            app.post(&format!("/stays/{stay}/{step}"), &body).by(&world.worker).version(version)
        };
        let extend = |days: Value, by: &str, on: chrono::NaiveDate| {
            step("extensions", 1, json!({"days": days, "granted_by": by, "granted_on": on, "reason": "health"}))
        };
        let change = |body: Value| app.patch(&format!("/stays/{stay}"), &body).by(&world.worker);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let director = "facility_director";
        refuse_all(app, vec![
            invalid("leaving tomorrow", step("leave", 1, json!({"out_on": app.days_ago(-1)}))).names("out_on", "not_in_future"),
            invalid("leaving before arriving", step("leave", 1, json!({"out_on": app.days_ago(6)}))).names("out_on", "not_before"),
            invalid("no days", extend(json!(0), director, app.today())).names("days", "range"),
            invalid("days of more than a year", extend(json!(367), director, app.today())).names("days", "range"),
            malformed("half a day", extend(json!(0.5), director, app.today())).names("days", "format"),
            malformed("extended by anybody", extend(json!(9), CANARY, app.today())).names("granted_by", "format"),
            invalid("extended tomorrow", extend(json!(9), director, app.days_ago(-1))).names("granted_on", "not_in_future"),
            invalid("extended before arriving", extend(json!(9), director, app.days_ago(6))).names("granted_on", "not_before"),
            invalid("a name as room", change(json!({"room": CANARY})).version(1)).names("room", "format"),
            malformed("a reason that is none", step("void", 1, json!({"reason": CANARY}))).names("reason", "format"),
            Bad::new("a stale version", step("leave", 7, json!({"out_on": app.today()})), 412, "version_stale"),
            Bad::new("no version", change(json!({"room": "A1"})), 428, "version_required"),
        ]);
        step("leave", 1, json!({"out_on": app.days_ago(1)})).send().expect(200);
        refuse_all(app, vec![
            Bad::new("leaving twice", step("leave", 2, json!({"out_on": app.today()})), 409, "stay_ended"),
            Bad::new("moving afterwards", change(json!({"room": "A1"})).version(2), 409, "stay_ended"),
        ]);
        step("void", 2, json!({"reason": "mistake"})).send().expect(200);
        refuse_all(app, vec![
            Bad::new("void twice", step("void", 3, json!({"reason": "mistake"})), 409, "already_voided"),
            Bad::new("leaving what is void", step("leave", 3, json!({"out_on": app.today()})), 409, "already_voided"),
        ]);
    }

    fn overrides_circumstances_and_days_of_entitlements_are_checked(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(20));
        let allow = |service: &str, reason: &str, until: chrono::NaiveDate, note: Value| {
            let body = json!({"service_type": service, "reason": reason, "valid_until": until, "note": note});
            app.post(&format!("/cases/{case}/entitlement-overrides"), &body).by(&world.manager)
        };
        let tell = |word: &str, since: chrono::NaiveDate| {
            let body = json!({"circumstance": word, "since_on": since});
            app.post(&format!("/cases/{case}/circumstances"), &body).by(&world.worker)
        };
        let ask = |on: &str| app.get(&format!("/cases/{case}/entitlements?on={on}")).by(&world.worker);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let (reason, today) = ("risk_to_life", app.today());
        refuse_all(app, vec![
            invalid("no regime", allow("social_support", reason, today, Value::Null)).names("service_type", "format"),
            invalid("until yesterday", allow("travel", reason, app.days_ago(1), Value::Null)).names("valid_until", "within_days"),
            invalid("for ever", allow("travel", reason, app.days_ago(-181), Value::Null)).names("valid_until", "within_days"),
            invalid("a long note", allow("travel", reason, today, json!("x".repeat(2001)))).names("note", "length"),
            invalid("a control character", allow("travel", reason, today, json!("\u{7}"))).names("note", "control_character"),
            malformed("a reason of one's own", allow("travel", CANARY, today, Value::Null)).names("reason", "format"),
            invalid("from tomorrow on", tell("at_home", app.days_ago(-1))).names("since_on", "not_in_future"),
            invalid("before the reception", tell("at_home", app.days_ago(21))).names("since_on", "not_before"),
            invalid("an adult as minor", tell("accompanies_victim", today)).names("circumstance", "conflicts_with"),
            malformed("another circumstance", tell(CANARY, today)).names("circumstance", "format"),
            invalid("tomorrow", ask(&app.days_ago(-1).to_string())).names("on", "not_in_future"),
            malformed("no day", ask("hom-nay")).names("on", "format"),
            malformed("a catalogue of no day", app.get("/entitlements/catalogue?on=hom-nay").by(&world.worker)).names("on", "format"),
        ]);
        app.move_case(&world.worker, case, "closed", today).expect(200);
        refuse_all(app, vec![
            Bad::new("an override in a closed case", allow("travel", reason, today, Value::Null), 409, "case_closed"),
            Bad::new("a circumstance in a closed case", tell("at_home", today), 409, "case_closed"),
        ]);
    }

    fn support_that_exceeds_the_law_writes_nothing(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, CANARY);
        let case = app.victims_case(worker, person, app.days_ago(20), app.days_ago(10));
        app.give(worker, case, "initial_allowance", app.days_ago(5));
        let give = |service: &str| {
            let body = json!({"case_id": case, "service_type": service, "delivered_on": app.today(), "form": "in_kind"});
            app.post("/deliveries", &body).by(worker)
        };
        refuse_all(app, vec![
            Bad::new("a second allowance", give("initial_allowance"), 409, "once_only_used"),
            Bad::new("school for an adult", give("general_education"), 409, "not_entitled"),
        ]);
    }
}
