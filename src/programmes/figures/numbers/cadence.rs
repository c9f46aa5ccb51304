//! Cadence: in how many of the months that have passed something happened.

use std::collections::BTreeSet;

use super::{Asked, Cell, Cells, cells, parts_of};
use crate::admin_units::{Level, UnitNo};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::figures::gather::{Question, Span};
use crate::programmes::figures::measures::NoFigure;
use crate::programmes::figures::tree::{Map, Remark, Sum};
use crate::programmes::periods::PeriodKind;
use crate::programmes::plans::model::CadenceMeasure;

/// Months that have passed in which it happened, of all that have: for each requirement that concerns a row.
pub(super) fn cadence_cells(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    cadence: &[CadenceMeasure],
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let mut all = cells(asked, None, |_, _| None);
    for requirement in cadence {
        let months: Vec<Vec<Span>> =
            asked.question.spans.iter().map(|span| parts_of(asked, *span, Some(PeriodKind::Month))).collect();
        let flat = months.concat();
        let told = Question { spans: &flat, ..asked.question }.told(conn, &requirement.source)?;
        let mut placing = asked.placing(told, &flat, &requirement.source);
        let in_part = asked.told_in_part(&placing);
        remarks.append(&mut placing.remarks);
        let map = Map { reported_by: requirement.in_each.unwrap_or(Level::Country), ..asked.map };
        let sums = map.sums(&placing.told, asked.unit, flat.len());
        for (row, cells) in &mut all {
            let mut place = 0;
            for (cell, months) in cells.iter_mut().zip(&months) {
                let concerned = concerned_by(asked, requirement, row);
                let of_span = place..place + months.len();
                let happened = |sum: &Sum, at: usize| sum.at(at).is_some_and(|n| n >= 1);
                // What was left above a unit may have happened in it: then it is not known to have missed a month.
                let is_known = |unit: &UnitNo, sum: &Sum| {
                    let left = in_part.get(unit).into_iter().flat_map(|spans| spans.range(of_span.clone()));
                    left.copied().all(|at| happened(sum, at))
                };
                let own: Vec<&Sum> = concerned
                    .iter()
                    .filter_map(|unit| Some((*unit, sums.get(*unit)?)))
                    .filter(|(unit, sum)| is_known(unit, sum))
                    .map(|(_, sum)| sum)
                    .collect();
                let met = |sum: &&Sum| of_span.clone().filter(|at| happened(sum, *at)).count();
                let has_told = |sum: &&&Sum| of_span.clone().any(|at| sum.at(at).is_some());
                let told = own.iter().filter(has_told).count();
                add_cadence(cell, (concerned.len(), told), own.iter().map(met).sum(), months.len());
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

/// Of so many units so many told something, and met it in so many months.
fn add_cadence(cell: &mut Cell, (units, told): (usize, usize), met: usize, months: usize) {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    if units == 0 {
        return;
    }
    cell.asked_of = Some(cell.asked_of.unwrap_or(0) + units);
    cell.numbers.denominator = Some(cell.numbers.denominator.unwrap_or(0) + number(units * months));
    if told > 0 {
        cell.numbers.numerator = Some(cell.numbers.numerator.unwrap_or(0) + number(met));
        cell.numerator_from.register += number(met);
        cell.covered += told;
    }
}

/// The units a requirement asks of in a row: those of its level; without a level the unit of the plan alone.
fn concerned_by(asked: Asked<'_>, requirement: &CadenceMeasure, row: &str) -> Vec<UnitNo> {
    let number = |code: &str| asked.map.units.number(code);
    match requirement.in_each {
        Some(level) => asked.map.units_of(level, row).into_iter().filter_map(|unit| number(&unit.code)).collect(),
        None if row == asked.question.plan.scope_unit => number(row).into_iter().collect(),
        None => Vec::new(),
    }
}
