//! What the matrix needs of official returns: of the province of the officer who asks, of another, and a filed one.

use hoanhap::grants::{Action as A, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::Ask::{self, May, Reach};
use crate::support::client::PASSWORD;
use crate::support::{TestApp, User, World};

/// Returns of the matrix.
#[derive(Debug, Clone)]
pub struct Returns {
    pub own: Uuid,
    pub foreign: Uuid,
    pub receipt: String,
}

/// Whether a path below `/api/v1` is one of returns.
pub fn is_of_it(path: &str) -> bool {
    path.starts_with("/official-returns")
}

/// Closes periods, from which returns come, and files one.
pub fn returns(app: &TestApp, world: &World) -> Returns {
    let elsewhere = |name: &str, role| app.account(name, role, None, Some("G34-P04"));
    let (closes, reads) = (elsewhere("ct.khac", Role::ProgrammeOfficer), elsewhere("bc.khac", Role::ReturnOfficer));
    let foreign = closed(app, &closes, "G63-P04", &reads);
    let own = closed(app, &world.programme_officer, "G63-P01", &world.return_officer);
    let second = app.account("bc.hai", Role::ReturnOfficer, None, Some("G34-P01"));
    let year = "/reporting-periods/G63-P01/closing/2024";
    app.put(year, &json!({"status": "closed"})).by(&world.programme_officer).send().expect(200);
    let filed = newest(app, &world.return_officer);
    let path = |step: &str| format!("/official-returns/{filed}/{step}");
    let first = json!({"password": PASSWORD, "recipient": "ministry_of_health"});
    app.post(&path("sign"), &first).by(&world.return_officer).version(1).send().expect(200);
    let receipt = app.post(&path("countersign"), &json!({"password": PASSWORD})).by(&second).version(2).send();
    Returns { own, foreign, receipt: receipt.expect(200).text_at("/receipt") }
}

fn closed(app: &TestApp, by: &User, province: &str, reader: &User) -> Uuid {
    let path = format!("/reporting-periods/{province}/closing/2025-H1");
    app.put(&path, &json!({"status": "closed"})).by(by).send().expect(200);
    newest(app, reader)
}

fn newest(app: &TestApp, reader: &User) -> Uuid {
    let list = app.get("/official-returns").by(reader).send().expect(200);
    list.text_at("/items/0/id").parse().expect("an id")
}

/// The path with what it names.
pub fn path(returns: &Returns, path: &str, relation: &str) -> String {
    let (id, receipt) = match relation {
        "own" | "any" => (returns.own, returns.receipt.as_str()),
        "foreign" => (returns.foreign, returns.receipt.as_str()),
        _ => (Uuid::nil(), "1-0000-0000"),
    };
    let query = if path.ends_with("/missing") { "?calendar=closing&period=2025-H1" } else { "" };
    format!("{}{query}", path.replace("{id}", &id.to_string()).replace("{receipt}", receipt))
}

pub fn body(path: &str) -> Value {
    let recipient = path.ends_with("/sign").then_some("ministry_of_health");
    match recipient {
        Some(recipient) => json!({"password": PASSWORD, "recipient": recipient}),
        None => json!({"password": PASSWORD}),
    }
}

/// What an operation asks of the table. Only an officer of the whole country is told who has not filed.
pub fn asks(method: &str, path: &str, relation: &str) -> Option<(Vec<Ask>, u16)> {
    Some(match (method, path) {
        ("GET", "/official-returns") => (vec![May(A::OfficialReturnRead)], 200),
        ("GET", "/official-returns/missing") => (vec![May(A::OfficialReturnRead)], 403),
        ("GET", "/official-returns/receipts/{receipt}") => {
            (vec![May(A::OfficialReturnRead)], if relation == "none" { 404 } else { 200 })
        }
        ("GET", _) => (vec![Reach(A::OfficialReturnRead, 404)], 200),
        ("POST", _) => (vec![Reach(A::OfficialReturnSign, 404)], 412),
        _ => return None,
    })
}
