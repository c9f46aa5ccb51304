//! Whose loan it is: by the case, or by name and year of birth, within the manager's centre and no further.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Paper, loan_of};
use crate::support::casework::person_body;
use crate::support::client::User;
use crate::support::server::Options;
use crate::support::{Engine, TestApp, World, both_dbs};

/// Somebody born in a year, with a case and a consent.
fn born(app: &TestApp, worker: &User, lender: Uuid, name: &str, birth: &Value) -> (Uuid, Uuid) {
    let mut body = person_body(name);
    body["birth"] = birth.clone();
    let person = app.post("/persons", &body).by(worker).send().expect(201).id();
    let case = app.old_case(worker, person, "at_risk", "2020-03-02".parse().expect("a day"));
    app.consent(worker, person, lender, app.days_ago(10));
    (person, case)
}

fn year(year: i32) -> Value {
    json!({"precision": "year", "date": null, "year": year})
}

fn refusal(app: &TestApp, manager: &User, paper: Paper) -> (String, String) {
    let tried = app.dry_run_of_loans(manager, &[paper]);
    let text = |field: &str| tried["errors"][0][field].as_str().unwrap_or_default().to_owned();
    (text("column"), text("rule"))
}

fn whose(app: &TestApp, world: &World) {
    let lender = world.lender;
    let (_, case) = born(app, &world.worker, lender, "Lò Thị Hòa", &year(1990));
    born(app, &world.worker, lender, "Lò Thị Hòa", &year(1991));
    born(app, &world.worker, lender, "Lò Thị Hòa", &json!({"precision": "unknown"}));
    born(app, &world.worker, lender, "Vàng Thị Sua", &year(1985));
    born(app, &world.worker, lender, "Vàng Thị Sua", &year(1985));
    born(app, &world.other_worker, lender, "Sùng Thị Dợ", &year(1988));
    app.import_loans(&world.manager, &[Paper::of_name("LO THI HOÀ", "1990").paid_out()]);
    assert_eq!(loan_of(app, world, case)["status"], "disbursed");
    let is = |paper, column: &str, rule: &str| {
        assert_eq!(refusal(app, &world.manager, paper), (column.to_owned(), rule.to_owned()));
    };
    is(Paper::of_name("Lò Thị Hòa", "1992"), "person_name", "no_such_person");
    is(Paper::of_name("Vàng Thị Sua", "1985"), "person_name", "several_persons");
    is(Paper::of_name("Sùng Thị Dợ", "1988"), "person_name", "no_such_person");
    let twice = born(app, &world.worker, lender, "Giàng Thị Mỷ", &year(1986));
    app.case(&world.manager, twice.0, "at_risk", app.days_ago(30));
    is(Paper::of_name("Giàng Thị Mỷ", "1986"), "person_name", "several_cases");
    app.import_loans(
        &world.manager,
        &[Paper::of_case(twice.1).with("person_name", "Giang Thi My").with("birth_year", "1986")],
    );
    is(Paper::of_case(twice.1).with("person_name", "Giàng Thị Mai"), "person_name", "no_such_person");
    is(Paper::of_case(twice.1).with("birth_year", "1987"), "person_name", "no_such_person");
}

/// The same answers whether the index of names is there or not.
#[test]
fn a_borrower_is_found_by_name_and_year_of_birth_with_the_index_of_names_and_without_imports() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for without_index in [false, true] {
            let Some(app) = TestApp::start(engine, Options { without_index, ..Options::default() }) else { continue };
            whose(&app, &World::build(&app));
        }
    }
}

both_dbs! {
    fn a_case_of_another_centre_or_none_is_no_case(app: &TestApp) {
        let world = World::build(app);
        let (_, foreign) = born(app, &world.other_worker, world.lender, "Sùng Thị Dợ", &year(1988));
        for case in [foreign, app.state().random.uuid()] {
            let refused = refusal(app, &world.manager, Paper::of_case(case));
            assert_eq!(refused, ("case_id".to_owned(), "no_such_reference".to_owned()));
        }
    }

    fn without_a_live_consent_for_this_lender_nothing_goes_to_it(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lò Thị Mai");
        let case = app.old_case(&world.worker, person, "at_risk", "2020-03-02".parse().expect("a day"));
        app.consent(&world.worker, person, world.school, app.today());
        for paper in [Paper::of_case(case), Paper::of_case(case).paid_back(20_000_000, 0)] {
            assert_eq!(refusal(app, &world.manager, paper), ("lender".to_owned(), "consent_missing".to_owned()));
        }
    }

    fn a_lender_is_known_by_its_exact_name_or_id_and_must_be_one(app: &TestApp) {
        use hoanhap::organisations::OrganisationKind as Kind;
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        app.organisation(Kind::Lender, "Quỹ hai");
        app.organisation(Kind::Lender, "Quỹ hai");
        let with = |lender: &str| refusal(app, &world.manager, Paper::of_case(case).with("lender", lender)).1;
        assert_eq!(with("Phòng giao dịch vốn"), "no_such_reference");
        assert_eq!(with(&app.state().random.uuid().to_string()), "no_such_reference");
        assert_eq!(with("Trường Trung cấp nghề"), "wrong_organisation");
        assert_eq!(with("Quỹ hai"), "several_organisations");
        assert_eq!(with(&world.lender.to_string()), "");
    }

    fn the_ceiling_counts_the_loans_on_record_and_the_lines_before(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        let of = |dong: &str, on: &str| {
            Paper::of_case(case).with("asked_dong", dong).with("approved_dong", dong).with("applied_on", on)
        };
        let papers = [of("60000000", "01/01/2024"), of("40000000", "02/01/2024"), of("1", "03/01/2024")];
        let tried = app.dry_run_of_loans(&world.manager, &papers);
        let errors = tried["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1);
        assert_eq!(json!([errors[0]["line"], errors[0]["column"], errors[0]["rule"]]), json!([4, "approved_dong", "loan_ceiling"]));
        app.import_loans(&world.manager, &papers[..2]);
        assert_eq!(refusal(app, &world.manager, papers[2].clone()).1, "loan_ceiling");
        // What is paid back takes up nothing.
        let settled = of("100000000", "03/01/2024").paid_back(20_000_000, 0);
        assert_eq!(refusal(app, &world.manager, settled).1, "");
    }

    fn a_closed_case_takes_loans_that_were_paid_out_only(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = app.borrower(&world.worker, world.lender, "Lò Thị Mai");
        app.move_case(&world.worker, case, "closed", app.today()).expect(200);
        let refused = refusal(app, &world.manager, Paper::of_case(case));
        assert_eq!(refused, ("case_id".to_owned(), "case_closed".to_owned()));
        app.import_loans(&world.manager, &[Paper::of_case(case).paid_out()]);
        let referral = loan_of(app, &world, case)["referral_id"].as_str().expect("an id").to_owned();
        let text = app.get(&format!("/referrals/{referral}")).by(&world.banker).send().expect(200).text();
        assert!(text.contains("\"completed\"") && !text.contains("Lò Thị Mai"), "{text}");
    }
}
