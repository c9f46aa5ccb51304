//! People met in outreach who gave a contact code: they count as persons, and as the person on record whom their code
//! was linked to. Who gave no code is no person here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{Merged, Part, Question, Whose, counted};
use crate::db::DbConnection;
use crate::db::schema::{outreach_contacts, outreach_referrals, outreach_sessions, peer_groups};
use crate::db::types::{CaseId, PersonId};
use crate::error::AppError;
use crate::outreach::codes::CodeMac;
use crate::outreach::links;
use crate::outreach::sessions::fields::words;
use crate::programmes::indicators::{Client, Due};
use crate::services::ServiceType;

/// Whom each linked code is.
#[derive(Debug)]
pub(super) struct Codes(BTreeMap<CodeMac, PersonId>);

impl Codes {
    /// Reads them.
    pub(super) fn read(conn: &mut DbConnection) -> Result<Self, AppError> {
        Ok(Self(links::rules::everybody(conn)?))
    }

    /// Whom a code counts for: the person it was linked to, else somebody of whom nothing but the code is known.
    pub(super) fn person(&self, code: CodeMac) -> PersonId {
        self.0.get(&code).copied().unwrap_or(PersonId(code.as_uuid()))
    }

    /// Codes that are linked to such a person.
    pub(super) fn linked_to(&self, is_such: impl Fn(PersonId) -> bool) -> impl Iterator<Item = CodeMac> {
        self.0.iter().filter(move |(_, person)| is_such(**person)).map(|(code, _)| *code)
    }
}

/// What is met under a code stands for a case of its own.
fn case_of(code: CodeMac) -> CaseId {
    CaseId(code.as_uuid())
}

type ClientRow = (CodeMac, NaiveDate, String);

/// People of the category who were met in the period; the earliest contact first.
pub(super) fn clients(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    whose: Whose<'_>,
) -> Result<Vec<(Client, NaiveDate)>, AppError> {
    let Question { indicator, period, organisation, .. } = question;
    let mut query = outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .inner_join(peer_groups::table.on(peer_groups::id.eq(outreach_sessions::group_id)))
        .filter(outreach_sessions::held_on.between(period.start, period.end))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_contacts::removed_at.is_null())
        .filter(outreach_contacts::code_mac.is_not_null())
        .filter(outreach_contacts::category.eq(indicator.category))
        .order((outreach_contacts::code_mac, outreach_sessions::held_on, outreach_contacts::id))
        .select((
            outreach_contacts::code_mac.assume_not_null(),
            outreach_sessions::held_on,
            outreach_sessions::unit_code,
        ))
        .into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(peer_groups::supported_by_id.eq(organisation));
    }
    if let Whose::These(these) = whose {
        query = query.filter(outreach_contacts::code_mac.eq_any(these.codes.clone()));
    }
    let mut rows: Vec<ClientRow> = query.load(conn)?;
    rows.dedup_by_key(|(code, ..)| *code);
    let client = |(code, on, unit): ClientRow| {
        let person = merged.root(merged.codes.person(code));
        // A code that is asked for may count for somebody else.
        let asked = match whose {
            Whose::Everybody => true,
            Whose::These(these) => these.roots.contains(&person),
        };
        asked.then_some((Client { person, case: case_of(code), unit }, on))
    };
    Ok(rows.into_iter().filter_map(client).collect())
}

type NeedRow = (CodeMac, String, NaiveDate, String);

/// Needs that were told in contacts up to the end of the period, the oldest first. What a worker of a group writes
/// down as needed is what the person may have: it is in need and eligible.
pub(super) fn needs(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    part: Part<'_>,
) -> Result<Vec<Due>, AppError> {
    let Question { services, period, organisation, .. } = question;
    let mut query = outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .inner_join(peer_groups::table.on(peer_groups::id.eq(outreach_sessions::group_id)))
        .filter(outreach_sessions::held_on.le(period.end))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_contacts::removed_at.is_null())
        .filter(outreach_contacts::needs.ne(""))
        .order((outreach_sessions::held_on, outreach_contacts::id))
        .select((
            outreach_contacts::code_mac.assume_not_null(),
            outreach_contacts::needs,
            outreach_sessions::held_on,
            outreach_sessions::unit_code,
        ))
        .into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(peer_groups::supported_by_id.eq(organisation));
    }
    query = match part {
        Part::Span(span) => {
            let linked: Vec<CodeMac> =
                merged.codes.linked_to(|person| counted(merged, part, person).is_some()).collect();
            let (first, last) = (CodeMac::of_uuid(span.0.0), CodeMac::of_uuid(span.1.0));
            let within = outreach_contacts::code_mac.between(first, last);
            query.filter(within.or(outreach_contacts::code_mac.eq_any(linked)))
        }
        Part::These(these) => query.filter(outreach_contacts::code_mac.eq_any(these.codes.clone())),
    };
    let rows: Vec<NeedRow> = query.load(conn)?;
    let mut due = Vec::new();
    for (code, needs, on, unit) in rows {
        let Some(person) = counted(merged, part, merged.codes.person(code)) else { continue };
        let needs = words::<ServiceType>(&needs)?.into_iter().filter(|need| services.contains(need));
        due.extend(needs.map(|service| Due {
            person,
            case: case_of(code),
            service,
            unit: unit.clone(),
            on,
            due: true,
        }));
    }
    Ok(due)
}

type ArrivalRow = (Option<CodeMac>, Option<CodeMac>, Option<PersonId>, ServiceType);

/// Arrivals in the period of a question.
macro_rules! arrived {
    ($question:expr) => {{
        let Question { services, period, organisation, .. } = $question;
        let mut query = outreach_referrals::table
            .left_join(outreach_contacts::table.on(outreach_contacts::id.nullable().eq(outreach_referrals::contact_id)))
            .inner_join(peer_groups::table.on(peer_groups::id.eq(outreach_referrals::group_id)))
            .filter(outreach_referrals::arrived_on.between(period.start, period.end))
            .filter(outreach_referrals::service_type.eq_any(services.to_vec()))
            .select((
                outreach_contacts::code_mac.nullable(),
                outreach_referrals::code_mac,
                outreach_referrals::person_id,
                outreach_referrals::service_type,
            ))
            .into_boxed();
        if let Some(organisation) = organisation {
            query = query.filter(peer_groups::supported_by_id.eq(organisation));
        }
        query
    }};
}

/// Services at which somebody who was referred arrived in the period.
pub(super) fn arrivals(
    conn: &mut DbConnection,
    question: Question<'_>,
    merged: &Merged,
    part: Part<'_>,
) -> Result<Vec<(PersonId, CaseId, ServiceType)>, AppError> {
    let rows: Vec<ArrivalRow> = match part {
        Part::Span(_) => arrived!(question).load(conn)?,
        Part::These(these) => {
            // One after another, so that each is read from an index.
            let mut rows: Vec<ArrivalRow> =
                arrived!(question).filter(outreach_contacts::code_mac.eq_any(these.codes.clone())).load(conn)?;
            let kept = arrived!(question).filter(outreach_referrals::code_mac.eq_any(these.codes.clone()));
            rows.extend(kept.load::<ArrivalRow>(conn)?);
            let named = arrived!(question).filter(outreach_referrals::person_id.eq_any(these.records.clone()));
            rows.extend(named.load::<ArrivalRow>(conn)?);
            rows
        }
    };
    let arrival = |(contact, kept, person, service): ArrivalRow| {
        let code = contact.or(kept);
        // Whom the code is linked to now counts, whoever was named when the person came.
        let whose = code.map(|code| merged.codes.person(code)).or(person)?;
        let case = code.map_or(CaseId(whose.0), case_of);
        Some((counted(merged, part, whose)?, case, service))
    };
    Ok(rows.into_iter().filter_map(arrival).collect())
}

/// Who was met on a day after `today`, and when.
pub(super) fn ahead(
    conn: &mut DbConnection,
    merged: &Merged,
    whose: Whose<'_>,
    today: NaiveDate,
) -> Result<Vec<(PersonId, NaiveDate)>, AppError> {
    let mut query = outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .filter(outreach_sessions::held_on.gt(today))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_contacts::removed_at.is_null())
        .filter(outreach_contacts::code_mac.is_not_null())
        .select((outreach_contacts::code_mac.assume_not_null(), outreach_sessions::held_on))
        .into_boxed();
    if let Whose::These(these) = whose {
        query = query.filter(outreach_contacts::code_mac.eq_any(these.codes.clone()));
    }
    let rows: Vec<(CodeMac, NaiveDate)> = query.load(conn)?;
    Ok(rows.into_iter().map(|(code, day)| (merged.root(merged.codes.person(code)), day)).collect())
}
