//! The trail of changes and the log of views.
//!
//! Each change is written together with its trail entry. Entries of one subject
//! form a chain under a key that is not in the database; the head of a chain is
//! sealed, so that a shortened chain does not pass; checkpoints, anchored in the
//! key store, notice a chain that vanished whole.

mod bulk;
mod checkpoint;
mod model;
pub mod routes;
mod trail;
mod verify;
pub mod viewers;
mod views;

pub use bulk::NewChains;
pub use checkpoint::checkpoint;
pub use model::{SubjectKind, TrailAction, ViewAction};
pub use trail::{Subject, TrailKey, check_version, record, record_each, times_since};
pub use verify::{Finding, verify};
pub use views::{Seen, ViewLog, log_reply};
