//! What outreach comes to: a worker's notebook, totals of a group, its stock, and the sheet for allowances.

pub mod month;
pub mod notebook;
pub mod routes;
pub mod sheet;
pub mod stock;
pub mod totals;
