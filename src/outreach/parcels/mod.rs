//! Sealed parcels: devices that may send them, and the quarantine of those that come without a login.
//!
//! A phone seals what it was told to the server (`vault/parcels.rs`). A leader who is logged in hands parcels in with
//! the sync. A phone whose leader has no access any more, or forgot the PIN, hands them in without a login: such a
//! parcel is a claim, which waits, sealed, until a manager of the supporting centre accepts it.

mod accepting;
pub mod model;
pub mod opening;
pub mod routes;
pub mod rules;
