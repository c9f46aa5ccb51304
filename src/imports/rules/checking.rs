//! From the bytes of a file to records, or to everything that is wrong with it.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::duplicates::{Look, on_record};
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::db::DbConnection;
use crate::db::types::PersonId;
use crate::error::{AppError, CellRule, FieldError, Rule};
use crate::imports::ImportKind;
use crate::imports::columns::{Header, Row};
use crate::imports::persons::{self, Decision, Record};
use crate::imports::report::{Duplicate, Fault, undecided};
use crate::imports::sheet::{self, Line, MOST_LINES};
use crate::vault::Vault;

/// Most lines or persons that are named as looking like one.
const NAMED: usize = 5;

/// Decisions about lines that do not stand in the file.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// Lines to leave out.
    pub skip: BTreeSet<u32>,
    /// Lines to import, whoever they look like.
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
    pub records: Vec<Record>,
    /// What is wrong with the others.
    pub faults: Vec<Fault>,
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
    let mut prepared = Prepared { rows_read: lines.len(), rows_skipped: 0, records: Vec::new(), faults: Vec::new() };
    for line in lines {
        let mut row = Row::new(&header, line);
        let decision = persons::decision(&mut row);
        if decision == Some(Decision::Skip) || decisions.skip.contains(&line.number) {
            prepared.rows_skipped += 1;
            continue;
        }
        let decided = decision == Some(Decision::Import) || decisions.import.contains(&line.number);
        match persons::parse(row, decided, units, today) {
            Ok(record) => prepared.records.push(record),
            Err(faults) => prepared.faults.extend(faults),
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

/// A file with all that is to be known before it is stored.
#[derive(Debug)]
pub struct Checked {
    /// What was read.
    pub file: Prepared,
    /// Lines that look like somebody.
    pub duplicates: Vec<Duplicate>,
}

impl Checked {
    /// Why the file is not stored; empty when it may be.
    pub fn refusals(&self) -> Vec<FieldError> {
        self.file.faults.iter().cloned().map(FieldError::from).chain(undecided(&self.duplicates)).collect()
    }

    /// Persons on record that are named.
    pub fn shown(&self) -> impl Iterator<Item = PersonId> {
        self.duplicates.iter().flat_map(|duplicate| duplicate.like_persons.iter().copied())
    }
}

/// Looks for persons on record, and lines before, that a line looks like.
///
/// # Errors
/// [`AppError::Forbidden`] without the right to read persons; when a name does not open.
pub fn check(conn: &mut DbConnection, actor: &Actor, vault: &Vault, file: Prepared) -> Result<Checked, AppError> {
    let looks: Vec<Option<Look>> = file.records.iter().map(|record| Look::of(&record.person)).collect();
    let known = on_record(conn, actor, vault, &looks, NAMED)?;
    let before = lines_before(&file.records, &looks);
    let duplicates = file.records.iter().zip(known).zip(before).filter_map(|((record, like_persons), like_lines)| {
        let found = !like_persons.is_empty() || !like_lines.is_empty();
        found.then_some(Duplicate { line: record.line, like_persons, like_lines, decided: record.decided })
    });
    let duplicates = duplicates.collect();
    Ok(Checked { file, duplicates })
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
