//! Five years of what adds up, year by year: which of several sources speaks is decided among the units of each year.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, reporting_units};
use crate::admin_units::UnitNo;
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::elements::Source;
use crate::programmes::figures::gather::{Behaviour, Question, Span, behaviour};
use crate::programmes::figures::tree::{ByUnit, Remark, SpanSum, Sum};
use crate::programmes::periods::{PeriodKind, ReportPeriod};

/// The sums of spans of which some are five years; none where no span is, or where the numbers do not add up. What
/// somebody reported for five years as such stands for that unit alone, of what a register gives where it told nothing.
pub(super) fn sums_of_years(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    spans: &[Span],
    source: &Source,
    remarks: &mut BTreeSet<Remark>,
) -> Result<Option<ByUnit<Sum>>, AppError> {
    let is_long = |span: &Span| span.period.kind == PeriodKind::FiveYears;
    let question = Question { spans, ..asked.question };
    if !spans.iter().any(is_long) || behaviour(asked.question.plan, source) != Behaviour::Adds {
        return Ok(None);
    }
    let years: Vec<Vec<Span>> =
        spans.iter().map(|span| if is_long(span) { years_of(asked, *span) } else { vec![*span] }).collect();
    let flat = years.concat();
    let told = Question { spans: &flat, ..asked.question }.told(conn, source)?;
    let by_year = asked.put_together(told, &flat, source, remarks).into_list();
    // How many told something in any of the years.
    let whole = asked.put_together(question.told(conn, source)?, spans, source, &mut BTreeSet::new());
    let is_by_register = source.of_register().is_some() || source.of_outreach().is_some();
    let covered = |unit: UnitNo, span: usize| {
        let sum = whole.get(unit).filter(|_| is_by_register);
        sum.and_then(|sum| sum.spans.get(span)).map_or(0, |span| span.covered)
    };
    let mut all: BTreeMap<UnitNo, Sum> = by_year
        .into_iter()
        .map(|(unit, sum)| {
            let mut place = 0;
            let of_span = |(span, years): (usize, &Vec<Span>)| {
                let parts = sum.spans.get(place..place + years.len()).unwrap_or_default();
                place += years.len();
                if let [only] = parts { *only } else { added_up(parts, is_by_register, covered(unit, span)) }
            };
            (unit, Sum { spans: years.iter().enumerate().map(of_span).collect() })
        })
        .collect();
    for ((unit, period), value) in question.five_years(conn, source)? {
        let Some(of) = asked.map.units.numbered(unit).filter(|of| of.is_valid_on(asked.map.day)) else { continue };
        let covered = reporting_units(asked.map, &of.code, asked.map.reported_by);
        let sum = all.entry(unit).or_insert_with(|| Sum { spans: vec![SpanSum::default(); spans.len()] });
        for (told, _) in sum.spans.iter_mut().zip(spans).filter(|(_, span)| span.period == period) {
            if !is_by_register || told.number.is_none() {
                *told = SpanSum::of_years(value, (0, value), covered);
            }
        }
    }
    Ok(Some(ByUnit::in_order(all.into_iter().collect())))
}

fn years_of(asked: Asked<'_>, span: Span) -> Vec<Span> {
    let year = |period: ReportPeriod| {
        let (from, to) = period.halves(asked.question.plan.calendar);
        Span { period, from, to: to.min(span.to) }
    };
    span.period.parts(PeriodKind::Year).into_iter().map(year).collect()
}

/// What years come to: of what is only reported, all of them have to be told; of what a register gives as well, what nobody
/// told did not happen.
fn added_up(years: &[SpanSum], is_by_register: bool, covered: usize) -> SpanSum {
    let told: Vec<&SpanSum> = years.iter().filter(|year| year.number.is_some()).collect();
    let sum = |of: fn(&SpanSum) -> i64| told.iter().map(|year| of(year)).sum::<i64>();
    let (register, reported) = (sum(|year| year.register), sum(|year| year.reported));
    let is_whole = told.len() == years.len() || is_by_register;
    if told.is_empty() || !is_whole {
        return SpanSum::default();
    }
    let least = years.iter().map(|year| year.covered).min().unwrap_or_default();
    let number = sum(|year| year.number.unwrap_or_default());
    SpanSum::of_years(number, (register, reported), covered.max(least))
}
