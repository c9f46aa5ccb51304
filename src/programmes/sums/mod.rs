//! What registers come to, kept for every unit and half month so that a figure reads no entries.
//!
//! A write of a register says which unit's numbers are due ([`due`]); they are counted anew from the unit's entries
//! soon after ([`settle`]). Whoever reads meanwhile counts the units that are due from their entries, so that a figure
//! is exact at every moment. What was read lately is kept in memory ([`Memo`]) and brought up to date by the units that
//! were counted since.

pub mod counting;
mod due;
mod flows;
mod memo;
mod reading;
mod rows;
mod series;
mod settling;
mod successions;
mod versions;

pub use crate::grants::province_of;
pub use due::{Dues, mark};
pub use flows::{EntryFact, Measures, TakingPart, UnitFacts, flows};
pub use memo::Memo;
pub use reading::{Area, Asked, Fresh, Numbers, number, numbers};
pub use rows::{FOR_GOOD, YearSum, rows};
pub use series::Series;
pub use settling::{Comparison, Counter, Difference, compare, compared, rebuild, settle, settle_if_much, settle_units};
pub use successions::{Succession, Telling, Tellings, hands_over, related};
