//! Reminders of reports in words: who is asked for what, and by which day.

use chrono::NaiveDate;

use super::reports::Due;
use crate::admin_units::AdminUnits;
use crate::reminders::model::ReminderKind;
use crate::text::Words;

/// What a reminder says.
pub(super) fn text(units: &AdminUnits, due: &Due<'_>, today: NaiveDate) -> Words {
    let name = units.name_on(&due.unit.code, due.duty.last_day).unwrap_or(&due.unit.name_vi);
    let counts = due.units.as_ref().map_or((0, 0), |(of, all)| (of.len(), all.len()));
    let named = due.duty.period.named();
    let (vi, en) = asked(due.kind, counts, &named.vi, &named.en);
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
