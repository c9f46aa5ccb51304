//! Tests of the API: the real server over HTTP, each test on a database of its own.

mod access;
mod bad_input;
mod description;
mod stories;
mod support;
