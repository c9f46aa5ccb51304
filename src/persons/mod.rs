//! Persons: people who are supported or asked for support.

mod ethnicity;
pub mod model;
pub mod routes;
pub mod rules;
pub mod same;
pub mod search;

pub use model::{ClientCategory, PersonView};
