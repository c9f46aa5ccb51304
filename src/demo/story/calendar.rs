//! Days on which things happen.

use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::demo::dice::chance;

/// Days back from today on which people were received; with a weekend's shift still within three years.
const LOOK_BACK: u64 = 1_088;

/// Weekends and the holidays of the solar calendar.
fn is_quiet(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
        || matches!((day.month(), day.day()), (1 | 5, 1) | (4, 30) | (9, 2))
}

/// `day` moved by whole days, staying put at the end of the calendar.
pub(super) fn plus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

fn minus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// A day of the last three years on which a person was received; rescues come on any day, most visits do not.
pub(super) fn intake_day(rng: &mut StdRng, today: NaiveDate) -> NaiveDate {
    let mut day = minus(today, rng.random_range(0..=LOOK_BACK));
    if chance(rng, 0.65) {
        while is_quiet(day) {
            day = minus(day, 1);
        }
    }
    day
}

/// A day `wait` days after `from`, as a rule a working day.
pub(super) fn later(rng: &mut StdRng, from: NaiveDate, wait: RangeInclusive<u64>) -> NaiveDate {
    let mut day = plus(from, rng.random_range(wait));
    if day > from && chance(rng, 0.9) {
        while is_quiet(day) {
            day = plus(day, 1);
        }
    }
    day
}

/// As [`later`], if that is not after `until`.
pub(super) fn later_until(
    rng: &mut StdRng,
    from: NaiveDate,
    wait: RangeInclusive<u64>,
    until: NaiveDate,
) -> Option<NaiveDate> {
    Some(later(rng, from, wait)).filter(|day| *day <= until)
}

/// Completed years between `born` and `day`.
pub(super) fn age(born: NaiveDate, day: NaiveDate) -> u32 {
    day.years_since(born).unwrap_or(0)
}

/// A birthday `years` before `day`, at a random distance from the next one.
pub(super) fn birth(rng: &mut StdRng, day: NaiveDate, years: u64) -> NaiveDate {
    // 1461 days are four years; the quotient rounds up so that the age is reached for certain.
    let whole_years = (years * 1_461).div_ceil(4) + 1;
    minus(day, whole_years + rng.random_range(0..=362))
}

/// First of January of the year of `day`: what offices write when only the year is known.
pub(super) fn new_year_of(day: NaiveDate) -> NaiveDate {
    minus(day, u64::from(day.ordinal0()))
}
