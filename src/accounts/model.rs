//! Rows and words of accounts.

use diesel::prelude::*;

use crate::db::schema::{account_grants, accounts, login_sessions};
use crate::db::types::{AccountId, GrantId, Instant, LoginSessionId, OrganisationId, text_enum};
use crate::grants::Role;

text_enum! {
    /// Whether an account may be used.
    AccountState {
        /// Made, but its holder has set no password yet.
        Invited = "invited",
        /// In use.
        Active = "active",
        /// Closed for a while; may be opened again.
        Suspended = "suspended",
        /// Closed for good.
        Revoked = "revoked",
    }
}

impl AccountState {
    /// Whether an account in this state may be put into that one.
    pub fn may_become(self, next: Self) -> bool {
        use AccountState::{Active, Invited, Revoked, Suspended};
        matches!((self, next), (Active, Suspended) | (Suspended, Active) | (Invited | Active | Suspended, Revoked))
    }
}

text_enum! {
    /// Why a login session ended.
    EndReason {
        /// The holder logged out.
        Logout = "logout",
        /// A refresh token was used a second time: somebody else has a copy.
        Reuse = "reuse",
        /// The account was suspended, revoked or got another password.
        Account = "account",
    }
}

/// An account.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Login name, lower case.
    pub username: String,
    /// Name that colleagues read.
    pub display_name: String,
    /// Argon2id in PHC form; none while invited.
    pub password_hash: Option<String>,
    /// State.
    pub state: AccountState,
    /// When it was made.
    pub created_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// One scoped grant of an account.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_grants, treat_none_as_default_value = false)]
pub struct AccountGrant {
    /// Id.
    pub id: GrantId,
    /// Whose.
    pub account_id: AccountId,
    /// Role.
    pub role: Role,
    /// Organisation it is bound to.
    pub organisation_id: Option<OrganisationId>,
    /// Administrative unit it is bound to.
    pub admin_unit_code: Option<String>,
    /// Since when.
    pub granted_at: Instant,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
}

/// A login on one device. Its refresh tokens are derived from `nonce` and `generation`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = login_sessions, treat_none_as_default_value = false)]
pub struct LoginSession {
    /// Id, also the family of its refresh tokens.
    pub id: LoginSessionId,
    /// Whose.
    pub account_id: AccountId,
    /// Random part of the family's tokens.
    pub nonce: Vec<u8>,
    /// MAC of the address the login came from; makes it a known peer.
    pub peer_mac: Vec<u8>,
    /// Number of the refresh token now valid.
    pub generation: i32,
    /// When that one was issued.
    pub rotated_at: Instant,
    /// When the password was given.
    pub created_at: Instant,
    /// When the session ends whatever happens.
    pub expires_at: Instant,
    /// When it was ended.
    pub ended_at: Option<Instant>,
    /// Why.
    pub end_reason: Option<EndReason>,
}

/// Display name of the first administrator until it is changed.
pub const FIRST_ADMINISTRATOR: &str = "Quản trị viên";

/// An account as it enters the database; active when it has a password.
pub fn new_account(id: AccountId, username: &str, display_name: &str, hash: Option<String>, now: Instant) -> Account {
    let state = if hash.is_some() { AccountState::Active } else { AccountState::Invited };
    Account {
        id,
        username: username.trim().to_lowercase(),
        display_name: display_name.trim().to_owned(),
        password_hash: hash,
        state,
        created_at: now,
        version: 1,
    }
}
