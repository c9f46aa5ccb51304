//! Where every person stands in every measure and calendar year, kept so that a figure about persons reads no cases.
//!
//! Triggers of the database say who is due: whose records changed. They are counted anew, one by one and by the same
//! functions, soon after ([`settle`]). Whoever reads meanwhile counts those who are due from the records, so that a
//! figure is exact at every moment. What leaves the program of it, statistics protect.

mod building;
mod due;
mod keeper;
mod reading;
mod rows;
mod settling;

pub use building::rebuild;
pub use keeper::{Keeper, MeasureKey};
pub use reading::{Tally, read, tally};
pub use rows::Stand;
pub use settling::{Difference, compare, settle};
