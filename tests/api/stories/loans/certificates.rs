//! Products whose law demands a certificate.

use serde_json::json;

use super::{Scene, agree_to_certificate, day, withdraw_consent};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_certificate_goes_to_the_lender_only_on_a_consent_of_its_own(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        let told = app.get("/loan-products/livelihood/disclosure").by(&world.worker).send().expect(200).json();
        for language in ["vi", "en"] {
            assert!(told[language].as_str().is_some_and(|text| text.len() > 300));
        }
        let body = scene.certified(15_000_000);
        let apply = || app.post("/loans", &body).by(&world.worker).send();
        apply().expect_problem(409, "certificate_consent_missing");
        agree_to_certificate(app, &world, scene.person, day("2020-04-10"));
        // It was read to the person on the 15th: a consent of the 10th was given without knowing.
        let early = apply().expect_problem(422, "invalid");
        assert_eq!(early.text_at("/errors/0/field"), "certificate.disclosure_read_on");
        let consent = agree_to_certificate(app, &world, scene.person, day("2020-04-15"));
        let loan = apply().expect(201).id();
        let ours = app.read_loan(&world.worker, loan);
        assert_eq!(ours["certificate"]["consent_id"], json!(consent));
        assert_eq!(ours["centre"]["savings_group"], "Tổ vay vốn số 7");
        let theirs = app.read_loan(&world.banker, loan);
        assert_eq!(theirs["certificate"], json!({"issuer": "group_leader", "issued_on": "2020-04-20"}));
        assert_eq!(theirs["centre"], json!(null));
    }

    fn when_the_consent_ends_an_application_is_withdrawn(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        let consent = agree_to_certificate(app, &world, scene.person, day("2020-04-15"));
        let loan = app.post("/loans", &scene.certified(15_000_000)).by(&world.worker).send().expect(201).id();
        app.grant_loan(&world.banker, loan, 15_000_000, 36, day("2020-05-20"));
        withdraw_consent(app, &world, scene.person, consent);
        app.get(&format!("/loans/{loan}")).by(&world.banker).send().expect_problem(404, "not_found");
        assert_eq!(app.read_loan(&world.worker, loan)["status"], "withdrawn");
    }

    fn when_the_consent_ends_a_loan_goes_on_and_the_lender_no_longer_sees_the_certificate(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        let consent = agree_to_certificate(app, &world, scene.person, day("2020-04-15"));
        let loan = app.post("/loans", &scene.certified(15_000_000)).by(&world.worker).send().expect(201).id();
        app.grant_loan(&world.banker, loan, 15_000_000, 36, day("2020-05-20"));
        app.pay_out(&world.banker, loan, 15_000_000, day("2020-05-25"));
        assert_eq!(app.read_loan(&world.banker, loan)["rate_ppm"], 66_000);
        withdraw_consent(app, &world, scene.person, consent);
        let theirs = app.get(&format!("/loans/{loan}")).by(&world.banker).send().expect(200);
        assert!(!theirs.text().contains("certificate") && !theirs.text().contains("group_leader"));
        app.pay_back(&world.banker, loan, 1_000_000, app.today()).expect(200);
        assert_eq!(app.read_loan(&world.worker, loan)["certificate"]["issuer"], "group_leader");
    }

    fn a_consent_that_runs_out_stops_the_lender_at_once_and_housekeeping_withdraws_the_application(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        let body = json!({
            "purpose": "loan_certificate", "recipient_organisation_id": world.lender, "given_by": "self",
            "given_on": "2020-04-15", "proof": "recording", "expires_on": app.today(),
        });
        app.post(&format!("/persons/{}/consents", scene.person), &body).by(&world.worker).send().expect(201);
        let loan = app.post("/loans", &scene.certified(15_000_000)).by(&world.worker).send().expect(201).id();
        app.pass_days(1);
        assert_eq!(app.read_loan(&world.banker, loan)["certificate"], json!(null));
        app.loan_step(&world.banker, loan, "appraise", &json!({})).expect_problem(409, "certificate_consent_missing");
        app.keep_house();
        assert_eq!(app.read_loan(&world.worker, loan)["status"], "withdrawn");
        let nobody = "select count(*) as n from loan_events where kind = 'withdrawn' and recorded_by is null";
        assert_eq!(app.number(nobody), 1);
    }

    fn a_consent_that_is_renewed_before_or_ahead_carries_the_application_on(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        let agree = |days: i64| {
            let body = json!({
                "purpose": "loan_certificate", "recipient_organisation_id": world.lender, "given_by": "self",
                "given_on": "2020-04-15", "proof": "recording", "expires_on": app.days_ago(-days),
            });
            app.post(&format!("/persons/{}/consents", scene.person), &body).by(&world.worker).send().expect(201).id()
        };
        let first = agree(1);
        let loan = app.post("/loans", &scene.certified(15_000_000)).by(&world.worker).send().expect(201).id();
        let resting = || app.read_loan(&world.worker, loan)["certificate"]["consent_id"].clone();
        assert_eq!(resting(), json!(first));
        agree(0);
        assert_eq!(resting(), json!(first), "a shorter one changes nothing");
        let renewed = agree(9);
        assert_eq!(resting(), json!(renewed));
        app.pass_days(5);
        app.keep_house();
        assert_eq!(app.read_loan(&world.banker, loan)["certificate"]["issuer"], "group_leader");
        withdraw_consent(app, &world, scene.person, renewed);
        assert_eq!(app.read_loan(&world.worker, loan)["status"], "withdrawn");
    }

    fn a_pilot_product_is_lent_in_its_years_and_provinces_only(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::of_2020(app, &world);
        agree_to_certificate(app, &world, scene.person, day("2020-04-15"));
        let refused = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut body = scene.certified(15_000_000);
            change(&mut body);
            let problem = app.post("/loans", &body).by(&world.worker).send().expect_problem(422, "invalid").json();
            (problem["errors"][0]["field"].clone(), problem["errors"][0]["rule"].clone())
        };
        let rule = |field: &str, rule: &str| (json!(field), json!(rule));
        assert_eq!(refused(&|body| body["applied_on"] = json!("2021-01-01")), rule("product", "product_not_offered"));
        assert_eq!(refused(&|body| body["amount_dong"] = json!(20_000_001)), rule("amount_dong", "range"));
        assert_eq!(refused(&|body| body["term_months"] = json!(37)), rule("term_months", "range"));
        assert_eq!(refused(&|body| body["certificate"] = json!(null)), rule("certificate", "required"));
        assert_eq!(refused(&|body| body["savings_group"] = json!(null)), rule("savings_group", "required"));
        app.sql(&format!("update cases set unit_code = 'G63-C00694' where id = {}", app.sql_id(scene.case)));
        assert_eq!(refused(&|_| {}), rule("product", "product_not_offered"));
        app.sql(&format!("update cases set unit_code = 'G63-P01' where id = {}", app.sql_id(scene.case)));
        let mut household = scene.certified(30_000_000);
        household["borrower"] = json!("household");
        app.post("/loans", &household).by(&world.worker).send().expect(201);
    }
}
