//! Counting anew what is due, everything, or comparing what is kept with a full recount.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::prelude::*;

use super::due;
use super::flows::{Measures, flows};
use super::rows::{YearSum, rows};
use super::{Dues, Memo, Series, counting, versions};
use crate::admin_units::AdminUnits;
use crate::db::bulk::{ReplacingRow as _, replacing_rows};
use crate::db::schema::{register_series, register_sums, sums_due};
use crate::db::types::Instant;
use crate::db::{Database, DbConnection, Size};
use crate::error::AppError;
use crate::grants::province_of;
use crate::programmes::elements::Family;

/// Marks that are settled in one transaction.
const MARKS_AT_ONCE: i64 = 500;
/// Marks up to which readers count the units that are due from their entries.
const MARKS_READ: i64 = 1_000;
/// Units that are counted in one transaction of a rebuild.
const UNITS_AT_ONCE: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable, Queryable, Selectable)]
#[diesel(table_name = register_sums, treat_none_as_default_value = false)]
pub(super) struct SumRow {
    pub(super) unit_code: String,
    pub(super) series: String,
    pub(super) class: String,
    pub(super) year: i32,
    pub(super) until_year: i32,
    pub(super) province_code: String,
    pub(super) opening: i64,
    pub(super) halves: Vec<u8>,
}

replacing_rows! {
    SumRow => register_sums,
    key (series, class, until_year, unit_code, year),
    rest (province_code, opening, halves)
}

impl SumRow {
    fn key(&self) -> (&str, &str, i32, &str, i32) {
        (&self.series, &self.class, self.until_year, &self.unit_code, self.year)
    }
}

/// What is counted, and with what.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Units.
    pub units: Arc<AdminUnits>,
    /// Measures.
    pub measures: Measures,
    /// Series that are kept.
    pub series: Arc<BTreeSet<Series>>,
    /// Numbers this node keeps in memory.
    pub memo: Arc<Memo>,
}

impl Counter {
    fn of_family(&self, family: Family) -> Vec<&Series> {
        self.series.iter().filter(|series| series.element.family() == family).collect()
    }
}

/// The rows of these series of a unit, counted from its entries.
fn counted(
    conn: &mut DbConnection,
    counter: &Counter,
    series: &[&Series],
    family: Family,
    unit: &str,
) -> Result<Vec<(String, String, YearSum)>, AppError> {
    let facts = counting::facts(conn, &counter.units, family, unit)?;
    let mut all = Vec::new();
    for series in series {
        let of_classes = rows(&flows(series, &facts, counter.measures), series.element.nature());
        let code = series.code();
        for (class, years) in of_classes {
            all.extend(years.into_iter().map(|year| (code.clone(), class.clone(), year)));
        }
    }
    Ok(all)
}

/// The rows of these series of a unit. An index is entered by the unit alone: by the series, PostgreSQL would read those
/// of the whole country while it does not know yet how many there are.
#[diesel::dsl::auto_type]
fn of_unit<'a>(unit: &'a str, codes: &'a [String]) -> _ {
    let series = register_sums::series.concat("").eq_any(codes);
    register_sums::table.filter(register_sums::unit_code.eq(unit)).filter(series)
}

/// Counts units of a family anew, in the transaction of the caller. Of what comes to the same nothing is written.
///
/// # Errors
/// The engine's own.
pub fn settle_units(conn: &mut DbConnection, counter: &Counter, dues: &Dues, now: Instant) -> Result<(), AppError> {
    for (family, units) in dues {
        let own = counter.of_family(*family);
        let codes: Vec<String> = own.iter().map(|series| series.code()).collect();
        let (mut new, mut changed) = (Vec::new(), BTreeSet::new());
        for unit in units {
            let stored: Vec<SumRow> = of_unit(unit, &codes).select(SumRow::as_select()).load(conn)?;
            let stored: BTreeSet<SumRow> = stored.into_iter().collect();
            let province_code = province_of(&counter.units, unit, now.civil_date());
            let row = |(series, class, sum): (String, String, YearSum)| SumRow {
                unit_code: unit.clone(),
                series,
                class,
                year: sum.year,
                until_year: sum.until_year,
                province_code: province_code.clone(),
                opening: sum.opening,
                halves: sum.bytes(),
            };
            let anew: BTreeSet<SumRow> = counted(conn, counter, &own, *family, unit)?.into_iter().map(row).collect();
            if stored != anew {
                delete_gone(conn, &stored, &anew)?;
                changed.insert(unit.clone());
                new.extend(anew.into_iter().filter(|row| !stored.contains(row)));
            }
        }
        // In the order in which they lie, so that pages are written one after another.
        new.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        SumRow::replace_all(conn, &new)?;
        versions::counted(conn, *family, &changed)?;
    }
    Ok(())
}

/// Takes the rows of a unit away in whose place none stands any more.
fn delete_gone(conn: &mut DbConnection, stored: &BTreeSet<SumRow>, anew: &BTreeSet<SumRow>) -> Result<(), AppError> {
    let standing: BTreeSet<_> = anew.iter().map(SumRow::key).collect();
    for gone in stored.iter().filter(|row| !standing.contains(&row.key())) {
        let (series, class, until_year, unit, year) = gone.key();
        diesel::delete(register_sums::table.find((series, class, until_year, unit, year))).execute(conn)?;
    }
    Ok(())
}

/// Counts what is due, until nothing is. Part of housekeeping; safe on any number of nodes.
///
/// # Errors
/// When the database fails.
pub fn settle(db: &Database, counter: &Counter, now: Instant) -> Result<(), AppError> {
    // Whoever comes second on this node waits, and finds little left.
    let _turn = counter.memo.turn();
    build_new(db, counter, now)?;
    while {
        let counter = counter.clone();
        db.write_now(move |conn| {
            let (dues, last) = due::oldest(conn, MARKS_AT_ONCE)?;
            let Some(last) = last else { return Ok(false) };
            settle_units(conn, &counter, &dues, now)?;
            forget_others(conn, &counter)?;
            // Of those this transaction sees: a mark of a smaller number that is committed later stays.
            diesel::delete(sums_due::table.filter(sums_due::id.le(last))).execute(conn)?;
            Ok(true)
        })?
    } {}
    Ok(())
}

/// Counts what is due where that is much, after a large import: a reader who counted so many units from their entries, one
/// series after another, would wait far longer.
///
/// # Errors
/// When the database fails.
pub fn settle_if_much(db: &Database, counter: &Counter, now: Instant) -> Result<(), AppError> {
    let marks: i64 = db.read_now(|conn| Ok(sums_due::table.count().get_result(conn)?))?;
    if marks > MARKS_READ { settle(db, counter, now) } else { Ok(()) }
}

/// Series that were not counted with the others, for no plan asks for them here, and those that stand as counted by
/// other days, or are being counted so: they are old from now on, and are counted anew where somebody asks for them.
fn forget_others(conn: &mut DbConnection, counter: &Counter) -> Result<(), AppError> {
    let counted_as = counter.measures.counted_as();
    let others = register_series::series
        .ne_all(counter.series.iter().map(Series::code).collect::<Vec<_>>())
        .or(register_series::counted_as.ne_all([being_built(&counted_as), counted_as]));
    diesel::delete(register_series::table.filter(others)).execute(conn)?;
    Ok(())
}

/// Builds the families of which a series is not built yet: those of a plan that is new here. Units that writers change
/// meanwhile are due, and are counted with the others.
fn build_new(db: &Database, counter: &Counter, now: Instant) -> Result<(), AppError> {
    let built = db.read_now(|conn| built(conn, counter))?;
    let missing = counter.series.iter().filter(|series| !built.contains(&series.code()));
    let families: BTreeSet<Family> = missing.map(|series| series.element.family()).collect();
    for family in families {
        build(db, counter, family, now)?;
    }
    Ok(())
}

fn build(db: &Database, counter: &Counter, family: Family, now: Instant) -> Result<(), AppError> {
    let codes: Vec<String> = counter.of_family(family).into_iter().map(Series::code).collect();
    let counted_as = counter.measures.counted_as();
    begin_building(db, codes.clone(), counted_as.clone(), now)?;
    let units: Vec<String> = db.read_now(|conn| counting::units_of(conn, family))?.into_iter().collect();
    for some in units.chunks(UNITS_AT_ONCE) {
        let dues: Dues = BTreeMap::from([(family, some.iter().cloned().collect())]);
        let counter = counter.clone();
        db.write_sized_now(Size::Large, move |conn| settle_units(conn, &counter, &dues, now))?;
    }
    db.write_now(move |conn| {
        let own = || register_series::series.eq_any(&codes);
        let standing = own().and(register_series::counted_as.eq_any([being_built(&counted_as), counted_as.clone()]));
        let standing: i64 = register_series::table.filter(standing).count().get_result(conn)?;
        // Where another node counted units meanwhile by other rules or without these series, they are built once more.
        if usize::try_from(standing).ok() == Some(codes.len()) {
            let built = (register_series::built_at.eq(now), register_series::counted_as.eq(&counted_as));
            diesel::update(register_series::table.filter(own())).set(built).execute(conn)?;
        }
        Ok(())
    })
}

/// What stands in place of how series are counted, while they are.
fn being_built(counted_as: &str) -> String {
    format!("building {counted_as}")
}

/// Says of series of a family that they are being built, so that nobody reads a mixture of both, and whoever counts
/// units without them, or by other days, takes that back.
fn begin_building(db: &Database, codes: Vec<String>, counted_as: String, now: Instant) -> Result<(), AppError> {
    db.write_now(move |conn| {
        let old = register_series::series.eq_any(&codes).and(register_series::counted_as.ne(&counted_as));
        diesel::delete(register_series::table.filter(old)).execute(conn)?;
        let built: Vec<String> = register_series::table
            .filter(register_series::series.eq_any(&codes))
            .select(register_series::series)
            .load(conn)?;
        for code in codes.iter().filter(|code| !built.contains(code)) {
            let row = (
                register_series::series.eq(code),
                register_series::built_at.eq(now),
                register_series::counted_as.eq(being_built(&counted_as)),
            );
            diesel::insert_into(register_series::table).values(row).execute(conn)?;
        }
        Ok(())
    })
}

/// Throws away what is kept, and counts everything anew.
///
/// # Errors
/// When the database fails.
pub fn rebuild(db: &Database, counter: &Counter, now: Instant) -> Result<(), AppError> {
    db.write_now(|conn| {
        diesel::delete(register_series::table).execute(conn)?;
        diesel::delete(register_sums::table).execute(conn)?;
        versions::thrown_away(conn)
    })?;
    settle(db, counter, now)
}

/// A unit whose kept sums are not those of its entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Unit.
    pub unit_code: String,
    /// Series.
    pub series: String,
}

type Kept = BTreeSet<(String, String, YearSum)>;

/// What came of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Units that were compared.
    pub units: BTreeSet<String>,
    /// Units that were left out of a family, because they are due.
    pub due: BTreeSet<String>,
    /// What differs.
    pub differences: BTreeSet<Difference>,
}

/// Compares what is kept with a full recount; returns what differs.
///
/// # Errors
/// When the database fails.
pub fn compare(db: &Database, counter: &Counter) -> Result<BTreeSet<Difference>, AppError> {
    Ok(compared(db, counter)?.differences)
}

/// Compares what is kept with a full recount, family by family. Units that are due are left out, for their sums are
/// known to be old; so are series that are not built yet, for nobody reads them.
///
/// # Errors
/// When the database fails.
pub fn compared(db: &Database, counter: &Counter) -> Result<Comparison, AppError> {
    let mut comparison = Comparison::default();
    for family in Family::ALL {
        db.read_now(|conn| {
            let built = built(conn, counter)?;
            let mut own = counter.of_family(*family);
            own.retain(|series| built.contains(&series.code()));
            if own.is_empty() { Ok(()) } else { compare_family(conn, counter, *family, &own, &mut comparison) }
        })?;
    }
    Ok(comparison)
}

fn compare_family(
    conn: &mut DbConnection,
    counter: &Counter,
    family: Family,
    own: &[&Series],
    comparison: &mut Comparison,
) -> Result<(), AppError> {
    let codes: Vec<String> = own.iter().map(|series| series.code()).collect();
    let mut units = counting::units_of(conn, family)?;
    let kept: Vec<String> = register_sums::table
        .filter(register_sums::series.eq_any(codes.clone()))
        .select(register_sums::unit_code)
        .distinct()
        .load(conn)?;
    units.extend(kept);
    let due = due::of_family(conn, family)?;
    for unit in units.difference(&due) {
        let kept = kept_of(conn, unit, &codes)?;
        let anew: Kept = counted(conn, counter, own, family, unit)?.into_iter().collect();
        let differ = kept.symmetric_difference(&anew);
        let differ = differ.map(|(series, ..)| Difference { unit_code: unit.clone(), series: series.clone() });
        comparison.differences.extend(differ);
        comparison.units.insert(unit.clone());
    }
    comparison.due.extend(due);
    Ok(())
}

/// Series that are kept whole, as they are counted here.
fn built(conn: &mut DbConnection, counter: &Counter) -> Result<BTreeSet<String>, AppError> {
    let own = register_series::table.filter(register_series::counted_as.eq(counter.measures.counted_as()));
    let codes: Vec<String> = own.select(register_series::series).load(conn)?;
    Ok(codes.into_iter().collect())
}

fn kept_of(conn: &mut DbConnection, unit: &str, codes: &[String]) -> Result<Kept, AppError> {
    let rows: Vec<SumRow> = of_unit(unit, codes).select(SumRow::as_select()).load(conn)?;
    rows.into_iter()
        .map(|row| {
            let sum = year_sum(row.year, row.until_year, row.opening, &row.halves)?;
            Ok((row.series, row.class, sum))
        })
        .collect()
}

/// A row as it is stored.
pub(super) fn year_sum(year: i32, until_year: i32, opening: i64, halves: &[u8]) -> Result<YearSum, AppError> {
    let of = YearSum::halves_of(halves).ok_or_else(|| AppError::internal("sums are damaged; rebuild them"));
    let (halves, told) = of?;
    Ok(YearSum { year, until_year, opening, halves, told })
}
