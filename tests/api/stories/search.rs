//! Finding people by name: however it is typed, and never beyond what the searcher may see.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use serde_json::json;
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::{Client, Engine, Options, TestApp, User, World, both_dbs};

fn born(app: &TestApp, user: &User, name: &str, aliases: &[&str], year: Option<i32>) -> Uuid {
    let mut body = person_body(name);
    body["aliases"] = json!(aliases);
    body["birth"] = match year {
        Some(year) => json!({"precision": "year", "year": year}),
        None => json!({"precision": "unknown"}),
    };
    app.post("/persons", &body).by(user).send().expect(201).id()
}

both_dbs! {
    fn a_person_is_found_however_the_name_is_typed(app: &TestApp) {
        let world = World::build(app);
        let hoa = born(app, &world.worker, "Đặng Thị Thu Hòa", &["Bé Ba"], Some(1996));
        let hen = born(app, &world.worker, "H'Hen Niê", &[], None);
        let one = born(app, &world.worker, "Páo", &[], Some(1990));
        for typed in [
            "Đặng Thị Thu Hòa", "dang thi thu hoa", "ĐẶNG THỊ THU HOÀ", "hoa dang", "thu hòa đặng thị", "dang thi thu h",
            "Đa\u{323}\u{306}ng Thi\u{323} Thu Ho\u{300}a", "be ba", "ba bé", "bé b", "hoa 1996", "1996 dang", "  hoa,  dang ",
        ] {
            app.finds(&world.worker, typed, &[hoa]);
        }
        for typed in ["h hen nie", "H’Hen Niê", "nie h", "hen n"] {
            app.finds(&world.worker, typed, &[hen]);
        }
        app.finds(&world.worker, "pao", &[one]);
        for typed in ["hoa 1995", "dang van hoa", "d hoa", "ba hoa", "hoaa"] {
            assert!(app.found(&world.worker, typed).is_empty(), "{typed}");
        }
    }

    fn the_best_fit_stands_first_and_the_alias_that_fits_is_shown(app: &TestApp) {
        let world = World::build(app);
        let cut = born(app, &world.worker, "Lê Thị Hoàng", &[], Some(1990));
        let alias = born(app, &world.worker, "Trần Thị Lan", &["Hoa"], Some(1990));
        let middle = born(app, &world.worker, "Lê Hoa Mai", &[], Some(1990));
        let folded = born(app, &world.worker, "Lê Thị Hòa", &[], Some(1990));
        let marked = born(app, &world.worker, "Lê Thị Hoá", &[], Some(1990));
        app.finds(&world.worker, "hóa", &[alias, marked, folded, middle, cut]);
        let reply = app.search(&world.worker, &json!({"name": "hoa", "limit": 1})).expect(200).json();
        let line = &reply["items"][0];
        assert_eq!((&line["name"], &line["matched_alias"]), (&json!("Trần Thị Lan"), &json!("Hoa")));
        assert_eq!((&line["birth"]["year"], &line["sex"]), (&json!(1990), &json!("female")));
        assert_eq!(line["categories"], json!(["person_selling_sex"]));
        assert_eq!(line["residence_unit_code"], json!("G34-C00004"));
        assert_eq!((reply["more"].as_bool(), reply["items"].as_array().map(Vec::len)), (Some(true), Some(1)));
        assert!(line.get("phone").is_none() && line.get("national_id").is_none(), "no more than a list needs");
    }

    fn the_year_parts_people_of_one_name_and_whose_birth_is_not_known_comes_last(app: &TestApp) {
        let world = World::build(app);
        let unknown = born(app, &world.worker, "Vi Thị Mai", &[], None);
        let young = born(app, &world.worker, "Vi Thị Mai", &[], Some(2001));
        let old = born(app, &world.worker, "Vi Thị Mai", &[], Some(1988));
        app.finds(&world.worker, "vi thi mai 1988", &[old, unknown]);
        let by_field = app.search(&world.worker, &json!({"name": "mai vi", "birth_year": 2001})).expect(200).json();
        assert_eq!(by_field["items"][0]["id"], json!(young));
        assert_eq!(by_field["items"].as_array().map(Vec::len), Some(2));
    }

    fn nobody_beyond_reach_is_found_and_nothing_tells_that_they_are_there(app: &TestApp) {
        let world = World::build(app);
        let hidden = app.person(&world.other_worker, "Trần Thị Ẩn Danh");
        let case = app.case(&world.other_worker, hidden, "person_selling_sex", app.today());
        app.finds(&world.other_worker, "an danh", &[hidden]);
        app.finds(&world.other_manager, "an danh", &[hidden]);
        for user in [&world.worker, &world.manager, &world.counsellor, &world.commune_officer] {
            let refusal = app.search(user, &json!({"name": "ẩn danh"})).expect(200);
            let nothing = app.search(user, &json!({"name": "không có ai"})).expect(200);
            assert_eq!(refusal.body, nothing.body);
        }
        for user in [&world.teacher, &world.banker, &world.supervisor, &world.administrator, &world.auditor] {
            app.search(user, &json!({"name": "an danh"})).expect_problem(403, "forbidden");
        }
        // What is lost by an assignment is lost at once, whatever the index holds.
        let version = app.get(&format!("/cases/{case}")).by(&world.other_manager).send().expect(200).version();
        let away = json!({"account_id": world.other_manager.id});
        app.put(&format!("/cases/{case}/assignment"), &away).by(&world.other_manager).version(version).send();
        let worker_sees = app.get(&format!("/persons/{hidden}")).by(&world.other_worker).send().status == 200;
        assert_eq!(app.found(&world.other_worker, "an danh").contains(&hidden), worker_sees);
    }

    fn a_search_changes_nothing_needs_no_key_and_is_logged_as_seen(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lương Thị Mơ");
        app.finds(&world.worker, "mo luong", &[person]);
        let mut before = app.row_counts();
        app.found(&world.worker, "luong thi mo");
        app.found(&world.worker, "khong co ai");
        let after = app.row_counts();
        // Who was shown is on record; a search that found nobody showed nobody.
        *before.get_mut("view_log").expect("a table") += 1;
        assert_eq!(after, before);
        let last = "select count(*) as n from view_log where action = 'list' and subject_kind = 'person'
                    and seq = (select max(seq) from view_log) and length(shown) = 16";
        assert_eq!(app.number(last), 1);
    }

    fn a_change_is_followed_on_every_node_within_a_second(app: &TestApp) {
        let world = World::build(app);
        let other = app.another_node();
        let this: &Client = app;
        let person = app.person(&world.worker, "Bùi Thị Sớm");
        app.finds(&world.worker, "som", &[person]);
        other.client.finds(&world.worker, "som", &[person]);
        let change = json!({"name": "Bùi Thị Muộn", "aliases": ["Chiều"], "birth": {"precision": "year", "year": 1977}});
        app.patch(&format!("/persons/{person}"), &change).by(&world.worker).version(1).send().expect(200);
        for node in [this, &other.client] {
            node.finds(&world.worker, "muon", &[person]);
            node.finds(&world.worker, "chieu 1977", &[person]);
            node.finds(&world.worker, "som", &[]);
        }
        let case = app.case(&world.worker, person, "at_risk", app.today());
        app.finds(&world.manager, "muon", &[person]);
        let home = app.sql_id(world.other_centre);
        app.sql(&format!("update cases set organisation_id = {home}, assigned_to = null where id = {}", app.sql_id(case)));
        for node in [this, &other.client] {
            node.finds(&world.other_manager, "muon", &[person]);
            node.finds(&world.manager, "muon", &[]);
        }
        app.sql(&format!("delete from case_events where case_id = {}", app.sql_id(case)));
        app.sql(&format!("delete from cases where id = {}", app.sql_id(case)));
        app.sql(&format!("delete from persons where id = {}", app.sql_id(person)));
        other.client.finds(&world.other_manager, "muon", &[]);
    }

    fn a_change_that_is_committed_after_a_later_one_is_followed_all_the_same(app: &TestApp) {
        let world = World::build(app);
        let slow = born(app, &world.worker, "Hà Thị Chậm", &[], Some(1991));
        app.finds(&world.worker, "cham 1991", &[slow]);
        let change = format!("update persons set birth_year = 1950 where id = {}", app.sql_id(slow));
        match app.engine {
            // One writes at a time here, so none is overtaken.
            Engine::Sqlite => app.sql(&change),
            Engine::Postgres => {
                let done = app.state().db.alone_now(|conn| {
                    conn.batch_execute(&format!("begin; {change}"))?;
                    let quick = born(app, &world.worker, "Hà Thị Nhanh", &[], Some(1992));
                    app.finds(&world.worker, "nhanh", &[quick]);
                    std::thread::sleep(Duration::from_millis(700));
                    Ok(conn.batch_execute("commit")?)
                });
                done.expect("the slow transaction ends");
            }
        }
        app.finds(&world.worker, "cham 1950", &[slow]);
    }

    fn until_the_index_is_built_a_search_is_told_to_wait_and_the_server_is_ready(app: &TestApp) {
        let options = Options { without_index: true, ..Options::default() };
        let Some(app) = TestApp::start(app.engine, options) else { return };
        let world = World::build(&app);
        let person = app.person(&world.worker, "Mạc Thị Đợi");
        app.get("/readyz").send().expect(200);
        let ask = || app.post("/persons/search", &json!({"name": "doi"})).by(&world.worker).send();
        let told = ask().expect_problem(503, "index_building");
        assert_eq!(told.header("retry-after"), Some("2"));
        app.search(&world.auditor, &json!({"name": "doi"})).expect_problem(403, "forbidden");
        app.state().names.start(app.state().db.clone(), app.state().vault.clone()).expect("a thread");
        app.finds(&world.worker, "doi", &[person]);
    }

    fn changes_that_were_followed_are_forgotten_and_later_ones_are_followed_still(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Quách Thị Cũ");
        app.finds(&world.worker, "quach", &[person]);
        assert!(app.number("select count(*) as n from search_changes") > 0);
        app.pass_days(1);
        app.keep_house();
        assert_eq!(app.number("select count(*) as n from search_changes"), 0);
        app.finds(&world.worker, "quach", &[person]);
        let later = app.person(&world.worker, "Quách Thị Mới");
        app.finds(&world.worker, "quach thi moi", &[later]);
    }

    fn a_record_that_does_not_open_takes_the_search_from_nobody(app: &TestApp) {
        let world = World::build(app);
        let whole = app.person(&world.worker, "Tống Thị Lành");
        let broken = app.person(&world.worker, "Tống Thị Hỏng");
        let zero = if app.engine == Engine::Postgres { "'\\x00'" } else { "x'00'" };
        app.sql(&format!("update persons set sealed_name = {zero} where id = {}", app.sql_id(broken)));
        let other = app.another_node();
        other.client.finds(&world.worker, "tong", &[whole]);
        app.finds(&world.worker, "tong", &[whole]);
    }
}
