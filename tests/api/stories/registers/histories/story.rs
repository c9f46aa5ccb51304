//! What officers do to registers, one deed after another: recorded, corrected, declared void, brought in files, undone.

mod bodies;
mod reports;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use hoanhap::clock::Random;
use hoanhap::db::schema::register_entries;
use hoanhap::db::types::RegisterImportId;
use hoanhap::programmes::elements::Family;
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::registers::catalogue::Column;
use hoanhap::programmes::registers::model::RegisterEntry;
use hoanhap::programmes::sums;
use serde_json::{Value, json};
use uuid::Uuid;

use self::reports::Reports;
use crate::support::registers::csv_of;
use crate::support::{TestApp, World};

/// Units of one province of today.
const NEW: [&str; 3] = ["G34-C00004", "G34-C00008", "G34-P01"];
/// Units that went into it; the second one was split.
const OLD: [&str; 3] = ["G63-C00004", "G63-C00007", "G63-P01"];
/// The first day of the new units.
const TURN: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 1).expect("a day");

/// An entry, as far as it is known here.
#[derive(Debug, Clone)]
struct Made {
    register: Register,
    id: Uuid,
    unit: String,
    day: NaiveDate,
}

fn units_of(entries: &[Made]) -> Vec<&str> {
    entries.iter().map(|made| made.unit.as_str()).collect()
}

/// A history that is told, and what it remembers of it.
pub struct Story<'a> {
    app: &'a TestApp,
    world: &'a World,
    random: Random,
    theme: Family,
    /// Names are never the same, so that no two files are.
    number: u64,
    made: Vec<Made>,
    imports: Vec<Uuid>,
    reports: Reports,
    shares: i64,
    forgets: String,
    told: Told,
}

/// How often each deed was done, and how often it was refused.
pub type Told = BTreeMap<&'static str, (u64, u64)>;

impl<'a> Story<'a> {
    pub fn new(app: &'a TestApp, world: &'a World, seed: u64) -> Self {
        let mut story = Self {
            app,
            world,
            random: Random::seeded(seed),
            theme: Family::Communication,
            number: seed * 1_000,
            made: Vec::new(),
            imports: Vec::new(),
            reports: Reports::default(),
            shares: 0,
            forgets: std::env::var("HOANHAP_REGISTERS_WITHOUT").unwrap_or_default(),
            told: Told::new(),
        };
        story.theme = story.pick(&[Family::Communication, Family::Staff, Family::Establishments]);
        story
    }

    fn below(&self, end: usize) -> usize {
        usize::try_from(u32::from_le_bytes(self.random.bytes())).expect("a number") % end
    }

    fn days(&self, end: usize) -> chrono::TimeDelta {
        chrono::TimeDelta::days(i64::try_from(self.below(end)).expect("days"))
    }

    pub fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    pub fn length(&self) -> usize {
        16 + self.below(20)
    }

    /// Whether everything is counted before a deed, and whether readers are asked after it.
    pub fn pace(&self) -> (bool, bool) {
        let settled = self.chance(40);
        (settled, settled || self.chance(15))
    }

    /// Of which series readers are asked on the way.
    pub fn narrowed(&self) -> Option<usize> {
        Some(self.below(1_000))
    }

    /// One of the units, and a day of its time.
    fn place(&self, register: Register) -> (&'static str, NaiveDate) {
        // After what they name.
        let is_late = matches!(register, Register::StaffTrainings | Register::Inspections);
        if self.chance(if is_late { 85 } else { 45 }) {
            (self.pick(&NEW), TURN + self.days(107))
        } else {
            (self.pick(&OLD), TURN - chrono::TimeDelta::days(1) - self.days(500))
        }
    }

    fn note(&mut self, deed: &'static str, done: bool) {
        let counts = self.told.entry(deed).or_default();
        *(if done { &mut counts.0 } else { &mut counts.1 }) += 1;
    }

    /// Adds what was told here.
    pub fn add_to(&self, all: &mut Told) {
        for (deed, (done, refused)) in &self.told {
            let counts = all.entry(deed).or_default();
            *counts = (counts.0 + done, counts.1 + refused);
        }
    }

    fn of_register(&self, register: Register, until: NaiveDate) -> Vec<Made> {
        self.made.iter().filter(|made| made.register == register && made.day <= until).cloned().collect()
    }

    pub fn step(&mut self) {
        match self.below(32) {
            0..=11 => self.record(),
            12..=17 => self.change(),
            18 | 19 => self.relocate(),
            20..=22 => self.void(),
            23 | 24 => self.bring(),
            25 => self.undo(),
            26 | 27 => self.report(),
            28 => self.bring_reports(),
            29 => self.undo_reports(),
            30 => self.declare_shares(),
            _ => {
                let counter = self.app.state().counter();
                sums::settle(&self.app.state().db, &counter, self.app.clock.now()).expect("sums are counted");
            }
        }
    }

    /// A register; one history is mostly about those of one family, so that its entries move each other's numbers.
    fn register(&self) -> Register {
        let register = match (self.theme, self.below(10)) {
            (Family::Communication, 0..=6) => Register::CommunicationActivities,
            (Family::Staff, 0..=2) => Register::Staff,
            (Family::Staff, 3..=6) => Register::StaffTrainings,
            (Family::Establishments, 0..=2) => Register::Establishments,
            (Family::Establishments, 3..=6) => Register::Inspections,
            _ => self.pick(Register::ALL),
        };
        let is_known = self.made.iter().any(|made| made.register == Register::Establishments);
        if register == Register::Inspections && !is_known { Register::Establishments } else { register }
    }

    /// The number of the last mark.
    fn marked(&self) -> i64 {
        self.app.number("select coalesce(max(id), 0) as n from sums_due")
    }

    /// Forgets what a deed marked, if the test was asked to: a rule that did not say so must be noticed.
    fn forget(&self, deed: &str, marked: i64, named: &[&str]) {
        let marks = format!("delete from sums_due where id > {marked}");
        let units = named.iter().map(|unit| format!("'{unit}'")).collect::<Vec<_>>().join(", ");
        match (self.forgets.strip_prefix(deed), named) {
            (Some(""), _) => self.app.sql(&marks),
            (Some("-elsewhere"), _) => self.app.sql(&format!("{marks} and unit_code not in ({units})")),
            (Some("-before"), [before, after]) if before != after => {
                self.app.sql(&format!("{marks} and unit_code = '{before}'"));
            }
            _ => {}
        }
    }

    /// Records an entry; what a rule refuses leaves nothing.
    fn record(&mut self) {
        let (register, marked) = (self.register(), self.marked());
        let (unit, day) = self.place(register);
        let body = self.body(register, unit, day, false);
        let reply = self.app.recording(&self.world.programme_officer, register, &body).send();
        self.note("record", reply.status == 201);
        match reply.status {
            201 => {
                let unit = reply.json()["unit_code"].as_str().expect("a unit").to_owned();
                self.forget("record", marked, &[&unit]);
                self.made.push(Made { register, id: reply.id(), unit, day });
            }
            status => assert!([400, 422].contains(&status), "{body}: {}", reply.text()),
        }
    }

    /// Says one thing of an entry otherwise.
    fn change(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let place = self.below(self.made.len());
        let made = self.made[place].clone();
        let mut fields = self.app.state().registers.of(made.register).to_vec();
        if self.chance(50) {
            // What moves the numbers of others.
            fields.retain(|field| matches!(field.column, Column::Day | Column::Participants | Column::About));
        }
        let field = self.pick(&fields);
        let day = if made.day < TURN { made.day - self.days(200) } else { TURN + self.days(107) };
        let value = match field.column {
            _ if !field.required && self.chance(25) => Value::Null,
            Column::Day => json!(day),
            _ => self.value(made.register, &field, made.day),
        };
        self.correct(place, &json!({&field.name: value}), "change");
    }

    /// Moves an entry into another unit, of the same time or of another.
    fn relocate(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let place = self.below(self.made.len());
        let made = self.made[place].clone();
        let units = if made.day < TURN { OLD } else { NEW };
        let change = if self.chance(70) {
            json!({"unit_code": self.pick(&units)})
        } else {
            let (unit, day) = self.place(made.register);
            let field = self.app.state().registers.field(made.register, Column::Day).expect("every register has a day");
            json!({"unit_code": unit, &field.name: day})
        };
        self.correct(place, &change, "move");
    }

    fn correct(&mut self, place: usize, change: &Value, deed: &'static str) {
        let (made, marked) = (self.made[place].clone(), self.marked());
        let reply = self.app.change_entry(&self.world.programme_officer, made.register, made.id, change);
        self.note(deed, reply.status == 200);
        if reply.status != 200 {
            assert!([400, 409, 422].contains(&reply.status), "{change}: {}", reply.text());
            return;
        }
        let entry = reply.json();
        let day = self.app.state().registers.field(made.register, Column::Day).expect("every register has a day");
        let now = &mut self.made[place];
        now.unit = entry["unit_code"].as_str().expect("a unit").to_owned();
        now.day = entry[&day.name].as_str().expect("a day").parse().expect("a day");
        let after = now.unit.clone();
        self.forget(deed, marked, &[&made.unit, &after]);
    }

    fn void(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let (made, marked) = (self.pick(&self.made), self.marked());
        let reply = self.app.void_entry(&self.world.programme_officer, made.register, made.id);
        assert!([200, 409].contains(&reply.status), "{}", reply.text());
        self.note("void", reply.status == 200);
        self.forget("void", marked, &[&made.unit]);
    }

    /// Brings a file of a few entries; it is stored whole or not at all.
    fn bring(&mut self) {
        let (register, many, marked) = (self.register(), 1 + self.below(3), self.marked());
        let bodies: Vec<Value> = (0..many)
            .map(|_| {
                let (unit, day) = self.place(register);
                self.body(register, unit, day, true)
            })
            .collect();
        let (id, ended) = self.brought(&format!("registers/{register}"), &bodies);
        self.note("bring", ended["state"] == "done");
        if ended["state"] == "done" {
            self.imports.push(id);
            let entries = self.entries_of(id);
            self.forget("bring", marked, &units_of(&entries));
            self.made.extend(entries);
        }
    }

    fn brought(&self, place: &str, bodies: &[Value]) -> (Uuid, Value) {
        let (id, ended) = self.app.bring(&self.world.programme_officer, place, &csv_of(bodies), true);
        assert!(ended["state"] == "done" || ended["state"] == "refused", "{ended}");
        (id, ended)
    }

    fn entries_of(&self, import: Uuid) -> Vec<Made> {
        let read = self.app.state().db.read_now(|conn| {
            let own = register_entries::table.filter(register_entries::import_id.eq(RegisterImportId(import)));
            Ok(own.select(RegisterEntry::as_select()).load::<RegisterEntry>(conn)?)
        });
        let mut rows = read.expect("entries are read");
        rows.sort_by_key(|row| (row.day, row.unit_code.clone(), row.name.clone(), row.kind.clone(), row.number));
        rows.into_iter()
            .map(|row| Made { register: row.register, id: row.id.0, unit: row.unit_code, day: row.day })
            .collect()
    }

    fn undo(&mut self) {
        if self.imports.is_empty() {
            return;
        }
        let (import, marked) = (self.pick(&self.imports), self.marked());
        let reply = self.app.undo_register_import(&self.world.programme_officer, import);
        assert!([200, 409].contains(&reply.status), "{}", reply.text());
        self.note("undo", reply.status == 200);
        self.forget("undo", marked, &units_of(&self.entries_of(import)));
    }

    /// Says how a split commune is divided, says it otherwise, or takes it back.
    fn declare_shares(&mut self) {
        let path = format!("/admin-units/{}/shares", OLD[1]);
        let administrator = &self.world.administrator;
        let one = self.below(1_001);
        let reply = if self.chance(75) {
            let shares = json!([
                {"successor_code": "G34-C00008", "thousandths": one},
                {"successor_code": "G34-C00025", "thousandths": 1_000 - one},
            ]);
            let body = json!({"basis": "population", "shares": shares});
            self.app.put(&path, &body).by(administrator).version(self.shares).send()
        } else {
            self.app.call("DELETE", &path).by(administrator).version(self.shares).send()
        };
        assert!([200, 204, 404].contains(&reply.status), "{}", reply.text());
        self.note("shares", reply.status != 404);
        self.shares += i64::from(reply.status != 404);
    }

    /// The figures of every indicator of a plan, as a reader sees them on the map of today, commune by commune.
    pub fn figures(&self) -> Vec<Value> {
        ["2025", "2024"].map(|period| self.figures_of(&format!("period={period}&breakdown=commune"))).to_vec()
    }

    fn figures_of(&self, question: &str) -> Value {
        let path = format!("/programmes/vn-808-2021-2025/indicators?unit=G34-P01&map=today&{question}");
        self.app.get(&path).by(&self.world.programme_officer).send().expect(200).json()
    }

    /// Asserts that declared shares divide what was counted: nothing is added to it, and nothing is lost.
    #[track_caller]
    pub fn assert_shares_divide(&self, told: &str) {
        let reached = || {
            let all = self.figures_of("period=2024&indicator=808-03c");
            all["indicators"][0]["figures"][0]["numerator"].clone()
        };
        let path = format!("/admin-units/{}/shares", OLD[1]);
        let shared = reached();
        self.app.call("DELETE", &path).by(&self.world.administrator).version(self.shares).send();
        assert_eq!(shared, reached(), "{told}, shares taken back");
    }
}
