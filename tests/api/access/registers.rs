//! What the matrix needs of registers: records, requests, and what they ask of the table.

use hoanhap::grants::Action as A;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::Ask::{self, May, Reach};
use crate::support::registers::{csv_of, entry_body, reported_body, with};
use crate::support::{TestApp, World};

/// Records of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    pub entry: Uuid,
    pub import: Uuid,
    pub reported: Uuid,
}

/// The register of the matrix.
pub const REGISTER: Register = Register::LocalPlans;

pub fn registers(app: &TestApp, world: &World) -> Registers {
    let officer = &world.programme_officer;
    let place = format!("registers/{REGISTER}");
    Registers {
        entry: app.usual_entry(officer, REGISTER),
        import: app.bring(officer, &place, &csv_of(&[entry_body(REGISTER)]), true).0,
        reported: app.post("/reported-values", &reported_body()).by(officer).send().expect(201).id(),
    }
}

/// Whether this file answers for the path.
pub fn is_of_it(path: &str) -> bool {
    path.starts_with("/registers") || path.starts_with("/reported-values")
}

/// The id in the path of a request.
pub fn id(path: &str, registers: Registers) -> Uuid {
    if path.starts_with("/registers/imports") {
        registers.import
    } else if path.starts_with("/registers") {
        registers.entry
    } else {
        registers.reported
    }
}

/// The body of a request.
pub fn body((method, path): (&str, &str)) -> Value {
    match (method, path) {
        ("POST", "/registers/{register}/entries") => entry_body(REGISTER),
        ("PATCH", _) => json!({"document": "13/KH-UBND"}),
        ("POST", "/reported-values") => with(reported_body(), &json!({"period": "2025-08"})),
        _ => json!({}),
    }
}

/// A file to bring in, which is only checked.
pub fn file() -> Vec<u8> {
    csv_of(&[entry_body(REGISTER)])
}

/// What an operation asks of the grant table.
pub fn asks(method: &str, path: &str) -> Option<(Vec<Ask>, u16)> {
    Some(match (method, path) {
        ("GET", "/registers/{register}/entries/{id}" | "/registers/imports/{id}") => {
            (vec![Reach(A::RegisterRead, 404)], 200)
        }
        ("GET", path) if path.starts_with("/registers") => (vec![May(A::RegisterRead)], 200),
        ("POST", "/registers/{register}/entries") => (vec![May(A::RegisterWrite)], 201),
        ("POST", "/registers/{register}/imports") => (vec![May(A::RegisterWrite)], 202),
        ("POST", "/registers/imports/{id}/undo") => {
            (vec![Reach(A::RegisterRead, 404), Reach(A::RegisterWrite, 404)], 412)
        }
        (_, path) if path.starts_with("/registers") => (vec![Reach(A::RegisterWrite, 404)], 412),
        ("GET", path) if path.contains("{id}") => (vec![Reach(A::ReportedValueRead, 404)], 200),
        ("GET", _) => (vec![May(A::ReportedValueRead)], 200),
        ("POST", "/reported-values/imports") => (vec![May(A::ReportedValueWrite)], 202),
        ("POST", "/reported-values") => (vec![May(A::ReportedValueWrite)], 201),
        _ => return None,
    })
}
