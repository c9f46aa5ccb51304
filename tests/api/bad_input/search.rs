//! What cannot be searched for.

use serde_json::json;

use super::{Bad, CANARY, refuse_all};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_search_that_names_nobody_is_refused_by_field_and_rule(app: &TestApp) {
        let world = World::build(app);
        let ask = |body| app.post("/persons/search", &body).by(&world.worker).without_key();
        let invalid = |what, body| Bad::new(what, ask(body), 422, "invalid");
        let malformed = |what, body| Bad::new(what, ask(body), 400, "malformed");
        let long = format!("{CANARY}{}", "a".repeat(200));
        refuse_all(app, vec![
            malformed("no name", json!({})).names("name", "required"),
            invalid("an empty name", json!({"name": ""})).names("name", "length"),
            invalid("a name of 208 letters", json!({"name": long})).names("name", "length"),
            invalid("a control character", json!({"name": format!("{CANARY}\u{0}")})).names("name", "control_character"),
            invalid("signs only", json!({"name": " -- ' "})).names("name", "letter"),
            invalid("digits only", json!({"name": "12 34567"})).names("name", "letter"),
            invalid("a year only", json!({"name": "1990"})).names("name", "letter"),
            invalid("two years", json!({"name": format!("{CANARY} 1990"), "birth_year": 1991})).names("birth_year", "conflicts_with"),
            invalid("a year before 1900", json!({"name": CANARY, "birth_year": 1899})).names("birth_year", "range"),
            invalid("limit 0", json!({"name": CANARY, "limit": 0})).names("limit", "range"),
            invalid("limit 51", json!({"name": CANARY, "limit": 51})).names("limit", "range"),
            malformed("a negative year", json!({"name": CANARY, "birth_year": -1})).names("birth_year", "format"),
            malformed("a name that is a list", json!({"name": [CANARY]})).names("name", "format"),
            malformed("an unknown field", json!({"name": CANARY, "phone": CANARY})).names("phone", "unknown_field"),
        ]);
    }
}
