//! Counting anew who is due, or comparing what is kept with a full recount.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::building::prepare;
use super::due::{self, Ahead, Dues};
use super::keeper::Keeper;
use super::reading::kept_rows;
use super::rows::{StandRow, kept, of_everybody, of_these};
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{person_standings, standings_ahead, standings_due};
use crate::db::types::{Instant, PersonId};
use crate::db::{Database, DbConnection};
use crate::error::AppError;
use crate::programmes::facts::{Merged, These, Whose, ahead_unscoped};

/// Marks that are settled in one transaction.
const MARKS_AT_ONCE: i64 = 1_000;

/// Counts who is due, until nobody is. Part of housekeeping; safe on any number of nodes: of two that count at once, one
/// leaves it to the other.
///
/// # Errors
/// When the database fails.
pub fn settle(db: &Database, keeper: &Keeper, now: Instant) -> Result<(), AppError> {
    if !prepare(db, keeper, now)? {
        return Ok(());
    }
    while {
        // Counted in a read, which nobody who writes waits for; only what came of it is written.
        match db.read_now(|conn| Settled::count(conn, keeper, now.civil_date()))? {
            Some(settled) => db.write_now(move |conn| settled.store(conn))?,
            None => false,
        }
    } {}
    Ok(())
}

/// What comes of counting some who are due.
struct Settled {
    turn: i64,
    marks: Vec<i64>,
    named: Vec<PersonId>,
    gone: Vec<StandRow>,
    made: Vec<StandRow>,
    ahead: Vec<Ahead>,
}

impl Settled {
    /// Counts some; none where nobody is due, or where another version of the program keeps what this one does not know.
    fn count(conn: &mut DbConnection, keeper: &Keeper, today: NaiveDate) -> Result<Option<Self>, AppError> {
        let turn = due::turn(conn)?;
        let marks = due::oldest(conn, MARKS_AT_ONCE)?;
        let arrived = due::arrived(conn, today, MARKS_AT_ONCE)?;
        if marks.is_empty() && arrived.is_empty() {
            return Ok(None);
        }
        let years: Option<Vec<_>> = kept(conn)?.iter().map(|row| row.understood(&keeper.services)).collect();
        let Some(years) = years else { return Ok(None) };
        let merged = Merged::read(conn)?;
        let dues = Dues::of(&merged, marks.iter().map(|(_, person)| *person).chain(arrived));
        let mut counted = BTreeSet::new();
        for about in years {
            let stands = of_these(conn, &keeper.services, about, today, &merged, &dues.roots)?;
            counted.extend(stands.into_iter().map(|stand| StandRow::of(about, stand)));
        }
        let named: Vec<PersonId> = dues.named.into_iter().collect();
        let kept: BTreeSet<StandRow> = person_standings::table
            .filter(person_standings::person_id.eq_any(named.clone()))
            .select(StandRow::as_select())
            .load(conn)?
            .into_iter()
            .collect();
        let these = These::of(&merged, dues.roots);
        let ahead = ahead_unscoped(conn, &merged, Whose::These(&these), today)?;
        Ok(Some(Self {
            turn,
            marks: marks.into_iter().map(|(id, _)| id).collect(),
            named,
            gone: kept.difference(&counted).cloned().collect(),
            made: counted.difference(&kept).cloned().collect(),
            ahead: ahead.into_iter().map(|(person_id, on_day)| Ahead { person_id, on_day }).collect(),
        }))
    }

    /// Keeps it. Only marks that were seen when counting began go: one that is committed later stays.
    fn store(&self, conn: &mut DbConnection) -> Result<bool, AppError> {
        if !due::take(conn, self.turn)? {
            return Ok(false);
        }
        for row in &self.gone {
            diesel::delete(person_standings::table.find((row.person_id, &row.measure_key, row.year))).execute(conn)?;
        }
        StandRow::insert_all(conn, &self.made)?;
        diesel::delete(standings_ahead::table.filter(standings_ahead::person_id.eq_any(&self.named))).execute(conn)?;
        Ahead::insert_all(conn, &self.ahead)?;
        diesel::delete(standings_due::table.filter(standings_due::id.eq_any(&self.marks))).execute(conn)?;
        Ok(true)
    }
}

/// A person who is not kept where a recount puts her or him.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Measure.
    pub measure_key: String,
    /// Year.
    pub year: i32,
    /// Person, or contact code as an id.
    pub person: PersonId,
}

/// Compares what is kept with a full recount; who is due is left out, for what is kept of them is known to be old.
///
/// # Errors
/// When the database fails.
pub fn compare(db: &Database, keeper: &Keeper, now: Instant) -> Result<BTreeSet<Difference>, AppError> {
    let mut differences = BTreeSet::new();
    let years = db.read_now(kept)?;
    for about in years.iter().filter_map(|row| row.understood(&keeper.services)) {
        let (kept, counted) = db.read_now(|conn| {
            let Some(due) = due::everybody(conn, i64::MAX - 1)? else { return Ok((BTreeSet::new(), BTreeSet::new())) };
            let dues = Dues::of(&Merged::read(conn)?, due);
            let is_settled = |row: &StandRow| !dues.named.contains(&row.person_id);
            let kept: BTreeSet<StandRow> = kept_rows(conn, about)?.into_iter().filter(is_settled).collect();
            let counted = of_everybody(conn, &keeper.services, about, now.civil_date())?;
            let counted = counted.into_iter().map(|stand| StandRow::of(about, stand));
            Ok((kept, counted.filter(is_settled).collect::<BTreeSet<StandRow>>()))
        })?;
        let differ = kept.symmetric_difference(&counted);
        differences.extend(differ.map(|row| Difference {
            measure_key: row.measure_key.clone(),
            year: row.year,
            person: row.person_id,
        }));
    }
    Ok(differences)
}
