//! Rows and views of deliveries.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::deliveries;
use crate::db::types::{AccountId, CaseId, DeliveryId, Instant, OrganisationId, PersonId, ReferralId, text_enum};
use crate::services::ServiceType;

text_enum! {
    /// Form in which support was given.
    DeliveryForm {
        /// A service or goods.
        InKind = "in_kind",
        /// Money.
        Money = "money",
    }
}

text_enum! {
    /// Why a delivery was declared void.
    VoidReason {
        /// Recorded by mistake.
        Mistake = "mistake",
        /// Recorded twice.
        Duplicate = "duplicate",
    }
}

/// Support given.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    /// Id.
    pub id: DeliveryId,
    /// Case it belongs to.
    pub case_id: CaseId,
    /// Person who received it.
    pub person_id: PersonId,
    /// Referral it answers.
    pub referral_id: Option<ReferralId>,
    /// Organisation that gave it.
    pub organisation_id: OrganisationId,
    /// Centre that ran the case on that day; its figures count the delivery.
    pub centre_id: OrganisationId,
    /// Service type.
    pub service_type: ServiceType,
    /// Day.
    pub delivered_on: NaiveDate,
    /// Form.
    pub form: DeliveryForm,
    /// Whole đồng, for money.
    pub amount_dong: Option<i64>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was declared void; it then counts nowhere.
    pub voided_at: Option<Instant>,
    /// Why.
    pub void_reason: Option<VoidReason>,
    /// When it was recorded.
    pub created_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { Delivery => deliveries }

/// A delivery as it is read. The recipient of a referral reads no case id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Id.
    pub id: DeliveryId,
    /// Case; for the centre only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_id: Option<CaseId>,
    /// Referral it answers.
    pub referral_id: Option<ReferralId>,
    /// Organisation that gave it.
    pub organisation_id: OrganisationId,
    /// Service type.
    pub service_type: ServiceType,
    /// Day.
    pub delivered_on: NaiveDate,
    /// Form.
    pub form: DeliveryForm,
    /// Whole đồng, for money.
    pub amount_dong: Option<i64>,
    /// When it was declared void.
    pub voided_at: Option<Instant>,
    /// Why.
    pub void_reason: Option<VoidReason>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Delivery {
    /// The view; `for_centre` when the reader reaches the case.
    pub fn view(self, for_centre: bool) -> DeliveryView {
        DeliveryView {
            id: self.id,
            case_id: for_centre.then_some(self.case_id),
            referral_id: self.referral_id,
            organisation_id: self.organisation_id,
            service_type: self.service_type,
            delivered_on: self.delivered_on,
            form: self.form,
            amount_dong: self.amount_dong,
            voided_at: self.voided_at,
            void_reason: self.void_reason,
            version: self.version,
        }
    }
}
