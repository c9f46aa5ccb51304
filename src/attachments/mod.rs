//! Files of a case: JPEG, PNG or PDF by content, made anew so that nothing hidden stays in them, and
//! kept sealed outside the row store.

mod content;
mod files;
mod intake;
mod jpeg;
pub mod model;
mod pdf;
mod pictures;
pub mod routes;
pub mod rules;
mod stored;
mod sweep;
mod upload;

pub use files::{FileName, Files, FilesError};
pub use rules::Paper;
pub use stored::add_now;
pub use sweep::{SHELVES, sweep_next, sweep_shelf};
