//! Dated events of cases.

use diesel::prelude::*;

use super::model::{CaseEvent, CaseEventKind, CaseEventView};
use crate::db::DbConnection;
use crate::db::schema::case_events;
use crate::db::types::{CaseId, Instant, PersonId};
use crate::error::AppError;
use crate::vault::{DataKey, open_if_any};

pub(super) fn insert(conn: &mut DbConnection, event: &CaseEvent) -> Result<(), AppError> {
    diesel::insert_into(case_events::table).values(event).execute(conn)?;
    Ok(())
}

/// Removes the events that opened these cases.
pub(super) fn remove_openings(conn: &mut DbConnection, cases: &[CaseId]) -> Result<(), AppError> {
    let openings = case_events::table
        .filter(case_events::case_id.eq_any(cases))
        .filter(case_events::kind.eq(CaseEventKind::Opened));
    diesel::delete(openings).execute(conn)?;
    Ok(())
}

/// Day of the last change of status; no other may be recorded before it. Who the case is assigned to, told on
/// the day on which it is done, says nothing about when the steps were taken.
pub(super) fn last_day(conn: &mut DbConnection, case: CaseId) -> Result<Option<chrono::NaiveDate>, AppError> {
    Ok(case_events::table
        .filter(case_events::case_id.eq(case))
        .filter(case_events::to_status.is_not_null())
        .select(diesel::dsl::max(case_events::occurred_on))
        .first(conn)?)
}

/// A page of events in the order in which they were recorded, one more than `limit`.
pub(super) fn page(
    conn: &mut DbConnection,
    case: CaseId,
    after: Option<(Instant, crate::db::types::CaseEventId)>,
    limit: i64,
) -> Result<Vec<CaseEvent>, AppError> {
    let mut query = case_events::table
        .filter(case_events::case_id.eq(case))
        .order((case_events::recorded_at, case_events::id))
        .select(CaseEvent::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query
            .filter(case_events::recorded_at.gt(at).or(case_events::recorded_at.eq(at).and(case_events::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

pub(super) fn view(event: CaseEvent, person: PersonId, key: &DataKey) -> Result<CaseEventView, AppError> {
    let note = open_if_any(key, person, CaseEvent::note_place(event.id), event.sealed_note.as_deref())?;
    Ok(CaseEventView {
        id: event.id,
        kind: event.kind,
        from_status: event.from_status,
        to_status: event.to_status,
        occurred_on: event.occurred_on,
        reason: event.reason,
        note,
        recorded_by: event.recorded_by,
        recorded_at: event.recorded_at,
    })
}
