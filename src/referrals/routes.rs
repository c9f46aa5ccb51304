//! `/referrals`: the sender's and the recipient's view of the same list.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Referral, ReferralEventView, ReferralReply};
use super::rules::{self, Filter, NewReferral, Side, Step};
use super::status::{DeclineReason, EmergencyReason, Outcome, ReferralStatus, ReferralStopReason};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::consents;
use crate::db::DbConnection;
use crate::db::types::{CaseId, OrganisationId, PersonId, ReferralEventId, ReferralId};
use crate::error::{AppError, Problem, Rule};
use crate::http::extract::plain_text;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::persons::model::Person;
use crate::services::ServiceType;
use crate::text::tidy;
use crate::vault::{DataKey, Vault, seal};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_referrals)
        .service(write_referral)
        .service(read_referral)
        .service(send_referral)
        .service(cancel_referral)
        .service(accept_referral)
        .service(decline_referral)
        .service(start_referral)
        .service(complete_referral)
        .service(stop_referral)
        .service(review_emergency)
        .service(list_steps);
}

fn show(
    conn: &mut DbConnection,
    actor: &Actor,
    referral: Referral,
    side: Side,
    person: &Person,
    key: &DataKey,
) -> Result<ReferralReply, AppError> {
    if side == Side::Sender {
        return referral.view(key).map(ReferralReply::Sender);
    }
    let today = actor.now.civil_date();
    let agreed = match referral.consent_id {
        Some(consent) if referral.status.shows_person() => consents::rules::is_live(conn, consent, today)?,
        None if referral.status.shows_person() => referral.goes_before_consent(today),
        _ => false,
    };
    referral.incoming_view(person, key, today, agreed).map(ReferralReply::Recipient)
}

fn show_one(
    conn: &mut DbConnection,
    vault: &Vault,
    actor: &Actor,
    referral: Referral,
    side: Side,
) -> Result<Versioned<ReferralReply>, AppError> {
    let person = rules::person_of(conn, &referral)?;
    let key = vault.key(person.id)?;
    let record = show(conn, actor, referral, side, &person, &key)?;
    Ok(Versioned { version: record.version(), record })
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReferralFilter {
    /// `true`: those addressed to you; `false`: those of your cases. What your role allows when absent.
    incoming: Option<bool>,
    /// In this status.
    status: Option<ReferralStatus>,
    /// Of this case; for senders.
    case_id: Option<CaseId>,
    /// Whose answer was due before this day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    due_before: Option<NaiveDate>,
    /// `true`: only emergencies that no manager has looked at.
    #[serde(default)]
    unreviewed: bool,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List referrals, oldest first. The view is logged.
#[utoipa::path(tag = "referrals", params(ReferralFilter), responses((status = 200, body = Page<ReferralReply>)))]
#[get("/referrals")]
async fn list_referrals(
    caller: Caller,
    app: Data<App>,
    query: Query<ReferralFilter>,
) -> Result<Json<Page<ReferralReply>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, ReferralId(cursor.id))),
        None => None,
    };
    let filter = Filter {
        status: query.status,
        case: query.case_id,
        due_before: query.due_before,
        unreviewed: query.unreviewed,
    };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let side = match query.incoming {
                Some(true) => Side::Recipient,
                Some(false) => Side::Sender,
                None => rules::usual_side(actor)?,
            };
            // Which case a referral serves is not the recipient's to know, nor to ask.
            if side == Side::Recipient && filter.case.is_some() {
                return Err(AppError::field("case_id", Rule::ConflictsWith("incoming")));
            }
            if side == Side::Recipient && filter.unreviewed {
                return Err(AppError::field("unreviewed", Rule::ConflictsWith("incoming")));
            }
            let rows = rules::list(conn, actor, side, &filter, after, limit)?;
            let persons: Vec<PersonId> = rows.iter().map(|(_, person)| person.id).collect();
            let mut keys = vault.keys(&persons)?.into_iter();
            let end = |(row, _): &(Referral, Person)| Cursor::after_instant(row.created_at, row.id.0);
            let page = Page::of(rows, limit, end, |(row, person)| {
                let key = keys.next().ok_or_else(|| AppError::internal("a data key is missing"))?;
                show(conn, actor, row, side, &person, &key)
            })?;
            let seen = Seen::list(SubjectKind::Referral, page.items.iter().map(|item| item.id().0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReferralForm {
    /// Case it serves.
    case_id: CaseId,
    /// Service asked for.
    service_type: ServiceType,
    /// Recipient; an open organisation that gives this service.
    to_organisation_id: OrganisationId,
    /// A risk to life for which it may go before consent; the manager is told.
    emergency: Option<EmergencyReason>,
    /// Message for the recipient, shown once accepted.
    #[validate(length(min = 1, max = 2000), custom(function = plain_text))]
    message: Option<String>,
}

/// Write a referral; it is a draft until it is sent.
#[utoipa::path(tag = "referrals", request_body = ReferralForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = ReferralReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/referrals")]
async fn write_referral(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<ReferralForm>,
) -> Result<Created<ReferralReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let id = ReferralId(app.random.uuid());
    let new = NewReferral {
        id,
        event: ReferralEventId(app.random.uuid()),
        case: form.case_id,
        service_type: form.service_type,
        to: form.to_organisation_id,
        emergency: form.emergency,
    };
    let message = form.message.as_deref().map(tidy);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person: PersonId| {
            let Some(text) = &message else { return Ok(None) };
            let key = state.vault.key(person)?;
            Ok(Some(seal(&state.random, &key, person, Referral::message_place(id), 1, text)?))
        };
        let referral = rules::create(conn, actor, &state.services, &state.trail, &new, sealing)?;
        show_one(conn, &state.vault, actor, referral, Side::Sender)
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Referral, id.0), write, move |conn, actor, first| {
            let (referral, side) = rules::read(conn, actor, ReferralId(first))?;
            show_one(conn, &vault, actor, referral, side)
        })
        .await?;
    let location = format!("/referrals/{}", reply.record.id());
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

/// Read a referral: as the sender, or as the recipient once it was sent. The view is logged.
#[utoipa::path(tag = "referrals", params(("id" = ReferralId, Path)), responses((status = 200, body = ReferralReply)))]
#[get("/referrals/{id}")]
async fn read_referral(
    caller: Caller,
    app: Data<App>,
    id: Path<ReferralId>,
) -> Result<Versioned<ReferralReply>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let (referral, side) = rules::read(conn, actor, id.0)?;
        let reply = show_one(conn, &vault, actor, referral, side)?;
        Ok((reply, Seen::record(SubjectKind::Referral, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decline {
    /// Why.
    reason: DeclineReason,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Complete {
    /// What came of the help.
    outcome: Outcome,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct StopReferral {
    /// Why.
    reason: ReferralStopReason,
}

async fn step(
    caller: Caller,
    app: &Data<App>,
    id: ReferralId,
    version: IfMatch,
    bound: crate::http::idempotency::BoundKey,
    step: Step,
) -> Result<Versioned<ReferralReply>, AppError> {
    let event = ReferralEventId(app.random.uuid());
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let (_, side) = rules::read(conn, actor, id)?;
        let referral = rules::take_step(conn, actor, &state.services, &state.trail, id, version.0, step, event)?;
        if step == Step::Send {
            rules::refuse_used_up(conn, actor, &state.entitlements, &referral)?;
        }
        // Accepting shows the person.
        log_reply(conn, actor, SubjectKind::Referral, id.0)?;
        show_one(conn, &state.vault, actor, referral, side)
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Referral, id.0), write, move |conn, actor, first| {
            let (referral, side) = rules::read(conn, actor, ReferralId(first))?;
            show_one(conn, &vault, actor, referral, side)
        })
        .await?;
    Ok(reply)
}

/// Declares the route of one step; they differ in name, body and step only.
macro_rules! step_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $form:ty, |$body:ident| $step:expr) => {
        $(#[$doc])*
        #[utoipa::path(tag = "referrals", request_body = $form,
            params(("id" = ReferralId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
            (status = 200, body = ReferralReply),
            (status = 409, body = Problem, content_type = "application/problem+json"),
            (status = 412, body = Problem, content_type = "application/problem+json")))]
        #[post($path)]
        async fn $name(
            caller: Caller,
            app: Data<App>,
            id: Path<ReferralId>,
            version: IfMatch,
            key: IdempotencyKey,
            form: Valid<$form>,
        ) -> Result<Versioned<ReferralReply>, AppError> {
            let bound = key.bind(&app.ring.server, &form.bytes);
            let $body = form.body;
            step(caller, &app, id.0, version, bound, $step).await
        }
    };
}

step_route!(
    /// Send a draft. Needs an assessed need, eligibility and a live consent naming the recipient.
    send_referral, "/referrals/{id}/send", Nothing, |_body| Step::Send
);
step_route!(
    /// Take a referral back.
    cancel_referral, "/referrals/{id}/cancel", Nothing, |_body| Step::Cancel
);
step_route!(
    /// Accept a referral addressed to you.
    accept_referral, "/referrals/{id}/accept", Nothing, |_body| Step::Accept
);
step_route!(
    /// Decline a referral addressed to you.
    decline_referral, "/referrals/{id}/decline", Decline, |body| Step::Decline(body.reason)
);
step_route!(
    /// Begin to help.
    start_referral, "/referrals/{id}/start", Nothing, |_body| Step::Start
);
step_route!(
    /// Say that help was given in full, and what came of it.
    complete_referral, "/referrals/{id}/complete", Complete, |body| Step::Complete(body.outcome)
);
step_route!(
    /// Say that help ended before its end.
    stop_referral, "/referrals/{id}/stop", StopReferral, |body| Step::Stop(body.reason)
);

/// Say, as manager, that you have looked at an emergency.
#[utoipa::path(tag = "referrals", request_body = Nothing,
    params(("id" = ReferralId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = ReferralReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/referrals/{id}/review")]
async fn review_emergency(
    caller: Caller,
    app: Data<App>,
    id: Path<ReferralId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Nothing>,
) -> Result<Versioned<ReferralReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (state, vault, id) = (app.clone(), app.vault.clone(), id.0);
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let referral = rules::review(conn, actor, &state.trail, id, version.0)?;
        log_reply(conn, actor, SubjectKind::Referral, id.0)?;
        show_one(conn, &state.vault, actor, referral, Side::Sender)
    };
    let target = Target::record(SubjectKind::Referral, id.0);
    app.write_once(caller, bound, target, write, move |conn, actor, first| {
        let (referral, side) = rules::read(conn, actor, ReferralId(first))?;
        show_one(conn, &vault, actor, referral, side)
    })
    .await
}

/// Read every step of a referral you sent, oldest first. The view is logged.
#[utoipa::path(tag = "referrals", params(("id" = ReferralId, Path)), responses((status = 200, body = Page<ReferralEventView>)))]
#[get("/referrals/{id}/events")]
async fn list_steps(
    caller: Caller,
    app: Data<App>,
    id: Path<ReferralId>,
) -> Result<Json<Page<ReferralEventView>>, AppError> {
    let seen = Seen::record(SubjectKind::Referral, id.0.0);
    let rows = app.view(caller, move |conn, actor| Ok((rules::steps(conn, actor, id.0)?, seen))).await?;
    Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next_cursor: None }))
}
