//! Phones of one group, servers that are killed, lines that break: whatever happens, each operation that a phone may
//! forget was done once, all phones come to know the same, and nobody's word is overwritten unseen.
//!
//! `HOANHAP_SYNC_RUNS` says how many stories are told on each engine, `HOANHAP_SYNC_SEED` the seed of the first;
//! each following story has the next seed. `HOANHAP_SYNC_REPORT` names a file to which what was done is added.

mod canaries;
mod dice;
mod model;
mod nodes;
mod phones;
mod proxy;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use dice::Dice;
use model::{Conflict, Deed, Found, Kind, Story, id};
use nodes::{Group, Installation};
use phones::{Copy, Phone, Sending, fields_of, is_hopeless};
use wire::{Line, Speaker};

const PHONES: usize = 4;

/// What stories came to.
#[derive(Debug, Default)]
struct Told {
    operations: usize,
    requests: usize,
    kills: usize,
    conflicts: usize,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn run(name: &str, mut installation: Installation) {
    let (runs, seed) = (setting("HOANHAP_SYNC_RUNS", 24), setting("HOANHAP_SYNC_SEED", 1));
    let (begin, mut total) = (Instant::now(), Told::default());
    for seed in seed..seed + runs {
        installation.log_admin_in();
        let story = catch_unwind(AssertUnwindSafe(|| tell(&installation, seed)));
        let told = story.unwrap_or_else(|panic| {
            let why = panic.downcast_ref::<String>().cloned();
            let why = why.or_else(|| panic.downcast_ref::<&str>().map(|why| (*why).to_owned())).unwrap_or_default();
            panic!(
                "{name}, story {seed} (HOANHAP_SYNC_SEED={seed} HOANHAP_SYNC_RUNS=1 tells it again): {why}\n{}",
                installation.logs()
            )
        });
        total.operations += told.operations;
        total.requests += told.requests;
        total.kills += told.kills;
        total.conflicts += told.conflicts;
    }
    assert!(installation.holds("/api/v1/outreach/sync"), "the search itself must find what is readable");
    for secret in ["ghi chú", "own_letters"] {
        assert!(!installation.holds(secret), "{secret} stands readable");
    }
    assert!(total.conflicts > 0, "phones that never disagree prove little: {total:?}");
    if let Some(file) = std::env::var_os("HOANHAP_SYNC_REPORT") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).expect("a report");
        let seconds = begin.elapsed().as_secs();
        writeln!(file, "{name}: {runs} stories from seed {seed} in {seconds} s, all kept: {total:?}")
            .expect("a report");
    }
}

#[test]
fn whatever_happens_on_sqlite_each_operation_is_done_once_phones_converge_and_nothing_is_overwritten_unseen() {
    run("SQLite", Installation::sqlite());
}

#[test]
fn whatever_happens_on_two_servers_each_operation_is_done_once_phones_converge_and_nothing_is_overwritten_unseen() {
    if let Some(installation) = Installation::postgres() {
        run("PostgreSQL", installation);
    }
}

#[test]
fn notes_that_come_at_once_for_a_group_without_a_key_all_open_again_on_sqlite() {
    first_notes_open_again(&Installation::sqlite());
}

#[test]
fn notes_that_come_at_once_for_a_group_without_a_key_all_open_again_on_two_servers() {
    if let Some(installation) = Installation::postgres() {
        first_notes_open_again(&installation);
    }
}

/// The key of a group is made by whoever needs it first, and only one of those who do at once makes it.
fn first_notes_open_again(installation: &Installation) {
    let mut dice = Dice::new(1);
    for number in 0..10 {
        let group = installation.group(&format!("nhom{number}"), 1);
        let speakers: Vec<Speaker> = installation.nodes.iter().map(|node| node.speaker(&group.leaders[0].1)).collect();
        let note = |note: usize| {
            let fields = json!({"held_on": "2026-01-04", "unit_code": nodes::UNIT, "venue": "street", "workers": [1],
                "note": format!("ghi chú {note}")});
            json!({"id": Uuid::from_u64_pair(0, note.try_into().expect("a number")), "at": "2026-01-05T03:00:00Z", "kind": "session_create", "body": fields})
        };
        let devices: Vec<Uuid> = (0..8).map(|_| dice.uuid()).collect();
        std::thread::scope(|scope| {
            for (place, device) in devices.iter().enumerate() {
                let speaker = &speakers[place % speakers.len()];
                let body = json!({"group_id": group.id, "device_id": device, "device_time": "2026-01-05T03:00:00Z",
                    "operations": [note(place)]});
                scope.spawn(move || speaker.post("/outreach/sync", &body, Line::Good));
            }
        });
        for speaker in &speakers {
            let told = ask_anew(speaker, group.id, &[]);
            let mut notes: Vec<&Value> =
                told["sessions"].as_array().expect("a list").iter().map(|told| &told["session"]["note"]).collect();
            notes.sort_by_key(|note| note.to_string());
            assert_eq!(
                notes,
                (0..8).map(|note| json!(format!("ghi chú {note}"))).collect::<Vec<_>>().iter().collect::<Vec<_>>()
            );
        }
    }
}

/// One story: a group that nobody knew before works, sends, is interrupted, and comes to rest.
fn tell(installation: &Installation, seed: u64) -> Told {
    let mut dice = Dice::new(seed);
    let group = installation.group(&format!("nhom{seed}"), 2 + dice.below(2));
    let (mut story, mut next, mut told) = (Story::default(), 0, Told::default());
    let mut phones: Vec<Phone> = (0..PHONES)
        .map(|number| Phone::new(number, group.id, &group.leaders[number % group.leaders.len()].1, dice.apart()))
        .collect();
    let rounds = 4 + dice.below(5);
    let kill_in = if dice.chance(20) { Some(dice.below(rounds)) } else { None };
    for round in 0..rounds {
        for phone in &mut phones {
            (0..dice.below(4)).for_each(|_| phone.act(&mut story, &mut next));
        }
        let mut sendings: Vec<Sending> =
            phones.iter_mut().flat_map(|phone| phone.sendings(&story, installation.nodes.len())).collect();
        let kill = (kill_in == Some(round))
            .then(|| (dice.below(installation.nodes.len()), Duration::from_micros(dice.draw() % 30_000)));
        told.kills += usize::from(kill.is_some());
        told.requests += sendings.len();
        let mut answers = send_all(installation, &phones, &sendings, kill);
        // Answers arrive in any order.
        let mut order: Vec<usize> = (0..sendings.len()).collect();
        dice.shuffle(&mut order);
        for place in order {
            let sending = &mut sendings[place];
            phones[sending.phone].hear(&mut story, sending, answers[place].take());
        }
    }
    phones.iter_mut().for_each(|phone| drain(installation, phone, &mut story));
    phones.iter_mut().for_each(|phone| read_on(installation, phone, &mut story));
    let mut found = find(installation, &group, &phones);
    found.handles = handles(&installation.nodes[0].speaker(&group.leaders[0].1), group.id, &story);
    told.operations = story.acknowledged_number();
    told.conflicts = found.conflicts.len();
    story.check(&found);
    let taken = decide_all(installation, &group, &found, &mut dice);
    phones.iter_mut().for_each(|phone| read_on(installation, phone, &mut story));
    check_taken(&taken, &find(installation, &group, &phones));
    told
}

/// Each conflict is decided by its decider, in any order. What was taken, by record: whether it goes, and its fields.
fn decide_all(
    installation: &Installation,
    group: &Group,
    found: &Found,
    dice: &mut Dice,
) -> BTreeMap<Uuid, (bool, BTreeMap<String, Value>)> {
    let mut conflicts: Vec<(&Uuid, &Conflict)> = found.conflicts.iter().collect();
    dice.shuffle(&mut conflicts);
    let mut taken: BTreeMap<Uuid, (bool, BTreeMap<String, Value>)> = BTreeMap::new();
    for (id, conflict) in conflicts {
        let record = conflict.record();
        let takes = dice.chance(50);
        let (_, token) = group.leaders.iter().find(|leader| leader.0 == conflict.decider).expect("a leader decides");
        let speaker = installation.nodes[dice.below(installation.nodes.len())].speaker(token);
        let (_, now) = speaker.get(&format!("/outreach/conflicts/{id}")).expect("an answer");
        let body = json!({"decision": if takes { "take" } else { "keep" }, "record_version": now["record_version"]});
        let path = format!("/outreach/conflicts/{id}/decide");
        let answer = speaker.ask("POST", &path, Some(&body), "if-match: \"1\"\r\n", Line::Good);
        let (status, decided) = answer.expect("an answer");
        assert_eq!(status, 200, "{decided} {conflict:?}");
        if takes {
            // What is taken of somebody met shows only with the session, which comes back for it.
            if let Some(session) = taken.get_mut(&conflict.session).filter(|_| conflict.field != "removed") {
                session.0 = false;
            }
            let of_record = taken.entry(record).or_default();
            of_record.0 = conflict.field == "removed" && conflict.offered == json!(true);
            of_record.1.insert(conflict.field.clone(), conflict.offered.clone());
        }
    }
    taken
}

fn check_taken(taken: &BTreeMap<Uuid, (bool, BTreeMap<String, Value>)>, found: &Found) {
    assert!(found.conflicts.is_empty(), "all were decided");
    for (record, (goes, fields)) in taken {
        let stands = found.sessions.get(record).or_else(|| found.contacts.get(record)).expect("it is kept");
        if found.session_of.get(record).is_some_and(|session| found.sessions[session].is_none()) {
            continue;
        }
        assert_eq!(stands.is_none(), *goes, "{record} was decided to go, or to come back");
        for (field, value) in fields.iter().filter(|(field, _)| *field != "removed") {
            assert!(stands.as_ref().is_none_or(|stands| stands[field] == *value), "{record}: {field} was decided");
        }
    }
}

/// Sends at the same time, and kills a server amid it.
fn send_all(
    installation: &Installation,
    phones: &[Phone],
    sendings: &[Sending],
    kill: Option<(usize, Duration)>,
) -> Vec<Option<(u16, Value)>> {
    std::thread::scope(|scope| {
        let send = |sending: &Sending| {
            let speaker = installation.nodes[sending.node].speaker(&phones[sending.phone].token);
            let (body, line) = (sending.body.clone(), sending.line);
            scope.spawn(move || speaker.post("/outreach/sync", &body, line))
        };
        let threads: Vec<_> = sendings.iter().map(send).collect();
        if let Some((node, after)) = kill {
            // At no particular moment; nothing waits for it.
            std::thread::sleep(after);
            installation.nodes[node].kill_and_start();
        }
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    })
}

fn send(installation: &Installation, phone: &mut Phone, story: &mut Story) -> Value {
    for _ in 0..50 {
        let sending = phone.rest(story, installation.nodes.len());
        let answer =
            installation.nodes[sending.node].speaker(&phone.token).post("/outreach/sync", &sending.body, Line::Good);
        if phone.hear(story, &sending, answer.clone()) {
            return answer.expect("it came").1;
        }
    }
    panic!("fifty requests over a good line got no answer");
}

/// The signal is back: one request is enough for all that can be done.
fn drain(installation: &Installation, phone: &mut Phone, story: &mut Story) {
    send(installation, phone, story);
    for left in &phone.outbox {
        assert!(is_hopeless(left, story), "it waits, though what it is about is there: {left:?}");
    }
}

fn read_on(installation: &Installation, phone: &mut Phone, story: &mut Story) {
    while send(installation, phone, story)["more"] == true {}
}

/// Reads all there is, and holds the phones against it.
fn find(installation: &Installation, group: &Group, phones: &[Phone]) -> Found {
    let reader = installation.nodes[0].speaker(&group.leaders[0].1);
    let everything = ask_anew(&reader, group.id, &[]);
    let mut raw = Copy::default();
    raw.take_in(&everything);
    let listed = listed(&reader, group.id);
    assert_eq!(raw.visible(), listed, "a phone that begins anew knows what the lists show");
    for phone in phones {
        assert_eq!(phone.copy.visible(), listed, "phone {} knows something else", phone.number);
    }
    let mut found = Found { conflicts: conflicts(&reader, group.id), ..Found::default() };
    for change in everything["sessions"].as_array().expect("a list") {
        let fields = (change["removed"] == false).then(|| {
            let mut fields = fields_of(Kind::Session, &change["session"]);
            fields.insert("tallies".into(), change["session"]["tallies"].clone());
            fields
        });
        found.sessions.insert(id(&change["id"]), fields);
    }
    for change in everything["contacts"].as_array().expect("a list") {
        let fields = (change["removed"] == false).then(|| fields_of(Kind::Contact, &change["contact"]));
        found.contacts.insert(id(&change["id"]), fields);
        found.session_of.insert(id(&change["id"]), id(&change["session_id"]));
    }
    // What was met in a session that was taken away is read by whoever decides about it.
    let disputed: BTreeSet<Uuid> = found.conflicts.values().map(|conflict| conflict.session).collect();
    for session in disputed.into_iter().filter(|session| found.sessions[session].is_none()) {
        for contact in all_pages(&reader, &format!("/outreach/sessions/{session}/contacts?")) {
            found.contacts.insert(id(&contact["id"]), Some(fields_of(Kind::Contact, &contact)));
        }
    }
    let number = |sql: &str| installation.number(sql, group.id);
    let operations = "select count(*) as n from outreach_operations where account_id = $";
    found.rows = [
        number("select count(*) as n from outreach_sessions where group_id = $"),
        number("select count(*) as n from outreach_contacts where group_id = $"),
        group.leaders.iter().map(|(leader, _)| installation.number(operations, *leader)).sum(),
        number(
            "select coalesce(sum(quantity), 0) as n from outreach_tallies where session_id in (select id from outreach_sessions where group_id = $)",
        ),
    ];
    found
}

/// What a device is told that hands this in and has heard nothing before.
fn ask_anew(reader: &Speaker, group: Uuid, operations: &[Value]) -> Value {
    let body = json!({"group_id": group, "device_id": group, "device_time": "2026-01-05T03:00:00Z", "limit": 2000,
        "operations": operations});
    let (status, reply) = reader.post("/outreach/sync", &body, Line::Good).expect("an answer");
    assert_eq!((status, &reply["more"]), (200, &json!(false)), "{reply}");
    reply
}

fn all_pages(reader: &Speaker, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, mut page) = reader.get(&format!("{path}limit=200{cursor}")).expect("an answer");
        assert_eq!(status, 200, "{page}");
        items.append(page["items"].as_array_mut().expect("a list"));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn listed(reader: &Speaker, group: Uuid) -> Copy {
    let mut copy = Copy::default();
    for session in all_pages(reader, &format!("/outreach/sessions?group_id={group}&")) {
        let of = id(&session["id"]);
        let contacts = all_pages(reader, &format!("/outreach/sessions/{of}/contacts?"));
        copy.contacts.extend(contacts.into_iter().map(|contact| (id(&contact["id"]), contact)));
        copy.sessions.insert(of, session);
    }
    copy
}

fn conflicts(reader: &Speaker, group: Uuid) -> BTreeMap<Uuid, Conflict> {
    let read = |conflict: Value| {
        let kept = Conflict {
            session: id(&conflict["session_id"]),
            contact: conflict["contact_id"].is_string().then(|| id(&conflict["contact_id"])),
            field: conflict["field"].as_str().expect("a field").to_owned(),
            base: conflict["base"].clone(),
            current: conflict["current"].clone(),
            offered: conflict["offered"].clone(),
            decider: id(&conflict["decider_id"]),
        };
        (id(&conflict["id"]), kept)
    };
    all_pages(reader, &format!("/outreach/conflicts?group_id={group}&open=true&")).into_iter().map(read).collect()
}

/// How each contact code of the story is told within the group. It is asked by further contacts that bear the codes,
/// so nothing can be counted after.
fn handles(reader: &Speaker, group: Uuid, story: &Story) -> BTreeMap<String, String> {
    let mut codes: Vec<Value> = Vec::new();
    for told in story.told.values() {
        match &told.deed {
            Deed::MakeContact(_, fields) | Deed::RemoveContact(_, fields) => codes.push(fields["code"].clone()),
            Deed::Change(_, _, changes) => codes.extend(changes.get("code").map(|(_, to)| to.clone())),
            _ => {}
        }
    }
    codes.retain(Value::is_object);
    codes.sort_by_key(Value::to_string);
    codes.dedup();
    let operation = |kind: &str, body: Value| {
        json!({"id": hoanhap::clock::Random::system().uuid(),
        "at": "2026-01-05T03:00:00Z", "kind": kind, "body": body})
    };
    let session = operation(
        "session_create",
        json!({"held_on": "1949-01-01", "unit_code": nodes::UNIT,
        "venue": "street", "workers": [1]}),
    );
    let mut batch = vec![session.clone()];
    for code in &codes {
        let body = json!({"worker": 1, "sex": "female", "age_band": "25_34", "code": code});
        let mut contact = operation("contact_create", body);
        contact["session"] = json!({"operation": session["id"]});
        batch.push(contact);
    }
    let reply = ask_anew(reader, group, &batch);
    let contacts = reply["contacts"].as_array().expect("a list");
    let handle = |result: &Value| {
        let contact = contacts.iter().find(|contact| contact["id"] == result["record"]).expect("it is told");
        contact["contact"]["client"].as_str().expect("a handle").to_owned()
    };
    let results = &reply["results"].as_array().expect("a list")[1..];
    codes.iter().map(Value::to_string).zip(results.iter().map(handle)).collect()
}
