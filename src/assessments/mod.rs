//! Assessments of needs and eligibility, and refusals of support.

pub mod model;
pub mod routes;
pub mod rules;
