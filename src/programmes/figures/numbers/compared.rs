//! Numbers beside those of an earlier time: growth, reduction and hold.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::{Tellers, is_alike};
use super::{Asked, Cells, with_denominators};
use crate::admin_units::UnitNo;
use crate::db::DbConnection;
use crate::error::AppError;
use crate::programmes::closing::completeness::silent;
use crate::programmes::elements::Source;
use crate::programmes::figures::gather::{Question, Span};
use crate::programmes::figures::measures::NoFigure;
use crate::programmes::figures::tree::{ByUnit, Remark, Sum};
use crate::programmes::periods::ReportPeriod;

/// Numbers of spans that are compared with others.
struct Compared {
    sums: ByUnit<Sum>,
    /// Who told them, where only reports tell.
    tellers: Option<Tellers>,
    /// Units of which it is not known how much of what was left above them is theirs, in which spans.
    in_part: BTreeMap<UnitNo, BTreeSet<usize>>,
}

impl Compared {
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
    ) -> Result<Compared, AppError> {
        let told = Question { spans, ..self.question }.told(conn, source)?;
        let days = self.days(spans);
        let by_reports = source.of_register().is_none() && source.of_outreach().is_none();
        let tellers = by_reports.then(|| {
            let settled = self.map.settle(told.clone(), &days, self.reports(source));
            Tellers::of(self.map, settled, days.iter().map(|(_, last)| *last).collect())
        });
        let mut placing = self.placing(told, spans, source);
        let in_part = self.told_in_part(&placing);
        remarks.append(&mut placing.remarks);
        Ok(Compared { sums: self.map.sums(&placing.told, self.unit, spans.len()), tellers, in_part })
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
    let silent = silent(conn, asked.question.plan.calendar, then)?;
    let as_of = then.days(asked.question.plan.calendar, asked.question.counter.measures.closing_day).1;
    let before = Asked { silent: &silent, as_of, ..asked }.compared_sums(conn, before, source, remarks)?;
    let mut all = with_denominators(asked, &now.sums, Some(&before.sums));
    for (row, cells) in &mut all {
        for (place, (cell, span)) in cells.iter_mut().zip(asked.question.spans).enumerate() {
            let are_told = cell.numbers.numerator.is_some() && cell.numbers.denominator.is_some();
            let tellers = now.tellers.as_ref().zip(before.tellers.as_ref()).filter(|_| are_told);
            let is_unlike = |tellers| {
                let is_part = |of: &Compared| of.is_in_part(asked, row, place);
                is_part(&now) || is_part(&before) || !is_alike(asked, row, tellers, place)
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
