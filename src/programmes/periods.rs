//! Months, quarters, halves, years and spans of five years, by the civil calendar or by one that closes on a
//! day of the month (state reports close on the 14th: Decree 09/2019/NĐ-CP, so that their year runs from
//! 15 December to 14 December).

mod named;

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};

use crate::db::types::text_enum;
use crate::error::{AppError, PlainForm, Rule};

text_enum! {
    /// Length of a period of reporting.
    PeriodKind {
        /// A month: `2025-03`.
        Month = "month",
        /// A quarter: `2025-Q1`.
        Quarter = "quarter",
        /// Half a year: `2025-H1`.
        HalfYear = "half_year",
        /// A year: `2025`.
        Year = "year",
        /// Five years: `2021-2025`.
        FiveYears = "five_years",
    }
}

text_enum! {
    /// When months begin and end.
    Calendar {
        /// On the first and last day of the civil month.
        Civil = "civil",
        /// The day after the closing day of the month before, and the closing day of the month itself.
        Closing = "closing",
    }
}

/// Half a civil month, cut after the closing day: the smallest span of which figures are kept. Every month of either
/// calendar is two of them. Counted from the year 0, 24 a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HalfMonth(pub i32);

/// Halves of months in a year.
pub const HALVES: i32 = 24;

impl HalfMonth {
    /// The half a day lies in, where months are cut after `closing_day`.
    pub fn of(day: NaiveDate, closing_day: u32) -> Self {
        let month = i32::try_from(day.month0()).unwrap_or(0);
        Self(day.year() * HALVES + month * 2 + i32::from(day.day() > closing_day))
    }

    /// Its civil year.
    pub fn year(self) -> i32 {
        self.0.div_euclid(HALVES)
    }

    /// Its place in its year, from 0.
    pub fn place(self) -> usize {
        usize::try_from(self.0.rem_euclid(HALVES)).unwrap_or(0)
    }
}

/// A period for which figures are asked, submitted or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportPeriod {
    /// First year.
    pub year: i32,
    /// Length.
    pub kind: PeriodKind,
    /// Which of its kind in the year, from 1.
    pub number: u32,
}

/// A text that names no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no period")]
pub struct NoPeriod;

impl PeriodKind {
    /// Months it has.
    pub fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::HalfYear => 6,
            Self::Year => 12,
            Self::FiveYears => 60,
        }
    }
}

impl ReportPeriod {
    /// The year.
    pub fn of_year(year: i32) -> Self {
        Self { year, kind: PeriodKind::Year, number: 1 }
    }

    /// The period of this kind that `day` lies in.
    pub fn holding(kind: PeriodKind, day: NaiveDate, calendar: Calendar, closing_day: u32) -> Self {
        let shifted = i32::from(calendar == Calendar::Closing && day.day() > closing_day);
        let month0 = day.year() * 12 + i32::try_from(day.month0()).unwrap_or(0) + shifted;
        let (year, month0) = (month0.div_euclid(12), u32::try_from(month0.rem_euclid(12)).unwrap_or(0));
        match kind {
            PeriodKind::FiveYears => Self { year: year - (year - 1).rem_euclid(5), kind, number: 1 },
            kind => Self { year, kind, number: month0 / kind.months() + 1 },
        }
    }

    /// Months from the year 0 at which it begins, and at which the next begins.
    fn months(self) -> (i32, i32) {
        let length = i32::try_from(self.kind.months()).unwrap_or(1);
        let within = i32::try_from(self.number.saturating_sub(1)).unwrap_or(0) * length;
        let first = self.year * 12 + within;
        (first, first + length)
    }

    /// First and last day.
    pub fn days(self, calendar: Calendar, closing_day: u32) -> (NaiveDate, NaiveDate) {
        let (first, next) = self.months();
        let begins = |month: i32| match calendar {
            Calendar::Civil => day_of(month, 1),
            Calendar::Closing => day_of(month - 1, closing_day + 1),
        };
        (begins(first), begins(next).pred_opt().unwrap_or(NaiveDate::MAX))
    }

    /// First and last half of a month in it.
    pub fn halves(self, calendar: Calendar) -> (HalfMonth, HalfMonth) {
        let (first, next) = self.months();
        let shift = i32::from(calendar == Calendar::Closing);
        (HalfMonth(first * 2 - shift), HalfMonth(next * 2 - shift - 1))
    }

    /// The month periods it is made of.
    pub fn each_month(self) -> impl Iterator<Item = Self> {
        let (first, next) = self.months();
        (first..next).map(|month| Self {
            year: month.div_euclid(12),
            kind: PeriodKind::Month,
            number: u32::try_from(month.rem_euclid(12)).unwrap_or(0) + 1,
        })
    }

    /// The parts that one shorter period apart make it up; itself when there is none shorter that reports are made of.
    pub fn parts(self, kind: PeriodKind) -> Vec<Self> {
        let (first, next) = self.months();
        let length = kind.months();
        let starts = (first..next).step_by(usize::try_from(length).unwrap_or(1));
        let part = |month: i32| Self {
            year: month.div_euclid(12),
            kind,
            number: u32::try_from(month.rem_euclid(12)).unwrap_or(0) / length + 1,
        };
        if length > self.kind.months() { vec![self] } else { starts.map(part).collect() }
    }

    /// The period of equal length a year before; of five years, the five before.
    #[must_use]
    pub fn a_year_before(self) -> Self {
        let years = if self.kind == PeriodKind::FiveYears { 5 } else { 1 };
        Self { year: self.year - years, ..self }
    }
}

/// A day of a month counted from the year 0; the last of it when it is shorter.
fn day_of(month: i32, day: u32) -> NaiveDate {
    let (year, month) = (month.div_euclid(12), u32::try_from(month.rem_euclid(12)).unwrap_or(0) + 1);
    let day = NaiveDate::from_ymd_opt(year, month, day);
    day.or_else(|| NaiveDate::from_ymd_opt(year, month, 28)).unwrap_or(NaiveDate::MAX)
}

impl ReportPeriod {
    /// Reads the field or parameter `period`.
    ///
    /// # Errors
    /// When it is no period.
    pub fn asked(text: &str) -> Result<Self, AppError> {
        let found = text.parse().ok().filter(|period: &Self| period.is_of_plans());
        found.ok_or_else(|| AppError::field("period", Rule::Format(PlainForm::ReportPeriod.into())))
    }

    /// Whether plans have such periods: their five years begin in 2011, 2016, 2021 and so on.
    pub fn is_of_plans(self) -> bool {
        self.kind != PeriodKind::FiveYears || self.year.rem_euclid(5) == 1
    }
}

impl fmt::Display for ReportPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PeriodKind::Month => write!(f, "{:04}-{:02}", self.year, self.number),
            PeriodKind::Quarter => write!(f, "{:04}-Q{}", self.year, self.number),
            PeriodKind::HalfYear => write!(f, "{:04}-H{}", self.year, self.number),
            PeriodKind::Year => write!(f, "{:04}", self.year),
            PeriodKind::FiveYears => write!(f, "{:04}-{:04}", self.year, self.year + 4),
        }
    }
}

impl FromStr for ReportPeriod {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let (year, rest) = text.split_at_checked(4).ok_or(NoPeriod)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let year = Some(year).filter(|text| digits(text)).and_then(|text| text.parse().ok()).ok_or(NoPeriod)?;
        if !(1900..=2200).contains(&year) {
            return Err(NoPeriod);
        }
        let of = |kind: PeriodKind, number: &str, most: u32| {
            let number = number.parse().ok().filter(|_| digits(number)).ok_or(NoPeriod)?;
            if (1..=most).contains(&number) { Ok(Self { year, kind, number }) } else { Err(NoPeriod) }
        };
        match rest.strip_prefix('-') {
            None if rest.is_empty() => Ok(Self::of_year(year)),
            None => Err(NoPeriod),
            Some(rest) => match (rest.strip_prefix('Q'), rest.strip_prefix('H'), rest.len()) {
                (Some(number), _, 2) => of(PeriodKind::Quarter, number, 4),
                (_, Some(number), 2) => of(PeriodKind::HalfYear, number, 2),
                (None, None, 2) => of(PeriodKind::Month, rest, 12),
                (None, None, 4) if rest.parse() == Ok(year + 4) && digits(rest) => {
                    Ok(Self { year, kind: PeriodKind::FiveYears, number: 1 })
                }
                _ => Err(NoPeriod),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(text: &str) -> ReportPeriod {
        text.parse().expect("a period")
    }

    fn days(text: &str, calendar: Calendar) -> (String, String) {
        let (first, last) = period(text).days(calendar, 14);
        (first.to_string(), last.to_string())
    }

    #[test]
    fn a_state_report_of_a_year_runs_from_15_december_to_14_december() {
        let expected = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(days("2025", Calendar::Closing), expected("2024-12-15", "2025-12-14"));
        assert_eq!(days("2025-H1", Calendar::Closing), expected("2024-12-15", "2025-06-14"));
        assert_eq!(days("2025-03", Calendar::Closing), expected("2025-02-15", "2025-03-14"));
        assert_eq!(days("2025-Q4", Calendar::Civil), expected("2025-10-01", "2025-12-31"));
        assert_eq!(days("2021-2025", Calendar::Civil), expected("2021-01-01", "2025-12-31"));
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in
            ["", "25", "2025-", "2025-13", "2025-00", "2025-Q5", "2025-H0", "2025-2028", "2025-3", "20250", "1899"]
        {
            assert_eq!(text.parse::<ReportPeriod>(), Err(NoPeriod), "{text}");
        }
    }

    fn any_period() -> impl Strategy<Value = ReportPeriod> {
        (1901_i32..2199, prop::sample::select(PeriodKind::ALL.to_vec()), 0_u32..12).prop_map(|(year, kind, number)| {
            let most = 12_u32.checked_div(kind.months()).unwrap_or(1).max(1);
            ReportPeriod { year, kind, number: number % most + 1 }
        })
    }

    proptest! {
        #[test]
        fn a_period_reads_back_from_its_code(period in any_period()) {
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }

        #[test]
        fn a_day_lies_in_a_period_exactly_when_its_half_month_does(
            period in any_period(), closing in any::<bool>(), day in 0_i64..1000, closing_day in 1_u32..=27,
        ) {
            let calendar = if closing { Calendar::Closing } else { Calendar::Civil };
            let (first, last) = period.days(calendar, closing_day);
            let day = first - chrono::TimeDelta::days(300) + chrono::TimeDelta::days(day);
            let (from, to) = period.halves(calendar);
            let half = HalfMonth::of(day, closing_day);
            prop_assert_eq!((first..=last).contains(&day), (from..=to).contains(&half));
        }

        #[test]
        fn months_make_up_the_period_and_each_holds_its_own_days(period in any_period(), closing in any::<bool>()) {
            let calendar = if closing { Calendar::Closing } else { Calendar::Civil };
            let months: Vec<ReportPeriod> = period.each_month().collect();
            prop_assert_eq!(months.first().map(|month| month.halves(calendar).0), Some(period.halves(calendar).0));
            prop_assert_eq!(months.last().map(|month| month.halves(calendar).1), Some(period.halves(calendar).1));
            for month in months {
                let (first, last) = month.days(calendar, 14);
                prop_assert_eq!(ReportPeriod::holding(PeriodKind::Month, first, calendar, 14), month);
                prop_assert_eq!(ReportPeriod::holding(PeriodKind::Month, last, calendar, 14), month);
            }
        }
    }
}
