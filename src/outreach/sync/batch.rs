//! A batch of operations, from its text to what became of each.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use validator::Validate;

use super::operation::{Asked, Hand, Keys, Operation, Unread};
use super::reading::read;
use super::reply::Outcome;
use super::storing::{Setting, apply_part};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::Size;
use crate::db::types::{DeviceId, Instant, OrganisationId};
use crate::error::AppError;
use crate::outreach::parcels::opening::SentParcel;

/// Operations of one batch.
pub(in crate::outreach) const MOST: usize = 5_000;
/// Operations that are applied in one transaction.
pub(in crate::outreach) const PART: usize = 500;
/// From so many on a part is a large write.
pub(in crate::outreach) const LARGE_FROM: usize = 50;

/// What a phone sends.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncRequest {
    /// Group.
    pub group_id: OrganisationId,
    /// A number that the phone made for itself, at random, and keeps.
    pub device_id: DeviceId,
    /// The phone's clock, as it sends.
    pub device_time: Instant,
    /// `cursor` of the reply before; none at first.
    #[serde(default)]
    #[validate(length(max = 200))]
    pub cursor: Option<String>,
    /// Changes to read, 1 to 2,000; 500 when absent.
    #[serde(default)]
    #[validate(range(min = 1, max = 2000))]
    pub limit: Option<u16>,
    /// What was done, 5,000 at the most.
    #[serde(default)]
    #[validate(length(max = 5000))]
    #[schema(value_type = Vec<Operation>)]
    pub operations: Vec<Box<RawValue>>,
    /// Parcels that the phone sealed, 200 at the most. Their operations follow `operations`, in order; all of them
    /// together are 5,000 at the most.
    #[serde(default)]
    #[validate(length(max = 200))]
    pub parcels: Vec<SentParcel>,
}

/// Reads all operations; those that cannot be read stand beside.
pub fn read_all(operations: &[Box<RawValue>], hand: Hand, keys: Keys<'_>) -> (Vec<Asked>, Vec<Outcome>) {
    let (mut asked, mut unread) = (Vec::with_capacity(operations.len()), Vec::new());
    for (position, raw) in operations.iter().enumerate() {
        match read(position, raw, hand, keys) {
            Ok(operation) => asked.push(operation),
            Err(Unread { position, id, errors }) => unread.push(Outcome::refused(position, id, errors)),
        }
    }
    // What has to be there first comes first, in whatever order a batch came.
    asked.sort_by_key(|operation| operation.deed.rank());
    (asked, unread)
}

/// Applies all operations, a part at a time, each part in one transaction. A batch that breaks off is sent again:
/// what was applied of it is known.
pub(super) async fn apply_all(
    app: &App,
    caller: Caller,
    setting: Setting,
    asked: Vec<Asked>,
) -> Result<Vec<Outcome>, AppError> {
    let mut outcomes = Vec::with_capacity(asked.len());
    let asked = Arc::new(asked);
    let mut begin = 0;
    while begin < asked.len() {
        let end = asked.len().min(begin + PART);
        let (state, setting, all) = (app.clone(), setting.clone(), asked.clone());
        let size = if end - begin < LARGE_FROM { Size::Small } else { Size::Large };
        let part = app.write_sized(size, caller, move |conn, actor| {
            let part = all.get(begin..end).unwrap_or_default();
            apply_part(conn, actor, &state, &setting, part)
        });
        outcomes.extend(part.await?);
        begin = end;
    }
    Ok(outcomes)
}
