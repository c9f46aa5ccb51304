//! Checking a file, storing what it holds, undoing an import, reading imports.

mod checking;
mod duplicates;
mod keys;
mod reading;
mod storing;
mod undoing;

pub use checking::{Checked, Decisions, Prepared, check, prepare};
pub use keys::destroy_loose_keys;
pub use reading::{find, list};
pub use storing::{Order, import};
pub use undoing::undo;
