//! Rows, words and views of notes.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::SubjectKind;
use crate::db::bulk::bulk_rows;
use crate::db::schema::{note_versions, notes};
use crate::db::types::{AccountId, CaseId, Instant, NoteId, OrganisationId, PersonId, text_enum};
use crate::error::AppError;
use crate::grants::Action;
use crate::vault::{DataKey, FieldName, open_if_any};

/// Most characters of a note, counted in composed form (NFC).
pub const MOST_CHARACTERS: usize = 10_000;

text_enum! {
    /// What a note tells of.
    NoteKind {
        /// A contact in passing, or by message.
        Contact = "contact",
        /// A visit at home.
        HomeVisit = "home_visit",
        /// A meeting.
        Meeting = "meeting",
        /// A telephone call.
        Call = "call",
        /// Something observed.
        Observation = "observation",
        /// Anything else.
        Other = "other",
    }
}

text_enum! {
    /// Why a note was entered by mistake.
    MistakeReason {
        /// It is about somebody else.
        WrongPerson = "wrong_person",
        /// It stands there twice.
        Duplicate = "duplicate",
        /// It says what did not happen so.
        WrongContent = "wrong_content",
        /// Anything else.
        Other = "other",
    }
}

/// Which notes of a case: the two never stand in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Notes that whoever reads the case reads.
    Casework,
    /// Counselling notes, for their author and the centre's manager.
    Counselling,
}

impl Shelf {
    /// The right to read.
    pub fn read(self) -> Action {
        match self {
            Self::Casework => Action::NoteRead,
            Self::Counselling => Action::CounsellingRead,
        }
    }

    /// The right to write.
    pub fn write(self) -> Action {
        match self {
            Self::Casework => Action::NoteWrite,
            Self::Counselling => Action::CounsellingWrite,
        }
    }

    /// What trail and view log call it.
    pub fn subject(self) -> SubjectKind {
        match self {
            Self::Casework => SubjectKind::Note,
            Self::Counselling => SubjectKind::CounsellingNote,
        }
    }

    /// Path of one note below `/api/v1`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Casework => "/notes",
            Self::Counselling => "/counselling-notes",
        }
    }
}

/// A note as it stands now.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notes, treat_none_as_default_value = false)]
pub struct Note {
    /// Id.
    pub id: NoteId,
    /// Case.
    pub case_id: CaseId,
    /// Whose case; the text is sealed under this person's key.
    pub person_id: PersonId,
    /// Centre that ran the case when it was written.
    pub organisation_id: OrganisationId,
    /// Whether it is a counselling note.
    pub counselling: bool,
    /// What it tells of.
    pub kind: NoteKind,
    /// Day on which that happened.
    pub occurred_on: NaiveDate,
    /// Sealed text; sealed anew at each correction.
    pub sealed_text: Vec<u8>,
    /// Who wrote it.
    pub author_id: AccountId,
    /// When it was marked as entered by mistake; its text is then shown to nobody.
    pub mistaken_at: Option<Instant>,
    /// Why.
    pub mistake_reason: Option<MistakeReason>,
    /// When it was written.
    pub created_at: Instant,
    /// When it was last corrected or marked.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// What a note said before it was corrected.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = note_versions, treat_none_as_default_value = false)]
pub struct NoteVersion {
    /// Note.
    pub note_id: NoteId,
    /// Version the note had then.
    pub number: i32,
    /// What it told of.
    pub kind: NoteKind,
    /// Day on which that happened.
    pub occurred_on: NaiveDate,
    /// Sealed text, as it stood in the note.
    pub sealed_text: Vec<u8>,
    /// When it was written.
    pub written_at: Instant,
}

bulk_rows! { Note => notes, NoteVersion => note_versions }

/// A note as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoteView {
    /// Id.
    pub id: NoteId,
    /// Case.
    pub case_id: CaseId,
    /// What it tells of.
    pub kind: NoteKind,
    /// Day on which that happened.
    pub occurred_on: NaiveDate,
    /// Text; none once it was marked as entered by mistake.
    pub text: Option<String>,
    /// Who wrote it.
    pub author_id: AccountId,
    /// When it was marked as entered by mistake.
    pub mistaken_at: Option<Instant>,
    /// Why.
    pub mistake_reason: Option<MistakeReason>,
    /// When it was written.
    pub created_at: Instant,
    /// When it was last corrected or marked.
    pub updated_at: Instant,
    /// Version; send it in quotes as `If-Match`. Above 1 there are earlier texts, or it was marked.
    pub version: i32,
}

/// An earlier text of a note.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoteVersionView {
    /// Version the note had then.
    pub number: i32,
    /// What it told of.
    pub kind: NoteKind,
    /// Day on which that happened.
    pub occurred_on: NaiveDate,
    /// Text; none once the note was marked as entered by mistake.
    pub text: Option<String>,
    /// When it was written.
    pub written_at: Instant,
}

impl Note {
    /// Where the sealed text of a note stands.
    pub fn text_place(id: NoteId) -> FieldName {
        FieldName { table: "notes", column: "sealed_text", row: id.0 }
    }

    /// Opens the text, unless it was entered by mistake.
    ///
    /// # Errors
    /// When it does not open.
    pub fn view(self, key: &DataKey) -> Result<NoteView, AppError> {
        let text = match self.mistaken_at {
            Some(_) => None,
            None => open_if_any(key, self.person_id, Self::text_place(self.id), Some(&self.sealed_text))?,
        };
        Ok(NoteView {
            id: self.id,
            case_id: self.case_id,
            kind: self.kind,
            occurred_on: self.occurred_on,
            text,
            author_id: self.author_id,
            mistaken_at: self.mistaken_at,
            mistake_reason: self.mistake_reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

impl NoteVersion {
    /// Opens the text, unless `note` was entered by mistake.
    ///
    /// # Errors
    /// When it does not open.
    pub fn view(self, note: &Note, key: &DataKey) -> Result<NoteVersionView, AppError> {
        let text = match note.mistaken_at {
            Some(_) => None,
            None => open_if_any(key, note.person_id, Note::text_place(note.id), Some(&self.sealed_text))?,
        };
        Ok(NoteVersionView {
            number: self.number,
            kind: self.kind,
            occurred_on: self.occurred_on,
            text,
            written_at: self.written_at,
        })
    }
}
