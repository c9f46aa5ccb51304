//! Follow-up after a case was closed: 3, 6 and 12 months later somebody asks how the person is.

pub mod model;
pub mod routes;
pub mod rules;
