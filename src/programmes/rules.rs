//! Computing indicators: exact for a centre about its own cases.

use std::collections::BTreeSet;

use super::facts::{self, Merged, Question, These, Whose};
use super::indicators::{Client, Period, PersonOutcome, outcomes};
use super::plans::{CaseMeasure, ServiceSelection};
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::types::{OrganisationId, PersonId};
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
    indicator: &CaseMeasure,
    period: Period,
    asked: Option<OrganisationId>,
) -> Result<(OrganisationId, Vec<PersonOutcome>), AppError> {
    let organisation = actor.scope(Action::FigureRead)?.own_organisation(asked)?;
    let services = &selected(services, indicator);
    let question = Question { indicator, services, period, organisation: Some(organisation) };
    Ok((organisation, answer_unscoped(conn, question)?))
}

/// Where everyone stands in an indicator, from all records: what [`super::standings`] are built from and compared with.
/// For statistics alone, which let nothing out but protected tables.
///
/// # Errors
/// The engine's own.
pub fn outcomes_of_country_unscoped(
    conn: &mut DbConnection,
    services: &Services,
    indicator: &CaseMeasure,
    period: Period,
) -> Result<Vec<PersonOutcome>, AppError> {
    let services = &selected(services, indicator);
    answer_unscoped(conn, Question { indicator, services, period, organisation: None })
}

/// Where everyone stands in a line of an official return, on the exact days of its period. For `returns/computing.rs`
/// alone, in the write that closes a province's period: nothing gives exact totals of an area at another time.
///
/// # Errors
/// The engine's own.
pub(super) fn outcomes_of_return_unscoped(
    conn: &mut DbConnection,
    services: &Services,
    question: &CaseMeasure,
    period: Period,
) -> Result<Vec<PersonOutcome>, AppError> {
    outcomes_of_country_unscoped(conn, services, question, period)
}

/// Where these stand in an indicator, each of them as persons are counted; who is not a client is left out.
pub(super) fn outcomes_of_these_unscoped(
    conn: &mut DbConnection,
    services: &Services,
    indicator: &CaseMeasure,
    period: Period,
    merged: &Merged,
    these: &BTreeSet<PersonId>,
) -> Result<Vec<PersonOutcome>, AppError> {
    let services = &selected(services, indicator);
    let question = Question { indicator, services, period, organisation: None };
    let these: Vec<PersonId> = these.iter().copied().collect();
    let mut all = Vec::new();
    for some in these.chunks(PERSONS_AT_ONCE) {
        let these = These::of(merged, some.iter().copied().collect());
        all.extend(answer(conn, question, merged, Whose::These(&these))?);
    }
    Ok(all)
}

/// Persons who are asked for by name at once.
const PERSONS_AT_ONCE: usize = 500;
/// Cases whose findings are read at once, so that they are not all held at the same time.
const CASES_AT_ONCE: usize = 1_000;

fn answer_unscoped(conn: &mut DbConnection, question: Question<'_>) -> Result<Vec<PersonOutcome>, AppError> {
    let merged = Merged::read(conn)?;
    answer(conn, question, &merged, Whose::Everybody)
}

fn answer(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    whose: Whose<'_>,
) -> Result<Vec<PersonOutcome>, AppError> {
    let clients = facts::clients_unscoped(conn, question, merged, whose)?;
    let mut all = Vec::with_capacity(clients.len());
    for some in whole_persons(&clients, CASES_AT_ONCE) {
        let facts = facts::read_unscoped(conn, question, merged, whose, some)?;
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

/// Service types that an indicator looks at.
pub(super) fn selected(services: &Services, indicator: &CaseMeasure) -> Vec<ServiceType> {
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
