//! Migrations lead up, down and up again, with data, to the same schema on both engines.

use diesel::QueryableByName;
use diesel::RunQueryDsl as _;
use diesel::sql_types::Text;
use hoanhap::db::{DatabaseUrl, DbConnection, Stage, Store, migrate, revert_all, stage};

use crate::process::{Dir, program};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut DbConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(connection).expect("the catalogue");
    rows.into_iter().map(|row| row.line).collect()
}

/// Table, column and whether it may be empty: what both engines must agree on.
const SQLITE_COLUMNS: &str =
    "select m.name || '.' || c.name || case when c.\"notnull\" = 1 then '' else '?' end as line
    from sqlite_master m join pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite_%' and m.name not like '\\_\\_%' escape '\\' order by 1";
const POSTGRES_COLUMNS: &str =
    "select table_name || '.' || column_name || case is_nullable when 'NO' then '' else '?' end as line
    from information_schema.columns where table_schema = current_schema() and left(table_name, 2) <> '__'
    order by (table_name || '.' || column_name || case is_nullable when 'NO' then '' else '?' end) collate \"C\"";
const SQLITE_DUMP: &str = "select coalesce(sql, name) as line from sqlite_master order by type, name";
const POSTGRES_DUMP: &str = "select indexdef as line from pg_indexes where schemaname = current_schema() order by 1";

fn columns(connection: &mut DbConnection, postgres: bool) -> Vec<String> {
    lines(connection, if postgres { POSTGRES_COLUMNS } else { SQLITE_COLUMNS })
}

fn schema(connection: &mut DbConnection, postgres: bool) -> Vec<String> {
    let mut all = columns(connection, postgres);
    all.extend(lines(connection, if postgres { POSTGRES_DUMP } else { SQLITE_DUMP }));
    all
}

/// Fills the database by the demo, takes every migration back, applies all again; returns the columns.
fn up_down_up(dir: &Dir, url: &str) -> Vec<String> {
    let data = dir.join("demo");
    let made = program()
        .args(["demo", "--load-only", "--persons", "20", "--data-dir", &data.to_string_lossy(), "--database-url", url])
        .output()
        .expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let target: DatabaseUrl = url.parse().expect("a URL");
    let postgres = url.starts_with("postgres");
    let mut connection = target.connect().expect("a connection");
    let before = schema(&mut connection, postgres);
    revert_all(&mut connection, Store::Main).expect("the way down");
    assert_eq!(columns(&mut connection, postgres), Vec::<String>::new(), "a table is left behind");
    assert!(matches!(stage(&mut connection, Store::Main), Ok(Stage::Behind(1..))));
    migrate(&mut connection, Store::Main).expect("the way up");
    assert_eq!(stage(&mut connection, Store::Main).expect("a stage"), Stage::Current);
    assert_eq!(schema(&mut connection, postgres), before);
    columns(&mut connection, postgres)
}

#[test]
fn migrations_lead_up_down_and_up_again_to_the_same_schema_on_both_engines() {
    let dir = Dir::new();
    let sqlite = up_down_up(&dir, &format!("sqlite:{}", dir.join("records.db").display()));
    assert!(sqlite.len() > 100, "the catalogue was not read");
    let Ok(admin) = std::env::var("HOANHAP_TEST_POSTGRES_URL") else {
        assert!(std::env::var_os("HOANHAP_TEST_REQUIRE_POSTGRES").is_none(), "PostgreSQL is required here");
        return;
    };
    let name = format!("migrations_{}", std::process::id());
    let run = |sql: String| {
        let url: DatabaseUrl = admin.parse().expect("a URL");
        diesel::sql_query(sql).execute(&mut url.connect().expect("a connection")).expect("the statement runs");
    };
    run(format!("create database {name}"));
    let url = format!("{}/{name}", admin.rsplit_once('/').expect("a database").0);
    let other = Dir::new();
    let postgres = up_down_up(&other, &url);
    run(format!("drop database {name} with (force)"));
    assert_eq!(sqlite, postgres, "the two engines have different tables or columns");
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let dir = Dir::new();
    assert!(crate::process::run(&dir.0, &["migrate"], "").status.success());
    let url: DatabaseUrl = format!("sqlite:{}", dir.join("hoanhap.db").display()).parse().expect("a URL");
    let newer = "insert into __diesel_schema_migrations (version) values ('99991231000001')";
    diesel::sql_query(newer).execute(&mut url.connect().expect("a connection")).expect("the statement runs");
    let output = crate::process::run(&dir.0, &["migrate"], "");
    assert_eq!(output.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&output.stderr).contains("newer version"));
}
