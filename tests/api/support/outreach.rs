//! Builders of outreach: groups, and points they work at.

use serde_json::{Value, json};
use uuid::Uuid;

use super::client::Reply;
use super::world::COMMUNE;
use super::{TestApp, User, World};

/// The body of a point in the commune of the world.
pub fn point_body() -> Value {
    json!({"model": "peer_capacity", "name": "Điểm can thiệp phường", "unit_code": COMMUNE, "valid_from": "2025-08-01"})
}

/// The body that registers a group.
pub fn group_body(organisation: Uuid, centre: Uuid) -> Value {
    json!({"organisation_id": organisation, "kind": "peer_group", "supported_by_id": centre})
}

impl TestApp {
    /// A point of intervention in the commune of the world.
    pub fn point(&self, world: &World) -> Uuid {
        self.post("/intervention-points", &point_body()).by(&world.administrator).send().expect(201).id()
    }

    /// Registers an organisation as a group that a centre supports.
    pub fn peer_group(&self, world: &World, organisation: Uuid, centre: Uuid) {
        let body = group_body(organisation, centre);
        self.post("/peer-groups", &body).by(&world.administrator).send().expect(201);
    }

    /// Says where a group works.
    pub fn place(&self, user: &User, group: Uuid, version: i64, places: &Value) -> Reply {
        let body = json!({"places": places});
        self.put(&format!("/peer-groups/{group}/places"), &body).by(user).version(version).send()
    }

    /// Says how many a group is on a day, by role from the leaders on.
    pub fn count_members(&self, user: &User, group: Uuid, version: i64, day: &str, by_role: [i32; 4]) -> Reply {
        let [leaders, board, educators, members] = by_role;
        let body = json!({"leaders": leaders, "board": board, "educators": educators, "members": members});
        self.put(&format!("/peer-groups/{group}/members/{day}"), &body).by(user).version(version).send()
    }
}
