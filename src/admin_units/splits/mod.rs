//! Declared shares of split units: which part of what was recorded there lies in which new unit.

pub mod model;
pub mod routes;
pub mod rules;
