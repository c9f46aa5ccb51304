//! Computing indicators: exact for a centre about its own cases.

use super::facts;
use super::indicators::{Period, PersonOutcome, outcomes};
use super::plans::{Indicator, ServiceSelection};
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::types::OrganisationId;
use crate::error::AppError;
use crate::grants::Action;
use crate::services::{ServiceType, Services};

/// Where the clients of a centre stand in an indicator.
///
/// # Errors
/// [`AppError::Forbidden`] without the right in that organisation.
pub fn outcomes_of_centre(
    conn: &mut DbConnection,
    actor: &Actor,
    services: &Services,
    indicator: &Indicator,
    period: Period,
    asked: Option<OrganisationId>,
) -> Result<(OrganisationId, Vec<PersonOutcome>), AppError> {
    let organisation = actor.scope(Action::FigureRead)?.own_organisation(asked)?;
    let facts = facts::read_unscoped(conn, indicator, &selected(services, indicator), period, Some(organisation))?;
    Ok((organisation, outcomes(indicator.measure, period, &facts)))
}

/// Where everyone stands in an indicator. For `src/statistics/` alone, which lets
/// nothing out but protected tables.
///
/// # Errors
/// The engine's own.
pub fn outcomes_of_country_unscoped(
    conn: &mut DbConnection,
    services: &Services,
    indicator: &Indicator,
    period: Period,
) -> Result<Vec<PersonOutcome>, AppError> {
    let facts = facts::read_unscoped(conn, indicator, &selected(services, indicator), period, None)?;
    Ok(outcomes(indicator.measure, period, &facts))
}

fn selected(services: &Services, indicator: &Indicator) -> Vec<ServiceType> {
    match indicator.services {
        ServiceSelection::All => ServiceType::ALL.to_vec(),
        ServiceSelection::Regimes => services.regimes(),
    }
}
