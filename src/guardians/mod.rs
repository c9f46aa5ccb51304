//! Guardians and legal representatives: who speaks for a person under 18, from when to when.
//! With the guardian ends what they agreed to.

pub mod model;
pub mod routes;
pub mod rules;
