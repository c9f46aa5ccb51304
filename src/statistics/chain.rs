//! The chain of releases: each vouches for all before it, and the key store for the last
//! one, so that none can be altered, dropped or set back unseen.

use diesel::prelude::*;

use super::releases::Release;
use crate::db::schema::statistical_releases;
use crate::db::types::Instant;
use crate::db::{Database, DbConnection};
use crate::error::AppError;
use crate::vault::{ServerKey, Vault};

/// Anchor under which the key store keeps the last release.
const ANCHOR: &str = "releases";

/// A release that is not the one this installation froze.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseFinding {
    /// A release is missing or was altered.
    #[error("release {number} is missing or altered")]
    Altered {
        /// Its number.
        number: i64,
    },
    /// The key store vouches for a release that is not there.
    #[error("the key store vouches for release {anchored}, which is not there")]
    Cut {
        /// Number in the key store.
        anchored: i64,
    },
}

/// MAC of a release and of all before it.
pub(super) fn mac(key: &ServerKey, release: &Release, previous: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 9] = [
        &release.number.to_be_bytes(),
        release.measure.as_str().as_bytes(),
        release.scope_unit_code.as_bytes(),
        &release.year.to_be_bytes(),
        release.plan_code.as_bytes(),
        release.indicator_code.as_bytes(),
        &release.released_at.micros().to_be_bytes(),
        release.content.as_bytes(),
        previous,
    ];
    key.mac("statistical release", &parts).to_vec()
}

/// Number and MAC of the last release.
pub(super) fn last(conn: &mut DbConnection) -> Result<Option<(i64, Vec<u8>)>, AppError> {
    Ok(statistical_releases::table
        .order(statistical_releases::number.desc())
        .select((statistical_releases::number, statistical_releases::chain_mac))
        .first(conn)
        .optional()?)
}

/// What is frozen is frozen: a year whose release was taken away is not released anew.
pub(super) fn refuse_cut(db: &Database, vault: &Vault) -> Result<(), AppError> {
    let Some((number, vouched)) = vault.anchor(ANCHOR)? else { return Ok(()) };
    let standing: Option<Vec<u8>> = db.read_now(|conn| {
        let release = statistical_releases::table.filter(statistical_releases::number.eq(number));
        Ok(release.select(statistical_releases::chain_mac).first(conn).optional()?)
    })?;
    if standing.as_ref() == Some(&vouched) {
        return Ok(());
    }
    Err(AppError::internal("releases were cut or altered; run `audit verify`"))
}

/// Lets the key store vouch for the last release. It never goes back, so that releases
/// that were cut do not pass.
pub(super) fn anchor(db: &Database, vault: &Vault, now: Instant) -> Result<(), AppError> {
    match db.read_now(last)? {
        Some((number, mac)) => vault.set_anchor(ANCHOR, number, mac, now),
        None => Ok(()),
    }
}

/// Walks the chain of releases. An empty list means all fits.
///
/// # Errors
/// When a database fails.
pub fn verify_releases(db: &Database, vault: &Vault, key: &ServerKey) -> Result<Vec<ReleaseFinding>, AppError> {
    // First: a release made meanwhile would else look like one that is missing.
    let anchor = vault.anchor(ANCHOR)?;
    let releases: Vec<Release> = db.read_now(|conn| {
        Ok(statistical_releases::table.order(statistical_releases::number).select(Release::as_select()).load(conn)?)
    })?;
    let mut findings = Vec::new();
    let mut previous: &[u8] = &[];
    for (number, release) in (1_i64..).zip(&releases) {
        if release.number != number || mac(key, release, previous) != release.chain_mac {
            findings.push(ReleaseFinding::Altered { number });
            break;
        }
        previous = &release.chain_mac;
    }
    if let Some((anchored, vouched)) = anchor {
        let standing = releases.iter().find(|release| release.number == anchored);
        if standing.map(|release| &release.chain_mac) != Some(&vouched) {
            findings.push(ReleaseFinding::Cut { anchored });
        }
    }
    Ok(findings)
}
