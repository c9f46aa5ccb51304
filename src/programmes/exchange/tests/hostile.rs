//! Files that are damaged, wrong, or made to harm.

use std::fmt::Write as _;

use super::*;

type Told = Vec<(String, &'static str)>;

fn of_json(text: &str) -> Told {
    told(&dhis2::read(text.as_bytes(), &mapping()).expect_err("a fault"))
}

fn of_xml(text: &str) -> Told {
    told(&adx::read(text.as_bytes(), &mapping()).expect_err("a fault"))
}

fn at(field: &str, rule: &'static str) -> Told {
    vec![(field.to_owned(), rule)]
}

/// A data value set of these values.
fn json(values: &str) -> String {
    format!(
        r#"{{"dataSet":"mB7kQ2xTz1A","period":"2025","orgUnit":"aV1nT6mHs3K","attributeOptionCombo":"pR4sV9wLc0D","dataValues":[{values}]}}"#
    )
}

/// A group of this content, which begins on line 3.
fn xml(content: &str) -> String {
    format!(
        "<adx xmlns=\"urn:ihe:qrph:adx:2015\">\n<group orgUnit=\"aV1nT6mHs3K\" period=\"2024-12-15/P1Y\" dataSet=\"mB7kQ2xTz1A\" PROJECT=\"P808\">\n{content}\n</group></adx>"
    )
}

const FIGURE: &str = r#"<dataValue dataElement="gW8xD4uVq1H" value="1"/>"#;

#[test]
fn what_is_no_whole_number_is_refused_where_it_stands() {
    for number in
        ["1.5", "1e3", " 7", "7 ", "-0", "+7", "007", "1,250", "NaN", "true", "99999999999999999999", "0x10", "٧"]
    {
        let value = format!(r#"{{"dataElement":"gW8xD4uVq1H","value":"{number}"}}"#);
        let first = r#"{"dataElement":"fQ3nZ8yWd5E","value":"7"}"#;
        assert_eq!(of_json(&json(&format!("{first},{value}"))), at("dataValues[1].value", "figure"), "{number}");
        let value = format!("{FIGURE}\n<dataValue dataElement=\"fQ3nZ8yWd5E\" value=\"{number}\"/>");
        assert_eq!(of_xml(&xml(&value)), at("lines[4].value", "figure"), "{number}");
    }
    for number in ["1.5", "1e3", "-0", "-0.0", "99999999999999999999", "true", "1E-2"] {
        let value = format!(r#"{{"dataElement":"gW8xD4uVq1H","value":{number}}}"#);
        assert_eq!(of_json(&json(&value)), at("dataValues[0].value", "figure"), "{number}");
    }
    for empty in ["", " value=\"\""] {
        let rule = if empty.is_empty() { "required" } else { "figure" };
        assert_eq!(
            of_xml(&xml(&format!("<dataValue dataElement=\"gW8xD4uVq1H\"{empty}/>"))),
            at("lines[3].value", rule)
        );
    }
    assert_eq!(of_json(&json(r#"{"dataElement":"gW8xD4uVq1H","value":""}"#)), at("dataValues[0].value", "figure"));
    assert_eq!(of_json(&json(r#"{"dataElement":"gW8xD4uVq1H","value":null}"#)), at("dataValues[0].value", "required"));
    assert_eq!(of_json(&json(r#"{"dataElement":"gW8xD4uVq1H","value":[7]}"#)), at("dataValues[0].value", "format"));
}

#[test]
fn what_the_mapping_does_not_know_is_refused_by_place() {
    let places = [
        (r#"{"value":"1"}"#, at("dataValues[0].dataElement", "required")),
        (r#"{"dataElement":"x","value":"1"}"#, at("dataValues[0].dataElement", "not_in_mapping")),
        (
            r#"{"dataElement":"gW8xD4uVq1H","categoryOptionCombo":"hN6tB1rXk7F","value":"1"}"#,
            at("dataValues[0].categoryOptionCombo", "not_in_mapping"),
        ),
        (
            r#"{"dataElement":"gW8xD4uVq1H","attributeOptionCombo":"HllvX50cXC0","value":"1"}"#,
            at("dataValues[0].attributeOptionCombo", "not_in_mapping"),
        ),
        (r#"{"dataElement":"gW8xD4uVq1H","orgUnit":"VN","value":"1"}"#, at("dataValues[0].orgUnit", "not_in_mapping")),
        (r#"{"dataElement":"gW8xD4uVq1H","period":"2025-Q1","value":"1"}"#, at("dataValues[0].period", "period")),
        (r#"{"dataElement":"gW8xD4uVq1H","period":"2025W1","value":"1"}"#, at("dataValues[0].period", "period")),
    ];
    for (value, expected) in places {
        assert_eq!(of_json(&json(value)), expected, "{value}");
    }
    for (value, expected) in [
        (r#"<dataValue value="1"/>"#, at("lines[3].dataElement", "required")),
        (r#"<dataValue dataElement="x" value="1"/>"#, at("lines[3].dataElement", "not_in_mapping")),
        (
            r#"<dataValue dataElement="gW8xD4uVq1H" SEX="F" value="1"/>"#,
            at("lines[3].categoryOptionCombo", "not_in_mapping"),
        ),
        (
            r#"<dataValue dataElement="fQ3nZ8yWd5E" SEX="F" AGE="1" value="1"/>"#,
            at("lines[3].categoryOptionCombo", "not_in_mapping"),
        ),
        (
            r#"<dataValue dataElement="gW8xD4uVq1H" attributeOptionCombo="x" value="1"/>"#,
            at("lines[3].attributeOptionCombo", "not_in_mapping"),
        ),
    ] {
        assert_eq!(of_xml(&xml(value)), expected, "{value}");
    }
}

#[test]
fn what_a_report_says_of_itself_is_checked() {
    for (from, to, expected) in [
        ("\"mB7kQ2xTz1A\"", "\"other\"", at("dataSet", "other_data_set")),
        ("\"aV1nT6mHs3K\"", "\"other\"", at("orgUnit", "not_in_mapping")),
        ("\"2025\"", "\"last year\"", at("period", "period")),
        ("\"period\"", "\"completeDate\":\"true\",\"period\"", at("completeDate", "format")),
        ("\"period\"", "\"perio\"", at("dataValues[0].period", "required")),
        ("\"orgUnit\"", "\"unit\"", at("dataValues[0].orgUnit", "required")),
        ("\"dataSet\":\"mB7kQ2xTz1A\"", "\"dataSet\":7", at("dataSet", "format")),
    ] {
        let file = json(r#"{"dataElement":"gW8xD4uVq1H","value":"1"}"#).replacen(from, to, 1);
        assert_eq!(of_json(&file), expected, "{to}");
    }
    for (from, to, expected) in [
        ("dataSet=\"mB7kQ2xTz1A\"", "dataSet=\"x\"", at("lines[2].dataSet", "other_data_set")),
        ("dataSet=\"mB7kQ2xTz1A\"", "", at("lines[2].dataSet", "required")),
        ("orgUnit=\"aV1nT6mHs3K\"", "orgUnit=\"\"", at("lines[2].orgUnit", "required")),
        ("orgUnit=\"aV1nT6mHs3K\"", "orgUnit=\"x\"", at("lines[2].orgUnit", "not_in_mapping")),
        (
            "period=",
            "p=",
            vec![
                ("lines[2].period".to_owned(), "required"),
                ("lines[2].attributeOptionCombo".to_owned(), "not_in_mapping"),
            ],
        ),
        ("2024-12-15/P1Y", "2025-01-01/P1Y", at("lines[2].period", "period")),
        ("2024-12-15/P1Y", "2024-12-15/P1D", at("lines[2].period", "period")),
        (" PROJECT=", " completeDate=\"soon\" PROJECT=", at("lines[2].completeDate", "format")),
        ("PROJECT=\"P808\"", "PROJECT=\"P809\"", at("lines[2].attributeOptionCombo", "not_in_mapping")),
        ("PROJECT=\"P808\"", "", at("lines[2].attributeOptionCombo", "not_in_mapping")),
    ] {
        let two = format!("{FIGURE}\n<dataValue dataElement=\"fQ3nZ8yWd5E\" value=\"1\"/>");
        assert_eq!(of_xml(&xml(&two).replacen(from, to, 1)), expected, "{to}");
    }
}

#[test]
fn a_figure_that_was_deleted_over_there_is_not_left_out_in_silence() {
    let value = r#"{"dataElement":"gW8xD4uVq1H","value":"1","deleted":true}"#;
    assert_eq!(of_json(&json(value)), at("dataValues[0].deleted", "withdrawn"));
    let value = r#"<dataValue dataElement="gW8xD4uVq1H" value="1" deleted="true"/>"#;
    assert_eq!(of_xml(&xml(value)), at("lines[3].deleted", "withdrawn"));
    assert_eq!(
        of_json(&json(r#"{"dataElement":"gW8xD4uVq1H","value":"1","deleted":"yes"}"#)),
        at("dataValues[0].deleted", "format")
    );
}

#[test]
fn one_figure_stands_once_however_it_is_named() {
    let plain = r#"{"dataElement":"gW8xD4uVq1H","value":"1"}"#;
    let named = r#"{"dataElement":"gW8xD4uVq1H","categoryOptionCombo":"HllvX50cXC0","period":"2025","orgUnit":"aV1nT6mHs3K","value":"1"}"#;
    assert_eq!(of_json(&json(&format!("{plain},{named}"))), at("dataValues[1].dataElement", "twice"));
    let combo = r#"<dataValue dataElement="fQ3nZ8yWd5E" categoryOptionCombo="hN6tB1rXk7F" value="1"/>"#;
    let dimension = r#"<dataValue dataElement="fQ3nZ8yWd5E" SEX="F" value="1"/>"#;
    assert_eq!(of_xml(&xml(&format!("{combo}\n{dimension}"))), at("lines[4].dataElement", "twice"));
    let again = xml(FIGURE).replace("</adx>", "").replace("<adx xmlns=\"urn:ihe:qrph:adx:2015\">", "");
    let both = format!("{}\n{again}</adx>", xml(FIGURE).replace("</adx>", ""));
    assert_eq!(of_xml(&both), at("lines[7].dataElement", "twice"));
}

#[test]
fn a_file_without_a_figure_is_no_report() {
    assert_eq!(of_json(&json("")), at("dataValues", "length"));
    assert_eq!(of_json(r#"{"dataSet":"mB7kQ2xTz1A"}"#), at("dataValues", "required"));
    assert_eq!(of_json(r#"{"dataValues":{}}"#), at("dataValues", "format"));
    assert_eq!(of_xml(&xml("")), at("dataValues", "length"));
    assert_eq!(of_xml("<adx xmlns=\"urn:ihe:qrph:adx:2015\"/>"), at("dataValues", "length"));
    let values = vec!["{}"; MOST_VALUES + 1].join(",");
    assert_eq!(of_json(&json(&values)), at("dataValues", "length"));
    assert_eq!(of_json(&json(&values.replacen("{},", "", 1))).len(), MOST_FAULTS);
}

#[test]
fn no_entity_is_expanded_and_no_document_type_read() {
    let mut bomb = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE adx [<!ENTITY a \"ha\">");
    for n in 0..20 {
        write!(bomb, "<!ENTITY a{n} \"{}\">", "&a;".repeat(10)).expect("written");
    }
    assert_eq!(of_xml(&format!("{bomb}]>\n{}", xml(FIGURE))), at("lines[2]", "entities"));
    let outside = "<!DOCTYPE adx SYSTEM \"file:///etc/passwd\">";
    assert_eq!(of_xml(&format!("{outside}{}", xml(FIGURE))), at("lines[1]", "entities"));
    let in_attribute = xml("<dataValue dataElement=\"&a19;\" value=\"1\"/>");
    assert_eq!(of_xml(&in_attribute), at("lines[3]", "entities"));
    let in_text =
        xml("<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\">\n<annotation>&a19;</annotation></dataValue>");
    assert_eq!(of_xml(&in_text), at("lines[4]", "entities"));
    for reference in ["&#0;", "&#1;", "&#xFFFE;", "&#xD800;", "&#99999999999;", "&;", "&#;", "& "] {
        let file = xml(&format!(
            "<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\"><annotation>{reference}</annotation></dataValue>"
        ));
        assert_eq!(of_xml(&file).len(), 1, "{reference}");
        let file = xml(&format!("<dataValue dataElement=\"gW8xD4uVq1H\" comment=\"{reference}\" value=\"1\"/>"));
        assert_eq!(of_xml(&file).len(), 1, "{reference}");
    }
}

#[test]
fn a_million_attributes_or_levels_cost_no_more_than_the_file() {
    let mut many = String::from("<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\"");
    let mut spaces = many.clone();
    for n in 0..1_000_000 {
        write!(many, " a{n}=\"\"").expect("written");
        write!(spaces, " xmlns:a{n}=\"u\"").expect("written");
    }
    assert_eq!(of_xml(&xml(&format!("{many}/>"))), at("lines[3]", "attributes"));
    assert_eq!(of_xml(&xml(&format!("{spaces}/>"))), at("lines[3]", "xml"));
    assert_eq!(of_xml(&xml(&"<dataValue>".repeat(1_000_000))).last(), at("lines[3]", "element").last());
    assert_eq!(of_xml(&"<a>".repeat(1_000_000)), at("lines[1]", "namespace"));
    let deep = format!("{{\"x\":{}", "[".repeat(5_000_000));
    assert_eq!(of_json(&deep), at("lines[1]", "format"));
    let deep = format!("{{\"x\":{}", "{\"x\":".repeat(1_000_000));
    assert_eq!(of_json(&deep), at("lines[1]", "format"));
    let claims = vec![b'7'; 200 * 1024 * 1024];
    assert_eq!(told(&dhis2::read(&claims, &mapping()).expect_err("too large")), at("file", "size"));
    assert_eq!(told(&adx::read(&claims, &mapping()).expect_err("too large")), at("file", "size"));
}

#[test]
fn only_utf_8_is_text() {
    let utf_16 = |text: &str, mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff_u16);
        mark.into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    for mark in [true, false] {
        let faults = adx::read(&utf_16(&xml(FIGURE), mark), &mapping()).expect_err("no text");
        assert_eq!(told(&faults), at("lines[1]", "encoding"));
        let faults = dhis2::read(&utf_16(&json(""), mark), &mapping()).expect_err("no text");
        assert_eq!(told(&faults), at("lines[1]", "encoding"));
    }
    for encoding in ["UTF-16", "ISO-8859-1", "windows-1258"] {
        let file = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}", xml(FIGURE));
        assert_eq!(of_xml(&file), at("lines[1]", "encoding"));
    }
    assert_eq!(of_xml(&format!("<?xml version=\"1.1\"?>{}", xml(FIGURE))), at("lines[1]", "xml"));
    assert_eq!(of_xml(&xml("\0")), at("lines[3]", "encoding"));
    assert_eq!(of_json(&json("\n\0")), at("lines[2]", "encoding"));
    let nul = r#"{"dataElement":"gW8xD4uVq1H","value":"1","comment":"a\u0000b"}"#;
    assert_eq!(of_json(&json(nul)), at("dataValues[0].comment", "control_character"));
}

#[test]
fn half_a_file_is_no_file() {
    let whole = json(r#"{"dataElement":"gW8xD4uVq1H","value":"1"}"#);
    assert!(dhis2::read(whole.as_bytes(), &mapping()).is_ok());
    for end in 0..whole.len() {
        assert_eq!(of_json(whole.get(..end).expect("plain letters")), at("lines[1]", "format"), "{end}");
    }
    let whole = xml(FIGURE);
    assert!(adx::read(whole.as_bytes(), &mapping()).is_ok());
    for end in 0..whole.len() {
        let faults = of_xml(whole.get(..end).expect("plain letters"));
        assert!(faults.len() == 1 && faults[0].1 == "xml", "{end}: {faults:?}");
    }
    for tail in ["{}", "x", "\n[]"] {
        let file = format!("{}{tail}", json(r#"{"dataElement":"gW8xD4uVq1H","value":"1"}"#));
        assert_eq!(of_json(&file)[0].1, "format");
    }
    for tail in ["x", "<adx/>", "<adx xmlns=\"urn:ihe:qrph:adx:2015\"/>"] {
        assert_eq!(of_xml(&format!("{}{tail}", xml(FIGURE))), at("lines[4]", "element"));
    }
    let twice = json("").replacen("\"period\"", "\"dataSet\":\"x\",\"period\"", 1);
    assert_eq!(of_json(&twice), at("lines[1]", "format"));
}

#[test]
fn only_the_elements_of_adx_stand_in_their_places() {
    for (file, expected) in [
        ("<dataValueSet xmlns=\"http://dhis2.org/schema/dxf/2.0\"/>".to_owned(), at("lines[1]", "namespace")),
        ("<adx/>".to_owned(), at("lines[1]", "namespace")),
        ("<adx xmlns=\"urn:ihe:qrph:adx:2016\"/>".to_owned(), at("lines[1]", "namespace")),
        ("<x:adx/>".to_owned(), at("lines[1]", "namespace")),
        (xml("<group/>"), at("lines[3]", "element")),
        (xml("<dataValue xmlns=\"urn:x\" dataElement=\"gW8xD4uVq1H\" value=\"1\"/>"), at("lines[3]", "element")),
        (xml("12"), at("lines[3]", "element")),
        (xml("<![CDATA[12]]>"), at("lines[3]", "element")),
        (
            xml("<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\"><annotation/><annotation/></dataValue>"),
            at("lines[3]", "element"),
        ),
        (
            xml("<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\"><annotation><b/></annotation></dataValue>"),
            at("lines[3]", "element"),
        ),
        (xml("<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\" value=\"2\"/>"), at("lines[3]", "xml")),
        (xml("<dataValue dataElement=\"gW8xD4uVq1H\" value=1/>"), at("lines[3]", "xml")),
        (xml("<dataValue dataElement=\"gW8xD4uVq1H\" value=\"<\"/>"), at("lines[3]", "xml")),
        (xml("<dataValue></group>"), at("lines[3]", "xml")),
    ] {
        assert_eq!(of_xml(&file), expected, "{file}");
    }
    let long = format!(
        "<dataValue dataElement=\"gW8xD4uVq1H\" value=\"1\"><annotation>{}</annotation></dataValue>",
        "Hoa".repeat(20_000)
    );
    assert_eq!(of_xml(&xml(&long)), at("lines[3].comment", "length"));
}

#[test]
fn no_fault_repeats_the_file() {
    let name = "Nguyen Thi Hoa";
    let files = [
        json(&format!(
            r#"{{"dataElement":"{name}","orgUnit":"{name}","period":"{name}","value":"{name}","deleted":false}}"#
        )),
        format!(r#"{{"{name}":{{"{name}":x"#),
        format!(r#"{{"dataValues":"{name}"}}"#),
        format!(r#"{{"dataValues":[{{"dataElement":{{"{name}":1}}}}]}}"#),
    ];
    for file in files {
        let faults = dhis2::read(file.as_bytes(), &mapping()).expect_err("a fault");
        assert!(!format!("{faults:?} {faults}").contains("Hoa"), "{faults}");
    }
    let files = [
        xml(&format!("<dataValue dataElement=\"{name}\" value=\"{name}\" Hoa=\"{name}\"/>")),
        xml("<Hoa/>"),
        xml("<dataValue></Hoa>"),
        xml("<dataValue value=\"&Hoa;\"/>"),
        format!("<adx xmlns=\"{name}\"/>"),
    ];
    for file in files {
        let faults = adx::read(file.as_bytes(), &mapping()).expect_err("a fault");
        assert!(!format!("{faults:?} {faults}").contains("Hoa"), "{faults}");
    }
    for file in
        [format!("Hoa = \"{name}\""), format!("[units]\nHoa = {name}"), format!("[data_set]\ncode = [\"{name}\"]")]
    {
        let faults = Mapping::parse(&file).expect_err("a fault");
        assert!(!format!("{faults:?} {faults}").contains("Hoa"), "{faults}");
    }
}
