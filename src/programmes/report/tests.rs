use super::*;
use crate::admin_units::NotTold;
use crate::db::types::Instant;
use crate::imports::sheet::{Cell as Read, read};
use crate::programmes::closing::model::PeriodStatus;
use crate::programmes::closing::publishing::{ChangeReason, ChangeView, PublishedView};
use crate::programmes::figures::views::{CoverageView, ReportView, UnitNote};
use crate::programmes::figures::{Status, TargetView};
use crate::programmes::plans::MeasureKind;
use crate::programmes::plans::model::Operator;

fn report() -> PlanFigures {
    let day = |text: &str| text.parse().expect("a day");
    let figure = PlanFigure {
        unit_code: "VN".into(),
        period: "2022".into(),
        first_day: day("2022-01-01"),
        last_day: day("2022-12-31"),
        as_of: day("2022-12-31"),
        class: None,
        numerator: Some(7_420),
        denominator: Some(10_599),
        numerator_parts: None,
        denominator_parts: None,
        coverage: Some(CoverageView { units: 9_000, of: 10_599 }),
        percent: Some(70.0),
        number: None,
        target: None,
        status: Status::Met,
        reason: None,
        published: None,
    };
    let indicator = IndicatorFigures {
        indicator: "808-01".into(),
        kind: MeasureKind::UnitShare,
        name_vi: "=1+1; \"<b>Xã</b>\"".into(),
        name_en: "Communes".into(),
        source_text: "Ít nhất 70%".into(),
        definition_vi: "Cách tính".into(),
        definition_en: "What counts".into(),
        feeds: Vec::new(),
        registers: std::collections::BTreeSet::new(),
        reports: Vec::new(),
        more_reports: false,
        breakdowns: Vec::new(),
        figures: vec![figure],
        unit_notes: Vec::new(),
        released_as: None,
        unit_notes_total: 0,
    };
    PlanFigures {
        programme: "p".into(),
        title_vi: "Kế hoạch".into(),
        title_en: "Plan".into(),
        definition_version: 2,
        unit_code: "VN".into(),
        unit_name: "Việt Nam".into(),
        period: "2022".into(),
        period_status: None,
        map_of: day("2022-12-31"),
        computed_at: Instant(chrono::DateTime::UNIX_EPOCH),
        class_names: std::collections::BTreeMap::new(),
        unit_names: [("VN".to_owned(), "Việt Nam".to_owned())].into(),
        indicators: vec![indicator],
    }
}

#[test]
fn table_and_workbook_are_read_back_with_every_number() {
    for format in [ReportFormat::Csv, ReportFormat::Xlsx] {
        let lines = read(&format.write(&report(), Language::Vi).expect("a report")).expect("lines");
        assert_eq!(lines.len(), 3, "{format}");
        assert_eq!(lines[1].cells[7], Read::Text("numerator".into()), "{format}");
        assert_eq!(lines[2].cells[1], Read::Text("=1+1; \"<b>Xã</b>\"".into()), "{format}");
        let number = match &lines[2].cells[7] {
            Read::Text(text) => text.clone(),
            Read::Number(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(number, "7420", "{format}");
    }
}

#[test]
fn numbers_and_units_are_written_as_readers_of_the_language_do() {
    let mut report = report();
    report.unit_names.insert("VN".into(), "Xã A (nay: Xã B)".into());
    let csv = |language| String::from_utf8(ReportFormat::Csv.write(&report, language).expect("a table")).expect("text");
    assert!(csv(Language::Vi).contains(";70,0;") && csv(Language::Vi).contains("Xã A (nay: Xã B)"));
    assert!(csv(Language::En).contains(";70.0;") && csv(Language::En).contains("Xã A (now: Xã B)"));
}

#[test]
fn the_page_has_no_script_and_no_text_becomes_markup() {
    let page = String::from_utf8(ReportFormat::Html.write(&report(), Language::En).expect("a page")).expect("text");
    assert!(page.contains("7420 / 10599") && page.contains("70.0%") && page.contains("Met"));
    assert!(page.contains("computed at 1970-01-01 07:00"));
    assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http"));
    let vietnamese =
        String::from_utf8(ReportFormat::Html.write(&report(), Language::Vi).expect("a page")).expect("text");
    assert!(vietnamese.contains("&lt;b&gt;Xã") && vietnamese.contains("lang=\"vi\""));
}

#[test]
fn the_page_tells_what_was_published_and_lists_units_that_were_not_placed_once() {
    let mut report = report();
    let changed = ChangeView {
        numerator: Some(20),
        denominator: Some(0),
        why: vec![ChangeReason::Entries],
        entries_since: Some(1),
        reported_values_since: Some(0),
    };
    let published = PublishedView {
        revision: 1,
        published_at: Instant(chrono::DateTime::UNIX_EPOCH),
        definition_version: 2,
        numerator: Some(7_400),
        denominator: Some(10_599),
        reason: None,
        changed: Some(changed),
    };
    let note = UnitNote {
        unit_code: "G63-C00007".into(),
        unit_name: "Phường <Cống Vị>".into(),
        left_at: Some("VN".into()),
        why: Some(NotTold::Split),
    };
    report.period_status = Some(PeriodStatus::Reopened);
    report.indicators[0].reports = vec![ReportView {
        element: "students".into(),
        element_name: Some(crate::text::Words::new("Số học sinh", "Students")),
        class: String::new(),
        unit_code: "VN".into(),
        period: "2022".into(),
        value: 100,
        source_agency: "Sở <Giáo dục>".into(),
        source_document: "12/BC".into(),
        source_on: Some("2022-01-05".parse().expect("a day")),
    }];
    report.indicators[0].figures[0].published = Some(published);
    report.indicators.push(report.indicators[0].clone());
    for indicator in &mut report.indicators {
        indicator.unit_notes = vec![note.clone()];
        indicator.unit_notes_total = 1;
    }
    let page = String::from_utf8(ReportFormat::Html.write(&report, Language::Vi).expect("a page")).expect("text");
    assert!(page.contains("Kỳ báo cáo: đã mở lại"));
    assert!(
        page.contains("Đã công bố, bản số 1: 7400 / 10599; nay khác: +20 / +0, vì mục trong sổ được ghi, sửa hoặc hủy")
    );
    assert!(page.contains(
        "Số của cơ quan khác: Số học sinh, Việt Nam, năm 2022: 100 (Sở &lt;Giáo dục&gt;, 12/BC, 05/01/2022)</p>"
    ));
    assert!(page.contains("70,0%"));
    assert_eq!(page.matches("<li>Phường &lt;Cống Vị&gt;: số liệu để ở Việt Nam</li>").count(), 1);
}

#[test]
fn a_target_is_told_with_what_is_wanted_that_day_and_by_when() {
    let day = |text: &str| text.parse().expect("a day");
    let target = |operator, value, max, wanted_tenths, beyond| TargetView {
        operator,
        value,
        max,
        by: Some(day("2020-12-31")),
        wanted_tenths,
        beyond,
    };
    let said = |view: &TargetView, is_percent| {
        [Language::Vi, Language::En].map(|language| words::target(view, is_percent, language))
    };
    let stepped = target(Operator::Equal, Some(100), None, Some(750), false);
    assert_eq!(said(&stepped, true), ["100% đến 31/12/2020; mốc lúc này 75%", "100% by 2020-12-31; now 75%"]);
    let between = target(Operator::AtLeast, Some(70), None, Some(333), false);
    assert_eq!(said(&between, true)[0], "≥ 70% đến 31/12/2020; mốc lúc này 33,3%");
    let range = TargetView { by: None, ..target(Operator::Range, Some(3), Some(5), Some(30), true) };
    assert_eq!(said(&range, false)[1], "3–5; above the top, which is no failure");
    let none = target(Operator::None, None, None, None, false);
    assert_eq!(said(&none, true), ["", ""]);
}

#[test]
fn a_workbook_has_a_sheet_of_what_other_bodies_told_where_they_told_something() {
    let sheets = |report: &PlanFigures| {
        let bytes = ReportFormat::Xlsx.write(report, Language::En).expect("a workbook");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
        let mut text = String::new();
        let mut part = archive.by_name("xl/workbook.xml").expect("the workbook");
        std::io::Read::read_to_string(&mut part, &mut text).expect("its content");
        text.matches("<sheet ").count()
    };
    let mut report = report();
    assert_eq!(sheets(&report), 2);
    report.indicators[0].reports = vec![ReportView {
        element: "students".into(),
        element_name: None,
        class: String::new(),
        unit_code: "VN".into(),
        period: "2022".into(),
        value: 100,
        source_agency: "=1+1".into(),
        source_document: "12/BC".into(),
        source_on: None,
    }];
    assert_eq!(sheets(&report), 3);
    let note =
        UnitNote {
            unit_code: "G63-C00007".into(), unit_name: "Phường Cống Vị".into(), left_at: None, why: None
        };
    report.indicators[0].unit_notes = vec![note];
    assert_eq!(sheets(&report), 4);
}

#[test]
fn a_figure_for_which_nothing_is_wanted_is_not_said_to_be_inapplicable() {
    let said = |status: Status| {
        let mut report = report();
        report.indicators[0].figures[0].status = status;
        let page = ReportFormat::Html.write(&report, Language::En).expect("a page");
        String::from_utf8(page).expect("text").contains("Not applicable")
    };
    assert!(!said(Status::NotApplicable));
    let mut refused = report();
    refused.indicators[0].figures[0].status = Status::NotApplicable;
    refused.indicators[0].figures[0].reason = Some(crate::programmes::figures::NoFigure::NoSuchUnit);
    let page = ReportFormat::Html.write(&refused, Language::En).expect("a page");
    assert!(String::from_utf8(page).expect("text").contains("Not applicable"));
}
