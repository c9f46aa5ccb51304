//! Access tokens (EdDSA JWT, ten minutes) and refresh tokens (opaque, rotating).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Caller;
use super::model::LoginSession;
use crate::db::types::{AccountId, Instant, LoginSessionId};
use crate::error::AppError;
use crate::vault::KeyRing;

/// Seconds for which an access token is good.
pub const ACCESS_SECONDS: i64 = 600;
/// Seconds a clock may differ.
const LEEWAY_SECONDS: i64 = 5;
const ISSUER: &str = "hoanhap";
const AUDIENCE: &str = "hoanhap-api";
/// Verified tokens remembered, so that a signature is checked once per token and node.
const REMEMBERED: usize = 4_096;
/// PKCS#8 wrapping of an Ed25519 seed (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: uuid::Uuid,
    sid: uuid::Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Debug, Clone, Copy)]
struct Remembered {
    caller: Caller,
    not_before: i64,
    expires: i64,
}

/// Makes and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    signing: Arc<EncodingKey>,
    verifying: Arc<DecodingKey>,
    ring: Arc<KeyRing>,
    remembered: Arc<Cache<[u8; 32], Remembered>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// From the key ring.
    pub fn new(ring: Arc<KeyRing>) -> Self {
        let seed = ring.tokens.derive("access token signing key");
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        let private = [PKCS8_PREFIX.as_slice(), seed.as_slice()].concat();
        Self {
            signing: Arc::new(EncodingKey::from_ed_der(&private)),
            verifying: Arc::new(DecodingKey::from_ed_der(&public)),
            ring,
            remembered: Arc::new(Cache::new(REMEMBERED)),
        }
    }

    /// An access token for a session.
    ///
    /// # Errors
    /// When signing fails.
    pub fn access(&self, account: AccountId, session: LoginSessionId, now: Instant) -> Result<String, AppError> {
        let at = now.0.timestamp();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: account.0,
            sid: session.0,
            iat: at,
            nbf: at,
            exp: at + ACCESS_SECONDS,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing)
            .map_err(|_| AppError::internal("an access token could not be signed"))
    }

    /// The caller an access token names, if it is genuine and good at `now`.
    pub fn verify(&self, token: &str, now: Instant) -> Option<Caller> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = if let Some(known) = self.remembered.get(&digest) {
            known
        } else {
            let known = self.check_signature(token)?;
            self.remembered.insert(digest, known);
            known
        };
        let at = now.0.timestamp();
        (at + LEEWAY_SECONDS >= known.not_before && at < known.expires + LEEWAY_SECONDS).then_some(known.caller)
    }

    fn check_signature(&self, token: &str) -> Option<Remembered> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        // Times are checked against the injected clock, at every use.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let data = jsonwebtoken::decode::<Claims>(token, &self.verifying, &rules).ok()?;
        let header = data.header;
        if header.typ.as_deref() != Some("JWT") || header.jwk.is_some() || header.jku.is_some() || header.kid.is_some()
        {
            return None;
        }
        let claims = data.claims;
        let caller = Caller { account: AccountId(claims.sub), session: LoginSessionId(claims.sid) };
        Some(Remembered { caller, not_before: claims.nbf, expires: claims.exp })
    }

    /// The refresh token of a session's given generation. The same input gives the
    /// same token, so that a retried rotation can return the same successor.
    pub fn refresh(&self, session: &LoginSession, generation: i32) -> String {
        let mac = self.refresh_mac(session, generation);
        let mut bytes = Vec::with_capacity(52);
        bytes.extend_from_slice(session.id.0.as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether this is the refresh token of that session and generation.
    pub fn is_refresh(&self, presented: &RefreshToken, session: &LoginSession) -> bool {
        let mac = self.refresh_mac(session, presented.generation);
        subtle::ConstantTimeEq::ct_eq(mac.as_slice(), presented.mac.as_slice()).into()
    }

    fn refresh_mac(&self, session: &LoginSession, generation: i32) -> [u8; 32] {
        self.ring.server.mac("refresh token", &[session.id.0.as_bytes(), &session.nonce, &generation.to_be_bytes()])
    }
}

/// A refresh token taken apart; nothing about it is proven yet.
#[derive(Debug)]
pub struct RefreshToken {
    /// Session it claims to be of.
    pub session: LoginSessionId,
    /// Generation it claims to be.
    pub generation: i32,
    mac: [u8; 32],
}

impl std::str::FromStr for RefreshToken {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self, AppError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| AppError::LoginRefused)?;
        let (id, rest) = bytes.split_first_chunk::<16>().ok_or(AppError::LoginRefused)?;
        let (generation, rest) = rest.split_first_chunk::<4>().ok_or(AppError::LoginRefused)?;
        let mac = rest.try_into().map_err(|_| AppError::LoginRefused)?;
        let session = LoginSessionId(uuid::Uuid::from_bytes(*id));
        Ok(Self { session, generation: i32::from_be_bytes(*generation), mac })
    }
}

/// How long a session lasts at the most.
pub fn session_end(now: Instant) -> Instant {
    now.plus(TimeDelta::hours(12))
}
