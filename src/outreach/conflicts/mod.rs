//! The inbox of conflicts: what two said differently of one field, until somebody decides.

pub mod model;
pub mod routes;
pub mod rules;
