//! Reading overviews.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::{count, exists, min, not};
use diesel::prelude::*;

use super::model::{CentreLoad, WaitingReferral, WaitsFor, WorkerLoad};
use crate::accounts::Actor;
use crate::assessments::model::RiskLevel;
use crate::cases::CaseStatus;
use crate::cases::model::CaseHead;
use crate::db::DbConnection;
use crate::db::schema::{account_grants, accounts, cases, persons, referrals, tasks};
use crate::db::types::{AccountId, Instant, OrganisationId, ReferralId};
use crate::error::AppError;
use crate::grants::predicates::cases_within;
use crate::grants::{Action, Role};
use crate::referrals::ReferralStatus;
use crate::referrals::model::Referral;
use crate::tasks::TaskStatus;

/// A case, its person's sealed name, day of the last contact, first last day of an open task, risk.
pub type CaseloadRow = (CaseHead, Option<Vec<u8>>, NaiveDate, Option<NaiveDate>, Option<RiskLevel>);

/// Reads a page of the open cases of a worker, longest received first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn caseload(
    conn: &mut DbConnection,
    actor: &Actor,
    worker: AccountId,
    after: Option<(NaiveDate, crate::db::types::CaseId)>,
    limit: i64,
) -> Result<Vec<CaseloadRow>, AppError> {
    let scope = actor.scope(Action::PlanRead)?;
    let open = tasks::table.filter(tasks::case_id.eq(cases::id)).filter(tasks::status.eq(TaskStatus::Open));
    let mut query = cases::table
        .inner_join(persons::table.on(persons::id.eq(cases::person_id)))
        .filter(cases::assigned_to.eq(worker))
        .filter(cases::closed_on.is_null())
        .filter(cases_within(&scope))
        .order((cases::received_on, cases::id))
        .select((
            CaseHead::as_select(),
            persons::sealed_name,
            cases::last_contact_on,
            open.select(min(tasks::due_on)).single_value(),
            cases::last_risk,
        ))
        .limit(limit + 1)
        .into_boxed();
    if let Some((day, id)) = after {
        query = query.filter(cases::received_on.gt(day).or(cases::received_on.eq(day).and(cases::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

type LoadRow = (AccountId, String, Option<CaseStatus>, i64, Option<Instant>, i64);

/// Reads the work of a centre: of each worker it has, or had and still has open work of.
///
/// # Errors
/// [`AppError::Forbidden`] without the right, or for another centre.
pub fn centre_workload(
    conn: &mut DbConnection,
    actor: &Actor,
    asked: Option<OrganisationId>,
) -> Result<CentreLoad, AppError> {
    let centre = actor.scope(Action::WorkloadRead)?.own_organisation(asked)?;
    let open = cases::assigned_to
        .eq(accounts::id.nullable())
        .and(cases::organisation_id.eq(centre))
        .and(cases::closed_on.is_null());
    let overdue = tasks::table
        .filter(tasks::organisation_id.eq(centre))
        .filter(tasks::owner_id.eq(accounts::id.nullable()))
        .filter(tasks::status.eq(TaskStatus::Open))
        .filter(tasks::due_on.lt(actor.now.civil_date()));
    let rows: Vec<LoadRow> = account_grants::table
        .inner_join(accounts::table.on(accounts::id.eq(account_grants::account_id)))
        .left_join(cases::table.on(open))
        .filter(account_grants::organisation_id.eq(centre))
        .filter(account_grants::role.eq_any([Role::SocialWorker, Role::Counsellor, Role::CentreManager]))
        .group_by((accounts::id, accounts::display_name, account_grants::id, account_grants::revoked_at, cases::status))
        .order((accounts::display_name, accounts::id))
        .select((
            accounts::id,
            accounts::display_name,
            cases::status.nullable(),
            count(cases::id.nullable()),
            account_grants::revoked_at,
            overdue.count().single_value().assume_not_null(),
        ))
        .load(conn)?;
    let waiting_cases = cases::table
        .filter(cases::organisation_id.eq(centre))
        .filter(cases::assigned_to.is_null())
        .filter(cases::closed_on.is_null())
        .count()
        .get_result(conn)?;
    Ok(CentreLoad { organisation_id: centre, waiting_cases, workers: by_worker(rows) })
}

/// One line a worker; an account that holds two roles at the centre comes twice.
fn by_worker(rows: Vec<LoadRow>) -> Vec<WorkerLoad> {
    let mut order = Vec::new();
    let mut workers: BTreeMap<AccountId, WorkerLoad> = BTreeMap::new();
    for (account_id, display_name, status, cases, revoked_at, overdue_tasks) in rows {
        let worker = workers.entry(account_id).or_insert_with(|| {
            order.push(account_id);
            let by_status = BTreeMap::new();
            WorkerLoad { account_id, display_name, works_here: false, open_cases: 0, by_status, overdue_tasks }
        });
        worker.works_here |= revoked_at.is_none();
        if let Some(status) = status {
            worker.by_status.insert(status, cases);
        }
    }
    let mut all: Vec<WorkerLoad> = order.iter().filter_map(|account| workers.remove(account)).collect();
    for worker in &mut all {
        worker.open_cases = worker.by_status.values().sum();
    }
    all.retain(|worker| worker.works_here || worker.open_cases > 0 || worker.overdue_tasks > 0);
    all
}

/// A referral that waits, and the worker of its case.
pub type WaitingRow = (Referral, Option<AccountId>);

/// Reads a page of the referrals of open cases that wait for an answer, for a start, or for another
/// referral after theirs expired; oldest first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn waiting_referrals(
    conn: &mut DbConnection,
    actor: &Actor,
    organisation: Option<OrganisationId>,
    after: Option<(Instant, ReferralId)>,
    limit: i64,
) -> Result<Vec<WaitingRow>, AppError> {
    // Partners have lists of their own; these are for those who send.
    actor.scope(Action::CaseRead)?;
    let scope = actor.scope(Action::ReferralRead)?;
    let later = diesel::alias!(referrals as later_referrals);
    let replaced = later
        .filter(later.field(referrals::case_id).eq(referrals::case_id))
        .filter(later.field(referrals::service_type).eq(referrals::service_type))
        .filter(later.field(referrals::created_at).gt(referrals::created_at));
    let waits = referrals::status.eq_any([ReferralStatus::Sent, ReferralStatus::Accepted]);
    let lost = referrals::status.eq(ReferralStatus::Expired).and(not(exists(replaced)));
    let mut query = referrals::table
        .inner_join(cases::table.on(cases::id.eq(referrals::case_id)))
        .filter(referrals::status.eq_any([ReferralStatus::Sent, ReferralStatus::Accepted, ReferralStatus::Expired]))
        .filter(waits.or(lost))
        .filter(cases::closed_on.is_null())
        // A referral is reached through its case, which stands here already.
        .filter(cases_within(&scope))
        .order((referrals::created_at, referrals::id))
        .select((Referral::as_select(), cases::assigned_to))
        .limit(limit + 1)
        .into_boxed();
    // As for the list of cases: narrows nothing, and lets the index of the centre serve.
    query = match organisation {
        Some(organisation) => query.filter(referrals::from_organisation_id.eq(organisation)),
        None => query.filter(referrals::from_organisation_id.eq_any(scope.case_organisations())),
    };
    if let Some((at, id)) = after {
        query = query.filter(referrals::created_at.gt(at).or(referrals::created_at.eq(at).and(referrals::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// How a waiting referral reads on `today`.
pub fn waiting_view((referral, assigned_to): WaitingRow, today: NaiveDate) -> WaitingReferral {
    let waits_for = match referral.status {
        ReferralStatus::Sent => WaitsFor::Answer,
        ReferralStatus::Accepted => WaitsFor::Start,
        _ => WaitsFor::AnotherReferral,
    };
    let overdue = waits_for != WaitsFor::Start && referral.answer_due_on.is_some_and(|due| due < today);
    WaitingReferral {
        id: referral.id,
        case_id: referral.case_id,
        person_id: referral.person_id,
        assigned_to,
        service_type: referral.service_type,
        from_organisation_id: referral.from_organisation_id,
        to_organisation_id: referral.to_organisation_id,
        status: referral.status,
        waits_for,
        sent_at: referral.sent_at,
        answer_due_on: referral.answer_due_on,
        overdue,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_worker_with_two_roles_is_counted_once_and_one_who_left_is_shown_while_work_is_left() {
        let (two, gone, idle) =
            (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)), AccountId(Uuid::from_u128(3)));
        let revoked = Some(Instant::new("2025-01-01T00:00:00Z".parse().unwrap()));
        let row = |id, status, cases, revoked, overdue| (id, String::new(), status, cases, revoked, overdue);
        let loads = by_worker(vec![
            row(two, Some(CaseStatus::Received), 2, None, 1),
            row(two, Some(CaseStatus::Screened), 3, None, 1),
            row(two, Some(CaseStatus::Received), 2, revoked, 1),
            row(gone, Some(CaseStatus::Suspended), 1, revoked, 0),
            row(idle, None, 0, revoked, 0),
        ]);
        let told: Vec<_> =
            loads.iter().map(|load| (load.account_id, load.open_cases, load.overdue_tasks, load.works_here)).collect();
        assert_eq!(told, [(two, 5, 1, true), (gone, 1, 0, false)]);
    }
}
