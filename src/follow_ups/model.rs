//! Rows and words of follow-ups.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::follow_ups;
use crate::db::types::{AccountId, CaseId, FollowUpId, Instant, PersonId, text_enum};
use crate::error::AppError;
use crate::vault::{DataKey, FieldName, open_if_any};

text_enum! {
    /// How the person was found.
    Finding {
        /// Cuộc sống ổn định.
        Stable = "stable",
        /// Cần hỗ trợ thêm; the case may be reopened.
        NeedsSupport = "needs_support",
        /// Có nguy cơ; the case may be reopened.
        AtRisk = "at_risk",
        /// Chưa muốn trao đổi lúc này.
        NotWantedNow = "not_wanted_now",
        /// Chưa liên lạc được; another attempt may follow.
        NotReached = "not_reached",
    }
}

/// A follow-up.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = follow_ups, treat_none_as_default_value = false)]
pub struct FollowUp {
    /// Id.
    pub id: FollowUpId,
    /// Case.
    pub case_id: CaseId,
    /// Closing that it follows; a case may be closed several times.
    pub closed_on: NaiveDate,
    /// Months after closing: 3, 6 or 12.
    pub months: i32,
    /// Day.
    pub done_on: NaiveDate,
    /// How the person was found.
    pub finding: Finding,
    /// Sealed note.
    pub sealed_note: Option<Vec<u8>>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
}

bulk_rows! { FollowUp => follow_ups }

/// A follow-up as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FollowUpView {
    /// Id.
    pub id: FollowUpId,
    /// Closing that it follows.
    pub closed_on: NaiveDate,
    /// Months after closing: 3, 6 or 12.
    pub months: i32,
    /// Day.
    pub done_on: NaiveDate,
    /// How the person was found.
    pub finding: Finding,
    /// Note.
    pub note: Option<String>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
}

impl FollowUp {
    /// Where the sealed note of a follow-up stands.
    pub fn note_place(id: FollowUpId) -> FieldName {
        FieldName { table: "follow_ups", column: "sealed_note", row: id.0 }
    }

    /// Opens the sealed note.
    ///
    /// # Errors
    /// When it does not open.
    pub fn view(self, person: PersonId, key: &DataKey) -> Result<FollowUpView, AppError> {
        let note = open_if_any(key, person, Self::note_place(self.id), self.sealed_note.as_deref())?;
        Ok(FollowUpView {
            id: self.id,
            closed_on: self.closed_on,
            months: self.months,
            done_on: self.done_on,
            finding: self.finding,
            note,
            recorded_by: self.recorded_by,
            created_at: self.created_at,
        })
    }
}
