//! Keyset paging: a cursor names the last row shown, so pages neither skip nor
//! repeat rows and cost the same wherever they stand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use serde::Serialize;

use crate::db::types::Instant;
use crate::error::{AppError, DayOf, Rule};

/// Rows of a page when the client names no limit.
pub const DEFAULT_LIMIT: i64 = 50;
/// Rows of a page at the most.
pub const MAX_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Send as `cursor` to read on; none when this was the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `rows`, which were read with a limit of one more than `limit`.
    ///
    /// # Errors
    /// What `show` returns.
    pub fn of<R>(
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> Cursor,
        show: impl FnMut(R) -> Result<T, AppError>,
    ) -> Result<Self, AppError> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = more.then(|| rows.last().map(|row| cursor(row).encode())).flatten();
        let items = rows.into_iter().map(show).collect::<Result<_, _>>()?;
        Ok(Self { items, next_cursor })
    }
}

/// Where a page ended: the sort key of its last row, and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Sort key of the last row, in the list's own form.
    pub key: String,
    /// Id of the last row.
    pub id: uuid::Uuid,
}

impl Cursor {
    /// The cursor after a row sorted by a date.
    pub fn after_date(date: NaiveDate, id: uuid::Uuid) -> Self {
        Self { key: date.to_string(), id }
    }

    /// The cursor after a row sorted by a moment.
    pub fn after_instant(at: Instant, id: uuid::Uuid) -> Self {
        Self { key: at.micros().to_string(), id }
    }

    /// The date to read on from.
    ///
    /// # Errors
    /// When the cursor is of another list.
    pub fn date(&self) -> Result<NaiveDate, AppError> {
        self.key.parse().map_err(|_| not_ours())
    }

    /// The moment to read on from.
    ///
    /// # Errors
    /// When the cursor is of another list.
    pub fn instant(&self) -> Result<Instant, AppError> {
        let micros = self.key.parse().map_err(|_| not_ours())?;
        chrono::DateTime::from_timestamp_micros(micros).map(Instant).ok_or_else(not_ours)
    }

    /// The number to read on from.
    ///
    /// # Errors
    /// When the cursor is of another list.
    pub fn number(&self) -> Result<i64, AppError> {
        self.key.parse().map_err(|_| not_ours())
    }

    /// As it is sent.
    pub fn encode(&self) -> String {
        let id = self.id.simple();
        URL_SAFE_NO_PAD.encode(format!("{}|{id}", self.key))
    }
}

impl std::str::FromStr for Cursor {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self, AppError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| not_ours())?;
        let text = String::from_utf8(bytes).map_err(|_| not_ours())?;
        let (key, id) = text.rsplit_once('|').ok_or_else(not_ours)?;
        Ok(Self { key: key.to_owned(), id: id.parse().map_err(|_| not_ours())? })
    }
}

/// Reads an optional `cursor` parameter.
///
/// # Errors
/// When it is not one this list made.
pub fn cursor(text: Option<&str>) -> Result<Option<Cursor>, AppError> {
    text.map(str::parse).transpose()
}

/// The rows a client asked for, within what is allowed.
///
/// # Errors
/// When the limit is out of range.
pub fn limit(asked: Option<i64>) -> Result<i64, AppError> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(AppError::field("limit", Rule::Range { min: 1, max: MAX_LIMIT })),
    }
}

/// Refuses days of which the last asked for lies before the first.
///
/// # Errors
/// Then, of `to`.
pub fn days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<(), AppError> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(AppError::field("to", Rule::NotBefore(DayOf::FirstDayAsked))),
        _ => Ok(()),
    }
}

fn not_ours() -> AppError {
    AppError::field("cursor", Rule::Cursor)
}
