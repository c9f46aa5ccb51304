//! Phones that work without a signal and send what they can when they can.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;
use super::model::{Counter, Deed, Fields, Key, Kind, Name, Story, Tallies, Told, id, tallies};
use super::nodes::UNIT;
use super::wire::Line;

const SESSION: [&str; 7] = ["held_on", "unit_code", "venue", "workers", "topics", "supplies", "note"];
const CONTACT: [&str; 14] = [
    "worker",
    "code",
    "category",
    "sex",
    "age_band",
    "seen",
    "topics",
    "needs",
    "violence",
    "trafficking",
    "child",
    "referral",
    "follow_up_agreed",
    "note",
];
const TOPICS: [&str; 13] = [
    "drug_use",
    "gender_violence",
    "harm_reduction",
    "health_insurance",
    "hiv",
    "labour_rights",
    "legal_aid",
    "loans",
    "mental_health",
    "services_nearby",
    "sexual_health",
    "trafficking",
    "vocational_training",
];
const COUNTERS: [Counter; 3] =
    [["female", "18_24", "new"], ["female", "25_34", "repeat"], ["other", "unknown", "unknown"]];

/// What a phone knows of the group.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Copy {
    pub sessions: BTreeMap<Uuid, Value>,
    pub contacts: BTreeMap<Uuid, Value>,
}

impl Copy {
    /// Takes in what a reply tells.
    pub fn take_in(&mut self, reply: &Value) {
        assert_eq!(reply["anew"], false, "nothing was restored from a backup");
        for change in reply["sessions"].as_array().expect("a list") {
            let session = id(&change["id"]);
            if change["removed"] == true {
                self.sessions.remove(&session);
                // A session goes with those met in it.
                self.contacts.retain(|_, contact| id(&contact["session_id"]) != session);
            } else {
                self.sessions.insert(session, change["session"].clone());
            }
        }
        for change in reply["contacts"].as_array().expect("a list") {
            let contact = id(&change["id"]);
            if change["removed"] == true {
                self.contacts.remove(&contact);
            } else {
                self.contacts.insert(contact, change["contact"].clone());
            }
        }
    }

    /// Without contacts whose session was taken away.
    pub fn visible(&self) -> Self {
        let mut visible = self.clone();
        visible.contacts.retain(|_, contact| self.sessions.contains_key(&id(&contact["session_id"])));
        visible
    }
}

/// Fields of a record as it is read, under the names under which they are told.
pub fn fields_of(kind: Kind, view: &Value) -> Fields {
    let names: &[&str] = if kind == Kind::Session { &SESSION } else { &CONTACT };
    names.iter().map(|name| (name.to_string(), view[if *name == "code" { "client" } else { name }].clone())).collect()
}

/// A record as a phone shows it: what it knows, with its own work that was not acknowledged yet.
#[derive(Debug, Clone)]
struct Shown {
    kind: Kind,
    session: Name,
    fields: Fields,
    tallies: Tallies,
}

/// One request.
#[derive(Debug)]
pub struct Sending {
    pub phone: usize,
    pub node: usize,
    pub line: Line,
    pub body: Value,
    told: Vec<Told>,
    /// Of each, whether what it is about is there when it is applied.
    known: Vec<bool>,
}

/// A phone.
#[derive(Debug)]
pub struct Phone {
    pub number: usize,
    pub token: String,
    group: Uuid,
    device: Uuid,
    dice: Dice,
    cursor: Option<String>,
    pub copy: Copy,
    pub outbox: Vec<Told>,
    sent: BTreeMap<Uuid, usize>,
    /// The operation of this phone that made a record.
    made_by: BTreeMap<Uuid, Uuid>,
}

impl Phone {
    pub fn new(number: usize, group: Uuid, token: &str, mut dice: Dice) -> Self {
        let (copy, outbox) = (Copy::default(), Vec::new());
        let device = dice.uuid();
        let (sent, made_by) = (BTreeMap::new(), BTreeMap::new());
        Self { number, token: token.to_owned(), group, device, dice, cursor: None, copy, outbox, sent, made_by }
    }

    /// Does something. `next` gives numbers that are used once in a story, so that a value tells who said it.
    pub fn act(&mut self, story: &mut Story, next: &mut usize) {
        *next += 1;
        let (deed, is_bad) = self.deed(story, *next);
        // On another phone the same number is another operation.
        let others: Vec<Uuid> = story.told.keys().filter(|key| key.0 != self.number).map(|key| key.1).collect();
        let borrowed = if !others.is_empty() && self.dice.chance(5) { Some(*self.dice.pick(&others)) } else { None };
        let free = borrowed.filter(|id| !story.told.contains_key(&(self.number, *id)));
        let id = free.unwrap_or_else(|| self.dice.uuid());
        let told = Told { phone: self.number, id, deed, is_bad };
        story.told.insert(told.key(), told.clone());
        self.outbox.push(told);
    }

    fn deed(&mut self, story: &Story, number: usize) -> (Deed, bool) {
        let shown = self.shown(story);
        let of = |kind| -> Vec<Name> {
            shown.iter().filter(|(_, record)| record.kind == kind).map(|(name, _)| *name).collect()
        };
        let (sessions, contacts) = (of(Kind::Session), of(Kind::Contact));
        if sessions.is_empty() || (sessions.len() < 4 && self.dice.chance(20)) {
            let mut fields = self.session(number);
            let is_bad = self.dice.chance(5);
            if is_bad {
                fields.insert("venue".into(), json!("nowhere"));
            }
            return (Deed::MakeSession(fields), is_bad);
        }
        let session = *self.dice.pick(&sessions);
        let chosen = self.dice.below(100);
        if chosen < 30 || (chosen < 66 && contacts.is_empty()) {
            let mut fields = self.contact(number);
            let is_bad = self.dice.chance(3);
            if is_bad {
                fields.insert("worker".into(), json!(0));
            }
            return (Deed::MakeContact(self.name(session), fields), is_bad);
        }
        let deed = match chosen {
            30..46 => self.change(session, &shown[&session], number),
            46..66 => {
                let contact = *self.dice.pick(&contacts);
                self.change(contact, &shown[&contact], number)
            }
            66..82 => {
                let is_bad = self.dice.chance(5);
                let deed = Deed::Count(self.name(session), self.steps(is_bad));
                return (deed, is_bad);
            }
            82..89 if !contacts.is_empty() => {
                let contact = *self.dice.pick(&contacts);
                let fields = shown[&contact].fields.clone();
                let is_bad = fields["worker"] == json!(0);
                return (Deed::RemoveContact(self.name(contact), fields), is_bad);
            }
            _ => {
                let met = shown.iter().filter(|(_, record)| record.kind == Kind::Contact && record.session == session);
                let met: BTreeMap<Name, Fields> = met.map(|(name, met)| (*name, met.fields.clone())).collect();
                let is_bad = met.values().any(|fields| fields["worker"] == json!(0));
                let Shown { fields, mut tallies, .. } = shown[&session].clone();
                tallies.retain(|_, count| *count > 0);
                return (Deed::RemoveSession(self.name(session), fields, met, tallies), is_bad);
            }
        };
        (deed, false)
    }

    /// A record that this phone made may be named by its operation as well.
    fn name(&mut self, name: Name) -> Name {
        match name {
            Name::Id(record) if self.dice.chance(50) => {
                self.made_by.get(&record).map_or(name, |made| Name::Made(*made))
            }
            _ => name,
        }
    }

    /// All records the phone shows.
    fn shown(&self, story: &Story) -> BTreeMap<Name, Shown> {
        let copy = self.copy.visible();
        let mut shown = BTreeMap::new();
        for (session, view) in &copy.sessions {
            let (name, tallies) = (Name::Id(*session), tallies(&view["tallies"]));
            let fields = fields_of(Kind::Session, view);
            shown.insert(name, Shown { kind: Kind::Session, session: name, fields, tallies });
        }
        for (contact, view) in &copy.contacts {
            let (session, fields) = (Name::Id(id(&view["session_id"])), fields_of(Kind::Contact, view));
            shown.insert(Name::Id(*contact), Shown { kind: Kind::Contact, session, fields, tallies: Tallies::new() });
        }
        let same = |name: &Name| story.record(self.number, *name).map_or(*name, Name::Id);
        for told in &self.outbox {
            let own = Name::Made(told.id);
            match &told.deed {
                Deed::MakeSession(fields) => {
                    let (fields, tallies) = (fields.clone(), Tallies::new());
                    shown.insert(own, Shown { kind: Kind::Session, session: own, fields, tallies });
                }
                Deed::MakeContact(session, fields) => {
                    let session = same(session);
                    if shown.contains_key(&session) {
                        let (fields, tallies) = (fields.clone(), Tallies::new());
                        shown.insert(own, Shown { kind: Kind::Contact, session, fields, tallies });
                    }
                }
                Deed::Change(_, name, changes) => {
                    if let Some(record) = shown.get_mut(&same(name)) {
                        record.fields.extend(changes.iter().map(|(field, (_, to))| (field.clone(), to.clone())));
                    }
                }
                Deed::Count(name, steps) => {
                    if let Some(record) = shown.get_mut(&same(name)) {
                        for (counter, add) in steps {
                            *record.tallies.entry(counter.join(" ")).or_default() += add;
                        }
                    }
                }
                Deed::RemoveSession(name, ..) | Deed::RemoveContact(name, _) => {
                    let gone = same(name);
                    shown.retain(|name, record| *name != gone && record.session != gone);
                }
            }
        }
        shown
    }

    fn session(&mut self, number: usize) -> Fields {
        SESSION.iter().map(|field| (field.to_string(), self.value(Kind::Session, field, number))).collect()
    }

    fn contact(&mut self, number: usize) -> Fields {
        CONTACT.iter().map(|field| (field.to_string(), self.value(Kind::Contact, field, number))).collect()
    }

    /// A value of a field. Of most no other operation of the story says the same.
    fn value(&mut self, kind: Kind, field: &str, number: usize) -> Value {
        match field {
            // Long ago: such a day is kept as told, and doubted.
            "held_on" => {
                json!(format!("19{:02}-{:02}-{:02}", 50 + number / 336, 1 + number / 28 % 12, 1 + number % 28))
            }
            "unit_code" => json!(UNIT),
            "venue" => json!(self.dice.pick(&["street", "home", "online"])),
            "workers" => json!([1 + number % 100, 101 + number / 100 % 100]),
            "topics" => {
                let chosen = TOPICS.iter().enumerate().filter(|(place, _)| number >> place & 1 == 1);
                json!(chosen.map(|(_, topic)| topic).collect::<Vec<_>>())
            }
            "supplies" => json!({"condom": number, "leaflet": 1}),
            "note" => json!(format!("ghi chú {kind:?} {number}")),
            "worker" => json!(1 + self.dice.below(4)),
            "code" if self.dice.chance(50) => Value::Null,
            "code" => json!({"said": {"own_letters": "Hoa", "mother_letters": "Lan", "day": 1 + number % 28,
                "month": 1 + number / 28 % 12, "year": 1960 + number / 336, "place": 2}}),
            "category" => Value::Null,
            "sex" => json!(self.dice.pick(&["female", "male"])),
            "age_band" => json!(self.dice.pick(&["18_24", "25_34"])),
            "seen" => json!(self.dice.pick(&["new", "repeat"])),
            "needs" => json!([]),
            "violence" | "trafficking" | "child" => json!(self.dice.pick(&["not_asked", "yes", "no"])),
            "referral" => json!(self.dice.pick(&["not_offered", "offered", "accepted"])),
            "follow_up_agreed" => json!(self.dice.chance(50)),
            other => panic!("{other}"),
        }
    }

    fn change(&mut self, name: Name, record: &Shown, number: usize) -> Deed {
        let fields: &[&str] = match record.kind {
            Kind::Session => &["held_on", "venue", "workers", "topics", "supplies", "note", "venue"],
            Kind::Contact => &["worker", "code", "child", "topics", "note", "code"],
        };
        let mut changes = BTreeMap::new();
        for _ in 0..=self.dice.below(3) {
            let field = *self.dice.pick(fields);
            let (from, to) = (record.fields[field].clone(), self.value(record.kind, field, number));
            if from != to {
                changes.insert(field.to_owned(), (from, to));
            }
        }
        if changes.is_empty() {
            let to = self.value(record.kind, "note", number);
            changes.insert("note".to_owned(), (record.fields["note"].clone(), to));
        }
        Deed::Change(record.kind, self.name(name), changes)
    }

    fn steps(&mut self, is_bad: bool) -> Vec<(Counter, i64)> {
        let mut steps = Vec::new();
        for _ in 0..=self.dice.below(2) {
            let add = [-2, -1, 1, 2, 5, 19][self.dice.below(6)];
            steps.push((*self.dice.pick(&COUNTERS), if is_bad { 1001 } else { add }));
        }
        steps
    }

    /// What it sends now; some of the outbox, in any order.
    pub fn sendings(&mut self, story: &Story, nodes: usize) -> Vec<Sending> {
        if self.dice.chance(25) {
            return Vec::new();
        }
        let mut told = self.outbox.clone();
        self.dice.shuffle(&mut told);
        told.truncate(if self.dice.chance(40) { told.len() } else { self.dice.below(told.len() + 1) });
        if !told.is_empty() && self.dice.chance(10) {
            let again = self.dice.pick(&told).clone();
            told.push(again);
        }
        let node = self.dice.below(nodes);
        let (line, twin) = (self.line(), self.line());
        if self.dice.chance(8) {
            self.add_reused(story, &mut told);
        }
        let mut sendings = vec![self.sending(story, told.clone(), node, line)];
        // The same again, to another server where there is one, at the same time.
        if self.dice.chance(25) {
            self.dice.shuffle(&mut told);
            sendings.push(self.sending(story, told, (node + 1) % nodes, twin));
        }
        sendings
    }

    /// Something else under a number that is taken.
    fn add_reused(&mut self, story: &Story, told: &mut Vec<Told>) {
        let taken: Vec<Key> = story.told.keys().filter(|key| key.0 == self.number).copied().collect();
        let taken: Vec<Key> = taken.into_iter().filter(|key| story.is_acknowledged(*key)).collect();
        if !taken.is_empty() {
            let (phone, id) = *self.dice.pick(&taken);
            told.push(Told { phone, id, deed: Deed::MakeSession(self.session(9_999)), is_bad: true });
        }
    }

    fn line(&mut self) -> Line {
        match self.dice.below(20) {
            0..=3 => Line::ReplyLost,
            4 => Line::HungUp,
            5 | 6 => Line::Cut(self.dice.below(100)),
            _ => Line::Good,
        }
    }

    /// All of the outbox, over a good line.
    pub fn rest(&mut self, story: &Story, nodes: usize) -> Sending {
        let mut told = self.outbox.clone();
        self.dice.shuffle(&mut told);
        let node = self.dice.below(nodes);
        self.sending(story, told, node, Line::Good)
    }

    fn sending(&mut self, story: &Story, told: Vec<Told>, node: usize, line: Line) -> Sending {
        told.iter().for_each(|told| *self.sent.entry(told.id).or_default() += 1);
        let known = told.iter().map(|one| is_known(one, &told, story)).collect();
        let operations: Vec<Value> = told.iter().map(Told::json).collect();
        let mut body = json!({"group_id": self.group, "device_id": self.device, "device_time": "2026-01-05T03:00:00Z",
            "cursor": self.cursor, "operations": operations});
        if self.dice.chance(30) {
            body["limit"] = json!(1 + self.dice.below(6));
        }
        Sending { phone: self.number, node, line, body, told, known }
    }

    /// Hears what became of a request. Whether an answer came that counts.
    pub fn hear(&mut self, story: &mut Story, sending: &Sending, answer: Option<(u16, Value)>) -> bool {
        let Some((status, reply)) = answer.filter(|(status, _)| *status != 503) else { return false };
        assert_eq!(status, 200, "{reply}");
        let results = reply["results"].as_array().expect("a list");
        assert_eq!(results.len(), sending.told.len());
        for ((told, known), result) in sending.told.iter().zip(&sending.known).zip(results) {
            let sent = self.sent[&told.id];
            if !story.hear(told, result, sent, *known) {
                continue;
            }
            self.outbox.retain(|other| other.id != told.id);
            if result["status"] != "refused" && matches!(told.deed, Deed::MakeSession(_) | Deed::MakeContact(..)) {
                self.made_by.insert(id(&result["record"]), told.id);
            }
        }
        self.copy.take_in(&reply);
        self.cursor = reply["cursor"].as_str().map(str::to_owned);
        true
    }
}

/// Whether what an operation is about is there once the batch is sorted: it was acknowledged, or comes along.
fn is_known(told: &Told, batch: &[Told], story: &Story) -> bool {
    let Some(Name::Made(operation)) = told.about() else { return true };
    story.is_acknowledged((told.phone, operation))
        || batch.iter().any(|other| other.id == operation && !other.is_bad && is_known(other, batch, story))
}

/// Whether an operation is about something that was refused, so that it waits for ever.
pub fn is_hopeless(told: &Told, story: &Story) -> bool {
    let Some(Name::Made(operation)) = told.about() else { return false };
    let made = &story.told[&(told.phone, operation)];
    made.is_bad || is_hopeless(made, story)
}
