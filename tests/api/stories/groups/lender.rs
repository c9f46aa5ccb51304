//! What a lender and a school are answered by every operation of the API, while a centre writes down
//! everything it can about a person: none of it, and never why the programme meets anybody.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{agree, register, served};
use crate::support::client::{Call, Reply};
use crate::support::files::{parts, png};
use crate::support::{TestApp, User, World, both_dbs};

/// Stands in every text that is not a partner's to read.
const CANARY: &str = "KimTuoc7731";
/// Words that would say why the programme meets somebody.
const REASONS: [&str; 22] = [
    "person_selling_sex",
    "possible_victim",
    "identified_victim",
    "establishment_worker",
    "at_risk",
    "traffick",
    "victim",
    "categor",
    "selling sex",
    "sell sex",
    "sex work",
    "prostitut",
    "violence",
    "bán dâm",
    "mại dâm",
    "nạn nhân",
    "mua bán",
    "bạo lực",
    "tệ nạn",
    "hoàn lương",
    "entitle",
    "regime",
];
/// The only words by which a lender knows a product.
const PRODUCTS: [&str; 3] = ["livelihood", "job_creation", "poor_household"];

fn canary(field: &str) -> String {
    format!("{CANARY} {field}")
}

/// Records of one person, by the word with which their paths begin.
type Ids = BTreeMap<&'static str, Uuid>;

/// One operation of the API's own description.
struct Operation {
    method: String,
    path: String,
    queries: Vec<String>,
}

fn operations() -> Vec<Operation> {
    let described = serde_json::to_value(hoanhap::server::description()).expect("the description is JSON");
    let mut all = Vec::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named = |one: &Value| (one["in"] == "query").then(|| one["name"].as_str().expect("a name").to_owned());
            let queries = parameters.iter().filter_map(named).collect();
            // The description itself names every word of the API, and nobody.
            if path != "/api/openapi.json" {
                all.push(Operation { method: method.to_uppercase(), path: path.clone(), queries });
            }
        }
    }
    all
}

/// What a partner's account is answered.
struct Partner<'a> {
    app: &'a TestApp,
    user: &'a User,
    ids: &'a Ids,
    calls: usize,
}

impl Partner<'_> {
    /// No byte of the reply or its headers is one of those a partner must not read.
    #[track_caller]
    fn keep(&mut self, what: &str, reply: &Reply) {
        self.calls += 1;
        assert_ne!(reply.status, 500, "{what}: {}", reply.text());
        let all = format!("{:?}\n{}", reply.headers, reply.text());
        let low = all.to_lowercase();
        assert!(!all.contains(CANARY), "{} reads on {what}: {all}", self.user.username);
        // Which fields a body lacks is told by the API's own description, before anything is looked at.
        let said_of_all = |word: &str| reply.status == 400 && word == "categor";
        for word in REASONS.into_iter().filter(|word| !said_of_all(word)) {
            assert!(!low.contains(word), "{} reads {word} on {what}: {all}", self.user.username);
        }
        for secret in ["persons", "cases"] {
            let id = self.ids[secret].to_string();
            assert!(!low.contains(&id), "{} reads the id of {secret} on {what}: {all}", self.user.username);
        }
    }

    fn send(&mut self, what: &str, call: Call<'_>) -> Value {
        let reply = call.by(self.user).header("accept-language", "vi").send();
        self.keep(what, &reply);
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    fn get(&mut self, path: &str) -> Value {
        self.send(path, self.app.get(path))
    }

    /// One operation with this id wherever an id stands.
    fn try_with(&mut self, operation: &Operation, id: Uuid) {
        let filled = operation.path.replace("{id}", &id.to_string()).replace("{code}", "mb-2021-2025");
        let filled = filled.replace("{day}", &self.app.today().to_string()).replace("{number}", "1");
        let filled = filled.replace("{months}", "3").replace("{indicator}", "MB-01").replace("{kind}", "case");
        let mut path = filled;
        while let Some((start, rest)) = path.clone().split_once('{') {
            let (_, end) = rest.split_once('}').expect("a closing brace");
            path = format!("{start}{}{end}", self.ids["persons"]);
        }
        let what = format!("{} {path}", operation.method);
        let mut call = self.app.call(&operation.method, &path);
        if operation.method != "GET" {
            // A version that was never there: nothing is changed, and the answer tells what it may of what did.
            call = if path.ends_with("/attachments") { parts(call, &json!({}), &png()) } else { call.json(&json!({})) };
            call = call.version(4_711);
        }
        if path.contains("/auth/") {
            // Ends no session of ours.
            let own = User::new(self.user.id, &self.user.username);
            let reply = call.by(&own).send();
            return self.keep(&what, &reply);
        }
        self.send(&what, call);
        if operation.method == "GET" {
            for query in &operation.queries {
                if let Some(value) = self.value_of(query) {
                    self.get(&format!("{path}?{query}={value}"));
                }
            }
        }
    }

    fn value_of(&self, query: &str) -> Option<String> {
        let id = |name: &str| self.ids.get(name).map(Uuid::to_string);
        match query {
            "case_id" => id("cases"),
            "person_id" => id("persons"),
            "referral_id" => id("referrals"),
            "organisation_id" => id("organisations"),
            "assigned_to" | "owner_id" | "account_id" => id("users"),
            "year" => Some("2025".to_owned()),
            "on" => Some(self.app.today().to_string()),
            "incoming" | "overdue" | "resident" | "past" | "unreviewed" | "trafficked_again" => Some("true".to_owned()),
            "of" => Some("centre".to_owned()),
            "name" => Some("Khoa".to_owned()),
            _ => None,
        }
    }

    /// Every operation, each with the record its path speaks of, or with every record there is.
    fn try_everything(&mut self, every_id: bool) {
        let all: Vec<Uuid> = self.ids.values().copied().collect();
        for operation in operations() {
            let head =
                operation.path.strip_prefix("/api/v1/").and_then(|path| path.split('/').next()).unwrap_or_default();
            let own = self.ids.get(head).copied().unwrap_or(self.ids["cases"]);
            let every = every_id && operation.method == "GET" && operation.path.contains("{id}");
            let ids = if every { all.clone() } else { vec![own] };
            for id in ids {
                self.try_with(&operation, id);
            }
        }
        let search = self.app.post("/persons/search", &json!({"name": "Khoa"}));
        self.send("POST /persons/search", search);
    }

    /// A step of the partner itself: once with a stale version, once badly, once well.
    #[track_caller]
    fn step(&mut self, path: &str, record: &str, body: &Value) -> Value {
        let version = self.get(record)["version"].as_i64().unwrap_or(1);
        let badly = json!({"reason": 7_731, "amount_dong": "nhiều"});
        for (version, body) in [(version + 7, body), (version, &badly)] {
            // A repayment asks for no version: it would be paid twice.
            if path.ends_with("/repayments") && *body != badly {
                continue;
            }
            let call = self.app.post(path, body).version(version);
            self.send(path, call);
        }
        let reply = self.app.post(path, body).by(self.user).version(version).send();
        self.keep(path, &reply);
        assert!(reply.status < 300, "{path}: {}", reply.text());
        reply.json()
    }
}

/// The case of somebody of every category, with the canary in all that a centre can write about a person.
fn written(app: &TestApp, world: &World) -> Ids {
    let worker = &world.worker;
    let person = register(app, worker, "Nguyễn Thị Khoa", |body| {
        body["aliases"] = json!([canary("alias")]);
        body["address"] = json!(canary("address"));
        body["national_id"] = json!("077310077310");
        body["ethnicity"] = json!("mnong");
        let all = ["person_selling_sex", "possible_victim", "identified_victim", "establishment_worker", "at_risk"];
        body["categories"] = json!(all);
    });
    let case = app.victims_case(worker, person, app.days_ago(40), app.days_ago(30));
    let version = app.get(&format!("/cases/{case}")).by(worker).send().expect(200).version();
    let change = json!({"summary": canary("summary")});
    app.patch(&format!("/cases/{case}"), &change).by(worker).version(version).send().expect(200);
    let rest = [("suspended", "why suspended"), ("receiving_support", "why again")];
    for (to, note) in rest {
        let version = app.get(&format!("/cases/{case}")).by(worker).send().expect(200).version();
        let body = json!({"to": to, "occurred_on": app.today(), "note": canary(note)});
        app.post(&format!("/cases/{case}/status"), &body).by(worker).version(version).send().expect(200);
    }
    let post = |path: &str, body: Value| {
        app.post(&path.replace("{person}", &person.to_string()).replace("{case}", &case.to_string()), &body)
            .by(worker)
            .send()
            .expect(201)
            .id()
    };
    let needs = ["vocational_training", "loan", "medical", "psychological", "essential_needs"]
        .map(|service| json!({"service_type": service, "in_need": true, "eligible": true, "reason": "statutory"}));
    let assessed =
        json!({"assessed_on": app.today(), "findings": canary("findings"), "risk": "immediate_danger", "needs": needs});
    post("/cases/{case}/assessments", assessed);
    post("/cases/{case}/refusals", json!({"service_type": "medical", "refused_on": app.today()}));
    post("/cases/{case}/circumstances", json!({"circumstance": "at_home", "since_on": app.days_ago(39)}));
    let guardian =
        json!({"relation": "mother", "name": canary("guardian"), "phone": "0977310", "from_on": app.days_ago(90)});
    let guardian = post("/persons/{person}/guardians", guardian);
    let plan = json!({
        "agreed_with": "self", "agreed_on": app.today(), "review_on": app.days_ago(-60),
        "goals": [{"text": canary("goal"), "steps": [
            {"title": canary("step"), "owner": {"kind": "worker"}, "due_on": app.days_ago(-3)},
            {"title": canary("step of a partner"), "owner": {"kind": "partner", "organisation_id": world.lender}, "due_on": app.days_ago(-3)},
        ]}],
    });
    app.put_plan(worker, case, None, &plan).send().expect(200);
    let task = json!({"title": canary("task"), "kind": "visit", "due_on": app.days_ago(-2)});
    let note = app.note(worker, case, "notes", &canary("note"), app.today());
    let counselling = app.note(worker, case, "counselling-notes", &canary("counselling"), app.today());
    let attachment = app.attach(worker, case, &canary("attachment"), &png()).send().expect(201).id();
    let allowed = json!({
        "service_type": "travel", "reason": "risk_to_life", "valid_until": app.days_ago(-30), "note": canary("override"),
    });
    app.post(&format!("/cases/{case}/entitlement-overrides"), &allowed).by(&world.manager).send().expect(201);
    let stay =
        app.post("/stays", &json!({"case_id": case, "room": "Z77-31", "in_on": app.days_ago(3)})).by(worker).send();
    let transfer = {
        agree(app, worker, person, "transfer", world.other_centre, None);
        post(
            "/cases/{case}/transfers",
            json!({
                "to_organisation_id": world.other_centre, "ground": "consent", "summary": canary("transfer"),
            }),
        )
    };
    let delivery = app.give(worker, case, "travel", app.today());
    Ids::from([
        ("persons", person),
        ("cases", case),
        ("guardians", guardian),
        ("tasks", post("/cases/{case}/tasks", task)),
        ("notes", note),
        ("counselling-notes", counselling),
        ("attachments", attachment),
        ("transfers", transfer),
        ("stays", stay.expect(201).id()),
        ("deliveries", delivery),
        ("users", worker.id),
        ("organisations", world.centre),
    ])
}

/// A referral that the partner answers and serves, step by step through its own account.
fn referral_of(app: &TestApp, world: &World, ids: &mut Ids, user: &User, service: &str, to: Uuid) -> Uuid {
    let (person, case) = (ids["persons"], ids["cases"]);
    agree(app, &world.worker, person, "referral", to, None);
    let draft = app.draft(&world.worker, case, service, to);
    ids.insert("referrals", draft);
    let mut partner = Partner { app, user, ids, calls: 0 };
    partner.try_everything(false);
    app.step(&world.worker, draft, "send").expect(200);
    partner.try_everything(false);
    let path = format!("/referrals/{draft}");
    let shown = partner.step(&format!("{path}/accept"), &path, &json!({}));
    assert_eq!(shown["person"]["name"], "Nguyễn Thị Khoa", "the name is the partner's to know");
    draft
}

/// The file is closed, and the person is asked after.
fn closed(app: &TestApp, world: &World, ids: &Ids) {
    let case = ids["cases"];
    app.post(&format!("/transfers/{}/withdraw", ids["transfers"]), &json!({}))
        .by(&world.worker)
        .version(1)
        .send()
        .expect(200);
    app.stay_step(&world.worker, ids["stays"], "leave", &json!({"out_on": app.today()})).expect(200);
    app.move_case(&world.worker, case, "closed", app.today()).expect(200);
    app.pass_days(95);
    let body = json!({"months": 3, "done_on": app.today(), "finding": "at_risk", "note": canary("follow-up")});
    app.post(&format!("/cases/{case}/follow-ups"), &body).by(&world.worker).send().expect(201);
}

/// An application, of which the plan and the savings group are the centre's alone.
fn applied(app: &TestApp, world: &World, referral: Uuid) -> Uuid {
    let body = json!({
        "referral_id": referral, "product": "poor_household", "borrower": "household", "amount_dong": 20_000_000,
        "term_months": 6, "plan": "equal_principal", "frequency": "monthly", "purpose": "services",
        "plan_text": canary("plan"), "savings_group": canary("group"), "applied_on": app.today(),
    });
    app.post("/loans", &body).by(&world.worker).send().expect(201).id()
}

both_dbs! {
    fn a_lender_reads_nothing_a_centre_wrote_of_a_person_on_any_operation_of_a_whole_loan(app: &TestApp) {
        let world = World::build(app);
        let (worker, banker) = (&world.worker, &world.banker);
        let mut ids = written(app, &world);
        let referral = referral_of(app, &world, &mut ids, banker, "loan", world.lender);
        ids.insert("loans", applied(app, &world, referral));
        let (loan, path) = (format!("/loans/{}", ids["loans"]), format!("/referrals/{referral}"));
        let mut partner = Partner { app, user: banker, ids: &ids, calls: 0 };
        partner.step(&format!("{path}/start"), &path, &json!({}));
        partner.try_everything(true);
        let today = app.today();
        partner.step(&format!("{loan}/appraise"), &loan, &json!({}));
        let approval = json!({"decided_on": today, "amount_dong": 18_000_000, "term_months": 6});
        partner.step(&format!("{loan}/approve"), &loan, &approval);
        for dong in [10_000_000, 8_000_000] {
            partner.step(&format!("{loan}/disbursements"), &loan, &json!({"disbursed_on": today, "amount_dong": dong}));
        }
        let given = partner.get(&format!("/deliveries?referral_id={referral}"));
        assert_eq!(given["items"].as_array().map(Vec::len), Some(2), "its own payments are the lender's to read");
        partner.try_everything(false);
        app.pass_days(40);
        assert!(partner.get(&loan)["overdue_days"].as_i64() > Some(0));
        partner.get("/loans?overdue=true");
        partner.step(&format!("{loan}/repayments"), &loan, &json!({"repaid_on": app.today(), "amount_dong": 4_000_000}));
        let terms = json!({"restructured_on": app.today(), "term_months": 12, "plan": "at_term", "frequency": "quarterly"});
        partner.step(&format!("{loan}/restructurings"), &loan, &terms);
        let written_off = partner.step(&format!("{loan}/write-off"), &loan, &json!({"written_off_on": app.today(), "reason": "other"}));
        assert_eq!(written_off["status"], "written_off");
        let events = partner.get(&format!("{loan}/events"));
        let last = events["items"].as_array().expect("events").iter().find(|one| one["kind"] == "written_off").cloned();
        let last = last.expect("an event")["id"].as_str().expect("an id").to_owned();
        partner.step(&format!("{loan}/events/{last}/reverse"), &loan, &json!({}));
        closed(app, &world, &ids);
        partner.try_everything(true);
        let owed = partner.get(&format!("{loan}/settlement"))["total_dong"].as_i64().expect("đồng");
        let settled = partner.step(&format!("{loan}/repayments"), &loan, &json!({"repaid_on": app.today(), "amount_dong": owed}));
        assert_eq!(settled["status"], "settled", "the loan went all its way");
        assert!(partner.calls > 1_000, "{} calls", partner.calls);
        let ours = app.get(&loan).by(worker).send().expect(200).text();
        assert!(ours.contains(&canary("plan")) && ours.contains(&canary("group")), "the canaries were there to be read");
    }

    fn a_school_reads_nothing_a_centre_wrote_of_a_person_on_any_operation_of_a_whole_course(app: &TestApp) {
        let world = World::build(app);
        let teacher = &world.teacher;
        let mut ids = written(app, &world);
        let (person, case) = (ids["persons"], ids["cases"]);
        agree(app, &world.worker, person, "referral", world.lender, None);
        let lending = served(app, (&world.worker, &world.banker), case, "loan", world.lender);
        ids.insert("loans", applied(app, &world, lending));
        let referral = referral_of(app, &world, &mut ids, teacher, "vocational_training", world.school);
        let course = app.course(teacher, app.today());
        ids.insert("courses", course);
        ids.insert("enrolments", app.enrol(teacher, referral, course).expect(201).id());
        let enrolment = format!("/enrolments/{}", ids["enrolments"]);
        let mut partner = Partner { app, user: teacher, ids: &ids, calls: 0 };
        app.mark(teacher, course, app.today(), &[(ids["enrolments"], "present")]).expect(200);
        partner.try_everything(true);
        assert!(partner.get(&enrolment).to_string().contains("Nguyễn Thị Khoa"), "whom it teaches it knows");
        let done = json!({"completed_on": app.today(), "outcome": "achieved"});
        partner.step(&format!("{enrolment}/complete"), &enrolment, &done);
        app.aid(&world.worker, ids["enrolments"], app.today()).expect(201);
        let work = json!({"kind": "employed", "in_trade": true, "started_on": app.today()});
        app.put(&format!("{enrolment}/job"), &work).by(&world.worker).version(0).send().expect(200);
        closed(app, &world, &ids);
        partner.try_everything(true);
        assert!(!partner.get(&enrolment).to_string().contains("Nguyễn Thị Khoa"), "and afterwards no longer");
        assert!(partner.calls > 1_000, "{} calls", partner.calls);
    }

    fn the_products_a_lender_reads_have_neutral_codes_names_and_no_ground(app: &TestApp) {
        let world = World::build(app);
        let ids = Ids::from([("persons", world.centre), ("cases", world.centre)]);
        let mut partner = Partner { app, user: &world.banker, ids: &ids, calls: 0 };
        for on in ["2014-12-31", "2020-05-04", "2025-10-15", "2026-06-01"] {
            let offered = partner.get(&format!("/loan-products?on={on}"));
            let offered = offered["items"].as_array().expect("products");
            assert!(!offered.is_empty(), "{on}");
            for product in offered {
                assert!(PRODUCTS.contains(&product["code"].as_str().expect("a code")), "{product}");
                for theirs in ["legal_basis", "needs_certificate", "disclosure", "provinces"] {
                    assert_eq!(product.get(theirs), None, "{product}");
                }
            }
        }
        for product in PRODUCTS {
            let reply = app.get(&format!("/loan-products/{product}/disclosure")).by(&world.banker).send();
            assert!(matches!(reply.status, 403 | 404), "{}", reply.text());
        }
    }
}
