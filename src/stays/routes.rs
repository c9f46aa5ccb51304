//! `/stays`: the facility's and the centre's view of the same list.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{ExtensionReason, Sight, Stay, StayView};
use super::rules::{self, Filter, ListRow, NewExtension, NewStay, Rulebook, StayChange};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{CaseId, ExtensionId, ReferralId, StayId};
use crate::deliveries::model::VoidReason;
use crate::deliveries::rules::Ground;
use crate::entitlements::catalogue::Extender;
use crate::error::{AppError, Problem, Rule};
use crate::http::extract::present;
use crate::http::idempotency::BoundKey;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::referrals::rules::Side;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_stays)
        .service(record_stay)
        .service(read_stay)
        .service(change_stay)
        .service(leave_stay)
        .service(extend_stay)
        .service(void_stay);
}

fn book(app: &App) -> Rulebook<'_> {
    Rulebook { services: &app.services, catalogue: &app.entitlements, trail: &app.trail }
}

fn show(conn: &mut DbConnection, (stay, sight): (Stay, Sight)) -> Result<Versioned<StayView>, AppError> {
    let extensions = rules::extensions_of(conn, &[stay.id])?;
    Ok(Versioned { version: stay.version, record: stay.view(&extensions, sight) })
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StayFilter {
    /// `true`: those at your facility; `false`: those of your cases. What your role allows when absent.
    incoming: Option<bool>,
    /// Of this case; for the centre.
    case_id: Option<CaseId>,
    /// `true`: only those that go on.
    resident: Option<bool>,
    /// Only those that go on and whose limit covers no day from this one on; the soonest first.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    running_out_before: Option<NaiveDate>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List stays by first day, or those running out by the last day covered. The view is logged.
#[utoipa::path(tag = "stays", params(StayFilter), responses((status = 200, body = Page<StayView>)))]
#[get("/stays")]
async fn list_stays(
    caller: Caller,
    app: Data<App>,
    query: Query<StayFilter>,
) -> Result<Json<Page<StayView>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, StayId(cursor.id))),
        None => None,
    };
    let running_out = query.running_out_before;
    let filter =
        Filter { case: query.case_id, resident: query.resident == Some(true), running_out_before: running_out };
    let page = app
        .view(caller, move |conn, actor| {
            let side = match query.incoming {
                Some(true) => Side::Recipient,
                Some(false) => Side::Sender,
                None => rules::usual_side(actor)?,
            };
            // Which case a stay belongs to is not the facility's to know, nor to ask.
            if side == Side::Recipient && filter.case.is_some() {
                return Err(AppError::field("case_id", Rule::ConflictsWith("incoming")));
            }
            let rows = rules::list(conn, actor, side, &filter, after, limit)?;
            let ids: Vec<StayId> = rows.iter().map(|(stay, _)| stay.id).collect();
            let extensions = rules::extensions_of(conn, &ids)?;
            let end = |(stay, _): &ListRow| {
                let day = if running_out.is_some() { stay.runs_out_on.unwrap_or(stay.in_on) } else { stay.in_on };
                Cursor::after_date(day, stay.id.0)
            };
            let page = Page::of(rows, limit, end, |(stay, sight)| Ok(stay.view(&extensions, sight)))?;
            let seen = Seen::list(SubjectKind::Stay, page.items.iter().map(|item| item.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct StayForm {
    /// Case, where the centre itself is the facility; either this or `referral_id`.
    case_id: Option<CaseId>,
    /// Referral for essential needs, accepted or in service.
    referral_id: Option<ReferralId>,
    /// Label of a room (`A12`) or of a bed in it (`A12-2`), which one person has at a time.
    #[validate(length(min = 1, max = 12))]
    room: Option<String>,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    in_on: NaiveDate,
    /// Day on which the person is expected to leave.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    expected_out_on: Option<NaiveDate>,
    /// Last day, for a stay that is over.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    out_on: Option<NaiveDate>,
}

/// Record a stay. A person has one at a time; days beyond the limit need an extension or a manager's override.
#[utoipa::path(tag = "stays", request_body = StayForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = StayView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/stays")]
async fn record_stay(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<StayForm>,
) -> Result<Created<StayView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let new = NewStay {
        id: StayId(app.random.uuid()),
        ground: Ground::of(form.case_id, form.referral_id)?,
        room: form.room,
        in_on: form.in_on,
        expected_out_on: form.expected_out_on,
        out_on: form.out_on,
    };
    let (state, id) = (app.clone(), new.id);
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        rules::create(conn, actor, book(&state), &new)?;
        let found = rules::read(conn, actor, new.id)?;
        show(conn, found)
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Stay, id.0), write, |conn, actor, first| {
            let found = rules::read(conn, actor, StayId(first))?;
            show(conn, found)
        })
        .await?;
    let location = format!("/stays/{}", reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

/// Read one stay. The view is logged.
#[utoipa::path(tag = "stays", params(("id" = StayId, Path)), responses((status = 200, body = StayView)))]
#[get("/stays/{id}")]
async fn read_stay(caller: Caller, app: Data<App>, id: Path<StayId>) -> Result<Versioned<StayView>, AppError> {
    app.view(caller, move |conn, actor| {
        let found = rules::read(conn, actor, id.0)?;
        Ok((show(conn, found)?, Seen::record(SubjectKind::Stay, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct StayChangeForm {
    /// Label of room or bed; `null` empties it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 12))]
    room: Option<Option<String>>,
    /// Day on which the person is expected to leave; `null` empties it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    expected_out_on: Option<Option<crate::http::extract::CivilDate>>,
}

/// Move the person to another room, or expect another day.
#[utoipa::path(tag = "stays", request_body = StayChangeForm, params(("id" = StayId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = StayView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/stays/{id}")]
async fn change_stay(
    caller: Caller,
    app: Data<App>,
    id: Path<StayId>,
    version: IfMatch,
    form: Valid<StayChangeForm>,
) -> Result<Versioned<StayView>, AppError> {
    let wish =
        StayChange { room: form.body.room, expected_out_on: form.body.expected_out_on.map(|day| day.map(|day| day.0)) };
    let trail = app.trail.clone();
    app.write(caller, move |conn, actor| {
        log_reply(conn, actor, SubjectKind::Stay, id.0.0)?;
        let changed = rules::change(conn, actor, &trail, id.0, version.0, &wish)?;
        show(conn, changed)
    })
    .await
}

/// Changes a stay once per idempotency key and answers with it.
async fn step<F>(
    caller: Caller,
    app: &Data<App>,
    id: StayId,
    bound: BoundKey,
    change: F,
) -> Result<Versioned<StayView>, AppError>
where
    F: Fn(&mut DbConnection, &Actor, Rulebook<'_>) -> Result<(Stay, Sight), AppError> + Send + 'static,
{
    let state = app.clone();
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let changed = change(conn, actor, book(&state))?;
        log_reply(conn, actor, SubjectKind::Stay, id.0)?;
        show(conn, changed)
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Stay, id.0), write, |conn, actor, first| {
        let found = rules::read(conn, actor, StayId(first))?;
        show(conn, found)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Leave {
    /// Last day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    out_on: NaiveDate,
}

/// Record the last day of a stay. The facility may do so also after its referral is over.
#[utoipa::path(tag = "stays", request_body = Leave,
    params(("id" = StayId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = StayView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/stays/{id}/leave")]
async fn leave_stay(
    caller: Caller,
    app: Data<App>,
    id: Path<StayId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Leave>,
) -> Result<Versioned<StayView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, out_on) = (id.0, form.body.out_on);
    step(caller, &app, id, bound, move |conn, actor, book| rules::leave(conn, actor, book, id, version.0, out_on)).await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExtensionForm {
    /// Days added.
    #[validate(range(min = 1, max = 366))]
    days: i32,
    /// Who decided.
    granted_by: Extender,
    /// When.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    granted_on: NaiveDate,
    /// Why.
    reason: ExtensionReason,
}

/// Extend the days the law gives, by decision of the facility's director or the provincial health department.
#[utoipa::path(tag = "stays", request_body = ExtensionForm,
    params(("id" = StayId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = StayView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/stays/{id}/extensions")]
async fn extend_stay(
    caller: Caller,
    app: Data<App>,
    id: Path<StayId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<ExtensionForm>,
) -> Result<Versioned<StayView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, form) = (id.0, form.body);
    let new = NewExtension {
        id: ExtensionId(app.random.uuid()),
        days: form.days,
        granted_by: form.granted_by,
        granted_on: form.granted_on,
        reason: form.reason,
    };
    step(caller, &app, id, bound, move |conn, actor, book| rules::extend(conn, actor, book, id, version.0, new)).await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoidStay {
    /// Why.
    reason: VoidReason,
}

/// Declare a stay void. It stays readable and counts nowhere.
#[utoipa::path(tag = "stays", request_body = VoidStay,
    params(("id" = StayId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = StayView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/stays/{id}/void")]
async fn void_stay(
    caller: Caller,
    app: Data<App>,
    id: Path<StayId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<VoidStay>,
) -> Result<Versioned<StayView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, reason) = (id.0, form.body.reason);
    step(caller, &app, id, bound, move |conn, actor, book| rules::void(conn, actor, book, id, version.0, reason)).await
}
