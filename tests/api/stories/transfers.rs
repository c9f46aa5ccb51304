//! A case goes on at another centre, or leaves the commune that took it in.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::client::Reply;
use crate::support::{TestApp, User, World, both_dbs};

fn consent_to(app: &TestApp, user: &User, person: Uuid, centre: Uuid) -> Uuid {
    let body = json!({
        "purpose": "transfer", "recipient_organisation_id": centre, "given_by": "self", "given_on": app.today(),
        "proof": "written_signature",
    });
    app.post(&format!("/persons/{person}/consents"), &body).by(user).send().expect(201).id()
}

fn offer(app: &TestApp, user: &User, case: Uuid, to: Uuid, ground: &str) -> Reply {
    let body = json!({"to_organisation_id": to, "ground": ground, "summary": "Chị sẽ về ở với dì tại Lào Cai"});
    app.post(&format!("/cases/{case}/transfers"), &body).by(user).send()
}

fn answer(app: &TestApp, user: &User, transfer: Uuid, step: &str) -> Reply {
    let body = if step == "decline" { json!({"reason": "no_capacity"}) } else { json!({}) };
    app.post(&format!("/transfers/{transfer}/{step}"), &body).by(user).version(1).send()
}

fn get(app: &TestApp, user: &User, path: &str) -> Reply {
    app.get(path).by(user).send()
}

/// A person in support at the first centre, with a course that goes on.
fn in_support(app: &TestApp, world: &World) -> (Uuid, Uuid, Uuid) {
    let worker = &world.worker;
    let person = app.person(worker, "Nguyễn Thị Hòa");
    let case = app.case(worker, person, "person_selling_sex", app.days_ago(60));
    app.move_case(worker, case, "screened", app.days_ago(59)).expect(200);
    app.move_case(worker, case, "receiving_support", app.days_ago(58)).expect(200);
    app.assess(worker, case, &["vocational_training", "loan"], app.days_ago(58));
    app.consent(worker, person, world.school, app.days_ago(58));
    let referral = app.referral(worker, case, "vocational_training", world.school);
    app.step(&world.teacher, referral, "accept").expect(200);
    app.step(&world.teacher, referral, "start").expect(200);
    (person, case, referral)
}

both_dbs! {
    fn a_case_moves_to_another_centre_with_its_work_and_leaves_the_senders_notes_behind(app: &TestApp) {
        let world = World::build(app);
        let (person, case, referral) = in_support(app, &world);
        let draft = app.draft(&world.worker, case, "loan", world.lender);
        offer(app, &world.worker, case, world.other_centre, "consent").expect_problem(409, "consent_missing");
        consent_to(app, &world.worker, person, world.other_centre);
        let transfer = offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
        offer(app, &world.worker, case, world.other_centre, "consent").expect_problem(409, "transfer_offered");

        // Before acceptance: the minimum, and no way to the person.
        let seen = get(app, &world.other_manager, &format!("/transfers/{transfer}")).expect(200);
        for word in ["Hòa", "dì tại Lào Cai", "person_selling_sex", &person.to_string(), &case.to_string()] {
            assert!(!seen.text().contains(word), "{word} shows before acceptance");
        }
        let seen = seen.json();
        assert_eq!(seen["age_group"], "adult");
        assert_eq!(seen["needs"], json!(["vocational_training", "loan"]));
        get(app, &world.other_manager, &format!("/persons/{person}")).expect(404);
        get(app, &world.other_worker, &format!("/transfers/{transfer}")).expect(404);

        let accepted = answer(app, &world.other_manager, transfer, "accept").expect(200).json();
        assert_eq!(accepted["summary"], "Chị sẽ về ở với dì tại Lào Cai");
        let new_case: Uuid = accepted["new_case_id"].as_str().expect("a case").parse().expect("an id");
        let file = get(app, &world.other_worker, &format!("/cases/{new_case}")).expect(200).json();
        assert_eq!(file["status"], "receiving_support");
        assert_eq!(file["assigned_to"], Value::Null, "it waits");
        assert_eq!(file["taken_over"], true);
        assert_eq!(file["person"]["name"], "Nguyễn Thị Hòa");
        assert_eq!(file["referrals"][0]["id"], json!(referral), "the course goes on");
        assert_eq!(file["referrals"].as_array().map(Vec::len), Some(1), "the draft does not");
        app.step(&world.teacher, referral, "complete").expect(200);

        // The sender keeps its own case, and no way to the person.
        let own = get(app, &world.worker, &format!("/cases/{case}")).expect(200);
        let version = own.version();
        let own = own.json();
        assert_eq!((&own["status"], &own["close_reason"]), (&json!("closed"), &json!("transferred")));
        assert_eq!(own.get("person"), None);
        get(app, &world.worker, &format!("/persons/{person}")).expect(404);
        get(app, &world.worker, &format!("/persons/{person}/consents")).expect(404);
        get(app, &world.worker, &format!("/referrals/{referral}")).expect(404);
        let gone = get(app, &world.worker, &format!("/referrals/{draft}")).expect(200).json();
        assert_eq!(gone["status"], "cancelled");
        let listed = app.all_items(&world.manager, "/cases", 50);
        assert_eq!(listed[0]["person_name"], Value::Null);
        let reopening = json!({"to": "receiving_support", "occurred_on": app.today()});
        app.post(&format!("/cases/{case}/status"), &reopening).by(&world.worker).version(version).send()
            .expect_problem(409, "handed_over");
        get(app, &world.other_manager, &format!("/cases/{case}")).expect(404);
    }

    fn an_offer_is_declined_taken_back_or_returns_when_nobody_answers(app: &TestApp) {
        let world = World::build(app);
        let (person, case, _) = in_support(app, &world);
        consent_to(app, &world.worker, person, world.other_centre);
        let offered = || offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
        let first = offered();
        answer(app, &world.manager, first, "accept").expect(403);
        answer(app, &world.other_manager, first, "decline").expect(200);
        answer(app, &world.other_manager, first, "accept").expect(412);
        let second = offered();
        answer(app, &world.worker, second, "withdraw").expect(200);
        get(app, &world.other_manager, &format!("/transfers/{second}")).expect(404);
        let third = offered();
        app.pass_days(6);
        answer(app, &world.other_manager, third, "accept").expect_problem(409, "answer_too_late");
        app.keep_house();
        let back = get(app, &world.worker, &format!("/transfers/{third}")).expect(200).json();
        assert_eq!(back["status"], "expired");
        get(app, &world.other_manager, &format!("/transfers/{third}")).expect(404);
        let file = get(app, &world.worker, &format!("/cases/{case}")).expect(200).json();
        assert_eq!(file["status"], "receiving_support", "the case never left");
    }

    fn withdrawing_the_consent_takes_the_offer_back(app: &TestApp) {
        let world = World::build(app);
        let (person, case, _) = in_support(app, &world);
        let consent = consent_to(app, &world.worker, person, world.other_centre);
        let transfer = offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
        app.post(&format!("/persons/{person}/consents/{consent}/withdraw"), &json!({})).by(&world.worker).version(1).send().expect(200);
        answer(app, &world.other_manager, transfer, "accept").expect(404);
        let own = get(app, &world.worker, &format!("/transfers/{transfer}")).expect(200).json();
        assert_eq!(own["status"], "withdrawn");
    }

    fn what_happened_before_a_move_is_recorded_after_it_with_its_day(app: &TestApp) {
        let world = World::build(app);
        let (person, case, referral) = in_support(app, &world);
        consent_to(app, &world.worker, person, world.other_centre);
        let transfer = offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
        answer(app, &world.other_manager, transfer, "accept").expect(200);
        app.pass_days(2);
        app.deliver(&world.teacher, referral, "vocational_training", app.days_ago(3));
        app.deliver(&world.other_manager, referral, "vocational_training", app.days_ago(50));
        let too_early = json!({
            "referral_id": referral, "service_type": "vocational_training", "delivered_on": app.days_ago(70), "form": "in_kind",
        });
        app.post("/deliveries", &too_early).by(&world.other_manager).send().expect(422);
    }

    fn a_childs_plan_is_due_from_the_first_reception_until_there_was_one(app: &TestApp) {
        let world = World::build(app);
        let due = |planned: bool| {
            let mut body = crate::support::casework::person_body("Vàng A Sinh");
            body["birth"] = json!({"precision": "exact", "date": "2012-01-01"});
            let child = app.post("/persons", &body).by(&world.worker).send().expect(201).id();
            let case = app.case(&world.worker, child, "at_risk", app.days_ago(6));
            if planned {
                let plan = crate::support::plans::plan_body(app.days_ago(5), app.today(), &[]);
                app.put_plan(&world.worker, case, None, &plan).send().expect(200);
            }
            let mother = json!({"relation": "mother", "name": "Vàng Thị Mẹ", "from_on": app.days_ago(6)});
            let mother = app.post(&format!("/persons/{child}/guardians"), &mother).by(&world.worker).send().expect(201).id();
            let consent = json!({
                "purpose": "transfer", "recipient_organisation_id": world.other_centre, "given_by": "guardian",
                "guardian_id": mother, "given_on": app.today(), "proof": "written_signature",
            });
            app.post(&format!("/persons/{child}/consents"), &consent).by(&world.worker).send().expect(201);
            let transfer = offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
            let moved = answer(app, &world.other_manager, transfer, "accept").expect(200).json()["new_case_id"].clone();
            let path = format!("/cases/{}", moved.as_str().expect("a case"));
            let file = get(app, &world.other_manager, &path).expect(200).json();
            let deadlines = file["deadlines"].as_array().expect("deadlines").clone();
            let plan = deadlines.into_iter().find(|one| one["what"].as_str().is_some_and(|what| what.contains("plan")));
            plan.map(|one| (one["what"].clone(), one["due_on"].clone())).expect("a plan is due")
        };
        // Received on Thursday 9 October 2025, moved on the 15th.
        assert_eq!(due(false), (json!("minors_plan"), json!("2025-10-16")));
        assert_eq!(due(true), (json!("plan_taken_over"), json!("2025-10-22")));
    }

    fn an_offer_goes_on_with_a_renewed_consent(app: &TestApp) {
        let world = World::build(app);
        let (person, case, _) = in_support(app, &world);
        let until = |days: i64| {
            let body = json!({
                "purpose": "transfer", "recipient_organisation_id": world.other_centre, "given_by": "self",
                "given_on": app.today(), "proof": "recording", "expires_on": app.days_ago(-days),
            });
            app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201);
        };
        until(1);
        let transfer = offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
        until(30);
        app.pass_days(3);
        app.keep_house();
        let own = get(app, &world.worker, &format!("/transfers/{transfer}")).expect(200);
        assert_eq!(own.json()["status"], "offered");
        let path = format!("/transfers/{transfer}/accept");
        app.post(&path, &json!({})).by(&world.other_manager).version(own.version()).send().expect(200);
    }

    fn a_commune_takes_a_possible_victim_in_and_hands_her_over_in_time(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.commune_officer;
        let person = app.person(officer, "Vàng Thị Sua");
        let case = app.case(officer, person, "possible_victim", app.days_ago(1));
        let file = get(app, officer, &format!("/cases/{case}")).expect(200).json();
        let kinds: Vec<&Value> = file["deadlines"].as_array().expect("deadlines").iter().map(|d| &d["what"]).collect();
        assert_eq!(kinds, ["hand_over", "screening"]);
        get(app, officer, &format!("/persons/{person}")).expect(200);
        get(app, &world.worker, &format!("/cases/{case}")).expect(404);
        app.move_case(officer, case, "screened", app.today()).expect(200);
        let transfer = offer(app, officer, case, world.centre, "legal_duty").expect(201).id();
        let mine = app.all_items(officer, "/transfers", 50);
        assert_eq!(mine.len(), 1);
        let accepted = answer(app, &world.manager, transfer, "accept").expect(200).json();
        let new_case = accepted["new_case_id"].as_str().expect("a case").to_owned();
        let taken = get(app, &world.worker, &format!("/cases/{new_case}")).expect(200).json();
        assert_eq!(taken["received_on"], json!(app.days_ago(1)), "the law's time runs from the commune's day");
        assert_eq!(taken["status"], "screened");
        // Accepted, she is no longer the commune's to see; that it was accepted is.
        get(app, officer, &format!("/cases/{case}")).expect(404);
        get(app, officer, &format!("/persons/{person}")).expect(404);
        assert_eq!(app.all_items(officer, "/cases", 50), Vec::<Value>::new());
        let told = get(app, officer, &format!("/transfers/{transfer}")).expect(200).json();
        assert_eq!(told["status"], "accepted");
    }

    fn the_duty_to_report_is_a_communes_and_only_about_a_possible_victim(app: &TestApp) {
        let world = World::build(app);
        let (_, case, _) = in_support(app, &world);
        let refused = offer(app, &world.worker, case, world.other_centre, "legal_duty").expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "ground");
        let officer = &world.commune_officer;
        let person = app.person(officer, "Hồ Thị Biên");
        let case = app.case(officer, person, "person_selling_sex", app.today());
        let refused = offer(app, officer, case, world.centre, "legal_duty").expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "ground");
        for wrong in [world.school, world.office, app.state().random.uuid()] {
            let refused = offer(app, officer, case, wrong, "consent").expect(422).json();
            assert_eq!(refused["errors"][0]["field"], "to_organisation_id");
        }
    }

    fn two_centres_managers_answering_at_once_open_one_case(app: &TestApp) {
        let world = World::build(app);
        let (person, case, _) = in_support(app, &world);
        consent_to(app, &world.worker, person, world.other_centre);
        let transfer = offer(app, &world.worker, case, world.other_centre, "consent").expect(201).id();
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let all: Vec<_> =
                (0..4).map(|_| scope.spawn(|| answer(app, &world.other_manager, transfer, "accept").status)).collect();
            all.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(app.number("select count(*) as n from cases where continues_case_id is not null"), 1);
    }
}
