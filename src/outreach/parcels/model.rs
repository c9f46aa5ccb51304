//! Rows, words and views of devices and parcels.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::{outreach_devices, outreach_parcels};
use crate::db::types::{AccountId, DeviceId, Instant, OrganisationId, OutreachParcelId, text_enum};
use crate::vault::ParcelSender;

text_enum! {
    /// What was decided about a parcel.
    ParcelStatus {
        /// Nothing yet.
        Waiting = "waiting",
        /// What it holds was done, as far as that was possible.
        Accepted = "accepted",
        /// Nothing of it is done for now. It is kept, sealed, and may be accepted later.
        Refused = "refused",
    }
}

/// A phone that was given a key to tag parcels with.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = outreach_devices)]
pub struct Device {
    /// The phone.
    pub device_id: DeviceId,
    /// The leader who registered it.
    pub account_id: AccountId,
    /// The group whose work it holds.
    pub group_id: OrganisationId,
    /// When.
    pub registered_at: Instant,
}

impl Device {
    /// Whose parcels these are.
    pub fn sender(&self) -> ParcelSender {
        ParcelSender { device: self.device_id.0, account: self.account_id }
    }
}

/// A parcel as stored, without its bytes and their digest.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = outreach_parcels, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Parcel {
    /// Id.
    pub id: OutreachParcelId,
    /// Group.
    pub group_id: OrganisationId,
    /// The leader whose work it is.
    pub account_id: AccountId,
    /// The phone.
    pub device_id: DeviceId,
    /// Operations it holds; none when that cannot be read.
    pub operations: Option<i32>,
    /// When the first was done, by the phone's clock.
    pub told_from: Option<Instant>,
    /// When the last was done, by the phone's clock.
    pub told_to: Option<Instant>,
    /// When it arrived.
    pub received_at: Instant,
    /// What was decided.
    pub status: ParcelStatus,
    /// Since when nothing waits any more, neither for a decision nor for what its operations are about.
    pub settled_at: Option<Instant>,
    /// When it was decided last.
    pub decided_at: Option<Instant>,
    /// Who decided last.
    pub decided_by: Option<AccountId>,
    /// Operations done when it was accepted.
    pub applied: i32,
    /// Operations that had been done before.
    pub already_applied: i32,
    /// Operations done that met what somebody else had changed.
    pub conflicted: i32,
    /// Operations that break a rule.
    pub refused: i32,
    /// Operations that wait for what they are about.
    pub waiting: i32,
    /// Version for `If-Match`.
    pub version: i32,
}

/// What became of the operations of a parcel, by number; all nought until it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ParcelOutcomes {
    /// Done.
    pub applied: i32,
    /// Had been done before; nothing more was done.
    pub already_applied: i32,
    /// Done as far as possible; the rest stands in the inbox of conflicts.
    pub conflict: i32,
    /// Not done, for they break a rule; the parcel is kept.
    pub refused: i32,
    /// Not done, for what they are about has not arrived yet: accept again once it has.
    pub waiting: i32,
}

/// A parcel that was handed in without a login, by numbers: what is in it is shown to nobody.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParcelView {
    /// Id.
    pub id: OutreachParcelId,
    /// Group.
    pub group_id: OrganisationId,
    /// The leader whose work it is, as the phone says.
    pub account_id: AccountId,
    /// When it arrived.
    pub received_at: Instant,
    /// Operations it holds; none when that cannot be read.
    pub operations: Option<i32>,
    /// When the first was done, by the phone's clock.
    pub told_from: Option<Instant>,
    /// When the last was done, by the phone's clock.
    pub told_to: Option<Instant>,
    /// What was decided.
    pub status: ParcelStatus,
    /// What became of its operations.
    pub outcomes: ParcelOutcomes,
    /// When it was decided last; none while nobody has.
    pub decided_at: Option<Instant>,
    /// Who decided last.
    pub decided_by: Option<AccountId>,
    /// Version for `If-Match`.
    pub version: i32,
}

impl From<Parcel> for ParcelView {
    fn from(row: Parcel) -> Self {
        let outcomes = ParcelOutcomes {
            applied: row.applied,
            already_applied: row.already_applied,
            conflict: row.conflicted,
            refused: row.refused,
            waiting: row.waiting,
        };
        Self {
            id: row.id,
            group_id: row.group_id,
            account_id: row.account_id,
            received_at: row.received_at,
            operations: row.operations,
            told_from: row.told_from,
            told_to: row.told_to,
            status: row.status,
            outcomes,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            version: row.version,
        }
    }
}
