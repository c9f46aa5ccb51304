//! Old contacts are reduced to numbers: what is no longer needed cannot be taken.
//!
//! A contact whose session was held, and which arrived, longer ago than is kept becomes part of a count of its group
//! and month, and is gone. Notes of such sessions go as well, and so do decided and undecided conflicts about them.
//! Sessions, what was handed out and counters stay: they tell of nobody. So do the numbers of the operations that made
//! them: whatever a phone sends again, or a manager accepts again, is still known.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Months, NaiveDate};
use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record_each};
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::{
    outreach_conflicts, outreach_contacts, outreach_reduced, outreach_referrals, outreach_sessions,
};
use crate::db::types::{ContactId, Instant, OrganisationId, OutreachSessionId};
use crate::db::{Database, DbConnection, Size};
use crate::error::AppError;
use crate::outreach::reports::month::Month;
use crate::outreach::sessions::model::{AgeBand, ContactRow, ReferralOffer, Screening, Seen};
use crate::persons::model::Sex;

/// Fewest months for which contacts are kept: figures of a year are computed from them until it is closed.
pub const FEWEST_MONTHS: u32 = 18;
/// Contacts reduced in one transaction.
const PART: i64 = 1_000;

/// What is, or would be, reduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reduction {
    /// Contacts that become numbers.
    pub contacts: u64,
    /// Contacts that had been taken away, and go without being counted.
    pub removed_contacts: u64,
    /// Notes of sessions.
    pub session_notes: u64,
    /// Conflicts about them.
    pub conflicts: u64,
}

/// How many contacts of a kind a group had in a month.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_reduced, treat_none_as_default_value = false)]
pub struct ReducedRow {
    /// Group.
    pub group_id: OrganisationId,
    /// First day of the month.
    pub month: NaiveDate,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Contacts.
    pub contacts: i32,
    /// Of them, with a code.
    pub coded: i32,
    /// Of them, with somebody new in the year.
    pub new: i32,
    /// Of them, in which violence was told.
    pub violence: i32,
    /// Of them, in which signs of trafficking were told.
    pub trafficking: i32,
    /// Of them, in which a child in need of protection was found.
    pub child: i32,
    /// Of them, in which a service was offered.
    pub offered: i32,
    /// Of them, in which the person wanted to go there.
    pub accepted: i32,
}

bulk_rows! { ReducedRow => outreach_reduced }

/// The first day of which contacts are still kept.
pub fn kept_from(today: NaiveDate, months: u32) -> NaiveDate {
    let month = today.with_day(1).unwrap_or(today);
    month.checked_sub_months(Months::new(months.max(FEWEST_MONTHS))).unwrap_or(NaiveDate::MIN)
}

/// The last day of a group whose contacts were reduced to numbers, as far as they had arrived by then.
///
/// # Errors
/// When the database fails.
pub fn reduced_until(conn: &mut DbConnection, group: OrganisationId) -> Result<Option<NaiveDate>, AppError> {
    let of_group = outreach_reduced::table.filter(outreach_reduced::group_id.eq(group));
    let month: Option<NaiveDate> = of_group.select(max(outreach_reduced::month)).first(conn)?;
    Ok(month.map(|month| Month::of(month).last))
}

/// Says what would be reduced, and changes nothing.
///
/// # Errors
/// When the database fails.
pub fn dry_run(db: &Database, before: NaiveDate) -> Result<Reduction, AppError> {
    let arrived = moment(before);
    db.read_now(|conn| {
        let all = outreach_contacts::table
            .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
            .filter(outreach_sessions::held_on.lt(before))
            .filter(outreach_contacts::created_at.lt(arrived))
            .select(count_star());
        let standing =
            all.filter(outreach_contacts::removed_at.is_null()).filter(outreach_sessions::removed_at.is_null());
        let contacts: i64 = standing.first(conn)?;
        let all: i64 = all.first(conn)?;
        let notes = outreach_sessions::table
            .filter(outreach_sessions::held_on.lt(before))
            .filter(outreach_sessions::created_at.lt(arrived))
            .filter(outreach_sessions::sealed_note.is_not_null());
        let conflicts = outreach_conflicts::table.filter(outreach_conflicts::received_at.lt(arrived));
        Ok(Reduction {
            contacts: number(contacts),
            removed_contacts: number(all - contacts),
            session_notes: number(notes.select(count_star()).first(conn)?),
            conflicts: number(conflicts.select(count_star()).first(conn)?),
        })
    })
}

/// Reduces what is older, a part at a time. Broken off, it goes on where it ended when it is run again.
///
/// # Errors
/// When the database fails.
pub fn apply(db: &Database, trail: &TrailKey, before: NaiveDate, now: Instant) -> Result<Reduction, AppError> {
    let mut done = Reduction::default();
    loop {
        let trail = trail.clone();
        let part = db.write_sized_now(Size::Large, move |conn| reduce_part(conn, &trail, before, now))?;
        done.contacts += part.contacts;
        done.removed_contacts += part.removed_contacts;
        done.conflicts += part.conflicts;
        if part.contacts + part.removed_contacts == 0 {
            break;
        }
    }
    let arrived = moment(before);
    let rest = db.write_sized_now(Size::Large, move |conn| {
        let notes = outreach_sessions::table
            .filter(outreach_sessions::held_on.lt(before))
            .filter(outreach_sessions::created_at.lt(arrived))
            .filter(outreach_sessions::sealed_note.is_not_null());
        let session_notes =
            diesel::update(notes).set(outreach_sessions::sealed_note.eq(None::<Vec<u8>>)).execute(conn)?;
        let conflicts = outreach_conflicts::table.filter(outreach_conflicts::received_at.lt(arrived));
        Ok((session_notes, diesel::delete(conflicts).execute(conn)?))
    })?;
    done.session_notes = counted(rest.0);
    done.conflicts += counted(rest.1);
    Ok(done)
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn counted(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// Midnight in Vietnam at the beginning of the day.
fn moment(day: NaiveDate) -> Instant {
    Instant::new(day.and_time(chrono::NaiveTime::MIN).and_utc()).plus(-chrono::TimeDelta::hours(7))
}

type Old = (ContactRow, NaiveDate, Option<Instant>);

fn reduce_part(
    conn: &mut DbConnection,
    trail: &TrailKey,
    before: NaiveDate,
    now: Instant,
) -> Result<Reduction, AppError> {
    let old: Vec<Old> = outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .filter(outreach_sessions::held_on.lt(before))
        .filter(outreach_contacts::created_at.lt(moment(before)))
        .order(outreach_contacts::id)
        .limit(PART)
        .select((ContactRow::as_select(), outreach_sessions::held_on, outreach_sessions::removed_at))
        .load(conn)?;
    if old.is_empty() {
        return Ok(Reduction::default());
    }
    let ids: Vec<ContactId> = old.iter().map(|(contact, ..)| contact.id).collect();
    let stands = |(contact, _, session): &&Old| contact.removed_at.is_none() && session.is_none();
    let contacts = old.iter().filter(stands).count();
    add_up(conn, old.iter().filter(stands))?;
    keep_codes_of_referrals(conn, &old)?;
    let about = outreach_conflicts::table.filter(outreach_conflicts::contact_id.eq_any(ids.iter().copied().map(Some)));
    let conflicts = diesel::delete(about).execute(conn)?;
    diesel::delete(outreach_contacts::table.filter(outreach_contacts::id.eq_any(&ids))).execute(conn)?;
    let mut sessions: Vec<OutreachSessionId> = old.iter().map(|(contact, ..)| contact.session_id).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let subjects: Vec<Subject> =
        sessions.into_iter().map(|session| Subject::new(SubjectKind::OutreachSession, session.0)).collect();
    record_each(conn, trail, &subjects, None, TrailAction::Reduce, &["contacts"], now)?;
    Ok(Reduction {
        contacts: counted(contacts),
        removed_contacts: counted(old.len() - contacts),
        conflicts: counted(conflicts),
        ..Reduction::default()
    })
}

type Kind = (OrganisationId, NaiveDate, Sex, AgeBand);

fn add_up<'a>(conn: &mut DbConnection, contacts: impl Iterator<Item = &'a Old>) -> Result<(), AppError> {
    let mut sums: BTreeMap<Kind, ReducedRow> = BTreeMap::new();
    for (contact, held_on, _) in contacts {
        let month = held_on.with_day(1).unwrap_or(*held_on);
        let kind = (contact.group_id, month, contact.sex, contact.age_band);
        sums.entry(kind).or_insert_with(|| ReducedRow::none(kind)).add(contact);
    }
    for (kind, mut sum) in sums {
        let row = outreach_reduced::table.find(kind);
        let stored: Option<ReducedRow> = row.select(ReducedRow::as_select()).first(conn).optional()?;
        if let Some(stored) = stored {
            sum.add_all(&stored);
            diesel::delete(row).execute(conn)?;
        }
        ReducedRow::insert_all(conn, &[sum])?;
    }
    Ok(())
}

impl ReducedRow {
    fn none((group_id, month, sex, age_band): Kind) -> Self {
        Self {
            group_id,
            month,
            sex,
            age_band,
            contacts: 0,
            coded: 0,
            new: 0,
            violence: 0,
            trafficking: 0,
            child: 0,
            offered: 0,
            accepted: 0,
        }
    }

    fn add(&mut self, contact: &ContactRow) {
        self.contacts += 1;
        self.coded += i32::from(contact.code_mac.is_some());
        self.new += i32::from(contact.seen == Seen::New);
        self.violence += i32::from(contact.violence == Screening::Yes);
        self.trafficking += i32::from(contact.trafficking == Screening::Yes);
        self.child += i32::from(contact.child == Screening::Yes);
        self.offered += i32::from(contact.referral != ReferralOffer::NotOffered);
        self.accepted += i32::from(contact.referral == ReferralOffer::Accepted);
    }

    fn add_all(&mut self, other: &Self) {
        self.contacts += other.contacts;
        self.coded += other.coded;
        self.new += other.new;
        self.violence += other.violence;
        self.trafficking += other.trafficking;
        self.child += other.child;
        self.offered += other.offered;
        self.accepted += other.accepted;
    }
}

/// A referral outlives the contact it was made of, with its code.
fn keep_codes_of_referrals(conn: &mut DbConnection, old: &[Old]) -> Result<(), AppError> {
    for (contact, ..) in old {
        diesel::update(outreach_referrals::table.filter(outreach_referrals::contact_id.eq(contact.id)))
            .set((
                outreach_referrals::code_mac.eq(contact.code_mac),
                outreach_referrals::contact_id.eq(None::<ContactId>),
            ))
            .execute(conn)?;
    }
    Ok(())
}
