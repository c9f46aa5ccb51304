//! Tests of the API: the real server over HTTP, each test on a database of its own.

mod access;
mod stories;
mod support;
