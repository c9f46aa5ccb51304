//! What every test shares: a real server on a fresh database of either engine,
//! a client that speaks to it, and builders of records.

pub mod casework;
pub mod client;
pub mod database;
pub mod entitlements;
pub mod files;
pub mod imports;
pub mod kept_days;
pub mod loan_imports;
pub mod loans;
pub mod outreach;
pub mod parcels;
pub mod phones;
pub mod plans;
pub mod registers;
pub mod same;
pub mod search;
pub mod server;
pub mod standings;
pub mod training;
pub mod world;

pub use client::{Client, User};
pub use hoanhap::db::Engine;
pub use server::{Options, TestApp};
pub use world::World;

/// Declares tests that run on both databases, as `name::sqlite` and `name::postgres`.
macro_rules! both_dbs {
    ($($(#[$meta:meta])* fn $name:ident($app:ident: &$kind:ty) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            fn rule($app: &$kind) $body

            #[test]
            fn sqlite() {
                $crate::support::server::run($crate::support::Engine::Sqlite, rule);
            }

            #[test]
            fn postgres() {
                $crate::support::server::run($crate::support::Engine::Postgres, rule);
            }
        }
    )+};
}
pub(crate) use both_dbs;
