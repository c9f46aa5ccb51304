//! When a case was last moved or its person last met, as parts of a statement about `cases`.
//! An assignment is no contact; support that was declared void is none either.
#![expect(missing_docs, reason = "auto_type makes an alias of the same name for each expression")]

use chrono::NaiveDate;
use diesel::dsl::{auto_type, max};
use diesel::helper_types::max;
use diesel::prelude::*;

use super::model::CaseEventKind;
use crate::db::schema::{assessments, case_events, cases, deliveries, tasks};
use crate::tasks::TaskStatus;
use crate::tasks::model::TaskKind;

/// Days of [`last_event_on`], [`last_assessment_on`], [`last_delivery_on`] and [`last_contact_done_on`].
pub type ContactDays = (Option<NaiveDate>, Option<NaiveDate>, Option<NaiveDate>, Option<NaiveDate>);

/// The last of these days, or the day of reception.
pub fn last_contact_on(received_on: NaiveDate, (event, assessment, delivery, done): ContactDays) -> NaiveDate {
    [event, assessment, delivery, done].into_iter().flatten().fold(received_on, NaiveDate::max)
}

/// Day of the last event of the case, assignments left out.
#[auto_type]
pub fn last_event_on() -> _ {
    let assigned: CaseEventKind = CaseEventKind::Assigned;
    case_events::table
        .filter(case_events::case_id.eq(cases::id))
        .filter(case_events::kind.ne(assigned))
        .select(max(case_events::occurred_on))
        .single_value()
}

/// Day of the last assessment.
#[auto_type]
pub fn last_assessment_on() -> _ {
    assessments::table.filter(assessments::case_id.eq(cases::id)).select(max(assessments::assessed_on)).single_value()
}

/// Day on which support was last given.
#[auto_type]
pub fn last_delivery_on() -> _ {
    deliveries::table
        .filter(deliveries::case_id.eq(cases::id))
        .filter(deliveries::voided_at.is_null())
        .select(max(deliveries::delivered_on))
        .single_value()
}

/// Day on which a task that means a contact was last done.
#[auto_type]
pub fn last_contact_done_on() -> _ {
    let done: TaskStatus = TaskStatus::Done;
    let contact: TaskKind = TaskKind::Contact;
    let visit: TaskKind = TaskKind::Visit;
    let appointment: TaskKind = TaskKind::Appointment;
    let meant = tasks::kind.eq(contact).or(tasks::kind.eq(visit)).or(tasks::kind.eq(appointment));
    tasks::table
        .filter(tasks::case_id.eq(cases::id))
        .filter(tasks::status.eq(done))
        .filter(meant)
        .select(max(tasks::done_on))
        .single_value()
}

/// The risk that the last assessment found which asked for it.
#[auto_type]
pub fn last_risk() -> _ {
    assessments::table
        .filter(assessments::case_id.eq(cases::id))
        .filter(assessments::risk.is_not_null())
        .order((assessments::assessed_on.desc(), assessments::created_at.desc()))
        .select(assessments::risk)
        .single_value()
}
