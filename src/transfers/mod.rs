//! Transfers: a case goes on at another centre, or leaves the commune that took it in.
//! The receiver opens a case of its own; the sender's is closed and stays its own.

pub mod model;
pub mod routes;
pub mod rules;
pub mod status;
