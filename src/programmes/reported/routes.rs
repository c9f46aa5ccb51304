//! `/reported-values`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{ReportedValue, ReportedValueView};
use super::rules::{self, Books, Filter, NewValue};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::types::ReportedValueId;
use crate::error::{AppError, Problem};
use crate::http::{Created, Cursor, IdempotencyKey, Page, Path, Query, Valid, listing};
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::text::tidy;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_values).service(enter_value).service(read_value).service(list_revisions);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportedFilter {
    /// Of this element.
    element: Option<String>,
    /// Of this unit: of a province all that lies in it on the map of today.
    unit: Option<String>,
    /// Of this period, such as `2025`, `2025-H1`, `2025-Q1` or `2025-01`.
    period: Option<String>,
    /// `true` when absent: the newest revisions alone; `false`: all.
    current: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List what other bodies reported within your reach, by element.
#[utoipa::path(tag = "reported-values", params(ReportedFilter), responses((status = 200, body = Page<ReportedValueView>)))]
#[get("/reported-values")]
async fn list_values(
    caller: Caller,
    app: Data<App>,
    query: Query<ReportedFilter>,
) -> Result<Json<Page<ReportedValueView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| (cursor.key, ReportedValueId(cursor.id)));
    let ReportedFilter { element, unit, period, current, .. } = query.0;
    let period = period.as_deref().map(ReportPeriod::asked).transpose()?;
    let filter = Filter { element, unit, period, current: current.unwrap_or(true) };
    let state = app.clone();
    let rows = app
        .read(caller, move |conn, actor| {
            rules::list(conn, actor, Books::of(&state, &state.plans.now()), &filter, after, limit)
        })
        .await?;
    let end = |row: &ReportedValue| Cursor { key: row.element.clone(), id: row.id.0 };
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}

/// A value that must be said, if only to be none.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Deserialize::deserialize(deserializer)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportedValueForm {
    /// What was counted: an element of a register, one that a plan declares, or `units_` and a level.
    #[validate(length(max = 60))]
    element: String,
    /// Of which kinds and groups: words in the order of the alphabet between `+`, groups after `/`, and `!direct` for
    /// staff directly involved, such as `face_to_face/high_risk+migrants`; empty or absent: of all.
    #[serde(default)]
    #[validate(length(max = 400))]
    class: String,
    /// Unit it is about, as it existed in the period.
    #[validate(length(max = 20))]
    unit_code: String,
    /// Calendar of the period.
    calendar: Calendar,
    /// Period, such as `2025`, `2025-H1`, `2025-Q1`, `2025-01` or `2021-2025`.
    #[validate(length(max = 20))]
    period: String,
    /// The value; `null` takes it back.
    #[serde(deserialize_with = "nullable")]
    #[schema(required = true, minimum = 0)]
    value: Option<i64>,
    /// Who reported it.
    source_agency: String,
    /// In which document.
    source_document: String,
    /// Of which day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    source_on: NaiveDate,
    /// Why it is revised; needed from the second revision on.
    reason: Option<String>,
    /// The revision that stands, as you know it; 0 when there is none yet.
    expected_revision: i32,
}

impl ReportedValueForm {
    fn into_value(self) -> Result<NewValue, AppError> {
        Ok(NewValue {
            element: self.element,
            class: self.class,
            unit_code: self.unit_code,
            calendar: self.calendar,
            period: ReportPeriod::asked(&self.period)?,
            value: self.value,
            source_agency: tidy(&self.source_agency),
            source_document: tidy(&self.source_document),
            source_on: self.source_on,
            reason: self.reason.as_deref().map(tidy).unwrap_or_default(),
            expected_revision: Some(self.expected_revision),
        })
    }
}

/// Enter what another body reported: the first value, or its next revision. Two officers never overwrite one another:
/// `expected_revision` says what you saw, and 412 which revision stands.
#[utoipa::path(tag = "reported-values", request_body = ReportedValueForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = ReportedValueView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/reported-values")]
async fn enter_value(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<ReportedValueForm>,
) -> Result<Created<ReportedValueView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, new) = (ReportedValueId(app.random.uuid()), form.body.into_value()?);
    let (state, again) = (app.clone(), app.clone());
    let write =
        move |conn: &mut _, actor: &_| rules::enter(conn, actor, Books::of(&state, &state.plans.now()), id, &new);
    let target = Target::record(SubjectKind::ReportedValue, id.0);
    let row = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            rules::find(conn, actor, Books::of(&again, &again.plans.now()), ReportedValueId(first))
        })
        .await?;
    Ok(Created { location: format!("/reported-values/{}", row.id), version: None, record: row.into() })
}

/// Read one revision of a value.
#[utoipa::path(tag = "reported-values", params(("id" = ReportedValueId, Path)), responses((status = 200, body = ReportedValueView)))]
#[get("/reported-values/{id}")]
async fn read_value(
    caller: Caller,
    app: Data<App>,
    id: Path<ReportedValueId>,
) -> Result<Json<ReportedValueView>, AppError> {
    let state = app.clone();
    let row = app
        .read(caller, move |conn, actor| rules::find(conn, actor, Books::of(&state, &state.plans.now()), id.0))
        .await?;
    Ok(Json(row.into()))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the revisions of a value, the newest first.
#[utoipa::path(tag = "reported-values", params(("id" = ReportedValueId, Path), Paging), responses((status = 200, body = Page<ReportedValueView>)))]
#[get("/reported-values/{id}/revisions")]
async fn list_revisions(
    caller: Caller,
    app: Data<App>,
    id: Path<ReportedValueId>,
    query: Query<Paging>,
) -> Result<Json<Page<ReportedValueView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let before = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| cursor.number()).transpose()?;
    let state = app.clone();
    let rows = app
        .read(caller, move |conn, actor| {
            rules::history(conn, actor, Books::of(&state, &state.plans.now()), id.0, before, limit)
        })
        .await?;
    let end = |row: &ReportedValue| Cursor { key: row.revision.to_string(), id: row.id.0 };
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}
