//! What an indicator counts, from records that were read. No database here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::plans::Measure;
use crate::db::types::{CaseId, PersonId, text_enum};
use crate::services::ServiceType;

/// The days that are counted: a calendar year, the part of it that has passed, or a period of reporting.
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
    pub used: BTreeSet<(PersonId, CaseId, ServiceType)>,
    /// What was refused, and when.
    pub refused: Vec<Refusal>,
}

/// A recorded refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Person.
    pub person: PersonId,
    /// Case.
    pub case: CaseId,
    /// Service; all support when none.
    pub service: Option<ServiceType>,
    /// Day.
    pub on: NaiveDate,
}

/// What is known of one person.
#[derive(Debug, Default)]
struct Known<'a> {
    findings: Vec<&'a Due>,
    used: BTreeSet<ServiceType>,
    refusals: Vec<Refusal>,
}

text_enum! {
    /// Where one person stands in an indicator.
    Standing {
        /// In the denominator and the numerator.
        Served = "served",
        /// In the denominator only.
        NotServed = "not_served",
        /// Outside both: everything still due was refused.
        Refused = "refused",
        /// Outside both: a client who was not found in need and eligible.
        NotInNeed = "not_in_need",
        /// Outside both: a client whose needs were not assessed.
        NotAssessed = "not_assessed",
    }
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
    let mut known = known(measure, facts);
    units
        .into_iter()
        .map(|(person, case_unit)| {
            let own = known.remove(&person).unwrap_or_default();
            outcome(measure, period, person, case_unit, &own)
        })
        .collect()
}

/// Sorts the facts by person. Findings and refusals count in the clients' own cases only.
/// So do deliveries of regimes: what was given for an earlier trafficking does not answer
/// for this one.
fn known(measure: Measure, facts: &Facts) -> BTreeMap<PersonId, Known<'_>> {
    let cases: BTreeSet<CaseId> = facts.clients.iter().map(|client| client.case).collect();
    let mut known: BTreeMap<PersonId, Known<'_>> = BTreeMap::new();
    for finding in facts.assessed.iter().filter(|finding| cases.contains(&finding.case)) {
        known.entry(finding.person).or_default().findings.push(finding);
    }
    for (person, case, service) in &facts.used {
        if measure == Measure::SupportUsed || cases.contains(case) {
            known.entry(*person).or_default().used.insert(*service);
        }
    }
    for refusal in facts.refused.iter().filter(|refusal| cases.contains(&refusal.case)) {
        known.entry(refusal.person).or_default().refusals.push(*refusal);
    }
    known
}

fn outcome(measure: Measure, period: Period, person: PersonId, case_unit: &str, known: &Known<'_>) -> PersonOutcome {
    let unit = counting_unit(period, &known.findings).unwrap_or(case_unit).to_owned();
    let due = match measure {
        Measure::SupportUsed => due_in(period, &known.findings),
        Measure::RegimesReceived => due_at_end(&known.findings),
    };
    let services: BTreeMap<ServiceType, bool> =
        due.into_iter().map(|service| (service, known.used.contains(&service))).collect();
    let standing = match measure {
        Measure::SupportUsed if known.findings.is_empty() => Standing::NotAssessed,
        Measure::SupportUsed => used_any(&services),
        Measure::RegimesReceived => received_all(known, &services),
    };
    PersonOutcome { person, unit, assessed: !known.findings.is_empty(), standing, services }
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
fn received_all(known: &Known<'_>, services: &BTreeMap<ServiceType, bool>) -> Standing {
    let received = services.values().filter(|received| **received).count();
    let missing: Vec<ServiceType> =
        services.iter().filter(|(_, received)| !**received).map(|(service, _)| *service).collect();
    let unrefused = missing.iter().filter(|service| !known.refused(**service)).count();
    let refused_unassessed =
        known.findings.is_empty() && known.refusals.iter().any(|refusal| refusal.service.is_none());
    match (received, missing.len(), unrefused) {
        (0, 0, _) if refused_unassessed => Standing::Refused,
        (0, 0, _) => Standing::NotServed,
        (0, _, 0) => Standing::Refused,
        (_, _, 0) => Standing::Served,
        _ => Standing::NotServed,
    }
}

impl Known<'_> {
    /// Whether a service was refused after it was last found due; found due again, it is
    /// offered again.
    fn refused(&self, service: ServiceType) -> bool {
        let found = |finding: &&&Due| finding.service == service && finding.due;
        let last_due = self.findings.iter().filter(found).map(|finding| finding.on).max();
        self.refusals.iter().any(|refusal| {
            refusal.service.is_none_or(|refused| refused == service) && last_due.is_none_or(|due| refusal.on >= due)
        })
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
