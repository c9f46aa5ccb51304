//! Where reminders come from: one statement a source. Each begins at the open tasks, open cases or
//! unanswered referrals of one worker or centre, or at a day, so it costs what there is to do, not what was done.

use chrono::TimeDelta;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::model::{Reminder, ReminderKind};
use super::rules::{Ask, Through};
use crate::assessments::model::RiskLevel;
use crate::audit::SubjectKind;
use crate::cases::CaseStatus;
use crate::db::DbConnection;
use crate::db::schema::{assessments, care_plans, cases, referrals, tasks};
use crate::db::types::{AccountId, CaseId, ReferralId, TaskId};
use crate::error::AppError;
use crate::grants::predicates::{cases_within, tasks_within};
use crate::referrals::ReferralStatus;
use crate::tasks::TaskStatus;
use crate::tasks::model::OwnerKind;

/// Reads what is due of one kind, first due first.
pub(super) type Source = fn(&mut DbConnection, &Ask<'_>) -> Result<Vec<Reminder>, AppError>;

/// What falls due in cases, for those who work on them.
pub(super) const CASEWORK: &[Source] = &[
    tasks_due,
    steps_of_others_due,
    plan_reviews_due,
    assessment_reviews_due,
    referral_answers_due,
    no_contact,
    deadlines::open_cases_due,
    deadlines::follow_ups_due,
    running_out::consents,
    running_out::stays,
    running_out::check_ups,
    running_out::instalments,
];
/// What falls due of those who take people in and hand them over.
pub(super) const INTAKE: &[Source] = &[deadlines::hand_overs_due];
/// What other organisations ask of a partner.
pub(super) const ASKED_OF_PARTNER: &[Source] = &[asked::referral_answers, asked::referral_starts];
/// What other centres ask of one.
pub(super) const ASKED_OF_CENTRE: &[Source] = &[asked::transfer_answers];
/// What programme officers report, check, close and publish.
pub(super) const REPORTING: &[Source] = &[
    reports::own_reports,
    reports::reports_missing,
    reports::reports_unchecked,
    reports::periods_to_close,
    reports::periods_to_publish,
    reports::closings_missing,
];
/// What return officers sign and file.
pub(super) const FILING: &[Source] = &[filing::own_returns, filing::returns_missing];

type Day = chrono::NaiveDate;

/// Narrows a query about `cases` to the open ones that are looked through.
macro_rules! open_cases {
    ($query:expr, $ask:expr) => {{
        let query = $query.filter(cases::closed_on.is_null()).filter(cases_within(&$ask.scope)).into_boxed();
        match $ask.through {
            Through::Worker(account) => query.filter(cases::assigned_to.eq(account)),
            Through::Organisation(organisation) => query.filter(cases::organisation_id.eq(organisation)),
        }
    }};
}

/// Narrows a query to rows after the page before.
macro_rules! read_on {
    ($query:expr, $start:expr, $day:expr, $id:expr, $id_type:expr) => {{
        let start = $start;
        match start.id {
            None => $query.filter($day.gt(start.day)),
            Some(id) => $query.filter($day.gt(start.day).or($day.eq(start.day).and($id.gt($id_type(id))))),
        }
    }};
}

mod asked;
mod deadlines;
mod filing;
mod reports;
mod running_out;
mod wording;

fn tasks_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::TaskDue;
    let mut query = tasks::table
        .filter(tasks::status.eq(TaskStatus::Open))
        .filter(tasks::due_on.le(ask.until(ask.days.task_ahead)))
        .filter(tasks::owner_kind.eq(OwnerKind::Worker))
        .filter(tasks_within(&ask.scope))
        .order((tasks::due_on, tasks::id))
        .select((tasks::due_on, tasks::id, tasks::case_id, tasks::owner_id))
        .limit(ask.limit)
        .into_boxed();
    query = match ask.through {
        Through::Worker(account) => query.filter(tasks::owner_id.eq(account)),
        Through::Organisation(organisation) => query.filter(tasks::organisation_id.eq(organisation)),
    };
    let rows: Vec<(Day, TaskId, CaseId, Option<AccountId>)> =
        read_on!(query, ask.start(kind), tasks::due_on, tasks::id, TaskId).load(conn)?;
    let show = |(day, id, case, owner): (Day, TaskId, CaseId, _)| {
        ask.reminder(kind, day, (SubjectKind::Task, id.0), case, owner)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// The worker of the case sees to it that the person and partners take theirs.
fn steps_of_others_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::StepOfOthersDue;
    let query = cases::table
        .inner_join(tasks::table.on(tasks::case_id.eq(cases::id)))
        .filter(tasks::status.eq(TaskStatus::Open))
        .filter(tasks::due_on.le(ask.until(ask.days.task_ahead)))
        .filter(tasks::owner_kind.ne(OwnerKind::Worker))
        .order((tasks::due_on, tasks::id))
        .select((tasks::due_on, tasks::id, cases::id, cases::assigned_to))
        .limit(ask.limit);
    let query = open_cases!(query, ask);
    let rows: Vec<(Day, TaskId, CaseId, Option<AccountId>)> =
        read_on!(query, ask.start(kind), tasks::due_on, tasks::id, TaskId).load(conn)?;
    let show = |(day, id, case, worker): (Day, TaskId, CaseId, _)| {
        ask.reminder(kind, day, (SubjectKind::Task, id.0), case, worker)
    };
    Ok(rows.into_iter().map(show).collect())
}

type CaseRow = (Day, CaseId, Option<AccountId>);

fn of_cases(ask: &Ask<'_>, kind: ReminderKind, rows: Vec<CaseRow>) -> Vec<Reminder> {
    let show = |(day, case, worker): CaseRow| ask.reminder(kind, day, (SubjectKind::Case, case.0), case, worker);
    rows.into_iter().map(show).collect()
}

fn plan_reviews_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::PlanReviewDue;
    let later = diesel::alias!(care_plans as later_plans);
    let superseded = later
        .filter(later.field(care_plans::case_id).eq(cases::id))
        .filter(later.field(care_plans::number).gt(care_plans::number));
    let query = cases::table
        .inner_join(care_plans::table.on(care_plans::case_id.eq(cases::id)))
        .filter(care_plans::review_on.le(ask.until(ask.days.plan_review_ahead)))
        .filter(not(exists(superseded)))
        .order((care_plans::review_on, cases::id))
        .select((care_plans::review_on, cases::id, cases::assigned_to))
        .limit(ask.limit);
    let query = open_cases!(query, ask);
    let rows = read_on!(query, ask.start(kind), care_plans::review_on, cases::id, CaseId).load(conn)?;
    Ok(of_cases(ask, kind, rows))
}

fn assessment_reviews_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::AssessmentReviewDue;
    let later = diesel::alias!(assessments as later_assessments);
    let day = later.field(assessments::assessed_on);
    let superseded =
        later.filter(later.field(assessments::case_id).eq(cases::id)).filter(day.gt(assessments::assessed_on).or(
            day.eq(assessments::assessed_on).and(later.field(assessments::created_at).gt(assessments::created_at)),
        ));
    let due_on = assessments::next_review_on.assume_not_null();
    let query = cases::table
        .inner_join(assessments::table.on(assessments::case_id.eq(cases::id)))
        .filter(assessments::next_review_on.le(ask.until(ask.days.assessment_review_ahead)))
        .filter(not(exists(superseded)))
        .order((assessments::next_review_on, cases::id))
        .select((due_on, cases::id, cases::assigned_to))
        .limit(ask.limit);
    let query = open_cases!(query, ask);
    let rows = read_on!(query, ask.start(kind), due_on, cases::id, CaseId).load(conn)?;
    Ok(of_cases(ask, kind, rows))
}

fn referral_answers_due(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::ReferralAnswerDue;
    let Some(reach) = &ask.referrals else { return Ok(Vec::new()) };
    let due_on = referrals::answer_due_on.assume_not_null();
    let mut query = referrals::table
        .inner_join(cases::table.on(cases::id.eq(referrals::case_id)))
        .filter(referrals::status.eq(ReferralStatus::Sent))
        .filter(referrals::answer_due_on.le(ask.until(ask.days.referral_answer_ahead)))
        .filter(cases_within(reach))
        .order((referrals::answer_due_on, referrals::id))
        .select((due_on, referrals::id, cases::id, cases::assigned_to))
        .limit(ask.limit)
        .into_boxed();
    query = match ask.through {
        Through::Worker(account) => query
            .filter(cases::assigned_to.eq(account))
            // Narrows nothing; it lets the index of the centre's unanswered referrals serve, where the
            // engine does not rather begin at all those near their deadline, which are few.
            .filter(referrals::from_organisation_id.eq_any(reach.case_organisations())),
        Through::Organisation(organisation) => query.filter(referrals::from_organisation_id.eq(organisation)),
    };
    let rows: Vec<(Day, ReferralId, CaseId, Option<AccountId>)> =
        read_on!(query, ask.start(kind), due_on, referrals::id, ReferralId).load(conn)?;
    let show = |(day, id, case, worker): (Day, ReferralId, CaseId, _)| {
        ask.reminder(kind, day, (SubjectKind::Referral, id.0), case, worker)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// A case that rests has no contact, and one whose person is being looked for says so itself.
const NOT_ASKED_AFTER: [CaseStatus; 2] = [CaseStatus::Suspended, CaseStatus::OutOfContact];

type SilentRow = (Day, CaseId, Option<AccountId>, Option<RiskLevel>);

/// The day depends on the risk, so it is not the statement that sorts: it reads the open assigned cases of one
/// worker or centre that are silent for as long as any risk allows.
fn no_contact(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::NoContact;
    let allowed = |risk| TimeDelta::days(i64::from(ask.days.no_contact.at(risk)));
    let query = cases::table
        .filter(cases::last_contact_on.le(ask.today - TimeDelta::days(i64::from(ask.days.no_contact.least()))))
        .filter(cases::assigned_to.is_not_null())
        .filter(cases::status.ne_all(NOT_ASKED_AFTER))
        .select((cases::last_contact_on, cases::id, cases::assigned_to, cases::last_risk));
    let rows: Vec<SilentRow> = open_cases!(query, ask).load(conn)?;
    let start = ask.start(kind);
    let due = |(last_on, case, worker, risk): SilentRow| {
        let due_on = last_on + allowed(risk);
        let reads_on = due_on > start.day || (due_on == start.day && start.id.is_some_and(|id| case.0 > id));
        (due_on <= ask.today && reads_on).then_some((due_on, case, worker))
    };
    Ok(of_cases(ask, kind, rows.into_iter().filter_map(due).collect()))
}
