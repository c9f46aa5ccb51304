//! Groups: registering, changing, reading. [`places`] holds where they work, [`members`] how many they are.

use diesel::prelude::*;

use super::model::{GroupKind, PeerGroup, PeerGroupView};
use crate::accounts::{AccountState, Actor};
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::schema::{account_grants, accounts, organisations, peer_groups};
use crate::db::types::{AccountId, OrganisationId};
use crate::db::{DbConnection, lost_race};
use crate::error::{AppError, Conflict, FieldError, Rule};
use crate::grants::predicates::groups_within;
use crate::grants::{Action, Role};
use crate::organisations::{self as register, OrganisationKind};

pub mod members;
pub mod places;

/// Which groups a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<GroupKind>,
    /// Supported by this centre.
    pub supported_by: Option<OrganisationId>,
}

/// A group with name and seat of its organisation.
pub type GroupRow = (PeerGroup, String, String);

/// Reads a page of groups ordered by id, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    filter: Filter,
    after: Option<OrganisationId>,
    limit: i64,
) -> Result<Vec<GroupRow>, AppError> {
    let scope = actor.scope(Action::PeerGroupRead)?;
    let mut query = peer_groups::table
        .inner_join(organisations::table.on(organisations::id.eq(peer_groups::id)))
        .select((PeerGroup::as_select(), organisations::name, organisations::admin_unit_code))
        .order(peer_groups::id)
        .limit(limit + 1)
        .into_boxed();
    if !scope.everywhere {
        query = query.filter(groups_within(&scope));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(peer_groups::kind.eq(kind));
    }
    if let Some(centre) = filter.supported_by {
        query = query.filter(peer_groups::supported_by_id.eq(centre));
    }
    if let Some(after) = after {
        query = query.filter(peer_groups::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// What is read of these groups, in their order.
///
/// # Errors
/// The engine's own.
pub fn views(conn: &mut DbConnection, rows: &[GroupRow]) -> Result<Vec<PeerGroupView>, AppError> {
    let ids: Vec<OrganisationId> = rows.iter().map(|(group, ..)| group.id).collect();
    let mut places = places::of(conn, &ids)?;
    let mut newest = members::newest(conn, &ids)?;
    let view = |(group, name, seat): &GroupRow| PeerGroupView {
        id: group.id,
        name: name.clone(),
        kind: group.kind,
        admin_unit_code: seat.clone(),
        supported_by_id: group.supported_by_id,
        places: places.remove(&group.id).unwrap_or_default().into_iter().map(Into::into).collect(),
        members: newest.remove(&group.id).map(Into::into),
    };
    Ok(rows.iter().map(view).collect())
}

/// Reads one group, and its version.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: OrganisationId) -> Result<(PeerGroupView, i32), AppError> {
    let group = find_for(conn, actor, Action::PeerGroupRead, id)?;
    let organisation = register::rules::find(conn, id)?.ok_or(AppError::NotFound)?;
    let version = group.version;
    let view = views(conn, &[(group, organisation.name, organisation.admin_unit_code)])?.pop();
    view.map(|view| (view, version)).ok_or(AppError::NotFound)
}

/// 404 when the group cannot be seen; 403 when it can but `action` does not reach it.
pub(in crate::outreach) fn find_for(
    conn: &mut DbConnection,
    actor: &Actor,
    action: Action,
    id: OrganisationId,
) -> Result<PeerGroup, AppError> {
    let scope = actor.scope(Action::PeerGroupRead)?;
    let found = peer_groups::table.filter(peer_groups::id.eq(id)).select(PeerGroup::as_select());
    let group: PeerGroup =
        if scope.everywhere { found.first(conn)? } else { found.filter(groups_within(&scope)).first(conn)? };
    let allowed = actor.scope(action)?;
    if allowed.everywhere || allowed.supported.contains(group.supported_by_id) || allowed.organisations.contains(id) {
        Ok(group)
    } else {
        Err(AppError::Forbidden)
    }
}

/// Registers an organisation as a group that a centre supports.
///
/// # Errors
/// Field errors; [`Conflict::GroupRegistered`]; [`AppError::Forbidden`] without the right.
pub fn create(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, group: &PeerGroup) -> Result<(), AppError> {
    if !actor.scope(Action::PeerGroupWrite)?.everywhere {
        return Err(AppError::Forbidden);
    }
    let organisation = register::rules::find(conn, group.id)?;
    let mut broken: Vec<FieldError> = wrong_centre(conn, actor, group.supported_by_id)?.into_iter().collect();
    if organisation.is_none_or(|organisation| organisation.kind != OrganisationKind::PeerGroup) {
        broken.push(FieldError::new("organisation_id", Rule::NoSuchReference));
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    if diesel::select(diesel::dsl::exists(peer_groups::table.find(group.id))).get_result(conn)? {
        return Err(AppError::Conflict(Conflict::GroupRegistered));
    }
    diesel::insert_into(peer_groups::table).values(group).execute(conn)?;
    note(conn, trail, actor, group.id, TrailAction::Create, &["kind", "supported_by_id"])
}

/// Centres that run cases support groups, as long as they work.
fn wrong_centre(
    conn: &mut DbConnection,
    actor: &Actor,
    centre: OrganisationId,
) -> Result<Option<FieldError>, AppError> {
    let found = register::rules::find(conn, centre)?;
    let supports = found.is_some_and(|centre| centre.kind.runs_cases() && centre.is_open_on(actor.now.civil_date()));
    Ok((!supports).then(|| FieldError::new("supported_by_id", Rule::NoSuchReference)))
}

/// What is to be changed of a group; what is none stays.
#[derive(Debug, Clone, Copy)]
pub struct GroupChange {
    /// Kind.
    pub kind: Option<GroupKind>,
    /// Centre that supports it: an administrator's to change.
    pub supported_by: Option<OrganisationId>,
}

/// Changes kind or centre of a group.
///
/// # Errors
/// Field errors; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn update(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (id, expected): (OrganisationId, i32),
    change: GroupChange,
) -> Result<(PeerGroupView, i32), AppError> {
    let mut group = begin(conn, actor, id, expected)?;
    let mut fields = Vec::new();
    if let Some(kind) = change.kind.filter(|kind| *kind != group.kind) {
        group.kind = kind;
        fields.push("kind");
    }
    if let Some(centre) = change.supported_by.filter(|centre| *centre != group.supported_by_id) {
        if !actor.scope(Action::PeerGroupWrite)?.everywhere {
            return Err(AppError::Forbidden);
        }
        if let Some(broken) = wrong_centre(conn, actor, centre)? {
            return Err(AppError::Invalid(vec![broken]));
        }
        group.supported_by_id = centre;
        fields.push("supported_by_id");
    }
    finish(conn, actor, trail, group, &fields)
}

/// The group to be changed, when it is still as its editor saw it.
fn begin(conn: &mut DbConnection, actor: &Actor, id: OrganisationId, expected: i32) -> Result<PeerGroup, AppError> {
    let group = find_for(conn, actor, Action::PeerGroupWrite, id)?;
    check_version(conn, Subject::new(SubjectKind::PeerGroup, id.0), group.version, expected)?;
    Ok(group)
}

/// Stores the group as its next version, with what the trail says of the change.
fn finish(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    mut group: PeerGroup,
    fields: &[&str],
) -> Result<(PeerGroupView, i32), AppError> {
    let (id, read) = (group.id, group.version);
    group.version += 1;
    group.updated_at = actor.now;
    let row = peer_groups::table.filter(peer_groups::id.eq(id)).filter(peer_groups::version.eq(read));
    let saved = diesel::update(row)
        .set((
            peer_groups::supported_by_id.eq(group.supported_by_id),
            peer_groups::kind.eq(group.kind),
            peer_groups::updated_at.eq(group.updated_at),
            peer_groups::version.eq(group.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)?;
    note(conn, trail, actor, id, TrailAction::Update, fields)?;
    self::read(conn, actor, id)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    id: OrganisationId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::PeerGroup, id.0), Some(actor.account), action, fields, actor.now)
}

/// A group that `action` reaches: 403 for whoever has no such right at all, else as [`find_for`].
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub(in crate::outreach) fn reached(
    conn: &mut DbConnection,
    actor: &Actor,
    action: Action,
    id: OrganisationId,
) -> Result<PeerGroup, AppError> {
    actor.scope(action)?;
    find_for(conn, actor, action, id)
}

/// Accounts that lead the group at this moment.
///
/// # Errors
/// The engine's own.
pub(in crate::outreach) fn leaders(conn: &mut DbConnection, id: OrganisationId) -> Result<Vec<AccountId>, AppError> {
    let held = account_grants::table
        .inner_join(accounts::table.on(accounts::id.eq(account_grants::account_id)))
        .filter(account_grants::organisation_id.eq(id))
        .filter(account_grants::role.eq(Role::PeerLeader))
        .filter(account_grants::revoked_at.is_null())
        .filter(accounts::state.eq(AccountState::Active));
    Ok(held.select(account_grants::account_id).load(conn)?)
}

/// Takes the next `number` places in the count of changes of a group; the first of them.
///
/// # Errors
/// The engine's own; a lost race, which the door tries again.
pub(in crate::outreach) fn advance(
    conn: &mut DbConnection,
    id: OrganisationId,
    number: usize,
) -> Result<i64, AppError> {
    let last: i64 = peer_groups::table.find(id).select(peer_groups::change_seq).first(conn)?;
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let row = peer_groups::table.find(id).filter(peer_groups::change_seq.eq(last));
    if diesel::update(row).set(peer_groups::change_seq.eq(last + number)).execute(conn)? != 1 {
        return Err(lost_race().into());
    }
    Ok(last + 1)
}
