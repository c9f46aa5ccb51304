//! The report as a page to print: one file without scripts, that fetches nothing.

use std::fmt::Write as _;

use super::words;
use crate::error::Language;
use crate::programmes::figures::views::{IndicatorFigures, PlanFigure, PlanFigures};
use crate::text::escape_html;

const STYLE: &str = "body{font:12pt/1.4 serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111}\
h1{font-size:1.4em}h2{font-size:1.1em;margin:1.5em 0 .3em;break-after:avoid}\
table{border-collapse:collapse;width:100%;font-size:.9em}th,td{border:1px solid #888;padding:.2em .4em;text-align:left}\
td.n{text-align:right}blockquote{margin:.3em 0;padding-left:.8em;border-left:3px solid #888}\
.small{font-size:.85em;color:#333}@page{margin:1.5cm}tr{break-inside:avoid}";

struct Labels {
    unit: &'static str,
    period: &'static str,
    numbers: &'static str,
    figure: &'static str,
    target: &'static str,
    status: &'static str,
    coverage: &'static str,
    map: &'static str,
    version: &'static str,
    notes: &'static str,
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
    version: "Phiên bản định nghĩa",
    notes: "Đơn vị hành chính không đưa thẳng lên bản đồ này được",
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
    version: "Version of the definitions",
    notes: "Units that are not shown plainly on this map",
    release: "Told by the statistical release no.",
};

pub(super) fn write(report: &PlanFigures, language: Language) -> String {
    let labels = if language == Language::Vi { &VI } else { &EN };
    let lang = if language == Language::Vi { "vi" } else { "en" };
    let title = if language == Language::Vi { &report.title_vi } else { &report.title_en };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style></head>\
         <body><h1>{0}</h1><p>{1}: {2} · {3}: {4}</p><p class=\"small\">{5} {6} · {7}: {8}</p>\n",
        escape_html(title),
        labels.unit,
        escape_html(&report.unit_name),
        labels.period,
        escape_html(&report.period),
        labels.map,
        report.map_of,
        labels.version,
        report.definition_version,
    );
    for indicator in &report.indicators {
        add_indicator(&mut page, report, indicator, labels, language);
    }
    page.push_str("</body></html>\n");
    page
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
        "<h2>{} {}</h2><blockquote>{}</blockquote><p class=\"small\">{}</p><table><thead><tr>",
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
        add_figure(page, report, figure, language);
    }
    page.push_str("</tbody></table>\n");
    if let Some(release) = indicator.released_as {
        let _never = writeln!(page, "<p class=\"small\">{} {release}</p>", labels.release);
    }
    if indicator.unit_notes_total > 0 {
        let names: Vec<String> = indicator.unit_notes.iter().map(|note| escape_html(&note.unit_name)).collect();
        let more = indicator.unit_notes_total - names.len();
        let rest = if more > 0 { format!(" (+{more})") } else { String::new() };
        let _never = writeln!(page, "<p class=\"small\">{}: {}{rest}</p>", labels.notes, names.join("; "));
    }
}

fn add_figure(page: &mut String, report: &PlanFigures, figure: &PlanFigure, language: Language) {
    let number = |number: Option<i64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let unit = report.unit_names.get(&figure.unit_code).unwrap_or(&figure.unit_code);
    let class = figure.class.as_ref().map_or_else(String::new, |class| format!(" · {class}"));
    let value = match (figure.percent, figure.number, figure.reason) {
        (Some(percent), ..) => format!("{percent:.1} %"),
        (_, Some(number), _) => number.to_string(),
        (.., Some(reason)) => words::reason(reason, language).to_owned(),
        _ => "–".to_owned(),
    };
    let target = figure.target.as_ref().map_or_else(String::new, |target| words::target(target, language));
    let coverage =
        figure.coverage.map_or_else(|| "–".to_owned(), |coverage| format!("{} / {}", coverage.units, coverage.of));
    let _never = writeln!(
        page,
        "<tr><td>{}{}</td><td>{}</td><td class=\"n\">{} / {}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>",
        escape_html(unit),
        escape_html(&class),
        figure.period,
        number(figure.numerator),
        number(figure.denominator),
        escape_html(&value),
        escape_html(&target),
        words::status(figure.status, language),
        coverage,
    );
}
