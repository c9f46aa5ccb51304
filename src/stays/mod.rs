//! Stays at a facility: bed, in, out, extensions. They drive the limit of days of essential needs.

pub mod model;
pub mod routes;
pub mod rules;
