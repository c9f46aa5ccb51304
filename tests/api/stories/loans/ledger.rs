//! What is paid out, paid back, overdue, restructured, written off, reversed.

use std::sync::Barrier;

use hoanhap::clock::Random;
use hoanhap::db::schema::{loan_events, loans};
use hoanhap::loans::ledger::replay;
use hoanhap::loans::model::{Loan, LoanEvent, standing_entries};
use serde_json::{Value, json};

use super::{Scene, event_of};
use crate::support::{TestApp, World, both_dbs};

fn reverse(app: &TestApp, world: &World, loan: uuid::Uuid, kind: &str) -> crate::support::client::Reply {
    let event = event_of(app, world, loan, kind);
    app.loan_step(&world.banker, loan, &format!("events/{event}/reverse"), &json!({}))
}

fn overdue_ids(app: &TestApp, user: &crate::support::User) -> Vec<Value> {
    app.all_items(user, "/loans?overdue=true", 1).into_iter().map(|item| item["id"].clone()).collect()
}

/// What lists show of each loan equals what its entries come to.
pub(in crate::stories) fn check_figures(app: &TestApp) {
    use diesel::prelude::*;
    let rows = app.state().db.read_now(|conn| {
        let loans: Vec<Loan> = loans::table.select(Loan::as_select()).load(conn)?;
        let events: Vec<LoanEvent> = loan_events::table.select(LoanEvent::as_select()).load(conn)?;
        Ok((loans, events))
    });
    let (all, events) = rows.expect("the database answers");
    for loan in all {
        let (Some(terms), Some(rates)) = (loan.terms(), loan.rates()) else { continue };
        let own: Vec<LoanEvent> = events.iter().filter(|event| event.loan_id == loan.id).cloned().collect();
        let entries = standing_entries(&own);
        let account = replay(terms, rates, &entries).expect("what is stored holds");
        let mut noted = loan.clone();
        noted.note_figures(&account, &entries);
        assert_eq!(format!("{noted:?}"), format!("{loan:?}"));
        assert_eq!(loan.outstanding_dong(), account.outstanding());
        assert_eq!(loan.next_due_on, account.on(app.today()).next_due_on());
        assert_eq!(loan.disbursed_dong, loan.repaid_principal_dong + loan.outstanding_dong() + loan.written_off_dong);
    }
}

both_dbs! {
    fn an_overdue_loan_stands_in_the_lists_until_it_is_restructured(app: &TestApp) {
        let world = World::build(app);
        let (scene, other) = (Scene::build(app, &world), Scene::build(app, &world));
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(90));
        let fresh = app.disbursed_loan(&world.worker, &world.banker, other.referral, app.days_ago(3));
        let read = app.read_loan(&world.worker, loan);
        // Paid out on 17 July; 17 August and 17 September have passed, 15 October has not come to the 17th.
        assert_eq!(read["next_due_on"], "2025-08-17");
        assert_eq!(read["overdue_days"], 59);
        assert_eq!(read["position"]["overdue"]["days"], 59);
        assert!(read["position"]["overdue"]["amount_dong"].as_i64().expect("đồng") > 4_000_000);
        for user in [&world.worker, &world.manager, &world.banker] {
            assert_eq!(overdue_ids(app, user), [json!(loan)], "{}", user.username);
        }
        assert!(overdue_ids(app, &world.other_manager).is_empty());
        let terms = json!({
            "restructured_on": app.today(), "term_months": 24, "plan": "at_term", "frequency": "quarterly",
        });
        let restructured = app.loan_step(&world.banker, loan, "restructurings", &terms).expect(200).json();
        assert_eq!(restructured["next_due_on"], "2026-01-15");
        assert_eq!((&restructured["status"], &restructured["restructured_on"]), (&json!("disbursed"), &json!("2025-10-15")));
        assert!(overdue_ids(app, &world.banker).is_empty());
        let by_status = app.all_items(&world.banker, "/loans?status=disbursed", 1);
        assert_eq!(by_status.len(), 2);
        let of_case = app.all_items(&world.worker, &format!("/loans?case_id={}", other.case), 10);
        assert_eq!(of_case.len(), 1);
        assert_eq!(of_case[0]["id"], json!(fresh));
        // The mistake is reversed, and the arrears are back.
        reverse(app, &world, loan, "restructured").expect(200);
        assert_eq!(overdue_ids(app, &world.banker), [json!(loan)]);
        check_figures(app);
    }

    fn a_rest_is_written_off_and_the_reversal_brings_it_back(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(400));
        app.pay_back(&world.banker, loan, 7_000_000, app.days_ago(300)).expect(200);
        let off = json!({"written_off_on": app.today(), "reason": "unreachable"});
        let gone = app.loan_step(&world.banker, loan, "write-off", &off).expect(200).json();
        assert_eq!((&gone["status"], &gone["outstanding_dong"]), (&json!("written_off"), &json!(0)));
        let lost = gone["written_off_dong"].as_i64().expect("đồng");
        assert_eq!(lost + gone["repaid_principal_dong"].as_i64().expect("đồng"), 20_000_000);
        assert!(gone["position"]["written_off_interest_dong"].as_i64().expect("đồng") > 0);
        app.pay_back(&world.banker, loan, 1, app.today()).expect_problem(409, "nothing_left");
        reverse(app, &world, loan, "repaid").expect_problem(409, "ledger_broken");
        let back = reverse(app, &world, loan, "written_off").expect(200).json();
        assert_eq!((&back["status"], back["outstanding_dong"].as_i64()), (&json!("disbursed"), Some(lost)));
        reverse(app, &world, loan, "written_off").expect_problem(409, "not_reversible");
        check_figures(app);
    }

    fn a_payment_out_by_mistake_is_reversed_with_its_delivery(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(10));
        app.pay_back(&world.banker, loan, 1_000_000, app.days_ago(5)).expect(200);
        reverse(app, &world, loan, "disbursed").expect_problem(409, "ledger_broken");
        let given = app.all_items(&world.worker, &format!("/deliveries?case_id={}", scene.case), 10);
        let delivery = given[0]["id"].as_str().expect("an id");
        let void = json!({"reason": "mistake"});
        app.post(&format!("/deliveries/{delivery}/void"), &void).by(&world.worker).version(1).send()
            .expect_problem(409, "delivery_of_loan");
        reverse(app, &world, loan, "repaid").expect(200);
        let approved = reverse(app, &world, loan, "disbursed").expect(200).json();
        assert_eq!((&approved["status"], &approved["disbursed_dong"]), (&json!("approved"), &json!(0)));
        let given = app.all_items(&world.worker, &format!("/deliveries?case_id={}", scene.case), 10);
        assert!(given[0]["voided_at"].is_string());
        app.pay_out(&world.banker, loan, 20_000_000, app.today());
        check_figures(app);
    }

    fn the_reversal_of_a_payment_out_after_the_referral_leaves_no_application(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(10));
        app.step(&world.banker, scene.referral, "complete").expect(200);
        reverse(app, &world, loan, "disbursed").expect(200);
        assert_eq!(app.read_loan(&world.worker, loan)["status"], "withdrawn");
    }

    fn a_part_paid_out_after_the_referral_goes_by_the_ledger_alone(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.loan(&world.worker, scene.referral, app.days_ago(30));
        app.grant_loan(&world.banker, loan, 20_000_000, 10, app.days_ago(30));
        app.pay_out(&world.banker, loan, 5_000_000, app.days_ago(20));
        app.step(&world.banker, scene.referral, "complete").expect(200);
        app.pay_out(&world.banker, loan, 15_000_000, app.today());
        assert_eq!(app.number("select count(*) as n from deliveries"), 1);
        assert_eq!(app.read_loan(&world.worker, loan)["disbursed_dong"], 20_000_000);
        check_figures(app);
    }

    fn a_loan_is_paid_out_only_once_the_lender_has_begun_to_serve_the_referral(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lê Thị Na");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(5));
        app.consent(&world.worker, person, world.lender, app.days_ago(5));
        app.assess(&world.worker, case, &["loan"], app.days_ago(4));
        let referral = app.referral(&world.worker, case, "loan", world.lender);
        app.step(&world.banker, referral, "accept").expect(200);
        let loan = app.loan(&world.worker, referral, app.today());
        app.grant_loan(&world.banker, loan, 1_000_000, 3, app.today());
        let part = json!({"disbursed_on": app.today(), "amount_dong": 1_000_000});
        let refused = app.loan_step(&world.banker, loan, "disbursements", &part);
        let refused = refused.expect_problem(409, "referral_not_begun").text();
        assert!(refused.contains("bắt đầu trước khi ghi") && !refused.contains("in_service"), "{refused}");
        app.step(&world.banker, referral, "start").expect(200);
        app.loan_step(&world.banker, loan, "disbursements", &part).expect(200);
    }

    fn repayments_recorded_at_the_same_time_all_count_once(app: &TestApp) {
        let world = World::build(app);
        let scene = Scene::build(app, &world);
        let loan = app.disbursed_loan(&world.worker, &world.banker, scene.referral, app.days_ago(20));
        app.token(&world.banker);
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 1..=8 {
                let (start, app, world) = (&start, &app, &world);
                scope.spawn(move || {
                    start.wait();
                    app.pay_back(&world.banker, loan, number * 100_000, app.today()).expect(200);
                });
            }
        });
        let read = app.read_loan(&world.banker, loan);
        let paid = read["repaid_principal_dong"].as_i64().zip(read["repaid_interest_dong"].as_i64());
        assert_eq!(paid.map(|(principal, interest)| principal + interest), Some(3_600_000));
        assert_eq!(app.number("select count(*) as n from loan_events where kind = 'repaid'"), 8);
        check_figures(app);
    }

    fn what_lists_show_equals_what_the_entries_come_to_after_anything(app: &TestApp) {
        let world = World::build(app);
        let random = Random::seeded(20);
        let dice = |sides: u64| u64::from_be_bytes(random.bytes()) % sides;
        for _ in 0..3 {
            let scene = Scene::build(app, &world);
            let loan = app.loan(&world.worker, scene.referral, app.days_ago(600));
            app.grant_loan(&world.banker, loan, 20_000_000, 10, app.days_ago(600));
            app.pay_out(&world.banker, loan, 12_000_000, app.days_ago(590));
            for _ in 0..25 {
                let on = app.days_ago(i64::try_from(dice(600)).expect("small"));
                let dong = i64::try_from(dice(3_000_000) + 1).expect("small");
                let months = dice(30) + 1;
                let reply = match dice(8) {
                    0 => app.loan_step(&world.banker, loan, "disbursements", &json!({"disbursed_on": on, "amount_dong": dong})),
                    1 => app.loan_step(&world.banker, loan, "restructurings", &json!({
                        "restructured_on": on, "term_months": months, "plan": "equal_principal", "frequency": "quarterly",
                    })),
                    2 => reverse(app, &world, loan, if dice(2) == 0 { "repaid" } else { "disbursed" }),
                    _ => app.pay_back(&world.banker, loan, dong, on),
                };
                assert!([200, 409, 422].contains(&reply.status), "{}", reply.text());
                if app.read_loan(&world.banker, loan)["status"] == "approved" {
                    app.pay_out(&world.banker, loan, 12_000_000, app.days_ago(590));
                }
                app.pay_back(&world.banker, loan, 500_000, app.today());
                check_figures(app);
            }
        }
    }
}
