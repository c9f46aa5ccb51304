//! Loans: from the application through the lender to the last repayment.
//!
//! The centre writes an application on a referral, the lender appraises, decides, pays out and records
//! what comes back; the centre sees every step. [`ledger`] is the arithmetic, without a database.

pub mod ledger;
pub mod model;
pub mod products;
pub mod routes;
pub mod rules;
pub mod status;

pub use products::{LoanProduct, Products};
pub use status::LoanStatus;
