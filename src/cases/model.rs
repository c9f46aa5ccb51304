//! Rows and views of cases.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::status::{CaseStatus, CloseReason};
use crate::db::bulk::bulk_rows;
use crate::db::schema::{case_events, cases};
use crate::db::types::{AccountId, CaseEventId, CaseId, Instant, OrganisationId, PersonId, text_enum};
use crate::error::AppError;
use crate::persons::ClientCategory;
use crate::vault::{DataKey, FieldName, open_if_any};

/// A case as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = cases, treat_none_as_default_value = false)]
pub struct Case {
    /// Id.
    pub id: CaseId,
    /// Whose case.
    pub person_id: PersonId,
    /// Centre that runs it.
    pub organisation_id: OrganisationId,
    /// Unit it is counted in, as it was on the day of reception.
    pub unit_code: String,
    /// Category it concerns.
    pub category: ClientCategory,
    /// Status.
    pub status: CaseStatus,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Day on which the person was identified as a victim.
    pub identified_on: Option<NaiveDate>,
    /// Day of closure.
    pub closed_on: Option<NaiveDate>,
    /// Why closed.
    pub close_reason: Option<CloseReason>,
    /// Worker responsible; none while it waits.
    pub assigned_to: Option<AccountId>,
    /// Who opened it.
    pub opened_by: AccountId,
    /// Sealed summary.
    pub sealed_summary: Option<Vec<u8>>,
    /// When opened.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
    /// Day of the last change of status.
    pub status_since: NaiveDate,
    /// Whether the person was trafficked again after an earlier case; stated by the worker.
    pub trafficked_again: bool,
    /// The receiver's case, once this one was transferred; the person is then no longer this centre's to see.
    pub handed_to_case_id: Option<CaseId>,
    /// The sender's case that this one goes on from.
    pub continues_case_id: Option<CaseId>,
    /// Day on which the first centre received the person, where this case goes on from another.
    pub first_received_on: Option<NaiveDate>,
    /// Whether a care plan was agreed on in a case that this one goes on from.
    pub planned_before: bool,
    /// Day on which the case was last moved or its person last met; the day of reception in a new case. An
    /// assignment is no contact; support that was declared void is none either. The database moves it on.
    pub last_contact_on: NaiveDate,
}

impl Case {
    /// Day from which on help in this matter may have been given, and the law's time runs: the first reception,
    /// whoever goes on with the case.
    pub fn begun_on(&self) -> NaiveDate {
        self.first_received_on.unwrap_or(self.received_on)
    }

    /// Where the sealed summary of a case stands.
    pub fn summary_place(id: CaseId) -> FieldName {
        FieldName { table: "cases", column: "sealed_summary", row: id.0 }
    }
}

text_enum! {
    /// What happened in a case.
    CaseEventKind {
        /// The case was opened.
        Opened = "opened",
        /// Another status.
        StatusChanged = "status_changed",
        /// Opened again after closure.
        Reopened = "reopened",
        /// Taken over from another centre, or from a commune.
        TakenOver = "taken_over",
        /// Handed over to another centre.
        HandedOver = "handed_over",
        /// Given to a worker, or put back to wait.
        Assigned = "assigned",
    }
}

/// A dated event of a case.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_events, treat_none_as_default_value = false)]
pub struct CaseEvent {
    /// Id.
    pub id: CaseEventId,
    /// Case.
    pub case_id: CaseId,
    /// What happened.
    pub kind: CaseEventKind,
    /// Status before.
    pub from_status: Option<CaseStatus>,
    /// Status after.
    pub to_status: Option<CaseStatus>,
    /// Day on which it happened.
    pub occurred_on: NaiveDate,
    /// Reason, where one is needed.
    pub reason: Option<CloseReason>,
    /// Sealed note.
    pub sealed_note: Option<Vec<u8>>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub recorded_at: Instant,
}

impl CaseEvent {
    /// Where the sealed note of an event stands.
    pub fn note_place(id: CaseEventId) -> FieldName {
        FieldName { table: "case_events", column: "sealed_note", row: id.0 }
    }
}

bulk_rows! { Case => cases, CaseEvent => case_events }

/// A case as those who may see it read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseView {
    /// Id.
    pub id: CaseId,
    /// Whose case.
    pub person_id: PersonId,
    /// Centre that runs it.
    pub organisation_id: OrganisationId,
    /// Unit it is counted in.
    pub unit_code: String,
    /// Category it concerns.
    pub category: ClientCategory,
    /// Status.
    pub status: CaseStatus,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Day on which the person was identified as a victim.
    pub identified_on: Option<NaiveDate>,
    /// Day of closure.
    pub closed_on: Option<NaiveDate>,
    /// Why closed.
    pub close_reason: Option<CloseReason>,
    /// Worker responsible; none while it waits.
    pub assigned_to: Option<AccountId>,
    /// Day of the last change of status.
    pub status_since: NaiveDate,
    /// Whether the person was trafficked again after an earlier case.
    pub trafficked_again: bool,
    /// Whether another centre goes on with this case; the person's record is then its to read.
    pub handed_over: bool,
    /// Whether this case goes on from one of another centre, or of a commune.
    pub taken_over: bool,
    /// Summary.
    pub summary: Option<String>,
    /// When opened.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
}

impl Case {
    /// Opens the sealed summary.
    ///
    /// # Errors
    /// When it does not open.
    pub fn view(self, key: &DataKey) -> Result<CaseView, AppError> {
        let place = Self::summary_place(self.id);
        let summary = open_if_any(key, self.person_id, place, self.sealed_summary.as_deref())?;
        Ok(CaseView {
            id: self.id,
            person_id: self.person_id,
            organisation_id: self.organisation_id,
            unit_code: self.unit_code,
            category: self.category,
            status: self.status,
            received_on: self.received_on,
            identified_on: self.identified_on,
            closed_on: self.closed_on,
            close_reason: self.close_reason,
            assigned_to: self.assigned_to,
            status_since: self.status_since,
            trafficked_again: self.trafficked_again,
            handed_over: self.handed_to_case_id.is_some(),
            taken_over: self.continues_case_id.is_some(),
            summary,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// What a line of the list shows: columns that its indexes hold.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = cases)]
pub struct CaseHead {
    /// Id.
    pub id: CaseId,
    /// Whose case.
    pub person_id: PersonId,
    /// Centre that runs it.
    pub organisation_id: OrganisationId,
    /// Unit it is counted in.
    pub unit_code: String,
    /// Category it concerns.
    pub category: ClientCategory,
    /// Status.
    pub status: CaseStatus,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Worker responsible.
    pub assigned_to: Option<AccountId>,
}

/// One line of the list of cases.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseLine {
    /// The case.
    #[serde(flatten)]
    pub case: CaseHead,
    /// Name of the person; none for an anonymous one, or when another centre goes on with the case.
    pub person_name: Option<String>,
}

/// A dated event of a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseEventView {
    /// Id.
    pub id: CaseEventId,
    /// What happened.
    pub kind: CaseEventKind,
    /// Status before.
    pub from_status: Option<CaseStatus>,
    /// Status after.
    pub to_status: Option<CaseStatus>,
    /// Day on which it happened.
    pub occurred_on: NaiveDate,
    /// Reason.
    pub reason: Option<CloseReason>,
    /// Note.
    pub note: Option<String>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub recorded_at: Instant,
}
