//! Outreach by peer groups: the groups, the models and points of intervention they work in, the codes by which the
//! people they reach are known, and what they record of it.

use chrono::NaiveDate;

pub mod catalogue;
pub mod clients;
pub mod codes;
pub mod conflicts;
pub mod groups;
pub mod links;
pub mod parcels;
pub mod points;
pub mod reduction;
pub mod referrals;
pub mod reports;
pub mod routes;
pub mod sessions;
pub mod sync;

pub use catalogue::{OutreachCatalogue, OutreachConfigError};

/// First and last day, both counted; without a last day until further notice.
type Days = (NaiveDate, Option<NaiveDate>);

/// Whether these days lie within those.
fn within((first, last): Days, (from, to): Days) -> bool {
    from <= first && to.is_none_or(|to| last.is_some_and(|last| last <= to))
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn days_without_end_lie_only_within_days_without_end() {
        let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 1, day).expect("a day");
        assert!(within((day(2), Some(day(3))), (day(2), Some(day(3)))));
        assert!(within((day(2), Some(day(3))), (day(1), None)));
        assert!(within((day(2), None), (day(1), None)));
        assert!(!within((day(2), None), (day(1), Some(day(9)))));
        assert!(!within((day(2), Some(day(4))), (day(1), Some(day(3)))));
        assert!(!within((day(2), Some(day(3))), (day(3), None)));
    }
}
