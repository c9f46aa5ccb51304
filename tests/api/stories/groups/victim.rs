//! A girl of 17 is handed over at the border and comes home: ten regimes, one after the other.

use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    accept, agree, bystanders, day, due, figure, hidden_from, pair, read, register, reminders, reminders_at, served,
    until,
};
use crate::support::loans::loan_body;
use crate::support::plans::{plan_body, step};
use crate::support::{TestApp, User, World, both_dbs};

const NAME: &str = "Vàng Thị Sáo";
const TEN: [&str; 10] = [
    "essential_needs",
    "medical",
    "interpreting",
    "legal_aid",
    "travel",
    "psychological",
    "general_education",
    "vocational_training",
    "initial_allowance",
    "loan",
];

/// Those who help her beside the world's people.
struct Helpers {
    clinic: User,
    legal_aid: Uuid,
    lawyer: User,
}

impl Helpers {
    fn build(app: &TestApp, world: &World) -> Self {
        let legal_aid = app.organisation(OrganisationKind::LegalAidCentre, "Trung tâm Trợ giúp pháp lý");
        Self {
            clinic: app.account("bacsi", Role::Partner, Some(world.clinic), None),
            lawyer: app.account("luatsu", Role::Partner, Some(legal_aid), None),
            legal_aid,
        }
    }
}

/// She, her mother who agrees for her, and the case of the centre.
struct Girl {
    person: Uuid,
    mother: Uuid,
    case: Uuid,
}

fn mb_01(app: &TestApp, world: &World) -> [i64; 3] {
    figure(app, &world.manager, "mb-2021-2025", "MB-01", 2025)
}

/// What she uses, has left and has beyond of a service.
fn counted(app: &TestApp, user: &User, case: Uuid, service: &str) -> [Option<i64>; 3] {
    let item = app.entitlement(user, case, service);
    ["used", "left", "over"].map(|name| item[name].as_i64())
}

/// The commune takes her in on the day, and hands her over.
fn handed_over(app: &TestApp, world: &World) -> Girl {
    let officer = &world.commune_officer;
    let person = register(app, officer, NAME, |body| {
        body["birth"] = json!({"precision": "exact", "date": "2007-12-01"});
        body["categories"] = json!(["possible_victim"]);
        body["ethnicity"] = json!("hmong");
    });
    let case = app.case(officer, person, "possible_victim", app.today());
    let wanted = [("hand_over", "2025-10-18"), ("screening", "2025-10-18"), ("minors_plan", "2025-10-22")];
    assert_eq!(due(app, officer, case), wanted.map(|(what, on)| pair(what, on)));
    assert_eq!(reminders(app, officer), [pair("hand_over_due", "2025-10-18")]);
    let records = [format!("/persons/{person}"), format!("/cases/{case}")];
    hidden_from(app, &[&world.manager, &world.worker, &world.shelter_keeper, &world.banker], &records);
    hidden_from(app, &bystanders(world), &records);
    app.move_case(officer, case, "screened", app.today()).expect(200);

    let body = json!({"to_organisation_id": world.centre, "ground": "legal_duty", "summary": "Nhận tại cửa khẩu"});
    let transfer = app.post(&format!("/cases/{case}/transfers"), &body).by(officer).send().expect(201).id();
    let offered = app.get(&format!("/transfers/{transfer}")).by(&world.manager).send().expect(200).text();
    assert!(!offered.contains("Sáo") && !offered.contains("cửa khẩu") && !offered.contains(&person.to_string()));
    assert_eq!(reminders_at(app, &world.manager, "/reminders?of=centre"), [pair("transfer_answer_due", "2025-10-20")]);
    hidden_from(app, &[&world.manager], &records);
    let case = accept(app, &world.manager, transfer);
    hidden_from(app, &[officer], &records);
    hidden_from(app, &[officer], &[format!("/cases/{case}")]);
    assert_eq!(reminders(app, officer), []);
    let file = read(app, &world.worker, &format!("/cases/{case}"));
    assert_eq!((&file["received_on"], &file["status"]), (&json!("2025-10-15"), &json!("screened")));
    app.give_case(&world.worker, case, Some(world.worker.id)).expect(200);
    hidden_from(app, &[&world.second_worker, &world.counsellor], &[format!("/cases/{case}")]);
    let mother = json!({"relation": "mother", "name": "Vàng Thị Mẹ", "from_on": app.today()});
    let mother = app.post(&format!("/persons/{person}/guardians"), &mother).by(&world.worker).send().expect(201).id();
    Girl { person, mother, case }
}

/// Her plan, a bed from the second day on, and the finding that she is a victim.
fn identified(app: &TestApp, world: &World, girl: &Girl) -> Uuid {
    let (worker, case) = (&world.worker, girl.case);
    until(app, "2025-10-16");
    let mut plan = plan_body(app.today(), day("2026-01-15"), &[step("Liên hệ gia đình", None, day("2025-10-20"))]);
    plan["agreed_with"] = json!("guardian");
    app.put_plan(worker, case, None, &plan).send().expect(200);
    assert_eq!(due(app, worker, case), [], "a plan in time");
    app.move_case(worker, case, "under_verification", app.today()).expect(200);
    assert_eq!(due(app, worker, case), [pair("identification", "2025-11-05")]);
    let all = app.entitlements(worker, case);
    assert_eq!((&all["standing"]["ground"], &all["statutory"]), (&json!("being_identified"), &json!(true)));
    for (service, allowed) in TEN.map(|service| (service, TEN[..6].contains(&service))) {
        assert_eq!(app.entitlement(worker, case, service)["available"], allowed, "{service} before the finding");
    }
    app.try_give(worker, case, "initial_allowance", app.today()).expect_problem(409, "not_entitled");
    app.assess(worker, case, &TEN[..6], app.today());
    agree(app, worker, girl.person, "referral", world.shelter, Some(girl.mother));
    let shelter = served(app, (worker, &world.shelter_keeper), case, "essential_needs", world.shelter);
    let body = json!({"referral_id": shelter, "room": "A12-1", "in_on": app.today()});
    let stay = app.post("/stays", &body).by(&world.shelter_keeper).send().expect(201).id();
    assert_eq!(mb_01(app, world), [0, 0, 0], "who is not identified counts in neither number");

    until(app, "2025-10-27");
    app.move_case(worker, case, "confirmed", app.today()).expect(200);
    app.move_case(worker, case, "receiving_support", app.today()).expect(200);
    let all = app.entitlements(worker, case);
    assert_eq!(
        (&all["standing"]["group"], &all["standing"]["law_of"]),
        (&json!("resident_victim"), &json!("2025-10-27"))
    );
    for service in TEN {
        assert_eq!(app.entitlement(worker, case, service)["available"], true, "{service} after the finding");
    }
    assert_eq!(mb_01(app, world), [0, 1, 0]);
    app.assess(worker, case, &TEN, app.today());
    stay
}

fn money(app: &TestApp, user: &User, case: Uuid, service: &str, dong: i64) {
    let body = json!({
        "case_id": case, "service_type": service, "delivered_on": app.today(), "form": "money", "amount_dong": dong,
    });
    app.post("/deliveries", &body).by(user).send().expect(201);
}

/// Nine regimes while she is 17, by the centre and by those it refers her to.
fn nine_regimes(app: &TestApp, world: &World, helpers: &Helpers, girl: &Girl) {
    let (worker, case) = (&world.worker, girl.case);
    money(app, worker, case, "travel", 350_000);
    app.give(worker, case, "interpreting", app.today());
    app.give(worker, case, "psychological", app.today());
    app.give(worker, case, "general_education", app.today());
    for (service, to, partner) in
        [("medical", world.clinic, &helpers.clinic), ("legal_aid", helpers.legal_aid, &helpers.lawyer)]
    {
        agree(app, worker, girl.person, "referral", to, Some(girl.mother));
        let referral = served(app, (worker, partner), case, service, to);
        app.deliver(partner, referral, service, app.today());
        let seen = app.get(&format!("/referrals/{referral}")).by(partner).send().expect(200).text();
        assert!(seen.contains(NAME) && !seen.contains("victim"), "{seen}");
        app.step(partner, referral, "complete").expect(200);
        let seen = app.get(&format!("/referrals/{referral}")).by(partner).send().expect(200).text();
        assert!(!seen.contains(NAME), "after the service the name is gone");
    }
    money(app, worker, case, "initial_allowance", 1_500_000);
    assert_eq!(mb_01(app, world), [0, 1, 0], "eight of ten");

    let course = app.course(&world.teacher, app.today());
    agree(app, worker, girl.person, "referral", world.school, Some(girl.mother));
    let referral = app.referral(worker, case, "vocational_training", world.school);
    app.step(&world.teacher, referral, "accept").expect(200);
    let enrolment = app.enrol(&world.teacher, referral, course).expect(201).id();
    for _ in 0..4 {
        app.mark(&world.teacher, course, app.today(), &[(enrolment, "present")]).expect(200);
        app.pass_days(1);
    }
    let body = json!({"completed_on": app.today(), "outcome": "achieved"});
    app.end_enrolment(&world.teacher, enrolment, "complete", &body).expect(200);
    // Four days at 30,000, the fee of 2,400,000, and 200,000 for a way of 18 km.
    let aid = app.aid(worker, enrolment, app.today()).expect(201).json();
    assert_eq!(aid["total_dong"], 2_720_000);
    assert_eq!(
        counted(app, worker, case, "vocational_training"),
        [Some(1), Some(0), Some(0)],
        "course and aid are one time"
    );
    assert_eq!(mb_01(app, world), [0, 1, 0], "nine of ten");
}

/// The tenth: of age, she agrees herself, and borrows.
fn tenth_regime(app: &TestApp, world: &World, girl: &Girl) -> Uuid {
    let (worker, case) = (&world.worker, girl.case);
    until(app, "2025-12-01");
    let shelter = app.all_items(&world.shelter_keeper, "/referrals", 50);
    assert!(shelter.iter().all(|one| one["person"].is_null()), "of age today: her mother's word no longer holds");
    agree(app, worker, girl.person, "referral", world.shelter, None);
    app.keep_house();
    agree(app, worker, girl.person, "referral", world.lender, None);
    let referral = served(app, (worker, &world.banker), case, "loan", world.lender);
    let loan = app.post("/loans", &loan_body(referral, app.today())).by(worker).send().expect(201).id();
    app.grant_loan(&world.banker, loan, 20_000_000, 10, app.today());
    assert_eq!(mb_01(app, world), [0, 1, 0], "a loan that was granted is not yet received");
    app.pay_out(&world.banker, loan, 20_000_000, app.today());
    assert_eq!(mb_01(app, world), [1, 1, 0]);
    loan
}

/// What the manager reads of all ten, and what exceeds them.
fn counted_and_limited(app: &TestApp, world: &World, girl: &Girl, stay: Uuid) {
    let (worker, case) = (&world.worker, girl.case);
    let all = app.figure(&world.manager, "mb-2021-2025", "MB-01", 2025);
    let by_service = all["by_service"].as_array().expect("services");
    let mut services: Vec<&str> = by_service.iter().map(|one| one["service_type"].as_str().expect("a word")).collect();
    services.sort_unstable();
    let mut ten = TEN;
    ten.sort_unstable();
    assert_eq!(services, ten);
    for one in by_service {
        assert_eq!((&one["numerator"], &one["denominator"]), (&json!(1), &json!(1)), "{one}");
    }
    assert_eq!((&all["percent"], &all["met"], &all["clients"]), (&json!(100.0), &json!(true), &json!(1)));
    assert_eq!(figure(app, &world.manager, "vn-808-2021-2025", "808-10", 2025), [0, 0, 0], "she sells nothing");
    hidden_from(
        app,
        &[worker, &world.supervisor, &world.shelter_keeper],
        &["/programmes/mb-2021-2025/indicators/MB-01/figure?year=2025".to_owned()],
    );

    // From the 16th of October to the 1st of December.
    assert_eq!(counted(app, worker, case, "essential_needs"), [Some(47), Some(73), Some(0)]);
    let free = ["medical", "interpreting", "legal_aid", "travel", "psychological", "loan"];
    for service in free {
        let item = app.entitlement(worker, case, service);
        assert_eq!(
            (&item["used"], &item["left"], &item["available"]),
            (&json!(1), &Value::Null, &json!(true)),
            "{service}"
        );
    }
    assert_eq!(counted(app, worker, case, "general_education"), [Some(1), Some(1), Some(0)], "one of two school years");
    assert_eq!(app.entitlement(worker, case, "general_education")["until"], "2027-08-31");
    for service in ["initial_allowance", "vocational_training"] {
        assert_eq!(counted(app, worker, case, service), [Some(1), Some(0), Some(0)]);
        app.try_give(worker, case, service, app.today()).expect_problem(409, "once_only_used");
    }
    until(app, "2026-02-07");
    assert!(reminders(app, worker).contains(&pair("stay_runs_out", "2026-02-12")), "{:?}", reminders(app, worker));
    until(app, "2026-02-13");
    app.try_give(worker, case, "essential_needs", app.today()).expect_problem(409, "days_used_up");
    app.stay_step(&world.shelter_keeper, stay, "leave", &json!({"out_on": "2026-02-12"})).expect(200);
    assert_eq!(counted(app, worker, case, "essential_needs"), [Some(120), Some(0), Some(0)]);
    app.try_give(worker, case, "essential_needs", app.today()).expect_problem(409, "days_used_up");
}

/// Closed as reintegrated, and asked after three times.
fn followed_up(app: &TestApp, world: &World, girl: &Girl, loan: Uuid) {
    let (worker, case) = (&world.worker, girl.case);
    until(app, "2026-02-20");
    app.move_case(worker, case, "closed", app.today()).expect(200);
    let file = read(app, worker, &format!("/cases/{case}"));
    assert_eq!((&file["close_reason"], &file["progress"]["step"]), (&json!("reintegrated"), &json!("closure")));
    assert_eq!(app.read_loan(worker, loan)["status"], "disbursed", "the contract goes on");
    let mine = |kind: &str| reminders(app, worker).into_iter().filter(|one| one.0 == kind).collect::<Vec<_>>();
    for (months, on, eve) in
        [(3, "2026-05-20", "2026-05-05"), (6, "2026-08-20", "2026-08-05"), (12, "2027-02-20", "2027-02-05")]
    {
        until(app, eve);
        assert_eq!(mine("follow_up_due"), [], "more than fourteen days before");
        until(app, on);
        assert_eq!(mine("follow_up_due"), [pair("follow_up_due", on)]);
        let body =
            json!({"months": months, "done_on": app.today(), "finding": "stable", "note": "Đang làm ở xưởng may"});
        app.post(&format!("/cases/{case}/follow-ups"), &body).by(worker).send().expect(201);
        assert_eq!(mine("follow_up_due"), []);
    }
    assert_eq!(due(app, worker, case), []);
    let records = [format!("/persons/{}", girl.person), format!("/cases/{case}"), format!("/cases/{case}/follow-ups")];
    hidden_from(app, &bystanders(world), &records);
    hidden_from(app, &[&world.commune_officer, &world.shelter_keeper, &world.banker, &world.teacher], &records);
    assert_eq!(mb_01(app, world), [1, 1, 0], "what was reached in 2025 stays so");
}

both_dbs! {
    fn a_victim_goes_from_the_border_through_all_ten_regimes_to_a_life_that_is_asked_after(app: &TestApp) {
        let world = World::build(app);
        let helpers = Helpers::build(app, &world);
        let girl = handed_over(app, &world);
        let stay = identified(app, &world, &girl);
        nine_regimes(app, &world, &helpers, &girl);
        let loan = tenth_regime(app, &world, &girl);
        counted_and_limited(app, &world, &girl, stay);
        followed_up(app, &world, &girl, loan);
    }
}
