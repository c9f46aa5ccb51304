//! The commands that look after plans and what their figures are read from.

use std::fs;
use std::path::Path;
use std::process::Output;

use diesel::RunQueryDsl as _;
use hoanhap::db::DatabaseUrl;

use crate::process::{Dir, PASSWORD, program, run};

const HA_NAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/programmes/ha-nam-2016-2020.toml");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/programmes/demo-2026.toml");

fn said(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    (out, err)
}

/// Runs without a place for data: whoever opens a database fails.
fn check(file: &str) -> Output {
    let mut command = program();
    command.args(["programme", "check", file]).env("HOANHAP_DATABASE__URL", "sqlite:/nowhere/at/all.db");
    command.output().expect("the program runs")
}

fn changed(dir: &Dir, changes: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(HA_NAM).expect("a plan");
    for (from, to) in changes {
        assert!(text.contains(from), "no {from}");
        text = text.replacen(from, to, 1);
    }
    let file = dir.join("plan.toml");
    fs::write(&file, text).expect("a file");
    file.to_string_lossy().into_owned()
}

#[test]
fn a_plan_is_checked_without_a_database() {
    let (out, err) = said(&check(HA_NAM), 0);
    assert_eq!((out.as_str(), err.as_str()), ("ha-nam-2016-2020: 11 indicators, 11 targets\n", ""));
}

#[test]
fn every_fault_of_a_plan_is_told_with_file_line_and_field() {
    let dir = Dir::new();
    let file = changed(&dir, &[("last_year = 2020", "last_year = 2015"), ("code = \"HN-02\"", "code = \"HN-01a\"")]);
    let (out, err) = said(&check(&file), 65);
    assert_eq!(out, "");
    let lines: Vec<&str> = err.lines().collect();
    assert!(lines[0].starts_with(&format!("{file}:11: last_year: ")), "{err}");
    let text = fs::read_to_string(&file).expect("a file");
    let number = text.lines().enumerate().filter(|(_, line)| *line == "code = \"HN-01a\"").nth(1).expect("it").0 + 1;
    let twice = format!("{file}:{number}: indicators[2].code: a code stands once");
    assert!(lines.contains(&twice.as_str()), "{err}");
}

#[test]
fn a_file_that_is_no_text_too_long_or_not_there_is_told_in_one_line() {
    let dir = Dir::new();
    let file = dir.join("plan.toml");
    let name = file.to_string_lossy().into_owned();
    for (bytes, says) in [
        (b"code = \"x\"\nlevel = \xff".to_vec(), ":2: a plan is text in UTF-8"),
        (vec![b'#'; 2 << 20], ":1: a plan has at most 1048576 bytes"),
        (b"code = \"x\"\nlevel".to_vec(), ":2: "),
    ] {
        fs::write(&file, bytes).expect("a file");
        let (_, err) = said(&check(&name), 65);
        assert!(err.starts_with(&format!("{name}{says}")) && err.lines().count() == 1, "{err}");
    }
    for missing in [dir.join("none.toml"), dir.0.clone()] {
        let missing = missing.to_string_lossy().into_owned();
        let (_, err) = said(&check(&missing), 66);
        assert!(err.starts_with(&missing) && err.lines().count() == 1, "{err}");
    }
}

fn versions(data: &Path, code: &str) -> Vec<String> {
    let (out, _) = said(&run(data, &["programme", "versions", code], ""), 0);
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(words[1].ends_with('Z') && words[1].len() == 20, "{line}");
        format!("{} {}", words[0], words[2])
    };
    out.lines().map(line).collect()
}

#[test]
fn an_imported_plan_is_the_newest_version_and_stays_it() {
    let dir = Dir::new();
    let data = dir.join("data");
    let import = |file: &str| run(&data, &["programme", "import", file], "");
    assert!(run(&data, &["migrate"], "").status.success());
    assert_eq!(versions(&data, "ha-nam-2016-2020"), ["1 shipped"]);
    assert_eq!(said(&import(HA_NAM), 0).0, "ha-nam-2016-2020: version 1\n", "the same file makes no version");
    let file = changed(&dir, &[("value = 95", "value = 96")]);
    for _ in 0..2 {
        assert_eq!(said(&import(&file), 0).0, "ha-nam-2016-2020: version 2\n");
    }
    assert_eq!(versions(&data, "ha-nam-2016-2020"), ["1 shipped", "2 imported"]);
    let other = changed(&dir, &[("code = \"ha-nam-2016-2020\"", "code = \"a-province\"")]);
    assert_eq!(said(&import(&other), 0).0, "a-province: version 1\n");
    // A start stores what came with the program, and takes nothing back that was imported.
    assert!(run(&data, &["migrate"], "").status.success());
    assert_eq!(versions(&data, "ha-nam-2016-2020"), ["1 shipped", "2 imported"]);
    assert_eq!(versions(&data, "a-province"), ["1 imported"]);
    assert!(run(&data, &["audit", "verify"], "").status.success());
    let (_, err) = said(&run(&data, &["programme", "versions", "no-plan"], ""), 1);
    assert_eq!(err, "no plan has the code no-plan\n");
}

#[test]
fn a_plan_that_cannot_be_is_not_imported() {
    let dir = Dir::new();
    let data = dir.join("data");
    let faulty = changed(&dir, &[("level = \"province\"", "level = \"district\"")]);
    let (_, err) = said(&run(&data, &["programme", "import", &faulty], ""), 65);
    assert!(err.starts_with(&format!("{faulty}:9: level: ")), "{err}");
    assert!(!data.exists(), "a faulty file opens no database");
    let (_, err) = said(&run(&data, &["programme", "import", DEMO], ""), 65);
    assert!(err.contains("made up"), "{err}");
    let national = concat!(env!("CARGO_MANIFEST_DIR"), "/config/programmes/vn-808-2021-2025.toml");
    let text = fs::read_to_string(national).expect("a plan");
    let twice = dir.join("twice.toml");
    fs::write(&twice, text.replacen("vn-808-2021-2025", "vn-808-again", 1)).expect("a file");
    let (_, err) = said(&run(&data, &["programme", "import", &twice.to_string_lossy()], ""), 65);
    assert!(err.contains("release the same measure"), "{err}");
    assert_eq!(said(&run(&data, &["programme", "versions", "vn-808-again"], ""), 1).0, "");
}

fn sql(data: &Path, statement: &str) {
    let url: DatabaseUrl = format!("sqlite:{}", data.join("hoanhap.db").display()).parse().expect("a URL");
    diesel::sql_query(statement).execute(&mut url.connect().expect("a connection")).expect("the statement runs");
}

#[test]
fn what_is_kept_is_compared_with_a_full_recount_and_counted_anew() {
    let dir = Dir::new();
    let data = dir.join("data");
    let check = || run(&data, &["statistics", "rebuild", "--check"], "");
    let rebuild = || run(&data, &["statistics", "rebuild"], "");
    assert!(run(&data, &["user", "create-admin", "quantri"], PASSWORD).status.success());
    for unit in ["G34-P38", "G34-P01"] {
        sql(
            &data,
            &format!(
                "insert into register_entries (id, register, unit_code, province_code, day, kind, facet, name, recorded_by,
                     created_at, updated_at, version)
                 select randomblob(16), 'press_items', '{unit}', '{unit}', '2022-03-05', 'provincial', 'article', 'x', id,
                     '2022-03-05 00:00:00.000000', '2022-03-05 00:00:00.000000', 1 from accounts"
            ),
        );
    }
    assert_eq!(said(&check(), 0).0, "equal: 0 units compared, 0 are due and were left out\n", "nothing is built yet");
    assert_eq!(said(&rebuild(), 0).0, "Everything was counted anew.\n");
    assert_eq!(said(&check(), 0).0, "equal: 2 units compared, 0 are due and were left out\n");
    sql(
        &data,
        "update register_sums set opening = 7 where unit_code = 'G34-P38' and series = 'press_items:provincial'",
    );
    assert_eq!(said(&check(), 1).0, "G34-P38 press_items:provincial\n");
    assert_eq!(said(&check(), 1).0, "G34-P38 press_items:provincial\n", "a comparison changes nothing");
    sql(&data, "delete from register_sums where unit_code = 'G34-P01' and series = 'press_items:provincial'");
    assert_eq!(said(&check(), 1).0, "G34-P01 press_items:provincial\nG34-P38 press_items:provincial\n");
    sql(&data, "insert into sums_due (register, unit_code) values ('press', 'G34-P38')");
    assert_eq!(said(&check(), 1).0, "G34-P01 press_items:provincial\n", "what is due is known to be old");
    said(&rebuild(), 0);
    assert_eq!(said(&check(), 0).0, "equal: 2 units compared, 0 are due and were left out\n");
}
