//! The first administrator, made with a code that only the console shows.

use std::sync::Arc;
use std::sync::Mutex;

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::model::{FIRST_ADMINISTRATOR, new_account};
use super::passwords::check_strength;
use super::rules::create_first_administrator;
use crate::app::App;
use crate::clock::{Clock, Random};
use crate::db::types::{AccountId, GrantId, Instant};
use crate::error::{AppError, Rule};

/// Minutes for which a setup code is good.
pub const GOOD_MINUTES: i64 = 15;
/// Wrong codes after which the code is worth nothing.
const ATTEMPTS: u8 = 10;

#[derive(Debug)]
struct Issued {
    digest: [u8; 32],
    expires: Instant,
    attempts_left: u8,
}

/// The setup code of this process, if one was issued.
#[derive(Debug, Clone, Default)]
pub struct SetupCode(Arc<Mutex<Option<Issued>>>);

impl SetupCode {
    /// Issues a code: 20 characters, shown once on the console.
    pub fn issue(&self, clock: &Clock, random: &Random) -> SecretString {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let code: String = random
            .bytes::<20>()
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
            .map(|byte| char::from(*byte))
            .collect();
        let expires = clock.now().plus(TimeDelta::minutes(GOOD_MINUTES));
        let digest = Sha256::digest(code.as_bytes()).into();
        *self.lock() = Some(Issued { digest, expires, attempts_left: ATTEMPTS });
        code.into()
    }

    /// Whether this is the code, still good at `now`.
    pub fn is_right(&self, code: &SecretString, now: Instant) -> bool {
        let mut issued = self.lock();
        let Some(known) = issued.as_mut() else { return false };
        if known.attempts_left == 0 || now >= known.expires {
            return false;
        }
        let digest: [u8; 32] = Sha256::digest(code.expose_secret().trim().as_bytes()).into();
        let right: bool = digest.ct_eq(&known.digest).into();
        if !right {
            known.attempts_left -= 1;
        }
        right
    }

    /// The code has served.
    pub fn spend(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Issued>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Makes the first administrator from the console.
///
/// # Errors
/// A weak password or short name; an administrator that is there already.
pub fn create_admin_now(app: &App, username: &str, password: &SecretString) -> Result<(), AppError> {
    if !(3..=100).contains(&username.trim().chars().count()) {
        return Err(AppError::field("username", Rule::Length { min: 3, max: 100 }));
    }
    if !check_strength(password, username) {
        return Err(AppError::field("password", Rule::WeakPassword));
    }
    let hash = app.passwords.hash_now(password)?;
    let account = new_account(AccountId(app.random.uuid()), username, FIRST_ADMINISTRATOR, Some(hash), app.clock.now());
    let (trail, grant) = (app.trail.clone(), GrantId(app.random.uuid()));
    app.db.write_now(move |conn| create_first_administrator(conn, &trail, &account, grant))
}
