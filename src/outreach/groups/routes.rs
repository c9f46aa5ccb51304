//! `/peer-groups`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{GroupKind, GroupPlace, MemberCount, MemberCountView, PeerGroup, PeerGroupView};
use super::rules::{self, Filter, GroupChange, GroupRow, members, places};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::types::{InterventionPointId, OrganisationId};
use crate::error::{AppError, Problem};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_groups)
        .service(create_group)
        .service(read_group)
        .service(update_group)
        .service(replace_places)
        .service(list_counts)
        .service(record_count);
}

fn versioned((record, version): (PeerGroupView, i32)) -> Versioned<PeerGroupView> {
    Versioned { record, version }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GroupFilter {
    /// Of this kind.
    kind: Option<GroupKind>,
    /// Supported by this centre.
    supported_by_id: Option<OrganisationId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the groups you lead, or that your centre supports.
#[utoipa::path(tag = "outreach", params(GroupFilter), responses((status = 200, body = Page<PeerGroupView>)))]
#[get("/peer-groups")]
async fn list_groups(
    caller: Caller,
    app: Data<App>,
    query: Query<GroupFilter>,
) -> Result<Json<Page<PeerGroupView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| OrganisationId(cursor.id));
    let filter = Filter { kind: query.0.kind, supported_by: query.0.supported_by_id };
    let page = app
        .read(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, filter, after, limit)?;
            let mut views = rules::views(conn, &rows)?.into_iter();
            let end = |(group, ..): &GroupRow| Cursor { key: String::new(), id: group.id.0 };
            Page::of(rows, limit, end, |_| views.next().ok_or_else(|| AppError::internal("a group is missing")))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct PeerGroupForm {
    /// An organisation of the kind `peer_group`; the group bears its id.
    organisation_id: OrganisationId,
    /// Kind.
    kind: GroupKind,
    /// Centre that supports it and reads its totals.
    supported_by_id: OrganisationId,
}

/// Register an organisation as a group that a centre supports.
#[utoipa::path(tag = "outreach", request_body = PeerGroupForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = PeerGroupView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/peer-groups")]
async fn create_group(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<PeerGroupForm>,
) -> Result<Created<PeerGroupView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (form, now, trail) = (form.body, app.clock.now(), app.trail.clone());
    let row = PeerGroup {
        id: form.organisation_id,
        supported_by_id: form.supported_by_id,
        kind: form.kind,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let target = Target::record(SubjectKind::PeerGroup, row.id.0);
    let write = move |conn: &mut _, actor: &_| {
        rules::create(conn, actor, &trail, &row)?;
        rules::read(conn, actor, row.id)
    };
    let (record, version) = app
        .write_once(caller, bound, target, write, |conn, actor, first| rules::read(conn, actor, OrganisationId(first)))
        .await?;
    Ok(Created { location: format!("/peer-groups/{}", record.id), version: Some(version), record })
}

/// Read a group.
#[utoipa::path(tag = "outreach", params(("id" = OrganisationId, Path)), responses((status = 200, body = PeerGroupView)))]
#[get("/peer-groups/{id}")]
async fn read_group(
    caller: Caller,
    app: Data<App>,
    id: Path<OrganisationId>,
) -> Result<Versioned<PeerGroupView>, AppError> {
    app.read(caller, move |conn, actor| rules::read(conn, actor, id.0)).await.map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct PeerGroupChange {
    /// New kind.
    kind: Option<GroupKind>,
    /// Centre that supports it from now on; only administrators change it.
    supported_by_id: Option<OrganisationId>,
}

/// Change a group.
#[utoipa::path(tag = "outreach", request_body = PeerGroupChange, params(("id" = OrganisationId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = PeerGroupView),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/peer-groups/{id}")]
async fn update_group(
    caller: Caller,
    app: Data<App>,
    id: Path<OrganisationId>,
    version: IfMatch,
    form: Valid<PeerGroupChange>,
) -> Result<Versioned<PeerGroupView>, AppError> {
    let change = GroupChange { kind: form.body.kind, supported_by: form.body.supported_by_id };
    let trail = app.trail.clone();
    app.write(caller, move |conn, actor| rules::update(conn, actor, &trail, (id.0, version.0), change))
        .await
        .map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupPlacesForm {
    /// All of them, those of the past as well; what is not named is gone. One unit is named several times only for
    /// days that do not meet.
    #[validate(length(max = 100), nested)]
    places: Vec<GroupPlaceForm>,
}

#[derive(Debug, Deserialize, Validate, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupPlaceForm {
    /// Unit.
    #[validate(length(max = 20))]
    unit_code: String,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    valid_from: NaiveDate,
    /// Last day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    valid_to: Option<NaiveDate>,
    /// Point of intervention it belongs to there: one in that unit, above or below it, and on those days.
    intervention_point_id: Option<InterventionPointId>,
}

/// Say where a group works.
#[utoipa::path(tag = "outreach", request_body = GroupPlacesForm, params(("id" = OrganisationId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = PeerGroupView),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[put("/peer-groups/{id}/places")]
async fn replace_places(
    caller: Caller,
    app: Data<App>,
    id: Path<OrganisationId>,
    version: IfMatch,
    form: Valid<GroupPlacesForm>,
) -> Result<Versioned<PeerGroupView>, AppError> {
    let place = |place: GroupPlaceForm| GroupPlace {
        group_id: id.0,
        unit_code: place.unit_code,
        valid_from: place.valid_from,
        valid_to: place.valid_to,
        point_id: place.intervention_point_id,
    };
    let rows: Vec<GroupPlace> = form.body.places.into_iter().map(place).collect();
    let (units, trail) = (app.units.clone(), app.trail.clone());
    app.write(caller, move |conn, actor| places::replace(conn, actor, &units, &trail, (id.0, version.0), &rows))
        .await
        .map(versioned)
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CountPaging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List how many a group was, the newest count first.
#[utoipa::path(tag = "outreach", params(("id" = OrganisationId, Path), CountPaging), responses((status = 200, body = Page<MemberCountView>)))]
#[get("/peer-groups/{id}/members")]
async fn list_counts(
    caller: Caller,
    app: Data<App>,
    id: Path<OrganisationId>,
    query: Query<CountPaging>,
) -> Result<Json<Page<MemberCountView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let before = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| cursor.date()).transpose()?;
    let rows = app.read(caller, move |conn, actor| members::list(conn, actor, id.0, before, limit)).await?;
    let end = |row: &MemberCount| Cursor::after_date(row.counted_on, row.group_id.0);
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberCountForm {
    /// Leaders.
    #[validate(range(min = 0, max = 10_000))]
    leaders: i32,
    /// Other members of the board.
    #[validate(range(min = 0, max = 10_000))]
    board: i32,
    /// Peer educators who are neither.
    #[validate(range(min = 0, max = 10_000))]
    educators: i32,
    /// All others.
    #[validate(range(min = 0, max = 10_000))]
    members: i32,
}

/// Record how many a group is on a day, or correct that day. Each member counts once, by the first role that is true.
#[utoipa::path(tag = "outreach", request_body = MemberCountForm,
    params(("id" = OrganisationId, Path), ("day" = NaiveDate, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = PeerGroupView),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[put("/peer-groups/{id}/members/{day}")]
async fn record_count(
    caller: Caller,
    app: Data<App>,
    path: Path<(OrganisationId, NaiveDate)>,
    version: IfMatch,
    form: Valid<MemberCountForm>,
) -> Result<Versioned<PeerGroupView>, AppError> {
    let ((group_id, counted_on), form) = (path.0, form.body);
    let count = MemberCount {
        group_id,
        counted_on,
        leaders: form.leaders,
        board: form.board,
        educators: form.educators,
        members: form.members,
        recorded_by: caller.account,
        recorded_at: app.clock.now(),
    };
    let trail = app.trail.clone();
    app.write(caller, move |conn, actor| members::record(conn, actor, &trail, version.0, &count)).await.map(versioned)
}
