//! The committed API description is the one the program gives.

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/developers/openapi.json");

#[test]
fn the_committed_api_description_is_the_programs_own() {
    let mut given = hoanhap::server::description().to_pretty_json().expect("the description is JSON");
    given.push('\n');
    if std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|value| value == "1") {
        std::fs::write(PATH, &given).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(PATH).expect("docs/developers/openapi.json is there");
    let differs = given.lines().zip(committed.lines()).position(|(given, committed)| given != committed);
    assert!(given == committed, "line {differs:?} differs; UPDATE_SNAPSHOTS=1 writes the file anew");
}

#[test]
fn the_description_is_openapi_3_1() {
    let described = serde_json::to_value(hoanhap::server::description()).expect("the description is JSON");
    assert!(described["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
}

#[test]
fn every_list_of_words_is_described_with_the_words_that_are_sent() {
    let described = serde_json::to_value(hoanhap::server::description()).expect("the description is JSON");
    let schemas = described["components"]["schemas"].as_object().expect("schemas");
    assert_eq!(schemas["GivenBy"]["enum"], serde_json::json!(["self", "guardian", "legal_representative"]));
    let sent = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/".contains(c));
    let mut lists = 0;
    for (name, schema) in schemas {
        let words = schema["enum"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        let unsent: Vec<&str> = words.filter(|word| !sent(word)).collect();
        assert!(unsent.is_empty(), "{name}: {unsent:?}");
        lists += usize::from(schema["enum"].is_array());
    }
    assert!(lists > 60, "only {lists} lists of words");
}
