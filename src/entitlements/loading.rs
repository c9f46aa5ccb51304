//! Reading the facts that entitlements are computed from: so many queries, however much is on record.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::facts::{CaseFacts, Facts, ProgrammeMark, Span, Use};
use super::model::Circumstance;
use crate::assessments::model::EligibilityReason;
use crate::cases::CaseStatus;
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::{
    assessed_needs, assessments, case_circumstances, case_events, cases, deliveries, enrolments, persons,
    stay_extensions, stays, training_aids,
};
use crate::db::types::{CaseId, DeliveryId, Instant, PersonId, ReferralId, StayId};
use crate::error::AppError;
use crate::persons::model::{Birth, Person};
use crate::services::ServiceType;

/// The records that stand for one human being. Where records are merged, this names them all.
///
/// # Errors
/// The engine's own.
pub fn people(conn: &mut DbConnection, person: PersonId) -> Result<Vec<PersonId>, AppError> {
    crate::persons::same::everyone(conn, person)
}

/// Reads what is known of a person over all cases and centres; `today` is how long open stays are known to last.
///
/// # Errors
/// The engine's own.
pub fn load(conn: &mut DbConnection, person: PersonId, today: NaiveDate) -> Result<Facts, AppError> {
    let people = people(conn, person)?;
    let row: Person = persons::table.find(person).select(Person::as_select()).first(conn)?;
    let cases = victims_cases(conn, &people)?;
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    // Most people have no victim's case, and nothing more to read.
    let (uses, stays, marks) = match ids.as_slice() {
        [] => (Vec::new(), Vec::new(), Vec::new()),
        ids => (uses(conn, ids)?, spans(conn, ids)?, marks(conn, ids)?),
    };
    Ok(Facts {
        today,
        birth: Birth { precision: row.birth_precision, date: row.birth_date, year: row.birth_year },
        nationality: row.nationality,
        cases,
        uses,
        stays,
        marks,
    })
}

fn victims_cases(conn: &mut DbConnection, people: &[PersonId]) -> Result<Vec<CaseFacts>, AppError> {
    let rows: Vec<Case> = cases::table
        .filter(cases::person_id.eq_any(people))
        .order((cases::received_on, cases::id))
        .select(Case::as_select())
        .load(conn)?;
    let ids: Vec<CaseId> = rows.iter().map(|case| case.id).collect();
    let of_verification = [CaseStatus::UnderVerification, CaseStatus::Confirmed, CaseStatus::NotConfirmed];
    let steps: Vec<(CaseId, NaiveDate, Option<CaseStatus>)> = case_events::table
        .filter(case_events::case_id.eq_any(&ids))
        .filter(case_events::to_status.eq_any(of_verification))
        .order((case_events::recorded_at, case_events::id))
        .select((case_events::case_id, case_events::occurred_on, case_events::to_status))
        .load(conn)?;
    let circumstances: Vec<(CaseId, NaiveDate, Circumstance)> = case_circumstances::table
        .filter(case_circumstances::case_id.eq_any(&ids))
        .order((case_circumstances::created_at, case_circumstances::id))
        .select((case_circumstances::case_id, case_circumstances::since_on, case_circumstances::circumstance))
        .load(conn)?;
    let facts = rows.into_iter().map(|case| CaseFacts {
        id: case.id,
        category: case.category,
        received_on: case.received_on,
        closed_on: case.closed_on,
        close_reason: case.close_reason,
        created_at: case.created_at,
        continues: case.continues_case_id,
        trafficked_again: case.trafficked_again,
        identified_on: case.identified_on,
        steps: steps
            .iter()
            .filter(|(of, ..)| *of == case.id)
            .filter_map(|(_, on, to)| to.map(|status| (*on, status)))
            .collect(),
        circumstances: circumstances.iter().filter(|(of, ..)| *of == case.id).map(|(_, on, w)| (*on, *w)).collect(),
    });
    Ok(facts.filter(CaseFacts::is_victims).collect())
}

type UseRow = (CaseId, ServiceType, NaiveDate, Option<ReferralId>, DeliveryId, Instant);

fn uses(conn: &mut DbConnection, cases: &[CaseId]) -> Result<Vec<Use>, AppError> {
    let rows: Vec<UseRow> = deliveries::table
        .filter(deliveries::case_id.eq_any(cases))
        .filter(deliveries::voided_at.is_null())
        .order((deliveries::delivered_on, deliveries::id))
        .select((
            deliveries::case_id,
            deliveries::service_type,
            deliveries::delivered_on,
            deliveries::referral_id,
            deliveries::id,
            deliveries::created_at,
        ))
        .load(conn)?;
    let ids: Vec<DeliveryId> = rows.iter().map(|(.., id, _)| *id).collect();
    // Training aid pays for a course that is given by referral: both are one time.
    let paid_for: Vec<(DeliveryId, ReferralId)> = training_aids::table
        .inner_join(enrolments::table.on(enrolments::id.eq(training_aids::enrolment_id)))
        .filter(training_aids::delivery_id.eq_any(&ids))
        .select((training_aids::delivery_id, enrolments::referral_id))
        .load(conn)?;
    let course = |id: DeliveryId| paid_for.iter().find(|(paid, _)| *paid == id).map(|(_, referral)| *referral);
    let one = |(case, service, day, referral, id, recorded_at): UseRow| Use {
        case,
        service,
        day,
        key: referral.or_else(|| course(id)).map_or(id.0, |referral| referral.0),
        recorded_at,
    };
    Ok(rows.into_iter().map(one).collect())
}

fn spans(conn: &mut DbConnection, cases: &[CaseId]) -> Result<Vec<Span>, AppError> {
    let rows: Vec<(StayId, CaseId, NaiveDate, Option<NaiveDate>)> = stays::table
        .filter(stays::case_id.eq_any(cases))
        .filter(stays::voided_at.is_null())
        .order((stays::in_on, stays::id))
        .select((stays::id, stays::case_id, stays::in_on, stays::out_on))
        .load(conn)?;
    let ids: Vec<StayId> = rows.iter().map(|(id, ..)| *id).collect();
    let extensions: Vec<(StayId, i32)> = stay_extensions::table
        .filter(stay_extensions::stay_id.eq_any(&ids))
        .select((stay_extensions::stay_id, stay_extensions::days))
        .load(conn)?;
    let days = |id: StayId| extensions.iter().filter(move |(of, _)| *of == id).map(|(_, days)| *days);
    let span = |(id, case, from, to): (StayId, CaseId, NaiveDate, Option<NaiveDate>)| Span {
        case,
        from,
        to,
        extended: days(id).fold(0, |sum: u32, more| sum.saturating_add(u32::try_from(more).unwrap_or(0))),
    };
    Ok(rows.into_iter().map(span).collect())
}

type MarkRow = (CaseId, ServiceType, NaiveDate, bool, Option<EligibilityReason>);

fn marks(conn: &mut DbConnection, cases: &[CaseId]) -> Result<Vec<ProgrammeMark>, AppError> {
    let rows: Vec<MarkRow> = assessed_needs::table
        .inner_join(assessments::table.on(assessments::id.eq(assessed_needs::assessment_id)))
        .filter(assessments::case_id.eq_any(cases))
        .order((assessments::assessed_on, assessments::created_at))
        .select((
            assessments::case_id,
            assessed_needs::service_type,
            assessments::assessed_on,
            assessed_needs::eligible,
            assessed_needs::reason,
        ))
        .load(conn)?;
    let mark = |(case, service, since, eligible, reason): MarkRow| ProgrammeMark {
        case,
        service,
        since,
        by_programme: eligible && reason == Some(EligibilityReason::Programme),
    };
    Ok(rows.into_iter().map(mark).collect())
}
