//! Both formats against files in them, and against files that are made to harm.

use proptest::prelude::*;

use super::*;
use crate::db::types::Instant;
use crate::error::{ExchangeRule, Language, PlainForm, Rule};
use crate::programmes::periods::{PeriodKind, ReportPeriod};

mod hostile;
mod mappings;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/exchange/", $name))
    };
}

fn mapping() -> Mapping {
    Mapping::parse(fixture!("mapping.toml")).expect("a mapping")
}

fn value(unit: &str, period: &str, (element, class): (&str, &str), value: i64) -> DataValue {
    let period = period.parse().expect("a period");
    DataValue { element: element.into(), class: class.into(), unit: unit.into(), period, value, comment: None }
}

fn set(complete_on: Option<&str>, values: Vec<DataValue>) -> DataSet {
    let complete_on = complete_on.map(|day| day.parse().expect("a day"));
    DataSet { code: "vn-808-report".to_owned(), complete_on, values }
}

fn said(value: DataValue, comment: &str) -> DataValue {
    DataValue { comment: Some(comment.to_owned()), ..value }
}

fn exported() -> Instant {
    Instant::new("2026-01-15T02:30:00.123456Z".parse().expect("a moment"))
}

/// Places and rules of faults, and that none of them repeats what stands in the file.
fn told(faults: &Faults) -> Vec<(String, &'static str)> {
    faults.all().iter().map(|fault| (fault.field.clone(), fault.rule.code())).collect()
}

fn one_report() -> DataSet {
    let comment = "Chưa kể 3 người chuyển đến sau \"14/12\"\nĐã đối chiếu.";
    set(
        Some("2026-01-15"),
        vec![
            value("G34-P01", "2025", ("808-10.in_need", ""), 1250),
            said(value("G34-P01", "2025", ("808-10.in_need", "female"), 1198), comment),
            value("G34-P01", "2025", ("808-10.in_need", "male"), 52),
            value("G34-P01", "2025", ("808-10.used", ""), 0),
        ],
    )
}

fn several_reports() -> DataSet {
    set(
        None,
        vec![
            value("G34-P01", "2025-H1", ("808-10.used", "female under 18"), 7),
            said(value("G34-P79", "2025-03", ("808-10.used", ""), -2), "Điều chỉnh"),
            value("G34-P79", "2025-Q4", ("808-10.used", ""), 31),
        ],
    )
}

fn of_adx() -> DataSet {
    let comment = "Chưa kể <3> người & \"14/12\"\nĐã đối chiếu.";
    set(
        Some("2026-01-15"),
        vec![
            value("G34-P01", "2025", ("808-10.by_trade", "tailor & seamstress"), 4),
            value("G34-P01", "2025", ("808-10.in_need", ""), 1250),
            said(value("G34-P01", "2025", ("808-10.in_need", "female"), 1198), comment),
            value("G34-P01", "2025", ("808-10.used", "female under 18"), 0),
            value("G34-P79", "2021-2025", ("808-10.used", ""), 31),
        ],
    )
}

fn backwards(mut set: DataSet) -> DataSet {
    set.values.reverse();
    set
}

#[test]
fn figures_are_written_byte_for_byte_in_whatever_order_they_come() {
    for (set, file) in
        [(one_report(), fixture!("dhis2-one-report.json")), (several_reports(), fixture!("dhis2-several-reports.json"))]
    {
        assert_eq!(dhis2::write(&set, &mapping()).as_deref(), Ok(file));
        assert_eq!(dhis2::write(&backwards(set.clone()), &mapping()).as_deref(), Ok(file));
        assert_eq!(dhis2::read(file.as_bytes(), &mapping()), Ok(set));
    }
    let file = fixture!("export.adx.xml");
    assert_eq!(adx::write(&of_adx(), &mapping(), exported()).as_deref(), Ok(file));
    assert_eq!(adx::write(&backwards(of_adx()), &mapping(), exported()).as_deref(), Ok(file));
    assert_eq!(adx::read(file.as_bytes(), &mapping()), Ok(of_adx()));
}

#[test]
fn what_dhis2_gives_is_read_with_everything_it_says_besides() {
    let female = value("G34-P01", "2025", ("808-10.in_need", "female"), 1198);
    let expected = set(
        Some("2026-01-15"),
        vec![
            value("G34-P01", "2025", ("808-10.in_need", ""), 1250),
            said(female.clone(), "Đã đối chiếu"),
            value("VN", "2025", ("808-10.used", ""), 0),
        ],
    );
    assert_eq!(dhis2::read(fixture!("from-dhis2.json").as_bytes(), &mapping()), Ok(expected));
    let expected = set(
        None,
        vec![
            value("G34-P01", "2025-Q1", ("808-10.in_need", "female"), 310),
            female,
            value("G34-P01", "2025", ("808-10.in_need", "male"), 52),
        ],
    );
    assert_eq!(adx::read(fixture!("from-dhis2.adx.xml").as_bytes(), &mapping()), Ok(expected.sorted()));
}

#[test]
fn another_producer_may_use_all_of_xml() {
    let expected = set(
        // Complete when the last of its groups was.
        Some("2025-03-18"),
        vec![
            said(value("VN", "2025-02", ("808-10.in_need", ""), 12), "3 < 12, xem <phụ lục> & biên bản số 4"),
            said(value("VN", "2025-02", ("808-10.in_need", "female"), 9), "theo DHIS2"),
            value("VN", "2025-03", ("808-10.in_need", ""), 0),
        ],
    );
    let file = fixture!("from-elsewhere.adx.xml");
    assert_eq!(adx::read(file.as_bytes(), &mapping()).as_ref(), Ok(&expected));
    let marked = format!("\u{feff}{file}").replace('\n', "\r\n");
    assert_eq!(adx::read(marked.as_bytes(), &mapping()), Ok(expected));
}

#[test]
fn our_codes_without_a_counterpart_are_listed_once_each() {
    let figures = set(
        None,
        vec![
            value("G34-P01", "2025", ("808-10.used", "male"), 1),
            value("G34-P01", "2024", ("808-10.used", "male"), 1),
            value("G34-P30", "2025", ("MB-01.all", ""), 1),
            value("G34-P30", "2025", ("808-10.in_need", ""), 1),
        ],
    );
    let expected = [
        ("elements.808-10.used.male".to_owned(), "unmapped"),
        ("units.G34-P30".to_owned(), "unmapped"),
        ("elements.MB-01.all".to_owned(), "unmapped"),
    ];
    let faults = adx::write(&figures, &mapping(), exported()).expect_err("codes without counterpart");
    assert_eq!(told(&faults), expected);
    assert_eq!(dhis2::write(&figures, &mapping()).map_err(|faults| told(&faults)), Err(expected.to_vec()));
    let text = faults.to_string();
    assert!(text.starts_with("elements.808-10.used.male: The mapping has no counterpart"), "{text}");
}

#[test]
fn what_dhis2_has_no_words_for_is_not_sent_to_it() {
    let fault = |figures: &DataSet| dhis2::write(figures, &mapping()).map_err(|faults| told(&faults));
    let five_years = set(None, vec![value("VN", "2021-2025", ("808-10.used", ""), 1)]);
    assert_eq!(fault(&five_years), Err(vec![("periods.2021-2025".to_owned(), "period_unnamed")]));
    let by_dimension = set(None, vec![value("VN", "2025", ("808-10.by_trade", "tailor & seamstress"), 1)]);
    let expected = ("elements.808-10.by_trade.tailor & seamstress".to_owned(), "unmapped");
    assert_eq!(fault(&by_dimension), Err(vec![expected]));
    let complete = DataSet { complete_on: Some("2026-01-15".parse().expect("a day")), ..several_reports() };
    assert_eq!(fault(&complete), Err(vec![("complete_on".to_owned(), "complete_apart")]));
    for part in complete.by_unit_and_period() {
        let file = dhis2::write(&part, &mapping()).expect("each by itself");
        assert_eq!(dhis2::read(file.as_bytes(), &mapping()), Ok(part));
    }
}

#[test]
fn figures_that_cannot_be_are_not_written() {
    let twice =
        set(None, vec![value("VN", "2025", ("808-10.used", ""), 1), value("VN", "2025", ("808-10.used", ""), 1)]);
    let control = set(None, vec![said(value("VN", "2025", ("808-10.used", ""), 1), "a\u{1}b")]);
    let other = DataSet { code: "mb-report".to_owned(), ..twice.clone().by_unit_and_period().remove(0) };
    let mut odd = value("VN", "2025", ("808-10.used", ""), 1);
    odd.period = ReportPeriod { year: 2025, kind: PeriodKind::Quarter, number: 9 };
    for (figures, field, rule) in [
        (twice, "elements.808-10.used", "twice"),
        (control, "elements.808-10.used.comment", "control_character"),
        (other, "code", "other_data_set"),
        (set(None, vec![]), "values", "length"),
        (set(None, vec![odd]), "periods.2025-Q9", "period_unnamed"),
    ] {
        for written in [adx::write(&figures, &mapping(), exported()), dhis2::write(&figures, &mapping())] {
            let faults = told(&written.expect_err("a fault"));
            assert!(faults.contains(&(field.to_owned(), rule)), "{faults:?}");
        }
    }
}

/// Text as people and other programs write it, with everything that XML and JSON treat apart.
fn any_text() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        "[ -~]",
        prop::sample::select(vec![
            '\n', '\t', '\r', 'Đ', 'ề', '\u{301}', '\u{a0}', '\u{2028}', '😀', '\u{fffd}', '\u{85}'
        ])
        .prop_map(String::from),
        any::<char>().prop_map(String::from),
        Just("]]>".to_owned()),
        Just("&amp;".to_owned()),
    ];
    prop::collection::vec(sign, 0..12).prop_map(|signs| signs.concat())
}

fn any_comment() -> impl Strategy<Value = Option<String>> {
    let sound = |text: String| text.chars().filter(|c| !text::is_forbidden(*c)).collect::<String>();
    prop::option::of(any_text()).prop_map(move |comment| comment.and_then(|comment| text::comment(&sound(comment))))
}

fn any_period() -> impl Strategy<Value = ReportPeriod> {
    (1900_i32..=2200, prop::sample::select(PeriodKind::ALL.to_vec()), 0_u32..12).prop_map(|(year, kind, number)| {
        let most = 12_u32.checked_div(kind.months()).unwrap_or(1).max(1);
        let year = if kind == PeriodKind::FiveYears { 1901 + (year - 1901).max(0) / 5 * 5 } else { year };
        ReportPeriod { year, kind, number: number % most + 1 }
    })
}

/// A mapping of ids that may hold anything an id may, and figures in its codes.
#[derive(Debug, Clone)]
struct Exchanged {
    mapping: String,
    set: DataSet,
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An id or code that differs from every other by its number.
fn any_id() -> impl Strategy<Value = String> {
    let plain = |c: char| !c.is_control() && !text::is_forbidden(c);
    any_text().prop_map(move |text| text.chars().filter(|c| plain(*c)).collect::<String>())
}

fn any_exchange() -> impl Strategy<Value = Exchanged> {
    let ids = prop::collection::vec((any_id(), any_id(), any_id(), any::<bool>(), any::<bool>()), 1..6);
    let units = prop::collection::vec((any_id(), any_id()), 1..4);
    let figures = prop::collection::vec((0_usize..6, 0_usize..4, any_period(), any::<i64>(), any_comment()), 1..20);
    let complete = prop::option::of(0_i64..80_000);
    (ids, units, figures, complete, any::<bool>(), any_id(), 1_u32..=27).prop_map(exchanged)
}

type Parts = (
    Vec<(String, String, String, bool, bool)>,
    Vec<(String, String)>,
    Vec<(usize, usize, ReportPeriod, i64, Option<String>)>,
    Option<i64>,
    bool,
    String,
    u32,
);

fn exchanged((ids, units, figures, complete, closing, attribute, closing_day): Parts) -> Exchanged {
    use std::fmt::Write as _;
    let mut mapping = format!(
        "[data_set]\ncode = \"r\"\nid = {}\nattribute_option_combo = {}\n[periods]\n",
        quoted(&format!("D{attribute}D")),
        quoted(&format!("A{attribute}A")),
    );
    if closing {
        write!(mapping, "calendar = \"closing\"\nclosing_day = {closing_day}\n").expect("written");
    } else {
        mapping.push_str("calendar = \"civil\"\n");
    }
    let elements: Vec<(String, String)> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| (format!("{n}{}.", id.0), if id.3 { format!("{n}{}.", id.1) } else { String::new() }))
        .collect();
    for (n, (id, (element, class))) in ids.iter().zip(&elements).enumerate() {
        let theirs = quoted(&format!("{n}{}.", id.2));
        write!(
            mapping,
            "[[values]]\nelement = {}\nclass = {}\ndata_element = {theirs}\n",
            quoted(element),
            quoted(class)
        )
        .expect("written");
        if id.4 {
            writeln!(mapping, "category_option_combo = {theirs}").expect("written");
        }
    }
    mapping.push_str("[units]\n");
    let units: Vec<(String, String)> =
        units.iter().enumerate().map(|(n, (ours, theirs))| (format!("{n}{ours}."), format!("{n}{theirs}."))).collect();
    for (ours, theirs) in &units {
        writeln!(mapping, "{} = {}", quoted(ours), quoted(theirs)).expect("written");
    }
    let first = chrono::NaiveDate::from_ymd_opt(1950, 1, 1).expect("a day");
    let values = figures.into_iter().map(|(element, unit, period, value, comment)| {
        let (element, class) = elements[element % elements.len()].clone();
        let unit = units[unit % units.len()].0.clone();
        DataValue { element, class, unit, period, value, comment }
    });
    let complete_on = complete.map(|days| first + chrono::TimeDelta::days(days));
    let mut set = DataSet { code: "r".to_owned(), complete_on, values: values.collect() }.sorted();
    set.values.dedup_by(|a, b| a.place() == b.place());
    Exchanged { mapping, set }
}

proptest! {
    #[test]
    fn adx_comes_back_as_it_was(exchange in any_exchange()) {
        let mapping = Mapping::parse(&exchange.mapping).map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        let file = adx::write(&exchange.set, &mapping, exported()).expect("written");
        prop_assert_eq!(adx::read(file.as_bytes(), &mapping), Ok(exchange.set));
    }

    #[test]
    fn data_value_sets_come_back_as_they_were(exchange in any_exchange()) {
        let mapping = Mapping::parse(&exchange.mapping).map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        let named = |value: &DataValue| value.period.kind != PeriodKind::FiveYears;
        let values = exchange.set.values.into_iter().filter(named).collect();
        let set = DataSet { values, ..exchange.set };
        let bulk = DataSet { complete_on: None, ..set.clone() };
        for part in set.by_unit_and_period().into_iter().chain(Some(bulk).filter(|bulk| !bulk.values.is_empty())) {
            let file = dhis2::write(&part, &mapping).expect("written");
            prop_assert_eq!(dhis2::read(file.as_bytes(), &mapping), Ok(part));
        }
    }

    #[test]
    fn no_file_brings_a_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..900, flip in any::<u8>()) {
        for file in [fixture!("from-dhis2.json"), fixture!("from-elsewhere.adx.xml"), fixture!("export.adx.xml")] {
            let cut = cut.min(file.len());
            let mut made = file.as_bytes()[..cut].to_vec();
            made.extend(&bytes);
            made.extend(&file.as_bytes()[cut..]);
            if let Some(byte) = made.get_mut(cut / 2) {
                *byte ^= flip;
            }
            let _either = (dhis2::read(&made, &mapping()), adx::read(&made, &mapping()));
        }
    }
}

#[test]
fn faults_are_told_in_both_languages() {
    let fault = adx::read(b"<adx/>", &mapping()).expect_err("no namespace");
    let messages = [Language::Vi, Language::En].map(|language| fault.all()[0].rule.message(language));
    assert!(messages.iter().all(|message| message.contains("urn:ihe:qrph:adx:2015")), "{messages:?}");
    assert_ne!(messages[0], messages[1]);
    assert_eq!(fault.all()[0].rule, Rule::Exchange(ExchangeRule::Namespace));
    assert_eq!(Rule::from(PlainForm::Json).code(), "format");
}
