//! Accepting a parcel: what it holds is done under the hand that made it, in the manager's name.

use std::sync::Arc;

use actix_web::web::block;
use diesel::prelude::*;

use super::model::{Parcel, ParcelStatus};
use super::opening::operations_in;
use super::rules::{Asked, decide, find};
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::db::schema::outreach_parcels;
use crate::db::types::Instant;
use crate::db::{DbConnection, Size, met_one_row};
use crate::error::{AppError, Conflict};
use crate::outreach::sync::operation::{Asked as Operation, Hand, Keys};
use crate::outreach::sync::reply::{OperationStatus, Outcome};
use crate::outreach::sync::routes::group_key;
use crate::outreach::sync::{LARGE_FROM, PART, Setting, apply_allowed, read_all};
use crate::vault::{ParcelKeys, ParcelSender};

/// How many operations came to what.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    applied: i32,
    conflicted: i32,
    refused: i32,
    waiting: i32,
}

impl Counts {
    fn add(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            match outcome.status {
                OperationStatus::Applied => self.applied += 1,
                OperationStatus::Conflict => self.conflicted += 1,
                OperationStatus::Refused => self.refused += 1,
                OperationStatus::Waiting => self.waiting += 1,
                OperationStatus::AlreadyApplied => {}
            }
        }
    }
}

/// The operations of a parcel, ready to be applied.
#[derive(Debug)]
struct Work {
    setting: Setting,
    operations: Vec<Operation>,
    /// How many could not be read.
    unread: Vec<Outcome>,
    /// Operations in the parcel, whatever became of them.
    number: i32,
}

/// Does what a parcel holds, a part at a time, each part in one transaction; the last one also settles the parcel.
/// When that breaks off, the parcel waits as before, and accepting it again goes on.
///
/// # Errors
/// [`Conflict::ParcelDecided`] when nothing of it is left to be done; [`Conflict::ParcelUnreadable`];
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub(super) async fn accept(app: &App, caller: Caller, asked: Asked) -> Result<Parcel, AppError> {
    let (row, sealed) = app.read(caller, move |conn, actor| to_be_done(conn, actor, asked)).await?;
    let hand = Hand { account: row.account_id, device: row.device_id, group: row.group_id };
    let key = group_key(app, row.group_id).await?;
    let setting = Setting { hand, author: caller.account, clock_ahead_seconds: 0, key };
    let (state, now) = (app.clone(), app.clock.now());
    let work = Arc::new(block(move || open(&state, setting, &sealed, now)).await??);
    let mut counts = Counts::default();
    counts.add(&work.unread);
    let mut begin = 0;
    loop {
        let end = work.operations.len().min(begin + PART);
        let size = if end - begin < LARGE_FROM { Size::Small } else { Size::Large };
        let (state, shared, before) = (app.clone(), work.clone(), counts);
        let part = app.write_sized(size, caller, move |conn, actor| {
            let operations = shared.operations.get(begin..end).unwrap_or_default();
            let is_last = end == shared.operations.len();
            apply(conn, actor, &state, asked, &shared, operations, (before, is_last))
        });
        let (row, so_far) = part.await?;
        if end == work.operations.len() {
            return Ok(row);
        }
        (counts, begin) = (so_far, end);
    }
}

/// The parcel with its bytes, as long as there is something to do with them.
fn to_be_done(conn: &mut DbConnection, actor: &Actor, asked: Asked) -> Result<(Parcel, Vec<u8>), AppError> {
    let row = find(conn, actor, asked)?;
    let sealed: Option<Vec<u8>> = outreach_parcels::table.find(row.id).select(outreach_parcels::parcel).first(conn)?;
    Ok((row, sealed.ok_or(AppError::Conflict(Conflict::ParcelDecided))?))
}

fn open(app: &App, setting: Setting, sealed: &[u8], now: Instant) -> Result<Work, AppError> {
    let unreadable = || AppError::Conflict(Conflict::ParcelUnreadable);
    let hand = setting.hand;
    let from = ParcelSender { device: hand.device.0, account: hand.account };
    let content = ParcelKeys::new(&app.ring.server).open(from, sealed).map_err(|_| unreadable())?;
    let operations = operations_in(&content).ok_or_else(unreadable)?;
    let keys = Keys { server: &app.ring.server, programme: &app.ring.programme, today: now.civil_date() };
    let number = i32::try_from(operations.len()).map_err(|_| unreadable())?;
    let (operations, unread) = read_all(&operations, hand, keys);
    Ok(Work { setting, operations, unread, number })
}

/// Applies a part. What was done is counted in the same transaction, so that no count is lost when a later part fails.
fn apply(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    asked: Asked,
    work: &Work,
    part: &[Operation],
    (mut counts, is_last): (Counts, bool),
) -> Result<(Parcel, Counts), AppError> {
    let mut row = find(conn, actor, asked)?;
    let outcomes = apply_allowed(conn, app, &work.setting, part, actor.now)?;
    let before = counts;
    counts.add(&outcomes);
    row.applied += counts.applied - before.applied;
    row.conflicted += counts.conflicted - before.conflicted;
    if !is_last {
        let stored = outreach_parcels::table.find(row.id).filter(outreach_parcels::version.eq(row.version));
        met_one_row(diesel::update(stored).set(&row).execute(conn)?)?;
        return Ok((row, counts));
    }
    row.refused = counts.refused;
    row.waiting = counts.waiting;
    // What was done when it was accepted before comes again now, and is counted as done.
    let others = row.applied + row.conflicted + row.refused + row.waiting;
    row.already_applied = work.number.saturating_sub(others).max(0);
    row.settled_at = (row.waiting == 0).then_some(actor.now);
    let row = decide(conn, actor, &app.trail, row, ParcelStatus::Accepted)?;
    if row.waiting == 0 && row.refused == 0 {
        // All of it is on record now, and nothing is to be kept twice.
        let stored = outreach_parcels::table.find(row.id);
        diesel::update(stored).set(outreach_parcels::parcel.eq(None::<Vec<u8>>)).execute(conn)?;
    }
    Ok((row, counts))
}
