//! From a sealed parcel to the operations in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Datelike as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::db::types::{Instant, text_enum};
use crate::error::{AppError, Rule};
use crate::outreach::sync::MOST;
use crate::vault::{ParcelKeys, ParcelSender, ServerKey};

/// A parcel as it comes with a batch.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentParcel {
    /// The sealed parcel, in base64: a JSON array of operations.
    pub parcel: String,
}

text_enum! {
    /// Whether a parcel of a batch could be opened.
    ParcelOpening {
        /// Its operations are among the results, after those that came before it.
        Opened = "opened",
        /// It was altered, is of another phone or account, or holds no list of operations: nothing of it was done. The phone keeps it.
        Unopenable = "unopenable",
    }
}

/// What was found in one parcel of a batch.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct OpenedParcel {
    /// Whether it could be opened.
    pub status: ParcelOpening,
    /// Operations in it: so many of the results are its own.
    pub operations: usize,
}

/// Bytes of a text in base64.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Bytes as they are sent.
pub(super) fn text_of(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The operations in what a parcel held; none when it is no list of them, or too long a one.
pub(super) fn operations_in(content: &[u8]) -> Option<Vec<Box<RawValue>>> {
    let operations: Vec<Box<RawValue>> = serde_json::from_slice(content).ok()?;
    (operations.len() <= MOST).then_some(operations)
}

/// Opens the parcels of a batch. Their operations follow those that came open, in order.
///
/// # Errors
/// When all of it together is more than a batch holds.
pub(in crate::outreach) fn open_all(
    server: &ServerKey,
    from: ParcelSender,
    operations: &mut Vec<Box<RawValue>>,
    parcels: &[SentParcel],
) -> Result<Vec<OpenedParcel>, AppError> {
    if parcels.is_empty() {
        return Ok(Vec::new());
    }
    let keys = ParcelKeys::new(server);
    let mut opened = Vec::with_capacity(parcels.len());
    for SentParcel { parcel } in parcels {
        let content = bytes_of(parcel).and_then(|parcel| keys.open(from, &parcel).ok());
        let held = content.and_then(|content| operations_in(&content));
        let status = if held.is_some() { ParcelOpening::Opened } else { ParcelOpening::Unopenable };
        let held = held.unwrap_or_default();
        opened.push(OpenedParcel { status, operations: held.len() });
        operations.extend(held);
        if operations.len() > MOST {
            let max = u64::try_from(MOST).unwrap_or(u64::MAX);
            return Err(AppError::field("parcels", Rule::Items { min: 0, max }));
        }
    }
    Ok(opened)
}

/// What may be told of a parcel to somebody who may not see what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Operations; none when that cannot be read.
    pub operations: Option<i32>,
    /// When the first was done, by the phone's clock.
    pub from: Option<Instant>,
    /// When the last was done.
    pub to: Option<Instant>,
}

impl Told {
    /// Of what a parcel held.
    pub(super) fn of(content: &[u8]) -> Self {
        let Some(operations) = operations_in(content) else { return Self { operations: None, from: None, to: None } };
        let moments = || operations.iter().filter_map(|raw| moment_of(raw));
        Self { operations: i32::try_from(operations.len()).ok(), from: moments().min(), to: moments().max() }
    }
}

#[derive(Deserialize)]
struct Dated {
    at: Instant,
}

/// Moments that no calendar of ours holds are as none: this is shown, nothing rests on it.
fn moment_of(raw: &RawValue) -> Option<Instant> {
    let dated: Dated = serde_json::from_str(raw.get()).ok()?;
    (1900..=2200).contains(&dated.at.0.year()).then(|| Instant::new(dated.at.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &str) -> (Option<i32>, Option<String>, Option<String>) {
        let Told { operations, from, to } = Told::of(content.as_bytes());
        let day = |at: Instant| at.civil_date().to_string();
        (operations, from.map(day), to.map(day))
    }

    #[test]
    fn what_is_told_of_a_parcel_is_how_many_and_from_when_to_when() {
        let content = r#" [{"at": "2025-10-14T13:00:00Z"}, 7, {"at": "2025-10-12T13:00:00Z", "note": "x"},
            {"at": "+200000-01-01T00:00:00Z"}, {"at": "Quạ"}] "#;
        assert_eq!(told(content), (Some(5), Some("2025-10-12".into()), Some("2025-10-14".into())));
        assert_eq!(told("[]"), (Some(0), None, None));
    }

    #[test]
    fn what_is_no_list_or_too_long_a_one_has_no_number() {
        for content in ["", "{}", "[1, 2", "[1] 2", "\u{fffd}"] {
            assert_eq!(told(content), (None, None, None), "{content}");
        }
        let list = |length: usize| format!("[{}]", vec!["1"; length].join(","));
        assert_eq!(told(&list(MOST)).0, Some(5000));
        assert_eq!(told(&list(MOST + 1)).0, None);
    }
}
