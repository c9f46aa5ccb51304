//! Checking a file, storing what it holds, undoing an import, reading imports.

mod checking;
mod duplicates;
mod keys;
mod lending;
mod reading;
mod storing;
mod undoing;

pub use checking::{Checked, Decisions, Found, Prepared, Records, check, prepare};
pub use keys::destroy_loose_keys;
pub use lending::Placed;
pub use reading::{find, list, refuse_known_file};
pub use storing::{Order, file_mac, import};
pub use undoing::undo;

/// Most lines or records that are named as looking like one.
const NAMED: usize = 5;
