//! Computing indicators: exact for a centre about its own cases.

use super::facts::{self, Merged, Question};
use super::indicators::{Client, Period, PersonOutcome, outcomes};
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
    let services = &selected(services, indicator);
    let question = Question { indicator, services, period, organisation: Some(organisation) };
    Ok((organisation, answer_unscoped(conn, question)?))
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
    let services = &selected(services, indicator);
    answer_unscoped(conn, Question { indicator, services, period, organisation: None })
}

/// Cases whose findings are read at once, so that they are not all held at the same time.
const CASES_AT_ONCE: usize = 1_000;

fn answer_unscoped(conn: &mut DbConnection, question: Question<'_>) -> Result<Vec<PersonOutcome>, AppError> {
    let merged = Merged::read(conn)?;
    let clients = facts::clients_unscoped(conn, question, &merged)?;
    let mut all = Vec::with_capacity(clients.len());
    for some in whole_persons(&clients, CASES_AT_ONCE) {
        let facts = facts::read_unscoped(conn, question, &merged, some)?;
        all.extend(outcomes(question.indicator.measure, question.period, &facts));
    }
    Ok(all)
}

/// Cuts clients sorted by person into parts of about `size`, each person in one part only.
fn whole_persons(clients: &[Client], size: usize) -> impl Iterator<Item = &[Client]> {
    let mut rest = clients;
    std::iter::from_fn(move || {
        let last = rest.get(size.min(rest.len()).checked_sub(1)?)?.person;
        let (part, after) = rest.split_at(rest.partition_point(|client| client.person <= last));
        rest = after;
        Some(part)
    })
}

fn selected(services: &Services, indicator: &Indicator) -> Vec<ServiceType> {
    match indicator.services {
        ServiceSelection::All => ServiceType::ALL.to_vec(),
        ServiceSelection::Regimes => services.regimes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::types::{CaseId, PersonId};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_person_is_cut_in_two_and_none_is_lost(
            mut persons in prop::collection::vec(0_u128..9, 0..40), size in 1_usize..7,
        ) {
            persons.sort_unstable();
            let client = |(number, person): (usize, &u128)| Client {
                person: PersonId(uuid::Uuid::from_u128(*person)),
                case: CaseId(uuid::Uuid::from_u128(u128::try_from(number).expect("a number"))),
                unit: "VN".to_owned(),
            };
            let clients: Vec<Client> = persons.iter().enumerate().map(client).collect();
            let parts: Vec<&[Client]> = whole_persons(&clients, size).collect();
            prop_assert_eq!(parts.concat(), clients.clone());
            for pair in parts.windows(2) {
                prop_assert!(pair[0].last().map(|client| client.person) < pair[1].first().map(|client| client.person));
            }
        }
    }
}
