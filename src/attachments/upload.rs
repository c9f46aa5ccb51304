//! Receiving `multipart/form-data` with two parts, `details` (JSON) and `file`, into bounded memory.

use std::sync::Arc;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::error::{AppError, FieldError, PlainForm, Rule};
use crate::http::extract::malformed_field;

/// Bytes of the details at the most.
const DETAILS: usize = 16 * 1024;
/// Bytes that the parts' own headers may take.
const WRAPPING: usize = 4 * 1024;
/// A body that has not arrived by then is given up.
const DEADLINE: Duration = Duration::from_mins(2);
/// So much of it must arrive in each window, so that a slow body does not hold a place for the whole time.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_BYTES: usize = 64 * 1024;

/// What was sent.
#[derive(Debug)]
pub(super) struct Received {
    /// The details, JSON.
    pub(super) details: Vec<u8>,
    /// The file as it was sent.
    pub(super) file: Arc<Zeroizing<Vec<u8>>>,
}

/// Refuses what says itself that it is too large or of another form, before anything is read.
pub(super) fn check_declared(request: &HttpRequest, max_bytes: usize) -> Result<(), AppError> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let length: Option<usize> = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if length.is_some_and(|length| length > max_bytes + DETAILS + WRAPPING) {
        return Err(AppError::TooLarge { limit: max_bytes });
    }
    let form = "multipart/form-data";
    let kind = header(CONTENT_TYPE).unwrap_or_default();
    if kind.get(..form.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(form)) {
        Ok(())
    } else {
        Err(malformed_field("body", PlainForm::FileParts))
    }
}

/// Receives both parts, in either order.
pub(super) async fn receive(request: &HttpRequest, payload: Payload, max_bytes: usize) -> Result<Received, AppError> {
    let mut parts = Multipart::new(request.headers(), payload);
    let mut pace = Pace::new();
    let (mut details, mut file) = (None, None);
    while let Some(part) = pace.within(parts.next()).await? {
        let mut part = part.map_err(|error| incomplete(&error))?;
        match part.name() {
            Some("details") if details.is_none() => details = Some(read(&mut part, &mut pace, DETAILS).await?),
            Some("file") if file.is_none() => file = Some(read(&mut part, &mut pace, max_bytes).await?),
            _ => return Err(malformed_field("body", PlainForm::FileParts)),
        }
    }
    let missing = |name: &str| AppError::Malformed(vec![FieldError::new(name, Rule::Required)]);
    let mut details = details.ok_or_else(|| missing("details"))?;
    Ok(Received { details: std::mem::take(&mut *details), file: Arc::new(file.ok_or_else(|| missing("file"))?) })
}

async fn read(part: &mut Field, pace: &mut Pace, limit: usize) -> Result<Zeroizing<Vec<u8>>, AppError> {
    // Reserved at once: a vector that grows by doubling takes up to three times its size on the way.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    while let Some(chunk) = pace.within(part.next()).await? {
        let chunk = chunk.map_err(|error| incomplete(&error))?;
        pace.arrived(chunk.len())?;
        if bytes.len() + chunk.len() > limit {
            return Err(AppError::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn incomplete(_: &MultipartError) -> AppError {
    malformed_field("body", PlainForm::WholeBody)
}

/// How fast a body must arrive.
struct Pace {
    deadline: Instant,
    window_ends: Instant,
    in_window: usize,
}

impl Pace {
    fn new() -> Self {
        let now = Instant::now();
        Self { deadline: now + DEADLINE, window_ends: now + WINDOW, in_window: 0 }
    }

    /// What the future gives, unless it comes too late.
    async fn within<T>(&self, next: impl Future<Output = T>) -> Result<T, AppError> {
        timeout_at(self.deadline.min(self.window_ends), next).await.map_err(|_| too_slow())
    }

    fn arrived(&mut self, bytes: usize) -> Result<(), AppError> {
        self.in_window += bytes;
        let now = Instant::now();
        if self.in_window >= WINDOW_BYTES {
            self.window_ends = now + WINDOW;
            self.in_window = 0;
        }
        if now >= self.deadline { Err(too_slow()) } else { Ok(()) }
    }
}

fn too_slow() -> AppError {
    malformed_field("body", PlainForm::FileSpeed)
}
