//! A consent that acts: with it ends every share that rests on it, on every route.

use hoanhap::clock::Random;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::client::Reply;
use crate::support::{TestApp, User, World, both_dbs};

/// What no recipient reads without a live consent.
const SECRETS: [&str; 3] = ["Canh Thị Bí Mật", "0912 345 678", "Chỉ nhắn tin buổi sáng"];

fn child(app: &TestApp, user: &User, born: &str) -> Uuid {
    let mut body = person_body("Canh Thị Bí Mật");
    body["birth"] = json!({"precision": "exact", "date": born});
    app.post("/persons", &body).by(user).send().expect(201).id()
}

fn guardian(app: &TestApp, user: &User, person: Uuid, relation: &str) -> Uuid {
    let body = json!({"relation": relation, "name": "Canh Văn Nuôi", "phone": "0987", "from_on": app.days_ago(60)});
    app.post(&format!("/persons/{person}/guardians"), &body).by(user).send().expect(201).id()
}

fn agree(app: &TestApp, user: &User, person: Uuid, to: Uuid, given_by: &str, guardian: Option<Uuid>) -> Reply {
    let body = json!({
        "purpose": "referral", "recipient_organisation_id": to, "given_by": given_by, "guardian_id": guardian,
        "given_on": app.today(), "proof": "written_signature",
    });
    app.post(&format!("/persons/{person}/consents"), &body).by(user).send()
}

/// A case with a need, and a draft to the school.
fn draft(app: &TestApp, world: &World, person: Uuid) -> Uuid {
    let case = app.case(&world.worker, person, "at_risk", app.days_ago(5));
    app.assess(&world.worker, case, &["vocational_training"], app.days_ago(4));
    app.draft(&world.worker, case, "vocational_training", world.school)
}

fn emergency(app: &TestApp, world: &World, case: Uuid) -> Uuid {
    let body = json!({
        "case_id": case, "service_type": "essential_needs", "to_organisation_id": world.shelter,
        "emergency": "traffickers_near",
    });
    app.post("/referrals", &body).by(&world.worker).send().expect(201).id()
}

fn status(app: &TestApp, user: &User, referral: Uuid) -> Value {
    app.get(&format!("/referrals/{referral}")).by(user).send().expect(200).json()["status"].clone()
}

/// Everything the recipient can read of a referral.
fn all_it_reads(app: &TestApp, recipient: &User, referral: Uuid) -> String {
    [
        "/referrals?incoming=true".to_owned(),
        format!("/referrals/{referral}"),
        format!("/deliveries?referral_id={referral}"),
    ]
    .map(|path| app.get(&path).by(recipient).send().text())
    .join("\n")
}

fn reads_the_person(app: &TestApp, recipient: &User, referral: Uuid) -> bool {
    let text = all_it_reads(app, recipient, referral);
    SECRETS.iter().any(|secret| text.contains(secret))
}

both_dbs! {
    fn a_child_does_not_agree_alone_and_an_adult_has_no_guardian(app: &TestApp) {
        let world = World::build(app);
        let minor = child(app, &world.worker, "2011-04-01");
        let field = |reply: Reply| reply.expect(422).json()["errors"][0]["field"].as_str().expect("a field").to_owned();
        assert_eq!(field(agree(app, &world.worker, minor, world.school, "self", None)), "given_by");
        assert_eq!(field(agree(app, &world.worker, minor, world.school, "guardian", None)), "guardian_id");
        let others = guardian(app, &world.worker, child(app, &world.worker, "2012-01-01"), "father");
        assert_eq!(field(agree(app, &world.worker, minor, world.school, "guardian", Some(others))), "guardian_id");
        let own = guardian(app, &world.worker, minor, "mother");
        let given = agree(app, &world.worker, minor, world.school, "guardian", Some(own)).expect(201).json();
        assert_eq!(given["expires_on"], "2029-03-31", "a guardian speaks until the 18th birthday");
        let adult = app.person(&world.worker, "Lê Thị Lớn");
        let of_adult = guardian(app, &world.worker, adult, "mother");
        assert_eq!(field(agree(app, &world.worker, adult, world.school, "guardian", Some(of_adult))), "given_by");
    }

    fn a_new_guardian_ends_what_the_former_one_agreed_to_at_once(app: &TestApp) {
        let world = World::build(app);
        let person = child(app, &world.worker, "2011-04-01");
        let father = guardian(app, &world.worker, person, "father");
        agree(app, &world.worker, person, world.school, "guardian", Some(father)).expect(201);
        let referral = draft(app, &world, person);
        app.step(&world.worker, referral, "send").expect(200);
        app.step(&world.teacher, referral, "accept").expect(200);
        assert!(reads_the_person(app, &world.teacher, referral));
        let end = json!({"until_on": app.today(), "reason": "conflict_of_interest"});
        let path = format!("/persons/{person}/guardians/{father}/end");
        app.post(&path, &end).by(&world.worker).version(1).send().expect(200);
        assert_eq!(status(app, &world.worker, referral), "cancelled");
        assert!(!reads_the_person(app, &world.teacher, referral));
        app.post(&path, &end).by(&world.worker).version(2).send().expect_problem(409, "guardian_ended");
        let consents = app.get(&format!("/persons/{person}/consents")).by(&world.worker).send().expect(200).json();
        assert_eq!(consents["items"][0]["end_reason"], "guardian_ended");
        let again = agree(app, &world.worker, person, world.school, "guardian", Some(father));
        assert_eq!(again.status, 201, "on the guardian's last day");
        app.pass_days(1);
        agree(app, &world.worker, person, world.school, "guardian", Some(father)).expect(422);
    }

    fn who_turns_18_decides_alone_what_goes_on(app: &TestApp) {
        let world = World::build(app);
        let person = child(app, &world.worker, "2007-10-20");
        let mother = guardian(app, &world.worker, person, "mother");
        agree(app, &world.worker, person, world.school, "guardian", Some(mother)).expect(201);
        let referral = draft(app, &world, person);
        app.step(&world.worker, referral, "send").expect(200);
        app.step(&world.teacher, referral, "accept").expect(200);
        app.pass_days(4);
        assert!(reads_the_person(app, &world.teacher, referral), "the day before the birthday");
        app.pass_days(1);
        assert!(!reads_the_person(app, &world.teacher, referral), "before any housekeeping");
        app.step(&world.teacher, referral, "start").expect_problem(409, "consent_missing");
        agree(app, &world.worker, person, world.school, "self", None).expect(201);
        app.step(&world.teacher, referral, "start").expect(200);
        assert!(reads_the_person(app, &world.teacher, referral));
    }

    fn who_will_soon_be_18_agrees_ahead_and_the_help_does_not_break_off_on_the_birthday(app: &TestApp) {
        let world = World::build(app);
        let person = child(app, &world.worker, "2007-10-20");
        let mother = guardian(app, &world.worker, person, "mother");
        agree(app, &world.worker, person, world.school, "guardian", Some(mother)).expect(201);
        let referral = draft(app, &world, person);
        for (user, step) in [(&world.worker, "send"), (&world.teacher, "accept"), (&world.teacher, "start")] {
            app.step(user, referral, step).expect(200);
        }
        let ahead = |given_by: &str, of: Uuid, guardian: Option<Uuid>| {
            let body = json!({
                "purpose": "referral", "recipient_organisation_id": world.school, "given_by": given_by,
                "guardian_id": guardian, "given_on": app.today(), "proof": "recording", "from_coming_of_age": true,
            });
            app.post(&format!("/persons/{of}/consents"), &body).by(&world.worker).send()
        };
        let field = |reply: Reply| reply.expect(422).json()["errors"][0]["field"].as_str().expect("a field").to_owned();
        assert_eq!(field(ahead("guardian", person, Some(mother))), "from_coming_of_age", "nobody else decides for her");
        assert_eq!(field(ahead("self", app.person(&world.worker, "Lê Thị Lớn"), None)), "from_coming_of_age");
        assert_eq!(field(ahead("self", child(app, &world.worker, "2009-10-20"), None)), "given_by", "years ahead");
        let own = ahead("self", person, None).expect(201).json();
        assert_eq!(own["holds_from"], "2025-10-20");
        let other = draft(app, &world, child(app, &world.worker, "2007-10-20"));
        app.step(&world.worker, other, "send").expect_problem(409, "consent_missing");
        app.pass_days(5);
        app.keep_house();
        assert_eq!(status(app, &world.worker, referral), "in_service");
        assert!(reads_the_person(app, &world.teacher, referral));
        let path = format!("/persons/{person}/consents/{}/withdraw", own["id"].as_str().expect("an id"));
        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
        assert_eq!(status(app, &world.worker, referral), "cancelled");
    }

    fn what_was_agreed_ahead_holds_no_day_before_the_birthday_even_when_that_is_corrected(app: &TestApp) {
        let world = World::build(app);
        let person = child(app, &world.worker, "2007-10-20");
        let body = json!({
            "purpose": "referral", "recipient_organisation_id": world.school, "given_by": "self",
            "given_on": app.today(), "proof": "recording", "from_coming_of_age": true,
        });
        app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201);
        let referral = draft(app, &world, person);
        app.step(&world.worker, referral, "send").expect_problem(409, "consent_missing");
        let path = format!("/persons/{person}");
        let version = app.get(&path).by(&world.worker).send().expect(200).version();
        let birth = json!({"birth": {"precision": "exact", "date": "2007-10-25"}});
        app.patch(&path, &birth).by(&world.worker).version(version).send().expect(200);
        app.pass_days(9);
        app.step(&world.worker, referral, "send").expect_problem(409, "consent_missing");
        app.pass_days(1);
        app.step(&world.worker, referral, "send").expect(200);
    }

    fn a_consent_that_is_renewed_carries_what_goes_on_beyond_the_day_of_the_first(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Canh Thị Bí Mật");
        let until = |days: Option<i64>| {
            let body = json!({
                "purpose": "referral", "recipient_organisation_id": world.school, "given_by": "self",
                "given_on": app.today(), "proof": "recording", "expires_on": days.map(|days| app.days_ago(-days)),
            });
            app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201).id()
        };
        until(Some(5));
        let referral = draft(app, &world, person);
        for (user, step) in [(&world.worker, "send"), (&world.teacher, "accept"), (&world.teacher, "start")] {
            app.step(user, referral, step).expect(200);
        }
        until(Some(3));
        let renewed = until(Some(20));
        app.pass_days(10);
        assert!(reads_the_person(app, &world.teacher, referral));
        app.keep_house();
        assert_eq!(status(app, &world.worker, referral), "in_service", "neither the first nor the shorter one ends it");
        let path = format!("/persons/{person}/consents/{renewed}/withdraw");
        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
        assert_eq!(status(app, &world.worker, referral), "cancelled", "but the one it rests on does");
    }

    fn a_corrected_birth_ends_a_guardians_consent_when_the_person_is_of_age(app: &TestApp) {
        let world = World::build(app);
        let person = child(app, &world.worker, "2011-04-01");
        let mother = guardian(app, &world.worker, person, "mother");
        agree(app, &world.worker, person, world.school, "guardian", Some(mother)).expect(201);
        let referral = draft(app, &world, person);
        app.step(&world.worker, referral, "send").expect(200);
        app.step(&world.teacher, referral, "accept").expect(200);
        let path = format!("/persons/{person}");
        let correct = |born: &str, ends: bool| {
            let birth = json!({"birth": {"precision": "exact", "date": born}, "ends_consents": ends});
            let version = app.get(&path).by(&world.worker).send().expect(200).version();
            app.patch(&path, &birth).by(&world.worker).version(version).send()
        };
        let last_day = || app.get(&format!("{path}/consents")).by(&world.worker).send().expect(200).json()["items"][0]["expires_on"].clone();
        correct("2001-04-01", false).expect_problem(409, "ends_consents");
        assert_eq!(last_day(), "2029-03-31", "a slip of the hand ends nothing");
        correct("2012-04-01", false).expect(200);
        assert_eq!(last_day(), "2030-03-31", "childhood lasts longer, and so does the guardian's word");
        correct("2001-04-01", true).expect(200);
        assert!(!reads_the_person(app, &world.teacher, referral));
        app.keep_house();
        assert_eq!(status(app, &world.worker, referral), "cancelled");
    }

    fn what_a_child_agreed_to_alone_ends_when_the_birth_becomes_known(app: &TestApp) {
        let world = World::build(app);
        let mut body = person_body("Canh Thị Bí Mật");
        body["birth"] = json!({"precision": "unknown"});
        let person = app.post("/persons", &body).by(&world.worker).send().expect(201).id();
        agree(app, &world.worker, person, world.school, "self", None).expect(201);
        let referral = draft(app, &world, person);
        app.step(&world.worker, referral, "send").expect(200);
        app.step(&world.teacher, referral, "accept").expect(200);
        let path = format!("/persons/{person}");
        let birth = |ends: bool| json!({"birth": {"precision": "year", "year": 2010}, "ends_consents": ends});
        let version = app.get(&path).by(&world.worker).send().expect(200).version();
        let told = |ends: bool| app.patch(&path, &birth(ends)).by(&world.worker).version(version).send();
        told(false).expect_problem(409, "ends_consents");
        told(true).expect(200);
        assert_eq!(status(app, &world.worker, referral), "cancelled");
        assert!(!reads_the_person(app, &world.teacher, referral));
        let consents = app.get(&format!("{path}/consents")).by(&world.worker).send().expect(200).json();
        assert_eq!(consents["items"][0]["end_reason"], "guardian_needed");
    }

    fn an_emergency_goes_before_consent_the_manager_is_told_and_consent_is_sought_after(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Canh Thị Bí Mật");
        let case = app.case(&world.worker, person, "possible_victim", app.today());
        let referral = emergency(app, &world, case);
        app.step(&world.worker, referral, "send").expect(200);
        let waiting = app.all_items(&world.manager, "/referrals?unreviewed=true", 50);
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0]["emergency_reason"], "traffickers_near");
        assert_eq!(waiting[0]["consent_due_on"], json!(app.days_ago(-7)));
        app.step(&world.shelter_keeper, referral, "accept").expect(200);
        assert!(reads_the_person(app, &world.shelter_keeper, referral));
        assert!(!all_it_reads(app, &world.shelter_keeper, referral).contains("traffickers_near"), "that is the sender's");
        let review = |user: &User, version| app.post(&format!("/referrals/{referral}/review"), &json!({})).by(user).version(version).send();
        review(&world.worker, 3).expect(403);
        review(&world.manager, 3).expect(200);
        review(&world.manager, 4).expect_problem(409, "nothing_to_review");
        assert_eq!(app.all_items(&world.manager, "/referrals?unreviewed=true", 50).len(), 0);
        // She can be asked now, and agrees.
        agree(app, &world.worker, person, world.shelter, "self", None).expect(201);
        app.pass_days(30);
        app.keep_house();
        app.step(&world.shelter_keeper, referral, "start").expect(200);
        assert!(reads_the_person(app, &world.shelter_keeper, referral));
    }

    fn an_emergency_nobody_agreed_to_closes_after_its_days(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Canh Thị Bí Mật");
        let case = app.case(&world.worker, person, "possible_victim", app.today());
        let referral = emergency(app, &world, case);
        app.step(&world.worker, referral, "send").expect(200);
        app.step(&world.shelter_keeper, referral, "accept").expect(200);
        app.pass_days(7);
        assert!(reads_the_person(app, &world.shelter_keeper, referral), "the last day");
        app.pass_days(1);
        assert!(!reads_the_person(app, &world.shelter_keeper, referral), "before any housekeeping");
        app.step(&world.shelter_keeper, referral, "start").expect_problem(409, "consent_missing");
        app.keep_house();
        assert_eq!(status(app, &world.worker, referral), "cancelled");
        let steps = app.get(&format!("/referrals/{referral}/events")).by(&world.worker).send().expect(200).json();
        let last = steps["items"].as_array().expect("steps").last().cloned().expect("a step");
        assert_eq!((&last["reason"], &last["recorded_by"]), (&json!("consent_not_given"), &Value::Null));
    }

    fn an_emergency_needs_a_service_that_knows_one(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Canh Thị Bí Mật");
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let body = json!({
            "case_id": case, "service_type": "loan", "to_organisation_id": world.lender, "emergency": "violence",
        });
        app.post("/referrals", &body).by(&world.worker).send().expect_problem(409, "no_emergency");
    }

    fn who_has_looked_is_told_with_the_recipients_lists(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Canh Thị Bí Mật");
        app.consent(&world.worker, person, world.school, app.days_ago(5));
        let referral = draft(app, &world, person);
        app.step(&world.worker, referral, "send").expect(200);
        app.get("/referrals").by(&world.teacher).send().expect(200);
        app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect(200);
        app.get("/referrals").by(&world.banker).send().expect(200);
        let viewers = app.get(&format!("/persons/{person}/viewers")).by(&world.worker).send().expect(200).json();
        let of = |user: &User| -> Vec<(String, i64)> {
            let own = viewers["items"].as_array().expect("viewers").iter().filter(|one| one["account_id"] == json!(user.id));
            own.map(|one| (one["subject_kind"].as_str().expect("a kind").to_owned(), one["times"].as_i64().expect("times"))).collect()
        };
        assert_eq!(of(&world.teacher), [("referral".to_owned(), 2)], "once in a list, once opened");
        assert_eq!(of(&world.banker), []);
        assert!(of(&world.worker).iter().any(|(kind, _)| kind == "referral"));
    }

    fn whatever_happens_a_recipient_reads_the_person_only_while_somebody_who_may_agrees(app: &TestApp) {
        let world = World::build(app);
        let random = Random::seeded(20_251_015);
        let roll = |sides: u8| random.bytes::<1>()[0] % sides;
        let mut shown = 0;
        for _ in 0..12 {
            let person = app.person(&world.worker, "Canh Thị Bí Mật");
            let referral = draft(app, &world, person);
            // The model: the last day of each live consent.
            let mut live: Vec<(Uuid, Option<i64>)> = Vec::new();
            let mut today = 0;
            for _ in 0..14 {
                match roll(8) {
                    0 | 1 => {
                        let days = (roll(3) > 0).then(|| i64::from(roll(4)));
                        let body = json!({
                            "purpose": "referral", "recipient_organisation_id": world.school, "given_by": "self",
                            "given_on": app.today(), "proof": "recording", "expires_on": days.map(|n| app.days_ago(-n)),
                        });
                        let id = app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201).id();
                        live.push((id, days.map(|n| today + n)));
                    }
                    2 if !live.is_empty() => {
                        let (id, _) = live[usize::from(roll(8)) % live.len()];
                        let path = format!("/persons/{person}/consents/{id}/withdraw");
                        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
                        // Whoever withdraws means the recipient.
                        live.clear();
                    }
                    3 => { app.pass_days(1); today += 1; }
                    4 => app.keep_house(),
                    5 => drop(app.step(&world.worker, referral, "send")),
                    6 => drop(step_of_recipient(app, &world.teacher, referral, "accept")),
                    _ => drop(step_of_recipient(app, &world.teacher, referral, "start")),
                }
                live.retain(|(_, last)| last.is_none_or(|last| today <= last));
                let reads = reads_the_person(app, &world.teacher, referral);
                assert!(!reads || !live.is_empty(), "nobody agrees, and the recipient reads the person");
                shown += u32::from(reads);
            }
        }
        assert!(shown > 10, "the walks showed the person {shown} times: too few to prove anything");
    }
}

/// As `step`, for a recipient who may not see the referral.
fn step_of_recipient(app: &TestApp, user: &User, referral: Uuid, step: &str) -> Reply {
    let seen = app.get(&format!("/referrals/{referral}")).by(user).send();
    let version = if seen.status == 200 { seen.version() } else { 1 };
    app.post(&format!("/referrals/{referral}/{step}"), &json!({})).by(user).version(version).send()
}
