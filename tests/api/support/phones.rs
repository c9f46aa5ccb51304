//! A phone of a peer leader: what it did is sent in batches, and it keeps what it hears.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use hoanhap::grants::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Reply};
use super::world::COMMUNE;
use super::{TestApp, User, World};

/// A number that nothing else has.
pub fn new_number() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(u128::from(LAST.fetch_add(1, Ordering::Relaxed)) + (4 << 76))
}

/// A world with a group, its leader, and another leader of the same group.
#[derive(Debug)]
pub struct Group {
    /// The world.
    pub world: World,
    /// The other leader.
    pub second: User,
}

impl Group {
    /// A new one.
    pub fn of(app: &TestApp) -> Self {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let second = app.account("dongdang2", Role::PeerLeader, Some(world.group), None);
        Self { world, second }
    }

    /// A phone of its leader.
    pub fn phone(&self) -> Phone<'_> {
        Phone::new(&self.world.peer_leader, self.world.group)
    }

    /// A phone of its other leader.
    pub fn second_phone(&self) -> Phone<'_> {
        Phone::new(&self.second, self.world.group)
    }
}

/// A phone.
#[derive(Debug)]
pub struct Phone<'a> {
    /// Whose.
    pub user: &'a User,
    /// Of which group.
    pub group: Uuid,
    /// Its own number.
    pub device: Uuid,
    /// Its clock, as it tells it.
    pub time: String,
    cursor: RefCell<Option<String>>,
    /// Sessions and contacts it knows, by id.
    pub known: RefCell<BTreeMap<String, Value>>,
}

/// What is told of a session.
pub fn session() -> Value {
    json!({"held_on": "2025-10-14", "unit_code": COMMUNE, "venue": "street", "workers": [1], "topics": ["hiv"],
        "supplies": {"condom": 40}, "note": null})
}

/// What is told of somebody met.
pub fn contact() -> Value {
    json!({"worker": 1, "sex": "female", "age_band": "25_34"})
}

/// What a person says of herself, for a code.
pub fn said(day: u8) -> Value {
    json!({"said": {"own_letters": "Hoa", "mother_letters": "Lan", "day": day, "month": 3, "year": 1996, "place": 2}})
}

/// An operation.
pub fn operation(kind: &str, body: &Value) -> Value {
    json!({"id": new_number(), "at": "2025-10-14T13:00:00Z", "kind": kind, "body": body})
}

/// A new session.
pub fn new_session() -> Value {
    operation("session_create", &session())
}

/// A new contact in the session that an operation of the same phone made.
pub fn new_contact(session: &Value, body: &Value) -> Value {
    let mut made = operation("contact_create", body);
    made["session"] = json!({"operation": session["id"]});
    made
}

/// A change of one field of a record that is known by its id.
pub fn change(kind: &str, record: &Value, field: &str, from: &Value, to: &Value) -> Value {
    let mut changed = operation(kind, &json!({field: {"from": from, "to": to}}));
    changed["record"] = json!({"id": record});
    changed
}

/// A count of people met in a group.
pub fn tally(session: &Value, add: i32) -> Value {
    let counts = json!({"counts": [{"sex": "female", "age_band": "18_24", "seen": "new", "add": add}]});
    let mut counted = operation("tally_add", &counts);
    counted["session"] = json!({"operation": session["id"]});
    counted
}

impl<'a> Phone<'a> {
    /// A phone that has heard nothing yet.
    pub fn new(user: &'a User, group: Uuid) -> Self {
        Self {
            user,
            group,
            device: new_number(),
            time: "2025-10-15T03:00:00Z".into(),
            cursor: RefCell::default(),
            known: RefCell::default(),
        }
    }

    /// The body of a batch, from where the phone has read.
    pub fn batch(&self, operations: &[Value]) -> Value {
        json!({"group_id": self.group, "device_id": self.device, "device_time": self.time,
            "cursor": *self.cursor.borrow(), "operations": operations})
    }

    /// Sends operations; what came back is not taken in.
    pub fn send(&self, to: &Client, operations: &[Value]) -> Reply {
        to.post("/outreach/sync", &self.batch(operations)).without_key().by(self.user).send()
    }

    /// Sends operations and takes in all that changed. The results of the operations.
    #[track_caller]
    pub fn sync(&self, to: &Client, operations: &[Value]) -> Vec<Value> {
        let mut reply = self.send(to, operations).expect(200).json();
        let results = reply["results"].as_array().expect("results").clone();
        self.take_in(&reply);
        while reply["more"] == true {
            reply = self.send(to, &[]).expect(200).json();
            self.take_in(&reply);
        }
        results
    }

    /// Sends operations that must all be done. The records they are about.
    #[track_caller]
    pub fn done(&self, to: &Client, operations: &[Value]) -> Vec<Value> {
        let results = self.sync(to, operations);
        for result in &results {
            assert_eq!(result["status"], "applied", "{result}");
        }
        results.into_iter().map(|result| result["record"].clone()).collect()
    }

    fn take_in(&self, reply: &Value) {
        let mut known = self.known.borrow_mut();
        if reply["anew"] == true {
            known.clear();
        }
        for (list, content) in [("sessions", "session"), ("contacts", "contact")] {
            for change in reply[list].as_array().expect("a list of changes") {
                let id = change["id"].as_str().expect("an id").to_owned();
                if change["removed"] == true {
                    known.remove(&id);
                } else {
                    known.insert(id, change[content].clone());
                }
            }
        }
        *self.cursor.borrow_mut() = reply["cursor"].as_str().map(str::to_owned);
    }

    /// What it knows of a record.
    pub fn sees(&self, id: &Value) -> Option<Value> {
        self.known.borrow().get(id.as_str().expect("an id")).cloned()
    }
}
