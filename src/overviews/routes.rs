//! `/overviews`.

use actix_web::get;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{CaseloadLine, CentreLoad, WaitingReferral};
use super::rules::{self, CaseloadRow, WaitingRow};
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{AccountId, CaseId, OrganisationId, PersonId, ReferralId};
use crate::error::AppError;
use crate::http::{Cursor, Page, Query, listing};
use crate::persons::model::{SealedColumn, open_column};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(caseload).service(centre_workload).service(waiting_referrals);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CaseloadFilter {
    /// Assigned to this worker, as far as you may see; to you when absent.
    assigned_to: Option<AccountId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the open cases of a worker, longest received first, with last contact, next task and risk. The view is logged.
#[utoipa::path(tag = "overviews", params(CaseloadFilter), responses((status = 200, body = Page<CaseloadLine>)))]
#[get("/overviews/caseload")]
async fn caseload(
    caller: Caller,
    app: Data<App>,
    query: Query<CaseloadFilter>,
) -> Result<Json<Page<CaseloadLine>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, CaseId(cursor.id))),
        None => None,
    };
    let worker = query.assigned_to.unwrap_or(caller.account);
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let today = actor.now.civil_date();
            let rows = rules::caseload(conn, actor, worker, after, limit)?;
            let persons: Vec<PersonId> = rows.iter().map(|(case, ..)| case.person_id).collect();
            let mut keys = vault.keys(&persons)?.into_iter();
            let end = |(case, ..): &CaseloadRow| Cursor::after_date(case.received_on, case.id.0);
            let page = Page::of(rows, limit, end, |(case, name, last_contact_on, next_task_on, risk)| {
                let key = keys.next().ok_or_else(|| AppError::internal("a data key is missing"))?;
                Ok(CaseloadLine {
                    person_name: open_column(&key, case.person_id, SealedColumn::Name, name.as_deref())?,
                    last_contact_on,
                    next_task_on,
                    task_overdue: next_task_on.is_some_and(|day| day < today),
                    risk,
                    case,
                })
            })?;
            let seen = Seen::list(SubjectKind::Case, page.items.iter().map(|line| line.case.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CentreFilter {
    /// The centre; needed only when you manage several.
    organisation_id: Option<OrganisationId>,
}

/// Read the work of your centre: open cases by status and overdue tasks of each worker. It names no person supported.
#[utoipa::path(tag = "overviews", params(CentreFilter), responses((status = 200, body = CentreLoad)))]
#[get("/overviews/centre-workload")]
async fn centre_workload(
    caller: Caller,
    app: Data<App>,
    query: Query<CentreFilter>,
) -> Result<Json<CentreLoad>, AppError> {
    let centre = query.0.organisation_id;
    Ok(Json(app.read(caller, move |conn, actor| rules::centre_workload(conn, actor, centre)).await?))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WaitingFilter {
    /// Sent by this centre.
    organisation_id: Option<OrganisationId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the referrals of open cases that wait, oldest first: for an answer, for the service to begin, or for
/// another referral after theirs expired. The view is logged.
#[utoipa::path(tag = "overviews", params(WaitingFilter), responses((status = 200, body = Page<WaitingReferral>)))]
#[get("/overviews/waiting-referrals")]
async fn waiting_referrals(
    caller: Caller,
    app: Data<App>,
    query: Query<WaitingFilter>,
) -> Result<Json<Page<WaitingReferral>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, ReferralId(cursor.id))),
        None => None,
    };
    let page = app
        .view(caller, move |conn, actor| {
            let today = actor.now.civil_date();
            let rows = rules::waiting_referrals(conn, actor, query.organisation_id, after, limit)?;
            let end = |(row, _): &WaitingRow| Cursor::after_instant(row.created_at, row.id.0);
            let page = Page::of(rows, limit, end, |row| Ok(rules::waiting_view(row, today)))?;
            let seen = Seen::list(SubjectKind::Referral, page.items.iter().map(|item| item.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}
