//! How a report says where a figure stands.

use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::db::types::Instant;
use crate::error::Language;
use crate::programmes::closing::model::PeriodStatus;
use crate::programmes::closing::publishing::ChangeReason;
use crate::programmes::figures::{NoFigure, Status, TargetView};
use crate::programmes::periods::ReportPeriod;
use crate::programmes::plans::model::Operator;
use crate::text::escape_html;

fn choose(language: Language, vi: &'static str, en: &'static str) -> &'static str {
    if language == Language::Vi { vi } else { en }
}

/// A status in words.
pub(super) fn status(status: Status, language: Language) -> &'static str {
    let (vi, en) = match status {
        Status::Met => ("Đạt", "Met"),
        Status::OnCourse => ("Chưa đến hạn", "Not due yet"),
        Status::Behind => ("Chưa đạt", "Behind"),
        Status::NoData => ("Chưa có số liệu", "No data"),
        Status::NotApplicable => ("Không áp dụng", "Not applicable"),
    };
    choose(language, vi, en)
}

/// How far the report of the period is, in words.
pub(super) fn state(status: Option<PeriodStatus>, language: Language) -> &'static str {
    let (vi, en) = match status {
        None | Some(PeriodStatus::Open) => ("đang mở", "open"),
        Some(PeriodStatus::Submitted) => ("đã gửi", "submitted"),
        Some(PeriodStatus::Checked) => ("đã kiểm tra", "checked"),
        Some(PeriodStatus::Closed) => ("đã khóa", "closed"),
        Some(PeriodStatus::Published) => ("đã công bố", "published"),
        Some(PeriodStatus::Reopened) => ("đã mở lại", "opened again"),
    };
    choose(language, vi, en)
}

/// A period as people call it.
pub(super) fn period(code: &str, language: Language) -> String {
    let named = code.parse::<ReportPeriod>().map(ReportPeriod::named);
    named.map_or_else(|_| escape_html(code), |named| if language == Language::Vi { named.vi } else { named.en })
}

/// A day as people write it.
pub(super) fn day(day: NaiveDate, language: Language) -> String {
    day.format(choose(language, "%d/%m/%Y", "%Y-%m-%d")).to_string()
}

/// A minute in Vietnam as people write it.
pub(super) fn moment(at: Instant, language: Language) -> String {
    if language == Language::Vi { at.civil_minute() } else { at.civil_minute_iso() }
}

/// A percentage as people write it, to a tenth.
pub(super) fn percent(percent: f64, language: Language) -> String {
    let text = format!("{percent:.1}");
    if language == Language::Vi { format!("{}%", text.replace('.', ",")) } else { format!("{text}%") }
}

/// Why there is no figure, in words.
pub(super) fn reason(reason: NoFigure, language: Language) -> &'static str {
    let (vi, en) = match reason {
        NoFigure::NothingReported => {
            ("Chưa có số liệu của cả kỳ này.", "Nobody has told a number of this whole period.")
        }
        NoFigure::DenominatorMissing => ("Chưa có mẫu số.", "What it is a share of is not known."),
        NoFigure::DenominatorNought => ("Mẫu số bằng 0.", "It would be a share of nothing."),
        NoFigure::MoreThanAll => (
            "Tử số lớn hơn mẫu số: một trong hai số chưa đúng, hoặc chỉ nói về một phần.",
            "More than there is: one of the two numbers is wrong, or speaks of a part alone.",
        ),
        NoFigure::UnlikeCoverage => (
            "Hai kỳ do các đơn vị khác nhau báo cáo nên không so được.",
            "The two periods were reported by different units, and are not compared.",
        ),
        NoFigure::UnitEnded => (
            "Đơn vị đã kết thúc trong kỳ; số sau đó thuộc các đơn vị mới.",
            "The unit ended in the period; what came after it is told of others.",
        ),
        NoFigure::PreviousMissing => ("Chưa có số của năm trước.", "The number of the year before is not known."),
        NoFigure::FromNought => {
            ("Không tính được mức tăng, giảm từ 0.", "There is no growth or reduction from nought.")
        }
        NoFigure::BaselineMissing => (
            "Kế hoạch không nêu mốc so sánh, hoặc chưa có số của mốc.",
            "The plan names no baseline, or its number is not known.",
        ),
        NoFigure::BeforeBaseline => ("Kỳ nằm trước mốc so sánh.", "The period lies before the baseline."),
        NoFigure::NotAdditive => ("Số người không cộng dồn qua các năm.", "Persons are not added up over years."),
        NoFigure::NotBegun => ("Kỳ chưa bắt đầu.", "The period has not begun."),
        NoFigure::NoSuchUnit => (
            "Không còn đơn vị hành chính cấp này (cấp huyện: từ 01/07/2025).",
            "There are no units of this level (districts: since 01/07/2025).",
        ),
        NoFigure::NotAskedHere => {
            ("Chỉ tiêu không tính cho đơn vị cấp này.", "It is not asked of units of this level.")
        }
        NoFigure::StatisticsOnly => (
            "Số về người được hỗ trợ chỉ có trong số liệu thống kê đã bảo vệ.",
            "Figures about persons are told by the protected statistics alone.",
        ),
        NoFigure::KeepersOnly => (
            "Số người ở cấp dưới tỉnh, trong một phần của năm hoặc theo nhóm chỉ người giữ sổ được đọc.",
            "Numbers of persons below a province, of a part of a year or of a class are told to those who keep the registers.",
        ),
        NoFigure::OutsidePlan => ("Kỳ nằm ngoài thời gian của kế hoạch.", "The period lies outside the plan."),
    };
    choose(language, vi, en)
}

/// A target in words: what is wanted in the end, by when, and on the day of the figure where that is something else.
pub(super) fn target(target: &TargetView, is_percent: bool, language: Language) -> String {
    let sign = if is_percent { "%" } else { "" };
    let value = |value: Option<u32>| value.map_or_else(String::new, |value| format!("{value}{sign}"));
    let mut text = match target.operator {
        Operator::AtLeast => format!("≥ {}", value(target.value)),
        Operator::Equal => value(target.value),
        Operator::Range => format!("{}–{}", value(target.value), value(target.max)),
        Operator::Hold => choose(language, "giữ vững", "hold").to_owned(),
        Operator::None => return String::new(),
    };
    if let Some(by) = target.by {
        // Writing to a string cannot fail.
        let _never = write!(text, " {} {}", choose(language, "đến", "by"), day(by, language));
    }
    let wanted = target.wanted_tenths.filter(|wanted| target.value.is_some_and(|last| i64::from(last) * 10 != *wanted));
    if let Some(wanted) = wanted {
        let _never = write!(text, "; {} {}{sign}", choose(language, "mốc lúc này", "now"), tenths(wanted, language));
    }
    if target.beyond {
        text.push_str(choose(
            language,
            "; vượt mức trên (không phải là chưa đạt)",
            "; above the top, which is no failure",
        ));
    }
    text
}

/// A number of tenths as people write it.
fn tenths(tenths: i64, language: Language) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}{}{rest}", tenths / 10, choose(language, ",", ".")),
    }
}

/// Why a figure is not the one that was published, in words.
pub(super) fn change(reason: ChangeReason, language: Language) -> &'static str {
    let (vi, en) = match reason {
        ChangeReason::Definition => ("cách tính có phiên bản mới", "a new version of the definitions"),
        ChangeReason::Entries => ("mục trong sổ được ghi, sửa hoặc hủy", "entries of registers"),
        ChangeReason::ReportedValues => ("số của cơ quan khác được thêm hoặc sửa", "values of other bodies"),
        ChangeReason::Other => (
            "đơn vị hành chính, bản đồ, tỷ lệ chia hoặc mục đã chuyển đi",
            "units, the map, declared shares or entries that moved away",
        ),
    };
    choose(language, vi, en)
}
