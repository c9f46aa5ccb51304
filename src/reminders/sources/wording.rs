//! Reminders of reports in words: who is asked for what, and by which day.

use chrono::NaiveDate;

use super::reports::Due;
use crate::admin_units::AdminUnits;
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::reminders::model::ReminderKind;
use crate::text::Words;

/// What a reminder says.
pub(super) fn text(units: &AdminUnits, due: &Due<'_>, today: NaiveDate) -> Words {
    let name = units.name_on(&due.unit.code, due.duty.last_day).unwrap_or(&due.unit.name_vi);
    let counts = due.units.as_ref().map_or((0, 0), |(of, all)| (of.len(), all.len()));
    let (vi, en) = asked(due.kind, counts, &vietnamese(due.duty.period), &english(due.duty.period));
    let day = due.due_on.format("%d/%m/%Y");
    let (until_vi, until_en) =
        if due.due_on < today { ("đã quá hạn ngày", "was due on") } else { ("hạn", "due by") };
    Words {
        vi: format!("{name}: {vi}; {until_vi} {day}."),
        en: format!("{}: {en}; {until_en} {day}.", due.unit.name_en),
    }
}

fn asked(kind: ReminderKind, (number, of): (usize, usize), vi: &str, en: &str) -> (String, String) {
    let (asked_vi, asked_en) = match kind {
        ReminderKind::ReportDue => (format!("gửi báo cáo {vi}"), format!("report for {en} to be submitted")),
        ReminderKind::ReportsMissing => (
            format!("{number} trên {of} đơn vị chưa gửi báo cáo {vi}"),
            format!("{number} of {of} units have not reported for {en}"),
        ),
        ReminderKind::ReportsUnchecked => (
            format!("{number} trên {of} báo cáo {vi} đã gửi, chờ kiểm tra"),
            format!("{number} of {of} reports for {en} wait to be checked"),
        ),
        ReminderKind::PeriodCloseDue => (format!("khóa kỳ báo cáo {vi}"), format!("reports for {en} to be closed")),
        ReminderKind::PeriodPublishDue => (
            format!("kỳ báo cáo {vi} đã khóa, chờ công bố"),
            format!("reports for {en} are closed and wait to be published"),
        ),
        ReminderKind::ClosingsMissing => (
            format!("{number} trên {of} tỉnh, thành phố chưa khóa kỳ báo cáo {vi}"),
            format!("{number} of {of} provinces have not closed {en}"),
        ),
        ReminderKind::FirstSignatureDue => (
            format!("báo cáo chính thức {vi} chờ chữ ký thứ nhất"),
            format!("the official return for {en} waits for its first signature"),
        ),
        ReminderKind::SecondSignatureDue => (
            format!("báo cáo chính thức {vi} chờ chữ ký thứ hai"),
            format!("the official return for {en} waits for its second signature"),
        ),
        ReminderKind::ReturnsMissing => (
            format!("{number} trên {of} tỉnh, thành phố chưa nộp báo cáo chính thức {vi}"),
            format!("{number} of {of} provinces have not filed the official return for {en}"),
        ),
        _ => (
            format!("báo cáo chính thức {vi} chờ khóa kỳ"),
            format!("the official return for {en} waits for the period to be closed"),
        ),
    };
    (asked_vi, asked_en)
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
        let named = |text: &str| {
            let period: ReportPeriod = text.parse().expect("a period");
            (vietnamese(period), english(period))
        };
        let both = |vi: &str, en: &str| (vi.to_owned(), en.to_owned());
        assert_eq!(named("2026-03"), both("tháng 3/2026", "3/2026"));
        assert_eq!(named("2026-Q4"), both("quý IV/2026", "quarter 4 of 2026"));
        assert_eq!(named("2026-H1"), both("6 tháng đầu năm 2026", "the first half of 2026"));
        assert_eq!(named("2026-H2"), both("6 tháng cuối năm 2026", "the second half of 2026"));
        assert_eq!(named("2026"), both("năm 2026", "2026"));
        assert_eq!(named("2021-2025"), both("giai đoạn 2021-2025", "2021-2025"));
    }
}
