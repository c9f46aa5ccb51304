//! Somebody leaves sex work: a trade, a job that lasts, and a loan that is paid back before its time.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{agree, bystanders, day, figure, hidden_from, pair, read, register, reminders, served, until};
use crate::support::plans::{plan_body, step};
use crate::support::{TestApp, World, both_dbs};

const NAME: &str = "Đỗ Thị Thắm";

fn used(app: &TestApp, world: &World) -> [i64; 3] {
    figure(app, &world.manager, "vn-808-2021-2025", "808-10", 2025)
}

/// Somebody a peer spoke to comes to the centre, says what she needs, and agrees on a plan.
fn met(app: &TestApp, world: &World) -> (Uuid, Uuid) {
    let worker = &world.worker;
    let person = register(app, worker, NAME, |_| {});
    let case = app.case(worker, person, "person_selling_sex", app.today());
    app.move_case(worker, case, "screened", app.today()).expect(200);
    assert_eq!(used(app, world), [0, 0, 0], "nobody knows yet what she needs");
    app.assess(worker, case, &["vocational_training"], app.today());
    assert_eq!(used(app, world), [0, 1, 0]);
    let steps = [step("Đi xem trường", None, day("2025-10-18"))];
    app.put_plan(worker, case, None, &plan_body(app.today(), day("2026-04-15"), &steps)).send().expect(200);
    app.move_case(worker, case, "receiving_support", app.today()).expect(200);
    let records = [format!("/persons/{person}"), format!("/cases/{case}"), format!("/cases/{case}/livelihood")];
    hidden_from(app, &bystanders(world), &records);
    hidden_from(app, &[&world.second_worker, &world.counsellor, &world.teacher, &world.banker], &records);
    (person, case)
}

/// She learns to sew, gets a certificate and the aid that is due.
fn taught(app: &TestApp, world: &World, person: Uuid, case: Uuid) -> Uuid {
    let (worker, teacher) = (&world.worker, &world.teacher);
    until(app, "2025-10-18");
    let draft = app.draft(worker, case, "vocational_training", world.school);
    app.step(worker, draft, "send").expect_problem(409, "consent_missing");
    hidden_from(app, &[teacher], &[format!("/referrals/{draft}")]);
    agree(app, worker, person, "referral", world.school, None);
    app.step(worker, draft, "send").expect(200);
    let minimum = app.get(&format!("/referrals/{draft}")).by(teacher).send().expect(200).text();
    for word in [NAME, "0912", "selling", "Xin liên hệ"] {
        assert!(!minimum.contains(word), "{word} shows before the answer");
    }
    app.step(teacher, draft, "accept").expect(200);
    let course = app.course(teacher, day("2025-10-20"));
    let enrolment = app.enrol(teacher, draft, course).expect(201).id();
    assert_eq!(app.livelihood(worker, case)["training"][0]["enrolment"]["status"], "enrolled");
    assert_eq!(used(app, world), [0, 1, 0], "a place is not yet a lesson");
    until(app, "2025-10-20");
    for mark in ["present", "present", "excused", "present", "absent"] {
        app.mark(teacher, course, app.today(), &[(enrolment, mark)]).expect(200);
        app.pass_days(1);
    }
    assert_eq!(used(app, world), [1, 1, 0]);
    until(app, "2025-11-14");
    let body = json!({
        "completed_on": app.today(), "outcome": "achieved",
        "certificate": {"number": "MCN-0042/2025", "issued_on": app.today()},
    });
    app.end_enrolment(teacher, enrolment, "complete", &body).expect(200);
    assert_eq!(app.enrolment(teacher, enrolment)["name"], Value::Null, "the school keeps the place without the name");
    app.aid(teacher, enrolment, app.today()).expect(403);
    let aid = app.aid(worker, enrolment, app.today()).expect(201).json();
    let parts = ["study_days", "fee_dong", "meals_dong", "travel_dong", "total_dong"].map(|part| aid[part].as_i64());
    assert_eq!(parts, [3, 2_400_000, 90_000, 200_000, 2_690_000].map(Some));
    enrolment
}

/// She works, and is asked whether it lasts.
fn employed(app: &TestApp, world: &World, case: Uuid, enrolment: Uuid) {
    let worker = &world.worker;
    until(app, "2025-11-17");
    let job = format!("/enrolments/{enrolment}/job");
    let work = json!({"kind": "employed", "in_trade": true, "started_on": app.today()});
    app.put(&job, &work).by(worker).version(0).send().expect(200);
    for (months, on, eve) in
        [(3, "2026-02-17", "2026-02-09"), (6, "2026-05-17", "2026-05-09"), (12, "2026-11-17", "2026-11-09")]
    {
        let asked = |app: &TestApp| {
            reminders(app, worker).into_iter().filter(|one| one.0 == "check_up_due").collect::<Vec<_>>()
        };
        until(app, eve);
        assert_eq!(asked(app), [], "eight days before");
        until(app, on);
        assert_eq!(asked(app), [pair("check_up_due", on)]);
        let found = json!({"checked_on": app.today(), "finding": "in_work"});
        app.put(&format!("{job}/check-ups/{months}"), &found).by(worker).version(0).send().expect(200);
        assert_eq!(asked(app), []);
    }
    let chain = app.livelihood(worker, case)["training"][0].clone();
    assert_eq!(app.livelihood(&world.manager, case)["training"][0], chain);
    assert_eq!(
        (&chain["referral"]["status"], &chain["enrolment"]["status"]),
        (&json!("completed"), &json!("completed"))
    );
    assert_eq!(chain["enrolment"]["certificate"]["number"], "MCN-0042/2025");
    assert_eq!(chain["aid"]["total_dong"], 2_690_000);
    let checks = chain["job"]["check_ups"].as_array().expect("check-ups").iter();
    let found: Vec<_> = checks.map(|one| (one["months"].as_i64(), one["finding"].as_str())).collect();
    assert_eq!(found, [3, 6, 12].map(|months| (Some(months), Some("in_work"))));
    hidden_from(app, &[&world.teacher, &world.banker, &world.other_manager], &[format!("/cases/{case}/livelihood")]);
}

/// A workshop of her own: thirty million in two parts, at 8.382 % by the decree of 2026.
fn lent(app: &TestApp, world: &World, person: Uuid, case: Uuid) -> Uuid {
    let (worker, banker) = (&world.worker, &world.banker);
    until(app, "2026-11-20");
    agree(app, worker, person, "referral", world.lender, None);
    app.assess(worker, case, &["loan"], app.today());
    let referral = served(app, (worker, banker), case, "loan", world.lender);
    let body = json!({
        "referral_id": referral, "product": "job_creation", "borrower": "individual", "amount_dong": 32_000_000,
        "term_months": 12, "plan": "equal_principal", "frequency": "monthly", "purpose": "services",
        "plan_text": "Mở tiệm may ở nhà", "applied_on": app.today(),
    });
    let loan = app.post("/loans", &body).by(worker).send().expect(201).id();
    app.grant_loan(banker, loan, 30_000_000, 12, app.today());
    let granted = app.read_loan(banker, loan);
    assert_eq!((&granted["rate_ppm"], &granted["overdue_rate_ppm"]), (&json!(83_820), &json!(108_966)));
    until(app, "2026-12-01");
    app.pay_out(banker, loan, 20_000_000, app.today());
    until(app, "2026-12-16");
    app.pay_out(banker, loan, 10_000_000, app.today());
    loan
}

/// What settles the loan on a day: principal, interest, both.
fn settlement(app: &TestApp, world: &World, loan: Uuid, on: &str) -> [Option<i64>; 3] {
    let told = read(app, &world.banker, &format!("/loans/{loan}/settlement?on={on}"));
    assert_eq!(read(app, &world.worker, &format!("/loans/{loan}/settlement?on={on}")), told, "both read the same");
    ["principal_dong", "interest_dong", "total_dong"].map(|part| told[part].as_i64())
}

/// Two instalments on their days, then all that is owed.
fn repaid(app: &TestApp, world: &World, case: Uuid, loan: Uuid) {
    let (worker, banker) = (&world.worker, &world.banker);
    // 20 million over 31 days and 10 million over 16 of them: 780 million đồng-days × 83,820 / 365,000,000.
    assert_eq!(settlement(app, world, loan, "2027-01-01"), [30_000_000, 179_122, 30_179_122].map(Some));
    let schedule = read(app, worker, &format!("/loans/{loan}/schedule"));
    let first = &schedule["instalments"][0];
    assert_eq!(schedule["instalments"].as_array().map(Vec::len), Some(12));
    assert_eq!(
        (&first["due_on"], &first["principal_left_dong"], &first["interest_left_dong"]),
        (&json!("2027-01-01"), &json!(2_499_999), &json!(179_122)),
        "a twelfth of each part, rounded down"
    );
    until(app, "2026-12-28");
    assert!(reminders(app, worker).contains(&pair("instalment_due", "2027-01-01")));
    until(app, "2027-01-01");
    app.pay_back(banker, loan, 2_679_122, app.today()).expect(200);
    // 27.5 million over 31 days, and the fraction of the first instalment that was carried.
    assert_eq!(settlement(app, world, loan, "2027-02-01"), [27_500_000, 195_771, 27_695_771].map(Some));
    until(app, "2027-02-01");
    app.pay_back(banker, loan, 2_695_771, app.today()).expect(200);
    until(app, "2027-03-01");
    // 25 million over 28 days, and two fractions.
    assert_eq!(settlement(app, world, loan, "2027-03-01"), [25_000_000, 160_751, 25_160_751].map(Some));
    let most = app.pay_back(banker, loan, 25_160_752, app.today()).expect(422).json();
    assert_eq!(most["errors"][0]["field"], "amount_dong", "not one đồng more than is owed: {most}");
    app.pay_back(banker, loan, 25_160_751, app.today()).expect(200);
    for user in [worker, banker] {
        let seen = app.read_loan(user, loan);
        let sums =
            ["disbursed_dong", "repaid_principal_dong", "repaid_interest_dong", "outstanding_dong", "written_off_dong"];
        assert_eq!(sums.map(|sum| seen[sum].as_i64()), [30_000_000, 30_000_000, 535_644, 0, 0].map(Some));
        assert_eq!((&seen["status"], &seen["next_due_on"]), (&json!("settled"), &Value::Null));
    }
    let events = app.all_items(worker, &format!("/loans/{loan}/events"), 50);
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().expect("a word")).collect();
    // The clock stood still while the loan was applied for and granted.
    assert_eq!(kinds[3..], ["disbursed", "disbursed", "repaid", "repaid", "repaid"]);
    let given = app.all_items(worker, &format!("/deliveries?case_id={case}"), 50);
    let money: Vec<_> = given.iter().filter_map(|one| one["amount_dong"].as_i64()).collect();
    assert_eq!(money, [2_690_000, 20_000_000, 10_000_000], "aid and both parts, each once");
    app.move_case(worker, case, "closed", app.today()).expect(200);
}

both_dbs! {
    fn somebody_leaving_sex_work_learns_works_borrows_and_owes_nothing_to_the_dong(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = met(app, &world);
        let enrolment = taught(app, &world, person, case);
        employed(app, &world, case, enrolment);
        let loan = lent(app, &world, person, case);
        repaid(app, &world, case, loan);
        assert_eq!(used(app, &world), [1, 1, 0]);
        let text = app.get("/loans").by(&world.banker).send().expect(200).text();
        assert!(text.contains("settled") && !text.contains(NAME) && !text.contains("selling"), "{text}");
    }
}
