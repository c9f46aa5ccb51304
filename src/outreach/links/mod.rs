//! Which contact codes are which persons on record, so that nobody is counted twice.

pub mod model;
pub mod routes;
pub mod rules;
