//! Somebody was helped, and was trafficked again: a case, days and clocks of its own, and one person.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{agree, bystanders, day, figure, hidden_from, read, register, served, until};
use crate::support::world::COMMUNE;
use crate::support::{TestApp, User, World, both_dbs};

const DUE: [&str; 3] = ["essential_needs", "medical", "initial_allowance"];

fn mb_01(app: &TestApp, world: &World, year: i32) -> [i64; 3] {
    figure(app, &world.manager, "mb-2021-2025", "MB-01", year)
}

/// Limit, used and left.
fn numbers(app: &TestApp, user: &User, case: Uuid, service: &str) -> [Option<i64>; 3] {
    let item = app.entitlement(user, case, service);
    ["limit", "used", "left"].map(|name| item[name].as_i64())
}

/// In 2023, by the law of then: sixty days, an allowance, and a file closed as reintegrated.
fn first_time(app: &TestApp, world: &World) -> (Uuid, Uuid) {
    let worker = &world.worker;
    let person = register(app, worker, "Lý Thị Xa", |body| body["categories"] = json!(["possible_victim"]));
    let case = app.victims_case(worker, person, day("2023-03-01"), day("2023-03-10"));
    app.assess(worker, case, &DUE, day("2023-03-11"));
    app.try_stay(worker, case, day("2023-03-01"), Some(day("2023-04-29"))).expect(201);
    app.give(worker, case, "medical", day("2023-03-02"));
    assert_eq!(mb_01(app, world, 2023), [0, 1, 0]);
    app.give(worker, case, "initial_allowance", day("2023-05-05"));
    app.move_case(worker, case, "closed", day("2023-06-01")).expect(200);
    assert_eq!(mb_01(app, world, 2023), [1, 1, 0], "a stay is a need that was met");
    assert_eq!(numbers(app, worker, case, "essential_needs"), [Some(60), Some(60), Some(0)]);
    (person, case)
}

/// Met again at the border, she tells that it happened again.
fn second_time(app: &TestApp, world: &World, person: Uuid, first: Uuid) -> Uuid {
    let worker = &world.worker;
    let body = json!({
        "person_id": person, "unit_code": COMMUNE, "category": "possible_victim", "received_on": app.today(),
        "trafficked_again": true,
    });
    let case = app.post("/cases", &body).by(worker).send().expect(201).id();
    app.move_case(worker, case, "screened", app.today()).expect(200);
    app.move_case(worker, case, "under_verification", app.today()).expect(200);
    assert_eq!(mb_01(app, world, 2025), [0, 0, 0], "being identified, again");
    until(app, "2025-10-20");
    app.move_case(worker, case, "confirmed", app.today()).expect(200);
    app.move_case(worker, case, "receiving_support", app.today()).expect(200);
    let again = app.all_items(&world.manager, "/cases?trafficked_again=true", 50);
    assert_eq!((again.len(), &again[0]["id"]), (1, &json!(case)));
    assert_eq!(app.all_items(&world.manager, &format!("/cases?person_id={person}"), 50).len(), 2);
    assert_eq!(app.all_items(&world.manager, "/persons", 50).len(), 1, "one person");
    let old = read(app, worker, &format!("/cases/{first}"));
    assert_eq!(
        (&old["status"], &old["trafficked_again"]),
        (&json!("closed"), &json!(false)),
        "what was reached then stays"
    );
    case
}

/// Days and clocks begin anew by the law of now; what is given once was given.
fn what_begins_anew(app: &TestApp, world: &World, first: Uuid, case: Uuid) {
    let worker = &world.worker;
    assert_eq!(numbers(app, worker, case, "essential_needs"), [Some(120), Some(0), Some(120)]);
    assert_eq!(numbers(app, worker, first, "essential_needs"), [Some(60), Some(60), Some(0)], "the first time is over");
    for service in ["medical", "psychological", "travel", "interpreting", "legal_aid", "loan", "vocational_training"] {
        let item = app.entitlement(worker, case, service);
        assert_eq!((&item["used"], &item["available"]), (&json!(0), &json!(true)), "{service}");
    }
    assert_eq!(app.entitlement(worker, first, "interpreting")["reason"], "not_in_force", "not by the law of 2023");
    let allowance = app.entitlement(worker, case, "initial_allowance");
    assert_eq!((&allowance["until"], &allowance["available"]), (&json!("2026-10-20"), &json!(false)));
    assert_eq!(numbers(app, worker, case, "initial_allowance"), [Some(1), Some(1), Some(0)]);
    app.try_give(worker, case, "initial_allowance", app.today()).expect_problem(409, "once_only_used");
}

/// Counted for the year of the second identification, by what the second case gave.
fn counted_anew(app: &TestApp, world: &World, person: Uuid, case: Uuid) {
    let (worker, keeper) = (&world.worker, &world.shelter_keeper);
    assert_eq!(mb_01(app, world, 2025), [0, 1, 0], "never assessed is not served");
    app.assess(worker, case, &DUE, app.today());
    assert_eq!(mb_01(app, world, 2025), [0, 1, 0], "what was given in 2023 answers nothing now");
    agree(app, worker, person, "referral", world.shelter, None);
    let referral = served(app, (worker, keeper), case, "essential_needs", world.shelter);
    let stay =
        app.post("/stays", &json!({"referral_id": referral, "in_on": app.today()})).by(keeper).send().expect(201);
    app.give(worker, case, "medical", app.today());
    assert_eq!(mb_01(app, world, 2025), [0, 1, 0], "the allowance is due and was not given for this");
    let seen = stay.text() + &app.get(&format!("/referrals/{referral}")).by(keeper).send().expect(200).text();
    for word in ["trafficked", "2023", "again", "victim"] {
        assert!(!seen.contains(word), "the shelter reads {word}: {seen}");
    }
    // The authority decides that she gets it once more; nobody else may.
    app.try_override(worker, case, "initial_allowance", app.today()).expect(403);
    app.try_override(&world.manager, case, "initial_allowance", app.today()).expect(201);
    app.clock.advance(chrono::TimeDelta::minutes(1));
    app.give(worker, case, "initial_allowance", app.today());
    app.try_give(worker, case, "initial_allowance", app.today()).expect_problem(409, "once_only_used");
    let item = app.entitlement(worker, case, "initial_allowance");
    assert_eq!((&item["used"], &item["over"]), (&json!(2), &json!(1)), "told, not hidden");
    assert_eq!((mb_01(app, world, 2023), mb_01(app, world, 2025)), ([1, 1, 0], [1, 1, 0]), "once in each year");
    until(app, "2025-11-30");
    assert_eq!(numbers(app, worker, case, "essential_needs"), [Some(120), Some(42), Some(78)]);
}

both_dbs! {
    fn somebody_trafficked_again_is_one_person_with_a_new_case_new_days_and_a_count_of_its_own(app: &TestApp) {
        let world = World::build(app);
        let (person, first) = first_time(app, &world);
        let case = second_time(app, &world, person, first);
        what_begins_anew(app, &world, first, case);
        counted_anew(app, &world, person, case);
        let records = [first, case].map(|case| format!("/cases/{case}"));
        hidden_from(app, &bystanders(&world), &records);
        // Another worker takes the second case over, and with it the person, but not the first file.
        app.give_case(&world.manager, case, Some(world.second_worker.id)).expect(200);
        assert_eq!(read(app, &world.second_worker, &format!("/persons/{person}"))["name"], "Lý Thị Xa");
        hidden_from(app, &[&world.second_worker], &records[..1]);
        assert_eq!(numbers(app, &world.second_worker, case, "initial_allowance"), [Some(1), Some(2), Some(0)], "limits are the person's");
        assert_eq!(read(app, &world.manager, &format!("/cases/{case}"))["trafficked_again"], true);
        assert_ne!(read(app, &world.manager, &format!("/cases/{first}"))["person_id"], Value::Null);
    }
}
