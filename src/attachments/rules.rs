//! Adding, reading and voiding files of a case.

use diesel::prelude::*;

use super::model::{Attachment, AttachmentKind, AttachmentVoidReason, MediaType};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::attachments;
use crate::db::types::{AccountId, AttachmentId, CaseId, ConsentId, Instant, NoteId, PersonId};
use crate::error::{AppError, Conflict, FieldError, Rule};
use crate::grants::Action;
use crate::grants::predicates::attachments_within;
use crate::{cases, consents, notes};

/// What is told of a file.
#[derive(Debug, Clone)]
pub struct Paper {
    /// What it is.
    pub kind: AttachmentKind,
    /// Title.
    pub title: String,
    /// Note it belongs to.
    pub note: Option<NoteId>,
    /// Consent it proves.
    pub consent: Option<ConsentId>,
}

/// A file that is to be added, its content stored already.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// Id, with which the keys of its content were derived.
    pub id: AttachmentId,
    /// Case.
    pub case: CaseId,
    /// Whose key sealed title and content: the case must be this person's.
    pub person: PersonId,
    /// What is told of it.
    pub paper: Paper,
    /// What it was found to be.
    pub media_type: MediaType,
    /// Bytes of the content in the open.
    pub size_bytes: i64,
    /// Keyed digest of the content in the open.
    pub digest: Vec<u8>,
    /// Name of the sealed file.
    pub file_name: String,
    /// Sealed title.
    pub sealed_title: Vec<u8>,
}

impl NewAttachment {
    /// The row of this file in its case.
    pub fn row(&self, case: &Case, added_by: AccountId, created_at: Instant) -> Attachment {
        Attachment {
            id: self.id,
            case_id: case.id,
            person_id: case.person_id,
            organisation_id: case.organisation_id,
            kind: self.paper.kind,
            media_type: self.media_type,
            size_bytes: self.size_bytes,
            digest: self.digest.clone(),
            file_name: self.file_name.clone(),
            sealed_title: self.sealed_title.clone(),
            note_id: self.paper.note,
            consent_id: self.paper.consent,
            added_by,
            voided_at: None,
            void_reason: None,
            created_at,
            version: 1,
        }
    }
}

/// The case to which the actor may add files.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn case_to_add_to(conn: &mut DbConnection, actor: &Actor, id: CaseId) -> Result<Case, AppError> {
    cases::rules::find_for(conn, actor, Action::AttachmentWrite, id)
}

/// Adds a file to a case.
///
/// # Errors
/// Field errors for the note and consent it belongs to; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    new: &NewAttachment,
) -> Result<Attachment, AppError> {
    let case = case_to_add_to(conn, actor, new.case)?;
    if case.person_id != new.person {
        return Err(AppError::internal("a case became another person's while a file was added"));
    }
    check_belonging(conn, actor, &case, new)?;
    let attachment = new.row(&case, actor.account, actor.now);
    diesel::insert_into(attachments::table).values(&attachment).execute(conn)?;
    trace(conn, trail, actor, new.id, TrailAction::Create, "attachment")?;
    Ok(attachment)
}

/// A note of this case that the actor reads, and a consent of its person; counselling notes are not named here.
fn check_belonging(conn: &mut DbConnection, actor: &Actor, case: &Case, new: &NewAttachment) -> Result<(), AppError> {
    let mut broken = Vec::new();
    if let Some(note) = new.paper.note
        && !notes::rules::exists_in(conn, actor, case.id, note)?
    {
        broken.push(FieldError::new("note_id", Rule::NoSuchReference));
    }
    if let Some(consent) = new.paper.consent {
        match consents::rules::read(conn, actor, case.person_id, consent) {
            Ok(_) => {}
            Err(AppError::NotFound) => broken.push(FieldError::new("consent_id", Rule::NoSuchReference)),
            Err(other) => return Err(other),
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

/// Reads what is known of one file.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: AttachmentId) -> Result<Attachment, AppError> {
    let scope = actor.scope(Action::AttachmentRead)?;
    Ok(attachments::table
        .filter(attachments::id.eq(id))
        .filter(attachments_within(&scope))
        .select(Attachment::as_select())
        .first(conn)?)
}

/// As [`read`], for whoever asks for the content.
///
/// # Errors
/// [`Conflict::AlreadyVoided`] when it was declared void.
pub fn read_for_content(conn: &mut DbConnection, actor: &Actor, id: AttachmentId) -> Result<Attachment, AppError> {
    let attachment = read(conn, actor, id)?;
    match attachment.voided_at {
        None => Ok(attachment),
        Some(_) => Err(AppError::Conflict(Conflict::AlreadyVoided)),
    }
}

/// Reads a page of the files of a case in the order in which they were added, one more than `limit`,
/// and whose case it is.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    case: CaseId,
    after: Option<(Instant, AttachmentId)>,
    limit: i64,
) -> Result<(PersonId, Vec<Attachment>), AppError> {
    let person = cases::rules::find_for(conn, actor, Action::AttachmentRead, case)?.person_id;
    let mut query = attachments::table
        .filter(attachments::case_id.eq(case))
        .order((attachments::created_at, attachments::id))
        .select(Attachment::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some((at, id)) = after {
        query =
            query.filter(attachments::created_at.gt(at).or(attachments::created_at.eq(at).and(attachments::id.gt(id))));
    }
    Ok((person, query.load(conn)?))
}

/// Declares a file void: it stays listed, and its content is given to nobody any more. The sealed
/// content stays until the person's records go.
///
/// # Errors
/// [`Conflict::AlreadyVoided`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn void(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: AttachmentId,
    expected: i32,
    reason: AttachmentVoidReason,
) -> Result<Attachment, AppError> {
    let mut attachment = read(conn, actor, id)?;
    case_to_add_to(conn, actor, attachment.case_id)?;
    if attachment.voided_at.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyVoided));
    }
    if attachment.version != expected {
        return Err(AppError::VersionStale { current: attachment.version, changed: vec!["voided_at".into()] });
    }
    attachment.voided_at = Some(actor.now);
    attachment.void_reason = Some(reason);
    attachment.version += 1;
    diesel::update(attachments::table.find(id))
        .set((
            attachments::voided_at.eq(attachment.voided_at),
            attachments::void_reason.eq(attachment.void_reason),
            attachments::version.eq(attachment.version),
        ))
        .execute(conn)?;
    trace(conn, trail, actor, id, TrailAction::Void, "voided_at")?;
    Ok(attachment)
}

fn trace(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    id: AttachmentId,
    action: TrailAction,
    field: &str,
) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::Attachment, id.0);
    record(conn, trail, subject, Some(actor.account), action, &[field], actor.now)
}
