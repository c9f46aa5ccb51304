//! What the matrix needs of figures and reports of periods: of a province, and of one there is not.

use hoanhap::grants::Action as A;
use serde_json::{Value, json};

use super::model::Ask::{self, May, Reach};
use crate::support::TestApp;

const PLAN: &str = "vn-808-2021-2025";

/// Whether a path below `/api/v1` is one of them.
pub fn is_of_it(path: &str) -> bool {
    let of_plan = [
        "/programmes/{code}/indicators",
        "/programmes/{code}/report",
        "/programmes/{code}/published",
        "/programmes/{code}/exchange",
    ];
    of_plan.contains(&path) || path.starts_with("/reporting-periods") || is_exchange(path)
}

/// Whether it is a file of figures, or which there are.
pub fn is_exchange(path: &str) -> bool {
    ["/exchange-mappings", "/reported-values/exchange"].contains(&path)
}

/// Puts down the mapping that requests name.
pub fn mapping(app: &TestApp) {
    let directory = app.data_dir().join("exchange");
    std::fs::create_dir_all(&directory).expect("a directory");
    let text = format!(
        "[data_set]\ncode = \"{PLAN}\"\nid = \"set\"\n[periods]\ncalendar = \"civil\"\n[[values]]\n\
         element = \"808-01.denominator\"\ndata_element = \"communes\"\n[units]\n\"G34-P01\" = \"hanoi\"\n"
    );
    std::fs::write(directory.join("matrix.toml"), text).expect("a mapping");
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
        "/programmes/{code}/exchange" => format!("?unit={unit}&period=2025&mapping=matrix&format=adx"),
        "/reported-values/exchange" => {
            "?mapping=matrix&format=adx&source_agency=a&source_document=b&source_on=2025-01-01".to_owned()
        }
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
        ("GET", "/exchange-mappings") => (vec![May(A::IndicatorRead)], 200),
        ("POST", "/reported-values/exchange") => (vec![May(A::ReportedValueWrite)], 202),
        ("GET", path) if path.starts_with("/programmes") => (vec![Reach(A::IndicatorRead, 404)], 200),
        ("GET", _) => (vec![Reach(A::ReportingRead, 404)], 200),
        ("PUT", _) => (vec![Reach(A::ReportingStep, 404)], 200),
        _ => return None,
    })
}
