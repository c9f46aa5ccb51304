//! Stays at a facility: beds, days, extensions, and what a facility sees.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World, both_dbs};

/// A victim with a referral to the shelter that is in service.
fn sheltered(app: &TestApp, world: &World, days: i64) -> (Uuid, Uuid, Uuid) {
    let worker = &world.worker;
    let person = app.person(worker, "Đặng Thị Nhài");
    let case = app.victims_case(worker, person, app.days_ago(days), app.days_ago(days));
    app.consent(worker, person, world.shelter, app.days_ago(days));
    app.assess(worker, case, &["essential_needs"], app.days_ago(days));
    let referral = app.referral(worker, case, "essential_needs", world.shelter);
    app.step(&world.shelter_keeper, referral, "accept").expect(200);
    app.step(&world.shelter_keeper, referral, "start").expect(200);
    (person, case, referral)
}

fn arrive(app: &TestApp, world: &World, referral: Uuid, days_ago: i64) -> Uuid {
    let body = json!({"referral_id": referral, "room": "A12-1", "in_on": app.days_ago(days_ago)});
    app.post("/stays", &body).by(&world.shelter_keeper).send().expect(201).id()
}

fn read(app: &TestApp, user: &crate::support::User, stay: Uuid) -> Value {
    app.get(&format!("/stays/{stay}")).by(user).send().expect(200).json()
}

both_dbs! {
    fn a_stay_tells_on_which_day_the_limit_runs_out_and_an_extension_moves_it(app: &TestApp) {
        let world = World::build(app);
        let (_, case, referral) = sheltered(app, &world, 100);
        app.give(&world.worker, case, "essential_needs", app.days_ago(100));
        let stay = arrive(app, &world, referral, 90);
        // One day before the stay is used, so 119 days are left from its first day on.
        let last = app.days_ago(90) + TimeDelta::days(118);
        for user in [&world.shelter_keeper, &world.worker] {
            assert_eq!(read(app, user, stay)["runs_out_on"], json!(last));
        }
        assert_eq!(app.entitlement(&world.worker, case, "essential_needs")["runs_out_on"], json!(last));
        app.give(&world.worker, case, "essential_needs", app.days_ago(95));
        assert_eq!(read(app, &world.worker, stay)["runs_out_on"], json!(last - TimeDelta::days(1)), "one more day before");
        app.give(&world.worker, case, "essential_needs", app.days_ago(30));
        let item = app.entitlement(&world.worker, case, "essential_needs");
        assert_eq!((&item["used"], &item["left"]), (&json!(93), &json!(27)), "a day within the stay is not counted twice");
        let body = json!({"days": 30, "granted_by": "facility_director", "granted_on": app.today(), "reason": "health"});
        let extended = app.stay_step(&world.shelter_keeper, stay, "extensions", &body).expect(200).json();
        assert_eq!(extended["runs_out_on"], json!(last + TimeDelta::days(29)));
        assert_eq!(extended["extensions"][0]["granted_by"], "facility_director");
        let item = app.entitlement(&world.worker, case, "essential_needs");
        assert_eq!((&item["limit"], &item["extended"], &item["left"]), (&json!(150), &json!(30), &json!(57)));
    }

    fn day_121_is_refused_until_a_manager_decides_and_the_last_day_can_always_be_recorded(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Đặng Thị Lài");
        let case = app.victims_case(worker, person, app.days_ago(100), app.days_ago(100));
        let stay = app.try_stay(worker, case, app.days_ago(100), None).expect(201).id();
        app.pass_days(19);
        app.give(worker, case, "essential_needs", app.today());
        app.pass_days(1);
        app.try_give(worker, case, "essential_needs", app.today()).expect_problem(409, "days_used_up");
        app.try_override(&world.manager, case, "essential_needs", app.today()).expect(201);
        app.give(worker, case, "essential_needs", app.today());
        app.pass_days(2);
        let item = app.entitlement(worker, case, "essential_needs");
        assert_eq!((&item["used"], &item["left"], &item["over"]), (&json!(123), &json!(0), &json!(3)));
        let left = app.stay_step(worker, stay, "leave", &json!({"out_on": app.today()})).expect(200).json();
        assert_eq!((&left["out_on"], &left["runs_out_on"]), (&json!(app.today()), &Value::Null));
        app.pass_days(1);
        app.try_stay(worker, case, app.today(), None).expect_problem(409, "days_used_up");
    }

    fn a_person_has_one_stay_and_a_bed_one_person_at_a_time(app: &TestApp) {
        let world = World::build(app);
        let (_, case, referral) = sheltered(app, &world, 40);
        let stay = arrive(app, &world, referral, 20);
        let other = |from: i64, to: Option<i64>| app.try_stay(&world.worker, case, app.days_ago(from), to.map(|to| app.days_ago(to)));
        other(5, None).expect_problem(409, "stay_overlaps");
        other(30, Some(10)).expect_problem(409, "stay_overlaps");
        other(30, None).expect_problem(409, "stay_overlaps");
        other(30, Some(20)).expect(201);
        let (_, _, second) = sheltered(app, &world, 40);
        let bed = |room: &str, from: i64| {
            let body = json!({"referral_id": second, "room": room, "in_on": app.days_ago(from)});
            app.post("/stays", &body).by(&world.shelter_keeper).send()
        };
        bed("A12-1", 3).expect_problem(409, "bed_taken");
        let moved = app.patch(&format!("/stays/{stay}"), &json!({"room": "A12-2"})).by(&world.shelter_keeper).version(1);
        moved.send().expect(200);
        let neighbour = bed("A12-1", 3).expect(201).id();
        let back = app.patch(&format!("/stays/{stay}"), &json!({"room": "A12-1"})).by(&world.shelter_keeper).version(2);
        back.send().expect_problem(409, "bed_taken");
        app.stay_step(&world.shelter_keeper, neighbour, "void", &json!({"reason": "mistake"})).expect(200);
        bed("A12-1", 3).expect(201);
    }

    fn a_facility_never_reads_case_person_or_category_and_afterwards_only_label_and_days(app: &TestApp) {
        let world = World::build(app);
        let (person, case, referral) = sheltered(app, &world, 40);
        let stay = arrive(app, &world, referral, 20);
        let seen = || {
            let alone = read(app, &world.shelter_keeper, stay).to_string();
            alone + &app.get("/stays").by(&world.shelter_keeper).send().expect(200).text()
        };
        let never = [person.to_string(), case.to_string()];
        let words = ["case_id", "person", "categor", "victim", "Nhài"];
        let hides = |text: &str| {
            assert!(!never.iter().any(|id| text.contains(id.as_str())), "{text}");
            assert!(!words.iter().any(|word| text.contains(word)), "{text}");
        };
        hides(&seen());
        assert!(seen().contains("referral_id"));
        let consent = app.all_items(&world.worker, &format!("/persons/{person}/consents"), 50)[0]["id"].clone();
        let path = format!("/persons/{person}/consents/{}/withdraw", consent.as_str().expect("an id"));
        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
        app.get(&format!("/referrals/{referral}")).by(&world.shelter_keeper).send().expect(404);
        let afterwards = seen();
        hides(&afterwards);
        assert!(!afterwards.contains("referral_id") && afterwards.contains("A12-1"));
        let keeper = &world.shelter_keeper;
        let body = json!({"days": 30, "granted_by": "facility_director", "granted_on": app.today(), "reason": "health"});
        app.stay_step(keeper, stay, "extensions", &body).expect(403);
        app.stay_step(keeper, stay, "void", &json!({"reason": "mistake"})).expect(403);
        app.patch(&format!("/stays/{stay}"), &json!({"room": "A1"})).by(keeper).version(1).send().expect(403);
        let soon = app.today() + TimeDelta::days(400);
        let running = app.all_items(keeper, &format!("/stays?running_out_before={soon}"), 50);
        assert_eq!(running, Vec::<Value>::new(), "what runs out is no longer the facility's to know");
        app.stay_step(keeper, stay, "leave", &json!({"out_on": app.today()})).expect(200);
        assert_eq!(read(app, &world.worker, stay)["out_on"], json!(app.today()));
    }

    fn a_case_is_closed_when_the_day_of_leaving_is_known(app: &TestApp) {
        let world = World::build(app);
        let (_, case, referral) = sheltered(app, &world, 20);
        let stay = arrive(app, &world, referral, 10);
        let close = || app.move_case(&world.worker, case, "closed", app.today());
        close().expect_problem(409, "stay_goes_on");
        app.stay_step(&world.shelter_keeper, stay, "leave", &json!({"out_on": app.days_ago(1)})).expect(200);
        close().expect(200);
    }

    fn those_running_out_are_listed_soonest_first_for_facility_and_centre(app: &TestApp) {
        let world = World::build(app);
        let mut stays = Vec::new();
        for days in [30, 50, 40] {
            let (_, _, referral) = sheltered(app, &world, 60);
            let body = json!({"referral_id": referral, "in_on": app.days_ago(days)});
            stays.push(app.post("/stays", &body).by(&world.shelter_keeper).send().expect(201).id());
        }
        let before = |days: i64| app.days_ago(50) + TimeDelta::days(days);
        for user in [&world.shelter_keeper, &world.worker, &world.manager] {
            let ids = |day| -> Vec<Uuid> {
                let items = app.all_items(user, &format!("/stays?running_out_before={day}"), 1);
                items.iter().map(|item| item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
            };
            assert_eq!(ids(before(119)), Vec::<Uuid>::new(), "the day itself is covered");
            assert_eq!(ids(before(120)), [stays[1]]);
            assert_eq!(ids(before(200)), [stays[1], stays[2], stays[0]]);
            assert_eq!(app.all_items(user, "/stays?resident=true", 2).len(), 3);
        }
        app.stay_step(&world.worker, stays[1], "leave", &json!({"out_on": app.today()})).expect(200);
        assert_eq!(app.all_items(&world.manager, "/stays?resident=true", 2).len(), 2);
        assert_eq!(app.all_items(&world.manager, &format!("/stays?running_out_before={}", before(200)), 2).len(), 2);
        assert_eq!(app.all_items(&world.other_manager, "/stays", 2).len(), 0, "another centre sees none");
    }

    fn a_verdict_changes_the_last_day_covered_in_the_same_write(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Đặng Thị Cúc");
        let received: chrono::NaiveDate = "2025-06-20".parse().expect("a day");
        let case = app.case_then(worker, person, "possible_victim", received);
        let stay = app.try_stay(worker, case, "2025-09-25".parse().expect("a day"), None).expect(201).id();
        assert_eq!(read(app, worker, stay)["runs_out_on"], "2025-11-23", "sixty days by the law of the reception");
        app.move_case(worker, case, "screened", received).expect(200);
        app.move_case(worker, case, "under_verification", received).expect(200);
        app.move_case(worker, case, "confirmed", "2025-10-01".parse().expect("a day")).expect(200);
        assert_eq!(read(app, worker, stay)["runs_out_on"], "2026-01-22", "a hundred and twenty by that of the identification");
    }

    fn a_stay_of_somebody_whom_the_law_sets_no_limit_runs_out_on_no_day(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Đặng Thị Sen");
        let case = app.case_then(&world.worker, person, "person_selling_sex", app.days_ago(300));
        let stay = app.try_stay(&world.worker, case, app.days_ago(300), None).expect(201).id();
        assert_eq!(read(app, &world.worker, stay)["runs_out_on"], Value::Null);
    }
}
