//! Rows, words and views of files.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::attachments;
use crate::db::types::{
    AccountId, AttachmentId, CaseId, ConsentId, Instant, NoteId, OrganisationId, PersonId, text_enum,
};
use crate::error::AppError;
use crate::vault::{ContentKey, DataKey, FieldName, SealError, open};

text_enum! {
    /// What a file is.
    AttachmentKind {
        /// A paper by which a consent is proven.
        ConsentPaper = "consent_paper",
        /// A paper that proves who somebody is.
        IdentityPaper = "identity_paper",
        /// A certificate, of training or by law.
        Certificate = "certificate",
        /// A medical paper.
        Medical = "medical",
        /// A paper of a court, the police or a lawyer.
        Legal = "legal",
        /// A photograph.
        Photo = "photo",
        /// Anything else.
        Other = "other",
    }
}

text_enum! {
    /// What a file was found to be by its content.
    MediaType {
        /// JPEG.
        Jpeg = "image/jpeg",
        /// PNG.
        Png = "image/png",
        /// PDF.
        Pdf = "application/pdf",
    }
}

impl MediaType {
    /// What the first bytes say; none for anything that is not taken.
    pub fn of(content: &[u8]) -> Option<Self> {
        let starts = [
            (&b"\xff\xd8\xff"[..], Self::Jpeg),
            (&b"\x89PNG\r\n\x1a\n"[..], Self::Png),
            (&b"%PDF-1."[..], Self::Pdf),
            (&b"%PDF-2."[..], Self::Pdf),
        ];
        starts.into_iter().find_map(|(start, kind)| content.starts_with(start).then_some(kind))
    }

    /// A name for the downloaded file that tells nothing.
    pub fn neutral_name(self) -> &'static str {
        match self {
            Self::Jpeg => "file.jpg",
            Self::Png => "file.png",
            Self::Pdf => "file.pdf",
        }
    }
}

text_enum! {
    /// Why a file was declared void.
    AttachmentVoidReason {
        /// It is about somebody else.
        WrongPerson = "wrong_person",
        /// It was added twice.
        Duplicate = "duplicate",
        /// It cannot be read, or is not what it should be.
        WrongContent = "wrong_content",
        /// Anything else.
        Other = "other",
    }
}

/// A file of a case. Its content is sealed in a file of its own.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
pub struct Attachment {
    /// Id; the keys of the content are derived with it.
    pub id: AttachmentId,
    /// Case.
    pub case_id: CaseId,
    /// Whose case; title and content are sealed under this person's key.
    pub person_id: PersonId,
    /// Centre that ran the case when it was added.
    pub organisation_id: OrganisationId,
    /// What it is.
    pub kind: AttachmentKind,
    /// What it was found to be.
    pub media_type: MediaType,
    /// Bytes of the content in the open, as it was made anew.
    pub size_bytes: i64,
    /// Keyed digest of the content in the open.
    pub digest: Vec<u8>,
    /// Name of the sealed file, drawn at random.
    pub file_name: String,
    /// Sealed title.
    pub sealed_title: Vec<u8>,
    /// Note it belongs to.
    pub note_id: Option<NoteId>,
    /// Consent it proves.
    pub consent_id: Option<ConsentId>,
    /// Who added it.
    pub added_by: AccountId,
    /// When it was declared void; its content is then given to nobody.
    pub voided_at: Option<Instant>,
    /// Why.
    pub void_reason: Option<AttachmentVoidReason>,
    /// When it was added.
    pub created_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { Attachment => attachments }

/// A file as it is listed; its content is read on its own.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachmentView {
    /// Id.
    pub id: AttachmentId,
    /// Case.
    pub case_id: CaseId,
    /// What it is.
    pub kind: AttachmentKind,
    /// Title.
    pub title: String,
    /// What it was found to be.
    pub media_type: MediaType,
    /// Bytes of the content.
    pub size_bytes: i64,
    /// Note it belongs to.
    pub note_id: Option<NoteId>,
    /// Consent it proves.
    pub consent_id: Option<ConsentId>,
    /// Who added it.
    pub added_by: AccountId,
    /// When it was declared void; its content is then given to nobody.
    pub voided_at: Option<Instant>,
    /// Why.
    pub void_reason: Option<AttachmentVoidReason>,
    /// When it was added.
    pub created_at: Instant,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Attachment {
    /// Where the sealed title of a file stands.
    pub fn title_place(id: AttachmentId) -> FieldName {
        FieldName { table: "attachments", column: "sealed_title", row: id.0 }
    }

    /// The keys of its content.
    ///
    /// # Errors
    /// When the person was erased.
    pub fn content_key(id: AttachmentId, key: &DataKey) -> Result<ContentKey, SealError> {
        ContentKey::new(key, id.0)
    }

    /// Opens the title.
    ///
    /// # Errors
    /// When it does not open.
    pub fn view(self, key: &DataKey) -> Result<AttachmentView, AppError> {
        let title = open(key, self.person_id, Self::title_place(self.id), &self.sealed_title)?.to_string();
        Ok(AttachmentView {
            id: self.id,
            case_id: self.case_id,
            kind: self.kind,
            title,
            media_type: self.media_type,
            size_bytes: self.size_bytes,
            note_id: self.note_id,
            consent_id: self.consent_id,
            added_by: self.added_by,
            voided_at: self.voided_at,
            void_reason: self.void_reason,
            created_at: self.created_at,
            version: self.version,
        })
    }
}
