//! `/outreach/conflicts`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Conflict, ConflictDecision, ConflictView};
use super::rules::{self, Decide};
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{OrganisationId, OutreachConflictId};
use crate::error::{AppError, Problem};
use crate::grants::Action;
use crate::http::{Cursor, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::vault::DataKey;

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_conflicts).service(read_conflict).service(decide_conflict);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConflictFilter {
    /// Group.
    group_id: OrganisationId,
    /// `true`: only those that wait for a decision.
    #[serde(default)]
    open: bool,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List what two phones of a group said differently.
#[utoipa::path(tag = "outreach", params(ConflictFilter), responses((status = 200, body = Page<ConflictView>)))]
#[get("/outreach/conflicts")]
async fn list_conflicts(
    caller: Caller,
    app: Data<App>,
    query: Query<ConflictFilter>,
) -> Result<Json<Page<ConflictView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| OutreachConflictId(cursor.id));
    let (group, open, state) = (query.0.group_id, query.0.open, app.clone());
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, group, open, after, limit)?;
            let key = state.vault.group_key_now(group, actor.now)?;
            let seen =
                Seen::list(SubjectKind::OutreachSession, rows.iter().take(usize_of(limit)).map(|row| row.session_id.0));
            let end = |row: &Conflict| Cursor { key: String::new(), id: row.id.0 };
            let mut views = rules::views(conn, rows.clone(), &key, &state)?.into_iter();
            let missing = || AppError::internal("a conflict is missing");
            let page = Page::of(rows, limit, end, |_| views.next().ok_or_else(missing))?;
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

fn usize_of(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

/// Read a conflict.
#[utoipa::path(tag = "outreach", params(("id" = OutreachConflictId, Path)), responses((status = 200, body = ConflictView)))]
#[get("/outreach/conflicts/{id}")]
async fn read_conflict(
    caller: Caller,
    app: Data<App>,
    id: Path<OutreachConflictId>,
) -> Result<Versioned<ConflictView>, AppError> {
    let state = app.clone();
    app.view(caller, move |conn, actor| {
        let row = rules::find(conn, actor, Action::OutreachRead, id.0)?;
        let key = state.vault.group_key_now(row.group_id, actor.now)?;
        let seen = Seen::record(SubjectKind::OutreachSession, row.session_id.0);
        Ok((versioned(conn, row, &key, &state)?, seen))
    })
    .await
}

fn versioned(
    conn: &mut DbConnection,
    row: Conflict,
    key: &DataKey,
    app: &App,
) -> Result<Versioned<ConflictView>, AppError> {
    let version = row.version;
    let record = rules::views(conn, vec![row], key, app)?.pop().ok_or(AppError::NotFound)?;
    Ok(Versioned { record, version })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionForm {
    /// `keep`: what stands stays. `take`: what came second is written.
    decision: ConflictDecision,
    /// `record_version` of the conflict as you saw it; it counts where something is taken.
    record_version: i32,
}

/// Decide a conflict. The named decider does, or whoever leads the group once that one does not.
#[utoipa::path(tag = "outreach", request_body = DecisionForm, params(("id" = OutreachConflictId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ConflictView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/conflicts/{id}/decide")]
async fn decide_conflict(
    caller: Caller,
    app: Data<App>,
    id: Path<OutreachConflictId>,
    version: IfMatch,
    form: Valid<DecisionForm>,
) -> Result<Versioned<ConflictView>, AppError> {
    let DecisionForm { decision, record_version } = form.body;
    let asked = Decide { id: id.0, expected: version.0, decision, record_version };
    let group = app
        .read(caller, move |conn, actor| Ok(rules::find(conn, actor, Action::OutreachWrite, asked.id)?.group_id))
        .await?;
    let key = crate::outreach::sync::routes::group_key(&app, group).await?;
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        let row = rules::decide(conn, actor, &state, &key, asked)?;
        log_reply(conn, actor, SubjectKind::OutreachSession, row.session_id.0)?;
        versioned(conn, row, &key, &state)
    })
    .await
}
