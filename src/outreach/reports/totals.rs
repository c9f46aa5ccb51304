//! What the outreach of a group comes to in a span of days. Group contacts, person-times and distinct persons are
//! three different numbers, and are never added up.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::month::Month;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{outreach_contacts, outreach_reduced, outreach_sessions, outreach_supplies, outreach_tallies};
use crate::db::types::OrganisationId;
use crate::error::{AppError, PlainForm, Rule};
use crate::grants::Action;
use crate::outreach::groups::rules::find_for;
use crate::outreach::reduction::ReducedRow;
use crate::outreach::sessions::model::{AgeBand, ReferralOffer, Screening, Seen};
use crate::persons::model::Sex;

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

/// Contacts that are alike in all that is counted.
#[derive(Queryable)]
struct Alike {
    sex: Sex,
    age_band: AgeBand,
    seen: Seen,
    violence: Screening,
    trafficking: Screening,
    child: Screening,
    referral: ReferralOffer,
    contacts: i64,
    coded: i64,
}

/// Adds up the outreach of a group from one day to another, both counted. Whoever does not lead the group asks for
/// whole months: the numbers of one day tell of one person.
///
/// # Errors
/// A field error; [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<OutreachTotals, AppError> {
    find_for(conn, actor, Action::OutreachTotalsRead, group)?;
    let leads = actor.scope(Action::OutreachRead).is_ok_and(|scope| scope.organisations.contains(group));
    let whole_months = from.day() == 1 && to.succ_opt().is_some_and(|next| next.day() == 1);
    if !leads && !whole_months {
        return Err(AppError::field("from", Rule::Format(PlainForm::WholeMonths.into())));
    }
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

fn of(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
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
    let met = outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(from, to))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_contacts::removed_at.is_null());
    let counted = (
        outreach_contacts::sex,
        outreach_contacts::age_band,
        outreach_contacts::seen,
        outreach_contacts::violence,
        outreach_contacts::trafficking,
        outreach_contacts::child,
        outreach_contacts::referral,
    );
    let alike: Vec<Alike> = met
        .group_by(counted)
        .select((
            outreach_contacts::sex,
            outreach_contacts::age_band,
            outreach_contacts::seen,
            outreach_contacts::violence,
            outreach_contacts::trafficking,
            outreach_contacts::child,
            outreach_contacts::referral,
            count_star(),
            count(outreach_contacts::code_mac),
        ))
        .load(conn)?;
    for alike in &alike {
        totals.add(alike);
    }
    let persons: i64 = met.select(count(outreach_contacts::code_mac).aggregate_distinct()).first(conn)?;
    totals.persons_with_code = of(persons);
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
        let n = |count: i32| of(count.into());
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
    fn add(&mut self, alike: &Alike) {
        let contacts = of(alike.contacts);
        let only = |holds: bool| if holds { contacts } else { 0 };
        self.contacts += contacts;
        self.contacts_without_code += of(alike.contacts - alike.coded);
        *self.contacts_by_sex.entry(alike.sex).or_default() += contacts;
        *self.contacts_by_age_band.entry(alike.age_band).or_default() += contacts;
        self.contacts_new += only(alike.seen == Seen::New);
        self.violence_told += only(alike.violence == Screening::Yes);
        self.trafficking_told += only(alike.trafficking == Screening::Yes);
        self.child_found += only(alike.child == Screening::Yes);
        self.referrals_offered += only(alike.referral != ReferralOffer::NotOffered);
        self.referrals_accepted += only(alike.referral == ReferralOffer::Accepted);
    }
}
