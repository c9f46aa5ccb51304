//! Numbers beside those of an earlier time: growth, reduction and hold.

use std::collections::BTreeSet;

use super::alike::{Tellers, are_alike};
use super::years::{are_years, sums_of_years};
use super::{Asked, Cells, Gathered, Wanted, with_denominators};
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::closing::completeness::silent;
use crate::programmes::elements::Source;
use crate::programmes::figures::gather::{Question, Span};
use crate::programmes::figures::measures::NoFigure;
use crate::programmes::figures::tree::Remark;
use crate::programmes::periods::ReportPeriod;

impl Gathered {
    fn is_in_part(&self, asked: Asked<'_>, row: &str, span: usize) -> bool {
        let spans = asked.map.units.number(row).and_then(|row| self.in_part.get(&row));
        spans.is_some_and(|spans| spans.contains(&span))
    }
}

impl Asked<'_> {
    /// Numbers to be compared. What registers tell of fewer units happened in fewer; what is only reported has tellers.
    fn compared_sums(
        self,
        conn: &mut DbConnection,
        spans: &[Span],
        source: &Source,
        remarks: &mut BTreeSet<Remark>,
    ) -> Result<Gathered, AppError> {
        let wanted = Wanted::of(source);
        if are_years(self, spans, wanted) {
            return sums_of_years(conn, self, spans, wanted, remarks);
        }
        let told = wanted.told(conn, Question { spans, ..self.question })?;
        let tellers = wanted.is_only_reported().then(|| self.tellers(told.clone(), spans, source));
        let mut placing = self.placing(told, spans, source);
        let in_part = self.told_in_part(&placing);
        remarks.append(&mut placing.remarks);
        Ok(Gathered { sums: self.map.sums(&placing.told, self.unit, spans.len()), tellers, in_part })
    }
}

/// Numbers of now beside those of earlier spans, of which the reports of `then` speak.
pub(super) fn compared(
    conn: &mut DbConnection,
    asked: Asked<'_>,
    source: &Source,
    (before, then): (&[Span], ReportPeriod),
    remarks: &mut BTreeSet<Remark>,
) -> Result<Cells, AppError> {
    let now = asked.compared_sums(conn, asked.question.spans, source, remarks)?;
    let silent = silent(conn, asked.map.units, asked.question.plan.calendar, then)?;
    let as_of = then.days(asked.question.plan.calendar, asked.question.counter.measures.closing_day).1;
    let before = Asked { silent: &silent, as_of, ..asked }.compared_sums(conn, before, source, remarks)?;
    let mut all = with_denominators(asked, &now.sums, Some(&before.sums));
    for (row, cells) in &mut all {
        for (place, (cell, span)) in cells.iter_mut().zip(asked.question.spans).enumerate() {
            let are_told = cell.numbers.numerator.is_some() && cell.numbers.denominator.is_some();
            let tellers = now.tellers.as_ref().zip(before.tellers.as_ref()).filter(|_| are_told);
            let is_unlike = |(now_told, told_before): (&Tellers, &Tellers)| {
                let is_part = |of: &Gathered| of.is_in_part(asked, row, place);
                let is_alike =
                    |row| are_alike(asked.map.units, &now_told.of_row(row, place), &told_before.of_row(row, place));
                is_part(&now) || is_part(&before) || !asked.map.units.number(row).is_none_or(is_alike)
            };
            if asked.ends_within(row, *span) {
                cell.none = Some(NoFigure::UnitEnded);
            } else if tellers.is_some_and(is_unlike) {
                cell.none = Some(NoFigure::UnlikeCoverage);
            }
        }
    }
    Ok(all)
}
