//! Figures of indicators: what each comes to, what it explains of itself, and to whom it is told.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::gather::{Span, grows};
use super::measures::{NoFigure, Ratio, evaluate};
use super::numbers::{self, Asked, Cell, Cells, numbers, numbers_by_class, reporting_units};
use super::targets::{Standing, Status, is_out_of_reach, judge, view};
use super::tree::Remark;
use super::views::{CoverageView, IndicatorFigures, PartsView, PlanFigure, UnitNote};
use super::{MOST_FIGURES, MOST_NOTES, too_many};
use crate::admin_units::{CommuneKind, Level};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::elements::{Element, Family, Source};
use crate::programmes::periods::{Calendar, PeriodKind, ReportPeriod};
use crate::programmes::plans::model::{Breakdown, Condition, Measured, Operator, Target};
use crate::programmes::plans::{Indicator, MeasureKind, Plan};
use crate::programmes::registers::Register;

/// Makes figures of the numbers of indicators.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a> {
    pub(super) plan: &'a Plan,
    pub(super) asked: Asked<'a>,
    pub(super) spans: &'a [Span],
    pub(super) begun: bool,
    pub(super) breakdown: &'a BTreeSet<Breakdown>,
    pub(super) for_keepers: bool,
}

impl Maker<'_> {
    /// The figures of one indicator, after so many of others.
    pub(super) fn indicator(
        self,
        conn: &mut DbConnection,
        indicator: &Indicator,
        made: usize,
    ) -> Result<IndicatorFigures, AppError> {
        let mut remarks = BTreeSet::new();
        let mut figures = Vec::new();
        if let Some(reason) = self.not_asked(indicator) {
            figures.extend(self.each_cell().map(|(row, span)| self.without(indicator, row, span, reason)));
        } else {
            let cells = numbers(conn, self.asked, indicator, &mut remarks)?;
            self.add(indicator, &cells, None, &mut figures);
            self.add_classes(conn, (indicator, made), &mut remarks, &mut figures)?;
        }
        let hides_notes = !self.for_keepers && self.plan.tells_of_few(indicator);
        remarks.retain(|remark| !hides_notes && self.concerns(remark));
        Ok(IndicatorFigures {
            indicator: indicator.code.clone(),
            kind: indicator.kind,
            name_vi: indicator.name_vi.clone(),
            name_en: indicator.name_en.clone(),
            source_text: indicator.source_text.clone(),
            definition_vi: indicator.definition_vi.clone(),
            definition_en: indicator.definition_en.clone(),
            feeds: indicator.feeds.clone(),
            registers: registers_of(indicator),
            reports: Vec::new(),
            more_reports: false,
            breakdowns: indicator.breakdowns.clone(),
            released_as: None,
            figures,
            unit_notes_total: remarks.len(),
            unit_notes: remarks.into_iter().take(MOST_NOTES).map(|remark| self.note(remark)).collect(),
        })
    }

    /// The figures by kind of commune and by class, where they are asked for.
    fn add_classes(
        self,
        conn: &mut DbConnection,
        (indicator, made): (&Indicator, usize),
        remarks: &mut BTreeSet<Remark>,
        figures: &mut Vec<PlanFigure>,
    ) -> Result<(), AppError> {
        let mut add = |class: &str, cells: &Cells| {
            self.add(indicator, cells, Some(class), figures);
            if made + figures.len() > MOST_FIGURES { Err(too_many()) } else { Ok(()) }
        };
        let is_asked = |way: Breakdown| self.breakdown.contains(&way) && indicator.breakdowns.contains(&way);
        if is_asked(Breakdown::CommuneKind) {
            for (kind, of_kind) in by_commune_kind(indicator) {
                add(kind.as_str(), &numbers(conn, self.asked, &of_kind, remarks)?)?;
            }
        }
        for ((_, word), narrowed) in indicator.told_apart().filter(|((way, _), _)| is_asked(*way)) {
            add(word, &numbers(conn, self.asked, &narrowed, remarks)?)?;
        }
        if is_asked(Breakdown::Class) {
            for (class, cells) in numbers_by_class(conn, self.asked, indicator, remarks)? {
                add(&class, &cells)?;
            }
        }
        Ok(())
    }

    /// Why an indicator has no figures at all.
    fn not_asked(self, indicator: &Indicator) -> Option<NoFigure> {
        let period = self.spans.first().map_or(0, |span| span.period.year);
        if !self.begun {
            Some(NoFigure::NotBegun)
        } else if period > self.plan.last_year || self.spans.iter().all(|span| span.period.year < self.plan.first_year)
        {
            Some(NoFigure::OutsidePlan)
        } else if indicator.measured.cases.is_some() {
            Some(NoFigure::StatisticsOnly)
        } else {
            None
        }
    }

    fn each_cell(&self) -> impl Iterator<Item = (&str, Span)> {
        self.asked.rows.iter().flat_map(|row| self.spans.iter().map(move |span| (row.as_str(), *span)))
    }

    fn add(self, indicator: &Indicator, cells: &Cells, class: Option<&str>, figures: &mut Vec<PlanFigure>) {
        for row in self.asked.rows {
            let of_row = cells.get(row).map_or(&[][..], Vec::as_slice);
            for (cell, span) in of_row.iter().zip(self.spans) {
                let is_kept_back = self.keeps_back(indicator, row, *span, class);
                match (is_kept_back, class) {
                    (true, None) => figures.push(self.without(indicator, row, *span, NoFigure::KeepersOnly)),
                    (false, class) if class.is_none() || cell.numbers.numerator.is_some() => {
                        figures.push(self.figure(indicator, row, *span, class, cell));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Few persons are told of to nobody but those who keep the registers: others read how many they were by province
    /// and year, once the year is over, not by class, and on one map, for the difference of two tells of the units that
    /// changed sides.
    fn keeps_back(self, indicator: &Indicator, row: &str, span: Span, class: Option<&str>) -> bool {
        let is_small = || {
            let level = self.asked.map.units.get(row).map(|unit| unit.level);
            class.is_some()
                || self.asked.map.day != self.asked.as_of
                || self.asked.as_of < self.standing(span).1.period_ends
                || !is_told_to_all(level, span.period)
        };
        !self.for_keepers && self.plan.tells_of_few(indicator) && is_small()
    }

    fn standing(self, span: Span) -> (NaiveDate, Standing) {
        let closing_day = self.asked.question.counter.measures.closing_day;
        let (first, last) = span.period.days(self.plan.calendar, closing_day);
        let as_of = last.min(self.asked.question.today);
        let judged_on = if as_of < last { as_of } else { span.period.days(Calendar::Civil, closing_day).1 };
        (first, Standing { as_of, period_ends: last, judged_on })
    }

    fn figure(self, indicator: &Indicator, row: &str, span: Span, class: Option<&str>, cell: &Cell) -> PlanFigure {
        let found = match cell.none {
            Some(reason) => Err(reason),
            None => evaluate(indicator.kind, cell.numbers),
        };
        let reason = match found {
            Err(reason) => reason,
            Ok(value) => return self.told(indicator, row, span, class, cell, value),
        };
        let numbers = if reason.is_not_applicable() { &Cell::default() } else { cell };
        self.with_numbers(
            indicator,
            PlanFigure { class: class.map(str::to_owned), ..self.without(indicator, row, span, reason) },
            row,
            numbers,
        )
    }

    fn told(
        self,
        indicator: &Indicator,
        row: &str,
        span: Span,
        class: Option<&str>,
        cell: &Cell,
        value: Ratio,
    ) -> PlanFigure {
        let (_, standing) = self.standing(span);
        let bare = self.without(indicator, row, span, NoFigure::NothingReported);
        let target = target_for(self.plan, indicator, row).filter(|_| class.is_none());
        let before = cell.numbers.denominator.filter(|_| indicator.kind == MeasureKind::Hold);
        let (status, target) = match target {
            Some(target) => {
                let (status, view) = judge(target, value, before, standing);
                let is_part = || self.is_less_of_a_part(indicator, span.period) || self.asked.ends_within(row, span);
                let is_asked_for = status != Status::Behind || !is_part();
                let status = if is_asked_for { status } else { Status::NotApplicable };
                (self.while_it_runs(indicator.kind, (value, target), (span, standing), status), Some(view))
            }
            None => (Status::NotApplicable, None),
        };
        let figure = PlanFigure {
            class: class.map(str::to_owned),
            percent: value.is_percent.then(|| tenths(value.tenths())),
            number: (!value.is_percent).then_some(value.top),
            target,
            status,
            reason: None,
            ..bare
        };
        self.with_numbers(indicator, figure, row, cell)
    }

    /// Whether a figure grows over the year, so that a month or a quarter need not have what is wanted of the year.
    fn is_less_of_a_part(self, indicator: &Indicator, period: ReportPeriod) -> bool {
        let grows = |source: &Source| grows(self.plan, source);
        let Measured { numerator, units, .. } = &indicator.measured;
        let is_longer = |each: PeriodKind| each.months() > period.kind.months();
        let condition = |one: &Condition| one.in_each.is_none_or(is_longer) && grows(&one.source);
        period.kind.months() < PeriodKind::Year.months()
            && match indicator.kind {
                MeasureKind::UnitShare | MeasureKind::Stepped => {
                    units.as_ref().is_some_and(|units| units.all.iter().any(condition))
                }
                MeasureKind::PersonShare
                | MeasureKind::EstablishmentShare
                | MeasureKind::YearlyIncrement
                | MeasureKind::Count => numerator.as_ref().is_some_and(grows),
                MeasureKind::ItemShare
                | MeasureKind::Cumulative
                | MeasureKind::Cadence
                | MeasureKind::Growth
                | MeasureKind::Reduction
                | MeasureKind::Hold => false,
            }
    }

    /// Where a figure of a period that runs still stands: of a year there is always less than of a whole one, and a month
    /// that was missed is not made up for.
    fn while_it_runs(
        self,
        kind: MeasureKind,
        (value, target): (Ratio, &Target),
        (span, standing): (Span, Standing),
        status: Status,
    ) -> Status {
        if standing.as_of >= standing.period_ends {
            return status;
        }
        let is_lost = || {
            let closing_day = self.asked.question.counter.measures.closing_day;
            let months = span.period.parts(PeriodKind::Month);
            let ended = |month: &&ReportPeriod| month.days(self.plan.calendar, closing_day).1 <= standing.as_of;
            is_out_of_reach(value, target, (months.iter().filter(ended).count(), months.len()))
        };
        match (kind, status) {
            (MeasureKind::Reduction | MeasureKind::Cadence, Status::Met) => Status::OnCourse,
            (MeasureKind::Cadence, Status::OnCourse) if is_lost() => Status::Behind,
            _ => status,
        }
    }

    fn with_numbers(self, indicator: &Indicator, figure: PlanFigure, row: &str, cell: &Cell) -> PlanFigure {
        let parts = |origin: numbers::Origin| PartsView { register: origin.register, reported: origin.reported };
        let has_parts = cell.denominator_from != numbers::Origin::default();
        let level = indicator.measured.units.as_ref().filter(|_| indicator.measured.numerator.is_none());
        let level = level.map_or(self.plan.reported_by, |units| units.level);
        let of = cell.asked_of.unwrap_or_else(|| reporting_units(self.asked.map, row, level));
        let figure = PlanFigure { numerator: cell.numbers.numerator, denominator: cell.numbers.denominator, ..figure };
        // Of persons, what one source told is that of the few units that keep it.
        if !self.for_keepers && self.plan.tells_of_few(indicator) {
            return figure;
        }
        PlanFigure {
            numerator_parts: cell.numbers.numerator.map(|_| parts(cell.numerator_from)),
            denominator_parts: has_parts.then(|| parts(cell.denominator_from)),
            coverage: (of > 0).then_some(CoverageView { units: cell.covered, of }),
            ..figure
        }
    }

    /// A figure that there is not.
    fn without(self, indicator: &Indicator, row: &str, span: Span, reason: NoFigure) -> PlanFigure {
        let (first_day, standing) = self.standing(span);
        PlanFigure {
            unit_code: row.to_owned(),
            period: span.period.to_string(),
            first_day,
            last_day: standing.period_ends,
            as_of: standing.as_of,
            class: None,
            numerator: None,
            denominator: None,
            numerator_parts: None,
            denominator_parts: None,
            coverage: None,
            percent: None,
            number: None,
            target: target_for(self.plan, indicator, row).map(|target| view(target, standing)),
            status: if reason.is_not_applicable() { Status::NotApplicable } else { Status::NoData },
            reason: Some(reason),
            published: None,
        }
    }

    /// Whether a remark is about numbers of the unit asked for: those of a whole province are read for each of its units.
    fn concerns(self, remark: &Remark) -> bool {
        let (units, asked) = (self.asked.map.units, self.asked.unit);
        let day = self.asked.map.day;
        let goes_into = |unit: &str| units.sharing(unit, day).any(|part| units.is_within(&part.code, asked));
        match remark {
            Remark::LeftAbove { unit, above, .. } => units.is_within(above, asked) || goes_into(unit),
            Remark::Shared(unit) => goes_into(unit),
        }
    }

    fn note(self, remark: Remark) -> UnitNote {
        let name = |code: &str| self.asked.map.units.full_name(code, self.asked.as_of).unwrap_or_default();
        match remark {
            Remark::Shared(unit) => UnitNote { unit_name: name(&unit), unit_code: unit, left_at: None, why: None },
            Remark::LeftAbove { unit, above, why } => {
                UnitNote { unit_name: name(&unit), unit_code: unit, left_at: Some(above), why: Some(why) }
            }
        }
    }
}

/// The registers that the numbers of an indicator are counted from.
fn registers_of(indicator: &Indicator) -> BTreeSet<Register> {
    let families: BTreeSet<Family> =
        indicator.sources().into_iter().filter_map(Source::of_register).map(Element::family).collect();
    Register::ALL.iter().copied().filter(|register| families.contains(&register.family())).collect()
}

/// Whether numbers of persons of a unit and a period are told to more than those who keep its registers.
pub fn is_told_to_all(level: Option<Level>, period: ReportPeriod) -> bool {
    period.kind.months() >= PeriodKind::Year.months() && matches!(level, Some(Level::Country | Level::Province))
}

/// The same indicator, of communes of each kind that it is about; what a report counts of all of them is left out.
fn by_commune_kind(indicator: &Indicator) -> Vec<(CommuneKind, Indicator)> {
    let of_kind = |kind: &CommuneKind| {
        let mut own = indicator.clone();
        let units = own.measured.units.as_mut()?;
        if !units.commune_kinds.is_empty() && !units.commune_kinds.contains(kind) {
            return None;
        }
        units.commune_kinds = BTreeSet::from([*kind]);
        units.reported_as = None;
        Some((*kind, own))
    };
    CommuneKind::ALL.iter().filter_map(of_kind).collect()
}

/// The target that binds a unit: its own, that of the plan's unit, or of its kind for the units below.
fn target_for<'a>(plan: &Plan, indicator: &'a Indicator, row: &str) -> Option<&'a Target> {
    let own = indicator.targets.iter().find(|target| target.unit.as_deref() == Some(row));
    let general = || indicator.targets.iter().find(|target| target.unit.is_none());
    own.or_else(|| general().filter(|target| row == plan.scope_unit || target.operator != Operator::None))
}

fn tenths(tenths: i64) -> f64 {
    i32::try_from(tenths).map_or(f64::MAX, |tenths| f64::from(tenths) / 10.0)
}
