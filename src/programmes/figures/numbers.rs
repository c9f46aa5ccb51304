//! The numbers of an indicator for every unit and span that is asked of: what each kind of measure takes from where.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::gather::{Question, Span};
use super::measures::{NoFigure, Numbers};
use super::tree::{Map, Remark, Sum, Told};
use crate::admin_units::Level;
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::elements::{Nature, Source};
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::programmes::plans::MeasureKind;
use crate::programmes::plans::model::{CadenceMeasure, Condition, Indicator, Measured, UnitMeasure};

/// The first year of which the list of units knows how many there were.
const LISTED_FROM: i32 = 2021;

/// Where a number comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// Of it, what registers told.
    pub register: i64,
    /// Of it, what other bodies reported.
    pub reported: i64,
}

/// The numbers of one unit and span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Numerator and denominator.
    pub numbers: Numbers,
    /// Where the numerator comes from.
    pub numerator_from: Origin,
    /// Where the denominator comes from; nothing where it is a number of units.
    pub denominator_from: Origin,
    /// Units of the level of reporting that told something of the numerator.
    pub covered: usize,
    /// Why there is no figure, whatever the numbers.
    pub none: Option<NoFigure>,
}

/// Cells by unit, one for each span.
pub type Cells = BTreeMap<String, Vec<Cell>>;

/// Whose numbers are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The records.
    pub question: Question<'a>,
    /// The map.
    pub map: Map<'a>,
    /// The unit asked for.
    pub unit: &'a str,
    /// It and those it is broken down into.
    pub rows: &'a [String],
    /// Units that said they have nothing to report.
    pub silent: &'a BTreeSet<String>,
    /// Records up to and with this day are counted.
    pub as_of: NaiveDate,
}

impl Asked<'_> {
    fn sums(
        self,
        conn: &mut DbConnection,
        spans: &[Span],
        source: &Source,
        remarks: &mut BTreeSet<Remark>,
    ) -> Result<BTreeMap<String, Sum>, AppError> {
        let told = Question { spans, ..self.question }.told(conn, source)?;
        Ok(self.put_together(told, spans, source, remarks))
    }

    fn put_together(
        self,
        mut told: BTreeMap<String, Told>,
        spans: &[Span],
        source: &Source,
        remarks: &mut BTreeSet<Remark>,
    ) -> BTreeMap<String, Sum> {
        if source.of_register().is_some() {
            for unit in self.silent {
                told.entry(unit.clone()).or_default().is_silent = true;
            }
        }
        let mut placing = self.map.place(&told);
        remarks.append(&mut placing.remarks);
        self.map.sums(&placing.told, self.unit, spans.len(), source.reported_first)
    }
}

/// The numbers of an indicator.
///
/// # Errors
/// The engine's own.
pub fn numbers(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    indicator: &Indicator,
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let spans = asked.question.spans;
    let Measured { numerator, denominator, units, cadence, baseline_year, .. } = &indicator.measured;
    match (indicator.kind, numerator, denominator, units) {
        (MeasureKind::UnitShare | MeasureKind::Stepped, _, _, Some(units)) => unit_share(conn, asked, units, remarks),
        (MeasureKind::YearlyIncrement, Some(added), _, Some(units)) => {
            let mut told = asked.question.told(conn, added)?;
            told.retain(|code, _| is_counted(asked, units, code));
            let added = asked.put_together(told, spans, added, remarks);
            let all = unit_totals(conn, asked, units)?;
            Ok(cells(asked, Some(&added), |row, span| all.get(row).and_then(|all| all.get(span).copied().flatten())))
        }
        (MeasureKind::Cadence, ..) => cadence_cells(conn, asked, cadence, remarks),
        (MeasureKind::Growth | MeasureKind::Hold, Some(source), ..) => {
            let before: Vec<Span> = spans.iter().map(|span| earlier(asked, span.period.a_year_before())).collect();
            compared(conn, asked, source, &before, remarks)
        }
        (MeasureKind::Reduction, Some(source), ..) => {
            if let Some(year) = baseline_year {
                let before = vec![earlier(asked, ReportPeriod::of_year(*year)); spans.len()];
                compared(conn, asked, source, &before, remarks)
            } else {
                let now = asked.sums(conn, spans, source, remarks)?;
                Ok(cells(asked, Some(&now), |_, _| None))
            }
        }
        (_, Some(top), bottom, _) => {
            let mut cells = shares(conn, asked, top, bottom.as_ref(), remarks)?;
            refuse_added_years(&mut cells, spans, top);
            Ok(cells)
        }
        _ => Ok(cells(asked, None, |_, _| None)),
    }
}

/// The numbers of an indicator by class: numerator and denominator of the same class, where both have classes.
///
/// # Errors
/// The engine's own.
pub fn numbers_by_class(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    indicator: &Indicator,
    remarks: &mut BTreeSet<Remark>,
) -> Result<BTreeMap<String, Cells>, AppError> {
    let Measured { numerator, denominator, units, .. } = &indicator.measured;
    let spans = asked.question.spans;
    if let Some(units) = units.as_ref().filter(|units| units.all.len() == 1) {
        let Some(condition) = units.all.first() else { return Ok(BTreeMap::new()) };
        return unit_share_by_class(conn, asked, units, condition, remarks);
    }
    let (Some(top), Some(bottom)) = (numerator, denominator) else { return Ok(BTreeMap::new()) };
    let tops = asked.question.told_by_class(conn, top)?;
    let bottoms = asked.question.told_by_class(conn, bottom)?;
    let classes: BTreeSet<String> = tops.keys().chain(bottoms.keys()).cloned().collect();
    let mut all = BTreeMap::new();
    for class in classes {
        let of = |told: Option<&BTreeMap<String, Told>>| told.cloned().unwrap_or_default();
        let tops = asked.put_together(of(tops.get(&class)), spans, top, remarks);
        let bottoms = asked.put_together(of(bottoms.get(&class)), spans, bottom, remarks);
        let mut cells = with_denominators(asked, &tops, Some(&bottoms));
        refuse_added_years(&mut cells, spans, top);
        all.insert(class, cells);
    }
    Ok(all)
}

/// An earlier span: a whole period, however much of the present one has passed.
fn earlier(asked: Asked<'_>, period: ReportPeriod) -> Span {
    let (from, to) = period.halves(asked.question.plan.calendar);
    Span { period, from, to }
}

fn cells(asked: Asked<'_>, tops: Option<&BTreeMap<String, Sum>>, bottom: impl Fn(&str, usize) -> Option<i64>) -> Cells {
    let of_row = |row: &String| {
        let sum = tops.and_then(|tops| tops.get(row));
        let cell = |span: usize| Cell {
            numbers: Numbers { numerator: sum.and_then(|sum| sum.at(span)), denominator: bottom(row, span) },
            numerator_from: origin(sum, span),
            covered: sum.map_or(0, |sum| sum.covered),
            ..Cell::default()
        };
        (row.clone(), (0..asked.question.spans.len()).map(cell).collect())
    };
    asked.rows.iter().map(of_row).collect()
}

fn origin(sum: Option<&Sum>, span: usize) -> Origin {
    let part = |parts: Option<&Vec<i64>>| parts.and_then(|parts| parts.get(span).copied()).unwrap_or(0);
    Origin { register: part(sum.map(|sum| &sum.register)), reported: part(sum.map(|sum| &sum.reported)) }
}

fn with_denominators(asked: Asked<'_>, tops: &BTreeMap<String, Sum>, bottoms: Option<&BTreeMap<String, Sum>>) -> Cells {
    let under = |row: &str| bottoms.and_then(|bottoms| bottoms.get(row));
    let mut all = cells(asked, Some(tops), |row, span| under(row)?.at(span));
    for (row, cells) in &mut all {
        for (span, cell) in cells.iter_mut().enumerate() {
            cell.denominator_from = origin(under(row), span);
        }
    }
    all
}

fn shares(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    top: &Source,
    bottom: Option<&Source>,
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let spans = asked.question.spans;
    let tops = asked.sums(conn, spans, top, remarks)?;
    let bottoms = bottom.map(|bottom| asked.sums(conn, spans, bottom, remarks)).transpose()?;
    Ok(with_denominators(asked, &tops, bottoms.as_ref()))
}

/// Whoever counts once a year cannot be added up over years.
fn refuse_added_years(cells: &mut Cells, spans: &[Span], top: &Source) {
    let once_a_year = top.of_register().is_some_and(|element| element.nature() == Nature::OnceAYear);
    for cells in cells.values_mut().filter(|_| once_a_year) {
        for (cell, span) in cells.iter_mut().zip(spans) {
            if span.period.kind == PeriodKind::FiveYears && cell.numerator_from.register > 0 {
                cell.none = Some(NoFigure::NotAdditive);
            }
        }
    }
}

fn compared(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    source: &Source,
    before: &[Span],
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let now = asked.sums(conn, asked.question.spans, source, remarks)?;
    let before = asked.sums(conn, before, source, remarks)?;
    Ok(with_denominators(asked, &now, Some(&before)))
}

/// How many units of the level there are in each row, span by span: as somebody told for its year, else on the map.
fn unit_totals(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
) -> Result<BTreeMap<String, Vec<Option<i64>>>, AppError> {
    let years: Vec<Span> =
        asked.question.spans.iter().map(|span| earlier(asked, ReportPeriod::of_year(span.period.year))).collect();
    let element = format!("units_{}", units.level);
    let kinds: Vec<&str> = units.commune_kinds.iter().map(|kind| kind.as_str()).collect();
    let reported = Question { spans: &years, ..asked.question }.reported(conn, &element, &kinds.join("+"))?;
    let is_listed = NaiveDate::from_ymd_opt(LISTED_FROM, 1, 1).is_some_and(|from| asked.map.day >= from);
    let of_row = |row: &String| {
        let there = asked.map.units_of(units.level, row).into_iter();
        let counted = there.filter(|unit| is_listed && is_counted(asked, units, &unit.code)).count();
        let counted = i64::try_from(counted).ok().filter(|counted| *counted > 0);
        let told = reported.get(row).and_then(|told| told.reported.clone());
        let total = |span: usize| told.as_ref().and_then(|told| told.get(span).copied().flatten()).or(counted);
        (row.clone(), (0..years.len()).map(total).collect())
    };
    Ok(asked.rows.iter().map(of_row).collect())
}

fn is_counted(asked: Asked<'_>, units: &UnitMeasure, code: &str) -> bool {
    units.commune_kinds.is_empty()
        || asked.map.units.kind_on(code, asked.map.day).is_some_and(|kind| units.commune_kinds.contains(&kind))
}

/// The spans in which a condition must hold within each span asked for: those that have passed, or the whole so far.
fn parts_of(asked: Asked<'_>, span: Span, in_each: Option<PeriodKind>) -> Vec<Span> {
    let Some(kind) = in_each else { return vec![span] };
    let plan = asked.question.plan;
    let closing_day = asked.question.counter.measures.closing_day;
    let passed = |part: &ReportPeriod| part.days(plan.calendar, closing_day).1 <= asked.as_of;
    let parts = span.period.parts(kind).into_iter().filter(passed);
    let parts: Vec<Span> = parts.map(|part| Span::of(part, plan.calendar, asked.as_of, closing_day)).collect();
    if parts.is_empty() { vec![span] } else { parts }
}

/// Which spans each unit of the level meets a condition in; units of which nothing is told are left out.
fn meeting(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    condition: &Condition,
    told: Option<&BTreeMap<String, Told>>,
    remarks: &mut BTreeSet<Remark>,
) -> Result<BTreeMap<String, Vec<bool>>, AppError> {
    let parts: Vec<Vec<Span>> =
        asked.question.spans.iter().map(|span| parts_of(asked, *span, condition.in_each)).collect();
    let flat: Vec<Span> = parts.concat();
    let sums = match told {
        Some(told) => asked.put_together(told.clone(), &flat, &condition.source, remarks),
        None => asked.sums(conn, &flat, &condition.source, remarks)?,
    };
    let is_unit = |code: &String| {
        asked.map.units.get(code).is_some_and(|unit| unit.level == units.level) && is_counted(asked, units, code)
    };
    let of_unit = |(code, sum): (String, Sum)| {
        let mut place = 0;
        let mut met = Vec::with_capacity(parts.len());
        for own in &parts {
            let holds = (place..place + own.len()).all(|at| sum.at(at).is_some_and(|n| n >= condition.at_least));
            met.push(holds);
            place += own.len();
        }
        (code, met)
    };
    Ok(sums.into_iter().filter(|(code, _)| is_unit(code)).map(of_unit).collect())
}

fn unit_share(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let spans = asked.question.spans.len();
    let mut met: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for (number, condition) in units.all.iter().enumerate() {
        let holds = meeting(conn, asked, units, condition, None, remarks)?;
        for (code, holds) in &holds {
            let all = met.entry(code.clone()).or_insert_with(|| vec![number == 0; spans]);
            all.iter_mut().zip(holds).for_each(|(all, holds)| *all = *all && *holds);
        }
        // A unit of which nothing is told of this condition does not meet it.
        met.iter_mut().filter(|(code, _)| !holds.contains_key(*code)).for_each(|(_, all)| all.fill(false));
    }
    let mut told = numbers_of(met);
    if let Some(reported) = &units.reported_as {
        for (unit, report) in asked.map.place(&asked.question.reported(conn, reported, "")?).told {
            told.entry(unit).or_default().reported = report.reported;
        }
    }
    counted_units(conn, asked, units, &told)
}

fn numbers_of(met: BTreeMap<String, Vec<bool>>) -> BTreeMap<String, Told> {
    let told = |met: Vec<bool>| Told { register: Some(met.into_iter().map(i64::from).collect()), ..Told::default() };
    met.into_iter().map(|(code, met)| (code, told(met))).collect()
}

fn counted_units(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    units: &UnitMeasure,
    told: &BTreeMap<String, Told>,
) -> Result<Cells, AppError> {
    let map = Map { reported_by: units.level, ..asked.map };
    let sums = map.sums(told, asked.unit, asked.question.spans.len(), false);
    let all = unit_totals(conn, asked, units)?;
    let mut cells =
        cells(asked, Some(&sums), |row, span| all.get(row).and_then(|all| all.get(span).copied().flatten()));
    for (row, cells) in &mut cells {
        let none = if asked.map.units.count_on(units.level, asked.unit, asked.map.day) == 0
            && all.values().flatten().all(Option::is_none)
        {
            Some(NoFigure::NoSuchUnit)
        } else if asked.map.units.get(row).is_some_and(|unit| unit.level > units.level) {
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

fn unit_share_by_class(
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
        all.insert(class, counted_units(conn, asked, units, &numbers_of(met))?);
    }
    Ok(all)
}

/// Months that have passed in which it happened, of all that have: for each requirement that concerns a row.
fn cadence_cells(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    cadence: &[CadenceMeasure],
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let mut all = cells(asked, None, |_, _| None);
    for requirement in cadence {
        let months: Vec<Vec<Span>> =
            asked.question.spans.iter().map(|span| parts_of(asked, *span, Some(PeriodKind::Month))).collect();
        let sums = asked.sums(conn, &months.concat(), &requirement.source, remarks)?;
        for (row, cells) in &mut all {
            let mut place = 0;
            for (cell, months) in cells.iter_mut().zip(&months) {
                let concerned = concerned_by(asked, requirement, row);
                let own: Vec<Option<&Sum>> = concerned.iter().map(|unit| sums.get(unit)).collect();
                let met =
                    |sum: &&Sum| (place..place + months.len()).filter(|at| sum.at(*at).is_some_and(|n| n >= 1)).count();
                add_cadence(cell, &own, own.iter().flatten().map(met).sum(), months.len());
                place += months.len();
            }
        }
    }
    for cell in all.values_mut().flatten() {
        if cell.numbers.denominator.is_none() {
            cell.none = Some(NoFigure::NotAskedHere);
        }
    }
    Ok(all)
}

fn add_cadence(cell: &mut Cell, own: &[Option<&Sum>], met: usize, months: usize) {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    if own.is_empty() {
        return;
    }
    let told = own.iter().flatten().count();
    cell.numbers.denominator = Some(cell.numbers.denominator.unwrap_or(0) + number(own.len() * months));
    if told > 0 {
        cell.numbers.numerator = Some(cell.numbers.numerator.unwrap_or(0) + number(met));
        cell.numerator_from.register += number(met);
        cell.covered += told;
    }
}

/// The units a requirement asks of in a row: those of its level; without a level the unit of the plan alone.
fn concerned_by(asked: Asked<'_>, requirement: &CadenceMeasure, row: &str) -> Vec<String> {
    match requirement.in_each {
        Some(level) => asked.map.units_of(level, row).into_iter().map(|unit| unit.code.clone()).collect(),
        None if row == asked.question.plan.scope_unit => vec![row.to_owned()],
        None => Vec::new(),
    }
}

/// How many units of the level of reporting a row has.
pub fn reporting_units(map: Map<'_>, row: &str, level: Level) -> usize {
    map.units.count_on(level, row, map.day)
}
