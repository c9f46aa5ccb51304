//! Who may do what: the committed expectations, asked of the running server.

mod erased;
mod expectations;
mod lists;
mod matrix;
mod model;
mod outreach;
mod records;
mod requests;
mod training;
