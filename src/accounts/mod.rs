//! Accounts, logins and sessions.

mod actor;
mod guesses;
mod login;
pub mod model;
pub mod passwords;
mod queries;
pub mod routes;
pub mod rules;
pub mod setup;
mod stepping_up;
pub mod tokens;

pub use actor::{Actor, Caller, Public};
pub use guesses::forget_before as forget_guesses_before;
pub use login::open_session;
pub use model::AccountState;
pub use queries::display_name;
pub use setup::create_admin_now;
pub use stepping_up::prove;
