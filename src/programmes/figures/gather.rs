//! Reading what units told: sums of registers, and values reported by other bodies.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::outreach;
use super::tree::{ByUnit, Spans, Told};
use crate::admin_units::UnitNo;
use crate::db::DbConnection;
use crate::db::schema::reported_values;
use crate::error::AppError;
use crate::programmes::elements::{Element, Nature, OutreachElement, Source};
use crate::programmes::periods::{Calendar, HalfMonth, PeriodKind, ReportPeriod};
use crate::programmes::plans::Plan;
use crate::programmes::plans::model::ReportedNature;
use crate::programmes::sums::{self, Area, Counter, Fresh, Series};

/// A span of days for which numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The period it is, or the part of it that has passed.
    pub period: ReportPeriod,
    /// First half month.
    pub from: HalfMonth,
    /// Last half month.
    pub to: HalfMonth,
}

impl Span {
    /// A period, cut off at a day.
    pub fn of(period: ReportPeriod, calendar: Calendar, as_of: NaiveDate, closing_day: u32) -> Self {
        let (from, to) = period.halves(calendar);
        Self { period, from, to: to.min(HalfMonth::of(as_of, closing_day)) }
    }
}

/// What is asked of the records.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Counts what is due.
    pub counter: &'a Counter,
    /// The plan.
    pub plan: &'a Plan,
    /// Today.
    pub today: NaiveDate,
    /// Entries of units that are due.
    pub fresh: &'a Fresh,
    /// Whose numbers are read.
    pub area: &'a Area,
    /// For which spans.
    pub spans: &'a [Span],
}

/// What units told, by class; the class of no name is everything.
pub type ByClass = BTreeMap<String, ByUnit<Told>>;
type List = Vec<(UnitNo, Told)>;

impl Question<'_> {
    /// What units of any time told of a source.
    ///
    /// # Errors
    /// The engine's own.
    pub fn told(self, conn: &mut DbConnection, source: &Source) -> Result<ByUnit<Told>, AppError> {
        let mut told = match source.of_outreach() {
            Some(element) => outreach::told(conn, self, element)?,
            None => self.registered(conn, source, false)?.remove("").unwrap_or_default(),
        };
        self.add_reports(conn, &source.element, &source.class(), nature_of(self.plan, source), &mut told)?;
        self.add_wholes(conn, source, &mut told)?;
        Ok(ByUnit::of(told))
    }

    /// As [`Question::told`], class by class; reports have classes only of elements that the plan declares with them.
    ///
    /// # Errors
    /// The engine's own.
    pub fn told_by_class(self, conn: &mut DbConnection, source: &Source) -> Result<ByClass, AppError> {
        if let Some(declared) = self.plan.declared(&source.element) {
            let mut classes = ByClass::new();
            for class in &declared.classes {
                let mut told = Vec::new();
                self.add_reports(conn, &source.element, class, declared.nature, &mut told)?;
                classes.insert(class.clone(), ByUnit::of(told));
            }
            return Ok(classes);
        }
        Ok(self.registered(conn, source, true)?.into_iter().map(|(class, list)| (class, ByUnit::of(list))).collect())
    }

    /// What other bodies reported of an element that no register gives.
    ///
    /// # Errors
    /// The engine's own.
    pub fn reported(self, conn: &mut DbConnection, element: &str, class: &str) -> Result<ByUnit<Told>, AppError> {
        let mut told = Vec::new();
        self.add_reports(conn, element, class, ReportedNature::Level, &mut told)?;
        Ok(ByUnit::of(told))
    }

    fn registered(
        self,
        conn: &mut DbConnection,
        source: &Source,
        by_class: bool,
    ) -> Result<BTreeMap<String, List>, AppError> {
        let mut told: BTreeMap<String, List> = BTreeMap::new();
        let Some(series) = Series::of(source, self.plan.calendar, self.plan.starts_on()) else { return Ok(told) };
        let spans: Vec<(HalfMonth, HalfMonth)> = self.spans.iter().map(|span| (span.from, span.to)).collect();
        let begins: Vec<(HalfMonth, HalfMonth)> = self.spans.iter().map(|span| (span.from, span.from)).collect();
        let during = series.element == Element::EstablishmentsOperating;
        for stored in series.stored() {
            let before = during && stored.element == Element::Establishments;
            let gone = during && stored.element == Element::EstablishmentsEndedBefore;
            let asked = sums::Asked { series: &stored, spans: if gone { &begins } else { &spans }, before, by_class };
            for (class, units) in sums::numbers(conn, self.counter, (self.area, self.today), self.fresh, asked)? {
                let sign = if gone { -1 } else { 1 };
                let signed = |numbers: Spans| numbers.into_iter().map(|number| Some(sign * number?)).collect();
                let list = |(unit, numbers)| (unit, Told { register: Some(signed(numbers)), ..Told::default() });
                told.entry(class).or_default().extend(units.into_iter().map(list));
            }
        }
        Ok(told)
    }

    /// Of an element that is reported by class: the sum of all classes, of units that told no whole.
    fn add_wholes(self, conn: &mut DbConnection, source: &Source, told: &mut List) -> Result<(), AppError> {
        let declared = self.plan.declared(&source.element).filter(|declared| !declared.classes.is_empty());
        let Some(declared) = declared else { return Ok(()) };
        let mut sums: BTreeMap<UnitNo, Vec<(i64, usize)>> = BTreeMap::new();
        for units in self.told_by_class(conn, source)?.into_values() {
            for (unit, told) in units.into_list() {
                let sum = sums.entry(unit).or_insert_with(|| vec![(0, 0); self.spans.len()]);
                for (sum, told) in sum.iter_mut().zip(told.reported.into_iter().flatten()) {
                    *sum = told.map_or(*sum, |told| (sum.0 + told, sum.1 + 1));
                }
            }
        }
        for (unit, sums) in sums {
            let own = told.iter_mut().find(|(of, _)| *of == unit).and_then(|(_, own)| own.reported.as_mut());
            let all = sums.into_iter().map(|(sum, classes)| (classes == declared.classes.len()).then_some(sum));
            match own {
                Some(own) => own.iter_mut().zip(all).for_each(|(own, all)| *own = own.or(all)),
                None => told.push((unit, Told { reported: Some(all.collect()), ..Told::default() })),
            }
        }
        Ok(())
    }

    fn add_reports(
        self,
        conn: &mut DbConnection,
        element: &str,
        class: &str,
        nature: ReportedNature,
        told: &mut List,
    ) -> Result<(), AppError> {
        let mut reports: BTreeMap<String, BTreeMap<ReportPeriod, i64>> = BTreeMap::new();
        for (unit, period, value) in self.rows(conn, element, class)? {
            if let Ok(period) = period.parse() {
                reports.entry(unit).or_default().insert(period, value);
            }
        }
        for known in self.plan.values.iter().filter(|known| known.element == element && class.is_empty()) {
            if let Ok(period) = known.period.parse() {
                reports.entry(known.unit.clone()).or_default().entry(period).or_insert(known.value);
            }
        }
        let units = &self.counter.units;
        let known = reports.iter().filter_map(|(unit, values)| Some((units.number(unit)?, values)));
        for (unit, values) in known {
            let spans: Vec<Option<i64>> =
                self.spans.iter().map(|span| reported_in(values, span.period, nature)).collect();
            if spans.iter().any(Option::is_some) {
                told.push((unit, Told { reported: Some(spans), ..Told::default() }));
            }
        }
        Ok(())
    }

    fn rows(self, conn: &mut DbConnection, element: &str, class: &str) -> Result<Vec<(String, String, i64)>, AppError> {
        let kinds = [PeriodKind::Year, PeriodKind::HalfYear, PeriodKind::Quarter, PeriodKind::Month];
        let parts = |span: &Span| kinds.iter().flat_map(|kind| span.period.parts(*kind)).collect::<Vec<_>>();
        let mut periods: Vec<String> = self
            .spans
            .iter()
            .flat_map(|span| [vec![span.period], parts(span)].concat())
            .map(|p| p.to_string())
            .collect();
        periods.sort_unstable();
        periods.dedup();
        let mut query = reported_values::table
            .filter(reported_values::element.eq(element.to_owned()))
            .filter(reported_values::class.eq(class.to_owned()))
            .filter(reported_values::calendar.eq(self.plan.calendar))
            .filter(reported_values::period.eq_any(periods))
            .filter(reported_values::is_current)
            .filter(reported_values::value.is_not_null())
            .select((reported_values::unit_code, reported_values::period, reported_values::value.assume_not_null()))
            .into_boxed();
        if let Area::Province(province) = self.area {
            query = query.filter(reported_values::province_code.eq(province.clone()));
        }
        Ok(query.load(conn)?)
    }
}

/// How what is reported of a source behaves over time.
fn nature_of(plan: &Plan, source: &Source) -> ReportedNature {
    let declared = plan.elements.iter().find(|declared| declared.code == source.element);
    match (source.of_register(), declared) {
        (Some(element), _) if element.nature() == Nature::Flow => ReportedNature::Flow,
        (None, None) if source.of_outreach() == Some(OutreachElement::Sessions) => ReportedNature::Flow,
        (Some(_), _) | (None, None) => ReportedNature::Level,
        (None, Some(declared)) => declared.nature,
    }
}

/// What was reported for a period: for itself; else, of events, the sum of parts that make it up wholly; of levels, the
/// newest within it.
fn reported_in(values: &BTreeMap<ReportPeriod, i64>, period: ReportPeriod, nature: ReportedNature) -> Option<i64> {
    if let Some(value) = values.get(&period) {
        return Some(*value);
    }
    let kinds = [PeriodKind::Year, PeriodKind::HalfYear, PeriodKind::Quarter, PeriodKind::Month];
    let shorter = kinds.into_iter().filter(|kind| kind.months() < period.kind.months());
    match nature {
        ReportedNature::Flow => shorter.into_iter().find_map(|kind| {
            let parts = period.parts(kind);
            let told: Vec<i64> = parts.iter().filter_map(|part| values.get(part).copied()).collect();
            (told.len() == parts.len()).then(|| told.iter().sum())
        }),
        ReportedNature::Level => {
            let parts = shorter.into_iter().flat_map(|kind| period.parts(kind));
            let told = parts.filter_map(|part| values.get(&part).map(|value| (part, *value)));
            told.max_by_key(|(part, _)| (part.halves(Calendar::Civil).1, part.kind.months())).map(|(_, value)| value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: &[(&str, i64)]) -> BTreeMap<ReportPeriod, i64> {
        of.iter().map(|(period, value)| (period.parse().expect("a period"), *value)).collect()
    }

    #[test]
    fn quarters_make_up_a_year_only_when_all_four_are_there() {
        let year = ReportPeriod::of_year(2022);
        let three = values(&[("2022-Q1", 1), ("2022-Q2", 2), ("2022-Q3", 3)]);
        assert_eq!(reported_in(&three, year, ReportedNature::Flow), None);
        assert_eq!(reported_in(&three, year, ReportedNature::Level), Some(3));
        let four = values(&[("2022-Q1", 1), ("2022-Q2", 2), ("2022-Q3", 3), ("2022-Q4", 4)]);
        assert_eq!(reported_in(&four, year, ReportedNature::Flow), Some(10));
        let told = values(&[("2022", 9), ("2022-Q1", 1)]);
        assert_eq!(reported_in(&told, year, ReportedNature::Flow), Some(9));
    }
}
