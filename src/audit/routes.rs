//! `/audit`: the trail and the view log, without content, for auditors.

use actix_web::get;
use actix_web::web::{Data, Json};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{SubjectKind, ViewAction};
use super::trail::{Entry, SubjectId};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::schema::{audit_entries, view_log};
use crate::db::types::{AccountId, Instant};
use crate::error::AppError;
use crate::grants::Action;
use crate::http::{Cursor, Page, Path, Query, listing};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_trail).service(list_views).service(super::viewers::list_viewers);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// A trail entry: who did what to which fields, never what they held.
#[derive(Debug, Serialize, ToSchema)]
struct TrailView {
    /// Place in the chain.
    seq: i64,
    /// When.
    at: Instant,
    /// Who; none for the system itself.
    account_id: Option<AccountId>,
    /// What.
    action: String,
    /// Names of fields.
    fields: Vec<String>,
}

impl From<Entry> for TrailView {
    fn from(row: Entry) -> Self {
        let fields = row.fields.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Self { seq: row.seq, at: row.at, account_id: row.account_id, action: row.action, fields }
    }
}

/// Read the trail of a subject, oldest first.
#[utoipa::path(tag = "audit", params(("kind" = SubjectKind, Path), ("id" = String, Path), Paging), responses((status = 200, body = Page<TrailView>)))]
#[get("/audit/trail/{kind}/{id}")]
async fn list_trail(
    caller: Caller,
    app: Data<App>,
    path: Path<(SubjectKind, uuid::Uuid)>,
    query: Query<Paging>,
) -> Result<Json<Page<TrailView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => cursor.number()?,
        None => 0,
    };
    let (kind, id) = path.0;
    let rows: Vec<Entry> = app
        .read(caller, move |conn, actor| {
            actor.scope(Action::TrailRead)?;
            Ok(audit_entries::table
                .filter(audit_entries::subject_kind.eq(kind))
                .filter(audit_entries::subject_id.eq(SubjectId(id)))
                .filter(audit_entries::seq.gt(after))
                .order(audit_entries::seq)
                .select(Entry::as_select())
                .limit(limit + 1)
                .load(conn)?)
        })
        .await?;
    let end = |row: &Entry| Cursor { key: row.seq.to_string(), id };
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ViewFilter {
    /// Account whose views are asked for.
    account_id: AccountId,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

type SeenRow = (i64, Instant, SubjectKind, Option<SubjectId>, ViewAction, Option<Vec<u8>>);

/// One view.
#[derive(Debug, Serialize, ToSchema)]
struct SeenView {
    /// Place in the log.
    seq: i64,
    /// When.
    at: Instant,
    /// What was seen.
    subject_kind: SubjectKind,
    /// Which; none for a list.
    #[schema(value_type = Option<String>)]
    subject_id: Option<SubjectId>,
    /// How.
    action: ViewAction,
    /// With a list: ids of what stood in it.
    shown: Vec<uuid::Uuid>,
}

impl From<SeenRow> for SeenView {
    fn from((seq, at, subject_kind, subject_id, action, shown): SeenRow) -> Self {
        let (ids, _) = shown.as_deref().unwrap_or_default().as_chunks::<16>();
        let shown = ids.iter().map(|id| uuid::Uuid::from_bytes(*id)).collect();
        Self { seq, at, subject_kind, subject_id, action, shown }
    }
}

/// Read what an account has seen, oldest first.
#[utoipa::path(tag = "audit", params(ViewFilter), responses((status = 200, body = Page<SeenView>)))]
#[get("/audit/views")]
async fn list_views(
    caller: Caller,
    app: Data<App>,
    query: Query<ViewFilter>,
) -> Result<Json<Page<SeenView>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => cursor.number()?,
        None => 0,
    };
    let rows: Vec<SeenRow> = app
        .read(caller, move |conn, actor| {
            actor.scope(Action::TrailRead)?;
            Ok(view_log::table
                .filter(view_log::account_id.eq(query.account_id))
                .filter(view_log::seq.gt(after))
                .order(view_log::seq)
                .select((
                    view_log::seq,
                    view_log::at,
                    view_log::subject_kind,
                    view_log::subject_id,
                    view_log::action,
                    view_log::shown,
                ))
                .limit(limit + 1)
                .load(conn)?)
        })
        .await?;
    let end = |row: &SeenRow| Cursor { key: row.0.to_string(), id: uuid::Uuid::nil() };
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}
