//! Reading sessions and contacts, and what is sealed in them.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::fields::{KeptContact, SessionFields};
use super::model::{ContactRow, SessionRow, SupplyRow, TallyRow};
use super::views::{ContactView, SessionView};
use crate::accounts::Actor;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::schema::{
    outreach_conflicts, outreach_contacts, outreach_sessions, outreach_supplies, outreach_tallies,
};
use crate::db::types::{ContactId, OrganisationId, OutreachSessionId};
use crate::error::AppError;
use crate::grants::Action;
use crate::outreach::groups::rules::{find_for, reached};
use crate::outreach::sync::Setting;
use crate::vault::{DataKey, FieldName, ServerKey, open_if_any, seal, version_of};

/// Where the note of a session stands.
pub fn session_note(id: OutreachSessionId) -> FieldName {
    FieldName { table: "outreach_sessions", column: "sealed_note", row: id.0 }
}

/// Where the note of a contact stands.
pub fn contact_note(id: ContactId) -> FieldName {
    FieldName { table: "outreach_contacts", column: "sealed_note", row: id.0 }
}

/// Seals a note under the group's key, one version after the one that stands.
pub(in crate::outreach) fn seal_note(
    app: &App,
    setting: &Setting,
    place: FieldName,
    stands: Option<&[u8]>,
    note: Option<&str>,
) -> Result<Option<Vec<u8>>, AppError> {
    let version = version_of(stands) + 1;
    let sealed = note.map(|note| seal(&app.random, &setting.key, setting.hand.group, place, version, note));
    Ok(sealed.transpose()?)
}

/// Fields of a stored session.
///
/// # Errors
/// When something stored does not read back.
pub fn session_fields(row: &SessionRow, supplies: &[SupplyRow], key: &DataKey) -> Result<SessionFields, AppError> {
    let note = open_if_any(key, row.group_id, session_note(row.id), row.sealed_note.as_deref())?;
    SessionFields::of_row(row, supplies, note)
}

/// Fields of a stored contact.
///
/// # Errors
/// When something stored does not read back.
pub fn contact_fields(row: &ContactRow, key: &DataKey) -> Result<KeptContact, AppError> {
    let note = open_if_any(key, row.group_id, contact_note(row.id), row.sealed_note.as_deref())?;
    KeptContact::of_row(row, note)
}

/// What is read of these sessions, in their order.
///
/// # Errors
/// When something stored does not read back.
pub fn session_views(
    conn: &mut DbConnection,
    rows: Vec<SessionRow>,
    key: &DataKey,
) -> Result<Vec<SessionView>, AppError> {
    let ids: Vec<OutreachSessionId> = rows.iter().map(|row| row.id).collect();
    let supplies: Vec<SupplyRow> = outreach_supplies::table
        .filter(outreach_supplies::session_id.eq_any(&ids))
        .select(SupplyRow::as_select())
        .load(conn)?;
    let tallies: Vec<TallyRow> = outreach_tallies::table
        .filter(outreach_tallies::session_id.eq_any(&ids))
        .order((outreach_tallies::sex, outreach_tallies::age_band, outreach_tallies::seen))
        .select(TallyRow::as_select())
        .load(conn)?;
    let mut supplies_of: HashMap<OutreachSessionId, Vec<SupplyRow>> = HashMap::new();
    for supply in supplies {
        supplies_of.entry(supply.session_id).or_default().push(supply);
    }
    let mut tallies_of: HashMap<OutreachSessionId, Vec<TallyRow>> = HashMap::new();
    for tally in tallies {
        tallies_of.entry(tally.session_id).or_default().push(tally);
    }
    rows.into_iter()
        .map(|row| {
            let fields = session_fields(&row, &supplies_of.remove(&row.id).unwrap_or_default(), key)?;
            let tallies = tallies_of.remove(&row.id).unwrap_or_default();
            Ok(SessionView::of(row, fields, tallies))
        })
        .collect()
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Held on this day or later.
    pub from: Option<NaiveDate>,
    /// Held on this day or earlier.
    pub to: Option<NaiveDate>,
}

/// Reads a page of the sessions of a group, the newest first, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    filter: Filter,
    after: Option<(NaiveDate, OutreachSessionId)>,
    limit: i64,
) -> Result<Vec<SessionRow>, AppError> {
    reached(conn, actor, Action::OutreachRead, group)?;
    let mut query = outreach_sessions::table
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::removed_at.is_null())
        .order((outreach_sessions::held_on.desc(), outreach_sessions::id.desc()))
        .limit(limit + 1)
        .select(SessionRow::as_select())
        .into_boxed();
    if let Some(from) = filter.from {
        query = query.filter(outreach_sessions::held_on.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(outreach_sessions::held_on.le(to));
    }
    if let Some((day, id)) = after {
        let earlier =
            outreach_sessions::held_on.lt(day).or(outreach_sessions::held_on.eq(day).and(outreach_sessions::id.lt(id)));
        query = query.filter(outreach_sessions::held_on.le(day)).filter(earlier);
    }
    Ok(query.load(conn)?)
}

/// Reads one session of a group that the actor reaches; one that was taken away while a conflict about it waits, so
/// that whoever decides can see it.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: OutreachSessionId) -> Result<SessionRow, AppError> {
    actor.scope(Action::OutreachRead)?;
    let row: SessionRow = outreach_sessions::table.find(id).select(SessionRow::as_select()).first(conn)?;
    find_for(conn, actor, Action::OutreachRead, row.group_id)?;
    if row.removed_at.is_none() || is_disputed(conn, id)? { Ok(row) } else { Err(AppError::NotFound) }
}

fn is_disputed(conn: &mut DbConnection, id: OutreachSessionId) -> Result<bool, AppError> {
    let waiting = outreach_conflicts::table
        .filter(outreach_conflicts::session_id.eq(id))
        .filter(outreach_conflicts::decided_at.is_null());
    Ok(diesel::select(exists(waiting)).get_result(conn)?)
}

/// Reads a page of the contacts of a session, ordered by id, one more than `limit`.
///
/// # Errors
/// As [`read`].
pub fn contacts(
    conn: &mut DbConnection,
    actor: &Actor,
    session: OutreachSessionId,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactRow>, AppError> {
    read(conn, actor, session)?;
    let mut query = outreach_contacts::table
        .filter(outreach_contacts::session_id.eq(session))
        .filter(outreach_contacts::removed_at.is_null())
        .order(outreach_contacts::id)
        .limit(limit + 1)
        .select(ContactRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(outreach_contacts::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// What is read of a contact.
///
/// # Errors
/// When something stored does not read back.
pub fn contact_view(row: &ContactRow, key: &DataKey, programme: &ServerKey) -> Result<ContactView, AppError> {
    Ok(ContactView::of(row, contact_fields(row, key)?, programme))
}
