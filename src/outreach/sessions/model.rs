//! Rows and words of sessions and contacts.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::bulk::bulk_rows;
use crate::db::schema::{outreach_contacts, outreach_sessions, outreach_supplies, outreach_tallies};
use crate::db::types::{AccountId, ContactId, Instant, OrganisationId, OutreachSessionId, text_enum};
use crate::outreach::codes::CodeMac;
use crate::persons::model::{ClientCategory, Sex};

text_enum! {
    /// How old somebody met is, as told or estimated. Children end at 16, minors at 18.
    AgeBand {
        /// Dưới 16.
        Under16 = "under_16",
        /// 16–17.
        From16 = "16_17",
        /// 18–24.
        From18 = "18_24",
        /// 25–34.
        From25 = "25_34",
        /// 35–49.
        From35 = "35_49",
        /// Từ 50.
        From50 = "from_50",
        /// Not known.
        Unknown = "unknown",
    }
}

text_enum! {
    /// Whether the group met the person before in the same year, as the worker knows it.
    Seen {
        /// For the first time.
        New = "new",
        /// Again.
        Repeat = "repeat",
        /// Not known.
        Unknown = "unknown",
    }
}

text_enum! {
    /// What a screening question was answered. Nobody has to answer.
    Screening {
        /// Not asked.
        NotAsked = "not_asked",
        /// Yes.
        Yes = "yes",
        /// No.
        No = "no",
        /// Asked; the person did not want to answer.
        Unanswered = "unanswered",
    }
}

text_enum! {
    /// What became of the offer to see a service.
    ReferralOffer {
        /// None was offered.
        NotOffered = "not_offered",
        /// Offered; the person thinks about it.
        Offered = "offered",
        /// The person wants to go.
        Accepted = "accepted",
        /// The person does not want to.
        Declined = "declined",
    }
}

/// A session as stored. Sets are words with commas between them, in their order.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = outreach_sessions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct SessionRow {
    /// Id.
    pub id: OutreachSessionId,
    /// Group.
    pub group_id: OrganisationId,
    /// Day, as told.
    pub held_on: NaiveDate,
    /// Commune.
    pub unit_code: String,
    /// Code of the kind of place.
    pub venue: String,
    /// Numbers of the workers in the group.
    pub workers: String,
    /// Codes of what was talked about.
    pub topics: String,
    /// Note.
    pub sealed_note: Option<Vec<u8>>,
    /// Whether the day cannot be right, or was told by a clock that was wrong.
    pub day_doubtful: bool,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was received.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// When it was taken away.
    pub removed_at: Option<Instant>,
    /// Number of its last change among those of the group.
    pub change_seq: i64,
    /// Version.
    pub version: i32,
}

/// Pieces of a commodity handed out in a session.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_supplies, treat_none_as_default_value = false)]
pub struct SupplyRow {
    /// Session.
    pub session_id: OutreachSessionId,
    /// Code of the commodity.
    pub commodity: String,
    /// Pieces.
    pub quantity: i32,
}

/// How many of a kind were met in a group, in one session. What two phones counted is added up, so that a step back
/// may come before the step it takes back: below nought it reads as nought.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_tallies, treat_none_as_default_value = false)]
pub struct TallyRow {
    /// Session.
    pub session_id: OutreachSessionId,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Met before or not.
    pub seen: Seen,
    /// Persons.
    pub quantity: i32,
}

/// A contact as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = outreach_contacts, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ContactRow {
    /// Id.
    pub id: ContactId,
    /// Session.
    pub session_id: OutreachSessionId,
    /// Group.
    pub group_id: OrganisationId,
    /// Number of the worker in the group.
    pub worker: i32,
    /// Keyed contact code; none of somebody who gave none.
    pub code_mac: Option<CodeMac>,
    /// Why the programme meets the person, as far as the worker knows.
    pub category: Option<ClientCategory>,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Met before or not.
    pub seen: Seen,
    /// Codes of what was talked about.
    pub topics: String,
    /// Service types the person needs.
    pub needs: String,
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
    pub sealed_note: Option<Vec<u8>>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was received.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// When it was taken away.
    pub removed_at: Option<Instant>,
    /// Number of its last change among those of the group.
    pub change_seq: i64,
    /// Version.
    pub version: i32,
}

bulk_rows! {
    SessionRow => outreach_sessions, SupplyRow => outreach_supplies,
    TallyRow => outreach_tallies, ContactRow => outreach_contacts,
}
