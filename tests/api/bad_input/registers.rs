//! Entries of registers that break rules.

use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};

use super::{Bad, CANARY, refuse_all};
use crate::support::registers::{entry_body, with};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn fields_of_each_register_are_named_as_the_register_names_them(app: &TestApp) {
        use Register as R;
        let world = World::build(app);
        let officer = &world.programme_officer;
        app.token(officer);
        let send = |register: Register, fields: Value| app.recording(officer, register, &with(entry_body(register), &fields));
        let malformed = |what, register, fields, field, rule| {
            Bad::new(what, send(register, fields), 400, "malformed").names(field, rule)
        };
        let invalid = |what, register, fields, field, rule| {
            Bad::new(what, send(register, fields), 422, "invalid").names(field, rule)
        };
        let twice = format!("{{\"unit_code\":\"VN\",\"unit_code\":\"{CANARY}\"}}");
        let raw = |body: &str| app.call("POST", "/registers/staff/entries").bytes(body.as_bytes(), "application/json").by(officer);
        let listed = |path: &str| app.get(path).by(officer);
        let long = format!("{CANARY}{}", "x".repeat(200));
        let many: Vec<String> = (0..1_001).map(|number| format!("N{number}")).collect();
        refuse_all(app, vec![
            malformed("no day", R::PressItems, json!({"published_on": null}), "published_on", "required"),
            malformed("no unit", R::PressItems, json!({"unit_code": null}), "unit_code", "required"),
            malformed("an unknown field", R::PressItems, json!({CANARY: 1}), "?", "unknown_field"),
            malformed("a field of another register", R::PressItems, json!({"held_on": "2025-09-01"}), "held_on", "unknown_field"),
            malformed("a word of nowhere", R::PressItems, json!({"level": CANARY}), "level", "format"),
            malformed("a number for a word", R::PressItems, json!({"level": 7}), "level", "format"),
            malformed("a day of another form", R::PressItems, json!({"published_on": "1/9/2025"}), "published_on", "format"),
            malformed("a day without zeros", R::PressItems, json!({"published_on": "2025-9-1"}), "published_on", "format"),
            malformed("a day of 1850", R::PressItems, json!({"published_on": "1850-09-01"}), "published_on", "format"),
            malformed("a fraction", R::StaffCounts, json!({"staff": 1.5}), "staff", "format"),
            malformed("a word for yes", R::Staff, json!({"direct": "có"}), "direct", "format"),
            malformed("a text for a list", R::CommunicationActivities, json!({"participants": CANARY}), "participants", "format"),
            malformed("a number in a list", R::CommunicationActivities, json!({"participants": ["a", 1]}), "participants[1]", "format"),
            malformed("no id", R::Inspections, json!({"establishment_id": CANARY}), "establishment_id", "format"),
            Bad::new("a list for an object", raw("[1]"), 400, "malformed").names("body", "format"),
            Bad::new("a field twice", raw(&twice), 400, "malformed"),
            Bad::new("no such register", app.post("/registers/nothing/entries", &json!({})).by(officer), 404, "not_found"),
            invalid("tomorrow", R::PressItems, json!({"published_on": "2025-10-16"}), "published_on", "not_in_future"),
            invalid("a unit of before", R::PressItems, json!({"unit_code": "G63-C00001"}), "unit_code", "unit_not_valid_on_date"),
            invalid("a unit of nowhere", R::PressItems, json!({"unit_code": CANARY}), "unit_code", "unit_not_valid_on_date"),
            invalid("a province that is healthy", R::HealthyCommunes, json!({"unit_code": "G34-P01"}), "unit_code", "format"),
            invalid("a long name", R::PressItems, json!({"outlet": long}), "outlet", "length"),
            invalid("an empty name", R::PressItems, json!({"outlet": "  "}), "outlet", "length"),
            invalid("a line break in a name", R::PressItems, json!({"outlet": format!("{CANARY}\nb")}), "outlet", "control_character"),
            invalid("a control character", R::PressItems, json!({"outlet": format!("a\u{7}{CANARY}")}), "outlet", "control_character"),
            invalid("below nought", R::StaffCounts, json!({"staff": -1}), "staff", "range"),
            invalid("too many", R::StaffCounts, json!({"staff": 100_000_001}), "staff", "range"),
            invalid("more than all", R::StaffCounts, json!({"direct_staff": 13}), "direct_staff", "conflicts_with"),
            invalid("more in need than asked", R::NeedSurveys, json!({"in_need": 81}), "in_need", "conflicts_with"),
            invalid("more first times than attendances", R::CommunicationActivities, json!({"first_time_this_year": 41}), "first_time_this_year", "conflicts_with"),
            invalid("an end before the beginning", R::Staff, json!({"to": "2025-07-31"}), "to", "not_before"),
            invalid("a survey that ends tomorrow", R::NeedSurveys, json!({"to": "2025-10-16"}), "to", "not_in_future"),
            invalid("a step before the day", R::TipOffs, json!({"verified_on": "2025-08-31"}), "verified_on", "not_before"),
            invalid("a step before another", R::TipOffs, json!({"classified_on": "2025-09-04"}), "classified_on", "not_before"),
            invalid("a step tomorrow", R::TipOffs, json!({"handled_on": "2025-10-16"}), "handled_on", "not_in_future"),
            invalid("1,001 participants", R::CommunicationActivities, json!({"participants": many}), "participants", "length"),
            invalid("a participant twice", R::CommunicationActivities, json!({"participants": ["Á1", " á1"]}), "participants[1]", "conflicts_with"),
            Bad::new("days the wrong way round", listed("/registers/staff/entries?from=2025-02-01&to=2025-01-31"), 422, "invalid").names("to", "not_before"),
            Bad::new("days of a file the wrong way round", listed("/registers/staff/export?from=2025-02-01&to=2025-01-31"), 422, "invalid").names("to", "not_before"),
            Bad::new("no period", listed("/reported-values?period=2025-13"), 422, "invalid").names("period", "format"),
            Bad::new("no period of a file", listed("/reported-values/export?period=2025-13"), 422, "invalid").names("period", "format"),
            invalid("an empty participant", R::CommunicationActivities, json!({"participants": [""]}), "participants[0]", "length"),
        ]);
    }
}
