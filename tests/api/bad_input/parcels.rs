//! Devices and parcels that cannot be.

use serde_json::{Value, json};

use super::{Bad, CANARY, refuse_all};
use crate::support::parcels::Sealer;
use crate::support::phones::Phone;
use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn devices_and_parcels_that_cannot_be_are_refused(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let sealer = Sealer::register(app, &Phone::new(&world.peer_leader, world.group));
        let good = sealer.body(&sealer.seal(&[]));
        let hand_in = |field: &str, value: Value| {
            let mut body = good.clone();
            body[field] = value;
            app.post("/outreach/parcels", &body).without_key()
        };
        let register = |device: &str, body: Value| {
            app.put(&format!("/outreach/devices/{device}"), &body).by(&world.peer_leader)
        };
        let device = app.state().random.uuid().to_string();
        let list = |query: &str| app.get(&format!("/outreach/parcels?{query}")).by(&world.manager);
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            malformed("no id of a device", hand_in("device_id", json!(CANARY))).names("device_id", "format"),
            malformed("no account", hand_in("account_id", Value::Null)).names("account_id", "format"),
            malformed("a number as tag", hand_in("tag", json!(7))).names("tag", "format"),
            malformed("an unknown field", hand_in("note", json!(CANARY))).names("note", "unknown_field"),
            invalid("a tag in no base64", hand_in("tag", json!(CANARY))).names("tag", "format"),
            invalid("a tag that is too long", hand_in("tag", json!("A".repeat(65)))).names("tag", "length"),
            invalid("a key id that is too long", hand_in("key_id", json!("a".repeat(65)))).names("key_id", "length"),
            invalid("a parcel in no base64", hand_in("parcel", json!(CANARY))).names("parcel", "format"),
            invalid("a parcel that is too long", hand_in("parcel", json!("A".repeat(196_612)))).names("parcel", "length"),
            Bad::new("a body that is too large", hand_in("parcel", json!("A".repeat(300_000))), 413, "too_large"),
            malformed("a group that is none", register(&device, json!({"group_id": CANARY}))).names("group_id", "format"),
            malformed("no group", register(&device, json!({}))).names("group_id", "required"),
            malformed("a name for a device", register(&device, json!({"group_id": world.group, "name": CANARY}))).names("name", "unknown_field"),
            Bad::new("a group of nowhere", register(&device, json!({"group_id": app.state().random.uuid()})), 404, "not_found"),
            Bad::new("a device that is no id", register("may1", json!({"group_id": world.group})), 404, "not_found"),
            malformed("a list of no group", list("open=true")).names("group_id", "required"),
            malformed("a list of something else", list(&format!("group_id={}&note=x", world.group))).names("note", "unknown_field"),
            invalid("a cursor of another list", list(&format!("group_id={}&cursor=x", world.group))).names("cursor", "cursor"),
        ]);
    }
}
