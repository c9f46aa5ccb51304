//! Care plans, tasks, assessments and their lists, asked for in ways that cannot be.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::plans::{plan_body, step};
use crate::support::{TestApp, World, both_dbs};

fn case(app: &TestApp, world: &World) -> Uuid {
    let person = app.person(&world.worker, CANARY);
    app.case(&world.worker, person, "at_risk", app.days_ago(5))
}

both_dbs! {
    fn plans_that_cannot_be_are_refused_and_nothing_changes(app: &TestApp) {
        let world = World::build(app);
        let (case, another) = (case(app, &world), case(app, &world));
        let worker = &world.worker;
        let soon = app.days_ago(-9);
        let one = plan_body(app.today(), soon, &[step("Tìm phòng", None, soon), step("Giấy tờ", None, soon)]);
        let saved = app.put_plan(worker, case, None, &one).send().expect(200).json();
        let task = &saved["goals"][0]["steps"][0]["task_id"];
        let dropped = &saved["goals"][0]["steps"][1]["task_id"];
        let kept = |id: &Value| { let mut kept = step(CANARY, None, soon); kept["task_id"] = id.clone(); kept };
        app.put_plan(worker, case, Some(1), &plan_body(app.today(), soon, &[kept(task)])).send().expect(200);
        let free = json!(app.task(worker, case, soon));
        let version = || app.plan(worker, case)["version"].as_i64();
        let put = |body: Value| app.put_plan(worker, case, version(), &body);
        let steps = |steps: &[Value]| put(plan_body(app.today(), soon, steps));
        let owned = |owner: Value| steps(&[json!({"title": CANARY, "owner": owner, "due_on": soon})]);
        let text = |text: String| {
            let mut body = plan_body(app.today(), soon, &[]);
            body["goals"][0]["text"] = json!(text);
            put(body)
        };
        let approved = |on| {
            let mut body = plan_body(app.today(), soon, &[]);
            body["approved_on"] = json!(on);
            body
        };
        let many: Vec<Value> = (0..26).map(|_| step(CANARY, None, soon)).collect();
        let four = json!([{"text": CANARY, "steps": many}, {"text": CANARY, "steps": many}, {"text": CANARY, "steps": many}, {"text": CANARY, "steps": many}]);
        let mut too_many = plan_body(app.today(), soon, &[]);
        too_many["goals"] = four;
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let first = "goals[0].steps[0].task_id";
        refuse_all(app, vec![
            invalid("agreed tomorrow", put(plan_body(app.days_ago(-1), soon, &[]))).names("agreed_on", "not_in_future"),
            invalid("agreed before the case", put(plan_body(app.days_ago(6), soon, &[]))).names("agreed_on", "not_before"),
            invalid("reviewed before it is agreed", put(plan_body(app.today(), app.days_ago(1), &[]))).names("review_on", "not_before"),
            invalid("approved before it is agreed", put(approved(app.days_ago(1)))).names("approved_on", "not_before"),
            invalid("approved tomorrow", put(approved(app.days_ago(-1)))).names("approved_on", "not_in_future"),
            invalid("due before the case", steps(&[step(CANARY, None, app.days_ago(6))])).names("goals[0].steps[0].due_on", "not_before"),
            invalid("a task of nowhere", steps(&[kept(&json!(Uuid::nil()))])).names(first, "no_such_reference"),
            invalid("a task the plan dropped", steps(&[kept(dropped)])).names(first, "no_such_reference"),
            invalid("a free task", steps(&[kept(&free)])).names(first, "no_such_reference"),
            invalid("a task twice", steps(&[kept(task), kept(task)])).names("goals[0].steps[1].task_id", "conflicts_with"),
            invalid("a worker of another centre", owned(json!({"kind": "worker", "account_id": world.other_worker.id})))
                .names("goals[0].steps[0].owner.account_id", "no_such_reference"),
            invalid("a partner without organisation", owned(json!({"kind": "partner"})))
                .names("goals[0].steps[0].owner.organisation_id", "required"),
            invalid("a partner of nowhere", owned(json!({"kind": "partner", "organisation_id": Uuid::nil()})))
                .names("goals[0].steps[0].owner.organisation_id", "no_such_reference"),
            invalid("the person with an account", owned(json!({"kind": "person", "account_id": worker.id})))
                .names("goals[0].steps[0].owner.account_id", "conflicts_with"),
            Bad::new("an owner of no kind", owned(json!({"kind": CANARY})), 400, "malformed").names("goals[0].steps[0].owner.kind", "format"),
            invalid("no goal", put(json!({"agreed_with": "self", "agreed_on": app.today(), "review_on": soon, "goals": []}))).names("goals", "length"),
            invalid("a text of 10,000 characters", text("ă".repeat(10_000))).names("goals[0].text", "length"),
            invalid("a text with a bell", text(format!("{CANARY}\u{7}"))).names("goals[0].text", "control_character"),
            invalid("104 steps", put(too_many)).names("goals", "format"),
            Bad::new("an empty plan of another case's version", app.put_plan(worker, another, Some(2), &plan_body(app.today(), soon, &[])), 412, "version_stale"),
            Bad::new("no version", app.put_plan(worker, case, None, &plan_body(app.today(), soon, &[])), 428, "version_required"),
            Bad::new("a version that is none", app.put_plan(worker, case, None, &plan_body(app.today(), soon, &[])).header("if-match", CANARY), 400, "malformed"),
        ]);
        app.move_case(worker, case, "closed", app.today()).expect(200);
        refuse_all(app, vec![
            Bad::new("a plan of a closed case", app.put_plan(worker, case, version(), &plan_body(app.today(), soon, &[])), 409, "case_closed"),
        ]);
    }

    fn tasks_that_cannot_be_are_refused_and_nothing_changes(app: &TestApp) {
        let world = World::build(app);
        let (case, worker, soon) = (case(app, &world), &world.worker, app.days_ago(-9));
        let task = app.task(worker, case, soon);
        let make = |body: Value| app.post(&format!("/cases/{case}/tasks"), &body).by(worker);
        let body = |field: &str, value: Value| {
            let mut body = json!({"title": CANARY, "kind": "contact", "due_on": soon});
            body[field] = value;
            make(body)
        };
        let at = |step: &str, body: Value| app.post(&format!("/tasks/{task}/{step}"), &body).by(worker).version(1);
        let patch = |body: Value| app.patch(&format!("/tasks/{task}"), &body).by(worker).version(1);
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        refuse_all(app, vec![
            invalid("no title", body("title", json!(""))).names("title", "length"),
            invalid("a title of 201 characters", body("title", json!("ờ".repeat(201)))).names("title", "length"),
            invalid("a step without a plan", body("kind", json!("plan_step"))).names("kind", "conflicts_with"),
            malformed("an unknown kind", body("kind", json!(CANARY))).names("kind", "format"),
            invalid("due before the case", body("due_on", json!(app.days_ago(6)))).names("due_on", "not_before"),
            malformed("30 February", body("due_on", json!("2026-02-30"))).names("due_on", "format"),
            invalid("a manager's", body("owner_id", json!(world.manager.id))).names("owner_id", "no_such_reference"),
            invalid("a worker of another centre", body("owner_id", json!(world.other_worker.id))).names("owner_id", "no_such_reference"),
            invalid("done tomorrow", at("complete", json!({"done_on": app.days_ago(-1)}))).names("done_on", "not_in_future"),
            invalid("done before the case", at("complete", json!({"done_on": app.days_ago(6)}))).names("done_on", "not_before"),
            invalid("cancelled by what did not happen", at("cancel", json!({"reason": "case_closed"}))).names("reason", "format"),
            malformed("cancelled without reason", at("cancel", json!({}))).names("reason", "required"),
            Bad::new("open as it is", at("reopen", json!({})), 409, "illegal_transition"),
            invalid("given to nobody known", patch(json!({"owner_id": Uuid::nil()}))).names("owner_id", "no_such_reference"),
            invalid("made a step", patch(json!({"kind": "plan_step"}))).names("kind", "conflicts_with"),
            malformed("an unknown field", patch(json!({"status": "done"}))).names("status", "unknown_field"),
        ]);
    }

    fn assessments_say_why_and_reviews_lie_ahead(app: &TestApp) {
        let world = World::build(app);
        let (case, worker) = (case(app, &world), &world.worker);
        let ask = |field: &str, value: Value| {
            let mut body = json!({"assessed_on": app.today(), "needs": [{"service_type": "loan", "in_need": true, "eligible": true}]});
            body[field] = value;
            app.post(&format!("/cases/{case}/assessments"), &body).by(worker)
        };
        let need = |need: Value| ask("needs", json!([need]));
        let invalid = |what, call| Bad::new(what, call, 422, "invalid");
        refuse_all(app, vec![
            invalid("not eligible without reason", need(json!({"service_type": "loan", "in_need": true, "eligible": false}))).names("needs[0].reason", "required"),
            invalid("not eligible by law", need(json!({"service_type": "loan", "in_need": true, "eligible": false, "reason": "statutory"})))
                .names("needs[0].reason", "conflicts_with"),
            invalid("eligible and used up", need(json!({"service_type": "loan", "in_need": true, "eligible": true, "reason": "used_before"})))
                .names("needs[0].reason", "conflicts_with"),
            invalid("a reason for no need", need(json!({"service_type": "loan", "in_need": false, "eligible": true, "need_reason": "asked"})))
                .names("needs[0].need_reason", "conflicts_with"),
            invalid("reviewed on the day itself", ask("next_review_on", json!(app.today()))).names("next_review_on", "not_before"),
            Bad::new("an unknown risk", ask("risk", json!(CANARY)), 400, "malformed").names("risk", "format"),
            invalid("findings without words", ask("findings", json!(""))).names("findings", "length"),
            invalid("findings of 10,001 characters", ask("findings", json!("ệ".repeat(10_001)))).names("findings", "length"),
        ]);
        ask("findings", json!("ệ".repeat(10_000))).send().expect(201);
    }

    fn lists_are_asked_for_one_way_at_a_time(app: &TestApp) {
        let world = World::build(app);
        let get = |path: String| app.get(&path).by(&world.worker);
        let (id, centre) = (world.worker.id, world.centre);
        let invalid = |what, path: String| Bad::new(what, get(path), 422, "invalid");
        let cursor = "MjAyNS0xMC0xMHwwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA";
        refuse_all(app, vec![
            invalid("a worker's and a centre's", format!("/tasks?owner_id={id}&organisation_id={centre}")).names("owner_id", "conflicts_with"),
            invalid("a centre's and a case's", format!("/tasks?organisation_id={centre}&case_id={id}")).names("organisation_id", "conflicts_with"),
            invalid("done ones by when they are due", "/tasks?status=done&due=overdue".into()).names("due", "conflicts_with"),
            Bad::new("due some day", get(format!("/tasks?due={}", "someday")), 400, "malformed").names("due", "format"),
            invalid("201 rows", "/tasks?limit=201".into()).names("limit", "range"),
            invalid("mine of a centre", format!("/reminders?organisation_id={centre}")).names("organisation_id", "conflicts_with"),
            invalid("a cursor of another list", format!("/reminders?cursor={cursor}")).names("cursor", "cursor"),
            invalid("a cursor that is none", "/overviews/caseload?cursor=abc".into()).names("cursor", "cursor"),
            invalid("a cursor of another list", format!("/overviews/waiting-referrals?cursor={cursor}")).names("cursor", "cursor"),
            Bad::new("reminders of everybody", get("/reminders?of=all".into()), 400, "malformed").names("of", "format"),
        ]);
    }
}
