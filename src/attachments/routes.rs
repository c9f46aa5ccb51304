//! `/cases/{id}/attachments` and `/attachments`.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{self, Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Attachment, AttachmentKind, AttachmentView, AttachmentVoidReason};
use super::rules::{self, Paper};
use super::{stored, upload};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{AttachmentId, CaseId, ConsentId, NoteId};
use crate::error::{AppError, Problem, Rule};
use crate::http::extract::{parse_json, plain_text};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::text::tidy;
use crate::vault::Vault;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_attachments)
        .service(add_attachment)
        .service(read_attachment)
        .service(read_attachment_content)
        .service(void_attachment);
}

fn opened(vault: &Vault, attachment: Attachment) -> Result<Versioned<AttachmentView>, AppError> {
    let key = vault.key(attachment.person_id)?;
    Ok(Versioned { version: attachment.version, record: attachment.view(&key)? })
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AttachmentPaging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the files of a case in the order in which they were added. The view is logged.
#[utoipa::path(tag = "attachments", params(("id" = CaseId, Path), AttachmentPaging), responses((status = 200, body = Page<AttachmentView>)))]
#[get("/cases/{id}/attachments")]
async fn list_attachments(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    query: Query<AttachmentPaging>,
) -> Result<Json<Page<AttachmentView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, AttachmentId(cursor.id))),
        None => None,
    };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let (person, rows) = rules::list(conn, actor, case.0, after, limit)?;
            let key = vault.key(person)?;
            let end = |row: &Attachment| Cursor::after_instant(row.created_at, row.id.0);
            let page = Page::of(rows, limit, end, |row| row.view(&key))?;
            let seen = Seen::list(SubjectKind::Attachment, page.items.iter().map(|item| item.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

/// What is told of a file.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttachmentDetails {
    /// What it is.
    kind: AttachmentKind,
    /// Title.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    title: String,
    /// Note of this case to which it belongs.
    note_id: Option<NoteId>,
    /// Consent of this person that it proves.
    consent_id: Option<ConsentId>,
}

/// A file and what is told of it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the parts, which are read one by one")]
struct AttachmentForm {
    /// JSON.
    details: AttachmentDetails,
    /// JPEG, PNG or PDF by its content, at most 10 MB (or what this installation is set to).
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Add a file to a case. It is made anew, without what cameras and programs note in files, and kept sealed.
#[utoipa::path(tag = "attachments", request_body(content = AttachmentForm, content_type = "multipart/form-data"),
    params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = AttachmentView),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/attachments")]
async fn add_attachment(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<Created<AttachmentView>, AppError> {
    let max_bytes = app.files.intake.max_bytes;
    upload::check_declared(&request, max_bytes)?;
    let person = app.read(caller, move |conn, actor| Ok(rules::case_to_add_to(conn, actor, case.0)?.person_id)).await?;
    let turn = app.files.intake.turn().await?;
    let received = upload::receive(&request, payload, max_bytes).await?;
    let details: AttachmentDetails = parse_json(&received.details)?;
    if tidy(&details.title).is_empty() {
        return Err(AppError::field("title", Rule::Length { min: 1, max: 200 }));
    }
    // Bound to what was sent, not to how it was wrapped: a client may wrap it anew when it tries again.
    let bound = key.bind_parts(&app.ring.server, &[&received.details, &received.file]);
    let clean = app.files.intake.look_through(received.file).await?;
    let AttachmentDetails { kind, title, note_id, consent_id } = details;
    let paper = Paper { kind, title, note: note_id, consent: consent_id };
    let new = stored::store(&app, (case.0, person), paper, clean).await?;
    // The body is gone from memory; the rest waits for the database only.
    drop(turn);
    let (trail, vault, id, file) = (app.trail.clone(), app.vault.clone(), new.id, new.file_name.clone());
    let write = {
        let vault = vault.clone();
        move |conn: &mut DbConnection, actor: &Actor| {
            rules::create(conn, actor, &trail, &new).and_then(|row| opened(&vault, row))
        }
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Attachment, id.0), write, move |conn, actor, first| {
            opened(&vault, rules::read(conn, actor, AttachmentId(first))?)
        })
        .await;
    stored::forget_unless_named(&app, &file, reply.as_ref().map(|reply| reply.record.id == id)).await;
    let reply = reply?;
    let location = format!("/attachments/{}", reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

/// Read what is known of one file. The view is logged.
#[utoipa::path(tag = "attachments", params(("id" = AttachmentId, Path)), responses((status = 200, body = AttachmentView)))]
#[get("/attachments/{id}")]
async fn read_attachment(
    caller: Caller,
    app: Data<App>,
    id: Path<AttachmentId>,
) -> Result<Versioned<AttachmentView>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let reply = opened(&vault, rules::read(conn, actor, id.0)?)?;
        Ok((reply, Seen::record(SubjectKind::Attachment, id.0.0)))
    })
    .await
}

/// Read the content of a file. The view is logged before the first byte.
#[utoipa::path(tag = "attachments", params(("id" = AttachmentId, Path)), responses(
    (status = 200, content_type = "application/octet-stream"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 500, body = Problem, content_type = "application/problem+json")))]
#[get("/attachments/{id}/content")]
async fn read_attachment_content(
    caller: Caller,
    app: Data<App>,
    id: Path<AttachmentId>,
) -> Result<HttpResponse, AppError> {
    let vault = app.vault.clone();
    let (row, key) = app
        .view(caller, move |conn, actor| {
            let row = rules::read_for_content(conn, actor, id.0)?;
            let key = vault.key(row.person_id)?;
            Ok(((row, key), Seen::record(SubjectKind::Attachment, id.0.0)))
        })
        .await?;
    let media_type = row.media_type;
    let content = stored::open(&app, row, &key).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type.as_str()))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", media_type.neutral_name())))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"))
        .body(content))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttachmentVoid {
    /// Why.
    reason: AttachmentVoidReason,
}

/// Declare a file void. It stays listed, and nobody reads its content any more.
#[utoipa::path(tag = "attachments", request_body = AttachmentVoid, params(("id" = AttachmentId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = AttachmentView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/attachments/{id}/void")]
async fn void_attachment(
    caller: Caller,
    app: Data<App>,
    id: Path<AttachmentId>,
    version: IfMatch,
    form: Valid<AttachmentVoid>,
) -> Result<Versioned<AttachmentView>, AppError> {
    let (trail, vault) = (app.trail.clone(), app.vault.clone());
    app.write(caller, move |conn, actor| {
        let row = rules::void(conn, actor, &trail, id.0, version.0, form.body.reason)?;
        log_reply(conn, actor, SubjectKind::Attachment, id.0.0)?;
        opened(&vault, row)
    })
    .await
}
