//! A case moves to another province with all that goes on in it, and those who help notice nothing.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{accept, agree, bystanders, hidden_from, read, register, served};
use crate::support::files::png;
use crate::support::loans::loan_body;
use crate::support::{TestApp, User, World, both_dbs};

const NAME: &str = "Lò Thị Dời";

/// Somebody helped by a school, a lender, a shelter and a clinic at once.
struct Busy {
    person: Uuid,
    case: Uuid,
    course: Uuid,
    enrolment: Uuid,
    school: Uuid,
    lending: Uuid,
    loan: Uuid,
    shelter: Uuid,
    stay: Uuid,
    clinic: Uuid,
    draft: Uuid,
}

fn busy(app: &TestApp, world: &World, doctor: &User) -> Busy {
    let worker = &world.worker;
    let person = register(app, worker, NAME, |body| body["categories"] = json!(["possible_victim"]));
    let case = app.victims_case(worker, person, app.days_ago(40), app.days_ago(30));
    for to in [world.school, world.lender, world.shelter, world.clinic] {
        agree(app, worker, person, "referral", to, None);
    }
    app.assess(
        worker,
        case,
        &["vocational_training", "loan", "essential_needs", "medical", "psychological"],
        app.today(),
    );
    let school = app.referral(worker, case, "vocational_training", world.school);
    app.step(&world.teacher, school, "accept").expect(200);
    let course = app.course(&world.teacher, app.today());
    let enrolment = app.enrol(&world.teacher, school, course).expect(201).id();
    app.mark(&world.teacher, course, app.today(), &[(enrolment, "present")]).expect(200);
    let lending = served(app, (worker, &world.banker), case, "loan", world.lender);
    let loan = app.post("/loans", &loan_body(lending, app.today())).by(worker).send().expect(201).id();
    app.grant_loan(&world.banker, loan, 20_000_000, 10, app.today());
    app.pay_out(&world.banker, loan, 20_000_000, app.today());
    let shelter = served(app, (worker, &world.shelter_keeper), case, "essential_needs", world.shelter);
    let body = json!({"referral_id": shelter, "room": "B2-1", "in_on": app.today()});
    let stay = app.post("/stays", &body).by(&world.shelter_keeper).send().expect(201).id();
    let clinic = app.referral(worker, case, "medical", world.clinic);
    app.step(doctor, clinic, "accept").expect(200);
    let draft = app.draft(worker, case, "psychological", world.clinic);
    Busy { person, case, course, enrolment, school, lending, loan, shelter, stay, clinic, draft }
}

/// What the sender wrote for itself.
fn papers(app: &TestApp, world: &World, case: Uuid) -> Vec<String> {
    let worker = &world.worker;
    let note = app.note(worker, case, "notes", "Mẹ chị ốm nặng", app.today());
    let told = app.note(worker, case, "counselling-notes", "Chị kể lại giấc mơ", app.today());
    let file = app.attach(worker, case, "Giấy khai sinh", &png()).send().expect(201).id();
    vec![format!("/notes/{note}"), format!("/attachments/{file}"), format!("/counselling-notes/{told}")]
}

/// What a partner reads of its work, without what tells one version or centre from another.
fn partners_view(app: &TestApp, user: &User, paths: &[String]) -> Vec<Value> {
    let plain = |path: &String| {
        let mut view = read(app, user, path);
        let fields = view.as_object_mut().expect("a record");
        for own in ["version", "from_organisation_id"] {
            fields.remove(own);
        }
        view
    };
    paths.iter().map(plain).collect()
}

fn offered(app: &TestApp, world: &World, busy: &Busy) -> Uuid {
    agree(app, &world.worker, busy.person, "transfer", world.other_centre, None);
    let body = json!({
        "to_organisation_id": world.other_centre, "ground": "consent", "summary": "Chị về ở với dì tại Lào Cai",
    });
    app.post(&format!("/cases/{}/transfers", busy.case), &body).by(&world.worker).send().expect(201).id()
}

/// Before it says yes, the other centre reads the minimum.
fn minimum(app: &TestApp, world: &World, busy: &Busy, papers: &[String], transfer: Uuid) {
    let seen = app.get(&format!("/transfers/{transfer}")).by(&world.other_manager).send().expect(200);
    let fields: Vec<String> = seen.json().as_object().expect("a record").keys().cloned().collect();
    let all = [
        "age_group",
        "answer_due_on",
        "created_at",
        "decline_reason",
        "from_organisation_id",
        "id",
        "needs",
        "new_case_id",
        "status",
        "summary",
        "to_organisation_id",
        "version",
    ];
    assert_eq!(fields, all);
    assert_eq!((&seen.json()["age_group"], &seen.json()["summary"]), (&json!("adult"), &Value::Null));
    let others = [&world.other_manager, &world.other_worker];
    hidden_from(app, &others, papers);
    hidden_from(app, &others, &records(busy));
    hidden_from(app, &others[1..], &[format!("/transfers/{transfer}")]);
    assert!(app.all_items(&world.other_manager, "/loans", 50).is_empty());
}

/// Everything that belongs to the person and goes on.
fn records(busy: &Busy) -> Vec<String> {
    vec![
        format!("/persons/{}", busy.person),
        format!("/persons/{}/consents", busy.person),
        format!("/loans/{}", busy.loan),
        format!("/loans/{}/schedule", busy.loan),
        format!("/loans/{}/events", busy.loan),
        format!("/enrolments/{}", busy.enrolment),
        format!("/enrolments/{}/attendance", busy.enrolment),
        format!("/stays/{}", busy.stay),
        format!("/referrals/{}", busy.school),
        format!("/referrals/{}", busy.lending),
        format!("/referrals/{}", busy.shelter),
        format!("/referrals/{}", busy.clinic),
    ]
}

/// The receiver works with what goes on; the sender keeps its file and loses the person.
fn divided(app: &TestApp, world: &World, busy: &Busy, papers: &[String], new_case: Uuid) {
    let (sender, receiver) = (&world.worker, &world.other_worker);
    app.give_case(receiver, new_case, Some(receiver.id)).expect(200);
    for path in records(busy) {
        app.get(&path).by(receiver).send().expect(200);
    }
    let file = read(app, receiver, &format!("/cases/{new_case}"));
    assert_eq!((&file["person"]["name"], &file["identified_on"]), (&json!(NAME), &json!(app.days_ago(30))));
    assert_eq!(file["summary"], Value::Null, "the sender's summary is the sender's");
    assert_eq!(file["referrals"].as_array().map(Vec::len), Some(4), "the draft stays behind");
    let loan = app.read_loan(receiver, busy.loan);
    assert_eq!(
        (&loan["centre"]["case_id"], &loan["centre"]["centre_id"]),
        (&json!(new_case), &json!(world.other_centre))
    );
    assert_eq!(loan["centre"]["plan_text"], "Mở tiệm may nhỏ ở chợ Mơ");
    let way = app.livelihood(receiver, new_case);
    assert_eq!(way["training"][0]["enrolment"]["status"], "attending");
    // Days are the person's: those before the move are counted on.
    assert_eq!(app.entitlement(receiver, new_case, "essential_needs")["used"], 1);
    assert_eq!(app.entitlement(receiver, new_case, "vocational_training")["left"], 0);
    hidden_from(app, &[receiver, &world.other_manager], papers);
    hidden_from(app, &[receiver, &world.other_manager], &[format!("/cases/{}", busy.case)]);
    assert!(app.all_items(receiver, &format!("/cases/{new_case}/notes"), 50).is_empty());

    hidden_from(app, &[sender, &world.manager], &records(busy));
    hidden_from(app, &[sender, &world.manager], &[format!("/cases/{new_case}")]);
    for path in [format!("/loans?case_id={}", busy.case), format!("/stays?case_id={}", busy.case)] {
        assert!(app.all_items(sender, &path, 50).is_empty(), "{path}");
    }
    for path in &papers[..2] {
        app.get(path).by(sender).send().expect(200);
    }
    let own = app.get(&format!("/cases/{}", busy.case)).by(sender).send().expect(200);
    assert!(!own.text().contains(NAME));
    assert_eq!((&own.json()["status"], &own.json()["close_reason"]), (&json!("closed"), &json!("transferred")));
    assert_eq!(read(app, sender, &format!("/referrals/{}", busy.draft))["status"], "cancelled");
}

/// Lender, school, shelter and clinic go on with the very same records, for the receiver.
fn goes_on(app: &TestApp, world: &World, doctor: &User, busy: &Busy, new_case: Uuid) {
    let receiver = &world.other_worker;
    app.pass_days(1);
    app.pay_back(&world.banker, busy.loan, 1_000_000, app.today()).expect(200);
    assert!(app.read_loan(receiver, busy.loan)["repaid_principal_dong"].as_i64() > Some(990_000));
    app.loan_step(receiver, busy.loan, "appraise", &json!({})).expect(403);
    app.mark(&world.teacher, busy.course, app.today(), &[(busy.enrolment, "present")]).expect(200);
    let done = json!({"completed_on": app.today(), "outcome": "achieved"});
    app.end_enrolment(&world.teacher, busy.enrolment, "complete", &done).expect(200);
    let aid = app.aid(receiver, busy.enrolment, app.today()).expect(201).json();
    assert_eq!(aid["study_days"], 2);
    app.step(doctor, busy.clinic, "start").expect(200);
    let given = app.deliver(doctor, busy.clinic, "medical", app.today());
    assert_eq!(read(app, receiver, &format!("/deliveries/{given}"))["case_id"], json!(new_case));
    hidden_from(app, &[&world.worker], &[format!("/deliveries/{given}")]);
    app.stay_step(&world.shelter_keeper, busy.stay, "leave", &json!({"out_on": app.today()})).expect(200);
    assert_eq!(app.entitlement(receiver, new_case, "essential_needs")["used"], 2);
    app.step(&world.shelter_keeper, busy.shelter, "complete").expect(200);
}

both_dbs! {
    fn what_goes_on_moves_with_a_case_and_neither_lender_nor_school_notices(app: &TestApp) {
        let world = World::build(app);
        let (unit, centre) = ("G34-P15", app.sql_id(world.other_centre));
        app.sql(&format!("update organisations set admin_unit_code = '{unit}' where id = {centre}"));
        let doctor = app.account("bacsi", hoanhap::grants::Role::Partner, Some(world.clinic), None);
        let busy = busy(app, &world, &doctor);
        let papers = papers(app, &world, busy.case);
        let of_bank = [format!("/loans/{}", busy.loan), format!("/loans/{}/schedule", busy.loan), format!("/referrals/{}", busy.lending)];
        let of_school = [format!("/enrolments/{}", busy.enrolment), format!("/courses/{}", busy.course), format!("/referrals/{}", busy.school)];
        let both = |app: &TestApp| [partners_view(app, &world.banker, &of_bank), partners_view(app, &world.teacher, &of_school)];
        let before = both(app);
        let transfer = offered(app, &world, &busy);
        minimum(app, &world, &busy, &papers, transfer);
        let new_case = accept(app, &world.other_manager, transfer);
        assert_eq!(both(app), before, "byte for byte, but for version and sending centre");
        let sent_by = read(app, &world.banker, &of_bank[2])["from_organisation_id"].clone();
        assert_eq!(sent_by, json!(world.other_centre), "whom to call is told");
        divided(app, &world, &busy, &papers, new_case);
        goes_on(app, &world, &doctor, &busy, new_case);
        hidden_from(app, &bystanders(&world)[..6], &records(&busy));
    }

    fn a_stay_in_the_senders_own_house_ends_when_the_case_moves(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = register(app, worker, NAME, |_| {});
        let case = app.victims_case(worker, person, app.days_ago(20), app.days_ago(10));
        let stay = app.try_stay(worker, case, app.days_ago(4), None).expect(201).id();
        agree(app, worker, person, "transfer", world.other_centre, None);
        let body = json!({"to_organisation_id": world.other_centre, "ground": "consent"});
        let transfer = app.post(&format!("/cases/{case}/transfers"), &body).by(worker).send().expect(201).id();
        let new_case = accept(app, &world.other_manager, transfer);
        let ended = read(app, worker, &format!("/stays/{stay}"));
        assert_eq!((&ended["out_on"], &ended["runs_out_on"]), (&json!(app.today()), &Value::Null));
        hidden_from(app, &[&world.other_manager], &[format!("/stays/{stay}")]);
        let item = app.entitlement(&world.other_manager, new_case, "essential_needs");
        assert_eq!((&item["used"], &item["left"]), (&json!(5), &json!(115)), "its days count on");
    }
}
