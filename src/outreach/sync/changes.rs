//! What changed in a group since a phone asked last.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::schema::{outreach_contacts, outreach_sessions, peer_groups};
use crate::db::types::{OrganisationId, OutreachSessionId};
use crate::error::AppError;
use crate::grants::Action;
use crate::http::Cursor;
use crate::outreach::groups::rules::find_for;
use crate::outreach::reduction::reduced_until;
use crate::outreach::sessions::model::{ContactRow, SessionRow};
use crate::outreach::sessions::rules::{contact_view, session_views};
use crate::outreach::sessions::views::{ContactChangeView, SessionChangeView};
use crate::vault::DataKey;

/// What changed, and where to read on.
#[derive(Debug)]
pub struct Changes {
    /// Sessions.
    pub sessions: Vec<SessionChangeView>,
    /// Contacts.
    pub contacts: Vec<ContactChangeView>,
    /// Where to read on.
    pub cursor: String,
    /// Whether there is more.
    pub more: bool,
    /// Whether it is told from the beginning, for the cursor was none of the group as it stands.
    pub anew: bool,
    /// Last day whose contacts were reduced to numbers.
    pub reduced_until: Option<NaiveDate>,
}

/// Reads on where the cursor of the phone stands; sessions and contacts share one count of changes.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right; a cursor that is none.
pub fn since(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    (group, key): (OrganisationId, &DataKey),
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Changes, AppError> {
    find_for(conn, actor, Action::OutreachRead, group)?;
    let last: i64 = peer_groups::table.find(group).select(peer_groups::change_seq).first(conn)?;
    let after = cursor.map_or(Ok(Some(0)), |cursor| place(cursor, group, last))?;
    let (after, anew) = (after.unwrap_or(0), after.is_none());
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut sessions: Vec<SessionRow> = outreach_sessions::table
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::change_seq.gt(after))
        .order(outreach_sessions::change_seq)
        .limit(most)
        .select(SessionRow::as_select())
        .load(conn)?;
    let mut contacts: Vec<ContactRow> = outreach_contacts::table
        .filter(outreach_contacts::group_id.eq(group))
        .filter(outreach_contacts::change_seq.gt(after))
        .order(outreach_contacts::change_seq)
        .limit(most)
        .select(ContactRow::as_select())
        .load(conn)?;
    let end = end_of_page(&sessions, &contacts, limit).unwrap_or(last);
    sessions.retain(|row| row.change_seq <= end);
    contacts.retain(|row| row.change_seq <= end);
    let gone = removed_sessions(conn, &contacts)?;
    let told = |row: &ContactRow| contact_change(row, gone.contains(&row.session_id), key, app);
    Ok(Changes {
        sessions: session_changes(conn, sessions, key)?,
        contacts: contacts.iter().map(told).collect::<Result<_, _>>()?,
        cursor: Cursor { key: end.to_string(), id: group.0 }.encode(),
        more: end < last,
        anew,
        reduced_until: reduced_until(conn, group)?,
    })
}

/// The change after which a page ends; none when everything that is left fits into it.
fn end_of_page(sessions: &[SessionRow], contacts: &[ContactRow], limit: usize) -> Option<i64> {
    let sessions = sessions.iter().map(|row| row.change_seq);
    let mut places: Vec<i64> = sessions.chain(contacts.iter().map(|row| row.change_seq)).collect();
    places.sort_unstable();
    (places.len() >= limit).then(|| limit.checked_sub(1).and_then(|end| places.get(end)).copied()).flatten()
}

/// Where the phone reads on. None for a cursor ahead of the group, which was made before the records were restored
/// from a backup, and for one of another group: the phone begins anew.
fn place(cursor: &Cursor, group: OrganisationId, last: i64) -> Result<Option<i64>, AppError> {
    let place = cursor.number()?;
    Ok((cursor.id == group.0 && (0..=last).contains(&place)).then_some(place))
}

fn session_changes(
    conn: &mut DbConnection,
    rows: Vec<SessionRow>,
    key: &DataKey,
) -> Result<Vec<SessionChangeView>, AppError> {
    let gone = |row: &SessionRow| SessionChangeView { id: row.id, removed: true, session: None };
    let (removed, standing): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.removed_at.is_some());
    let mut changes: Vec<SessionChangeView> = removed.iter().map(gone).collect();
    let views = session_views(conn, standing, key)?;
    changes.extend(views.into_iter().map(|view| SessionChangeView {
        id: view.id,
        removed: false,
        session: Some(view),
    }));
    Ok(changes)
}

/// Sessions of these contacts that were taken away: what was met in them is told to nobody.
fn removed_sessions(conn: &mut DbConnection, contacts: &[ContactRow]) -> Result<HashSet<OutreachSessionId>, AppError> {
    let ids: HashSet<OutreachSessionId> = contacts.iter().map(|row| row.session_id).collect();
    let removed = outreach_sessions::table
        .filter(outreach_sessions::id.eq_any(ids))
        .filter(outreach_sessions::removed_at.is_not_null());
    Ok(removed.select(outreach_sessions::id).load(conn)?.into_iter().collect())
}

fn contact_change(
    row: &ContactRow,
    session_removed: bool,
    key: &DataKey,
    app: &App,
) -> Result<ContactChangeView, AppError> {
    let removed = session_removed || row.removed_at.is_some();
    let contact = (!removed).then(|| contact_view(row, key, &app.ring.programme)).transpose()?;
    Ok(ContactChangeView { id: row.id, session_id: row.session_id, removed, contact })
}
