//! Rows and views of referrals.

use chrono::{Months, NaiveDate};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::status::{DeclineReason, EmergencyReason, Outcome, ReferralStatus, ReferralStopReason};
use crate::db::bulk::bulk_rows;
use crate::db::schema::{referral_events, referrals};
use crate::db::types::{AccountId, CaseId, ConsentId, Instant, OrganisationId, PersonId, ReferralEventId, ReferralId};
use crate::error::{AppError, DayOf};
use crate::persons::model::{Birth, Person, SealedColumn, Sex, open_column};
use crate::services::ServiceType;
use crate::vault::{DataKey, FieldName, open_if_any};

/// A referral as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = referrals, treat_none_as_default_value = false)]
pub struct Referral {
    /// Id.
    pub id: ReferralId,
    /// Case it serves.
    pub case_id: CaseId,
    /// Person it is about.
    pub person_id: PersonId,
    /// Service asked for.
    pub service_type: ServiceType,
    /// Sending centre.
    pub from_organisation_id: OrganisationId,
    /// Recipient.
    pub to_organisation_id: OrganisationId,
    /// Status.
    pub status: ReferralStatus,
    /// Consent it rests on, once sent.
    pub consent_id: Option<ConsentId>,
    /// Last day for an answer, once sent.
    pub answer_due_on: Option<NaiveDate>,
    /// When sent.
    pub sent_at: Option<Instant>,
    /// When answered.
    pub answered_at: Option<Instant>,
    /// Why declined.
    pub decline_reason: Option<DeclineReason>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Sealed message for the recipient, shown once accepted.
    pub sealed_message: Option<Vec<u8>>,
    /// Who wrote it.
    pub created_by: AccountId,
    /// When written.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
    /// Last day to begin, once accepted.
    pub start_due_on: Option<NaiveDate>,
    /// Why help ended before its end.
    pub stop_reason: Option<ReferralStopReason>,
    /// The risk to life for which it may go before consent.
    pub emergency_reason: Option<EmergencyReason>,
    /// Last day on which an emergency goes on without consent.
    pub consent_due_on: Option<NaiveDate>,
    /// The manager who looked at the emergency.
    pub reviewed_by: Option<AccountId>,
    /// When.
    pub reviewed_at: Option<Instant>,
}

/// A change of status of a referral.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = referral_events, treat_none_as_default_value = false)]
pub struct ReferralEvent {
    /// Id.
    pub id: ReferralEventId,
    /// Referral.
    pub referral_id: ReferralId,
    /// Status before.
    pub from_status: Option<ReferralStatus>,
    /// Status after.
    pub to_status: ReferralStatus,
    /// Reason word, where one was given.
    pub reason: Option<String>,
    /// Who; none when the deadline or the end of a consent did it.
    pub recorded_by: Option<AccountId>,
    /// When.
    pub recorded_at: Instant,
}

bulk_rows! { Referral => referrals, ReferralEvent => referral_events }

/// A referral as the sender reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReferralView {
    /// Id.
    pub id: ReferralId,
    /// Case it serves.
    pub case_id: CaseId,
    /// Person it is about.
    pub person_id: PersonId,
    /// Service asked for.
    pub service_type: ServiceType,
    /// Sending centre.
    pub from_organisation_id: OrganisationId,
    /// Recipient.
    pub to_organisation_id: OrganisationId,
    /// Status.
    pub status: ReferralStatus,
    /// Last day for an answer.
    pub answer_due_on: Option<NaiveDate>,
    /// When sent.
    pub sent_at: Option<Instant>,
    /// When answered.
    pub answered_at: Option<Instant>,
    /// Last day to begin.
    pub start_due_on: Option<NaiveDate>,
    /// Why declined.
    pub decline_reason: Option<DeclineReason>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why help ended before its end.
    pub stop_reason: Option<ReferralStopReason>,
    /// The risk to life for which it may go before consent.
    pub emergency_reason: Option<EmergencyReason>,
    /// Last day on which an emergency goes on without consent; none once there is one.
    pub consent_due_on: Option<NaiveDate>,
    /// When a manager looked at the emergency.
    pub reviewed_at: Option<Instant>,
    /// Message for the recipient.
    pub message: Option<String>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// A referral as the recipient reads it: the minimum for an answer, and what the
/// service needs once it is accepted. It never says why the programme meets the person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncomingReferral {
    /// Id.
    pub id: ReferralId,
    /// Service asked for.
    pub service_type: ServiceType,
    /// Sending centre.
    pub from_organisation_id: OrganisationId,
    /// Recipient.
    pub to_organisation_id: OrganisationId,
    /// Status.
    pub status: ReferralStatus,
    /// Last day for an answer.
    pub answer_due_on: Option<NaiveDate>,
    /// When sent.
    pub sent_at: Option<Instant>,
    /// Last day to begin.
    pub start_due_on: Option<NaiveDate>,
    /// Whether it is an emergency.
    pub emergency: bool,
    /// Why declined.
    pub decline_reason: Option<DeclineReason>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why help ended before its end.
    pub stop_reason: Option<ReferralStopReason>,
    /// Whether the person is a minor, an adult, or of unknown age; for the answer, and while the referral runs.
    pub age_group: Option<AgeGroup>,
    /// The person, once accepted and until the service ends.
    pub person: Option<ReferredPerson>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

crate::db::types::text_enum! {
    /// Age as far as an answer needs it.
    AgeGroup {
        /// Under 18.
        Minor = "minor",
        /// 18 or older.
        Adult = "adult",
        /// Not known.
        Unknown = "unknown",
    }
}

impl AgeGroup {
    /// The group on `today`; who may be under 18 counts as a minor.
    pub fn on(birth: &Birth, today: NaiveDate) -> Self {
        match birth.of_age_on() {
            Some(of_age) if today < of_age => Self::Minor,
            Some(_) => Self::Adult,
            None => Self::Unknown,
        }
    }
}

/// What a service needs to know about a person it helps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReferredPerson {
    /// Name; none for an anonymous person.
    pub name: Option<String>,
    /// Sex.
    pub sex: Sex,
    /// Birth as known.
    pub birth: Birth,
    /// Telephone number.
    pub phone: Option<String>,
    /// How the person may be contacted safely.
    pub safe_contact: Option<String>,
    /// Message of the sender.
    pub message: Option<String>,
}

/// One step of a referral, as its sender reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReferralEventView {
    /// Status before.
    pub from_status: Option<ReferralStatus>,
    /// Status after.
    pub to_status: ReferralStatus,
    /// Reason word, where one was given.
    pub reason: Option<String>,
    /// Who; none when the deadline or the end of a consent did it.
    pub recorded_by: Option<AccountId>,
    /// When.
    pub recorded_at: Instant,
}

impl From<ReferralEvent> for ReferralEventView {
    fn from(row: ReferralEvent) -> Self {
        Self {
            from_status: row.from_status,
            to_status: row.to_status,
            reason: row.reason,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        }
    }
}

/// What a reader of a referral gets: the sender's view or the recipient's.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ReferralReply {
    /// For the sender.
    Sender(ReferralView),
    /// For the recipient.
    Recipient(IncomingReferral),
}

impl ReferralReply {
    /// Version of the referral.
    pub fn version(&self) -> i32 {
        match self {
            Self::Sender(view) => view.version,
            Self::Recipient(view) => view.version,
        }
    }

    /// Id of the referral.
    pub fn id(&self) -> ReferralId {
        match self {
            Self::Sender(view) => view.id,
            Self::Recipient(view) => view.id,
        }
    }
}

/// A first day, and the name of the fact it comes from.
pub type FirstDay = (NaiveDate, DayOf);

impl Referral {
    /// The first day of which the recipient may tell support by hand: a year before the referral was sent. The day of
    /// reception, from which the sender may, is not for the recipient to find by trying.
    pub fn told_from(&self) -> FirstDay {
        let sent = self.sent_at.unwrap_or(self.created_at).civil_date();
        (sent.checked_sub_months(Months::new(12)).unwrap_or(sent), DayOf::YearBeforeSent)
    }

    /// Whether an emergency goes on before the person could be asked, seen from `today`.
    pub fn goes_before_consent(&self, today: NaiveDate) -> bool {
        self.consent_id.is_none() && self.consent_due_on.is_some_and(|last| today <= last)
    }

    /// Where the sealed message of a referral stands.
    pub fn message_place(id: ReferralId) -> FieldName {
        FieldName { table: "referrals", column: "sealed_message", row: id.0 }
    }

    fn message(&self, key: &DataKey) -> Result<Option<String>, AppError> {
        Ok(open_if_any(key, self.person_id, Self::message_place(self.id), self.sealed_message.as_deref())?)
    }

    /// The sender's view.
    ///
    /// # Errors
    /// When the message does not open.
    pub fn view(self, key: &DataKey) -> Result<ReferralView, AppError> {
        let message = self.message(key)?;
        Ok(ReferralView {
            id: self.id,
            case_id: self.case_id,
            person_id: self.person_id,
            service_type: self.service_type,
            from_organisation_id: self.from_organisation_id,
            to_organisation_id: self.to_organisation_id,
            status: self.status,
            answer_due_on: self.answer_due_on,
            sent_at: self.sent_at,
            answered_at: self.answered_at,
            start_due_on: self.start_due_on,
            decline_reason: self.decline_reason,
            outcome: self.outcome,
            stop_reason: self.stop_reason,
            emergency_reason: self.emergency_reason,
            consent_due_on: self.consent_due_on.filter(|_| self.consent_id.is_none()),
            reviewed_at: self.reviewed_at,
            message,
            version: self.version,
        })
    }

    /// Whether the recipient sees the person, who agrees to it or not.
    pub fn shows_person(&self, agreed: bool) -> bool {
        agreed && self.status.shows_person()
    }

    /// The recipient's view on `today`; the person only while the consent holds.
    ///
    /// # Errors
    /// When a sealed field does not open.
    pub fn incoming_view(
        self,
        person: &Person,
        key: &DataKey,
        today: NaiveDate,
        agreed: bool,
    ) -> Result<IncomingReferral, AppError> {
        let birth = person.birth();
        let open = |column, stored: &Option<Vec<u8>>| open_column(key, person.id, column, stored.as_deref());
        let referred = if self.shows_person(agreed) {
            Some(ReferredPerson {
                name: open(SealedColumn::Name, &person.sealed_name)?,
                sex: person.sex,
                birth,
                phone: open(SealedColumn::Phone, &person.sealed_phone)?,
                safe_contact: open(SealedColumn::SafeContact, &person.sealed_safe_contact)?,
                message: self.message(key)?,
            })
        } else {
            None
        };
        let runs = matches!(self.status, ReferralStatus::Sent) || self.status.shows_person();
        // Of one that is over, the day on which it changes would tell the birthday.
        let age_group = runs.then(|| AgeGroup::on(&birth, today));
        Ok(IncomingReferral {
            id: self.id,
            service_type: self.service_type,
            from_organisation_id: self.from_organisation_id,
            to_organisation_id: self.to_organisation_id,
            status: self.status,
            answer_due_on: self.answer_due_on,
            sent_at: self.sent_at,
            start_due_on: self.start_due_on,
            emergency: self.emergency_reason.is_some(),
            decline_reason: self.decline_reason,
            outcome: self.outcome,
            stop_reason: self.stop_reason,
            age_group,
            person: referred,
            version: self.version,
        })
    }
}
