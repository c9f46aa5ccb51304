//! What other bodies counted and reported, with every revision.

pub mod model;
pub mod routes;
pub mod rules;
