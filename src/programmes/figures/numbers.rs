//! The numbers of an indicator for every unit and span that is asked of: what each kind of measure takes from where.

mod cadence;
mod units;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use self::cadence::cadence_cells;
use self::units::{is_counted, unit_share, unit_share_by_class, unit_totals};
use super::gather::{Behaviour, Question, Span, behaviour};
use super::measures::{NoFigure, Numbers};
use super::tree::{ByUnit, Map, Remark, Reports, Sum, Told};
use crate::admin_units::{Level, UnitNo};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::closing::completeness::silent;
use crate::programmes::elements::{Nature, Source};
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::programmes::plans::MeasureKind;
use crate::programmes::plans::model::{CadenceMeasure, Indicator, Measured};

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
    /// Units of the level of reporting that told something; of two numbers, those of the one that fewer told.
    pub covered: usize,
    /// How many could have, where those are others than the units of that level.
    pub asked_of: Option<usize>,
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
    /// The period asked for.
    pub period: ReportPeriod,
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
    ) -> Result<ByUnit<Sum>, AppError> {
        let told = Question { spans, ..self.question }.told(conn, source)?;
        Ok(self.put_together(told, spans, source, remarks))
    }

    /// What a row has among these.
    fn of_row<'s, T>(self, all: &'s ByUnit<T>, row: &str) -> Option<&'s T> {
        all.get(self.map.units.number(row)?)
    }

    fn put_together(
        self,
        told: ByUnit<Told>,
        spans: &[Span],
        source: &Source,
        remarks: &mut BTreeSet<Remark>,
    ) -> ByUnit<Sum> {
        let silent = || Told { is_silent: true, ..Told::default() };
        // A unit that ended in the period does not answer for the whole of the one it went into.
        let reports = |unit: &&String| self.map.units.is_valid_on(unit, self.as_of);
        let numbered = |unit: &String| Some((self.map.units.number(unit)?, silent()));
        let silent = self.silent.iter().filter(reports).filter_map(numbered);
        let told = if source.of_register().is_some() && !self.silent.is_empty() {
            ByUnit::of(told.into_list().into_iter().chain(silent).collect())
        } else {
            told
        };
        // What only other bodies report, one that reports for the whole knows better than some of its parts.
        let only_reported = source.of_register().is_none() && source.of_outreach().is_none();
        let reports = Reports {
            first: source.reported_first || only_reported,
            newest_stands: behaviour(self.question.plan, source) == Behaviour::Newest,
            by_register: source.of_register().is_some(),
        };
        let mut placing = self.map.place(told, spans.len(), reports);
        remarks.append(&mut placing.remarks);
        self.map.sums(&placing.told, self.unit, spans.len())
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
            let mut told = asked.question.told(conn, added)?.into_list();
            // What is told of a whole province is of communes of all kinds that the plan names.
            let planned = asked.question.plan.indicator(&indicator.code).and_then(|one| one.measured.units.as_ref());
            let are_all = planned.is_some_and(|planned| planned.commune_kinds == units.commune_kinds);
            let is_whole = |unit: UnitNo| asked.map.units.numbered(unit).is_some_and(|unit| unit.level < units.level);
            told.retain(|(unit, _)| are_all && is_whole(*unit) || is_counted(asked, units, *unit));
            let added = asked.put_together(ByUnit::in_order(told), spans, added, remarks);
            let all = unit_totals(conn, asked, units)?;
            Ok(cells(asked, Some(&added), |row, span| all.get(row).and_then(|all| all.get(span).copied().flatten())))
        }
        (MeasureKind::Cadence, ..) => cadence_cells(conn, asked, cadence, remarks),
        (MeasureKind::Growth | MeasureKind::Hold, Some(source), ..) => {
            let before: Vec<Span> = spans.iter().map(|span| earlier(asked, span.period.a_year_before())).collect();
            compared(conn, asked, source, (&before, asked.period.a_year_before()), remarks)
        }
        (MeasureKind::Reduction, Some(source), ..) => {
            let Some(year) = *baseline_year else {
                let now = asked.sums(conn, spans, source, remarks)?;
                return Ok(cells(asked, Some(&now), |_, _| None));
            };
            // A part of a year is compared with the same part.
            let then = |period: ReportPeriod| ReportPeriod { year, ..of_a_year(period) };
            let before: Vec<Span> = spans.iter().map(|span| earlier(asked, then(span.period))).collect();
            let mut cells = compared(conn, asked, source, (&before, then(asked.period)), remarks)?;
            for (cell, span) in cells.values_mut().flat_map(|cells| cells.iter_mut().zip(spans)) {
                cell.none = match span.period {
                    of if of.kind == PeriodKind::FiveYears => Some(NoFigure::NotAdditive),
                    of if of.year < year => Some(NoFigure::BeforeBaseline),
                    _ => None,
                };
            }
            Ok(cells)
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
    let Measured { numerator, denominator, units, cadence, .. } = &indicator.measured;
    let spans = asked.question.spans;
    if !cadence.is_empty() {
        let of = |asked_for: &CadenceMeasure| -> Result<_, AppError> {
            let cells = cadence_cells(conn, asked, std::slice::from_ref(asked_for), remarks)?;
            Ok((asked_for.source.class(), cells))
        };
        return cadence.iter().map(of).collect();
    }
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
        let of = |told: Option<&ByUnit<Told>>| told.cloned().unwrap_or_default();
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

/// A period of a year at the most.
fn of_a_year(period: ReportPeriod) -> ReportPeriod {
    if period.kind == PeriodKind::FiveYears { ReportPeriod::of_year(period.year) } else { period }
}

fn cells(asked: Asked<'_>, tops: Option<&ByUnit<Sum>>, bottom: impl Fn(&str, usize) -> Option<i64>) -> Cells {
    let of_row = |row: &String| {
        let sum = tops.and_then(|tops| asked.of_row(tops, row));
        let cell = |span: usize| Cell {
            numbers: Numbers { numerator: sum.and_then(|sum| sum.at(span)), denominator: bottom(row, span) },
            numerator_from: origin(sum, span),
            covered: sum.and_then(|sum| sum.spans.get(span)).map_or(0, |span| span.covered),
            ..Cell::default()
        };
        (row.clone(), (0..asked.question.spans.len()).map(cell).collect())
    };
    asked.rows.iter().map(of_row).collect()
}

fn origin(sum: Option<&Sum>, span: usize) -> Origin {
    let span = sum.and_then(|sum| sum.spans.get(span).copied()).unwrap_or_default();
    Origin { register: span.register, reported: span.reported }
}

fn with_denominators(asked: Asked<'_>, tops: &ByUnit<Sum>, bottoms: Option<&ByUnit<Sum>>) -> Cells {
    let under = |row: &str| bottoms.and_then(|bottoms| asked.of_row(bottoms, row));
    let mut all = cells(asked, Some(tops), |row, span| under(row)?.at(span));
    for (row, cells) in &mut all {
        for (span, cell) in cells.iter_mut().enumerate() {
            cell.denominator_from = origin(under(row), span);
            if let Some(bottom) =
                under(row).and_then(|sum| sum.spans.get(span)).filter(|bottom| bottom.number.is_some())
            {
                cell.covered = cell.covered.min(bottom.covered);
            }
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

/// Numbers of now beside those of earlier spans, of which the reports of `then` speak.
fn compared(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    source: &Source,
    (before, then): (&[Span], ReportPeriod),
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let now = asked.sums(conn, asked.question.spans, source, remarks)?;
    let silent = silent(conn, asked.question.plan.calendar, then)?;
    let as_of = then.days(asked.question.plan.calendar, asked.question.counter.measures.closing_day).1;
    let before = Asked { silent: &silent, as_of, ..asked }.sums(conn, before, source, remarks)?;
    Ok(with_denominators(asked, &now, Some(&before)))
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

/// How many units of the level of reporting a row has.
pub fn reporting_units(map: Map<'_>, row: &str, level: Level) -> usize {
    map.units.count_on(level, row, map.day)
}
