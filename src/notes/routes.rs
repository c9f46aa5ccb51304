//! `/cases/{id}/notes` and `/notes`; [`counselling`] is the same for counselling notes.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{MOST_CHARACTERS, MistakeReason, Note, NoteKind, NoteVersionView, NoteView, Shelf};
use super::rules::{self, Correction, Filter, NewNote};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, log_reply};
use crate::db::DbConnection;
use crate::db::types::{CaseId, NoteId};
use crate::error::{AppError, Problem, Rule};
use crate::http::extract::plain_text;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::text::tidy;
use crate::vault::{Vault, seal};

mod counselling;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_notes)
        .service(write_note)
        .service(read_note)
        .service(correct_note)
        .service(mark_note_mistaken)
        .service(list_note_versions);
    counselling::configure(config);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NoteFilter {
    /// Only of this kind.
    kind: Option<NoteKind>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionPaging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteForm {
    /// What it tells of.
    kind: NoteKind,
    /// Day on which that happened.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    occurred_on: NaiveDate,
    /// Text, 1 to 10,000 characters in composed form (NFC).
    #[validate(custom(function = plain_text))]
    text: String,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteCorrection {
    /// What it tells of.
    kind: Option<NoteKind>,
    /// Day on which that happened.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    occurred_on: Option<NaiveDate>,
    /// Text, 1 to 10,000 characters in composed form (NFC).
    #[validate(custom(function = plain_text))]
    text: Option<String>,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Mistake {
    /// Why.
    reason: MistakeReason,
}

/// Characters are counted as they are stored: two spellings of one text are one length.
fn composed(text: &str) -> Result<String, AppError> {
    let text = tidy(text);
    let most = u64::try_from(MOST_CHARACTERS).unwrap_or(u64::MAX);
    match text.chars().count() {
        1..=MOST_CHARACTERS => Ok(text),
        _ => Err(AppError::field("text", Rule::Length { min: 1, max: most })),
    }
}

fn opened(vault: &Vault, note: Note) -> Result<Versioned<NoteView>, AppError> {
    let key = vault.key(note.person_id)?;
    Ok(Versioned { version: note.version, record: note.view(&key)? })
}

async fn list(
    caller: Caller,
    app: Data<App>,
    shelf: Shelf,
    case: CaseId,
    query: NoteFilter,
) -> Result<Json<Page<NoteView>>, AppError> {
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, NoteId(cursor.id))),
        None => None,
    };
    let filter = Filter { case, kind: query.kind };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let (person, rows) = rules::list(conn, actor, shelf, filter, after, limit)?;
            let key = vault.key(person)?;
            let end = |note: &Note| Cursor::after_date(note.occurred_on, note.id.0);
            let page = Page::of(rows, limit, end, |note| note.view(&key))?;
            let seen = Seen::list(shelf.subject(), page.items.iter().map(|note| note.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

async fn write(
    caller: Caller,
    app: Data<App>,
    shelf: Shelf,
    case: CaseId,
    key: IdempotencyKey,
    form: Valid<NoteForm>,
) -> Result<Created<NoteView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let text = composed(&form.body.text)?;
    let id = NoteId(app.random.uuid());
    let new = NewNote { id, case, kind: form.body.kind, occurred_on: form.body.occurred_on };
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person| {
            let key = state.vault.key(person)?;
            Ok(seal(&state.random, &key, person, Note::text_place(id), 1, &text)?)
        };
        let note = rules::create(conn, actor, &state.trail, shelf, &new, sealing)?;
        opened(&state.vault, note)
    };
    let reply = app
        .write_once(caller, bound, Target::record(shelf.subject(), id.0), write, move |conn, actor, first| {
            opened(&vault, rules::read(conn, actor, shelf, NoteId(first))?)
        })
        .await?;
    let location = format!("{}/{}", shelf.path(), reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

async fn read(caller: Caller, app: Data<App>, shelf: Shelf, id: NoteId) -> Result<Versioned<NoteView>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let note = rules::read(conn, actor, shelf, id)?;
        Ok((opened(&vault, note)?, Seen::record(shelf.subject(), id.0)))
    })
    .await
}

async fn correct(
    caller: Caller,
    app: Data<App>,
    shelf: Shelf,
    id: NoteId,
    version: IfMatch,
    form: NoteCorrection,
) -> Result<Versioned<NoteView>, AppError> {
    let text = form.text.as_deref().map(composed).transpose()?;
    let change = Correction { kind: form.kind, occurred_on: form.occurred_on, text: text.is_some() };
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        let sealing = |note: &Note, version| {
            let key = state.vault.key(note.person_id)?;
            let place = Note::text_place(note.id);
            let kept = match &text {
                Some(_) => None,
                None => Some(crate::vault::open(&key, note.person_id, place, &note.sealed_text)?),
            };
            let text = text.as_deref().or(kept.as_ref().map(|kept| kept.as_str())).unwrap_or_default();
            Ok(seal(&state.random, &key, note.person_id, place, version, text)?)
        };
        let note = rules::correct(conn, actor, &state.trail, (shelf, id, version.0), change, sealing)?;
        log_reply(conn, actor, shelf.subject(), id.0)?;
        opened(&state.vault, note)
    })
    .await
}

async fn mark_mistaken(
    caller: Caller,
    app: Data<App>,
    shelf: Shelf,
    id: NoteId,
    version: IfMatch,
    reason: MistakeReason,
) -> Result<Versioned<NoteView>, AppError> {
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        let note = rules::mark_mistaken(conn, actor, &state.trail, (shelf, id, version.0), reason)?;
        log_reply(conn, actor, shelf.subject(), id.0)?;
        opened(&state.vault, note)
    })
    .await
}

async fn versions(
    caller: Caller,
    app: Data<App>,
    shelf: Shelf,
    id: NoteId,
    query: VersionPaging,
) -> Result<Json<Page<NoteVersionView>>, AppError> {
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => i32::try_from(cursor.number()?).unwrap_or(i32::MAX),
        None => 0,
    };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let (note, rows) = rules::versions(conn, actor, shelf, id, after, limit)?;
            let key = vault.key(note.person_id)?;
            let end = |row: &super::model::NoteVersion| Cursor { key: row.number.to_string(), id: id.0 };
            let page = Page::of(rows, limit, end, |row| row.view(&note, &key))?;
            Ok((page, Seen::record(shelf.subject(), id.0)))
        })
        .await?;
    Ok(Json(page))
}

/// List the notes of a case, newest day first. The view is logged.
#[utoipa::path(tag = "notes", params(("id" = CaseId, Path), NoteFilter), responses((status = 200, body = Page<NoteView>)))]
#[get("/cases/{id}/notes")]
async fn list_notes(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    query: Query<NoteFilter>,
) -> Result<Json<Page<NoteView>>, AppError> {
    list(caller, app, Shelf::Casework, case.0, query.0).await
}

/// Write a note.
#[utoipa::path(tag = "notes", request_body = NoteForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = NoteView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/notes")]
async fn write_note(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<NoteForm>,
) -> Result<Created<NoteView>, AppError> {
    write(caller, app, Shelf::Casework, case.0, key, form).await
}

/// Read one note. The view is logged.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), responses((status = 200, body = NoteView)))]
#[get("/notes/{id}")]
async fn read_note(caller: Caller, app: Data<App>, id: Path<NoteId>) -> Result<Versioned<NoteView>, AppError> {
    read(caller, app, Shelf::Casework, id.0).await
}

/// Correct a note of your own. The earlier text stays readable.
#[utoipa::path(tag = "notes", request_body = NoteCorrection, params(("id" = NoteId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = NoteView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/notes/{id}")]
async fn correct_note(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
    version: IfMatch,
    form: Valid<NoteCorrection>,
) -> Result<Versioned<NoteView>, AppError> {
    correct(caller, app, Shelf::Casework, id.0, version, form.body).await
}

/// Mark a note as entered by mistake: it stays in the list without its text.
#[utoipa::path(tag = "notes", request_body = Mistake, params(("id" = NoteId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = NoteView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/notes/{id}/mistaken")]
async fn mark_note_mistaken(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
    version: IfMatch,
    form: Valid<Mistake>,
) -> Result<Versioned<NoteView>, AppError> {
    mark_mistaken(caller, app, Shelf::Casework, id.0, version, form.body.reason).await
}

/// List the earlier texts of a note, oldest first. The view is logged.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path), VersionPaging), responses((status = 200, body = Page<NoteVersionView>)))]
#[get("/notes/{id}/versions")]
async fn list_note_versions(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
    query: Query<VersionPaging>,
) -> Result<Json<Page<NoteVersionView>>, AppError> {
    versions(caller, app, Shelf::Casework, id.0, query.0).await
}
