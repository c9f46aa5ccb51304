//! `/cases/{id}/transfers` and `/transfers`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Transfer, TransferReply};
use super::rules::{self, Filter, NewTransfer, Side, Step};
use super::status::{TransferDeclineReason, TransferGround, TransferStatus};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{CaseEventId, CaseId, OrganisationId, PersonId, TransferId};
use crate::error::{AppError, Problem, Rule};
use crate::http::extract::plain_text;
use crate::http::idempotency::BoundKey;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::persons::model::Person;
use crate::stays;
use crate::text::tidy;
use crate::vault::seal;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_transfers)
        .service(offer_transfer)
        .service(read_transfer)
        .service(accept_transfer)
        .service(decline_transfer)
        .service(withdraw_transfer);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TransferFilter {
    /// `true`: those offered to you; `false` or absent: those you offered.
    #[serde(default)]
    incoming: bool,
    /// In this status.
    status: Option<TransferStatus>,
    /// Of this case; for senders.
    case_id: Option<CaseId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List transfers, oldest first. The view is logged.
#[utoipa::path(tag = "transfers", params(TransferFilter), responses((status = 200, body = Page<TransferReply>)))]
#[get("/transfers")]
async fn list_transfers(
    caller: Caller,
    app: Data<App>,
    query: Query<TransferFilter>,
) -> Result<Json<Page<TransferReply>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, TransferId(cursor.id))),
        None => None,
    };
    let side = if query.incoming { Side::Recipient } else { Side::Sender };
    // The sender's case is not the receiver's to know, nor to ask.
    if side == Side::Recipient && query.case_id.is_some() {
        return Err(AppError::field("case_id", Rule::ConflictsWith("incoming")));
    }
    let filter = Filter { status: query.status, case: query.case_id };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, side, &filter, after, limit)?;
            let end = |(row, _): &(Transfer, Person)| Cursor::after_instant(row.created_at, row.id.0);
            let Page { items, next_cursor } = Page::of(rows, limit, end, Ok)?;
            let items = rules::show(conn, &vault, side, items, actor.now.civil_date())?;
            let seen = Seen::list(SubjectKind::Transfer, items.iter().map(|item| item.id().0));
            Ok((Page { items, next_cursor }, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferForm {
    /// Receiver; an open organisation that runs cases.
    to_organisation_id: OrganisationId,
    /// What allows it: the person's consent, or a commune's duty to report a possible victim.
    ground: TransferGround,
    /// What the receiver is to know, shown once accepted.
    #[validate(length(min = 1, max = 5000), custom(function = plain_text))]
    summary: Option<String>,
}

/// Offer a case to another centre. Until it is accepted the receiver sees the minimum.
#[utoipa::path(tag = "transfers", request_body = TransferForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = TransferReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/transfers")]
async fn offer_transfer(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<TransferForm>,
) -> Result<Created<TransferReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let id = TransferId(app.random.uuid());
    let new = NewTransfer { id, case: case.0, to: form.to_organisation_id, ground: form.ground };
    let summary = form.summary.as_deref().map(tidy);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person: PersonId| {
            let Some(text) = &summary else { return Ok(None) };
            let key = state.vault.key(person)?;
            Ok(Some(seal(&state.random, &key, person, Transfer::summary_place(id), 1, text)?))
        };
        let transfer = rules::offer(conn, actor, &state.deadlines, &state.trail, &new, sealing)?;
        rules::show_one(conn, &state.vault, transfer, Side::Sender, actor.now.civil_date())
    };
    let target = Target::record(SubjectKind::Transfer, id.0);
    let reply = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            let (transfer, side) = rules::read(conn, actor, TransferId(first))?;
            rules::show_one(conn, &vault, transfer, side, actor.now.civil_date())
        })
        .await?;
    Ok(Created { location: format!("/transfers/{}", reply.id()), version: Some(reply.version()), record: reply })
}

/// Read a transfer, as its sender or its receiver. The view is logged.
#[utoipa::path(tag = "transfers", params(("id" = TransferId, Path)), responses((status = 200, body = TransferReply)))]
#[get("/transfers/{id}")]
async fn read_transfer(
    caller: Caller,
    app: Data<App>,
    id: Path<TransferId>,
) -> Result<Versioned<TransferReply>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let (transfer, side) = rules::read(conn, actor, id.0)?;
        let record = rules::show_one(conn, &vault, transfer, side, actor.now.civil_date())?;
        let reply = Versioned { version: record.version(), record };
        Ok((reply, Seen::record(SubjectKind::Transfer, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoDetails {}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeclineTransfer {
    /// Why.
    reason: TransferDeclineReason,
}

async fn step(
    caller: Caller,
    app: &Data<App>,
    id: TransferId,
    version: IfMatch,
    bound: BoundKey,
    step: Step,
) -> Result<Versioned<TransferReply>, AppError> {
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let (_, side) = rules::read(conn, actor, id)?;
        let transfer = rules::take_step(conn, actor, &state.trail, id, version.0, step)?;
        stays::rules::refresh(conn, &state.entitlements, transfer.person_id, actor.now)?;
        log_reply(conn, actor, SubjectKind::Transfer, id.0)?;
        let record = rules::show_one(conn, &state.vault, transfer, side, actor.now.civil_date())?;
        Ok(Versioned { version: record.version(), record })
    };
    let target = Target::record(SubjectKind::Transfer, id.0);
    app.write_once(caller, bound, target, write, move |conn, actor, first| {
        let (transfer, side) = rules::read(conn, actor, TransferId(first))?;
        let record = rules::show_one(conn, &vault, transfer, side, actor.now.civil_date())?;
        Ok(Versioned { version: record.version(), record })
    })
    .await
}

/// Accept a transfer offered to you. A case of your centre is opened and waits to be assigned.
#[utoipa::path(tag = "transfers", request_body = NoDetails,
    params(("id" = TransferId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = TransferReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/transfers/{id}/accept")]
async fn accept_transfer(
    caller: Caller,
    app: Data<App>,
    id: Path<TransferId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<NoDetails>,
) -> Result<Versioned<TransferReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let accept = Step::Accept {
        case: CaseId(app.random.uuid()),
        opened: CaseEventId(app.random.uuid()),
        closed: CaseEventId(app.random.uuid()),
    };
    step(caller, &app, id.0, version, bound, accept).await
}

/// Decline a transfer offered to you.
#[utoipa::path(tag = "transfers", request_body = DeclineTransfer,
    params(("id" = TransferId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = TransferReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/transfers/{id}/decline")]
async fn decline_transfer(
    caller: Caller,
    app: Data<App>,
    id: Path<TransferId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<DeclineTransfer>,
) -> Result<Versioned<TransferReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    step(caller, &app, id.0, version, bound, Step::Decline(form.body.reason)).await
}

/// Take back a transfer you offered.
#[utoipa::path(tag = "transfers", request_body = NoDetails,
    params(("id" = TransferId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = TransferReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/transfers/{id}/withdraw")]
async fn withdraw_transfer(
    caller: Caller,
    app: Data<App>,
    id: Path<TransferId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<NoDetails>,
) -> Result<Versioned<TransferReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    step(caller, &app, id.0, version, bound, Step::Withdraw).await
}
