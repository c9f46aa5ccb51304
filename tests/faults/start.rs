//! A start that cannot go well fails at once, says why, and changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use diesel::prelude::*;

use crate::process::{Dir, program, run};

fn refused(output: &std::process::Output, code: i32, says: &str) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(says), "{text}");
}

#[test]
fn a_taken_port_is_told_before_anything_is_written_or_said() {
    let dir = Dir::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("its port").port().to_string();
    let (fresh, made) = (dir.join("fresh"), dir.join("made"));
    for data in [&fresh, &made] {
        let shown = data.to_string_lossy().into_owned();
        let demo = ["demo", "--persons", "5", "--port", &port, "--data-dir", &shown];
        if data == &made {
            assert!(run(&dir.0, &[&demo[..], &["--load-only"]].concat(), "").status.success());
        }
        let before = files_of(data);
        let serve =
            program().arg("serve").env("HOANHAP_SERVER__DATA_DIR", data).env("HOANHAP_SERVER__PORT", &port).output();
        for output in [run(&dir.0, &demo, ""), serve.expect("the program runs")] {
            refused(&output, 71, &format!("port {port} "));
            assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
            assert_eq!(files_of(data), before);
        }
    }
    assert!(!fresh.exists());
}

/// The files of a directory, each with what it holds; none of one that is not there.
fn files_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let files = entries.filter(|path| path.is_file());
    files.map(|path| (path.clone(), fs::read(&path).expect("a file"))).collect()
}

#[test]
fn an_unknown_setting_is_refused() {
    let dir = Dir::new();
    let file = dir.join("hoanhap.toml");
    fs::write(&file, "[server]\nprot = 80\n").expect("a file");
    refused(&run(&dir.0, &["--config", &file.to_string_lossy(), "check-config"], ""), 78, "prot");
}

#[test]
fn a_database_url_of_no_known_scheme_is_refused_and_makes_no_file() {
    let dir = Dir::new();
    let output = program()
        .arg("migrate")
        .current_dir(&dir.0)
        .env("HOANHAP_DATABASE__URL", "postgres:typo")
        .output()
        .expect("the program runs");
    refused(&output, 78, "sqlite:, postgres://");
    assert_eq!(fs::read_dir(&dir.0).expect("the directory").count(), 0);
}

#[test]
fn an_address_open_to_the_network_without_tls_is_refused() {
    let dir = Dir::new();
    let output = program().arg("serve").env("HOANHAP_SERVER__ADDRESS", "0.0.0.0").current_dir(&dir.0).output();
    refused(&output.expect("the program runs"), 78, "behind_tls_proxy");
}

#[test]
fn a_missing_exposed_or_foreign_key_file_is_refused() {
    let (ours, theirs) = (Dir::new(), Dir::new());
    for dir in [&ours, &theirs] {
        assert!(run(&dir.join("data"), &["migrate"], "").status.success());
    }
    let (data, keys) = (ours.join("data"), ours.join("data/keys"));
    fs::set_permissions(keys.join("trail.key"), fs::Permissions::from_mode(0o644)).expect("a mode");
    refused(&run(&data, &["migrate"], ""), 77, "0600");
    fs::remove_file(keys.join("trail.key")).expect("the file goes");
    refused(&run(&data, &["migrate"], ""), 77, "missing");
    fs::copy(theirs.join("data/keys/trail.key"), keys.join("trail.key")).expect("a copy");
    refused(&run(&data, &["migrate"], ""), 77, "not those");
    fs::write(keys.join("trail.key"), "not a key").expect("a file");
    refused(&run(&data, &["migrate"], ""), 77, "64 hexadecimal digits");
}

#[test]
fn keys_of_two_installations_differ_and_only_the_owner_reads_them() {
    let (one, other) = (Dir::new(), Dir::new());
    for dir in [&one, &other] {
        assert!(run(&dir.join("data"), &["migrate"], "").status.success());
    }
    for name in ["wrapping.key", "trail.key", "tokens.key", "server.key", "programme.key"] {
        let read = |dir: &Dir| fs::read_to_string(dir.join("data/keys").join(name)).expect("a key");
        assert_ne!(read(&one), read(&other));
        let mode = fs::metadata(one.join("data/keys").join(name)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Takes out of a database what it knows of the programme key: it is then one of a program that had none.
fn forget_programme_key(data: &Path) {
    let file = data.join("hoanhap.db").to_string_lossy().into_owned();
    let mut conn = SqliteConnection::establish(&file).expect("the database opens");
    let gone = diesel::sql_query("delete from settings where name = 'keys.programme_fingerprint'").execute(&mut conn);
    assert_eq!(gone.expect("a statement"), 1);
}

#[test]
fn an_installation_older_than_the_programme_key_is_given_one_and_is_held_to_it() {
    let dir = Dir::new();
    let (data, key) = (dir.join("data"), dir.join("data/keys/programme.key"));
    let migrate = || run(&data, &["migrate"], "");
    let key_text = || fs::read_to_string(&key).expect("a key");
    assert!(migrate().status.success());
    let first = key_text();
    forget_programme_key(&data);
    fs::remove_file(&key).expect("the file goes");
    assert!(migrate().status.success());
    let made = key_text();
    assert_ne!(made, first);
    assert!(migrate().status.success());
    assert_eq!(key_text(), made, "a key that is known stays");
    fs::remove_file(&key).expect("the file goes");
    refused(&migrate(), 77, "programme.key is missing");
    assert!(!key.exists(), "a key that was lost is not replaced in silence");
    fs::copy(dir.join("data/keys/trail.key"), &key).expect("another key");
    refused(&migrate(), 77, "not those");
}

#[test]
fn two_installations_may_share_a_programme_key_put_there_before_the_first_start() {
    let (one, other) = (Dir::new(), Dir::new());
    assert!(run(&one.join("data"), &["migrate"], "").status.success());
    fs::create_dir_all(other.join("data/keys")).expect("a directory");
    fs::copy(one.join("data/keys/programme.key"), other.join("data/keys/programme.key")).expect("a copy");
    assert!(run(&other.join("data"), &["migrate"], "").status.success());
    let read = |dir: &Dir, name: &str| fs::read_to_string(dir.join("data/keys").join(name)).expect("a key");
    assert_eq!(read(&one, "programme.key"), read(&other, "programme.key"));
    assert_ne!(read(&one, "server.key"), read(&other, "server.key"));
}

#[test]
fn nodes_that_start_at_once_on_one_key_directory_take_one_programme_key() {
    let dir = Dir::new();
    let data = dir.join("data");
    assert!(run(&data, &["migrate"], "").status.success());
    forget_programme_key(&data);
    fs::remove_file(data.join("keys/programme.key")).expect("the file goes");
    std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&data, &["migrate"], ""))).collect();
        for node in nodes {
            let output = node.join().expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
    assert!(run(&data, &["migrate"], "").status.success());
}

#[test]
fn of_two_nodes_with_programme_keys_of_their_own_the_second_is_refused() {
    let dir = Dir::new();
    let (data, theirs) = (dir.join("data"), dir.join("theirs"));
    assert!(run(&data, &["migrate"], "").status.success());
    fs::create_dir(&theirs).expect("a directory");
    for name in ["wrapping.key", "trail.key", "tokens.key", "server.key"] {
        fs::copy(data.join("keys").join(name), theirs.join(name)).expect("a copy");
    }
    fs::copy(data.join("keys/trail.key"), theirs.join("programme.key")).expect("another key");
    let other_node = || {
        let mut node = program();
        node.arg("migrate").env("HOANHAP_SERVER__DATA_DIR", &data).env("HOANHAP_KEYS__DIR", &theirs);
        node.output().expect("the program runs")
    };
    refused(&other_node(), 77, "not those");
    fs::copy(data.join("keys/programme.key"), theirs.join("programme.key")).expect("the right key");
    assert!(other_node().status.success());
}

#[test]
fn the_demo_does_not_touch_a_real_database_and_the_server_does_not_serve_a_demo() {
    let dir = Dir::new();
    let data = dir.join("data");
    assert!(run(&data, &["migrate"], "").status.success());
    let shown = data.to_string_lossy().into_owned();
    refused(&run(&data, &["demo", "--load-only", "--data-dir", &shown], ""), 65, "not a demo");
    let demo = dir.join("demo");
    let shown = demo.to_string_lossy().into_owned();
    let made = run(&demo, &["demo", "--load-only", "--persons", "5", "--data-dir", &shown], "");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mode = fs::metadata(demo.join("accounts.json")).expect("the accounts").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    refused(&run(&demo, &["serve"], ""), 65, "made-up data");
    refused(&run(&demo, &["demo", "--load-only", "--persons", "6", "--data-dir", &shown], ""), 65, "other --persons");
}

#[test]
fn a_directory_that_holds_other_files_is_no_place_for_a_demo() {
    let dir = Dir::new();
    fs::write(dir.join("thesis.txt"), "mine").expect("a file");
    let shown = dir.0.to_string_lossy().into_owned();
    refused(&run(&dir.0, &["demo", "--load-only", "--data-dir", &shown], ""), 65, "not empty");
    assert_eq!(fs::read_dir(&dir.0).expect("the directory").count(), 1);
}

#[test]
fn a_second_administrator_is_not_made_from_the_console_and_a_weak_password_is_refused() {
    let dir = Dir::new();
    let create = |password: &str| run(&dir.0, &["user", "create-admin", "quantri"], password);
    assert_eq!(create("matkhau").status.code(), Some(71));
    assert!(create(crate::process::PASSWORD).status.success());
    assert_eq!(create(crate::process::PASSWORD).status.code(), Some(71));
}

#[test]
fn a_demo_leaves_its_records_in_the_database_file_and_not_in_its_log() {
    let dir = Dir::new();
    let data = dir.join("demo");
    let place = data.to_string_lossy().into_owned();
    assert!(run(&dir.0, &["demo", "--persons", "300", "--load-only", "--data-dir", &place], "").status.success());
    let size = |name: &str| fs::metadata(data.join(name)).map_or(0, |file| file.len());
    assert!(size("hoanhap.db") > 1 << 20);
    assert!(size("hoanhap.db-wal") < 1 << 16, "{} bytes", size("hoanhap.db-wal"));
}
