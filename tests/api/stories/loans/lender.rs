//! What a lender reads, byte for byte.

use serde_json::{Value, json};

use super::{NAME, Scene, agree_to_certificate, day, event_of, withdraw_consent};
use crate::support::client::Reply;
use crate::support::{TestApp, World, both_dbs};

/// Words that say why a programme meets somebody, and what a certificate says.
const REASONS: [&str; 17] = [
    "person_selling_sex",
    "possible_victim",
    "identified_victim",
    "establishment_worker",
    "at_risk",
    "categor",
    "bán dâm",
    "nạn nhân",
    "mua bán người",
    "sell sex",
    "selling sex",
    "sex work",
    "traffick",
    "29/2014",
    "Giấy nói",
    "plan_text",
    "person_id",
];
/// What the centre knows of this application.
const CENTRES: [&str; 5] = ["Bán rau", "Tổ vay vốn", "savings_group", "\"case_id\":", "disclosure_read_on"];

/// Everything the lender's account was ever answered.
struct Bytes<'a> {
    app: &'a TestApp,
    world: &'a World,
    all: String,
}

impl Bytes<'_> {
    fn keep(&mut self, reply: Reply) -> Value {
        let text = format!("{:?}\n{}\n", reply.headers, reply.text());
        for word in REASONS.iter().chain(&CENTRES) {
            assert!(!text.contains(word), "a lender reads {word}: {text}");
        }
        self.all += &text;
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    fn get(&mut self, path: &str) -> Value {
        let reply = self.app.get(path).by(&self.world.banker).header("accept-language", "en").send();
        self.keep(reply)
    }

    fn post(&mut self, path: &str, version: i64, body: &Value) -> Value {
        let reply = self.app.post(path, body).by(&self.world.banker).version(version).send();
        self.keep(reply)
    }

    /// Reads all there is, then takes the step: once with a stale version, once badly, once well.
    fn step(&mut self, scene: &Scene, loan: uuid::Uuid, step: &str, body: &Value) {
        self.look_around(scene, loan);
        let path = format!("/loans/{loan}/{step}");
        let version = self.get(&format!("/loans/{loan}"))["version"].as_i64().unwrap_or(1);
        self.post(&path, version + 7, body);
        self.post(&path, version, &json!({"amount_dong": "nhiều", "reason": "?"}));
        self.post(&path, version, body);
        self.look_around(scene, loan);
    }

    fn look_around(&mut self, scene: &Scene, loan: uuid::Uuid) {
        for path in [
            "/loan-products",
            "/loan-products?on=2020-05-04",
            "/loan-products/livelihood/disclosure",
            "/loans",
            "/loans?status=disbursed",
            "/loans?overdue=true",
            "/loans?incoming=false",
            "/referrals",
            "/me",
        ] {
            self.get(path);
        }
        for tail in ["", "/events", "/schedule", "/settlement", "/settlement?on=2019-01-01"] {
            self.get(&format!("/loans/{loan}{tail}"));
        }
        let (case, person, referral) = (scene.case, scene.person, scene.referral);
        for path in [
            format!("/cases/{case}"),
            format!("/persons/{person}"),
            format!("/persons/{person}/consents"),
            format!("/referrals/{referral}"),
            format!("/deliveries?referral_id={referral}"),
            format!("/loans?case_id={case}"),
        ] {
            // What was asked for stands in no reply.
            let reply = self.app.get(&path).by(&self.world.banker).send();
            assert!(!reply.text().contains(&case.to_string()) && !reply.text().contains(&person.to_string()));
            self.keep(reply);
        }
    }
}

both_dbs! {
    fn a_lender_reads_no_reason_in_any_byte_of_a_whole_story(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        let consent = agree_to_certificate(app, &world, scene.person, day("2020-04-15"));
        let loan = app.post("/loans", &scene.certified(20_000_000)).by(&world.worker).send().expect(201).id();
        let mut bytes = Bytes { app, world: &world, all: String::new() };
        bytes.step(&scene, loan, "appraise", &json!({}));
        let approval = json!({"decided_on": "2020-06-01", "amount_dong": 18_000_000, "term_months": 36});
        bytes.step(&scene, loan, "approve", &approval);
        bytes.step(&scene, loan, "refuse", &json!({"decided_on": "2020-06-01", "reason": "no_funds"}));
        bytes.step(&scene, loan, "withdraw", &json!({"reason": "not_wanted"}));
        let part = |dong: i64| json!({"disbursed_on": "2020-06-15", "amount_dong": dong});
        bytes.step(&scene, loan, "disbursements", &part(19_000_000));
        bytes.step(&scene, loan, "disbursements", &part(10_000_000));
        bytes.step(&scene, loan, "disbursements", &part(8_000_000));
        let back = |dong: i64| json!({"repaid_on": "2021-02-01", "amount_dong": dong});
        bytes.step(&scene, loan, "repayments", &back(99_000_000));
        bytes.step(&scene, loan, "repayments", &back(2_000_000));
        bytes.step(&scene, loan, "restructurings", &json!({
            "restructured_on": "2021-03-01", "term_months": 24, "plan": "at_term", "frequency": "monthly",
        }));
        // Once the consent is withdrawn, not even the issuer is read.
        withdraw_consent(app, &world, scene.person, consent);
        let before = bytes.all.len();
        bytes.look_around(&scene, loan);
        bytes.step(&scene, loan, "write-off", &json!({"written_off_on": "2023-01-01", "reason": "other"}));
        let event = event_of(app, &world, loan, "written_off");
        bytes.step(&scene, loan, &format!("events/{event}/reverse"), &json!({}));
        app.step(&world.worker, scene.referral, "cancel").expect(200);
        let cancelled = bytes.all.len();
        bytes.look_around(&scene, loan);
        let owed = bytes.get(&format!("/loans/{loan}/settlement"))["total_dong"].as_i64().expect("đồng");
        bytes.step(&scene, loan, "repayments", &json!({"repaid_on": app.today(), "amount_dong": owed}));
        let read = app.read_loan(&world.banker, loan);
        assert_eq!((&read["status"], &read["written_off_dong"]), (&json!("settled"), &json!(0)), "the story went on");
        assert!(bytes.all[..before].contains("group_leader") && !bytes.all[before..].contains("group_leader"));
        assert!(bytes.all[..before].contains(NAME), "the referral shows the person while it is served");
        assert!(!bytes.all[cancelled..].contains(NAME), "and no reply does after it has ended");
    }

    fn a_loan_itself_shows_a_lender_no_person_even_while_the_referral_is_served(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(50));
        for tail in ["", "/events", "/schedule", "/settlement"] {
            let text = app.get(&format!("/loans/{loan}{tail}")).by(&world.banker).send().expect(200).text();
            let worker = world.worker.id.to_string();
            for word in [NAME, "0912 345 678", "recorded_by", "centre", worker.as_str()] {
                assert!(!text.contains(word), "{tail}: a lender reads {word}");
            }
        }
    }

    fn another_lender_and_another_centre_see_nothing_of_a_loan(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(50));
        let bank = app.organisation(hoanhap::organisations::OrganisationKind::Lender, "Phòng giao dịch khác");
        let clerk = app.account("tindung.khac", hoanhap::grants::Role::Partner, Some(bank), None);
        for user in [&clerk, &world.teacher, &world.other_manager, &world.other_worker] {
            for tail in ["", "/events", "/schedule", "/settlement"] {
                app.get(&format!("/loans/{loan}{tail}")).by(user).send().expect_problem(404, "not_found");
            }
            app.pay_back(user, loan, 1_000, app.today()).expect_problem(404, "not_found");
            assert!(app.all_items(user, "/loans", 10).is_empty());
        }
    }
}
