//! Vocational training: courses of partner schools, enrolments from referrals, attendance,
//! training aid, and the job that comes of it.

pub mod catalogue;
pub mod model;
pub mod routes;
pub mod rules;
pub mod status;
pub mod tariff;

pub use catalogue::{TrainingCatalogue, TrainingConfigError};
pub use status::EnrolmentStatus;
