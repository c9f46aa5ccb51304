//! Rows and words of periods of reporting.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::{published_figures, reporting_periods, reporting_steps};
use crate::db::types::{AccountId, Instant, ReportingPeriodId, text_enum};
use crate::programmes::periods::Calendar;

text_enum! {
    /// How far the report of a unit for a period is.
    PeriodStatus {
        /// Nothing was submitted, or it was returned.
        Open = "open",
        /// Submitted by the unit.
        Submitted = "submitted",
        /// Checked by the province.
        Checked = "checked",
        /// Closed: registers and reported values of its days change no more.
        Closed = "closed",
        /// Closed, and its figures published.
        Published = "published",
        /// Opened again after it was closed; what is closed next is a new revision.
        Reopened = "reopened",
    }
}

/// Every legal step.
pub const TRANSITIONS: &[(PeriodStatus, PeriodStatus)] = {
    use PeriodStatus::{Checked, Closed, Open, Published, Reopened, Submitted};
    &[
        (Open, Submitted),
        (Submitted, Open),
        (Submitted, Checked),
        (Checked, Open),
        (Open, Closed),
        (Submitted, Closed),
        (Checked, Closed),
        (Closed, Published),
        (Closed, Reopened),
        (Published, Reopened),
        (Reopened, Closed),
    ]
};

impl PeriodStatus {
    /// Whether the table has this step.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// Whether registers of its days may not be changed.
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Closed | Self::Published)
    }

    /// Whether the unit has said what it has to say.
    pub fn is_reported(self) -> bool {
        !matches!(self, Self::Open)
    }
}

/// The report of a unit for a period.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reporting_periods, treat_none_as_default_value = false)]
pub struct ReportingPeriod {
    /// Id.
    pub id: ReportingPeriodId,
    /// Unit.
    pub unit_code: String,
    /// The province on the map of today.
    pub province_code: String,
    /// Calendar of the period.
    pub calendar: Calendar,
    /// Code of the period.
    pub period: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// How far it is.
    pub status: PeriodStatus,
    /// Times it was closed.
    pub revision: i32,
    /// Whether the unit said that it has nothing to report.
    pub nothing_to_report: bool,
    /// Why it was returned or opened again.
    pub reason: String,
    /// Who took the last step.
    pub changed_by: AccountId,
    /// When.
    pub changed_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// A step of a period, as it was taken.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reporting_steps, treat_none_as_default_value = false)]
pub struct ReportingStep {
    /// Period.
    pub period_id: ReportingPeriodId,
    /// Number, from 1.
    pub seq: i32,
    /// Status it came to.
    pub status: PeriodStatus,
    /// Revision it had then.
    pub revision: i32,
    /// Why.
    pub reason: String,
    /// Who.
    pub taken_by: AccountId,
    /// When.
    pub taken_at: Instant,
}

bulk_rows! { ReportingPeriod => reporting_periods, ReportingStep => reporting_steps }

/// A figure as it was published.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = published_figures, treat_none_as_default_value = false)]
pub struct PublishedFigure {
    /// Plan.
    pub plan_code: String,
    /// Indicator.
    pub indicator_code: String,
    /// Unit.
    pub unit_code: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// Revision of the period.
    pub revision: i32,
    /// Version of the plan it was made with.
    pub plan_version: i32,
    /// Numerator.
    pub numerator: Option<i64>,
    /// Denominator.
    pub denominator: Option<i64>,
    /// The whole figure as it was read.
    pub content: String,
    /// Why there is a revision; empty of the first.
    pub reason: String,
    /// Who published it.
    pub published_by: AccountId,
    /// When.
    pub published_at: Instant,
}

/// The report of a unit for a period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportingPeriodView {
    /// Id by which auditors read its trail; none while nobody took a step.
    pub id: Option<ReportingPeriodId>,
    /// Unit.
    pub unit_code: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// How far it is.
    pub status: PeriodStatus,
    /// Times it was closed; from the second on there is a revision.
    pub revision: i32,
    /// Whether the unit said that it has nothing to report.
    pub nothing_to_report: bool,
    /// Why it was returned or opened again.
    pub reason: Option<String>,
    /// Who took the last step; none while nobody took one.
    pub changed_by: Option<AccountId>,
    /// When.
    pub changed_at: Option<Instant>,
}

impl From<ReportingPeriod> for ReportingPeriodView {
    fn from(row: ReportingPeriod) -> Self {
        Self {
            id: Some(row.id),
            unit_code: row.unit_code,
            calendar: row.calendar,
            period: row.period,
            first_day: row.first_day,
            last_day: row.last_day,
            status: row.status,
            revision: row.revision,
            nothing_to_report: row.nothing_to_report,
            reason: Some(row.reason).filter(|reason| !reason.is_empty()),
            changed_by: Some(row.changed_by),
            changed_at: Some(row.changed_at),
        }
    }
}

/// A step that was taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportingStepView {
    /// Status it came to.
    pub status: PeriodStatus,
    /// Revision it had then.
    pub revision: i32,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub taken_by: AccountId,
    /// When.
    pub taken_at: Instant,
}

impl From<ReportingStep> for ReportingStepView {
    fn from(row: ReportingStep) -> Self {
        Self {
            status: row.status,
            revision: row.revision,
            reason: Some(row.reason).filter(|reason| !reason.is_empty()),
            taken_by: row.taken_by,
            taken_at: row.taken_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_closed_is_changed_only_after_it_was_opened_again() {
        for status in PeriodStatus::ALL {
            let leads = |next: PeriodStatus| status.may_become(next);
            if status.is_locked() {
                assert!(leads(PeriodStatus::Reopened) && !leads(PeriodStatus::Open) && !leads(PeriodStatus::Submitted));
            }
            assert!(!leads(*status), "{status} leads to itself");
        }
    }
}
