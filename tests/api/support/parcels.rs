//! A phone that seals what it was told, for when its leader has no access any more.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hoanhap::clock::Random;
use hoanhap::db::types::AccountId;
use hoanhap::vault::{ParcelSender, seal_parcel};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::client::{Client, Reply};
use super::phones::Phone;
use super::{TestApp, User};

/// Bytes as they are sent.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What a phone was given when it was registered.
#[derive(Debug, Clone)]
pub struct Sealer {
    device: Uuid,
    account: Uuid,
    group: Uuid,
    /// As the server told it.
    pub keys: Value,
}

impl Sealer {
    /// Registers a phone.
    #[track_caller]
    pub fn register(to: &Client, phone: &Phone<'_>) -> Self {
        let reply = register(to, phone.user, phone.device, phone.group).expect(200);
        Self { device: phone.device, account: phone.user.id, group: phone.group, keys: reply.json() }
    }

    fn key(&self, name: &str) -> Vec<u8> {
        STANDARD.decode(self.keys[name].as_str().expect("a key")).expect("base64")
    }

    /// The same phone as another one, or of another account or group.
    pub fn posing(&self, device: Uuid, account: Uuid, group: Uuid) -> Self {
        Self { device, account, group, keys: self.keys.clone() }
    }

    /// Seals bytes.
    pub fn seal_bytes(&self, plain: &[u8]) -> Vec<u8> {
        static SEED: AtomicU64 = AtomicU64::new(0);
        let random = Random::seeded(SEED.fetch_add(1, Ordering::Relaxed));
        let from = ParcelSender { device: self.device, account: AccountId(self.account) };
        seal_parcel(&random, &self.key("public_key"), from, plain).expect("sealed")
    }

    /// Seals operations.
    pub fn seal(&self, operations: &[Value]) -> Vec<u8> {
        self.seal_bytes(&serde_json::to_vec(operations).expect("JSON"))
    }

    /// The body that hands a parcel in.
    pub fn body(&self, parcel: &[u8]) -> Value {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key("device_key")).expect("a key");
        mac.update(parcel);
        json!({"device_id": self.device, "account_id": self.account, "group_id": self.group,
            "key_id": self.keys["key_id"], "tag": base64(&mac.finalize().into_bytes()), "parcel": base64(parcel)})
    }

    /// Hands a parcel in, without a login.
    pub fn hand_in(&self, to: &Client, parcel: &[u8]) -> Reply {
        hand_in(to, &self.body(parcel))
    }

    /// Seals operations and hands them in; they must be taken.
    #[track_caller]
    pub fn leave(&self, to: &Client, operations: &[Value]) -> Vec<u8> {
        let parcel = self.seal(operations);
        let reply = self.hand_in(to, &parcel).expect(202);
        assert_eq!(reply.json(), json!({"acknowledged": true}));
        parcel
    }
}

/// Registers a phone for a group; the reply as it comes.
pub fn register(to: &Client, user: &User, device: Uuid, group: Uuid) -> Reply {
    to.put(&format!("/outreach/devices/{device}"), &json!({"group_id": group})).by(user).send()
}

/// Hands something in, without a login.
pub fn hand_in(to: &Client, body: &Value) -> Reply {
    to.post("/outreach/parcels", body).without_key().send()
}

impl TestApp {
    /// The parcels of a group that were handed in, as a manager sees them.
    #[track_caller]
    pub fn quarantine(&self, manager: &User, group: Uuid, open: bool) -> Vec<Value> {
        self.all_items(manager, &format!("/outreach/parcels?group_id={group}&open={open}"), 1)
    }

    /// Decides about a parcel as it was seen; the reply as it comes.
    pub fn decide_parcel(&self, by: &User, seen: &Value, decision: &str) -> Reply {
        let path = format!("/outreach/parcels/{}/{decision}", seen["id"].as_str().expect("an id"));
        let version = seen["version"].as_i64().expect("a version");
        self.post(&path, &json!({})).without_key().by(by).version(version).send()
    }

    /// Accepts a parcel as it was seen; what became of it.
    #[track_caller]
    pub fn accept_parcel(&self, by: &User, seen: &Value) -> Value {
        self.decide_parcel(by, seen, "accept").expect(200).json()
    }
}
