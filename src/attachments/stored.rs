//! Between a row and its sealed file: storing the content before the row, and opening it after.

use std::fs::File;
use std::io::{self, Seek as _};

use actix_web::body::SizedStream;
use actix_web::web::{self, Bytes};
use futures_util::stream;

use super::content::Clean;
use super::files::{FileName, Files};
use super::model::Attachment;
use super::rules::{NewAttachment, Paper};
use crate::app::App;
use crate::db::types::{AttachmentId, CaseId, PersonId};
use crate::error::AppError;
use crate::text::tidy;
use crate::vault::{Chunks, ContentError, ContentKey, DataKey, Digest, seal};

/// Seals the content into a file of its own, durable when this returns; what the row will hold.
pub(super) async fn store(
    app: &App,
    place: (CaseId, PersonId),
    paper: Paper,
    clean: Clean,
) -> Result<NewAttachment, AppError> {
    let state = app.clone();
    web::block(move || store_now(&state, place, paper, &clean)).await?
}

/// Makes a file anew and stores it, on the calling thread; for made-up data.
///
/// # Errors
/// When it is no file that is taken, or cannot be stored.
pub fn add_now(app: &App, place: (CaseId, PersonId), paper: Paper, sent: &[u8]) -> Result<NewAttachment, AppError> {
    let clean = app.files.intake.look_through_now(sent)?;
    store_now(app, place, paper, &clean)
}

fn store_now(
    app: &App,
    (case, person): (CaseId, PersonId),
    paper: Paper,
    clean: &Clean,
) -> Result<NewAttachment, AppError> {
    let id = AttachmentId(app.random.uuid());
    let key = app.vault.key(person)?;
    let sealed_title = seal(&app.random, &key, person, Attachment::title_place(id), 1, &tidy(&paper.title))?;
    let content_key = Attachment::content_key(id, &key)?;
    let name = FileName::draw(&app.random);
    app.files
        .store(&name, |file| content_key.seal(&app.random, &clean.bytes, file))
        .map_err(|error| AppError::internal(format!("a file could not be stored: {error}")))?;
    Ok(NewAttachment {
        id,
        case,
        person,
        paper,
        media_type: clean.media_type,
        size_bytes: i64::try_from(clean.bytes.len()).unwrap_or(i64::MAX),
        digest: content_key.digest(&clean.bytes).to_vec(),
        file_name: name.as_str().to_owned(),
        sealed_title,
    })
}

/// Removes a file that no row will name: another request had been first, or this one was refused.
/// Where it is not known whether the row was written, the file stays for the sweep to decide.
pub(super) async fn forget_unless_named(app: &App, file: &str, named: Result<bool, &AppError>) {
    let refused = match named {
        Ok(named) => !named,
        Err(error) => error.status().is_client_error(),
    };
    let Some(name) = FileName::parse(file).filter(|_| refused) else { return };
    let files = app.files.clone();
    if !matches!(web::block(move || files.remove(&name)).await, Ok(Ok(()))) {
        tracing::warn!("a file that no row names stays until it is swept");
    }
}

/// Opens the content for a reply: looked through whole first, so that a damaged file is refused before
/// the first byte, then given chunk by chunk.
pub(super) async fn open(app: &App, row: Attachment, key: &DataKey) -> Result<SizedStream<Content>, AppError> {
    let key = Attachment::content_key(row.id, key)?;
    let files = app.files.clone();
    let size = u64::try_from(row.size_bytes).unwrap_or(0);
    let chunks = web::block(move || checked(&files, &row, &key)).await?.map_err(|error| {
        metrics::counter!("hoanhap_files_lost_total").increment(1);
        tracing::error!(cause = %error, "a stored file is missing or does not open");
        AppError::FileLost
    })?;
    Ok(SizedStream::new(size, Box::pin(stream::unfold(Some(chunks), next))))
}

type Content = std::pin::Pin<Box<dyn stream::Stream<Item = Result<Bytes, AppError>>>>;

async fn next(chunks: Option<Chunks<File>>) -> Option<(Result<Bytes, AppError>, Option<Chunks<File>>)> {
    let mut chunks = chunks?;
    let read = web::block(move || chunks.read().map(|chunk| (chunk, chunks))).await;
    match read {
        Ok(Ok((None, _))) => None,
        Ok(Ok((Some(chunk), chunks))) => Some((Ok(Bytes::copy_from_slice(&chunk)), Some(chunks))),
        // The connection ends short of its stated length, which a client notices.
        Ok(Err(_)) | Err(_) => Some((Err(AppError::FileLost), None)),
    }
}

/// The content, from its beginning, once all of it was found to be what the row says.
fn checked(files: &Files, row: &Attachment, key: &ContentKey) -> Result<Chunks<File>, ContentError> {
    let name = FileName::parse(&row.file_name).ok_or(ContentError::Altered)?;
    let mut file = files.read(&name)?;
    let (mut digest, mut size) = (Digest::new(key), 0_i64);
    let mut chunks = key.open(io::BufReader::new(&file))?;
    while let Some(chunk) = chunks.read()? {
        size = size.saturating_add(i64::try_from(chunk.len()).unwrap_or(i64::MAX));
        digest.update(&chunk);
    }
    let same: bool = subtle::ConstantTimeEq::ct_eq(digest.finish().as_slice(), row.digest.as_slice()).into();
    if size != row.size_bytes || !same {
        return Err(ContentError::Altered);
    }
    file.rewind()?;
    key.open(file)
}
