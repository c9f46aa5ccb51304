//! Administrative units of both generations, with dates and successors.
//!
//! The list ships with the program and is the same for everyone; it is held in
//! memory for look-ups and copied into the database so that records can refer to it.

mod catalogue;
mod copy;
pub mod routes;

pub use catalogue::{AdminUnit, AdminUnits, CatalogueError, Level, Successor};
pub use copy::copy_into;
