//! The life of a case: deadlines, who may take which step, follow-up, trafficked again.

use chrono::Days;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::casework::person_body;
use crate::support::world::COMMUNE;
use crate::support::{TestApp, User, World, both_dbs};

/// What is to be done in a case, and until when.
fn deadlines(app: &TestApp, user: &User, case: Uuid) -> Vec<(String, String, bool)> {
    let file = app.get(&format!("/cases/{case}")).by(user).send().expect(200).json();
    let all = file["deadlines"].as_array().expect("deadlines").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    all.map(|one| (text(&one["what"]), text(&one["due_on"]), one["overdue"] == true)).collect()
}

fn follow_up(app: &TestApp, user: &User, case: Uuid, months: i32, finding: &str) -> crate::support::client::Reply {
    let body = json!({"months": months, "done_on": app.today(), "finding": finding, "note": "Đang đi làm ở chợ"});
    app.post(&format!("/cases/{case}/follow-ups"), &body).by(user).send()
}

both_dbs! {
    fn steps_taken_before_the_case_was_given_to_a_worker_keep_their_days(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.manager, "Trần Thị Giấy");
        let case = app.case(&world.manager, person, "possible_victim", app.days_ago(90));
        app.give_case(&world.manager, case, Some(world.worker.id)).expect(200);
        for (to, days) in [("screened", 89), ("under_verification", 88), ("confirmed", 60)] {
            app.move_case(&world.worker, case, to, app.days_ago(days)).expect(200);
        }
        app.move_case(&world.worker, case, "receiving_support", app.days_ago(61)).expect(422);
        let file = app.get(&format!("/cases/{case}")).by(&world.worker).send().expect(200).json();
        assert_eq!(file["identified_on"], json!(app.days_ago(60)));
    }

    fn a_refusal_costs_nothing_and_is_lifted_by_a_new_finding(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Trần Thị Thong Thả");
        let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(9));
        app.consent(&world.worker, person, world.lender, app.days_ago(8));
        app.assess(&world.worker, case, &["loan"], app.days_ago(7));
        let draft = app.draft(&world.worker, case, "loan", world.lender);
        let refusal = json!({"refused_on": app.days_ago(6)});
        app.post(&format!("/cases/{case}/refusals"), &refusal).by(&world.worker).send().expect(201);
        app.step(&world.worker, draft, "send").expect_problem(409, "not_wanted_now");
        app.give(&world.worker, case, "social_support", app.today());
        app.assess(&world.worker, case, &["loan"], app.today());
        app.step(&world.worker, draft, "send").expect(200);
    }

    fn no_walk_through_the_statuses_leaves_the_table_and_every_status_has_a_way_out(app: &TestApp) {
        use hoanhap::cases::CaseStatus;
        let world = World::build(app);
        let random = hoanhap::clock::Random::seeded(53);
        let person = app.person(&world.worker, "Ngô Thị Đường Dài");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(1));
        let mut at = CaseStatus::Received;
        let mut visited = std::collections::BTreeSet::from([at]);
        for step in 0..200 {
            app.clock.advance(chrono::TimeDelta::milliseconds(1));
            let pick = |list: &[CaseStatus]| list[usize::from(random.bytes::<1>()[0]) % list.len()];
            let legal: Vec<CaseStatus> = CaseStatus::ALL.iter().copied().filter(|to| at.may_become(*to)).collect();
            // The beginning is walked once: nothing leads back to it.
            let to = match step {
                0 => CaseStatus::Screened,
                _ if step % 2 == 0 => pick(&legal),
                _ => pick(CaseStatus::ALL),
            };
            let reply = app.move_case(&world.worker, case, to.as_str(), app.today());
            assert_eq!(reply.status == 200, at.may_become(to), "{at} to {to}: {}", reply.text());
            if reply.status == 200 {
                let view = reply.json();
                assert_eq!(view["closed_on"].is_null(), to != CaseStatus::Closed);
                assert_eq!(view["close_reason"].is_null(), to != CaseStatus::Closed);
                at = to;
                visited.insert(at);
            }
        }
        assert_eq!(visited.len(), CaseStatus::ALL.len(), "the walk saw {visited:?}");
        let events = app.all_items(&world.worker, &format!("/cases/{case}/events"), 50);
        let mut last = None;
        for event in events {
            assert_eq!(event["from_status"].as_str(), last.as_deref(), "each step begins where the last one ended");
            last = event["to_status"].as_str().map(str::to_owned);
        }
        assert_eq!(last.as_deref(), Some(at.as_str()));
    }

    fn the_time_for_verification_runs_from_each_step_of_the_identification(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lò Thị Mây");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(10));
        let due = |days: u64| (app.days_ago(10) + Days::new(days)).to_string();
        assert_eq!(deadlines(app, &world.worker, case), [("screening".into(), due(3), true)]);
        app.move_case(&world.worker, case, "screened", app.days_ago(9)).expect(200);
        assert_eq!(deadlines(app, &world.worker, case), []);
        app.move_case(&world.worker, case, "under_verification", app.days_ago(8)).expect(200);
        assert_eq!(deadlines(app, &world.worker, case), [("identification".into(), due(22), false)]);
        app.move_case(&world.worker, case, "confirmed", app.today()).expect(200);
        assert_eq!(deadlines(app, &world.worker, case), []);
    }

    fn a_child_is_to_have_a_plan_within_five_working_days(app: &TestApp) {
        let world = World::build(app);
        let mut body = person_body("Giàng A Páo");
        body["birth"] = json!({"precision": "year", "year": 2008});
        let person = app.post("/persons", &body).by(&world.worker).send().expect(201).id();
        let case = app.case(&world.worker, person, "at_risk", app.today());
        // 15/10/2025 is a Wednesday. Of the year alone, the last day counts: she may still be 16.
        assert_eq!(deadlines(app, &world.worker, case), [("minors_plan".into(), "2025-10-22".into(), false)]);
    }

    fn a_counsellor_works_on_a_case_but_records_no_decision_of_an_authority_and_ends_nothing(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Nguyễn Thị Hoa");
        let case = app.case(&world.worker, person, "possible_victim", app.days_ago(9));
        let version = app.get(&format!("/cases/{case}")).by(&world.worker).send().expect(200).version();
        let to_counsellor = json!({"account_id": world.counsellor.id});
        app.put(&format!("/cases/{case}/assignment"), &to_counsellor).by(&world.manager).version(version).send().expect(200);
        let step = |to: &str, user: &User| app.move_case(user, case, to, app.today());
        step("screened", &world.counsellor).expect(200);
        step("under_verification", &world.counsellor).expect(200);
        step("confirmed", &world.counsellor).expect(403);
        step("confirmed", &world.manager).expect(200);
        step("receiving_support", &world.counsellor).expect(200);
        step("closed", &world.counsellor).expect(403);
        step("closed", &world.manager).expect(200);
        step("receiving_support", &world.counsellor).expect(403);
        step("receiving_support", &world.manager).expect(200);
    }

    fn a_closed_case_is_followed_up_at_three_six_and_twelve_months_each_once(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Vũ Thị Lành");
        let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(30));
        follow_up(app, &world.worker, case, 3, "stable").expect_problem(409, "not_closed");
        app.move_case(&world.worker, case, "closed", app.today()).expect(200);
        let kinds = |app: &TestApp| deadlines(app, &world.worker, case).into_iter().map(|d| d.0).collect::<Vec<_>>();
        assert_eq!(kinds(app), ["follow_up_3", "follow_up_6", "follow_up_12"]);
        let early = follow_up(app, &world.worker, case, 3, "stable").expect(422).json();
        assert_eq!(early["errors"][0]["field"], "done_on");
        // Three months from 15 October 2025, and thirty days before.
        assert_eq!(early["errors"][0]["message"], "Ngày không được trước 16/12/2025.");
        let other = follow_up(app, &world.worker, case, 5, "stable").expect(422).json();
        assert_eq!(other["errors"][0]["field"], "months");
        app.pass_days(92);
        follow_up(app, &world.worker, case, 3, "not_reached").expect(201);
        assert_eq!(kinds(app).len(), 3, "an attempt that reached nobody is none");
        follow_up(app, &world.worker, case, 3, "needs_support").expect(201);
        assert_eq!(kinds(app), ["follow_up_6", "follow_up_12"]);
        follow_up(app, &world.worker, case, 3, "stable").expect_problem(409, "followed_up");
        let list = app.get(&format!("/cases/{case}/follow-ups")).by(&world.worker).send().expect(200).json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(list["items"][0]["note"], "Đang đi làm ở chợ");
        app.move_case(&world.worker, case, "receiving_support", app.today()).expect(200);
        assert_eq!(kinds(app), Vec::<String>::new(), "reopened, there is nothing to follow up");
        app.move_case(&world.worker, case, "closed", app.today()).expect(200);
        assert_eq!(kinds(app).len(), 3, "a new closing begins anew");
    }

    fn somebody_who_died_is_not_followed_up(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Vũ Thị Thơm");
        let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(30));
        let body = json!({"to": "closed", "occurred_on": app.today(), "reason": "died"});
        app.post(&format!("/cases/{case}/status"), &body).by(&world.worker).version(1).send().expect(200);
        assert_eq!(deadlines(app, &world.worker, case), []);
        follow_up(app, &world.worker, case, 3, "stable").expect_problem(409, "no_follow_up");
    }

    fn a_person_trafficked_again_has_a_new_case_that_is_counted_as_such(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Sùng Thị Dua");
        let first = app.case(&world.worker, person, "possible_victim", app.days_ago(90));
        app.move_case(&world.worker, first, "closed", app.days_ago(60)).expect(200);
        let body = |category: &str| json!({
            "person_id": person, "unit_code": COMMUNE, "category": category, "received_on": app.today(),
            "trafficked_again": true,
        });
        let wrong = app.post("/cases", &body("person_selling_sex")).by(&world.worker).send().expect(422).json();
        assert_eq!(wrong["errors"][0]["field"], "trafficked_again");
        let second = app.post("/cases", &body("possible_victim")).by(&world.worker).send().expect(201);
        assert_eq!(second.json()["trafficked_again"], true);
        let again = app.all_items(&world.manager, "/cases?trafficked_again=true", 50);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0]["id"], json!(second.id()));
        let of_person = app.all_items(&world.manager, &format!("/cases?person_id={person}"), 50);
        assert_eq!(of_person.len(), 2, "one person, two cases");
    }
}
