//! Notes of a case, and counselling notes, which only their author and the manager read.

pub mod model;
pub mod routes;
pub mod rules;

pub use model::Shelf;
