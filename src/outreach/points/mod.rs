//! Points of intervention: places in which a model is carried out.

pub mod model;
pub mod routes;
pub mod rules;
