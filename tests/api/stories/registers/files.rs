//! Registers as files: all of it or nothing, told line by line, and taken back as a whole.

use std::io::Write as _;

use hoanhap::audit::verify;
use hoanhap::imports::sheet::{Cell, read};
use hoanhap::programmes::registers::Register;
use rust_xlsxwriter::{Format, Formula, Workbook};
use serde_json::{Value, json};

use crate::support::registers::{another, csv_of, entry_body, with, xlsx_of};
use crate::support::world::PROVINCE;
use crate::support::{TestApp, World, both_dbs};

const PRESS: &str = "registers/press_items";

fn press(day: &str) -> Value {
    with(entry_body(Register::PressItems), &json!({"published_on": day}))
}

/// A workbook of the columns of press items and what `write` puts below.
fn workbook(write: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (place, name) in (0_u16..).zip(["unit_code", "published_on", "level", "outlet"]) {
        sheet.write_string(0, place, name).expect("written");
    }
    for (place, text) in (0_u16..).zip(["G34-C00004", "10/09/2025", "provincial", "Báo tỉnh"]) {
        sheet.write_string(1, place, text).expect("written");
    }
    write(sheet);
    book.save_to_buffer().expect("a workbook")
}

/// An archive that unpacks to more than a file may hold.
fn bomb() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).expect("a part");
    let spaces = vec![b' '; 1024 * 1024];
    for _ in 0..257 {
        writer.write_all(&spaces).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

both_dbs! {
    fn each_register_is_brought_in_from_a_file_and_undone(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        app.entry(officer, Register::Staff, &with(entry_body(Register::Staff), &json!({"staff_number": "CB-T"})));
        let elsewhere = with(entry_body(Register::Establishments), &json!({"unit_code": PROVINCE}));
        let place = app.entry(officer, Register::Establishments, &elsewhere);
        for register in Register::ALL.iter().copied() {
            let mut body = entry_body(register);
            if register == Register::Inspections {
                body["establishment_id"] = json!(place);
                body["unit_code"] = json!(PROVINCE);
            }
            if register == Register::StaffTrainings {
                body["participants"] = json!(["CB-T"]);
            }
            let bodies = [body.clone(), with(body.clone(), &another(register))];
            let path = format!("registers/{register}");
            let count = || app.all_items(officer, &format!("/{path}/entries"), 50).len();
            let before = count();
            for file in [csv_of(&bodies), xlsx_of(&bodies)] {
                let (_, checked) = app.bring(officer, &path, &file, false);
                assert_eq!((&checked["state"], count()), (&json!("checked"), before), "{register}: {checked}");
                let (id, done) = app.bring(officer, &path, &file, true);
                assert_eq!((&done["state"], &done["rows_stored"]), (&json!("done"), &json!(2)), "{register}: {done}");
                assert_eq!(count(), before + 2);
                let listed = app.all_items(officer, &format!("/{path}/entries"), 50);
                let told = |item: &Value| {
                    let fields = body.as_object().expect("fields");
                    fields.iter().all(|(name, value)| name == "participants" || item[name] == *value)
                };
                assert!(listed.iter().any(|item| item["import_id"] == json!(id) && told(item)), "{register}: {listed:?}");
                app.bringing(officer, &path, &file, true).send().expect_problem(409, "file_imported");
                assert_eq!(app.wrong_sums(), [].into(), "{register}");
                let undone = app.undo_register_import(officer, id).expect(200).json();
                assert_eq!((&undone["state"], count()), (&json!("undone"), before));
                app.undo_register_import(officer, id).expect_problem(409, "already_undone");
            }
            let (_, again) = app.bring(officer, &path, &csv_of(&bodies), true);
            assert_eq!(again["state"], "done", "undone, the file may come in again");
        }
        assert_eq!(app.wrong_sums(), [].into());
        let state = app.state();
        assert!(verify(&state.db, &state.vault, &state.trail).expect("the trail is read").is_empty());
        assert_eq!(app.all_items(officer, "/registers/imports", 7).len(), 13 * 5);
    }

    fn what_stands_once_in_a_register_is_told_where_a_file_brings_it_again(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let path = "registers/staff";
        let of = |fields: &Value| with(entry_body(Register::Staff), fields);
        let file = csv_of(&[
            of(&json!({"staff_number": "CB-1", "to": "2025-08-31"})),
            of(&json!({"staff_number": "cb-1", "from": "2025-08-31"})),
            of(&json!({"staff_number": "CB-1", "from": "2025-09-01"})),
            of(&json!({"staff_number": "CB-1", "unit_code": PROVINCE})),
            of(&json!({"staff_number": "CB-2"})),
        ]);
        let lines = |told: &Value| -> Vec<Value> {
            told["faults"].as_array().expect("faults").iter().map(|fault| json!([fault["line"], fault["column"], fault["rule"]])).collect()
        };
        let (_, told) = app.bring(officer, path, &file, true);
        assert_eq!((&told["state"], lines(&told)), (&json!("refused"), vec![json!([3, "staff_number", "conflicts_with"])]));
        app.entry(officer, Register::Staff, &of(&json!({"staff_number": "CB-2", "to": "2025-09-02"})));
        let again = csv_of(&[of(&json!({"staff_number": "CB-3"})), of(&json!({"staff_number": "CB-2"}))]);
        let (_, told) = app.bring(officer, path, &again, true);
        assert_eq!((&told["state"], lines(&told)), (&json!("refused"), vec![json!([3, "staff_number", "conflicts_with"])]));
        let gone = app.all_items(officer, "/registers/staff/entries", 5)[0]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        app.void_entry(officer, Register::Staff, gone).expect(200);
        assert_eq!(app.bring(officer, path, &again, true).1["state"], "done");
    }

    fn every_bad_line_is_told_and_nothing_is_stored(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let bodies = [
            press("2025-09-10"),
            with(press("10/09/2025"), &json!({"level": "no such level"})),
            with(press("2025-10-16"), &json!({"outlet": null, "unit_code": "G34-P44"})),
            with(press("2025-06-01"), &json!({"format": "Bài viết, tin", "outlet": "=1+1"})),
            with(press("2025-09-10"), &json!({"unit_code": "G34-P44"})),
        ];
        let (_, told) = app.bring(officer, PRESS, &csv_of(&bodies), true);
        assert_eq!(told["state"], "refused");
        let faults: Vec<(i64, &str, &str)> = told["faults"].as_array().expect("faults").iter().map(|fault| {
            (fault["line"].as_i64().expect("a line"), fault["column"].as_str().expect("a column"), fault["rule"].as_str().expect("a rule"))
        }).collect();
        assert_eq!(faults, [
            (3, "level", "format"), (4, "outlet", "required"), (4, "published_on", "not_in_future"),
            (5, "unit_code", "unit_not_valid_on_date"), (6, "unit_code", "conflicts_with"),
        ], "what a line breaks in itself, and what is out of reach");
        let many: Vec<Value> = (0..1_500).map(|_| with(press("2025-09-10"), &json!({"level": "x"}))).collect();
        let (_, told) = app.bring(officer, PRESS, &csv_of(&many), true);
        assert_eq!((&told["fault_count"], told["faults"].as_array().map(Vec::len)), (&json!(1_500), Some(1_000)));
        assert_eq!(app.number("select count(*) as n from register_entries"), 0);
        let english = app.get(&format!("/registers/imports/{}", told["id"].as_str().expect("an id")))
            .by(officer).header("accept-language", "en").send().expect(200).json();
        assert!(english["faults"][0]["message"].as_str().is_some_and(|text| text.starts_with("Expected")), "{english}");
    }

    fn files_made_to_harm_are_refused_with_a_reason_and_store_nothing(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let text = |text: &str| text.as_bytes().to_vec();
        let header = "unit_code;published_on;level;outlet\n";
        let line = "G34-C00004;10/09/2025;provincial;Báo\n";
        let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(header.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let latin_1: Vec<u8> = format!("{header}G34-C00004;10/09/2025;provincial;B").bytes().chain([0xe1, b'o', b'\n']).collect();
        let cases: Vec<(&str, Vec<u8>, &str)> = vec![
            ("nothing", Vec::new(), "file"),
            ("a PDF", text("%PDF-1.7 x"), "file"),
            ("UTF-16", utf_16, "encoding"),
            ("Latin-1", latin_1, "encoding"),
            ("a million columns", text(&format!("{}\n{line}", "a;".repeat(1_000_000))), "unpacked_size"),
            ("a million columns below", text(&format!("{header}{}\n", "a;".repeat(1_000_000))), "unpacked_size"),
            ("100,001 lines", text(&format!("{header}{}", line.repeat(100_001))), "lines"),
            ("headers only", text(header), "lines"),
            ("a column twice", text(&format!("unit_code;published_on;level;outlet;outlet\n{line}")), "column_twice"),
            ("the same column under two names", text(&format!("unit_code;published_on;level;outlet;Cơ quan báo chí\n{line}")), "column_twice"),
            ("two lines of headers that differ", text(&format!("unit_code;level;published_on;outlet\nunit_code;published_on;level;outlet\n{line}")), "headers_differ"),
            ("a slip in the line of codes", text(&format!("unit_code;published_on;level;outlet\nunit_code;published_on;levle;outlet\n{line}")), "unknown_field"),
            ("an unknown column", text(&format!("unit_code;published_on;level;outlet;other\n{line}")), "unknown_field"),
            ("a column that is missing", text("unit_code;published_on;level\nG34-C00004;10/09/2025;provincial\n"), "required"),
            ("a cell without a column", text(&format!("{header}G34-C00004;10/09/2025;provincial;Báo;x\n")), "unknown_field"),
            ("an open quote", text(&format!("{header}\"G34-C00004;10/09/2025;provincial;Báo\n")), "quotes"),
            ("an American date", text(&format!("{header}G34-C00004;09/25/2025;provincial;Báo\n")), "date"),
            ("a date in words", text(&format!("{header}G34-C00004;10 tháng 9;provincial;Báo\n")), "date"),
            ("a serial for a date", workbook(|sheet| { sheet.write_number(1, 1, 45_910).expect("written"); }), "date"),
            ("an error of a formula", workbook(|sheet| { sheet.write_formula(1, 3, Formula::new("=1/0").set_result("#DIV/0!")).expect("written"); }), "formula"),
            ("a formula with its value", workbook(|sheet| { sheet.write_formula(1, 3, Formula::new("=\"a\"&\"b\"").set_result("ab")).expect("written"); }), "formula"),
            ("merged cells", workbook(|sheet| { sheet.merge_range(1, 3, 2, 3, "Báo", &Format::new()).expect("written"); }), "merged_cells"),
            ("a cell far out", workbook(|sheet| { sheet.write_string(1_048_575, 16_383, "x").expect("written"); }), "unpacked_size"),
            ("a bomb", bomb(), "unpacked_size"),
            ("half a workbook", workbook(|_| {})[..900].to_vec(), "file"),
        ];
        for (what, file, rule) in cases {
            let (_, told) = app.bring(officer, PRESS, &file, true);
            assert_eq!((&told["state"], &told["faults"][0]["rule"]), (&json!("refused"), &json!(rule)), "{what}: {told}");
        }
        assert_eq!(app.number("select count(*) as n from register_entries"), 0);
        assert_eq!(app.number("select count(*) as n from sums_due"), 0);
        let huge = vec![b'x'; 25 * 1024 * 1024];
        app.bringing(officer, PRESS, &huge, true).send().expect_problem(413, "too_large");
        app.bringing(officer, PRESS, b"x", true).without_key().send().expect_problem(400, "malformed");
    }

    fn what_was_changed_since_is_not_undone(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let (id, _) = app.bring(officer, PRESS, &csv_of(&[press("2025-09-10"), press("2025-09-11")]), true);
        let entry = app.all_items(officer, "/registers/press_items/entries", 5)[0]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        app.change_entry(officer, Register::PressItems, entry, &json!({"outlet": "Báo khác"})).expect(200);
        app.undo_register_import(officer, id).expect_problem(409, "built_on");
        let checked = app.bring(officer, PRESS, &csv_of(&[press("2025-09-12")]), false).0;
        app.undo_register_import(officer, checked).expect_problem(409, "not_stored");
        let places = [entry_body(Register::Establishments)];
        let (of_places, _) = app.bring(officer, "registers/establishments", &csv_of(&places), true);
        let place = app.all_items(officer, "/registers/establishments/entries", 5)[0]["id"].clone();
        app.entry(officer, Register::Inspections, &with(entry_body(Register::Inspections), &json!({"establishment_id": place})));
        app.undo_register_import(officer, of_places).expect_problem(409, "built_on");
    }

    fn work_that_broke_off_is_told_as_failed_and_stored_nothing(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let file = csv_of(&[press("2025-09-10")]);
        let (id, _) = app.bring(officer, PRESS, &file, false);
        app.sql(&format!(
            "update register_imports set state = 'storing', ended_at = null, alive_at = '2025-10-01 00:00:00.000000' where id = {}",
            app.sql_id(id)
        ));
        app.keep_house();
        let told = app.import_ended(officer, id);
        assert_eq!((&told["state"], &told["failure"]), (&json!("failed"), &json!("interrupted")));
        assert_eq!(app.bring(officer, PRESS, &file, true).1["state"], "done");
    }

    fn an_import_is_seen_by_the_officers_of_its_place_alone(app: &TestApp) {
        let world = World::build(app);
        let (id, _) = app.bring(&world.programme_officer, PRESS, &csv_of(&[press("2025-09-10")]), true);
        let other = app.account("canbo.khac", hoanhap::grants::Role::ProgrammeOfficer, None, Some("G34-P44"));
        let country = app.account("canbo.vn", hoanhap::grants::Role::ProgrammeOfficer, None, Some("VN"));
        app.get(&format!("/registers/imports/{id}")).by(&other).send().expect(404);
        assert!(app.all_items(&other, "/registers/imports", 5).is_empty());
        app.get(&format!("/registers/imports/{id}")).by(&country).send().expect(200);
        app.get("/registers/imports").by(&world.manager).send().expect(403);
        app.bringing(&world.manager, PRESS, b"x", true).send().expect(403);
    }

    fn templates_are_taken_back_and_exports_hold_what_is_there(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let get = |path: &str| app.get(path).by(officer).send().expect(200);
        let places = Register::ALL.iter().map(|register| format!("registers/{register}")).chain(["reported-values".to_owned()]);
        for place in places {
            for format in ["csv", "xlsx"] {
                let template = get(&format!("/{place}/template?format={format}"));
                assert!(template.header("content-disposition").is_some_and(|value| value.contains(format)));
                let (_, told) = app.bring(officer, &place, &template.body, false);
                assert_eq!((&told["faults"][0]["rule"], told["fault_count"].as_i64()), (&json!("lines"), Some(1)), "{place}: {told}");
            }
        }
        let odd = with(press("2025-09-10"), &json!({"outlet": "=cmd|' /C calc'!A0; \"x\""}));
        let id = app.entry(officer, Register::PressItems, &odd);
        let void = app.entry(officer, Register::PressItems, &press("2025-09-11"));
        app.void_entry(officer, Register::PressItems, void).expect(200);
        let csv = get("/registers/press_items/export?format=csv").text();
        assert!(csv.contains("\"'=cmd|' /C calc'!A0; \"\"x\"\"\""), "{csv}");
        assert!(csv.contains(&id.to_string()) && !csv.contains(&void.to_string()));
        let lines = read(&get("/registers/press_items/export").body).expect("a workbook that is read");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2].cells[0], Cell::Text(id.to_string()));
        assert!(lines[2].cells.contains(&Cell::Text("=cmd|' /C calc'!A0; \"x\"".to_owned())));
        assert_eq!(read(&get("/registers/press_items/export?from=2025-09-11").body).expect("read").len(), 2);
        app.post("/reported-values", &crate::support::registers::reported_body()).by(officer).send().expect(201);
        assert_eq!(read(&get("/reported-values/export").body).expect("read").len(), 3);
    }
}

/// How long 100,000 rows take. Run alone, in a release build: `cargo test --release --test api hundred_thousand -- --ignored --nocapture`.
fn hundred_thousand(engine: crate::support::Engine) {
    let Some(app) = TestApp::start(engine, crate::support::Options::default()) else { return };
    let officer = app.account("canbo.vn", hoanhap::grants::Role::ProgrammeOfficer, None, Some("VN"));
    let communes: Vec<String> = app
        .state()
        .units
        .units_on(hoanhap::admin_units::Level::Commune, "VN", app.today())
        .iter()
        .map(|unit| unit.code.clone())
        .collect();
    let body = |number: usize| {
        with(
            press(&format!("2025-{:02}-{:02}", 7 + number % 3, 1 + number % 28)),
            &json!({
                "unit_code": communes[number % communes.len()], "outlet": format!("Báo số {number}"),
            }),
        )
    };
    let bodies: Vec<Value> = (0..100_000).map(body).collect();
    let file = csv_of(&bodies);
    let begun = std::time::Instant::now();
    let (id, told) = app.bring(&officer, PRESS, &file, true);
    println!(
        "{engine:?}: {} rows of {} bytes stored in {:?}: {}",
        told["rows_stored"],
        file.len(),
        begun.elapsed(),
        told["state"]
    );
    assert_eq!(told["state"], "done", "{told}");
    let begun = std::time::Instant::now();
    assert_eq!(app.wrong_sums(), [].into());
    println!("{engine:?}: sums counted and compared in {:?}", begun.elapsed());
    for format in ["csv", "xlsx"] {
        let begun = std::time::Instant::now();
        let file = app.get(&format!("/{PRESS}/export?format={format}")).by(&officer).send().expect(200).body;
        println!("{engine:?}: exported as {format}, {} bytes, in {:?}", file.len(), begun.elapsed());
    }
    let begun = std::time::Instant::now();
    app.undo_register_import(&officer, id).expect(200);
    println!("{engine:?}: undone in {:?}", begun.elapsed());
    let file = xlsx_of(&bodies);
    let begun = std::time::Instant::now();
    let (_, told) = app.bring(&officer, PRESS, &file, true);
    println!("{engine:?}: a workbook of {} bytes stored in {:?}: {}", file.len(), begun.elapsed(), told["state"]);
    assert_eq!(told["state"], "done", "{told}");
}

#[test]
#[ignore = "a measurement, for a release build"]
fn hundred_thousand_sqlite() {
    hundred_thousand(crate::support::Engine::Sqlite);
}

#[test]
#[ignore = "a measurement, for a release build"]
fn hundred_thousand_postgres() {
    hundred_thousand(crate::support::Engine::Postgres);
}
