//! Counting whole years of measures: those of a plan that is new here, of the coming year, or everything.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::due::{self, Ahead};
use super::keeper::{Keeper, KeyYear, counted_as};
use super::rows::{KeptRow, StandRow, kept, of_everybody};
use super::settling::settle;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{person_standings, standings_ahead, standings_due, standings_kept, standings_turn};
use crate::db::types::Instant;
use crate::db::{Database, DbConnection, Size};
use crate::error::AppError;
use crate::programmes::facts::{Merged, Whose, ahead_unscoped};

/// Rows that are stored in one transaction.
const ROWS_AT_ONCE: usize = 5_000;

/// Brings what is kept to what is wanted: years that nobody asks for any more go, and so do those that were counted by
/// other rules; what is missing is counted. False when another node was at it meanwhile.
pub(super) fn prepare(db: &Database, keeper: &Keeper, now: Instant) -> Result<bool, AppError> {
    let today = now.civil_date();
    let wanted = keeper.wanted(today);
    let (turn, rows) = db.read_now(|conn| Ok((due::turn(conn)?, kept(conn)?)))?;
    let stands = |row: &KeptRow| row.understood(&keeper.services).filter(|about| wanted.contains(about));
    let standing: BTreeSet<KeyYear> = rows.iter().filter_map(stands).collect();
    if standing.is_empty() {
        begin_anew(db, today)?;
    } else if !drop_years(db, turn, rows.into_iter().filter(|row| stands(row).is_none()).collect())? {
        return Ok(false);
    }
    for about in wanted.difference(&standing) {
        if !build(db, keeper, *about, now)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn drop_years(db: &Database, turn: i64, gone: Vec<KeptRow>) -> Result<bool, AppError> {
    if gone.is_empty() {
        return Ok(true);
    }
    db.write_sized_now(Size::Large, move |conn| {
        if !due::take(conn, turn)? {
            return Ok(false);
        }
        gone.iter().try_for_each(|row| forget(conn, &row.measure_key, row.year))?;
        Ok(true)
    })
}

/// Takes away all that is kept of a year of a measure.
fn forget(conn: &mut DbConnection, key: &str, year: i32) -> Result<(), AppError> {
    diesel::delete(standings_kept::table.find((key, year))).execute(conn)?;
    let rows =
        person_standings::table.filter(person_standings::measure_key.eq(key)).filter(person_standings::year.eq(year));
    diesel::delete(rows).execute(conn)?;
    Ok(())
}

/// Throws away all that is kept, and the marks with it: while nothing is kept they say nothing, and what is counted from
/// now on sees what they were made for. A mark that is committed later stays.
fn begin_anew(db: &Database, today: NaiveDate) -> Result<(), AppError> {
    db.write_sized_now(Size::Large, |conn| {
        diesel::update(standings_turn::table).set(standings_turn::turn.eq(standings_turn::turn + 1)).execute(conn)?;
        diesel::delete(standings_kept::table).execute(conn)?;
        diesel::delete(person_standings::table).execute(conn)?;
        diesel::delete(standings_ahead::table).execute(conn)?;
        diesel::delete(standings_due::table).execute(conn)?;
        Ok(())
    })?;
    while !look_ahead(db, today)? {}
    Ok(())
}

/// Notes who was met on a day that is still to come; false when another node kept something anew meanwhile.
fn look_ahead(db: &Database, today: NaiveDate) -> Result<bool, AppError> {
    let (turn, ahead) = db.read_now(|conn| {
        let merged = Merged::read(conn)?;
        Ok((due::turn(conn)?, ahead_unscoped(conn, &merged, Whose::Everybody, today)?))
    })?;
    let ahead: Vec<Ahead> = ahead.into_iter().map(|(person_id, on_day)| Ahead { person_id, on_day }).collect();
    db.write_now(move |conn| {
        if !due::take(conn, turn)? {
            return Ok(false);
        }
        diesel::delete(standings_ahead::table).execute(conn)?;
        Ahead::insert_all(conn, &ahead)?;
        Ok(true)
    })
}

/// Counts everybody in one snapshot and stores that part by part; it is kept when all of it is there. Who is marked
/// stays so, and is counted again with the others who are due.
fn build(db: &Database, keeper: &Keeper, about: KeyYear, now: Instant) -> Result<bool, AppError> {
    let services = keeper.services.clone();
    let (turn, stands) =
        db.read_now(|conn| Ok((due::turn(conn)?, of_everybody(conn, &services, about, now.civil_date())?)))?;
    let rows: Vec<StandRow> = stands.into_iter().map(|stand| StandRow::of(about, stand)).collect();
    let ((key, year), counted_as) = (about, counted_as(&services, about.0));
    let mut parts: Vec<Vec<StandRow>> = rows.chunks(ROWS_AT_ONCE).map(<[StandRow]>::to_vec).collect();
    let last = parts.pop().unwrap_or_default();
    let mut turn = turn;
    let mut first = true;
    for part in parts {
        if !store_part(db, turn, (key.to_string(), year), first, part)? {
            return Ok(false);
        }
        (turn, first) = (turn + 1, false);
    }
    db.write_sized_now(Size::Large, move |conn| {
        if !due::take(conn, turn)? {
            return Ok(false);
        }
        if first {
            forget(conn, &key.to_string(), year)?;
        }
        StandRow::insert_all(conn, &last)?;
        let kept = (
            standings_kept::measure_key.eq(key.to_string()),
            standings_kept::year.eq(year),
            standings_kept::counted_as.eq(&counted_as),
            standings_kept::built_at.eq(now),
        );
        diesel::insert_into(standings_kept::table).values(kept).execute(conn)?;
        Ok(true)
    })
}

/// Stores a part of many; the first takes away what a build left behind that was broken off.
fn store_part(
    db: &Database,
    turn: i64,
    (key, year): (String, i32),
    first: bool,
    part: Vec<StandRow>,
) -> Result<bool, AppError> {
    db.write_sized_now(Size::Large, move |conn| {
        if !due::take(conn, turn)? {
            return Ok(false);
        }
        if first {
            forget(conn, &key, year)?;
        }
        StandRow::insert_all(conn, &part)?;
        Ok(true)
    })
}

/// Throws away what is kept, and counts everything anew.
///
/// # Errors
/// When the database fails.
pub fn rebuild(db: &Database, keeper: &Keeper, now: Instant) -> Result<(), AppError> {
    begin_anew(db, now.civil_date())?;
    settle(db, keeper, now)
}
