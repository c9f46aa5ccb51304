//! Notes as rows, and small made-up papers as sealed files.

use chrono::NaiveDate;
use image::codecs::png::PngEncoder;
use image::{Rgb, RgbImage};

use super::batch::CORRECTED_AFTER;
use super::load::{at, word};
use super::story::Story;
use super::story::notes::{self as told, notes_of};
use crate::app::App;
use crate::attachments::model::{Attachment, AttachmentKind};
use crate::attachments::{Paper, add_now};
use crate::cases::model::Case;
use crate::clock::Random;
use crate::consents::model::Consent;
use crate::db::types::{AccountId, NoteId};
use crate::error::AppError;
use crate::notes::model::{Note, NoteVersion};
use crate::vault::{DataKey, seal};

/// One in so many persons brings a paper, and only among the first: files are written one by one.
const ONE_IN: u32 = 10;
const AMONG: u32 = 2000;

/// What the rows of one person are made with.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) app: &'a App,
    pub(super) ids: &'a Random,
    pub(super) seed: u64,
    pub(super) key: &'a DataKey,
    pub(super) worker: AccountId,
}

impl Desk<'_> {
    /// The notes of a case, each with its earlier texts.
    pub(super) fn notes(&self, case: &Case, story: &Story) -> Result<Vec<(Note, Vec<NoteVersion>)>, AppError> {
        let numbered = (0_i64..).zip(notes_of(self.seed, story));
        numbered.map(|(number, told)| self.note(case, &told, 480 + number)).collect()
    }

    fn note(&self, case: &Case, told: &told::Note, minutes: i64) -> Result<(Note, Vec<NoteVersion>), AppError> {
        let id = NoteId(self.ids.uuid());
        let sealed =
            |version, text| seal(&self.app.random, self.key, case.person_id, Note::text_place(id), version, text);
        let mut note = Note {
            id,
            case_id: case.id,
            person_id: case.person_id,
            organisation_id: case.organisation_id,
            counselling: told.counselling,
            kind: word(told.kind)?,
            occurred_on: told.on,
            sealed_text: sealed(1, told.text)?,
            author_id: self.worker,
            mistaken_at: None,
            mistake_reason: None,
            created_at: at(told.on, minutes),
            updated_at: at(told.on, minutes),
            version: 1,
        };
        let mut earlier = Vec::new();
        if let Some(text) = told.corrected {
            earlier.push(NoteVersion {
                note_id: id,
                number: 1,
                kind: note.kind,
                occurred_on: note.occurred_on,
                sealed_text: std::mem::replace(&mut note.sealed_text, sealed(2, text)?),
                written_at: note.created_at,
            });
            note.version = 2;
            note.updated_at = note.created_at.plus(CORRECTED_AFTER);
        }
        if let Some(reason) = told.mistaken {
            note.version += 1;
            note.updated_at = note.updated_at.plus(CORRECTED_AFTER);
            note.mistaken_at = Some(note.updated_at);
            note.mistake_reason = Some(word(reason)?);
        }
        Ok((note, earlier))
    }

    /// Papers of a person, as files and as rows.
    pub(super) fn papers(&self, case: &Case, story: &Story, consents: &[Consent]) -> Result<Vec<Attachment>, AppError> {
        if story.number >= AMONG || !story.number.is_multiple_of(ONE_IN) {
            return Ok(Vec::new());
        }
        let mut papers = Vec::new();
        if let Some(consent) = consents.first() {
            let paper = Paper {
                kind: AttachmentKind::ConsentPaper,
                title: "Giấy đồng ý nhận hỗ trợ (dữ liệu dựng)".into(),
                note: None,
                consent: Some(consent.id),
            };
            papers.push(self.paper(case, paper, &form(story.number), consent.given_on)?);
        }
        let learned = story
            .referrals
            .iter()
            .find(|referral| referral.service_type == "vocational_training" && referral.outcome == Some("completed"));
        if let Some(day) = learned.and_then(|referral| referral.completed_on) {
            let title = "Chứng chỉ sơ cấp nghề (dữ liệu dựng)".into();
            let paper = Paper { kind: AttachmentKind::Certificate, title, note: None, consent: None };
            papers.push(self.paper(case, paper, &certificate(story.number)?, day)?);
        }
        Ok(papers)
    }

    fn paper(&self, case: &Case, paper: Paper, sent: &[u8], on: NaiveDate) -> Result<Attachment, AppError> {
        let new = add_now(self.app, (case.id, case.person_id), paper, sent)?;
        Ok(new.row(case, self.worker, at(on, 700)))
    }
}

/// A page with some words on it.
fn form(number: u32) -> Vec<u8> {
    let words = format!("BT /F1 18 Tf 60 760 Td (Du lieu dung / made-up data, {number}) Tj ET");
    let length = words.len();
    format!(
        "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n\
         2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n\
         3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>> endobj\n\
         4 0 obj <</Length {length}>> stream\n{words}\nendstream endobj\n\
         5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj\n\
         trailer <</Root 1 0 R>>\n%%EOF\n"
    )
    .into_bytes()
}

/// A frame of a colour of its own.
fn certificate(number: u32) -> Result<Vec<u8>, AppError> {
    let [shade, ..] = number.wrapping_mul(2_654_435_761).to_be_bytes();
    let picture = RgbImage::from_fn(280, 200, |x, y| {
        let inside = (12..268).contains(&x) && (12..188).contains(&y);
        if inside { Rgb([252, 250, 240]) } else { Rgb([shade, 90, 60]) }
    });
    let mut bytes = Vec::new();
    picture
        .write_with_encoder(PngEncoder::new(&mut bytes))
        .map_err(|error| AppError::internal(format!("a made-up picture was not made: {error}")))?;
    Ok(bytes)
}
