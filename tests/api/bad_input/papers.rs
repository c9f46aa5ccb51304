//! Notes and files that cannot be.

use serde_json::{Value, json};

use super::{Bad, CANARY, refuse_all};
use crate::support::files::{parts, pdf, png};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn notes_that_cannot_be_are_refused(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(5));
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        for shelf in ["notes", "counselling-notes"] {
            let note = app.note(&world.worker, case, shelf, CANARY, app.days_ago(1));
            let send = |field: &str, value: Value| {
                let mut body = json!({"kind": "call", "occurred_on": app.today(), "text": CANARY});
                body[field] = value;
                app.post(&format!("/cases/{case}/{shelf}"), &body).by(&world.worker)
            };
            let change = |body: Value| app.patch(&format!("/{shelf}/{note}"), &body).by(&world.worker).version(1);
            let mark = |body: Value| app.post(&format!("/{shelf}/{note}/mistaken"), &body).by(&world.worker);
            let list = |query: &str| app.get(&format!("/cases/{case}/{shelf}?{query}")).by(&world.worker);
            refuse_all(app, vec![
                malformed("an unknown kind", send("kind", json!(CANARY))).names("kind", "format"),
                malformed("an unknown field", send("author_id", json!(CANARY))).names("author_id", "unknown_field"),
                malformed("no day", send("occurred_on", json!(CANARY))).names("occurred_on", "format"),
                invalid("tomorrow", send("occurred_on", json!("2025-10-16"))).names("occurred_on", "not_in_future"),
                invalid("before the case", send("occurred_on", json!(app.days_ago(6)))).names("occurred_on", "not_before"),
                invalid("a bell", send("text", json!(format!("{CANARY}\u{7}")))).names("text", "control_character"),
                invalid("too long", send("text", json!(format!("{CANARY}{}", "ệ".repeat(9_993))))).names("text", "length"),
                invalid("nothing but space", send("text", json!("\u{a0} \n"))).names("text", "length"),
                invalid("a correction to tomorrow", change(json!({"occurred_on": "2025-10-16"}))).names("occurred_on", "not_in_future"),
                invalid("a correction to nothing", change(json!({"text": " "}))).names("text", "length"),
                Bad::new("no version", mark(json!({"reason": "other"})), 428, "version_required"),
                malformed("no reason", mark(json!({})).version(1)).names("reason", "required"),
                malformed("a reason of one's own", mark(json!({"reason": CANARY})).version(1)).names("reason", "format"),
                malformed("a list by an unknown kind", list("kind=letter")).names("kind", "format"),
                invalid("a list of none", list("limit=0")).names("limit", "range"),
                invalid("a cursor of no list", list("cursor=4711")).names("cursor", "cursor"),
            ]);
        }
    }

    fn files_that_cannot_be_are_refused(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(5));
        let path = format!("/cases/{case}/attachments");
        let send = |field: &str, value: Value, file: &[u8]| {
            let mut details = json!({"kind": "other", "title": CANARY});
            details[field] = value;
            parts(app.call("POST", &path), &details, file).by(&world.worker)
        };
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let nobody = app.state().random.uuid();
        refuse_all(app, vec![
            malformed("an unknown kind", send("kind", json!(CANARY), &png())).names("kind", "format"),
            malformed("an unknown field", send("owner", json!(CANARY), &png())).names("owner", "unknown_field"),
            malformed("no id", send("note_id", json!(CANARY), &png())).names("note_id", "format"),
            invalid("a note of nobody", send("note_id", json!(nobody), &png())).names("note_id", "no_such_reference"),
            invalid("a consent of nobody", send("consent_id", json!(nobody), &png())).names("consent_id", "no_such_reference"),
            invalid("a title of spaces", send("title", json!("  "), &png())).names("title", "length"),
            invalid("a long title", send("title", json!("x".repeat(201)), &png())).names("title", "length"),
            invalid("a bell", send("title", json!("\u{7}"), &png())).names("title", "control_character"),
            invalid("a text as picture", send("kind", json!("photo"), CANARY.as_bytes())).names("file", "file_type"),
            invalid("a program in a PDF", send("kind", json!("legal"), &pdf(&format!("/A <</S /Launch /F ({CANARY})>>")))).names("file", "active_content"),
            Bad::new("11 MB", send("kind", json!("photo"), &vec![0xff; 11 << 20]), 413, "too_large"),
        ]);
    }
}
