//! `/cases/{id}/assessments` and `/cases/{id}/refusals`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{AssessedNeed, Assessment, EligibilityReason, NeedReason, RiskLevel, SupportRefusal};
use super::rules::{self, Findings, NewAssessment};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind};
use crate::db::DbConnection;
use crate::db::types::{AccountId, AssessmentId, CaseId, PersonId, RefusalId};
use crate::error::{AppError, FieldError, FitsWith, Problem, Rule};
use crate::http::extract::{optional_date, plain_text};
use crate::http::{Created, IdempotencyKey, Page, Path, Valid};
use crate::services::ServiceType;
use crate::text::tidy;
use crate::vault::{DataKey, open_if_any, seal};

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
    /// Why, or why not; required when not eligible.
    #[serde(default)]
    reason: Option<EligibilityReason>,
    /// How the need is known; only with a need.
    #[serde(default)]
    need_reason: Option<NeedReason>,
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
    /// How great the risk to the person is.
    risk: Option<RiskLevel>,
    /// What was found, in words.
    findings: Option<String>,
    /// Day on which to assess again.
    next_review_on: Option<NaiveDate>,
    /// What it found.
    needs: Vec<Need>,
}

impl AssessmentView {
    fn of(Findings { assessment, needs }: Findings, key: &DataKey) -> Result<Self, AppError> {
        let need = |row: AssessedNeed| Need {
            service_type: row.service_type,
            in_need: row.in_need,
            eligible: row.eligible,
            reason: row.reason,
            need_reason: row.need_reason,
        };
        let place = Assessment::findings_place(assessment.id);
        let findings = open_if_any(key, assessment.person_id, place, assessment.sealed_findings.as_deref())?;
        Ok(Self {
            id: assessment.id,
            assessed_on: assessment.assessed_on,
            assessed_by: assessment.assessed_by,
            risk: assessment.risk,
            findings,
            next_review_on: assessment.next_review_on,
            needs: needs.into_iter().map(need).collect(),
        })
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
    let vault = app.vault.clone();
    let items = app
        .view(caller, move |conn, actor| {
            let rows = rules::of_case(conn, actor, id)?;
            // All of one case, so of one person.
            let Some(person) = rows.first().map(|found| found.assessment.person_id) else {
                return Ok((Vec::new(), seen));
            };
            let key = vault.key(person)?;
            let views = rows.into_iter().map(|found| AssessmentView::of(found, &key));
            Ok((views.collect::<Result<_, _>>()?, seen))
        })
        .await?;
    Ok(Json(Page { items, next_cursor: None }))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentForm {
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    assessed_on: NaiveDate,
    /// How great the risk to the person is.
    risk: Option<RiskLevel>,
    /// What was found, in words.
    #[validate(length(min = 1, max = 10_000), custom(function = plain_text))]
    findings: Option<String>,
    /// Day on which to assess again.
    #[serde(default, deserialize_with = "optional_date")]
    next_review_on: Option<NaiveDate>,
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
    refuse_unreasoned(&form.needs)?;
    let id = AssessmentId(app.random.uuid());
    let need = |need: &Need| AssessedNeed {
        assessment_id: id,
        service_type: need.service_type,
        in_need: need.in_need,
        eligible: need.eligible,
        reason: need.reason,
        need_reason: need.need_reason,
    };
    let needs = form.needs.iter().map(need).collect();
    let (risk, next_review_on) = (form.risk, form.next_review_on);
    let new = NewAssessment { id, case, assessed_on: form.assessed_on, risk, next_review_on, needs };
    let text = form.findings.as_deref().map(tidy);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person: PersonId| {
            let Some(text) = &text else { return Ok(None) };
            let key = state.vault.key(person)?;
            Ok(Some(seal(&state.random, &key, person, Assessment::findings_place(id), 1, text)?))
        };
        let findings = rules::create(conn, actor, &state.trail, &new, sealing)?;
        let key = state.vault.key(findings.assessment.person_id)?;
        AssessmentView::of(findings, &key)
    };
    let record = app
        .write_once(caller, bound, Target::part(SubjectKind::Case, case.0, id.0), write, move |conn, actor, first| {
            let all = rules::of_case(conn, actor, case)?;
            let found = all.into_iter().find(|found| found.assessment.id.0 == first).ok_or(AppError::NotFound)?;
            let key = vault.key(found.assessment.person_id)?;
            AssessmentView::of(found, &key)
        })
        .await?;
    Ok(Created { location: format!("/cases/{case}/assessments"), version: None, record })
}

/// Who is told that a support is not for them is told why.
fn refuse_unreasoned(needs: &[Need]) -> Result<(), AppError> {
    let mut broken = Vec::new();
    for (position, need) in needs.iter().enumerate() {
        let rule = match (need.eligible, need.reason) {
            (false, None) => Some(Rule::Required),
            (eligible, Some(reason)) if reason.speaks_for() != eligible => {
                Some(Rule::MustFit(FitsWith::ReasonForFinding))
            }
            _ => None,
        };
        broken.extend(rule.map(|rule| FieldError::new(format!("needs[{position}].reason"), rule)));
        if need.need_reason.is_some() && !need.in_need {
            let field = format!("needs[{position}].need_reason");
            broken.push(FieldError::new(field, Rule::MustFit(FitsWith::InNeed)));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

fn refuse_repeats(needs: &[Need]) -> Result<(), AppError> {
    for (position, need) in needs.iter().enumerate() {
        if needs.iter().take(position).any(|earlier| earlier.service_type == need.service_type) {
            let field = format!("needs[{position}].service_type");
            return Err(AppError::Invalid(vec![FieldError::new(field, Rule::MustFit(FitsWith::Once))]));
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
