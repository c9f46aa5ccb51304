//! Anonymised statistics: the only road on which anything about persons reaches a
//! supervisor. Tables of closed years are protected once, then frozen.

mod chain;
mod protection;
mod releases;
pub mod routes;

pub use chain::{ReleaseFinding, verify_releases};
pub use releases::{numbers_for, release_closed_years};
