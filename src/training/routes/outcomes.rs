//! Training aid, work after a course, check-ups, and the way of a case to a livelihood.

use actix_web::web::{Data, Json};
use actix_web::{get, post, put};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{AccountId, CaseId, DeliveryId, EnrolmentId, OrganisationId, TrainingAidId};
use crate::error::{AppError, Problem};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::training::model::views::{CheckUpDue, JobView, Livelihood, TrainingAidView};
use crate::training::model::{AidGroup, CheckUpFinding, JobKind};
use crate::training::rules::aid::{self, NewAid};
use crate::training::rules::jobs::{self, CheckUp, Filter, Work};
use crate::training::rules::reading;

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AidForm {
    /// Group it is due to.
    aid_group: AidGroup,
    /// Day of payment.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    paid_on: NaiveDate,
    /// Kilometres from home to the course.
    #[validate(range(min = 0, max = 2000))]
    distance_km: u32,
    /// Whether the person lives in a difficult or extremely difficult area.
    difficult_area: bool,
    /// Whether the person received other training aid of the State; then this one is not due.
    had_other_state_aid: bool,
}

/// Grant training aid, once to a person. The amount is computed from attendance and tariff, and recorded as paid.
#[utoipa::path(tag = "training", request_body = AidForm,
    params(("id" = EnrolmentId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = TrainingAidView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/enrolments/{id}/aid")]
pub(super) async fn grant_aid(
    caller: Caller,
    app: Data<App>,
    id: Path<EnrolmentId>,
    key: IdempotencyKey,
    form: Valid<AidForm>,
) -> Result<Created<TrainingAidView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let new = NewAid {
        id: TrainingAidId(app.random.uuid()),
        delivery: DeliveryId(app.random.uuid()),
        enrolment: id.0,
        group: form.aid_group,
        paid_on: form.paid_on,
        distance_km: form.distance_km,
        difficult_area: form.difficult_area,
        had_other_aid: form.had_other_state_aid,
    };
    let state = app.clone();
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let aid = aid::grant(conn, actor, &state.training, &state.entitlements, &state.trail, &new)?;
        log_reply(conn, actor, SubjectKind::Enrolment, new.enrolment.0)?;
        Ok(TrainingAidView::from(aid))
    };
    let target = Target::part(SubjectKind::Enrolment, new.enrolment.0, new.id.0);
    let record = app
        .write_once(caller, bound, target, write, |conn, actor, first| {
            aid::read(conn, actor, TrainingAidId(first)).map(TrainingAidView::from)
        })
        .await?;
    Ok(Created { location: format!("/deliveries/{}", record.delivery_id), version: None, record })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JobForm {
    /// Kind of work, or none.
    kind: JobKind,
    /// Whether it is in the trade that was learned; required for work.
    in_trade: Option<bool>,
    /// First day; required for work.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    started_on: Option<NaiveDate>,
}

/// Record what work came of a completed course, or correct it. `If-Match` is `"0"` for the first time.
#[utoipa::path(tag = "training", request_body = JobForm, params(("id" = EnrolmentId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = JobView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[put("/enrolments/{id}/job")]
pub(super) async fn record_job(
    caller: Caller,
    app: Data<App>,
    id: Path<EnrolmentId>,
    version: IfMatch,
    form: Valid<JobForm>,
) -> Result<Versioned<JobView>, AppError> {
    let JobForm { kind, in_trade, started_on } = form.body;
    let (trail, id) = (app.trail.clone(), id.0);
    app.write(caller, move |conn, actor| {
        let work = Work { kind, in_trade, started_on };
        let record = jobs::record(conn, actor, &trail, (id, version.0), work)?;
        log_reply(conn, actor, SubjectKind::Enrolment, id.0)?;
        Ok(Versioned { version: record.version, record })
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckUpForm {
    /// Day, not before so many months after the start.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    checked_on: NaiveDate,
    /// What was found.
    finding: CheckUpFinding,
}

/// Record whether somebody still works 3, 6 or 12 months after the start, or correct it. `If-Match` is the version of
/// that check-up, `"0"` for the first time.
#[utoipa::path(tag = "training", request_body = CheckUpForm,
    params(("id" = EnrolmentId, Path), ("months" = i32, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = JobView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[put("/enrolments/{id}/job/check-ups/{months}")]
pub(super) async fn record_check_up(
    caller: Caller,
    app: Data<App>,
    path: Path<(EnrolmentId, i32)>,
    version: IfMatch,
    form: Valid<CheckUpForm>,
) -> Result<Json<JobView>, AppError> {
    let (id, months) = path.0;
    let sent = CheckUp { months, checked_on: form.body.checked_on, finding: form.body.finding };
    let trail = app.trail.clone();
    app.write(caller, move |conn, actor| {
        let record = jobs::record_check_up(conn, actor, &trail, (id, version.0), sent)?;
        log_reply(conn, actor, SubjectKind::Enrolment, id.0)?;
        Ok(record)
    })
    .await
    .map(Json)
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DueFilter {
    /// Of cases assigned to this worker.
    assigned_to: Option<AccountId>,
    /// Of cases of this centre.
    organisation_id: Option<OrganisationId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the check-ups on work that are due, the oldest first. The view is logged.
#[utoipa::path(tag = "training", params(DueFilter), responses((status = 200, body = Page<CheckUpDue>)))]
#[get("/job-check-ups")]
pub(super) async fn list_check_ups(
    caller: Caller,
    app: Data<App>,
    query: Query<DueFilter>,
) -> Result<Json<Page<CheckUpDue>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, EnrolmentId(cursor.id))),
        None => None,
    };
    let filter = Filter { assigned_to: query.assigned_to, organisation: query.organisation_id };
    let page = app
        .view(caller, move |conn, actor| {
            let rows = jobs::list_due(conn, actor, filter, after, limit)?;
            let end = |row: &CheckUpDue| Cursor::after_date(row.due_on, row.enrolment_id.0);
            let page = Page::of(rows, limit, end, Ok)?;
            let seen = Seen::list(SubjectKind::Enrolment, page.items.iter().map(|item| item.enrolment_id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

/// Read the way of a case to a livelihood: referral, enrolment, attendance, certificate, aid, work, check-ups. The
/// view is logged.
#[utoipa::path(tag = "training", params(("id" = CaseId, Path)), responses((status = 200, body = Livelihood)))]
#[get("/cases/{id}/livelihood")]
pub(super) async fn read_livelihood(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
) -> Result<Json<Livelihood>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let record = reading::livelihood(conn, actor, &vault, id.0)?;
        Ok((record, Seen::record(SubjectKind::Case, id.0.0)))
    })
    .await
    .map(Json)
}
