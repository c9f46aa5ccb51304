//! Every register takes entries, gives them back under its own names, changes and voids them.

use hoanhap::audit::verify;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::registers::{another, entry_body, with};
use crate::support::world::PROVINCE;
use crate::support::{TestApp, World, both_dbs};

/// A change of each register that fits its usual entry.
fn change_of(register: Register) -> Value {
    match register {
        Register::CommunicationActivities => json!({"audience": "migrants", "place": null, "attendances": 30}),
        Register::PressItems => json!({"format": null, "level": "central"}),
        Register::Staff => json!({"direct": false, "to": null}),
        Register::StaffCounts => json!({"staff": 14, "direct_staff": null}),
        Register::StaffTrainings => json!({"topic": "coordination", "level": null}),
        Register::Establishments => json!({"workers": null, "closed_on": "2025-12-31"}),
        Register::EstablishmentCounts => json!({"establishments": 5}),
        Register::Inspections => json!({"result": "disguised_prostitution", "inspected_on": "2025-09-21"}),
        Register::TipOffs => json!({"handled_on": null, "type": "complaint"}),
        Register::NeedSurveys => json!({"in_need": 0, "to": null}),
        Register::LocalPlans => json!({"carried_out_from": null, "programme": "employment"}),
        Register::PilotModels => json!({"name": "Mô hình mới", "to": "2026-12-31"}),
        Register::HealthyCommunes => json!({"to": null, "recognition": "drug_and_prostitution_free"}),
    }
}

/// What is read back of what was sent.
fn as_read(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(list) = body.as_object_mut().and_then(|fields| fields.remove("participants")) {
        body["participants_count"] = json!(list.as_array().map_or(0, Vec::len));
    }
    body
}

#[track_caller]
fn holds(view: &Value, fields: &Value) {
    for (name, value) in fields.as_object().expect("fields") {
        assert_eq!(&view[name], value, "{name} of {view}");
    }
}

both_dbs! {
    fn an_entry_of_each_register_is_recorded_read_changed_and_voided(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        for register in Register::ALL.iter().copied() {
            let mut body = entry_body(register);
            if register == Register::Inspections {
                body["establishment_id"] = json!(app.usual_entry(officer, Register::Establishments));
            }
            let made = app.recording(officer, register, &body).send().expect(201);
            let (id, view) = (made.id(), made.json());
            assert_eq!(made.header("location"), Some(format!("/api/v1/registers/{register}/entries/{id}").as_str()));
            holds(&view, &as_read(&body));
            assert_eq!((&view["void"], &view["register"], made.version()), (&json!(false), &json!(register), 1));
            assert_eq!(app.read_entry(officer, register, id).expect(200).json(), view);

            let change = change_of(register);
            let changed = app.change_entry(officer, register, id, &change).expect(200);
            assert_eq!(changed.version(), 2);
            let mut expected = as_read(&body);
            change.as_object().expect("fields").iter().for_each(|(name, value)| expected[name] = value.clone());
            holds(&changed.json(), &expected);

            let listed = app.all_items(officer, &format!("/registers/{register}/entries"), 50);
            assert!(listed.iter().any(|item| item == &changed.json()), "{register}");
            let voided = app.void_entry(officer, register, id).expect(200);
            assert_eq!((&voided.json()["void"], voided.version()), (&json!(true), 3));
            let void = |include: bool| {
                let path = format!("/registers/{register}/entries?include_void={include}");
                app.all_items(officer, &path, 50).iter().any(|item| item["id"] == json!(id))
            };
            assert!(!void(false) && void(true), "{register}");
            app.void_entry(officer, register, id).expect_problem(409, "already_voided");
            app.change_entry(officer, register, id, &change).expect_problem(409, "already_voided");
        }
        assert_eq!(app.wrong_sums(), [].into());
        let state = app.state();
        assert!(verify(&state.db, &state.vault, &state.trail).expect("the trail is read").is_empty());
        let sent = app.number("select count(*) as n from audit_entries where fields like '%M-0%' or fields like '%Karaoke%'");
        assert_eq!(sent, 0, "the trail names fields alone");
    }

    fn of_those_who_took_part_only_a_number_and_keyed_hashes_are_kept(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let register = Register::CommunicationActivities;
        let first = app.entry(officer, register, &entry_body(register));
        let as_typed = with(entry_body(register), &json!({"participants": [" m-001 ", "M-003"], "held_on": "2025-09-12"}));
        app.entry(officer, register, &as_typed);
        assert_eq!(app.number("select count(*) as n from register_participants"), 4);
        assert_eq!(app.number("select count(distinct who) as n from register_participants"), 3, "one of them twice");
        // Not sent, it stays; an empty list and null clear it.
        let changed = app.change_entry(officer, register, first, &json!({"place": "Trạm y tế"})).expect(200).json();
        assert_eq!(changed["participants_count"], 2);
        let changed = app.change_entry(officer, register, first, &json!({"participants": null})).expect(200).json();
        assert_eq!((&changed["participants_count"], &changed["place"]), (&json!(0), &json!("Trạm y tế")));
        assert!(!app.read_entry(officer, register, first).text().contains("M-00"));
    }

    fn no_fewer_came_than_are_listed(app: &TestApp) {
        let world = World::build(app);
        let (officer, register) = (&world.programme_officer, Register::CommunicationActivities);
        let list = json!({"attendances": 1, "first_time_this_year": null, "participants": ["M-001", "M-002"]});
        let refused = app.recording(officer, register, &with(entry_body(register), &list)).send().expect_problem(422, "invalid").json();
        assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["rule"]), (&json!("attendances"), &json!("conflicts_with")));
        let made = app.entry(officer, register, &with(entry_body(register), &json!({"attendances": null, "first_time_this_year": null})));
        app.change_entry(officer, register, made, &json!({"attendances": 1})).expect(422);
        app.change_entry(officer, register, made, &json!({"attendances": 1, "participants": ["M-001"]})).expect(200);
    }

    fn staff_who_were_trained_are_named_by_number_or_entry_and_must_be_in_the_work(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let staff = app.entry(officer, Register::Staff, &entry_body(Register::Staff));
        let gone = with(entry_body(Register::Staff), &json!({"staff_number": "CB-08", "to": "2025-08-31"}));
        app.entry(officer, Register::Staff, &gone);
        let training = |participants: Value| {
            let list = json!({"participants": participants, "attendances": null, "first_time": null});
            app.recording(officer, Register::StaffTrainings, &with(entry_body(Register::StaffTrainings), &list)).send()
        };
        assert_eq!(training(json!(["CB-07"])).expect(201).json()["participants_count"], 1);
        let made = training(json!([staff])).expect(201).id();
        for (list, place) in [(json!(["CB-07", staff]), 1), (json!(["CB-08"]), 0), (json!([Uuid::nil()]), 0), (json!(["?"]), 0)] {
            let refused = training(list).expect_problem(422, "invalid").json();
            assert_eq!(refused["errors"][0]["field"], format!("participants[{place}]"), "{refused}");
        }
        // The day moves to one on which she was not there yet.
        let moved = app.change_entry(officer, Register::StaffTrainings, made, &json!({"held_on": "2025-07-15"}));
        assert_eq!(moved.expect_problem(422, "invalid").json()["errors"][0]["field"], "participants[0]");
        let elsewhere = json!({"unit_code": PROVINCE});
        app.entry(officer, Register::Staff, &with(entry_body(Register::Staff), &elsewhere));
        let twice = training(json!(["CB-07"])).expect_problem(422, "invalid").json();
        assert_eq!(twice["errors"][0]["rule"], "conflicts_with", "two have this number");
    }

    fn what_counts_by_its_entry_stands_once_in_its_unit_and_days(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let once = [
            (Register::Staff, "staff_number", another(Register::Staff)),
            (Register::Establishments, "name", json!({"opened_on": "2025-08-06"})),
            (Register::PilotModels, "name", json!({"content": "prevention"})),
        ];
        for (register, field, another) in once {
            let body = entry_body(register);
            let record = |fields: &Value| app.recording(officer, register, &with(body.clone(), fields)).send();
            let made = record(&json!({})).expect(201).id();
            let shouted = json!({field: body[field].as_str().expect("a name").to_uppercase()});
            for again in [json!({}), shouted] {
                let refused = record(&again).expect_problem(422, "invalid").json();
                assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["rule"]), (&json!(field), &json!("conflicts_with")));
            }
            record(&json!({"unit_code": PROVINCE})).expect(201);
            let other = record(&another).expect(201).id();
            let back: serde_json::Map<_, _> =
                another.as_object().expect("fields").keys().map(|name| (name.clone(), body[name].clone())).collect();
            app.change_entry(officer, register, other, &Value::Object(back.clone())).expect_problem(422, "invalid");
            app.change_entry(officer, register, made, &json!({field: body[field]})).expect(200);
            app.void_entry(officer, register, made).expect(200);
            app.change_entry(officer, register, other, &Value::Object(back)).expect(200);
        }
        let came_back = |from: &str, to: Option<&str>| {
            let days = json!({"staff_number": "CB-09", "from": from, "to": to});
            app.recording(officer, Register::Staff, &with(entry_body(Register::Staff), &days)).send()
        };
        came_back("2025-07-01", Some("2025-07-31")).expect(201);
        came_back("2025-07-31", Some("2025-08-31")).expect_problem(422, "invalid");
        came_back("2025-09-01", None).expect(201);
        came_back("2025-08-01", None).expect_problem(422, "invalid");
        came_back("2025-08-01", Some("2025-08-31")).expect(201);
        // What stood twice before this was refused can be ended, and changed in what it is not known by.
        let twice = [app.entry(officer, Register::Staff, &with(entry_body(Register::Staff), &json!({"staff_number": "CB-20"}))),
            app.entry(officer, Register::Staff, &with(entry_body(Register::Staff), &json!({"staff_number": "CB-21"})))];
        app.sql(&format!("update register_entries set name = 'CB-20' where id = {}", app.sql_id(twice[1])));
        app.change_entry(officer, Register::Staff, twice[1], &json!({"agency": "justice"})).expect(200);
        app.change_entry(officer, Register::Staff, twice[1], &json!({"to": "2026-12-31"})).expect(200);
        app.change_entry(officer, Register::Staff, twice[1], &json!({"to": "2028-12-31"})).expect_problem(422, "invalid");
        for register in [Register::CommunicationActivities, Register::PressItems, Register::TipOffs, Register::NeedSurveys] {
            app.entry(officer, register, &entry_body(register));
            app.entry(officer, register, &entry_body(register));
        }
    }

    fn what_stands_in_an_old_unit_stands_in_the_one_it_went_into(app: &TestApp) {
        let officer = app.account("canbo.vn", hoanhap::grants::Role::ProgrammeOfficer, None, Some("VN"));
        let staff = |unit: &str, number: &str, from: &str, to: Option<&str>| {
            let body = json!({"unit_code": unit, "staff_number": number, "level": "commune", "agency": "health", "from": from, "to": to});
            app.recording(&officer, Register::Staff, &body).send()
        };
        let [one, other, new] = ["G63-C13291", "G63-C13306", "G34-C13291"];
        staff(one, "CB-1", "2024-01-01", None).expect(201);
        staff(other, "CB-1", "2024-01-01", Some("2025-06-30")).expect(201);
        staff(new, "CB-1", "2025-07-01", None).expect_problem(422, "invalid");
        staff(new, "CB-2", "2025-07-01", None).expect(201);
        staff(other, "CB-2", "2024-01-01", None).expect_problem(422, "invalid");
        staff(other, "CB-2", "2024-01-01", Some("2025-06-30")).expect(201);
    }

    fn inspections_are_of_an_open_establishment_and_go_where_it_goes(app: &TestApp) {
        let world = World::build(app);
        let officer = &world.programme_officer;
        let place = app.entry(officer, Register::Establishments, &entry_body(Register::Establishments));
        let inspect = |fields: Value| {
            let body = with(entry_body(Register::Inspections), &json!({"establishment_id": place}));
            app.recording(officer, Register::Inspections, &with(body, &fields)).send()
        };
        let made = inspect(json!({})).expect(201);
        assert_eq!(made.json()["unit_code"], entry_body(Register::Establishments)["unit_code"]);
        for (fields, field, rule) in [
            (json!({"inspected_on": "2025-08-04"}), "inspected_on", "not_before"),
            (json!({"establishment_id": Uuid::nil()}), "establishment_id", "no_such_reference"),
            (json!({"unit_code": "G34-P01"}), "unit_code", "conflicts_with"),
        ] {
            let refused = inspect(fields).expect_problem(422, "invalid").json();
            assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["rule"]), (&json!(field), &json!(rule)));
        }
        let moved = json!({"unit_code": "G34-P01"});
        app.change_entry(officer, Register::Establishments, place, &moved).expect(200);
        let followed = app.read_entry(officer, Register::Inspections, made.id()).expect(200);
        assert_eq!((&followed.json()["unit_code"], followed.version()), (&json!("G34-P01"), 2));
        let later = json!({"opened_on": "2025-09-21"});
        let refused = app.change_entry(officer, Register::Establishments, place, &later).expect_problem(422, "invalid").json();
        assert_eq!(refused["errors"][0]["field"], "opened_on");
        assert_eq!(app.wrong_sums(), [].into());
        app.void_entry(officer, Register::Establishments, place).expect(200);
        inspect(json!({})).expect_problem(422, "invalid");
    }

    fn a_repeated_request_records_once_and_of_two_editors_the_second_is_told(app: &TestApp) {
        let world = World::build(app);
        let (officer, register) = (&world.programme_officer, Register::TipOffs);
        let body = entry_body(register);
        let ask = || app.recording(officer, register, &body).key("one-and-the-same").send().expect(201);
        let (first, again) = (ask(), ask());
        assert_eq!(first.json(), again.json());
        assert_eq!(app.number("select count(*) as n from register_entries"), 1);
        let path = format!("/registers/{register}/entries/{}", first.id());
        let edit = |change: &Value| app.patch(&path, change).by(officer).version(1).send();
        edit(&json!({"handled_on": "2025-10-03"})).expect(200);
        let second = edit(&json!({"type": "complaint"})).expect_problem(412, "version_stale").json();
        assert_eq!(second["changed"], json!(["handled_on"]));
        app.patch(&path, &json!({})).by(officer).send().expect_problem(428, "version_required");
    }

    fn a_list_is_paged_by_day_and_narrowed(app: &TestApp) {
        let world = World::build(app);
        let (officer, register) = (&world.programme_officer, Register::PressItems);
        for day in 1..=9 {
            let day = format!("2025-09-0{day}");
            app.entry(officer, register, &with(entry_body(register), &json!({"published_on": day})));
            app.entry(officer, register, &with(entry_body(register), &json!({"published_on": "2025-09-05", "level": "central"})));
        }
        let path = format!("/registers/{register}/entries");
        let all = app.all_items(officer, &path, 200);
        assert_eq!(app.all_items(officer, &path, 4), all);
        let days: Vec<&Value> = all.iter().map(|item| &item["published_on"]).collect();
        assert!(days.windows(2).all(|two| two[0].as_str() >= two[1].as_str()), "{days:?}");
        let count = |query: &str| app.all_items(officer, &format!("{path}?{query}"), 50).len();
        assert_eq!((all.len(), count("kind=central"), count("from=2025-09-08"), count("to=2025-09-04")), (18, 9, 2, 4));
        assert_eq!((count("unit=G34-P01"), count("unit=VN"), count("unit=G34-P44")), (18, 18, 0));
        app.get(&format!("{path}?kind=word")).by(officer).send().expect_problem(422, "invalid");
        app.get(&format!("{path}?unit=X")).by(officer).send().expect_problem(422, "invalid");
    }
}
