//! Somebody wants no support, loses nothing by it, and comes back.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{agree, bystanders, figure, hidden_from, pair, read, register, reminders, served, until};
use crate::support::{TestApp, World, both_dbs};

const NEEDS: [&str; 3] = ["medical", "psychological", "initial_allowance"];

/// MB-01 (a victim's regimes) and 808-10 (support of those who sell sex), of 2025.
fn figures(app: &TestApp, world: &World) -> ([i64; 3], [i64; 3]) {
    let of = |plan, indicator| figure(app, &world.manager, plan, indicator, 2025);
    (of("mb-2021-2025", "MB-01"), of("vn-808-2021-2025", "808-10"))
}

/// What she may have, letter by letter.
fn rights(app: &TestApp, world: &World, case: Uuid) -> Vec<(Value, Value, Value)> {
    let all = app.entitlements(&world.worker, case);
    let items = all["items"].as_array().expect("items").iter();
    items.map(|item| (item["service_type"].clone(), item["available"].clone(), item["until"].clone())).collect()
}

/// An identified victim who needs three things; nobody gave her any yet.
fn in_need(app: &TestApp, world: &World) -> (Uuid, Uuid, Uuid) {
    let worker = &world.worker;
    let person = register(app, worker, "Bùi Thị Lặng", |body| body["categories"] = json!(["possible_victim"]));
    let case = app.victims_case(worker, person, app.today(), app.today());
    app.assess(worker, case, &NEEDS, app.today());
    agree(app, worker, person, "referral", world.clinic, None);
    let draft = app.draft(worker, case, "psychological", world.clinic);
    assert_eq!(figures(app, world), ([0, 1, 0], [0, 0, 0]));
    (person, case, draft)
}

/// She wants nothing of it now: that is noted, and nothing else happens to her.
fn refused(app: &TestApp, world: &World, case: Uuid, draft: Uuid) {
    let worker = &world.worker;
    let (rights_before, status_before) =
        (rights(app, world, case), read(app, worker, &format!("/cases/{case}"))["status"].clone());
    until(app, "2025-10-20");
    let body = json!({"refused_on": app.today()});
    app.post(&format!("/cases/{case}/refusals"), &body).by(worker).send().expect(201);
    app.step(worker, draft, "send").expect_problem(409, "not_wanted_now");
    assert_eq!(figures(app, world), ([0, 0, 1], [0, 0, 0]), "beside both numbers: neither served nor left out");
    assert_eq!(rights(app, world, case), rights_before, "she may have all that she could have before");
    let file = read(app, worker, &format!("/cases/{case}"));
    assert_eq!((&file["status"], &file["closed_on"]), (&status_before, &Value::Null));
    let path = format!("/cases/{case}/refusals");
    for user in [worker, &world.manager] {
        let noted = read(app, user, &path);
        assert_eq!(noted["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&noted["items"][0]["service_type"], &noted["items"][0]["refused_on"]),
            (&Value::Null, &json!("2025-10-20"))
        );
    }
    hidden_from(app, &bystanders(world), std::slice::from_ref(&path));
    hidden_from(app, &[&world.banker, &world.teacher, &world.shelter_keeper, &world.second_worker], &[path]);
    assert!(app.all_items(&world.shelter_keeper, "/referrals", 50).is_empty());
}

/// The file is closed without a bad word, she is asked after, and now she would like to.
fn came_back(app: &TestApp, world: &World, case: Uuid) {
    let worker = &world.worker;
    until(app, "2025-10-27");
    let body = json!({"to": "closed", "occurred_on": app.today(), "reason": "not_wanted_now"});
    let version = app.get(&format!("/cases/{case}")).by(worker).send().expect(200).version();
    app.post(&format!("/cases/{case}/status"), &body).by(worker).version(version).send().expect(200);
    assert_eq!(figures(app, world), ([0, 0, 1], [0, 0, 0]));
    until(app, "2025-12-20");
    app.move_case(worker, case, "receiving_support", app.today()).expect(200);
    assert_eq!(figures(app, world).0, [0, 0, 1], "until it is offered again");
    app.assess(worker, case, &NEEDS, app.today());
    assert_eq!(figures(app, world).0, [0, 1, 0], "offered again, it is due again");
}

/// What she did not want is given to her like to anybody.
fn helped(app: &TestApp, world: &World, person: Uuid, case: Uuid) {
    let worker = &world.worker;
    let clinic = app.account("bacsi", hoanhap::grants::Role::Partner, Some(world.clinic), None);
    app.give(worker, case, "medical", app.today());
    app.give(worker, case, "initial_allowance", app.today());
    let referral = served(app, (worker, &clinic), case, "psychological", world.clinic);
    let told = app.get(&format!("/referrals/{referral}")).by(&clinic).send().expect(200).text();
    for word in ["refus", "not_wanted", "từ chối", "victim"] {
        assert!(!told.contains(word), "the clinic reads {word}: {told}");
    }
    assert_eq!(figures(app, world).0, [0, 1, 0], "two of three");
    app.deliver(&clinic, referral, "psychological", app.today());
    assert_eq!(figures(app, world), ([1, 1, 0], [0, 0, 0]));
    until(app, "2026-01-10");
    assert!(!reminders(app, worker).contains(&pair("follow_up_due", "2026-01-27")), "reopened, nobody asks after her");
    hidden_from(app, &bystanders(world), &[format!("/persons/{person}")]);
}

both_dbs! {
    fn who_wants_no_support_loses_nothing_counts_against_nobody_and_may_think_again(app: &TestApp) {
        let world = World::build(app);
        let (person, case, draft) = in_need(app, &world);
        refused(app, &world, case, draft);
        came_back(app, &world, case);
        helped(app, &world, person, case);
    }

    fn a_refusal_by_somebody_who_sells_sex_leaves_the_figure_as_it_was(app: &TestApp) {
        let world = World::build(app);
        let person = register(app, &world.worker, "Bùi Thị Thầm", |_| {});
        let case = app.case(&world.worker, person, "person_selling_sex", app.today());
        app.assess(&world.worker, case, &["social_support"], app.today());
        assert_eq!(figures(app, &world).1, [0, 1, 0]);
        let body = json!({"service_type": "social_support", "refused_on": app.today()});
        app.post(&format!("/cases/{case}/refusals"), &body).by(&world.worker).send().expect(201);
        // Decision 8: she was in need and eligible, and was not served; only an assessment moves that.
        assert_eq!(figures(app, &world).1, [0, 1, 0]);
        let needs = json!([{"service_type": "social_support", "in_need": false, "eligible": true}]);
        app.pass_days(1);
        let body = json!({"assessed_on": app.today(), "needs": needs});
        app.post(&format!("/cases/{case}/assessments"), &body).by(&world.worker).send().expect(201);
        assert_eq!(figures(app, &world).1, [0, 1, 0], "a need found in the year stays counted");
    }
}
