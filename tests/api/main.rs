//! Tests of the API: the real server over HTTP, each test on a database of its own.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]
#![expect(clippy::pedantic, reason = "tests are read as stories")]

mod access;
mod bad_input;
mod description;
mod stories;
mod support;
