//! Programme plans, their indicators and targets, and exact figures for centres.

pub mod closing;
pub mod elements;
pub mod exchange;
mod facts;
pub mod figures;
mod indicators;
pub mod periods;
pub mod plans;
pub mod registers;
pub mod report;
pub mod reported;
pub mod returns;
pub mod routes;
pub mod rules;
pub mod sheets;
pub mod standings;
pub mod sums;

pub use indicators::{Figure, Period, PersonOutcome, Standing, outcomes};
pub use plans::{CaseMeasure, Indicator, Measure, Plan, PlanShelf, Plans, PlansError};
pub use rules::outcomes_of_country_unscoped;
