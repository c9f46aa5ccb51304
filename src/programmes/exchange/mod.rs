//! Aggregate figures that travel to and from other systems, as DHIS2's data value sets (JSON) or as ADX (XML).
//!
//! Pure: figures, a mapping file and text go in, text or figures come out. Files from outside may be made to harm:
//! they are bounded before they are read, nothing they name is fetched or expanded, and what they hold is never repeated.

pub mod adx;
pub mod dhis2;
mod faults;
mod incoming;
mod mapping;
mod model;
mod outgoing;
mod periods;
#[cfg(test)]
mod tests;
mod text;

pub use faults::{Faults, MOST_FAULTS};
pub use mapping::{Mapping, Target};
pub use model::{DataSet, DataValue};

/// Bytes that a file of figures may have.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// Figures that a file may hold.
pub const MOST_VALUES: usize = 200_000;
