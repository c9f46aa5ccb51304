//! Loans that cannot be, and money that was never owed.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::casework::person_body;
use crate::support::client::Call;
use crate::support::loans::loan_body;
use crate::support::{TestApp, World, both_dbs};

fn referral(app: &TestApp, world: &World, person: Uuid) -> Uuid {
    let case = app.old_case(&world.worker, person, "at_risk", app.days_ago(300));
    app.served_referral((&world.worker, &world.banker), (person, case, world.lender), app.days_ago(290))
}

fn referral_of_child(app: &TestApp, world: &World, person: Uuid) -> Uuid {
    let case = app.old_case(&world.worker, person, "at_risk", app.days_ago(300));
    let day = app.days_ago(290);
    app.guardians_consent(&world.worker, person, world.lender, day);
    app.consented_referral((&world.worker, &world.banker), (case, world.lender), day)
}

fn asking<'a>(app: &'a TestApp, world: &World, referral: Uuid, changes: &Value) -> Call<'a> {
    let mut body = loan_body(referral, app.days_ago(100));
    for (field, value) in changes.as_object().expect("fields") {
        body[field] = value.clone();
    }
    app.post("/loans", &body).by(&world.worker)
}

both_dbs! {
    fn an_application_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let served = referral(app, &world, person);
        let nowhere = app.state().random.uuid();
        let ask = |changes: Value| asking(app, &world, served, &changes);
        let invalid = |what, changes| Bad::new(what, ask(changes), 422, "invalid");
        let malformed = |what, changes| Bad::new(what, ask(changes), 400, "malformed");
        refuse_all(app, vec![
            invalid("nought", json!({"amount_dong": 0})).names("amount_dong", "range"),
            invalid("less than nothing", json!({"amount_dong": -5})).names("amount_dong", "range"),
            invalid("over the ceiling", json!({"amount_dong": 100_000_001})).names("amount_dong", "range"),
            invalid("no month", json!({"term_months": 0})).names("term_months", "range"),
            invalid("eleven years", json!({"term_months": 121})).names("term_months", "range"),
            invalid("tomorrow", json!({"applied_on": "2025-10-16"})).names("applied_on", "not_in_future"),
            invalid("before the case", json!({"applied_on": app.days_ago(301)})).names("applied_on", "not_before"),
            invalid("not to households", json!({"borrower": "household"})).names("product", "product_not_offered"),
            invalid("a product of the past", json!({"product": "livelihood"})).names("product", "product_not_offered"),
            invalid("no group", json!({"product": "poor_household", "borrower": "household"})).names("savings_group", "required"),
            invalid("a certificate nobody asked for", json!({"certificate": {
                "issuer": "commune_chair", "issued_on": "2025-01-01", "disclosure_read_on": "2025-01-01",
            }})).names("certificate", "conflicts_with"),
            invalid("no plan", json!({"plan_text": ""})).names("plan_text", "length"),
            invalid("a bell", json!({"plan_text": format!("{CANARY}\u{7}")})).names("plan_text", "control_character"),
            malformed("money with a fraction", json!({"amount_dong": 1.5})).names("amount_dong", "format"),
            malformed("a product nobody has", json!({"product": CANARY})).names("product", "format"),
            malformed("a plan nobody has", json!({"plan": "weekly"})).names("plan", "format"),
            malformed("30 February", json!({"applied_on": "2025-02-30"})).names("applied_on", "format"),
            malformed("a field too many", json!({"rate_ppm": 0})).names("rate_ppm", "unknown_field"),
            Bad::new("a foreign referral", ask(json!({"referral_id": nowhere})), 404, "not_found"),
        ]);
    }

    fn a_borrower_whose_age_is_unknown_or_too_low_is_refused(app: &TestApp) {
        let world = World::build(app);
        let young = |birth: Value| {
            let mut body = person_body(CANARY);
            body["birth"] = birth;
            let minor = body["birth"]["precision"] != "unknown";
            let person = app.post("/persons", &body).by(&world.worker).send().expect(201).id();
            let served = if minor { referral_of_child(app, &world, person) } else { referral(app, &world, person) };
            asking(app, &world, served, &json!({"applied_on": "2025-07-01"}))
        };
        let refused = |what, call| Bad::new(what, call, 422, "invalid").names("product", "minimum_age");
        refuse_all(app, vec![
            refused("unknown", young(json!({"precision": "unknown"}))),
            refused("fifteen tomorrow", young(json!({"precision": "exact", "date": "2010-07-02"}))),
        ]);
        young(json!({"precision": "exact", "date": "2010-07-01"})).send().expect(201);
        young(json!({"precision": "year", "year": 2010})).send().expect(201);
    }

    fn a_loan_needs_a_referral_for_one_that_the_lender_serves(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.old_case(&world.worker, person, "at_risk", app.days_ago(300));
        app.consent(&world.worker, person, world.school, app.days_ago(200));
        app.consent(&world.worker, person, world.lender, app.days_ago(200));
        app.assess(&world.worker, case, &["loan", "vocational_training"], app.days_ago(200));
        let school = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, school, "accept").expect(200);
        let sent = app.referral(&world.worker, case, "loan", world.lender);
        let over = app.referral(&world.worker, case, "loan", world.lender);
        app.step(&world.banker, over, "accept").expect(200);
        app.step(&world.worker, over, "cancel").expect(200);
        let ask = |referral| asking(app, &world, referral, &json!({}));
        refuse_all(app, vec![
            Bad::new("for a course", ask(school), 422, "invalid").names("referral_id", "conflicts_with"),
            Bad::new("not answered", ask(sent), 409, "referral_not_begun"),
            Bad::new("taken back", ask(over), 409, "referral_over"),
        ]);
    }

    fn a_decision_beyond_what_was_asked_or_allowed_is_refused(app: &TestApp) {
        let world = World::build(app);
        let served = referral(app, &world, app.person(&world.worker, CANARY));
        let loan = app.loan(&world.worker, served, app.days_ago(100));
        let step = |step: &str, version: i64, body: Value| {
            app.post(&format!("/loans/{loan}/{step}"), &body).by(&world.banker).version(version)
        };
        let approval = |dong: i64, months: i64, on: &str| json!({"decided_on": on, "amount_dong": dong, "term_months": months});
        let good = approval(20_000_000, 10, "2025-08-01");
        refuse_all(app, vec![
            Bad::new("before looking", step("approve", 1, good.clone()), 409, "illegal_transition"),
            Bad::new("paying out before", step("disbursements", 1, json!({"disbursed_on": app.today(), "amount_dong": 1})), 409, "illegal_transition"),
            Bad::new("paying back before", step("repayments", 1, json!({"repaid_on": app.today(), "amount_dong": 1})), 409, "illegal_transition"),
            Bad::new("writing off before", step("write-off", 1, json!({"written_off_on": app.today(), "reason": "died"})), 409, "illegal_transition"),
            Bad::new("no schedule", app.get(&format!("/loans/{loan}/schedule")).by(&world.banker), 409, "nothing_left"),
            Bad::new("no quote", app.get(&format!("/loans/{loan}/settlement")).by(&world.banker), 409, "nothing_left"),
        ]);
        step("appraise", 1, json!({})).send().expect(200);
        let invalid = |what, body| Bad::new(what, step("approve", 2, body), 422, "invalid");
        refuse_all(app, vec![
            invalid("more than asked", approval(20_000_001, 10, "2025-08-01")).names("amount_dong", "range"),
            invalid("nought", approval(0, 10, "2025-08-01")).names("amount_dong", "range"),
            invalid("too long", approval(20_000_000, 121, "2025-08-01")).names("term_months", "range"),
            invalid("tomorrow", approval(20_000_000, 10, "2025-10-16")).names("decided_on", "not_in_future"),
            invalid("before it was asked for", approval(1, 10, "2025-07-06")).names("decided_on", "not_before"),
            Bad::new("a stale version", step("approve", 1, good), 412, "version_stale"),
            Bad::new("a made-up reason", step("refuse", 2, json!({"decided_on": "2025-08-01", "reason": CANARY})), 400, "malformed")
                .names("reason", "format"),
        ]);
    }

    fn money_that_cannot_have_changed_hands_is_refused(app: &TestApp) {
        let world = World::build(app);
        let served = referral(app, &world, app.person(&world.worker, CANARY));
        let loan = app.loan(&world.worker, served, app.days_ago(100));
        app.grant_loan(&world.banker, loan, 10_000_000, 10, app.days_ago(90));
        app.pay_out(&world.banker, loan, 6_000_000, app.days_ago(80));
        app.pay_back(&world.banker, loan, 1_000_000, app.days_ago(40)).expect(200);
        let version = 5;
        let step = |step: &str, body: Value| {
            app.post(&format!("/loans/{loan}/{step}"), &body).by(&world.banker).version(version)
        };
        let out = |what, dong: i64, days| {
            let body = json!({"disbursed_on": app.days_ago(days), "amount_dong": dong});
            Bad::new(what, step("disbursements", body), 422, "invalid")
        };
        let back = |what, dong: i64, days| {
            let body = json!({"repaid_on": app.days_ago(days), "amount_dong": dong});
            Bad::new(what, step("repayments", body), 422, "invalid")
        };
        let off = |what, days| {
            let body = json!({"written_off_on": app.days_ago(days), "reason": "other"});
            Bad::new(what, step("write-off", body), 422, "invalid")
        };
        let new = |what, days, months: i64| {
            let body = json!({"restructured_on": app.days_ago(days), "term_months": months, "plan": "at_term", "frequency": "monthly"});
            Bad::new(what, step("restructurings", body), 422, "invalid")
        };
        let quote = app.get(&format!("/loans/{loan}/settlement?on={}", app.today())).by(&world.banker).send().expect(200).json();
        let owed = quote["total_dong"].as_i64().expect("đồng");
        refuse_all(app, vec![
            out("more than granted", 4_000_001, 10).names("amount_dong", "range"),
            out("nothing out", 0, 10).names("amount_dong", "range"),
            out("out tomorrow", 1_000, -1).names("disbursed_on", "not_in_future"),
            out("out before the decision", 1_000, 91).names("disbursed_on", "not_before"),
            back("one đồng too many", owed + 1, 0).names("amount_dong", "range"),
            back("nothing back", 0, 0).names("amount_dong", "range"),
            back("less than nothing", -1, 0).names("amount_dong", "range"),
            back("back tomorrow", 1_000, -1).names("repaid_on", "not_in_future"),
            back("back before it went out", 1_000, 81).names("repaid_on", "not_before"),
            off("off tomorrow", -1).names("written_off_on", "not_in_future"),
            off("off before the last payment", 41).names("written_off_on", "not_before"),
            new("new terms tomorrow", -1, 10).names("restructured_on", "not_in_future"),
            new("new terms before any money", 81, 10).names("restructured_on", "not_before"),
            new("eleven years", 5, 121).names("term_months", "range"),
            Bad::new("a quote of the past", app.get(&format!("/loans/{loan}/settlement?on={}", app.days_ago(41))).by(&world.banker), 422, "invalid")
                .names("on", "not_before"),
            Bad::new("an entry of nobody", step(&format!("events/{}/reverse", app.state().random.uuid()), json!({})), 404, "not_found"),
            Bad::new("two filters", app.get("/loans?overdue=true&status=settled").by(&world.banker), 422, "invalid").names("status", "conflicts_with"),
            Bad::new("a lender's case", app.get(&format!("/loans?case_id={loan}")).by(&world.banker), 422, "invalid").names("case_id", "conflicts_with"),
        ]);
        // The refusal says the very most: what was quoted.
        let problem = step("repayments", json!({"repaid_on": app.today(), "amount_dong": owed + 1})).send();
        assert!(problem.text_at("/errors/0/message").contains(&owed.to_string()), "{}", problem.text());
        // An earlier day's payment may not be more than the later ones leave.
        let most = back("far too much", 6_000_000, 60).names("amount_dong", "range");
        refuse_all(app, vec![most]);
        app.pay_back(&world.banker, loan, owed, app.today()).expect(200);
        app.pay_back(&world.banker, loan, 1, app.today()).expect_problem(409, "nothing_left");
    }

    fn a_consent_to_a_certificate_names_its_recipient(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let body = json!({"purpose": "loan_certificate", "given_by": "self", "given_on": app.today(), "proof": "recording"});
        let call = app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker);
        refuse_all(app, vec![Bad::new("to nobody", call, 422, "invalid").names("recipient_organisation_id", "required")]);
    }
}
