//! Five years of what adds up, year by year: which of several sources speaks is decided among the units of each year.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::{Teller, Tellers, are_alike, rows_of};
use super::{Asked, Gathered, Wanted, reporting_units};
use crate::admin_units::{Level, UnitNo};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::figures::gather::{Behaviour, Question, Span, behaviour};
use crate::programmes::figures::tree::{ByUnit, Placing, Remark, SpanSum, Sum, Told};
use crate::programmes::periods::{PeriodKind, ReportPeriod};

fn is_long(span: &Span) -> bool {
    span.period.kind == PeriodKind::FiveYears
}

/// Whether any of the spans is five years of what adds up.
pub(super) fn are_years(asked: Asked<'_>, spans: &[Span], wanted: Wanted<'_>) -> bool {
    spans.iter().any(is_long) && behaviour(asked.question.plan, wanted.source) == Behaviour::Adds
}

/// The sums of spans of which some are five years.
///
/// Of what a register gives as well, what nobody told of a year did not happen. Of what is only reported all the years
/// have to be told, of the same land; of a unit of which this is not so, what those below it come to stands. What somebody
/// reported for five years as such stands for that unit alone, of what a register gives where that told nothing.
pub(super) fn sums_of_years(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    spans: &[Span],
    wanted: Wanted<'_>,
    remarks: &mut BTreeSet<Remark>,
) -> Result<Gathered, AppError> {
    let years = Years::of(asked, spans);
    let question = Question { spans: &years.flat, ..asked.question };
    let told = wanted.told(conn, question)?;
    let registered = rows_of_registers(asked, &told, &years);
    let tellers = wanted.is_only_reported().then(|| asked.tellers(told.clone(), &years.flat, wanted.source));
    let mut placing = asked.placing(told, &years.flat, wanted.source);
    remarks.append(&mut placing.remarks);
    let in_part = asked.told_in_part(&placing);
    let in_part = in_part.into_iter().map(|(unit, flat)| (unit, years.spans_of(&flat))).collect();
    let by_year = asked.map.sums(&placing.told, asked.unit, years.flat.len());
    let (mut sums, mut own_tellers) = match &tellers {
        Some(tellers) => years.of_the_same_land(asked, by_year, tellers),
        None => (years.of_any(by_year, &years.covered(asked, &placing)), Vec::new()),
    };
    for ((unit, period), value) in wanted.five_years(conn, Question { spans, ..asked.question })? {
        let Some(of) = asked.map.units.numbered(unit).filter(|of| of.is_valid_on(asked.map.day)) else { continue };
        let covered = reporting_units(asked.map, &of.code, asked.map.reported_by);
        let sum = sums.entry(unit).or_insert_with(|| Sum { spans: vec![SpanSum::default(); spans.len()] });
        let asked_for = sum.spans.iter_mut().zip(spans).enumerate();
        for (place, (sum, _)) in asked_for.filter(|(_, (_, span))| span.period == period) {
            if !registered.contains(&(unit, place)) {
                *sum = SpanSum::of_years(value, (0, value), covered);
                if let Some(rows) = own_tellers.get_mut(place) {
                    rows.insert(unit, BTreeSet::from([unit]));
                }
            }
        }
    }
    let days = asked.days(spans).into_iter().map(|(_, last)| last).collect();
    let tellers = tellers.map(|_| Tellers::of_spans(own_tellers, days));
    Ok(Gathered { sums: ByUnit::in_order(sums.into_iter().collect()), tellers, in_part })
}

/// Spans, and the years of those that are long.
struct Years {
    /// Years of long spans, and the others as they are, one after the other.
    flat: Vec<Span>,
    /// Where in `flat` each span lies.
    places: Vec<std::ops::Range<usize>>,
}

impl Years {
    fn of(asked: Asked<'_>, spans: &[Span]) -> Self {
        let (mut flat, mut places) = (Vec::new(), Vec::new());
        for span in spans {
            let from = flat.len();
            if is_long(span) {
                flat.extend(years_of(asked, *span));
            } else {
                flat.push(*span);
            }
            places.push(from..flat.len());
        }
        Self { flat, places }
    }

    fn ends_within(&self, asked: Asked<'_>, code: &str, year: usize) -> bool {
        self.flat.get(year).is_some_and(|year| asked.ends_within(code, *year))
    }

    /// The spans in which some of these lie.
    fn spans_of(&self, flat: &BTreeSet<usize>) -> BTreeSet<usize> {
        let has = |place: &std::ops::Range<usize>| place.clone().any(|year| flat.contains(&year));
        self.places.iter().enumerate().filter(|(_, place)| has(place)).map(|(span, _)| span).collect()
    }

    /// Of what a register gives as well: of each span whoever told anything in any of its years.
    fn covered(&self, asked: Asked<'_>, placing: &Placing) -> ByUnit<Sum> {
        let of_any = |spans: &Option<Vec<Option<i64>>>| {
            let spans = spans.as_ref()?;
            let told =
                |place: &std::ops::Range<usize>| spans.get(place.clone())?.iter().any(Option::is_some).then_some(0);
            Some(self.places.iter().map(told).collect::<Vec<_>>())
        };
        let of = |(unit, told): &(UnitNo, Told)| {
            let span_of = |year: usize| self.places.iter().position(|place| place.contains(&year));
            let covered: BTreeSet<(usize, Level)> =
                told.covered.iter().filter_map(|(year, level)| Some((span_of(*year)?, *level))).collect();
            let told = Told {
                register: of_any(&told.register),
                reported: of_any(&told.reported),
                covered: covered.into_iter().collect(),
                is_silent: told.is_silent,
                ..Told::default()
            };
            (*unit, told)
        };
        let told = ByUnit::in_order(placing.told.clone().into_list().iter().map(of).collect());
        asked.map.sums(&told, asked.unit, self.places.len())
    }

    /// What a register gives as well.
    fn of_any(&self, by_year: ByUnit<Sum>, covered: &ByUnit<Sum>) -> BTreeMap<UnitNo, Sum> {
        let of = |(unit, years): (UnitNo, Sum)| {
            let covered =
                |span: usize| covered.get(unit).and_then(|sum| sum.spans.get(span)).map_or(0, |sum| sum.covered);
            let of_span = |(span, place): (usize, &std::ops::Range<usize>)| match years
                .spans
                .get(place.clone())
                .unwrap_or_default()
            {
                [only] => *only,
                years => added_up(years, covered(span)),
            };
            (unit, Sum { spans: self.places.iter().enumerate().map(of_span).collect() })
        };
        by_year.into_list().into_iter().map(of).collect()
    }

    /// What is only reported, and who told it.
    fn of_the_same_land(
        &self,
        asked: Asked<'_>,
        by_year: ByUnit<Sum>,
        tellers: &Tellers,
    ) -> (BTreeMap<UnitNo, Sum>, Vec<Rows>) {
        let mut all: BTreeMap<UnitNo, Sum> = BTreeMap::new();
        let mut own_tellers: Vec<Rows> = vec![Rows::new(); self.places.len()];
        let mut below: BTreeMap<UnitNo, Vec<(SpanSum, BTreeSet<UnitNo>)>> = BTreeMap::new();
        let within = asked.map.units.number(asked.unit);
        // What lies in another unit stands behind it.
        for (unit, years) in by_year.into_list().into_iter().rev() {
            let mut parts = below.remove(&unit).unwrap_or_default();
            parts.resize_with(self.places.len(), Default::default);
            let mut spans = Vec::with_capacity(self.places.len());
            for ((place, part), rows) in self.places.iter().zip(parts).zip(&mut own_tellers) {
                let own: Vec<SpanSum> = years.spans.get(place.clone()).unwrap_or_default().to_vec();
                let told = place.clone().map(|year| tellers.of_row(unit, year)).collect::<Vec<Teller>>();
                let code = asked.map.code(unit);
                let ends = place.len() > 1 && place.clone().any(|year| self.ends_within(asked, &code, year));
                let (sum, told) = if ends {
                    // Its last year is a part of one, and what came after it is told of others.
                    (SpanSum::default(), BTreeSet::new())
                } else if is_of_the_same_land(asked, &own, &told) {
                    let least = own.iter().map(|year| year.covered).min().unwrap_or_default();
                    let sum = if let [only] = own.as_slice() { *only } else { added_up(&own, least) };
                    (sum, told.last().map(|told| told.units.clone()).unwrap_or_default())
                } else {
                    part
                };
                spans.push(sum);
                rows.insert(unit, told);
            }
            if let Some(above) = asked.map.ground.parent(unit).filter(|_| Some(unit) != within) {
                let into = below.entry(above).or_default();
                into.resize_with(self.places.len(), Default::default);
                for (((sum, told), own), rows) in into.iter_mut().zip(&spans).zip(&own_tellers) {
                    *sum = both(*sum, *own);
                    told.extend(rows.get(&unit).into_iter().flatten());
                }
            }
            all.insert(unit, Sum { spans });
        }
        (all, own_tellers)
    }
}

/// Who told of each row.
type Rows = BTreeMap<UnitNo, BTreeSet<UnitNo>>;

/// Whether all of these years were told, and of the same land; what is no years is as it is.
fn is_of_the_same_land(asked: Asked<'_>, years: &[SpanSum], told: &[Teller]) -> bool {
    let alike = |pair: &[Teller]| matches!(pair, [before, now] if are_alike(asked.map.units, now, before));
    years.len() == 1 || years.iter().all(|year| year.number.is_some()) && told.windows(2).all(alike)
}

fn both(one: SpanSum, other: SpanSum) -> SpanSum {
    let Some(number) = other.number else { return one };
    let (register, reported) = (one.register + other.register, one.reported + other.reported);
    SpanSum::of_years(one.number.unwrap_or(0) + number, (register, reported), one.covered + other.covered)
}

fn years_of(asked: Asked<'_>, span: Span) -> Vec<Span> {
    let year = |period: ReportPeriod| {
        let (from, to) = period.halves(asked.question.plan.calendar);
        Span { period, from, to: to.min(span.to) }
    };
    span.period.parts(PeriodKind::Year).into_iter().map(year).collect()
}

/// What years come to of which anybody told.
fn added_up(years: &[SpanSum], covered: usize) -> SpanSum {
    if years.iter().all(|year| year.number.is_none()) {
        return SpanSum::default();
    }
    let sum = |of: fn(&SpanSum) -> i64| years.iter().map(of).sum::<i64>();
    let from = (sum(|year| year.register), sum(|year| year.reported));
    SpanSum::of_years(sum(|year| year.number.unwrap_or_default()), from, covered)
}

/// Of which rows a register told anything in which span.
fn rows_of_registers(asked: Asked<'_>, told: &ByUnit<Told>, years: &Years) -> BTreeSet<(UnitNo, usize)> {
    let mut rows = BTreeSet::new();
    for (unit, told) in told.iter() {
        let Some(register) = &told.register else { continue };
        let told = register.iter().enumerate().filter(|(_, number)| number.is_some()).map(|(year, _)| year).collect();
        for row in rows_of(asked.map, unit) {
            rows.extend(years.spans_of(&told).into_iter().map(|span| (row, span)));
        }
    }
    rows
}
