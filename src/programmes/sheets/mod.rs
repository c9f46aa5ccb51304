//! Registers and reported values as files: templates, exports, and imports that are checked first and stored whole or
//! not at all. An import is a job: its request is answered at once, and a row tells how far the work is.

mod columns;
mod export;
mod jobs;
mod model;
mod reading;
pub mod routes;
mod rows;
mod storing;
mod table;
mod undoing;
mod xlsx;

pub use jobs::{Progress, fail_interrupted};
pub use model::RegisterImportView;
pub(in crate::programmes) use reading::Content;
pub use table::Table;

use crate::imports::sheet::Limits;

/// Lines with content that a file may hold, besides its headers.
pub const MOST_LINES: usize = 100_000;
/// Bytes a file may have.
pub const FILE_LIMIT: usize = 24 * 1024 * 1024;
/// Faults that are told one by one.
pub const MOST_FAULTS: usize = 1_000;
/// Participants that all lines of a file may list together.
const MOST_LISTED: usize = 200_000;

/// What a file may hold.
const LIMITS: Limits = Limits { lines: MOST_LINES, text: 48 * 1024 * 1024, unpacked: 256 * 1024 * 1024, merged: false };
