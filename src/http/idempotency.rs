//! Exactly once: a repeated POST with the same `Idempotency-Key` changes nothing
//! more and gets its reply rebuilt under today's rights.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use diesel::prelude::*;
use std::future::{Ready, ready};

use crate::accounts::Actor;
use crate::db::schema::idempotency_keys;
use crate::db::types::{AccountId, Instant};
use crate::db::{DbConnection, is_unique_violation};
use crate::error::{AppError, FieldError, Rule};
use crate::vault::ServerKey;

/// Days for which a key is remembered.
pub const KEPT_DAYS: i64 = 7;

/// The `Idempotency-Key` header of a POST: 8 to 100 visible characters chosen by the client.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: String,
    route: String,
}

impl FromRequest for IdempotencyKey {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get("idempotency-key") else {
            return ready(Err(AppError::Malformed(vec![FieldError::new("Idempotency-Key", Rule::Required)])));
        };
        let key = value.to_str().ok().filter(|key| (8..=100).contains(&key.len()));
        ready(match key {
            Some(key) => Ok(Self { key: key.to_owned(), route: request.path().to_owned() }),
            None => {
                Err(AppError::Malformed(vec![FieldError::new("Idempotency-Key", Rule::Length { min: 8, max: 100 })]))
            }
        })
    }
}

impl IdempotencyKey {
    /// Binds the key to the bytes of this request.
    pub fn bind(&self, server_key: &ServerKey, body: &[u8]) -> BoundKey {
        self.bind_parts(server_key, &[body])
    }

    /// As [`IdempotencyKey::bind`] for a body of several parts, whatever stood between them.
    pub fn bind_parts(&self, server_key: &ServerKey, body: &[&[u8]]) -> BoundKey {
        let parts: Vec<&[u8]> = std::iter::once(self.route.as_bytes()).chain(body.iter().copied()).collect();
        let body_mac = server_key.mac("idempotency", &parts);
        BoundKey { key: self.key.clone(), body_mac }
    }
}

/// An idempotency key together with what was asked under it.
#[derive(Debug, Clone)]
pub struct BoundKey {
    key: String,
    body_mac: [u8; 32],
}

impl BoundKey {
    /// A key for a write that no request asked for, as of made-up data.
    pub fn unasked(key: uuid::Uuid) -> Self {
        Self { key: key.to_string(), body_mac: [0; 32] }
    }
}

#[derive(Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
struct NewKey<'a> {
    account_id: AccountId,
    key: &'a str,
    body_mac: &'a [u8],
    resource_id: KeyOf,
    created_at: Instant,
}

crate::db::types::id_type! {
    /// Id of whatever record a remembered request made or changed.
    KeyOf;
}

/// Claims the key for a write that makes or changes `resource`; the first statement of that write.
///
/// # Errors
/// [`AppError::IdempotentReplay`] when the key is claimed already.
pub fn claim(
    connection: &mut DbConnection,
    actor: &Actor,
    bound: &BoundKey,
    resource: uuid::Uuid,
    now: Instant,
) -> Result<(), AppError> {
    let row = NewKey {
        account_id: actor.account,
        key: &bound.key,
        body_mac: &bound.body_mac,
        resource_id: KeyOf(resource),
        created_at: now,
    };
    match diesel::insert_into(idempotency_keys::table).values(&row).execute(connection) {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => Err(AppError::IdempotentReplay),
        Err(error) => Err(error.into()),
    }
}

/// The record that the first request under this key made or changed.
///
/// # Errors
/// [`AppError::IdempotencyKeyReused`] when that request was another one.
pub fn claimed(connection: &mut DbConnection, actor: &Actor, bound: &BoundKey) -> Result<uuid::Uuid, AppError> {
    let (body_mac, resource): (Vec<u8>, KeyOf) = idempotency_keys::table
        .find((actor.account, &bound.key))
        .select((idempotency_keys::body_mac, idempotency_keys::resource_id))
        .first(connection)?;
    if subtle::ConstantTimeEq::ct_eq(body_mac.as_slice(), bound.body_mac.as_slice()).into() {
        Ok(resource.0)
    } else {
        Err(AppError::IdempotencyKeyReused)
    }
}

/// Forgets keys older than [`KEPT_DAYS`].
///
/// # Errors
/// The engine's own.
pub fn forget_old(connection: &mut DbConnection, now: Instant) -> Result<usize, AppError> {
    let horizon = now.plus(-chrono::TimeDelta::days(KEPT_DAYS));
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(horizon))).execute(connection)?)
}
