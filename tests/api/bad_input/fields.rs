//! Fields that break rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::casework::person_body;
use crate::support::client::Call;
use crate::support::world::COMMUNE;
use crate::support::{TestApp, World, both_dbs};

/// Registering a person with one field changed.
fn person<'a>(app: &'a TestApp, world: &World, field: &str, value: Value) -> Call<'a> {
    let mut body = person_body(CANARY);
    *body.pointer_mut(field).unwrap_or_else(|| panic!("no {field}")) = value;
    app.post("/persons", &body).by(&world.worker)
}

fn text(length: usize) -> Value {
    json!(format!("{CANARY}{}", "x".repeat(length)))
}

fn missing(reply: &Value) -> Vec<String> {
    let errors = reply["errors"].as_array().expect("errors").iter();
    errors
        .filter(|error| error["rule"] == "required")
        .map(|error| error["field"].as_str().expect("a field").to_owned())
        .collect()
}

both_dbs! {
    fn every_field_that_is_missing_is_named_at_once(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let ask = |path: &str, body: Value| {
            missing(&app.post(path, &body).by(&world.worker).send().expect_problem(400, "malformed").json())
        };
        assert_eq!(ask("/cases", json!({})), ["person_id", "unit_code", "category", "received_on"]);
        assert_eq!(ask("/cases", json!({"person_id": person, "category": "at_risk"})), ["unit_code", "received_on"]);
        assert_eq!(ask("/persons", json!({"birth": {}})).into_iter().collect::<BTreeSet<_>>(), ["birth.precision", "sex"].map(String::from).into());
        let needs = json!({"needs": [{"service_type": "loan", "in_need": true, "eligible": true}, {"in_need": false}]});
        let assessed: BTreeSet<String> = ask(&format!("/cases/{case}/assessments"), needs).into_iter().collect();
        let expected = ["assessed_on", "needs[1].eligible", "needs[1].service_type"].map(String::from);
        assert!(expected.iter().all(|field| assessed.contains(field)), "{assessed:?}");
        assert!(assessed.iter().all(|field| !field.starts_with("needs[0]")), "{assessed:?}");
        // However much is missing, the reply is short.
        let many = json!({"needs": vec![json!({}); 10_000]});
        assert!(ask(&format!("/cases/{case}/assessments"), many).len() <= 51);
    }

    fn texts_and_words_of_a_person_are_checked(app: &TestApp) {
        let world = World::build(app);
        let person = |field, value| person(app, &world, field, value);
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let mut unknown = person_body(CANARY);
        unknown["nickname"] = json!(CANARY);
        let mut nested = person_body(CANARY);
        nested["birth"]["time"] = json!(CANARY);
        let mut unsexed = person_body(CANARY);
        unsexed.as_object_mut().expect("an object").remove("sex");
        let post = |body: &Value| app.post("/persons", body).by(&world.worker);
        refuse_all(app, vec![
            malformed("an unknown field", post(&unknown)).names("nickname", "unknown_field"),
            malformed("an unknown field inside", post(&nested)).names("birth.time", "unknown_field"),
            malformed("a missing field", post(&unsexed)).names("sex", "required"),
            malformed("a number for a word", person("/sex", json!(7))).names("sex", "format"),
            malformed("an unknown word", person("/sex", json!(CANARY))).names("sex", "format"),
            malformed("a word that looks like a message", person("/sex", json!(format!("expected {CANARY}")))),
            malformed("a text for a list", person("/aliases", json!(CANARY))).names("aliases", "format"),
            malformed("a list for a text", person("/name", json!([CANARY]))).names("name", "format"),
            malformed("an object for a text", person("/phone", json!({CANARY: 1}))).names("phone", "format"),
            malformed("an unknown category", person("/categories", json!(["at_risk", CANARY]))).names("categories[1]", "format"),
            invalid("a NUL", person("/name", json!(format!("{CANARY}\u{0}")))).names("name", "control_character"),
            invalid("an escape", person("/phone", json!("\u{1b}[2J"))).names("phone", "control_character"),
            invalid("a NUL in an alias", person("/aliases", json!([format!("{CANARY}\u{0}")]))).names("aliases", "control_character"),
            invalid("an empty name", person("/name", json!(""))).names("name", "length"),
            invalid("a name of spaces", person("/name", json!("   "))),
            invalid("a long name", person("/name", text(200))).names("name", "length"),
            invalid("a long address", person("/address", text(500))).names("address", "length"),
            invalid("eleven aliases", person("/aliases", json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(|n: i32| n.to_string())))).names("aliases", "length"),
            invalid("no name", person("/name", Value::Null)).names("name", "required"),
            invalid("a country of three letters", person("/nationality", json!("VNM"))).names("nationality", "format"),
            invalid("an unknown unit", person("/residence_unit_code", json!(CANARY))).names("residence_unit_code", "unit_not_valid_on_date"),
        ]);
    }

    fn ids_of_others_are_fields_that_cannot_be_used_or_are_not_there(app: &TestApp) {
        let world = World::build(app);
        let theirs = app.person(&world.other_worker, CANARY);
        let case = app.case(&world.other_worker, theirs, "at_risk", app.today());
        let nobody = Uuid::nil();
        let mine = app.person(&world.worker, CANARY);
        let mine_case = app.case(&world.worker, mine, "at_risk", app.today());
        let open = |person: Value| {
            let body = json!({"person_id": person, "unit_code": COMMUNE, "category": "at_risk", "received_on": app.today()});
            app.post("/cases", &body).by(&world.worker)
        };
        let refer = |case: Uuid, to: Uuid| {
            let body = json!({"case_id": case, "service_type": "loan", "to_organisation_id": to});
            app.post("/referrals", &body).by(&world.worker)
        };
        let consent = |to: Option<Uuid>| {
            let body = json!({
                "purpose": "referral", "recipient_organisation_id": to, "given_by": "self",
                "given_on": app.today(), "proof": "recording",
            });
            app.post(&format!("/persons/{mine}/consents"), &body).by(&world.worker)
        };
        let assign = json!({"account_id": world.other_worker.id});
        let assign = app.put(&format!("/cases/{mine_case}/assignment"), &assign).by(&world.manager).version(1);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("a person of another centre", open(json!(theirs))).names("person_id", "no_such_reference"),
            invalid("a person of nowhere", open(json!(nobody))).names("person_id", "no_such_reference"),
            Bad::new("an id that is none", open(json!(CANARY)), 400, "malformed").names("person_id", "format"),
            Bad::new("a case of another centre", refer(case, world.lender), 404, "not_found"),
            invalid("a lender that is a school", refer(mine_case, world.school)).names("to_organisation_id", "wrong_organisation"),
            invalid("a lender of nowhere", refer(mine_case, nobody)).names("to_organisation_id", "no_such_reference"),
            invalid("a consent for nowhere", consent(Some(nobody))).names("recipient_organisation_id", "no_such_reference"),
            invalid("a consent for nobody", consent(None)).names("recipient_organisation_id", "required"),
            invalid("a worker of another centre", assign).names("account_id", "no_such_reference"),
        ]);
    }

    fn amounts_and_assessments_are_checked(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let give = |form: &str, amount: Value| {
            let body = json!({
                "case_id": case, "service_type": "travel", "delivered_on": app.today(), "form": form, "amount_dong": amount,
            });
            app.post("/deliveries", &body).by(&world.worker)
        };
        let need = json!({"service_type": "loan", "in_need": true, "eligible": true});
        let assess = |needs: Value| {
            let body = json!({"assessed_on": app.today(), "needs": needs});
            app.post(&format!("/cases/{case}/assessments"), &body).by(&world.worker)
        };
        let both = json!({
            "case_id": case, "referral_id": case, "service_type": "travel", "delivered_on": app.today(), "form": "in_kind",
        });
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("money without amount", give("money", Value::Null)).names("amount_dong", "required"),
            invalid("nothing paid", give("money", json!(0))).names("amount_dong", "range"),
            invalid("a negative amount", give("money", json!(-5))).names("amount_dong", "range"),
            invalid("goods with an amount", give("in_kind", json!(5))).names("amount_dong", "conflicts_with"),
            Bad::new("half a đồng", give("money", json!(0.5)), 400, "malformed").names("amount_dong", "format"),
            Bad::new("more than a number holds", give("money", json!(u64::MAX)), 400, "malformed").names("amount_dong", "format"),
            invalid("case and referral", app.post("/deliveries", &both).by(&world.worker)).names("case_id", "conflicts_with"),
            invalid("no need at all", assess(json!([]))).names("needs", "length"),
            invalid("a service twice", assess(json!([need, need]))).names("needs[1].service_type", "conflicts_with"),
            Bad::new("an unknown service", assess(json!([{"service_type": CANARY, "in_need": true, "eligible": true}])), 400, "malformed")
                .names("needs[0].service_type", "format"),
        ]);
    }

    fn accounts_and_grants_are_checked(app: &TestApp) {
        let world = World::build(app);
        let admin = &world.administrator;
        let invite = |name: &str| app.post("/users", &json!({"username": name, "display_name": CANARY})).by(admin);
        let roles = format!("/users/{}/roles", app.account_without_role("trống").id);
        let grant = |body: Value| app.post(&roles, &body).by(admin);
        let open = |password: &str| {
            let body = json!({"username": "moi", "invitation": CANARY, "password": password});
            app.post("/auth/accept-invitation", &body)
        };
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            Bad::new("a name that is taken", invite("quantri"), 409, "name_taken"),
            Bad::new("a name that is taken, in capitals", invite("QUANTRI"), 409, "name_taken"),
            invalid("a short name", invite("ab")).names("username", "length"),
            invalid("a worker of no centre", grant(json!({"role": "social_worker"}))).names("organisation_id", "required"),
            invalid("a centre of nowhere", grant(json!({"role": "social_worker", "organisation_id": Uuid::nil()})))
                .names("organisation_id", "no_such_reference"),
            invalid("a supervisor of nothing", grant(json!({"role": "supervisor"}))).names("admin_unit_code", "required"),
            invalid("a supervisor of an old unit", grant(json!({"role": "supervisor", "admin_unit_code": "G63-C00001"})))
                .names("admin_unit_code", "unit_not_valid_on_date"),
            invalid("an auditor of a centre", grant(json!({"role": "auditor", "organisation_id": world.centre})))
                .names("organisation_id", "conflicts_with"),
            Bad::new("an unknown role", grant(json!({"role": CANARY})), 400, "malformed").names("role", "format"),
            invalid("a short password", open("Quạvàng7")).names("password", "weak_password"),
            invalid("an easy password", open("passwordpassword")).names("password", "weak_password"),
        ]);
    }
}
