//! Asking for the password once more, before what nobody should do with a session somebody left open.

use secrecy::SecretString;

use super::guesses::{self, Guesser};
use super::{Actor, Caller, queries};
use crate::app::App;
use crate::db::DbConnection;
use crate::error::{AppError, Conflict, ReturnRefusal};

/// Checks the password of the caller, who `may` do what it is asked for. A wrong one counts as a guess, as at login.
/// The password is looked at outside every transaction.
///
/// # Errors
/// What `may` returns; [`ReturnRefusal::WrongPassword`]; [`AppError::TooManyGuesses`] or [`AppError::Busy`] without the
/// password being looked at.
pub async fn prove<F>(app: &App, caller: Caller, password: SecretString, peer: &str, may: F) -> Result<(), AppError>
where
    F: FnOnce(&mut DbConnection, &Actor) -> Result<(), AppError> + Send + 'static,
{
    let now = app.clock.now();
    let (key, peer) = (app.ring.server.clone(), peer.to_owned());
    let (guesser, hash) = app
        .read(caller, move |conn, actor| {
            may(conn, actor)?;
            let account = queries::by_id_unscoped(conn, actor.account)?.ok_or(AppError::Unauthenticated)?;
            let guesser = Guesser::new(&key, &account.username, &peer);
            guesses::admit(conn, &guesser, &account.username, now)?;
            Ok((guesser, account.password_hash))
        })
        .await?;
    if app.passwords.verify(password, hash).await? {
        return Ok(());
    }
    app.db.write(move |conn| guesses::count(conn, &guesser, now)).await?;
    // Not 401, which clients answer by a new token and the same request once more.
    Err(AppError::Conflict(Conflict::Return(ReturnRefusal::WrongPassword)))
}
