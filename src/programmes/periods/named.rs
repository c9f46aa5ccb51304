//! What people call a period.

use super::{PeriodKind, ReportPeriod};
use crate::text::Words;

impl ReportPeriod {
    /// Its name within a sentence.
    pub fn named(self) -> Words {
        Words { vi: vietnamese(self), en: english(self) }
    }
}

fn vietnamese(period: ReportPeriod) -> String {
    let ReportPeriod { year, number, .. } = period;
    match (period.kind, number) {
        (PeriodKind::Month, _) => format!("tháng {number}/{year}"),
        (PeriodKind::Quarter, _) => format!("quý {}/{year}", roman(number)),
        (PeriodKind::HalfYear, 1) => format!("6 tháng đầu năm {year}"),
        (PeriodKind::HalfYear, _) => format!("6 tháng cuối năm {year}"),
        (PeriodKind::Year, _) => format!("năm {year}"),
        (PeriodKind::FiveYears, _) => format!("giai đoạn {period}"),
    }
}

fn english(period: ReportPeriod) -> String {
    let ReportPeriod { year, number, .. } = period;
    match (period.kind, number) {
        (PeriodKind::Month, _) => format!("{number}/{year}"),
        (PeriodKind::Quarter, _) => format!("quarter {number} of {year}"),
        (PeriodKind::HalfYear, 1) => format!("the first half of {year}"),
        (PeriodKind::HalfYear, _) => format!("the second half of {year}"),
        (PeriodKind::Year | PeriodKind::FiveYears, _) => period.to_string(),
    }
}

fn roman(number: u32) -> &'static str {
    match number {
        1 => "I",
        2 => "II",
        3 => "III",
        _ => "IV",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_period_has_a_name_in_both_languages() {
        let named = |text: &str| text.parse::<ReportPeriod>().expect("a period").named();
        assert_eq!(named("2026-03"), Words::new("tháng 3/2026", "3/2026"));
        assert_eq!(named("2026-Q4"), Words::new("quý IV/2026", "quarter 4 of 2026"));
        assert_eq!(named("2026-H1"), Words::new("6 tháng đầu năm 2026", "the first half of 2026"));
        assert_eq!(named("2026-H2"), Words::new("6 tháng cuối năm 2026", "the second half of 2026"));
        assert_eq!(named("2026"), Words::new("năm 2026", "2026"));
        assert_eq!(named("2021-2025"), Words::new("giai đoạn 2021-2025", "2021-2025"));
    }
}
