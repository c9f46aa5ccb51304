//! Reading sums; what is due is counted from the entries meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::rows::YearSum;
use super::settling::{self, Counter, year_sum};
use super::{Series, counting, due};
use crate::db::DbConnection;
use crate::db::schema::{register_series, register_sums};
use crate::error::AppError;
use crate::grants::province_of;

/// Whose sums are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// Everybody's.
    Country,
    /// Those of a province on the map of today, under all names it had.
    Province(String),
    /// Those of these units.
    Units(BTreeSet<String>),
}

/// Sums by unit and class.
pub type UnitYears = BTreeMap<(String, String), Vec<YearSum>>;

type Row = (String, String, i32, i32, i64, Vec<u8>);

/// Reads what a series comes to in the years from one to another, unit by unit. With `by_class` every class stands
/// for itself; else there is the class of no name, which is all of them.
///
/// # Errors
/// The engine's own.
pub fn read(
    conn: &mut DbConnection,
    counter: &Counter,
    today: chrono::NaiveDate,
    series: &Series,
    area: &Area,
    (first, last): (i32, i32),
    by_class: bool,
) -> Result<UnitYears, AppError> {
    let family = series.element.family();
    let built = register_series::table.find(series.code()).select(register_series::series);
    let is_built = built.first::<String>(conn).optional()?.is_some();
    let mut sums = if is_built { kept(conn, series, area, (first, last), by_class)? } else { UnitYears::new() };
    let fresh = if is_built { due::of_family(conn, family)? } else { counting::units_of(conn, family)? };
    for unit in fresh.into_iter().filter(|unit| area.holds(counter, unit, today)) {
        sums.retain(|(of, _), _| *of != unit);
        for (_, class, sum) in settling::counted(conn, counter.measures, &[series], family, &unit)? {
            if class.is_empty() != by_class && sum.year <= last && sum.until_year >= first {
                sums.entry((unit.clone(), class)).or_default().push(sum);
            }
        }
    }
    Ok(sums)
}

impl Area {
    fn holds(&self, counter: &Counter, unit: &str, today: chrono::NaiveDate) -> bool {
        match self {
            Self::Country => true,
            Self::Province(province) => province_of(&counter.units, unit, today) == *province,
            Self::Units(units) => units.contains(unit),
        }
    }
}

fn kept(
    conn: &mut DbConnection,
    series: &Series,
    area: &Area,
    (first, last): (i32, i32),
    by_class: bool,
) -> Result<UnitYears, AppError> {
    let mut query = register_sums::table
        .filter(register_sums::series.eq(series.code()))
        .filter(register_sums::until_year.ge(first))
        .filter(register_sums::year.le(last))
        .order((register_sums::unit_code, register_sums::class, register_sums::year))
        .select((
            register_sums::unit_code,
            register_sums::class,
            register_sums::year,
            register_sums::until_year,
            register_sums::opening,
            register_sums::halves,
        ))
        .into_boxed();
    query =
        if by_class { query.filter(register_sums::class.ne("")) } else { query.filter(register_sums::class.eq("")) };
    query = match area {
        Area::Country => query,
        Area::Province(province) => query.filter(register_sums::province_code.eq(province.clone())),
        Area::Units(units) => query.filter(register_sums::unit_code.eq_any(units.iter().cloned().collect::<Vec<_>>())),
    };
    let rows: Vec<Row> = query.load(conn)?;
    let mut sums = UnitYears::new();
    for (unit, class, year, until_year, opening, halves) in rows {
        sums.entry((unit, class)).or_default().push(year_sum(year, until_year, opening, &halves)?);
    }
    Ok(sums)
}
