//! Tasks: lists of what is due, who they go along with, and how they end.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::plans::each;
use crate::support::{TestApp, World, both_dbs};

fn open_case(app: &TestApp, world: &World) -> Uuid {
    let person = app.person(&world.worker, "Lò Thị Mẩy");
    app.case(&world.worker, person, "person_selling_sex", app.days_ago(10))
}

fn ids(items: &[Value]) -> Vec<Uuid> {
    items.iter().map(|item| item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
}

both_dbs! {
    fn lists_tell_what_is_overdue_due_today_and_this_week_per_worker_and_per_centre(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let due: Vec<Uuid> = [-2, 0, 6, 7].iter().map(|days| app.task(worker, case, app.days_ago(-*days))).collect();
        let colleagues = app.ask_task(worker, case, Some(world.second_worker.id), app.days_ago(1)).send().expect(201).id();
        let list = |query: &str| ids(&app.all_items(worker, &format!("/tasks{query}"), 2));
        assert_eq!(list("?due=overdue"), due[..1]);
        assert_eq!(list("?due=today"), due[1..2]);
        assert_eq!(list("?due=week"), due[1..3]);
        assert_eq!(list("?due=open"), due);
        assert_eq!(list(""), due);
        assert_eq!(list(&format!("?owner_id={}", world.second_worker.id)), [colleagues]);
        let whole = [due[0], colleagues, due[1], due[2], due[3]];
        assert_eq!(ids(&app.all_items(&world.manager, &format!("/tasks?organisation_id={}", world.centre), 2)), whole);
        assert_eq!(list(&format!("?case_id={case}")), whole);
        // The colleague sees the task, and not the case it is in.
        assert_eq!(ids(&app.all_items(&world.second_worker, "/tasks", 50)), [colleagues]);
        app.get(&format!("/cases/{case}")).by(&world.second_worker).send().expect(404);
        assert_eq!(app.read_task(&world.second_worker, colleagues)["overdue"], true);
        app.task_step(&world.second_worker, colleagues, "complete", &json!({"done_on": app.today()})).expect(200);
        assert_eq!(ids(&app.all_items(worker, &format!("/tasks?case_id={case}&status=done"), 50)), [colleagues]);
        for query in ["", "?due=overdue"] {
            assert_eq!(ids(&app.all_items(&world.other_worker, &format!("/tasks{query}"), 50)), Vec::<Uuid>::new());
        }
        let foreign = app.all_items(&world.other_manager, &format!("/tasks?organisation_id={}", world.centre), 50);
        assert_eq!(foreign, Vec::<Value>::new());
    }

    fn tasks_go_along_when_the_case_is_given_to_another_worker_and_wait_with_it(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let mine = app.task(worker, case, app.days_ago(-3));
        let counsellors = app.ask_task(worker, case, Some(world.counsellor.id), app.days_ago(-3)).send().expect(201).id();
        let done = app.task(worker, case, app.days_ago(-3));
        app.task_step(worker, done, "complete", &json!({"done_on": app.today()})).expect(200);
        let owner = |task| app.read_task(&world.manager, task)["owner"]["account_id"].clone();

        app.give_case(&world.manager, case, Some(world.second_worker.id)).expect(200);
        assert_eq!(owner(mine), json!(world.second_worker.id));
        assert_eq!(owner(counsellors), json!(world.counsellor.id), "a colleague's stays the colleague's");
        assert_eq!(owner(done), json!(worker.id), "what is done was done by whoever did it");
        app.get(&format!("/tasks/{mine}")).by(worker).send().expect(404);

        app.give_case(&world.manager, case, None).expect(200);
        assert_eq!(owner(mine), Value::Null);
        let waiting = app.all_items(worker, &format!("/tasks?case_id={case}"), 50);
        assert!(ids(&waiting).contains(&mine), "a waiting case is seen by every worker");
        app.task_step(worker, mine, "complete", &json!({"done_on": app.today()})).expect(403);
        app.give_case(worker, case, Some(worker.id)).expect(200);
        assert_eq!(owner(mine), json!(worker.id));
    }

    fn closing_a_case_cancels_its_open_tasks_and_opening_it_again_does_not_bring_them_back(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let (open, done) = (app.task(worker, case, app.days_ago(-3)), app.task(worker, case, app.days_ago(-3)));
        app.task_step(worker, done, "complete", &json!({"done_on": app.today()})).expect(200);
        app.move_case(worker, case, "closed", app.today()).expect(200);
        let state = |task| {
            let task = app.read_task(worker, task);
            (task["status"].clone(), task["cancel_reason"].clone())
        };
        assert_eq!(state(open), (json!("cancelled"), json!("case_closed")));
        assert_eq!(state(done), (json!("done"), Value::Null));
        app.task_step(worker, done, "reopen", &json!({})).expect_problem(409, "case_closed");
        app.ask_task(worker, case, None, app.today()).send().expect_problem(409, "case_closed");
        app.move_case(worker, case, "receiving_support", app.today()).expect(200);
        assert_eq!(state(open), (json!("cancelled"), json!("case_closed")));
        app.task_step(worker, open, "reopen", &json!({})).expect_problem(409, "illegal_transition");
        app.task_step(worker, done, "reopen", &json!({})).expect(200);
        assert_eq!(state(done), (json!("open"), Value::Null));
    }

    fn a_task_is_changed_by_one_at_a_time_and_a_step_of_the_plan_by_the_plan_only(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let task = app.task(worker, case, app.days_ago(-3));
        let path = format!("/tasks/{task}");
        let change = json!({"title": "Thăm nhà", "kind": "visit", "due_on": app.days_ago(-4), "owner_id": world.second_worker.id});
        app.patch(&path, &change).by(worker).send().expect_problem(428, "version_required");
        let changed = app.patch(&path, &change).by(worker).version(1).send().expect(200);
        assert_eq!((changed.version(), changed.text_at("/title")), (2, "Thăm nhà".to_owned()));
        let late = app.patch(&path, &json!({"kind": "other"})).by(&world.manager).version(1).send();
        let late = late.expect_problem(412, "version_stale").json();
        assert_eq!(late["changed"], json!(["due_on", "kind", "owner", "title"]), "{late}");
        let body = crate::support::plans::plan_body(app.today(), app.days_ago(-9), &[
            crate::support::plans::step("Tìm phòng", None, app.days_ago(-3)),
        ]);
        let plan = app.put_plan(worker, case, None, &body).send().expect(200).json();
        let step = plan["goals"][0]["steps"][0]["task_id"].as_str().expect("a task").to_owned();
        app.patch(&format!("/tasks/{step}"), &json!({"kind": "other"})).by(worker).version(1).send().expect_problem(409, "task_of_plan");
        app.task_step(worker, task, "cancel", &json!({"reason": "not_wanted_now"})).expect(200);
        app.patch(&path, &json!({"kind": "other"})).by(worker).version(3).send().expect_problem(409, "task_ended");
        assert_eq!(each(&app.all_items(worker, &format!("/tasks?case_id={case}&status=cancelled"), 9), "cancel_reason"), ["not_wanted_now"]);
    }

    fn a_repeated_completion_is_done_once(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let task = app.task(worker, case, app.days_ago(-3));
        let (path, key) = (format!("/tasks/{task}/complete"), app.new_key());
        let ask = || app.post(&path, &json!({"done_on": app.today()})).by(worker).version(1).key(&key).send().expect(200);
        let first = ask();
        assert_eq!(first.json(), ask().json());
        assert_eq!(first.version(), 2);
    }
}
