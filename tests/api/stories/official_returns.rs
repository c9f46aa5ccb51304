//! The official return of a province: exact totals, computed when a period is closed, signed by two people.

use chrono::NaiveDate;
use hoanhap::boot::housekeeping;
use hoanhap::grants::Role;
use hoanhap::programmes::returns::{ReturnFinding, verify_returns};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::client::{PASSWORD, Reply};
use crate::support::world::{COMMUNE, PROVINCE};
use crate::support::{TestApp, User, World, both_dbs};

/// 15/12/2024 to 14/12/2025.
const YEAR: &str = "2025";

/// A province with its officers, and the country's.
struct Office {
    world: World,
    /// Return officers of the world's province beside `world.return_officer`.
    second: User,
    country: User,
    elsewhere: User,
}

impl Office {
    fn build(app: &TestApp) -> Self {
        let over = |name: &str, unit| app.account(name, Role::ReturnOfficer, None, Some(unit));
        Self {
            world: World::build(app),
            second: over("baocao.hai", PROVINCE),
            country: over("baocao.vn", "VN"),
            elsewhere: over("baocao.caobang", "G34-P04"),
        }
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn period_path(unit: &str, period: &str) -> String {
    format!("/reporting-periods/{unit}/closing/{period}")
}

/// Takes a step with the report of a unit as it stands.
#[track_caller]
fn step(app: &TestApp, by: &User, (unit, period): (&str, &str), status: &str, reason: Option<&str>) -> Reply {
    let path = period_path(unit, period);
    let version = app.get(&path).by(by).send().expect(200).version();
    app.put(&path, &json!({"status": status, "reason": reason})).by(by).version(version).send()
}

/// Closes the year of the world's province, and reads its return.
#[track_caller]
fn closed(app: &TestApp, office: &Office) -> Value {
    step(app, &office.world.programme_officer, (PROVINCE, YEAR), "closed", None).expect(200);
    newest(app, &office.world.return_officer)
}

#[track_caller]
fn newest(app: &TestApp, by: &User) -> Value {
    let list = app.all_items(by, "/official-returns", 1);
    let id = list.first().expect("a return")["id"].as_str().expect("an id").to_owned();
    app.get(&format!("/official-returns/{id}")).by(by).send().expect(200).json()
}

/// Persons of a line.
#[track_caller]
fn persons(read: &Value, code: &str) -> u64 {
    let lines = read["content"]["lines"].as_array().expect("lines");
    let line = lines.iter().find(|line| line["code"] == code).expect("a line");
    line["persons"].as_u64().expect("a number")
}

/// All lines in their order.
fn totals(read: &Value) -> Vec<u64> {
    let lines = read["content"]["lines"].as_array().expect("lines");
    lines.iter().map(|line| line["persons"].as_u64().expect("a number")).collect()
}

#[track_caller]
fn id(read: &Value) -> String {
    read["id"].as_str().expect("an id").to_owned()
}

fn sign(app: &TestApp, by: &User, read: &Value, version: i64) -> Reply {
    let body = json!({"password": PASSWORD, "recipient": "ministry_of_health"});
    app.post(&format!("/official-returns/{}/sign", id(read)), &body).by(by).version(version).send()
}

fn countersign(app: &TestApp, by: &User, read: &Value, version: i64) -> Reply {
    let path = format!("/official-returns/{}/countersign", id(read));
    app.post(&path, &json!({"password": PASSWORD})).by(by).version(version).send()
}

/// Opens a case in a unit.
#[track_caller]
fn case_in(app: &TestApp, by: &User, unit: &str, person: Uuid, category: &str, on: NaiveDate) -> Uuid {
    let body = json!({"person_id": person, "unit_code": unit, "category": category, "received_on": on});
    app.post("/cases", &body).by(by).send().expect(201).id()
}

/// A victim identified in the period in a unit, with two regimes found due.
fn victim(app: &TestApp, by: &User, unit: &str, name: &str) -> Uuid {
    let mut body = person_body(name);
    body["categories"] = json!(["possible_victim"]);
    let person = app.post("/persons", &body).by(by).send().expect(201).id();
    let case = case_in(app, by, unit, person, "possible_victim", app.days_ago(30));
    app.move_case(by, case, "screened", app.days_ago(29)).expect(200);
    app.move_case(by, case, "under_verification", app.days_ago(28)).expect(200);
    app.move_case(by, case, "confirmed", app.days_ago(20)).expect(200);
    app.assess(by, case, &["essential_needs", "medical"], app.days_ago(19));
    case
}

fn commune_of(app: &TestApp, province: &str) -> String {
    let units = &app.state().units;
    let communes = units.units_on(hoanhap::admin_units::Level::Commune, province, app.today());
    communes.first().expect("a commune").code.clone()
}

fn findings(app: &TestApp) -> Vec<ReturnFinding> {
    let state = app.state();
    verify_returns(&state.db, &state.vault, &state.ring.server).expect("the returns can be read")
}

/// To a day after the year of state reports.
fn year_is_over(app: &TestApp) {
    app.pass_days(70);
    assert!(app.today() > day("2025-12-14"));
}

both_dbs! {
    fn seven_of_seven_victims_received_what_is_due_and_two_people_file_it(app: &TestApp) {
        let office = Office::build(app);
        let worker = &office.world.worker;
        for number in 0..7 {
            let case = victim(app, worker, COMMUNE, &format!("Nguyễn Thị Lan {number}"));
            app.give(worker, case, "essential_needs", app.days_ago(2));
            app.give(worker, case, "medical", app.days_ago(1));
        }
        // Of another province.
        let elsewhere = victim(app, worker, &commune_of(app, "G34-P04"), "Nguyễn Thị Huệ");
        app.give(worker, elsewhere, "medical", app.days_ago(1));
        year_is_over(app);
        let read = closed(app, &office);
        assert_eq!(totals(&read), [7, 7, 0, 0, 0], "{read}");
        assert_eq!((read["status"].clone(), read["revision"].clone()), (json!("computed"), json!(1)));
        assert_eq!(read["nothing_to_report"], false);
        assert!(!read.to_string().contains("nay thuộc") && !read.to_string().contains("Gồm cả"), "a new code is no merger");
        assert!(read["content"]["note_en"].as_str().expect("a note").contains("2024-12-15 to 2025-12-14"));

        let signed = sign(app, &office.world.return_officer, &read, 1).expect(200);
        assert_eq!((signed.text_at("/status"), signed.version()), ("signed".to_owned(), 2));
        countersign(app, &office.world.return_officer, &read, 2).expect_problem(409, "same_signer");
        let filed = countersign(app, &office.second, &read, 2).expect(200);
        assert_eq!((filed.text_at("/status"), filed.version()), ("filed".to_owned(), 3));
        assert_eq!(filed.json()["signatures"].as_array().expect("signatures").len(), 2);
        sign(app, &office.second, &read, 3).expect_problem(409, "return_filed");
        assert_eq!(findings(app), []);

        let receipt = filed.text_at("/receipt");
        for reader in [&office.country, &office.elsewhere, &office.second] {
            let path = format!("/official-returns/receipts/{}", receipt.to_lowercase().replace('0', "o"));
            let told = app.get(&path).by(reader).send().expect(200);
            assert_eq!((told.text_at("/province_code"), told.text_at("/period")), (PROVINCE.to_owned(), YEAR.to_owned()));
            assert_eq!((told.json()["revision"].clone(), told.text_at("/status")), (json!(1), "filed".to_owned()));
            assert_eq!(told.json()["filed_at"], filed.json()["filed_at"]);
            assert!(!told.text().contains("persons") && !told.text().contains("nothing_to_report"), "{}", told.text());
        }
        let last = if receipt.ends_with('2') { '3' } else { '2' };
        let forged = format!("{}{last}", &receipt[..receipt.len() - 1]);
        for wrong in [forged.as_str(), "1", "7-2222-2222", "x"] {
            let path = format!("/official-returns/receipts/{wrong}");
            app.get(&path).by(&office.second).send().expect_problem(404, "not_found");
        }
    }

    fn a_province_with_nothing_to_report_files_all_the_same(app: &TestApp) {
        let office = Office::build(app);
        year_is_over(app);
        let read = closed(app, &office);
        assert_eq!(totals(&read), [0; 5]);
        assert_eq!(read["nothing_to_report"], true);
        let missing = || app.get("/official-returns/missing?calendar=closing&period=2025").by(&office.country).send().expect(200);
        let of_province = |told: &Reply| {
            let missing = told.json()["missing"].as_array().expect("provinces").clone();
            missing.into_iter().find(|province| province["province_code"] == PROVINCE)
        };
        let told = missing();
        assert_eq!((told.json()["expected"].clone(), told.json()["filed"].clone()), (json!(34), json!(0)));
        assert_eq!(of_province(&told).expect("not filed")["status"], "computed");
        sign(app, &office.world.return_officer, &read, 1).expect(200);
        countersign(app, &office.second, &read, 2).expect(200);
        let told = missing();
        assert_eq!((of_province(&told), told.json()["filed"].clone()), (None, json!(1)));
        assert!(!told.text().contains("nothing_to_report"), "filing says nothing");
        let list = app.get("/official-returns").by(&office.second).send().expect(200).text();
        assert!(!list.contains("nothing_to_report") && !list.contains("persons"), "{list}");
    }

    fn a_closing_again_makes_a_numbered_revision_with_the_reason(app: &TestApp) {
        let office = Office::build(app);
        let (worker, officer) = (&office.world.worker, &office.world.programme_officer);
        let case = victim(app, worker, COMMUNE, "Nguyễn Thị Mai");
        app.give(worker, case, "essential_needs", app.days_ago(2));
        year_is_over(app);
        let first = closed(app, &office);
        assert_eq!(totals(&first), [1, 0, 0, 0, 0]);
        sign(app, &office.world.return_officer, &first, 1).expect(200);
        let filed = countersign(app, &office.second, &first, 2).expect(200);

        // Found out late: what is filed does not move.
        app.give(worker, case, "medical", day("2025-12-01"));
        app.give(worker, case, "medical", day("2025-12-20"));
        assert_eq!(totals(&newest(app, &office.second)), [1, 0, 0, 0, 0]);
        step(app, officer, (PROVINCE, YEAR), "reopened", Some("Ghi nhận muộn")).expect(200);
        let standing = app.get(&format!("/official-returns/{}", id(&first))).by(&office.second).send().expect(200);
        assert_eq!(standing.text_at("/status"), "filed", "until there is another");
        step(app, officer, (PROVINCE, YEAR), "closed", None).expect(200);
        let second = newest(app, &office.second);
        assert_eq!((second["revision"].clone(), second["reason"].clone()), (json!(2), json!("Ghi nhận muộn")));
        assert_eq!(totals(&second), [1, 1, 0, 0, 0]);

        let before = app.get(&format!("/official-returns/{}", id(&first))).by(&office.second).send().expect(200);
        assert_eq!((before.text_at("/status"), totals(&before.json())), ("superseded".to_owned(), vec![1, 0, 0, 0, 0]));
        let receipt = app.get(&format!("/official-returns/receipts/{}", filed.text_at("/receipt"))).by(&office.country).send().expect(200);
        assert_eq!(receipt.text_at("/status"), "superseded");
        let missing = app.get("/official-returns/missing?calendar=closing&period=2025").by(&office.country).send().expect(200).json();
        let own = missing["missing"].as_array().expect("provinces").iter().find(|province| province["province_code"] == PROVINCE).cloned();
        let own = own.expect("the revision is not filed");
        assert_eq!((own["revision"].clone(), own["filed_revision"].clone()), (json!(2), json!(1)));
        assert_eq!(findings(app), []);
        countersign(app, &office.second, &first, before.version()).expect_problem(409, "return_superseded");
    }

    fn what_was_computed_before_the_period_was_opened_again_is_not_signed(app: &TestApp) {
        let office = Office::build(app);
        year_is_over(app);
        let read = closed(app, &office);
        countersign(app, &office.second, &read, 1).expect_problem(409, "return_not_signed");
        step(app, &office.world.programme_officer, (PROVINCE, YEAR), "reopened", Some("Kiểm tra lại")).expect(200);
        sign(app, &office.second, &read, 1).expect_problem(409, "period_open");
    }

    fn a_return_is_computed_when_its_province_closes_and_never_else(app: &TestApp) {
        let office = Office::build(app);
        let officer = &office.world.programme_officer;
        let count = || app.number("select count(*) as n from official_returns");
        step(app, officer, (PROVINCE, YEAR), "closed", None).expect_problem(409, "period_not_over");
        year_is_over(app);
        // Other calendars, lengths and steps; a unit that is not there on the last day, for which its successor closes.
        app.put(&format!("/reporting-periods/{PROVINCE}/civil/2025-Q3"), &json!({"status": "closed"})).by(officer).send().expect(200);
        step(app, officer, (PROVINCE, "2025-11"), "closed", None).expect(200);
        step(app, officer, (PROVINCE, YEAR), "submitted", None).expect(200);
        let refused = step(app, officer, ("G63-P01", YEAR), "closed", None).expect(422).json();
        assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["rule"]), (&json!("unit"), &json!("unit_not_valid_on_date")));
        assert_eq!(count(), 0);
        step(app, officer, (PROVINCE, YEAR), "closed", None).expect(200);
        assert_eq!(count(), 1);
        step(app, officer, (PROVINCE, YEAR), "published", None).expect(200);
        assert_eq!(count(), 1);
        sign(app, &office.second, &newest(app, &office.second), 1).expect(200);
    }

    fn a_period_before_the_merger_is_filed_for_the_province_of_then_by_that_of_today(app: &TestApp) {
        let office = Office::build(app);
        let over = |name: &str, role| app.account(name, role, None, Some("G34-P44"));
        let (closes, files) = (over("ct.quangtri", Role::ProgrammeOfficer), over("bc.quangtri", Role::ReturnOfficer));
        for (province, name) in [("G63-P44", "Tỉnh Quảng Bình"), ("G63-P45", "Tỉnh Quảng Trị")] {
            step(app, &closes, (province, "2025-H1"), "closed", None).expect(200);
            let read = newest(app, &files);
            assert_eq!((read["province_code"].clone(), read["content"]["province_vi"].clone()), (json!(province), json!(name)));
            assert!(read["content"]["note_vi"].as_str().expect("a note").contains("nay thuộc Tỉnh Quảng Trị"), "{read}");
        }
        let missing = app.get("/official-returns/missing?calendar=closing&period=2025-H1").by(&office.country).send().expect(200);
        assert_eq!(missing.json()["expected"], 63);
        assert_eq!(app.all_items(&office.second, "/official-returns", 10).len(), 0);
        // A year in which it was merged is one return, and says so.
        year_is_over(app);
        step(app, &closes, ("G34-P44", YEAR), "closed", None).expect(200);
        assert!(newest(app, &files)["content"]["note_vi"].as_str().expect("a note").contains("Tỉnh Quảng Bình"));
    }

    fn a_person_with_cases_in_two_provinces_counts_once_in_the_country(app: &TestApp) {
        let office = Office::build(app);
        let (worker, other) = (&office.world.worker, &office.world.other_worker);
        let elsewhere = commune_of(app, "G34-P04");
        let closes = app.account("ct.caobang", Role::ProgrammeOfficer, None, Some("G34-P04"));
        let person = app.person(worker, "Vũ Thị Bông");
        let first = case_in(app, worker, COMMUNE, person, "person_selling_sex", app.days_ago(40));
        app.assess(worker, first, &["social_support"], app.days_ago(30));
        app.give(worker, first, "social_support", app.days_ago(29));
        // The same person at another centre, as another record that was found to be one with it.
        let twin = app.person(other, "Vũ Thị Bông");
        let second = case_in(app, other, &elsewhere, twin, "person_selling_sex", app.days_ago(20));
        app.assess(other, second, &["social_support"], app.days_ago(10));
        let (centre, twin_id) = (app.sql_id(office.world.centre), app.sql_id(twin));
        app.sql(&format!("update persons set organisation_id = {centre} where id = {twin_id}"));
        app.sql(&format!("update cases set organisation_id = {centre} where id = {}", app.sql_id(second)));
        app.decide(&office.world.manager, person, twin, "same").expect(200);
        // And one of the other province alone.
        let third = app.person(other, "Vũ Thị Sim");
        let third = case_in(app, other, &elsewhere, third, "person_selling_sex", app.days_ago(20));
        app.assess(other, third, &["social_support"], app.days_ago(10));
        year_is_over(app);
        assert_eq!(totals(&closed(app, &office)), [0, 0, 0, 1, 1], "where she was first assessed in the period");
        step(app, &closes, ("G34-P04", YEAR), "closed", None).expect(200);
        assert_eq!(totals(&newest(app, &office.elsewhere)), [0, 0, 0, 1, 0]);
    }

    fn only_days_of_the_period_count(app: &TestApp) {
        let office = Office::build(app);
        let worker = &office.world.worker;
        app.pass_days(62);
        assert_eq!(app.today(), day("2025-12-16"));
        for (number, on) in ["2025-12-13", "2025-12-14", "2025-12-15", "2025-12-16"].into_iter().enumerate() {
            let person = app.person(worker, &format!("Hồ Thị Sim {number}"));
            let case = case_in(app, worker, COMMUNE, person, "person_selling_sex", day(on));
            app.assess(worker, case, &["social_support"], day(on));
            app.give(worker, case, "social_support", day("2025-12-16").min(day(on) + chrono::TimeDelta::days(1)));
        }
        let read = closed(app, &office);
        assert_eq!((persons(&read, "in_need_and_eligible"), persons(&read, "used_a_service")), (2, 1));
    }

    fn nobody_else_reads_a_number(app: &TestApp) {
        let office = Office::build(app);
        let world = &office.world;
        year_is_over(app);
        let path = format!("/official-returns/{}", id(&closed(app, &office)));
        let paths = [path.clone(), format!("{path}/document"), format!("{path}/table")];
        for user in [
            &world.supervisor, &world.programme_officer, &world.manager, &world.worker, &world.administrator,
            &world.auditor, &world.banker, &world.peer_leader, &world.commune_officer, &world.counsellor,
        ] {
            for path in &paths {
                app.get(path).by(user).send().expect_problem(403, "forbidden");
            }
            app.get("/official-returns").by(user).send().expect_problem(403, "forbidden");
            app.get("/official-returns/missing?calendar=closing&period=2025").by(user).send().expect_problem(403, "forbidden");
            app.get("/official-returns/receipts/1-0000-0000").by(user).send().expect_problem(403, "forbidden");
        }
        for user in [&office.country, &office.elsewhere] {
            for path in &paths {
                app.get(path).by(user).send().expect_problem(404, "not_found");
            }
            sign(app, user, &json!({"id": path.rsplit('/').next()}), 1).expect_problem(404, "not_found");
            assert!(app.all_items(user, "/official-returns", 10).is_empty());
        }
        app.get("/official-returns/missing?calendar=closing&period=2025").by(&office.second).send().expect_problem(403, "forbidden");
        // The one who closes is told that it is closed, and no total.
        let told = app.get(&period_path(PROVINCE, YEAR)).by(&world.programme_officer).send().expect(200).text();
        assert!(!told.contains("persons") && !told.contains("lines"), "{told}");
        let of_others = app.get("/official-returns/missing?calendar=civil&period=2025").by(&office.country).send();
        of_others.expect(422);
    }

    fn a_wrong_password_signs_nothing_and_counts_as_a_guess(app: &TestApp) {
        let office = Office::build(app);
        year_is_over(app);
        let read = closed(app, &office);
        let path = format!("/official-returns/{}/sign", id(&read));
        let body = |password: &str| json!({"password": password, "recipient": "ministry_of_health"});
        for _ in 0..5 {
            let wrong = app.post(&path, &body("không phải mật khẩu này đâu")).by(&office.second).version(1).send();
            wrong.expect_problem(409, "wrong_password");
        }
        let held = app.post(&path, &body(PASSWORD)).by(&office.second).version(1).send();
        held.expect_problem(429, "too_many_guesses");
        assert_eq!(app.login(&office.second.username, PASSWORD).status, 429, "as at login");
        assert_eq!(newest(app, &office.world.return_officer)["status"], "computed");
        app.clock.advance(chrono::TimeDelta::seconds(2));
        app.post(&path, &body(PASSWORD)).by(&office.second).version(1).send().expect(200);
        // Whoever may not sign is told so, and no password is looked at.
        app.post(&path, &body("sai")).by(&office.world.supervisor).version(1).send().expect_problem(403, "forbidden");
    }

    fn a_signature_is_given_once_at_the_version_that_was_read(app: &TestApp) {
        let office = Office::build(app);
        year_is_over(app);
        let read = closed(app, &office);
        let path = format!("/official-returns/{}/sign", id(&read));
        let body = json!({"password": PASSWORD, "recipient": "ministry_of_health"});
        app.post(&path, &body).by(&office.second).send().expect(428);
        app.post(&path, &body).without_key().by(&office.second).version(1).send().expect(400);
        sign(app, &office.second, &read, 4711).expect_problem(412, "version_stale");
        let nobody = json!({"password": PASSWORD, "recipient": "somebody"});
        app.post(&path, &nobody).by(&office.second).version(1).send().expect(422);
        let key = app.new_key();
        let first = app.post(&path, &body).key(&key).by(&office.second).version(1).send().expect(200);
        let again = app.post(&path, &body).key(&key).by(&office.second).version(1).send().expect(200);
        assert_eq!((first.version(), again.version(), first.json()), (2, 2, again.json()));
        let other = json!({"password": PASSWORD, "recipient": "social_protection_department"});
        app.post(&path, &other).key(&key).by(&office.second).version(2).send().expect_problem(422, "idempotency_key_reused");
        // Another recipient, before the second signature.
        let changed = app.post(&path, &other).by(&office.world.return_officer).version(2).send().expect(200);
        assert_eq!(changed.text_at("/recipient"), "social_protection_department");
        let stale = countersign(app, &office.second, &read, 2).expect_problem(412, "version_stale");
        assert!(stale.text().contains("recipient"), "{}", stale.text());
        countersign(app, &office.second, &read, 3).expect(200);
        let trail = app.all_items(&office.world.auditor, &format!("/audit/trail/official_return/{}", id(&read)), 10);
        let actions: Vec<&Value> = trail.iter().map(|entry| &entry["action"]).collect();
        assert_eq!(actions.len(), 4, "{trail:?}");
    }

    fn every_view_of_a_return_is_logged(app: &TestApp) {
        let office = Office::build(app);
        year_is_over(app);
        let read = closed(app, &office);
        let views = || {
            let path = format!("/audit/views?account_id={}", office.second.id);
            let of_returns = |view: &Value| view["subject_kind"] == "official_return";
            app.all_items(&office.world.auditor, &path, 50).into_iter().filter(of_returns).count()
        };
        let path = format!("/official-returns/{}", id(&read));
        for (number, path) in ["/official-returns".to_owned(), path.clone(), format!("{path}/document"), format!("{path}/table")].iter().enumerate() {
            app.get(path).by(&office.second).send().expect(200);
            assert_eq!(views(), number + 1, "{path}");
        }
        sign(app, &office.second, &read, 1).expect(200);
        assert_eq!(views(), 5);
    }

    fn a_return_is_printed_in_both_languages_without_script(app: &TestApp) {
        let office = Office::build(app);
        let officer = &office.world.programme_officer;
        year_is_over(app);
        closed(app, &office);
        step(app, officer, (PROVINCE, YEAR), "reopened", Some("<script>alert('x')</script> & \"khác\"")).expect(200);
        step(app, officer, (PROVINCE, YEAR), "closed", None).expect(200);
        let read = newest(app, &office.second);
        let path = format!("/official-returns/{}", id(&read));
        let page = app.get(&format!("{path}/document")).by(&office.second).send().expect(200);
        let text = page.text();
        assert!(text.contains("CHƯA NỘP") && text.contains("Not filed") && text.contains("Nothing to report"));
        assert!(!text.contains("<script") && text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        sign(app, &office.world.return_officer, &read, 1).expect(200);
        let receipt = countersign(app, &office.second, &read, 2).expect(200).text_at("/receipt");
        let text = app.get(&format!("{path}/document")).by(&office.second).send().expect(200).text();
        assert!(!text.contains("CHƯA NỘP") && text.contains(&receipt) && text.contains("Bộ Y tế") && text.contains("Ministry of Health"));
        let table = app.get(&format!("{path}/table")).by(&office.second).send().expect(200).text();
        assert_eq!(table.lines().count(), 6);
        assert!(table.starts_with('\u{feff}') && table.contains("identified_victims") && !table.contains("script"));
    }

    fn a_return_that_is_altered_dropped_or_signed_behind_the_programs_back_is_found(app: &TestApp) {
        let office = Office::build(app);
        let officer = &office.world.programme_officer;
        step(app, officer, ("G63-P01", "2025-H1"), "closed", None).expect(200);
        year_is_over(app);
        let read = closed(app, &office);
        sign(app, &office.world.return_officer, &read, 1).expect(200);
        step(app, officer, (PROVINCE, "2025-H2"), "closed", None).expect(200);
        let last = newest(app, &office.second);
        assert_eq!(findings(app), []);
        app.sql("create table copies as select * from official_returns");
        let (first, second) = (app.sql_id(office.world.return_officer.id), app.sql_id(office.second.id));
        for deed in [
            "update official_returns set content = replace(content, '\"persons\":0', '\"persons\":7') where number = 2".to_owned(),
            "update official_returns set revision = 2 where number = 1".to_owned(),
            "update official_returns set province_code = 'G34-P04' where number = 2".to_owned(),
            "update official_returns set recipient = 'social_protection_department' where number = 2".to_owned(),
            format!("update official_returns set first_signed_by = {second} where number = 2"),
            format!("update official_returns set status = 'signed', recipient = 'ministry_of_health', first_signed_by = {first}, first_signed_at = computed_at where number = 3"),
            format!("update official_returns set status = 'filed', second_signed_by = {second}, second_signed_at = computed_at where number = 2"),
            "update official_returns set status = 'superseded' where number = 3".to_owned(),
            "update official_returns set status = 'computed' where number = 2".to_owned(),
            "delete from official_returns where number = 2".to_owned(),
            "delete from official_returns where number = 3".to_owned(),
            "delete from official_returns".to_owned(),
        ] {
            app.sql(&deed);
            assert_ne!(findings(app), [], "{deed}");
            app.sql("delete from official_returns; insert into official_returns select * from copies");
            assert_eq!(findings(app), [], "restored after: {deed}");
        }
        // Nobody signs it, and none is added to what was cut.
        app.sql("update official_returns set content = replace(content, '\"persons\":0', '\"persons\":7') where number = 3");
        sign(app, &office.second, &last, 1).expect_problem(409, "return_not_genuine");
        app.sql("delete from official_returns where number = 3");
        housekeeping(app.state()).expect("a round");
        step(app, officer, (PROVINCE, "2025-H2"), "reopened", Some("Thử")).expect(200);
        step(app, officer, (PROVINCE, "2025-H2"), "closed", None).expect(500);
        assert_eq!(app.number("select count(*) as n from official_returns"), 2);
    }

    fn of_two_who_sign_at_once_one_does_and_the_other_is_told(app: &TestApp) {
        let office = Office::build(app);
        year_is_over(app);
        let read = closed(app, &office);
        sign(app, &office.world.return_officer, &read, 1).expect(200);
        let third = app.account("baocao.ba", Role::ReturnOfficer, None, Some(PROVINCE));
        let mut replies: Vec<u16> = std::thread::scope(|scope| {
            let (app, read) = (&app, &read);
            let both = [&office.second, &third].map(|user| scope.spawn(move || countersign(app, user, read, 2).status));
            both.into_iter().map(|writer| writer.join().expect("a reply")).collect()
        });
        replies.sort_unstable();
        assert_eq!(replies, [200, 412]);
        assert_eq!(findings(app), []);
    }
}
