//! Reading transfers, as their sender or as the receiver.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::assessments;
use crate::consents;
use crate::db::DbConnection;
use crate::db::schema::{persons, transfers};
use crate::db::types::{CaseId, ConsentId, Instant, PersonId, TransferId};
use crate::error::AppError;
use crate::grants::Action;
use crate::grants::predicates::{transfers_addressed, transfers_within};
use crate::persons::model::Person;
use crate::referrals::model::AgeGroup;
use crate::transfers::model::{Transfer, TransferReply};
use crate::transfers::status::TransferStatus;
use crate::vault::Vault;

/// Through which side a reader reaches a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// As its sender.
    Sender,
    /// As the organisation it is offered to.
    Recipient,
}

/// Reads one transfer.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: TransferId) -> Result<(Transfer, Side), AppError> {
    let scope = actor.scope(Action::TransferRead)?;
    let found = || transfers::table.filter(transfers::id.eq(id)).select(Transfer::as_select());
    let sent: Option<Transfer> = found().filter(transfers_within(&scope)).first(conn).optional()?;
    if let Some(transfer) = sent {
        return Ok((transfer, Side::Sender));
    }
    Ok((found().filter(transfers_addressed(&scope)).first(conn)?, Side::Recipient))
}

/// Which transfers a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this status.
    pub status: Option<TransferStatus>,
    /// Of this case; for senders.
    pub case: Option<CaseId>,
}

/// Reads a page of transfers of one side, oldest first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    side: Side,
    filter: &Filter,
    after: Option<(Instant, TransferId)>,
    limit: i64,
) -> Result<Vec<(Transfer, Person)>, AppError> {
    let scope = actor.scope(Action::TransferRead)?;
    let mut query = transfers::table
        .inner_join(persons::table.on(persons::id.eq(transfers::person_id)))
        .order((transfers::created_at, transfers::id))
        .select((Transfer::as_select(), Person::as_select()))
        .limit(limit + 1)
        .into_boxed();
    query = match side {
        Side::Sender => query
            .filter(transfers_within(&scope))
            .filter(transfers::from_organisation_id.eq_any(scope.case_organisations())),
        Side::Recipient => query.filter(transfers_addressed(&scope)),
    };
    if let Some(status) = filter.status {
        query = query.filter(transfers::status.eq(status));
    }
    if let Some(case) = filter.case {
        query = query.filter(transfers::case_id.eq(case));
    }
    if let Some((at, id)) = after {
        query = query.filter(transfers::created_at.gt(at).or(transfers::created_at.eq(at).and(transfers::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// The replies for this side: the receiver gets the minimum.
///
/// # Errors
/// When a sealed field does not open.
pub fn show(
    conn: &mut DbConnection,
    vault: &Vault,
    side: Side,
    rows: Vec<(Transfer, Person)>,
    today: NaiveDate,
) -> Result<Vec<TransferReply>, AppError> {
    let people: Vec<PersonId> = rows.iter().map(|(_, person)| person.id).collect();
    let keys = vault.keys(&people)?;
    let (mut needs, agreed) = match side {
        Side::Sender => (BTreeMap::new(), HashSet::new()),
        Side::Recipient => {
            let offers = || rows.iter().map(|(transfer, _)| transfer).filter(|transfer| transfer.is_offered());
            let of_cases: Vec<CaseId> = offers().map(|transfer| transfer.case_id).collect();
            let consents: Vec<ConsentId> = offers().filter_map(|transfer| transfer.consent_id).collect();
            let needs = assessments::rules::needs_of_cases(conn, &of_cases)?;
            (needs, consents::rules::live_among(conn, &consents, today)?)
        }
    };
    // Once it was answered, or without the consent, what the sender goes on finding is no longer the receiver's.
    let waits = |transfer: &Transfer| {
        transfer.is_offered() && transfer.consent_id.is_none_or(|consent| agreed.contains(&consent))
    };
    rows.into_iter()
        .zip(keys)
        .map(|((transfer, person), key)| match side {
            Side::Sender => transfer.view(&key).map(TransferReply::Sender),
            Side::Recipient => {
                let shown = waits(&transfer);
                let needs = needs.remove(&transfer.case_id).filter(|_| shown).unwrap_or_default();
                let age_group = shown.then(|| AgeGroup::on(&person.birth(), today));
                transfer.incoming_view(&key, age_group, needs).map(TransferReply::Recipient)
            }
        })
        .collect()
}

/// As [`show`], for one transfer.
///
/// # Errors
/// When a sealed field does not open.
pub fn show_one(
    conn: &mut DbConnection,
    vault: &Vault,
    transfer: Transfer,
    side: Side,
    today: NaiveDate,
) -> Result<TransferReply, AppError> {
    let person = persons::table.find(transfer.person_id).select(Person::as_select()).first(conn)?;
    let replies = show(conn, vault, side, vec![(transfer, person)], today)?;
    replies.into_iter().next().ok_or_else(|| AppError::internal("a transfer lost its reply"))
}
