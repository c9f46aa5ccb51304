//! Nothing that outreach tells of a person stands readable in a file or a log: notes, what a service is told, both
//! sides of a conflict, codes, and what lies in parcels, before they are opened and after.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hoanhap::clock::Random;
use hoanhap::db::types::AccountId;
use hoanhap::outreach::codes::Card;
use hoanhap::vault::{ParcelSender, seal_parcel};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::nodes::{Group, Installation, UNIT};
use super::wire::{Line, Speaker};
use crate::canaries::{found, mark, postgres_files};

const SESSIONS: usize = 60;
const KIND: &str = "MET";

/// Gives each text a mark of its own.
#[derive(Default)]
struct Marks(usize);

impl Marks {
    fn next(&mut self) -> String {
        self.0 += 1;
        mark(KIND, self.0)
    }
}

fn operation(kind: &str, body: &Value) -> Value {
    json!({"id": Random::system().uuid(), "at": "2026-01-05T03:00:00Z", "kind": kind, "body": body})
}

fn session(note: &str) -> Value {
    operation(
        "session_create",
        &json!({"held_on": "2026-01-04", "unit_code": UNIT, "venue": "street", "workers": [1], "note": note}),
    )
}

/// A session with somebody met who has a card and is referred, and a change that somebody else made differently.
fn told(marks: &mut Marks, card: &str, service: &Value) -> Vec<Value> {
    let made = session(&marks.next());
    let fields =
        json!({"worker": 1, "sex": "female", "age_band": "25_34", "code": {"card": card}, "note": marks.next()});
    let mut met = operation("contact_create", &fields);
    met["session"] = json!({"operation": made["id"]});
    let told = json!({"to_organisation_id": service, "service_type": "medical", "agreed_on": "2026-01-04", "message": marks.next()});
    let mut referral = operation("referral_send", &told);
    referral["record"] = json!({"operation": met["id"]});
    let clash = json!({"note": {"from": marks.next(), "to": marks.next()}});
    let mut changed = operation("contact_change", &clash);
    changed["record"] = json!({"operation": met["id"]});
    vec![made, met, referral, changed]
}

/// What breaks a rule is refused, and not repeated in the reply.
fn refused(marks: &mut Marks) -> Vec<Value> {
    let mut long = session(&marks.next().repeat(40));
    long["body"]["venue"] = json!(marks.next());
    let said =
        json!({"own_letters": marks.next(), "mother_letters": "Lan", "day": 1, "month": 2, "year": 1990, "place": 1});
    let mut met = operation(
        "contact_create",
        &json!({"worker": 1, "sex": "female", "age_band": "25_34", "code": {"said": said}}),
    );
    met["session"] = json!({"operation": long["id"]});
    let mut card = met.clone();
    card["id"] = json!(Random::system().uuid());
    card["body"]["code"] = json!({"card": marks.next()});
    vec![long, met, card]
}

/// A parcel that is handed in without a login, as it is sent.
fn parcel(leader: &Speaker, account: Uuid, group: Uuid, operations: &[Value]) -> Value {
    let random = Random::system();
    let device = random.uuid();
    let path = format!("/outreach/devices/{device}");
    let registered = leader.ask("PUT", &path, Some(&json!({"group_id": group})), "", Line::Good);
    let (status, keys) = registered.expect("an answer");
    assert_eq!(status, 200, "{keys}");
    let key = |name: &str| STANDARD.decode(keys[name].as_str().expect("a key")).expect("base64");
    let plain = serde_json::to_vec(operations).expect("JSON");
    let from = ParcelSender { device, account: AccountId(account) };
    let sealed = seal_parcel(&random, &key("public_key"), from, &plain).expect("sealed");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key("device_key")).expect("a key");
    mac.update(&sealed);
    json!({"device_id": device, "account_id": account, "group_id": group, "key_id": keys["key_id"],
        "tag": STANDARD.encode(mac.finalize().into_bytes()), "parcel": STANDARD.encode(&sealed)})
}

/// The manager takes in all that waits.
fn accept_all(manager: &Speaker, group: Uuid) -> usize {
    let (_, waiting) = manager.get(&format!("/outreach/parcels?group_id={group}&open=true")).expect("an answer");
    let waiting = waiting["items"].as_array().expect("a list").clone();
    for parcel in &waiting {
        let path = format!("/outreach/parcels/{}/accept", parcel["id"].as_str().expect("an id"));
        let if_match = format!("if-match: \"{}\"\r\n", parcel["version"]);
        let (status, accepted) =
            manager.ask("POST", &path, Some(&json!({})), &if_match, Line::Good).expect("an answer");
        assert_eq!(status, 200, "{accepted}");
    }
    waiting.len()
}

fn handed_in(leader: &Speaker, group: &Group, operations: &[Value]) -> Value {
    let body = json!({"group_id": group.id, "device_id": Random::system().uuid(), "device_time": "2026-01-05T03:00:00Z",
        "operations": operations});
    let (status, reply) = leader.post("/outreach/sync", &body, Line::Good).expect("an answer");
    assert_eq!(status, 200, "{reply}");
    reply
}

fn tell_everything(installation: &Installation) -> Vec<String> {
    let group = installation.group("canhbao", 1);
    let (account, token) = &group.leaders[0];
    let leader = installation.nodes[0].speaker(token);
    let (_, manager) = installation.account("canhbao.quanly", "centre_manager", &installation.centre);
    let (mut marks, mut cards) = (Marks::default(), Vec::new());
    for round in 0..SESSIONS {
        let card = serde_json::to_value(Card::random(&Random::system())).expect("a card");
        let card = card.as_str().expect("a text").to_owned();
        let operations = told(&mut marks, &card, &installation.centre);
        cards.push(card);
        let reply = handed_in(&leader, &group, &operations);
        let statuses: Vec<&str> =
            reply["results"].as_array().expect("a list").iter().filter_map(|r| r["status"].as_str()).collect();
        assert_eq!(statuses, ["applied", "applied", "applied", "conflict"], "{reply}");
        let reply = handed_in(&leader, &group, &refused(&mut marks))["results"].clone();
        assert!(!reply.to_string().contains(&format!("QX{KIND}")), "a reply repeats what was refused: {reply}");
        if round % 10 == 0 {
            let lost = parcel(&leader, *account, group.id, &told(&mut marks, &cards[round], &installation.centre));
            let nobody = installation.nodes[installation.nodes.len() - 1].speaker("");
            let (status, taken) = nobody.post("/outreach/parcels", &lost, Line::Good).expect("an answer");
            assert_eq!(status, 202, "{taken}");
        }
    }
    assert_eq!(accept_all(&installation.nodes[0].speaker(&manager), group.id), SESSIONS / 10);
    let (status, read) = leader.get(&format!("/outreach/sessions?group_id={}&", group.id)).expect("an answer");
    assert!(status == 200 && read.to_string().contains(&format!("QX{KIND}")), "the leader reads the notes: {read}");
    cards
}

fn nothing_stands_readable(installation: &Installation) {
    let cards = tell_everything(installation);
    installation.checkpoint();
    let places = installation.places();
    assert_eq!(found(KIND, &places), 0);
    for card in cards {
        assert!(!installation.holds(&card), "a card stands readable");
        assert!(!installation.holds(&card.replace('-', "")), "a card stands readable");
    }
    assert!(installation.holds("/api/v1/outreach/sync"), "the search itself must find what is readable");
}

#[test]
fn nothing_that_outreach_tells_of_a_person_stands_readable_in_sqlite_its_log_or_ours() {
    nothing_stands_readable(&Installation::sqlite());
}

#[test]
fn nothing_that_outreach_tells_of_a_person_stands_readable_in_postgresql_its_log_or_ours() {
    if let Some(installation) = Installation::postgres() {
        assert!(!postgres_files().is_empty(), "where the files of PostgreSQL are");
        nothing_stands_readable(&installation);
    }
}
