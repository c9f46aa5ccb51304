//! Faults and what is left on disk, shown with the real program as a process.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::pedantic, reason = "tests are read as stories")]

mod canaries;
mod demo;
mod files;
mod kill;
mod migrations;
mod process;
mod programmes;
mod start;
mod sync;
