//! Registering devices; taking in, listing and refusing parcels.

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::model::{Device, Parcel, ParcelStatus};
use super::opening::Told;
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::schema::{outreach_devices, outreach_parcels};
use crate::db::types::{AccountId, Instant, OrganisationId, OutreachParcelId};
use crate::db::{DbConnection, met_one_row};
use crate::error::{AppError, Conflict};
use crate::grants::Action;
use crate::outreach::groups::rules::find_for;

/// Parcels of one phone and leader whose bytes are kept at the same time.
pub const KEPT: i64 = 500;

/// Registers a phone for the work of a group that the actor leads. Once registered, it stays so.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn register(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, device: &Device) -> Result<(), AppError> {
    find_for(conn, actor, Action::OutreachWrite, device.group_id)?;
    if is_registered(conn, device)? {
        return Ok(());
    }
    diesel::insert_into(outreach_devices::table).values(device).execute(conn)?;
    let group = Subject::new(SubjectKind::PeerGroup, device.group_id.0);
    record(conn, trail, group, Some(actor.account), TrailAction::DeviceRegister, &["devices"], actor.now)
}

fn is_registered(conn: &mut DbConnection, device: &Device) -> Result<bool, AppError> {
    let row = outreach_devices::table.find((device.device_id, device.account_id, device.group_id));
    Ok(diesel::select(exists(row)).get_result(conn)?)
}

/// Whether a parcel is here already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is, or was, and what it held was done.
    Known,
    /// It is not.
    New,
}

/// Whether a parcel with this digest came from this device before. A device that is not registered is refused.
///
/// # Errors
/// [`Conflict::ParcelRefused`].
pub fn arrival(conn: &mut DbConnection, device: &Device, digest: &[u8]) -> Result<Arrival, AppError> {
    if !is_registered(conn, device)? {
        return Err(AppError::Conflict(Conflict::ParcelRefused));
    }
    let same = outreach_parcels::table
        .filter(outreach_parcels::device_id.eq(device.device_id))
        .filter(outreach_parcels::account_id.eq(device.account_id))
        .filter(outreach_parcels::group_id.eq(device.group_id))
        .filter(outreach_parcels::digest.eq(digest));
    let known = diesel::select(exists(same)).get_result(conn)?;
    Ok(if known { Arrival::Known } else { Arrival::New })
}

/// A parcel that opened, as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Id it is given.
    pub id: OutreachParcelId,
    /// From where; `registered_at` is not looked at.
    pub device: Device,
    /// SHA-256 of its bytes.
    pub digest: Vec<u8>,
    /// Its bytes, sealed.
    pub parcel: Vec<u8>,
    /// What may be told of it.
    pub told: Told,
}

/// Takes a parcel into quarantine. One that is here already is not taken again.
///
/// # Errors
/// [`Conflict::ParcelRefused`] from a device that is not registered; [`Conflict::TooManyParcels`].
pub fn take_in(conn: &mut DbConnection, trail: &TrailKey, arrived: &Arrived, now: Instant) -> Result<(), AppError> {
    let Arrived { id, device, digest, parcel, told } = arrived;
    if arrival(conn, device, digest)? == Arrival::Known {
        return Ok(());
    }
    let kept: i64 = outreach_parcels::table
        .filter(outreach_parcels::device_id.eq(device.device_id))
        .filter(outreach_parcels::account_id.eq(device.account_id))
        .filter(outreach_parcels::parcel.is_not_null())
        .select(count_star())
        .first(conn)?;
    if kept >= KEPT {
        return Err(AppError::Conflict(Conflict::TooManyParcels));
    }
    let row = Parcel {
        id: *id,
        group_id: device.group_id,
        account_id: device.account_id,
        device_id: device.device_id,
        operations: told.operations,
        told_from: told.from,
        told_to: told.to,
        received_at: now,
        status: ParcelStatus::Waiting,
        settled_at: None,
        decided_at: None,
        decided_by: None,
        applied: 0,
        already_applied: 0,
        conflicted: 0,
        refused: 0,
        waiting: 0,
        version: 1,
    };
    diesel::insert_into(outreach_parcels::table)
        .values((&row, outreach_parcels::digest.eq(digest), outreach_parcels::parcel.eq(parcel)))
        .execute(conn)?;
    note(conn, trail, *id, None, TrailAction::Create, now)
}

/// Reads a page of the parcels of a group, the oldest first, one more than `limit`; with `open`, those in which
/// something waits.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    (group, open): (OrganisationId, bool),
    after: Option<(Instant, OutreachParcelId)>,
    limit: i64,
) -> Result<Vec<Parcel>, AppError> {
    actor.scope(Action::OutreachParcelRead)?;
    find_for(conn, actor, Action::OutreachParcelRead, group)?;
    let mut query = outreach_parcels::table
        .filter(outreach_parcels::group_id.eq(group))
        .order((outreach_parcels::received_at, outreach_parcels::id))
        .limit(limit + 1)
        .select(Parcel::as_select())
        .into_boxed();
    if open {
        query = query.filter(outreach_parcels::settled_at.is_null());
    }
    if let Some((at, id)) = after {
        let later = outreach_parcels::received_at.gt(at);
        query = query.filter(later.or(outreach_parcels::received_at.eq(at).and(outreach_parcels::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// A parcel, and its version as the one who decides saw it.
pub type Asked = (OutreachParcelId, i32);

/// The parcel that is to be decided about.
///
/// # Errors
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub(super) fn find(conn: &mut DbConnection, actor: &Actor, (id, expected): Asked) -> Result<Parcel, AppError> {
    actor.scope(Action::OutreachParcelDecide)?;
    let row: Parcel = outreach_parcels::table.find(id).select(Parcel::as_select()).first(conn)?;
    find_for(conn, actor, Action::OutreachParcelDecide, row.group_id)?;
    check_version(conn, Subject::new(SubjectKind::OutreachParcel, id.0), row.version, expected)?;
    Ok(row)
}

/// Refuses a parcel, or what still waits of one that was accepted. It is kept, and may be accepted later.
///
/// # Errors
/// [`Conflict::ParcelDecided`] when nothing waits in it; [`AppError::VersionStale`]; [`AppError::NotFound`];
/// [`AppError::Forbidden`].
pub fn refuse(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, asked: Asked) -> Result<Parcel, AppError> {
    let mut row = find(conn, actor, asked)?;
    if row.settled_at.is_some() {
        return Err(AppError::Conflict(Conflict::ParcelDecided));
    }
    row.settled_at = Some(actor.now);
    decide(conn, actor, trail, row, ParcelStatus::Refused)
}

/// Stores what was decided about a parcel as its next version.
pub(super) fn decide(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    mut row: Parcel,
    status: ParcelStatus,
) -> Result<Parcel, AppError> {
    row.status = status;
    row.decided_at = Some(actor.now);
    row.decided_by = Some(actor.account);
    let stored = outreach_parcels::table.find(row.id).filter(outreach_parcels::version.eq(row.version));
    row.version += 1;
    met_one_row(diesel::update(stored).set(&row).execute(conn)?)?;
    note(conn, trail, row.id, Some(actor.account), TrailAction::Transition, actor.now)?;
    Ok(row)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    id: OutreachParcelId,
    account: Option<AccountId>,
    action: TrailAction,
    now: Instant,
) -> Result<(), AppError> {
    let fields: &[&str] = if action == TrailAction::Create { &["parcel"] } else { &["status"] };
    record(conn, trail, Subject::new(SubjectKind::OutreachParcel, id.0), account, action, fields, now)
}
