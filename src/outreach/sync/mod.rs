//! How phones hand in what was recorded without a signal, and hear what changed since.
//!
//! A batch of operations is read (`operation`), put into order and applied in memory to the records it is about
//! (`applying`, `merging`), and stored a part at a time, each part in one transaction (`storing`). What changed since
//! the phone asked last is read by the group's own count of changes (`changes`).

mod applying;
mod batch;
mod beside;
mod body;
mod changes;
mod desk;
mod loading;
pub mod merging;
pub mod operation;
pub mod reading;
pub mod reply;
pub mod routes;
mod storing;

pub use batch::read_all;
pub(in crate::outreach) use batch::{LARGE_FROM, MOST, PART};
pub use body::Arrivals;
pub use changes::since;
pub(in crate::outreach) use desk::{Desk, Held, Met, Row};
pub(in crate::outreach) use loading::desk_of;
pub use storing::{Setting, apply_part};
pub(in crate::outreach) use storing::{apply_allowed, restore_contacts, store as store_desk};
