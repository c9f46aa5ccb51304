//! `/registers`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::bodies::{EntryChange, EntryView, NewEntry};
use super::catalogue::{Register, RegisterCatalogue};
use super::draft::Change;
use super::form::EntryForm;
use super::model::Told;
use super::rules::{self, Books, Filter};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::types::RegisterEntryId;
use crate::error::{AppError, Problem};
use crate::grants::Action;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(read_registers)
        .service(list_entries)
        .service(create_entry)
        .service(read_entry)
        .service(update_entry)
        .service(void_entry);
}

/// Read which registers there are, their fields and words.
#[utoipa::path(tag = "registers", responses((status = 200, body = RegisterCatalogue)))]
#[get("/registers")]
async fn read_registers(caller: Caller, app: Data<App>) -> Result<Json<RegisterCatalogue>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::RegisterRead)).await?;
    Ok(Json(RegisterCatalogue::clone(&app.registers)))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntryFilter {
    /// Of this unit: of a province all that lies in it on the map of today; of a commune also what was recorded in
    /// units that went into it whole.
    unit: Option<String>,
    /// Not before this day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    from: Option<NaiveDate>,
    /// Not after this day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    to: Option<NaiveDate>,
    /// With this first word of the register.
    kind: Option<String>,
    /// Void entries as well.
    #[serde(default)]
    include_void: bool,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List entries of a register within your reach, the newest day first.
#[utoipa::path(tag = "registers", params(("register" = Register, Path), EntryFilter), responses((status = 200, body = Page<EntryView>)))]
#[get("/registers/{register}/entries")]
async fn list_entries(
    caller: Caller,
    app: Data<App>,
    register: Path<Register>,
    query: Query<EntryFilter>,
) -> Result<Json<Page<EntryView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, RegisterEntryId(cursor.id))),
        None => None,
    };
    let EntryFilter { unit, from, to, kind, include_void, .. } = query.0;
    listing::days(from, to)?;
    let filter = Filter { unit, from, to, kind, include_void };
    let state = app.clone();
    let rows = app
        .read(caller, move |conn, actor| rules::list(conn, actor, Books::of(&state), register.0, &filter, after, limit))
        .await?;
    let end = |row: &Told| Cursor::after_date(row.entry.day, row.entry.id.0);
    Page::of(rows, limit, end, |row| Ok(EntryView(row.view(&app.registers)))).map(Json)
}

fn read_change(
    app: &App,
    register: Register,
    fields: &serde_json::Map<String, serde_json::Value>,
) -> Result<Change, AppError> {
    let form = EntryForm { catalogue: &app.registers, units: &app.units, register, today: app.clock.today() };
    form.read(fields).map_err(AppError::Malformed)
}

fn versioned(app: &App, told: &Told) -> Versioned<EntryView> {
    Versioned { version: told.entry.version, record: EntryView(told.view(&app.registers)) }
}

/// Record an entry.
#[utoipa::path(tag = "registers", request_body = NewEntry, params(("register" = Register, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = EntryView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/registers/{register}/entries")]
async fn create_entry(
    caller: Caller,
    app: Data<App>,
    register: Path<Register>,
    key: IdempotencyKey,
    form: Valid<NewEntry>,
) -> Result<Created<EntryView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    app.read(caller, |_, actor| actor.scope(Action::RegisterWrite)).await?;
    let (id, register) = (RegisterEntryId(app.random.uuid()), register.0);
    let change = read_change(&app, register, form.body.fields())?;
    let (state, again) = (app.clone(), app.clone());
    let write = move |conn: &mut _, actor: &_| rules::create(conn, actor, Books::of(&state), (id, register), &change);
    let target = Target::record(SubjectKind::RegisterEntry, id.0);
    let told = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            rules::find(conn, actor, Books::of(&again), (register, RegisterEntryId(first)))
        })
        .await?;
    Ok(Created {
        location: format!("/registers/{register}/entries/{}", told.entry.id),
        version: Some(told.entry.version),
        record: EntryView(told.view(&app.registers)),
    })
}

/// Read an entry.
#[utoipa::path(tag = "registers", params(("register" = Register, Path), ("id" = RegisterEntryId, Path)), responses((status = 200, body = EntryView)))]
#[get("/registers/{register}/entries/{id}")]
async fn read_entry(
    caller: Caller,
    app: Data<App>,
    path: Path<(Register, RegisterEntryId)>,
) -> Result<Versioned<EntryView>, AppError> {
    let state = app.clone();
    let told = app.read(caller, move |conn, actor| rules::find(conn, actor, Books::of(&state), path.0)).await?;
    Ok(versioned(&app, &told))
}

/// Change an entry. What is not sent stays; `null` clears a field that need not be there.
#[utoipa::path(tag = "registers", request_body = EntryChange,
    params(("register" = Register, Path), ("id" = RegisterEntryId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = EntryView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/registers/{register}/entries/{id}")]
async fn update_entry(
    caller: Caller,
    app: Data<App>,
    path: Path<(Register, RegisterEntryId)>,
    version: IfMatch,
    form: Valid<EntryChange>,
) -> Result<Versioned<EntryView>, AppError> {
    let (state, (register, id)) = (app.clone(), path.0);
    app.read(caller, |_, actor| actor.scope(Action::RegisterWrite)).await?;
    let change = read_change(&app, register, form.body.fields())?;
    let told = app
        .write(caller, move |conn, actor| {
            rules::update(conn, actor, Books::of(&state), (register, id, version.0), &change)
        })
        .await?;
    Ok(versioned(&app, &told))
}

#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryVoid {}

/// Declare an entry void: it stays to be read, and counts nowhere.
#[utoipa::path(tag = "registers", request_body = EntryVoid,
    params(("register" = Register, Path), ("id" = RegisterEntryId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = EntryView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/registers/{register}/entries/{id}/void")]
async fn void_entry(
    caller: Caller,
    app: Data<App>,
    path: Path<(Register, RegisterEntryId)>,
    version: IfMatch,
    _form: Valid<EntryVoid>,
) -> Result<Versioned<EntryView>, AppError> {
    let (state, (register, id)) = (app.clone(), path.0);
    let told = app
        .write(caller, move |conn, actor| rules::void(conn, actor, Books::of(&state), (register, id, version.0)))
        .await?;
    Ok(versioned(&app, &told))
}
