//! Registers of a programme: what was done, where and when, kept by its officers. One table for all of them;
//! `config/registers.toml` says which fields each has and in which columns they stand.

mod bodies;
pub mod catalogue;
pub mod draft;
pub mod form;
pub mod model;
pub mod once;
pub mod participants;
pub(in crate::programmes) mod references;
pub mod routes;
pub mod rules;

pub use catalogue::{Register, RegisterCatalogue, RegisterConfigError};
