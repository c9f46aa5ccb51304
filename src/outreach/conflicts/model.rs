//! Rows and words of conflicts.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::outreach_conflicts;
use crate::db::types::{
    AccountId, ContactId, DeviceId, Instant, OperationId, OrganisationId, OutreachConflictId, OutreachSessionId,
    text_enum,
};
use crate::outreach::clients::client_handle;
use crate::outreach::sync::Met;
use crate::outreach::sync::operation::Hand;
use crate::vault::ServerKey;

/// The field that says whether a record was taken away.
pub const REMOVED: &str = "removed";

text_enum! {
    /// How a conflict was decided.
    ConflictDecision {
        /// What stood stays.
        Keep = "keep",
        /// What came second is taken.
        Take = "take",
    }
}

/// A conflict as stored; the values are sealed JSON.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_conflicts, treat_none_as_default_value = false)]
pub struct Conflict {
    /// Id.
    pub id: OutreachConflictId,
    /// Group.
    pub group_id: OrganisationId,
    /// Session.
    pub session_id: OutreachSessionId,
    /// Contact, where it is about one.
    pub contact_id: Option<ContactId>,
    /// Field.
    pub field: String,
    /// What the one who came second had seen.
    pub sealed_base: Vec<u8>,
    /// What stood.
    pub sealed_current: Vec<u8>,
    /// What the one who came second said.
    pub sealed_offered: Vec<u8>,
    /// Who came second.
    pub account_id: AccountId,
    /// On which device.
    pub device_id: DeviceId,
    /// In which operation.
    pub operation_id: OperationId,
    /// When, by the phone's clock.
    pub told_at: Instant,
    /// When it arrived.
    pub received_at: Instant,
    /// Who decides.
    pub decider_id: AccountId,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// How.
    pub decision: Option<ConflictDecision>,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { Conflict => outreach_conflicts }

/// Two different things said of one field of a session or contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictView {
    /// Id.
    pub id: OutreachConflictId,
    /// Group.
    pub group_id: OrganisationId,
    /// Session.
    pub session_id: OutreachSessionId,
    /// Contact, where it is about one.
    pub contact_id: Option<ContactId>,
    /// Field; `removed` where one took the record away and another went on with it. `offered` then says what `take`
    /// means: `true`, it goes; `false`, it comes back, with all that was recorded in it since.
    pub field: String,
    /// What the one who came second had seen.
    pub base: Value,
    /// What stood when the second came.
    pub current: Value,
    /// What the second says.
    pub offered: Value,
    /// Version of the session or contact now; where `removed` of a session is asked, the versions of its contacts are
    /// added to it. Who decides names it.
    pub record_version: i32,
    /// Who came second.
    pub account_id: AccountId,
    /// When that was done, by the phone's clock.
    pub told_at: Instant,
    /// When it arrived.
    pub received_at: Instant,
    /// Who decides.
    pub decider_id: AccountId,
    /// When it was decided; none while it waits.
    pub decided_at: Option<Instant>,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// How.
    pub decision: Option<ConflictDecision>,
}

impl ConflictView {
    /// Of a conflict that was met just now.
    pub(in crate::outreach) fn of_met(
        met: &Met,
        record_version: i32,
        hand: Hand,
        now: Instant,
        programme: &ServerKey,
    ) -> Self {
        let told = |value: &Value| told(&met.clash.field, value, programme, hand.group);
        Self {
            id: met.id,
            group_id: hand.group,
            session_id: met.session,
            contact_id: met.contact,
            field: met.clash.field.clone(),
            base: told(&met.clash.base),
            current: told(&met.clash.current),
            offered: told(&met.clash.offered),
            record_version,
            account_id: hand.account,
            told_at: met.told_at,
            received_at: now,
            decider_id: met.decider,
            decided_at: None,
            decided_by: None,
            decision: None,
        }
    }

    /// Of a stored conflict whose values were opened: base, current, offered.
    pub fn of(row: Conflict, [base, current, offered]: [Value; 3], record_version: i32, programme: &ServerKey) -> Self {
        let told = |value: &Value| told(&row.field, value, programme, row.group_id);
        Self {
            base: told(&base),
            current: told(&current),
            offered: told(&offered),
            id: row.id,
            group_id: row.group_id,
            session_id: row.session_id,
            contact_id: row.contact_id,
            record_version,
            account_id: row.account_id,
            told_at: row.told_at,
            received_at: row.received_at,
            decider_id: row.decider_id,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            decision: row.decision,
            field: row.field,
        }
    }
}

/// A value as it is shown: a contact code by its handle within the group.
fn told(field: &str, value: &Value, programme: &ServerKey, group: OrganisationId) -> Value {
    match (field, value.as_str()) {
        ("code", Some(code)) => match code.strip_prefix("handle:") {
            Some(handle) => handle.into(),
            None => client_handle(programme, group, code).into(),
        },
        _ => value.clone(),
    }
}
