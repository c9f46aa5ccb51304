//! An imported loan goes on as any other: at the lender, and in the lists.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Paper, check_figures, id_of, loan_of};
use crate::support::client::User;
use crate::support::{TestApp, World, both_dbs};

const NAME: &str = "Đặng Thị Thu Hà";

fn imported(app: &TestApp, world: &World, paper: impl Fn(Uuid) -> Paper) -> (Uuid, Uuid) {
    let (_, case) = app.borrower(&world.worker, world.lender, NAME);
    app.import_loans(&world.manager, &[paper(case)]);
    (case, id_of(&loan_of(app, world, case)))
}

fn referral_of(app: &TestApp, reader: &User, loan: Uuid) -> String {
    let referral = app.read_loan(reader, loan)["referral_id"].as_str().expect("an id").to_owned();
    app.get(&format!("/referrals/{referral}")).by(reader).send().expect(200).text()
}

both_dbs! {
    fn a_running_loan_is_paid_back_and_settled_by_the_lender(app: &TestApp) {
        let world = World::build(app);
        let (_, loan) = imported(app, &world, |case| Paper::of_case(case).paid_back(15_000_000, 900_000));
        let read = app.read_loan(&world.banker, loan);
        assert_eq!((&read["status"], &read["outstanding_dong"]), (&json!("disbursed"), &json!(5_000_000)));
        // Interest runs from the last day that the paper tells, and not from before it.
        let owed = read["position"]["interest_dong"].as_i64().expect("đồng");
        assert!((250_000..=450_000).contains(&owed), "{owed}");
        let paid = app.pay_back(&world.banker, loan, 1_000_000, app.today()).expect(200).json();
        assert_eq!(paid["repaid_interest_dong"], json!(900_000 + owed));
        let left = app.read_loan(&world.banker, loan)["position"]["owed_dong"].as_i64().expect("đồng");
        app.pay_back(&world.banker, loan, left + 1, app.today()).expect_problem(422, "invalid");
        let settled = app.pay_back(&world.banker, loan, left, app.today()).expect(200).json();
        assert_eq!((&settled["status"], &settled["outstanding_dong"]), (&json!("settled"), &json!(0)));
        check_figures(app);
    }

    fn a_loan_that_was_granted_is_paid_out_and_delivered(app: &TestApp) {
        let world = World::build(app);
        let (case, loan) = imported(app, &world, Paper::of_case);
        app.pay_out(&world.banker, loan, 20_000_000, app.today());
        assert_eq!(app.read_loan(&world.worker, loan)["status"], "disbursed");
        assert_eq!(app.all_items(&world.worker, &format!("/deliveries?case_id={case}"), 10).len(), 1);
        check_figures(app);
    }

    fn the_sum_of_a_paper_is_reversed_and_entered_payment_by_payment(app: &TestApp) {
        let world = World::build(app);
        let (_, loan) = imported(app, &world, |case| Paper::of_case(case).paid_back(15_000_000, 0));
        let events = app.all_items(&world.banker, &format!("/loans/{loan}/events"), 50);
        let sum = events.iter().find(|event| event["kind"] == "repaid").map(id_of).expect("the sum");
        app.pay_back(&world.banker, loan, 10_000_000, "2024-06-01".parse().expect("a day")).expect(422);
        let back = app.loan_step(&world.banker, loan, &format!("events/{sum}/reverse"), &json!({})).expect(200).json();
        assert_eq!((&back["repaid_principal_dong"], &back["outstanding_dong"]), (&json!(0), &json!(20_000_000)));
        app.pay_back(&world.banker, loan, 10_000_000, "2024-06-01".parse().expect("a day")).expect(200);
        check_figures(app);
    }

    fn an_imported_loan_is_overdue_restructured_and_written_off_like_any_other(app: &TestApp) {
        let world = World::build(app);
        let (_, loan) = imported(app, &world, |case| Paper::of_case(case).paid_back(5_000_000, 0));
        let overdue = app.all_items(&world.manager, "/loans?overdue=true", 10);
        assert_eq!(overdue.iter().map(id_of).collect::<Vec<_>>(), [loan]);
        let terms = json!({
            "restructured_on": app.today(), "term_months": 24, "plan": "at_term", "frequency": "quarterly",
        });
        app.loan_step(&world.banker, loan, "restructurings", &terms).expect(200);
        assert!(app.all_items(&world.manager, "/loans?overdue=true", 10).is_empty());
        let off = json!({"written_off_on": app.today(), "reason": "died"});
        app.loan_step(&world.banker, loan, "write-off", &off).expect(200);
        check_figures(app);
    }

    fn the_lender_meets_the_person_of_a_loan_that_goes_on_and_of_no_other(app: &TestApp) {
        let world = World::build(app);
        let (_, running) = imported(app, &world, |case| Paper::of_case(case).paid_out());
        assert!(referral_of(app, &world.banker, running).contains(NAME));
        let (_, settled) = imported(app, &world, |case| Paper::of_case(case).paid_back(20_000_000, 0));
        let text = referral_of(app, &world.banker, settled);
        assert!(text.contains("\"completed\"") && !text.contains(NAME), "{text}");
        let text = app.get(&format!("/loans/{settled}")).by(&world.banker).send().expect(200).text();
        assert!(!text.contains("Mở tiệm"), "the plan is for the centre");
    }

    fn a_consent_that_is_withdrawn_later_closes_the_person_and_leaves_the_contract(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = app.borrower(&world.worker, world.lender, NAME);
        app.import_loans(&world.manager, &[Paper::of_case(case).paid_out()]);
        let loan = id_of(&loan_of(app, &world, case));
        let consents = app.get(&format!("/persons/{person}/consents")).by(&world.worker).send().expect(200);
        let consent = consents.text_at("/items/0/id");
        let path = format!("/persons/{person}/consents/{consent}/withdraw");
        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
        let referral = app.read_loan(&world.banker, loan)["referral_id"].as_str().expect("an id").to_owned();
        let text = app.get(&format!("/referrals/{referral}")).by(&world.banker).send().text();
        assert!(!text.contains(NAME), "{text}");
        app.pay_back(&world.banker, loan, 1_000_000, app.today()).expect(200);
    }

    fn a_certificate_of_before_stays_with_the_centre_unless_the_person_agrees(app: &TestApp) {
        let world = World::build(app);
        let certified = |case| {
            Paper::of_case(case).with("product", "sinh kế").with("savings_group", "Tổ 7").with("asked_months", "36")
                .with("certificate_issuer", "trưởng nhóm").with("certificate_issued_on", "20/04/2020")
                .with("applied_on", "04/05/2020").with("decided_on", "11/05/2020")
                .with("disbursed_on", "15/05/2020").with("disbursed_dong", "20000000")
        };
        let (_, silent) = imported(app, &world, certified);
        let centre = app.read_loan(&world.worker, silent);
        assert_eq!((&centre["certificate"]["issuer"], &centre["centre"]["savings_group"]), (&json!("group_leader"), &json!("Tổ 7")));
        assert_eq!(app.read_loan(&world.banker, silent)["certificate"], Value::Null);

        let (person, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        let paper = certified(case).with("disclosure_read_on", "01/10/2025");
        let refused = app.dry_run_of_loans(&world.manager, std::slice::from_ref(&paper));
        assert_eq!(refused["errors"][0]["rule"], "certificate_consent_missing");
        assert_eq!(refused["errors"][0]["column"], "disclosure_read_on");
        let body = json!({
            "purpose": "loan_certificate", "recipient_organisation_id": world.lender, "given_by": "self",
            "given_on": app.days_ago(5), "proof": "written_signature",
        });
        app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201);
        let late = app.dry_run_of_loans(&world.manager, &[certified(case).with("disclosure_read_on", "11/10/2025")]);
        assert_eq!((&late["errors"][0]["rule"], &late["errors"][0]["column"]), (&json!("not_after"), &json!("disclosure_read_on")));
        app.import_loans(&world.manager, &[paper]);
        let loan = id_of(&loan_of(app, &world, case));
        assert_eq!(app.read_loan(&world.banker, loan)["certificate"]["issuer"], "group_leader");
    }
}
