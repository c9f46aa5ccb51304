//! `/persons/{id}/consents`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Consent, ConsentEndReason, ConsentPurpose, GivenBy, Proof};
use super::rules;
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::types::{AccountId, ConsentId, GuardianId, Instant, OrganisationId, PersonId};
use crate::error::{AppError, Problem};
use crate::http::{Created, IdempotencyKey, IfMatch, Page, Path, Valid, Versioned};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_consents).service(record_consent).service(withdraw_consent);
}

/// A consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    /// Id.
    id: ConsentId,
    /// For what.
    purpose: ConsentPurpose,
    /// To whom; the centre itself when none.
    recipient_organisation_id: Option<OrganisationId>,
    /// Given by whom.
    given_by: GivenBy,
    /// When.
    given_on: NaiveDate,
    /// How proven.
    proof: Proof,
    /// First day, where it was given ahead of coming of age.
    holds_from: Option<NaiveDate>,
    /// Last day.
    expires_on: Option<NaiveDate>,
    /// The guardian who gave it.
    guardian_id: Option<GuardianId>,
    /// Day of withdrawal.
    withdrawn_on: Option<NaiveDate>,
    /// Why it ended before its last day.
    end_reason: Option<ConsentEndReason>,
    /// Who recorded it.
    recorded_by: AccountId,
    /// When it was recorded.
    created_at: Instant,
    /// Version; send it in quotes as `If-Match`.
    version: i32,
}

impl From<Consent> for ConsentView {
    fn from(row: Consent) -> Self {
        Self {
            id: row.id,
            purpose: row.purpose,
            recipient_organisation_id: row.recipient_organisation_id,
            given_by: row.given_by,
            given_on: row.given_on,
            proof: row.proof,
            holds_from: row.holds_from,
            expires_on: row.expires_on,
            guardian_id: row.guardian_id,
            withdrawn_on: row.withdrawn_on,
            end_reason: row.end_reason,
            recorded_by: row.recorded_by,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

/// List the consents of a person, oldest first.
#[utoipa::path(tag = "consents", params(("id" = PersonId, Path)), responses((status = 200, body = Page<ConsentView>)))]
#[get("/persons/{id}/consents")]
async fn list_consents(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
) -> Result<Json<Page<ConsentView>>, AppError> {
    let id = id.0;
    let seen = Seen::record(SubjectKind::Person, id.0);
    let rows = app.view(caller, move |conn, actor| Ok((rules::of_person(conn, actor, id)?, seen))).await?;
    Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next_cursor: None }))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewConsent {
    /// For what.
    purpose: ConsentPurpose,
    /// To whom; required for a referral, a transfer, and a loan's certificate.
    recipient_organisation_id: Option<OrganisationId>,
    /// Given by whom; for somebody under 18 a guardian or legal representative.
    given_by: GivenBy,
    /// The recorded guardian who gave it; required unless the person did.
    guardian_id: Option<GuardianId>,
    /// When.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    given_on: NaiveDate,
    /// How proven.
    proof: Proof,
    /// Last day; a guardian's consent ends before the person comes of age.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    expires_on: Option<NaiveDate>,
    /// Whether somebody who will be 18 within 90 days agrees now to what holds from that day on.
    #[serde(default)]
    from_coming_of_age: bool,
}

/// Record a consent.
#[utoipa::path(tag = "consents", request_body = NewConsent, params(("id" = PersonId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = ConsentView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/consents")]
async fn record_consent(
    caller: Caller,
    app: Data<App>,
    person: Path<PersonId>,
    key: IdempotencyKey,
    form: Valid<NewConsent>,
) -> Result<Created<ConsentView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (form, person) = (form.body, person.0);
    let row = Consent {
        id: ConsentId(app.random.uuid()),
        person_id: person,
        purpose: form.purpose,
        recipient_organisation_id: form.recipient_organisation_id,
        given_by: form.given_by,
        given_on: form.given_on,
        proof: form.proof,
        expires_on: form.expires_on,
        withdrawn_on: None,
        withdrawn_by: None,
        recorded_by: caller.account,
        created_at: app.clock.now(),
        version: 1,
        guardian_id: form.guardian_id,
        end_reason: None,
        holds_from: None,
        told_expires_on: form.expires_on,
    };
    let (trail, id, ahead) = (app.trail.clone(), row.id, form.from_coming_of_age);
    let write = move |conn: &mut _, actor: &_| rules::create(conn, actor, &trail, &row, ahead);
    let row = app
        .write_once(
            caller,
            bound,
            Target::part(SubjectKind::Person, person.0, id.0),
            write,
            move |conn, actor, first| rules::read(conn, actor, person, ConsentId(first)),
        )
        .await?;
    let location = format!("/persons/{person}/consents");
    Ok(Created { location, version: Some(row.version), record: row.into() })
}

/// Withdraw a consent. Referrals that depend on it close at once.
#[utoipa::path(tag = "consents", params(("id" = PersonId, Path), ("consent" = ConsentId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ConsentView),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/consents/{consent}/withdraw")]
async fn withdraw_consent(
    caller: Caller,
    app: Data<App>,
    path: Path<(PersonId, ConsentId)>,
    version: IfMatch,
) -> Result<Versioned<ConsentView>, AppError> {
    let (trail, (person, id)) = (app.trail.clone(), path.0);
    let withdraw = move |conn: &mut _, actor: &Actor| {
        log_reply(conn, actor, SubjectKind::Person, person.0)?;
        rules::withdraw(conn, actor, &trail, person, id, version.0)
    };
    let row = app.write(caller, withdraw).await?;
    Ok(Versioned { version: row.version, record: row.into() })
}
