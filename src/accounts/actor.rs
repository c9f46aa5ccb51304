//! Who is calling: a verified token, then the account as it stands in the
//! request's own transaction.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use diesel::prelude::*;

use super::model::AccountState;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::schema::{account_grants, accounts, login_sessions};
use crate::db::types::{AccountId, Instant, LoginSessionId, OrganisationId};
use crate::error::AppError;
use crate::grants::{Action, HeldRole, Role, Scope};

/// A caller whose token is genuine and not expired. What the caller may do is
/// not known before [`Actor::load`] has read the account.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The account the token names.
    pub account: AccountId,
    /// The login session the token belongs to.
    pub session: LoginSessionId,
}

impl FromRequest for Caller {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(verify(request).ok_or(AppError::Unauthenticated))
    }
}

fn verify(request: &HttpRequest) -> Option<Caller> {
    let app = request.app_data::<web::Data<App>>()?;
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    app.tokens.verify(token, app.clock.now())
}

/// Taken by routes that need no login, so that its absence is a decision.
#[derive(Debug, Clone, Copy)]
pub struct Public;

impl FromRequest for Public {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

/// An account in use, with the roles it holds at this moment.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// The login session.
    pub session: LoginSessionId,
    /// The roles.
    pub roles: Vec<HeldRole>,
    /// When the request is handled.
    pub now: Instant,
}

type GrantRow = (AccountState, Option<Instant>, Instant, Option<Role>, Option<OrganisationId>, Option<String>);

impl Actor {
    /// Reads account, session and roles in the caller's transaction.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the session has ended or the account is not active.
    pub fn load(conn: &mut DbConnection, caller: Caller, now: Instant) -> Result<Self, AppError> {
        let live = account_grants::account_id.eq(accounts::id).and(account_grants::revoked_at.is_null());
        let rows: Vec<GrantRow> = login_sessions::table
            .inner_join(accounts::table.on(accounts::id.eq(login_sessions::account_id)))
            .left_join(account_grants::table.on(live))
            .filter(login_sessions::id.eq(caller.session))
            .filter(accounts::id.eq(caller.account))
            .select((
                accounts::state,
                login_sessions::ended_at,
                login_sessions::expires_at,
                account_grants::role.nullable(),
                account_grants::organisation_id.nullable(),
                account_grants::admin_unit_code.nullable(),
            ))
            .load(conn)?;
        let usable = rows.first().is_some_and(|(state, ended, expires, ..)| {
            *state == AccountState::Active && ended.is_none() && now < *expires
        });
        if !usable {
            return Err(AppError::Unauthenticated);
        }
        let roles = rows
            .into_iter()
            .filter_map(|(_, _, _, role, organisation, admin_unit)| {
                role.map(|role| HeldRole { role, organisation, admin_unit })
            })
            .collect();
        Ok(Self { account: caller.account, session: caller.session, roles, now })
    }

    /// The rows this actor may reach with `action`.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when no role of the actor gives the action.
    pub fn scope(&self, action: Action) -> Result<Scope, AppError> {
        Scope::of(self.account, &self.roles, action)
    }
}
