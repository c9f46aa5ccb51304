//! Holding rows of a file against the records, and storing them: all in one transaction, or none.

mod values;

use std::collections::{BTreeSet, HashMap};

use super::jobs::Progress;
use super::rows::{Faults, Rows};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction};
use crate::db::DbConnection;
use crate::db::bulk::{BulkRow as _, ROWS_A_STATEMENT};
use crate::db::types::{ParticipantId, RegisterEntryId, RegisterImportId};
use crate::error::{AppError, FieldError, FitsWith, Rule};
use crate::grants::{Action, province_of};
use crate::programmes::closing::locks::Closed;
use crate::programmes::registers::Register;
use crate::programmes::registers::draft::Draft;
use crate::programmes::registers::form::UNIT_CODE;
use crate::programmes::registers::model::{Participant, RegisterEntry};
use crate::programmes::registers::once::said_twice;
use crate::programmes::registers::references::References;
use crate::programmes::registers::rules::{self as registers, Books, Others, any_closed};

/// What is to be stored.
pub(super) struct Order {
    /// The import.
    pub id: RegisterImportId,
    /// Rows of the file.
    pub rows: Rows,
    /// Ids for them.
    pub ids: Vec<uuid::Uuid>,
    /// Columns that the file has, which the trail names.
    pub columns: Vec<String>,
    /// What each row is called where a file has no lines; empty where it has.
    pub labels: Vec<String>,
}

/// Whether everything could be stored now.
///
/// # Errors
/// The engine's own; [`AppError::Forbidden`] without the right.
pub(super) fn check(conn: &mut DbConnection, actor: &Actor, app: &App, order: &Order) -> Result<Faults, AppError> {
    match &order.rows {
        Rows::Entries(register, rows) => {
            let settled = settle(conn, actor, app, order, (*register, rows))?;
            Ok(settled.err().unwrap_or_default())
        }
        Rows::Values(rows) => {
            let plans = app.plans.now();
            Ok(values::settle(conn, actor, (app, &plans), order, rows)?.err().unwrap_or_default())
        }
    }
}

/// Stores everything and says how many rows that are. What changed since it was checked is found again.
///
/// # Errors
/// As [`check`].
pub(super) fn store(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    order: &Order,
    progress: &Progress,
) -> Result<Result<usize, Faults>, AppError> {
    progress.set(order.id, 0);
    match &order.rows {
        Rows::Entries(register, rows) => match settle(conn, actor, app, order, (*register, rows))? {
            Err(faults) => Ok(Err(faults)),
            Ok(settled) => {
                store_entries(conn, actor, app, order, *register, &settled, progress)?;
                Ok(Ok(settled.entries.len()))
            }
        },
        Rows::Values(rows) => {
            let plans = app.plans.now();
            match values::settle(conn, actor, (app, &plans), order, rows)? {
                Err(faults) => Ok(Err(faults)),
                Ok(settled) => {
                    values::store(conn, actor, app, order, &settled, progress)?;
                    Ok(Ok(settled.len()))
                }
            }
        }
    }
}

/// Rows of entries.
#[derive(Default)]
struct Settled {
    /// Line of each.
    lines: Vec<u32>,
    entries: Vec<RegisterEntry>,
    /// Those each lists.
    listed: Vec<BTreeSet<ParticipantId>>,
    units: BTreeSet<String>,
}

fn settle(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    order: &Order,
    (register, rows): (Register, &[(u32, Draft)]),
) -> Result<Result<Settled, Faults>, AppError> {
    let books = Books::of(app);
    let places = books.places(actor, Action::RegisterWrite)?;
    let form = books.form(register, actor);
    let references = References::read(conn, &places, register, rows.iter().map(|(_, draft)| draft))?;
    let (mut settled, mut found) = (Settled::default(), Vec::new());
    settled.entries.reserve(rows.len());
    for ((line, draft), id) in rows.iter().zip(&order.ids) {
        let (mut draft, id) = (draft.clone(), RegisterEntryId(*id));
        let participants = match references.settle(&form, books.key, &mut draft) {
            Ok(participants) => participants.unwrap_or_default(),
            Err(errors) => {
                found.extend(errors.into_iter().map(|error| (*line, error)));
                continue;
            }
        };
        let mut entry = registers::new_entry((id, register), draft, books, actor);
        entry.import_id = Some(order.id);
        if places.holds(&entry.unit_code, &entry.province_code) {
            settled.take(*line, entry, participants.into_iter().collect());
        } else {
            found.push((*line, FieldError::new(UNIT_CODE, Rule::MustFit(FitsWith::PlacesOfOfficer))));
        }
    }
    for (place, fault) in said_twice(conn, (books.catalogue, books.units, &places), register, &settled.entries)? {
        found.push((settled.lines.get(place).copied().unwrap_or_default(), fault));
    }
    let closed = settled.closed(conn, app, (register, actor))?;
    let mut faults = Faults::default();
    for (line, column, rule) in in_order(found, closed) {
        faults.add(Some(line), column.as_deref(), &rule);
    }
    Ok(if faults.is_empty() { Ok(settled) } else { Err(faults) })
}

/// Faults of lines in the order of these, so that the first are kept.
fn in_order(found: Vec<(u32, FieldError)>, closed: Vec<u32>) -> Vec<(u32, Option<String>, Rule)> {
    let named = found.into_iter().map(|(line, fault)| {
        let column = fault.field.split('[').next().map(str::to_owned);
        (line, column, fault.rule)
    });
    let closed = closed.into_iter().map(|line| (line, None, Rule::MustFit(FitsWith::OpenPeriod)));
    let mut all: Vec<_> = named.chain(closed).collect();
    all.sort_by_key(|(line, ..)| *line);
    all
}

impl Settled {
    fn take(&mut self, line: u32, entry: RegisterEntry, listed: BTreeSet<ParticipantId>) {
        if !self.units.contains(&entry.unit_code) {
            self.units.insert(entry.unit_code.clone());
        }
        self.lines.push(line);
        self.entries.push(entry);
        self.listed.push(listed);
    }

    fn who(&self) -> BTreeSet<ParticipantId> {
        self.listed.iter().flatten().copied().collect()
    }

    /// The lines that would move numbers of a closed period.
    fn closed(
        &self,
        conn: &mut DbConnection,
        app: &App,
        (register, actor): (Register, &Actor),
    ) -> Result<Vec<u32>, AppError> {
        let mut closed = Closed::read(conn, &app.units, actor.now.civil_date())?;
        if closed.is_empty() {
            return Ok(Vec::new());
        }
        let others = Others::read(conn, &app.plans.now(), register, &self.who(), self.units.iter().cloned())?;
        let rows = self.lines.iter().zip(&self.entries).zip(&self.listed);
        let moves =
            rows.filter(|((_, entry), listed)| any_closed(&mut closed, &others.moved_by((entry, listed))).is_some());
        Ok(moves.map(|((line, _), _)| *line).collect())
    }
}

fn store_entries(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    order: &Order,
    register: Register,
    settled: &Settled,
    progress: &Progress,
) -> Result<(), AppError> {
    let mut written = 0;
    for some in settled.entries.chunks(ROWS_A_STATEMENT) {
        RegisterEntry::insert_all(conn, some)?;
        written += some.len();
        progress.set(order.id, written);
    }
    let listed = settled.entries.iter().zip(&settled.listed);
    let participants: Vec<Participant> =
        listed.flat_map(|(entry, who)| who.iter().map(|who| Participant { entry_id: entry.id, who: *who })).collect();
    Participant::insert_all(conn, &participants)?;
    let columns: Vec<&str> = order.columns.iter().map(String::as_str).collect();
    // Some at a time: a chain is several times as large as its row.
    for some in settled.entries.chunks(10 * ROWS_A_STATEMENT) {
        let mut chains = NewChains::new(app.trail.clone());
        for entry in some {
            let subject = Subject::new(SubjectKind::RegisterEntry, entry.id.0);
            chains.record(subject, Some(actor.account), TrailAction::Create, &columns, actor.now);
        }
        chains.store(conn)?;
    }
    registers::mark_units(conn, &app.units, register, &settled.who(), settled.units.iter().cloned())
}

/// The province of a unit, remembered.
struct Provinces<'a> {
    app: &'a App,
    today: chrono::NaiveDate,
    known: HashMap<String, String>,
}

impl Provinces<'_> {
    fn of(&mut self, unit: &str) -> String {
        if let Some(known) = self.known.get(unit) {
            return known.clone();
        }
        let province = province_of(&self.app.units, unit, self.today);
        self.known.insert(unit.to_owned(), province.clone());
        province
    }
}
