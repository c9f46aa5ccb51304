//! Rows and views of stays.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::{stay_extensions, stays};
use crate::db::types::{
    AccountId, CaseId, ExtensionId, Instant, OrganisationId, PersonId, ReferralId, StayId, text_enum,
};
use crate::deliveries::model::VoidReason;
use crate::entitlements::catalogue::Extender;

/// A stay as stored. Neither name nor free text stands in it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = stays, treat_none_as_default_value = false)]
pub struct Stay {
    /// Id.
    pub id: StayId,
    /// Case it belongs to.
    pub case_id: CaseId,
    /// Who stays.
    pub person_id: PersonId,
    /// Referral by which the person came.
    pub referral_id: Option<ReferralId>,
    /// Facility.
    pub organisation_id: OrganisationId,
    /// Centre that runs the case.
    pub centre_id: OrganisationId,
    /// Label of room or bed.
    pub room: Option<String>,
    /// First day.
    pub in_on: NaiveDate,
    /// Day on which the person is expected to leave.
    pub expected_out_on: Option<NaiveDate>,
    /// Last day; none while the stay goes on.
    pub out_on: Option<NaiveDate>,
    /// Last day that the limit of the law covers, while the stay goes on; kept by `rules::refresh`.
    pub runs_out_on: Option<NaiveDate>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was declared void; it then counts nowhere.
    pub voided_at: Option<Instant>,
    /// Why.
    pub void_reason: Option<VoidReason>,
    /// When it was recorded.
    pub created_at: Instant,
    /// When it was last changed by people.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

text_enum! {
    /// Why a stay was extended.
    ExtensionReason {
        /// Health.
        Health = "health",
        /// There is no other safe place yet.
        NoSafePlace = "no_safe_place",
        /// Papers or the way home are still being prepared.
        ReturnPending = "return_pending",
        /// Proceedings in which the person is a witness or injured party.
        Proceedings = "proceedings",
        /// Another reason.
        Other = "other",
    }
}

/// An extension of the days the law gives.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = stay_extensions, treat_none_as_default_value = false)]
pub struct Extension {
    /// Id.
    pub id: ExtensionId,
    /// Stay.
    pub stay_id: StayId,
    /// Days added.
    pub days: i32,
    /// Who decided.
    pub granted_by: Extender,
    /// When.
    pub granted_on: NaiveDate,
    /// Why.
    pub reason: ExtensionReason,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
}

bulk_rows! { Stay => stays, Extension => stay_extensions }

/// An extension as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExtensionView {
    /// Days added.
    pub days: i32,
    /// Who decided.
    pub granted_by: Extender,
    /// When.
    pub granted_on: NaiveDate,
    /// Why.
    pub reason: ExtensionReason,
}

/// How a reader sees a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Through the case.
    Centre,
    /// As a facility that houses victims alone, while the referral is accepted or in service and the consent holds.
    ServingVictims,
    /// As another facility, then: a last day that the law's limit covers would tell who of its residents is a victim.
    Serving,
    /// As the facility, afterwards: what it needs to record the last day, and no more.
    Former,
}

/// A stay as it is read. A facility reads neither case nor person, and after the
/// referral is over only label and days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StayView {
    /// Id.
    pub id: StayId,
    /// Case; for the centre only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_id: Option<CaseId>,
    /// Referral by which the person came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_id: Option<ReferralId>,
    /// Facility.
    pub organisation_id: OrganisationId,
    /// Label of room (`A12`) or bed (`A12-2`).
    pub room: Option<String>,
    /// First day.
    pub in_on: NaiveDate,
    /// Day on which the person is expected to leave.
    pub expected_out_on: Option<NaiveDate>,
    /// Last day; none while the stay goes on.
    pub out_on: Option<NaiveDate>,
    /// Last day that the limit of the law covers, while the stay goes on.
    pub runs_out_on: Option<NaiveDate>,
    /// Extensions, oldest first.
    pub extensions: Vec<ExtensionView>,
    /// When it was declared void.
    pub voided_at: Option<Instant>,
    /// Why.
    pub void_reason: Option<VoidReason>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Stay {
    /// The view.
    pub fn view(self, extensions: &[Extension], sight: Sight) -> StayView {
        let serving = sight != Sight::Former;
        let limits = matches!(sight, Sight::Centre | Sight::ServingVictims);
        let own = extensions.iter().filter(|extension| limits && extension.stay_id == self.id);
        StayView {
            id: self.id,
            case_id: (sight == Sight::Centre).then_some(self.case_id),
            referral_id: self.referral_id.filter(|_| serving),
            organisation_id: self.organisation_id,
            room: self.room,
            in_on: self.in_on,
            expected_out_on: self.expected_out_on.filter(|_| serving),
            out_on: self.out_on,
            runs_out_on: self.runs_out_on.filter(|_| limits),
            extensions: own
                .map(|extension| ExtensionView {
                    days: extension.days,
                    granted_by: extension.granted_by,
                    granted_on: extension.granted_on,
                    reason: extension.reason,
                })
                .collect(),
            voided_at: self.voided_at,
            void_reason: self.void_reason,
            version: self.version,
        }
    }
}

/// Whether this is a label of a room (`A12`) or of a bed in it (`A12-2`): at most two letters and
/// four digits, so that no name can stand in it.
pub fn is_label(text: &str) -> bool {
    let (room, bed) = match text.split_once('-') {
        Some((room, bed)) => (room, Some(bed)),
        None => (text, None),
    };
    let digits_of = |part: &str| part.trim_start_matches(|c: char| c.is_ascii_uppercase()).to_owned();
    let digits = digits_of(room);
    let numbered =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    room.len() - digits.len() <= 2 && numbered(&digits, 4) && bed.is_none_or(|bed| numbered(bed, 2))
}

/// Whether the label names a bed, which one person has at a time.
pub fn names_bed(label: &str) -> bool {
    label.contains('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_holds_no_name() {
        for good in ["1", "A12", "AB1204", "A12-2", "7-12"] {
            assert!(is_label(good), "{good}");
        }
        for bad in ["", "Lan", "LAN", "LAN1", "A", "A12-", "-1", "A12-LAN", "A12-123", "A12345", "Đ1", "A 1", "a1"] {
            assert!(!is_label(bad), "{bad}");
        }
        assert!(names_bed("A12-2") && !names_bed("A12"));
    }
}
