//! What must hold of what phones handed in, in whatever order it arrived. The model knows nothing of how the program
//! merges: it knows what was told, what was acknowledged, and what can be read in the end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use uuid::Uuid;

pub type Fields = Map<String, Value>;

/// Persons by counter, where there are any; a counter is written with spaces.
pub type Tallies = BTreeMap<String, i64>;

/// Sex, age and whether met before, in this order.
pub type Counter = [&'static str; 3];

/// A phone's name for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Id(Uuid),
    /// What this operation of the same phone makes.
    Made(Uuid),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Session,
    Contact,
}

/// What was done on a phone.
#[derive(Debug, Clone)]
pub enum Deed {
    MakeSession(Fields),
    MakeContact(Name, Fields),
    /// By field: what the phone saw, and what it becomes.
    Change(Kind, Name, BTreeMap<String, (Value, Value)>),
    /// With the contacts that the phone saw in it, and the persons it saw counted.
    RemoveSession(Name, Fields, BTreeMap<Name, Fields>, Tallies),
    RemoveContact(Name, Fields),
    Count(Name, Vec<(Counter, i64)>),
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Told {
    pub phone: usize,
    pub id: Uuid,
    pub deed: Deed,
    /// Whether it breaks a rule, so that it must be refused.
    pub is_bad: bool,
}

/// An operation: its number is the phone's own.
pub type Key = (usize, Uuid);

/// What a phone heard of an operation that it may forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    pub record: Uuid,
    pub conflicted: bool,
}

/// What the inbox says.
#[derive(Debug, Clone)]
pub struct Conflict {
    pub session: Uuid,
    pub contact: Option<Uuid>,
    pub field: String,
    pub base: Value,
    pub current: Value,
    pub offered: Value,
    pub decider: Uuid,
}

impl Conflict {
    /// What it is about.
    pub fn record(&self) -> Uuid {
        self.contact.unwrap_or(self.session)
    }
}

/// What can be read in the end.
#[derive(Debug, Default)]
pub struct Found {
    /// What a reader is told who has heard nothing before: fields by record, none of one that was taken away.
    pub sessions: BTreeMap<Uuid, Option<Fields>>,
    pub contacts: BTreeMap<Uuid, Option<Fields>>,
    /// Session of each contact.
    pub session_of: BTreeMap<Uuid, Uuid>,
    pub conflicts: BTreeMap<Uuid, Conflict>,
    /// How a contact code is told, by the code.
    pub handles: BTreeMap<String, String>,
    /// Rows of sessions, contacts and operations, and the sum of all counters.
    pub rows: [i64; 4],
}

/// All that was told and heard in one story.
#[derive(Debug, Default)]
pub struct Story {
    pub told: BTreeMap<Key, Told>,
    acknowledged: BTreeMap<Key, Acknowledged>,
    /// Replies that said an operation was done just now.
    done_now: BTreeMap<Key, usize>,
    /// Conflicts that replies told of.
    heard: BTreeSet<Uuid>,
}

impl Name {
    fn json(self) -> Value {
        match self {
            Self::Id(id) => json!({"id": id}),
            Self::Made(operation) => json!({"operation": operation}),
        }
    }
}

impl Told {
    pub fn key(&self) -> Key {
        (self.phone, self.id)
    }

    /// What it is about, where it does not make it.
    pub fn about(&self) -> Option<Name> {
        match &self.deed {
            Deed::MakeSession(_) => None,
            Deed::MakeContact(name, _)
            | Deed::Change(_, name, _)
            | Deed::RemoveSession(name, ..)
            | Deed::RemoveContact(name, _)
            | Deed::Count(name, _) => Some(*name),
        }
    }

    /// As it is sent.
    pub fn json(&self) -> Value {
        let (kind, body) = match &self.deed {
            Deed::MakeSession(fields) => ("session_create", json!(fields)),
            Deed::MakeContact(_, fields) => ("contact_create", json!(fields)),
            Deed::Change(kind, _, changes) => {
                let change =
                    |(field, (from, to)): (&String, &(Value, Value))| (field.clone(), json!({"from": from, "to": to}));
                let kind = if *kind == Kind::Session { "session_change" } else { "contact_change" };
                (kind, Value::Object(changes.iter().map(change).collect()))
            }
            Deed::RemoveSession(_, seen, contacts, tallies) => {
                let contact = |(name, fields): (&Name, &Fields)| json!({"record": name.json(), "contact": fields});
                let contacts: Vec<Value> = contacts.iter().map(contact).collect();
                let tally = |(counter, count): (&String, &i64)| {
                    let [sex, age_band, seen] = counter.split(' ').collect::<Vec<_>>()[..] else { panic!("{counter}") };
                    json!({"sex": sex, "age_band": age_band, "seen": seen, "count": count})
                };
                let tallies: Vec<Value> = tallies.iter().map(tally).collect();
                ("session_remove", json!({"session": seen, "contacts": contacts, "tallies": tallies}))
            }
            Deed::RemoveContact(_, seen) => ("contact_remove", json!(seen)),
            Deed::Count(_, steps) => {
                let step = |([sex, age_band, seen], add): &(Counter, i64)| json!({"sex": sex, "age_band": age_band, "seen": seen, "add": add});
                ("tally_add", json!({"counts": steps.iter().map(step).collect::<Vec<_>>()}))
            }
        };
        let mut told = json!({"id": self.id, "at": "2026-01-05T03:00:00Z", "kind": kind, "body": body});
        if let Some(name) = self.about() {
            told[if matches!(kind, "contact_create" | "tally_add") { "session" } else { "record" }] = name.json();
        }
        told
    }
}

impl Story {
    /// What one reply said of one operation. Whether the phone may forget it.
    ///
    /// `sent` is how often it was sent so far; `known` whether what it is about was known to be there before it was.
    pub fn hear(&mut self, told: &Told, result: &Value, sent: usize, known: bool) -> bool {
        let key = told.key();
        assert_eq!(result["operation"], json!(told.id), "results stand in the order of the batch");
        let status = result["status"].as_str().expect("a status");
        match status {
            "refused" => {
                assert!(told.is_bad, "refused without a reason: {result} {told:?}");
                return true;
            }
            "waiting" => {
                assert!(!known, "what it is about was there: {told:?}");
                return false;
            }
            _ => assert!(!told.is_bad, "a rule was not kept: {result} {told:?}"),
        }
        match status {
            "applied" | "conflict" => {
                let times = self.done_now.entry(key).or_default();
                *times += 1;
                assert_eq!(*times, 1, "done twice: {told:?}");
            }
            "already_applied" => assert!(sent > 1, "it came for the first time: {told:?}"),
            other => panic!("{other}"),
        }
        let conflicts = result["conflicts"].as_array().expect("a list");
        assert_eq!(status == "conflict", !conflicts.is_empty(), "{result}");
        self.heard.extend(conflicts.iter().map(|conflict| id(&conflict["id"])));
        let now = Acknowledged { record: id(&result["record"]), conflicted: result["conflicted"] == true };
        let before = *self.acknowledged.entry(key).or_insert(now);
        assert_eq!(before, now, "it is told differently when it comes again: {told:?}");
        true
    }

    /// The record a name stands for, if that is known.
    pub fn record(&self, phone: usize, name: Name) -> Option<Uuid> {
        match name {
            Name::Id(id) => Some(id),
            Name::Made(operation) => self.acknowledged.get(&(phone, operation)).map(|told| told.record),
        }
    }

    pub fn is_acknowledged(&self, key: Key) -> bool {
        self.acknowledged.contains_key(&key)
    }

    pub fn acknowledged_number(&self) -> usize {
        self.acknowledged.len()
    }

    fn done(&self) -> impl Iterator<Item = (&Told, Acknowledged)> {
        self.acknowledged.iter().map(|(key, heard)| (&self.told[key], *heard))
    }

    /// Holds all that was told and acknowledged against what is found.
    pub fn check(&self, found: &Found) {
        self.check_exactly_once(found);
        self.check_inbox(found);
        for (kind, records) in [(Kind::Session, &found.sessions), (Kind::Contact, &found.contacts)] {
            records.iter().for_each(|(record, fields)| self.check_record(kind, *record, fields.as_ref(), found));
        }
        found.sessions.keys().for_each(|session| self.check_people(*session, found));
    }

    fn check_exactly_once(&self, found: &Found) {
        let made = |kind| -> BTreeSet<Uuid> {
            let made = self.done().filter(|(told, _)| match told.deed {
                Deed::MakeSession(_) => kind == Kind::Session,
                Deed::MakeContact(..) => kind == Kind::Contact,
                _ => false,
            });
            made.map(|(_, heard)| heard.record).collect()
        };
        let (sessions, contacts) = (made(Kind::Session), made(Kind::Contact));
        assert_eq!(found.sessions.keys().copied().collect::<BTreeSet<_>>(), sessions);
        assert_eq!(found.contacts.keys().copied().collect::<BTreeSet<_>>(), contacts);
        let number = |count: usize| i64::try_from(count).expect("a number");
        let tallied: i64 = self.done().map(|(told, _)| steps_of(told).map(|(_, add)| add).sum::<i64>()).sum();
        let expected = [number(sessions.len()), number(contacts.len()), number(self.acknowledged.len()), tallied];
        assert_eq!(found.rows, expected, "sessions, contacts, operations, persons counted");
        for (told, heard) in self.done() {
            if let Deed::MakeContact(name, _) = &told.deed {
                let session = self.record(told.phone, *name).expect("it is there, or the contact had waited");
                assert_eq!(found.session_of[&heard.record], session, "{told:?}");
            }
        }
    }

    /// Every conflict is one that was met, and says something.
    fn check_inbox(&self, found: &Found) {
        let inbox: BTreeSet<Uuid> = found.conflicts.keys().copied().collect();
        assert!(self.heard.is_subset(&inbox), "a phone was told of a conflict that is not kept");
        for conflict in found.conflicts.values() {
            let record = conflict.record();
            let author =
                self.done().find(|(told, heard)| heard.conflicted && offers(told, *heard, record, conflict, found));
            assert!(author.is_some(), "nobody offered {conflict:?}");
            let taken_away = self.was_removed(record);
            assert!(conflict.base != conflict.current || conflict.field == "removed" || taken_away, "{conflict:?}");
            assert!(conflict.offered != json!(false) || conflict.field != "removed" || taken_away, "{conflict:?}");
        }
        for (told, heard) in self.done().filter(|(_, heard)| heard.conflicted) {
            let kept = |conflict: &Conflict| {
                let session =
                    heard.record == conflict.session || found.session_of.get(&heard.record) == Some(&conflict.session);
                session && offers(told, heard, conflict.record(), conflict, found)
            };
            assert!(found.conflicts.values().any(kept), "it met a conflict, and none is kept: {told:?}");
        }
    }

    /// Whether a removal of it was done.
    fn was_removed(&self, record: Uuid) -> bool {
        self.removals(record).next().is_some()
    }

    fn removals(&self, record: Uuid) -> impl Iterator<Item = &Told> {
        let done = self.done().filter(move |(_, heard)| heard.record == record && !heard.conflicted);
        let removals = done.filter(|(told, _)| matches!(told.deed, Deed::RemoveSession(..) | Deed::RemoveContact(..)));
        removals.map(|(told, _)| told)
    }

    /// It is there unless it was taken away, and no field of it was overwritten unseen.
    fn check_record(&self, kind: Kind, record: Uuid, stands: Option<&Fields>, found: &Found) {
        let session = found.session_of.get(&record).copied();
        let went_along = session.is_some_and(|session| found.sessions[&session].is_none());
        let removed = self.was_removed(record);
        assert!(stands.is_none() == removed || (stands.is_none() && went_along), "{kind:?} {record} is there, or not");
        // Of a record that was taken away, the removal that did it saw what stood.
        let possible: Vec<&Fields> = match (stands, session) {
            (Some(fields), _) => vec![fields],
            (None, Some(session)) if !removed => {
                self.removals(session).filter_map(|told| self.seen_within(told, record)).collect()
            }
            (None, _) => self.removals(record).map(seen_by).collect(),
        };
        let faults: Vec<String> =
            possible.iter().filter_map(|fields| self.overwritten(record, fields, found)).collect();
        assert!(faults.len() < possible.len(), "{kind:?} {record}: {}", faults.join("; "));
    }

    /// A field whose value cannot have come about without a silent overwrite.
    fn overwritten(&self, record: Uuid, stands: &Fields, found: &Found) -> Option<String> {
        let made = self.done().find_map(|(told, heard)| match &told.deed {
            Deed::MakeSession(fields) | Deed::MakeContact(_, fields) if heard.record == record => Some(fields),
            _ => None,
        });
        let made = made.expect("a record comes from an operation");
        made.iter().find_map(|(field, value)| {
            let first = found.said(field, value);
            let last = found.said(field, &stands[field]);
            let kept = self.taken(record, field, found);
            let held = leads(&first, &last, &kept);
            (!held).then(|| format!("{field} was {first}, is {last}, by {kept:?}"))
        })
    }

    /// Changes of a field that no conflict keeps: from, to.
    fn taken(&self, record: Uuid, field: &str, found: &Found) -> Vec<(Value, Value)> {
        let mut kept: Vec<(Value, Value)> = found
            .conflicts
            .values()
            .filter(|conflict| conflict.record() == record && conflict.field == field)
            .map(|conflict| (conflict.base.clone(), conflict.offered.clone()))
            .collect();
        let mut taken = Vec::new();
        for (told, _) in self.done().filter(|(_, heard)| heard.record == record) {
            let Deed::Change(_, _, changes) = &told.deed else { continue };
            let Some((from, to)) = changes.get(field) else { continue };
            let change = (found.said(field, from), found.said(field, to));
            match kept.iter().position(|conflict| *conflict == change) {
                Some(place) => drop(kept.swap_remove(place)),
                None => taken.push(change),
            }
        }
        assert!(kept.is_empty(), "more conflicts than changes: {record} {field} {kept:?}");
        taken
    }

    /// A contact as whoever took its session away saw it.
    fn seen_within<'a>(&self, told: &'a Told, contact: Uuid) -> Option<&'a Fields> {
        let Deed::RemoveSession(_, _, contacts, _) = &told.deed else { return None };
        let seen = contacts.iter().find(|(name, _)| self.record(told.phone, **name) == Some(contact));
        seen.map(|(_, fields)| fields)
    }

    /// Whoever takes a session away saw all who were met in it; who came later is asked about.
    fn check_people(&self, session: Uuid, found: &Found) {
        let mut counted = Tallies::new();
        for (told, _) in self.done().filter(|(_, heard)| heard.record == session) {
            steps_of(told).for_each(|(counter, add)| *counted.entry(counter.join(" ")).or_default() += add);
        }
        counted.retain(|_, count| *count > 0);
        let asked = found.conflicts.values().any(|conflict| {
            (conflict.session, conflict.contact, &*conflict.field, &conflict.offered)
                == (session, None, "removed", &json!(false))
        });
        if let Some(fields) = &found.sessions[&session] {
            assert_eq!(tallies(&fields["tallies"]), counted, "{session}");
            return;
        }
        if asked {
            return;
        }
        // Nothing came after the removal, so all that is there now was there then; what it was is looked at by record.
        let here: Vec<Uuid> = found.session_of.iter().filter(|(_, of)| **of == session).map(|(id, _)| *id).collect();
        let here: Vec<Uuid> = here.into_iter().filter(|contact| !self.was_removed(*contact)).collect();
        let all_seen = self.removals(session).any(|told| match &told.deed {
            Deed::RemoveSession(.., tallies) => {
                *tallies == counted && here.iter().all(|contact| self.seen_within(told, *contact).is_some())
            }
            _ => false,
        });
        let removals: Vec<&Told> = self.removals(session).collect();
        assert!(all_seen, "taken away with {here:?} and {counted:?}, unseen by who did it: {session} {removals:?}");
    }
}

impl Found {
    /// A value as it is read: a contact code by its handle.
    fn said(&self, field: &str, value: &Value) -> Value {
        if field == "code" && value.is_object() {
            self.handles[&value.to_string()].clone().into()
        } else {
            value.clone()
        }
    }
}

fn seen_by(removal: &Told) -> &Fields {
    match &removal.deed {
        Deed::RemoveSession(_, seen, ..) | Deed::RemoveContact(_, seen) => seen,
        _ => panic!("no removal"),
    }
}

fn steps_of(told: &Told) -> impl Iterator<Item = (Counter, i64)> + '_ {
    let steps = if let Deed::Count(_, steps) = &told.deed { steps.as_slice() } else { &[] };
    steps.iter().copied()
}

/// Counts as they are shown, by counter.
pub fn tallies(shown: &Value) -> Tallies {
    let counts = shown.as_array().expect("a list").iter();
    let text = |count: &Value, field: &str| count[field].as_str().expect("a text").to_owned();
    counts
        .map(|count| {
            let counter = ["sex", "age_band", "seen"].map(|field| text(count, field)).join(" ");
            (counter, count["count"].as_i64().expect("a number"))
        })
        .collect()
}

/// Whether an operation says what a conflict keeps.
fn offers(told: &Told, heard: Acknowledged, record: Uuid, conflict: &Conflict, found: &Found) -> bool {
    let removed = conflict.field == "removed";
    match &told.deed {
        // A contact was changed whose session was taken away.
        Deed::Change(Kind::Contact, ..) if removed => {
            conflict.offered == json!(false) && found.session_of.get(&heard.record) == Some(&record)
        }
        Deed::Change(_, _, changes) => changes.get(&conflict.field).is_some_and(|(from, to)| {
            let said = |value| found.said(&conflict.field, value);
            heard.record == record && said(from) == conflict.base && said(to) == conflict.offered
        }),
        Deed::RemoveSession(..) | Deed::RemoveContact(..) => {
            removed && heard.record == record && conflict.offered == json!(true)
        }
        Deed::Count(..) => removed && heard.record == record && conflict.offered == json!(false),
        Deed::MakeContact(..) => {
            removed && conflict.offered == json!(false) && found.session_of.get(&heard.record) == Some(&record)
        }
        Deed::MakeSession(_) => false,
    }
}

/// Whether these changes, in some order, lead from the first value to the last with none overwritten unseen: each was
/// made to the very value it had seen, or found there already what it says.
pub fn leads(first: &Value, last: &Value, changes: &[(Value, Value)]) -> bool {
    let mut left: Vec<&(Value, Value)> = changes.iter().collect();
    let mut stood = vec![first];
    search(last, &mut left, &mut stood)
}

fn search<'a>(last: &Value, left: &mut Vec<&'a (Value, Value)>, stood: &mut Vec<&'a Value>) -> bool {
    let stands = *stood.last().expect("the first value");
    if stands == last && left.iter().all(|(_, to)| stood.contains(&to)) {
        return true;
    }
    for place in 0..left.len() {
        if &left[place].0 != stands {
            continue;
        }
        let change = left.remove(place);
        stood.push(&change.1);
        if search(last, left, stood) {
            return true;
        }
        stood.pop();
        left.insert(place, change);
    }
    false
}

pub fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no id: {value}"))
}

#[test]
fn the_model_tells_a_chain_of_changes_from_a_silent_overwrite() {
    let kept = |last: &str, changes: &[(&str, &str)]| {
        let changes: Vec<(Value, Value)> = changes.iter().map(|(from, to)| (json!(from), json!(to))).collect();
        leads(&json!("a"), &json!(last), &changes)
    };
    assert!(kept("a", &[]));
    assert!(kept("c", &[("b", "c"), ("a", "b")]));
    assert!(kept("a", &[("a", "b"), ("b", "a")]), "there and back");
    assert!(kept("b", &[("a", "b"), ("a", "b")]), "two said the same");
    assert!(!kept("b", &[]), "from nowhere");
    assert!(!kept("c", &[("a", "b"), ("a", "c")]), "b was overwritten unseen");
    assert!(!kept("b", &[("a", "b"), ("b", "c")]), "c was lost");
    assert!(!kept("c", &[("a", "b"), ("b", "c"), ("x", "d")]), "d is nowhere");
}
