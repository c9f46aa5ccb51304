//! Aggregate figures that travel to and from other systems, as DHIS2's data value sets (JSON) or as ADX (XML).
//!
//! Reading and writing are pure: figures, a mapping file and text go in, text or figures come out. Files from outside may
//! be made to harm: they are bounded before they are read, nothing they name is fetched or expanded, and what they hold
//! is never repeated.

pub mod adx;
pub mod dhis2;
mod faults;
mod format;
mod incoming;
mod mapping;
mod model;
mod outgoing;
mod periods;
mod receiving;
pub mod routes;
mod sending;
mod shelf;
#[cfg(test)]
mod tests;
mod text;

pub use faults::{Faults, MOST_FAULTS};
pub use format::ExchangeFormat;
pub use mapping::{Mapping, Target};
pub use model::{DataSet, DataValue};
pub use receiving::{FigureFile, Told};
pub use sending::{data_set, refuse_misdated, written_now};
pub use shelf::{MappingShelf, read_bounded, read_mapping};

/// Bytes that a file of figures may have.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// Figures that a file may hold.
pub const MOST_VALUES: usize = 200_000;
