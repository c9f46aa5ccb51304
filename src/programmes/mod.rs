//! Programme plans, their indicators and targets, and exact figures for centres.

mod facts;
mod indicators;
mod plans;
pub mod routes;
pub mod rules;

pub use indicators::{Figure, Period, PersonOutcome, Standing, outcomes};
pub use plans::{Indicator, Measure, Plan, Plans, PlansError};
pub use rules::outcomes_of_country_unscoped;
