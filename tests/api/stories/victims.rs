//! MB-01: identified victims and the regimes due to them.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World, both_dbs};

/// A person who was identified as a victim, with two regimes found due.
fn victim(app: &TestApp, world: &World, name: &str) -> Uuid {
    let worker = &world.worker;
    let person = app.person(worker, name);
    let case = app.case(worker, person, "possible_victim", app.days_ago(30));
    app.move_case(worker, case, "screened", app.days_ago(29)).expect(200);
    app.move_case(worker, case, "under_verification", app.days_ago(28)).expect(200);
    app.move_case(worker, case, "confirmed", app.days_ago(20)).expect(200);
    app.assess(worker, case, &["essential_needs", "medical"], app.days_ago(19));
    case
}

fn refuse(app: &TestApp, world: &World, case: Uuid, service: Option<&str>, on: NaiveDate) {
    let body = json!({"service_type": service, "refused_on": on});
    app.post(&format!("/cases/{case}/refusals"), &body).by(&world.worker).send().expect(201);
}

/// Numerator, denominator and refusals of the year.
fn figure(app: &TestApp, world: &World, year: i32) -> [Value; 3] {
    let figure = app.figure(&world.manager, "mb-2021-2025", "MB-01", year);
    ["numerator", "denominator", "refused"].map(|name| figure[name].clone())
}

both_dbs! {
    fn a_victim_is_served_once_every_regime_due_is_received(app: &TestApp) {
        let world = World::build(app);
        let case = victim(app, &world, "Nguyễn Thị Lan");
        assert_eq!(figure(app, &world, 2025), [0, 1, 0].map(Value::from));
        app.give(&world.worker, case, "essential_needs", app.days_ago(2));
        assert_eq!(figure(app, &world, 2025), [0, 1, 0].map(Value::from), "one of two");
        app.give(&world.worker, case, "medical", app.days_ago(1));
        assert_eq!(figure(app, &world, 2025), [1, 1, 0].map(Value::from));
    }

    fn somebody_not_identified_counts_in_neither_number(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Trần Văn Nam");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(30));
        app.assess(&world.worker, case, &["medical"], app.days_ago(20));
        assert_eq!(figure(app, &world, 2025), [0, 0, 0].map(Value::from));
    }

    fn a_refusal_stands_beside_and_outside_both_numbers(app: &TestApp) {
        let world = World::build(app);
        let all = victim(app, &world, "Nguyễn Thị Cúc");
        refuse(app, &world, all, None, app.days_ago(3));
        assert_eq!(figure(app, &world, 2025), [0, 0, 1].map(Value::from));
        let one = victim(app, &world, "Nguyễn Thị Trúc");
        refuse(app, &world, one, Some("medical"), app.days_ago(3));
        assert_eq!(figure(app, &world, 2025), [0, 1, 1].map(Value::from), "one regime is still due");
        app.give(&world.worker, one, "essential_needs", app.days_ago(2));
        assert_eq!(figure(app, &world, 2025), [1, 1, 1].map(Value::from), "what was refused is not due");
    }

    fn what_is_received_after_the_cut_off_does_not_count_for_the_year(app: &TestApp) {
        let world = World::build(app);
        let case = victim(app, &world, "Nguyễn Thị Mai");
        app.give(&world.worker, case, "essential_needs", app.days_ago(2));
        app.pass_days(90);
        app.give(&world.worker, case, "medical", "2026-01-01".parse().expect("a day"));
        assert_eq!(figure(app, &world, 2025), [0, 1, 0].map(Value::from));
        app.give(&world.worker, case, "medical", "2025-12-31".parse().expect("a day"));
        assert_eq!(figure(app, &world, 2025), [1, 1, 0].map(Value::from), "recorded late, received in time");
    }

    fn support_declared_void_counts_nowhere(app: &TestApp) {
        let world = World::build(app);
        let case = victim(app, &world, "Nguyễn Thị Đào");
        app.give(&world.worker, case, "essential_needs", app.days_ago(2));
        let wrong = app.give(&world.worker, case, "medical", app.days_ago(1));
        assert_eq!(figure(app, &world, 2025), [1, 1, 0].map(Value::from));
        let void = format!("/deliveries/{wrong}/void");
        app.post(&void, &json!({"reason": "mistake"})).by(&world.worker).version(1).send().expect(200);
        assert_eq!(figure(app, &world, 2025), [0, 1, 0].map(Value::from));
    }
}
