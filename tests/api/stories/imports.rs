//! What was kept on paper comes in as a file: whole or not at all, and out again as a whole.

use std::collections::BTreeSet;

use hoanhap::audit::{Finding, verify};
use hoanhap::text::is_hidden;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::imports::{csv, line, people, xlsx};
use crate::support::server::Options;
use crate::support::{Engine, TestApp, User, World, both_dbs};

fn persons_of(app: &TestApp, user: &User) -> Vec<Value> {
    app.all_items(user, "/persons", 200)
}

fn cases_of(app: &TestApp, user: &User) -> Vec<Value> {
    app.all_items(user, "/cases", 200)
}

fn id_of(item: &Value) -> Uuid {
    item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// Tables that only grow: who did what, who saw what.
fn but_logs(app: &TestApp) -> Vec<(&'static str, i64)> {
    let logs = [
        "audit_entries",
        "audit_heads",
        "view_log",
        "idempotency_keys",
        "imports",
        "login_sessions",
        "search_changes",
        "standings_due",
    ];
    app.row_counts().into_iter().filter(|(table, _)| !logs.contains(table)).collect()
}

fn trail_is_whole(app: &TestApp) {
    let state = app.state();
    let findings: Vec<Finding> = verify(&state.db, &state.vault, &state.trail).expect("the trail is read");
    assert!(findings.is_empty(), "{findings:?}");
}

both_dbs! {
    fn a_file_is_tried_imported_and_undone_and_leaves_nothing_but_its_trail(app: &TestApp) {
        let world = World::build(app);
        let manager = &world.manager;
        app.token(manager);
        let (before, keys) = (app.row_counts(), app.keys());
        let file = xlsx(&people(40));
        let tried = app.dry_run(manager, &file, "");
        assert_eq!((&tried["rows_read"], &tried["persons"], &tried["cases"]), (&json!(40), &json!(40), &json!(40)));
        assert_eq!((&tried["importable"], &tried["errors"]), (&json!(true), &json!([])));
        assert_eq!(app.row_counts(), before, "a dry run writes nothing");
        assert_eq!(app.keys(), keys);
        let without = but_logs(app);

        let reply = app.importing(manager, &file, "").send().expect(201);
        let import = reply.id();
        assert_eq!(reply.header("location"), Some(format!("/api/v1/imports/{import}").as_str()));
        assert_eq!(reply.json()["state"], "done");
        assert!(!reply.text().contains("Người"), "no names");
        let cases = cases_of(app, manager);
        assert_eq!((persons_of(app, manager).len(), cases.len()), (40, 40));
        let first = app.get(&format!("/cases/{}", id_of(&cases[0]))).by(&world.worker).send().expect(200).json();
        assert_eq!(first["assigned_to"], Value::Null, "imported cases wait");
        assert_eq!((&first["status"], &first["summary"]), (&json!("received"), &json!("Đến cùng mẹ")));
        assert_eq!(first["person"]["birth"], json!({"precision": "exact", "date": "1996-03-08", "year": null}));
        assert_eq!(first["person"]["categories"], json!(["person_selling_sex"]));
        assert_eq!(app.keys(), keys + 40);
        assert_eq!(app.number("select count(*) as n from loose_keys"), 0);
        trail_is_whole(app);

        let undone = app.undo_import(manager, import).expect(200).json();
        assert_eq!((&undone["state"], &undone["persons_made"]), (&json!("undone"), &json!(40)));
        assert_eq!(but_logs(app), without);
        assert_eq!(app.keys(), keys, "the keys are destroyed");
        assert_eq!(app.number("select count(*) as n from audit_entries where action = 'void'"), 81);
        app.undo_import(manager, import).expect_problem(409, "already_undone");
        trail_is_whole(app);
        app.import(manager, &file);
        assert_eq!(persons_of(app, manager).len(), 40, "undone, the file may be imported again");
    }

    fn an_import_leaves_the_trail_that_the_api_leaves(app: &TestApp) {
        let world = World::build(app);
        app.import(&world.manager, &csv(&people(1)));
        let person = app.person(&world.manager, "Lê Thị Cỏ May");
        let case = app.case(&world.manager, person, "person_selling_sex", app.days_ago(3));
        let trail = |kind: &str, id: Uuid| {
            let reply = app.get(&format!("/audit/trail/{kind}/{id}")).by(&world.auditor).send().expect(200).json();
            let items = reply["items"].as_array().expect("items").clone();
            items.into_iter().map(|item| (item["action"].clone(), item["fields"].clone(), item["account_id"].clone())).collect::<Vec<_>>()
        };
        let other = cases_of(app, &world.manager).into_iter().find(|item| id_of(item) != case).expect("the imported case");
        let imported: Uuid = other["person_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        assert_eq!(trail("case", id_of(&other)), trail("case", case));
        assert_eq!(trail("person", imported), trail("person", person));
    }

    fn undoing_is_refused_once_anything_was_built_on_the_import(app: &TestApp) {
        let world = World::build(app);
        let manager = &world.manager;
        let built = |what: &str, rows: i64, build: &dyn Fn(Uuid, Uuid)| {
            let import = app.import(manager, &csv(&[line(what)]));
            let case = cases_of(app, manager).into_iter().find(|item| item["person_name"] == what).expect("a case");
            let person: Uuid = case["person_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
            build(person, id_of(&case));
            let before = app.row_counts();
            let refused = app.undo_import(manager, import).expect_problem(409, "built_on");
            let english = app.post(&format!("/imports/{import}/undo"), &json!({})).by(manager).version(1)
                .header("accept-language", "en").send().json();
            assert_eq!(app.row_counts(), before, "{what}");
            let said = format!("{rows} rows");
            assert!(english["title"].as_str().is_some_and(|title| title.contains(&said)), "{what}: {english}");
            assert!(refused.text().contains(&rows.to_string()), "{what}");
        };
        built("Consent", 1, &|person, _| { app.consent(manager, person, world.lender, app.today()); });
        built("Assessment", 1, &|_, case| { app.assess(manager, case, &["loan"], app.today()); });
        built("Delivery", 1, &|_, case| { app.give(manager, case, "social_support", app.today()); });
        built("Edit", 1, &|person, _| {
            app.patch(&format!("/persons/{person}"), &json!({"sex": "other"})).by(manager).version(1).send().expect(200);
        });
        built("Guardian", 1, &|person, _| {
            let body = json!({"relation": "mother", "name": "Mẹ", "from_on": app.today()});
            app.post(&format!("/persons/{person}/guardians"), &body).by(manager).send().expect(201);
        });
        built("Refusal", 1, &|_, case| {
            let body = json!({"service_type": "loan", "refused_on": app.today()});
            app.post(&format!("/cases/{case}/refusals"), &body).by(manager).send().expect(201);
        });
        // The case, and the person's record, which now says the second category too.
        built("Second case", 2, &|person, _| { app.case(manager, person, "at_risk", app.today()); });
    }

    fn a_case_that_was_taken_or_moved_stands_in_the_way_of_undoing(app: &TestApp) {
        let world = World::build(app);
        let import = app.import(&world.manager, &csv(&people(2)));
        let case = id_of(&cases_of(app, &world.manager)[0]);
        app.put(&format!("/cases/{case}/assignment"), &json!({"account_id": world.worker.id})).by(&world.manager).version(1).send().expect(200);
        app.undo_import(&world.manager, import).expect_problem(409, "built_on");
        assert_eq!(cases_of(app, &world.manager).len(), 2);
    }

    fn one_bad_line_among_two_hundred_keeps_all_out(app: &TestApp) {
        let world = World::build(app);
        app.token(&world.manager);
        let mut lines = people(200);
        lines[136][2] = "31/02/1996".to_owned();
        let (before, keys) = (app.row_counts(), app.keys());
        let refused = app.importing(&world.manager, &csv(&lines), "").send().expect_problem(422, "invalid").json();
        assert_eq!(refused["errors"], json!([{
            "field": "lines[138].birth", "rule": "birth",
            "message": "Ngày/tháng/năm, hoặc chỉ năm (1990), hoặc «không rõ».",
        }]));
        assert_eq!((app.row_counts(), app.keys()), (before, keys));
        let tried = app.dry_run(&world.manager, &csv(&lines), "");
        assert_eq!((&tried["importable"], &tried["persons"]), (&json!(false), &json!(199)));
        assert_eq!(tried["errors"][0]["line"], json!(138));
        assert_eq!(tried["errors"][0]["column"], json!("birth"));
        let left_out = app.importing(&world.manager, &csv(&lines), "&skip_lines=138").send().expect(201).json();
        assert_eq!((&left_out["rows_skipped"], &left_out["persons_made"]), (&json!(1), &json!(199)));
    }

    fn a_file_that_is_sent_again_under_its_key_is_imported_once(app: &TestApp) {
        let world = World::build(app);
        let file = csv(&people(5));
        let send = |file: &[u8], more: &str| app.importing(&world.manager, file, more).key("import-of-today").send();
        let tried = send(&file, "&dry_run=true").expect(200).json();
        assert_eq!(tried["importable"], json!(true));
        let first = send(&file, "").expect(201).id();
        let again = send(&file, "").expect(201).id();
        assert_eq!(first, again);
        assert_eq!(persons_of(app, &world.manager).len(), 5);
        send(&csv(&people(6)), "").expect_problem(422, "idempotency_key_reused");
        send(&file, "&skip_lines=2").expect_problem(422, "idempotency_key_reused");
        assert_eq!(app.keys(), 5, "no key is left over");
    }

    fn the_same_file_is_not_imported_twice_even_by_decision(app: &TestApp) {
        let world = World::build(app);
        let file = csv(&people(3));
        app.import(&world.manager, &file);
        for decision in ["", "&import_lines=2-4", "&skip_lines=2"] {
            app.importing(&world.manager, &file, decision).send().expect_problem(409, "file_imported");
        }
        let tried = app.importing(&world.manager, &file, "&dry_run=true").send().expect(200).json();
        assert_eq!(tried["importable"], json!(false), "a trial says why: {tried}");
        assert_eq!(app.keys(), 3, "none of the second");
        assert_eq!(app.number("select count(*) as n from loose_keys"), 0);
    }

    fn a_line_that_looks_like_somebody_on_record_must_be_decided(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Nguyễn Thị Hòa");
        app.case(&world.worker, person, "at_risk", app.days_ago(3));
        let mut lines = vec![line("NGUYEN THI HOÀ"), line("Nguyễn Thị Hòa"), line("Nguyễn Thị Hòa"), line("Trần Thị Khác")];
        lines[1][2] = "1990".to_owned();
        lines[2][2] = "không rõ".to_owned();
        let views = app.number("select count(*) as n from view_log");
        let tried = app.dry_run(&world.manager, &csv(&lines), "");
        assert_eq!(tried["duplicates"], json!([
            {"line": 2, "like_persons": [person], "like_lines": [], "decided": false},
            {"line": 4, "like_persons": [person], "like_lines": [2, 3], "decided": false},
        ]));
        assert_eq!(app.number("select count(*) as n from view_log"), views + 1, "who was named was seen");
        let refused = app.importing(&world.manager, &csv(&lines), "").send().expect_problem(422, "invalid").json();
        let open: Vec<&Value> = refused["errors"].as_array().expect("errors").iter().map(|error| &error["field"]).collect();
        assert_eq!(open, ["lines[2]", "lines[4]"]);
        lines[0][9] = "bỏ qua".to_owned();
        lines[2][9] = "nhập".to_owned();
        let stored = app.importing(&world.manager, &csv(&lines), "").send().expect(201).json();
        assert_eq!((&stored["rows_skipped"], &stored["persons_made"]), (&json!(1), &json!(3)));
    }

    fn somebody_of_another_centre_is_never_proposed(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.other_worker, "Nguyễn Thị Hòa");
        app.case(&world.other_worker, person, "at_risk", app.days_ago(3));
        let tried = app.dry_run(&world.manager, &csv(&[line("Nguyễn Thị Hòa")]), "");
        assert_eq!((&tried["duplicates"], &tried["importable"]), (&json!([]), &json!(true)));
    }

    fn imports_are_the_managers_of_their_centre_to_read(app: &TestApp) {
        let world = World::build(app);
        let import = app.import(&world.manager, &csv(&people(1)));
        app.pass_days(1);
        let second = app.import(&world.manager, &csv(&[line("Người khác")]));
        let listed: Vec<Uuid> = app.all_items(&world.manager, "/imports", 1).iter().map(id_of).collect();
        assert_eq!(listed, [second, import]);
        assert_eq!(app.all_items(&world.other_manager, "/imports", 50), Vec::<Value>::new());
        app.get(&format!("/imports/{import}")).by(&world.other_manager).send().expect(404);
        app.get(&format!("/imports/{import}")).by(&world.worker).send().expect(403);
    }

    fn keys_of_an_import_that_never_came_to_its_end_are_destroyed_later(app: &TestApp) {
        let world = World::build(app);
        app.import(&world.manager, &csv(&people(2)));
        // As if the process had ended between the keys and the records.
        let lost = hoanhap::db::types::PersonId(app.state().random.uuid());
        app.state().vault.create_keys_now(&[lost], app.clock.now()).expect("a key");
        let (id, none) = (app.sql_id(lost.0), app.sql_id(Uuid::nil()));
        let no = if app.engine == Engine::Postgres { "false" } else { "0" };
        app.sql(&format!("insert into loose_keys values ({id}, {none}, '2025-10-15 03:00:00.000000', {no})"));
        app.keep_house();
        assert_eq!(app.keys(), 3, "it may be under way");
        app.pass_days(36);
        app.keep_house();
        assert_eq!(app.keys(), 2);
        assert_eq!(app.number("select count(*) as n from loose_keys"), 0);
    }

    fn templates_name_their_columns_in_vietnamese_and_are_taken_back(app: &TestApp) {
        let world = World::build(app);
        let csv = app.get("/imports/templates/persons?format=csv").by(&world.manager).send().expect(200);
        assert!(csv.text().starts_with("\u{feff}Họ và tên;Ẩn danh;Tên gọi khác;Giới tính;Ngày sinh;"));
        assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"persons.csv\""));
        let mut file = csv.body.clone();
        file.extend_from_slice("Vàng Thị Sua;;Sua; nữ ;1990;;Mông;;;;;;;;;;;;\r\n".as_bytes());
        app.import(&world.manager, &file);
        let persons = persons_of(app, &world.manager);
        assert_eq!((&persons[0]["name"], &persons[0]["ethnicity"]), (&json!("Vàng Thị Sua"), &json!("hmong")));
        assert_eq!(persons[0]["aliases"], json!(["Sua"]));
        assert_eq!(cases_of(app, &world.manager).len(), 0);
        let xlsx = app.get("/imports/templates/persons").by(&world.manager).send().expect(200);
        app.importing(&world.manager, &xlsx.body, "").send().expect(422);
        app.get("/imports/templates/loves").by(&world.manager).send().expect(404);
    }

    fn two_nodes_that_import_the_same_people_at_once_store_them_once(app: &TestApp) {
        let world = World::build(app);
        let other = app.another_node();
        let lists = [csv(&people(60)), xlsx(&people(60))];
        app.token(&world.manager);
        let ask = |client: &crate::support::client::Client, file: &[u8]| {
            let call = client.call("POST", "/imports?kind=persons").bytes(file, crate::support::imports::FILE);
            call.by(&world.manager).send()
        };
        let replies = std::thread::scope(|scope| {
            let first = scope.spawn(|| ask(app, &lists[0]));
            let second = scope.spawn(|| ask(&other.client, &lists[1]));
            [first.join().expect("an answer"), second.join().expect("an answer")]
        });
        let mut statuses = replies.each_ref().map(|reply| reply.status);
        statuses.sort_unstable();
        assert!(statuses == [201, 409] || statuses == [201, 422], "{statuses:?}");
        assert_eq!(persons_of(app, &world.manager).len(), 60);
        app.keep_house();
        assert_eq!(app.keys(), 60, "keys of what was not stored are gone");
    }

    fn the_day_of_a_certificate_is_imported_with_the_case(app: &TestApp) {
        let world = World::build(app);
        let columns = ["name", "sex", "birth", "case_category", "case_received_on", "case_identified_on", "case_unit_code"];
        let of = |category: &str, day: &str| {
            let cells = ["Lò Thị Chứng", "nữ", "1996", category, "15/07/2025", day, "G34-C00004"];
            crate::support::imports::table_csv(&columns, &[cells.map(str::to_owned).to_vec()])
        };
        let tried = app.dry_run(&world.manager, &of("nghi là nạn nhân", "10/05/2025"), "");
        assert_eq!(tried["errors"][0]["column"], "case_identified_on");
        app.import(&world.manager, &of("nạn nhân", "10/05/2025"));
        let case = id_of(&cases_of(app, &world.manager)[0]);
        let file = app.get(&format!("/cases/{case}")).by(&world.manager).send().expect(200).json();
        assert_eq!(file["identified_on"], "2025-05-10");
    }

    fn formulas_are_text_when_they_come_as_text(app: &TestApp) {
        let world = World::build(app);
        let mut lines = vec![line("=HYPERLINK(\"http://x\")"), line("@SUM(1)")];
        lines[0][4] = "+84 912 345 678".to_owned();
        lines[1][4] = "'+84 912 345 678".to_owned();
        app.import(&world.manager, &csv(&lines));
        let persons = persons_of(app, &world.manager);
        let names: BTreeSet<&str> = persons.iter().filter_map(|person| person["name"].as_str()).collect();
        assert_eq!(names, BTreeSet::from(["=HYPERLINK(\"http://x\")", "@SUM(1)"]));
        assert!(persons.iter().all(|person| person["phone"] == "+84 912 345 678"));
    }
}

/// Whether the index of names is there or not, whoever was registered a moment ago is known.
#[test]
fn somebody_of_just_now_is_proposed_with_the_index_of_names_and_without_for_imports() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for without_index in [false, true] {
            let Some(app) = TestApp::start(engine, Options { without_index, ..Options::default() }) else { continue };
            let world = World::build(&app);
            for number in 0..5 {
                let name = format!("Nguyễn Thị Hòa {}", "x".repeat(number + 1));
                let person = app.person(&world.manager, &name);
                let tried = app.dry_run(&world.manager, &csv(&[line(&name.to_uppercase())]), "");
                assert_eq!(tried["duplicates"][0]["like_persons"], json!([person]));
            }
            let renamed = persons_of(&app, &world.manager).pop().expect("somebody");
            let (path, body) = (format!("/persons/{}", id_of(&renamed)), json!({"name": "Trần Thị Khác"}));
            app.patch(&path, &body).by(&world.manager).version(1).send().expect(200);
            let tried = app.dry_run(&world.manager, &csv(&[line("Tran Thi Khac")]), "");
            assert_eq!(tried["duplicates"][0]["like_persons"], json!([renamed["id"]]));
        }
    }
}

/// What a generated line says, and what is read of it later.
fn any_line() -> impl Strategy<Value = (Vec<String>, (String, String, Value))> {
    let name = "[A-ZĐÀ-Ỹ][a-zđà-ỹ]{1,8}( [A-ZĐ][a-zđà-ỹ]{0,9}){1,4}";
    let birth = prop_oneof![
        (1930_i32..2020, 1_u32..=12, 1_u32..=28).prop_map(|(year, month, day)| (
            format!("{day}/{month}/{year}"),
            json!({"precision": "exact", "date": format!("{year}-{month:02}-{day:02}"), "year": null}),
        )),
        (1930_i32..2020).prop_map(|year| (year.to_string(), json!({"precision": "year", "date": null, "year": year}))),
        Just(("không rõ".to_owned(), json!({"precision": "unknown", "date": null, "year": null}))),
    ];
    let text = "[A-Za-zà-ỹđ0-9=+@\"';,. -]{0,40}";
    let plain = |text: &String| !text.chars().any(is_hidden);
    let (name, text) = (name.prop_filter("hidden", plain), text.prop_filter("hidden", plain));
    (name, birth, text).prop_map(|(name, (written, birth), text)| {
        let said: String = text.trim().to_owned();
        let mut cells = line(&name);
        cells[2] = written;
        cells[8] = said.clone();
        (cells, (name, said, birth))
    })
}

/// Any table that is valid is read back as it was written, from either kind of file.
#[test]
fn what_was_imported_is_what_is_read() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(app) = TestApp::start(engine, Options::default()) else { continue };
        let world = World::build(&app);
        let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
        let table = (proptest::collection::vec(any_line(), 1..20), any::<bool>());
        let ran = runner.run(&table, |(table, as_text)| {
            let mut lines: Vec<Vec<String>> = table.iter().map(|(cells, _)| cells.clone()).collect();
            for (number, cells) in lines.iter_mut().enumerate() {
                cells[0] = format!("{} {number}", cells[0]);
            }
            let all = format!("&import_lines=2-{}", lines.len() + 1);
            let file = if as_text { csv(&lines) } else { xlsx(&lines) };
            let import = app.importing(&world.manager, &file, &all).send().expect(201).id();
            let read: BTreeSet<String> = cases_of(&app, &world.manager)
                .iter()
                .map(|case| app.get(&format!("/cases/{}", id_of(case))).by(&world.manager).send().expect(200).json())
                .map(|file| json!([file["person"]["name"], file["summary"], file["person"]["birth"]]).to_string())
                .collect();
            let nfc = |text: &str| hoanhap::text::tidy(text);
            let unguarded = |text: &str| match text.strip_prefix('\'') {
                Some(rest) if as_text && rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
                _ => text.to_owned(),
            };
            let written: BTreeSet<String> = table
                .iter()
                .enumerate()
                .map(|(number, (_, (name, said, birth)))| {
                    let said = nfc(&unguarded(said));
                    let said = if said.is_empty() { Value::Null } else { json!(said) };
                    json!([nfc(&format!("{name} {number}")), said, birth]).to_string()
                })
                .collect();
            prop_assert_eq!(read, written);
            app.undo_import(&world.manager, import).expect(200);
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{engine:?}: {error}"));
    }
}
