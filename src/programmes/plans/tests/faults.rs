//! Each rule broken once: the fault names the field, and the line on which it stands.

use super::*;

const NATIONAL: &str = "vn-808-2021-2025";
const HA_NAM: &str = "ha-nam-2016-2020";
const MODELS: &str = "models-2016-2020";

/// The text with `from` replaced once, somewhere after `after`.
fn changed(text: &str, after: &str, from: &str, to: &str) -> String {
    let (before, rest) = text.split_once(after).unwrap_or_else(|| panic!("no {after}"));
    assert!(rest.contains(from), "no {from} after {after}");
    format!("{before}{after}{}", rest.replacen(from, to, 1))
}

fn told(text: &str) -> Vec<PlanFault> {
    PlanFile::read(text, books()).err().unwrap_or_default()
}

fn line(text: &str, number: usize) -> &str {
    text.lines().nth(number - 1).unwrap_or("")
}

/// Breaks a shipped plan, and sees that a fault of `field` is told on the line that begins with `on`.
#[track_caller]
fn breaks(plan: &str, (after, from, to): (&str, &str, &str), field: &str, on: &str) {
    let text = changed(shipped(plan), after, from, to);
    let faults = told(&text);
    let fault = faults.iter().find(|fault| fault.field == field).unwrap_or_else(|| panic!("{field}: {faults:?}"));
    assert!(line(&text, fault.line).starts_with(on), "{fault} stands on: {}", line(&text, fault.line));
}

#[test]
fn the_plan_itself() {
    breaks(NATIONAL, ("", "code = \"vn-808", "code = \"vn 808"), "code", "code = \"vn 808");
    breaks(NATIONAL, ("", "Quyết định 808/QĐ-LĐTBXH\"\ni", " \"\ni"), "document", "document = \" \"");
    breaks(NATIONAL, ("", "last_year = 2025", "last_year = 2020"), "last_year", "last_year");
    breaks(NATIONAL, ("", "first_year = 2021", "first_year = 1021"), "last_year", "last_year");
    breaks(NATIONAL, ("", "scope_unit = \"VN\"", "scope_unit = \"VM\""), "scope_unit", "scope_unit");
    breaks(NATIONAL, ("", "scope_unit = \"VN\"", "scope_unit = \"G63-P38\""), "level", "level");
    breaks(NATIONAL, ("", "reported_by = \"commune\"", "reported_by = \"country\""), "reported_by", "reported_by");
    let days = ("", "grace_days = 45", "grace_days = 45\nreport_days = 46");
    breaks(NATIONAL, days, "report_days", "report_days = 46");
    let twice = ("", "grace_days = 45", "grace_days = 45\nreports = [\n  \"year\",\n  \"year\",\n]");
    breaks(NATIONAL, twice, "reports[1]", "  \"year\"");
    let hour = ("", "grace_days = 45", "grace_days = 45\nreports = [\n  \"year\",\n  \"hour\",\n]");
    breaks(NATIONAL, hour, "reports[1]", "  \"hour\"");
    let five = ("", "first_year = 2021", "reports = [\"five_years\"]\nfirst_year = 2022");
    breaks(NATIONAL, five, "reports[0]", "reports");
    let two = "grace_days = 45\nparticipants = [\n  \"G34-P38\",\n  \"G63-D008\",\n]";
    breaks(NATIONAL, ("", "grace_days = 45", two), "participants[1]", "  \"G63-D008\"");
}

#[test]
fn elements_and_values() {
    breaks(NATIONAL, ("", "code = \"students\"", "code = \"staff\""), "elements[2].code", "code = \"staff\"");
    breaks(NATIONAL, ("", "code = \"students\"", "code = \"regular_communes\""), "elements[2].code", "code = \"reg");
    breaks(NATIONAL, ("", "code = \"students\"", "code = \"units_commune\""), "elements[2].code", "code = \"units");
    breaks(NATIONAL, ("", "code = \"students\"", "code = \"học sinh\""), "elements[2].code", "code = \"học sinh");
    let third = "period = \"2016\"\nvalue = 6";
    breaks(HA_NAM, (third, "\"units_commune\"", "\"units_hamlet\""), "values[2].element", "element = \"units_h");
    breaks(HA_NAM, (third, "\"G63-P35\"", "\"G63-P99\""), "values[2].unit", "unit = \"G63-P99\"");
    breaks(HA_NAM, (third, "\"2017\"", "\"2017-13\""), "values[2].period", "period = \"2017-13\"");
    breaks(HA_NAM, (third, "\"2017\"", "\"2016\""), "values[2].period", "period = \"2016\"");
    breaks(HA_NAM, (third, "value = 116", "value = -1"), "values[2].value", "value = -1");
}

#[test]
fn codes_and_texts_of_indicators() {
    breaks(HA_NAM, ("", "code = \"HN-02\"", "code = \"HN-01a\""), "indicators[2].code", "code = \"HN-01a\"");
    breaks(HA_NAM, ("", "code = \"HN-02\"", "code = \"HN/02\""), "indicators[2].code", "code = \"HN/02\"");
    breaks(
        MODELS,
        ("", "source_text = \"Sao đêm\"", "source_text = \" \""),
        "indicators[5].source_text",
        "source_text",
    );
    let names = ["name_vi", "name_en", "definition_vi", "definition_en"];
    for field in names {
        let (_, rest) = shipped(HA_NAM).split_once(&format!("\n{field} = ")).expect("the first");
        let first = format!("{field} = {}", rest.lines().next().expect("a line"));
        breaks(HA_NAM, ("", &first, &format!("{field} = \"\"")), &format!("indicators[0].{field}"), field);
    }
    let none = shipped(HA_NAM).split_once("[[indicators]]").expect("indicators").0;
    let faults = told(&none.replacen("grace_days", "indicators = []\ngrace_days", 1));
    assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["indicators"]);
}

#[test]
fn breakdowns_that_would_never_tell_a_figure() {
    let breakdown = |code: &'static str, from: &'static str, to: &'static str| (code, from, to);
    // Numbers compared with earlier ones have no classes; two conditions have no words in common.
    let growth = breakdown("code = \"808-07\"", "breakdowns = [\"province\"", "breakdowns = [\"class\"");
    breaks(NATIONAL, growth, "indicators[8].breakdowns", "breakdowns = [\"class\"");
    let two = breakdown("code = \"HN-03\"", "breakdowns = [\"district\"", "breakdowns = [\"class\"");
    breaks(HA_NAM, two, "indicators[3].breakdowns", "breakdowns = [\"class\"");
    // Workers are reached by audience, and counted by type of establishment.
    let unlike = breakdown("code = \"808-03a\"", "breakdowns = [\"province\"", "breakdowns = [\"class\"");
    breaks(NATIONAL, unlike, "indicators[2].breakdowns", "breakdowns = [\"class\"");
    // One kind alone is the whole.
    let one = breakdown("code = \"808-11a\"", "\"class\", \"group\"", "\"kind\"");
    breaks(NATIONAL, one, "indicators[13].breakdowns", "breakdowns = [\"province\", \"kind\"]");
    let none = breakdown("code = \"808-08a\"", "breakdowns = [\"province\"", "breakdowns = [\"group\"");
    breaks(NATIONAL, none, "indicators[9].breakdowns", "breakdowns = [\"group\"");
    let word = ("code = \"students\"", "\"vocational_students\"]", "\"pupils\"]");
    breaks(NATIONAL, word, "elements[2].classes", "classes =");
}

#[test]
fn sources_also_in_inline_tables_and_lists_of_tables() {
    let handled = "element = \"cases_and_rings_handled\"";
    breaks(
        HA_NAM,
        ("code = \"HN-05\"", handled, "element = \"cases\""),
        "indicators[5].measured.numerator.element",
        "measured.numerator",
    );
    let narrowed = "element = \"cases_and_rings_handled\", direct = true";
    breaks(HA_NAM, ("code = \"HN-05\"", handled, narrowed), "indicators[5].measured.numerator", "measured.numerator");
    breaks(
        HA_NAM,
        ("code = \"HN-03\"", "kinds = [\"gender_based_violence\"]", "kinds = [\"violence\"]"),
        "indicators[3].measured.units.all[1].source.kinds",
        "source = { element = \"pilot_models\", kinds = [\"violence\"]",
    );
    breaks(
        HA_NAM,
        ("code = \"HN-08\"", "groups = [\"coordination\"]", "groups = [\"meetings\"]"),
        "indicators[10].measured.numerator.groups",
        "measured.numerator",
    );
    breaks(
        HA_NAM,
        ("code = \"HN-04\"", "kinds =", "direct = true, kinds ="),
        "indicators[4].measured.numerator.direct",
        "measured.numerator",
    );
    breaks(
        NATIONAL,
        ("code = \"808-02\"", "kinds = [\"provincial\"]", "kinds = [\"local\"]"),
        "indicators[1].measured.cadence[1].source.kinds",
        "source = { element = \"press_items\", kinds = [\"local\"]",
    );
    breaks(
        HA_NAM,
        ("code = \"HN-02\"", "reported_as = \"d", "reported_as = \"no_d"),
        "indicators[2].measured.units.reported_as",
        "reported_as = \"no_d",
    );
    breaks(
        HA_NAM,
        ("code = \"HN-05\"", "feeds", "breakdowns = [\"class\"]\nfeeds"),
        "indicators[5].breakdowns",
        "breakdowns = [\"class\"]",
    );
}

/// What each kind is measured by is told of every other: what is missing where the rest of it begins, what is too
/// much where it stands.
#[test]
fn each_kind_needs_its_own_and_takes_nothing_else() {
    let kinds: [(&str, &str, &[&str], &[&str]); 9] = [
        ("HN-05", "unit_share", &["units"], &["numerator", "denominator"]),
        ("HN-05", "cadence", &["cadence"], &["numerator", "denominator"]),
        ("HN-05", "growth", &[], &["denominator"]),
        ("HN-05", "count", &[], &["denominator"]),
        ("HN-05", "reduction", &[], &["denominator"]),
        ("HN-05", "yearly_increment", &["units"], &["denominator"]),
        ("HN-06", "person_share", &["denominator"], &[]),
        ("HN-06", "cumulative", &["denominator"], &[]),
        ("HN-07c", "establishment_share", &["numerator", "denominator"], &["units"]),
    ];
    for (code, kind, missing, surplus) in kinds {
        let (head, tail) = shipped(HA_NAM).split_once(&format!("code = \"{code}\"\nkind = ")).expect("an indicator");
        let rest = tail.split_once('\n').expect("lines").1;
        let text = format!("{head}code = \"{code}\"\nkind = \"{kind}\"\n{rest}");
        let place = plan(HA_NAM).indicators.iter().position(|one| one.code == code).expect("an indicator");
        let faults = told(&text);
        let of = |field: &str| {
            let path = format!("indicators[{place}].measured.{field}");
            faults.iter().find(|fault| fault.field == path).unwrap_or_else(|| panic!("{kind} {path}: {faults:?}"))
        };
        for field in missing {
            let on = line(&text, of(field).line);
            assert!(of(field).line > head.lines().count(), "{kind} {field} stands above, on: {on}");
            assert!(on.starts_with("measured.") || on.starts_with("[indicators.measured."), "{kind} {field}: {on}");
        }
        for field in surplus {
            let on = line(&text, of(field).line);
            let places = [format!("measured.{field}"), format!("[indicators.measured.{field}]")];
            assert!(places.iter().any(|place| on.starts_with(place)), "{kind} {field} stands on: {on}");
        }
    }
    breaks(
        NATIONAL,
        (
            "code = \"808-10\"",
            "[indicators.measured.cases]",
            "measured.baseline_year = 2020\n[indicators.measured.cases]",
        ),
        "indicators[12].measured.baseline_year",
        "measured.baseline_year",
    );
    let numerator = "measured.numerator = { element = \"establishments_disguised\" }";
    breaks(
        HA_NAM,
        ("", numerator, &format!("{numerator}\nmeasured.baseline_year = 2021")),
        "indicators[6].measured.baseline_year",
        "measured.baseline_year",
    );
}

#[test]
fn units_of_shares() {
    let one = "[[indicators.measured.units.all]]\nsource = { element = \"pilot_models\" }";
    breaks(NATIONAL, ("", one, "all = []"), "indicators[11].measured.units.all", "all = []");
    let measured = "indicators[2].measured.units";
    let wards = "commune_kinds = [\"ward\"]\nreported_as";
    breaks(HA_NAM, ("code = \"HN-02\"", "reported_as", wards), &format!("{measured}.commune_kinds"), "commune_kinds");
    breaks(
        HA_NAM,
        ("code = \"HN-02\"", "level = \"district\"", "level = \"province\""),
        &format!("{measured}.level"),
        "level = \"province\"",
    );
    breaks(
        HA_NAM,
        ("code = \"HN-02\"", "[[indicators.targets]]", "at_least = 0\n[[indicators.targets]]"),
        &format!("{measured}.all[0].at_least"),
        "at_least = 0",
    );
}

#[test]
fn values_of_targets() {
    let values = |code: &str, place: usize, from: &str, to: &str, on: &str| {
        let after = format!("code = \"{code}\"");
        breaks(HA_NAM, (&after, from, to), &format!("indicators[{place}].targets[0].value"), on);
    };
    let equal = "operator = \"equal\"\nvalue = 50\n";
    values("HN-03", 3, equal, "operator = \"equal\"\n", "[[indicators.targets]]");
    values("HN-03", 3, "value = 50", "value = 0", "value = 0");
    values("HN-03", 3, "value = 50", "value = 101", "value = 101");
    values("HN-03", 3, "value = 50", "value = 50\nmax = 60", "value = 50");
    values("HN-04", 4, "max = 3\n", "", "value = 1");
    values("HN-04", 4, "max = 3", "max = 0", "value = 1");
    values("HN-04", 4, "value = 1\nmax = 3", "value = 4\nmax = 3", "value = 4");
    values("HN-06", 6, "max = 80", "max = 120", "value = 60");
    values("HN-07a", 7, "\"hold\"\n\n", "\"hold\"\nvalue = 5\n\n", "value = 5");
    values("HN-03", 3, equal, "operator = \"none\"\nvalue = 50\n", "value = 50");
    let held = "[[indicators.targets]]\noperator = \"hold\"";
    let equal_instead = "[[indicators.targets]]\noperator = \"equal\"\nvalue = 5";
    for (code, place, from, to) in [("HN-03", 3, equal, "operator = \"hold\"\n"), ("HN-07a", 7, held, equal_instead)] {
        let after = format!("code = \"{code}\"");
        breaks(HA_NAM, (&after, from, to), &format!("indicators[{place}].targets[0].operator"), "operator");
    }
    let none = changed(shipped(HA_NAM), "code = \"HN-03\"", "feeds", "targets = []\nfeeds");
    let none = changed(
        &none,
        "code = \"HN-03\"",
        "[[indicators.targets]]\noperator = \"equal\"\nvalue = 50\nby = 2020-12-31\n",
        "",
    );
    let faults = told(&none);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].field, "indicators[3].targets");
    assert_eq!(line(&none, faults[0].line), "targets = []");
}

#[test]
fn days_and_units_of_targets() {
    let breaks = |code: &str, place: usize, from: &str, to: &str, field: &str, on: &str| {
        let after = format!("code = \"{code}\"");
        breaks(HA_NAM, (&after, from, to), &format!("indicators[{place}].targets[0].{field}"), on);
    };
    breaks("HN-03", 3, "by = 2020-12-31", "by = 2021-01-01", "by", "by = 2021-01-01");
    breaks("HN-03", 3, "by = 2020-12-31", "by = 2015-12-31", "by", "by = 2015-12-31");
    let steps = "milestones = [{ by = 2017-12-31, value = 75 }]";
    let wrong = [
        "milestones = [{ by = 2018-12-31, value = 80 }, { by = 2017-12-31, value = 75 }]",
        "milestones = [{ by = 2020-12-31, value = 75 }]",
        "milestones = [{ by = 2015-12-31, value = 75 }]",
        "milestones = [{ by = 2017-12-31, value = 0 }]",
        "milestones = [{ by = 2017-12-31, value = 101 }]",
        "milestones = []",
    ];
    for wrong in wrong {
        breaks("HN-01a", 0, steps, wrong, "milestones", "milestones = [");
    }
    breaks("HN-01a", 0, "by = 2020-12-31\n", "", "milestones", "milestones = [");
    breaks("HN-01a", 0, steps, "", "milestones", "[[indicators.targets]]");
    breaks("HN-03", 3, "value = 50", "value = 50\ninterpolated = true", "interpolated", "interpolated = true");
    breaks("HN-03", 3, "value = 50", "value = 50\nunit = \"G63-P38\"", "unit", "unit = \"G63-P38\"");
    breaks("HN-03", 3, "value = 50", "value = 50\nunit = \"nowhere\"", "unit", "unit = \"nowhere\"");
}

#[test]
fn the_form_of_the_file() {
    let forms = [
        ("", "grace_days = 45", "grace_days = 45\ncolour = \"red\"", "colour", "colour"),
        ("code = \"HN-03\"", "feeds", "colour = \"red\"\nfeeds", "indicators[3].colour", "colour"),
        ("code = \"HN-04\"", "kinds =", "kind =", "indicators[4].measured.numerator.kind", "measured.numerator"),
        ("", "grace_days = 45", "grace_days = \"45\"", "grace_days", "grace_days"),
        ("", "grace_days = 45", "grace_days = -1", "grace_days", "grace_days"),
        ("", "issued_on = 2016-06-17", "issued_on = 2016-06", "issued_on", "issued_on"),
        ("", "issued_on = 2016-06-17", "issued_on = \"17/06/2016\"", "issued_on", "issued_on"),
        ("", "issued_on = 2016-06-17", "issued_on = \"2016-6-17\"", "issued_on", "issued_on"),
        ("", "issued_on = 2016-06-17", "issued_on = 2016-06-17T00:00:00", "issued_on", "issued_on"),
        ("", "issued_on = 2016-06-17", "issued_on = 0016-06-17", "issued_on", "issued_on"),
        ("", "issued_on = 2016-06-17", "issued_on = 2016", "issued_on", "issued_on"),
        ("code = \"HN-03\"", "value = 50", "value = 50.5", "indicators[3].targets[0].value", "value = 50.5"),
        ("code = \"HN-03\"", "\"equal\"", "\"more\"", "indicators[3].targets[0].operator", "operator = \"more\""),
        ("code = \"HN-03\"", "\"unit_share\"", "\"share\"", "indicators[3].kind", "kind = \"share\""),
        ("code = \"HN-03\"", "kind = \"unit_share\"", "kind = unit_share", "kind", "kind = unit_share"),
        ("code = \"HN-03\"", "kind = \"unit_share\"", "kind = \"unit_share", "kind", "kind = \"unit_share"),
        ("code = \"HN-03\"", "value = 50", "value = 50\nvalue = 60", "", "value = 60"),
        ("", "code = \"HN-03\"\n", "", "indicators[3]", "[[indicators]]"),
    ];
    for (after, from, to, field, on) in forms {
        breaks(HA_NAM, (after, from, to), field, on);
    }
    for text in ["", "\u{feff}", "code", "[[indicators]]", "\0", "[[[[[["] {
        let faults = told(text);
        assert_eq!((faults.len(), faults.first().map(|fault| fault.line)), (1, Some(1)), "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let text = changed(shipped(HA_NAM), "", "reported_by = \"commune\"", "reported_by = \"province\"");
    let text = changed(&text, "code = \"HN-01a\"", "value = 100", "value = 1000");
    let text = changed(&text, "code = \"HN-03\"", "\"pilot_models\"", "\"pilots\"");
    let text =
        changed(&text, "code = \"HN-08\"", "direct = true }\nmeasured", "direct = true, kinds = [\"x\"] }\nmeasured");
    let faults = told(&text);
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    let expected = [
        "reported_by",
        "indicators[0].targets[0].value",
        "indicators[3].measured.units.all[0].source.element",
        "indicators[3].measured.units.all[0].source",
        "indicators[10].measured.numerator.kinds",
    ];
    assert_eq!(fields, expected);
    assert!(faults.is_sorted_by_key(|fault| fault.line), "{faults:?}");
}

#[test]
fn line_ends_of_either_kind_and_letters_of_any_length_leave_lines_as_an_editor_counts_them() {
    let text = changed(shipped(HA_NAM), "code = \"HN-08\"", "value = 100", "value = 1000");
    let number = text.lines().position(|line| line == "value = 1000").map(|place| place + 1);
    for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        let faults = told(&text);
        assert_eq!((faults.len(), faults.first().map(|fault| fault.line)), (1, number));
    }
}

#[test]
fn what_is_too_long_or_no_text_is_refused() {
    let long = format!("{}# {}\n", shipped(HA_NAM), "x".repeat(2 * MOST_BYTES));
    let faults = told(&long);
    assert_eq!((faults.len(), faults[0].line, faults[0].field.as_str()), (1, 1, ""));
    assert_eq!(PlanFile::read_bytes(long.as_bytes(), books()).expect_err("too long"), faults);
    let mut bytes = shipped(HA_NAM).as_bytes().to_vec();
    assert!(PlanFile::read_bytes(&bytes, books()).is_ok());
    let place = bytes.windows(5).position(|five| five == b"level").expect("a level");
    bytes[place] = 0xff;
    let faults = PlanFile::read_bytes(&bytes, books()).expect_err("no text");
    let number = shipped(HA_NAM).lines().position(|line| line.starts_with("level")).map(|place| place + 1);
    assert_eq!((faults.len(), Some(faults[0].line)), (1, number));
}
