//! Operations and the records they are about: read at the beginning of a part, stored at its end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use super::desk::{Counter, Desk, Done, Held, HeldReferral, ReferralState};
use super::loading::load;
use super::merging::of_named;
use super::operation::{Asked, Hand};
use super::reply::Outcome;
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, record, record_each};
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::{
    outreach_contacts, outreach_operations, outreach_referrals, outreach_sessions, outreach_supplies, outreach_tallies,
};
use crate::db::types::{
    AccountId, ContactId, ContactReferralId, DeviceId, Instant, OperationId, OrganisationId, OutreachRecordId,
    OutreachSessionId,
};
use crate::db::{DbConnection, met_one_row};
use crate::error::AppError;
use crate::grants::Action;
use crate::outreach::conflicts::model::Conflict;
use crate::outreach::conflicts::rules as conflicts;
use crate::outreach::groups::rules::{advance, find_for};
use crate::outreach::referrals::model::ContactReferral;
use crate::outreach::referrals::rules::message_place;
use crate::outreach::reports::stock::StockMove;
use crate::outreach::sessions::fields::{KeptContact, SessionFields};
use crate::outreach::sessions::model::{ContactRow, SessionRow, SupplyRow, TallyRow};
use crate::outreach::sessions::rules::{contact_note, seal_note, session_note};
use crate::vault::DataKey;

/// What was done on a phone, as stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = outreach_operations, treat_none_as_default_value = false)]
struct OperationRow {
    account_id: AccountId,
    device_id: DeviceId,
    operation_id: OperationId,
    group_id: OrganisationId,
    record_id: OutreachRecordId,
    conflicted: bool,
    body_mac: Vec<u8>,
    told_at: Instant,
    received_at: Instant,
    clock_ahead_seconds: i64,
}

bulk_rows! { OperationRow => outreach_operations }

/// What a part of a batch is applied with.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Whose operations.
    pub hand: Hand,
    /// In whose name they are done: whom the trail names.
    pub author: AccountId,
    /// By how much the phone's clock is ahead.
    pub clock_ahead_seconds: i64,
    /// The group's data key.
    pub key: DataKey,
}

/// Applies a part of a batch and stores what comes of it.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right; a lost race, which the door tries again.
pub fn apply_part(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    setting: &Setting,
    part: &[Asked],
) -> Result<Vec<Outcome>, AppError> {
    find_for(conn, actor, Action::OutreachWrite, setting.hand.group)?;
    apply_allowed(conn, app, setting, part, actor.now)
}

/// As [`apply_part`], when the caller has seen that its actor may.
pub(in crate::outreach) fn apply_allowed(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    part: &[Asked],
    now: Instant,
) -> Result<Vec<Outcome>, AppError> {
    let mut desk = load(conn, app, setting, part, now)?;
    let outcomes = part.iter().map(|asked| desk.apply(asked)).collect();
    store(conn, app, setting, desk)?;
    Ok(outcomes)
}

impl Setting {
    /// Of somebody who decides a conflict.
    pub(in crate::outreach) fn of_decider(account: AccountId, conflict: &Conflict, key: DataKey) -> Self {
        let hand = Hand { account, device: conflict.device_id, group: conflict.group_id };
        Self { hand, author: account, clock_ahead_seconds: 0, key }
    }
}

/// A session that comes back brings its contacts: phones that dropped them hear of them again.
pub(in crate::outreach) fn restore_contacts(
    conn: &mut DbConnection,
    group: OrganisationId,
    session: OutreachSessionId,
) -> Result<(), AppError> {
    let ids: Vec<ContactId> = outreach_contacts::table
        .filter(outreach_contacts::session_id.eq(session))
        .select(outreach_contacts::id)
        .load(conn)?;
    let first = advance(conn, group, ids.len())?;
    for (place, id) in (first..).zip(ids) {
        diesel::update(outreach_contacts::table.find(id)).set(outreach_contacts::change_seq.eq(place)).execute(conn)?;
    }
    Ok(())
}

/// Stores what became of a desk: records, counters, operations, conflicts, and the trail of it all.
pub(in crate::outreach) fn store(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    desk: Desk<'_>,
) -> Result<(), AppError> {
    let Desk { hand, now, mut sessions, mut contacts, counters, moved, referrals, stock, done, met, .. } = desk;
    for contact in contacts.values().filter(|held| held.is_touched()) {
        // Contacts have no chain of their own: theirs is that of the session.
        if let Some(session) = sessions.get_mut(&contact.row.session_id) {
            session.noted.insert("contacts".to_owned());
        }
    }
    for met in &met {
        if let Some(session) = sessions.get_mut(&met.session) {
            session.noted.insert("conflicts".to_owned());
        }
    }
    let mut sessions: Vec<&mut Held<SessionRow>> = sessions.values_mut().filter(|held| held.is_noted()).collect();
    let mut contacts: Vec<&mut Held<ContactRow>> = contacts.values_mut().filter(|held| held.is_touched()).collect();
    let changed = sessions.iter().filter(|held| held.is_touched()).count() + contacts.len();
    let mut next = if changed == 0 { 0 } else { advance(conn, hand.group, changed)? };
    let mut place = || {
        next += 1;
        next - 1
    };
    store_sessions(conn, app, setting, &mut sessions, now, &mut place)?;
    store_contacts(conn, app, setting, &mut contacts, now, &mut place)?;
    store_counters(conn, &counters, &moved)?;
    store_moves(conn, app, setting, &stock.1, now)?;
    store_referrals(conn, app, setting, referrals, now)?;
    let operation = |done: Done| OperationRow {
        account_id: hand.account,
        device_id: hand.device,
        operation_id: done.id,
        group_id: hand.group,
        record_id: OutreachRecordId(done.record),
        conflicted: done.conflicted,
        body_mac: done.body_mac,
        told_at: done.told_at,
        received_at: now,
        clock_ahead_seconds: setting.clock_ahead_seconds,
    };
    let operations: Vec<OperationRow> = done.into_iter().map(operation).collect();
    OperationRow::insert_all(conn, &operations)?;
    conflicts::store(conn, app, setting, &met, now)?;
    trail(conn, app, setting.author, &sessions, now)
}

fn store_sessions(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    sessions: &mut [&mut Held<SessionRow>],
    now: Instant,
    place: &mut impl FnMut() -> i64,
) -> Result<(), AppError> {
    let (mut rows, mut supplies) = (Vec::new(), Vec::new());
    for held in sessions.iter_mut().filter(|held| held.is_touched()) {
        held.row.change_seq = place();
        held.row.updated_at = now;
        let told = |field: &str| held.is_new || held.changed.contains(field);
        if !held.fields.is_empty() {
            let fields: SessionFields = of_named(&held.fields).map_err(|_| unreadable())?;
            fields.write_to(&mut held.row);
            if told("note") {
                let at = session_note(held.row.id);
                held.row.sealed_note =
                    seal_note(app, setting, at, held.row.sealed_note.as_deref(), fields.note.as_deref())?;
            }
            if told("supplies") {
                diesel::delete(outreach_supplies::table.filter(outreach_supplies::session_id.eq(held.row.id)))
                    .execute(conn)?;
                let supply = |(commodity, quantity)| SupplyRow { session_id: held.row.id, commodity, quantity };
                supplies.extend(fields.supplies.into_iter().map(supply));
            }
        }
        if held.is_new {
            rows.push(held.row.clone());
        } else {
            let stored =
                outreach_sessions::table.find(held.row.id).filter(outreach_sessions::version.eq(held.row.version - 1));
            met_one_row(diesel::update(stored).set(&held.row).execute(conn)?)?;
        }
    }
    SessionRow::insert_all(conn, &rows)?;
    SupplyRow::insert_all(conn, &supplies)?;
    Ok(())
}

fn store_contacts(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    contacts: &mut [&mut Held<ContactRow>],
    now: Instant,
    place: &mut impl FnMut() -> i64,
) -> Result<(), AppError> {
    let mut rows = Vec::new();
    for held in contacts.iter_mut() {
        held.row.change_seq = place();
        held.row.updated_at = now;
        let fields: KeptContact = of_named(&held.fields).map_err(|_| unreadable())?;
        fields.write_to(&mut held.row)?;
        if held.is_new || held.changed.contains("note") {
            let at = contact_note(held.row.id);
            held.row.sealed_note =
                seal_note(app, setting, at, held.row.sealed_note.as_deref(), fields.note.as_deref())?;
        }
        if held.is_new {
            rows.push(held.row.clone());
        } else {
            let stored =
                outreach_contacts::table.find(held.row.id).filter(outreach_contacts::version.eq(held.row.version - 1));
            met_one_row(diesel::update(stored).set(&held.row).execute(conn)?)?;
        }
    }
    Ok(ContactRow::insert_all(conn, &rows)?)
}

fn store_referrals(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    referrals: HashMap<ContactReferralId, HeldReferral>,
    now: Instant,
) -> Result<(), AppError> {
    let by = Some(setting.author);
    let mut new = Vec::new();
    for HeldReferral { mut row, message, state } in referrals.into_values() {
        let subject = Subject::new(SubjectKind::ContactReferral, row.id.0);
        match state {
            ReferralState::AsStored => {}
            ReferralState::New => {
                row.sealed_message = seal_note(app, setting, message_place(row.id), None, message.as_deref())?;
                record(conn, &app.trail, subject, by, TrailAction::Create, &["referral"], now)?;
                new.push(row);
            }
            ReferralState::Changed => {
                let stored =
                    outreach_referrals::table.find(row.id).filter(outreach_referrals::version.eq(row.version - 1));
                let values = (
                    outreach_referrals::status.eq(row.status),
                    outreach_referrals::updated_at.eq(now),
                    outreach_referrals::version.eq(row.version),
                );
                met_one_row(diesel::update(stored).set(values).execute(conn)?)?;
                record(conn, &app.trail, subject, by, TrailAction::Transition, &["status"], now)?;
            }
        }
    }
    Ok(ContactReferral::insert_all(conn, &new)?)
}

fn store_moves(
    conn: &mut DbConnection,
    app: &App,
    setting: &Setting,
    moves: &[StockMove],
    now: Instant,
) -> Result<(), AppError> {
    if moves.is_empty() {
        return Ok(());
    }
    StockMove::insert_all(conn, moves)?;
    let group = Subject::new(SubjectKind::PeerGroup, setting.hand.group.0);
    record(conn, &app.trail, group, Some(setting.author), TrailAction::StockMove, &["stock"], now)
}

fn store_counters(
    conn: &mut DbConnection,
    counters: &BTreeMap<Counter, (i32, bool)>,
    moved: &BTreeSet<Counter>,
) -> Result<(), AppError> {
    let mut new = Vec::new();
    for counter in moved {
        let (session_id, sex, age_band, seen) = *counter;
        match counters.get(counter) {
            Some((quantity, true)) => {
                let stored = outreach_tallies::table.find((session_id, sex, age_band, seen));
                met_one_row(diesel::update(stored).set(outreach_tallies::quantity.eq(*quantity)).execute(conn)?)?;
            }
            Some((quantity, false)) => {
                new.push(TallyRow { session_id, sex, age_band, seen, quantity: *quantity });
            }
            None => {}
        }
    }
    Ok(TallyRow::insert_all(conn, &new)?)
}

fn trail(
    conn: &mut DbConnection,
    app: &App,
    author: AccountId,
    sessions: &[&mut Held<SessionRow>],
    now: Instant,
) -> Result<(), AppError> {
    let mut made = NewChains::new(app.trail.clone());
    let mut changed: BTreeMap<Vec<&str>, Vec<Subject>> = BTreeMap::new();
    for held in sessions {
        let subject = Subject::new(SubjectKind::OutreachSession, held.row.id.0);
        let fields: Vec<&str> = held.changed.iter().chain(&held.noted).map(String::as_str).collect();
        if held.is_new {
            made.record(subject, Some(author), TrailAction::Create, &fields, now);
        } else {
            changed.entry(fields).or_default().push(subject);
        }
    }
    made.store(conn)?;
    for (fields, subjects) in changed {
        record_each(conn, &app.trail, &subjects, Some(author), TrailAction::Update, &fields, now)?;
    }
    Ok(())
}

fn unreadable() -> AppError {
    AppError::internal("fields of a session or contact do not read back")
}
