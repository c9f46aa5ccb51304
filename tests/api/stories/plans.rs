//! Care plans in versions, their steps as tasks, and the step of case management a case is in.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::plans::{plan_body, step};
use crate::support::{TestApp, World, both_dbs};

fn open_case(app: &TestApp, world: &World) -> Uuid {
    let person = app.person(&world.worker, "Lò Thị Mẩy");
    app.case(&world.worker, person, "person_selling_sex", app.days_ago(10))
}

fn task_of(plan: &Value, position: usize) -> Uuid {
    plan["goals"][0]["steps"][position]["task_id"].as_str().and_then(|id| id.parse().ok()).expect("a task")
}

both_dbs! {
    fn a_plan_is_not_saved_over_what_happened_to_its_tasks_meanwhile(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Hoàng Thị Kế");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(9));
        let body = |steps: &[Value]| plan_body(app.days_ago(1), app.today(), steps);
        let first = app.put_plan(&world.worker, case, None, &body(&[step("Tìm chỗ ở", None, app.today())])).send().expect(200);
        let (version, plan) = (first.version(), first.json());
        assert_eq!(plan["version"], version);
        let mut kept = step("Tìm chỗ ở", Some(world.worker.id), app.today());
        kept["task_id"] = plan["goals"][0]["steps"][0]["task_id"].clone();
        app.give_case(&world.manager, case, Some(world.second_worker.id)).expect(200);
        let again = |version: i64| app.put_plan(&world.manager, case, Some(version), &body(&[kept.clone()])).send();
        again(version).expect_problem(412, "version_stale");
        let now = app.get(&format!("/cases/{case}/care-plan")).by(&world.manager).send().expect(200);
        assert_eq!(now.json()["goals"][0]["steps"][0]["owner"]["account_id"], json!(world.second_worker.id));
        again(now.version()).expect(200);
    }

    fn a_new_version_keeps_changes_adds_and_cancels_steps_and_earlier_versions_stay_as_they_were(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        app.get(&format!("/cases/{case}/care-plan")).by(worker).send().expect(404);
        let first = plan_body(app.today(), app.days_ago(-30), &[
            step("Tìm phòng trọ", None, app.days_ago(-5)),
            step("Làm lại giấy tờ", Some(world.second_worker.id), app.days_ago(-9)),
            json!({"title": "Gặp bác sĩ", "owner": {"kind": "person"}, "due_on": app.days_ago(-3)}),
            json!({"title": "Giữ chỗ", "owner": {"kind": "partner", "organisation_id": world.shelter}, "due_on": app.days_ago(-2)}),
        ]);
        let saved = app.put_plan(worker, case, None, &first).send().expect(200);
        assert_eq!(saved.version(), 1);
        let one = saved.json();
        assert_eq!(one["goals"][0]["steps"][0]["owner"]["account_id"], json!(worker.id), "the worker of the case");
        let (room, papers, doctor) = (task_of(&one, 0), task_of(&one, 1), task_of(&one, 2));
        // It is the same row as the worker's task, and its title stands in the plan only.
        let task = app.read_task(worker, room);
        assert_eq!((task["title"].as_str(), task["kind"].as_str()), (Some("Tìm phòng trọ"), Some("plan_step")));
        assert_eq!(app.number("select count(*) as n from tasks where sealed_title is not null"), 0);
        assert_eq!(app.number("select count(*) as n from tasks"), 4);
        app.task_step(worker, room, "complete", &json!({"done_on": app.today()})).expect(200);

        let kept = |task: Uuid, mut step: Value| { step["task_id"] = json!(task); step };
        let second = plan_body(app.today(), app.days_ago(-60), &[
            kept(room, step("Tìm phòng trọ", None, app.days_ago(-5))),
            kept(papers, step("Làm lại căn cước", None, app.days_ago(-20))),
            step("Học nghề may", None, app.days_ago(-40)),
        ]);
        let version = app.plan(worker, case)["version"].as_i64();
        let two = app.put_plan(worker, case, version, &second).send().expect(200).json();
        assert_eq!((two["number"].as_i64(), two["current"].as_bool()), (Some(2), Some(true)));
        assert_eq!(task_of(&two, 0), room);
        assert_eq!(two["goals"][0]["steps"][0]["status"], "done", "what was done stays done");
        let papers_now = app.read_task(worker, papers);
        assert_eq!((papers_now["title"].as_str(), papers_now["due_on"].clone()), (Some("Làm lại căn cước"), json!(app.days_ago(-20))));
        assert_eq!(papers_now["owner"]["account_id"], json!(worker.id));
        let dropped = app.read_task(worker, doctor);
        assert_eq!((dropped["status"].as_str(), dropped["cancel_reason"].as_str()), (Some("cancelled"), Some("plan_changed")));
        assert_eq!(app.number("select count(*) as n from tasks"), 5);

        let earlier = app.get(&format!("/cases/{case}/care-plan/versions/1")).by(worker).send().expect(200).json();
        assert_eq!(earlier["current"], false);
        assert_eq!(earlier["goals"][0]["steps"][1]["title"], "Làm lại giấy tờ");
        assert_eq!(earlier["goals"][0]["steps"][1]["owner"]["account_id"], json!(world.second_worker.id));
        assert_eq!(earlier["review_on"], json!(app.days_ago(-30)));
        let versions = app.all_items(worker, &format!("/cases/{case}/care-plan/versions"), 1);
        assert_eq!(versions.iter().map(|head| &head["number"]).collect::<Vec<_>>(), [&json!(2), &json!(1)]);
        app.get(&format!("/cases/{case}/care-plan/versions/3")).by(worker).send().expect(404);
        assert_eq!(app.plan(&world.manager, case)["number"], 2);
    }

    fn two_who_save_a_plan_at_once_do_not_overwrite_each_other(app: &TestApp) {
        let world = World::build(app);
        let case = open_case(app, &world);
        let body = plan_body(app.today(), app.days_ago(-30), &[]);
        app.put_plan(&world.worker, case, Some(1), &body).send().expect_problem(412, "version_stale");
        app.put_plan(&world.worker, case, None, &body).send().expect(200);
        app.put_plan(&world.manager, case, None, &body).send().expect_problem(428, "version_required");
        app.put_plan(&world.manager, case, Some(1), &body).send().expect(200);
        let late = app.put_plan(&world.worker, case, Some(1), &body).send().expect_problem(412, "version_stale");
        assert_eq!(late.version(), 2);
        assert_eq!(app.number("select count(*) as n from care_plans"), 2);
    }

    fn the_case_file_shows_the_step_of_case_management_that_the_record_puts_it_in(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let progress = || app.get(&format!("/cases/{case}")).by(worker).send().expect(200).json()["progress"].clone();
        let at = |step: &str, since| json!({"step": step, "since": since});
        assert_eq!(progress(), at("engagement", app.days_ago(10)));
        app.move_case(worker, case, "screened", app.days_ago(8)).expect(200);
        assert_eq!(progress(), at("assessment", app.days_ago(8)));
        app.assess(worker, case, &["social_support"], app.days_ago(7));
        assert_eq!(progress(), at("action_planning", app.days_ago(7)));
        let plan = plan_body(app.days_ago(6), app.days_ago(-30), &[step("Tìm phòng trọ", None, app.today())]);
        let plan = app.put_plan(worker, case, None, &plan).send().expect(200).json();
        assert_eq!(progress(), at("implementation", app.days_ago(6)));
        app.move_case(worker, case, "receiving_support", app.days_ago(5)).expect(200);
        assert_eq!(progress(), at("implementation", app.days_ago(6)));
        app.task_step(worker, task_of(&plan, 0), "complete", &json!({"done_on": app.days_ago(2)})).expect(200);
        assert_eq!(progress(), at("follow_up", app.days_ago(2)));
        app.move_case(worker, case, "closed", app.days_ago(1)).expect(200);
        assert_eq!(progress(), at("closure", app.days_ago(1)));
        app.move_case(worker, case, "receiving_support", app.today()).expect(200);
        assert_eq!(progress(), at("implementation", app.today()));
    }

    fn an_assessment_tells_risk_findings_and_next_review_to_those_who_see_the_case_only(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, open_case(app, &world));
        let body = json!({
            "assessed_on": app.today(), "risk": "high", "findings": "  Bị đe dọa ở nhà  ", "next_review_on": app.days_ago(-14),
            "needs": [
                {"service_type": "medical", "in_need": true, "eligible": true, "reason": "statutory", "need_reason": "observed"},
                {"service_type": "loan", "in_need": true, "eligible": false, "reason": "papers_missing"},
            ],
        });
        let path = format!("/cases/{case}/assessments");
        let key = app.new_key();
        let made = app.post(&path, &body).by(worker).key(&key).send().expect(201).json();
        let again = app.post(&path, &body).by(worker).key(&key).send().expect(201).json();
        assert_eq!(made, again, "a repeated request shows the same");
        app.assess(worker, case, &["medical"], app.today());
        let items = app.all_items(&world.manager, &path, 200);
        let first = items.iter().find(|item| item["id"] == made["id"]).expect("it is there");
        assert_eq!((first["risk"].as_str(), first["findings"].as_str()), (Some("high"), Some("Bị đe dọa ở nhà")));
        assert_eq!(first["next_review_on"], json!(app.days_ago(-14)));
        assert_eq!(first["needs"][0]["reason"], "papers_missing");
        assert_eq!(first["needs"][1]["need_reason"], "observed");
        app.get(&path).by(&world.other_worker).send().expect(404);
        app.get(&path).by(&world.banker).send().expect(403);
    }
}
