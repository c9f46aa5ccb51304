//! Offers that end: answered, without their people, or with their case.

use diesel::prelude::*;

use super::note;
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::consents::{self as agreed, model::Consent};
use crate::db::DbConnection;
use crate::db::schema::{consents, transfers};
use crate::db::types::{AccountId, CaseId, ConsentId, Instant, TransferId};
use crate::error::AppError;
use crate::transfers::model::Transfer;
use crate::transfers::status::TransferStatus;

pub(super) fn end(
    conn: &mut DbConnection,
    trail: &TrailKey,
    transfer: &mut Transfer,
    status: TransferStatus,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    let read = transfer.version;
    transfer.status = status;
    transfer.version += 1;
    transfer.answered_by = by;
    transfer.answered_at = Some(now);
    let row = transfers::table.filter(transfers::id.eq(transfer.id)).filter(transfers::version.eq(read));
    let saved = diesel::update(row)
        .set((
            transfers::status.eq(transfer.status),
            transfers::consent_id.eq(transfer.consent_id),
            transfers::decline_reason.eq(transfer.decline_reason),
            transfers::new_case_id.eq(transfer.new_case_id),
            transfers::answered_by.eq(transfer.answered_by),
            transfers::answered_at.eq(transfer.answered_at),
            transfers::version.eq(transfer.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)?;
    note(conn, trail, by, transfer.id, TrailAction::Transition, &["status"], now)
}

/// Takes back the offers that rest on a consent which has just ended.
///
/// # Errors
/// The engine's own.
pub fn close_without_consent(
    conn: &mut DbConnection,
    trail: &TrailKey,
    consent: ConsentId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    let offered = transfers::table
        .filter(transfers::consent_id.eq(consent))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .select(Transfer::as_select());
    for mut transfer in offered.load::<Transfer>(conn)? {
        end(conn, trail, &mut transfer, TransferStatus::Withdrawn, by, now)?;
    }
    Ok(())
}

/// Takes back the offer of a case that is being closed.
///
/// # Errors
/// The engine's own.
pub fn withdraw_of_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
) -> Result<(), AppError> {
    let offered = transfers::table
        .filter(transfers::case_id.eq(case))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .select(Transfer::as_select());
    for mut transfer in offered.load::<Transfer>(conn)? {
        end(conn, trail, &mut transfer, TransferStatus::Withdrawn, Some(actor.account), actor.now)?;
    }
    Ok(())
}

/// Lets offers to the receiver rest on a consent that outlasts theirs.
///
/// # Errors
/// The engine's own.
pub fn rest_on(conn: &mut DbConnection, trail: &TrailKey, consent: &Consent, actor: &Actor) -> Result<(), AppError> {
    let Some(receiver) = consent.recipient_organisation_id else { return Ok(()) };
    let offered: Vec<(Transfer, Consent)> = transfers::table
        .inner_join(consents::table.on(consents::id.nullable().eq(transfers::consent_id)))
        .filter(transfers::person_id.eq(consent.person_id))
        .filter(transfers::to_organisation_id.eq(receiver))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .select((Transfer::as_select(), Consent::as_select()))
        .load(conn)?;
    for (transfer, former) in offered {
        if consent.outlasts(&former) {
            put_on(conn, trail, transfer.id, consent.id, Some(actor.account), actor.now)?;
        }
    }
    Ok(())
}

fn put_on(
    conn: &mut DbConnection,
    trail: &TrailKey,
    id: TransferId,
    consent: ConsentId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    diesel::update(transfers::table.find(id))
        .set((transfers::consent_id.eq(consent), transfers::version.eq(transfers::version + 1)))
        .execute(conn)?;
    note(conn, trail, by, id, TrailAction::Update, &["consent_id"], now)
}

/// Ends up to 500 offers whose deadline has passed, and up to 500 whose consent has run out without another
/// that goes on. Returns how many it looked at. Called every minute.
///
/// # Errors
/// The engine's own.
pub fn sweep(conn: &mut DbConnection, trail: &TrailKey, now: Instant) -> Result<usize, AppError> {
    let today = now.civil_date();
    let late = transfers::table
        .filter(transfers::status.eq(TransferStatus::Offered))
        .filter(transfers::answer_due_on.lt(today))
        .order((transfers::answer_due_on, transfers::id))
        .select(Transfer::as_select())
        .limit(500)
        .load::<Transfer>(conn)?;
    let mut swept = late.len();
    for mut transfer in late {
        end(conn, trail, &mut transfer, TransferStatus::Expired, None, now)?;
    }
    let without: Vec<(Transfer, Consent)> = transfers::table
        .inner_join(consents::table.on(consents::id.nullable().eq(transfers::consent_id)))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .filter(consents::expires_on.lt(today))
        .select((Transfer::as_select(), Consent::as_select()))
        .limit(500)
        .load(conn)?;
    swept += without.len();
    for (mut transfer, ended) in without {
        match agreed::rules::successor(conn, &ended, today)? {
            Some(next) => put_on(conn, trail, transfer.id, next, None, now)?,
            None => end(conn, trail, &mut transfer, TransferStatus::Withdrawn, None, now)?,
        }
    }
    Ok(swept)
}
