//! The life of a loan.

use serde_json::json;

use super::{NAME, Scene, event_of, kinds, withdraw_consent};
use crate::support::loans::loan_body;
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_loan_goes_from_the_application_to_an_early_settlement_and_the_centre_sees_every_step(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let (worker, banker) = (&world.worker, &world.banker);
        let loan = app.loan(worker, scene.referral, app.days_ago(600));
        let ours = app.read_loan(worker, loan);
        assert_eq!(ours["centre"]["plan_text"], "Mở tiệm may nhỏ ở chợ Mơ");
        assert_eq!(ours["centre"]["case_id"], json!(scene.case));
        app.grant_loan(banker, loan, 18_000_000, 9, app.days_ago(590));
        let granted = app.read_loan(worker, loan);
        assert_eq!((&granted["status"], &granted["rate_ppm"]), (&json!("approved"), &json!(79_200)));
        app.pay_out(banker, loan, 10_000_000, app.days_ago(580));
        app.pay_out(banker, loan, 8_000_000, app.days_ago(560));
        let deliveries = app.all_items(worker, &format!("/deliveries?case_id={}", scene.case), 50);
        let amounts: Vec<i64> = deliveries.iter().map(|given| given["amount_dong"].as_i64().expect("đồng")).collect();
        assert_eq!(amounts, [10_000_000, 8_000_000]);
        app.pay_back(banker, loan, 3_000_000, app.days_ago(500)).expect(200);
        let path = format!("/loans/{loan}/settlement?on={}", app.days_ago(450));
        let quote = app.get(&path).by(banker).send().expect(200).json();
        let total = quote["total_dong"].as_i64().expect("đồng");
        assert!(total > quote["principal_dong"].as_i64().expect("đồng"));
        let settled = app.pay_back(banker, loan, total, app.days_ago(450)).expect(200).json();
        assert_eq!(settled["status"], "settled");
        assert_eq!((&settled["outstanding_dong"], &settled["next_due_on"]), (&json!(0), &json!(null)));
        let seen = app.read_loan(worker, loan);
        assert_eq!(seen["repaid_principal_dong"], 18_000_000);
        assert_eq!(seen["repaid_interest_dong"], json!(3_000_000 + total - 18_000_000));
        // The clock stood still: only what there is counts here, not the order.
        let mut seen = kinds(app, &world, loan);
        seen.sort_unstable();
        assert_eq!(seen, ["applied", "appraised", "approved", "disbursed", "disbursed", "repaid", "repaid"]);
        let schedule = app.get(&format!("/loans/{loan}/schedule")).by(worker).send().expect(200).json();
        assert_eq!(schedule["outstanding_dong"], 0);
    }

    fn a_loan_is_refused_with_a_reason_and_another_may_be_asked_for(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.loan(&world.worker, scene.referral, app.days_ago(20));
        app.loan_step(&world.banker, loan, "appraise", &json!({})).expect(200);
        let refusal = json!({"decided_on": app.today(), "reason": "plan_not_feasible"});
        let refused = app.loan_step(&world.banker, loan, "refuse", &refusal).expect(200).json();
        assert_eq!((&refused["status"], &refused["refusal_reason"]), (&json!("refused"), &json!("plan_not_feasible")));
        let approval = json!({"decided_on": app.today(), "amount_dong": 1, "term_months": 1});
        app.loan_step(&world.banker, loan, "approve", &approval).expect_problem(409, "illegal_transition");
        app.loan(&world.worker, scene.referral, app.today());
    }

    fn the_centre_withdraws_an_application_and_the_lender_no_longer_sees_it(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.loan(&world.worker, scene.referral, app.today());
        app.grant_loan(&world.banker, loan, 5_000_000, 5, app.today());
        app.loan_step(&world.worker, loan, "withdraw", &json!({"reason": "not_wanted"})).expect(200);
        app.get(&format!("/loans/{loan}")).by(&world.banker).send().expect_problem(404, "not_found");
        assert_eq!(app.all_items(&world.banker, "/loans", 10), Vec::<serde_json::Value>::new());
        assert_eq!(app.read_loan(&world.worker, loan)["status"], "withdrawn");
        let again = app.loan(&world.worker, scene.referral, app.today());
        app.grant_loan(&world.banker, again, 5_000_000, 5, app.today());
        app.pay_out(&world.banker, again, 5_000_000, app.today());
        app.loan_step(&world.worker, again, "withdraw", &json!({"reason": "mistake"}))
            .expect_problem(409, "illegal_transition");
    }

    fn the_end_of_a_referral_withdraws_what_was_not_paid_out_and_leaves_the_contract(app: &TestApp) {
        let world = World::build(app);
        for (step, ends) in [("complete", true), ("stop", true), ("cancel", false)] {
            let (pending, running) = (Scene::build(app, &world), Scene::build(app, &world));
            let granted = app.loan(&world.worker, pending.referral, app.today());
            app.grant_loan(&world.banker, granted, 5_000_000, 5, app.today());
            let owed = app.disbursed_loan(&world.worker, &world.banker, running.referral, app.days_ago(40));
            for referral in [pending.referral, running.referral] {
                let by = if ends { &world.banker } else { &world.worker };
                app.step(by, referral, step).expect(200);
            }
            app.get(&format!("/loans/{granted}")).by(&world.banker).send().expect_problem(404, "not_found");
            assert_eq!(app.read_loan(&world.worker, granted)["status"], "withdrawn", "{step}");
            app.pay_back(&world.banker, owed, 1_000_000, app.today()).expect(200);
            let text = app.get(&format!("/loans/{owed}")).by(&world.banker).send().expect(200).text();
            assert!(text.contains("\"disbursed\"") && !text.contains(NAME), "{text}");
            let referral = app.get(&format!("/referrals/{}", running.referral)).by(&world.banker).send();
            assert!(!referral.text().contains(NAME), "the person is closed to the lender");
        }
    }

    fn closing_a_case_and_the_end_of_the_consent_withdraw_an_application_too(app: &TestApp) {
        let world = World::build(app);
        let (closed, silent) = (Scene::build(app, &world), Scene::build(app, &world));
        let first = app.loan(&world.worker, closed.referral, app.today());
        let second = app.loan(&world.worker, silent.referral, app.today());
        app.move_case(&world.worker, closed.case, "closed", app.today()).expect(200);
        let consents = app.get(&format!("/persons/{}/consents", silent.person)).by(&world.worker).send().expect(200);
        let consent = consents.text_at("/items/0/id").parse().expect("an id");
        withdraw_consent(app, &world, silent.person, consent);
        for loan in [first, second] {
            assert_eq!(app.read_loan(&world.worker, loan)["status"], "withdrawn");
            app.get(&format!("/loans/{loan}")).by(&world.banker).send().expect_problem(404, "not_found");
        }
    }

    fn a_repeated_request_takes_its_step_once(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let apply = || app.post("/loans", &loan_body(scene.referral, app.today())).by(&world.worker).key("loan-key-1");
        let loan = apply().send().expect(201).id();
        assert_eq!(apply().send().expect(201).id(), loan);
        app.grant_loan(&world.banker, loan, 20_000_000, 10, app.today());
        let path = format!("/loans/{loan}/disbursements");
        let body = json!({"disbursed_on": app.today(), "amount_dong": 5_000_000});
        let pay = || app.post(&path, &body).by(&world.banker).version(3).key("loan-key-2").send().expect(200).json();
        assert_eq!(pay()["disbursed_dong"], 5_000_000);
        assert_eq!(pay()["disbursed_dong"], 5_000_000);
        let path = format!("/loans/{loan}/repayments");
        let body = json!({"repaid_on": app.today(), "amount_dong": 1_000_000});
        let back = || app.post(&path, &body).by(&world.banker).key("loan-key-3").send().expect(200).json();
        assert_eq!(back()["repaid_principal_dong"], 1_000_000);
        assert_eq!(back()["repaid_principal_dong"], 1_000_000);
        assert_eq!(app.number("select count(*) as n from deliveries"), 1);
        assert_eq!(app.number("select count(*) as n from loan_events where kind = 'repaid'"), 1);
    }

    fn the_ceiling_holds_over_all_loans_of_the_person(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let other = app.served_referral(
            (&world.worker, &world.banker), (scene.person, scene.case, world.lender), app.days_ago(600),
        );
        let asking = |referral, dong: i64| {
            let mut body = loan_body(referral, app.today());
            body["amount_dong"] = json!(dong);
            body["term_months"] = json!(24);
            app.post("/loans", &body).by(&world.worker).send()
        };
        // Both fit alone; together they are a hundred million and one.
        let first = asking(scene.referral, 60_000_000).expect(201).id();
        let second = asking(other, 40_000_001).expect(201).id();
        app.grant_loan(&world.banker, first, 60_000_000, 24, app.today());
        app.loan_step(&world.banker, second, "appraise", &json!({})).expect(200);
        let approve = |dong: i64| {
            let body = json!({"decided_on": app.today(), "amount_dong": dong, "term_months": 24});
            app.loan_step(&world.banker, second, "approve", &body)
        };
        approve(40_000_001).expect_problem(409, "loan_ceiling");
        app.pay_out(&world.banker, first, 60_000_000, app.today());
        approve(40_000_001).expect_problem(409, "loan_ceiling");
        // What is paid back is free again.
        app.pay_back(&world.banker, first, 10_000_000, app.today()).expect(200);
        approve(40_000_001).expect(200);
        app.loan_step(&world.worker, second, "withdraw", &json!({"reason": "not_wanted"})).expect(200);
        asking(other, 50_000_001).expect_problem(409, "loan_ceiling");
        asking(other, 50_000_000).expect(201);
    }

    fn the_ceiling_holds_on_the_day_of_payment_too(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let other = app.served_referral(
            (&world.worker, &world.banker), (scene.person, scene.case, world.lender), app.days_ago(600),
        );
        let asking = |referral, dong: i64| {
            let mut body = loan_body(referral, app.today());
            body["amount_dong"] = json!(dong);
            body["term_months"] = json!(24);
            app.post("/loans", &body).by(&world.worker).send().expect(201).id()
        };
        let first = asking(scene.referral, 60_000_000);
        app.grant_loan(&world.banker, first, 60_000_000, 24, app.today());
        app.pay_out(&world.banker, first, 60_000_000, app.today());
        app.pay_back(&world.banker, first, 60_000_000, app.today()).expect(200);
        let second = asking(other, 60_000_000);
        app.grant_loan(&world.banker, second, 60_000_000, 24, app.today());
        // The repayment was a slip: the first loan is owed again.
        let entry = event_of(app, &world, first, "repaid");
        app.loan_step(&world.banker, first, &format!("events/{entry}/reverse"), &json!({})).expect(200);
        let paid = json!({"disbursed_on": app.today(), "amount_dong": 60_000_000});
        app.loan_step(&world.banker, second, "disbursements", &paid).expect_problem(409, "loan_ceiling");
        app.pay_back(&world.banker, first, 60_000_000, app.today()).expect(200);
        app.loan_step(&world.banker, second, "disbursements", &paid).expect(200);
    }

    fn money_recorded_by_hand_is_declared_void_before_a_loan_is_asked_for_on_the_same_referral(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let by_hand = json!({
            "referral_id": scene.referral, "service_type": "loan", "delivered_on": app.today(), "form": "money",
            "amount_dong": 20_000_000,
        });
        let given = app.post("/deliveries", &by_hand).by(&world.worker).send().expect(201).id();
        let apply = || app.post("/loans", &loan_body(scene.referral, app.today())).by(&world.worker).send();
        apply().expect_problem(409, "paid_by_hand");
        let mistake = json!({"reason": "mistake"});
        app.post(&format!("/deliveries/{given}/void"), &mistake).by(&world.worker).version(1).send().expect(200);
        apply().expect(201);
        app.post("/deliveries", &by_hand).by(&world.worker).send().expect_problem(409, "paid_by_ledger");
    }

    fn a_referral_has_one_loan_at_a_time(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        app.loan(&world.worker, scene.referral, app.today());
        app.post("/loans", &loan_body(scene.referral, app.today())).by(&world.worker).send()
            .expect_problem(409, "loan_open");
    }
}
