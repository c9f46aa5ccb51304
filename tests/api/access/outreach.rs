//! What the matrix needs of outreach: records, requests, and what they ask of the table.

use hoanhap::grants::Action as A;
use hoanhap::grants::Scope;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::expectations::Line;
use super::model::Ask::{self, May, Reach};
use crate::support::outreach::{group_body, point_body};
use crate::support::{TestApp, World};

/// Groups and points of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Outreach {
    /// Supported by the first centre, and led by the leader who asks.
    pub group: Uuid,
    /// Supported by the other centre.
    pub foreign: Uuid,
    pub point: Uuid,
}

pub fn outreach(app: &TestApp, world: &World) -> Outreach {
    let foreign = app.organisation(OrganisationKind::PeerGroup, "Nhóm khác");
    app.peer_group(world, world.group, world.centre);
    app.peer_group(world, foreign, world.other_centre);
    Outreach { group: world.group, foreign, point: app.point(world) }
}

/// Whether this file answers for the path.
pub fn is_of_it(path: &str) -> bool {
    ["/outreach/", "/intervention-points", "/peer-groups"].iter().any(|start| path.starts_with(start))
}

/// Whether the operation changes a record with a version.
pub fn needs_version(operation: &str) -> bool {
    operation.starts_with("PUT /api/v1/peer-groups")
}

/// The id in the path of a request.
pub fn id(path: &str, outreach: Outreach, relation: &str) -> Uuid {
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
        ("PUT", _) => json!({"leaders": 1, "board": 0, "educators": 2, "members": 7}),
        _ => json!({}),
    }
}

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
        _ => return None,
    })
}

/// Whether a scope reaches a group in this relation.
pub fn reaches(scope: &Scope, line: &Line) -> bool {
    let held = |slots: &hoanhap::grants::Slots| slots.iter().next().is_some();
    let of_asker = held(&scope.organisations) || held(&scope.supported);
    match line.relation.as_str() {
        "none" => false,
        "group" => scope.everywhere || of_asker,
        _ => scope.everywhere,
    }
}
