//! `/cases/{id}/follow-ups`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Finding, FollowUp, FollowUpView};
use super::rules::{self, NewFollowUp};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{CaseId, FollowUpId, PersonId};
use crate::error::{AppError, Problem};
use crate::http::extract::plain_text;
use crate::http::{Created, IdempotencyKey, Page, Path, Valid};
use crate::text::tidy;
use crate::vault::seal;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_follow_ups).service(record_follow_up);
}

/// List the follow-ups of a case. The view is logged.
#[utoipa::path(tag = "cases", params(("id" = CaseId, Path)), responses((status = 200, body = Page<FollowUpView>)))]
#[get("/cases/{id}/follow-ups")]
async fn list_follow_ups(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
) -> Result<Json<Page<FollowUpView>>, AppError> {
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let (rows, case) = rules::of_case(conn, actor, id.0)?;
            let key = vault.key(case.person_id)?;
            let items = rows.into_iter().map(|row| row.view(case.person_id, &key)).collect::<Result<_, _>>()?;
            Ok((Page { items, next_cursor: None }, Seen::record(SubjectKind::Case, id.0.0)))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowUpForm {
    /// Months after closing: 3, 6 or 12.
    months: i32,
    /// Day; up to 30 days before it is due.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    done_on: NaiveDate,
    /// How the person was found.
    finding: Finding,
    /// Note.
    #[validate(length(min = 1, max = 5000), custom(function = plain_text))]
    note: Option<String>,
}

/// Record a follow-up of a closed case.
#[utoipa::path(tag = "cases", request_body = FollowUpForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = FollowUpView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/follow-ups")]
async fn record_follow_up(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<FollowUpForm>,
) -> Result<Created<FollowUpView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (form, case) = (form.body, case.0);
    let id = FollowUpId(app.random.uuid());
    let new = NewFollowUp { id, case, months: form.months, done_on: form.done_on, finding: form.finding };
    let note = form.note.as_deref().map(tidy);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut _, actor: &Actor| {
        let sealing = |person: PersonId| {
            let Some(text) = &note else { return Ok(None) };
            let key = state.vault.key(person)?;
            Ok(Some(seal(&state.random, &key, person, FollowUp::note_place(id), 1, text)?))
        };
        let (row, case) = rules::create(conn, actor, &state.trail, &new, sealing)?;
        row.view(case.person_id, &state.vault.key(case.person_id)?)
    };
    let target = Target::part(SubjectKind::Case, case.0, id.0);
    let record = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            let (row, case) = rules::read(conn, actor, case, FollowUpId(first))?;
            row.view(case.person_id, &vault.key(case.person_id)?)
        })
        .await?;
    Ok(Created { location: format!("/cases/{case}/follow-ups"), version: None, record })
}
