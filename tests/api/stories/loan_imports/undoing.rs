//! An import of loans is undone as a whole, until something is built on it.

use serde_json::json;
use uuid::Uuid;

use super::{Paper, id_of, loan_of, loans_of, trail_is_whole};
use crate::support::{TestApp, World, both_dbs};

/// Tables that only grow: who did what, who saw what.
fn but_logs(app: &TestApp) -> Vec<(&'static str, i64)> {
    let logs = ["audit_entries", "audit_heads", "view_log", "idempotency_keys", "imports", "login_sessions"];
    app.row_counts().into_iter().filter(|(table, _)| !logs.contains(table)).collect()
}

fn some_papers(app: &TestApp, world: &World) -> Vec<(Uuid, Paper)> {
    let borrower = |name: &str| app.borrower(&world.worker, world.lender, name).1;
    let (first, second, third) = (borrower("Lò Thị Mai"), borrower("Lò Thị Mận"), borrower("Lò Thị Mơ"));
    vec![
        (first, Paper::of_case(first)),
        (second, Paper::of_case(second).paid_back(5_000_000, 1_000)),
        (third, Paper::of_case(third).paid_back(8_000_000, 0).written_off(12_000_000)),
    ]
}

both_dbs! {
    fn undone_an_import_of_loans_leaves_nothing_but_its_trail(app: &TestApp) {
        let world = World::build(app);
        let papers: Vec<Paper> = some_papers(app, &world).into_iter().map(|(_, paper)| paper).collect();
        app.token(&world.manager);
        let (without, keys) = (but_logs(app), app.keys());
        let import = app.import_loans(&world.manager, &papers);
        assert_eq!(loans_of(app, &world.manager).len(), 3);
        let undone = app.undo_import(&world.manager, import).expect(200).json();
        assert_eq!((&undone["state"], &undone["loans_made"]), (&json!("undone"), &json!(3)));
        assert_eq!(but_logs(app), without);
        assert_eq!(app.keys(), keys, "the persons stay");
        assert_eq!(app.number("select count(*) as n from audit_entries where action = 'void'"), 7);
        app.undo_import(&world.manager, import).expect_problem(409, "already_undone");
        trail_is_whole(app);
        app.import_loans(&world.manager, &papers);
        assert_eq!(loans_of(app, &world.manager).len(), 3, "undone, the file may be imported again");
    }

    fn undoing_is_refused_once_a_loan_or_its_referral_went_on(app: &TestApp) {
        let world = World::build(app);
        let built = |what: &str, build: &dyn Fn(Uuid, Uuid)| {
            let (_, case) = app.borrower(&world.worker, world.lender, what);
            let import = app.import_loans(&world.manager, &[Paper::of_case(case).paid_out()]);
            let loan = loan_of(app, &world, case);
            let referral = loan["referral_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
            build(id_of(&loan), referral);
            let before = app.row_counts();
            let english = app.post(&format!("/imports/{import}/undo"), &json!({})).by(&world.manager).version(1)
                .header("accept-language", "en").send().expect_problem(409, "built_on").json();
            assert_eq!(app.row_counts(), before, "{what}");
            assert!(english["title"].as_str().is_some_and(|title| title.contains("1 rows")), "{what}: {english}");
        };
        built("Repayment", &|loan, _| {
            app.pay_back(&world.banker, loan, 1_000_000, app.today()).expect(200);
        });
        built("Completed", &|_, referral| {
            app.step(&world.banker, referral, "complete").expect(200);
        });
    }

    fn persons_on_whom_loans_were_imported_stand_in_the_way_of_undoing_their_import(app: &TestApp) {
        let world = World::build(app);
        let people = app.import(&world.manager, &crate::support::imports::csv(&[crate::support::imports::line("Lò Thị Mai")]));
        let case = id_of(&app.all_items(&world.manager, "/cases", 10)[0]);
        let person = app.all_items(&world.manager, "/persons", 10)[0]["id"].as_str().expect("an id").parse().expect("an id");
        app.consent(&world.manager, person, world.lender, app.today());
        let on = app.days_ago(5).format("%d/%m/%Y").to_string();
        let paper = Paper::of_case(case).with("applied_on", &on).with("decided_on", &on);
        let loans = app.import_loans(&world.manager, &[paper]);
        // The consent, the referral and the loan.
        let refused = app.undo_import(&world.manager, people).expect_problem(409, "built_on");
        assert!(refused.text().contains("3 bản ghi"), "{}", refused.text());
        app.undo_import(&world.manager, loans).expect(200);
        let refused = app.undo_import(&world.manager, people).expect_problem(409, "built_on");
        assert!(refused.text().contains("1 bản ghi"), "{}", refused.text());
    }
}
