//! Nothing of a person stands readable on disk: not in the database, its log of
//! changes, the key store, the server's own log or temporary files.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::json;

use crate::process::{Client, Dir, Server, install, person};

const PERSONS: usize = 1_000;

/// A mark that can stand nowhere by chance.
pub fn mark(kind: &str, number: usize) -> String {
    format!("QX{kind}{number:04}ZK")
}

/// How many of the marks stand in the files below `places`: as they are, in UTF-16, or in base64.
pub fn found(kind: &str, places: &[PathBuf]) -> usize {
    let mut seen = vec![false; PERSONS];
    for file in places.iter().flat_map(|place| files(place)) {
        // Files of a running database come and go.
        let Ok(bytes) = std::fs::read(&file) else { continue };
        look_for(kind, &bytes, &mut seen);
        let narrowed: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        look_for(kind, &narrowed, &mut seen);
        look_for_base64(kind, &bytes, &mut seen);
    }
    seen.into_iter().filter(|hit| *hit).count()
}

/// The files of the PostgreSQL server that is tested with, and its log; none where there is no such server.
pub fn postgres_files() -> Vec<PathBuf> {
    let Some(data) = std::env::var_os("HOANHAP_TEST_POSTGRES_DATA").map(PathBuf::from) else { return Vec::new() };
    vec![data.with_file_name("log"), data]
}

pub fn files(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(place) else { return vec![place.to_owned()] };
    entries.filter_map(Result::ok).flat_map(|entry| files(&entry.path())).collect()
}

fn look_for(kind: &str, bytes: &[u8], seen: &mut [bool]) {
    let start = format!("QX{kind}");
    let length = start.len();
    for at in find_all(bytes, start.as_bytes()) {
        let digits = bytes.get(at + length..at + length + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(hit) =
            digits.and_then(|digits| digits.parse::<usize>().ok()).and_then(|number| seen.get_mut(number))
        {
            *hit = true;
        }
    }
}

/// The middle of a mark in base64, at each of the three places it can begin at.
fn look_for_base64(kind: &str, bytes: &[u8], seen: &mut [bool]) {
    let start = format!("QX{kind}");
    for shift in 0..3 {
        let padded = format!("{}{start}", "-".repeat(shift));
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
        let stable = encoded.get(if shift == 0 { 0 } else { 2 }..encoded.len() - 2).unwrap_or_default().as_bytes();
        if stable.len() >= 5 && !find_all(bytes, stable).is_empty() {
            seen.iter_mut().for_each(|hit| *hit = true);
        }
    }
}

pub fn find_all(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    memchr::memmem::find_iter(bytes, wanted).collect()
}

/// Registers the persons and opens a case of each, through HTTP, with a mark in every text there is.
fn write_marks(base: &str, worker: &str) {
    let client = Client::login(base, worker);
    std::thread::scope(|scope| {
        for lane in 0..8 {
            let client = &client;
            scope.spawn(move || (lane..PERSONS).step_by(8).for_each(|number| write_mark(client, number)));
        }
    });
}

fn write_mark(client: &Client, number: usize) {
    let mark = mark("SEALED", number);
    let (status, registered) = client.post("/persons", &person(&mark));
    assert_eq!(status, 201, "{registered}");
    let summary = format!("{mark} {}", "dài ".repeat(700));
    let case = json!({"person_id": registered["id"], "unit_code": "G34-P01", "category": "at_risk",
        "received_on": "2026-01-05", "summary": summary});
    let (status, opened) = client.post("/cases", &case);
    assert_eq!(status, 201, "{opened}");
    let id = opened["id"].as_str().expect("an id");
    assert_eq!(client.get(&format!("/cases/{id}")).0, 200);
    write_work_marks(client, id, &mark);
}

/// Findings, a goal, a step and a task.
fn write_work_marks(client: &Client, case: &str, mark: &str) {
    let need = json!({"service_type": "medical", "in_need": true, "eligible": true});
    let assessment = json!({"assessed_on": "2026-01-05", "findings": mark, "needs": [need]});
    assert_eq!(client.post(&format!("/cases/{case}/assessments"), &assessment).0, 201);
    let step = json!({"title": mark, "owner": {"kind": "person"}, "due_on": "2026-02-05"});
    let plan = json!({"agreed_with": "self", "agreed_on": "2026-01-05", "review_on": "2026-03-05",
        "goals": [{"text": mark, "steps": [step]}]});
    assert_eq!(client.put(&format!("/cases/{case}/care-plan"), &plan).0, 200);
    let task = json!({"title": mark, "kind": "contact", "due_on": "2026-02-05"});
    assert_eq!(client.post(&format!("/cases/{case}/tasks"), &task).0, 201);
}

#[test]
fn no_text_about_a_person_stands_readable_in_sqlite_its_log_or_ours() {
    let dir = Dir::new();
    let data = dir.join("data");
    let worker = install(&data, "");
    let control = dir.join("control.db");
    let url = format!("sqlite:{}", control.display());
    write_control(&url);
    assert_eq!(found("PLAIN", std::slice::from_ref(&dir.0)), PERSONS, "the search itself must find what is readable");
    let server = Server::start(&data, "");
    write_marks(&server.base, &worker);
    assert_eq!(found("SEALED", std::slice::from_ref(&dir.0)), 0);
    server.kill();
    assert_eq!(found("SEALED", std::slice::from_ref(&dir.0)), 0);
}

#[test]
fn no_text_about_a_person_stands_readable_in_postgresql_its_log_or_ours() {
    let Ok(admin) = std::env::var("HOANHAP_TEST_POSTGRES_URL") else {
        assert!(std::env::var_os("HOANHAP_TEST_REQUIRE_POSTGRES").is_none(), "PostgreSQL is required here");
        return;
    };
    let dir = Dir::new();
    let name = format!("canaries_{}", std::process::id());
    statement(&admin, &format!("create database {name}"));
    let url = format!("{}/{name}", admin.rsplit_once('/').expect("a database").0);
    let data = dir.join("data");
    let worker = install(&data, &url);
    write_control(&url);
    statement(&url, "checkpoint");
    let of_server = postgres_files();
    assert!(!of_server.is_empty(), "where the files of PostgreSQL are");
    let places = [vec![dir.0.clone()], of_server].concat();
    assert_eq!(found("PLAIN", &places), PERSONS, "the search itself must find what is readable, in TOAST too");
    let server = Server::start(&data, &url);
    write_marks(&server.base, &worker);
    statement(&url, "checkpoint");
    assert_eq!(found("SEALED", &places), 0);
    drop(server);
    statement(&admin, &format!("drop database {name} with (force)"));
}

/// The control: the same kind of texts, long and short, written in the open.
fn write_control(url: &str) {
    statement(url, "create table control (text_column text)");
    if url.starts_with("postgres") {
        // Long values leave the row, and uncompressed, so that they can be found at all.
        statement(url, "alter table control alter column text_column set storage external");
    }
    let numbers: Vec<usize> = (0..PERSONS).collect();
    for chunk in numbers.chunks(100) {
        let row = |number: &usize| {
            let filler = "dài ".repeat(if number.is_multiple_of(2) { 700 } else { 1 });
            format!("('{filler}{}')", mark("PLAIN", *number))
        };
        let rows: Vec<String> = chunk.iter().map(row).collect();
        statement(url, &format!("insert into control values {}", rows.join(", ")));
    }
}

pub fn statement(url: &str, sql: &str) {
    use diesel::RunQueryDsl as _;
    let url: hoanhap::db::DatabaseUrl = url.parse().expect("a URL");
    let mut connection = url.connect().expect("a connection");
    diesel::sql_query(sql).execute(&mut connection).expect("the statement runs");
}
