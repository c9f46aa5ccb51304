//! Rows and words of referrals of contacts.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::db::bulk::bulk_rows;
use crate::db::schema::outreach_referrals;
use crate::db::types::{AccountId, ContactId, ContactReferralId, Instant, OrganisationId, PersonId, text_enum};
use crate::http::extract::plain_text;
use crate::outreach::codes::CodeMac;
use crate::outreach::sessions::model::AgeBand;
use crate::persons::model::Sex;
use crate::services::ServiceType;

text_enum! {
    /// Where the referral of a contact stands.
    ContactReferralStatus {
        /// The service expects the person.
        Sent = "sent",
        /// The person came.
        Arrived = "arrived",
        /// The person was served.
        Served = "served",
        /// The person did not come.
        NotCome = "not_come",
        /// The group took it back.
        Cancelled = "cancelled",
    }
}

impl ContactReferralStatus {
    /// Whether it may go on to that status. Who did not come in time may still come.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Sent, Self::Arrived | Self::NotCome | Self::Cancelled)
                | (Self::NotCome, Self::Arrived)
                | (Self::Arrived, Self::Served)
        )
    }
}

/// What is told of a referral of a contact.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactReferralFields {
    /// The service.
    pub to_organisation_id: OrganisationId,
    /// What is asked for.
    pub service_type: ServiceType,
    /// Day on which the person agreed to be referred there.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    pub agreed_on: NaiveDate,
    /// How the service knows the person when she comes; it is sealed. No names, no addresses.
    #[serde(default)]
    #[validate(length(max = 280), custom(function = plain_text))]
    pub message: Option<String>,
}

/// A referral of a contact as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_referrals, treat_none_as_default_value = false)]
pub struct ContactReferral {
    /// Id.
    pub id: ContactReferralId,
    /// Group that sent it.
    pub group_id: OrganisationId,
    /// Contact; none once it was reduced to numbers.
    pub contact_id: Option<ContactId>,
    /// Keyed code that the contact had, once it was reduced to numbers.
    pub code_mac: Option<CodeMac>,
    /// Service.
    pub to_organisation_id: OrganisationId,
    /// What is asked for.
    pub service_type: ServiceType,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Message.
    pub sealed_message: Option<Vec<u8>>,
    /// Day on which the person agreed.
    pub agreed_on: NaiveDate,
    /// Where it stands.
    pub status: ContactReferralStatus,
    /// Day the person came.
    pub arrived_on: Option<NaiveDate>,
    /// Day the person was served.
    pub served_on: Option<NaiveDate>,
    /// The person on record whom the service knows her as.
    pub person_id: Option<PersonId>,
    /// Who sent it.
    pub created_by: AccountId,
    /// When it arrived.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { ContactReferral => outreach_referrals }

/// A referral as the group that sent it reads it: whether the person came and was served, nothing else.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SentContactReferral {
    /// Id.
    pub id: ContactReferralId,
    /// Contact; none once it was reduced to numbers.
    pub contact_id: Option<ContactId>,
    /// Service.
    pub to_organisation_id: OrganisationId,
    /// What was asked for.
    pub service_type: ServiceType,
    /// Day on which the person agreed.
    pub agreed_on: NaiveDate,
    /// Where it stands.
    pub status: ContactReferralStatus,
}

/// A referral as the service reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceivedContactReferral {
    /// Id.
    pub id: ContactReferralId,
    /// Group that sent it.
    pub group_id: OrganisationId,
    /// What is asked for.
    pub service_type: ServiceType,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// How the person is known when she comes.
    pub message: Option<String>,
    /// Day on which the person agreed.
    pub agreed_on: NaiveDate,
    /// Where it stands.
    pub status: ContactReferralStatus,
    /// Day the person came.
    pub arrived_on: Option<NaiveDate>,
    /// Day the person was served.
    pub served_on: Option<NaiveDate>,
    /// The person on record whom she is known as; centres alone are told.
    pub person_id: Option<PersonId>,
    /// Version for `If-Match`.
    pub version: i32,
}

impl From<ContactReferral> for SentContactReferral {
    fn from(row: ContactReferral) -> Self {
        Self {
            id: row.id,
            contact_id: row.contact_id,
            to_organisation_id: row.to_organisation_id,
            service_type: row.service_type,
            agreed_on: row.agreed_on,
            status: row.status,
        }
    }
}

impl ContactReferral {
    /// As the service reads it; `person` where the reader may know whom she is known as.
    pub fn received(self, message: Option<String>, person: bool) -> ReceivedContactReferral {
        ReceivedContactReferral {
            id: self.id,
            group_id: self.group_id,
            service_type: self.service_type,
            sex: self.sex,
            age_band: self.age_band,
            message,
            agreed_on: self.agreed_on,
            status: self.status,
            arrived_on: self.arrived_on,
            served_on: self.served_on,
            person_id: self.person_id.filter(|_| person),
            version: self.version,
        }
    }
}
