//! `/persons/{id}/guardians`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Guardian, GuardianEndReason, GuardianView, Relation};
use super::rules;
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::types::{GuardianId, PersonId};
use crate::error::{AppError, Problem};
use crate::http::extract::plain_text;
use crate::http::{Created, IdempotencyKey, IfMatch, Page, Path, Valid, Versioned};
use crate::text::tidy;
use crate::vault::seal;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_guardians).service(record_guardian).service(end_guardian);
}

/// List the guardians of a person, oldest first. The view is logged.
#[utoipa::path(tag = "consents", params(("id" = PersonId, Path)), responses((status = 200, body = Page<GuardianView>)))]
#[get("/persons/{id}/guardians")]
async fn list_guardians(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
) -> Result<Json<Page<GuardianView>>, AppError> {
    let (vault, id) = (app.vault.clone(), id.0);
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::of_person(conn, actor, id)?;
            let key = vault.key(id)?;
            let items = rows.into_iter().map(|row| row.view(&key)).collect::<Result<_, _>>()?;
            Ok((Page { items, next_cursor: None }, Seen::record(SubjectKind::Person, id.0)))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct GuardianForm {
    /// What the guardian is to the person.
    relation: Relation,
    /// Name.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    name: String,
    /// Telephone number.
    #[validate(length(min = 1, max = 50), custom(function = plain_text))]
    phone: Option<String>,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    from_on: NaiveDate,
}

/// Record a guardian or legal representative of a person.
#[utoipa::path(tag = "consents", request_body = GuardianForm, params(("id" = PersonId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = GuardianView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/guardians")]
async fn record_guardian(
    caller: Caller,
    app: Data<App>,
    person: Path<PersonId>,
    key: IdempotencyKey,
    form: Valid<GuardianForm>,
) -> Result<Created<GuardianView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (form, person) = (form.body, person.0);
    let id = GuardianId(app.random.uuid());
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut _, actor: &Actor| {
        // Reached first: whether a person exists shows in no other answer.
        crate::consents::rules::reach_person(conn, actor, person)?;
        let key = state.vault.key(person)?;
        let sealing = |place, text: &str| seal(&state.random, &key, person, place, 1, &tidy(text));
        let row = Guardian {
            id,
            person_id: person,
            relation: form.relation,
            sealed_name: sealing(Guardian::name_place(id), &form.name)?,
            sealed_phone: form.phone.as_deref().map(|text| sealing(Guardian::phone_place(id), text)).transpose()?,
            from_on: form.from_on,
            until_on: None,
            end_reason: None,
            recorded_by: actor.account,
            created_at: actor.now,
            version: 1,
        };
        rules::create(conn, actor, &state.trail, &row)?;
        row.view(&key)
    };
    let target = Target::part(SubjectKind::Person, person.0, id.0);
    let record = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            rules::read(conn, actor, person, GuardianId(first))?.view(&vault.key(person)?)
        })
        .await?;
    Ok(Created { location: format!("/persons/{person}/guardians"), version: Some(record.version), record })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct GuardianEnd {
    /// Last day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    until_on: NaiveDate,
    /// Why.
    reason: GuardianEndReason,
}

/// End a guardianship. Consents the guardian gave end with it, and what rests on them closes at once.
#[utoipa::path(tag = "consents", request_body = GuardianEnd,
    params(("id" = PersonId, Path), ("guardian" = GuardianId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = GuardianView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/guardians/{guardian}/end")]
async fn end_guardian(
    caller: Caller,
    app: Data<App>,
    path: Path<(PersonId, GuardianId)>,
    version: IfMatch,
    form: Valid<GuardianEnd>,
) -> Result<Versioned<GuardianView>, AppError> {
    let (state, of_whom) = (app.clone(), path.0);
    let GuardianEnd { until_on, reason } = form.body;
    app.write(caller, move |conn, actor| {
        let row = rules::end(conn, actor, &state.trail, of_whom, version.0, until_on, reason)?;
        log_reply(conn, actor, SubjectKind::Person, of_whom.0.0)?;
        let version = row.version;
        Ok(Versioned { version, record: row.view(&state.vault.key(of_whom.0)?)? })
    })
    .await
}
