//! A return as a page to print, and as a table.

use super::catalogue::ReturnCatalogue;
use super::model::{OfficialReturn, OfficialReturnView, ReturnStatus, ReturnedLine, SignatureView};
use crate::error::AppError;
use crate::http::style_policy;
use crate::programmes::periods::ReportPeriod;
use crate::text::escape_html;

const STYLE: &str = "body{font:12pt/1.45 serif;margin:2cm;color:#000}h1{font-size:16pt}table{border-collapse:collapse;\
    width:100%;margin:1em 0}th,td{border:1px solid #000;padding:4px 8px;text-align:left;vertical-align:top}\
    td.n{text-align:right}tr,.signed{break-inside:avoid}@media screen and (max-width:45em){body{margin:1em;overflow-wrap:anywhere}table{display:block;overflow-x:auto}}@page{size:A4}@media print{body{margin:0}}.en{font-style:italic}.part td:first-child{padding-left:2em}.mark{border:2px solid #000;padding:4px 8px}";

/// What a browser may do with the page: show it, with its one style.
pub(super) fn policy() -> String {
    style_policy(STYLE)
}

/// The page, in both languages, without script.
pub(super) fn page(row: &OfficialReturn, view: &OfficialReturnView, catalogue: &ReturnCatalogue) -> String {
    let content = &view.content;
    let period = row.period.parse::<ReportPeriod>().map_or_else(|_| row.period.clone(), |period| period.named().vi);
    let title = format!("Báo cáo chính thức {period} · {}", content.province_vi);
    let lines: String = content.lines.iter().map(table_row).collect();
    let nothing = if view.nothing_to_report {
        "<p><b>Không phát sinh số liệu trong kỳ.</b> <span class=\"en\">Nothing to report.</span></p>"
    } else {
        ""
    };
    format!(
        "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\n\
         <p>{sender_vi} <span class=\"en\">{sender_en}</span></p>\n<h1>{title}</h1>\n{mark}\
         <p>{province} ({code}). Kỳ {first_vi} – {last_vi}. Bản số {revision}.<br>\
         <span class=\"en\">{province_en}. Period {period}, {first} to {last}. Revision {revision}.</span></p>\n{reason}{addressed}\
         <table><tr><th>Chỉ tiêu <span class=\"en\">What is counted</span></th><th>Căn cứ <span class=\"en\">Basis</span></th>\
         <th>Số người <span class=\"en\">Persons</span></th></tr>\n{lines}</table>\n{nothing}\
         <p>{note_vi}</p>\n<p class=\"en\">{note_en}</p>\n{signatures}</body></html>\n",
        title = escape_html(&title),
        sender_vi = escape_html(&catalogue.sender.vi),
        sender_en = escape_html(&catalogue.sender.en),
        mark = mark(row.status),
        province = escape_html(&content.province_vi),
        province_en = escape_html(&content.province_en),
        code = escape_html(&row.province_code),
        period = escape_html(&row.period),
        first_vi = row.first_day.format("%d/%m/%Y"),
        last_vi = row.last_day.format("%d/%m/%Y"),
        first = row.first_day,
        last = row.last_day,
        revision = row.revision,
        reason = reason(row),
        addressed = addressed(row, catalogue),
        note_vi = escape_html(&content.note_vi),
        note_en = escape_html(&content.note_en),
        signatures = signatures(row, &view.signatures),
    )
}

/// What a reader must not take it for.
fn mark(status: ReturnStatus) -> &'static str {
    match status {
        ReturnStatus::Filed => "",
        ReturnStatus::Superseded => {
            "<p class=\"mark\">ĐÃ CÓ BẢN SỬA ĐỔI SAU <span class=\"en\">Superseded by a later revision</span></p>\n"
        }
        ReturnStatus::Computed | ReturnStatus::Signed => {
            "<p class=\"mark\">CHƯA NỘP <span class=\"en\">Not filed</span></p>\n"
        }
    }
}

fn reason(row: &OfficialReturn) -> String {
    if row.reason.is_empty() {
        return String::new();
    }
    format!("<p>Lý do sửa đổi: {} <span class=\"en\">(reason of the revision)</span></p>\n", escape_html(&row.reason))
}

fn addressed(row: &OfficialReturn, catalogue: &ReturnCatalogue) -> String {
    let Some(code) = &row.recipient else { return String::new() };
    let (vi, en) = match catalogue.recipient(code) {
        Some(recipient) => (recipient.vi.as_str(), recipient.en.as_str()),
        None => (code.as_str(), ""),
    };
    format!("<p>Kính gửi: {} <span class=\"en\">To: {}</span></p>\n", escape_html(vi), escape_html(en))
}

fn table_row(line: &ReturnedLine) -> String {
    let class = if line.of.is_some() { " class=\"part\"" } else { "" };
    format!(
        "<tr{class}><td>{}<br><span class=\"en\">{}</span></td><td>{}</td><td class=\"n\">{}</td></tr>\n",
        escape_html(&line.vi),
        escape_html(&line.en),
        escape_html(&line.legal_basis),
        line.persons,
    )
}

fn signatures(row: &OfficialReturn, signed: &[SignatureView]) -> String {
    let one = |(number, signature): (usize, &SignatureView)| {
        let (name, at) = (escape_html(&signature.display_name), signature.signed_at.civil_minute());
        format!("<p>Chữ ký {number}: {name}, {at} <span class=\"en\">Signature {number}</span></p>\n")
    };
    let receipt = row.receipt.iter().map(|receipt| {
        format!("<p>Biên nhận: <b>{}</b> <span class=\"en\">Receipt</span></p>\n", escape_html(receipt))
    });
    let all: String = (1..).zip(signed).map(one).chain(receipt).collect();
    format!("<div class=\"signed\">{all}</div>\n")
}

/// The totals as a table. No text of people's own stands in it, so that no spreadsheet takes a cell for a formula.
pub(super) fn table(row: &OfficialReturn, lines: &[ReturnedLine]) -> Result<Vec<u8>, AppError> {
    let fault = |error: csv::Error| AppError::internal(error.to_string());
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["province_code", "calendar", "period", "first_day", "last_day", "revision", "status", "receipt"];
    let columns = ["code", "of", "vi", "en", "legal_basis", "persons"];
    table.write_record(head.iter().chain(&columns)).map_err(fault)?;
    let (first, last, revision) = (row.first_day.to_string(), row.last_day.to_string(), row.revision.to_string());
    for line in lines {
        let persons = line.persons.to_string();
        let of_return = [
            row.province_code.as_str(),
            row.calendar.as_str(),
            &row.period,
            &first,
            &last,
            &revision,
            row.status.as_str(),
            row.receipt.as_deref().unwrap_or_default(),
        ];
        let of_line = [
            line.code.as_str(),
            line.of.as_deref().unwrap_or_default(),
            &line.vi,
            &line.en,
            &line.legal_basis,
            &persons,
        ];
        table.write_record(of_return.iter().chain(&of_line)).map_err(fault)?;
    }
    let bytes = table.into_inner().map_err(|error| AppError::internal(error.to_string()))?;
    // Spreadsheets take a file without this mark for another encoding than UTF-8.
    Ok([b"\xef\xbb\xbf".as_slice(), &bytes].concat())
}
