//! Reading the records that indicators are computed from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

mod coded;

use super::indicators::{Client, Due, Facts, Period, Refusal};
use super::plans::{Indicator, Measure};
use crate::cases::CaseStatus;
use crate::cases::model::CaseEventKind;
use crate::db::DbConnection;
use crate::db::schema::{
    assessed_needs, assessments, case_events, cases, deliveries, persons, stays, support_refusals,
};
use crate::db::types::{CaseId, OrganisationId, PersonId};
use crate::error::AppError;
use crate::persons::{ClientCategory, same};
use crate::services::ServiceType;

type DueRow = (PersonId, CaseId, ServiceType, String, NaiveDate, bool, bool);

/// What is asked of the records: one centre's cases, or all when `organisation` is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) indicator: &'a Indicator,
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

    /// Records that count for somebody of `span` beside those that lie within it.
    fn beyond(&self, (first, last): Span) -> Vec<PersonId> {
        let counts = |(person, root): &(&PersonId, &PersonId)| (first..=last).contains(root) && *person > &last;
        self.roots.iter().filter(counts).map(|(person, _)| *person).collect()
    }
}

/// From one counted person to another, both included. Who counts for several has the lowest id of them.
type Span = (PersonId, PersonId);

/// The records of everybody of a span: those within it, and those merged into it. A record within
/// it that counts for somebody before it is left out by [`counted`].
macro_rules! of_span {
    ($query:expr, $person:expr, $merged:expr, $span:expr) => {{
        let (within, beyond) = ($person.between($span.0, $span.1), $merged.beyond($span));
        if beyond.is_empty() { $query.filter(within) } else { $query.filter(within.or($person.eq_any(beyond))) }
    }};
}

/// Whom a record counts for, when that is somebody of the span.
fn counted(merged: &Merged, (first, last): Span, person: PersonId) -> Option<PersonId> {
    Some(merged.root(person)).filter(|root| (first..=last).contains(root))
}

/// Reads what an indicator needs about these clients, who stand sorted by person.
pub(super) fn read_unscoped(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    clients: &[Client],
) -> Result<Facts, AppError> {
    let (Some(first), Some(last)) = (clients.first(), clients.last()) else { return Ok(Facts::default()) };
    let span = (first.person, last.person);
    let mut facts = Facts {
        clients: clients.to_vec(),
        assessed: assessments_of(conn, question, merged, span)?,
        used: used(conn, question, merged, span)?,
        refused: refused(conn, question, merged, span)?,
    };
    if question.indicator.measure == Measure::SupportUsed {
        facts.assessed.extend(coded::needs(conn, question, merged, span)?);
        // Stable: of one day assessments of cases stand first.
        facts.assessed.sort_by_key(|finding| finding.on);
        facts.used.extend(coded::arrivals(conn, question, merged, span)?);
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
    let asleep = asleep(conn, period, organisation)?;
    let awake = rows.into_iter().filter(|(_, _, case, _)| !asleep.contains(case));
    let client = |(person, on, case, unit)| (Client { person: merged.root(person), case, unit }, on);
    let mut clients: Vec<(Client, NaiveDate)> = awake.map(client).collect();
    if indicator.measure == Measure::SupportUsed {
        clients.extend(coded::clients(conn, question, merged)?);
    }
    clients.sort_by_key(|(client, on)| (client.person, *on, client.case));
    Ok(clients.into_iter().map(|(client, _)| client).collect())
}

/// Cases that were reopened, but were closed through the whole period: reopening a case
/// today does not change what was true in an earlier year.
fn asleep(
    conn: &mut DbConnection,
    period: Period,
    organisation: Option<OrganisationId>,
) -> Result<BTreeSet<CaseId>, AppError> {
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
    let mut asleep = BTreeSet::new();
    for case in reopened.load::<CaseId>(conn)? {
        let last: Option<(Option<CaseStatus>, NaiveDate)> = case_events::table
            .filter(case_events::case_id.eq(case))
            .filter(case_events::to_status.is_not_null())
            .filter(case_events::occurred_on.le(period.end))
            .order((case_events::occurred_on.desc(), case_events::recorded_at.desc()))
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
    span: Span,
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
    query = of_span!(query, assessments::person_id, merged, span);
    if let Some(organisation) = organisation {
        query = query.filter(assessments::organisation_id.eq(organisation));
    }
    let rows: Vec<DueRow> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(person, case, service, unit, on, in_need, eligible)| {
            let person = counted(merged, span, person)?;
            Some(Due { person, case, service, unit, on, due: in_need && eligible })
        })
        .collect())
}

fn used(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    span: Span,
) -> Result<BTreeSet<(PersonId, CaseId, ServiceType)>, AppError> {
    let Question { indicator, services, period, organisation } = question;
    let mut query = deliveries::table
        .filter(deliveries::voided_at.is_null())
        .filter(deliveries::delivered_on.le(period.end))
        .filter(deliveries::service_type.eq_any(services.to_vec()))
        .select((deliveries::person_id, deliveries::case_id, deliveries::service_type))
        .distinct()
        .into_boxed();
    query = of_span!(query, deliveries::person_id, merged, span);
    // A regime received before the person was identified has been received all the same.
    if indicator.measure == Measure::SupportUsed {
        query = query.filter(deliveries::delivered_on.ge(period.start));
    }
    if let Some(organisation) = organisation {
        query = query.filter(deliveries::centre_id.eq(organisation));
    }
    let mut rows: Vec<(PersonId, CaseId, ServiceType)> = query.load(conn)?;
    if services.contains(&ServiceType::EssentialNeeds) {
        let housed = housed(conn, question, merged, span)?;
        rows.extend(housed.into_iter().map(|(person, case)| (person, case, ServiceType::EssentialNeeds)));
    }
    let of_span = |(person, case, service)| Some((counted(merged, span, person)?, case, service));
    Ok(rows.into_iter().filter_map(of_span).collect())
}

/// A bed and meals are essential needs that were met, whether or not anybody notes them day by day.
fn housed(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    span: Span,
) -> Result<Vec<(PersonId, CaseId)>, AppError> {
    let Question { indicator, period, organisation, .. } = question;
    let mut query = stays::table
        .filter(stays::voided_at.is_null())
        .filter(stays::in_on.le(period.end))
        .select((stays::person_id, stays::case_id))
        .distinct()
        .into_boxed();
    query = of_span!(query, stays::person_id, merged, span);
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
    span: Span,
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
    query = of_span!(query, support_refusals::person_id, merged, span);
    if let Some(organisation) = organisation {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    let rows: Vec<(PersonId, CaseId, Option<ServiceType>, NaiveDate)> = query.load(conn)?;
    let of_span =
        |(person, case, service, on)| Some(Refusal { person: counted(merged, span, person)?, case, service, on });
    Ok(rows.into_iter().filter_map(of_span).collect())
}
