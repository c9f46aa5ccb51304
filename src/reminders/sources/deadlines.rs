//! Deadlines of the law, and follow-ups. Their days depend on dated configuration and the working
//! calendar, so it is not the statement that sorts: it reads the cases in which one may run.

use chrono::{Months, NaiveDate};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::{CaseRow, Day, of_cases};
use crate::cases::CaseStatus;
use crate::cases::deadlines::{DeadlineFacts, DeadlineKind, Planning};
use crate::cases::status::CloseReason;
use crate::db::DbConnection;
use crate::db::schema::{cases, follow_ups, persons, transfers};
use crate::db::types::{AccountId, CaseId};
use crate::error::AppError;
use crate::follow_ups::model::Finding;
use crate::grants::predicates::cases_within;
use crate::persons::ClientCategory;
use crate::persons::model::{Birth, BirthPrecision};
use crate::reminders::model::{Reminder, ReminderKind};
use crate::reminders::rules::{Ask, Through};
use crate::transfers::status::TransferStatus;

/// The reminder of a deadline; none for those that other sources read.
fn kind_of(what: DeadlineKind) -> Option<ReminderKind> {
    match what {
        DeadlineKind::HandOver => Some(ReminderKind::HandOverDue),
        DeadlineKind::Screening => Some(ReminderKind::ScreeningDue),
        DeadlineKind::Identification => Some(ReminderKind::IdentificationDue),
        DeadlineKind::MinorsPlan | DeadlineKind::PlanTakenOver => Some(ReminderKind::MinorsPlanDue),
        DeadlineKind::Contact => Some(ReminderKind::ContactDue),
        DeadlineKind::FollowUp3 | DeadlineKind::FollowUp6 | DeadlineKind::FollowUp12 => Some(ReminderKind::FollowUpDue),
        DeadlineKind::TransferAnswer => None,
    }
}

/// The deadlines of one case that show, within the page that is asked for.
fn due(
    ask: &Ask<'_>,
    ahead: u16,
    facts: DeadlineFacts<'_>,
    (case, worker): (CaseId, Option<AccountId>),
) -> Vec<Reminder> {
    let shows = |kind: ReminderKind, day: Day| {
        let start = ask.start(kind);
        day <= ask.until(ahead) && (day > start.day || (day == start.day && start.id.is_some_and(|id| case.0 > id)))
    };
    let open = ask.deadlines.open(facts, ask.today).into_iter();
    let known = open.filter_map(|deadline| kind_of(deadline.what).map(|kind| (kind, deadline.due_on)));
    let on_page = known.filter(|(kind, day)| shows(*kind, *day));
    on_page.flat_map(|(kind, day)| of_cases(ask, kind, vec![(day, case, worker)])).collect()
}

type OpenRow = (
    (CaseId, Option<AccountId>, ClientCategory, CaseStatus, NaiveDate, NaiveDate),
    (BirthPrecision, Option<NaiveDate>, Option<i32>),
    (NaiveDate, Option<NaiveDate>, Option<NaiveDate>, bool),
);

/// What [`of_open_case`] asks of an open case and its person.
macro_rules! open_rows {
    ($narrowed:expr, $conn:expr, $ask:expr) => {{
        let query = cases::table.inner_join(persons::table.on(persons::id.eq(cases::person_id))).select((
            (cases::id, cases::assigned_to, cases::category, cases::status, cases::status_since, cases::received_on),
            (persons::birth_precision, persons::birth_date, persons::birth_year),
            (cases::last_contact_on, cases::planned_on, cases::first_received_on, cases::planned_before),
        ));
        open_cases!(query.filter($narrowed), $ask).load::<OpenRow>($conn)
    }};
}

/// Statuses in which a time of the law or an attempt to reach somebody runs.
const TIMED: [CaseStatus; 4] =
    [CaseStatus::Received, CaseStatus::UnderVerification, CaseStatus::Suspended, CaseStatus::OutOfContact];

/// Screening, identification, the plan of a child, another attempt to reach somebody. In the other statuses
/// only a child's case without a plan has something due.
pub(super) fn open_cases_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let timed = open_rows!(cases::status.eq_any(TIMED), conn, ask)?;
    let unplanned = open_rows!(cases::planned_on.is_null().and(cases::status.ne_all(TIMED)), conn, ask)?;
    Ok(timed.into_iter().chain(unplanned).flat_map(|row| of_open_case(ask, row)).collect())
}

fn of_open_case(ask: &Ask<'_>, (head, birth, history): OpenRow) -> Vec<Reminder> {
    let (id, worker, category, status, status_since, received_on) = head;
    let (last_contact_on, planned_on, first_received_on, planned_before) = history;
    let begun_on = first_received_on.unwrap_or(received_on);
    let birth = Birth { precision: birth.0, date: birth.1, year: birth.2 };
    // Every attempt to reach the person begins the time anew.
    let rests = matches!(status, CaseStatus::Suspended | CaseStatus::OutOfContact);
    let status_since = if rests { status_since.max(last_contact_on) } else { status_since };
    let facts = DeadlineFacts {
        category,
        status,
        status_since,
        received_on,
        begun_on,
        at_commune: false,
        minor: birth.may_be_minor_on(begun_on),
        plan: Planning::of(planned_on.is_some(), planned_before),
        close_reason: None,
        followed_up: &[],
    };
    due(ask, ask.days.deadline_ahead, facts, (id, worker))
}

type ClosedRow = (CaseId, Option<AccountId>, Option<NaiveDate>, Option<CloseReason>, Option<i32>);

/// Follow-ups that were not done. Cases closed long ago are not read.
pub(super) fn follow_ups_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kept = chrono::TimeDelta::days(i64::from(ask.days.follow_up_kept));
    let first = ask.today.checked_sub_months(Months::new(12)).unwrap_or(ask.today) - kept;
    let done = follow_ups::case_id
        .eq(cases::id)
        .and(follow_ups::closed_on.nullable().eq(cases::closed_on))
        .and(follow_ups::finding.ne(Finding::NotReached));
    let mut query = cases::table
        .left_join(follow_ups::table.on(done))
        // Since the day on which it was closed.
        .filter(cases::status.eq(CaseStatus::Closed))
        .filter(cases::status_since.ge(first))
        .filter(cases::close_reason.ne_all(CloseReason::NOT_FOLLOWED_UP))
        .filter(cases_within(&ask.scope))
        .order(cases::id)
        .select((cases::id, cases::assigned_to, cases::closed_on, cases::close_reason, follow_ups::months.nullable()))
        .into_boxed();
    query = match ask.through {
        Through::Worker(account) => query
            .filter(cases::assigned_to.eq(account))
            .filter(cases::organisation_id.eq_any(ask.scope.case_organisations())),
        Through::Organisation(organisation) => query.filter(cases::organisation_id.eq(organisation)),
    };
    let rows: Vec<ClosedRow> = query.load(conn)?;
    let mut found = Vec::new();
    for of_case in rows.chunk_by(|one, next| one.0 == next.0) {
        let Some((id, worker, Some(closed_on), reason, _)) = of_case.first().copied() else { continue };
        let followed_up: Vec<i32> = of_case.iter().filter_map(|row| row.4).collect();
        let facts = DeadlineFacts {
            category: ClientCategory::AtRisk,
            status: CaseStatus::Closed,
            status_since: closed_on,
            received_on: closed_on,
            begun_on: closed_on,
            at_commune: false,
            minor: false,
            plan: Planning::Own,
            close_reason: reason,
            followed_up: &followed_up,
        };
        let shown = due(ask, ask.days.follow_up_ahead, facts, (id, worker));
        found.extend(shown.into_iter().filter(|reminder| reminder.due_on + kept >= ask.today));
    }
    Ok(found)
}

/// Who was taken in at a commune office and not handed over yet.
pub(super) fn hand_overs_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let Through::Worker(_) = ask.through else { return Ok(Vec::new()) };
    // It is the centre's turn then.
    let offered =
        transfers::table.filter(transfers::case_id.eq(cases::id)).filter(transfers::status.eq(TransferStatus::Offered));
    let rows: Vec<CaseRow> = cases::table
        .filter(cases::organisation_id.eq_any(ask.scope.intake.iter().collect::<Vec<_>>()))
        .filter(cases::closed_on.is_null())
        .filter(not(exists(offered)))
        .filter(cases_within(&ask.scope))
        .select((cases::received_on, cases::id, cases::assigned_to))
        .load(conn)?;
    let of_case = |(received_on, case, worker): CaseRow| {
        let facts = DeadlineFacts {
            category: ClientCategory::AtRisk,
            status: CaseStatus::Received,
            status_since: received_on,
            received_on,
            begun_on: received_on,
            at_commune: true,
            minor: false,
            plan: Planning::Own,
            close_reason: None,
            followed_up: &[],
        };
        due(ask, ask.days.deadline_ahead, facts, (case, worker))
    };
    Ok(rows.into_iter().flat_map(of_case).collect())
}
