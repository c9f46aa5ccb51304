//! Files that no row names: what an upload left behind whose process ended between file and row.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, SystemTime};

use diesel::prelude::*;

use super::files::{FileName, Found};
use crate::app::App;
use crate::db::schema::attachments;
use crate::error::AppError;

/// Shelves there are; one is swept at a time, so that a round costs little however many files there are.
pub const SHELVES: u16 = 256;

/// Longer than any backup is kept, as with data keys: a restored database may know a file that this one
/// does not. Nobody can open an orphan meanwhile, for its keys need an id that nothing holds any more.
const ORPHAN_AGE: Duration = Duration::from_hours(35 * 24);
/// A file that was never whole is named by no database.
const PASSING_AGE: Duration = Duration::from_hours(24);
/// Orphans of one shelf that one sweep may remove. More of them are the sign of a wrong database.
const MOST_ORPHANS: usize = 100;
/// Names looked up at once.
const BATCH: usize = 500;

/// Sweeps the shelf whose turn it is.
///
/// # Errors
/// As [`sweep_shelf`].
pub fn sweep_next(app: &App) -> Result<usize, AppError> {
    sweep_shelf(app, app.files.next_shelf())
}

/// Removes the orphans of one shelf; never a file that a row names.
///
/// # Errors
/// When the database fails, or there are too many orphans; nothing of the shelf is removed then.
pub fn sweep_shelf(app: &App, shelf: u8) -> Result<usize, AppError> {
    let now = SystemTime::from(app.clock.now().0);
    let (whole, passing): (Vec<Found>, Vec<Found>) =
        app.files.shelf(shelf).into_iter().partition(|found| found.name.is_some());
    let old: Vec<Found> = whole.into_iter().filter(|found| found.is_older(now, ORPHAN_AGE)).collect();
    let known = known(app, old.iter().filter_map(|found| found.name.clone()).collect())?;
    let unknown = |found: &Found| found.name.as_ref().is_some_and(|name| !known.contains(name.as_str()));
    let mut orphans: Vec<Found> = old.into_iter().filter(unknown).collect();
    if orphans.len() > MOST_ORPHANS {
        return Err(AppError::internal("too many files without a row: is this the right database?"));
    }
    orphans.extend(passing.into_iter().filter(|found| found.is_older(now, PASSING_AGE)));
    for orphan in &orphans {
        if let Err(error) = fs::remove_file(&orphan.path) {
            tracing::warn!(cause = %error, "an orphaned file was not removed");
        }
    }
    Ok(orphans.len())
}

/// Those of the names that rows hold.
fn known(app: &App, names: Vec<FileName>) -> Result<HashSet<String>, AppError> {
    let mut known = HashSet::new();
    for batch in names.chunks(BATCH) {
        let batch: Vec<String> = batch.iter().map(|name| name.as_str().to_owned()).collect();
        let found: Vec<String> = app.db.read_now(|conn| {
            Ok(attachments::table
                .filter(attachments::file_name.eq_any(batch))
                .select(attachments::file_name)
                .load(conn)?)
        })?;
        known.extend(found);
    }
    Ok(known)
}
