//! Searching as a worker does, with the patience the program asks for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Reply, User};

/// A change is followed within a second; more is given to a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(5);

impl Client {
    /// Searches; waits while the index is being built.
    #[track_caller]
    pub fn search(&self, user: &User, body: &Value) -> Reply {
        let started = Instant::now();
        loop {
            let reply = self.post("/persons/search", body).by(user).without_key().send();
            if reply.status != 503 || started.elapsed() > PATIENCE {
                return reply;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ids of those found under what was typed, best first.
    #[track_caller]
    pub fn found(&self, user: &User, typed: &str) -> Vec<Uuid> {
        let reply = self.search(user, &json!({"name": typed, "limit": 50})).expect(200).json();
        let items = reply["items"].as_array().expect("items").iter();
        items.map(|item| item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
    }

    /// Asks again until these are found, whatever their order.
    #[track_caller]
    pub fn finds_all(&self, user: &User, typed: &str, wanted: &[Uuid]) {
        let sorted = |mut ids: Vec<Uuid>| {
            ids.sort_unstable();
            ids
        };
        let (wanted, started) = (sorted(wanted.to_vec()), Instant::now());
        loop {
            let found = sorted(self.found(user, typed));
            if found == wanted {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{typed}: {found:?}, not {wanted:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks again until these, in this order, are found.
    #[track_caller]
    pub fn finds(&self, user: &User, typed: &str, wanted: &[Uuid]) {
        let started = Instant::now();
        loop {
            let found = self.found(user, typed);
            if found == wanted {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{typed}: {found:?}, not {wanted:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
