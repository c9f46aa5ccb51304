//! What the officers of one province kept of the programme over two years: registers, reported values, reports of
//! periods and official returns. All of it is made up, from dice of its own.

mod activities;
mod establishments;
mod reported;
mod reports;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use super::cast::Centre;
use super::load::at;
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, TrailKey};
use crate::clock::Random;
use crate::db::bulk::BulkRow as _;
use crate::db::types::{AccountId, Instant, ParticipantId, RegisterEntryId};
use crate::db::{DbConnection, Size};
use crate::error::AppError;
use crate::programmes::closing::duties::areas_on;
use crate::programmes::closing::model::{ReportingPeriod, ReportingStep};
use crate::programmes::elements::Family;
use crate::programmes::registers::Register;
use crate::programmes::registers::model::{Participant, RegisterEntry};
use crate::programmes::reported::model::ReportedValue;
use crate::programmes::sums::{self, province_of};

/// The last year that a plan of the registers is about.
const LAST_YEAR: i32 = 2025;

/// Who keeps the programme of a province.
#[derive(Debug, Clone)]
pub(super) struct Officers {
    /// The province of today.
    pub(super) province: String,
    /// Its programme officer.
    pub(super) officer: AccountId,
    /// Its return officers.
    pub(super) signers: [AccountId; 2],
}

/// Rows of the programme, a list a table.
struct Kept {
    entries: Vec<RegisterEntry>,
    participants: Vec<Participant>,
    values: Vec<ReportedValue>,
    periods: Vec<ReportingPeriod>,
    steps: Vec<ReportingStep>,
    due: BTreeMap<Family, BTreeSet<String>>,
    trail: NewChains,
}

impl Kept {
    fn new(key: TrailKey) -> Self {
        Self {
            entries: Vec::new(),
            participants: Vec::new(),
            values: Vec::new(),
            periods: Vec::new(),
            steps: Vec::new(),
            due: BTreeMap::new(),
            trail: NewChains::new(key),
        }
    }

    fn store(&self, conn: &mut DbConnection) -> Result<(), AppError> {
        RegisterEntry::insert_all(conn, &self.entries)?;
        Participant::insert_all(conn, &self.participants)?;
        ReportedValue::insert_all(conn, &self.values)?;
        ReportingPeriod::insert_all(conn, &self.periods)?;
        ReportingStep::insert_all(conn, &self.steps)?;
        self.trail.store(conn)?;
        for (family, units) in &self.due {
            sums::mark(conn, *family, units.iter().cloned())?;
        }
        Ok(())
    }
}

/// Who writes it down.
struct Scribe<'a> {
    app: &'a App,
    ids: &'a Random,
    officers: &'a Officers,
    centre: &'a Centre,
    /// Two years, both over.
    years: [i32; 2],
}

/// Makes two years of the programme of a province, and stores them.
pub(super) fn make(app: &App, ids: &Random, seed: u64, officers: &Officers, centre: &Centre) -> Result<(), AppError> {
    let last = LAST_YEAR.min(app.clock.today().year() - 1);
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(808));
    let scribe = Scribe { app, ids, officers, centre, years: [last - 1, last] };
    let mut kept = Kept::new(app.trail.clone());
    let quiet = scribe.activities(&mut rng, &mut kept);
    scribe.establishments(&mut rng, &mut kept);
    scribe.standing(&mut rng, &mut kept);
    scribe.reported(&mut kept);
    scribe.communes_report(&mut rng, &mut kept, &quiet);
    store(app, kept)?;
    scribe.publish(&mut rng)?;
    scribe.file()
}

fn store(app: &App, kept: Kept) -> Result<(), AppError> {
    app.db.write_sized_now(Size::Large, move |conn| kept.store(conn))?;
    sums::settle(&app.db, &app.counter(), app.clock.now())
}

impl Scribe<'_> {
    /// The province on the map of a day, by the code it had.
    fn province_on(&self, day: NaiveDate) -> String {
        let own = &self.officers.province;
        let areas = areas_on(&self.app.units, own, day, self.app.clock.today());
        areas.first().map_or_else(|| own.clone(), |unit| unit.code.clone())
    }

    /// The province on the map of today, that of a row.
    fn province_of(&self, unit: &str) -> String {
        province_of(&self.app.units, unit, self.app.clock.today())
    }

    /// An entry of the day it is about, recorded on that evening.
    fn entry(&self, register: Register, unit: &str, day: NaiveDate) -> RegisterEntry {
        let recorded = at(day, 480);
        RegisterEntry {
            id: RegisterEntryId(self.ids.uuid()),
            register,
            unit_code: unit.to_owned(),
            province_code: self.province_of(unit),
            day,
            last_day: None,
            kind: String::new(),
            facet: String::new(),
            number: None,
            second_number: None,
            about_id: None,
            name: String::new(),
            step_one_on: None,
            step_two_on: None,
            step_three_on: None,
            import_id: None,
            recorded_by: self.officers.officer,
            created_at: recorded,
            updated_at: recorded,
            voided_at: None,
            version: 1,
        }
    }

    /// Keeps an entry with those who took part, as the rule that records one does.
    fn keep(&self, kept: &mut Kept, entry: RegisterEntry, who: impl IntoIterator<Item = Uuid>) {
        let participants = who.into_iter().map(|who| Participant { entry_id: entry.id, who: ParticipantId(who) });
        kept.participants.extend(participants);
        let fields = self.app.registers.of(entry.register).iter();
        let given = fields.filter(|field| !entry.value(field).is_null()).map(|field| field.name.as_str());
        let names: Vec<&str> = ["unit_code"].into_iter().chain(given).collect();
        let subject = Subject::new(SubjectKind::RegisterEntry, entry.id.0);
        kept.trail.record(subject, Some(entry.recorded_by), TrailAction::Create, &names, entry.created_at);
        kept.due.entry(entry.register.family()).or_default().insert(entry.unit_code.clone());
        kept.entries.push(entry);
    }
}

/// The day of a month and year.
fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// A day so many days after another at the most.
fn within(rng: &mut StdRng, from: NaiveDate, days: i64) -> NaiveDate {
    from + TimeDelta::days(rng.random_range(0..days.max(1)))
}

impl Scribe<'_> {
    /// The day, or yesterday where it has not come yet.
    fn past(&self, day: NaiveDate) -> NaiveDate {
        day.min(self.app.clock.today() - TimeDelta::days(1))
    }
}

/// Late in the day on which something was decided.
fn decided(day: NaiveDate) -> Instant {
    at(day, 420)
}
