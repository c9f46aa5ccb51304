//! Sessions of outreach, and those who are met in them. They are written through [`sync`](super::sync) alone.

pub mod fields;
pub mod model;
pub mod routes;
pub mod rules;
pub mod views;
