//! Anonymised statistics: the only road on which anything about persons reaches a
//! supervisor. Tables of closed years are protected once, then frozen.

#[cfg(test)]
mod attacker;
mod chain;
pub mod counts;
pub mod geography;
pub mod hiding;
mod protection;
mod releases;
pub mod routes;
pub mod star;

pub use chain::{ReleaseFinding, verify_releases};
pub use releases::{numbers_for, release_closed_years};
