//! What a part of a batch is about: read at its beginning.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;
use uuid::Uuid;

use super::desk::{Counter, Desk, Held, HeldReferral, Known, ReferralState};
use super::merging::Named;
use super::operation::{Asked, Deed, Hand, Keys, object};
use super::storing::Setting;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::schema::{
    outreach_contacts, outreach_operations, outreach_referrals, outreach_sessions, outreach_stock_moves,
    outreach_supplies, outreach_tallies,
};
use crate::db::types::{
    ContactId, ContactReferralId, Instant, OperationId, OrganisationId, OutreachRecordId, OutreachSessionId,
};
use crate::error::AppError;
use crate::organisations;
use crate::outreach::conflicts::rules::versions_of_contacts;
use crate::outreach::groups::rules::leaders;
use crate::outreach::referrals::model::ContactReferral;
use crate::outreach::sessions::fields::Books;
use crate::outreach::sessions::model::{ContactRow, SessionRow, SupplyRow, TallyRow};
use crate::outreach::sessions::rules::{contact_fields, session_fields};
use crate::services::ServiceType;

/// Ids in one statement: removals name all who were met in their sessions, and SQLite takes 32,766 values.
const NAMED_AT_ONCE: usize = 10_000;

/// Ids of the records that a part is about.
#[derive(Default)]
struct About {
    sessions: HashSet<OutreachSessionId>,
    contacts: HashSet<ContactId>,
    /// Those of them whose fields are compared.
    compared: HashSet<Uuid>,
    /// Sessions whose counters are needed.
    counted: HashSet<OutreachSessionId>,
    /// Sessions that are to be taken away.
    removed: HashSet<OutreachSessionId>,
    /// Moves of stock.
    stock: Vec<OutreachRecordId>,
    /// Referrals.
    referrals: Vec<ContactReferralId>,
    /// What is asked of whom.
    services: HashSet<(OrganisationId, ServiceType)>,
}

impl About {
    fn of(part: &[Asked]) -> Self {
        let mut about = Self::default();
        for asked in part {
            let (session, contact) = (OutreachSessionId(asked.record), ContactId(asked.record));
            match &asked.deed {
                Deed::CreateSession(_) => drop(about.sessions.insert(session)),
                Deed::CreateContact(of, _) => {
                    about.sessions.insert(OutreachSessionId(*of));
                    about.contacts.insert(contact);
                }
                Deed::ChangeSession(_) => {
                    about.sessions.insert(session);
                    about.compared.insert(asked.record);
                }
                Deed::RemoveSession(_, people) => {
                    about.sessions.insert(session);
                    about.compared.insert(asked.record);
                    about.counted.insert(session);
                    about.removed.insert(session);
                    about.contacts.extend(people.contacts.keys().copied().map(ContactId));
                    about.compared.extend(people.contacts.keys());
                }
                Deed::ChangeContact(_) | Deed::RemoveContact(_) => {
                    about.contacts.insert(contact);
                    about.compared.insert(asked.record);
                }
                Deed::Refer(of, told) => {
                    about.contacts.insert(ContactId(*of));
                    about.referrals.push(ContactReferralId(asked.record));
                    about.services.insert((told.to_organisation_id, told.service_type));
                }
                Deed::CancelReferral => about.referrals.push(ContactReferralId(asked.record)),
                Deed::Stock(_) => about.stock.push(OutreachRecordId(asked.record)),
                Deed::Tally(_) => {
                    about.sessions.insert(session);
                    about.counted.insert(session);
                }
            }
        }
        about
    }
}

/// A desk with one session, or one contact of it.
pub(in crate::outreach) fn desk_of<'a>(
    conn: &mut DbConnection,
    app: &'a App,
    setting: &Setting,
    (session, contact): (OutreachSessionId, Option<ContactId>),
    now: Instant,
) -> Result<Desk<'a>, AppError> {
    let mut about = About { sessions: HashSet::from([session]), ..About::default() };
    about.contacts.extend(contact);
    about.compared.insert(contact.map_or(session.0, |contact| contact.0));
    load_about(conn, app, setting, (&[], about), now)
}

/// What these operations are about.
pub(super) fn load<'a>(
    conn: &mut DbConnection,
    app: &'a App,
    setting: &Setting,
    part: &[Asked],
    now: Instant,
) -> Result<Desk<'a>, AppError> {
    load_about(conn, app, setting, (part, About::of(part)), now)
}

fn load_about<'a>(
    conn: &mut DbConnection,
    app: &'a App,
    setting: &Setting,
    (part, mut about): (&[Asked], About),
    now: Instant,
) -> Result<Desk<'a>, AppError> {
    let contacts = load_contacts(conn, setting, &about)?;
    about.sessions.extend(contacts.values().map(|held| held.row.session_id));
    let sessions = load_sessions(conn, setting, &about)?;
    let gone = sessions.values().filter(|held| held.row.removed_at.is_some()).map(|held| held.row.id);
    let whole: Vec<OutreachSessionId> = about.removed.iter().copied().chain(gone).collect();
    Ok(Desk {
        hand: setting.hand,
        keys: Keys { server: &app.ring.server, programme: &app.ring.programme, today: now.civil_date() },
        books: Books { units: &app.units, catalogue: &app.outreach },
        now,
        clock_ahead_seconds: setting.clock_ahead_seconds,
        leaders: leaders(conn, setting.hand.group)?,
        known: known(conn, setting.hand, part)?,
        sessions,
        contacts,
        counters: counters(conn, &about)?,
        held_by: held_by(conn, &about)?,
        versions: versions_of_contacts(conn, &whole)?,
        services: services(conn, app, &about, now)?,
        referrals: stored_referrals(conn, setting, &about)?,
        stock: (stored_moves(conn, &about)?, Vec::new()),
        moved: BTreeSet::new(),
        done: Vec::new(),
        met: Vec::new(),
    })
}

fn known(conn: &mut DbConnection, hand: Hand, part: &[Asked]) -> Result<HashMap<OperationId, Known>, AppError> {
    let ids: Vec<OperationId> = part.iter().map(|asked| asked.id).collect();
    let rows: Vec<(OperationId, OrganisationId, OutreachRecordId, bool, Vec<u8>)> = outreach_operations::table
        .filter(outreach_operations::account_id.eq(hand.account))
        .filter(outreach_operations::device_id.eq(hand.device))
        .filter(outreach_operations::operation_id.eq_any(ids))
        .select((
            outreach_operations::operation_id,
            outreach_operations::group_id,
            outreach_operations::record_id,
            outreach_operations::conflicted,
            outreach_operations::body_mac,
        ))
        .load(conn)?;
    let known = |(id, group, record, conflicted, body_mac): (OperationId, _, OutreachRecordId, _, _)| {
        (id, Known { group, record: record.0, conflicted, body_mac })
    };
    Ok(rows.into_iter().map(known).collect())
}

fn load_sessions(
    conn: &mut DbConnection,
    setting: &Setting,
    about: &About,
) -> Result<HashMap<OutreachSessionId, Held<SessionRow>>, AppError> {
    // What is another group's is not here. SQLite, asked for the group as well, reads through all that the group holds.
    let (ids, mut rows): (Vec<_>, Vec<SessionRow>) = (about.sessions.iter().copied().collect(), Vec::new());
    for ids in ids.chunks(NAMED_AT_ONCE) {
        let some = outreach_sessions::table.filter(outreach_sessions::id.eq_any(ids));
        rows.extend(some.select(SessionRow::as_select()).load(conn)?);
    }
    rows.retain(|row| row.group_id == setting.hand.group);
    let compared: Vec<OutreachSessionId> =
        rows.iter().map(|row| row.id).filter(|id| about.compared.contains(&id.0)).collect();
    let supplies: Vec<SupplyRow> = outreach_supplies::table
        .filter(outreach_supplies::session_id.eq_any(&compared))
        .select(SupplyRow::as_select())
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let fields = if compared.contains(&row.id) {
                let own: Vec<SupplyRow> =
                    supplies.iter().filter(|supply| supply.session_id == row.id).cloned().collect();
                object(&session_fields(&row, &own, &setting.key)?)
            } else {
                Named::new()
            };
            Ok((row.id, Held::stored(row, fields)))
        })
        .collect()
}

fn load_contacts(
    conn: &mut DbConnection,
    setting: &Setting,
    about: &About,
) -> Result<HashMap<ContactId, Held<ContactRow>>, AppError> {
    let (ids, mut rows): (Vec<ContactId>, Vec<ContactRow>) = (about.contacts.iter().copied().collect(), Vec::new());
    for ids in ids.chunks(NAMED_AT_ONCE) {
        let some = outreach_contacts::table.filter(outreach_contacts::id.eq_any(ids));
        rows.extend(some.select(ContactRow::as_select()).load(conn)?);
    }
    rows.retain(|row| row.group_id == setting.hand.group);
    rows.into_iter()
        .map(|row| {
            let fields = if about.compared.contains(&row.id.0) {
                object(&contact_fields(&row, &setting.key)?)
            } else {
                Named::new()
            };
            Ok((row.id, Held::stored(row, fields)))
        })
        .collect()
}

fn counters(conn: &mut DbConnection, about: &About) -> Result<BTreeMap<Counter, (i32, bool)>, AppError> {
    let rows: Vec<TallyRow> = outreach_tallies::table
        .filter(outreach_tallies::session_id.eq_any(about.counted.iter().copied()))
        .select(TallyRow::as_select())
        .load(conn)?;
    let counter = |row: TallyRow| ((row.session_id, row.sex, row.age_band, row.seen), (row.quantity, true));
    Ok(rows.into_iter().map(counter).collect())
}

fn held_by(conn: &mut DbConnection, about: &About) -> Result<HashMap<OutreachSessionId, usize>, AppError> {
    let mut held: HashMap<OutreachSessionId, usize> = about.removed.iter().map(|session| (*session, 0)).collect();
    if !held.is_empty() {
        let rows: Vec<(OutreachSessionId, i64)> = outreach_contacts::table
            .filter(outreach_contacts::session_id.eq_any(about.removed.iter().copied()))
            .filter(outreach_contacts::removed_at.is_null())
            .group_by(outreach_contacts::session_id)
            .select((outreach_contacts::session_id, count_star()))
            .load(conn)?;
        held.extend(rows.into_iter().map(|(session, number)| (session, usize::try_from(number).unwrap_or(0))));
    }
    Ok(held)
}

/// Whether each service is open today and gives what is asked of it.
fn services(
    conn: &mut DbConnection,
    app: &App,
    about: &About,
    now: Instant,
) -> Result<HashMap<(OrganisationId, ServiceType), bool>, AppError> {
    let mut found = HashMap::new();
    for (organisation, service) in &about.services {
        let asked = organisations::rules::find(conn, *organisation)?;
        let gives = asked
            .is_some_and(|asked| asked.is_open_on(now.civil_date()) && app.services.is_given_by(*service, asked.kind));
        found.insert((*organisation, *service), gives);
    }
    Ok(found)
}

fn stored_referrals(
    conn: &mut DbConnection,
    setting: &Setting,
    about: &About,
) -> Result<HashMap<ContactReferralId, HeldReferral>, AppError> {
    if about.referrals.is_empty() {
        return Ok(HashMap::new());
    }
    let mut rows: Vec<ContactReferral> = outreach_referrals::table
        .filter(outreach_referrals::id.eq_any(&about.referrals))
        .select(ContactReferral::as_select())
        .load(conn)?;
    rows.retain(|row| row.group_id == setting.hand.group);
    let held = |row: ContactReferral| (row.id, HeldReferral { row, message: None, state: ReferralState::AsStored });
    Ok(rows.into_iter().map(held).collect())
}

fn stored_moves(conn: &mut DbConnection, about: &About) -> Result<HashSet<OutreachRecordId>, AppError> {
    if about.stock.is_empty() {
        return Ok(HashSet::new());
    }
    let stored = outreach_stock_moves::table.filter(outreach_stock_moves::id.eq_any(&about.stock));
    Ok(stored.select(outreach_stock_moves::id).load(conn)?.into_iter().collect())
}
