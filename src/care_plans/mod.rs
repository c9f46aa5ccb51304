//! Care plans: goals of a case with their steps, agreed with the person, in versions that stay.

pub mod model;
pub mod routes;
pub mod rules;
