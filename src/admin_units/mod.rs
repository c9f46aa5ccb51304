//! Administrative units of both generations, with dates and successors.
//!
//! The list ships with the program and is the same for everyone; it is held in
//! memory for look-ups and copied into the database so that records can refer to it.
//! Facts keep the unit in which they happened; [`AdminUnits::placed_on`] says where they lie on the map of another day.

mod catalogue;
mod copy;
mod eras;
mod ground;
mod maps;
mod names;
pub mod routes;
pub mod splits;

pub use catalogue::{AdminUnit, AdminUnits, COUNTRY, CatalogueError, Level, Successor};
pub use copy::copy_into;
pub use ground::{Ground, Grounds, PlacedNo, UnitNo};
pub use maps::{NotTold, Placed, Shares, WHOLE};
pub use names::CommuneKind;
pub use splits::rules::shares;
