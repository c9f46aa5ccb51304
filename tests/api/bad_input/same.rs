//! Decisions about two records that cannot be made.

use serde_json::json;

use super::{Bad, CANARY, refuse_all};
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn a_decision_that_cannot_be_made_is_refused_by_field_and_rule(app: &TestApp) {
        let world = World::build(app);
        let (one, other) = (app.person(&world.worker, CANARY), app.person(&world.worker, CANARY));
        let path = format!("/persons/{one}/same");
        let ask = |body| app.post(&path, &body).by(&world.worker).version(1);
        let body = || json!({"other_id": other, "verdict": "same"});
        let split = |body| app.post(&format!("{path}/{other}/split"), &body).by(&world.worker).version(1);
        refuse_all(app, vec![
            Bad::new("itself", ask(json!({"other_id": one, "verdict": "same"})), 422, "invalid").names("other_id", "conflicts_with"),
            Bad::new("nobody", ask(json!({"other_id": app.state().random.uuid(), "verdict": "same"})), 422, "invalid")
                .names("other_id", "no_such_reference"),
            Bad::new("no other", ask(json!({"verdict": "same"})), 400, "malformed").names("other_id", "required"),
            Bad::new("another word", ask(json!({"other_id": other, "verdict": CANARY})), 400, "malformed").names("verdict", "format"),
            Bad::new("an unknown field", ask(json!({"other_id": other, "verdict": "same", "name": CANARY})), 400, "malformed").names("name", "unknown_field"),
            Bad::new("another version", ask(body()), 412, "version_stale"),
            Bad::new("no version", app.post(&path, &body()).by(&world.worker), 428, "version_required"),
            Bad::new("no key", ask(body()).without_key(), 400, "malformed").names("Idempotency-Key", "required"),
            Bad::new("a split without a reason", split(json!({})), 400, "malformed").names("reason", "required"),
            Bad::new("a reason of one's own", split(json!({"reason": CANARY})), 400, "malformed").names("reason", "format"),
        ]);
    }
}
