//! What the law gives to whom: the catalogue, what a person is entitled to and has used, and
//! what a manager lets exceed a limit.
//!
//! [`catalogue`] reads the dated rules, [`facts`] says what is known of one person, [`evaluate`]
//! makes entitlements of both without a database, [`rules`] asks it before support is recorded.

pub mod catalogue;
pub mod evaluate;
pub mod facts;
mod loading;
pub mod model;
pub mod routes;
pub mod rules;

pub use catalogue::{Catalogue, EntitlementsError};
pub use loading::{load, people};
