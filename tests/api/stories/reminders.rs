//! Reminders and overviews: computed from the record, within reach, page by page.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::plans::{each, plan_body, step};
use crate::support::{TestApp, User, World, both_dbs};

/// A case of the worker with something due of every kind.
fn busy_case(app: &TestApp, world: &World) -> Uuid {
    let worker = &world.worker;
    let person = app.person(worker, "Lò Thị Mẩy");
    let case = app.case(worker, person, "person_selling_sex", app.days_ago(60));
    app.consent(worker, person, world.lender, app.days_ago(60));
    let assessment = json!({
        "assessed_on": app.days_ago(50), "risk": "low", "next_review_on": app.days_ago(-6),
        "needs": [{"service_type": "loan", "in_need": true, "eligible": true}],
    });
    app.post(&format!("/cases/{case}/assessments"), &assessment).by(worker).send().expect(201);
    let plan = plan_body(
        app.days_ago(49),
        app.days_ago(-7),
        &[
            step("Tìm phòng trọ", None, app.days_ago(1)),
            json!({"title": "Gặp bác sĩ", "owner": {"kind": "person"}, "due_on": app.days_ago(-3)}),
            step("Còn lâu", None, app.days_ago(-4)),
        ],
    );
    app.put_plan(worker, case, None, &plan).send().expect(200);
    app.referral(worker, case, "loan", world.lender);
    case
}

fn places(items: &[Value]) -> Vec<(String, String)> {
    let place = |item: &Value| {
        (item["kind"].as_str().unwrap_or_default().to_owned(), item["due_on"].as_str().unwrap_or_default().to_owned())
    };
    items.iter().map(place).collect()
}

both_dbs! {
    fn every_kind_comes_when_it_is_due_in_one_list_and_goes_when_it_is_done(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, busy_case(app, &world));
        let mine = || app.all_items(worker, "/reminders", 200);
        let on = |kind: &str, day: i64| (kind.to_owned(), app.days_ago(day).to_string());
        // The referral is due in ten days, and reminds two days before.
        let now = [
            on("no_contact", 5), on("task_due", 1), on("step_of_others_due", -3), on("assessment_review_due", -6), on("plan_review_due", -7),
        ];
        assert_eq!(places(&mine()), now);
        assert_eq!(mine()[1]["overdue"], true);
        for limit in [1, 2, 4] {
            assert_eq!(app.all_items(worker, "/reminders", limit), mine(), "pages of {limit}");
        }
        assert_eq!(app.all_items(&world.manager, "/reminders?of=centre", 2), mine());
        for other in [&world.second_worker, &world.counsellor, &world.other_worker, &world.manager] {
            assert_eq!(app.all_items(other, "/reminders", 50), Vec::<Value>::new(), "{}", other.username);
        }
        // Each goes when its ground does.
        let task = mine()[1]["id"].as_str().expect("an id").to_owned();
        app.task_step(worker, task.parse().expect("an id"), "complete", &json!({"done_on": app.today()})).expect(200);
        app.assess(worker, case, &["loan"], app.today());
        assert_eq!(places(&mine()), [on("step_of_others_due", -3), on("plan_review_due", -7)]);
        let plan = plan_body(app.today(), app.days_ago(-90), &[]);
        app.put_plan(worker, case, app.plan(worker, case)["version"].as_i64(), &plan).send().expect(200);
        assert_eq!(places(&mine()), []);
        app.pass_days(8);
        assert_eq!(each(&mine(), "kind"), ["referral_answer_due"]);
        app.move_case(worker, case, "closed", app.today()).expect(200);
        assert_eq!(places(&mine()), []);
    }

    fn a_case_in_danger_is_pointed_out_sooner_and_one_that_rests_not_at_all(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let case = |risk: &str| {
            let person = app.person(worker, "Lò Thị Mẩy");
            let case = app.case(worker, person, "person_selling_sex", app.days_ago(4));
            let need = json!([{"service_type": "medical", "in_need": true, "eligible": true}]);
            let body = json!({"assessed_on": app.days_ago(4), "risk": risk, "needs": need});
            app.post(&format!("/cases/{case}/assessments"), &body).by(worker).send().expect(201);
            case
        };
        let (danger, _low) = (case("immediate_danger"), case("low"));
        let silent = || app.all_items(worker, "/reminders", 50);
        assert_eq!(each(&silent(), "case_id"), [danger.to_string()]);
        let called = app.task(worker, danger, app.days_ago(-20));
        app.task_step(worker, called, "complete", &json!({"done_on": app.today()})).expect(200);
        assert_eq!(silent(), Vec::<Value>::new(), "a call that was made is a contact");
        app.pass_days(4);
        assert_eq!(each(&silent(), "kind"), ["no_contact"]);
        app.move_case(worker, danger, "screened", app.today()).expect(200);
        app.move_case(worker, danger, "receiving_support", app.today()).expect(200);
        app.move_case(worker, danger, "suspended", app.today()).expect(200);
        app.pass_days(20);
        assert!(!each(&silent(), "case_id").contains(&danger.to_string().as_str()));
        app.pass_days(6);
        let of_danger: Vec<Value> = silent().into_iter().filter(|item| item["case_id"] == json!(danger)).collect();
        assert_eq!(each(&of_danger, "kind"), ["contact_due"], "a suspension is looked at again after thirty days");
    }

    fn deadlines_of_the_law_come_before_their_day_and_go_when_they_are_met(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let mut child = person_body("Lò Thị Mẩy");
        child["birth"] = json!({"precision": "exact", "date": "2010-05-05"});
        let child = app.post("/persons", &child).by(worker).send().expect(201).id();
        let case = app.case(worker, child, "possible_victim", app.today());
        let kinds = || places(&app.all_items(worker, "/reminders", 1)).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(kinds(), ["screening_due"], "the plan is due in seven days");
        app.pass_days(2);
        assert_eq!(kinds(), ["screening_due", "minors_plan_due"]);
        app.move_case(worker, case, "screened", app.today()).expect(200);
        app.put_plan(worker, case, None, &plan_body(app.today(), app.days_ago(-90), &[])).send().expect(200);
        assert_eq!(kinds(), Vec::<String>::new());
        app.move_case(worker, case, "under_verification", app.today()).expect(200);
        app.pass_days(16);
        assert_eq!(kinds(), ["identification_due"]);
        assert_eq!(app.all_items(&world.manager, "/reminders?of=centre", 50).len(), 1);
    }

    fn follow_ups_are_reminded_of_until_done_or_long_past(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Lò Thị Mẩy");
        let case = app.case(worker, person, "at_risk", app.days_ago(3));
        app.move_case(worker, case, "closed", app.today()).expect(200);
        let due = || app.all_items(worker, "/reminders", 50);
        assert_eq!(due(), Vec::<Value>::new());
        app.pass_days(80);
        assert_eq!(each(&due(), "kind"), ["follow_up_due"]);
        let body = |finding: &str| json!({"months": 3, "done_on": app.today(), "finding": finding});
        let path = format!("/cases/{case}/follow-ups");
        app.post(&path, &body("not_reached")).by(worker).send().expect(201);
        assert_eq!(due().len(), 1, "somebody who was not reached is asked again");
        app.post(&path, &body("stable")).by(worker).send().expect(201);
        assert_eq!(due(), Vec::<Value>::new());
        for days in [150, 150] {
            app.pass_days(days);
            assert_eq!(each(&due(), "kind"), ["follow_up_due"], "after six months, and after twelve");
        }
        app.pass_days(400);
        assert_eq!(due(), Vec::<Value>::new());
    }

    fn what_runs_out_is_reminded_of_before_it_does(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let mut child = person_body("Lò Thị Mẩy");
        child["birth"] = json!({"precision": "exact", "date": "2007-11-01"});
        let child = app.post("/persons", &child).by(worker).send().expect(201).id();
        app.case(worker, child, "at_risk", app.days_ago(1));
        app.guardians_consent(worker, child, world.school, app.today());
        let kinds = || {
            let all = app.all_items(worker, "/reminders", 50);
            let mut kinds: Vec<String> = places(&all).into_iter().map(|(kind, _)| kind).collect();
            kinds.retain(|kind| !["minors_plan_due", "no_contact"].contains(&kind.as_str()));
            kinds
        };
        assert_eq!(kinds(), Vec::<String>::new());
        app.pass_days(4);
        assert_eq!(kinds(), ["consent_runs_out"], "seventeen days before coming of age less one");
        app.pass_days(14);
        app.consent(worker, child, world.school, app.today());
        assert_eq!(kinds(), Vec::<String>::new(), "of age, with an own consent");

        let other = app.person(worker, "Lò Thị Sua");
        let case = app.old_case(worker, other, "at_risk", app.days_ago(300));
        let referral = app.served_referral((worker, &world.banker), (other, case, world.lender), app.days_ago(290));
        app.disbursed_loan(worker, &world.banker, referral, app.days_ago(24));
        assert_eq!(kinds(), Vec::<String>::new());
        app.pass_days(3);
        assert_eq!(kinds(), ["instalment_due"]);
        assert_eq!(app.all_items(&world.banker, "/reminders", 50), Vec::<Value>::new(), "the lender keeps its own list");
    }

    fn partners_communes_and_managers_are_reminded_of_what_others_wait_for(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Lò Thị Mẩy");
        let case = app.case(worker, person, "at_risk", app.days_ago(5));
        app.consent(worker, person, world.school, app.days_ago(4));
        app.assess(worker, case, &["vocational_training"], app.days_ago(3));
        let referral = app.referral(worker, case, "vocational_training", world.school);
        let asked = |user: &User| app.all_items(user, "/reminders", 50);
        assert_eq!(asked(&world.teacher), Vec::<Value>::new());
        let days = app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect(200).json();
        let last: chrono::NaiveDate = days["answer_due_on"].as_str().and_then(|day| day.parse().ok()).expect("a day");
        app.pass_days((last - app.today()).num_days() - 1);
        let of_school = asked(&world.teacher);
        assert_eq!(each(&of_school, "kind"), ["referral_answer_due"]);
        assert_eq!((&of_school[0]["case_id"], &of_school[0]["id"]), (&Value::Null, &json!(referral)));
        assert_eq!(asked(&world.banker), Vec::<Value>::new());
        app.step(&world.teacher, referral, "accept").expect(200);
        assert!(!each(&asked(&world.teacher), "kind").contains(&"referral_answer_due"));

        let taken_in = app.person(&world.commune_officer, "Lò Thị Sua");
        let intake = app.case(&world.commune_officer, taken_in, "at_risk", app.today());
        assert_eq!(each(&asked(&world.commune_officer), "kind"), ["hand_over_due"]);
        let agreed = json!({
            "purpose": "transfer", "recipient_organisation_id": world.centre, "given_by": "self",
            "given_on": app.today(), "proof": "written_signature",
        });
        app.post(&format!("/persons/{taken_in}/consents"), &agreed).by(&world.commune_officer).send().expect(201);
        let offer = json!({"to_organisation_id": world.centre, "ground": "consent"});
        app.post(&format!("/cases/{intake}/transfers"), &offer).by(&world.commune_officer).send().expect(201);
        let of_centre = app.all_items(&world.manager, "/reminders?of=centre", 50);
        assert!(each(&of_centre, "kind").contains(&"transfer_answer_due"), "{of_centre:?}");
        app.get("/reminders").by(&world.supervisor).send().expect(403);
    }

    fn the_caseload_shows_open_cases_with_last_contact_next_task_and_risk(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, busy_case(app, &world));
        let person = app.person(worker, "Lò Thị Mẩy");
        let young = app.case(worker, person, "at_risk", app.days_ago(2));
        let person = app.person(worker, "Lò Thị Mẩy");
        let closed = app.case(worker, person, "at_risk", app.days_ago(3));
        app.move_case(worker, closed, "closed", app.today()).expect(200);
        let load = app.all_items(worker, "/overviews/caseload", 1);
        assert_eq!(each(&load, "id"), [case.to_string(), young.to_string()]);
        let told = |field: &str| load[0][field].clone();
        assert_eq!((told("person_name"), told("risk"), told("status")), (json!("Lò Thị Mẩy"), json!("low"), json!("received")));
        assert_eq!((told("last_contact_on"), told("next_task_on")), (json!(app.days_ago(50)), json!(app.days_ago(1))));
        assert_eq!((told("task_overdue"), load[1]["next_task_on"].clone()), (json!(true), Value::Null));
        let of_worker = format!("/overviews/caseload?assigned_to={}", worker.id);
        assert_eq!(app.all_items(&world.manager, &of_worker, 50), load);
        assert_eq!(app.all_items(&world.second_worker, &of_worker, 50), Vec::<Value>::new());
        let seen = app.number("select count(*) as n from view_log where action = 'list' and subject_kind = 'case'");
        assert!(seen >= 3, "{seen}");
    }

    fn the_workload_of_a_centre_counts_each_worker_once(app: &TestApp) {
        let world = World::build(app);
        let (worker, case) = (&world.worker, busy_case(app, &world));
        app.grant(worker, hoanhap::grants::Role::Counsellor, Some(world.centre), None);
        app.move_case(worker, case, "screened", app.today()).expect(200);
        let person = app.person(worker, "Lò Thị Mẩy");
        let second = app.case(worker, person, "at_risk", app.days_ago(2));
        let person = app.person(worker, "Lò Thị Mẩy");
        let waiting = app.case(worker, person, "at_risk", app.days_ago(2));
        app.give_case(&world.manager, waiting, None).expect(200);
        let read = || app.get("/overviews/centre-workload").by(&world.manager).send().expect(200).json();
        let of = |load: &Value, id: Uuid| {
            load["workers"].as_array().expect("workers").iter().find(|line| line["account_id"] == json!(id)).cloned()
        };
        let load = read();
        let mine = of(&load, worker.id).expect("the worker");
        assert_eq!((load["waiting_cases"].as_i64(), mine["open_cases"].as_i64()), (Some(1), Some(2)));
        assert_eq!(mine["by_status"], json!({"received": 1, "screened": 1}));
        assert_eq!((mine["overdue_tasks"].as_i64(), mine["works_here"].as_bool()), (Some(1), Some(true)));
        assert_eq!(of(&load, world.second_worker.id).expect("a worker without work")["open_cases"], 0);
        assert_eq!(of(&load, world.other_worker.id), None);
        app.give_case(&world.manager, second, Some(world.second_worker.id)).expect(200);
        assert_eq!(of(&read(), world.second_worker.id).expect("the worker")["open_cases"], 1);
        let foreign = format!("/overviews/centre-workload?organisation_id={}", world.other_centre);
        app.get(&foreign).by(&world.manager).send().expect(403);
        app.get("/overviews/centre-workload").by(worker).send().expect(403);
    }

    fn referrals_that_wait_are_listed_until_somebody_moves_them(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let case = busy_case(app, &world);
        let waiting = || app.all_items(worker, "/overviews/waiting-referrals", 1);
        assert_eq!(each(&waiting(), "waits_for"), ["answer"]);
        app.pass_days(11);
        assert_eq!(waiting()[0]["overdue"], true);
        app.keep_house();
        assert_eq!(each(&waiting(), "waits_for"), ["another_referral"], "an expired referral is not forgotten");
        let again = app.referral(worker, case, "loan", world.lender);
        assert_eq!(each(&waiting(), "id"), [again.to_string()], "the new one takes its place");
        app.step(&world.banker, again, "accept").expect(200);
        assert_eq!(each(&waiting(), "waits_for"), ["start"]);
        assert_eq!(app.all_items(&world.manager, "/overviews/waiting-referrals", 50), waiting());
        assert_eq!(app.all_items(&world.other_worker, "/overviews/waiting-referrals", 50), Vec::<Value>::new());
        app.get("/overviews/waiting-referrals").by(&world.banker).send().expect(403);
        app.step(&world.banker, again, "start").expect(200);
        assert_eq!(waiting(), Vec::<Value>::new());
    }
}
