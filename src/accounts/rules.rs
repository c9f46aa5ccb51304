//! Making, granting, suspending accounts.

use chrono::TimeDelta;
use diesel::prelude::*;
use secrecy::SecretString;

use super::model::{Account, AccountGrant, AccountState};
use super::{Actor, login, queries};
use crate::admin_units::AdminUnits;
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::schema::{account_grants, account_invitations, accounts};
use crate::db::types::{AccountId, GrantId, Instant, OrganisationId};
use crate::db::{DbConnection, is_unique_violation};
use crate::error::{AppError, Conflict, FitsWith, Rule};
use crate::grants::{Action, Role, Slots};
use crate::organisations;
use crate::text::hex;
use crate::vault::ServerKey;

/// Hours for which an invitation is good.
pub const INVITATION_HOURS: i64 = 72;

/// A grant as it is asked for.
#[derive(Debug, Clone)]
pub struct GrantWish {
    /// Role.
    pub role: Role,
    /// Organisation, where the role needs one.
    pub organisation: Option<OrganisationId>,
    /// Administrative unit, where the role needs one.
    pub admin_unit: Option<String>,
}

/// An account with its live grants.
#[derive(Debug, Clone)]
pub struct AccountWithGrants {
    /// The account.
    pub account: Account,
    /// Its live grants.
    pub grants: Vec<AccountGrant>,
}

/// Reads one account.
///
/// # Errors
/// [`AppError::NotFound`], or [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: AccountId) -> Result<AccountWithGrants, AppError> {
    actor.scope(Action::AccountRead)?;
    with_grants(conn, id)
}

fn with_grants(conn: &mut DbConnection, id: AccountId) -> Result<AccountWithGrants, AppError> {
    let account = queries::by_id_unscoped(conn, id)?.ok_or(AppError::NotFound)?;
    let grants = queries::live_grants_unscoped(conn, &[id])?;
    Ok(AccountWithGrants { account, grants })
}

/// Reads a page of accounts, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountWithGrants>, AppError> {
    actor.scope(Action::AccountRead)?;
    let accounts = queries::page_unscoped(conn, after, limit + 1)?;
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let mut grants = queries::live_grants_unscoped(conn, &ids)?;
    Ok(accounts
        .into_iter()
        .map(|account| {
            let own = grants.extract_if(.., |grant| grant.account_id == account.id).collect();
            AccountWithGrants { account, grants: own }
        })
        .collect())
}

/// Makes an account that its holder opens with the invitation's secret.
///
/// # Errors
/// [`Conflict::NameTaken`]; [`AppError::Forbidden`] without the right.
pub fn invite(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    account: &Account,
    secret_mac: &[u8],
) -> Result<(), AppError> {
    actor.scope(Action::AccountWrite)?;
    insert_account(conn, account)?;
    diesel::insert_into(account_invitations::table)
        .values((
            account_invitations::account_id.eq(account.id),
            account_invitations::secret_mac.eq(secret_mac),
            account_invitations::expires_at.eq(actor.now.plus(TimeDelta::hours(INVITATION_HOURS))),
        ))
        .execute(conn)?;
    note(conn, trail, account.id, Some(actor.account), TrailAction::Create, &["username", "display_name"], actor.now)
}

/// Inserts an account row; also for the demo and the first administrator.
///
/// # Errors
/// [`Conflict::NameTaken`].
pub fn insert_account(conn: &mut DbConnection, account: &Account) -> Result<(), AppError> {
    match diesel::insert_into(accounts::table).values(account).execute(conn) {
        Err(error) if is_unique_violation(&error) => Err(AppError::Conflict(Conflict::NameTaken)),
        inserted => Ok(inserted.map(drop)?),
    }
}

/// Opens an invited account with the secret and the holder's own password.
///
/// # Errors
/// [`AppError::LoginRefused`] whatever was wrong with name or secret.
pub async fn accept_invitation(
    app: &App,
    username: &str,
    secret: &str,
    password: SecretString,
    peer: &str,
) -> Result<login::TokenPair, AppError> {
    let name = username.trim().to_lowercase();
    let secret_mac = app.ring.server.mac("invitation", &[name.as_bytes(), secret.as_bytes()]);
    let (now, trail) = (app.clock.now(), app.trail.clone());
    let (wanted, mac) = (name.clone(), secret_mac);
    // Hashing is dear, so strangers must not be able to ask for it.
    app.db.read(move |conn| invited(conn, &wanted, &mac, now)).await?;
    let hash = app.passwords.hash(password).await?;
    let account = app
        .db
        .write(move |conn| {
            let account = invited(conn, &name, &secret_mac, now)?;
            diesel::delete(account_invitations::table.find(account.id)).execute(conn)?;
            diesel::update(accounts::table.find(account.id))
                .set((
                    accounts::password_hash.eq(&hash),
                    accounts::state.eq(AccountState::Active),
                    accounts::version.eq(accounts::version + 1),
                ))
                .execute(conn)?;
            note(conn, &trail, account.id, Some(account.id), TrailAction::PasswordSet, &["password"], now)?;
            Ok(account.id)
        })
        .await?;
    login::open_session(app, account, peer).await
}

/// The secret of an account's invitation; nobody can work it out without the server's key.
pub fn invitation_secret(key: &ServerKey, id: AccountId) -> String {
    hex(&key.mac("invitation secret", &[id.0.as_bytes()]))
}

/// The invited account of this name, if the secret is the one it was invited with.
fn invited(conn: &mut DbConnection, name: &str, secret_mac: &[u8], now: Instant) -> Result<Account, AppError> {
    let account = queries::by_username_unscoped(conn, name)?.ok_or(AppError::LoginRefused)?;
    let invitation: Option<(Vec<u8>, Instant)> = account_invitations::table
        .find(account.id)
        .select((account_invitations::secret_mac, account_invitations::expires_at))
        .first(conn)
        .optional()?;
    let good = invitation.is_some_and(|(mac, expires)| {
        now < expires && subtle::ConstantTimeEq::ct_eq(mac.as_slice(), secret_mac).into()
    });
    if good && account.state == AccountState::Invited { Ok(account) } else { Err(AppError::LoginRefused) }
}

/// Makes the first administrator. Possible only while there is none.
///
/// # Errors
/// [`Conflict::AlreadySetUp`].
pub fn create_first_administrator(
    conn: &mut DbConnection,
    trail: &TrailKey,
    account: &Account,
    grant: GrantId,
) -> Result<(), AppError> {
    if !queries::active_holders_unscoped(conn, Role::Administrator)?.is_empty() {
        return Err(AppError::Conflict(Conflict::AlreadySetUp));
    }
    insert_account(conn, account)?;
    note(conn, trail, account.id, None, TrailAction::Create, &["username"], account.created_at)?;
    let row = AccountGrant {
        id: grant,
        account_id: account.id,
        role: Role::Administrator,
        organisation_id: None,
        admin_unit_code: None,
        granted_at: account.created_at,
        revoked_at: None,
    };
    diesel::insert_into(account_grants::table).values(&row).execute(conn)?;
    note(conn, trail, account.id, None, TrailAction::RoleGrant, &["administrator"], account.created_at)
}

/// Whether an administrator can log in.
///
/// # Errors
/// The engine's own.
pub fn has_administrator(conn: &mut DbConnection) -> Result<bool, AppError> {
    Ok(!queries::active_holders_unscoped(conn, Role::Administrator)?.is_empty())
}

/// Grants a role to an account.
///
/// # Errors
/// Field errors when the scope does not fit the role; [`Conflict::RolesExcludeEachOther`].
pub fn grant(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    trail: &TrailKey,
    account: AccountId,
    id: GrantId,
    wish: &GrantWish,
) -> Result<AccountWithGrants, AppError> {
    actor.scope(Action::AccountWrite)?;
    let held = with_grants(conn, account)?.grants;
    check_scope(conn, units, wish, actor.now)?;
    if held.iter().any(|grant| !grant.role.goes_with(wish.role)) {
        return Err(AppError::Conflict(Conflict::RolesExcludeEachOther));
    }
    let same = |grant: &AccountGrant| {
        (grant.role, grant.organisation_id, &grant.admin_unit_code) == (wish.role, wish.organisation, &wish.admin_unit)
    };
    if held.iter().any(same) {
        return Err(AppError::Conflict(Conflict::RoleHeld));
    }
    let mut organisations: Vec<OrganisationId> = held.iter().filter_map(|grant| grant.organisation_id).collect();
    organisations.extend(wish.organisation);
    organisations.sort_unstable();
    organisations.dedup();
    if organisations.len() > Slots::COUNT {
        return Err(AppError::Conflict(Conflict::TooManyOrganisations));
    }
    let row = AccountGrant {
        id,
        account_id: account,
        role: wish.role,
        organisation_id: wish.organisation,
        admin_unit_code: wish.admin_unit.clone(),
        granted_at: actor.now,
        revoked_at: None,
    };
    diesel::insert_into(account_grants::table).values(&row).execute(conn)?;
    let fields = [wish.role.as_str()];
    note(conn, trail, account, Some(actor.account), TrailAction::RoleGrant, &fields, actor.now)?;
    with_grants(conn, account)
}

fn check_scope(conn: &mut DbConnection, units: &AdminUnits, wish: &GrantWish, now: Instant) -> Result<(), AppError> {
    match (wish.role.needs_organisation(), wish.organisation) {
        (true, None) => return Err(AppError::field("organisation_id", Rule::Required)),
        (false, Some(_)) => return Err(AppError::field("organisation_id", Rule::MustFit(FitsWith::OfRole))),
        (true, Some(id)) if !organisations::rules::exists(conn, id)? => {
            return Err(AppError::field("organisation_id", Rule::NoSuchReference));
        }
        _ => {}
    }
    match (wish.role.needs_admin_unit(), &wish.admin_unit) {
        (true, None) => Err(AppError::field("admin_unit_code", Rule::Required)),
        (false, Some(_)) => Err(AppError::field("admin_unit_code", Rule::MustFit(FitsWith::OfRole))),
        (true, Some(code)) if !units.is_valid_on(code, now.civil_date()) => {
            Err(AppError::field("admin_unit_code", Rule::UnitNotValidOn))
        }
        _ => Ok(()),
    }
}

/// Takes a grant back; it ends with this transaction.
///
/// # Errors
/// [`AppError::NotFound`]; [`Conflict::LastAdministrator`].
pub fn revoke(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    account: AccountId,
    id: GrantId,
) -> Result<AccountWithGrants, AppError> {
    actor.scope(Action::AccountWrite)?;
    let held = with_grants(conn, account)?.grants;
    let grant = held.iter().find(|grant| grant.id == id).ok_or(AppError::NotFound)?;
    if grant.role == Role::Administrator {
        keep_an_administrator(conn, account)?;
    }
    diesel::update(account_grants::table.find(id)).set(account_grants::revoked_at.eq(actor.now)).execute(conn)?;
    let fields = [grant.role.as_str()];
    note(conn, trail, account, Some(actor.account), TrailAction::RoleRevoke, &fields, actor.now)?;
    with_grants(conn, account)
}

/// Suspends, reopens or closes an account; its sessions end at once.
///
/// # Errors
/// [`AppError::VersionStale`]; [`Conflict::IllegalTransition`]; [`Conflict::LastAdministrator`].
pub fn set_state(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: AccountId,
    expected: i32,
    state: AccountState,
) -> Result<AccountWithGrants, AppError> {
    actor.scope(Action::AccountWrite)?;
    let AccountWithGrants { account, grants } = with_grants(conn, id)?;
    if account.version != expected {
        return Err(AppError::VersionStale { current: account.version, changed: vec!["state".into()] });
    }
    if !account.state.may_become(state) {
        let (from, to) = (account.state.as_str(), state.as_str());
        return Err(AppError::Conflict(Conflict::IllegalTransition { from, to }));
    }
    let administers = grants.iter().any(|grant| grant.role == Role::Administrator);
    if administers && state != AccountState::Active {
        keep_an_administrator(conn, id)?;
    }
    diesel::update(accounts::table.find(id))
        .set((accounts::state.eq(state), accounts::version.eq(expected + 1)))
        .execute(conn)?;
    if state != AccountState::Active {
        login::end_all(conn, id, actor.now)?;
    }
    note(conn, trail, id, Some(actor.account), TrailAction::AccountState, &[state.as_str()], actor.now)?;
    with_grants(conn, id)
}

fn keep_an_administrator(conn: &mut DbConnection, leaving: AccountId) -> Result<(), AppError> {
    let holders = queries::active_holders_unscoped(conn, Role::Administrator)?;
    if holders.iter().all(|holder| *holder == leaving) {
        return Err(AppError::Conflict(Conflict::LastAdministrator));
    }
    Ok(())
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    account: AccountId,
    by: Option<AccountId>,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Account, account.0), by, action, fields, now)
}
