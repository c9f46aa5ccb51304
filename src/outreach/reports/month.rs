//! A month, as reports ask for it.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::error::{AppError, FieldError, PlainForm, Rule};

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
}

impl Month {
    /// From text such as `2026-11`.
    ///
    /// # Errors
    /// When it is none between 1900 and 2200.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let first = text
            .split_once('-')
            .filter(|(year, month)| year.len() == 4 && month.len() == 2)
            .and_then(|(year, month)| NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1))
            .filter(|first| (1900..=2200).contains(&first.year()));
        let broken = || AppError::Malformed(vec![FieldError::new("month", Rule::Format(PlainForm::Month.into()))]);
        first.map(Self::of).ok_or_else(broken)
    }

    /// That begins on this day.
    pub fn of(first: NaiveDate) -> Self {
        let next = first.checked_add_months(Months::new(1));
        Self { first, last: next.and_then(|next| next.pred_opt()).unwrap_or(first) }
    }
}

#[cfg(test)]
mod tests {
    use super::Month;

    #[test]
    fn a_month_goes_from_its_first_day_to_its_last() {
        let month = Month::parse("2024-02").expect("a month");
        assert_eq!((month.first.to_string(), month.last.to_string()), ("2024-02-01".into(), "2024-02-29".into()));
        for wrong in ["2024-13", "2024-2", "24-02", "2024", "1899-12", "2024-02-01", "２０２４-02"] {
            assert!(Month::parse(wrong).is_err(), "{wrong}");
        }
    }
}
