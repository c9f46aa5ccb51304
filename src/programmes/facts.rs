//! Reading the records that indicators are computed from.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::indicators::{Client, Due, Facts, Period};
use super::plans::{Indicator, Measure};
use crate::db::DbConnection;
use crate::db::schema::{assessed_needs, assessments, cases, deliveries, persons, support_refusals};
use crate::db::types::{CaseId, OrganisationId, PersonId};
use crate::error::AppError;
use crate::persons::ClientCategory;
use crate::services::ServiceType;

type DueRow = (PersonId, CaseId, ServiceType, String, NaiveDate, bool, bool);

/// Reads what an indicator needs about one centre's cases, or about all when `organisation` is none.
pub(super) fn read_unscoped(
    conn: &mut DbConnection,
    indicator: &Indicator,
    services: &[ServiceType],
    period: Period,
    organisation: Option<OrganisationId>,
) -> Result<Facts, AppError> {
    let clients = clients(conn, indicator, period, organisation)?;
    let assessed = assessments_of(conn, services, period, organisation)?;
    let used = used(conn, indicator, services, period, organisation)?;
    let refused = refused(conn, period, organisation)?;
    Ok(Facts { clients, assessed, used, refused })
}

/// Persons of the category with a case open at some time in the period; for the
/// victims' measure, persons identified in the period.
fn clients(
    conn: &mut DbConnection,
    indicator: &Indicator,
    period: Period,
    organisation: Option<OrganisationId>,
) -> Result<Vec<Client>, AppError> {
    let mut query = cases::table
        .inner_join(persons::table.on(persons::id.eq(cases::person_id)))
        .filter(cases::received_on.le(period.end))
        .order((cases::received_on, cases::id))
        .select((cases::person_id, cases::id, cases::unit_code))
        .into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    query = match indicator.category {
        ClientCategory::PossibleVictim => query.filter(persons::possible_victim),
        ClientCategory::IdentifiedVictim => query.filter(persons::identified_victim),
        ClientCategory::PersonSellingSex => query.filter(persons::person_selling_sex),
        ClientCategory::EstablishmentWorker => query.filter(persons::establishment_worker),
        ClientCategory::AtRisk => query.filter(persons::at_risk),
    };
    query = match indicator.measure {
        Measure::SupportUsed => query.filter(cases::closed_on.is_null().or(cases::closed_on.ge(period.start))),
        Measure::RegimesReceived => query.filter(cases::identified_on.between(period.start, period.end)),
    };
    let rows: Vec<(PersonId, CaseId, String)> = query.load(conn)?;
    Ok(rows.into_iter().map(|(person, case, unit)| Client { person, case, unit }).collect())
}

fn assessments_of(
    conn: &mut DbConnection,
    services: &[ServiceType],
    period: Period,
    organisation: Option<OrganisationId>,
) -> Result<Vec<Due>, AppError> {
    let mut query = assessments::table
        .inner_join(assessed_needs::table.on(assessed_needs::assessment_id.eq(assessments::id)))
        .filter(assessments::assessed_on.le(period.end))
        .filter(assessed_needs::service_type.eq_any(services.to_vec()))
        .order((assessments::assessed_on, assessments::created_at, assessments::id))
        .select((
            assessments::person_id,
            assessments::case_id,
            assessed_needs::service_type,
            assessments::unit_code,
            assessments::assessed_on,
            assessed_needs::in_need,
            assessed_needs::eligible,
        ))
        .into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(assessments::organisation_id.eq(organisation));
    }
    let rows: Vec<DueRow> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(person, case, service, unit, on, in_need, eligible)| Due {
            person,
            case,
            service,
            unit,
            on,
            due: in_need && eligible,
        })
        .collect())
}

fn used(
    conn: &mut DbConnection,
    indicator: &Indicator,
    services: &[ServiceType],
    period: Period,
    organisation: Option<OrganisationId>,
) -> Result<BTreeSet<(PersonId, ServiceType)>, AppError> {
    let mut query = deliveries::table
        .filter(deliveries::voided_at.is_null())
        .filter(deliveries::delivered_on.le(period.end))
        .filter(deliveries::service_type.eq_any(services.to_vec()))
        .select((deliveries::person_id, deliveries::service_type))
        .distinct()
        .into_boxed();
    // A regime received before the person was identified has been received all the same.
    if indicator.measure == Measure::SupportUsed {
        query = query.filter(deliveries::delivered_on.ge(period.start));
    }
    if let Some(organisation) = organisation {
        query = query.filter(deliveries::centre_id.eq(organisation));
    }
    Ok(query.load(conn)?.into_iter().collect())
}

fn refused(
    conn: &mut DbConnection,
    period: Period,
    organisation: Option<OrganisationId>,
) -> Result<BTreeSet<(PersonId, Option<ServiceType>)>, AppError> {
    let mut query = support_refusals::table
        .inner_join(cases::table.on(cases::id.eq(support_refusals::case_id)))
        .filter(support_refusals::refused_on.le(period.end))
        .select((support_refusals::person_id, support_refusals::service_type))
        .distinct()
        .into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    Ok(query.load(conn)?.into_iter().collect())
}
