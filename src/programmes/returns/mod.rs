//! Official returns: the exact totals of a province for a closed period that the law asks for. Another road than the
//! anonymised releases, for other people, and never a live one: a return is computed when the period is closed.

mod catalogue;
mod chain;
mod computing;
mod document;
mod filing;
mod model;
mod receipts;
pub mod routes;
mod rules;
mod signing;

pub use catalogue::{Counted, ReturnCatalogue, ReturnConfigError};
pub use chain::{ReturnFinding, anchor, anchored, verify_returns};
pub use computing::{ClosingDesk, compute, falls_due};
pub use model::ReturnStatus;
pub use signing::{SigningDesk, countersign, sign};
