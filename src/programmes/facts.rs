//! Reading the records that indicators are computed from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

mod coded;

use super::indicators::{Client, Due, Facts, Period, Refusal};
use super::plans::{CaseMeasure, Measure};
use crate::cases::CaseStatus;
use crate::cases::model::CaseEventKind;
use crate::db::DbConnection;
use crate::db::schema::{
    assessed_needs, assessments, case_events, cases, deliveries, persons, stays, support_refusals,
};
use crate::db::types::{CaseId, OrganisationId, PersonId};
use crate::error::AppError;
use crate::outreach::codes::CodeMac;
use crate::persons::{ClientCategory, same};
use crate::services::ServiceType;

type DueRow = (PersonId, CaseId, ServiceType, String, NaiveDate, bool, bool);

/// What is asked of the records: one centre's cases, or all when `organisation` is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) indicator: &'a CaseMeasure,
    pub(super) services: &'a [ServiceType],
    pub(super) period: Period,
    pub(super) organisation: Option<OrganisationId>,
}

/// Records that are one person with others, each with the one that counts for all.
#[derive(Debug)]
pub(super) struct Merged {
    roots: BTreeMap<PersonId, PersonId>,
    codes: coded::Codes,
}

impl Merged {
    /// Reads them.
    pub(super) fn read(conn: &mut DbConnection) -> Result<Self, AppError> {
        Ok(Self { roots: same::roots(conn)?, codes: coded::Codes::read(conn)? })
    }

    /// Whom a record counts for.
    fn root(&self, person: PersonId) -> PersonId {
        self.roots.get(&person).copied().unwrap_or(person)
    }

    /// Whom a record, or a contact code as an id, counts for.
    pub(super) fn whom(&self, named: PersonId) -> PersonId {
        self.root(self.codes.person(CodeMac::of_uuid(named.0)))
    }

    /// Records that count for somebody of a span beside those that lie within it.
    fn beyond(&self, (first, last): Span) -> Vec<PersonId> {
        let counts = |(person, root): &(&PersonId, &PersonId)| (first..=last).contains(root) && *person > &last;
        self.roots.iter().filter(counts).map(|(person, _)| *person).collect()
    }
}

/// From one counted person to another, both included. Who counts for several has the lowest id of them.
type Span = (PersonId, PersonId);

/// Some who count as persons, with every record and contact code that counts for them.
#[derive(Debug)]
pub(super) struct These {
    roots: BTreeSet<PersonId>,
    records: Vec<PersonId>,
    codes: Vec<CodeMac>,
}

impl These {
    /// Of persons as they are counted.
    pub(super) fn of(merged: &Merged, roots: BTreeSet<PersonId>) -> Self {
        let merged_in = merged.roots.iter().filter(|(_, root)| roots.contains(root)).map(|(person, _)| *person);
        let records: BTreeSet<PersonId> = roots.iter().copied().chain(merged_in).collect();
        let own = roots.iter().map(|root| CodeMac::of_uuid(root.0));
        let codes = own.chain(merged.codes.linked_to(|person| roots.contains(&merged.root(person)))).collect();
        Self { roots, records: records.into_iter().collect(), codes }
    }
}

/// Whose records are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    /// Everybody's.
    Everybody,
    /// Those of some.
    These(&'a These),
}

/// Whose records are read at once.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Span(Span),
    These(&'a These),
}

/// The records of a part. Of a span: those within it, and those merged into it; a record within
/// it that counts for somebody before it is left out by [`counted`].
macro_rules! of_part {
    ($query:expr, $person:expr, $merged:expr, $part:expr) => {{
        match $part {
            Part::Span(span) => {
                let (within, beyond) = ($person.between(span.0, span.1), $merged.beyond(span));
                if beyond.is_empty() { $query.filter(within) } else { $query.filter(within.or($person.eq_any(beyond))) }
            }
            Part::These(these) => $query.filter($person.eq_any(these.records.clone())),
        }
    }};
}

/// Whom a record counts for, when that is somebody of the part.
fn counted(merged: &Merged, part: Part<'_>, person: PersonId) -> Option<PersonId> {
    let is_of_part = |root: &PersonId| match part {
        Part::Span((first, last)) => (first..=last).contains(root),
        Part::These(these) => these.roots.contains(root),
    };
    Some(merged.root(person)).filter(is_of_part)
}

/// Reads what an indicator needs about these clients, who stand sorted by person.
pub(super) fn read_unscoped(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    whose: Whose<'_>,
    clients: &[Client],
) -> Result<Facts, AppError> {
    let (Some(first), Some(last)) = (clients.first(), clients.last()) else { return Ok(Facts::default()) };
    let part = match whose {
        Whose::Everybody => Part::Span((first.person, last.person)),
        Whose::These(these) => Part::These(these),
    };
    let mut facts = Facts {
        clients: clients.to_vec(),
        assessed: assessments_of(conn, question, merged, part)?,
        used: used(conn, question, merged, part)?,
        refused: refused(conn, question, merged, part)?,
    };
    if question.indicator.measure == Measure::SupportUsed {
        facts.assessed.extend(coded::needs(conn, question, merged, part)?);
        // Stable: of one day assessments of cases stand first.
        facts.assessed.sort_by_key(|finding| finding.on);
        facts.used.extend(coded::arrivals(conn, question, merged, part)?);
    }
    Ok(facts)
}

/// Persons of the category with a case open at some time in the period, and those met in outreach in it who gave a
/// contact code; for the victims' measure, persons identified in the period. Records that are one person count as one.
/// Sorted by person, oldest case first.
pub(super) fn clients_unscoped(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    whose: Whose<'_>,
) -> Result<Vec<Client>, AppError> {
    let Question { indicator, period, organisation, .. } = question;
    let mut query = cases::table
        .inner_join(persons::table.on(persons::id.eq(cases::person_id)))
        .filter(cases::received_on.le(period.end))
        .order((cases::person_id, cases::received_on, cases::id))
        .select((cases::person_id, cases::received_on, cases::id, cases::unit_code))
        .into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    if let Whose::These(these) = whose {
        query = query.filter(cases::person_id.eq_any(these.records.clone()));
    }
    query = match indicator.measure {
        Measure::SupportUsed => {
            let open = query.filter(cases::closed_on.is_null().or(cases::closed_on.ge(period.start)));
            match indicator.category {
                ClientCategory::PossibleVictim => open.filter(persons::possible_victim),
                ClientCategory::IdentifiedVictim => open.filter(persons::identified_victim),
                ClientCategory::PersonSellingSex => open.filter(persons::person_selling_sex),
                ClientCategory::EstablishmentWorker => open.filter(persons::establishment_worker),
                ClientCategory::AtRisk => open.filter(persons::at_risk),
            }
        }
        // The identification itself is the fact; a category somebody takes away does not undo it.
        Measure::RegimesReceived => query.filter(cases::identified_on.between(period.start, period.end)),
    };
    let rows: Vec<(PersonId, NaiveDate, CaseId, String)> = query.load(conn)?;
    let asleep = asleep(conn, question, whose)?;
    let awake = rows.into_iter().filter(|(_, _, case, _)| !asleep.contains(case));
    let client = |(person, on, case, unit)| (Client { person: merged.root(person), case, unit }, on);
    let mut clients: Vec<(Client, NaiveDate)> = awake.map(client).collect();
    if indicator.measure == Measure::SupportUsed {
        clients.extend(coded::clients(conn, question, merged, whose)?);
    }
    clients.sort_by_key(|(client, on)| (client.person, *on, client.case));
    Ok(clients.into_iter().map(|(client, _)| client).collect())
}

/// Who was met on a day after `today`, as a phone whose clock was wrong told it, and the first such day. No other fact
/// lies ahead: the rules refuse it.
pub(super) fn ahead_unscoped(
    conn: &mut DbConnection,
    merged: &Merged,
    whose: Whose<'_>,
    today: NaiveDate,
) -> Result<BTreeMap<PersonId, NaiveDate>, AppError> {
    let mut ahead = BTreeMap::new();
    for (person, day) in coded::ahead(conn, merged, whose, today)? {
        let first = ahead.entry(person).or_insert(day);
        *first = day.min(*first);
    }
    Ok(ahead)
}

/// Cases that were reopened, but were closed through the whole period: reopening a case
/// today does not change what was true in an earlier year.
fn asleep(conn: &mut DbConnection, question: Question<'_>, whose: Whose<'_>) -> Result<BTreeSet<CaseId>, AppError> {
    let Question { period, organisation, .. } = question;
    let mut reopened = cases::table
        .inner_join(case_events::table.on(case_events::case_id.eq(cases::id)))
        .filter(case_events::kind.eq(CaseEventKind::Reopened))
        .filter(case_events::occurred_on.gt(period.end))
        .select(cases::id)
        .distinct()
        .into_boxed();
    if let Some(organisation) = organisation {
        reopened = reopened.filter(cases::organisation_id.eq(organisation));
    }
    if let Whose::These(these) = whose {
        reopened = reopened.filter(cases::person_id.eq_any(these.records.clone()));
    }
    let mut asleep = BTreeSet::new();
    for case in reopened.load::<CaseId>(conn)? {
        let last: Option<(Option<CaseStatus>, NaiveDate)> = case_events::table
            .filter(case_events::case_id.eq(case))
            .filter(case_events::to_status.is_not_null())
            .filter(case_events::occurred_on.le(period.end))
            .order((case_events::occurred_on.desc(), case_events::recorded_at.desc(), case_events::id.desc()))
            .select((case_events::to_status, case_events::occurred_on))
            .first(conn)
            .optional()?;
        if last.is_some_and(|(status, on)| status == Some(CaseStatus::Closed) && on < period.start) {
            asleep.insert(case);
        }
    }
    Ok(asleep)
}

fn assessments_of(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    part: Part<'_>,
) -> Result<Vec<Due>, AppError> {
    let Question { services, period, organisation, .. } = question;
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
    query = of_part!(query, assessments::person_id, merged, part);
    if let Some(organisation) = organisation {
        query = query.filter(assessments::organisation_id.eq(organisation));
    }
    let rows: Vec<DueRow> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(person, case, service, unit, on, in_need, eligible)| {
            let person = counted(merged, part, person)?;
            Some(Due { person, case, service, unit, on, due: in_need && eligible })
        })
        .collect())
}

fn used(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    part: Part<'_>,
) -> Result<BTreeSet<(PersonId, CaseId, ServiceType)>, AppError> {
    let Question { indicator, services, period, organisation } = question;
    let mut query = deliveries::table
        .filter(deliveries::voided_at.is_null())
        .filter(deliveries::delivered_on.le(period.end))
        .filter(deliveries::service_type.eq_any(services.to_vec()))
        .select((deliveries::person_id, deliveries::case_id, deliveries::service_type))
        .distinct()
        .into_boxed();
    query = of_part!(query, deliveries::person_id, merged, part);
    // A regime received before the person was identified has been received all the same.
    if indicator.measure == Measure::SupportUsed {
        query = query.filter(deliveries::delivered_on.ge(period.start));
    }
    if let Some(organisation) = organisation {
        query = query.filter(deliveries::centre_id.eq(organisation));
    }
    let mut rows: Vec<(PersonId, CaseId, ServiceType)> = query.load(conn)?;
    if services.contains(&ServiceType::EssentialNeeds) {
        let housed = housed(conn, question, merged, part)?;
        rows.extend(housed.into_iter().map(|(person, case)| (person, case, ServiceType::EssentialNeeds)));
    }
    let of_span = |(person, case, service)| Some((counted(merged, part, person)?, case, service));
    Ok(rows.into_iter().filter_map(of_span).collect())
}

/// A bed and meals are essential needs that were met, whether or not anybody notes them day by day.
fn housed(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    part: Part<'_>,
) -> Result<Vec<(PersonId, CaseId)>, AppError> {
    let Question { indicator, period, organisation, .. } = question;
    let mut query = stays::table
        .filter(stays::voided_at.is_null())
        .filter(stays::in_on.le(period.end))
        .select((stays::person_id, stays::case_id))
        .distinct()
        .into_boxed();
    query = of_part!(query, stays::person_id, merged, part);
    if indicator.measure == Measure::SupportUsed {
        query = query.filter(stays::out_on.is_null().or(stays::out_on.ge(period.start)));
    }
    if let Some(organisation) = organisation {
        query = query.filter(stays::centre_id.eq(organisation));
    }
    Ok(query.load(conn)?)
}

fn refused(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    part: Part<'_>,
) -> Result<Vec<Refusal>, AppError> {
    let Question { period, organisation, .. } = question;
    let mut query = support_refusals::table
        .inner_join(cases::table.on(cases::id.eq(support_refusals::case_id)))
        .filter(support_refusals::refused_on.le(period.end))
        .order((support_refusals::refused_on, support_refusals::id))
        .select((
            support_refusals::person_id,
            support_refusals::case_id,
            support_refusals::service_type,
            support_refusals::refused_on,
        ))
        .into_boxed();
    query = of_part!(query, support_refusals::person_id, merged, part);
    if let Some(organisation) = organisation {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    let rows: Vec<(PersonId, CaseId, Option<ServiceType>, NaiveDate)> = query.load(conn)?;
    let of_span =
        |(person, case, service, on)| Some(Refusal { person: counted(merged, part, person)?, case, service, on });
    Ok(rows.into_iter().filter_map(of_span).collect())
}
