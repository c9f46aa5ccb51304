//! The notebook of one worker for one month: whom the worker met, how often, and what was handed out.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::month::Month;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{outreach_contacts, outreach_sessions, outreach_supplies, outreach_tallies};
use crate::db::types::{OrganisationId, OutreachSessionId};
use crate::error::AppError;
use crate::grants::Action;
use crate::outreach::clients::client_handle;
use crate::outreach::codes::CodeMac;
use crate::outreach::groups::rules::reached;
use crate::outreach::sessions::fields::words;
use crate::outreach::sessions::model::{AgeBand, Seen};
use crate::persons::model::Sex;
use crate::vault::ServerKey;

/// Somebody with a code, as one line of a notebook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotebookLine {
    /// By what the group knows the code again.
    pub client: String,
    /// Sex, as told last.
    pub sex: Sex,
    /// Age, as told last.
    pub age_band: AgeBand,
    /// Contacts in the month.
    pub times: u32,
    /// First contact in the month.
    pub first_on: NaiveDate,
    /// Last contact in the month.
    pub last_on: NaiveDate,
    /// Whether the worker met the person for the first time in the year.
    pub new: bool,
}

/// The notebook of one worker for one month.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Notebook {
    /// Number of the worker in the group.
    pub worker: i32,
    /// First day of the month.
    pub from: NaiveDate,
    /// Last day of the month.
    pub to: NaiveDate,
    /// Sessions the worker took part in.
    pub sessions: u32,
    /// Contacts of the worker, one for each time: person-times.
    pub contacts: u32,
    /// Those with a code, one line for each person.
    pub clients: Vec<NotebookLine>,
    /// Contacts without a code.
    pub uncoded_contacts: u32,
    /// Persons met in groups in these sessions, by all their workers.
    pub group_contacts: i64,
    /// Pieces handed out in these sessions, by all their workers, by code of the commodity.
    pub supplies: BTreeMap<String, i64>,
}

type Met = (Option<CodeMac>, Sex, AgeBand, Seen, NaiveDate);

/// Reads the notebook of a worker.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    programme: &ServerKey,
    group: OrganisationId,
    worker: i32,
    month: Month,
) -> Result<Notebook, AppError> {
    reached(conn, actor, Action::OutreachRead, group)?;
    let met: Vec<Met> = outreach_contacts::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_contacts::session_id)))
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(month.first, month.last))
        .filter(outreach_sessions::removed_at.is_null())
        .filter(outreach_contacts::removed_at.is_null())
        .filter(outreach_contacts::worker.eq(worker))
        .order((outreach_sessions::held_on, outreach_contacts::id))
        .select((
            outreach_contacts::code_mac,
            outreach_contacts::sex,
            outreach_contacts::age_band,
            outreach_contacts::seen,
            outreach_sessions::held_on,
        ))
        .load(conn)?;
    let sessions = sessions_of(conn, group, worker, month)?;
    let contacts = met.len();
    let clients = lines(met, programme, group);
    let coded: u32 = clients.iter().map(|line| line.times).sum();
    Ok(Notebook {
        worker,
        from: month.first,
        to: month.last,
        sessions: number(sessions.len()),
        contacts: number(contacts),
        clients,
        uncoded_contacts: number(contacts) - coded,
        group_contacts: group_contacts(conn, &sessions)?,
        supplies: supplies(conn, &sessions)?,
    })
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn sessions_of(
    conn: &mut DbConnection,
    group: OrganisationId,
    worker: i32,
    month: Month,
) -> Result<Vec<OutreachSessionId>, AppError> {
    let held: Vec<(OutreachSessionId, String)> = outreach_sessions::table
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(month.first, month.last))
        .filter(outreach_sessions::removed_at.is_null())
        .select((outreach_sessions::id, outreach_sessions::workers))
        .load(conn)?;
    let mut sessions = Vec::new();
    for (id, workers) in held {
        if words::<i32>(&workers)?.contains(&worker) {
            sessions.push(id);
        }
    }
    Ok(sessions)
}

/// One line a code, in the order of the first contacts. What was told last of sex and age stands.
fn lines(met: Vec<Met>, programme: &ServerKey, group: OrganisationId) -> Vec<NotebookLine> {
    let mut lines: Vec<NotebookLine> = Vec::new();
    let mut places: BTreeMap<CodeMac, usize> = BTreeMap::new();
    for (code, sex, age_band, seen, held_on) in met {
        let Some(code) = code else { continue };
        let place = *places.entry(code).or_insert(lines.len());
        if let Some(line) = lines.get_mut(place) {
            line.times += 1;
            (line.sex, line.age_band, line.last_on) = (sex, age_band, held_on);
            line.new |= seen == Seen::New;
        } else {
            lines.push(NotebookLine {
                client: client_handle(programme, group, &code.hex()),
                sex,
                age_band,
                times: 1,
                first_on: held_on,
                last_on: held_on,
                new: seen == Seen::New,
            });
        }
    }
    lines
}

/// Persons met in groups in these sessions. A counter below nought reads as nought.
pub(super) fn group_contacts(conn: &mut DbConnection, sessions: &[OutreachSessionId]) -> Result<i64, AppError> {
    let counted: Vec<i32> = outreach_tallies::table
        .filter(outreach_tallies::session_id.eq_any(sessions))
        .filter(outreach_tallies::quantity.gt(0))
        .select(outreach_tallies::quantity)
        .load(conn)?;
    Ok(counted.into_iter().map(i64::from).sum())
}

/// Pieces handed out in these sessions.
pub(super) fn supplies(
    conn: &mut DbConnection,
    sessions: &[OutreachSessionId],
) -> Result<BTreeMap<String, i64>, AppError> {
    let handed: Vec<(String, i32)> = outreach_supplies::table
        .filter(outreach_supplies::session_id.eq_any(sessions))
        .select((outreach_supplies::commodity, outreach_supplies::quantity))
        .load(conn)?;
    let mut sums = BTreeMap::new();
    for (commodity, pieces) in handed {
        *sums.entry(commodity).or_default() += i64::from(pieces);
    }
    Ok(sums)
}
