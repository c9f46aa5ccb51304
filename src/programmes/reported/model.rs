//! Rows of reported values.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::reported_values;
use crate::db::types::{AccountId, Instant, RegisterImportId, ReportedValueId};
use crate::programmes::periods::Calendar;

/// A revision of a value that another body reported.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reported_values, treat_none_as_default_value = false)]
pub struct ReportedValue {
    /// Id.
    pub id: ReportedValueId,
    /// What was counted.
    pub element: String,
    /// Of which kinds and groups; empty: of all.
    pub class: String,
    /// Unit it is about.
    pub unit_code: String,
    /// Its province on the map of today.
    pub province_code: String,
    /// Calendar of the period.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// Number of the revision, from 1.
    pub revision: i32,
    /// Whether it is the newest.
    pub is_current: bool,
    /// The value; none takes it back.
    pub value: Option<i64>,
    /// Who reported it.
    pub source_agency: String,
    /// In which document.
    pub source_document: String,
    /// Of which day.
    pub source_on: NaiveDate,
    /// Why it was revised; empty of the first.
    pub reason: String,
    /// Import that made it.
    pub import_id: Option<RegisterImportId>,
    /// Who entered it.
    pub entered_by: AccountId,
    /// When.
    pub entered_at: Instant,
}

bulk_rows! { ReportedValue => reported_values }

/// A revision of a value that another body reported.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportedValueView {
    /// Id of the revision.
    pub id: ReportedValueId,
    /// What was counted.
    pub element: String,
    /// Of which kinds and groups; empty: of all.
    pub class: String,
    /// Unit it is about.
    pub unit_code: String,
    /// Calendar of the period.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// Number of the revision, from 1.
    pub revision: i32,
    /// Whether it is the newest.
    pub current: bool,
    /// The value; none: it was taken back.
    pub value: Option<i64>,
    /// Who reported it.
    pub source_agency: String,
    /// In which document.
    pub source_document: String,
    /// Of which day.
    pub source_on: NaiveDate,
    /// Why it was revised; none of the first revision.
    pub reason: Option<String>,
    /// Import that made it.
    pub import_id: Option<RegisterImportId>,
    /// Who entered it.
    pub entered_by: AccountId,
    /// When it was entered.
    pub entered_at: Instant,
}

impl From<ReportedValue> for ReportedValueView {
    fn from(row: ReportedValue) -> Self {
        Self {
            id: row.id,
            element: row.element,
            class: row.class,
            unit_code: row.unit_code,
            calendar: row.calendar,
            period: row.period,
            revision: row.revision,
            current: row.is_current,
            value: row.value,
            source_agency: row.source_agency,
            source_document: row.source_document,
            source_on: row.source_on,
            reason: Some(row.reason).filter(|reason| !reason.is_empty()),
            import_id: row.import_id,
            entered_by: row.entered_by,
            entered_at: row.entered_at,
        }
    }
}
