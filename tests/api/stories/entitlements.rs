//! What the law gives, what is used of it, and what exceeds it.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::{TestApp, User, World, both_dbs};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn letters(all: &Value, wanted: bool) -> String {
    let items = all["items"].as_array().expect("items");
    let mut letters: Vec<&str> = items
        .iter()
        .filter(|item| item["entitled"] == wanted)
        .map(|item| item["letter"].as_str().expect("a letter"))
        .collect();
    letters.dedup();
    letters.join(" ")
}

fn numbers(item: &Value) -> [Option<u64>; 4] {
    ["limit", "used", "left", "over"].map(|name| item[name].as_u64())
}

fn person_from(app: &TestApp, user: &User, nationality: Option<&str>, birth: Value) -> Uuid {
    let mut body = person_body("Người được hỗ trợ");
    body["nationality"] = json!(nationality);
    body["birth"] = birth;
    app.post("/persons", &body).by(user).send().expect(201).id()
}

fn adult() -> Value {
    json!({"precision": "exact", "date": "1996-03-08"})
}

fn circumstance(app: &TestApp, user: &User, case: Uuid, word: &str, since: NaiveDate) {
    let body = json!({"circumstance": word, "since_on": since});
    app.post(&format!("/cases/{case}/circumstances"), &body).by(user).send().expect(201);
}

both_dbs! {
    fn each_group_is_told_its_letters_and_on_which_ground(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let at = app.days_ago(20);
        let resident = app.victims_case(worker, person_from(app, worker, Some("VN"), adult()), at, at);
        let foreign = app.victims_case(worker, person_from(app, worker, Some("LA"), adult()), at, at);
        let pending = app.case_then(worker, person_from(app, worker, None, adult()), "possible_victim", at);
        let abroad = app.case_then(worker, person_from(app, worker, Some("VN"), adult()), "possible_victim", at);
        circumstance(app, worker, abroad, "abroad", at);
        let child = person_from(app, worker, Some("VN"), json!({"precision": "year", "year": 2015}));
        let with_mother = app.case_then(worker, child, "at_risk", at);
        circumstance(app, worker, with_mother, "accompanies_victim", at);
        for (case, group, ground, wanted) in [
            (resident, "resident_victim", "identified", "a b c d đ e g i k"),
            (foreign, "foreign_victim", "identified", "a b c d đ g"),
            (pending, "being_identified_at_home", "being_identified", "a b c d đ e g"),
            (abroad, "being_identified_abroad", "being_identified", "a b c d"),
            (with_mother, "accompanying_minor", "accompanies_victim", "a b c d đ e g h"),
        ] {
            let all = app.entitlements(worker, case);
            assert_eq!(all["statutory"], true);
            assert_eq!((&all["standing"]["group"], &all["standing"]["ground"]), (&json!(group), &json!(ground)));
            assert_eq!(letters(&all, true), wanted, "{group}");
            let items = all["items"].as_array().expect("items");
            assert!(items.iter().all(|item| item["basis_vi"].is_string() && item["basis_en"].is_string()));
        }
        assert_eq!(app.entitlements(worker, pending)["nationality_unknown"], true);
        circumstance(app, worker, abroad, "at_home", app.days_ago(2));
        assert_eq!(letters(&app.entitlements(worker, abroad), true), "a b c d đ e g", "came home");
        let then = app.get(&format!("/cases/{abroad}/entitlements?on={}", app.days_ago(3))).by(worker).send().expect(200);
        assert_eq!(letters(&then.json(), true), "a b c d", "as it was on that day");
    }

    fn somebody_whose_case_concerns_no_victim_has_no_list_and_what_was_assessed_is_shown(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lê Thị Sen");
        let case = app.case_then(&world.worker, person, "person_selling_sex", app.days_ago(9));
        app.assess(&world.worker, case, &["vocational_training", "social_support"], app.days_ago(8));
        let all = app.entitlements(&world.worker, case);
        assert_eq!((&all["statutory"], &all["items"], &all["absence"]), (&json!(false), &json!([]), &json!("no_victim_status")));
        let assessed: Vec<&Value> = all["assessed"].as_array().expect("assessed").iter().map(|s| &s["service_type"]).collect();
        assert_eq!(assessed, [&json!("vocational_training"), &json!("social_support")]);
        for service in ["vocational_training", "vocational_training", "initial_allowance", "medical", "social_support"] {
            app.give(&world.worker, case, service, app.days_ago(1));
        }
    }

    fn a_benefit_given_once_is_used_whichever_centre_gave_it(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Nguyễn Thị Mơ");
        let first = app.victims_case(&world.worker, person, app.days_ago(60), app.days_ago(50));
        app.give(&world.worker, first, "initial_allowance", app.days_ago(40));
        app.try_give(&world.worker, first, "initial_allowance", app.days_ago(39)).expect_problem(409, "once_only_used");
        let other = app.case_then(&world.manager, person, "identified_victim", app.days_ago(30));
        let (case, centre, worker) = (app.sql_id(other), app.sql_id(world.other_centre), app.sql_id(world.other_worker.id));
        app.sql(&format!("update cases set organisation_id = {centre}, assigned_to = {worker} where id = {case}"));
        let seen = app.entitlement(&world.other_worker, other, "initial_allowance");
        assert_eq!(numbers(&seen), [Some(1), Some(1), Some(0), Some(0)]);
        assert_eq!(seen["available"], false);
        let refused = app.try_give(&world.other_worker, other, "initial_allowance", app.days_ago(2));
        assert_eq!(refused.expect_problem(409, "once_only_used").json()["errors"], json!([]));
        app.try_give(&world.other_worker, other, "vocational_training", app.days_ago(2)).expect(201);
        app.try_give(&world.worker, first, "vocational_training", app.days_ago(1)).expect_problem(409, "once_only_used");
    }

    fn what_goes_on_under_one_referral_is_one_time(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Nguyễn Thị Hạt");
        let case = app.victims_case(&world.worker, person, app.days_ago(30), app.days_ago(20));
        app.consent(&world.worker, person, world.school, app.days_ago(20));
        app.assess(&world.worker, case, &["vocational_training"], app.days_ago(20));
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, referral, "accept").expect(200);
        app.step(&world.teacher, referral, "start").expect(200);
        app.deliver(&world.teacher, referral, "vocational_training", app.days_ago(3));
        app.deliver(&world.teacher, referral, "vocational_training", app.days_ago(2));
        assert_eq!(numbers(&app.entitlement(&world.worker, case, "vocational_training")), [Some(1), Some(1), Some(0), Some(0)]);
        app.step(&world.teacher, referral, "complete").expect(200);
        // The centre learns of it before anybody is sent anywhere.
        let again = app.draft(&world.worker, case, "vocational_training", world.school);
        app.step(&world.worker, again, "send").expect_problem(409, "once_only_used");
        app.try_override(&world.manager, case, "vocational_training", app.today()).expect(201);
        app.step(&world.worker, again, "send").expect(200);
        app.step(&world.teacher, again, "accept").expect(200);
        app.step(&world.teacher, again, "start").expect(200);
        app.pass_days(1);
        let body = json!({"referral_id": again, "service_type": "vocational_training", "delivered_on": app.today(), "form": "in_kind"});
        let told = app.post("/deliveries", &body).by(&world.teacher).send().expect_problem(409, "support_limit_reached").text();
        for word in ["một lần", "once", "victim", "nạn nhân", "luật"] {
            assert!(!told.to_lowercase().contains(word), "a recipient is not told which limit: {told}");
        }
        app.post("/deliveries", &body).by(&world.worker).send().expect_problem(409, "once_only_used");
    }

    fn somebody_identified_elsewhere_has_the_rights_of_that_day(app: &TestApp) {
        let world = World::build(app);
        let person = person_from(app, &world.worker, Some("VN"), adult());
        let opened = |identified: &str, category: &str| {
            let body = json!({
                "person_id": person, "unit_code": "G34-C00004", "category": category, "received_on": "2025-07-15",
                "identified_on": identified,
            });
            app.post("/cases", &body).by(&world.worker).send()
        };
        let field = |reply: crate::support::client::Reply| reply.expect(422).text_at("/errors/0/field").to_owned();
        assert_eq!(field(opened("2025-05-10", "possible_victim")), "identified_on");
        assert_eq!(field(opened("2025-07-16", "identified_victim")), "identified_on");
        let case = opened("2025-05-10", "identified_victim").expect(201);
        assert_eq!(case.json()["identified_on"], "2025-05-10");
        let item = app.entitlement(&world.worker, case.id(), "essential_needs");
        assert_eq!(item["limit"], 60, "by the law of the day of identification");
    }

    fn a_lender_is_neither_refused_for_status_nor_told_of_any(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Nguyễn Thị Đậu");
        let case = app.case_then(&world.worker, person, "possible_victim", app.days_ago(30));
        app.consent(&world.worker, person, world.lender, app.days_ago(20));
        app.assess(&world.worker, case, &["loan"], app.days_ago(20));
        let referral = app.referral(&world.worker, case, "loan", world.lender);
        app.step(&world.banker, referral, "accept").expect(200);
        app.step(&world.banker, referral, "start").expect(200);
        app.deliver(&world.banker, referral, "loan", app.today());
        let body = json!({"referral_id": referral, "service_type": "loan", "delivered_on": app.today(), "form": "in_kind"});
        app.post("/deliveries", &body).by(&world.worker).send().expect_problem(409, "not_entitled");
        let mut bytes = String::new();
        for path in [
            format!("/cases/{case}/entitlements"), "/entitlements/catalogue".into(), "/stays".into(),
            format!("/stays?case_id={case}"), format!("/deliveries?referral_id={referral}"), "/stays?incoming=true".into(),
        ] {
            let reply = app.get(&path).by(&world.banker).send();
            bytes += &format!("{:?}{}", reply.headers, reply.text());
        }
        for word in ["victim", "nạn nhân", "categor", "entitled", "statutory"] {
            assert!(!bytes.to_lowercase().contains(word), "a lender reads {word}");
        }
    }

    fn the_initial_allowance_ends_twelve_months_after_identification_unless_a_manager_decides(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Nguyễn Thị Ngô");
        let case = app.victims_case(&world.worker, person, day("2024-10-01"), day("2024-10-14"));
        let seen = app.entitlement(&world.worker, case, "initial_allowance");
        assert_eq!((&seen["until"], &seen["available"], &seen["condition_vi"]), (&json!("2025-10-14"), &json!(false), &json!("Thuộc hộ nghèo")));
        app.try_give(&world.worker, case, "initial_allowance", day("2025-10-15")).expect_problem(409, "entitlement_expired");
        app.try_override(&world.worker, case, "initial_allowance", app.today()).expect(403);
        app.try_override(&world.manager, case, "initial_allowance", app.today()).expect(201);
        let allowance = app.give(&world.worker, case, "initial_allowance", day("2025-10-15"));
        app.post(&format!("/deliveries/{allowance}/void"), &json!({"reason": "mistake"})).by(&world.worker).version(1).send().expect(200);
        app.give(&world.worker, case, "initial_allowance", day("2025-10-14"));
    }

    fn somebody_who_is_not_entitled_gets_what_a_programme_gives_and_is_never_refused_food_and_care(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Trần Thị Cải");
        let case = app.case_then(worker, person, "possible_victim", app.days_ago(30));
        app.try_give(worker, case, "vocational_training", app.days_ago(20)).expect_problem(409, "not_entitled");
        let needs = json!([{"service_type": "vocational_training", "in_need": true, "eligible": true, "reason": "programme"}]);
        let body = json!({"assessed_on": app.days_ago(19), "needs": needs});
        app.post(&format!("/cases/{case}/assessments"), &body).by(worker).send().expect(201);
        app.give(worker, case, "vocational_training", app.days_ago(18));
        assert_eq!(app.entitlement(worker, case, "vocational_training")["used"], 0, "a programme's, not the law's");
        app.move_case(worker, case, "screened", app.days_ago(17)).expect(200);
        app.move_case(worker, case, "under_verification", app.days_ago(17)).expect(200);
        app.move_case(worker, case, "not_confirmed", app.days_ago(10)).expect(200);
        let all = app.entitlements(worker, case);
        assert_eq!((&all["absence"], letters(&all, true).as_str()), (&json!("not_confirmed"), ""));
        app.give(worker, case, "essential_needs", app.days_ago(5));
        app.give(worker, case, "medical", app.days_ago(5));
        app.try_stay(worker, case, app.days_ago(4), None).expect(201);
        app.try_give(worker, case, "psychological", app.days_ago(5)).expect_problem(409, "not_entitled");
        assert_eq!(app.entitlement(worker, case, "essential_needs")["given_without_status"], true);
        assert_eq!(app.entitlement(worker, case, "medical")["given_without_status"], true);
    }

    fn an_override_for_what_is_given_once_covers_one_more_time_and_can_be_taken_back(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Nguyễn Thị Bắp");
        let case = app.victims_case(worker, person, app.days_ago(60), app.days_ago(50));
        app.give(worker, case, "initial_allowance", app.days_ago(40));
        let granted = app.try_override(&world.manager, case, "initial_allowance", app.today()).expect(201);
        let overrides = app.entitlements(worker, case)["overrides"].clone();
        assert_eq!((&overrides[0]["live"], &overrides[0]["note"]), (&json!(true), &json!("Đã trao đổi với Sở")));
        app.clock.advance(chrono::TimeDelta::minutes(1));
        app.give(worker, case, "initial_allowance", app.days_ago(3));
        app.try_give(worker, case, "initial_allowance", app.days_ago(2)).expect_problem(409, "once_only_used");
        let revoke = format!("/cases/{case}/entitlement-overrides/{}/revoke", granted.id());
        app.post(&revoke, &json!({})).by(worker).version(1).send().expect(403);
        app.post(&revoke, &json!({})).by(&world.manager).version(1).send().expect(200);
        app.post(&revoke, &json!({})).by(&world.manager).version(2).send().expect_problem(409, "already_revoked");
        let second = app.try_override(&world.manager, case, "initial_allowance", app.today()).expect(201).id();
        let revoke = format!("/cases/{case}/entitlement-overrides/{second}/revoke");
        app.post(&revoke, &json!({})).by(&world.manager).version(1).send().expect(200);
        app.try_give(worker, case, "initial_allowance", app.days_ago(1)).expect_problem(409, "once_only_used");
        app.try_override(&world.manager, case, "initial_allowance", app.today()).expect(201);
        app.pass_days(1);
        app.try_give(worker, case, "initial_allowance", app.today()).expect_problem(409, "once_only_used");
        let item = app.entitlement(worker, case, "initial_allowance");
        assert_eq!(numbers(&item), [Some(1), Some(2), Some(0), Some(1)], "what was given beyond the limit is told");
    }

    fn trap_13_somebody_trafficked_again_has_new_clocks_and_what_is_given_once_remains_used(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Nguyễn Thị Lại");
        let first = app.victims_case(worker, person, day("2023-03-01"), day("2023-03-10"));
        app.try_stay(worker, first, day("2023-03-01"), Some(day("2023-04-29"))).expect(201);
        app.give(worker, first, "initial_allowance", day("2023-05-05"));
        let used_up = app.get(&format!("/cases/{first}/entitlements?on=2023-05-06")).by(worker).send().expect(200).json();
        assert_eq!(numbers(&used_up["items"][0]), [Some(60), Some(60), Some(0), Some(0)]);
        app.try_give(worker, first, "essential_needs", day("2023-05-06")).expect_problem(409, "days_used_up");
        app.move_case(worker, first, "closed", day("2023-12-01")).expect(200);
        let again = app.victims_case(worker, person, day("2025-09-01"), day("2025-09-10"));
        let essential = app.entitlement(worker, again, "essential_needs");
        assert_eq!(numbers(&essential), [Some(120), Some(0), Some(120), Some(0)], "the days begin anew, by the law of now");
        let allowance = app.entitlement(worker, again, "initial_allowance");
        assert_eq!(allowance["until"], "2026-09-10", "the twelve months begin anew");
        assert_eq!(numbers(&allowance), [Some(1), Some(1), Some(0), Some(0)], "but it was received");
        app.give(worker, again, "essential_needs", day("2025-09-02"));
        app.try_give(worker, again, "initial_allowance", day("2025-10-01")).expect_problem(409, "once_only_used");
        app.try_give(worker, again, "vocational_training", day("2025-10-01")).expect(201);
    }

    fn a_second_case_or_a_transfer_without_new_identification_starts_no_new_clock(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Nguyễn Thị Mới");
        let first = app.victims_case(worker, person, day("2025-07-02"), day("2025-07-10"));
        app.try_stay(worker, first, day("2025-07-02"), Some(day("2025-08-30"))).expect(201);
        app.move_case(worker, first, "closed", day("2025-09-01")).expect(200);
        let quoted = app.case_then(worker, person, "identified_victim", day("2025-10-01"));
        let essential = app.entitlement(worker, quoted, "essential_needs");
        assert_eq!(numbers(&essential), [Some(120), Some(60), Some(60), Some(0)]);
        assert_eq!(app.entitlement(worker, quoted, "initial_allowance")["until"], "2026-07-10");
    }

    fn trap_14_limits_are_those_of_the_day_of_identification_whatever_day_it_is_today(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        for (identified, limit) in [("2025-06-30", 60), ("2025-07-01", 120)] {
            let person = app.person(worker, "Nguyễn Thị Giao Thời");
            let case = app.victims_case(worker, person, day("2025-05-20"), day(identified));
            let last = day("2025-05-20") + chrono::TimeDelta::days(limit - 1);
            let too_long = app.try_stay(worker, case, day("2025-05-20"), Some(last + chrono::TimeDelta::days(1)));
            too_long.expect_problem(409, "days_used_up");
            app.try_stay(worker, case, day("2025-05-20"), Some(last)).expect(201);
            let item = app.entitlement(worker, case, "essential_needs");
            let all = u64::try_from(limit).ok();
            assert_eq!(numbers(&item), [all, all, Some(0), Some(0)], "{identified}");
            app.try_give(worker, case, "essential_needs", app.today()).expect_problem(409, "days_used_up");
            let interpreting = app.entitlement(worker, case, "interpreting");
            assert_eq!(interpreting["entitled"], limit == 120, "{identified}");
        }
    }

    fn the_catalogue_shows_the_law_of_the_day_asked_for(app: &TestApp) {
        let world = World::build(app);
        let days = |on: &str| {
            let all = app.get(&format!("/entitlements/catalogue?on={on}")).by(&world.worker).send().expect(200).json();
            all["items"][0]["days"].clone()
        };
        assert_eq!((days("2025-06-30"), days("2025-07-01")), (json!(60), json!(120)));
        app.get("/entitlements/catalogue").by(&world.banker).send().expect(403);
    }

    fn general_education_is_for_the_first_and_the_following_school_year_of_a_minor(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let born = json!({"precision": "exact", "date": "2006-06-01"});
        let person = person_from(app, worker, Some("VN"), born);
        let case = app.victims_case(worker, person, day("2023-09-10"), day("2023-09-20"));
        app.give(worker, case, "general_education", day("2024-01-10"));
        app.give(worker, case, "general_education", day("2025-03-01"));
        let item = app.entitlement(worker, case, "general_education");
        assert_eq!((&item["until"], &item["unit"]), (&json!("2025-08-31"), &json!("school_years")));
        assert_eq!(numbers(&item), [Some(2), Some(2), Some(0), Some(0)], "turning 18 in between ends nothing");
        app.try_give(worker, case, "general_education", day("2025-09-05")).expect_problem(409, "entitlement_expired");
        let grown = app.victims_case(worker, app.person(worker, "Người lớn"), app.days_ago(9), app.days_ago(8));
        assert_eq!(app.entitlement(worker, grown, "general_education")["reason"], "too_old");
        app.try_give(worker, grown, "general_education", app.today()).expect_problem(409, "not_entitled");
    }
}
