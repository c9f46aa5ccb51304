//! What the matrix needs of outreach: records, requests, and what they ask of the table.

use hoanhap::grants::Action as A;
use hoanhap::grants::{Role, Scope};
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::expectations::Line;
use super::model::Ask::{self, May, Reach};
use crate::support::outreach::{group_body, point_body};
use crate::support::parcels::Sealer;
use crate::support::phones::{Phone, change, contact, new_contact, new_session, operation, said};
use crate::support::{TestApp, User, World};

/// Groups and points of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Outreach {
    /// Supported by the first centre, and led by the leader who asks.
    pub group: Uuid,
    /// Supported by the other centre.
    pub foreign: Uuid,
    pub point: Uuid,
    /// A parcel of the group, handed in without a login, and one of the foreign group.
    pub parcel: Uuid,
    pub foreign_parcel: Uuid,
    /// A session of the group, a conflict about it, and the same of the foreign group.
    pub session: Uuid,
    pub conflict: Uuid,
    pub foreign_session: Uuid,
    pub foreign_conflict: Uuid,
    /// Referrals to the first centre, to the school, and to the other centre.
    pub to_centre: Uuid,
    pub to_school: Uuid,
    pub to_other: Uuid,
    /// The school.
    pub school: Uuid,
}

pub fn outreach(app: &TestApp, world: &World) -> Outreach {
    let foreign = app.organisation(OrganisationKind::PeerGroup, "Nhóm khác");
    app.peer_group(world, world.group, world.centre);
    app.peer_group(world, foreign, world.other_centre);
    let leader = app.account("dongdang.khac", Role::PeerLeader, Some(foreign), None);
    let parcel = parcel_of(app, &world.peer_leader, world.group, &world.manager);
    let foreign_parcel = parcel_of(app, &leader, foreign, &world.other_manager);
    let [session, conflict, to_centre, to_school] = recorded(
        app,
        &world.peer_leader,
        world.group,
        [(world.centre, "medical"), (world.school, "vocational_training")],
    );
    let [foreign_session, foreign_conflict, to_other, _] =
        recorded(app, &leader, foreign, [(world.other_centre, "medical"), (world.other_centre, "medical")]);
    let person = app.person(&world.worker, "Canh Thị Mã");
    let agrees = json!({"purpose": "support", "given_by": "self", "given_on": app.today(), "proof": "recording"});
    app.post(&format!("/persons/{person}/consents"), &agrees).by(&world.worker).send().expect(201);
    app.post(&format!("/persons/{person}/contact-codes"), &json!({"code": said(28)}))
        .by(&world.worker)
        .send()
        .expect(201);
    Outreach {
        group: world.group,
        foreign,
        point: app.point(world),
        parcel,
        foreign_parcel,
        session,
        conflict,
        foreign_session,
        foreign_conflict,
        to_centre,
        to_school,
        to_other,
        school: world.school,
    }
}

/// A session, a conflict about it, and two referrals of somebody met in it.
fn recorded(app: &TestApp, leader: &User, group: Uuid, to: [(Uuid, &str); 2]) -> [Uuid; 4] {
    let phone = Phone::new(leader, group);
    let made = new_session();
    let met = new_contact(&made, &contact());
    let refer = |(to, service): (Uuid, &str)| {
        let told = json!({"to_organisation_id": to, "service_type": service, "agreed_on": "2025-10-14"});
        let mut referral = operation("referral_send", &told);
        referral["record"] = json!({"operation": met["id"]});
        referral
    };
    let records = phone.done(app, &[made, met.clone(), refer(to[0]), refer(to[1])]);
    let clash = change("session_change", &records[0], "venue", &json!("home"), &json!("online"));
    let conflict = phone.sync(app, &[clash])[0]["conflicts"][0]["id"].clone();
    [&records[0], &conflict, &records[2], &records[3]]
        .map(|id| id.as_str().and_then(|id| id.parse().ok()).expect("an id"))
}

/// A parcel that a leader's phone handed in, as the manager sees it.
fn parcel_of(app: &TestApp, leader: &User, group: Uuid, manager: &User) -> Uuid {
    Sealer::register(app, &Phone::new(leader, group)).leave(app, &[]);
    let seen = app.quarantine(manager, group, true).remove(0);
    seen["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// The query of a request.
pub fn query((method, path): (&str, &str), outreach: Outreach, relation: &str) -> String {
    let more = match (method, path) {
        (
            "GET",
            "/outreach/parcels"
            | "/outreach/sessions"
            | "/outreach/conflicts"
            | "/outreach/referrals/sent"
            | "/outreach/services",
        ) => "",
        ("GET", "/outreach/notebook") => "&worker=1&month=2025-10",
        ("GET", "/outreach/totals") => "&from=2025-10-01&to=2025-10-31",
        ("GET", "/outreach/stock" | "/outreach/allowances") => "&month=2025-10",
        _ => return String::new(),
    };
    let group = if relation == "foreign" { outreach.foreign } else { outreach.group };
    format!("?group_id={group}{more}")
}

/// Whether this file answers for the path.
pub fn is_of_it(path: &str) -> bool {
    ["/outreach/", "/intervention-points", "/peer-groups"].iter().any(|start| path.starts_with(start))
}

/// Whether the operation changes a record with a version.
pub fn needs_version(operation: &str) -> bool {
    let answers = ["/decide", "/arrival", "/service", "/absence"];
    operation.starts_with("PUT /api/v1/peer-groups") || answers.iter().any(|end| operation.ends_with(end))
}

/// The id in the path of a request.
pub fn id(path: &str, outreach: Outreach, asker: Uuid, relation: &str) -> Uuid {
    let (own, foreign) = match path.split('/').nth(2).unwrap_or_default() {
        "parcels" => (outreach.parcel, outreach.foreign_parcel),
        "sessions" => (outreach.session, outreach.foreign_session),
        "conflicts" => (outreach.conflict, outreach.foreign_conflict),
        "referrals" if asker == outreach.school => (outreach.to_school, outreach.to_other),
        "referrals" => (outreach.to_centre, outreach.to_other),
        _ => (Uuid::nil(), Uuid::nil()),
    };
    if !own.is_nil() {
        return if relation == "foreign" { foreign } else { own };
    }
    match (path.starts_with("/peer-groups"), relation) {
        (true, "foreign") => outreach.foreign,
        (true, _) => outreach.group,
        (false, _) => outreach.point,
    }
}

/// The body of a request.
pub fn body(app: &TestApp, world: &World, (method, path): (&str, &str)) -> Value {
    match (method, path) {
        ("POST", "/intervention-points") => point_body(),
        ("PATCH", "/intervention-points/{id}") => json!({"name": "Tên khác"}),
        ("POST", "/peer-groups") => group_body(app.organisation(OrganisationKind::PeerGroup, "Nhóm mới"), world.centre),
        ("PATCH", "/peer-groups/{id}") => json!({"kind": "club"}),
        ("PUT", "/peer-groups/{id}/places") => json!({"places": []}),
        ("PUT", "/outreach/devices/{id}") => json!({"group_id": world.group}),
        ("POST", "/outreach/sync") => Phone::new(&world.peer_leader, world.group).batch(&[]),
        ("POST", "/outreach/conflicts/{id}/decide") => json!({"decision": "keep", "record_version": 1}),
        ("POST", path) if path.ends_with("/arrival") => json!({"arrived_on": app.today()}),
        ("POST", path) if path.ends_with("/service") => json!({"served_on": app.today()}),
        ("POST", "/outreach/parcels") => json!({
            "device_id": world.group, "account_id": world.peer_leader.id, "group_id": world.group,
            "key_id": "none", "tag": "", "parcel": "",
        }),
        ("PUT", _) => json!({"leaders": 1, "board": 0, "educators": 2, "members": 7}),
        _ => json!({}),
    }
}

/// What the group's own leaders read.
const OF_LEADERS: [&str; 5] = [
    "/outreach/sessions",
    "/outreach/conflicts",
    "/outreach/notebook",
    "/outreach/referrals/sent",
    "/outreach/services",
];

/// What an operation asks of the grant table.
pub fn asks(method: &str, path: &str) -> Option<(Vec<Ask>, u16)> {
    Some(match (method, path) {
        ("GET", "/outreach/catalogue" | "/intervention-points") => (vec![May(A::InterventionPointRead)], 200),
        ("GET", "/intervention-points/{id}") => (vec![Reach(A::InterventionPointRead, 404)], 200),
        ("POST", "/intervention-points") => (vec![May(A::InterventionPointWrite)], 201),
        ("PATCH", "/intervention-points/{id}") => (vec![Reach(A::InterventionPointWrite, 404)], 412),
        ("GET", "/peer-groups") => (vec![May(A::PeerGroupRead)], 200),
        ("POST", "/peer-groups") => (vec![Reach(A::PeerGroupWrite, 403)], 201),
        ("GET", path) if path.starts_with("/peer-groups/{id}") => (vec![Reach(A::PeerGroupRead, 404)], 200),
        (_, path) if path.starts_with("/peer-groups/{id}") => {
            (vec![Reach(A::PeerGroupRead, 404), Reach(A::PeerGroupWrite, 403)], 412)
        }
        ("PUT", "/outreach/devices/{id}") => {
            (vec![May(A::OutreachWrite), Reach(A::PeerGroupRead, 404), Reach(A::OutreachWrite, 403)], 200)
        }
        ("POST", "/outreach/sync") => (vec![Reach(A::OutreachWrite, 404)], 200),
        ("POST", "/outreach/conflicts/{id}/decide") => (vec![Reach(A::OutreachWrite, 404)], 412),
        ("GET", "/outreach/totals" | "/outreach/stock" | "/outreach/allowances") => {
            (vec![Reach(A::OutreachTotalsRead, 404)], 200)
        }
        ("GET", "/outreach/referrals/received") => (vec![May(A::ContactReferralAnswer)], 200),
        ("GET", "/outreach/referrals/received/{id}") => (vec![Reach(A::ContactReferralAnswer, 404)], 200),
        ("POST", path) if path.starts_with("/outreach/referrals/received/{id}/") => {
            (vec![Reach(A::ContactReferralAnswer, 404)], 412)
        }
        ("GET", path) if OF_LEADERS.iter().any(|start| path.starts_with(start)) => {
            (vec![Reach(A::OutreachRead, 404)], 200)
        }
        ("GET", "/outreach/parcels") => (vec![Reach(A::OutreachParcelRead, 404)], 200),
        ("POST", path) if path.starts_with("/outreach/parcels/{id}/") => {
            (vec![Reach(A::OutreachParcelDecide, 404)], 412)
        }
        _ => return None,
    })
}

/// Whether a scope reaches a group in this relation.
pub fn reaches(scope: &Scope, line: &Line) -> bool {
    let held = |slots: &hoanhap::grants::Slots| slots.iter().next().is_some();
    let of_asker = held(&scope.organisations) || held(&scope.supported);
    match line.relation.as_str() {
        "none" => false,
        "addressed" => held(&scope.addressed),
        "group" => scope.everywhere || of_asker,
        _ => scope.everywhere,
    }
}
