//! Two people sign a return; the second signature files it.

use diesel::prelude::*;

use super::catalogue::ReturnCatalogue;
use super::chain;
use super::model::{OfficialReturn, ReturnStatus};
use super::{receipts, rules};
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::db::types::OfficialReturnId;
use crate::error::{AppError, Conflict, Form, ReturnRefusal, Rule};
use crate::grants::Action;
use crate::programmes::closing::rules::{PeriodKey, find as find_period};
use crate::vault::ServerKey;

/// What signing looks things up in.
#[derive(Debug, Clone, Copy)]
pub struct SigningDesk<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Recipients.
    pub catalogue: &'a ReturnCatalogue,
    /// Vouches for signatures.
    pub key: &'a ServerKey,
    /// Key of the trail.
    pub trail: &'a TrailKey,
}

fn refused(refusal: ReturnRefusal) -> AppError {
    AppError::Conflict(Conflict::Return(refusal))
}

/// The first signature, which names the recipient. Given again before the second, it takes the place of the one before.
/// The caller has just given the password.
///
/// # Errors
/// [`Conflict::Return`]; stale versions; an unknown recipient; [`AppError::NotFound`] out of reach.
pub fn sign(
    conn: &mut DbConnection,
    actor: &Actor,
    desk: SigningDesk<'_>,
    (id, expected): (OfficialReturnId, i32),
    recipient: &str,
) -> Result<OfficialReturn, AppError> {
    let mut row = unsigned(conn, actor, desk, id, expected)?;
    if desk.catalogue.recipient(recipient).is_none() {
        let known: Vec<&str> = desk.catalogue.recipients.iter().map(|known| known.code.as_str()).collect();
        return Err(AppError::field("recipient", Rule::Format(Form::OneOf(known.join(", ")))));
    }
    row.status = ReturnStatus::Signed;
    row.recipient = Some(recipient.to_owned());
    (row.first_signed_by, row.first_signed_at) = (Some(actor.account), Some(actor.now));
    row.signature_mac = chain::signature_mac(desk.key, &row);
    save(conn, actor, desk, row, &["status", "recipient", "first_signature"])
}

/// The second signature, by another person: files the return and gives the receipt.
///
/// # Errors
/// As [`sign`].
pub fn countersign(
    conn: &mut DbConnection,
    actor: &Actor,
    desk: SigningDesk<'_>,
    (id, expected): (OfficialReturnId, i32),
) -> Result<OfficialReturn, AppError> {
    let mut row = unsigned(conn, actor, desk, id, expected)?;
    match row.first_signed_by {
        None => return Err(refused(ReturnRefusal::NotSigned)),
        Some(first) if first == actor.account => return Err(refused(ReturnRefusal::SameSigner)),
        Some(_) => {}
    }
    row.status = ReturnStatus::Filed;
    (row.second_signed_by, row.second_signed_at) = (Some(actor.account), Some(actor.now));
    row.receipt_mac = chain::receipt_mac(desk.key, &row);
    row.receipt = row.receipt_mac.as_ref().map(|mac| receipts::text(row.number, mac));
    save(conn, actor, desk, row, &["status", "second_signature", "receipt"])
}

/// A return that may be signed, as the signer saw it.
fn unsigned(
    conn: &mut DbConnection,
    actor: &Actor,
    desk: SigningDesk<'_>,
    id: OfficialReturnId,
    expected: i32,
) -> Result<OfficialReturn, AppError> {
    let row = rules::find(conn, actor, desk.units, Action::OfficialReturnSign, id)?;
    check_version(conn, Subject::new(SubjectKind::OfficialReturn, id.0), row.version, expected)?;
    match row.status {
        ReturnStatus::Superseded => return Err(refused(ReturnRefusal::Superseded)),
        ReturnStatus::Filed => return Err(refused(ReturnRefusal::Filed)),
        ReturnStatus::Computed | ReturnStatus::Signed => {}
    }
    if !stands_closed(conn, &row)? {
        return Err(refused(ReturnRefusal::PeriodOpen));
    }
    if !is_genuine(conn, desk.key, &row)? {
        return Err(refused(ReturnRefusal::NotGenuine));
    }
    Ok(row)
}

/// Whether the period is closed as it was when the return was computed.
fn stands_closed(conn: &mut DbConnection, row: &OfficialReturn) -> Result<bool, AppError> {
    let Ok(period) = row.period.parse() else { return Ok(false) };
    let key = PeriodKey { unit: row.province_code.clone(), calendar: row.calendar, period };
    let standing = find_period(conn, &key)?;
    Ok(standing.is_some_and(|period| period.status.is_locked() && period.revision == row.revision))
}

/// Nobody puts their name under what was altered behind the program's back.
fn is_genuine(conn: &mut DbConnection, key: &ServerKey, row: &OfficialReturn) -> Result<bool, AppError> {
    let before = official_returns::table.filter(official_returns::number.eq(row.number - 1));
    let before: Option<Vec<u8>> = before.select(official_returns::chain_mac).first(conn).optional()?;
    let genuine = chain::mac(key, row, &before.unwrap_or_default()) == row.chain_mac;
    Ok(genuine && chain::is_signed_as_told(key, row))
}

fn save(
    conn: &mut DbConnection,
    actor: &Actor,
    desk: SigningDesk<'_>,
    mut row: OfficialReturn,
    fields: &[&str],
) -> Result<OfficialReturn, AppError> {
    let stored = official_returns::table.find(row.id).filter(official_returns::version.eq(row.version));
    row.version += 1;
    let saved = diesel::update(stored)
        .set((
            official_returns::status.eq(row.status),
            official_returns::recipient.eq(&row.recipient),
            official_returns::first_signed_by.eq(row.first_signed_by),
            official_returns::first_signed_at.eq(row.first_signed_at),
            official_returns::signature_mac.eq(&row.signature_mac),
            official_returns::second_signed_by.eq(row.second_signed_by),
            official_returns::second_signed_at.eq(row.second_signed_at),
            official_returns::receipt.eq(&row.receipt),
            official_returns::receipt_mac.eq(&row.receipt_mac),
            official_returns::version.eq(row.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)?;
    let subject = Subject::new(SubjectKind::OfficialReturn, row.id.0);
    record(conn, desk.trail, subject, Some(actor.account), TrailAction::Transition, fields, actor.now)?;
    Ok(row)
}
