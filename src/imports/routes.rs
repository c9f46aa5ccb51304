//! `/imports`.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION};
use actix_web::web::{Data, Json, Payload, block};
use actix_web::{Either, HttpRequest, HttpResponse, get, post};
use serde::Deserialize;
use tokio::sync::SemaphorePermit;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{ImportKind, ImportView};
use super::report::{DryRun, LineFault};
use super::rules::{self, Checked, Decisions, Order};
use super::sheet::MOST_LINES;
use super::template::{TemplateFormat, template};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::types::{ImportId, OrganisationId};
use crate::error::{AppError, CellRule, Language, PlainForm, Problem, Rule};
use crate::grants::Action;
use crate::http::extract::read_body;
use crate::http::idempotency::{BoundKey, claimed};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};

/// Bytes a file may have.
pub const FILE_LIMIT: usize = 10 * 1024 * 1024;
/// A file that has not arrived by then is given up.
const FILE_DEADLINE: Duration = Duration::from_mins(2);
/// How long a file waits for another one to be done.
const TURN_DEADLINE: Duration = Duration::from_mins(1);

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_template).service(run_import).service(list_imports).service(read_import).service(undo_import);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TemplateQuery {
    /// `xlsx` (when absent) or `csv`.
    format: Option<TemplateFormat>,
}

/// Get an empty file to fill in.
#[utoipa::path(tag = "imports", params(("kind" = ImportKind, Path), TemplateQuery), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
#[get("/imports/templates/{kind}")]
async fn read_template(
    caller: Caller,
    app: Data<App>,
    kind: Path<ImportKind>,
    query: Query<TemplateQuery>,
) -> Result<HttpResponse, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::ImportRun)).await?;
    let (kind, format) = (kind.0, query.0.format.unwrap_or(TemplateFormat::Xlsx));
    let file = block(move || template(kind, format)).await??;
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{kind}.{format}\"")))
        .body(file))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// What the file holds.
    kind: ImportKind,
    /// `true`: say what would happen, and store nothing.
    #[serde(default)]
    dry_run: bool,
    /// Centre; needed only when you manage several.
    organisation_id: Option<OrganisationId>,
    /// Lines to leave out, such as `4,9-12`.
    #[validate(length(max = 40_000))]
    skip_lines: Option<String>,
    /// Lines to import whatever they look like, such as `7`.
    #[validate(length(max = 40_000))]
    import_lines: Option<String>,
}

/// Import a file (XLSX or CSV, known by its content): everything in it, or nothing. With
/// `dry_run`, hear what is wrong and which lines look like something on record; nothing is stored.
#[utoipa::path(tag = "imports", params(ImportQuery, ("Idempotency-Key" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, body = DryRun, description = "With dry_run"),
    (status = 201, body = ImportView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/imports")]
async fn run_import(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    query: Query<ImportQuery>,
    payload: Payload,
) -> Result<Either<Json<DryRun>, Created<ImportView>>, AppError> {
    let query = query.0;
    let asked = query.organisation_id;
    // Refused before the file is taken in.
    let organisation =
        app.read(caller, move |_, actor| actor.scope(Action::ImportRun)?.own_organisation(asked)).await?;
    let decisions = Decisions {
        skip: lines_of("skip_lines", query.skip_lines.as_deref())?,
        import: lines_of("import_lines", query.import_lines.as_deref())?,
    };
    let place = app.import_files.clone().try_acquire_owned();
    let _place = place.map_err(|_| AppError::Busy { retry_after_seconds: 30 })?;
    let bytes = read_body(&mut payload.into_inner(), FILE_LIMIT, FILE_DEADLINE).await?;
    let bound = key.bind(&app.ring.server, &[request.query_string().as_bytes(), b"\n", &bytes].concat());
    let _turn = turn(&app).await?;
    if !query.dry_run
        && let Some(first) = first_under(&app, caller, &bound).await?
    {
        return Ok(Either::Right(first));
    }
    let file_mac = rules::file_mac(&app, &bytes);
    if !query.dry_run {
        let mac = file_mac.clone();
        app.read(caller, move |conn, _| rules::refuse_known_file(conn, organisation, &mac)).await?;
    }
    let checked = check(&app, caller, (query.kind, organisation), bytes, decisions).await?;
    if query.dry_run {
        let language = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        return Ok(Either::Left(Json(dry_run(query.kind, checked, Language::of(language)))));
    }
    let refusals = checked.refusals();
    if !refusals.is_empty() {
        // Stored by the same request on another node meanwhile, every line looks like something on record.
        return match first_under(&app, caller, &bound).await? {
            Some(first) => Ok(Either::Right(first)),
            None => Err(AppError::Invalid(refusals)),
        };
    }
    let order = Order::of((query.kind, organisation), file_mac, checked);
    let stored = rules::import(&app, caller, bound, order).await?;
    Ok(Either::Right(created(stored)))
}

fn created(import: super::model::Import) -> Created<ImportView> {
    Created { location: format!("/imports/{}", import.id), version: Some(import.version), record: import.into() }
}

/// Waits until no other file is worked on: each takes memory, and the writer.
async fn turn(app: &App) -> Result<SemaphorePermit<'_>, AppError> {
    let busy = AppError::Busy { retry_after_seconds: 30 };
    match tokio::time::timeout(TURN_DEADLINE, app.imports.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(busy),
    }
}

/// What the first request under this key stored, if there was one.
async fn first_under(app: &App, caller: Caller, bound: &BoundKey) -> Result<Option<Created<ImportView>>, AppError> {
    let bound = bound.clone();
    let found = app.read(caller, move |conn, actor| {
        let first = claimed(conn, actor, &bound)?;
        rules::find(conn, actor, ImportId(first))
    });
    match found.await {
        Ok(import) => Ok(Some(created(import))),
        Err(AppError::NotFound | AppError::Database(diesel::result::Error::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn check(
    app: &App,
    caller: Caller,
    (kind, centre): (ImportKind, OrganisationId),
    bytes: actix_web::web::Bytes,
    decisions: Decisions,
) -> Result<Checked, AppError> {
    let (units, state, today) = (app.units.clone(), app.clone(), app.clock.today());
    let prepared = block(move || rules::prepare(&bytes, kind, &decisions, &units, today)).await;
    // The reader of workbooks may stumble over one that was made for that.
    let file = prepared.unwrap_or_else(|_| Err(AppError::field("file", Rule::Cell(CellRule::File))))?;
    app.view(caller, move |conn, actor| {
        let checked = rules::check(conn, actor, &state, centre, file)?;
        let seen = checked.seen();
        Ok((checked, seen))
    })
    .await
}

fn dry_run(kind: ImportKind, checked: Checked, language: Language) -> DryRun {
    let importable = checked.refusals().is_empty();
    let Checked { rows_read, rows_skipped, faults, duplicates, found, imports_before: _ } = checked;
    let (persons, cases, loans) = found.counts();
    DryRun {
        kind,
        rows_read,
        rows_skipped,
        persons,
        cases,
        loans,
        importable,
        errors: faults.iter().map(|fault| LineFault::of(fault, language)).collect(),
        duplicates,
    }
}

/// Numbers of lines such as `4,9-12`.
fn lines_of(field: &'static str, text: Option<&str>) -> Result<BTreeSet<u32>, AppError> {
    let wrong = || AppError::field(field, Rule::Format(PlainForm::Lines.into()));
    let mut lines = BTreeSet::new();
    for part in text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let from: u32 = from.trim().parse().map_err(|_| wrong())?;
        let to: u32 = to.trim().parse().map_err(|_| wrong())?;
        let many = usize::try_from(to.checked_sub(from).ok_or_else(wrong)?).unwrap_or(usize::MAX);
        if many >= MOST_LINES || lines.len() + many >= 2 * MOST_LINES {
            return Err(wrong());
        }
        lines.extend(from..=to);
    }
    Ok(lines)
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

/// List the imports of your centre, newest first.
#[utoipa::path(tag = "imports", params(Paging), responses((status = 200, body = Page<ImportView>)))]
#[get("/imports")]
async fn list_imports(
    caller: Caller,
    app: Data<App>,
    query: Query<Paging>,
) -> Result<Json<Page<ImportView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, ImportId(cursor.id))),
        None => None,
    };
    let rows = app.read(caller, move |conn, actor| rules::list(conn, actor, after, limit)).await?;
    let end = |row: &super::model::Import| Cursor::after_instant(row.created_at, row.id.0);
    Ok(Json(Page::of(rows, limit, end, |row| Ok(row.into()))?))
}

/// Read an import: who ran it and when, what it made, whether it was undone. No names.
#[utoipa::path(tag = "imports", params(("id" = ImportId, Path)), responses((status = 200, body = ImportView)))]
#[get("/imports/{id}")]
async fn read_import(caller: Caller, app: Data<App>, id: Path<ImportId>) -> Result<Versioned<ImportView>, AppError> {
    let import = app.read(caller, move |conn, actor| rules::find(conn, actor, id.0)).await?;
    Ok(Versioned { version: import.version, record: import.into() })
}

#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Undoing {}

/// Undo an import: everything it made is removed and the persons' keys are destroyed. Refused
/// once anything was built on it.
#[utoipa::path(tag = "imports", request_body = Undoing,
    params(("id" = ImportId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = ImportView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/imports/{id}/undo")]
async fn undo_import(
    caller: Caller,
    app: Data<App>,
    id: Path<ImportId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Undoing>,
) -> Result<Versioned<ImportView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, trail) = (id.0, app.trail.clone());
    let write = move |conn: &mut _, actor: &_| rules::undo(conn, actor, &trail, id, version.0);
    let target = Target::record(SubjectKind::Import, id.0).large();
    let undone = app
        .write_once(caller, bound, target, write, |conn, actor, first| rules::find(conn, actor, ImportId(first)))
        .await?;
    let (state, now) = (app.clone(), app.clock.now());
    // The keys are given up durably; what is not destroyed now is at the next round.
    if let Err(error) = block(move || rules::destroy_loose_keys(&state, now)).await.map_err(AppError::from).flatten() {
        tracing::error!(cause = %error, "keys of an import that was undone are left to the next round");
    }
    Ok(Versioned { version: undone.version, record: undone.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_one_by_one_or_from_to() {
        let lines = |text| lines_of("skip_lines", Some(text)).map(|lines| lines.into_iter().collect::<Vec<_>>());
        assert_eq!(lines("4, 9-11,").expect("lines"), [4, 9, 10, 11]);
        assert_eq!(lines("").expect("lines"), Vec::<u32>::new());
        for text in ["x", "4-", "9-4", "-4", "1-4294967295"] {
            assert!(lines(text).is_err(), "{text}");
        }
    }
}
