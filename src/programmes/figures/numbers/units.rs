//! Shares of units: which of them meet the conditions, of how many there are.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Asked, Cells, cells, earlier, parts_of};
use crate::admin_units::{COUNTRY, UnitNo};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::elements::Element;
use crate::programmes::figures::gather::{Question, Span};
use crate::programmes::figures::measures::NoFigure;
use crate::programmes::figures::tree::{Before, ByUnit, Map, Remark, Reports, Spans, Sum, Told};
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::programmes::plans::model::{Condition, UnitMeasure};

/// The first year of which the list of units knows how many there were.
const LISTED_FROM: i32 = 2021;

/// How many units of the level there are in each row, span by span: as somebody told for its year, else on the map.
pub(super) fn unit_totals(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
) -> Result<BTreeMap<String, Vec<Option<i64>>>, AppError> {
    let (calendar, closing_day) = (asked.question.plan.calendar, asked.question.counter.measures.closing_day);
    // Of five years it is the last one so far, as on the map.
    let year_of = |period: ReportPeriod| match period.kind {
        PeriodKind::FiveYears => ReportPeriod::holding(PeriodKind::Year, asked.as_of, calendar, closing_day),
        _ => ReportPeriod::of_year(period.year),
    };
    let years: Vec<Span> = asked.question.spans.iter().map(|span| earlier(asked, year_of(span.period))).collect();
    let element = format!("units_{}", units.level);
    let kinds: Vec<&str> = units.commune_kinds.iter().map(|kind| kind.as_str()).collect();
    let reported =
        Question { spans: &years, ..asked.question }.reported(conn, (&element, &kinds.join("+")), &|_, _| true)?;
    let is_listed = NaiveDate::from_ymd_opt(LISTED_FROM, 1, 1).is_some_and(|from| asked.map.day >= from);
    let of_row = |row: &String| {
        let counted = if is_listed { count_units(asked, units, row) } else { 0 };
        let counted = i64::try_from(counted).ok().filter(|counted| *counted > 0);
        let told = asked.of_row(&reported, row).and_then(|told| told.reported.clone());
        let total = |span: usize| told.as_ref().and_then(|told| told.get(span).copied().flatten()).or(counted);
        (row.clone(), (0..years.len()).map(total).collect())
    };
    Ok(asked.rows.iter().map(of_row).collect())
}

fn count_units(asked: Asked<'_>, units: &UnitMeasure, row: &str) -> usize {
    if units.commune_kinds.is_empty() {
        return asked.map.units.count_on(units.level, row, asked.map.day);
    }
    let there = asked.map.units_of(units.level, row).into_iter();
    there.filter(|unit| is_of_kind(asked, units, &unit.code)).count()
}

pub(super) fn is_counted(asked: Asked<'_>, units: &UnitMeasure, unit: UnitNo) -> bool {
    units.commune_kinds.is_empty() || is_of_kind(asked, units, &asked.map.code(unit))
}

fn is_of_kind(asked: Asked<'_>, units: &UnitMeasure, code: &str) -> bool {
    asked.map.units.kind_on(code, asked.map.day).is_some_and(|kind| units.commune_kinds.contains(&kind))
}

/// Whether a unit meets what is asked in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meets {
    /// Nothing was told of the span.
    Untold,
    /// It does.
    Yes,
    /// It does not.
    No,
    /// What is told of it does not, but numbers of its own were left at a unit above.
    Unknown,
}

impl Meets {
    /// Both; what one of them is not told of is not met.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Untold, Self::Untold) => Self::Untold,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::No | Self::Untold, _) | (_, Self::No | Self::Untold) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
        }
    }

    fn number(self) -> Option<i64> {
        match self {
            Self::Yes => Some(1),
            Self::No => Some(0),
            Self::Untold | Self::Unknown => None,
        }
    }
}

/// In which spans a unit meets what is asked.
#[derive(Debug, Clone, Default)]
struct Met {
    spans: Vec<Meets>,
    /// It reported, and this was not in its report.
    is_silent: bool,
}

impl Met {
    fn and(&mut self, other: &Self) {
        for (mine, other) in self.spans.iter_mut().zip(&other.spans) {
            *mine = mine.and(*other);
        }
        self.is_silent |= other.is_silent;
    }

    fn told(self) -> Told {
        let spans: Spans = self.spans.into_iter().map(Meets::number).collect();
        let register = spans.iter().any(Option::is_some).then_some(spans);
        Told { register, is_silent: self.is_silent, ..Told::default() }
    }
}

/// In which spans each unit of the level meets a condition; units of which nothing is told are left out.
fn meeting(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    condition: &Condition,
    told: Option<&ByUnit<Told>>,
    remarks: &mut BTreeSet<Remark>,
) -> Result<BTreeMap<UnitNo, Met>, AppError> {
    let parts: Vec<Vec<Span>> =
        asked.question.spans.iter().map(|span| parts_of(asked, *span, condition.in_each)).collect();
    let flat: Vec<Span> = parts.concat();
    let mut told = match told {
        Some(told) => told.clone(),
        None => Question { spans: &flat, ..asked.question }.told(conn, &condition.source)?,
    };
    if condition.source.of_register() == Some(Element::LocalPlans) {
        // A plan is that of the unit that made it, not of those above.
        let is_own = |unit: UnitNo| asked.map.units.numbered(unit).is_some_and(|unit| unit.level == units.level);
        told = ByUnit::in_order(told.into_list().into_iter().filter(|(unit, _)| is_own(*unit)).collect());
    }
    let mut placing = asked.placing(told, &flat, &condition.source);
    let in_part = asked.told_in_part(&placing);
    remarks.append(&mut placing.remarks);
    let map = Map { reported_by: units.level, ..asked.map };
    let sums = map.sums(&placing.told, asked.unit, flat.len());
    let is_unit = |unit: &UnitNo| {
        asked.map.units.numbered(*unit).is_some_and(|unit| unit.level == units.level) && is_counted(asked, units, *unit)
    };
    let of_unit = |(unit, sum): (UnitNo, Sum)| {
        let mut place = 0;
        let mut met = Met::default();
        for own in &parts {
            let of_span = sum.spans.get(place..place + own.len()).unwrap_or_default();
            let is_met = || of_span.iter().all(|part| part.number.is_some_and(|n| n >= condition.at_least));
            let is_spoken = of_span.iter().any(|part| part.is_spoken);
            let is_unknown = in_part.get(&unit).is_some_and(|of| of.range(place..place + own.len()).next().is_some());
            let meets = match (is_spoken, is_unknown) {
                (true, _) if is_met() => Meets::Yes,
                (_, true) => Meets::Unknown,
                (true, false) => Meets::No,
                (false, false) => Meets::Untold,
            };
            met.spans.push(meets);
            met.is_silent |= meets == Meets::Untold && of_span.iter().any(|part| part.number.is_some());
            place += own.len();
        }
        (unit, met)
    };
    Ok(sums.into_list().into_iter().filter(|(unit, _)| is_unit(unit)).map(of_unit).collect())
}

pub(super) fn unit_share(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let spans = asked.question.spans.len();
    let mut met: BTreeMap<UnitNo, Met> = BTreeMap::new();
    for (number, condition) in units.all.iter().enumerate() {
        let holds = meeting(conn, asked, units, condition, None, remarks)?;
        if number == 0 {
            met = holds;
            continue;
        }
        let nothing = Met { spans: vec![Meets::Untold; spans], is_silent: false };
        for (unit, all) in &mut met {
            all.and(holds.get(unit).unwrap_or(&nothing));
        }
        for (unit, holds) in holds {
            met.entry(unit).or_insert_with(|| {
                let mut none = nothing.clone();
                none.and(&holds);
                none
            });
        }
    }
    let mut told = numbers_of(met);
    if let Some(reported) = &units.reported_as {
        // A number of units is one of the map of its time.
        let plan = asked.question.plan;
        let how_many = |code: &str, day: NaiveDate| asked.map.units.count_on(units.level, code, day);
        let is_of_map = |unit: UnitNo, period: ReportPeriod| {
            let told_on = period.days(plan.calendar, asked.question.counter.measures.closing_day).1.min(asked.as_of);
            let unit = asked.map.units.numbered(unit).filter(|unit| unit.is_valid_on(asked.map.day));
            unit.is_some_and(|unit| how_many(&unit.code, asked.map.day) == how_many(&unit.code, told_on))
        };
        told.extend(asked.question.reported(conn, (reported, ""), &is_of_map)?.into_list());
    }
    counted_units(conn, asked, units, ByUnit::of(told))
}

fn numbers_of(met: BTreeMap<UnitNo, Met>) -> Vec<(UnitNo, Told)> {
    met.into_iter().map(|(unit, met)| (unit, met.told())).collect()
}

fn counted_units(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    told: ByUnit<Told>,
) -> Result<Cells, AppError> {
    let map = Map { reported_by: units.level, ..asked.map };
    let spans = asked.question.spans.len();
    // What was counted in registers goes before a number that was reported, and that of the whole before those of parts.
    let reports = Reports { before: Before::Reports, ..Reports::default() };
    let sums = map.sums(&map.settle(told, &asked.days(asked.question.spans), reports), asked.unit, spans);
    let all = unit_totals(conn, asked, units)?;
    let mut cells =
        cells(asked, Some(&sums), |row, span| all.get(row).and_then(|all| all.get(span).copied().flatten()));
    for (row, cells) in &mut cells {
        let are_there = |within: &str| asked.map.units.count_on(units.level, within, asked.map.day) > 0;
        let is_below = asked.map.units.get(row).is_some_and(|unit| unit.level > units.level);
        let none = if is_below && are_there(COUNTRY) {
            Some(NoFigure::NotAskedHere)
        } else if !are_there(asked.unit) && all.values().flatten().all(Option::is_none) {
            Some(NoFigure::NoSuchUnit)
        } else if is_below {
            Some(NoFigure::NotAskedHere)
        } else {
            None
        };
        for cell in cells.iter_mut() {
            cell.none = none;
        }
    }
    Ok(cells)
}

pub(super) fn unit_share_by_class(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    condition: &Condition,
    remarks: &mut BTreeSet<Remark>,
) -> Result<BTreeMap<String, Cells>, AppError> {
    let flat: Vec<Span> =
        asked.question.spans.iter().flat_map(|span| parts_of(asked, *span, condition.in_each)).collect();
    let by_class = Question { spans: &flat, ..asked.question }.told_by_class(conn, &condition.source)?;
    let mut all = BTreeMap::new();
    for (class, told) in by_class {
        let met = meeting(conn, asked, units, condition, Some(&told), remarks)?;
        all.insert(class, counted_units(conn, asked, units, ByUnit::of(numbers_of(met)))?);
    }
    Ok(all)
}
