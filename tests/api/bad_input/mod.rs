//! Bad input: a problem document that names field and rule, nothing written, nothing repeated.

mod bodies;
mod dates;
mod entitlements;
mod fields;
mod files;
mod loan_imports;
mod loans;
mod outreach;
mod papers;
mod parcels;
mod plans;
mod registers;
mod same;
mod search;
mod steps;
mod training;

use serde_json::Value;

use crate::support::TestApp;
use crate::support::client::{Call, Reply};

/// Stands in every text that is sent; no reply may hold it.
const CANARY: &str = "Quạvàng7";

/// What a bad request is answered with.
struct Bad<'a> {
    what: &'a str,
    call: Call<'a>,
    status: u16,
    code: &'a str,
    /// Field and rule; none where the whole request is refused.
    names: Option<(&'a str, &'a str)>,
}

impl<'a> Bad<'a> {
    fn new(what: &'a str, call: Call<'a>, status: u16, code: &'a str) -> Self {
        Self { what, call, status, code, names: None }
    }

    fn names(mut self, field: &'a str, rule: &'a str) -> Self {
        self.names = Some((field, rule));
        self
    }
}

/// Sends each and says what is not as it should be.
fn refuse_all(app: &TestApp, table: Vec<Bad<'_>>) {
    let mut wrong = Vec::new();
    for Bad { what, call, status, code, names } in table {
        let before = app.row_counts();
        let reply = call.send();
        let after = app.row_counts();
        let mut say = |fault: &str| wrong.push(format!("{what}: {fault}: {} {}", reply.status, reply.text()));
        if reply.status != status {
            say(&format!("not {status}"));
            continue;
        }
        if reply.header("content-type") != Some("application/problem+json") {
            say("no problem document");
            continue;
        }
        let problem = reply.json();
        if problem["code"] != code || problem["status"] != status || problem["request_id"].as_str().is_none() {
            say(&format!("not the problem {code}"));
        }
        if !names.is_none_or(|(field, rule)| names_field(&problem, field, rule)) {
            say(&format!("{names:?} is not named"));
        }
        if shows_code(&problem) {
            say("a message shows code");
        }
        if holds_canary(&reply) {
            say("what was sent is repeated");
        }
        if after != before {
            say("something was written");
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

fn names_field(problem: &Value, field: &str, rule: &str) -> bool {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().any(|error| error["field"] == field && error["rule"] == rule && error["message"].is_string())
}

/// Whether a message to people speaks of types, formulas or names of the program.
fn shows_code(problem: &Value) -> bool {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let code = ["`", " + ", "struct ", "u32", "i64", "922337", "4294967295"];
    errors.iter().filter_map(|error| error["message"].as_str()).any(|text| code.iter().any(|part| text.contains(part)))
}

fn holds_canary(reply: &Reply) -> bool {
    reply.text().contains(CANARY) || format!("{:?}", reply.headers).contains(CANARY)
}
