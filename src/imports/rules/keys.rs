//! Data keys whose persons are not on record: made for an import that is not stored yet, or
//! left behind by one that was undone.
//!
//! The sweep at start removes at most a hundred keys without a person, for more are the sign
//! of a wrong database. An import makes thousands, so it writes down beforehand which.

use diesel::prelude::*;

use crate::app::App;
use crate::boot::ORPHAN_DAYS;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{loose_keys, persons};
use crate::db::types::{ImportId, Instant, PersonId};
use crate::error::AppError;
use crate::imports::model::LooseKey;

/// Keys destroyed at a time.
const AT_A_TIME: i64 = 5_000;

/// Writes down keys that are about to be made, or whose persons are being removed (`doomed`).
pub(super) fn loosen(
    conn: &mut DbConnection,
    import: ImportId,
    persons: &[PersonId],
    doomed: bool,
    since: Instant,
) -> Result<(), AppError> {
    let row = |person: &PersonId| LooseKey { person_id: *person, import_id: import, since, doomed };
    let rows: Vec<LooseKey> = persons.iter().map(row).collect();
    Ok(LooseKey::insert_all(conn, &rows)?)
}

/// The persons of these keys are stored in this transaction.
///
/// # Errors
/// When some of the keys are given up already: the import came too late.
pub(super) fn hold(conn: &mut DbConnection, import: ImportId, keys: usize) -> Result<(), AppError> {
    let own = loose_keys::table.filter(loose_keys::import_id.eq(import)).filter(loose_keys::doomed.eq(false));
    let held = diesel::delete(own).execute(conn)?;
    if held == keys { Ok(()) } else { Err(AppError::internal("keys of an import were given up before it was stored")) }
}

/// Gives up the keys of an import that was not stored; of one that was, there are none.
pub(super) fn give_up(conn: &mut DbConnection, import: ImportId) -> Result<(), AppError> {
    let own = loose_keys::table.filter(loose_keys::import_id.eq(import));
    diesel::update(own).set(loose_keys::doomed.eq(true)).execute(conn)?;
    Ok(())
}

/// Destroys the keys that were given up, and gives up those that an interrupted import left
/// behind as long ago as an orphan is swept. Safe to be interrupted and on any number of nodes.
///
/// # Errors
/// When a database fails; the rest is destroyed at the next round.
pub fn destroy_loose_keys(app: &App, now: Instant) -> Result<(), AppError> {
    let horizon = now.plus(-chrono::TimeDelta::days(ORPHAN_DAYS));
    let left_behind =
        move || loose_keys::table.filter(loose_keys::doomed.eq(false)).filter(loose_keys::since.lt(horizon));
    let any = |conn: &mut DbConnection| Ok(diesel::select(diesel::dsl::exists(left_behind())).get_result(conn)?);
    if app.db.read_now(any)? {
        app.db.write_now(move |conn| {
            diesel::update(left_behind()).set(loose_keys::doomed.eq(true)).execute(conn)?;
            Ok(())
        })?;
    }
    loop {
        let doomed: Vec<PersonId> = app.db.read_now(|conn| {
            let doomed = loose_keys::table.filter(loose_keys::doomed.eq(true));
            let order = (loose_keys::since, loose_keys::person_id);
            Ok(doomed.order(order).select(loose_keys::person_id).limit(AT_A_TIME).load(conn)?)
        })?;
        if doomed.is_empty() {
            return Ok(());
        }
        let on_record: Vec<PersonId> = app.db.read_now(|conn| {
            let mut known = Vec::new();
            for some in doomed.chunks(500) {
                let found = persons::table.filter(persons::id.eq_any(some)).select(persons::id);
                known.extend(found.load::<PersonId>(conn)?);
            }
            Ok(known)
        })?;
        if !on_record.is_empty() {
            return Err(AppError::internal("a key was given up whose person is on record"));
        }
        app.vault.destroy_keys_now(&doomed)?;
        app.db.write_now(move |conn| {
            for some in doomed.chunks(500) {
                diesel::delete(loose_keys::table.filter(loose_keys::person_id.eq_any(some))).execute(conn)?;
            }
            Ok(())
        })?;
    }
}
