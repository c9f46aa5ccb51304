//! Notes, and counselling notes that only their author and the manager read.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, User, World, both_dbs};

struct Scene {
    world: World,
    case: Uuid,
}

/// A case assigned to the worker.
fn scene(app: &TestApp) -> Scene {
    let world = World::build(app);
    let person = app.person(&world.worker, "Trần Thị Ban Mai");
    let case = app.case(&world.worker, person, "at_risk", app.days_ago(10));
    Scene { world, case }
}

fn texts(app: &TestApp, user: &User, path: &str) -> Vec<Value> {
    app.all_items(user, path, 2).into_iter().map(|item| item["text"].clone()).collect()
}

fn assign(app: &TestApp, scene: &Scene, to: &User) {
    let path = format!("/cases/{}", scene.case);
    let version = app.get(&path).by(&scene.world.manager).send().expect(200).version();
    let body = json!({"account_id": to.id});
    app.call("PUT", &format!("{path}/assignment"))
        .json(&body)
        .by(&scene.world.manager)
        .version(version)
        .send()
        .expect(200);
}

both_dbs! {
    fn notes_are_listed_newest_day_first_page_by_page_and_by_kind(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let notes = format!("/cases/{case}/notes");
        for (kind, days) in [("call", 3), ("home_visit", 1), ("call", 2), ("meeting", 1), ("observation", 0)] {
            let body = json!({"kind": kind, "occurred_on": app.days_ago(days), "text": format!("{kind} {days}")});
            app.post(&notes, &body).by(&world.worker).send().expect(201);
        }
        let days: Vec<String> = app
            .all_items(&world.worker, &notes, 2)
            .iter()
            .map(|note| note["occurred_on"].as_str().expect("a day").to_owned())
            .collect();
        let mut sorted = days.clone();
        sorted.sort_by(|one, other| other.cmp(one));
        assert_eq!((days.len(), &days), (5, &sorted));
        assert_eq!(texts(app, &world.worker, &format!("{notes}?kind=call")), ["call 2", "call 3"]);
        assert_eq!(texts(app, &world.manager, &notes).len(), 5);
    }

    fn a_corrected_note_keeps_its_earlier_texts(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let note = app.note(&world.worker, case, "notes", "Gặp ở chợ", app.days_ago(1));
        let path = format!("/notes/{note}");
        let change = |body: Value, version| app.patch(&path, &body).by(&world.worker).version(version).send();
        change(json!({"text": "Gặp ở nhà"}), 1).expect(200);
        let reply = change(json!({"kind": "home_visit", "occurred_on": app.days_ago(2)}), 2).expect(200);
        assert_eq!((reply.text_at("/text"), reply.text_at("/kind")), ("Gặp ở nhà".into(), "home_visit".into()));
        let stale = change(json!({"text": "Khác"}), 1).expect_problem(412, "version_stale");
        assert_eq!(stale.json()["changed"], json!(["kind", "occurred_on", "text"]));
        for reader in [&world.worker, &world.manager] {
            assert_eq!(texts(app, reader, &format!("{path}/versions")), ["Gặp ở chợ", "Gặp ở nhà"]);
        }
        let first = &app.get(&format!("{path}/versions")).by(&world.worker).send().expect(200).json()["items"][0];
        assert_eq!((&first["kind"], &first["number"]), (&json!("meeting"), &json!(1)));
    }

    fn only_the_author_corrects_a_note_and_the_manager_may_mark_it(app: &TestApp) {
        let scene = scene(app);
        let world = &scene.world;
        let note = app.note(&world.worker, scene.case, "notes", "Gặp ở chợ", app.today());
        assign(app, &scene, &world.second_worker);
        let path = format!("/notes/{note}");
        let body = json!({"text": "Khác"});
        for other in [&world.second_worker, &world.manager] {
            app.patch(&path, &body).by(other).version(1).send().expect_problem(403, "forbidden");
        }
        app.patch(&path, &body).by(&world.worker).version(1).send().expect_problem(404, "not_found");
        let mark = |user| app.post(&format!("{path}/mistaken"), &json!({"reason": "wrong_person"})).by(user).version(1).send();
        mark(&world.second_worker).expect_problem(403, "forbidden");
        mark(&world.manager).expect(200);
    }

    fn a_note_entered_by_mistake_stays_without_its_texts(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let note = app.note(&world.worker, case, "notes", "Nhầm người", app.today());
        let path = format!("/notes/{note}");
        app.patch(&path, &json!({"text": "Vẫn nhầm"})).by(&world.worker).version(1).send().expect(200);
        let mark = |version| {
            app.post(&format!("{path}/mistaken"), &json!({"reason": "wrong_person"})).by(&world.worker).version(version).send()
        };
        mark(1).expect_problem(412, "version_stale");
        let marked = mark(2).expect(200).json();
        assert_eq!((&marked["text"], &marked["mistake_reason"]), (&Value::Null, &json!("wrong_person")));
        mark(3).expect_problem(409, "already_voided");
        app.patch(&path, &json!({"text": "Lại"})).by(&world.worker).version(3).send().expect_problem(409, "already_voided");
        for reader in [&world.worker, &world.manager] {
            for list in [format!("/cases/{case}/notes"), format!("{path}/versions")] {
                assert_eq!(texts(app, reader, &list), [Value::Null], "{list}");
            }
        }
    }

    fn a_note_holds_ten_thousand_characters_however_they_are_spelled(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let send = |text: &str| {
            let body = json!({"kind": "other", "occurred_on": app.today(), "text": text});
            app.post(&format!("/cases/{case}/notes"), &body).by(&world.worker).send()
        };
        // Composed, one character; decomposed, three.
        let (composed, decomposed) = ("ệ".repeat(10_000), "e\u{323}\u{302}".repeat(10_000));
        for text in [&composed, &decomposed] {
            assert_eq!(send(text).expect(201).text_at("/text"), composed);
        }
        for text in [format!("{decomposed}ệ"), " \n ".to_owned(), String::new()] {
            let refused = send(&text).expect_problem(422, "invalid").json();
            assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["rule"]), (&json!("text"), &json!("length")));
        }
    }

    fn a_repeated_note_is_written_once(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let body = json!({"kind": "call", "occurred_on": app.today(), "text": "Đã gọi"});
        for shelf in ["notes", "counselling-notes"] {
            let path = format!("/cases/{case}/{shelf}");
            let send = |body: &Value| app.post(&path, body).by(&world.worker).key(&format!("repeat-{shelf}")).send();
            let first = send(&body).expect(201);
            assert_eq!(send(&body).expect(201).id(), first.id());
            send(&json!({"kind": "call", "occurred_on": app.today(), "text": "Khác"})).expect_problem(422, "idempotency_key_reused");
            assert_eq!(app.all_items(&world.worker, &path, 50).len(), 1);
        }
    }

    fn counselling_notes_are_read_by_their_author_and_the_manager_and_do_not_exist_for_others(app: &TestApp) {
        let scene = scene(app);
        let (world, case) = (&scene.world, scene.case);
        let list = format!("/cases/{case}/counselling-notes");
        let workers = app.note(&world.worker, case, "counselling-notes", "Lời của nhân viên", app.days_ago(2));
        assign(app, &scene, &world.counsellor);
        let counsellors = app.note(&world.counsellor, case, "counselling-notes", "Lời của người tham vấn", app.days_ago(1));
        assert_eq!(texts(app, &world.manager, &list), ["Lời của người tham vấn", "Lời của nhân viên"]);
        assert_eq!(texts(app, &world.counsellor, &list), ["Lời của người tham vấn"]);
        // Out of the author's hands, the case is out of sight, and with it what they wrote.
        app.get(&list).by(&world.worker).send().expect_problem(404, "not_found");
        app.get(&format!("/counselling-notes/{workers}")).by(&world.worker).send().expect_problem(404, "not_found");
        assign(app, &scene, &world.worker);
        assert_eq!(texts(app, &world.worker, &list), ["Lời của nhân viên"]);
        let nowhere = app.state().random.uuid();
        let ask = |id: Uuid| app.get(&format!("/counselling-notes/{id}")).by(&world.worker).send().refusal();
        assert_eq!(ask(counsellors), ask(nowhere), "hidden is like missing");
        // Nor are they among the notes, by any id, nor in what a file may belong to.
        assert_eq!(texts(app, &world.worker, &format!("/cases/{case}/notes")), Vec::<Value>::new());
        for id in [workers, counsellors] {
            app.get(&format!("/notes/{id}")).by(&world.manager).send().expect_problem(404, "not_found");
        }
        for stranger in [&world.second_worker, &world.other_manager, &world.other_worker] {
            app.get(&list).by(stranger).send().expect_problem(404, "not_found");
        }
        for stranger in [&world.administrator, &world.auditor, &world.teacher, &world.supervisor] {
            app.get(&list).by(stranger).send().expect_problem(403, "forbidden");
        }
    }

    fn the_case_tells_nothing_of_counselling_notes(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let seen = || {
            let read = |path: String| app.get(&path).by(&world.worker).send().expect(200).json();
            [read(format!("/cases/{case}")), read(format!("/cases/{case}/events")), read(format!("/cases/{case}/notes"))]
        };
        let before = seen();
        let by = app.account("tu.van", hoanhap::grants::Role::Counsellor, Some(world.centre), None);
        app.sql(&format!("update cases set assigned_to = {} where id = {}", app.sql_id(by.id), app.sql_id(case)));
        app.note(&by, case, "counselling-notes", "Kín", app.today());
        app.sql(&format!("update cases set assigned_to = {} where id = {}", app.sql_id(world.worker.id), app.sql_id(case)));
        assert_eq!(seen(), before);
        let stale = app.patch(&format!("/cases/{case}"), &json!({"summary": "x"})).by(&world.worker).version(4711).send();
        assert!(!stale.text().contains("counselling"), "{}", stale.text());
    }

    fn what_another_centre_wrote_in_counselling_does_not_come_along_with_the_case(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let note = app.note(&world.worker, case, "counselling-notes", "Kín", app.today());
        let home = app.sql_id(world.other_centre);
        app.sql(&format!("update cases set organisation_id = {home}, assigned_to = null where id = {}", app.sql_id(case)));
        app.get(&format!("/counselling-notes/{note}")).by(&world.other_manager).send().expect_problem(404, "not_found");
        let list = format!("/cases/{case}/counselling-notes");
        assert_eq!(texts(app, &world.other_manager, &list), Vec::<Value>::new());
        for former in [&world.worker, &world.manager] {
            app.get(&format!("/counselling-notes/{note}")).by(former).send().expect_problem(404, "not_found");
        }
    }

    fn whoever_lost_the_role_reads_no_counselling_note(app: &TestApp) {
        let Scene { world, case } = scene(app);
        let note = app.note(&world.worker, case, "counselling-notes", "Kín", app.today());
        let path = format!("/counselling-notes/{note}");
        app.get(&path).by(&world.worker).send().expect(200);
        app.sql(&format!(
            "update account_grants set revoked_at = '2025-10-15 03:00:00' where account_id = {}",
            app.sql_id(world.worker.id)
        ));
        app.get(&path).by(&world.worker).send().expect_problem(403, "forbidden");
    }

    fn every_view_of_a_note_is_logged_and_its_trail_tells_no_text(app: &TestApp) {
        let Scene { world, case } = scene(app);
        for (shelf, kind) in [("notes", "note"), ("counselling-notes", "counselling_note")] {
            let note = app.note(&world.worker, case, shelf, "Quạvàng7", app.today());
            app.get(&format!("/{shelf}/{note}")).by(&world.manager).send().expect(200);
            app.get(&format!("/cases/{case}/{shelf}")).by(&world.manager).send().expect(200);
            app.get(&format!("/{shelf}/{note}/versions")).by(&world.manager).send().expect(200);
            let views = app.all_items(&world.auditor, &format!("/audit/views?account_id={}", world.manager.id), 50);
            let of_kind: Vec<&Value> = views.iter().filter(|view| view["subject_kind"] == kind).collect();
            let actions: Vec<&Value> = of_kind.iter().map(|view| &view["action"]).collect();
            assert_eq!(actions, ["read", "list", "read"], "{shelf}");
            assert_eq!(of_kind[1]["shown"], json!([note]));
            let trail = app.get(&format!("/audit/trail/{kind}/{note}")).by(&world.auditor).send().expect(200);
            assert!(trail.text().contains("create") && !trail.text().contains("Quạvàng7"));
        }
    }
}
