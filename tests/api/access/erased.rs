//! A person whose key was destroyed: every operation answers as before or refuses, and nothing of the person is read.

use diesel::prelude::*;
use hoanhap::db::schema::persons;
use hoanhap::db::types::PersonId;
use hoanhap::grants::Role;

use super::expectations::lines;
use super::official_returns::returns;
use super::outreach::outreach;
use super::records::{asker, spare_records};
use super::registers::registers;
use super::requests::Shared;
use crate::support::{TestApp, World, both_dbs};

/// What was written about the persons of the matrix.
const TEXTS: [&str; 11] = [
    "Trần Thị",
    "Bé Ba",
    "0912 345 678",
    "001196012345",
    "Số 5 ngõ 7",
    "Chỉ nhắn tin buổi sáng",
    "Xin liên hệ trước khi đến",
    "Đã gọi điện",
    "Buổi tham vấn",
    "Có nơi ở ổn định",
    "Gọi điện buổi sáng",
];

/// These make persons anew.
const REGISTERING: [&str; 2] = ["POST /api/v1/persons", "POST /api/v1/imports"];

both_dbs! {
    fn nothing_of_an_erased_person_is_read_or_written_on_any_route(app: &TestApp) {
        let world = World::build(app);
        let roles = [Role::CentreManager, Role::SocialWorker, Role::Counsellor, Role::CommuneOfficer, Role::Partner];
        let askers = roles.map(|role| asker(app, &world, role, role.as_str()));
        let (spare, _) = spare_records(app);
        let (outreach, registers) = (outreach(app, &world), registers(app, &world));
        let returns = returns(app, &world);
        let shared = Shared { app, world: &world, spare, outreach, registers, returns };
        let all: Vec<PersonId> = app.state().db.read_now(|conn| Ok(persons::table.select(persons::id).load(conn)?)).expect("ids");
        app.state().vault.erase_now(&all).expect("erased");
        let mut wrong = Vec::new();
        let mut refused = 0;
        for line in lines().iter().filter(|line| !REGISTERING.contains(&line.operation.as_str())) {
            for asker in &askers {
                let (_, expected) = line.cells.iter().find(|(column, _)| *column == asker.column).expect("a column");
                let reply = shared.ask(asker, &line.operation, &line.relation);
                let text = reply.text();
                let erased = reply.status == 409 && text.contains("person_erased");
                refused += usize::from(erased);
                let told = TEXTS.iter().find(|told| text.contains(**told));
                if told.is_some() || !(reply.status == *expected || (erased && (200..300).contains(expected))) {
                    wrong.push(format!("{} {} {}: {} for {expected}, {told:?}", line.operation, line.relation, asker.column, reply.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
        assert!(refused > 0, "what would be sealed is refused");
    }
}
