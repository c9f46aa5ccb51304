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
        let of = (&*source.element, &*source.class());
        self.add_reports(conn, of, behaviour(self.plan, source), &|_, _| true, &mut told)?;
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
                self.add_reports(conn, (&source.element, class), declared.nature.into(), &|_, _| true, &mut told)?;
                classes.insert(class.clone(), ByUnit::of(told));
            }
            return Ok(classes);
        }
        Ok(self.registered(conn, source, true)?.into_iter().map(|(class, list)| (class, ByUnit::of(list))).collect())
    }

    /// What other bodies reported of an element and class that no register gives, as far as it counts of a unit and period.
    ///
    /// # Errors
    /// The engine's own.
    pub fn reported(
        self,
        conn: &mut DbConnection,
        of: (&str, &str),
        counts: &dyn Fn(UnitNo, ReportPeriod) -> bool,
    ) -> Result<ByUnit<Told>, AppError> {
        let mut told = Vec::new();
        self.add_reports(conn, of, Behaviour::Newest, counts, &mut told)?;
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
        for (unit, sums) in self.sums_of_classes(conn, source)? {
            let own = told.iter().find(|(of, own)| *of == unit && own.has_reports());
            let is_told = |span: usize| own.is_some_and(|(_, own)| own.report(span).is_some());
            let all = |in_part: bool| {
                let is_all = |sum: &ClassSum| sum.classes == declared.classes.len() && sum.in_part == in_part;
                let sum = |(span, sum): (usize, &ClassSum)| (is_all(sum) && !is_told(span)).then_some(sum.number);
                some(sums.iter().enumerate().map(sum).collect())
            };
            let (reported, reported_in_part) = (all(false), all(true));
            told.push((unit, Told { reported, reported_in_part, ..Told::default() }));
        }
        Ok(())
    }

    fn sums_of_classes(
        self,
        conn: &mut DbConnection,
        source: &Source,
    ) -> Result<BTreeMap<UnitNo, Vec<ClassSum>>, AppError> {
        let mut sums: BTreeMap<UnitNo, Vec<ClassSum>> = BTreeMap::new();
        for units in self.told_by_class(conn, source)?.into_values() {
            for (unit, told) in units.into_list() {
                let sum = sums.entry(unit).or_insert_with(|| vec![ClassSum::default(); self.spans.len()]);
                for (span, sum) in sum.iter_mut().enumerate() {
                    if let Some(number) = told.report(span) {
                        sum.number += number;
                        sum.classes += 1;
                        sum.in_part |= told.is_in_part(span);
                    }
                }
            }
        }
        Ok(sums)
    }

    fn add_reports(
        self,
        conn: &mut DbConnection,
        (element, class): (&str, &str),
        behaviour: Behaviour,
        counts: &dyn Fn(UnitNo, ReportPeriod) -> bool,
        told: &mut List,
    ) -> Result<(), AppError> {
        let units = &self.counter.units;
        let mut reports: BTreeMap<UnitNo, BTreeMap<ReportPeriod, i64>> = BTreeMap::new();
        for (unit, period, value) in self.values(conn, element, class)? {
            if counts(unit, period) {
                reports.entry(unit).or_default().insert(period, value);
            }
        }
        for (&unit, values) in &reports {
            let life = units.numbered(unit).map(|unit| (unit.valid_from, unit.valid_to));
            // A month is told by the unit that is there on its last day.
            let tells = |month: ReportPeriod| {
                let (_, last) = month.days(self.plan.calendar, self.counter.measures.closing_day);
                life.is_none_or(|(from, to)| from.is_none_or(|from| from <= last) && to.is_none_or(|to| last <= to))
            };
            let is_absent = |period: ReportPeriod| !period.each_month().any(tells);
            let found: Vec<Option<Reported>> =
                self.spans.iter().map(|span| reported_in(values, span.period, behaviour, &is_absent)).collect();
            let of = |in_part: bool| {
                let own =
                    |found: &Option<Reported>| found.filter(|found| found.in_part == in_part).map(|found| found.value);
                some(found.iter().map(own).collect())
            };
            let (reported, reported_in_part) = (of(false), of(true));
            if reported.is_some() || reported_in_part.is_some() {
                told.push((unit, Told { reported, reported_in_part, ..Told::default() }));
            }
        }
        Ok(())
    }

    /// What was reported of a source, or of a class of it, for five years as such, by unit and period; of an element with
    /// classes the sum of all of them is the whole where nobody reported one.
    ///
    /// # Errors
    /// The engine's own.
    pub fn five_years(
        self,
        conn: &mut DbConnection,
        source: &Source,
        class: Option<&str>,
    ) -> Result<BTreeMap<(UnitNo, ReportPeriod), i64>, AppError> {
        let whole = source.class();
        let mut long = self.long_values(conn, &source.element, class.unwrap_or(&whole))?;
        let declared = self.plan.declared(&source.element).filter(|_| class.is_none());
        let classes: Vec<&String> = declared.iter().flat_map(|declared| &declared.classes).collect();
        let mut sums: BTreeMap<(UnitNo, ReportPeriod), (usize, i64)> = BTreeMap::new();
        for class in &classes {
            for (of, value) in self.long_values(conn, &source.element, class)? {
                let (told, sum) = sums.entry(of).or_default();
                (*told, *sum) = (*told + 1, *sum + value);
            }
        }
        for (of, (_, sum)) in sums.into_iter().filter(|(_, (told, _))| *told == classes.len()) {
            long.entry(of).or_insert(sum);
        }
        Ok(long)
    }

    fn long_values(
        self,
        conn: &mut DbConnection,
        element: &str,
        class: &str,
    ) -> Result<BTreeMap<(UnitNo, ReportPeriod), i64>, AppError> {
        let values = self.values(conn, element, class)?.into_iter();
        let long = values.filter(|(_, period, _)| period.kind == PeriodKind::FiveYears);
        Ok(long.map(|(unit, period, value)| ((unit, period), value)).collect())
    }

    /// Values of an element and class, those that the plan itself knows before those that were reported since.
    fn values(
        self,
        conn: &mut DbConnection,
        element: &str,
        class: &str,
    ) -> Result<Vec<(UnitNo, ReportPeriod, i64)>, AppError> {
        let known = self.plan.values.iter().filter(|known| known.element == element && class.is_empty());
        let known = known.map(|known| (known.unit.clone(), known.period.clone(), known.value));
        let read = |(unit, period, value): (String, String, i64)| {
            Some((self.counter.units.number(&unit)?, period.parse().ok()?, value))
        };
        Ok(known.chain(self.rows(conn, element, class)?).filter_map(read).collect())
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

/// Spans of which any is told.
fn some(spans: Spans) -> Option<Spans> {
    spans.iter().any(Option::is_some).then_some(spans)
}

/// How what is reported of something behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// What is told of parts adds up.
    Adds,
    /// The newest stands.
    Newest,
    /// Whoever counts once in a year is known for it alone.
    Once,
}

impl From<ReportedNature> for Behaviour {
    fn from(nature: ReportedNature) -> Self {
        match nature {
            ReportedNature::Flow => Self::Adds,
            ReportedNature::Level => Self::Newest,
        }
    }
}

/// How what is reported of a source behaves over time.
pub fn behaviour(plan: &Plan, source: &Source) -> Behaviour {
    let declared = plan.elements.iter().find(|declared| declared.code == source.element);
    match (source.of_register().map(Element::nature), declared) {
        (Some(Nature::Flow), _) => Behaviour::Adds,
        (Some(Nature::OnceAYear), _) => Behaviour::Once,
        (None, None) if source.of_outreach() == Some(OutreachElement::Sessions) => Behaviour::Adds,
        (Some(_), _) | (None, None) => Behaviour::Newest,
        (None, Some(declared)) => declared.nature.into(),
    }
}

/// Whether a number grows over the year, so that a part of the year has less of it.
pub fn grows(plan: &Plan, source: &Source) -> bool {
    match source.of_register() {
        Some(element) => !matches!(element.nature(), Nature::Level | Nature::Ever),
        None => behaviour(plan, source) == Behaviour::Adds,
    }
}

/// The sum of classes of a unit in a span.
#[derive(Debug, Clone, Copy, Default)]
struct ClassSum {
    number: i64,
    classes: usize,
    in_part: bool,
}

/// What was reported for a period; with `in_part`, for as much of it as the unit was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reported {
    value: i64,
    in_part: bool,
}

/// What was reported for a period: for itself; else, of what adds up, the sum of parts that make it up wholly, as far as
/// the unit was there; of levels, the newest within it.
fn reported_in(
    values: &BTreeMap<ReportPeriod, i64>,
    period: ReportPeriod,
    behaviour: Behaviour,
    is_absent: &impl Fn(ReportPeriod) -> bool,
) -> Option<Reported> {
    if let Some(value) = values.get(&period) {
        return Some(Reported { value: *value, in_part: false });
    }
    match behaviour {
        Behaviour::Adds if is_absent(period) => None,
        Behaviour::Adds => added_up(values, period, is_absent),
        Behaviour::Newest => {
            let parts = shorter_than(period).flat_map(|kind| period.parts(kind));
            let told = parts.filter_map(|part| values.get(&part).map(|value| (part, *value)));
            let newest = told.max_by_key(|(part, _)| (part.halves(Calendar::Civil).1, part.kind.months()));
            newest.map(|(_, value)| Reported { value, in_part: false })
        }
        Behaviour::Once => None,
    }
}

fn added_up(
    values: &BTreeMap<ReportPeriod, i64>,
    period: ReportPeriod,
    is_absent: &impl Fn(ReportPeriod) -> bool,
) -> Option<Reported> {
    match values.get(&period) {
        Some(value) => Some(Reported { value: *value, in_part: false }),
        None if is_absent(period) => Some(Reported { value: 0, in_part: true }),
        None => {
            let parts = period.parts(shorter_than(period).next()?);
            parts.into_iter().try_fold(Reported { value: 0, in_part: false }, |sum, part| {
                let part = added_up(values, part, is_absent)?;
                Some(Reported { value: sum.value + part.value, in_part: sum.in_part || part.in_part })
            })
        }
    }
}

/// The kinds of shorter periods, the longest first.
fn shorter_than(period: ReportPeriod) -> impl Iterator<Item = PeriodKind> {
    let kinds = [PeriodKind::Year, PeriodKind::HalfYear, PeriodKind::Quarter, PeriodKind::Month];
    kinds.into_iter().filter(move |kind| kind.months() < period.kind.months())
}

#[cfg(test)]
mod tests;
