//! Cadence: in how many of the months that have passed something happened.

use std::collections::BTreeSet;

use super::{Asked, Cell, Cells, cells, parts_of};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::figures::gather::Span;
use crate::programmes::figures::measures::NoFigure;
use crate::programmes::figures::tree::{Remark, Sum};
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
        let sums = asked.sums(conn, &months.concat(), &requirement.source, remarks)?;
        for (row, cells) in &mut all {
            let mut place = 0;
            for (cell, months) in cells.iter_mut().zip(&months) {
                let concerned = concerned_by(asked, requirement, row);
                let own: Vec<Option<&Sum>> = concerned.iter().map(|unit| asked.of_row(&sums, unit)).collect();
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
