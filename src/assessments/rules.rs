//! Recording assessments and refusals.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{AssessedNeed, Assessment, RiskLevel, SupportRefusal};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{assessed_needs, assessments, support_refusals};
use crate::db::types::{AssessmentId, CaseId, Instant, PersonId, RefusalId};
use crate::error::{AppError, Conflict, DayOf, Rule};
use crate::grants::Action;
use crate::services::ServiceType;

/// An assessment with what it found.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The assessment.
    pub assessment: Assessment,
    /// One entry a service type.
    pub needs: Vec<AssessedNeed>,
}

/// An assessment as it is asked for; the case gives the rest.
#[derive(Debug, Clone)]
pub struct NewAssessment {
    /// Id.
    pub id: AssessmentId,
    /// Case.
    pub case: CaseId,
    /// Day.
    pub assessed_on: NaiveDate,
    /// How great the risk to the person is.
    pub risk: Option<RiskLevel>,
    /// Day on which to assess again.
    pub next_review_on: Option<NaiveDate>,
    /// What it found; each service type once.
    pub needs: Vec<AssessedNeed>,
}

/// Records an assessment.
///
/// # Errors
/// Field errors; [`Conflict::CaseClosed`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    new: &NewAssessment,
    sealed_findings: impl Fn(PersonId) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Findings, AppError> {
    let case = open_case(conn, actor, new.case)?;
    check_day("assessed_on", new.assessed_on, &case, actor)?;
    if new.next_review_on.is_some_and(|day| day <= new.assessed_on) {
        return Err(AppError::field("next_review_on", Rule::NotBefore(DayOf::Assessment)));
    }
    let assessment = Assessment {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        organisation_id: case.organisation_id,
        unit_code: case.unit_code.clone(),
        assessed_on: new.assessed_on,
        assessed_by: actor.account,
        risk: new.risk,
        sealed_findings: sealed_findings(case.person_id)?,
        next_review_on: new.next_review_on,
        created_at: actor.now,
    };
    diesel::insert_into(assessments::table).values(&assessment).execute(conn)?;
    AssessedNeed::insert_all(conn, &new.needs)?;
    let subject = Subject::new(SubjectKind::Case, case.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Assess, &["needs"], actor.now)?;
    // In the order in which they are read.
    let mut needs = new.needs.clone();
    needs.sort_unstable_by_key(|need| need.service_type.as_str());
    Ok(Findings { assessment, needs })
}

fn open_case(conn: &mut DbConnection, actor: &Actor, id: CaseId) -> Result<Case, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::AssessmentWrite, id)?;
    if case.status == CaseStatus::Closed { Err(AppError::Conflict(Conflict::CaseClosed)) } else { Ok(case) }
}

fn check_day(field: &'static str, day: NaiveDate, case: &Case, actor: &Actor) -> Result<(), AppError> {
    if day > actor.now.civil_date() {
        return Err(AppError::field(field, Rule::NotInFuture));
    }
    if day < case.received_on {
        return Err(AppError::field(field, Rule::NotBefore(DayOf::CaseReceived)));
    }
    Ok(())
}

/// Reads the assessments of a case, oldest first; at most 200.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn of_case(conn: &mut DbConnection, actor: &Actor, case: CaseId) -> Result<Vec<Findings>, AppError> {
    cases::rules::read(conn, actor, case)?;
    let rows: Vec<Assessment> = assessments::table
        .filter(assessments::case_id.eq(case))
        .order((assessments::assessed_on, assessments::id))
        .select(Assessment::as_select())
        .limit(200)
        .load(conn)?;
    let ids: Vec<AssessmentId> = rows.iter().map(|row| row.id).collect();
    let mut needs: Vec<AssessedNeed> = assessed_needs::table
        .filter(assessed_needs::assessment_id.eq_any(&ids))
        .order((assessed_needs::assessment_id, assessed_needs::service_type))
        .select(AssessedNeed::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|assessment| {
            let own = needs.extract_if(.., |need| need.assessment_id == assessment.id).collect();
            Findings { assessment, needs: own }
        })
        .collect())
}

/// Whether the latest assessment that speaks of this service finds need and eligibility.
///
/// # Errors
/// The engine's own.
pub fn in_need_and_eligible(conn: &mut DbConnection, case: CaseId, service: ServiceType) -> Result<bool, AppError> {
    let latest: Option<(bool, bool)> = assessed_needs::table
        .inner_join(assessments::table.on(assessments::id.eq(assessed_needs::assessment_id)))
        .filter(assessments::case_id.eq(case))
        .filter(assessed_needs::service_type.eq(service))
        .order((assessments::assessed_on.desc(), assessments::created_at.desc()))
        .select((assessed_needs::in_need, assessed_needs::eligible))
        .first(conn)
        .optional()?;
    Ok(latest == Some((true, true)))
}

/// What the latest assessment until `day` that speaks of each service found: need, eligibility, day.
///
/// # Errors
/// The engine's own.
pub fn latest_needs(
    conn: &mut DbConnection,
    case: CaseId,
    day: NaiveDate,
) -> Result<Vec<(ServiceType, bool, bool, NaiveDate)>, AppError> {
    let rows: Vec<(ServiceType, bool, bool, NaiveDate)> = assessed_needs::table
        .inner_join(assessments::table.on(assessments::id.eq(assessed_needs::assessment_id)))
        .filter(assessments::case_id.eq(case))
        .filter(assessments::assessed_on.le(day))
        .order((assessments::assessed_on.desc(), assessments::created_at.desc()))
        .select((
            assessed_needs::service_type,
            assessed_needs::in_need,
            assessed_needs::eligible,
            assessments::assessed_on,
        ))
        .load(conn)?;
    let latest = |service: &ServiceType| rows.iter().find(|(of, ..)| of == service).copied();
    Ok(ServiceType::ALL.iter().filter_map(latest).collect())
}

/// Whether the person does not want this service now: refused it, or all support, and was
/// not found in need of it anew since. Nobody is held to a refusal; a new finding lifts it.
///
/// # Errors
/// The engine's own.
pub fn is_refused(conn: &mut DbConnection, case: CaseId, service: ServiceType) -> Result<bool, AppError> {
    let refused: Option<(NaiveDate, Instant)> = support_refusals::table
        .filter(support_refusals::case_id.eq(case))
        .filter(support_refusals::service_type.is_null().or(support_refusals::service_type.eq(service)))
        .order((support_refusals::refused_on.desc(), support_refusals::created_at.desc()))
        .select((support_refusals::refused_on, support_refusals::created_at))
        .first(conn)
        .optional()?;
    let Some(refused) = refused else { return Ok(false) };
    let found: Option<(NaiveDate, Instant)> = assessed_needs::table
        .inner_join(assessments::table.on(assessments::id.eq(assessed_needs::assessment_id)))
        .filter(assessments::case_id.eq(case))
        .filter(assessed_needs::service_type.eq(service))
        .filter(assessed_needs::in_need)
        .order((assessments::assessed_on.desc(), assessments::created_at.desc()))
        .select((assessments::assessed_on, assessments::created_at))
        .first(conn)
        .optional()?;
    Ok(found.is_none_or(|found| found < refused))
}

/// Services that these cases were last found to need.
///
/// # Errors
/// The engine's own.
pub fn needs_of_cases(
    conn: &mut DbConnection,
    cases: &[CaseId],
) -> Result<BTreeMap<CaseId, Vec<ServiceType>>, AppError> {
    let rows: Vec<(CaseId, ServiceType, bool)> = assessed_needs::table
        .inner_join(assessments::table.on(assessments::id.eq(assessed_needs::assessment_id)))
        .filter(assessments::case_id.eq_any(cases))
        .order((assessments::assessed_on, assessments::created_at))
        .select((assessments::case_id, assessed_needs::service_type, assessed_needs::in_need))
        .load(conn)?;
    let mut latest: BTreeMap<CaseId, BTreeMap<ServiceType, bool>> = BTreeMap::new();
    for (case, service, in_need) in rows {
        latest.entry(case).or_default().insert(service, in_need);
    }
    let in_need =
        |found: BTreeMap<ServiceType, bool>| found.into_iter().filter_map(|(s, need)| need.then_some(s)).collect();
    Ok(latest.into_iter().map(|(case, found)| (case, in_need(found))).collect())
}

/// Records that the person does not want a support, or any, now. It costs nothing: only, nobody is
/// referred to what they do not want until they are found in need of it anew.
///
/// # Errors
/// Field errors; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn refuse(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
    id: RefusalId,
    service_type: Option<ServiceType>,
    refused_on: NaiveDate,
) -> Result<SupportRefusal, AppError> {
    let case = open_case(conn, actor, case)?;
    check_day("refused_on", refused_on, &case, actor)?;
    let refusal = SupportRefusal {
        id,
        case_id: case.id,
        person_id: case.person_id,
        service_type,
        refused_on,
        recorded_by: actor.account,
        created_at: actor.now,
    };
    diesel::insert_into(support_refusals::table).values(&refusal).execute(conn)?;
    let subject = Subject::new(SubjectKind::Case, case.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Refuse, &["refusal"], actor.now)?;
    Ok(refusal)
}

/// Reads the refusals of a case, oldest first; at most 200.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn refusals_of_case(conn: &mut DbConnection, actor: &Actor, case: CaseId) -> Result<Vec<SupportRefusal>, AppError> {
    cases::rules::read(conn, actor, case)?;
    Ok(support_refusals::table
        .filter(support_refusals::case_id.eq(case))
        .order((support_refusals::refused_on, support_refusals::id))
        .select(SupportRefusal::as_select())
        .limit(200)
        .load(conn)?)
}
