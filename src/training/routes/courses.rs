//! `/training/catalogue` and `/courses`.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::DbConnection;
use crate::db::types::{CourseId, OrganisationId};
use crate::error::{AppError, Problem};
use crate::grants::Action;
use crate::http::extract::plain_text;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::text::{Words, tidy};
use crate::training::catalogue::TrainingCatalogue;
use crate::training::model::views::CourseView;
use crate::training::model::{AidGroup, Course, CourseLevel, JobKind};
use crate::training::rules::courses::{self, Books, CourseChange, CourseTerms, Filter};
use crate::training::status::StopReason;

/// Words of vocational training in both languages, by the code that is sent and stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CourseCatalogueView {
    /// Trades.
    trades: BTreeMap<String, Words>,
    /// Levels.
    levels: BTreeMap<CourseLevel, Words>,
    /// Reasons to stop a course.
    stop_reasons: BTreeMap<StopReason, Words>,
    /// Kinds of work.
    jobs: BTreeMap<JobKind, Words>,
    /// Groups to whom training aid is due.
    aid_groups: BTreeMap<AidGroup, Words>,
}

impl CourseCatalogueView {
    fn of(catalogue: &TrainingCatalogue) -> Self {
        let level = |rule: &crate::training::catalogue::LevelRule| Words { vi: rule.vi.clone(), en: rule.en.clone() };
        Self {
            trades: catalogue.trades.clone(),
            levels: catalogue.levels.iter().map(|(word, rule)| (*word, level(rule))).collect(),
            stop_reasons: catalogue.stop_reasons.clone(),
            jobs: catalogue.jobs.clone(),
            aid_groups: catalogue.aid_groups.clone(),
        }
    }
}

/// Read the words for trades, levels, reasons, work and groups.
#[utoipa::path(tag = "training", responses((status = 200, body = CourseCatalogueView)))]
#[get("/training/catalogue")]
pub(super) async fn read_catalogue(caller: Caller, app: Data<App>) -> Result<Json<CourseCatalogueView>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::CourseRead)).await?;
    Ok(Json(CourseCatalogueView::of(&app.training)))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CourseFilter {
    /// Of this trade.
    trade: Option<String>,
    /// Of this level.
    level: Option<CourseLevel>,
    /// Held in this unit or one below it.
    unit_code: Option<String>,
    /// Of this school.
    organisation_id: Option<OrganisationId>,
    /// That may still be joined on this day; today when absent.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    open_on: Option<NaiveDate>,
    /// `true`: only those with places left.
    has_places: Option<bool>,
    /// `true`: those that are over or withdrawn as well.
    past: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List courses, those that end first first: a school its own, a centre those of every school.
#[utoipa::path(tag = "training", params(CourseFilter), responses((status = 200, body = Page<CourseView>)))]
#[get("/courses")]
pub(super) async fn list_courses(
    caller: Caller,
    app: Data<App>,
    query: Query<CourseFilter>,
) -> Result<Json<Page<CourseView>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, CourseId(cursor.id))),
        None => None,
    };
    let filter = Filter {
        trade: query.trade,
        level: query.level,
        unit_code: query.unit_code,
        organisation: query.organisation_id,
        open_on: query.open_on,
        has_places: query.has_places == Some(true),
        past: query.past == Some(true),
    };
    let units = app.units.clone();
    let page = app
        .read(caller, move |conn, actor| {
            let rows = courses::list(conn, actor, &units, &filter, after, limit)?;
            let ids: Vec<CourseId> = rows.iter().map(|row| row.id).collect();
            let taken = courses::taken(conn, &ids)?;
            let end = |row: &Course| Cursor::after_date(row.ends_on, row.id.0);
            Page::of(rows, limit, end, |row| {
                let of_course = taken.get(&row.id).copied().unwrap_or(0);
                Ok(row.view(of_course))
            })
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CourseForm {
    /// School; needed only when you work for several.
    organisation_id: Option<OrganisationId>,
    /// Trade, a code of the catalogue.
    #[validate(length(max = 40))]
    trade: String,
    /// Level; it limits how long a course may last.
    level: CourseLevel,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    starts_on: NaiveDate,
    /// Last day; not before today.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    ends_on: NaiveDate,
    /// Where it is held; everybody who may find the course reads it.
    #[validate(length(min = 1, max = 300), custom(function = plain_text))]
    venue: String,
    /// Commune it is held in.
    #[validate(length(max = 20))]
    unit_code: String,
    /// Places.
    #[validate(range(min = 1, max = 200))]
    places: i64,
    /// Fee a learner, whole đồng; 0 when free.
    #[validate(range(min = 0, max = 1_000_000_000_i64))]
    fee_dong: i64,
}

fn versioned((course, taken): (Course, i64)) -> Versioned<CourseView> {
    Versioned { version: course.version, record: course.view(taken) }
}

/// Offer a course of your school.
#[utoipa::path(tag = "training", request_body = CourseForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = CourseView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/courses")]
pub(super) async fn create_course(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<CourseForm>,
) -> Result<Created<CourseView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let terms = CourseTerms {
        trade: form.trade,
        level: form.level,
        starts_on: form.starts_on,
        ends_on: form.ends_on,
        venue: tidy(&form.venue),
        unit_code: form.unit_code,
        places: form.places,
        fee_dong: form.fee_dong,
    };
    let (state, id, school) = (app.clone(), CourseId(app.random.uuid()), form.organisation_id);
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let course = courses::create(conn, actor, books(&state), &state.trail, id, school, &terms)?;
        Ok(versioned((course, 0)))
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Course, id.0), write, |conn, actor, first| {
            courses::read(conn, actor, CourseId(first)).map(versioned)
        })
        .await?;
    let location = format!("/courses/{}", reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

fn books(app: &App) -> Books<'_> {
    Books { services: &app.services, units: &app.units, catalogue: &app.training }
}

/// Read a course and the places left.
#[utoipa::path(tag = "training", params(("id" = CourseId, Path)), responses((status = 200, body = CourseView)))]
#[get("/courses/{id}")]
pub(super) async fn read_course(
    caller: Caller,
    app: Data<App>,
    id: Path<CourseId>,
) -> Result<Versioned<CourseView>, AppError> {
    app.read(caller, move |conn, actor| courses::read(conn, actor, id.0)).await.map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CourseChanges {
    /// New trade.
    #[validate(length(max = 40))]
    trade: Option<String>,
    /// New level.
    level: Option<CourseLevel>,
    /// New first day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    starts_on: Option<NaiveDate>,
    /// New last day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    ends_on: Option<NaiveDate>,
    /// New venue.
    #[validate(length(min = 1, max = 300), custom(function = plain_text))]
    venue: Option<String>,
    /// New commune.
    #[validate(length(max = 20))]
    unit_code: Option<String>,
    /// New number of places; not fewer than are taken.
    #[validate(range(min = 1, max = 200))]
    places: Option<i64>,
    /// New fee.
    #[validate(range(min = 0, max = 1_000_000_000_i64))]
    fee_dong: Option<i64>,
}

/// Change a course. While learners hold places only venue and places may change.
#[utoipa::path(tag = "training", request_body = CourseChanges, params(("id" = CourseId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = CourseView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/courses/{id}")]
pub(super) async fn update_course(
    caller: Caller,
    app: Data<App>,
    id: Path<CourseId>,
    version: IfMatch,
    form: Valid<CourseChanges>,
) -> Result<Versioned<CourseView>, AppError> {
    let form = form.body;
    let change = CourseChange {
        trade: form.trade,
        level: form.level,
        starts_on: form.starts_on,
        ends_on: form.ends_on,
        venue: form.venue.as_deref().map(tidy),
        unit_code: form.unit_code,
        places: form.places,
        fee_dong: form.fee_dong,
    };
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        courses::update(conn, actor, books(&state), &state.trail, id.0, version.0, &change)
    })
    .await
    .map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Withdraw a course in which nobody holds a place.
#[utoipa::path(tag = "training", request_body = Nothing,
    params(("id" = CourseId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = CourseView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/courses/{id}/withdraw")]
pub(super) async fn withdraw_course(
    caller: Caller,
    app: Data<App>,
    id: Path<CourseId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Nothing>,
) -> Result<Versioned<CourseView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (trail, id) = (app.trail.clone(), id.0);
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let course = courses::withdraw(conn, actor, &trail, id, version.0)?;
        Ok(versioned((course, 0)))
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Course, id.0), write, |conn, actor, first| {
        courses::read(conn, actor, CourseId(first)).map(versioned)
    })
    .await
}
