//! `/tasks` and `/cases/{id}/tasks`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Task, TaskKind, TaskRow, TaskView};
use super::rules::{self, By, Change, Filter, NewTask, Step};
use super::status::{CancelReason, TaskStatus};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{AccountId, CaseId, OrganisationId, PersonId, TaskId, text_enum};
use crate::error::{AppError, FitsWith, Problem, Rule};
use crate::http::extract::{optional_date, plain_text};
use crate::http::idempotency::BoundKey;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::text::tidy;
use crate::vault::{Vault, seal, version_of};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_tasks)
        .service(create_task)
        .service(read_task)
        .service(update_task)
        .service(complete_task)
        .service(cancel_task)
        .service(reopen_task);
}

fn show(conn: &mut DbConnection, vault: &Vault, actor: &Actor, id: TaskId) -> Result<Versioned<TaskView>, AppError> {
    let (task, of_step) = rules::read(conn, actor, id)?;
    let key = vault.key(task.person_id)?;
    let version = task.version;
    Ok(Versioned { version, record: task.view(of_step.as_deref(), &key, actor.now.civil_date())? })
}

text_enum! {
    /// When tasks are due.
    Due {
        /// Their last day has passed.
        Overdue = "overdue",
        /// Today is their last day.
        Today = "today",
        /// Today or in the six days after.
        Week = "week",
        /// Whenever, as long as they are open.
        Open = "open",
    }
}

impl Due {
    /// First and last day, each none where there is none.
    fn days(self, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match self {
            Self::Overdue => (None, Some(today - TimeDelta::days(1))),
            Self::Today => (Some(today), Some(today)),
            Self::Week => (Some(today), Some(today + TimeDelta::days(6))),
            Self::Open => (None, None),
        }
    }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TaskFilter {
    /// Given to this worker. One of this, `organisation_id` and `case_id`; yourself when all are absent.
    owner_id: Option<AccountId>,
    /// In cases of this centre.
    organisation_id: Option<OrganisationId>,
    /// Of this case.
    case_id: Option<CaseId>,
    /// When they are due; goes with open tasks only.
    due: Option<Due>,
    /// In this status; `open` when absent.
    status: Option<TaskStatus>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

impl TaskFilter {
    fn by(&self, caller: AccountId) -> Result<By, AppError> {
        match (self.owner_id, self.organisation_id, self.case_id) {
            (None, None, None) => Ok(By::Owner(caller)),
            (Some(owner), None, None) => Ok(By::Owner(owner)),
            (None, Some(organisation), None) => Ok(By::Organisation(organisation)),
            (None, None, Some(case)) => Ok(By::Case(case)),
            (Some(_), _, _) => Err(AppError::field("owner_id", Rule::ConflictsWith("organisation_id, case_id"))),
            (None, Some(_), Some(_)) => Err(AppError::field("organisation_id", Rule::ConflictsWith("case_id"))),
        }
    }

    fn status(&self) -> Result<TaskStatus, AppError> {
        let status = self.status.unwrap_or(TaskStatus::Open);
        if self.due.is_some() && status != TaskStatus::Open {
            return Err(AppError::field("due", Rule::MustFit(FitsWith::OfOpenTasks)));
        }
        Ok(status)
    }
}

/// List tasks, first due first: yours, a worker's, a centre's or a case's. The view is logged.
#[utoipa::path(tag = "tasks", params(TaskFilter), responses((status = 200, body = Page<TaskView>)))]
#[get("/tasks")]
async fn list_tasks(
    caller: Caller,
    app: Data<App>,
    query: Query<TaskFilter>,
) -> Result<Json<Page<TaskView>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, TaskId(cursor.id))),
        None => None,
    };
    let (by, status) = (query.by(caller.account)?, query.status()?);
    let (from, until) = query.due.unwrap_or(Due::Open).days(app.clock.today());
    let filter = Filter { by, status, from, until };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, &filter, after, limit)?;
            let persons: Vec<PersonId> = rows.iter().map(|(task, _)| task.person_id).collect();
            let mut keys = vault.keys(&persons)?.into_iter();
            let end = |(task, _): &TaskRow| Cursor::after_date(task.due_on, task.id.0);
            let page = Page::of(rows, limit, end, |(task, of_step)| {
                let key = keys.next().ok_or_else(|| AppError::internal("a data key is missing"))?;
                task.view(of_step.as_deref(), &key, actor.now.civil_date())
            })?;
            let seen = Seen::list(SubjectKind::Task, page.items.iter().map(|task| task.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskForm {
    /// What is to be done.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    title: String,
    /// What it asks for; any but `plan_step`.
    kind: TaskKind,
    /// Worker of the centre; that of the case when absent.
    owner_id: Option<AccountId>,
    /// Last day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    due_on: NaiveDate,
}

/// Make a task in a case.
#[utoipa::path(tag = "tasks", request_body = TaskForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = TaskView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/tasks")]
async fn create_task(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<TaskForm>,
) -> Result<Created<TaskView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let id = TaskId(app.random.uuid());
    let new = NewTask { id, case: case.0, kind: form.kind, owner: form.owner_id, due_on: form.due_on };
    let title = tidy(&form.title);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person: PersonId| {
            let key = state.vault.key(person)?;
            Ok(seal(&state.random, &key, person, Task::title_place(id), 1, &title)?)
        };
        let task = rules::create(conn, actor, &state.trail, &new, sealing)?;
        let key = state.vault.key(task.person_id)?;
        Ok(Versioned { version: task.version, record: task.view(None, &key, actor.now.civil_date())? })
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Task, id.0), write, move |conn, actor, first| {
            show(conn, &vault, actor, TaskId(first))
        })
        .await?;
    let location = format!("/tasks/{}", reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

/// Read a task. The view is logged.
#[utoipa::path(tag = "tasks", params(("id" = TaskId, Path)), responses((status = 200, body = TaskView)))]
#[get("/tasks/{id}")]
async fn read_task(caller: Caller, app: Data<App>, id: Path<TaskId>) -> Result<Versioned<TaskView>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let reply = show(conn, &vault, actor, id.0)?;
        Ok((reply, Seen::record(SubjectKind::Task, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskChange {
    /// What is to be done.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    title: Option<String>,
    /// What it asks for; any but `plan_step`.
    kind: Option<TaskKind>,
    /// Worker of the centre.
    owner_id: Option<AccountId>,
    /// Last day.
    #[serde(default, deserialize_with = "optional_date")]
    due_on: Option<NaiveDate>,
}

/// Change an open task. A step of the care plan is changed by a new version of the plan.
#[utoipa::path(tag = "tasks", request_body = TaskChange, params(("id" = TaskId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = TaskView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 428, body = Problem, content_type = "application/problem+json")))]
#[patch("/tasks/{id}")]
async fn update_task(
    caller: Caller,
    app: Data<App>,
    id: Path<TaskId>,
    version: IfMatch,
    form: Valid<TaskChange>,
) -> Result<Versioned<TaskView>, AppError> {
    let form = form.body;
    let wish = Change { kind: form.kind, owner: form.owner_id, due_on: form.due_on };
    let title = form.title.as_deref().map(tidy);
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        let sealing = |task: &Task| {
            let Some(text) = &title else { return Ok(None) };
            let key = state.vault.key(task.person_id)?;
            let next = version_of(task.sealed_title.as_deref()) + 1;
            Ok(Some(seal(&state.random, &key, task.person_id, Task::title_place(task.id), next, text)?))
        };
        let task = rules::change(conn, actor, &state.trail, id.0, version.0, &wish, sealing)?;
        log_reply(conn, actor, SubjectKind::Task, id.0.0)?;
        let key = state.vault.key(task.person_id)?;
        Ok(Versioned { version: task.version, record: task.view(None, &key, actor.now.civil_date())? })
    })
    .await
}

async fn step(
    caller: Caller,
    app: &Data<App>,
    id: TaskId,
    version: IfMatch,
    bound: BoundKey,
    step: Step,
) -> Result<Versioned<TaskView>, AppError> {
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        rules::take_step(conn, actor, &state.trail, id, version.0, step)?;
        log_reply(conn, actor, SubjectKind::Task, id.0)?;
        show(conn, &state.vault, actor, id)
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Task, id.0), write, move |conn, actor, first| {
        show(conn, &vault, actor, TaskId(first))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Completion {
    /// Day on which it was done.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    done_on: NaiveDate,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// Why; any but `plan_changed` and `case_closed`, which follow by themselves.
    reason: CancelReason,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reopening {}

/// Declares the route of one step; they differ in name, body and step only.
macro_rules! step_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $form:ty, |$body:ident| $step:expr) => {
        $(#[$doc])*
        #[utoipa::path(tag = "tasks", request_body = $form,
            params(("id" = TaskId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
            (status = 200, body = TaskView),
            (status = 409, body = Problem, content_type = "application/problem+json"),
            (status = 412, body = Problem, content_type = "application/problem+json")))]
        #[post($path)]
        async fn $name(
            caller: Caller,
            app: Data<App>,
            id: Path<TaskId>,
            version: IfMatch,
            key: IdempotencyKey,
            form: Valid<$form>,
        ) -> Result<Versioned<TaskView>, AppError> {
            let bound = key.bind(&app.ring.server, &form.bytes);
            let $body = form.body;
            step(caller, &app, id.0, version, bound, $step).await
        }
    };
}

step_route!(
    /// Say that a task was done.
    complete_task, "/tasks/{id}/complete", Completion, |body| Step::Complete(body.done_on)
);
step_route!(
    /// Say that a task is not to be done.
    cancel_task, "/tasks/{id}/cancel", Cancellation, |body| Step::Cancel(body.reason)
);
step_route!(
    /// Undo the completion of a task.
    reopen_task, "/tasks/{id}/reopen", Reopening, |_body| Step::Reopen
);
