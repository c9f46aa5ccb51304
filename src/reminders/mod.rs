//! Reminders: what falls due in cases. They are computed at each reading and stored nowhere, so
//! none outlives its ground.
//!
//! A new kind is a word in [`ReminderKind`], a function in `sources` that reads what is due, and
//! its place in the list of those it speaks to (`sources::CASEWORK` …); how long ahead it shows is
//! configuration (`config/reminders.toml`).

mod model;
pub mod routes;
pub mod rules;
mod settings;
mod sources;

pub use model::{Mark, Reminder, ReminderKind};
pub use settings::{NoContactDays, ReminderDays, ReminderDaysError, Since};
