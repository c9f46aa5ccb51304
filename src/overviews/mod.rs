//! Overviews: what lies before a worker or a centre, read from the records in one statement each.

pub mod model;
pub mod routes;
pub mod rules;
