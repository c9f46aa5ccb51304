//! `/deliveries`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Delivery, DeliveryForm, DeliveryView, VoidReason};
use super::rules::{self, Ground, NewDelivery};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{CaseId, DeliveryId, ReferralId};
use crate::error::{AppError, Problem};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::services::ServiceType;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_deliveries).service(record_delivery).service(read_delivery).service(void_delivery);
}

fn versioned((delivery, for_centre): (Delivery, bool)) -> Versioned<DeliveryView> {
    Versioned { version: delivery.version, record: delivery.view(for_centre) }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryFilter {
    /// Of this case; either this or `referral_id`.
    case_id: Option<CaseId>,
    /// Of this referral.
    referral_id: Option<ReferralId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the support given in a case or for a referral. The view is logged.
#[utoipa::path(tag = "deliveries", params(DeliveryFilter), responses((status = 200, body = Page<DeliveryView>)))]
#[get("/deliveries")]
async fn list_deliveries(
    caller: Caller,
    app: Data<App>,
    query: Query<DeliveryFilter>,
) -> Result<Json<Page<DeliveryView>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let ground = Ground::of(query.case_id, query.referral_id)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, DeliveryId(cursor.id))),
        None => None,
    };
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, ground, after, limit)?;
            let for_centre = matches!(ground, Ground::Case(_));
            let end = |row: &Delivery| Cursor::after_date(row.delivered_on, row.id.0);
            let page = Page::of(rows, limit, end, |row| Ok(row.view(for_centre)))?;
            let seen = Seen::list(SubjectKind::Delivery, page.items.iter().map(|item| item.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryNote {
    /// Case, for support the centre gave itself; either this or `referral_id`.
    case_id: Option<CaseId>,
    /// Referral that is in service.
    referral_id: Option<ReferralId>,
    /// Service type; that of the referral, if there is one.
    service_type: ServiceType,
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    delivered_on: NaiveDate,
    /// Form.
    form: DeliveryForm,
    /// Whole đồng; required for money.
    #[validate(range(min = 1, max = 1_000_000_000_000_i64))]
    amount_dong: Option<i64>,
}

/// Record support given.
#[utoipa::path(tag = "deliveries", request_body = DeliveryNote, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = DeliveryView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/deliveries")]
async fn record_delivery(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<DeliveryNote>,
) -> Result<Created<DeliveryView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let new = NewDelivery {
        id: DeliveryId(app.random.uuid()),
        ground: Ground::of(form.case_id, form.referral_id)?,
        service_type: form.service_type,
        delivered_on: form.delivered_on,
        form: form.form,
        amount_dong: form.amount_dong,
        part_of: None,
    };
    let (state, id) = (app.clone(), new.id);
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        rules::check_by_hand(conn, actor, &new)?;
        rules::create(conn, actor, &state.entitlements, &state.trail, &new)?;
        rules::read(conn, actor, new.id).map(versioned)
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Delivery, id.0), write, |conn, actor, first| {
            rules::read(conn, actor, DeliveryId(first)).map(versioned)
        })
        .await?;
    let location = format!("/deliveries/{}", reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

/// Read one delivery. The view is logged.
#[utoipa::path(tag = "deliveries", params(("id" = DeliveryId, Path)), responses((status = 200, body = DeliveryView)))]
#[get("/deliveries/{id}")]
async fn read_delivery(
    caller: Caller,
    app: Data<App>,
    id: Path<DeliveryId>,
) -> Result<Versioned<DeliveryView>, AppError> {
    app.view(caller, move |conn, actor| {
        let reply = rules::read(conn, actor, id.0).map(versioned)?;
        Ok((reply, Seen::record(SubjectKind::Delivery, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Void {
    /// Why.
    reason: VoidReason,
}

/// Declare a delivery void. It stays readable and counts nowhere.
#[utoipa::path(tag = "deliveries", request_body = Void, params(("id" = DeliveryId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = DeliveryView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/deliveries/{id}/void")]
async fn void_delivery(
    caller: Caller,
    app: Data<App>,
    id: Path<DeliveryId>,
    version: IfMatch,
    form: Valid<Void>,
) -> Result<Versioned<DeliveryView>, AppError> {
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        log_reply(conn, actor, SubjectKind::Delivery, id.0.0)?;
        rules::void(conn, actor, &state.entitlements, &state.trail, id.0, version.0, form.body.reason).map(versioned)
    })
    .await
}
