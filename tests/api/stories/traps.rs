//! The traps of this field, one test each. Their numbers are those of the list this program was built from.

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::world::{COMMUNE, OLD_COMMUNE};
use crate::support::{TestApp, User, World, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

fn register(app: &TestApp, user: &User, change: impl FnOnce(&mut Value)) -> Uuid {
    let mut body = person_body("Nguyễn Thị Ánh Tuyết");
    change(&mut body);
    app.post("/persons", &body).by(user).send().expect(201).id()
}

fn read(app: &TestApp, user: &User, person: Uuid) -> Value {
    app.get(&format!("/persons/{person}")).by(user).send().expect(200).json()
}

/// Numerator and denominator of 808-10.
fn figure(app: &TestApp, world: &World, year: i32) -> (Value, Value) {
    let figure = app.figure(&world.manager, PLAN, "808-10", year);
    (figure["numerator"].clone(), figure["denominator"].clone())
}

both_dbs! {
    fn trap_01_a_name_is_one_text_of_any_number_of_words_and_is_never_split(app: &TestApp) {
        let world = World::build(app);
        for name in ["Páo", "Y Bhrông", "Nguyễn Thị Ánh Tuyết", "Công Tằng Tôn Nữ Thị Hoàng Anh", "H'Hen Niê"] {
            let person = register(app, &world.worker, |body| body["name"] = json!(name));
            assert_eq!(read(app, &world.worker, person)["name"], json!(name));
        }
        let description = hoanhap::server::description().to_json().expect("a description");
        for part in ["first_name", "last_name", "given_name", "surname", "family_name"] {
            assert!(!description.contains(part), "{part}");
        }
    }

    fn trap_02_composed_and_decomposed_text_is_stored_alike_and_d_with_stroke_is_not_d(app: &TestApp) {
        let world = World::build(app);
        let name = "Đặng Thị Hoà";
        let decomposed: String = name.nfd().collect();
        assert_ne!(name, decomposed);
        let person = register(app, &world.worker, |body| body["name"] = json!(decomposed));
        assert_eq!(read(app, &world.worker, person)["name"], json!(name), "stored composed, the tone where it was typed");
        let other = register(app, &world.worker, |body| body["name"] = json!("Dang Thi Hoa"));
        assert_ne!(read(app, &world.worker, other)["name"], read(app, &world.worker, person)["name"]);
        for typed in ["Đặng Thị Hòa", &decomposed, "dang thi hoa", "HOA THI DANG"] {
            app.finds_all(&world.worker, typed, &[person, other]);
        }
    }

    fn trap_03_a_birth_may_be_a_year_or_unknown_and_contradicts_nothing(app: &TestApp) {
        let world = World::build(app);
        for birth in [json!({"precision": "year", "year": 1999}), json!({"precision": "unknown"}),
            json!({"precision": "exact", "date": "1999-01-01"})] {
            let person = register(app, &world.worker, |body| body["birth"] = birth.clone());
            let stored = read(app, &world.worker, person)["birth"].clone();
            assert_eq!(stored["precision"], birth["precision"]);
            assert_eq!(stored["year"], birth["year"]);
        }
        let mut body = person_body("Lê Thị Mâu Thuẫn");
        body["birth"] = json!({"precision": "year", "year": 1999, "date": "1998-02-02"});
        let refused = app.post("/persons", &body).by(&world.worker).send().expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "birth.date");
    }

    fn trap_04_an_identity_number_is_never_required_and_never_a_key(app: &TestApp) {
        let world = World::build(app);
        let with = |number: Option<&str>| register(app, &world.worker, |body| body["national_id"] = json!(number));
        let all = [with(None), with(Some("123456789")), with(Some("001196012345")), with(Some("001196012345"))];
        let numbers = all.map(|person| read(app, &world.worker, person)["national_id"].clone());
        assert_eq!(numbers, [Value::Null, json!("123456789"), json!("001196012345"), json!("001196012345")]);
    }

    fn trap_05_one_person_with_two_cases_is_one_person_and_two_cases(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Phan Thị Hai Lần");
        for on in [app.days_ago(60), app.days_ago(20)] {
            let case = app.case(&world.worker, person, "person_selling_sex", on);
            app.assess(&world.worker, case, &["social_support"], on);
            app.give(&world.worker, case, "social_support", on);
            app.move_case(&world.worker, case, "closed", on).expect(200);
        }
        assert_eq!(figure(app, &world, 2025), (json!(1), json!(1)), "persons are distinct");
        assert_eq!(app.all_items(&world.manager, "/cases", 50).len(), 2, "cases are not");
        let written_twice = app.person(&world.worker, "Phan Thị Hai Lan");
        let case = app.case(&world.worker, written_twice, "person_selling_sex", app.days_ago(10));
        app.assess(&world.worker, case, &["social_support"], app.days_ago(10));
        assert_eq!(figure(app, &world, 2025), (json!(1), json!(2)), "two records are two persons until somebody decides");
        app.decide(&world.manager, person, written_twice, "same").expect(200);
        assert_eq!(figure(app, &world, 2025), (json!(1), json!(1)), "one person, of whom no record was touched");
        app.split(&world.manager, person, written_twice).expect(200);
        assert_eq!(figure(app, &world, 2025), (json!(1), json!(2)));
    }

    fn trap_06_a_fact_keeps_the_unit_of_its_day_whatever_became_of_the_unit(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.manager, "Đinh Thị Xã Cũ");
        let open = |unit: &str, on: &str| {
            let body = json!({
                "person_id": person, "unit_code": unit, "category": "at_risk", "received_on": on,
            });
            app.post("/cases", &body).by(&world.manager).send()
        };
        let old = open(OLD_COMMUNE, "2025-06-30").expect(201).json();
        assert_eq!(old["unit_code"], json!(OLD_COMMUNE));
        let refused = open(OLD_COMMUNE, "2025-07-01").expect(422).json();
        assert_eq!(refused["errors"][0]["rule"], "unit_not_valid_on_date");
        open(COMMUNE, "2025-07-01").expect(201);
        // Code 44 was Quảng Bình's and is Quảng Trị's: the generation tells them apart.
        let [before, after] = ["G63-P44", "G34-P44"].map(|code| {
            app.get(&format!("/admin-units/{code}")).by(&world.worker).send().expect(200).json()["name_vi"].clone()
        });
        assert_ne!(before, after);
    }

    fn trap_07_nobody_in_need_is_no_data_and_not_nought_percent(app: &TestApp) {
        let world = World::build(app);
        let none = app.figure(&world.manager, PLAN, "808-10", 2025);
        assert_eq!((&none["denominator"], &none["percent"]), (&json!(0), &Value::Null));
        assert_eq!(none["met"], Value::Null);
    }

    fn trap_08_who_is_only_suspected_is_outside_the_denominator_and_served_all_the_same(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lý Thị Chưa Rõ");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(20));
        app.assess(&world.worker, case, &["essential_needs", "medical"], app.days_ago(19));
        app.give(&world.worker, case, "essential_needs", app.days_ago(18));
        let figure = app.figure(&world.manager, "mb-2021-2025", "MB-01", 2025);
        assert_eq!((&figure["numerator"], &figure["denominator"]), (&json!(0), &json!(0)));
    }

    fn trap_09_used_often_is_used_once_and_persons_are_not_times(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Tạ Thị Nhiều Lần");
        let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(90));
        app.assess(&world.worker, case, &["social_support"], app.days_ago(89));
        for days in [80, 50, 49, 48] {
            app.give(&world.worker, case, "social_support", app.days_ago(days));
        }
        assert_eq!(figure(app, &world, 2025), (json!(1), json!(1)));
        let times = app.all_items(&world.worker, &format!("/deliveries?case_id={case}"), 50);
        assert_eq!(times.len(), 4, "four times, one person; no month is filled by another's");
    }

    fn trap_10_more_than_the_target_is_no_error(app: &TestApp) {
        let world = World::build(app);
        for name in ["Võ Thị Một", "Võ Thị Hai"] {
            let person = app.person(&world.worker, name);
            let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(30));
            app.assess(&world.worker, case, &["social_support"], app.days_ago(29));
            app.give(&world.worker, case, "social_support", app.days_ago(28));
        }
        let figure = app.figure(&world.manager, PLAN, "808-10", 2025);
        assert_eq!((&figure["percent"], &figure["met"]), (&json!(100.0), &json!(true)), "the target is 60");
    }

    fn trap_11_a_childs_guardian_agrees_unless_the_guardian_is_the_danger_and_until_18(app: &TestApp) {
        let world = World::build(app);
        let child = register(app, &world.worker, |body| body["birth"] = json!({"precision": "exact", "date": "2010-05-05"}));
        let father = json!({"relation": "father", "name": "Cha", "from_on": "2024-01-01"});
        let father = app.post(&format!("/persons/{child}/guardians"), &father).by(&world.worker).send().expect(201).id();
        let agree = |guardian: Option<Uuid>, by: &str| {
            let body = json!({
                "purpose": "referral", "recipient_organisation_id": world.school, "given_by": by,
                "guardian_id": guardian, "given_on": app.today(), "proof": "written_signature",
            });
            app.post(&format!("/persons/{child}/consents"), &body).by(&world.worker).send()
        };
        agree(None, "self").expect(422);
        let given = agree(Some(father), "guardian").expect(201).json();
        assert_eq!(given["expires_on"], "2028-05-04");
        let end = json!({"until_on": app.days_ago(1), "reason": "conflict_of_interest"});
        let path = format!("/persons/{child}/guardians/{father}/end");
        app.post(&path, &end).by(&world.worker).version(1).send().expect(200);
        agree(Some(father), "guardian").expect(422);
        let authority = json!({"relation": "authority", "name": "Ủy ban nhân dân phường", "from_on": app.today()});
        let path = format!("/persons/{child}/guardians");
        let authority = app.post(&path, &authority).by(&world.worker).send().expect(201).id();
        agree(Some(authority), "legal_representative").expect(201);
    }

    fn trap_12_after_a_withdrawal_help_goes_on_sharing_stops_and_counts_stay(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Cao Thị Đổi Ý");
        let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(30));
        let consent = app.consent(&world.worker, person, world.school, app.days_ago(29));
        app.assess(&world.worker, case, &["vocational_training", "social_support"], app.days_ago(29));
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, referral, "accept").expect(200);
        app.step(&world.teacher, referral, "start").expect(200);
        app.deliver(&world.teacher, referral, "vocational_training", app.today());
        let before = figure(app, &world, 2025);
        let path = format!("/persons/{person}/consents/{consent}/withdraw");
        app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
        app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect(404);
        app.give(&world.worker, case, "social_support", app.today());
        assert_eq!(figure(app, &world, 2025), before, "what was given was given");
    }

    fn trap_15_one_victim_in_a_commune_is_in_no_release_and_men_and_foreigners_are_clients(app: &TestApp) {
        let world = World::build(app);
        let person = register(app, &world.worker, |body| {
            body["sex"] = json!("male");
            body["nationality"] = json!("LA");
            body["ethnicity"] = Value::Null;
        });
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(100));
        for (to, ago) in [("screened", 99), ("under_verification", 98), ("confirmed", 90)] {
            app.move_case(&world.worker, case, to, app.days_ago(ago)).expect(200);
        }
        app.pass_days(140);
        app.keep_house();
        let releases = app.all_items(&world.supervisor, "/statistics/releases", 50);
        assert!(!releases.is_empty());
        for release in releases {
            let path = format!("/statistics/releases/{}", release["number"]);
            let table = app.get(&path).by(&world.supervisor).send().expect(200).json();
            for unit in table["table"]["units"].as_array().expect("units") {
                assert_eq!(unit["denominator"], Value::Null, "a small group shows nowhere");
            }
        }
        for text in [Uuid::to_string(&person), "Ánh Tuyết".to_owned()] {
            let read = app.get("/statistics/releases").by(&world.supervisor).send().expect(200).text();
            assert!(!read.contains(&text));
        }
    }
}
