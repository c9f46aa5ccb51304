//! The numbers of an indicator for every unit and span that is asked of: what each kind of measure takes from where.

mod alike;
mod cadence;
mod compared;
mod units;
mod years;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use self::alike::Tellers;
use self::cadence::cadence_cells;
use self::compared::compared;
use self::units::{is_counted, unit_share, unit_share_by_class, unit_totals};
use self::years::{are_years, sums_of_years};
use super::gather::{Behaviour, Question, Span, behaviour};
use super::measures::{NoFigure, Numbers};
use super::tree::{Before, ByUnit, Days, Map, Placing, Remark, Reports, Sum, Told};
use crate::admin_units::{Level, PlacedNo, UnitNo};
use crate::db::DbConnection;
use crate::error::AppError;
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

/// The numbers that are wanted of units.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    source: &'a Source,
    /// Of which class; all of them together when none.
    class: Option<&'a str>,
    /// Of which units.
    counts: &'a dyn Fn(UnitNo) -> bool,
}

impl<'a> Wanted<'a> {
    /// Those of a source, of all units.
    fn of(source: &'a Source) -> Self {
        Self { source, class: None, counts: &|_| true }
    }

    fn told(self, conn: &mut DbConnection, question: Question<'_>) -> Result<ByUnit<Told>, AppError> {
        let told = match self.class {
            None => question.told(conn, self.source)?,
            Some(class) => question.told_by_class(conn, self.source)?.remove(class).unwrap_or_default(),
        };
        let mut told = told.into_list();
        told.retain(|(unit, _)| (self.counts)(*unit));
        Ok(ByUnit::in_order(told))
    }

    /// What was reported for five years as such.
    fn five_years(
        self,
        conn: &mut DbConnection,
        question: Question<'_>,
    ) -> Result<BTreeMap<(UnitNo, ReportPeriod), i64>, AppError> {
        let mut values = question.five_years(conn, self.source, self.class)?;
        values.retain(|(unit, _), _| (self.counts)(*unit));
        Ok(values)
    }

    /// Whether no register gives the number.
    fn is_only_reported(self) -> bool {
        self.source.of_register().is_none() && self.source.of_outreach().is_none()
    }
}

/// Numbers, and what has to be known before they are compared with others.
struct Gathered {
    sums: ByUnit<Sum>,
    /// Who told them, where only reports tell.
    tellers: Option<Tellers>,
    /// Units of which it is not known how much of what was left above them is theirs, in which spans.
    in_part: BTreeMap<UnitNo, BTreeSet<usize>>,
}

impl Asked<'_> {
    fn sums(
        self,
        conn: &mut DbConnection,
        spans: &[Span],
        wanted: Wanted<'_>,
        remarks: &mut BTreeSet<Remark>,
    ) -> Result<ByUnit<Sum>, AppError> {
        if are_years(self, spans, wanted) {
            return Ok(sums_of_years(conn, self, spans, wanted, remarks)?.sums);
        }
        let told = wanted.told(conn, Question { spans, ..self.question })?;
        Ok(self.put_together(told, spans, wanted.source, remarks))
    }

    /// Who told numbers that others report.
    fn tellers(self, told: ByUnit<Told>, spans: &[Span], source: &Source) -> Tellers {
        let days = self.days(spans);
        let settled = self.map.settle(told, &days, self.reports(source));
        Tellers::of(self.map, settled, days.iter().map(|(_, last)| *last).collect())
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
        let mut placing = self.placing(told, spans, source);
        remarks.append(&mut placing.remarks);
        self.map.sums(&placing.told, self.unit, spans.len())
    }

    /// First and last day of each span.
    fn days(self, spans: &[Span]) -> Vec<Days> {
        let closing_day = self.question.counter.measures.closing_day;
        spans.iter().map(|span| span.period.days(self.question.plan.calendar, closing_day)).collect()
    }

    /// What units told, on the map.
    fn placing(self, told: ByUnit<Told>, spans: &[Span], source: &Source) -> Placing {
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
        self.map.place(told, &self.days(spans), self.reports(source))
    }

    /// How what is reported of a source is taken.
    fn reports(self, source: &Source) -> Reports {
        // What only other bodies report, one that reports for the whole knows better than some of its parts.
        let only_reported = Wanted::of(source).is_only_reported();
        Reports {
            before: if source.reported_first || only_reported { Before::Everything } else { Before::Nothing },
            newest_stands: behaviour(self.question.plan, source) == Behaviour::Newest,
            by_register: source.of_register().is_some(),
        }
    }

    /// Whether a unit of the map ended before as much of a span as has passed, and what came after it is told of others.
    pub fn ends_within(self, row: &str, span: Span) -> bool {
        let units = self.map.units;
        let closing_day = self.question.counter.measures.closing_day;
        let passed = span.period.days(self.question.plan.calendar, closing_day).1.min(self.question.today);
        let goes_on_here = |code: &str| {
            let placed = units.number(code).and_then(|number| self.map.ground.placed(number));
            matches!(placed, Some(PlacedNo::At(at)) if Some(*at) == units.number(row))
        };
        let after = units.successors(row);
        units.get(row).and_then(|unit| unit.valid_to).is_some_and(|last| last < passed)
            && (after.is_empty() || !after.iter().all(|step| goes_on_here(&step.successor)))
    }

    /// Units of which it is not known how much of what was left above them is theirs, in which spans.
    fn told_in_part(self, placing: &Placing) -> BTreeMap<UnitNo, BTreeSet<usize>> {
        let mut in_part: BTreeMap<UnitNo, BTreeSet<usize>> = BTreeMap::new();
        for (unit, spans) in &placing.left {
            let code = self.map.code(*unit);
            let shares = self.map.units.sharing(&code, self.map.day);
            for part in shares.filter_map(|unit| self.map.units.number(&unit.code)) {
                in_part.entry(part).or_default().extend(spans);
            }
        }
        in_part
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
            // What is told of a whole province is of communes of all kinds that the plan names.
            let planned = asked.question.plan.indicator(&indicator.code).and_then(|one| one.measured.units.as_ref());
            let are_all = planned.is_some_and(|planned| planned.commune_kinds == units.commune_kinds);
            let is_whole = |unit: UnitNo| asked.map.units.numbered(unit).is_some_and(|unit| unit.level < units.level);
            let counts = |unit: UnitNo| are_all && is_whole(unit) || is_counted(asked, units, unit);
            let added = asked.sums(conn, spans, Wanted { counts: &counts, ..Wanted::of(added) }, remarks)?;
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
                let now = asked.sums(conn, spans, Wanted::of(source), remarks)?;
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
                    _ => cell.none,
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
        let mut of = |source: &Source, told: Option<&ByUnit<Told>>| {
            let wanted = Wanted { class: Some(&class), ..Wanted::of(source) };
            if are_years(asked, spans, wanted) {
                return Ok::<_, AppError>(sums_of_years(conn, asked, spans, wanted, remarks)?.sums);
            }
            Ok(asked.put_together(told.cloned().unwrap_or_default(), spans, source, remarks))
        };
        let (tops, bottoms) = (of(top, tops.get(&class))?, of(bottom, bottoms.get(&class))?);
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
            if bottoms.is_some() {
                let bottom = under(row).and_then(|sum| sum.spans.get(span));
                cell.covered = cell.covered.min(bottom.map_or(0, |bottom| bottom.covered));
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
    let tops = asked.sums(conn, spans, Wanted::of(top), remarks)?;
    let bottoms = bottom.map(|bottom| asked.sums(conn, spans, Wanted::of(bottom), remarks)).transpose()?;
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
