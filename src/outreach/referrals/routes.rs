//! `/outreach/referrals`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{ContactReferral, ContactReferralStatus, ReceivedContactReferral, SentContactReferral};
use super::rules::{self, Answer};
use super::services::{self, ServiceOffer};
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::types::{CodeLinkId, ContactReferralId, OrganisationId, PersonId};
use crate::error::{AppError, Problem};
use crate::http::{Cursor, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::organisations::model::Organisation;

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_services)
        .service(list_sent)
        .service(list_received)
        .service(read_received)
        .service(record_arrival)
        .service(record_service)
        .service(record_absence);
}

fn end(row: &ContactReferral) -> Cursor {
    Cursor { key: String::new(), id: row.id.0 }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GroupFilter {
    /// Group.
    group_id: OrganisationId,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List to whom a group you lead may refer somebody met: organisations in its province that are open, and what each
/// gives. A phone keeps the list. Places of refuge are not in it: ask the centre.
#[utoipa::path(tag = "outreach", params(GroupFilter), responses((status = 200, body = Page<ServiceOffer>)))]
#[get("/outreach/services")]
async fn list_services(
    caller: Caller,
    app: Data<App>,
    query: Query<GroupFilter>,
) -> Result<Json<Page<ServiceOffer>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| OrganisationId(cursor.id));
    let (group, state) = (query.0.group_id, app.clone());
    let rows = app.read(caller, move |conn, actor| services::list(conn, actor, &state, group, after, limit)).await?;
    let end = |row: &Organisation| Cursor { key: String::new(), id: row.id.0 };
    Page::of(rows, limit, end, |row| Ok(services::view(&app, row))).map(Json)
}

/// List whom the group you lead referred: whether they came and were served, nothing else.
#[utoipa::path(tag = "outreach", params(GroupFilter), responses((status = 200, body = Page<SentContactReferral>)))]
#[get("/outreach/referrals/sent")]
async fn list_sent(
    caller: Caller,
    app: Data<App>,
    query: Query<GroupFilter>,
) -> Result<Json<Page<SentContactReferral>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| ContactReferralId(cursor.id));
    let group = query.0.group_id;
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::sent(conn, actor, group, after, limit)?;
            let page = Page::of(rows, limit, end, |row| Ok(SentContactReferral::from(row)))?;
            let seen = Seen::list(SubjectKind::ContactReferral, page.items.iter().map(|referral| referral.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReceivedFilter {
    /// Where they stand.
    status: Option<ContactReferralStatus>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List whom groups of peers referred to your organisation.
#[utoipa::path(tag = "outreach", params(ReceivedFilter), responses((status = 200, body = Page<ReceivedContactReferral>)))]
#[get("/outreach/referrals/received")]
async fn list_received(
    caller: Caller,
    app: Data<App>,
    query: Query<ReceivedFilter>,
) -> Result<Json<Page<ReceivedContactReferral>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| ContactReferralId(cursor.id));
    let (status, state) = (query.0.status, app.clone());
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::received(conn, actor, status, after, limit)?;
            let page = Page::of(rows, limit, end, |row| shown(actor, row, &state))?;
            let seen = Seen::list(SubjectKind::ContactReferral, page.items.iter().map(|referral| referral.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

fn shown(actor: &Actor, row: ContactReferral, app: &App) -> Result<ReceivedContactReferral, AppError> {
    let key = app.vault.group_key_now(row.group_id, actor.now)?;
    rules::view(actor, row, &key)
}

fn versioned(record: ReceivedContactReferral) -> Versioned<ReceivedContactReferral> {
    Versioned { version: record.version, record }
}

/// Read a referral that came to your organisation.
#[utoipa::path(tag = "outreach", params(("id" = ContactReferralId, Path)), responses((status = 200, body = ReceivedContactReferral)))]
#[get("/outreach/referrals/received/{id}")]
async fn read_received(
    caller: Caller,
    app: Data<App>,
    id: Path<ContactReferralId>,
) -> Result<Versioned<ReceivedContactReferral>, AppError> {
    let state = app.clone();
    app.view(caller, move |conn, actor| {
        let row = rules::find(conn, actor, id.0)?;
        let seen = Seen::record(SubjectKind::ContactReferral, row.id.0);
        Ok((versioned(shown(actor, row, &state)?), seen))
    })
    .await
}

async fn answered(
    caller: Caller,
    app: Data<App>,
    target: (ContactReferralId, i32),
    answer: Answer,
) -> Result<Versioned<ReceivedContactReferral>, AppError> {
    let (state, link) = (app.clone(), CodeLinkId(app.random.uuid()));
    app.write(caller, move |conn, actor| {
        let row = rules::answer(conn, actor, &state.trail, target, answer, link)?;
        log_reply(conn, actor, SubjectKind::ContactReferral, row.id.0)?;
        shown(actor, row, &state).map(versioned)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ArrivalForm {
    /// Day the person came.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    arrived_on: NaiveDate,
    /// The person on record whom your centre knows her as, if she agrees to be on record. Her contact code is linked to it.
    person_id: Option<PersonId>,
}

/// Record that the person came.
#[utoipa::path(tag = "outreach", request_body = ArrivalForm, params(("id" = ContactReferralId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ReceivedContactReferral),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/referrals/received/{id}/arrival")]
async fn record_arrival(
    caller: Caller,
    app: Data<App>,
    id: Path<ContactReferralId>,
    version: IfMatch,
    form: Valid<ArrivalForm>,
) -> Result<Versioned<ReceivedContactReferral>, AppError> {
    let answer = Answer::Arrived(form.body.arrived_on, form.body.person_id);
    answered(caller, app, (id.0, version.0), answer).await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ServiceForm {
    /// Day the person was served.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    served_on: NaiveDate,
}

/// Record that the person was served.
#[utoipa::path(tag = "outreach", request_body = ServiceForm, params(("id" = ContactReferralId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ReceivedContactReferral),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/referrals/received/{id}/service")]
async fn record_service(
    caller: Caller,
    app: Data<App>,
    id: Path<ContactReferralId>,
    version: IfMatch,
    form: Valid<ServiceForm>,
) -> Result<Versioned<ReceivedContactReferral>, AppError> {
    answered(caller, app, (id.0, version.0), Answer::Served(form.body.served_on)).await
}

/// Record that the person did not come. Should she come later, record her arrival.
#[utoipa::path(tag = "outreach", params(("id" = ContactReferralId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ReceivedContactReferral),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/referrals/received/{id}/absence")]
async fn record_absence(
    caller: Caller,
    app: Data<App>,
    id: Path<ContactReferralId>,
    version: IfMatch,
) -> Result<Versioned<ReceivedContactReferral>, AppError> {
    answered(caller, app, (id.0, version.0), Answer::NotCome).await
}
