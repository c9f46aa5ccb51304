//! `/intervention-points`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{InterventionPoint, InterventionPointView};
use super::rules::{self, Books, Filter};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::types::InterventionPointId;
use crate::error::{AppError, Problem};
use crate::http::extract::{CivilDate, plain_text, present};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::text::tidy;

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_points).service(create_point).service(read_point).service(update_point);
}

fn books(app: &App) -> Books<'_> {
    Books { units: &app.units, catalogue: &app.outreach }
}

fn versioned(row: InterventionPoint) -> Versioned<InterventionPointView> {
    Versioned { version: row.version, record: row.into() }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PointFilter {
    /// Of this model.
    model: Option<String>,
    /// In this unit.
    unit_code: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List points of intervention.
#[utoipa::path(tag = "outreach", params(PointFilter), responses((status = 200, body = Page<InterventionPointView>)))]
#[get("/intervention-points")]
async fn list_points(
    caller: Caller,
    app: Data<App>,
    query: Query<PointFilter>,
) -> Result<Json<Page<InterventionPointView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| InterventionPointId(cursor.id));
    let filter = Filter { model: query.0.model, unit_code: query.0.unit_code };
    let rows = app.read(caller, move |conn, actor| rules::list(conn, actor, &filter, after, limit)).await?;
    let end = |row: &InterventionPoint| Cursor { key: String::new(), id: row.id.0 };
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct InterventionPointForm {
    /// Code of a model of the catalogue.
    #[validate(length(max = 40))]
    model: String,
    /// Name.
    #[validate(length(min = 1, max = 300), custom(function = plain_text))]
    name: String,
    /// Unit it lies in.
    #[validate(length(max = 20))]
    unit_code: String,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    valid_from: NaiveDate,
    /// Last day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    valid_to: Option<NaiveDate>,
}

/// Register a point of intervention.
#[utoipa::path(tag = "outreach", request_body = InterventionPointForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = InterventionPointView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/intervention-points")]
async fn create_point(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<InterventionPointForm>,
) -> Result<Created<InterventionPointView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let InterventionPointForm { model, name, unit_code, valid_from, valid_to } = form.body;
    let (id, now) = (InterventionPointId(app.random.uuid()), app.clock.now());
    let name = tidy(&name);
    let row = InterventionPoint {
        id,
        model,
        name,
        unit_code,
        valid_from,
        valid_to,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let state = app.clone();
    let write = move |conn: &mut _, actor: &_| {
        rules::create(conn, actor, books(&state), &state.trail, &row)?;
        Ok(row.clone())
    };
    let target = Target::record(SubjectKind::InterventionPoint, id.0);
    let row = app
        .write_once(caller, bound, target, write, |conn, actor, first| {
            rules::read(conn, actor, InterventionPointId(first))
        })
        .await?;
    Ok(Created { location: format!("/intervention-points/{}", row.id), version: Some(row.version), record: row.into() })
}

/// Read a point of intervention.
#[utoipa::path(tag = "outreach", params(("id" = InterventionPointId, Path)), responses((status = 200, body = InterventionPointView)))]
#[get("/intervention-points/{id}")]
async fn read_point(
    caller: Caller,
    app: Data<App>,
    id: Path<InterventionPointId>,
) -> Result<Versioned<InterventionPointView>, AppError> {
    app.read(caller, move |conn, actor| rules::read(conn, actor, id.0)).await.map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct InterventionPointChange {
    /// New name.
    #[validate(length(min = 1, max = 300), custom(function = plain_text))]
    name: Option<String>,
    /// New last day; `null`: until further notice. Not before a group leaves the point.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_to: Option<Option<CivilDate>>,
}

/// Change a point of intervention.
#[utoipa::path(tag = "outreach", request_body = InterventionPointChange, params(("id" = InterventionPointId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = InterventionPointView),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/intervention-points/{id}")]
async fn update_point(
    caller: Caller,
    app: Data<App>,
    id: Path<InterventionPointId>,
    version: IfMatch,
    form: Valid<InterventionPointChange>,
) -> Result<Versioned<InterventionPointView>, AppError> {
    let (state, change) = (app.clone(), form.body);
    let name = change.name.as_deref().map(tidy);
    let valid_to = change.valid_to.map(|date| date.map(|date| date.0));
    app.write(caller, move |conn, actor| {
        rules::update(conn, actor, books(&state), &state.trail, (id.0, version.0), name.as_deref(), valid_to)
    })
    .await
    .map(versioned)
}
