//! Saving versions of a care plan; [`reading`] reads them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{CarePlan, Goal, Step, WholePlan, standing};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::consents::model::GivenBy;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::care_plans;
use crate::db::types::{AccountId, CaseId, GoalId, OrganisationId, PersonId, StepId, TaskId};
use crate::db::{DbConnection, is_unique_violation, lost_race};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::organisations;
use crate::services::ServiceType;
use crate::tasks::TaskStatus;
use crate::tasks::model::{Owner, OwnerKind, Task};
use crate::tasks::rules::{self as task_rules, Planned};
use crate::vault::FieldName;

mod reading;

pub use reading::{current, has_plan, list, version};

/// A version as it is asked for; the case gives the rest.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Case.
    pub case: CaseId,
    /// Who agreed to it for the person.
    pub agreed_with: GivenBy,
    /// Day of the agreement.
    pub agreed_on: NaiveDate,
    /// Day on which it is to be looked at again.
    pub review_on: NaiveDate,
    /// Day on which the chair of the commune approved it.
    pub approved_on: Option<NaiveDate>,
    /// Goals in their order.
    pub goals: Vec<DraftGoal>,
}

/// A goal as it is asked for.
#[derive(Debug, Clone)]
pub struct DraftGoal {
    /// Id.
    pub id: GoalId,
    /// What is to be reached.
    pub text: String,
    /// Service it calls for.
    pub service_type: Option<ServiceType>,
    /// Steps in their order.
    pub steps: Vec<DraftStep>,
}

/// A step as it is asked for.
#[derive(Debug, Clone)]
pub struct DraftStep {
    /// Id of the step in this version.
    pub id: StepId,
    /// The task of the version before that it keeps.
    pub kept: Option<TaskId>,
    /// Id of the task it makes, unless it keeps one.
    pub fresh: TaskId,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub owner: Owner,
    /// Last day.
    pub due_on: NaiveDate,
}

/// Seals a text of a person at its place.
pub type Sealing<'a> = &'a dyn Fn(PersonId, FieldName, &str) -> Result<Vec<u8>, AppError>;

/// Saves the next version. `expected` is the [`standing`] of the latest one, none for the first.
/// Its steps are tasks: those it keeps go on, open ones that it lacks are cancelled.
///
/// # Errors
/// Field errors; [`Conflict::CaseClosed`]; [`AppError::VersionRequired`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn save(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    draft: &Draft,
    expected: Option<i32>,
    sealing: Sealing<'_>,
) -> Result<WholePlan, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::PlanWrite, draft.case)?;
    let latest = reading::latest_number(conn, case.id)?;
    let known = task_rules::of_plan(conn, case.id)?;
    check_standing(latest, &known, expected)?;
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    let planned = check(conn, actor, draft, &case, &known)?;
    let plan = CarePlan {
        case_id: case.id,
        number: latest.unwrap_or(0) + 1,
        person_id: case.person_id,
        organisation_id: case.organisation_id,
        agreed_with: draft.agreed_with,
        agreed_on: draft.agreed_on,
        review_on: draft.review_on,
        saved_by: actor.account,
        saved_at: actor.now,
        approved_on: draft.approved_on,
    };
    match diesel::insert_into(care_plans::table).values(&plan).execute(conn) {
        Err(error) if is_unique_violation(&error) => return Err(lost_race().into()),
        inserted => inserted?,
    };
    let (goals, steps) = rows(draft, &plan, &planned, sealing)?;
    Goal::insert_all(conn, &goals)?;
    Step::insert_all(conn, &steps)?;
    let tasks = task_rules::save_planned(conn, actor, trail, &case, known, &planned)?;
    let subject = Subject::new(SubjectKind::Case, case.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Plan, &["care_plan"], actor.now)?;
    Ok(WholePlan { plan, current: true, goals, steps, tasks })
}

fn check_standing(latest: Option<i32>, known: &BTreeMap<TaskId, Task>, expected: Option<i32>) -> Result<(), AppError> {
    let current = latest.map(|number| standing(Some(number), known));
    match (current, expected) {
        (Some(_), None) => Err(AppError::VersionRequired),
        (current, expected) if current == expected => Ok(()),
        (current, _) => {
            Err(AppError::VersionStale { current: current.unwrap_or(0), changed: vec!["care_plan".to_owned()] })
        }
    }
}

fn rows(
    draft: &Draft,
    plan: &CarePlan,
    planned: &[Planned],
    sealing: Sealing<'_>,
) -> Result<(Vec<Goal>, Vec<Step>), AppError> {
    let (mut goals, mut steps) = (Vec::new(), Vec::new());
    let mut planned = planned.iter();
    for (position, goal) in (0..).zip(&draft.goals) {
        goals.push(Goal {
            id: goal.id,
            case_id: plan.case_id,
            plan_number: plan.number,
            position,
            service_type: goal.service_type,
            sealed_text: sealing(plan.person_id, Goal::text_place(goal.id), &goal.text)?,
        });
        for (step, stated) in goal.steps.iter().zip(planned.by_ref()) {
            steps.push(Step {
                id: step.id,
                case_id: plan.case_id,
                plan_number: plan.number,
                goal_id: goal.id,
                position: i32::try_from(steps.len()).unwrap_or(i32::MAX),
                task_id: stated.task,
                owner_kind: stated.owner.kind,
                owner_id: stated.owner.account_id,
                partner_id: stated.owner.organisation_id,
                due_on: stated.due_on,
                sealed_title: sealing(plan.person_id, Step::title_place(step.id), &step.title)?,
            });
        }
    }
    Ok((goals, steps))
}

/// Checks dates, kept tasks and owners; returns what the version says of each task, in order.
fn check(
    conn: &mut DbConnection,
    actor: &Actor,
    draft: &Draft,
    case: &Case,
    known: &BTreeMap<TaskId, Task>,
) -> Result<Vec<Planned>, AppError> {
    let today = actor.now.civil_date();
    let mut broken = Vec::new();
    if draft.agreed_on > today {
        broken.push(FieldError::new("agreed_on", Rule::NotInFuture));
    }
    if draft.agreed_on < case.received_on {
        broken.push(FieldError::new("agreed_on", Rule::NotBefore(DayOf::CaseReceived)));
    }
    if draft.review_on < draft.agreed_on {
        broken.push(FieldError::new("review_on", Rule::NotBefore(DayOf::PlanAgreed)));
    }
    if draft.approved_on.is_some_and(|day| day > today) {
        broken.push(FieldError::new("approved_on", Rule::NotInFuture));
    }
    if draft.approved_on.is_some_and(|day| day < draft.agreed_on) {
        broken.push(FieldError::new("approved_on", Rule::NotBefore(DayOf::PlanAgreed)));
    }
    let mut owners = Owners { case, today, workers: BTreeMap::new(), partners: BTreeMap::new() };
    let (mut planned, mut kept) = (Vec::new(), BTreeSet::new());
    for (g, goal) in draft.goals.iter().enumerate() {
        for (s, step) in goal.steps.iter().enumerate() {
            let at = |field: &str| format!("goals[{g}].steps[{s}].{field}");
            let task = step.kept.and_then(|id| known.get(&id)).filter(|task| task.status != TaskStatus::Cancelled);
            match step.kept {
                Some(_) if task.is_none() => broken.push(FieldError::new(at("task_id"), Rule::NoSuchReference)),
                Some(id) if !kept.insert(id) => {
                    broken.push(FieldError::new(at("task_id"), Rule::MustFit(FitsWith::Once)));
                }
                _ => {}
            }
            if step.due_on < case.received_on {
                broken.push(FieldError::new(at("due_on"), Rule::NotBefore(DayOf::CaseReceived)));
            }
            let owner = owners.settle(step.owner);
            // Who has left since may still stand beside what they did.
            if task.is_none_or(|task| task.owner() != owner)
                && let Some((field, rule)) = owners.broken_rule(conn, owner)?
            {
                broken.push(FieldError::new(at(field), rule));
            }
            planned.push(Planned { task: step.kept.unwrap_or(step.fresh), step: step.id, owner, due_on: step.due_on });
        }
    }
    if broken.is_empty() { Ok(planned) } else { Err(AppError::Invalid(broken)) }
}

/// Checks owners, each account and organisation once.
struct Owners<'a> {
    case: &'a Case,
    today: NaiveDate,
    workers: BTreeMap<AccountId, bool>,
    partners: BTreeMap<OrganisationId, Option<bool>>,
}

impl Owners<'_> {
    /// A worker who is not named is the worker of the case.
    fn settle(&self, owner: Owner) -> Owner {
        match owner.kind {
            OwnerKind::Worker => Owner { account_id: owner.account_id.or(self.case.assigned_to), ..owner },
            OwnerKind::Person | OwnerKind::Partner => owner,
        }
    }

    fn broken_rule(&mut self, conn: &mut DbConnection, owner: Owner) -> Result<Option<(&'static str, Rule)>, AppError> {
        let (account, organisation) = ("owner.account_id", "owner.organisation_id");
        Ok(match (owner.kind, owner.account_id, owner.organisation_id) {
            (OwnerKind::Worker | OwnerKind::Person, _, Some(_)) => {
                Some((organisation, Rule::MustFit(FitsWith::KindOfOwner)))
            }
            (OwnerKind::Person | OwnerKind::Partner, Some(_), _) => {
                Some((account, Rule::MustFit(FitsWith::KindOfOwner)))
            }
            (OwnerKind::Worker, Some(worker), None) => {
                (!self.works_here(conn, worker)?).then_some((account, Rule::NoSuchReference))
            }
            (OwnerKind::Worker | OwnerKind::Person, None, None) => None,
            (OwnerKind::Partner, None, None) => Some((organisation, Rule::Required)),
            (OwnerKind::Partner, None, Some(partner)) => match self.is_open(conn, partner)? {
                Some(true) => None,
                Some(false) => Some((organisation, Rule::WrongOrganisation)),
                None => Some((organisation, Rule::NoSuchReference)),
            },
        })
    }

    fn works_here(&mut self, conn: &mut DbConnection, worker: AccountId) -> Result<bool, AppError> {
        if let Some(known) = self.workers.get(&worker) {
            return Ok(*known);
        }
        // A manager may run a case, and then its steps.
        let here =
            self.case.assigned_to == Some(worker) || cases::rules::works_in(conn, worker, self.case.organisation_id)?;
        self.workers.insert(worker, here);
        Ok(here)
    }

    fn is_open(&mut self, conn: &mut DbConnection, partner: OrganisationId) -> Result<Option<bool>, AppError> {
        if let Some(known) = self.partners.get(&partner) {
            return Ok(*known);
        }
        let open = organisations::rules::find(conn, partner)?.map(|found| found.is_open_on(self.today));
        self.partners.insert(partner, open);
        Ok(open)
    }
}
