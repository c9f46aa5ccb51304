//! `/entitlements/catalogue` and `/cases/{id}/entitlements`, with circumstances and overrides.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::catalogue::{Regime, Version};
use super::model::{CaseCircumstance, Circumstance, CircumstanceView, EntitlementsView, Override, OverrideView};
use super::rules::{self, NewOverride};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{CaseId, CircumstanceId, OverrideId, PersonId};
use crate::error::{AppError, Problem};
use crate::grants::Action;
use crate::http::extract::plain_text;
use crate::http::{Created, IdempotencyKey, IfMatch, Path, Query, Valid, Versioned};
use crate::services::ServiceType;
use crate::text::tidy;
use crate::vault::{Vault, seal};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(read_catalogue)
        .service(read_entitlements)
        .service(record_circumstance)
        .service(allow_override)
        .service(revoke_override);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Day {
    /// As it is on this day; today when absent.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    on: Option<NaiveDate>,
}

/// One letter as the law has it for an event of the day asked for.
#[derive(Debug, Serialize, ToSchema)]
struct CatalogueEntry {
    /// Letter of Law 53/2024/QH15, Art. 37.
    letter: String,
    /// Service type.
    service_type: ServiceType,
    /// Name in Vietnamese.
    name_vi: String,
    /// Name in English.
    name_en: String,
    /// Whether it is given also to those who have no status, and only marked.
    never_refused_for_status: bool,
    /// Legal basis, who is entitled, limits.
    #[serde(flatten)]
    version: Version,
}

/// What the law gives to victims.
#[derive(Debug, Serialize, ToSchema)]
struct EntitlementCatalogueView {
    /// Day of the event: of identification, or of reception while identification goes on.
    on: NaiveDate,
    /// In the order of the law's letters.
    items: Vec<CatalogueEntry>,
}

/// Read what the law gives, letter by letter, to somebody identified on a day.
#[utoipa::path(tag = "entitlements", params(Day), responses((status = 200, body = EntitlementCatalogueView)))]
#[get("/entitlements/catalogue")]
async fn read_catalogue(
    caller: Caller,
    app: Data<App>,
    query: Query<Day>,
) -> Result<Json<EntitlementCatalogueView>, AppError> {
    let catalogue = app.entitlements.clone();
    let on = query.0.on;
    let view = app
        .read(caller, move |_, actor| {
            actor.scope(Action::EntitlementRead)?;
            let on = on.unwrap_or_else(|| actor.now.civil_date());
            let entry = |regime: &Regime| {
                regime.on(on).map(|version| CatalogueEntry {
                    letter: regime.letter.clone(),
                    service_type: regime.service,
                    name_vi: regime.name_vi.clone(),
                    name_en: regime.name_en.clone(),
                    never_refused_for_status: regime.never_refused_for_status,
                    version: version.clone(),
                })
            };
            Ok(EntitlementCatalogueView { on, items: catalogue.regimes.iter().filter_map(entry).collect() })
        })
        .await?;
    Ok(Json(view))
}

/// Read what a person is entitled to by this case: used, left, and what runs out when. Used counts over all cases and centres. The view is logged.
#[utoipa::path(tag = "entitlements", params(("id" = CaseId, Path), Day), responses((status = 200, body = EntitlementsView)))]
#[get("/cases/{id}/entitlements")]
async fn read_entitlements(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    query: Query<Day>,
) -> Result<Json<EntitlementsView>, AppError> {
    let (catalogue, vault) = (app.entitlements.clone(), app.vault.clone());
    let (id, on) = (id.0, query.0.on);
    let view = app
        .view(caller, move |conn, actor| {
            let view = rules::of_case(conn, actor, &catalogue, id, on, |person| vault.key(person))?;
            Ok((view, Seen::record(SubjectKind::Case, id.0)))
        })
        .await?;
    Ok(Json(view))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct CircumstanceForm {
    /// The circumstance.
    circumstance: Circumstance,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    since_on: NaiveDate,
}

/// Record a circumstance that entitlements depend on: a minor with a victim, a person abroad.
#[utoipa::path(tag = "entitlements", request_body = CircumstanceForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = CircumstanceView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/circumstances")]
async fn record_circumstance(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<CircumstanceForm>,
) -> Result<Created<CircumstanceView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (case, id) = (case.0, CircumstanceId(app.random.uuid()));
    let wish = (id, form.body.circumstance, form.body.since_on);
    let state = app.clone();
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        rules::record_circumstance(conn, actor, &state.entitlements, &state.trail, case, wish)
    };
    let target = Target::part(SubjectKind::Case, case.0, id.0);
    let row: CaseCircumstance = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            rules::read_circumstance(conn, actor, case, CircumstanceId(first))
        })
        .await?;
    Ok(Created { location: format!("/cases/{case}/entitlements"), version: None, record: row.view() })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct OverrideForm {
    /// Service type; one of the law's regimes.
    service_type: ServiceType,
    /// Why.
    reason: super::model::OverrideReason,
    /// Last day; at most half a year from now.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    valid_until: NaiveDate,
    /// Note.
    #[validate(length(min = 1, max = 2000), custom(function = plain_text))]
    note: Option<String>,
}

fn shown(vault: &Vault, actor: &Actor, row: Override) -> Result<Versioned<OverrideView>, AppError> {
    let key = vault.key(row.person_id)?;
    Ok(Versioned { version: row.version, record: row.view(&key, actor.now.civil_date())? })
}

/// Let support of one kind exceed its limit in this case, for some time. For what is given once it covers one more time.
#[utoipa::path(tag = "entitlements", request_body = OverrideForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = OverrideView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/entitlement-overrides")]
async fn allow_override(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<OverrideForm>,
) -> Result<Created<OverrideView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (case, form, id) = (case.0, form.body, OverrideId(app.random.uuid()));
    let OverrideForm { service_type, reason, valid_until, note } = form;
    let new = NewOverride { id, case, service_type, reason, valid_until };
    let note = note.as_deref().map(tidy);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person: PersonId| {
            let Some(text) = &note else { return Ok(None) };
            let key = state.vault.key(person)?;
            Ok(Some(seal(&state.random, &key, person, Override::note_place(id), 1, text)?))
        };
        let row = rules::allow(conn, actor, &state.entitlements, &state.trail, &new, sealing)?;
        shown(&state.vault, actor, row)
    };
    let target = Target::part(SubjectKind::Case, case.0, id.0);
    let reply = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            let row = rules::read_override(conn, actor, case, OverrideId(first))?;
            shown(&vault, actor, row)
        })
        .await?;
    let location = format!("/cases/{case}/entitlements");
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Take an override back. What was given meanwhile stays.
#[utoipa::path(tag = "entitlements", request_body = Nothing,
    params(("id" = CaseId, Path), ("override" = OverrideId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = OverrideView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/entitlement-overrides/{override}/revoke")]
async fn revoke_override(
    caller: Caller,
    app: Data<App>,
    path: Path<(CaseId, OverrideId)>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Nothing>,
) -> Result<Versioned<OverrideView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (case, id) = path.0;
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let row = rules::revoke(conn, actor, &state.trail, case, id, version.0)?;
        log_reply(conn, actor, SubjectKind::Case, case.0)?;
        shown(&state.vault, actor, row)
    };
    let target = Target::part(SubjectKind::Case, case.0, id.0);
    app.write_once(caller, bound, target, write, move |conn, actor, first| {
        let row = rules::read_override(conn, actor, case, OverrideId(first))?;
        shown(&vault, actor, row)
    })
    .await
}
