//! Consents: for what, to whom, given by whom, how proven, until when.

pub mod holding;
pub mod model;
pub mod routes;
pub mod rules;
