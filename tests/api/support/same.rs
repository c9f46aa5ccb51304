//! Deciding whether two records are one person, as a worker does: looked at first.

use serde_json::json;
use uuid::Uuid;

use super::client::{Client, Reply, User};

impl Client {
    /// Both records side by side.
    #[track_caller]
    pub fn preview(&self, user: &User, one: Uuid, other: Uuid) -> Reply {
        self.get(&format!("/persons/{one}/same/{other}")).by(user).send()
    }

    /// Looks and decides.
    #[track_caller]
    pub fn decide(&self, user: &User, one: Uuid, other: Uuid, verdict: &str) -> Reply {
        let version = self.preview(user, one, other).expect(200).version();
        self.decide_on(user, one, other, verdict, version)
    }

    /// Decides on a version that was looked at.
    #[track_caller]
    pub fn decide_on(&self, user: &User, one: Uuid, other: Uuid, verdict: &str, version: i64) -> Reply {
        let body = json!({"other_id": other, "verdict": verdict});
        self.post(&format!("/persons/{one}/same"), &body).by(user).version(version).send()
    }

    /// Looks and takes back.
    #[track_caller]
    pub fn split(&self, user: &User, one: Uuid, other: Uuid) -> Reply {
        let version = self.preview(user, one, other).expect(200).version();
        let path = format!("/persons/{one}/same/{other}/split");
        self.post(&path, &json!({"reason": "mistake"})).by(user).version(version).send()
    }

    /// Records that are the same person, as the person's record tells.
    #[track_caller]
    pub fn same_as(&self, user: &User, person: Uuid) -> Vec<Uuid> {
        let reply = self.get(&format!("/persons/{person}")).by(user).send().expect(200).json();
        let others = reply["same_as"].as_array().expect("a list").iter();
        others.map(|id| id.as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
    }

    /// Who may be the same person, and why.
    #[track_caller]
    pub fn candidates(&self, user: &User, person: Uuid) -> Vec<(Uuid, Vec<String>)> {
        let reply = self.get(&format!("/persons/{person}/same-candidates")).by(user).send().expect(200).json();
        let line = |item: &serde_json::Value| {
            let id = item["person"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
            let reasons = item["reasons"].as_array().expect("reasons").iter();
            (id, reasons.map(|reason| reason.as_str().expect("a word").to_owned()).collect())
        };
        reply["items"].as_array().expect("items").iter().map(line).collect()
    }
}
