//! Cases: from reception to closure.

mod events;
pub mod model;
pub mod routes;
pub mod rules;
pub mod status;

pub use status::CaseStatus;
