//! What an indicator counts, from records that were read. No database here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::plans::Measure;
use crate::db::types::{CaseId, PersonId};
use crate::services::ServiceType;

/// A calendar year, or the part of it that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start: NaiveDate,
    /// Last day: the cut-off.
    pub end: NaiveDate,
}

impl Period {
    /// The year, cut off at `today` while it runs. None for years that cannot be.
    pub fn of_year(year: i32, today: NaiveDate) -> Option<Self> {
        let start = NaiveDate::from_ymd_opt(year, 1, 1)?;
        let end = NaiveDate::from_ymd_opt(year, 12, 31)?;
        (start <= today).then_some(Self { start, end: end.min(today) })
    }
}

/// What one assessment found for one service type of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Person.
    pub person: PersonId,
    /// Case.
    pub case: CaseId,
    /// Service type.
    pub service: ServiceType,
    /// Unit of the assessment.
    pub unit: String,
    /// Day.
    pub on: NaiveDate,
    /// In need and eligible.
    pub due: bool,
}

/// A person the measure is about, through one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Person.
    pub person: PersonId,
    /// Case, not closed before the period; for the victims' measure, identified in it.
    pub case: CaseId,
    /// Unit of the case.
    pub unit: String,
}

/// The records of a period that an indicator looks at.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Persons the measure is about, once a case; oldest case first.
    pub clients: Vec<Client>,
    /// Findings up to the cut-off, oldest first; those of other cases than the clients' do not count.
    pub assessed: Vec<Due>,
    /// What was delivered.
    pub used: BTreeSet<(PersonId, ServiceType)>,
    /// What was refused; none for all support.
    pub refused: BTreeSet<(PersonId, Option<ServiceType>)>,
}

/// Where one person stands in an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In the denominator and the numerator.
    Served,
    /// In the denominator only.
    NotServed,
    /// Outside both: everything still due was refused.
    Refused,
    /// Outside both: a client who was not found in need and eligible.
    NotInNeed,
    /// Outside both: a client whose needs were not assessed.
    NotAssessed,
}

/// One person in an indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonOutcome {
    /// Person.
    pub person: PersonId,
    /// Unit the person counts in: that of the first assessment in the period, else of the one standing at its start, else of the case.
    pub unit: String,
    /// Whether needs were assessed at all.
    pub assessed: bool,
    /// Where the person stands.
    pub standing: Standing,
    /// Service types due, and whether each was used.
    pub services: BTreeMap<ServiceType, bool>,
}

/// Where every person of the facts stands; each person once.
pub fn outcomes(measure: Measure, period: Period, facts: &Facts) -> Vec<PersonOutcome> {
    let mut units: BTreeMap<PersonId, &str> = BTreeMap::new();
    for client in &facts.clients {
        units.entry(client.person).or_insert(&client.unit);
    }
    let cases: BTreeSet<CaseId> = facts.clients.iter().map(|client| client.case).collect();
    let mut findings: BTreeMap<PersonId, Vec<&Due>> = BTreeMap::new();
    for finding in facts.assessed.iter().filter(|finding| cases.contains(&finding.case)) {
        findings.entry(finding.person).or_default().push(finding);
    }
    units
        .into_iter()
        .map(|(person, case_unit)| {
            let own = findings.remove(&person).unwrap_or_default();
            outcome(measure, period, facts, person, case_unit, &own)
        })
        .collect()
}

fn outcome(
    measure: Measure,
    period: Period,
    facts: &Facts,
    person: PersonId,
    case_unit: &str,
    findings: &[&Due],
) -> PersonOutcome {
    let unit = counting_unit(period, findings).unwrap_or(case_unit).to_owned();
    let due = match measure {
        Measure::SupportUsed => due_in(period, findings),
        Measure::RegimesReceived => due_at_end(findings),
    };
    let services: BTreeMap<ServiceType, bool> =
        due.into_iter().map(|service| (service, facts.used.contains(&(person, service)))).collect();
    let standing = match measure {
        _ if findings.is_empty() && measure == Measure::SupportUsed => Standing::NotAssessed,
        Measure::SupportUsed => used_any(&services),
        Measure::RegimesReceived => received_all(facts, person, &services),
    };
    PersonOutcome { person, unit, assessed: !findings.is_empty(), standing, services }
}

fn counting_unit<'a>(period: Period, findings: &[&'a Due]) -> Option<&'a str> {
    let within = findings.iter().find(|finding| finding.on >= period.start);
    within.or(findings.last()).map(|finding| finding.unit.as_str())
}

/// Services for which need and eligibility stood at some time in the period: found in
/// it, or found last before it and carried over. A need met and found gone later in
/// the period stays counted, else those who were helped would leave both numbers.
fn due_in(period: Period, findings: &[&Due]) -> BTreeSet<ServiceType> {
    let mut standing: BTreeMap<(CaseId, ServiceType), bool> = BTreeMap::new();
    let mut due = BTreeSet::new();
    for finding in findings {
        if finding.on < period.start {
            standing.insert((finding.case, finding.service), finding.due);
        } else if finding.due {
            due.insert(finding.service);
        }
    }
    due.extend(standing.into_iter().filter_map(|((_, service), carried)| carried.then_some(service)));
    due
}

/// Regimes ever found due up to the cut-off: what the law owes is not undone by a later finding that it was received.
fn due_at_end(findings: &[&Due]) -> BTreeSet<ServiceType> {
    findings.iter().filter(|finding| finding.due).map(|finding| finding.service).collect()
}

fn used_any(services: &BTreeMap<ServiceType, bool>) -> Standing {
    if services.is_empty() {
        Standing::NotInNeed
    } else if services.values().any(|used| *used) {
        Standing::Served
    } else {
        Standing::NotServed
    }
}

/// A refused regime is not due. Whoever refused all that was still due stands beside
/// both numbers; whoever received the rest is served. A victim who was never assessed,
/// or to whom nothing was found due, has not been served.
fn received_all(facts: &Facts, person: PersonId, services: &BTreeMap<ServiceType, bool>) -> Standing {
    let refused = |service: ServiceType| {
        facts.refused.contains(&(person, None)) || facts.refused.contains(&(person, Some(service)))
    };
    let refused_all = facts.refused.contains(&(person, None));
    let received = services.values().filter(|received| **received).count();
    let missing: Vec<ServiceType> =
        services.iter().filter(|(_, received)| !**received).map(|(service, _)| *service).collect();
    let unrefused = missing.iter().filter(|service| !refused(**service)).count();
    match (received, missing.len(), unrefused) {
        (0, 0, _) if refused_all => Standing::Refused,
        (0, 0, _) => Standing::NotServed,
        (0, _, 0) => Standing::Refused,
        (_, _, 0) => Standing::Served,
        _ => Standing::NotServed,
    }
}

/// Numerator and denominator of an indicator, and what stands beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figure {
    /// Distinct persons served.
    pub numerator: u64,
    /// Distinct persons in need and eligible, or identified.
    pub denominator: u64,
    /// Distinct persons who refused; in neither number.
    pub refused: u64,
    /// Distinct clients.
    pub clients: u64,
    /// Of the clients, those who were assessed.
    pub assessed: u64,
}

impl Figure {
    /// Counts persons.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a PersonOutcome>) -> Self {
        let mut figure = Self::default();
        for outcome in outcomes {
            figure.clients += 1;
            figure.assessed += u64::from(outcome.assessed);
            figure.numerator += u64::from(outcome.standing == Standing::Served);
            figure.denominator += u64::from(matches!(outcome.standing, Standing::Served | Standing::NotServed));
            figure.refused += u64::from(outcome.standing == Standing::Refused);
        }
        figure
    }

    /// Counts persons by one service type: in need of it and eligible; of them, those who used it.
    pub fn of_service(outcomes: &[PersonOutcome], service: ServiceType) -> Self {
        let mut figure = Self::default();
        for used in outcomes.iter().filter_map(|outcome| outcome.services.get(&service)) {
            figure.denominator += 1;
            figure.numerator += u64::from(*used);
        }
        figure
    }
}

#[cfg(test)]
mod tests;
