//! `/cases/{id}/care-plan`.

use actix_web::web::{Data, Json};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{CarePlan, PlanHead, PlanView, WholePlan};
use super::rules::{self, Draft, DraftGoal, DraftStep};
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::clock::Random;
use crate::consents::model::GivenBy;
use crate::db::types::{CaseId, GoalId, PersonId, StepId, TaskId};
use crate::error::{AppError, PlainForm, Problem, Rule};
use crate::http::extract::plain_text;
use crate::http::{Cursor, IfMatchOrFirst, Page, Path, Query, Valid, Versioned, listing};
use crate::services::ServiceType;
use crate::tasks::model::Owner;
use crate::text::tidy;
use crate::vault::{FieldName, Vault, seal};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_plan).service(save_plan).service(list_versions).service(read_version);
}

fn show(vault: &Vault, plan: WholePlan) -> Result<Versioned<PlanView>, AppError> {
    let key = vault.key(plan.plan.person_id)?;
    let record = plan.view(&key)?;
    Ok(Versioned { version: record.version, record })
}

/// Read the care plan of a case as it stands. The view is logged.
#[utoipa::path(tag = "care plans", params(("id" = CaseId, Path)), responses((status = 200, body = PlanView)))]
#[get("/cases/{id}/care-plan")]
async fn read_plan(caller: Caller, app: Data<App>, id: Path<CaseId>) -> Result<Versioned<PlanView>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let reply = show(&vault, rules::current(conn, actor, id.0)?)?;
        Ok((reply, Seen::record(SubjectKind::Case, id.0.0)))
    })
    .await
}

/// Steps that all goals of a plan have together at the most.
const MOST_STEPS: usize = 100;

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanForm {
    /// Who agreed to it for the person.
    agreed_with: GivenBy,
    /// Day of the agreement.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    agreed_on: NaiveDate,
    /// Day on which it is to be looked at again.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    review_on: NaiveDate,
    /// Day on which the chair of the commune approved this version; asked for of a child's plan (Decree 56/2017).
    /// Send the plan again with it once it is approved.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    approved_on: Option<NaiveDate>,
    /// Goals in their order.
    #[validate(length(min = 1, max = 20), nested)]
    goals: Vec<GoalForm>,
}

#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct GoalForm {
    /// What is to be reached.
    #[validate(length(min = 1, max = 2000), custom(function = plain_text))]
    text: String,
    /// Service it calls for.
    service_type: Option<ServiceType>,
    /// Steps in their order; 100 in all goals together at the most.
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    steps: Vec<StepForm>,
}

#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepForm {
    /// Task of the version before that this step keeps; a new one is made when absent.
    task_id: Option<TaskId>,
    /// What is to be done.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    title: String,
    /// Who is to do it.
    owner: Owner,
    /// Last day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    due_on: NaiveDate,
}

impl PlanForm {
    fn draft(self, case: CaseId, random: &Random) -> Result<Draft, AppError> {
        if self.goals.iter().map(|goal| goal.steps.len()).sum::<usize>() > MOST_STEPS {
            return Err(AppError::field("goals", Rule::Format(PlainForm::PlanSteps.into())));
        }
        let step = |form: StepForm| DraftStep {
            id: StepId(random.uuid()),
            kept: form.task_id,
            fresh: TaskId(random.uuid()),
            title: tidy(&form.title),
            owner: form.owner,
            due_on: form.due_on,
        };
        let goal = |form: GoalForm| DraftGoal {
            id: GoalId(random.uuid()),
            text: tidy(&form.text),
            service_type: form.service_type,
            steps: form.steps.into_iter().map(step).collect(),
        };
        Ok(Draft {
            case,
            agreed_with: self.agreed_with,
            agreed_on: self.agreed_on,
            review_on: self.review_on,
            approved_on: self.approved_on,
            goals: self.goals.into_iter().map(goal).collect(),
        })
    }
}

/// Save the next version of the care plan: without `If-Match` the first, else upon the version
/// it names. Steps are tasks; those not named again are cancelled unless they are done.
#[utoipa::path(tag = "care plans", request_body = PlanForm, params(("id" = CaseId, Path), ("If-Match" = Option<String>, Header)), responses(
    (status = 200, body = PlanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 428, body = Problem, content_type = "application/problem+json")))]
#[put("/cases/{id}/care-plan")]
async fn save_plan(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    version: IfMatchOrFirst,
    form: Valid<PlanForm>,
) -> Result<Versioned<PlanView>, AppError> {
    let draft = form.body.draft(id.0, &app.random)?;
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        let sealing = |person: PersonId, place: FieldName, text: &str| {
            Ok(seal(&state.random, &state.vault.key(person)?, person, place, 1, text)?)
        };
        let plan = rules::save(conn, actor, &state.trail, &draft, version.0, &sealing)?;
        log_reply(conn, actor, SubjectKind::Case, id.0.0)?;
        show(&state.vault, plan)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the versions of a care plan, latest first. The view is logged.
#[utoipa::path(tag = "care plans", params(("id" = CaseId, Path), Paging), responses((status = 200, body = Page<PlanHead>)))]
#[get("/cases/{id}/care-plan/versions")]
async fn list_versions(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    query: Query<Paging>,
) -> Result<Json<Page<PlanHead>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let before = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some(i32::try_from(cursor.number()?).map_err(|_| AppError::field("cursor", Rule::Cursor))?),
        None => None,
    };
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, id.0, before, limit)?;
            let end = |plan: &CarePlan| Cursor { key: plan.number.to_string(), id: plan.case_id.0 };
            let page = Page::of(rows, limit, end, |plan| Ok(plan.into()))?;
            Ok((page, Seen::record(SubjectKind::Case, id.0.0)))
        })
        .await?;
    Ok(Json(page))
}

/// Read one version of a care plan. The view is logged.
#[utoipa::path(tag = "care plans", params(("id" = CaseId, Path), ("number" = i32, Path)), responses((status = 200, body = PlanView)))]
#[get("/cases/{id}/care-plan/versions/{number}")]
async fn read_version(caller: Caller, app: Data<App>, path: Path<(CaseId, i32)>) -> Result<Json<PlanView>, AppError> {
    let (id, number) = path.0;
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let reply = show(&vault, rules::version(conn, actor, id, number)?)?;
        Ok((Json(reply.record), Seen::record(SubjectKind::Case, id.0)))
    })
    .await
}
