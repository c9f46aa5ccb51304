//! Cases: from reception to closure.

pub mod deadlines;
mod events;
pub mod model;
pub mod progress;
pub mod routes;
pub mod rules;
pub mod status;

pub use status::CaseStatus;
