//! Working days in Vietnam, for deadlines that the law counts in them. The days off are
//! configuration: `config/working_calendar.toml`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use serde::Deserialize;

/// Which days are worked.
#[derive(Debug, Clone)]
pub struct WorkingCalendar {
    /// Month and day of what is off in a year that is not listed.
    every_year: BTreeSet<(u32, u32)>,
    years: BTreeMap<i32, Year>,
}

/// One year as announced.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    off: BTreeSet<NaiveDate>,
    /// Saturdays and Sundays worked in exchange.
    #[serde(default)]
    worked: BTreeSet<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    every_year: Vec<String>,
    years: BTreeMap<String, Year>,
}

/// `config/working_calendar.toml` is not what it must be.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// It is not of the described form.
    #[error("config/working_calendar.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// A day is none, or stands under another year.
    #[error("config/working_calendar.toml: {0} is no day of its year")]
    Day(String),
}

impl WorkingCalendar {
    /// Reads the calendar shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form.
    pub fn shipped() -> Result<Self, CalendarError> {
        Self::read(include_str!("../config/working_calendar.toml"))
    }

    fn read(text: &str) -> Result<Self, CalendarError> {
        let file: File = toml::from_str(text)?;
        // 2024 has every day a year can have.
        let month_day = |text: &String| format!("2024-{text}").parse::<NaiveDate>().ok().map(|d| (d.month(), d.day()));
        let mut every_year = BTreeSet::new();
        for text in &file.every_year {
            every_year.insert(month_day(text).ok_or_else(|| CalendarError::Day(text.clone()))?);
        }
        let mut years = BTreeMap::new();
        for (number, year) in file.years {
            let number: i32 = number.parse().map_err(|_| CalendarError::Day(number.clone()))?;
            if let Some(stray) = year.off.iter().chain(&year.worked).find(|day| day.year() != number) {
                return Err(CalendarError::Day(stray.to_string()));
            }
            years.insert(number, year);
        }
        Ok(Self { every_year, years })
    }

    /// Whether this day is worked.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        match self.years.get(&day.year()) {
            Some(year) => !year.off.contains(&day) && (!weekend || year.worked.contains(&day)),
            None => !weekend && !self.every_year.contains(&(day.month(), day.day())),
        }
    }

    /// The last of `count` working days after `day`; the day itself is not counted
    /// (Civil Code 91/2015/QH13, Art. 147).
    pub fn working_days_after(&self, day: NaiveDate, count: u16) -> NaiveDate {
        let mut reached = day;
        let mut left = count;
        while left > 0 {
            reached = reached.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
            if reached == NaiveDate::MAX || self.is_working_day(reached) {
                left -= 1;
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::WorkingCalendar;
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn five_working_days_leave_out_the_weekend_and_the_day_itself() {
        let calendar = WorkingCalendar::shipped().expect("a calendar");
        assert_eq!(calendar.working_days_after(day("2025-10-15"), 5), day("2025-10-22"));
        assert_eq!(calendar.working_days_after(day("2025-10-18"), 5), day("2025-10-24"), "from a Saturday");
        assert_eq!(calendar.working_days_after(day("2025-10-15"), 0), day("2025-10-15"));
    }

    #[test]
    fn tet_stands_still_and_a_saturday_worked_in_exchange_counts() {
        let calendar = WorkingCalendar::shipped().expect("a calendar");
        assert_eq!(calendar.working_days_after(day("2026-02-13"), 5), day("2026-02-27"), "over Tết 2026");
        assert_eq!(calendar.working_days_after(day("2025-04-25"), 1), day("2025-04-26"), "a Saturday worked for 2 May");
        assert!(!calendar.is_working_day(day("2025-05-02")));
    }

    #[test]
    fn a_year_not_yet_announced_keeps_the_days_that_the_law_fixes() {
        let calendar = WorkingCalendar::shipped().expect("a calendar");
        assert!(!calendar.is_working_day(day("2031-05-01")));
        assert!(calendar.is_working_day(day("2031-05-02")));
    }

    #[test]
    fn a_day_under_another_year_is_refused() {
        let text = "every_year = []\n[years.2025]\noff = [\"2026-01-01\"]\n";
        assert!(WorkingCalendar::read(text).is_err());
    }
}
