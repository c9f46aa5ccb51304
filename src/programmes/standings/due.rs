//! Who is to be counted again, and whose turn it is to keep anew.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::bulk::bulk_rows;
use crate::db::schema::{standings_ahead, standings_due, standings_turn};
use crate::db::types::PersonId;
use crate::error::AppError;
use crate::programmes::facts::Merged;

/// Somebody who is counted again on a day that is still to come.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = standings_ahead, treat_none_as_default_value = false)]
pub(super) struct Ahead {
    pub(super) person_id: PersonId,
    pub(super) on_day: NaiveDate,
}

bulk_rows! { Ahead => standings_ahead }

/// Some who are due: as they were named, and as they count now. What is kept under any of these ids is old.
#[derive(Debug, Default)]
pub(super) struct Dues {
    pub(super) named: BTreeSet<PersonId>,
    pub(super) roots: BTreeSet<PersonId>,
}

impl Dues {
    pub(super) fn of(merged: &Merged, named: impl IntoIterator<Item = PersonId>) -> Self {
        let mut named: BTreeSet<PersonId> = named.into_iter().collect();
        let roots: BTreeSet<PersonId> = named.iter().map(|person| merged.whom(*person)).collect();
        named.extend(&roots);
        Self { named, roots }
    }
}

/// The oldest marks, `limit` at the most, each with its number.
pub(super) fn oldest(conn: &mut DbConnection, limit: i64) -> Result<Vec<(i64, PersonId)>, AppError> {
    let oldest = standings_due::table.order(standings_due::id).limit(limit);
    Ok(oldest.select((standings_due::id, standings_due::person_id)).load(conn)?)
}

/// Those whose day has come, `limit` at the most.
pub(super) fn arrived(conn: &mut DbConnection, today: NaiveDate, limit: i64) -> Result<Vec<PersonId>, AppError> {
    let arrived = standings_ahead::table.filter(standings_ahead::on_day.le(today)).limit(limit);
    Ok(arrived.select(standings_ahead::person_id).load(conn)?)
}

/// Everybody who is due, or will be; none when they are more than `most`.
pub(super) fn everybody(conn: &mut DbConnection, most: i64) -> Result<Option<BTreeSet<PersonId>>, AppError> {
    let marked = standings_due::table.select(standings_due::person_id).distinct().limit(most + 1);
    let mut all: BTreeSet<PersonId> = marked.load(conn)?.into_iter().collect();
    let ahead = standings_ahead::table.select(standings_ahead::person_id).limit(most + 1);
    all.extend(ahead.load::<PersonId>(conn)?);
    let few = i64::try_from(all.len()).is_ok_and(|many| many <= most);
    Ok(few.then_some(all))
}

/// The turn as it stands in this transaction.
pub(super) fn turn(conn: &mut DbConnection) -> Result<i64, AppError> {
    Ok(standings_turn::table.find(1).select(standings_turn::turn).first(conn)?)
}

/// Takes the turn that was read when counting began; not where somebody kept something anew since, for what was counted
/// may then be older than what is kept.
pub(super) fn take(conn: &mut DbConnection, turn: i64) -> Result<bool, AppError> {
    let own = standings_turn::table.find(1).filter(standings_turn::turn.eq(turn));
    Ok(diesel::update(own).set(standings_turn::turn.eq(turn + 1)).execute(conn)? == 1)
}
