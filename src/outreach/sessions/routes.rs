//! `/outreach/sessions`.

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{ContactRow, SessionRow};
use super::rules::{self, Filter};
use super::views::{ContactView, SessionView};
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{ContactId, OrganisationId, OutreachSessionId};
use crate::error::AppError;
use crate::http::{Cursor, Page, Path, Query, Versioned, listing};

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_sessions).service(read_session).service(list_contacts);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SessionFilter {
    /// Group.
    group_id: OrganisationId,
    /// Held on this day or later.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    from: Option<NaiveDate>,
    /// Held on this day or earlier.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    to: Option<NaiveDate>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the sessions of the group you lead, the newest first.
#[utoipa::path(tag = "outreach", params(SessionFilter), responses((status = 200, body = Page<SessionView>)))]
#[get("/outreach/sessions")]
async fn list_sessions(
    caller: Caller,
    app: Data<App>,
    query: Query<SessionFilter>,
) -> Result<Json<Page<SessionView>>, AppError> {
    listing::days(query.0.from, query.0.to)?;
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?;
    let after = after.map(|cursor| Ok::<_, AppError>((cursor.date()?, OutreachSessionId(cursor.id)))).transpose()?;
    let (group, filter, state) = (query.0.group_id, Filter { from: query.0.from, to: query.0.to }, app.clone());
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, group, filter, after, limit)?;
            let key = state.vault.group_key_now(group, actor.now)?;
            let mut views = rules::session_views(conn, rows.clone(), &key)?.into_iter();
            let end = |row: &SessionRow| Cursor::after_date(row.held_on, row.id.0);
            let missing = || AppError::internal("a session is missing");
            let page = Page::of(rows, limit, end, |_| views.next().ok_or_else(missing))?;
            let seen = Seen::list(SubjectKind::OutreachSession, page.items.iter().map(|session| session.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

/// Read a session.
#[utoipa::path(tag = "outreach", params(("id" = OutreachSessionId, Path)), responses((status = 200, body = SessionView)))]
#[get("/outreach/sessions/{id}")]
async fn read_session(
    caller: Caller,
    app: Data<App>,
    id: Path<OutreachSessionId>,
) -> Result<Versioned<SessionView>, AppError> {
    let state = app.clone();
    app.view(caller, move |conn, actor| {
        let row = rules::read(conn, actor, id.0)?;
        let key = state.vault.group_key_now(row.group_id, actor.now)?;
        let record = rules::session_views(conn, vec![row], &key)?.pop().ok_or(AppError::NotFound)?;
        let seen = Seen::record(SubjectKind::OutreachSession, record.id.0);
        Ok((Versioned { version: record.version, record }, seen))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ContactFilter {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List those met in a session.
#[utoipa::path(tag = "outreach", params(("id" = OutreachSessionId, Path), ContactFilter), responses((status = 200, body = Page<ContactView>)))]
#[get("/outreach/sessions/{id}/contacts")]
async fn list_contacts(
    caller: Caller,
    app: Data<App>,
    id: Path<OutreachSessionId>,
    query: Query<ContactFilter>,
) -> Result<Json<Page<ContactView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| ContactId(cursor.id));
    let state = app.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let group = rules::read(conn, actor, id.0)?.group_id;
            let rows = rules::contacts(conn, actor, id.0, after, limit)?;
            let key = state.vault.group_key_now(group, actor.now)?;
            let end = |row: &ContactRow| Cursor { key: String::new(), id: row.id.0 };
            let page = Page::of(rows, limit, end, |row| rules::contact_view(&row, &key, &state.ring.programme))?;
            let shown = (!page.items.is_empty()).then_some(id.0.0);
            Ok((page, Seen::list(SubjectKind::OutreachSession, shown.into_iter())))
        })
        .await?;
    Ok(Json(page))
}
