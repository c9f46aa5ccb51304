//! Sessions and contacts as they are read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{KeptContact, SessionFields};
use super::model::{AgeBand, ContactRow, ReferralOffer, Screening, Seen, SessionRow, TallyRow};
use crate::db::types::{AccountId, ContactId, Instant, OrganisationId, OutreachSessionId};
use crate::outreach::clients::client_handle;
use crate::persons::model::{ClientCategory, Sex};
use crate::services::ServiceType;
use crate::vault::ServerKey;

/// How many of a kind were met in a group.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TallyView {
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Met before in the year or not.
    pub seen: Seen,
    /// Persons.
    pub count: i32,
}

/// A session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionView {
    /// Id.
    pub id: OutreachSessionId,
    /// Group.
    pub group_id: OrganisationId,
    /// What was told of it.
    #[serde(flatten)]
    pub fields: SessionFields,
    /// Who was met in a group, by number.
    pub tallies: Vec<TallyView>,
    /// Whether more was taken back from a counter than was ever counted, so that it shows nobody: correct it.
    pub tallies_below_nought: bool,
    /// Whether the day cannot be right, or was told by a wrong clock: correct it.
    pub day_doubtful: bool,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it arrived.
    pub received_at: Instant,
    /// When it was taken away. Such a session is read by its id alone, while a conflict about it waits.
    pub removed_at: Option<Instant>,
    /// Version.
    pub version: i32,
}

/// Somebody met.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactView {
    /// Id.
    pub id: ContactId,
    /// Session.
    pub session_id: OutreachSessionId,
    /// Worker, by the number in the group.
    pub worker: i32,
    /// By what the group knows the same code again; it means nothing in another group.
    pub client: Option<String>,
    /// Why the programme meets the person, as far as the worker knows.
    pub category: Option<ClientCategory>,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Met before in the year or not.
    pub seen: Seen,
    /// Codes of what was talked about.
    pub topics: Vec<String>,
    /// Services the person needs and may have.
    pub needs: Vec<ServiceType>,
    /// Screening for violence.
    pub violence: Screening,
    /// Screening for trafficking.
    pub trafficking: Screening,
    /// Screening for a child in need of protection.
    pub child: Screening,
    /// Offer to see a service.
    pub referral: ReferralOffer,
    /// Whether the person agrees to be asked again.
    pub follow_up_agreed: bool,
    /// Note.
    pub note: Option<String>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it arrived.
    pub received_at: Instant,
    /// Version.
    pub version: i32,
}

/// A session that changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionChangeView {
    /// Id.
    pub id: OutreachSessionId,
    /// Whether it was taken away, with its contacts; then nothing else is told.
    pub removed: bool,
    /// The session.
    pub session: Option<SessionView>,
}

/// A contact that changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactChangeView {
    /// Id.
    pub id: ContactId,
    /// Session.
    pub session_id: OutreachSessionId,
    /// Whether it was taken away, or its session; then nothing else is told.
    pub removed: bool,
    /// The contact.
    pub contact: Option<ContactView>,
}

impl From<TallyRow> for TallyView {
    fn from(row: TallyRow) -> Self {
        Self { sex: row.sex, age_band: row.age_band, seen: row.seen, count: row.quantity.max(0) }
    }
}

impl SessionView {
    /// Of a row and what stands beside it.
    pub fn of(row: SessionRow, fields: SessionFields, tallies: Vec<TallyRow>) -> Self {
        Self {
            id: row.id,
            group_id: row.group_id,
            fields,
            tallies_below_nought: tallies.iter().any(|tally| tally.quantity < 0),
            tallies: tallies.into_iter().filter(|tally| tally.quantity > 0).map(Into::into).collect(),
            day_doubtful: row.day_doubtful,
            recorded_by: row.recorded_by,
            received_at: row.created_at,
            removed_at: row.removed_at,
            version: row.version,
        }
    }
}

impl ContactView {
    /// Of a row and its fields.
    pub fn of(row: &ContactRow, fields: KeptContact, programme: &ServerKey) -> Self {
        Self {
            id: row.id,
            session_id: row.session_id,
            worker: fields.worker,
            client: fields.code.map(|code| client_handle(programme, row.group_id, &code)),
            category: fields.category,
            sex: fields.sex,
            age_band: fields.age_band,
            seen: fields.seen,
            topics: fields.topics,
            needs: fields.needs,
            violence: fields.violence,
            trafficking: fields.trafficking,
            child: fields.child,
            referral: fields.referral,
            follow_up_agreed: fields.follow_up_agreed,
            note: fields.note,
            recorded_by: row.recorded_by,
            received_at: row.created_at,
            version: row.version,
        }
    }
}
