//! Deliveries: support given, when, by whom, in kind or in đồng.

pub mod model;
pub mod routes;
pub mod rules;
