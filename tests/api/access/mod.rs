//! Who may do what: the committed expectations, asked of the running server.

mod erased;
mod expectations;
pub mod figures;
mod lists;
mod matrix;
mod model;
mod official_returns;
mod outreach;
mod records;
mod registers;
mod requests;
mod training;
