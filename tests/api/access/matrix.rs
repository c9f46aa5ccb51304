//! Asks the server for every cell of the matrix.

use std::collections::BTreeSet;

use super::expectations::lines;
use super::official_returns::returns;
use super::outreach::outreach;
use super::records::{askers, spare_records};
use super::registers::registers;
use super::requests::Shared;
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn every_role_gets_the_answer_of_the_access_matrix(app: &TestApp) {
        let world = World::build(app);
        let askers = askers(app, &world);
        let (spare, _) = spare_records(app);
        let (outreach, registers) = (outreach(app, &world), registers(app, &world));
        let returns = returns(app, &world);
        crate::access::figures::mapping(app);
        let shared = Shared { app, world: &world, spare, outreach, registers, returns };
        let mut wrong = Vec::new();
        for line in lines() {
            for (column, expected) in &line.cells {
                let asker = askers.iter().find(|asker| asker.column == *column).expect("a column is a role or state");
                let reply = shared.ask(asker, &line.operation, &line.relation);
                if reply.status != *expected {
                    let (operation, relation) = (&line.operation, &line.relation);
                    wrong.push(format!("{operation} {relation} {column}: {} for {expected}", reply.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn every_operation_of_the_api_stands_in_the_access_matrix_and_no_other() {
    let listed: BTreeSet<String> = lines().into_iter().map(|line| line.operation).collect();
    let described = serde_json::to_value(hoanhap::server::description()).expect("the description is JSON");
    let offered: BTreeSet<String> = described["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(listed, offered);
}

#[test]
fn every_operation_says_whether_it_needs_a_login() {
    let described = serde_json::to_value(hoanhap::server::description()).expect("the description is JSON");
    assert_eq!(
        described["security"],
        serde_json::json!([{"bearer": []}]),
        "a login is needed unless an operation says otherwise"
    );
    for line in lines() {
        let (method, path) = line.parts();
        let security = &described["paths"][path][method.to_lowercase()]["security"];
        let nobody = line.cells.iter().find(|(column, _)| column == "nobody").map(|(_, status)| *status);
        let everybody_alike = line.cells.iter().all(|(_, status)| Some(*status) == nobody);
        let public = *security == serde_json::json!([{}]);
        assert_eq!(public, everybody_alike, "{method} {path}: {security}");
    }
}
