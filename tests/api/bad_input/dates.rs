//! Dates that cannot be, and units that do not exist on a date.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::casework::person_body;
use crate::support::client::Call;
use crate::support::world::{COMMUNE, OLD_COMMUNE};
use crate::support::{TestApp, World, both_dbs};

fn born<'a>(app: &'a TestApp, world: &World, birth: Value) -> Call<'a> {
    let mut body = person_body(CANARY);
    body["birth"] = birth;
    app.post("/persons", &body).by(&world.worker)
}

fn open<'a>(app: &'a TestApp, world: &World, person: Uuid, unit: &str, day: &str) -> Call<'a> {
    let body = json!({"person_id": person, "unit_code": unit, "category": "at_risk", "received_on": day});
    app.post("/cases", &body).by(&world.worker)
}

fn consent<'a>(app: &'a TestApp, world: &World, person: Uuid, given: &str, expires: Option<&str>) -> Call<'a> {
    let body = json!({"purpose": "support", "given_by": "self", "given_on": given, "expires_on": expires, "proof": "recording"});
    app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker)
}

both_dbs! {
    fn a_birth_that_cannot_be_is_refused(app: &TestApp) {
        let world = World::build(app);
        let born = |birth| born(app, &world, birth);
        let exact = |day: &str| born(json!({"precision": "exact", "date": day}));
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        refuse_all(app, vec![
            malformed("30 February", exact("1999-02-30")).names("birth.date", "format"),
            malformed("a day and hour", exact("1999-02-03T00:00:00Z")).names("birth.date", "format"),
            malformed("days in another order", exact("03/02/1999")).names("birth.date", "format"),
            malformed("no day", exact(CANARY)).names("birth.date", "format"),
            invalid("tomorrow", exact("2025-10-16")).names("birth.date", "not_in_future"),
            malformed("long ago", exact("1899-12-31")).names("birth.date", "format"),
            invalid("a year to come", born(json!({"precision": "year", "year": 2026}))).names("birth.year", "not_in_future"),
            invalid("a year of long ago", born(json!({"precision": "year", "year": -5}))).names("birth.year", "not_before"),
            invalid("a year past all calendars", born(json!({"precision": "year", "year": 2_000_000_000}))),
            invalid("exact without date", born(json!({"precision": "exact"}))).names("birth.date", "required"),
            invalid("year with date", born(json!({"precision": "year", "year": 1990, "date": "1990-01-01"}))).names("birth.date", "conflicts_with"),
            invalid("unknown with year", born(json!({"precision": "unknown", "year": 1990}))).names("birth.year", "conflicts_with"),
        ]);
    }

    fn today_is_todays_date_in_vietnam(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        // 23:30 in Vietnam on the 15th is 16:30 UTC; at 00:30 it is still the 15th in UTC.
        app.clock.advance(chrono::TimeDelta::minutes(13 * 60 + 30));
        open(app, &world, person, COMMUNE, "2025-10-16").send().expect(422);
        app.clock.advance(chrono::TimeDelta::hours(1));
        open(app, &world, person, COMMUNE, "2025-10-16").send().expect(201);
    }

    fn a_unit_must_exist_on_the_day_of_the_event(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let another = app.person(&world.worker, CANARY);
        let open = |unit, day| open(app, &world, person, unit, day);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let mut living = person_body(CANARY);
        living["residence_unit_code"] = json!(OLD_COMMUNE);
        let rule = "unit_not_valid_on_date";
        refuse_all(app, vec![
            invalid("an old unit on a new day", open(OLD_COMMUNE, "2025-07-01")).names("unit_code", rule),
            invalid("a new unit on an old day", open(COMMUNE, "2025-06-30")).names("unit_code", rule),
            invalid("a unit of nowhere", open(CANARY, "2025-07-01")).names("unit_code", rule),
            invalid("living in an old unit", app.post("/persons", &living).by(&world.worker)).names("residence_unit_code", rule),
            invalid("received tomorrow", open(COMMUNE, "2025-10-16")).names("received_on", "not_in_future"),
        ]);
        open(OLD_COMMUNE, "2025-06-30").send().expect(201);
        self::open(app, &world, another, COMMUNE, "2025-07-01").send().expect(201);
    }

    fn dates_keep_their_order(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(3));
        let (worker, early, late) = (&world.worker, app.days_ago(4), app.days_ago(-1));
        let at = |path: &str, body: Value| app.post(&format!("/cases/{case}/{path}"), &body).by(worker);
        let need = json!([{"service_type": "loan", "in_need": true, "eligible": true}]);
        let give = |day| app.post("/deliveries", &json!({
            "case_id": case, "service_type": "travel", "delivered_on": day, "form": "in_kind",
        })).by(worker);
        let consent = |given: &str, expires| consent(app, &world, person, given, expires);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("assessed before the case", at("assessments", json!({"assessed_on": early, "needs": need}))).names("assessed_on", "not_before"),
            invalid("assessed tomorrow", at("assessments", json!({"assessed_on": late, "needs": need}))).names("assessed_on", "not_in_future"),
            invalid("refused before the case", at("refusals", json!({"refused_on": early}))).names("refused_on", "not_before"),
            invalid("moved before it opened", at("status", json!({"to": "screened", "occurred_on": early})).version(1)).names("occurred_on", "not_before"),
            invalid("moved tomorrow", at("status", json!({"to": "screened", "occurred_on": late})).version(1)).names("occurred_on", "not_in_future"),
            invalid("closed without reason", at("status", json!({"to": "closed", "occurred_on": app.today()})).version(1)).names("reason", "required"),
            invalid("given before the case", give(early)).names("delivered_on", "not_before"),
            invalid("given tomorrow", give(late)).names("delivered_on", "not_in_future"),
            invalid("agreed tomorrow", consent("2025-10-16", None)).names("given_on", "not_in_future"),
            invalid("ended before it began", consent("2025-10-10", Some("2025-10-09"))).names("expires_on", "not_before"),
        ]);
    }

    fn dates_beyond_every_record_are_refused_and_not_a_fault_of_ours(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, CANARY);
        let mut faults = Vec::new();
        for day in ["-200000-01-01", "0001-01-01", "0000-01-01", "-0001-01-01", "1700-01-01", "+200000-01-01", "9999-12-31"] {
            let organisation = json!({"kind": "shelter", "name": "Mái ấm", "admin_unit_code": COMMUNE, "valid_from": day});
            for (what, call) in [
                ("received_on", open(app, &world, person, OLD_COMMUNE, day)),
                ("given_on", consent(app, &world, person, day, None)),
                ("expires_on", consent(app, &world, person, "2025-10-01", Some(day))),
                ("valid_from", app.post("/organisations", &organisation).by(&world.administrator)),
            ] {
                let reply = call.send();
                let plausible = what == "expires_on" && day == "9999-12-31";
                if !(plausible || (400..500).contains(&reply.status)) {
                    faults.push(format!("{what} {day}: {}", reply.status));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
