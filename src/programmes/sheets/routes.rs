//! Files of `/registers` and `/reported-values`.

use std::time::Duration;

use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION, LOCATION};
use actix_web::web::{Data, Json, Payload, block};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{RegisterImport, RegisterImportView};
use super::reading::Content;
use super::table::Table;
use super::{FILE_LIMIT, export, jobs, undoing};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::types::RegisterImportId;
use crate::error::{AppError, Language, Problem};
use crate::http::extract::read_body;
use crate::http::{Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::imports::template::TemplateFormat;
use crate::programmes::periods::ReportPeriod;
use crate::programmes::registers::Register;
use crate::programmes::registers::rules::Filter;
use crate::programmes::reported::rules as reported;

/// A file that has not arrived by then is given up.
const FILE_DEADLINE: Duration = Duration::from_mins(3);

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_register_imports)
        .service(read_register_import)
        .service(undo_register_import)
        .service(read_register_template)
        .service(export_register)
        .service(import_register)
        .service(read_reported_template)
        .service(export_reported)
        .service(import_reported);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FormatQuery {
    /// `xlsx` (when absent) or `csv`.
    format: Option<TemplateFormat>,
}

fn language(request: &HttpRequest) -> Language {
    Language::of(request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

fn file_reply(table: Table, format: TemplateFormat, file: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{table}.{format}\"")))
        .body(file)
}

async fn template_of(
    caller: Caller,
    app: Data<App>,
    table: Table,
    format: Option<TemplateFormat>,
) -> Result<HttpResponse, AppError> {
    app.read(caller, move |_, actor| actor.scope(table.read())).await?;
    let format = format.unwrap_or(TemplateFormat::Xlsx);
    let file = block(move || export::template(&app, table, format)).await??;
    Ok(file_reply(table, format, file))
}

/// Get an empty file of a register to fill in, with what each column takes.
#[utoipa::path(tag = "registers", params(("register" = Register, Path), FormatQuery), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
#[get("/registers/{register}/template")]
async fn read_register_template(
    caller: Caller,
    app: Data<App>,
    register: Path<Register>,
    query: Query<FormatQuery>,
) -> Result<HttpResponse, AppError> {
    template_of(caller, app, Table::Entries(register.0), query.0.format).await
}

/// Get an empty file of reported values to fill in.
#[utoipa::path(tag = "reported-values", params(FormatQuery), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
#[get("/reported-values/template")]
async fn read_reported_template(
    caller: Caller,
    app: Data<App>,
    query: Query<FormatQuery>,
) -> Result<HttpResponse, AppError> {
    template_of(caller, app, Table::Reported, query.0.format).await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// `xlsx` (when absent) or `csv`.
    format: Option<TemplateFormat>,
    /// Of this unit and of what lies in it.
    unit: Option<String>,
    /// Not before this day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    from: Option<NaiveDate>,
    /// Not after this day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    to: Option<NaiveDate>,
}

/// Get the entries of a register within your reach as a file: 100,000 at the most, void ones left out.
#[utoipa::path(tag = "registers", params(("register" = Register, Path), ExportQuery), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/registers/{register}/export")]
async fn export_register(
    caller: Caller,
    app: Data<App>,
    register: Path<Register>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, AppError> {
    let ExportQuery { format, unit, from, to } = query.0;
    listing::days(from, to)?;
    let (register, format) = (register.0, format.unwrap_or(TemplateFormat::Xlsx));
    let filter = Filter { unit, from, to, ..Filter::default() };
    let state = app.clone();
    // One at a time: the file is put together in memory.
    let turn = app.figures.clone().acquire_owned().await.map_err(|_| AppError::internal("figures are closed"))?;
    let file = app
        .read(caller, move |conn, actor| {
            let _turn = turn;
            export::entries(conn, actor, &state, (register, &filter), format)
        })
        .await?;
    Ok(file_reply(Table::Entries(register), format, file))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportedExportQuery {
    /// `xlsx` (when absent) or `csv`.
    format: Option<TemplateFormat>,
    /// Of this element.
    element: Option<String>,
    /// Of this unit and of what lies in it.
    unit: Option<String>,
    /// Of this period.
    period: Option<String>,
}

/// Get what other bodies reported within your reach as a file: the newest revisions, 100,000 at the most.
#[utoipa::path(tag = "reported-values", params(ReportedExportQuery), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/reported-values/export")]
async fn export_reported(
    caller: Caller,
    app: Data<App>,
    query: Query<ReportedExportQuery>,
) -> Result<HttpResponse, AppError> {
    let ReportedExportQuery { format, element, unit, period } = query.0;
    let format = format.unwrap_or(TemplateFormat::Xlsx);
    let period = period.as_deref().map(ReportPeriod::asked).transpose()?;
    let filter = reported::Filter { element, unit, period, current: true };
    let state = app.clone();
    let turn = app.figures.clone().acquire_owned().await.map_err(|_| AppError::internal("figures are closed"))?;
    let file = app
        .read(caller, move |conn, actor| {
            let _turn = turn;
            export::values(conn, actor, &state, &filter, format)
        })
        .await?;
    Ok(file_reply(Table::Reported, format, file))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// `true`: store everything once nothing is wrong; else it is only said what is wrong.
    #[serde(default)]
    apply: bool,
}

/// Takes a file in and begins its import. `named` is what else tells this file from another of the same bytes.
pub(in crate::programmes) async fn import_of(
    request: HttpRequest,
    (caller, app): (Caller, Data<App>),
    (table, content, named): (Table, Content, &str),
    apply: bool,
    key: IdempotencyKey,
    payload: Payload,
) -> Result<HttpResponse, AppError> {
    // Refused before the file is taken in.
    app.read(caller, move |_, actor| actor.scope(table.write())).await?;
    let place = app.import_files.clone().try_acquire_owned();
    let place = place.map_err(|_| AppError::Busy { retry_after_seconds: 30 })?;
    let bytes = read_body(&mut payload.into_inner(), FILE_LIMIT, FILE_DEADLINE).await?;
    let bound = key.bind_parts(&app.ring.server, &[request.query_string().as_bytes(), &bytes]);
    let mac = app.ring.server.mac("register file", &[table.code().as_bytes(), named.as_bytes(), &bytes]).to_vec();
    let id = RegisterImportId(app.random.uuid());
    let (state, again, node) = (app.clone(), app.clone(), App::clone(&app));
    let write = move |conn: &mut _, actor: &_| jobs::begin(conn, actor, &state, table, (id, apply, &mac));
    let target = Target::record(SubjectKind::Import, id.0);
    // Goes on when nobody waits for it any more: what was begun is worked on.
    let begun = actix_web::rt::spawn(async move {
        let find = move |conn: &mut _, actor: &_, first| jobs::find(conn, actor, &again, RegisterImportId(first));
        let import = node.write_once(caller, bound, target, write, find).await?;
        if import.id == id {
            jobs::start(node, caller, (table, content), &import, (bytes, place));
        }
        Ok::<_, AppError>(import)
    });
    let import = begun.await.map_err(|_| AppError::internal("an import was not begun"))??;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/api/v1/registers/imports/{}", import.id)))
        .json(view(&app, import, language(&request))))
}

/// Bring a file (XLSX or CSV, known by its content) into a register: 100,000 lines at the most. It is checked first;
/// with `apply` everything is then stored, or nothing. Read the import at `Location` for how far it is.
#[utoipa::path(tag = "registers", params(("register" = Register, Path), ImportQuery, ("Idempotency-Key" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 202, body = RegisterImportView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json")))]
#[post("/registers/{register}/imports")]
async fn import_register(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    register: Path<Register>,
    key: IdempotencyKey,
    query: Query<ImportQuery>,
    payload: Payload,
) -> Result<HttpResponse, AppError> {
    let table = Table::Entries(register.0);
    import_of(request, (caller, app), (table, Content::Sheet, ""), query.0.apply, key, payload).await
}

/// Bring in a file of reported values, as of a register.
#[utoipa::path(tag = "reported-values", params(ImportQuery, ("Idempotency-Key" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 202, body = RegisterImportView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json")))]
#[post("/reported-values/imports")]
async fn import_reported(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    query: Query<ImportQuery>,
    payload: Payload,
) -> Result<HttpResponse, AppError> {
    import_of(request, (caller, app), (Table::Reported, Content::Sheet, ""), query.0.apply, key, payload).await
}

fn view(app: &App, import: RegisterImport, language: Language) -> RegisterImportView {
    let written = app.register_imports.of(import.id);
    RegisterImportView::of(import, language, written)
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

/// List imports into registers and of reported values within your reach, the newest first.
#[utoipa::path(tag = "registers", params(Paging), responses((status = 200, body = Page<RegisterImportView>)))]
#[get("/registers/imports")]
async fn list_register_imports(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    query: Query<Paging>,
) -> Result<Json<Page<RegisterImportView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, RegisterImportId(cursor.id))),
        None => None,
    };
    let state = app.clone();
    let rows = app.read(caller, move |conn, actor| jobs::list(conn, actor, &state, after, limit)).await?;
    let end = |row: &RegisterImport| Cursor::after_instant(row.created_at, row.id.0);
    let language = language(&request);
    let shown = |mut row: RegisterImport| {
        "[]".clone_into(&mut row.faults);
        Ok(view(&app, row, language))
    };
    Page::of(rows, limit, end, shown).map(Json)
}

/// Read how far an import is, and what is wrong with its file.
#[utoipa::path(tag = "registers", params(("id" = RegisterImportId, Path)), responses((status = 200, body = RegisterImportView)))]
#[get("/registers/imports/{id}")]
async fn read_register_import(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    id: Path<RegisterImportId>,
) -> Result<Versioned<RegisterImportView>, AppError> {
    let state = app.clone();
    let import = app.read(caller, move |conn, actor| jobs::find(conn, actor, &state, id.0)).await?;
    Ok(Versioned { version: import.version, record: view(&app, import, language(&request)) })
}

#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterUndoing {}

/// Undo an import: all its entries are declared void, or the values before come again as new revisions. Refused once
/// any of them was changed.
#[utoipa::path(tag = "registers", request_body = RegisterUndoing,
    params(("id" = RegisterImportId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = RegisterImportView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/registers/imports/{id}/undo")]
async fn undo_register_import(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    id: Path<RegisterImportId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<RegisterUndoing>,
) -> Result<Versioned<RegisterImportView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, state) = (id.0, app.clone());
    let import = app.read(caller, move |conn, actor| jobs::find(conn, actor, &state, id)).await?;
    // New revisions of reported values need ids, made before the write.
    let stored = if import.table()? == Table::Reported { import.rows_stored } else { 0 };
    let ids: Vec<uuid::Uuid> = (0..stored).map(|_| app.random.uuid()).collect();
    let (state, again) = (app.clone(), app.clone());
    let write = move |conn: &mut _, actor: &_| undoing::undo(conn, actor, &state, (id, version.0), &ids);
    let target = Target::record(SubjectKind::Import, id.0).large();
    let import = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            jobs::find(conn, actor, &again, RegisterImportId(first))
        })
        .await?;
    Ok(Versioned { version: import.version, record: view(&app, import, language(&request)) })
}
