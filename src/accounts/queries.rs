//! Reading accounts. Accounts have no row scope: an action on them reaches all or none.

use diesel::prelude::*;

use super::model::{Account, AccountGrant, AccountState};
use crate::db::DbConnection;
use crate::db::schema::{account_grants, accounts};
use crate::db::types::AccountId;
use crate::error::AppError;
use crate::grants::Role;

pub(super) fn by_username_unscoped(conn: &mut DbConnection, name: &str) -> Result<Option<Account>, AppError> {
    let query = accounts::table.filter(accounts::username.eq(name)).select(Account::as_select());
    Ok(query.first(conn).optional()?)
}

pub(super) fn by_id_unscoped(conn: &mut DbConnection, id: AccountId) -> Result<Option<Account>, AppError> {
    Ok(accounts::table.find(id).select(Account::as_select()).first(conn).optional()?)
}

/// The name that colleagues of an account read.
///
/// # Errors
/// [`AppError::NotFound`]; the engine's own.
pub fn display_name(conn: &mut DbConnection, id: AccountId) -> Result<String, AppError> {
    Ok(accounts::table.find(id).select(accounts::display_name).first(conn)?)
}

pub(super) fn page_unscoped(
    conn: &mut DbConnection,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Account>, AppError> {
    let mut query = accounts::table.select(Account::as_select()).order(accounts::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(accounts::id.gt(after));
    }
    Ok(query.load(conn)?)
}

pub(super) fn live_grants_unscoped(conn: &mut DbConnection, of: &[AccountId]) -> Result<Vec<AccountGrant>, AppError> {
    Ok(account_grants::table
        .filter(account_grants::account_id.eq_any(of))
        .filter(account_grants::revoked_at.is_null())
        .order((account_grants::account_id, account_grants::granted_at, account_grants::id))
        .select(AccountGrant::as_select())
        .load(conn)?)
}

/// Active accounts that hold a role.
pub(super) fn active_holders_unscoped(conn: &mut DbConnection, role: Role) -> Result<Vec<AccountId>, AppError> {
    Ok(account_grants::table
        .inner_join(accounts::table.on(accounts::id.eq(account_grants::account_id)))
        .filter(account_grants::role.eq(role))
        .filter(account_grants::revoked_at.is_null())
        .filter(accounts::state.eq(AccountState::Active))
        .select(accounts::id)
        .distinct()
        .load(conn)?)
}
