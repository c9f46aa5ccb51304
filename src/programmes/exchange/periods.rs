//! How periods are named: by DHIS2's identifiers, and by ADX's first day and length.

use chrono::NaiveDate;

use super::text;
use crate::programmes::periods::{Calendar, PeriodKind, ReportPeriod};

/// When the periods of ADX begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Naming {
    pub(super) calendar: Calendar,
    pub(super) closing_day: u32,
}

/// A period that can be named and read back.
pub(super) fn is_sound(period: ReportPeriod) -> bool {
    period.to_string().parse() == Ok(period)
}

/// DHIS2's identifier. Spans of five years have none.
pub(super) fn dhis2(period: ReportPeriod) -> Option<String> {
    let ReportPeriod { year, kind, number } = period;
    match kind {
        _ if !is_sound(period) => None,
        PeriodKind::Month => Some(format!("{year:04}{number:02}")),
        PeriodKind::Quarter => Some(format!("{year:04}Q{number}")),
        PeriodKind::HalfYear => Some(format!("{year:04}S{number}")),
        PeriodKind::Year => Some(format!("{year:04}")),
        PeriodKind::FiveYears => None,
    }
}

/// The period of an identifier of DHIS2.
pub(super) fn of_dhis2(text: &str) -> Option<ReportPeriod> {
    let (year, rest) = text.split_at_checked(4)?;
    let ours = match (rest.strip_prefix('Q'), rest.strip_prefix('S')) {
        _ if rest.is_empty() => year.to_owned(),
        (Some(number), _) => format!("{year}-Q{number}"),
        (_, Some(number)) => format!("{year}-H{number}"),
        (None, None) if rest.len() == 2 && !rest.starts_with('H') => format!("{year}-{rest}"),
        (None, None) => return None,
    };
    ours.parse().ok()
}

impl Naming {
    /// First day and length, as ISO 8601 writes an interval: `2024-12-15/P1Y`.
    pub(super) fn adx(self, period: ReportPeriod) -> Option<String> {
        let (first, _) = period.days(self.calendar, self.closing_day);
        is_sound(period).then(|| format!("{first}/{}", duration(period.kind)))
    }

    /// The period of such an interval, when it begins on the first day of one.
    pub(super) fn of_adx(self, interval: &str) -> Option<ReportPeriod> {
        let (first, length) = interval.split_once('/')?;
        let first = text::any_day(first.strip_suffix("T00:00:00").unwrap_or(first))?;
        let kind = *PeriodKind::ALL.iter().find(|kind| duration(**kind) == length)?;
        let period = self.beginning(kind, first);
        (is_sound(period) && period.is_of_plans() && period.days(self.calendar, self.closing_day).0 == first)
            .then_some(period)
    }

    fn beginning(self, kind: PeriodKind, first: NaiveDate) -> ReportPeriod {
        let holding = |kind| ReportPeriod::holding(kind, first, self.calendar, self.closing_day);
        match kind {
            // Five years begin as plans do, whichever year this is.
            PeriodKind::FiveYears => ReportPeriod { kind, ..holding(PeriodKind::Year) },
            kind => holding(kind),
        }
    }
}

fn duration(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Month => "P1M",
        PeriodKind::Quarter => "P3M",
        PeriodKind::HalfYear => "P6M",
        PeriodKind::Year => "P1Y",
        PeriodKind::FiveYears => "P5Y",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIVIL: Naming = Naming { calendar: Calendar::Civil, closing_day: 14 };
    const CLOSING: Naming = Naming { calendar: Calendar::Closing, closing_day: 14 };

    fn period(text: &str) -> ReportPeriod {
        text.parse().expect("a period")
    }

    #[test]
    fn each_period_has_the_name_that_the_format_gives_it() {
        let names = [
            ("2025-03", Some("202503"), "2025-03-01/P1M", "2025-02-15/P1M"),
            ("2025-Q1", Some("2025Q1"), "2025-01-01/P3M", "2024-12-15/P3M"),
            ("2025-H2", Some("2025S2"), "2025-07-01/P6M", "2025-06-15/P6M"),
            ("2025", Some("2025"), "2025-01-01/P1Y", "2024-12-15/P1Y"),
            ("2021-2025", None, "2021-01-01/P5Y", "2020-12-15/P5Y"),
            ("2016-2020", None, "2016-01-01/P5Y", "2015-12-15/P5Y"),
        ];
        for (ours, code, civil, closing) in names {
            let ours = period(ours);
            assert_eq!(dhis2(ours).as_deref(), code);
            assert_eq!(code.map(of_dhis2), code.map(|_| Some(ours)));
            assert_eq!(CIVIL.adx(ours).as_deref(), Some(civil));
            assert_eq!(CLOSING.adx(ours).as_deref(), Some(closing));
            assert_eq!((CIVIL.of_adx(civil), CLOSING.of_adx(closing)), (Some(ours), Some(ours)));
        }
        assert_eq!(CIVIL.of_adx("2025-03-01T00:00:00/P1M"), Some(period("2025-03")));
    }

    #[test]
    fn a_day_that_begins_no_period_names_none() {
        for text in [
            "2025-03-02/P1M",
            "2025-02-01/P3M",
            "2024-12-15/P1Y",
            "2023-01-01/P5Y",
            "2025-01-01/P1D",
            "2025-01-01",
            "2025-13-01/P1M",
            "2025-01-01/P1Y/P1Y",
            "2025-01-01/p1y",
            "/P1Y",
            "2025-01-01T07:00:00/P1Y",
            "2201-01-01/P1Y",
            "",
        ] {
            assert_eq!(CIVIL.of_adx(text), None, "{text}");
        }
        assert_eq!(CLOSING.of_adx("2025-01-01/P1Y"), None);
        for text in [
            "2025-03",
            "20253",
            "202513",
            "202500",
            "2025Q5",
            "2025Q01",
            "2025S0",
            "2025H1",
            "2025April",
            "2025W1",
            "20250301",
            "2021-2025",
            "25",
            "２０２５",
            "",
            "1899",
        ] {
            assert_eq!(of_dhis2(text), None, "{text}");
        }
    }

    #[test]
    fn a_period_that_there_is_not_has_no_name() {
        let odd = ReportPeriod { year: 2025, kind: PeriodKind::Month, number: 13 };
        assert_eq!((dhis2(odd), CIVIL.adx(odd)), (None, None));
    }
}
