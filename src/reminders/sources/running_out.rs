//! What runs out: consents, stays, the time until it is asked whether work lasts, the time until an
//! instalment.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::{CaseRow, Day, of_cases};
use crate::audit::SubjectKind;
use crate::db::DbConnection;
use crate::db::schema::{cases, consents as consent_table, job_outcomes, loans, stays as stay_table};
use crate::db::types::{AccountId, CaseId, EnrolmentId, LoanId, StayId};
use crate::error::AppError;
use crate::grants::predicates::cases_within;
use crate::loans::LoanStatus;
use crate::reminders::model::{Reminder, ReminderKind};
use crate::reminders::rules::{Ask, Through};

/// Consents of people with open cases that run out soon, unless a longer one to the same end was given.
/// The one of a guardian runs out before the person comes of age.
pub(super) fn consents(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::ConsentRunsOut;
    let later = diesel::alias!(consent_table as later_consents);
    let recipient = later.field(consent_table::recipient_organisation_id);
    let longer = later
        .filter(later.field(consent_table::person_id).eq(consent_table::person_id))
        .filter(later.field(consent_table::purpose).eq(consent_table::purpose))
        .filter(
            recipient
                .eq(consent_table::recipient_organisation_id)
                .or(recipient.is_null().and(consent_table::recipient_organisation_id.is_null())),
        )
        .filter(later.field(consent_table::withdrawn_on).is_null())
        .filter(
            later
                .field(consent_table::expires_on)
                .is_null()
                .or(later.field(consent_table::expires_on).gt(consent_table::expires_on)),
        );
    let due_on = consent_table::expires_on.assume_not_null();
    let query = cases::table
        .inner_join(consent_table::table.on(consent_table::person_id.eq(cases::person_id)))
        .filter(consent_table::expires_on.ge(ask.today))
        .filter(consent_table::expires_on.le(ask.until(ask.days.consent_ahead)))
        .filter(consent_table::withdrawn_on.is_null())
        .filter(not(exists(longer)))
        .order((consent_table::expires_on, cases::id))
        .select((due_on, cases::id, cases::assigned_to))
        // Several that run out on one day are one reminder.
        .distinct()
        .limit(ask.limit);
    let query = open_cases!(query, ask);
    let rows: Vec<CaseRow> = read_on!(query, ask.start(kind), due_on, cases::id, CaseId).load(conn)?;
    Ok(of_cases(ask, kind, rows))
}

/// Narrows a query joined with `cases` to those looked through, closed ones among them.
macro_rules! all_cases {
    ($query:expr, $ask:expr) => {{
        let query = $query.filter(cases_within(&$ask.scope)).into_boxed();
        match $ask.through {
            Through::Worker(account) => query.filter(cases::assigned_to.eq(account)),
            Through::Organisation(organisation) => query.filter(cases::organisation_id.eq(organisation)),
        }
    }};
}

/// Stays that go on and whose days run out.
pub(super) fn stays(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::StayRunsOut;
    let due_on = stay_table::runs_out_on.assume_not_null();
    let query = stay_table::table
        .inner_join(cases::table.on(cases::id.eq(stay_table::case_id)))
        .filter(stay_table::centre_id.eq_any(centres(ask)))
        .filter(stay_table::runs_out_on.le(ask.until(ask.days.stay_ahead)))
        .filter(stay_table::out_on.is_null())
        .filter(stay_table::voided_at.is_null())
        .order((stay_table::runs_out_on, stay_table::id))
        .select((due_on, stay_table::id, cases::id, cases::assigned_to))
        .limit(ask.limit);
    let query = all_cases!(query, ask);
    let rows: Vec<(Day, StayId, CaseId, Option<AccountId>)> =
        read_on!(query, ask.start(kind), due_on, stay_table::id, StayId).load(conn)?;
    let show = |(day, id, case, worker): (Day, StayId, CaseId, _)| {
        ask.reminder(kind, day, (SubjectKind::Stay, id.0), case, worker)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Check-ups after work began.
pub(super) fn check_ups(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::CheckUpDue;
    let due_on = job_outcomes::next_due_on.assume_not_null();
    let query = job_outcomes::table
        .inner_join(cases::table.on(cases::id.eq(job_outcomes::case_id)))
        .filter(job_outcomes::next_due_on.le(ask.until(ask.days.check_up_ahead)))
        .order((job_outcomes::next_due_on, job_outcomes::enrolment_id))
        .select((due_on, job_outcomes::enrolment_id, cases::id, cases::assigned_to))
        .limit(ask.limit);
    let query = all_cases!(query, ask);
    let rows: Vec<(Day, EnrolmentId, CaseId, Option<AccountId>)> =
        read_on!(query, ask.start(kind), due_on, job_outcomes::enrolment_id, EnrolmentId).load(conn)?;
    let show = |(day, id, case, worker): (Day, EnrolmentId, CaseId, _)| {
        ask.reminder(kind, day, (SubjectKind::Enrolment, id.0), case, worker)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Instalments of loans that were paid out.
pub(super) fn instalments(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::InstalmentDue;
    let due_on = loans::next_due_on.assume_not_null();
    let query = loans::table
        .inner_join(cases::table.on(cases::id.eq(loans::case_id)))
        .filter(loans::centre_id.eq_any(centres(ask)))
        .filter(loans::next_due_on.le(ask.until(ask.days.instalment_ahead)))
        .filter(loans::status.eq(LoanStatus::Disbursed))
        .order((loans::next_due_on, loans::id))
        .select((due_on, loans::id, cases::id, cases::assigned_to))
        .limit(ask.limit);
    let query = all_cases!(query, ask);
    let rows: Vec<(Day, LoanId, CaseId, Option<AccountId>)> =
        read_on!(query, ask.start(kind), due_on, loans::id, LoanId).load(conn)?;
    let show = |(day, id, case, worker): (Day, LoanId, CaseId, _)| {
        ask.reminder(kind, day, (SubjectKind::Loan, id.0), case, worker)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Lets the index of a centre's stays and loans serve; narrows nothing.
fn centres(ask: &Ask<'_>) -> Vec<crate::db::types::OrganisationId> {
    match ask.through {
        Through::Worker(_) => ask.scope.case_organisations(),
        Through::Organisation(organisation) => vec![organisation],
    }
}
