//! What the outreach of a group comes to in a span of days. Group contacts, person-times and distinct persons are
//! three different numbers, and are never added up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::month::Month;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{outreach_contacts, outreach_reduced, outreach_sessions, outreach_supplies, outreach_tallies};
use crate::db::types::OrganisationId;
use crate::error::AppError;
use crate::grants::Action;
use crate::outreach::codes::CodeMac;
use crate::outreach::groups::rules::find_for;
use crate::outreach::reduction::ReducedRow;
use crate::outreach::sessions::model::{AgeBand, ReferralOffer, Screening, Seen};
use crate::persons::model::Sex;

/// Rows that are added up in memory at once.
const BATCH: i64 = 10_000;

/// What the outreach of a group comes to.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct OutreachTotals {
    /// Sessions.
    pub sessions: u64,
    /// Of them, those whose day cannot be right, or was told by a wrong clock.
    pub sessions_of_doubtful_day: u64,
    /// Contacts with one person, one for each time: person-times.
    pub contacts: u64,
    /// Of them, those that were reduced to numbers since: persons are not told apart among them any more. Reduced
    /// contacts are counted in months that lie wholly within the days asked for.
    pub contacts_reduced: u64,
    /// Distinct persons among those with a code, as far as contacts were not reduced to numbers.
    pub persons_with_code: u64,
    /// Contacts without a code: person-times of nobody knows how many persons.
    pub contacts_without_code: u64,
    /// Persons met in groups, one for each time, by counters.
    pub group_contacts: u64,
    /// Contacts with somebody new in the year, as the worker knew.
    pub contacts_new: u64,
    /// Contacts by sex.
    pub contacts_by_sex: BTreeMap<Sex, u64>,
    /// Contacts by age.
    pub contacts_by_age_band: BTreeMap<AgeBand, u64>,
    /// Contacts in which violence was told.
    pub violence_told: u64,
    /// Contacts in which signs of trafficking were told.
    pub trafficking_told: u64,
    /// Contacts in which a child in need of protection was found.
    pub child_found: u64,
    /// Contacts in which a service was offered, whatever became of it.
    pub referrals_offered: u64,
    /// Contacts in which the person wanted to go there.
    pub referrals_accepted: u64,
    /// Pieces handed out, by code of the commodity.
    pub supplies: BTreeMap<String, u64>,
}

#[derive(Queryable)]
struct Met {
    id: crate::db::types::ContactId,
    code: Option<CodeMac>,
    sex: Sex,
    age_band: AgeBand,
    seen: Seen,
    violence: Screening,
    trafficking: Screening,
    child: Screening,
    referral: ReferralOffer,
}

/// Adds up the outreach of a group from one day to another, both counted.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<OutreachTotals, AppError> {
    find_for(conn, actor, Action::OutreachTotalsRead, group)?;
    let mut totals = OutreachTotals::default();
    let doubtful: Vec<bool> = outreach_sessions::table
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(from, to))
        .filter(outreach_sessions::removed_at.is_null())
        .select(outreach_sessions::day_doubtful)
        .load(conn)?;
    totals.sessions = number(doubtful.len());
    totals.sessions_of_doubtful_day = number(doubtful.into_iter().filter(|doubtful| *doubtful).count());
    add_contacts(conn, group, (from, to), &mut totals)?;
    add_reduced(conn, group, (from, to), &mut totals)?;
    let counted: Vec<i32> = outreach_tallies::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_tallies::session_id)))
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(from, to))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_tallies::quantity.gt(0))
        .select(outreach_tallies::quantity)
        .load(conn)?;
    totals.group_contacts = counted.into_iter().filter_map(|count| u64::try_from(count).ok()).sum();
    let handed: Vec<(String, i32)> = outreach_supplies::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_supplies::session_id)))
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(from, to))
        .filter(outreach_sessions::removed_at.is_null())
        .select((outreach_supplies::commodity, outreach_supplies::quantity))
        .load(conn)?;
    for (commodity, pieces) in handed {
        *totals.supplies.entry(commodity).or_default() += u64::try_from(pieces).unwrap_or(0);
    }
    Ok(totals)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn add_contacts(
    conn: &mut DbConnection,
    group: OrganisationId,
    (from, to): (NaiveDate, NaiveDate),
    totals: &mut OutreachTotals,
) -> Result<(), AppError> {
    let mut persons = BTreeSet::new();
    let mut after = None;
    loop {
        let mut query = outreach_contacts::table
            .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
            .filter(outreach_sessions::group_id.eq(group))
            .filter(outreach_sessions::held_on.between(from, to))
            .filter(outreach_sessions::removed_at.is_null())
            .filter(outreach_contacts::removed_at.is_null())
            .order(outreach_contacts::id)
            .limit(BATCH)
            .select((
                outreach_contacts::id,
                outreach_contacts::code_mac,
                outreach_contacts::sex,
                outreach_contacts::age_band,
                outreach_contacts::seen,
                outreach_contacts::violence,
                outreach_contacts::trafficking,
                outreach_contacts::child,
                outreach_contacts::referral,
            ))
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(outreach_contacts::id.gt(after));
        }
        let some: Vec<Met> = query.load(conn)?;
        for met in &some {
            totals.add(met, &mut persons);
        }
        match some.last() {
            Some(last) if number(some.len()) == BATCH.unsigned_abs() => after = Some(last.id),
            _ => break,
        }
    }
    totals.persons_with_code = number(persons.len());
    Ok(())
}

/// Adds what was reduced to numbers of whole months within these days.
fn add_reduced(
    conn: &mut DbConnection,
    group: OrganisationId,
    (from, to): (NaiveDate, NaiveDate),
    totals: &mut OutreachTotals,
) -> Result<(), AppError> {
    let rows: Vec<ReducedRow> = outreach_reduced::table
        .filter(outreach_reduced::group_id.eq(group))
        .filter(outreach_reduced::month.between(from, to))
        .select(ReducedRow::as_select())
        .load(conn)?;
    let whole = |row: &&ReducedRow| Month::of(row.month).last <= to;
    for row in rows.iter().filter(whole) {
        let n = |count: i32| u64::try_from(count).unwrap_or(0);
        totals.contacts += n(row.contacts);
        totals.contacts_reduced += n(row.contacts);
        totals.contacts_without_code += n(row.contacts - row.coded);
        *totals.contacts_by_sex.entry(row.sex).or_default() += n(row.contacts);
        *totals.contacts_by_age_band.entry(row.age_band).or_default() += n(row.contacts);
        totals.contacts_new += n(row.new);
        totals.violence_told += n(row.violence);
        totals.trafficking_told += n(row.trafficking);
        totals.child_found += n(row.child);
        totals.referrals_offered += n(row.offered);
        totals.referrals_accepted += n(row.accepted);
    }
    Ok(())
}

impl OutreachTotals {
    fn add(&mut self, met: &Met, persons: &mut BTreeSet<CodeMac>) {
        self.contacts += 1;
        match met.code {
            Some(code) => drop(persons.insert(code)),
            None => self.contacts_without_code += 1,
        }
        *self.contacts_by_sex.entry(met.sex).or_default() += 1;
        *self.contacts_by_age_band.entry(met.age_band).or_default() += 1;
        self.contacts_new += u64::from(met.seen == Seen::New);
        self.violence_told += u64::from(met.violence == Screening::Yes);
        self.trafficking_told += u64::from(met.trafficking == Screening::Yes);
        self.child_found += u64::from(met.child == Screening::Yes);
        self.referrals_offered += u64::from(met.referral != ReferralOffer::NotOffered);
        self.referrals_accepted += u64::from(met.referral == ReferralOffer::Accepted);
    }
}
