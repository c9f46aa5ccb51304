//! Reading sums; what is due is counted from the entries meanwhile.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::flows::{UnitFacts, flows};
use super::memo::{Flat, Kept, Key};
use super::rows::{YearSum, rows};
use super::settling::{Counter, year_sum};
use super::{Series, counting, due, versions};
use crate::admin_units::UnitNo;
use crate::db::DbConnection;
use crate::db::schema::{register_series, register_sums};
use crate::error::AppError;
use crate::grants::province_of;
use crate::programmes::elements::{Family, Nature};
use crate::programmes::periods::HalfMonth;

/// Units that are due whose entries are kept for the whole of a request; of more, they are read again and again.
const MOST_FRESH: usize = 300;

/// Whose sums are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// Everybody's.
    Country,
    /// Those of a province on the map of today, under all names it had.
    Province(String),
}

/// What is asked of a series.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The series.
    pub series: &'a Series,
    /// First and last half month of each span.
    pub spans: &'a [(HalfMonth, HalfMonth)],
    /// Of a level, that just before each span, not at its end.
    pub before: bool,
    /// Every class for itself; else the class of no name, which is all of them.
    pub by_class: bool,
}

/// Numbers of units by class, one for each span, none where nothing was told of it; in the order of the units.
pub type Numbers = BTreeMap<String, Vec<(UnitNo, Vec<Option<i64>>)>>;
type ByUnit = BTreeMap<String, BTreeMap<UnitNo, Vec<Option<i64>>>>;

/// Entries of units that are due, read once in a transaction for all that is asked in it.
#[derive(Debug, Default)]
pub struct Fresh(RefCell<BTreeMap<Family, Rc<Dues>>>);

#[derive(Debug, Default)]
struct Dues {
    units: BTreeSet<String>,
    facts: Vec<(UnitNo, UnitFacts)>,
}

/// Reads what a series comes to in some spans, unit by unit. A unit that nothing was told of in them is left out.
///
/// # Errors
/// The engine's own.
pub fn numbers(
    conn: &mut DbConnection,
    counter: &Counter,
    (area, today): (&Area, NaiveDate),
    fresh: &Fresh,
    asked: Asked<'_>,
) -> Result<Numbers, AppError> {
    let family = asked.series.element.family();
    let built = register_series::table.find(asked.series.code()).select(register_series::counted_as);
    let built: Option<String> = built.first(conn).optional()?;
    let is_built = built.is_some_and(|counted_as| counted_as == counter.measures.counted_as());
    let holds = |unit: UnitNo| area.holds(counter, unit, today);
    let (mut all, mut anew) = (Numbers::new(), ByUnit::new());
    if is_built {
        let dues = fresh.of_family(conn, counter, family)?;
        let due: BTreeSet<UnitNo> = dues.units.iter().filter_map(|unit| counter.units.number(unit)).collect();
        for (class, flat) in &kept(conn, counter, area, asked)?.classes {
            let own = flat.each(asked.spans.len()).filter(|(unit, _)| holds(*unit) && !due.contains(unit));
            all.insert(class.clone(), own.map(|(unit, numbers)| (unit, numbers.to_vec())).collect());
        }
        for (unit, facts) in dues.facts.iter().filter(|(unit, _)| holds(*unit)) {
            asked.count(counter, *unit, facts, &mut anew);
        }
        if dues.facts.is_empty() {
            count_each(conn, counter, asked, &dues.units, &holds, &mut anew)?;
        }
    } else {
        let everybody = counting::units_of(conn, family)?;
        count_each(conn, counter, asked, &everybody, &holds, &mut anew)?;
    }
    for (class, units) in anew {
        let of_class = all.entry(class).or_default();
        of_class.extend(units);
        of_class.sort_unstable_by_key(|(unit, _)| *unit);
    }
    // A class that nobody told a number of is none.
    all.retain(|_, units| !units.is_empty());
    Ok(all)
}

fn count_each(
    conn: &mut DbConnection,
    counter: &Counter,
    asked: Asked<'_>,
    units: &BTreeSet<String>,
    holds: &impl Fn(UnitNo) -> bool,
    all: &mut ByUnit,
) -> Result<(), AppError> {
    for code in units {
        if let Some(unit) = counter.units.number(code).filter(|unit| holds(*unit)) {
            let facts = counting::facts(conn, &counter.units, asked.series.element.family(), code)?;
            asked.count(counter, unit, &facts, all);
        }
    }
    Ok(())
}

impl Fresh {
    fn of_family(&self, conn: &mut DbConnection, counter: &Counter, family: Family) -> Result<Rc<Dues>, AppError> {
        if let Some(dues) = self.0.borrow().get(&family) {
            return Ok(dues.clone());
        }
        let mut dues = Dues { units: due::of_family(conn, family)?, facts: Vec::new() };
        for code in dues.units.iter().take(if dues.units.len() > MOST_FRESH { 0 } else { MOST_FRESH }) {
            if let Some(unit) = counter.units.number(code) {
                dues.facts.push((unit, counting::facts(conn, &counter.units, family, code)?));
            }
        }
        let dues = Rc::new(dues);
        self.0.borrow_mut().insert(family, dues.clone());
        Ok(dues)
    }
}

impl Asked<'_> {
    /// The years that are read: those the spans lie in, and one before. A level that has just changed stands after a row
    /// that ended with that year, and without it nobody could tell whether anything was told before.
    fn years(&self) -> (i32, i32) {
        let first = self.spans.iter().map(|(from, _)| from.year() - 1).min();
        let last = self.spans.iter().map(|(_, to)| to.year()).max();
        (first.unwrap_or(0), last.unwrap_or(0))
    }

    /// The numbers of the spans; none where nothing was told of any of them.
    fn numbers(&self, years: &[YearSum]) -> Option<Vec<Option<i64>>> {
        let nature = self.series.element.nature();
        let numbers: Vec<Option<i64>> =
            self.spans.iter().map(|span| number(years, nature, *span, self.before)).collect();
        numbers.iter().any(Option::is_some).then_some(numbers)
    }

    /// Counts a unit from its entries.
    fn count(&self, counter: &Counter, unit: UnitNo, facts: &UnitFacts, all: &mut ByUnit) {
        let (first, last) = self.years();
        let of_classes = rows(&flows(self.series, facts, counter.measures), self.series.element.nature());
        for (class, mut years) in of_classes.into_iter().filter(|(class, _)| class.is_empty() != self.by_class) {
            years.retain(|sum| sum.year <= last && sum.until_year >= first);
            if let Some(numbers) = self.numbers(&years) {
                all.entry(class).or_default().insert(unit, numbers);
            }
        }
    }
}

impl Area {
    /// Whether a unit of any time lies in it.
    pub fn holds(&self, counter: &Counter, unit: UnitNo, today: NaiveDate) -> bool {
        match self {
            Self::Country => true,
            Self::Province(province) => {
                let unit = counter.units.numbered(unit);
                unit.is_some_and(|unit| province_of(&counter.units, &unit.code, today) == *province)
            }
        }
    }
}

/// What is kept of a question, as of this transaction.
fn kept(conn: &mut DbConnection, counter: &Counter, area: &Area, asked: Asked<'_>) -> Result<Arc<Kept>, AppError> {
    let family = asked.series.element.family();
    let version = versions::of_family(conn, family)?;
    let key = Key::new(counter.measures, asked);
    let there = counter.memo.get(&key).filter(|there| (version.rebuilt..=version.now).contains(&there.version));
    let changed = match &there {
        Some(there) if there.version == version.now => return Ok(there.clone()),
        Some(there) => versions::since(conn, family, there.version)?,
        None => None,
    };
    let classes = match (there, changed, area) {
        (Some(there), Some(changed), _) => renewed(conn, counter, asked, &there, &changed)?,
        // One province alone is not worth everybody's numbers.
        (_, _, Area::Province(province)) => {
            let classes = stored(conn, counter, asked, &Whose::Province(province))?;
            return Ok(Arc::new(Kept { version: version.now, classes: flat(&classes) }));
        }
        (_, _, Area::Country) => flat(&stored(conn, counter, asked, &Whose::All)?),
    };
    let kept = Arc::new(Kept { version: version.now, classes });
    counter.memo.put(key, kept.clone());
    Ok(kept)
}

fn flat(numbers: &ByUnit) -> BTreeMap<String, Flat> {
    numbers.iter().map(|(class, units)| (class.clone(), Flat::of(units))).collect()
}

/// What was kept, with the units that were counted since.
fn renewed(
    conn: &mut DbConnection,
    counter: &Counter,
    asked: Asked<'_>,
    there: &Kept,
    changed: &BTreeSet<String>,
) -> Result<BTreeMap<String, Flat>, AppError> {
    let mut all = ByUnit::new();
    for (class, of_class) in &there.classes {
        let units = of_class.each(asked.spans.len()).map(|(unit, numbers)| (unit, numbers.to_vec()));
        all.insert(class.clone(), units.collect());
    }
    for unit in changed.iter().filter_map(|unit| counter.units.number(unit)) {
        for units in all.values_mut() {
            units.remove(&unit);
        }
    }
    let codes: Vec<&String> = changed.iter().collect();
    for some in codes.chunks(500) {
        for (class, units) in stored(conn, counter, asked, &Whose::Units(some))? {
            all.entry(class).or_default().extend(units);
        }
    }
    Ok(flat(&all))
}

enum Whose<'a> {
    All,
    Province(&'a String),
    Units(&'a [&'a String]),
}

type Row = (String, String, i32, i32, i64, Vec<u8>);

/// Reads stored sums and makes numbers of them.
fn stored(conn: &mut DbConnection, counter: &Counter, asked: Asked<'_>, whose: &Whose<'_>) -> Result<ByUnit, AppError> {
    let (first, last) = asked.years();
    let mut query = register_sums::table
        .filter(register_sums::series.eq(asked.series.code()))
        .select((
            register_sums::unit_code,
            register_sums::class,
            register_sums::year,
            register_sums::until_year,
            register_sums::opening,
            register_sums::halves,
        ))
        .into_boxed();
    query = match whose {
        Whose::All => query,
        Whose::Province(province) => query.filter(register_sums::province_code.eq((*province).clone())),
        Whose::Units(units) => query.filter(register_sums::unit_code.eq_any(units.to_vec())),
    };
    // Of some units alone, those are what an index is entered by, and the rest is picked below.
    if !matches!(whose, Whose::Units(_)) {
        query = query.filter(register_sums::until_year.ge(first)).filter(register_sums::year.le(last));
        query = if asked.by_class {
            query.filter(register_sums::class.ne(""))
        } else {
            query.filter(register_sums::class.eq(""))
        };
    }
    let is_asked = |class: &str, year: i32, until_year: i32| {
        class.is_empty() != asked.by_class && until_year >= first && year <= last
    };
    let mut years: BTreeMap<String, BTreeMap<UnitNo, Vec<YearSum>>> = BTreeMap::new();
    for (unit, class, year, until_year, opening, halves) in query.load::<Row>(conn)? {
        if let Some(unit) = counter.units.number(&unit).filter(|_| is_asked(&class, year, until_year)) {
            let sum = year_sum(year, until_year, opening, &halves)?;
            years.entry(class).or_default().entry(unit).or_default().push(sum);
        }
    }
    let numbers = |units: BTreeMap<UnitNo, Vec<YearSum>>| {
        units.into_iter().filter_map(|(unit, years)| Some((unit, asked.numbers(&years)?))).collect()
    };
    Ok(years.into_iter().map(|(class, units)| (class, numbers(units))).collect())
}

/// The number of a span from the sums of a unit; with `before`, the level just before it. None where nothing was told of
/// the span, or of a level until its end: what is told of later days makes no nought of it. That there is none can be
/// told as well: that of a tip-off nothing was handled, that nobody works here.
pub fn number(years: &[YearSum], nature: Nature, span: (HalfMonth, HalfMonth), before: bool) -> Option<i64> {
    match nature {
        Nature::Flow | Nature::OnceAYear | Nature::During => {
            let is_told = years.iter().any(|year| year.is_told_in(span));
            is_told.then(|| years.iter().map(|year| year.between(span)).sum())
        }
        Nature::Level | Nature::Ever => {
            let at = if before { HalfMonth(span.0.0 - 1) } else { span.1 };
            let row = years.iter().find(|year| year.year <= at.year() && at.year() <= year.until_year);
            let is_told = years.iter().any(|year| year.is_told_by(at));
            is_told.then(|| row.map_or(0, |row| row.level_at(at)))
        }
    }
}
