//! Delays on guessing passwords. Only wrong passwords count, so correct logins
//! never trip them, however many arrive at once; names and peers are kept as MACs.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{accounts, login_guesses, login_sessions};
use crate::db::types::Instant;
use crate::error::AppError;
use crate::vault::ServerKey;

/// Wrong passwords for one name from one peer that are free of delay.
const FREE: i32 = 5;
/// Delays after further ones, in seconds; the last one stays.
const DELAYS: [i64; 4] = [1, 3, 5, 10];
/// Wrong passwords for one name from all peers, after which strange peers wait for
/// the next day. Guesses under way at once may overshoot it by what the password
/// queue holds, so that at most 100 are evaluated a day.
const DAILY: i64 = 80;
/// Days for which a peer that logged in stays known.
const KNOWN_DAYS: i64 = 30;

/// Who guesses, and whose password.
#[derive(Debug, Clone)]
pub(super) struct Guesser {
    name_mac: Vec<u8>,
    pub(super) peer_mac: Vec<u8>,
}

impl Guesser {
    pub(super) fn new(key: &ServerKey, name: &str, peer: &str) -> Self {
        Self { name_mac: key.mac("guess name", &[name.as_bytes()]).to_vec(), peer_mac: peer_mac(key, peer) }
    }
}

/// An address as it is kept: useless without the server's key.
pub(super) fn peer_mac(key: &ServerKey, peer: &str) -> Vec<u8> {
    key.mac("guess peer", &[peer.as_bytes()]).to_vec()
}

/// Whether this guesser's next password is looked at now.
///
/// # Errors
/// [`AppError::TooManyGuesses`] with the seconds to wait.
pub(super) fn admit(conn: &mut DbConnection, guesser: &Guesser, name: &str, now: Instant) -> Result<(), AppError> {
    let day = now.civil_date();
    let rows: Vec<(Vec<u8>, i32, Instant)> = login_guesses::table
        .filter(login_guesses::name_mac.eq(&guesser.name_mac))
        .filter(login_guesses::day.eq(day))
        .select((login_guesses::peer_mac, login_guesses::wrong, login_guesses::last_wrong_at))
        .load(conn)?;
    let all: i64 = rows.iter().map(|(_, wrong, _)| i64::from(*wrong)).sum();
    if all >= DAILY && !is_known(conn, guesser, name, now)? {
        return Err(AppError::TooManyGuesses { retry_after_seconds: seconds_to_midnight(day, now) });
    }
    let own = rows.iter().find(|(peer, ..)| *peer == guesser.peer_mac);
    let Some((_, wrong, last)) = own else { return Ok(()) };
    let ready_at = last.plus(TimeDelta::seconds(delay_after(*wrong)));
    if now < ready_at {
        let seconds = (ready_at.0 - now.0).num_seconds() + 1;
        return Err(AppError::TooManyGuesses { retry_after_seconds: u32::try_from(seconds).unwrap_or(1) });
    }
    Ok(())
}

/// Whether this peer logged in to this account lately: its holder is not locked out by strangers.
fn is_known(conn: &mut DbConnection, guesser: &Guesser, name: &str, now: Instant) -> Result<bool, AppError> {
    let lately = now.plus(-TimeDelta::days(KNOWN_DAYS));
    let logins = login_sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(login_sessions::account_id)))
        .filter(accounts::username.eq(name))
        .filter(login_sessions::peer_mac.eq(&guesser.peer_mac))
        .filter(login_sessions::created_at.gt(lately));
    Ok(diesel::select(diesel::dsl::exists(logins)).get_result(conn)?)
}

/// Counts one wrong password.
///
/// # Errors
/// The engine's own.
pub(super) fn count(conn: &mut DbConnection, guesser: &Guesser, now: Instant) -> Result<(), AppError> {
    let day = now.civil_date();
    let row = login_guesses::table.find((&guesser.name_mac, day, &guesser.peer_mac));
    let counted = diesel::update(row)
        .set((login_guesses::wrong.eq(login_guesses::wrong + 1), login_guesses::last_wrong_at.eq(now)))
        .execute(conn)?;
    if counted == 0 {
        diesel::insert_into(login_guesses::table)
            .values((
                login_guesses::name_mac.eq(&guesser.name_mac),
                login_guesses::peer_mac.eq(&guesser.peer_mac),
                login_guesses::day.eq(day),
                login_guesses::wrong.eq(1),
                login_guesses::last_wrong_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets guesses of past days.
///
/// # Errors
/// The engine's own.
pub fn forget_before(conn: &mut DbConnection, day: NaiveDate) -> Result<usize, AppError> {
    Ok(diesel::delete(login_guesses::table.filter(login_guesses::day.lt(day))).execute(conn)?)
}

fn delay_after(wrong: i32) -> i64 {
    let over = usize::try_from(wrong - FREE).unwrap_or(0);
    match (wrong < FREE, DELAYS.get(over)) {
        (true, _) => 0,
        (false, Some(delay)) => *delay,
        (false, None) => DELAYS.last().copied().unwrap_or(0),
    }
}

fn seconds_to_midnight(day: NaiveDate, now: Instant) -> u32 {
    let vietnam = now.0.naive_utc() + TimeDelta::hours(7);
    let midnight = day.succ_opt().unwrap_or(day).and_time(chrono::NaiveTime::MIN);
    u32::try_from((midnight - vietnam).num_seconds()).unwrap_or(1).max(1)
}
