//! `/cases/{id}/assessments` and `/cases/{id}/refusals`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{AssessedNeed, EligibilityReason, SupportRefusal};
use super::rules::{self, Findings, NewAssessment};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{AccountId, AssessmentId, CaseId, RefusalId};
use crate::error::{AppError, FieldError, Problem, Rule};
use crate::http::{Created, IdempotencyKey, Page, Path, Valid};
use crate::services::ServiceType;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_assessments).service(record_assessment).service(list_refusals).service(record_refusal);
}

/// What an assessment found for one service type.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Service type.
    service_type: ServiceType,
    /// Whether the person needs it.
    in_need: bool,
    /// Whether the person may get it.
    eligible: bool,
    /// Why, or why not.
    #[serde(default)]
    reason: Option<EligibilityReason>,
}

/// An assessment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentView {
    /// Id.
    id: AssessmentId,
    /// Day.
    assessed_on: NaiveDate,
    /// By whom.
    assessed_by: AccountId,
    /// What it found.
    needs: Vec<Need>,
}

impl From<Findings> for AssessmentView {
    fn from(Findings { assessment, needs }: Findings) -> Self {
        let need = |row: AssessedNeed| Need {
            service_type: row.service_type,
            in_need: row.in_need,
            eligible: row.eligible,
            reason: row.reason,
        };
        Self {
            id: assessment.id,
            assessed_on: assessment.assessed_on,
            assessed_by: assessment.assessed_by,
            needs: needs.into_iter().map(need).collect(),
        }
    }
}

/// List the assessments of a case, oldest first.
#[utoipa::path(tag = "cases", params(("id" = CaseId, Path)), responses((status = 200, body = Page<AssessmentView>)))]
#[get("/cases/{id}/assessments")]
async fn list_assessments(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
) -> Result<Json<Page<AssessmentView>>, AppError> {
    let id = id.0;
    let seen = Seen::record(SubjectKind::Case, id.0);
    let rows = app.view(caller, move |conn, actor| Ok((rules::of_case(conn, actor, id)?, seen))).await?;
    Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next_cursor: None }))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentForm {
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    assessed_on: NaiveDate,
    /// What was found; each service type once.
    #[validate(length(min = 1, max = 20))]
    needs: Vec<Need>,
}

/// Record an assessment of needs and eligibility.
#[utoipa::path(tag = "cases", request_body = AssessmentForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = AssessmentView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/assessments")]
async fn record_assessment(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<AssessmentForm>,
) -> Result<Created<AssessmentView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (form, case) = (form.body, case.0);
    refuse_repeats(&form.needs)?;
    let id = AssessmentId(app.random.uuid());
    let need = |need: &Need| AssessedNeed {
        assessment_id: id,
        service_type: need.service_type,
        in_need: need.in_need,
        eligible: need.eligible,
        reason: need.reason,
    };
    let needs = form.needs.iter().map(need).collect();
    let new = NewAssessment { id, case, assessed_on: form.assessed_on, needs };
    let trail = app.trail.clone();
    let write = move |conn: &mut _, actor: &_| rules::create(conn, actor, &trail, &new);
    let findings = app
        .write_once(caller, bound, Target::part(SubjectKind::Case, case.0, id.0), write, move |conn, actor, first| {
            let all = rules::of_case(conn, actor, case)?;
            all.into_iter().find(|found| found.assessment.id.0 == first).ok_or(AppError::NotFound)
        })
        .await?;
    Ok(Created { location: format!("/cases/{case}/assessments"), version: None, record: findings.into() })
}

fn refuse_repeats(needs: &[Need]) -> Result<(), AppError> {
    for (position, need) in needs.iter().enumerate() {
        if needs.iter().take(position).any(|earlier| earlier.service_type == need.service_type) {
            let field = format!("needs[{position}].service_type");
            return Err(AppError::Invalid(vec![FieldError::new(field, Rule::ConflictsWith("needs"))]));
        }
    }
    Ok(())
}

/// A recorded refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// Id.
    id: RefusalId,
    /// Service refused; all when none.
    service_type: Option<ServiceType>,
    /// Day.
    refused_on: NaiveDate,
    /// Who recorded it.
    recorded_by: AccountId,
}

impl From<SupportRefusal> for RefusalView {
    fn from(row: SupportRefusal) -> Self {
        Self { id: row.id, service_type: row.service_type, refused_on: row.refused_on, recorded_by: row.recorded_by }
    }
}

/// List the refusals of a case, oldest first.
#[utoipa::path(tag = "cases", params(("id" = CaseId, Path)), responses((status = 200, body = Page<RefusalView>)))]
#[get("/cases/{id}/refusals")]
async fn list_refusals(caller: Caller, app: Data<App>, id: Path<CaseId>) -> Result<Json<Page<RefusalView>>, AppError> {
    let id = id.0;
    let seen = Seen::record(SubjectKind::Case, id.0);
    let rows = app.view(caller, move |conn, actor| Ok((rules::refusals_of_case(conn, actor, id)?, seen))).await?;
    Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next_cursor: None }))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefusalForm {
    /// Service refused; all when absent.
    service_type: Option<ServiceType>,
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    refused_on: NaiveDate,
}

/// Record that the person does not want a support, or any, now.
#[utoipa::path(tag = "cases", request_body = RefusalForm, params(("id" = CaseId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = RefusalView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/refusals")]
async fn record_refusal(
    caller: Caller,
    app: Data<App>,
    case: Path<CaseId>,
    key: IdempotencyKey,
    form: Valid<RefusalForm>,
) -> Result<Created<RefusalView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (RefusalForm { service_type, refused_on }, case) = (form.body, case.0);
    let (trail, id) = (app.trail.clone(), RefusalId(app.random.uuid()));
    let write = move |conn: &mut _, actor: &_| rules::refuse(conn, actor, &trail, case, id, service_type, refused_on);
    let refusal = app
        .write_once(caller, bound, Target::part(SubjectKind::Case, case.0, id.0), write, move |conn, actor, first| {
            let all = rules::refusals_of_case(conn, actor, case)?;
            all.into_iter().find(|refusal| refusal.id.0 == first).ok_or(AppError::NotFound)
        })
        .await?;
    Ok(Created { location: format!("/cases/{case}/refusals"), version: None, record: refusal.into() })
}
