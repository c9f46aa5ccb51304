use super::*;
use crate::imports::sheet::{Cell as Read, read};
use crate::programmes::figures::Status;
use crate::programmes::figures::views::CoverageView;
use crate::programmes::plans::MeasureKind;

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
        map_of: day("2022-12-31"),
        unit_names: [("VN".to_owned(), "Việt Nam".to_owned())].into(),
        indicators: vec![indicator],
    }
}

#[test]
fn table_and_workbook_are_read_back_with_every_number() {
    for format in [ReportFormat::Csv, ReportFormat::Xlsx] {
        let lines = read(&format.write(&report(), Language::Vi).expect("a report")).expect("lines");
        assert_eq!(lines.len(), 3, "{format}");
        assert_eq!(lines[1].cells[6], Read::Text("numerator".into()), "{format}");
        assert_eq!(lines[2].cells[1], Read::Text("=1+1; \"<b>Xã</b>\"".into()), "{format}");
        let number = match &lines[2].cells[6] {
            Read::Text(text) => text.clone(),
            Read::Number(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(number, "7420", "{format}");
    }
}

#[test]
fn the_page_has_no_script_and_no_text_becomes_markup() {
    let page = String::from_utf8(ReportFormat::Html.write(&report(), Language::En).expect("a page")).expect("text");
    assert!(page.contains("7420 / 10599") && page.contains("70.0 %") && page.contains("Met"));
    assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http"));
    let vietnamese =
        String::from_utf8(ReportFormat::Html.write(&report(), Language::Vi).expect("a page")).expect("text");
    assert!(vietnamese.contains("&lt;b&gt;Xã") && vietnamese.contains("lang=\"vi\""));
}
