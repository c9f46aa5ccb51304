//! Points, groups, places and counts that cannot be.

use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};

use super::{Bad, CANARY, refuse_all};
use crate::support::outreach::{group_body, point_body};
use crate::support::world::{COMMUNE, OLD_COMMUNE};
use crate::support::{TestApp, World, both_dbs};

fn invalid<'a>(what: &'a str, call: crate::support::client::Call<'a>) -> Bad<'a> {
    Bad::new(what, call, 422, "invalid")
}

fn malformed<'a>(what: &'a str, call: crate::support::client::Call<'a>) -> Bad<'a> {
    Bad::new(what, call, 400, "malformed")
}

both_dbs! {
    fn a_point_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let point = app.point(&world);
        let register = |field: &str, value: Value| {
            let mut body = point_body();
            body[field] = value;
            app.post("/intervention-points", &body).by(&world.administrator)
        };
        let change = |body: Value| app.patch(&format!("/intervention-points/{point}"), &body).by(&world.administrator).version(1);
        refuse_all(app, vec![
            invalid("an unknown model", register("model", json!(CANARY))).names("model", "format"),
            invalid("before the models", register("valid_from", json!("2015-12-31"))).names("valid_from", "conflicts_with"),
            invalid("an end before the start", register("valid_to", json!("2025-07-31"))).names("valid_to", "not_before"),
            invalid("an old unit", register("unit_code", json!(OLD_COMMUNE))).names("unit_code", "unit_not_valid_on_date"),
            invalid("no name", register("name", json!(""))).names("name", "length"),
            invalid("a name with a NUL", register("name", json!(format!("{CANARY}\u{0}")))).names("name", "control_character"),
            malformed("an unknown field", register("leader", json!(CANARY))).names("leader", "unknown_field"),
            invalid("a change to an end before the start", change(json!({"valid_to": "2025-07-31"}))).names("valid_to", "not_before"),
            malformed("a change of the model", change(json!({"model": "peer_capacity"}))).names("model", "unknown_field"),
        ]);
    }

    fn a_group_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let closed = app.organisation(OrganisationKind::SocialWorkCentre, "Trung tâm đã đóng");
        app.sql(&format!("update organisations set valid_to = '2020-12-31' where id = {}", app.sql_id(closed)));
        app.peer_group(&world, world.group, world.centre);
        let register = |organisation, centre| app.post("/peer-groups", &group_body(organisation, centre)).by(&world.administrator);
        let free = app.organisation(OrganisationKind::PeerGroup, "Nhóm chưa đăng ký");
        let nobody = app.state().random.uuid();
        let change = |body: Value| app.patch(&format!("/peer-groups/{}", world.group), &body).by(&world.administrator).version(1);
        refuse_all(app, vec![
            invalid("an organisation of another kind", register(world.clinic, world.centre)).names("organisation_id", "no_such_reference"),
            invalid("no organisation", register(nobody, world.centre)).names("organisation_id", "no_such_reference"),
            invalid("supported by a school", register(free, world.school)).names("supported_by_id", "no_such_reference"),
            invalid("supported by a closed centre", register(free, closed)).names("supported_by_id", "no_such_reference"),
            Bad::new("registered before", register(world.group, world.centre), 409, "group_registered"),
            malformed("an unknown kind", change(json!({"kind": CANARY}))).names("kind", "format"),
            invalid("a change to a closed centre", change(json!({"supported_by_id": closed}))).names("supported_by_id", "no_such_reference"),
        ]);
    }

    fn places_that_cannot_be_are_refused(app: &TestApp) {
        let world = World::build(app);
        let point = app.point(&world);
        app.peer_group(&world, world.group, world.centre);
        let place = |unit: &str, from: &str, to: Value, point: Value| {
            json!({"unit_code": unit, "valid_from": from, "valid_to": to, "intervention_point_id": point})
        };
        let put = |places: Vec<Value>| {
            let path = format!("/peer-groups/{}/places", world.group);
            app.put(&path, &json!({"places": places})).by(&world.manager).version(1)
        };
        let here = || place(COMMUNE, "2025-08-01", Value::Null, Value::Null);
        let nobody = json!(app.state().random.uuid());
        refuse_all(app, vec![
            invalid("a unit that was no more", put(vec![here(), place(OLD_COMMUNE, "2025-08-01", Value::Null, Value::Null)])).names("places[1].unit_code", "unit_not_valid_on_date"),
            invalid("an end before the start", put(vec![place(COMMUNE, "2025-08-01", json!("2025-07-31"), Value::Null)])).names("places[0].valid_to", "not_before"),
            invalid("a unit twice", put(vec![here(), place(COMMUNE, "2025-09-01", Value::Null, Value::Null)])).names("places[1].valid_from", "conflicts_with"),
            invalid("a point of nowhere", put(vec![place(COMMUNE, "2025-08-01", Value::Null, nobody)])).names("places[0].intervention_point_id", "no_such_reference"),
            invalid("before its point", put(vec![place(COMMUNE, "2025-07-31", Value::Null, json!(point))])).names("places[0].intervention_point_id", "conflicts_with"),
            invalid("away from its point", put(vec![place("G34-C00008", "2025-08-01", Value::Null, json!(point))])).names("places[0].intervention_point_id", "conflicts_with"),
            invalid("101 places", put(vec![here(); 101])).names("places", "length"),
        ]);
    }

    fn counts_that_cannot_be_are_refused(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let put = |day: &str, body: Value| {
            app.put(&format!("/peer-groups/{}/members/{day}", world.group), &body).by(&world.manager).version(1)
        };
        let few = || json!({"leaders": 1, "board": 0, "educators": 0, "members": 2});
        let with = |field: &str, value: Value| {
            let mut body = few();
            body[field] = value;
            put("2025-08-01", body)
        };
        let tomorrow = app.days_ago(-1).to_string();
        refuse_all(app, vec![
            invalid("tomorrow", put(&tomorrow, few())).names("day", "not_in_future"),
            invalid("before the group", put("2014-12-31", few())).names("day", "not_before"),
            invalid("fewer than none", with("board", json!(-1))).names("board", "range"),
            invalid("too many", with("members", json!(10_001))).names("members", "range"),
            malformed("half a person", with("leaders", json!(0.5))).names("leaders", "format"),
            malformed("a name", with("leaders", json!(CANARY))).names("leaders", "format"),
        ]);
    }
}
