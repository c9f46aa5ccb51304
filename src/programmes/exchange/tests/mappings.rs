//! Mapping files.

use super::*;

fn faults(text: &str) -> Vec<(String, &'static str)> {
    told(&Mapping::parse(text).expect_err("a fault"))
}

const EXAMPLE: &str = include_str!("../../../../config/exchange/example.toml");

/// The example with a closing day, and one line after another.
fn changed(from: &str, to: &str) -> String {
    let example = EXAMPLE.replace("calendar = \"civil\"", "calendar = \"closing\"");
    let example = example.replace("# closing_day = 14  ", "closing_day = 14    ");
    assert!(example.contains(from), "{from}");
    example.replacen(from, to, 1)
}

/// The line on which this stands.
fn line(text: &str, what: &str) -> usize {
    text.lines().position(|line| line.contains(what)).expect("a line") + 1
}

#[test]
fn the_example_is_a_mapping() {
    let mapping = Mapping::parse(EXAMPLE).expect("a mapping");
    assert_eq!((mapping.code(), mapping.data_set()), ("vn-808-2021-2025", "mB7kQ2xTz1A"));
    assert_eq!(mapping.elements().count(), 6);
    assert_eq!(mapping.units().next(), Some(("G34-P01", "bH2aN7oIt4L")));
}

#[test]
fn a_fault_is_told_by_line_and_field_and_repeats_nothing() {
    let cases = [
        ("data_element = \"fQ3nZ8yWd5E\"", "data_element = \" Hoa\"", " Hoa", "data_element", "identifier"),
        ("data_element = \"fQ3nZ8yWd5E\"", "data_element = 0", "data_element = 0", "data_element", "format"),
        ("calendar = \"closing\"", "calendar = \"lunar\"", "\"lunar\"", "calendar", "format"),
        ("calendar = \"closing\"", "calendar = \"civil\"", "closing_day = 14", "closing_day", "closing_day"),
        ("closing_day = 14", "closing_day = 28", "closing_day = 28", "closing_day", "closing_day"),
        ("closing_day = 14 ", "#", "calendar = \"closing\"", "closing_day", "closing_day"),
        ("id = \"mB7kQ2xTz1A\"", "# ", "[data_set]", "id", "required"),
        ("TYPE = \"karaoke\"", "\"TYPE x\" = \"karaoke\"", "TYPE x", "dimensions", "dimension_name"),
        ("TYPE = \"karaoke\"", "value = \"karaoke\"", "value = \"karaoke\"", "dimensions", "dimension_name"),
        ("TYPE = \"karaoke\"", "XmlSex = \"karaoke\"", "XmlSex", "dimensions", "dimension_name"),
        (
            "\"hN6tB1rXk7F\"",
            "\"HllvX50cXC0\"",
            "category_option_combo = \"HllvX50cXC0\"",
            "category_option_combo",
            "default_combo",
        ),
    ];
    for (from, to, stands, field, rule) in cases {
        let text = changed(from, to);
        assert_eq!(faults(&text), [(format!("lines[{}].{field}", line(&text, stands)), rule)], "{to}");
    }
}

#[test]
fn what_is_no_table_of_the_file_is_refused_at_its_line() {
    let unknown = changed("[units]", "[unites]");
    let fault = faults(&unknown);
    assert!(fault[0].0.starts_with("lines["), "{fault:?}");
    let twice = changed("VN = \"aV1nT6mHs3K\"", "VN = \"aV1nT6mHs3K\"\nVN = \"other\"");
    assert_eq!(faults(&twice), [(format!("lines[{}]", line(&twice, "\"other\"")), "toml")]);
    let broken = changed("[periods]", "[periods");
    assert_eq!(faults(&broken), [(format!("lines[{}]", line(&broken, "[periods")), "toml")]);
    assert_eq!(faults(""), [("lines[1].data_set".to_owned(), "required")]);
    let extra = changed("calendar =", "first_day = 3\ncalendar =");
    assert_eq!(faults(&extra), [(format!("lines[{}]", line(&extra, "first_day")), "unknown_field")]);
}

#[test]
fn two_of_ours_may_not_be_one_of_theirs() {
    let text = changed("\"jM2vC5sYp9G\"", "\"hN6tB1rXk7F\"");
    let at = line(&text, "class = \"vocational_students\"") + 1;
    assert_eq!(faults(&text), [(format!("lines[{at}].data_element"), "mapped_twice")]);
    let text = changed("\"gW8xD4uVq1H\"", "\"fQ3nZ8yWd5E\"");
    let at = line(&text, "element = \"808-03c.denominator\"") + 1;
    assert_eq!(faults(&text), [(format!("lines[{at}].data_element"), "mapped_twice")]);
    let text = changed("\"cS3gN8pJu5M\"", "\"bH2aN7oIt4L\"");
    assert_eq!(faults(&text), [(format!("lines[{}].units", line(&text, "G34-P79")), "mapped_twice")]);
    let message = Mapping::parse(&text).expect_err("a fault").to_string();
    assert!(message.contains(&format!("line {} did", line(&text, "\"G34-P01\" ="))), "{message}");
}

#[test]
fn one_of_ours_is_mapped_once() {
    let text = changed("class = \"vocational_students\"", "class = \"upper_secondary_students\"");
    let at = line(&text, "jM2vC5sYp9G") - 3;
    assert_eq!(faults(&text), [(format!("lines[{at}].element"), "mapped_twice")]);
}

#[test]
fn no_more_faults_are_told_than_anybody_mends_at_once() {
    let units: Vec<String> = (0..500).map(|number| format!("u{number} = \"same\"\n")).collect();
    let text = changed("VN = \"aV1nT6mHs3K\"\n", &units.concat());
    assert_eq!(faults(&text).len(), MOST_FAULTS);
    assert_eq!(faults(&" ".repeat(5 * 1024 * 1024)), [("file".to_owned(), "size")]);
}
