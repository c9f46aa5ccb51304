//! How often a family was counted, and which units since.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::{sums_counted, sums_versions};
use crate::db::{DbConnection, met_one_row};
use crate::error::AppError;
use crate::programmes::elements::Family;

/// Units told by name; when more were counted, everything is read anew.
const MOST_TOLD: i64 = 3_000;
const AT_ONCE: usize = 500;

/// How often a family was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    /// The number of the last time.
    pub now: i64,
    /// The number with which everything was counted anew; what is older is good for nothing.
    pub rebuilt: i64,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = sums_counted, treat_none_as_default_value = false)]
struct Counted {
    family: Family,
    unit_code: String,
    version: i64,
}

bulk_rows! { Counted => sums_counted }

pub(super) fn of_family(conn: &mut DbConnection, family: Family) -> Result<Version, AppError> {
    let row = sums_versions::table.find(family).select((sums_versions::version, sums_versions::rebuilt));
    let (now, rebuilt) = row.first(conn)?;
    Ok(Version { now, rebuilt })
}

/// Notes that these units are counted anew in this transaction. It holds the row of the family until it is committed, so
/// that numbers are committed in their order.
pub(super) fn counted(conn: &mut DbConnection, family: Family, units: &BTreeSet<String>) -> Result<(), AppError> {
    let row = sums_versions::table.find(family);
    met_one_row(diesel::update(row).set(sums_versions::version.eq(sums_versions::version + 1)).execute(conn)?)?;
    let version = of_family(conn, family)?.now;
    let rows: Vec<Counted> = units.iter().map(|unit| Counted { family, unit_code: unit.clone(), version }).collect();
    for some in rows.chunks(AT_ONCE) {
        let codes: Vec<&str> = some.iter().map(|row| row.unit_code.as_str()).collect();
        let before =
            sums_counted::table.filter(sums_counted::family.eq(family)).filter(sums_counted::unit_code.eq_any(codes));
        diesel::delete(before).execute(conn)?;
    }
    Ok(Counted::insert_all(conn, &rows)?)
}

/// Notes that everything is thrown away, and with it whatever any node keeps in memory.
pub(super) fn thrown_away(conn: &mut DbConnection) -> Result<(), AppError> {
    diesel::delete(sums_counted::table).execute(conn)?;
    let next = sums_versions::version + 1;
    diesel::update(sums_versions::table)
        .set((sums_versions::version.eq(next), sums_versions::rebuilt.eq(sums_versions::version + 1)))
        .execute(conn)?;
    Ok(())
}

/// Units of a family that were counted after a number; none when they are too many to be told.
pub(super) fn since(
    conn: &mut DbConnection,
    family: Family,
    version: i64,
) -> Result<Option<BTreeSet<String>>, AppError> {
    let rows: Vec<String> = sums_counted::table
        .filter(sums_counted::family.eq(family))
        .filter(sums_counted::version.gt(version))
        .select(sums_counted::unit_code)
        .limit(MOST_TOLD + 1)
        .load(conn)?;
    let most = usize::try_from(MOST_TOLD).unwrap_or(usize::MAX);
    Ok((rows.len() <= most).then(|| rows.into_iter().collect()))
}
