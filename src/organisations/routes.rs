//! `/organisations`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Organisation, OrganisationKind};
use super::rules::{self, Filter};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::db::types::OrganisationId;
use crate::error::{AppError, Problem};
use crate::http::extract::{CivilDate, plain_text, present};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::text::tidy;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_organisations)
        .service(create_organisation)
        .service(read_organisation)
        .service(update_organisation);
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationView {
    /// Id.
    id: OrganisationId,
    /// Kind.
    kind: OrganisationKind,
    /// Name.
    name: String,
    /// Unit it is seated in.
    admin_unit_code: String,
    /// First day it works.
    valid_from: NaiveDate,
    /// Last day; none while it works.
    valid_to: Option<NaiveDate>,
}

impl From<Organisation> for OrganisationView {
    fn from(row: Organisation) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            admin_unit_code: row.admin_unit_code,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}

fn versioned(row: Organisation) -> Versioned<OrganisationView> {
    Versioned { version: row.version, record: row.into() }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrganisationFilter {
    /// Of this kind.
    kind: Option<OrganisationKind>,
    /// Seated in this unit.
    admin_unit_code: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List organisations.
#[utoipa::path(tag = "organisations", params(OrganisationFilter), responses((status = 200, body = Page<OrganisationView>)))]
#[get("/organisations")]
async fn list_organisations(
    caller: Caller,
    app: Data<App>,
    query: Query<OrganisationFilter>,
) -> Result<Json<Page<OrganisationView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| OrganisationId(cursor.id));
    let filter = Filter { kind: query.0.kind, admin_unit: query.0.admin_unit_code };
    let rows = app.read(caller, move |conn, actor| rules::list(conn, actor, &filter, after, limit)).await?;
    let end = |row: &Organisation| Cursor { key: String::new(), id: row.id.0 };
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrganisation {
    /// Kind.
    kind: OrganisationKind,
    /// Name.
    #[validate(length(min = 1, max = 300), custom(function = plain_text))]
    name: String,
    /// Unit it is seated in.
    #[validate(length(max = 20))]
    admin_unit_code: String,
    /// First day it works.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    valid_from: NaiveDate,
    /// Last day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    valid_to: Option<NaiveDate>,
}

/// Register an organisation.
#[utoipa::path(tag = "organisations", request_body = NewOrganisation, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = OrganisationView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/organisations")]
async fn create_organisation(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<NewOrganisation>,
) -> Result<Created<OrganisationView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let NewOrganisation { kind, name, admin_unit_code, valid_from, valid_to } = form.body;
    let row = Organisation {
        id: OrganisationId(app.random.uuid()),
        kind,
        name: tidy(&name),
        admin_unit_code,
        valid_from,
        valid_to,
        created_at: app.clock.now(),
        version: 1,
    };
    let (units, trail, id) = (app.units.clone(), app.trail.clone(), row.id);
    let write = move |conn: &mut _, actor: &_| {
        rules::create(conn, actor, &units, &trail, &row)?;
        Ok(row.clone())
    };
    let row = app
        .write_once(
            caller,
            bound,
            Target::record(crate::audit::SubjectKind::Organisation, id.0),
            write,
            |conn, actor, first| rules::read(conn, actor, OrganisationId(first)),
        )
        .await?;
    Ok(Created { location: format!("/organisations/{}", row.id), version: Some(row.version), record: row.into() })
}

/// Read an organisation.
#[utoipa::path(tag = "organisations", params(("id" = OrganisationId, Path)), responses((status = 200, body = OrganisationView)))]
#[get("/organisations/{id}")]
async fn read_organisation(
    caller: Caller,
    app: Data<App>,
    id: Path<OrganisationId>,
) -> Result<Versioned<OrganisationView>, AppError> {
    app.read(caller, move |conn, actor| rules::read(conn, actor, id.0)).await.map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganisationChange {
    /// New name.
    #[validate(length(min = 1, max = 300), custom(function = plain_text))]
    name: Option<String>,
    /// New last day; `null` opens the organisation again.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_to: Option<Option<CivilDate>>,
}

/// Change an organisation.
#[utoipa::path(tag = "organisations", request_body = OrganisationChange, params(("id" = OrganisationId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = OrganisationView),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/organisations/{id}")]
async fn update_organisation(
    caller: Caller,
    app: Data<App>,
    id: Path<OrganisationId>,
    version: IfMatch,
    form: Valid<OrganisationChange>,
) -> Result<Versioned<OrganisationView>, AppError> {
    let (units, trail, change) = (app.units.clone(), app.trail.clone(), form.body);
    let name = change.name.as_deref().map(tidy);
    app.write(caller, move |conn, actor| {
        rules::update(
            conn,
            actor,
            &units,
            &trail,
            id.0,
            version.0,
            name.as_deref(),
            change.valid_to.map(|date| date.map(|date| date.0)),
        )
    })
    .await
    .map(versioned)
}
