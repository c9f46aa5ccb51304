//! The chain of returns: each vouches for all before it and the key store for the last, so that none can be altered,
//! dropped or set back unseen; and who signed is vouched for as well.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::model::{OfficialReturn, ReturnStatus};
use super::receipts;
use crate::db::schema::official_returns;
use crate::db::types::Instant;
use crate::db::{Database, DbConnection};
use crate::error::AppError;
use crate::vault::{ServerKey, Vault};

/// Anchor under which the key store keeps the last return.
const ANCHOR: &str = "official returns";

/// A return that is not the one this installation computed, or that nobody signed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReturnFinding {
    /// A return is missing or was altered.
    #[error("official return {number} is missing or altered")]
    Altered {
        /// Its number.
        number: i64,
    },
    /// It does not stand where it says, or its signatures were not given so.
    #[error("official return {number}: its status, recipient or signatures were altered")]
    Signatures {
        /// Its number.
        number: i64,
    },
    /// The key store vouches for a return that is not there.
    #[error("the key store vouches for official return {anchored}, which is not there")]
    Cut {
        /// Number in the key store.
        anchored: i64,
    },
}

/// MAC of what was computed and of all returns before it.
pub(super) fn mac(key: &ServerKey, row: &OfficialReturn, previous: &[u8]) -> Vec<u8> {
    let (first, last) = (row.first_day.to_string(), row.last_day.to_string());
    let parts: [&[u8]; 13] = [
        &row.number.to_be_bytes(),
        row.id.0.as_bytes(),
        row.province_code.as_bytes(),
        row.calendar.as_str().as_bytes(),
        row.period.as_bytes(),
        first.as_bytes(),
        last.as_bytes(),
        &row.revision.to_be_bytes(),
        row.content.as_bytes(),
        &[u8::from(row.nothing_to_report)],
        &row.computed_at.micros().to_be_bytes(),
        row.reason.as_bytes(),
        previous,
    ];
    key.mac("official return", &parts).to_vec()
}

/// MAC of the first signature; none while there is none.
pub(super) fn signature_mac(key: &ServerKey, row: &OfficialReturn) -> Option<Vec<u8>> {
    let (recipient, by, at) = (row.recipient.as_ref()?, row.first_signed_by?, row.first_signed_at?);
    let parts: [&[u8]; 4] = [&row.chain_mac, recipient.as_bytes(), by.0.as_bytes(), &at.micros().to_be_bytes()];
    Some(key.mac("official return signature", &parts).to_vec())
}

/// MAC of both signatures, from which the receipt is made; none while one of them is missing.
pub(super) fn receipt_mac(key: &ServerKey, row: &OfficialReturn) -> Option<Vec<u8>> {
    let (first, by, at) = (signature_mac(key, row)?, row.second_signed_by?, row.second_signed_at?);
    let parts: [&[u8]; 3] = [&first, by.0.as_bytes(), &at.micros().to_be_bytes()];
    Some(key.mac("official return receipt", &parts).to_vec())
}

/// Whether recipient, signatures and receipt are those that were given here.
pub(super) fn is_signed_as_told(key: &ServerKey, row: &OfficialReturn) -> bool {
    let receipt = receipt_mac(key, row);
    let text = receipt.as_ref().map(|mac| receipts::text(row.number, mac));
    let first = [row.first_signed_by.is_some(), row.first_signed_at.is_some(), row.recipient.is_some()];
    let second = [row.second_signed_by.is_some(), row.second_signed_at.is_some(), receipt.is_some()];
    let whole = |parts: [bool; 3]| parts == [true; 3] || parts == [false; 3];
    whole(first)
        && whole(second)
        && row.signature_mac == signature_mac(key, row)
        && row.receipt_mac == receipt
        && row.receipt == text
}

/// Where a return stands by its signatures alone.
fn status_of(row: &OfficialReturn) -> ReturnStatus {
    match (row.first_signed_by, row.second_signed_by) {
        (_, Some(_)) => ReturnStatus::Filed,
        (Some(_), None) => ReturnStatus::Signed,
        (None, None) => ReturnStatus::Computed,
    }
}

/// Number and MAC of the last return.
pub(super) fn last(conn: &mut DbConnection) -> Result<Option<(i64, Vec<u8>)>, AppError> {
    Ok(official_returns::table
        .order(official_returns::number.desc())
        .select((official_returns::number, official_returns::chain_mac))
        .first(conn)
        .optional()?)
}

/// What the key store vouches for. Read before a period is closed, on a thread that may block.
///
/// # Errors
/// When the key store fails.
pub fn anchored(vault: &Vault) -> Result<Option<(i64, Vec<u8>)>, AppError> {
    vault.anchor(ANCHOR)
}

/// What was computed stays: where a return was taken away, none is added to the rest.
pub(super) fn refuse_cut(conn: &mut DbConnection, anchored: Option<&(i64, Vec<u8>)>) -> Result<(), AppError> {
    let Some((number, vouched)) = anchored else { return Ok(()) };
    let standing = official_returns::table.filter(official_returns::number.eq(number));
    let standing: Option<Vec<u8>> = standing.select(official_returns::chain_mac).first(conn).optional()?;
    if standing.as_ref() == Some(vouched) {
        return Ok(());
    }
    Err(AppError::internal("official returns were cut or altered; run `audit verify`"))
}

/// Lets the key store vouch for the last return. It never goes back.
///
/// # Errors
/// When a database fails.
pub fn anchor(db: &Database, vault: &Vault, now: Instant) -> Result<(), AppError> {
    match db.read_now(last)? {
        Some((number, mac)) => vault.set_anchor(ANCHOR, number, mac, now),
        None => Ok(()),
    }
}

/// Walks the chain of returns. An empty list means all fits.
///
/// # Errors
/// When a database fails.
pub fn verify_returns(db: &Database, vault: &Vault, key: &ServerKey) -> Result<Vec<ReturnFinding>, AppError> {
    // First: a return computed meanwhile would else look like one that is missing.
    let anchor = anchored(vault)?;
    let rows: Vec<OfficialReturn> = db.read_now(|conn| {
        Ok(official_returns::table.order(official_returns::number).select(OfficialReturn::as_select()).load(conn)?)
    })?;
    let mut findings = Vec::new();
    let mut previous: &[u8] = &[];
    for (number, row) in (1_i64..).zip(&rows) {
        if row.number != number || mac(key, row, previous) != row.chain_mac {
            findings.push(ReturnFinding::Altered { number });
            break;
        }
        previous = &row.chain_mac;
    }
    findings.extend(wrongly_signed(key, &rows));
    if let Some((anchored, vouched)) = anchor {
        let standing = rows.iter().find(|row| row.number == anchored);
        if standing.map(|row| &row.chain_mac) != Some(&vouched) {
            findings.push(ReturnFinding::Cut { anchored });
        }
    }
    Ok(findings)
}

/// Of which province and period a return is.
fn period_of(row: &OfficialReturn) -> (&str, &str, &str) {
    (&row.province_code, row.calendar.as_str(), &row.period)
}

/// Returns whose signatures or status are not what they should be: all but the last revision are superseded.
fn wrongly_signed(key: &ServerKey, rows: &[OfficialReturn]) -> Vec<ReturnFinding> {
    let mut latest: BTreeMap<(&str, &str, &str), i32> = BTreeMap::new();
    for row in rows {
        let revision = latest.entry(period_of(row)).or_default();
        *revision = row.revision.max(*revision);
    }
    let stands = |row: &OfficialReturn| {
        let is_last = latest.get(&period_of(row)) == Some(&row.revision);
        let expected = if is_last { status_of(row) } else { ReturnStatus::Superseded };
        is_signed_as_told(key, row) && row.status == expected
    };
    let wrong = rows.iter().filter(|row| !stands(row));
    wrong.map(|row| ReturnFinding::Signatures { number: row.number }).collect()
}
