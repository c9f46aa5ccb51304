//! What the matrix needs of figures and reports of periods: of a province, and of one there is not.

use hoanhap::grants::Action as A;
use serde_json::{Value, json};

use super::model::Ask::{self, Reach};

const PLAN: &str = "vn-808-2021-2025";

/// Whether a path below `/api/v1` is one of them.
pub fn is_of_it(path: &str) -> bool {
    let of_plan = ["/programmes/{code}/indicators", "/programmes/{code}/report", "/programmes/{code}/published"];
    of_plan.contains(&path) || path.starts_with("/reporting-periods")
}

fn province(relation: &str) -> &'static str {
    match relation {
        "any" => "G34-P01",
        _ => "G34-P99",
    }
}

/// The path with what it names.
pub fn path(path: &str, relation: &str) -> String {
    let unit = province(relation);
    let code = if relation == "none" { "nothing" } else { PLAN };
    let query = match path {
        "/reporting-periods" => format!("?unit={unit}&calendar=closing&period=2026-01"),
        path if path.starts_with("/programmes") => format!("?unit={unit}&period=2025"),
        _ => String::new(),
    };
    let path = path.replace("{code}", code).replace("{unit}", unit);
    format!("{}{query}", path.replace("{calendar}", "closing").replace("{period}", "2025-08"))
}

pub fn body() -> Value {
    json!({"status": "submitted"})
}

/// What an operation asks of the table.
pub fn asks(method: &str, path: &str) -> Option<(Vec<Ask>, u16)> {
    Some(match (method, path) {
        ("GET", path) if path.starts_with("/programmes") => (vec![Reach(A::IndicatorRead, 404)], 200),
        ("GET", _) => (vec![Reach(A::ReportingRead, 404)], 200),
        ("PUT", _) => (vec![Reach(A::ReportingStep, 404)], 200),
        _ => return None,
    })
}
