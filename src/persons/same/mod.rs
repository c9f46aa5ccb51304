//! Two records, one person? Who might be, what was decided, and who counts as one.
//!
//! A merge is a link: no record moves, so a split restores everything as it was. What people
//! decided are pairs; who is one person follows from the pairs that stand.

mod candidates;
mod groups;
pub mod model;
pub mod routes;
pub mod rules;

pub use groups::{everyone, roots};
