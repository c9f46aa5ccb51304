//! Periods of reporting: submitted by a commune, checked and closed by the province, published; and who has not
//! reported. What is closed changes only after it was opened again, with a reason, and then has a new revision.

pub mod completeness;
pub mod duties;
pub mod locks;
pub mod model;
pub mod publishing;
pub mod routes;
pub mod rules;
