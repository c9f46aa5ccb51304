//! `/cases/{id}/counselling-notes` and `/counselling-notes`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Mistake, NoteCorrection, NoteFilter, NoteForm, VersionPaging};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::types::{CaseId, NoteId};
use crate::error::{AppError, Problem};
use crate::http::{Created, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned};
use crate::notes::model::{NoteVersionView, NoteView, Shelf};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_counselling_notes)
        .service(write_counselling_note)
        .service(read_counselling_note)
        .service(correct_counselling_note)
        .service(mark_counselling_note_mistaken)
        .service(list_counselling_note_versions);
}

/// List the counselling notes of a case that you may read, newest day first: your own, or all of your centre's as its manager. The view is logged.
#[utoipa::path(tag = "counselling notes", params(("id" = CaseId, Path), NoteFilter), responses((status = 200, body = Page<NoteView>)))]
#[get("/cases/{id}/counselling-notes")]
async fn list_counselling_notes(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    query: Query<NoteFilter>,
) -> Result<Json<Page<NoteView>>, AppError> {
    super::list(caller, app, Shelf::Counselling, case.0, query.0).await
}

/// Write a counselling note in a case that is assigned to you.
#[utoipa::path(tag = "counselling notes", request_body = NoteForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = NoteView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/counselling-notes")]
async fn write_counselling_note(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<NoteForm>,
) -> Result<Created<NoteView>, AppError> {
    super::write(caller, app, Shelf::Counselling, case.0, key, form).await
}

/// Read one counselling note. The view is logged.
#[utoipa::path(tag = "counselling notes", params(("id" = NoteId, Path)), responses((status = 200, body = NoteView)))]
#[get("/counselling-notes/{id}")]
async fn read_counselling_note(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
) -> Result<Versioned<NoteView>, AppError> {
    super::read(caller, app, Shelf::Counselling, id.0).await
}

/// Correct a counselling note of your own. The earlier text stays readable.
#[utoipa::path(tag = "counselling notes", request_body = NoteCorrection, params(("id" = NoteId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = NoteView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[patch("/counselling-notes/{id}")]
async fn correct_counselling_note(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
    version: IfMatch,
    form: Valid<NoteCorrection>,
) -> Result<Versioned<NoteView>, AppError> {
    super::correct(caller, app, Shelf::Counselling, id.0, version, form.body).await
}

/// Mark a counselling note of your own as entered by mistake: it stays in the list without its text.
#[utoipa::path(tag = "counselling notes", request_body = Mistake, params(("id" = NoteId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = NoteView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/counselling-notes/{id}/mistaken")]
async fn mark_counselling_note_mistaken(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
    version: IfMatch,
    form: Valid<Mistake>,
) -> Result<Versioned<NoteView>, AppError> {
    super::mark_mistaken(caller, app, Shelf::Counselling, id.0, version, form.body.reason).await
}

/// List the earlier texts of a counselling note, oldest first. The view is logged.
#[utoipa::path(tag = "counselling notes", params(("id" = NoteId, Path), VersionPaging), responses((status = 200, body = Page<NoteVersionView>)))]
#[get("/counselling-notes/{id}/versions")]
async fn list_counselling_note_versions(
    caller: Caller,
    app: Data<App>,
    id: Path<NoteId>,
    query: Query<VersionPaging>,
) -> Result<Json<Page<NoteVersionView>>, AppError> {
    super::versions(caller, app, Shelf::Counselling, id.0, query.0).await
}
