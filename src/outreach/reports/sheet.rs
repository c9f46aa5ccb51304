//! The sheet by which workers of a group are paid their allowance: days and sessions, by number of the worker.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::month::Month;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{outreach_contacts, outreach_sessions};
use crate::db::types::OrganisationId;
use crate::error::AppError;
use crate::grants::Action;
use crate::outreach::groups::rules::find_for;
use crate::outreach::sessions::fields::words;

/// One worker in one month.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct AllowanceLine {
    /// Number of the worker in the group.
    pub worker: i32,
    /// Days with a session.
    pub days: u32,
    /// Sessions.
    pub sessions: u32,
    /// Contacts with one person, one for each time.
    pub contacts: u32,
    /// Days times what was asked to be paid a day, in đồng; none when nothing was asked.
    pub amount_dong: Option<i64>,
}

/// Reads the sheet of a group for one month. A day counts once, however many sessions it had.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    month: Month,
    dong_a_day: Option<i64>,
) -> Result<Vec<AllowanceLine>, AppError> {
    find_for(conn, actor, Action::OutreachTotalsRead, group)?;
    let held: Vec<(NaiveDate, String)> = outreach_sessions::table
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(month.first, month.last))
        .filter(outreach_sessions::removed_at.is_null())
        .select((outreach_sessions::held_on, outreach_sessions::workers))
        .load(conn)?;
    let mut lines: BTreeMap<i32, (BTreeSet<NaiveDate>, AllowanceLine)> = BTreeMap::new();
    for (day, workers) in held {
        for worker in words::<i32>(&workers)? {
            let (days, line) = lines.entry(worker).or_default();
            days.insert(day);
            line.sessions += 1;
        }
    }
    for (worker, contacts) in contacts(conn, group, month)? {
        lines.entry(worker).or_default().1.contacts = u32::try_from(contacts).unwrap_or(u32::MAX);
    }
    let line = |(worker, (days, line)): (i32, (BTreeSet<NaiveDate>, AllowanceLine))| {
        let days = u32::try_from(days.len()).unwrap_or(u32::MAX);
        AllowanceLine { worker, days, amount_dong: dong_a_day.map(|dong| dong * i64::from(days)), ..line }
    };
    Ok(lines.into_iter().map(line).collect())
}

fn contacts(conn: &mut DbConnection, group: OrganisationId, month: Month) -> Result<Vec<(i32, i64)>, AppError> {
    Ok(outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(month.first, month.last))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_contacts::removed_at.is_null())
        .group_by(outreach_contacts::worker)
        .select((outreach_contacts::worker, count_star()))
        .load(conn)?)
}
