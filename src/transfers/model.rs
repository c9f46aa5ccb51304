//! Rows and views of transfers.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::status::{TransferDeclineReason, TransferGround, TransferStatus};
use crate::db::bulk::bulk_rows;
use crate::db::schema::transfers;
use crate::db::types::{AccountId, CaseId, ConsentId, Instant, OrganisationId, PersonId, TransferId};
use crate::error::AppError;
use crate::referrals::model::AgeGroup;
use crate::services::ServiceType;
use crate::vault::{DataKey, FieldName, open_if_any};

/// A transfer as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = transfers, treat_none_as_default_value = false)]
pub struct Transfer {
    /// Id.
    pub id: TransferId,
    /// The sender's case.
    pub case_id: CaseId,
    /// Person it is about.
    pub person_id: PersonId,
    /// Sender.
    pub from_organisation_id: OrganisationId,
    /// Receiver.
    pub to_organisation_id: OrganisationId,
    /// What allows it.
    pub ground: TransferGround,
    /// Consent it rests on.
    pub consent_id: Option<ConsentId>,
    /// Status.
    pub status: TransferStatus,
    /// Last day for an answer.
    pub answer_due_on: NaiveDate,
    /// Sealed summary for the receiver, shown once accepted.
    pub sealed_summary: Option<Vec<u8>>,
    /// Who offered it.
    pub offered_by: AccountId,
    /// When it was offered.
    pub created_at: Instant,
    /// Who answered, or took it back; none when a deadline or a consent did.
    pub answered_by: Option<AccountId>,
    /// When it was answered or ended.
    pub answered_at: Option<Instant>,
    /// Why declined.
    pub decline_reason: Option<TransferDeclineReason>,
    /// The receiver's case.
    pub new_case_id: Option<CaseId>,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { Transfer => transfers }

/// A transfer as its sender reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferView {
    /// Id.
    pub id: TransferId,
    /// The sender's case.
    pub case_id: CaseId,
    /// Sender.
    pub from_organisation_id: OrganisationId,
    /// Receiver.
    pub to_organisation_id: OrganisationId,
    /// What allows it.
    pub ground: TransferGround,
    /// Status.
    pub status: TransferStatus,
    /// Last day for an answer.
    pub answer_due_on: NaiveDate,
    /// Summary for the receiver.
    pub summary: Option<String>,
    /// When it was offered.
    pub created_at: Instant,
    /// When it was answered or ended.
    pub answered_at: Option<Instant>,
    /// Why declined.
    pub decline_reason: Option<TransferDeclineReason>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// A transfer as its receiver reads it: the minimum for an answer, and once accepted the
/// case it opened. Never the sender's case or notes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncomingTransfer {
    /// Id.
    pub id: TransferId,
    /// Sender.
    pub from_organisation_id: OrganisationId,
    /// Receiver.
    pub to_organisation_id: OrganisationId,
    /// Status.
    pub status: TransferStatus,
    /// Last day for an answer.
    pub answer_due_on: NaiveDate,
    /// When it was offered.
    pub created_at: Instant,
    /// Whether the person may be a minor, is an adult, or of unknown age.
    pub age_group: Option<AgeGroup>,
    /// Services the person was last found to need.
    pub needs: Vec<ServiceType>,
    /// Summary of the sender, once accepted.
    pub summary: Option<String>,
    /// The receiver's case, once accepted.
    pub new_case_id: Option<CaseId>,
    /// Why declined.
    pub decline_reason: Option<TransferDeclineReason>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// What a reader of a transfer gets: the sender's view or the receiver's.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TransferReply {
    /// For the sender.
    Sender(TransferView),
    /// For the receiver.
    Recipient(IncomingTransfer),
}

impl TransferReply {
    /// Version of the transfer.
    pub fn version(&self) -> i32 {
        match self {
            Self::Sender(view) => view.version,
            Self::Recipient(view) => view.version,
        }
    }

    /// Id of the transfer.
    pub fn id(&self) -> TransferId {
        match self {
            Self::Sender(view) => view.id,
            Self::Recipient(view) => view.id,
        }
    }
}

impl Transfer {
    /// Whether it waits for an answer.
    pub fn is_offered(&self) -> bool {
        self.status == TransferStatus::Offered
    }

    /// Where the sealed summary of a transfer stands.
    pub fn summary_place(id: TransferId) -> FieldName {
        FieldName { table: "transfers", column: "sealed_summary", row: id.0 }
    }

    fn summary(&self, key: &DataKey) -> Result<Option<String>, AppError> {
        Ok(open_if_any(key, self.person_id, Self::summary_place(self.id), self.sealed_summary.as_deref())?)
    }

    /// The sender's view.
    ///
    /// # Errors
    /// When the summary does not open.
    pub fn view(self, key: &DataKey) -> Result<TransferView, AppError> {
        let summary = self.summary(key)?;
        Ok(TransferView {
            id: self.id,
            case_id: self.case_id,
            from_organisation_id: self.from_organisation_id,
            to_organisation_id: self.to_organisation_id,
            ground: self.ground,
            status: self.status,
            answer_due_on: self.answer_due_on,
            summary,
            created_at: self.created_at,
            answered_at: self.answered_at,
            decline_reason: self.decline_reason,
            version: self.version,
        })
    }

    /// The receiver's view.
    ///
    /// # Errors
    /// When the summary does not open.
    pub fn incoming_view(
        self,
        key: &DataKey,
        age_group: Option<AgeGroup>,
        needs: Vec<ServiceType>,
    ) -> Result<IncomingTransfer, AppError> {
        let accepted = self.status == TransferStatus::Accepted;
        let summary = if accepted { self.summary(key)? } else { None };
        Ok(IncomingTransfer {
            id: self.id,
            from_organisation_id: self.from_organisation_id,
            to_organisation_id: self.to_organisation_id,
            status: self.status,
            answer_due_on: self.answer_due_on,
            created_at: self.created_at,
            age_group,
            needs,
            summary,
            new_case_id: self.new_case_id,
            decline_reason: self.decline_reason,
            version: self.version,
        })
    }
}
