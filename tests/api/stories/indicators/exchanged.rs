//! Figures that travel: to another system by a mapping file, and from there as reported values.

use serde_json::{Value, json};

use super::Officer;
use crate::support::client::Reply;
use crate::support::{TestApp, User, both_dbs};

const PLAN: &str = "vn-808-2021-2025";
const MAPPING: &str = r#"
[data_set]
code = "vn-808-2021-2025"
id = "mB7kQ2xTz1A"
[periods]
calendar = "civil"
[[values]]
element = "808-03c.numerator"
data_element = "reached"
[[values]]
element = "808-03c.numerator"
class = "vocational_students"
data_element = "reached"
category_option_combo = "vocational"
[[values]]
element = "808-03c.denominator"
data_element = "all"
[[values]]
element = "students"
data_element = "studentsAll"
[[values]]
element = "students"
class = "of_the_moon"
data_element = "studentsAll"
category_option_combo = "moon"
[units]
"G63-P62" = "kontum"
"G63-P64" = "gialai"
"#;

fn put_mapping(app: &TestApp, name: &str, text: &str) {
    let directory = app.data_dir().join("exchange");
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::write(directory.join(format!("{name}.toml")), text).expect("a mapping");
}

fn send(app: &TestApp, user: &User, query: &str) -> Reply {
    app.get(&format!("/programmes/{PLAN}/exchange?mapping=ministry&{query}")).by(user).send()
}

/// Takes a file in, and waits until the work on it ended.
fn receive(app: &TestApp, user: &User, format: &str, more: &str, file: &str) -> Value {
    let source = "source_agency=B%E1%BB%99&source_document=12%2FBC&source_on=2023-01-20";
    let path = format!("/reported-values/exchange?mapping=ministry&format={format}&apply=true&{source}&{more}");
    let id =
        app.call("POST", &path).bytes(file.as_bytes(), "application/octet-stream").by(user).send().expect(202).id();
    app.import_ended(user, id)
}

fn values(figures: &[(&str, &str, &str, &str)]) -> String {
    let value = |(element, unit, period, value): &(&str, &str, &str, &str)| json!({"dataElement": element, "orgUnit": unit, "period": period, "value": value});
    json!({"dataSet": "mB7kQ2xTz1A", "dataValues": figures.iter().map(value).collect::<Vec<_>>()}).to_string()
}

both_dbs! {
    fn figures_go_to_another_system_as_the_mapping_names_them(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.reached("G63-C23535", "2022-05-01", "vocational_students", 31);
        officer.report("students", "G63-P62", "2022", 100);
        put_mapping(app, "ministry", MAPPING);
        let sent = send(app, &officer.user, "format=dhis2&unit=G63-P62&period=2022&breakdown=class").expect(200);
        assert_eq!(sent.header("content-type"), Some("application/json"));
        let figures = sent.json();
        let of = |element: &str, combo: Option<&str>| {
            let values = figures["dataValues"].as_array().expect("values").iter();
            let mut found = values.filter(|v| v["dataElement"] == json!(element) && v["categoryOptionCombo"].as_str() == combo);
            let first = found.next().map(|value| value["value"].clone());
            assert!(found.next().is_none());
            first
        };
        assert_eq!((&figures["orgUnit"], &figures["period"]), (&json!("kontum"), &json!("2022")));
        assert_eq!(of("reached", None), Some(json!("71")));
        assert_eq!(of("reached", Some("vocational")), Some(json!("31")));
        assert_eq!(of("all", None), Some(json!("100")));
        let adx = send(app, &officer.user, "format=adx&unit=G63-P62&period=2022").expect(200);
        let text = String::from_utf8(adx.body).expect("text");
        assert!(text.contains("period=\"2022-01-01/P1Y\"") && text.contains("dataElement=\"reached\" value=\"71\""), "{text}");
        let listed = app.get("/exchange-mappings").by(&officer.user).send().expect(200).json();
        assert_eq!(listed["items"][0]["name"], "ministry");
        assert_eq!((&listed["items"][0]["code"], &listed["items"][0]["units"]), (&json!(PLAN), &json!(2)));
    }

    fn what_has_no_counterpart_is_refused_by_name_and_nothing_is_sent(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.report("students", "G63-P62", "2022", 100);
        let refused = |query: &str, field: &str, rule: &str| {
            let problem = send(app, &officer.user, query).expect(422).json();
            assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["rule"]), (&json!(field), &json!(rule)), "{problem}");
        };
        refused("format=dhis2&period=2022&unit=G63-P62", "mapping", "no_such_reference");
        put_mapping(app, "ministry", MAPPING);
        officer.report("students", "G63-P01", "2022", 7);
        refused("format=dhis2&period=2022&unit=G63-P01", "units.G63-P01", "unmapped");
        refused("format=dhis2&period=2021&unit=G63-P62", "values", "length");
        refused("format=dhis2&period=2022&unit=G63-P99", "unit", "no_such_reference");
        put_mapping(app, "ministry", &MAPPING.replace("vn-808-2021-2025", "thanh-hoa-2022"));
        refused("format=dhis2&period=2022&unit=G63-P62", "code", "other_data_set");
        put_mapping(app, "ministry", &MAPPING.replace("calendar = \"civil\"", "calendar = \"closing\"\nclosing_day = 14"));
        refused("format=adx&period=2022&unit=G63-P62", "mapping", "conflicts_with");
        put_mapping(app, "ministry", &MAPPING.replace("id = ", "idd = "));
        let broken = send(app, &officer.user, "format=adx&period=2022&unit=G63-P62").expect(422).json();
        assert!(broken["errors"][0]["field"].as_str().is_some_and(|field| field.starts_with("mapping.")), "{broken}");
        let listed = app.get("/exchange-mappings").by(&officer.user).send().expect(200).json();
        assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["code"]), (&json!("ministry"), &Value::Null));
        for name in ["..%2Fhoanhap", "a.b", ""] {
            let path = format!("/programmes/{PLAN}/exchange?mapping={name}&format=adx");
            app.get(&path).by(&officer.user).send().expect(422);
        }
    }

    fn figures_of_another_system_become_reported_values_once(app: &TestApp) {
        let officer = Officer::of_country(app);
        put_mapping(app, "ministry", MAPPING);
        let file = values(&[("studentsAll", "kontum", "2022", "100"), ("studentsAll", "gialai", "2022", "0")]);
        let done = receive(app, &officer.user, "dhis2", "", &file);
        assert_eq!((&done["state"], &done["rows_stored"]), (&json!("done"), &json!(2)), "{done}");
        let rows = || app.all_items(&officer.user, "/reported-values?element=students", 50);
        let of = |unit: &str| rows().into_iter().find(|row| row["unit_code"] == json!(unit)).expect("a value");
        assert_eq!((&of("G63-P62")["value"], &of("G63-P64")["value"]), (&json!(100), &json!(0)));
        assert_eq!((&of("G63-P62")["source_agency"], &of("G63-P62")["calendar"]), (&json!("Bộ"), &json!("civil")));
        // The same again, with one more: what stands is left as it is.
        let more = values(&[("studentsAll", "kontum", "2022", "100"), ("studentsAll", "gialai", "2021", "5")]);
        let done = receive(app, &officer.user, "dhis2", "", &more);
        assert_eq!((&done["state"], &done["rows_read"], &done["rows_stored"]), (&json!("done"), &json!(2), &json!(1)), "{done}");
        assert_eq!(of("G63-P62")["revision"], json!(1));
        // Another value needs a reason, and is told by our codes.
        let other = values(&[("studentsAll", "kontum", "2022", "120")]);
        let refused = receive(app, &officer.user, "dhis2", "", &other);
        assert_eq!(refused["state"], "refused");
        assert_eq!((&refused["faults"][0]["line"], &refused["faults"][0]["rule"]), (&Value::Null, &json!("required")));
        assert_eq!(refused["faults"][0]["column"], "elements.students units.G63-P62 2022 reason");
        let done = receive(app, &officer.user, "dhis2", "reason=S%E1%BB%ADa", &other);
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!((&of("G63-P62")["revision"], &of("G63-P62")["value"]), (&json!(2), &json!(120)));
    }

    fn a_file_that_cannot_be_taken_changes_nothing_and_says_where(app: &TestApp) {
        let country = Officer::of_country(app);
        let other = Officer::of(app, "G34-P44");
        put_mapping(app, "ministry", MAPPING);
        let refused = |user: &User, format: &str, file: &str, column: &str, rule: &str| {
            let ended = receive(app, user, format, "", file);
            assert_eq!(ended["state"], "refused", "{ended}");
            let fault = &ended["faults"][0];
            assert_eq!((&fault["column"], &fault["rule"]), (&json!(column), &json!(rule)), "{ended}");
        };
        let good = values(&[("studentsAll", "kontum", "2022", "100")]);
        refused(&other.user, "dhis2", &good, "elements.students units.G63-P62 2022 unit_code", "conflicts_with");
        refused(&country.user, "dhis2", &values(&[("studentsAll", "kontum", "2022", "1.5")]), "dataValues[0].value", "figure");
        refused(&country.user, "dhis2", &values(&[("studentsAll", "hue", "2022", "1")]), "dataValues[0].orgUnit", "not_in_mapping");
        refused(&country.user, "dhis2", &values(&[("reached", "kontum", "2022", "1")]), "elements.808-03c.numerator units.G63-P62 2022 element", "format");
        let moon = json!({"dataSet": "mB7kQ2xTz1A", "dataValues": [{"dataElement": "studentsAll", "categoryOptionCombo": "moon",
            "orgUnit": "kontum", "period": "2022", "value": "3"}]}).to_string();
        refused(&country.user, "dhis2", &moon, "elements.students.of_the_moon units.G63-P62 2022 class", "format");
        refused(&country.user, "dhis2", "{", "lines[1]", "format");
        refused(&country.user, "adx", "<!DOCTYPE adx><adx/>", "lines[1]", "entities");
        assert_eq!(app.number("select count(*) as n from reported_values"), 0);
    }
}
