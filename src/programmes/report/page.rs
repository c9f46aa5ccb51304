//! The report as a page to print: one file without scripts, that fetches nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::words;
use crate::error::Language;
use crate::http::style_policy;
use crate::programmes::figures::Status;
use crate::programmes::figures::views::{IndicatorFigures, PartsView, PlanFigure, PlanFigures, ReportView, UnitNote};
use crate::text::escape_html;

const STYLE: &str = "body{font:12pt/1.4 serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111}\
h1{font-size:1.4em}h2{font-size:1.1em;margin:1.5em 0 .3em}h2,blockquote,.head{break-after:avoid;break-inside:avoid}\
table{border-collapse:collapse;width:100%;font-size:.9em}th,td{border:1px solid #888;padding:.2em .4em;text-align:left}\
td.n{text-align:right}blockquote{margin:.3em 0;padding-left:.8em;border-left:3px solid #888}\
.small{font-size:.85em;color:#333}\
@media screen and (max-width:45em){body{margin:1em auto;overflow-wrap:anywhere}table{display:block;overflow-x:auto}td,th{overflow-wrap:normal}}tr{break-inside:avoid}thead{display:table-header-group}\
@page{size:A4;margin:1.5cm}@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}}";

/// What a browser may do with the page: show it, with its one style.
pub(in crate::programmes) fn policy() -> String {
    style_policy(STYLE)
}

struct Labels {
    unit: &'static str,
    period: &'static str,
    numbers: &'static str,
    figure: &'static str,
    target: &'static str,
    status: &'static str,
    coverage: &'static str,
    map: &'static str,
    as_of: &'static str,
    state: &'static str,
    version: &'static str,
    published: &'static str,
    changed: &'static str,
    why: &'static str,
    computed: &'static str,
    bodies: &'static str,
    more: &'static str,
    denominator: &'static str,
    registers: &'static str,
    reports: &'static str,
    notes: &'static str,
    see_notes: &'static str,
    left_at: &'static str,
    shared: &'static str,
    release: &'static str,
}

const VI: Labels = Labels {
    unit: "Đơn vị",
    period: "Kỳ",
    numbers: "Tử số / mẫu số",
    figure: "Kết quả",
    target: "Mục tiêu",
    status: "Tình trạng",
    coverage: "Đơn vị có số liệu",
    map: "Bản đồ đơn vị hành chính ngày",
    as_of: "Số liệu tính đến ngày",
    state: "Kỳ báo cáo",
    version: "Phiên bản định nghĩa",
    published: "Đã công bố, bản số",
    changed: "nay khác",
    why: "vì",
    computed: "lập lúc",
    bodies: "Số của cơ quan khác",
    more: "và nhiều số khác",
    denominator: "mẫu số",
    registers: "từ sổ",
    reports: "từ báo cáo",
    notes: "Đơn vị hành chính không đưa thẳng lên bản đồ này được",
    see_notes: "Đơn vị hành chính không đưa thẳng lên bản đồ này được (xem cuối báo cáo)",
    left_at: "số liệu để ở",
    shared: "số liệu chia theo tỷ lệ đã công bố",
    release: "Có trong bản công bố thống kê số",
};

const EN: Labels = Labels {
    unit: "Unit",
    period: "Period",
    numbers: "Numerator / denominator",
    figure: "Figure",
    target: "Target",
    status: "Status",
    coverage: "Units with data",
    map: "Map of administrative units of",
    as_of: "Records up to",
    state: "Reporting period",
    version: "Version of the definitions",
    published: "Published, revision",
    changed: "differs now by",
    why: "because of",
    computed: "computed at",
    bodies: "Told by other bodies",
    more: "and more",
    denominator: "denominator",
    registers: "from registers",
    reports: "from reports",
    notes: "Units that are not shown plainly on this map",
    see_notes: "Units that are not shown plainly on this map (see the end)",
    left_at: "numbers left at",
    shared: "numbers divided by declared shares",
    release: "Told by the statistical release no.",
};

pub(super) fn write(report: &PlanFigures, language: Language) -> String {
    let labels = if language == Language::Vi { &VI } else { &EN };
    let lang = if language == Language::Vi { "vi" } else { "en" };
    let title = if language == Language::Vi { &report.title_vi } else { &report.title_en };
    let as_of = report.indicators.iter().flat_map(|indicator| &indicator.figures).map(|figure| figure.as_of).max();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style></head>\
         <body><h1>{0}</h1><p>{1}: {2} · {3}: {4} · {5}: {6}</p><p class=\"small\">{7} {8}, {13} {14} · {9} {10} · {11}: {12}</p>\n",
        escape_html(title),
        labels.unit,
        escape_html(&report.unit_name),
        labels.period,
        words::period(&report.period, language),
        labels.state,
        words::state(report.period_status, language),
        labels.as_of,
        as_of.map_or_else(String::new, |day| words::day(day, language)),
        labels.map,
        words::day(report.map_of, language),
        labels.version,
        report.definition_version,
        labels.computed,
        words::moment(report.computed_at, language),
    );
    for indicator in &report.indicators {
        add_indicator(&mut page, report, indicator, labels, language);
    }
    add_notes(&mut page, report, labels);
    page.push_str("</body></html>\n");
    page
}

/// Units that are not shown plainly, each once, and what became of their numbers.
fn add_notes(page: &mut String, report: &PlanFigures, labels: &Labels) {
    let notes: BTreeMap<&str, &UnitNote> =
        report.indicators.iter().flat_map(|of| &of.unit_notes).map(|note| (note.unit_code.as_str(), note)).collect();
    if notes.is_empty() {
        return;
    }
    let _never = writeln!(page, "<h2>{}</h2><ul class=\"small\">", labels.notes);
    for note in notes.values() {
        let above = note.left_at.as_ref().map(|above| report.unit_names.get(above).unwrap_or(above));
        let what =
            above.map_or_else(|| labels.shared.to_owned(), |at| format!("{} {}", labels.left_at, escape_html(at)));
        let _never = writeln!(page, "<li>{}: {what}</li>", escape_html(&note.unit_name));
    }
    page.push_str("</ul>\n");
}

fn add_indicator(
    page: &mut String,
    report: &PlanFigures,
    indicator: &IndicatorFigures,
    labels: &Labels,
    language: Language,
) {
    let vietnamese = language == Language::Vi;
    let name = if vietnamese { &indicator.name_vi } else { &indicator.name_en };
    let definition = if vietnamese { &indicator.definition_vi } else { &indicator.definition_en };
    // Writing to a string cannot fail.
    let _never = write!(
        page,
        "<h2>{} {}</h2><blockquote>{}</blockquote><p class=\"small head\">{}</p><table><thead><tr>",
        escape_html(&indicator.indicator),
        escape_html(name),
        escape_html(&indicator.source_text),
        escape_html(definition),
    );
    for head in
        [labels.unit, labels.period, labels.numbers, labels.figure, labels.target, labels.status, labels.coverage]
    {
        let _never = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for figure in &indicator.figures {
        add_figure(page, (report, indicator), figure, labels, language);
    }
    page.push_str("</tbody></table>\n");
    add_reports(page, report, indicator, labels, language);
    if let Some(release) = indicator.released_as {
        let _never = writeln!(page, "<p class=\"small\">{} {release}</p>", labels.release);
    }
    if indicator.unit_notes_total > 0 {
        let _never = writeln!(page, "<p class=\"small\">{}: {}</p>", labels.see_notes, indicator.unit_notes_total);
    }
}

/// Reports of other bodies that are named on paper, of each indicator.
const MOST_REPORTS: usize = 10;

/// Which body told what in which document.
fn add_reports(
    page: &mut String,
    report: &PlanFigures,
    indicator: &IndicatorFigures,
    labels: &Labels,
    language: Language,
) {
    if indicator.reports.is_empty() {
        return;
    }
    let of = |told: &ReportView| {
        let unit = report.unit_names.get(&told.unit_code).unwrap_or(&told.unit_code);
        let on = told.source_on.map_or_else(String::new, |on| format!(", {}", words::day(on, language)));
        let (period, value) = (words::period(&told.period, language), told.value);
        let [unit, agency, document] = [unit, &told.source_agency, &told.source_document].map(|text| escape_html(text));
        let name = told.element_name.as_ref().map(|name| if language == Language::Vi { &name.vi } else { &name.en });
        let what = escape_html(name.unwrap_or(&told.element));
        let class = report.class_name(&told.class, language);
        let class = if class.is_empty() { String::new() } else { format!(" ({})", escape_html(class)) };
        format!("{what}{class}, {unit}, {period}: {value} ({agency}, {document}{on})")
    };
    let named: Vec<String> = indicator.reports.iter().take(MOST_REPORTS).map(of).collect();
    let more = indicator.more_reports || indicator.reports.len() > MOST_REPORTS;
    let more = if more { format!("; {}", labels.more) } else { String::new() };
    let _never = writeln!(page, "<p class=\"small\">{}: {}{more}</p>", labels.bodies, named.join("; "));
}

fn add_figure(
    page: &mut String,
    (report, indicator): (&PlanFigures, &IndicatorFigures),
    figure: &PlanFigure,
    labels: &Labels,
    language: Language,
) {
    let number = |number: Option<i64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let unit = report.unit_names.get(&figure.unit_code).unwrap_or(&figure.unit_code);
    let class =
        figure.class.as_ref().map_or_else(String::new, |class| format!(" · {}", report.class_name(class, language)));
    let value = match (figure.percent, figure.number, figure.reason) {
        (Some(percent), ..) => words::percent(percent, language),
        (_, Some(number), _) => number.to_string(),
        (.., Some(reason)) => words::reason(reason, language).to_owned(),
        _ => "–".to_owned(),
    };
    // Of a figure for which nothing is wanted there is nothing to say.
    let is_judged = figure.status != Status::NotApplicable || figure.target.is_some() || figure.reason.is_some();
    let target = figure
        .target
        .as_ref()
        .map_or_else(String::new, |target| words::target(target, indicator.kind.is_percent(), language));
    let coverage =
        figure.coverage.map_or_else(|| "–".to_owned(), |coverage| format!("{} / {}", coverage.units, coverage.of));
    // What comes from registers is the rule; what other bodies told is said to be theirs.
    let parts_of = |parts: Option<PartsView>, whose: &str| {
        let of_others = parts.filter(|parts| parts.reported != 0);
        of_others.map_or_else(String::new, |PartsView { register, reported }| {
            let (registers, reports) = (labels.registers, labels.reports);
            if register == 0 {
                return format!("<br><span class=\"small\">{whose}{reports}</span>");
            }
            format!("<br><span class=\"small\">{whose}{register}: {registers}; {reported}: {reports}</span>")
        })
    };
    let parts = parts_of(figure.numerator_parts, "")
        + &parts_of(figure.denominator_parts, &format!("{}: ", labels.denominator));
    let published = figure.published.as_ref().map(|told| {
        let then = format!("{} / {}", number(told.numerator), number(told.denominator));
        let now = told.changed.as_ref().map(|by| {
            let signed = |by: Option<i64>| by.map_or_else(|| "–".to_owned(), |by| format!("{by:+}"));
            let why: Vec<&str> = by.why.iter().map(|why| words::change(*why, language)).collect();
            let why = if why.is_empty() { String::new() } else { format!(", {} {}", labels.why, why.join(", ")) };
            format!("; {}: {} / {}{why}", labels.changed, signed(by.numerator), signed(by.denominator))
        });
        let now = now.unwrap_or_default();
        let reason = told.reason.as_deref().map_or_else(String::new, |reason| format!(" ({})", escape_html(reason)));
        format!("<br><span class=\"small\">{} {}{reason}: {then}{now}</span>", labels.published, told.revision)
    });
    let _never = writeln!(
        page,
        "<tr><td>{}{}</td><td>{}</td><td class=\"n\">{} / {}{}</td><td class=\"n\">{}{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>",
        escape_html(unit),
        escape_html(&class),
        words::period(&figure.period, language),
        number(figure.numerator),
        number(figure.denominator),
        parts,
        escape_html(&value),
        published.unwrap_or_default(),
        escape_html(&target),
        if is_judged { words::status(figure.status, language) } else { "–" },
        coverage,
    );
}
