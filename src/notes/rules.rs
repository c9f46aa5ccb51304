//! Writing, correcting and reading notes. A note is never deleted.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{MistakeReason, Note, NoteKind, NoteVersion, Shelf};
use crate::accounts::Actor;
use crate::audit::{Subject, TrailAction, TrailKey, check_version, record};
use crate::cases;
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::{note_versions, notes};
use crate::db::types::{CaseId, NoteId, PersonId};
use crate::error::{AppError, Conflict, DayOf, FieldError, Rule};
use crate::grants::Scope;
use crate::grants::predicates::{counselling_within, notes_within};

/// A note that is to be written.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// Id.
    pub id: NoteId,
    /// Case.
    pub case: CaseId,
    /// What it tells of.
    pub kind: NoteKind,
    /// Day on which that happened.
    pub occurred_on: NaiveDate,
}

/// Writes a note; `seal` seals its text for the person of the case.
///
/// # Errors
/// Field errors; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    shelf: Shelf,
    new: &NewNote,
    seal: impl Fn(PersonId) -> Result<Vec<u8>, AppError>,
) -> Result<Note, AppError> {
    let case = cases::rules::find_for(conn, actor, shelf.write(), new.case)?;
    check_day(actor, &case, new.occurred_on)?;
    let note = Note {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        organisation_id: case.organisation_id,
        counselling: shelf == Shelf::Counselling,
        kind: new.kind,
        occurred_on: new.occurred_on,
        sealed_text: seal(case.person_id)?,
        author_id: actor.account,
        mistaken_at: None,
        mistake_reason: None,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
    };
    diesel::insert_into(notes::table).values(&note).execute(conn)?;
    trace(conn, trail, actor, shelf, note.id, TrailAction::Create, &["note"])?;
    Ok(note)
}

fn check_day(actor: &Actor, case: &Case, day: NaiveDate) -> Result<(), AppError> {
    let mut broken = Vec::new();
    if day > actor.now.civil_date() {
        broken.push(FieldError::new("occurred_on", Rule::NotInFuture));
    }
    if day < case.received_on {
        broken.push(FieldError::new("occurred_on", Rule::NotBefore(DayOf::CaseReceived)));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

/// The note of this id within a scope.
fn find(conn: &mut DbConnection, scope: &Scope, shelf: Shelf, id: NoteId) -> Result<Note, AppError> {
    let note = notes::table.filter(notes::id.eq(id)).select(Note::as_select());
    Ok(match shelf {
        Shelf::Casework => note.filter(notes_within(scope)).first(conn)?,
        Shelf::Counselling => note.filter(counselling_within(scope)).first(conn)?,
    })
}

/// Reads one note.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, shelf: Shelf, id: NoteId) -> Result<Note, AppError> {
    find(conn, &actor.scope(shelf.read())?, shelf, id)
}

/// Which notes of a case a list shows.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Case.
    pub case: CaseId,
    /// Only of this kind.
    pub kind: Option<NoteKind>,
}

/// Reads a page of notes of a case, newest day first, one more than `limit`, and whose case it is.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    shelf: Shelf,
    filter: Filter,
    after: Option<(NaiveDate, NoteId)>,
    limit: i64,
) -> Result<(PersonId, Vec<Note>), AppError> {
    let case = cases::rules::find_for(conn, actor, shelf.read(), filter.case)?;
    let scope = actor.scope(shelf.read())?;
    let mut query = notes::table
        .filter(notes::case_id.eq(filter.case))
        .order((notes::occurred_on.desc(), notes::id.desc()))
        .select(Note::as_select())
        .limit(limit + 1)
        .into_boxed();
    query = match shelf {
        Shelf::Casework => query.filter(notes_within(&scope)),
        Shelf::Counselling => query.filter(counselling_within(&scope)),
    };
    if let Some(kind) = filter.kind {
        query = query.filter(notes::kind.eq(kind));
    }
    if let Some((day, id)) = after {
        query = query.filter(notes::occurred_on.lt(day).or(notes::occurred_on.eq(day).and(notes::id.lt(id))));
    }
    Ok((case.person_id, query.load(conn)?))
}

/// Reads a page of the earlier texts of a note, oldest first, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn versions(
    conn: &mut DbConnection,
    actor: &Actor,
    shelf: Shelf,
    id: NoteId,
    after: i32,
    limit: i64,
) -> Result<(Note, Vec<NoteVersion>), AppError> {
    let note = read(conn, actor, shelf, id)?;
    let earlier = note_versions::table
        .filter(note_versions::note_id.eq(id))
        .filter(note_versions::number.gt(after))
        .order(note_versions::number)
        .select(NoteVersion::as_select())
        .limit(limit + 1)
        .load(conn)?;
    Ok((note, earlier))
}

/// What a correction changes; what is absent stays.
#[derive(Debug, Clone, Copy)]
pub struct Correction {
    /// What the note tells of.
    pub kind: Option<NoteKind>,
    /// Day on which that happened.
    pub occurred_on: Option<NaiveDate>,
    /// Whether the text changes.
    pub text: bool,
}

/// Corrects a note of the actor's own. The earlier text is kept.
///
/// # Errors
/// Field errors; [`Conflict::AlreadyVoided`] once it was marked as a mistake; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`] for another's note.
pub fn correct(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (shelf, id, expected): (Shelf, NoteId, i32),
    change: Correction,
    seal: impl Fn(&Note, u32) -> Result<Vec<u8>, AppError>,
) -> Result<Note, AppError> {
    let (mut note, case) = find_to_change(conn, actor, shelf, id)?;
    if note.author_id != actor.account {
        return Err(AppError::Forbidden);
    }
    check_standing(conn, shelf, &note, expected)?;
    if let Some(day) = change.occurred_on {
        check_day(actor, &case, day)?;
    }
    let earlier = NoteVersion {
        note_id: id,
        number: note.version,
        kind: note.kind,
        occurred_on: note.occurred_on,
        sealed_text: note.sealed_text.clone(),
        written_at: note.updated_at,
    };
    diesel::insert_into(note_versions::table).values(&earlier).execute(conn)?;
    note.version += 1;
    note.updated_at = actor.now;
    note.kind = change.kind.unwrap_or(note.kind);
    note.occurred_on = change.occurred_on.unwrap_or(note.occurred_on);
    // Sealed anew even where the text stays: a sealed value tells the version it belongs to.
    note.sealed_text = seal(&note, u32::try_from(note.version).unwrap_or(u32::MAX))?;
    save(conn, &note)?;
    let named = [("kind", change.kind.is_some()), ("occurred_on", change.occurred_on.is_some()), ("text", change.text)];
    let fields: Vec<&str> = named.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect();
    trace(conn, trail, actor, shelf, id, TrailAction::Update, &fields)?;
    Ok(note)
}

/// Marks a note as entered by mistake: it stays, and its texts are shown to nobody any more.
/// The author may, and the manager for notes that are no counselling notes.
///
/// # Errors
/// [`Conflict::AlreadyVoided`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn mark_mistaken(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (shelf, id, expected): (Shelf, NoteId, i32),
    reason: MistakeReason,
) -> Result<Note, AppError> {
    let (mut note, case) = find_to_change(conn, actor, shelf, id)?;
    let manages = actor.scope(shelf.write())?.organisations.contains(case.organisation_id);
    if note.author_id != actor.account && !manages {
        return Err(AppError::Forbidden);
    }
    check_standing(conn, shelf, &note, expected)?;
    note.version += 1;
    note.updated_at = actor.now;
    note.mistaken_at = Some(actor.now);
    note.mistake_reason = Some(reason);
    save(conn, &note)?;
    trace(conn, trail, actor, shelf, id, TrailAction::Void, &["mistaken_at"])?;
    Ok(note)
}

/// The note and its case, for an action that changes it: 404 out of sight, 403 in sight only.
fn find_to_change(conn: &mut DbConnection, actor: &Actor, shelf: Shelf, id: NoteId) -> Result<(Note, Case), AppError> {
    let note = read(conn, actor, shelf, id)?;
    let case = cases::rules::find_for(conn, actor, shelf.write(), note.case_id)?;
    Ok((note, case))
}

fn check_standing(conn: &mut DbConnection, shelf: Shelf, note: &Note, expected: i32) -> Result<(), AppError> {
    if note.mistaken_at.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyVoided));
    }
    check_version(conn, Subject::new(shelf.subject(), note.id.0), note.version, expected)
}

/// Writes the changeable columns; the row must still have the version before.
fn save(conn: &mut DbConnection, note: &Note) -> Result<(), AppError> {
    let row = notes::table.filter(notes::id.eq(note.id)).filter(notes::version.eq(note.version - 1));
    let saved = diesel::update(row)
        .set((
            notes::kind.eq(note.kind),
            notes::occurred_on.eq(note.occurred_on),
            notes::sealed_text.eq(&note.sealed_text),
            notes::mistaken_at.eq(note.mistaken_at),
            notes::mistake_reason.eq(note.mistake_reason),
            notes::updated_at.eq(note.updated_at),
            notes::version.eq(note.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

/// Whether this case has a note of this id that the actor may read; counselling notes are none.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn exists_in(conn: &mut DbConnection, actor: &Actor, case: CaseId, id: NoteId) -> Result<bool, AppError> {
    let scope = actor.scope(Shelf::Casework.read())?;
    let note = notes::table.filter(notes::id.eq(id)).filter(notes::case_id.eq(case)).filter(notes_within(&scope));
    Ok(diesel::select(diesel::dsl::exists(note)).get_result(conn)?)
}

fn trace(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    shelf: Shelf,
    id: NoteId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(shelf.subject(), id.0), Some(actor.account), action, fields, actor.now)
}
