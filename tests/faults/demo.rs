//! What a demo shows to those who try it, on both engines.

use std::path::Path;
use std::process::Command;

use diesel::RunQueryDsl as _;
use hoanhap::db::DatabaseUrl;
use serde_json::{Value, json};

use crate::process::{Client, Dir, Server};

/// The accounts that a demo lists, in their order.
fn accounts(data: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(data.join("accounts.json")).expect("the accounts");
    serde_json::from_str(&text).expect("a list")
}

/// The names that hold a role, in their order.
fn names<'a>(accounts: &'a [Value], role: &str) -> Vec<&'a str> {
    let held = accounts.iter().filter(|account| account["role"] == role);
    held.map(|account| account["username"].as_str().expect("a name")).collect()
}

fn login(server: &Server, accounts: &[Value], name: &str) -> Client {
    let account = accounts.iter().find(|account| account["username"] == name).expect("an account");
    Client::login_with(&server.base, name, account["password"].as_str().expect("a password"))
}

fn centre_of(client: &Client) -> Value {
    let (status, me) = client.get("/me");
    assert_eq!(status, 200, "{me}");
    me["roles"][0]["organisation_id"].clone()
}

/// Looks at a demo on SQLite, and at one on PostgreSQL: the same seed shows the same.
fn on_both_engines(name: &str, look: fn(&Server, &Path) -> Value) {
    let dir = Dir::new();
    let data = dir.join("demo");
    let server = Server::demo(&data, &format!("sqlite:{}", data.join("hoanhap.db").display()), 60);
    let seen = look(&server, &data);
    let Ok(admin) = std::env::var("HOANHAP_TEST_POSTGRES_URL") else {
        assert!(std::env::var_os("HOANHAP_TEST_REQUIRE_POSTGRES").is_none(), "PostgreSQL is required here");
        return;
    };
    let name = format!("demo_{name}_{}", std::process::id());
    let run = |sql: String| {
        let url: DatabaseUrl = admin.parse().expect("a URL");
        diesel::sql_query(sql).execute(&mut url.connect().expect("a connection")).expect("the statement runs");
    };
    run(format!("create database {name}"));
    let other = dir.join("other");
    let server = Server::demo(&other, &format!("{}/{name}", admin.rsplit_once('/').expect("a database").0), 60);
    assert_eq!(look(&server, &other), seen);
    drop(server);
    run(format!("drop database {name} with (force)"));
}

#[test]
fn a_demo_shows_an_account_of_every_role_and_then_two_of_a_second_centre() {
    on_both_engines("accounts", |server, data| {
        let accounts = &accounts(data)[..];
        assert_eq!(names(accounts, "centre_manager"), ["quanly.hanoi", "quanly.tphochiminh"]);
        assert_eq!(names(accounts, "social_worker"), ["nhanvien1.hanoi", "nhanvien1.tphochiminh"]);
        for role in ["counsellor", "commune_officer", "peer_leader", "administrator", "supervisor", "auditor"] {
            assert_eq!(names(accounts, role).len(), 1, "{role}");
        }
        assert_eq!(names(accounts, "partner").len(), 6);
        let centre = |name| centre_of(&login(server, accounts, name));
        assert_eq!(centre("quanly.tphochiminh"), centre("nhanvien1.tphochiminh"));
        assert_ne!(centre("quanly.tphochiminh"), centre("quanly.hanoi"));
        centre("quanly.tphochiminh")
    });
}

/// What a centre's manager reads of each import, the newest first.
fn imports(manager: &Client) -> Vec<Value> {
    let (status, page) = manager.get("/imports");
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().expect("a list").clone()
}

/// Kind, state, lines read and left out, and what was made.
fn told(import: &Value) -> Value {
    let told = ["kind", "state", "rows_read", "rows_skipped", "persons_made", "cases_made", "loans_made"];
    told.iter().map(|name| import[name].clone()).collect()
}

#[test]
fn a_demo_holds_imports_that_stand_and_one_that_was_undone() {
    on_both_engines("imports", |server, data| {
        let accounts = &accounts(data)[..];
        let first = imports(&login(server, accounts, "quanly.hanoi"));
        let expected = [
            json!(["loans", "done", 3, 0, 0, 0, 3]),
            json!(["persons", "done", 13, 1, 12, 12, 0]),
            json!(["persons", "undone", 13, 1, 12, 0, 0]),
        ];
        assert_eq!(first.iter().map(told).collect::<Vec<_>>(), expected);
        assert!(first[2]["undone_at"].as_str() < first[1]["created_at"].as_str(), "undone before the next one");
        let second = imports(&login(server, accounts, "quanly.tphochiminh"));
        assert_eq!(second.iter().map(told).collect::<Vec<_>>(), [json!(["persons", "done", 9, 1, 8, 8, 0])]);
        let undone = first[2]["id"].as_str().expect("an id");
        let (status, trail) = login(server, accounts, "kiemtoan").get(&format!("/audit/trail/import/{undone}"));
        assert_eq!(status, 200, "{trail}");
        let entries: Vec<&Value> =
            trail["items"].as_array().expect("a list").iter().map(|entry| &entry["action"]).collect();
        assert_eq!(entries, ["create", "void"]);
        json!([first, second])
    });
}

/// Status of every figure of the national plan in the province of a year, by indicator.
fn statuses(officer: &Client, unit: &str, year: i32) -> Vec<Value> {
    let path = format!("/programmes/vn-808-2021-2025/indicators?unit={unit}&period={year}");
    let (status, read) = officer.get(&path);
    assert_eq!(status, 200, "{read}");
    let figures = read["indicators"].as_array().expect("indicators").iter();
    figures.map(|one| json!([one["indicator"], one["figures"][0]["status"], one["figures"][0]["percent"]])).collect()
}

#[test]
fn the_figures_of_a_demo_stand_at_every_status_and_a_return_is_filed() {
    on_both_engines("figures", |server, data| {
        let accounts = &accounts(data)[..];
        let officer = login(server, accounts, "chuongtrinh");
        let (before, last) = (statuses(&officer, "G63-P01", 2024), statuses(&officer, "G34-P01", 2025));
        let count = |status: &str| before.iter().chain(&last).filter(|one| one[1] == status).count();
        for status in ["met", "on_course", "behind", "no_data", "not_applicable"] {
            assert!(count(status) > 0, "{status}: {before:?} {last:?}");
        }
        assert!(count("no_data") * 4 < before.len() + last.len(), "{before:?} {last:?}");

        let (_, published) = officer.get("/programmes/vn-808-2021-2025/published?unit=G63-P01&period=2024");
        let revisions: std::collections::BTreeSet<i64> =
            published["items"].as_array().expect("items").iter().filter_map(|item| item["revision"].as_i64()).collect();
        assert_eq!(revisions.into_iter().collect::<Vec<_>>(), [1, 2]);
        let (_, reported) = officer.get("/reporting-periods?unit=G34-P01&calendar=civil&period=2025&limit=1");
        let by_status = &reported["by_status"];
        for status in ["open", "submitted", "checked"] {
            assert!(by_status[status].as_i64() > Some(0), "{status}: {by_status}");
        }
        let (_, values) = officer.get("/reported-values?current=false");
        assert!(values["items"].as_array().is_some_and(|items| !items.is_empty()), "{values}");

        let (_, returns) = login(server, accounts, "baocao2").get("/official-returns");
        let standing: Vec<&Value> =
            returns["items"].as_array().expect("items").iter().map(|item| &item["status"]).collect();
        let (newest, earlier) = standing.split_first().expect("returns");
        assert!(*newest == "signed" && !earlier.is_empty() && earlier.iter().all(|status| *status == "filed"));
        json!([before, last, by_status])
    });
}

/// The guide's own script says what the API does.
#[test]
fn the_walk_of_the_guide_goes_through() {
    on_both_engines("walk", |server, data| {
        let walk = Command::new("bash")
            .arg("docs/developers/walk.sh")
            .args([server.base.as_str(), data.to_str().expect("a path")])
            .output()
            .expect("bash, curl and python3 are there");
        let told = String::from_utf8_lossy(&walk.stderr);
        assert!(walk.status.success(), "{told}\n{}", String::from_utf8_lossy(&walk.stdout));
        Value::Null
    });
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[test]
fn in_a_demo_a_case_taken_over_says_whether_a_plan_was_agreed_before() {
    let dir = Dir::new();
    let data = dir.join("demo");
    let url = format!("sqlite:{}", data.join("hoanhap.db").display());
    drop(Server::demo(&data, &url, 600));
    let mut database = url.parse::<DatabaseUrl>().expect("a URL").connect().expect("a connection");
    let mut count = |planned: &str| {
        let told = "from cases later where continues_case_id is not null and exists
            (select 1 from care_plans where care_plans.case_id = later.continues_case_id) and planned_before";
        let found =
            diesel::sql_query(format!("select count(*) as n {told} = {planned}")).get_result::<Count>(&mut database);
        found.expect("a count").n
    };
    assert_ne!(count("true"), 0, "some were planned");
    assert_eq!(count("false"), 0);
}
