//! Loans of before come in as a file: whole or not at all, as the rows their steps would have left.

mod life;
mod undoing;
mod whose;

use std::collections::BTreeMap;

use hoanhap::audit::{Finding, verify};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stories::loans::ledger::check_figures;
use crate::support::loan_imports::{Paper, csv, xlsx};
use crate::support::server::Options;
use crate::support::{Engine, TestApp, User, World, both_dbs};

fn loans_of(app: &TestApp, user: &User) -> Vec<Value> {
    app.all_items(user, "/loans", 200)
}

fn id_of(item: &Value) -> Uuid {
    item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// The only loan of a case, as the centre reads it.
fn loan_of(app: &TestApp, world: &World, case: Uuid) -> Value {
    let found = app.all_items(&world.manager, &format!("/loans?case_id={case}"), 10);
    assert_eq!(found.len(), 1);
    app.read_loan(&world.manager, id_of(&found[0]))
}

fn trail_is_whole(app: &TestApp) {
    let state = app.state();
    let findings: Vec<Finding> = verify(&state.db, &state.vault, &state.trail).expect("the trail is read");
    assert!(findings.is_empty(), "{findings:?}");
}

/// What a story wants to see of a loan.
fn figures(loan: &Value) -> [Value; 6] {
    [
        "status",
        "disbursed_dong",
        "repaid_principal_dong",
        "repaid_interest_dong",
        "written_off_dong",
        "outstanding_dong",
    ]
    .map(|field| loan[field].clone())
}

both_dbs! {
    fn a_file_of_loans_is_tried_and_imported_as_their_steps_would_have_left_them(app: &TestApp) {
        let world = World::build(app);
        let people: Vec<(Uuid, Uuid)> = (1..=4)
            .map(|number| app.borrower(&world.worker, world.lender, &format!("Người vay {number}")))
            .collect();
        let cases: Vec<Uuid> = people.iter().map(|(_, case)| *case).collect();
        let papers = [
            Paper::of_case(cases[0]).with("approved_months", "20"),
            Paper::of_case(cases[1]).paid_back(5_000_000, 1_000_000),
            Paper::of_case(cases[2]).paid_back(20_000_000, 1_200_000),
            Paper::of_case(cases[3]).paid_back(8_000_000, 0).written_off(12_000_000),
        ];
        app.token(&world.manager);
        let before = app.row_counts();
        let tried = app.dry_run_of_loans(&world.manager, &papers);
        assert_eq!((&tried["kind"], &tried["rows_read"], &tried["loans"]), (&json!("loans"), &json!(4), &json!(4)));
        assert_eq!((&tried["importable"], &tried["errors"]), (&json!(true), &json!([])));
        assert_eq!(app.row_counts(), before, "a dry run writes nothing");

        let reply = app.importing_loans(&world.manager, &xlsx(&papers), "").send().expect(201);
        assert!(!reply.text().contains("Người"), "no names");
        let import = reply.json();
        assert_eq!((&import["loans_made"], &import["persons_made"], &import["cases_made"]), (&json!(4), &json!(0), &json!(0)));
        let read: Vec<Value> = cases.iter().map(|case| loan_of(app, &world, *case)).collect();
        assert_eq!(figures(&read[0]), [json!("approved"), json!(0), json!(0), json!(0), json!(0), json!(0)]);
        assert_eq!((&read[0]["asked_months"], &read[0]["approved_months"]), (&json!(24), &json!(20)));
        assert_eq!(figures(&read[1]), [json!("disbursed"), json!(20_000_000), json!(5_000_000), json!(1_000_000), json!(0), json!(15_000_000)]);
        assert_eq!(figures(&read[2]), [json!("settled"), json!(20_000_000), json!(20_000_000), json!(1_200_000), json!(0), json!(0)]);
        assert_eq!(figures(&read[3]), [json!("written_off"), json!(20_000_000), json!(8_000_000), json!(0), json!(12_000_000), json!(0)]);
        assert_eq!((&read[1]["centre"]["plan_text"], &read[1]["centre"]["lender_id"]), (&json!("Mở tiệm may nhỏ"), &json!(world.lender)));
        assert_eq!(read[1]["rate_ppm"], 79_200, "the rate of the day of the decision");
        check_figures(app);
        trail_is_whole(app);
        assert_eq!(app.number("select count(*) as n from deliveries"), 0, "no figure of a year changes");
    }

    fn the_events_of_an_imported_loan_tell_its_story_in_order(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        app.import_loans(&world.manager, &[Paper::of_case(case).paid_back(8_000_000, 700_000).written_off(12_000_000)]);
        let loan = id_of(&loan_of(app, &world, case));
        let events = app.all_items(&world.worker, &format!("/loans/{loan}/events"), 2);
        let told: Vec<Value> = events
            .iter()
            .map(|event| json!([event["kind"], event["occurred_on"], event["amount_dong"], event["interest_dong"], event["reason"]]))
            .collect();
        assert_eq!(told, [
            json!(["applied", "2024-01-02", 20_000_000, null, null]),
            json!(["approved", "2024-01-10", 20_000_000, null, null]),
            json!(["disbursed", "2024-01-15", 20_000_000, null, null]),
            json!(["repaid", "2025-01-15", 8_700_000, 700_000, null]),
            json!(["written_off", "2025-03-01", 12_000_000, null, "unreachable"]),
        ]);
        let referral = loan_of(app, &world, case)["referral_id"].as_str().expect("an id").to_owned();
        let referral = app.get(&format!("/referrals/{referral}")).by(&world.worker).send().expect(200).json();
        assert_eq!((&referral["status"], &referral["service_type"]), (&json!("completed"), &json!("loan")));
    }

    fn one_bad_line_keeps_every_loan_out(app: &TestApp) {
        let world = World::build(app);
        let cases: Vec<Uuid> =
            (1..=20).map(|number| app.borrower(&world.worker, world.lender, &format!("Người {number}")).1).collect();
        let mut papers: Vec<Paper> = cases.iter().map(|case| Paper::of_case(*case).paid_out()).collect();
        papers[13] = papers[13].clone().paid_back(20_000_001, 0);
        app.token(&world.manager);
        let before = app.row_counts();
        let refused = app.importing_loans(&world.manager, &csv(&papers), "").send().expect_problem(422, "invalid").json();
        assert_eq!(refused["errors"], json!([{
            "field": "lines[15].repaid_principal_dong", "rule": "range", "message": "Từ 0 đến 20000000.",
        }]));
        assert_eq!(app.row_counts(), before);
        let tried = app.dry_run_of_loans(&world.manager, &papers);
        assert_eq!((&tried["importable"], &tried["loans"]), (&json!(false), &json!(19)));
        assert_eq!((&tried["errors"][0]["line"], &tried["errors"][0]["column"]), (&json!(15), &json!("repaid_principal_dong")));
        let rest = app.importing_loans(&world.manager, &csv(&papers), "&skip_lines=15").send().expect(201).json();
        assert_eq!((&rest["rows_skipped"], &rest["loans_made"]), (&json!(1), &json!(19)));
    }

    fn a_loan_that_is_on_record_already_must_be_decided(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        let paper = Paper::of_case(case).paid_back(20_000_000, 0);
        app.import_loans(&world.manager, std::slice::from_ref(&paper));
        let loan = id_of(&loan_of(app, &world, case));
        let other = paper.clone().with("asked_dong", "20.000.001");
        let again = [paper.clone().with("plan_text", "Lần hai"), other.clone(), other.with("plan_text", "Khác")];
        let views = app.number("select count(*) as n from view_log");
        let tried = app.dry_run_of_loans(&world.manager, &again);
        assert_eq!(tried["duplicates"], json!([
            {"line": 2, "like_persons": [], "like_loans": [loan], "like_lines": [], "decided": false},
            {"line": 4, "like_persons": [], "like_lines": [3], "decided": false},
        ]));
        assert_eq!(app.number("select count(*) as n from view_log"), views + 1, "what was named was seen");
        let refused = app.importing_loans(&world.manager, &csv(&again), "").send().expect_problem(422, "invalid").json();
        assert_eq!(refused["errors"][0]["rule"], "possible_duplicate");
        let decided = [again[0].clone().with("decision", "bỏ qua"), again[1].clone(), again[2].clone().with("decision", "nhập")];
        let stored = app.importing_loans(&world.manager, &csv(&decided), "").send().expect(201).json();
        assert_eq!((&stored["rows_skipped"], &stored["loans_made"]), (&json!(1), &json!(2)));
    }

    fn the_same_request_imports_loans_once(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        let file = csv(&[Paper::of_case(case).paid_out()]);
        let send = || app.importing_loans(&world.manager, &file, "").key("loans-of-today").send().expect(201).id();
        assert_eq!(send(), send());
        assert_eq!(loans_of(app, &world.manager).len(), 1);
        app.importing_loans(&world.manager, &file, "&import_lines=2").send().expect_problem(409, "file_imported");
    }

    fn formulas_in_a_file_of_loans_are_text(app: &TestApp) {
        let world = World::build(app);
        let borrower = |name: &str| app.borrower(&world.worker, world.lender, name).1;
        let (first, second) = (borrower("Lò Thị Mai"), borrower("Lò Thị Mận"));
        app.import_loans(&world.manager, &[
            Paper::of_case(first).with("plan_text", "'=1+1"),
            Paper::of_case(second).with("plan_text", "@SUM(1)"),
        ]);
        assert_eq!(loan_of(app, &world, first)["centre"]["plan_text"], "=1+1");
        assert_eq!(loan_of(app, &world, second)["centre"]["plan_text"], "@SUM(1)");
    }

    fn the_template_of_loans_is_taken_back(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        let csv = app.get("/imports/templates/loans?format=csv").by(&world.manager).send().expect(200);
        assert!(csv.text().starts_with("\u{feff}Mã hồ sơ;Họ và tên;Năm sinh;Nơi cho vay;Chương trình vay;"));
        let mut file = csv.body.clone();
        let line = format!(
            "{case};;;{};Vay vốn hỗ trợ tạo việc làm;Cá nhân;20 000 000;24;Gốc cuối kỳ;hàng quý;Buôn bán;;;;;;\
             02/01/2024;10/01/2024;15000000;;;;;;;;;;\r\n",
            world.lender,
        );
        file.extend_from_slice(line.as_bytes());
        app.importing_loans(&world.manager, &file, "").send().expect(201);
        let loan = loan_of(app, &world, case);
        assert_eq!((&loan["approved_dong"], &loan["plan"], &loan["frequency"]), (&json!(15_000_000), &json!("at_term"), &json!("quarterly")));
        assert_eq!(loan["centre"]["plan_text"], "", "the paper has none, and none is made up");
        app.get("/imports/templates/loans").by(&world.manager).send().expect(200);
        app.get("/imports/templates/loans").by(&world.worker).send().expect(403);
        app.importing_loans(&world.worker, &file, "").send().expect(403);
    }
}

/// What a paper says of the money, and how it is read later.
fn any_money() -> impl Strategy<Value = (i64, i64, i64, bool)> {
    (1_i64..=20_000_000, 0_u8..=4, 0_i64..=100, any::<bool>()).prop_map(|(out, part, percent, lost)| {
        let principal = out * i64::from(part) / 4;
        // Never more than a year's interest on all of it.
        (out, principal, out * 79_200 / 1_000_000 * percent / 100, lost && principal < out)
    })
}

fn paper_of(case: Uuid, (out, principal, interest, lost): (i64, i64, i64, bool)) -> Paper {
    let paper = Paper::of_case(case).paid_out().with("disbursed_dong", &out.to_string());
    let paper = if principal + interest == 0 { paper } else { paper.paid_back(principal, interest) };
    let paper = paper.with("disbursed_dong", &out.to_string());
    if lost { paper.written_off(out - principal) } else { paper }
}

/// Any loan that can be is read back as it was written, from either kind of file, and its ledger holds.
#[test]
fn what_was_imported_of_loans_is_what_is_read() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(app) = TestApp::start(engine, Options::default()) else { continue };
        let world = World::build(&app);
        let cases: Vec<Uuid> =
            (0..8).map(|number| app.borrower(&world.worker, world.lender, &format!("Người {number}")).1).collect();
        let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
        let table = (proptest::collection::vec(any_money(), 1..=8), any::<bool>());
        let ran = runner.run(&table, |(table, as_text)| {
            let papers: Vec<Paper> = cases.iter().zip(&table).map(|(case, money)| paper_of(*case, *money)).collect();
            let file = if as_text { csv(&papers) } else { xlsx(&papers) };
            let import = app.importing_loans(&world.manager, &file, "").send().expect(201).id();
            check_figures(&app);
            let read: BTreeMap<String, [Value; 6]> = loans_of(&app, &world.manager)
                .iter()
                .map(|loan| (loan["centre"]["case_id"].as_str().expect("a case").to_owned(), figures(loan)))
                .collect();
            let written: BTreeMap<String, [Value; 6]> = cases
                .iter()
                .zip(&table)
                .map(|(case, (out, principal, interest, lost))| {
                    let left = out - principal;
                    let status = match (left, lost) {
                        (0, _) => "settled",
                        (_, true) => "written_off",
                        _ => "disbursed",
                    };
                    let (off, owed) = if *lost { (left, 0) } else { (0, left) };
                    let figures =
                        [json!(status), json!(out), json!(principal), json!(interest), json!(off), json!(owed)];
                    (case.to_string(), figures)
                })
                .collect();
            prop_assert_eq!(read, written);
            app.undo_import(&world.manager, import).expect(200);
            prop_assert!(loans_of(&app, &world.manager).is_empty());
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{engine:?}: {error}"));
    }
}
