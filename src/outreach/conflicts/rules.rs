//! Keeping conflicts, and deciding them.

use std::collections::HashMap;

use diesel::dsl::{count_star, sum};
use diesel::prelude::*;
use serde_json::Value;

use super::model::{Conflict, ConflictDecision, ConflictView, REMOVED};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, record};
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{outreach_conflicts, outreach_contacts, outreach_sessions};
use crate::db::types::{ContactId, Instant, OrganisationId, OutreachConflictId, OutreachSessionId};
use crate::db::{DbConnection, met_one_row};
use crate::error::{AppError, Conflict as Refusal};
use crate::grants::Action;
use crate::outreach::groups::rules::{find_for, leaders, reached};
use crate::outreach::sessions::fields::{SessionFields, is_doubtful};
use crate::outreach::sessions::model::SessionRow;
use crate::outreach::sync::merging::of_named;
use crate::outreach::sync::{Desk, Held, Met, Row, Setting, desk_of, restore_contacts, store_desk};
use crate::vault::{DataKey, FieldName, open, seal};

fn place(id: OutreachConflictId, column: &'static str) -> FieldName {
    FieldName { table: "outreach_conflicts", column, row: id.0 }
}

/// Stores conflicts that operations met.
///
/// # Errors
/// The engine's own.
pub(in crate::outreach) fn store(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    met: &[Met],
    now: Instant,
) -> Result<(), AppError> {
    let rows: Vec<Conflict> = met.iter().map(|met| sealed(app, setting, met, now)).collect::<Result<_, _>>()?;
    Ok(Conflict::insert_all(conn, &rows)?)
}

fn sealed(app: &App, setting: &Setting, met: &Met, now: Instant) -> Result<Conflict, AppError> {
    let Setting { hand, key, .. } = setting;
    let seal = |column, value: &Value| seal(&app.random, key, hand.group, place(met.id, column), 1, &value.to_string());
    Ok(Conflict {
        id: met.id,
        group_id: hand.group,
        session_id: met.session,
        contact_id: met.contact,
        field: met.clash.field.clone(),
        sealed_base: seal("sealed_base", &met.clash.base)?,
        sealed_current: seal("sealed_current", &met.clash.current)?,
        sealed_offered: seal("sealed_offered", &met.clash.offered)?,
        account_id: hand.account,
        device_id: hand.device,
        operation_id: met.operation,
        told_at: met.told_at,
        received_at: now,
        decider_id: met.decider,
        decided_at: None,
        decided_by: None,
        decision: None,
        version: 1,
    })
}

/// Conflicts of a group that wait for a decision.
///
/// # Errors
/// The engine's own.
pub(in crate::outreach) fn open_number(conn: &mut DbConnection, group: OrganisationId) -> Result<i64, AppError> {
    let open = outreach_conflicts::table
        .filter(outreach_conflicts::group_id.eq(group))
        .filter(outreach_conflicts::decided_at.is_null());
    Ok(open.select(count_star()).first(conn)?)
}

/// Reads a page of the conflicts of a group ordered by id, one more than `limit`; with `open`, those that wait.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    open: bool,
    after: Option<OutreachConflictId>,
    limit: i64,
) -> Result<Vec<Conflict>, AppError> {
    reached(conn, actor, Action::OutreachRead, group)?;
    let mut query = outreach_conflicts::table
        .filter(outreach_conflicts::group_id.eq(group))
        .order(outreach_conflicts::id)
        .limit(limit + 1)
        .select(Conflict::as_select())
        .into_boxed();
    if open {
        query = query.filter(outreach_conflicts::decided_at.is_null());
    }
    if let Some(after) = after {
        query = query.filter(outreach_conflicts::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// The conflict of this id, for what `action` reaches.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn find(
    conn: &mut DbConnection,
    actor: &Actor,
    action: Action,
    id: OutreachConflictId,
) -> Result<Conflict, AppError> {
    actor.scope(action)?;
    let row: Conflict = outreach_conflicts::table.find(id).select(Conflict::as_select()).first(conn)?;
    find_for(conn, actor, action, row.group_id)?;
    Ok(row)
}

/// What is read of these conflicts, in their order.
///
/// # Errors
/// When their values do not open.
pub fn views(
    conn: &mut DbConnection,
    rows: Vec<Conflict>,
    key: &DataKey,
    app: &App,
) -> Result<Vec<ConflictView>, AppError> {
    let sessions: Vec<OutreachSessionId> = rows.iter().map(|row| row.session_id).collect();
    let contacts: Vec<ContactId> = rows.iter().filter_map(|row| row.contact_id).collect();
    let of_sessions: Vec<(OutreachSessionId, i32)> = outreach_sessions::table
        .filter(outreach_sessions::id.eq_any(sessions))
        .select((outreach_sessions::id, outreach_sessions::version))
        .load(conn)?;
    let of_contacts: Vec<(ContactId, i32)> = outreach_contacts::table
        .filter(outreach_contacts::id.eq_any(contacts))
        .select((outreach_contacts::id, outreach_contacts::version))
        .load(conn)?;
    let (of_sessions, of_contacts): (HashMap<_, _>, HashMap<_, _>) =
        (of_sessions.into_iter().collect(), of_contacts.into_iter().collect());
    let whole: Vec<OutreachSessionId> =
        rows.iter().filter(|row| is_of_whole_session(row)).map(|row| row.session_id).collect();
    let of_whole = versions_of_contacts(conn, &whole)?;
    rows.into_iter()
        .map(|row| {
            let version = match row.contact_id {
                Some(contact) => of_contacts.get(&contact),
                None => of_sessions.get(&row.session_id),
            };
            let more = if is_of_whole_session(&row) { of_whole.get(&row.session_id) } else { None };
            let version = version.copied().unwrap_or(1).saturating_add(more.copied().unwrap_or(0));
            let values = values(&row, key)?;
            Ok(ConflictView::of(row, values, version, &app.ring.programme))
        })
        .collect()
}

/// Whether it is about a session with all who were met in it: whoever decides has seen them too.
fn is_of_whole_session(row: &Conflict) -> bool {
    row.contact_id.is_none() && row.field == REMOVED
}

/// The versions of the contacts of each session, added up: a number that rises whenever one comes or is changed.
///
/// # Errors
/// The engine's own.
pub(in crate::outreach) fn versions_of_contacts(
    conn: &mut DbConnection,
    sessions: &[OutreachSessionId],
) -> Result<HashMap<OutreachSessionId, i32>, AppError> {
    if sessions.is_empty() {
        return Ok(HashMap::new());
    }
    let sums: Vec<(OutreachSessionId, Option<i64>)> = outreach_contacts::table
        .filter(outreach_contacts::session_id.eq_any(sessions))
        .group_by(outreach_contacts::session_id)
        .select((outreach_contacts::session_id, sum(outreach_contacts::version)))
        .load(conn)?;
    let number = |sum: Option<i64>| i32::try_from(sum.unwrap_or(0)).unwrap_or(i32::MAX);
    Ok(sums.into_iter().map(|(session, sum)| (session, number(sum))).collect())
}

fn values(row: &Conflict, key: &DataKey) -> Result<[Value; 3], AppError> {
    let value = |column, sealed: &[u8]| {
        let text = open(key, row.group_id, place(row.id, column), sealed)?;
        serde_json::from_str(&text).map_err(|_| AppError::internal("a value of a conflict does not read back"))
    };
    Ok([
        value("sealed_base", &row.sealed_base)?,
        value("sealed_current", &row.sealed_current)?,
        value("sealed_offered", &row.sealed_offered)?,
    ])
}

/// How a conflict is decided.
#[derive(Debug, Clone, Copy)]
pub struct Decide {
    /// The conflict.
    pub id: OutreachConflictId,
    /// Its version, as the decider saw it.
    pub expected: i32,
    /// How.
    pub decision: ConflictDecision,
    /// Version of what it is about, as the conflict told it to the decider.
    pub record_version: i32,
}

/// Decides a conflict. What is taken is written to the record, which comes back if it was taken away. Only the named
/// decider decides, or, once that one leads the group no more, whoever leads it.
///
/// # Errors
/// [`Refusal::AlreadyDecided`]; [`Refusal::NotTheDecider`]; [`Refusal::RecordChanged`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn decide(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    key: &DataKey,
    asked: Decide,
) -> Result<Conflict, AppError> {
    let mut row = find(conn, actor, Action::OutreachWrite, asked.id)?;
    if row.version != asked.expected {
        return Err(AppError::VersionStale { current: row.version, changed: Vec::new() });
    }
    if row.decider_id != actor.account && leaders(conn, row.group_id)?.contains(&row.decider_id) {
        return Err(AppError::Conflict(Refusal::NotTheDecider));
    }
    if row.decided_at.is_some() {
        return Err(AppError::Conflict(Refusal::AlreadyDecided));
    }
    if asked.decision == ConflictDecision::Take {
        take(conn, actor, app, key, &row, asked.record_version)?;
    }
    row.decided_at = Some(actor.now);
    row.decided_by = Some(actor.account);
    row.decision = Some(asked.decision);
    row.version += 1;
    let stored = outreach_conflicts::table.find(row.id).filter(outreach_conflicts::version.eq(asked.expected));
    let decided = diesel::update(stored)
        .set((
            outreach_conflicts::decided_at.eq(row.decided_at),
            outreach_conflicts::decided_by.eq(row.decided_by),
            outreach_conflicts::decision.eq(row.decision),
            outreach_conflicts::version.eq(row.version),
        ))
        .execute(conn)?;
    met_one_row(decided)?;
    let (session, fields) = (Subject::new(SubjectKind::OutreachSession, row.session_id.0), [row.field.as_str()]);
    record(conn, &app.trail, session, Some(actor.account), TrailAction::ConflictDecide, &fields, actor.now)?;
    Ok(row)
}

fn take(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    key: &DataKey,
    row: &Conflict,
    record_version: i32,
) -> Result<(), AppError> {
    let [_, _, offered] = values(row, key)?;
    let setting = Setting::of_decider(actor.account, row, key.clone());
    let mut desk = desk_of(conn, app, &setting, (row.session_id, row.contact_id), actor.now)?;
    let whole = if is_of_whole_session(row) { vec![row.session_id] } else { Vec::new() };
    let more: i32 = versions_of_contacts(conn, &whole)?.into_values().sum();
    let (field, now) = (row.field.as_str(), actor.now);
    let came_back = if let Some(contact) = row.contact_id {
        set(desk.contacts.get_mut(&contact), field, offered, (record_version, 0), now)?
    } else {
        set(desk.sessions.get_mut(&row.session_id), field, offered, (record_version, more), now)?
    };
    if let Some(session) = desk.sessions.get_mut(&row.session_id).filter(|_| row.field == "held_on") {
        judge_day(session, now);
    }
    // What is taken of somebody met shows only with the session.
    let session = desk.sessions.get_mut(&row.session_id).filter(|_| row.contact_id.is_some() && row.field != REMOVED);
    let session_came_back = session.is_some_and(come_back);
    check(&desk, row)?;
    store_desk(conn, app, &setting, desk)?;
    if session_came_back || (came_back && row.contact_id.is_none()) {
        restore_contacts(conn, row.group_id, row.session_id)?;
    }
    Ok(())
}

/// A day that is decided is judged as one that is told now, by a clock that is right.
fn judge_day(session: &mut Held<SessionRow>, now: Instant) {
    if let Ok(fields) = of_named::<SessionFields>(&session.fields) {
        session.row.day_doubtful = is_doubtful(fields.held_on, now, 0);
    }
}

fn come_back(session: &mut Held<SessionRow>) -> bool {
    let was_removed = session.row.removed_at.take().is_some();
    if was_removed {
        session.touch([REMOVED.to_owned()]);
    }
    was_removed
}

/// Writes the value that was taken; says whether the record came back by that.
fn set<R: Row>(
    held: Option<&mut Held<R>>,
    field: &str,
    offered: Value,
    (record_version, more): (i32, i32),
    now: Instant,
) -> Result<bool, AppError> {
    let held = held.ok_or(AppError::NotFound)?;
    let current = held.row.version().saturating_add(more);
    if current != record_version {
        return Err(AppError::Conflict(Refusal::RecordChanged));
    }
    let removed = held.row.removed_at();
    let was_removed = removed.is_some();
    *removed = (field == REMOVED && offered == Value::Bool(true)).then_some(now);
    let stays_away = removed.is_some();
    if field != REMOVED {
        held.fields.insert(field.to_owned(), offered);
    }
    held.touch([field.to_owned()]);
    Ok(was_removed && !stays_away)
}

/// What was allowed when it was offered may not be any more.
fn check(desk: &Desk<'_>, row: &Conflict) -> Result<(), AppError> {
    let broken = desk.faults_of((row.session_id, row.contact_id));
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}
