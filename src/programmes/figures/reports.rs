//! What other bodies reported, beside the figures it may be counted in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::Desk;
use super::views::{PlanFigures, ReportView};
use crate::admin_units::Level;
use crate::db::DbConnection;
use crate::db::schema::reported_values;
use crate::error::AppError;
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::programmes::plans::{Indicator, MeasureKind, Plan};
use crate::programmes::sums::province_of;
use crate::text::Words;

/// Values that are told of an indicator.
const MOST_REPORTS: usize = 100;

type Row = (String, String, String, String, i64, String, String, NaiveDate);

/// Adds the values that other bodies reported for the unit and the period, or parts of them.
///
/// # Errors
/// The engine's own.
pub(super) fn add_reports(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    plan: &Plan,
    period: ReportPeriod,
    all: &mut PlanFigures,
) -> Result<(), AppError> {
    let shown = all.indicators.iter().filter_map(|figures| plan.indicator(&figures.indicator));
    let periods: BTreeSet<String> = shown.flat_map(|indicator| periods_of(indicator, period)).collect();
    let asked = Asked { plan, unit: &all.unit_code, periods: &periods, desk };
    // Of a province all are read at once, of the country the first of each indicator.
    let of_province =
        if asked.is_country() { None } else { Some(asked.stored(conn, &asked.told_of(all), &periods)?) };
    for figures in &mut all.indicators {
        let Some(indicator) = plan.indicator(&figures.indicator) else { continue };
        let (told, periods) = (classes_of(plan, indicator), periods_of(indicator, period));
        let stored = match &of_province {
            Some(all) => all.clone(),
            None => asked.stored(conn, &told, &periods)?,
        };
        let is_told = |report: &ReportView| {
            told.get(&report.element).is_some_and(|of| of.contains(&report.class)) && periods.contains(&report.period)
        };
        let mut reports: Vec<ReportView> = asked.of_plan().chain(stored).filter(is_told).collect();
        figures.more_reports = reports.len() > MOST_REPORTS;
        reports.truncate(MOST_REPORTS);
        for report in &reports {
            let name = || desk.units.full_name(&report.unit_code, all.map_of).unwrap_or_default();
            all.unit_names.entry(report.unit_code.clone()).or_insert_with(name);
        }
        figures.reports = reports;
    }
    Ok(())
}

/// The period and its parts, and those its figures are compared with; of how many units there are, the year.
fn periods_of(indicator: &Indicator, period: ReportPeriod) -> BTreeSet<String> {
    let earlier = match (indicator.kind, indicator.measured.baseline_year) {
        (MeasureKind::Growth | MeasureKind::Hold, _) => Some(period.a_year_before()),
        (MeasureKind::Reduction, Some(year)) => Some(ReportPeriod { year, ..period }),
        _ => None,
    };
    let year = indicator.measured.units.as_ref().map(|_| ReportPeriod::of_year(period.year));
    let kinds = [PeriodKind::Year, PeriodKind::HalfYear, PeriodKind::Quarter, PeriodKind::Month];
    let with_parts =
        |whole: ReportPeriod| kinds.iter().flat_map(|kind| whole.parts(*kind)).chain([whole]).collect::<Vec<_>>();
    let compared = [Some(period), earlier].into_iter().flatten().flat_map(with_parts);
    compared.chain(year).map(|period| period.to_string()).collect()
}

type Classes = BTreeMap<String, BTreeSet<String>>;

/// The classes that an indicator may take, of each of its elements.
fn classes_of(plan: &Plan, indicator: &Indicator) -> Classes {
    let mut classes = Classes::new();
    for source in indicator.sources() {
        let of_element = classes.entry(source.element.clone()).or_default();
        of_element.insert(source.class());
        of_element.extend(plan.declared(&source.element).into_iter().flat_map(|declared| declared.classes.clone()));
    }
    if let Some(units) = &indicator.measured.units {
        let kinds: Vec<&str> = units.commune_kinds.iter().map(|kind| kind.as_str()).collect();
        classes.entry(format!("units_{}", units.level)).or_default().insert(kinds.join("+"));
        if let Some(element) = &units.reported_as {
            classes.entry(element.clone()).or_default().insert(String::new());
        }
    }
    classes
}

/// Whose reports are asked for.
struct Asked<'a> {
    plan: &'a Plan,
    unit: &'a str,
    periods: &'a BTreeSet<String>,
    desk: Desk<'a>,
}

impl Asked<'_> {
    fn is_country(&self) -> bool {
        self.desk.units.get(self.unit).is_some_and(|unit| unit.level == Level::Country)
    }

    fn told_of(&self, all: &PlanFigures) -> Classes {
        let mut told = Classes::new();
        for indicator in all.indicators.iter().filter_map(|figures| self.plan.indicator(&figures.indicator)) {
            for (element, classes) in classes_of(self.plan, indicator) {
                told.entry(element).or_default().extend(classes);
            }
        }
        told
    }

    /// Whether what is told of a unit is told of the one asked for: of a province of today also what was told of those it
    /// was made of.
    fn concerns(&self, unit: &str) -> bool {
        let units = self.desk.units;
        units.is_within(unit, self.unit) || province_of(units, unit, self.desk.today) == self.unit
    }

    /// What the plan tells itself.
    fn of_plan(&self) -> impl Iterator<Item = ReportView> {
        let known = self.plan.values.iter().filter(|known| self.periods.contains(&known.period));
        known.filter(|known| self.concerns(&known.unit)).map(|known| ReportView {
            element_name: self.name_of(&known.element),
            element: known.element.clone(),
            class: String::new(),
            unit_code: known.unit.clone(),
            period: known.period.clone(),
            value: known.value,
            source_agency: self.plan.document.clone(),
            source_document: known.source.clone(),
            source_on: None,
        })
    }

    fn name_of(&self, element: &str) -> Option<Words> {
        self.plan.declared(element).map(|declared| Words::new(&declared.vi, &declared.en))
    }

    fn stored(
        &self,
        conn: &mut DbConnection,
        told: &Classes,
        periods: &BTreeSet<String>,
    ) -> Result<Vec<ReportView>, AppError> {
        let mut rows: Vec<Row> = Vec::new();
        for (element, classes) in told {
            let mut query = reported_values::table
                .filter(reported_values::element.eq(element))
                .filter(reported_values::class.eq_any(classes))
                .filter(reported_values::calendar.eq(self.plan.calendar))
                .filter(reported_values::period.eq_any(periods))
                .filter(reported_values::is_current)
                .filter(reported_values::value.is_not_null())
                .order((reported_values::unit_code, reported_values::period, reported_values::class))
                .select((
                    reported_values::element,
                    reported_values::class,
                    reported_values::unit_code,
                    reported_values::period,
                    reported_values::value.assume_not_null(),
                    reported_values::source_agency,
                    reported_values::source_document,
                    reported_values::source_on,
                ))
                .into_boxed();
            if self.is_country() {
                query = query.limit(i64::try_from(MOST_REPORTS).unwrap_or(i64::MAX) + 1);
            } else {
                let province = province_of(self.desk.units, self.unit, self.desk.today);
                query = query.filter(reported_values::province_code.eq(province));
            }
            rows.extend(query.load::<Row>(conn)?);
        }
        rows.sort_by(|(_, a_class, a, a_in, ..), (_, b_class, b, b_in, ..)| {
            (a, a_in, a_class).cmp(&(b, b_in, b_class))
        });
        let view = |(element, class, unit_code, period, value, source_agency, source_document, on): Row| ReportView {
            element_name: self.name_of(&element),
            element,
            class,
            unit_code,
            period,
            value,
            source_agency,
            source_document,
            source_on: Some(on),
        };
        let rows = rows.into_iter().filter(|(_, _, unit, ..)| self.concerns(unit));
        Ok(rows.map(view).collect())
    }
}
