//! Ways round the rules of who sees what, which an attack on the program once found open.

use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::client::Reply;
use crate::support::training::graduate;
use crate::support::world::COMMUNE;
use crate::support::{TestApp, User, World, both_dbs};

fn agree_to_move(app: &TestApp, world: &World, person: Uuid) {
    let body = json!({
        "purpose": "transfer", "recipient_organisation_id": world.other_centre, "given_by": "self",
        "given_on": app.today(), "proof": "written_signature",
    });
    app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201);
}

fn offer(app: &TestApp, world: &World, case: Uuid) -> Reply {
    let body = json!({"to_organisation_id": world.other_centre, "ground": "consent"});
    app.post(&format!("/cases/{case}/transfers"), &body).by(&world.worker).send()
}

fn answer(app: &TestApp, world: &World, transfer: Uuid, step: &str) -> Reply {
    let body = if step == "decline" { json!({"reason": "no_capacity"}) } else { json!({}) };
    app.post(&format!("/transfers/{transfer}/{step}"), &body).by(&world.other_manager).version(1).send()
}

/// Moves a case to the other centre; returns the receiver's case.
fn move_away(app: &TestApp, world: &World, person: Uuid, case: Uuid) -> Uuid {
    agree_to_move(app, world, person);
    let transfer = offer(app, world, case).expect(201).id();
    let accepted = answer(app, world, transfer, "accept").expect(200).json();
    accepted["new_case_id"].as_str().expect("a case").parse().expect("an id")
}

fn read(app: &TestApp, user: &User, path: &str) -> Value {
    app.get(path).by(user).send().expect(200).json()
}

both_dbs! {
    fn a_sender_reaches_a_person_who_moved_through_no_earlier_case_either(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let earlier = app.case(&world.worker, person, "at_risk", app.days_ago(90));
        app.move_case(&world.worker, earlier, "closed", app.days_ago(60)).expect(200);
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(10));
        move_away(app, &world, person, case);
        for user in [&world.worker, &world.manager] {
            for path in ["", "/viewers", "/consents", "/guardians"] {
                app.get(&format!("/persons/{person}{path}")).by(user).send().expect(404);
            }
            let kept = read(app, user, &format!("/cases/{earlier}"));
            assert_eq!((&kept["handed_over"], &kept["person"]), (&json!(true), &Value::Null), "{kept}");
        }
        app.move_case(&world.worker, earlier, "receiving_support", app.today()).expect_problem(409, "handed_over");
        let again = json!({"person_id": person, "unit_code": COMMUNE, "category": "at_risk", "received_on": app.today()});
        app.post("/cases", &again).by(&world.manager).send().expect(422);
    }

    fn somebody_the_sender_goes_on_working_with_is_not_handed_over(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(10));
        let second = json!({"person_id": person, "unit_code": COMMUNE, "category": "at_risk", "received_on": app.today()});
        agree_to_move(app, &world, person);
        let transfer = offer(app, &world, case).expect(201).id();
        let second = app.post("/cases", &second).by(&world.manager).send().expect(201).id();
        answer(app, &world, transfer, "accept").expect_problem(409, "other_case_open");
        let path = format!("/transfers/{transfer}/withdraw");
        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
        offer(app, &world, case).expect_problem(409, "other_case_open");
        app.move_case(&world.manager, second, "closed", app.today()).expect(200);
        offer(app, &world, case).expect(201);
    }

    fn what_comes_of_a_course_after_a_move_is_read_by_the_receiver_alone(app: &TestApp) {
        let world = World::build(app);
        let course = app.course(&world.teacher, app.days_ago(60));
        let learner = graduate(app, &world, "Giàng Thị Mỷ", course);
        let before = app.livelihood(&world.worker, learner.case);
        assert_eq!(before["training"][0]["enrolment"]["status"], "completed");
        let case = move_away(app, &world, learner.person, learner.case);
        let theirs = app.livelihood(&world.other_manager, case);
        assert_eq!(theirs["training"][0]["enrolment"]["status"], "completed");
        let left = app.livelihood(&world.manager, learner.case);
        assert_eq!(left["training"], json!([]), "the chain went on elsewhere");
    }

    fn a_house_for_all_learns_from_no_limit_who_of_its_residents_is_a_victim(app: &TestApp) {
        let world = World::build(app);
        let mixed = app.organisation(OrganisationKind::SocialAssistanceFacility, "Trung tâm bảo trợ xã hội");
        let keeper = app.account("baotro", Role::Partner, Some(mixed), None);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.victims_case(&world.worker, person, app.days_ago(40), app.days_ago(40));
        app.consent(&world.worker, person, mixed, app.days_ago(40));
        app.assess(&world.worker, case, &["essential_needs"], app.days_ago(40));
        let referral = app.referral(&world.worker, case, "essential_needs", mixed);
        app.step(&keeper, referral, "accept").expect(200);
        app.step(&keeper, referral, "start").expect(200);
        let arrival = json!({"referral_id": referral, "in_on": app.days_ago(20)});
        let stay = app.post("/stays", &arrival).by(&keeper).send().expect(201).id();
        assert_eq!(read(app, &keeper, &format!("/stays/{stay}"))["runs_out_on"], Value::Null);
        assert!(read(app, &world.worker, &format!("/stays/{stay}"))["runs_out_on"].is_string());
        let list = read(app, &keeper, "/stays?incoming=true&running_out_before=2200-01-01");
        assert_eq!(list["items"], json!([]));
        let longer = json!({"days": 30, "granted_by": "facility_director", "granted_on": app.today(), "reason": "health"});
        app.stay_step(&keeper, stay, "extensions", &longer).expect(403);
        app.stay_step(&world.worker, stay, "extensions", &longer).expect(200);
        assert_eq!(read(app, &keeper, &format!("/stays/{stay}"))["extensions"], json!([]));
    }

    fn who_works_in_two_centres_carries_nobody_from_one_to_the_other(app: &TestApp) {
        let world = World::build(app);
        app.grant(&world.worker, Role::SocialWorker, Some(world.other_centre), None);
        let person = json!({"organisation_id": world.centre, "name": "Giàng Thị Mỷ", "sex": "female",
            "birth": {"precision": "unknown"}});
        let person = app.post("/persons", &person).by(&world.worker).send().expect(201).id();
        let case = |centre: Uuid| json!({
            "person_id": person, "organisation_id": centre, "unit_code": COMMUNE, "category": "at_risk",
            "received_on": app.today(),
        });
        app.post("/cases", &case(world.centre)).by(&world.worker).send().expect(201);
        let refused = app.post("/cases", &case(world.other_centre)).by(&world.worker).send().expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "person_id");
        app.get(&format!("/persons/{person}")).by(&world.other_manager).send().expect(404);
    }

    fn a_centre_that_declined_reads_nothing_of_what_the_sender_finds_later(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(10));
        app.assess(&world.worker, case, &["medical"], app.days_ago(9));
        agree_to_move(app, &world, person);
        let transfer = offer(app, &world, case).expect(201).id();
        let path = format!("/transfers/{transfer}");
        assert_eq!(read(app, &world.other_manager, &path)["needs"], json!(["medical"]));
        answer(app, &world, transfer, "decline").expect(200);
        app.assess(&world.worker, case, &["legal_aid"], app.days_ago(1));
        let declined = read(app, &world.other_manager, &path);
        assert_eq!((&declined["needs"], &declined["age_group"]), (&json!([]), &Value::Null));
    }

    fn a_former_sender_follows_nobody_through_what_is_used_up(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.victims_case(&world.worker, person, app.days_ago(40), app.days_ago(40));
        app.give(&world.worker, case, "essential_needs", app.days_ago(3));
        let moved = move_away(app, &world, person, case);
        app.pass_days(5);
        app.give(&world.other_manager, moved, "essential_needs", app.today());
        assert_eq!(app.entitlement(&world.other_manager, moved, "essential_needs")["used"], 2);
        assert_eq!(app.entitlement(&world.manager, case, "essential_needs")["used"], 1);
    }

    fn who_has_looked_names_no_counselling_note(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(10));
        let note = app.note(&world.worker, case, "counselling-notes", "Lời kể", app.days_ago(2));
        read(app, &world.worker, &format!("/counselling-notes/{note}"));
        app.give_case(&world.manager, case, Some(world.second_worker.id)).expect(200);
        let viewers = app.get(&format!("/persons/{person}/viewers")).by(&world.second_worker).send().expect(200).text();
        assert!(viewers.contains("\"case\"") && !viewers.contains("counselling"), "{viewers}");
    }

    fn a_recipient_finds_the_day_of_reception_by_no_trying(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(10));
        app.consent(&world.worker, person, world.school, app.days_ago(10));
        app.assess(&world.worker, case, &["vocational_training"], app.days_ago(9));
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, referral, "accept").expect(200);
        app.step(&world.teacher, referral, "start").expect(200);
        let trying = |days: i64| {
            let body = json!({
                "referral_id": referral, "service_type": "vocational_training", "delivered_on": app.days_ago(days),
                "form": "in_kind", "amount_dong": 1,
            });
            app.post("/deliveries", &body).by(&world.teacher).send().expect(422).json()["errors"].clone()
        };
        assert_eq!(trying(9), trying(11), "after and before the reception");
        let told = trying(400).to_string();
        assert!(told.contains("một năm trước ngày gửi") && !told.contains("tiếp nhận"), "{told}");
        let old = json!({
            "referral_id": referral, "service_type": "vocational_training", "delivered_on": app.days_ago(11), "form": "in_kind",
        });
        app.post("/deliveries", &old).by(&world.worker).send().expect(422);
    }

    fn a_closed_referral_tells_its_recipient_no_birthday(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(10));
        app.consent(&world.worker, person, world.school, app.days_ago(10));
        app.assess(&world.worker, case, &["vocational_training"], app.days_ago(9));
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        let path = format!("/referrals/{referral}");
        assert_eq!(read(app, &world.teacher, &path)["age_group"], "adult");
        app.step(&world.teacher, referral, "decline").expect(200);
        assert_eq!(read(app, &world.teacher, &path)["age_group"], Value::Null);
    }

    fn a_stale_version_tells_a_recipient_nothing_of_a_move(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Giàng Thị Mỷ");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(10));
        app.consent(&world.worker, person, world.school, app.days_ago(10));
        app.assess(&world.worker, case, &["vocational_training"], app.days_ago(9));
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        let before = app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect(200).version();
        move_away(app, &world, person, case);
        let path = format!("/referrals/{referral}/accept");
        let stale = app.post(&path, &json!({})).by(&world.teacher).version(before).send().expect(412);
        assert!(!stale.text().contains("case_id"), "{}", stale.text());
    }

    fn what_an_officer_took_in_who_has_left_is_the_turn_of_a_colleague(app: &TestApp) {
        let world = World::build(app);
        let colleague = app.account("canboxa.hai", Role::CommuneOfficer, Some(world.office), None);
        let person = app.person(&world.commune_officer, "Vàng Thị Sua");
        let case = app.case(&world.commune_officer, person, "possible_victim", app.today());
        app.get(&format!("/cases/{case}")).by(&colleague).send().expect(404);
        app.sql("update accounts set state = 'suspended' where username = 'canboxa'");
        read(app, &colleague, &format!("/cases/{case}"));
        let reminders = app.all_items(&colleague, "/reminders", 50);
        assert!(reminders.iter().any(|reminder| reminder["kind"] == "hand_over_due"), "{reminders:?}");
        let body = json!({"to_organisation_id": world.centre, "ground": "legal_duty"});
        app.post(&format!("/cases/{case}/transfers"), &body).by(&colleague).send().expect(201);
    }
}
