//! Logging in, staying logged in, logging out.

use chrono::TimeDelta;
use diesel::prelude::*;
use secrecy::SecretString;

use super::guesses;
use super::model::{AccountState, EndReason, LoginSession};
use super::tokens::{ACCESS_SECONDS, RefreshToken, session_end};
use super::{Actor, Caller, queries};
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, record};
use crate::db::DbConnection;
use crate::db::schema::login_sessions;
use crate::db::types::{AccountId, Instant, LoginSessionId};
use crate::error::AppError;

/// Seconds within which a repeated refresh gets the same successor (the reply may have been lost).
const RETRY_SECONDS: i64 = 10;
/// A session not refreshed for so long is over.
const IDLE_MINUTES: i64 = 60;

/// What a login or a refresh gives.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct TokenPair {
    /// Send as `Authorization: Bearer …`.
    pub access_token: String,
    /// Good for one refresh.
    pub refresh_token: String,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
}

/// Checks name and password and opens a session.
///
/// # Errors
/// [`AppError::LoginRefused`] whatever was wrong; [`AppError::TooManyGuesses`] or
/// [`AppError::Busy`] without the password being looked at.
pub async fn login(app: &App, username: &str, password: SecretString, peer: &str) -> Result<TokenPair, AppError> {
    let name = username.trim().to_lowercase();
    let guesser = guesses::Guesser::new(&app.ring.server, &name, peer);
    let now = app.clock.now();
    let (reader, wanted) = (guesser.clone(), name.clone());
    let account = app
        .db
        .read(move |conn| {
            guesses::admit(conn, &reader, &wanted, now)?;
            queries::by_username_unscoped(conn, &wanted)
        })
        .await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = app.passwords.verify(password, hash).await?;
    let usable = account.filter(|account| right && account.state == AccountState::Active);
    let Some(account) = usable else {
        // A wrong password counts; a right one for a closed account is refused alike, and counts too.
        app.db.write(move |conn| guesses::count(conn, &guesser, now)).await?;
        return Err(AppError::LoginRefused);
    };
    open_session(app, account.id, peer).await
}

/// Opens a session for an account whose holder has just proven who they are.
///
/// # Errors
/// [`AppError::LoginRefused`] when the account was closed meanwhile.
pub async fn open_session(app: &App, account: AccountId, peer: &str) -> Result<TokenPair, AppError> {
    let now = app.clock.now();
    let session = LoginSession {
        id: LoginSessionId(app.random.uuid()),
        account_id: account,
        nonce: app.random.bytes::<16>().to_vec(),
        peer_mac: guesses::peer_mac(&app.ring.server, peer),
        generation: 1,
        rotated_at: now,
        created_at: now,
        expires_at: session_end(now),
        ended_at: None,
        end_reason: None,
    };
    let (row, trail) = (session.clone(), app.trail.clone());
    app.db
        .write(move |conn| {
            let account = queries::by_id_unscoped(conn, account)?.ok_or(AppError::LoginRefused)?;
            if account.state != AccountState::Active {
                return Err(AppError::LoginRefused);
            }
            diesel::insert_into(login_sessions::table).values(&row).execute(conn)?;
            let subject = Subject::new(SubjectKind::Account, account.id.0);
            record(conn, &trail, subject, Some(account.id), TrailAction::Login, &[], now)
        })
        .await?;
    pair(app, &session, now)
}

/// Exchanges a refresh token for its successor. A token used again after the time
/// for a retry ends the session: two people hold it.
///
/// # Errors
/// [`AppError::LoginRefused`] when the token is not good.
pub async fn refresh(app: &App, token: &str) -> Result<TokenPair, AppError> {
    let presented: RefreshToken = token.parse()?;
    let now = app.clock.now();
    let (tokens, trail) = (app.tokens.clone(), app.trail.clone());
    let session = app
        .db
        .write(move |conn| {
            let session: LoginSession = login_sessions::table
                .find(presented.session)
                .select(LoginSession::as_select())
                .first(conn)
                .optional()?
                .ok_or(AppError::LoginRefused)?;
            if !tokens.is_refresh(&presented, &session) {
                return Err(AppError::LoginRefused);
            }
            let account = queries::by_id_unscoped(conn, session.account_id)?.ok_or(AppError::LoginRefused)?;
            let idle_end = session.rotated_at.plus(TimeDelta::minutes(IDLE_MINUTES));
            let over = session.ended_at.is_some() || now >= session.expires_at || now >= idle_end;
            if over || account.state != AccountState::Active {
                return Err(AppError::LoginRefused);
            }
            match rotation(&session, presented.generation, now) {
                Rotation::Next => rotate(conn, session, now).map(Some),
                Rotation::Retry => Ok(Some(session)),
                Rotation::Reuse => {
                    end(conn, session.id, EndReason::Reuse, now)?;
                    let subject = Subject::new(SubjectKind::Account, session.account_id.0);
                    record(conn, &trail, subject, None, TrailAction::SessionsEnd, &["reuse"], now)?;
                    Ok(None)
                }
            }
        })
        .await?
        .ok_or(AppError::LoginRefused)?;
    pair(app, &session, now)
}

enum Rotation {
    Next,
    Retry,
    Reuse,
}

fn rotation(session: &LoginSession, presented: i32, now: Instant) -> Rotation {
    let retry_end = session.rotated_at.plus(TimeDelta::seconds(RETRY_SECONDS));
    if presented == session.generation {
        Rotation::Next
    } else if presented == session.generation - 1 && now < retry_end {
        Rotation::Retry
    } else {
        Rotation::Reuse
    }
}

fn rotate(conn: &mut DbConnection, mut session: LoginSession, now: Instant) -> Result<LoginSession, AppError> {
    session.generation += 1;
    session.rotated_at = now;
    diesel::update(login_sessions::table.find(session.id))
        .set((login_sessions::generation.eq(session.generation), login_sessions::rotated_at.eq(now)))
        .execute(conn)?;
    Ok(session)
}

fn end(conn: &mut DbConnection, id: LoginSessionId, reason: EndReason, now: Instant) -> Result<(), AppError> {
    diesel::update(login_sessions::table.find(id).filter(login_sessions::ended_at.is_null()))
        .set((login_sessions::ended_at.eq(now), login_sessions::end_reason.eq(reason)))
        .execute(conn)?;
    Ok(())
}

/// Ends the caller's session; its tokens are worth nothing from then on.
///
/// # Errors
/// When the session is over already.
pub async fn logout(app: &App, caller: Caller) -> Result<(), AppError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let actor = Actor::load(conn, caller, now)?;
            end(conn, actor.session, EndReason::Logout, now)
        })
        .await
}

/// Ends all sessions of an account, in the transaction of whatever closed it.
///
/// # Errors
/// The engine's own.
pub fn end_all(conn: &mut DbConnection, account: AccountId, now: Instant) -> Result<(), AppError> {
    let open =
        login_sessions::table.filter(login_sessions::account_id.eq(account)).filter(login_sessions::ended_at.is_null());
    diesel::update(open)
        .set((login_sessions::ended_at.eq(now), login_sessions::end_reason.eq(EndReason::Account)))
        .execute(conn)?;
    Ok(())
}

fn pair(app: &App, session: &LoginSession, now: Instant) -> Result<TokenPair, AppError> {
    Ok(TokenPair {
        access_token: app.tokens.access(session.account_id, session.id, now)?,
        refresh_token: app.tokens.refresh(session, session.generation),
        expires_in: ACCESS_SECONDS,
    })
}
