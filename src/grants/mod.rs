//! Who may do what, and to which rows.
//!
//! [`table::GRANTS`] is the only place where a right is given. A [`Scope`] is
//! what the table gives one actor for one action; the predicates in
//! [`predicates`] turn it into the SQL condition that serves lists, single
//! reads and guarded changes alike. There is no second evaluator.

mod places;
pub mod predicates;
mod scope;
pub mod table;
mod words;

pub use places::{Places, province_of};
pub use scope::{HeldRole, Scope, Slots};
pub use table::Reach;
pub use words::{Action, Role};
