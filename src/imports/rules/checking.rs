//! From the bytes of a file to records, or to everything that is wrong with it.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::duplicates::{Look, on_record};
use super::{NAMED, Placed, lending};
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::DbConnection;
use crate::db::schema::imports;
use crate::db::types::OrganisationId;
use crate::error::{AppError, CellRule, FieldError, Rule};
use crate::imports::ImportKind;
use crate::imports::columns::{Header, Row};
use crate::imports::decisions::{Decision, decision};
use crate::imports::loans;
use crate::imports::persons::{self, Record};
use crate::imports::report::{Duplicate, Fault, undecided};
use crate::imports::sheet::{self, Line, MOST_LINES};

/// Decisions about lines that do not stand in the file.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// Lines to leave out.
    pub skip: BTreeSet<u32>,
    /// Lines to import, whatever they look like.
    pub import: BTreeSet<u32>,
}

/// A file that was read; the records on file were not yet asked.
#[derive(Debug)]
pub struct Prepared {
    /// Lines with content, without headers.
    pub rows_read: usize,
    /// Lines left out by decision.
    pub rows_skipped: usize,
    /// Lines in which nothing is wrong.
    pub records: Records,
    /// What is wrong with the others.
    pub faults: Vec<Fault>,
}

/// Lines of a file, as they were read.
#[derive(Debug)]
pub enum Records {
    /// Persons.
    Persons(Vec<Record>),
    /// Loans.
    Loans(Vec<loans::Record>),
}

impl Records {
    /// None of this kind yet.
    fn of(kind: ImportKind) -> Self {
        match kind {
            ImportKind::Persons => Self::Persons(Vec::new()),
            ImportKind::Loans => Self::Loans(Vec::new()),
        }
    }

    /// Reads one more line.
    fn take(&mut self, row: Row<'_>, decided: bool, units: &AdminUnits, today: NaiveDate) -> Result<(), Vec<Fault>> {
        match self {
            Self::Persons(records) => records.push(persons::parse(row, decided, units, today)?),
            Self::Loans(records) => records.push(loans::parse(row, decided)?),
        }
        Ok(())
    }
}

/// Reads a file of this kind.
///
/// # Errors
/// When it cannot be read at all, its columns are not those of the template, or a decision
/// is about a line that it lacks.
pub fn prepare(
    bytes: &[u8],
    kind: ImportKind,
    decisions: &Decisions,
    units: &AdminUnits,
    today: NaiveDate,
) -> Result<Prepared, AppError> {
    let refused = |faults: Vec<FieldError>| AppError::Invalid(faults);
    let lines = sheet::read(bytes).map_err(|fault| refused(vec![fault.into()]))?;
    let header = Header::find(&lines, kind.columns())
        .map_err(|faults| refused(faults.into_iter().map(FieldError::from).collect()))?;
    let lines = lines.get(header.lines..).unwrap_or_default();
    if lines.is_empty() || lines.len() > MOST_LINES {
        return Err(AppError::field("file", Rule::Cell(CellRule::Lines { max: MOST_LINES })));
    }
    check_decisions(decisions, lines)?;
    let mut prepared =
        Prepared { rows_read: lines.len(), rows_skipped: 0, records: Records::of(kind), faults: Vec::new() };
    for line in lines {
        let mut row = Row::new(&header, line);
        let decision = decision(&mut row);
        if decision == Some(Decision::Skip) || decisions.skip.contains(&line.number) {
            prepared.rows_skipped += 1;
            continue;
        }
        let decided = decision == Some(Decision::Import) || decisions.import.contains(&line.number);
        if let Err(faults) = prepared.records.take(row, decided, units, today) {
            prepared.faults.extend(faults);
        }
    }
    Ok(prepared)
}

/// A decision about a line that is not there was meant for another.
fn check_decisions(decisions: &Decisions, lines: &[Line]) -> Result<(), AppError> {
    let there: BTreeSet<u32> = lines.iter().map(|line| line.number).collect();
    let both = decisions.skip.intersection(&decisions.import).next().is_some();
    for (field, named) in [("skip_lines", &decisions.skip), ("import_lines", &decisions.import)] {
        if !named.is_subset(&there) {
            return Err(AppError::field(field, Rule::NoSuchReference));
        }
    }
    if both { Err(AppError::field("import_lines", Rule::ConflictsWith("skip_lines"))) } else { Ok(()) }
}

/// What a file would add to the records.
#[derive(Debug)]
pub enum Found {
    /// Persons, with their cases or without.
    Persons(Vec<Record>),
    /// Loans of persons on record.
    Loans(Vec<Placed>),
}

impl Found {
    /// Persons, cases and loans it would add.
    pub fn counts(&self) -> (usize, usize, usize) {
        match self {
            Self::Persons(records) => (records.len(), records.iter().filter(|record| record.case.is_some()).count(), 0),
            Self::Loans(loans) => (0, 0, loans.len()),
        }
    }
}

/// A file with all that is to be known before it is stored.
#[derive(Debug)]
pub struct Checked {
    /// Lines with content, without headers.
    pub rows_read: usize,
    /// Lines left out by decision.
    pub rows_skipped: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Lines that look like something on record.
    pub duplicates: Vec<Duplicate>,
    /// Lines in which nothing is wrong.
    pub found: Found,
    /// Imports of persons of the centre when this file was checked: what another brings meanwhile was not asked about.
    pub imports_before: i64,
}

impl Checked {
    /// Why the file is not stored; empty when it may be.
    pub fn refusals(&self) -> Vec<FieldError> {
        self.faults.iter().cloned().map(FieldError::from).chain(undecided(&self.duplicates)).collect()
    }

    /// The records that are named to the reader.
    pub fn seen(&self) -> Seen {
        let kind = match self.found {
            Found::Persons(_) => SubjectKind::Person,
            Found::Loans(_) => SubjectKind::Loan,
        };
        let persons = self.duplicates.iter().flat_map(|duplicate| duplicate.like_persons.iter().map(|id| id.0));
        let loans = self.duplicates.iter().flat_map(|duplicate| duplicate.like_loans.iter().map(|id| id.0));
        let named: BTreeSet<uuid::Uuid> = persons.chain(loans).collect();
        Seen::list(kind, named.into_iter())
    }
}

/// Asks the records about a file that was read, for a centre.
///
/// # Errors
/// [`AppError::Forbidden`] without the right; when a name does not open.
pub fn check(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    centre: OrganisationId,
    file: Prepared,
) -> Result<Checked, AppError> {
    let Prepared { rows_read, rows_skipped, records, mut faults } = file;
    let (found, duplicates) = match records {
        Records::Persons(records) => {
            let duplicates = people_alike(conn, actor, app, &records)?;
            (Found::Persons(records), duplicates)
        }
        Records::Loans(records) => {
            let (placed, astray) = lending::place(conn, actor, app, centre, records)?;
            let verdict = lending::judge(conn, actor, app, centre, &placed)?;
            faults.extend(astray.into_iter().chain(verdict.faults));
            faults.sort_by_key(|fault| fault.line);
            let sound: BTreeSet<_> = verdict.judged.iter().map(|judged| judged.told.loan.id).collect();
            let is_sound = |line: &Placed| sound.contains(&line.record.history.application.id);
            (Found::Loans(placed.into_iter().filter(is_sound).collect()), verdict.duplicates)
        }
    };
    let imports_before = imports_of_persons(conn, centre)?;
    Ok(Checked { rows_read, rows_skipped, faults, duplicates, found, imports_before })
}

/// How many files of persons this centre has imported, undone ones among them.
///
/// # Errors
/// The engine's own.
pub(super) fn imports_of_persons(conn: &mut DbConnection, centre: OrganisationId) -> Result<i64, AppError> {
    let of_centre =
        imports::table.filter(imports::organisation_id.eq(centre)).filter(imports::kind.eq(ImportKind::Persons));
    Ok(of_centre.count().get_result(conn)?)
}

/// Persons on record, and lines before, that a line looks like.
fn people_alike(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    records: &[Record],
) -> Result<Vec<Duplicate>, AppError> {
    let looks: Vec<Option<Look>> = records.iter().map(|record| Look::of(&record.person)).collect();
    let known = on_record(conn, actor, app, &looks, Look::may_be, NAMED)?;
    let before = lines_before(records, &looks);
    let duplicates = records.iter().zip(known).zip(before).filter_map(|((record, like_persons), like_lines)| {
        let found = !like_persons.is_empty() || !like_lines.is_empty();
        let Record { line, decided, .. } = *record;
        found.then_some(Duplicate { line, like_persons, like_loans: Vec::new(), like_lines, decided })
    });
    Ok(duplicates.collect())
}

/// For each record, the lines before it that it looks like.
fn lines_before(records: &[Record], looks: &[Option<Look>]) -> Vec<Vec<u32>> {
    let mut by_name: HashMap<&str, Vec<(u32, &Look)>> = HashMap::new();
    let mut nameless: HashMap<String, Vec<u32>> = HashMap::new();
    let mut found = Vec::with_capacity(records.len());
    for (record, look) in records.iter().zip(looks) {
        let like: Vec<u32> = if let Some(look) = look {
            let before = by_name.entry(&look.name).or_default();
            let like = before.iter().filter(|(_, other)| other.may_be(look)).map(|(line, _)| *line);
            let like = like.take(NAMED).collect();
            before.push((record.line, look));
            like
        } else {
            // Of people without a name only the very same line is a second time the same.
            let before = nameless.entry(format!("{:?}{:?}", record.person, record.case)).or_default();
            let like = before.iter().copied().take(NAMED).collect();
            before.push(record.line);
            like
        };
        found.push(like);
    }
    found
}
