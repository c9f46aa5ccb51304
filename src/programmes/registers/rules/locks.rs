//! What was closed changes no more: which days an entry speaks for.

use chrono::NaiveDate;

use super::Books;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::error::{AppError, Conflict};
use crate::programmes::closing::rules::{Locks, locked_by};
use crate::programmes::registers::catalogue::Register;
use crate::programmes::registers::model::RegisterEntry;

/// Days from one to another, both counted.
type Span = (NaiveDate, NaiveDate);

/// Whether entries of a register move numbers of later days as well: they stand from one day to another, or who was
/// trained and what was inspected counts ever since.
fn stands(register: Register) -> bool {
    match register {
        Register::Staff
        | Register::StaffCounts
        | Register::Establishments
        | Register::EstablishmentCounts
        | Register::LocalPlans
        | Register::PilotModels
        | Register::HealthyCommunes
        | Register::StaffTrainings
        | Register::Inspections => true,
        Register::CommunicationActivities | Register::PressItems | Register::TipOffs | Register::NeedSurveys => false,
    }
}

/// The days whose numbers an entry moves by being there.
pub fn spans_of_new(entry: &RegisterEntry) -> Vec<Span> {
    let last = if stands(entry.register) { entry.last_day.unwrap_or(NaiveDate::MAX) } else { entry.day };
    vec![(entry.day, last)]
}

/// The days whose numbers a change moves.
pub(super) fn spans_of_change(before: &RegisterEntry, after: &RegisterEntry, relisted: bool) -> Vec<Span> {
    let mut same = before.clone();
    same.last_day = after.last_day;
    let last_day_alone = same == *after && !relisted && stands(before.register);
    let named_alone = {
        let mut same = before.clone();
        same.name.clone_from(&after.name);
        same == *after && !relisted
    };
    if named_alone {
        return Vec::new();
    }
    if last_day_alone {
        let day = |last: Option<NaiveDate>| last.unwrap_or(NaiveDate::MAX);
        let (one, other) = (day(before.last_day), day(after.last_day));
        return vec![(one.min(other).succ_opt().unwrap_or(NaiveDate::MAX), one.max(other))];
    }
    [spans_of_new(before), spans_of_new(after)].concat()
}

/// Refuses what would move numbers of a closed period.
pub(super) fn refuse_locked(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    units: &[&str],
    spans: &[Span],
) -> Result<(), AppError> {
    let today = actor.now.civil_date();
    let above: Vec<String> = units.iter().flat_map(|unit| locked_by(books.units, unit, today)).collect();
    let locks = Locks::read(conn, Some(above.clone()))?;
    if spans.iter().any(|span| locks.hold(&above, *span)) {
        return Err(AppError::Conflict(Conflict::PeriodClosed));
    }
    Ok(())
}
