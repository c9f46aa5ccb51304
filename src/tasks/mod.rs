//! Tasks: who does what in a case until when; steps of the care plan among them.

pub mod model;
pub mod routes;
pub mod rules;
pub mod status;

pub use status::TaskStatus;
