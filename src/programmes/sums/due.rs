//! Which units of which family are to be counted again.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::sums_due;
use crate::error::AppError;
use crate::programmes::elements::Family;

#[derive(Debug, Insertable)]
#[diesel(table_name = sums_due, treat_none_as_default_value = false)]
struct Mark {
    register: Family,
    unit_code: String,
}

bulk_rows! { Mark => sums_due }

/// Units that are due, by family.
pub type Dues = BTreeMap<Family, BTreeSet<String>>;

/// Says that units of a family are to be counted again. Part of every write of a register.
///
/// # Errors
/// The engine's own.
pub fn mark(conn: &mut DbConnection, family: Family, units: impl IntoIterator<Item = String>) -> Result<(), AppError> {
    let units: BTreeSet<String> = units.into_iter().collect();
    let marks: Vec<Mark> = units.into_iter().map(|unit_code| Mark { register: family, unit_code }).collect();
    Ok(Mark::insert_all(conn, &marks)?)
}

/// The oldest marks, `limit` at the most, with the number of the last of them.
pub(super) fn oldest(conn: &mut DbConnection, limit: i64) -> Result<(Dues, Option<i64>), AppError> {
    let rows: Vec<(i64, Family, String)> = sums_due::table
        .order(sums_due::id)
        .limit(limit)
        .select((sums_due::id, sums_due::register, sums_due::unit_code))
        .load(conn)?;
    let last = rows.last().map(|(id, ..)| *id);
    let mut dues = Dues::new();
    for (_, family, unit) in rows {
        dues.entry(family).or_default().insert(unit);
    }
    Ok((dues, last))
}

/// Units of a family that are due.
pub(super) fn of_family(conn: &mut DbConnection, family: Family) -> Result<BTreeSet<String>, AppError> {
    let rows: Vec<String> =
        sums_due::table.filter(sums_due::register.eq(family)).select(sums_due::unit_code).distinct().load(conn)?;
    Ok(rows.into_iter().collect())
}
