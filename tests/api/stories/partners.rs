//! What a partner sees, and until when; and that it answers in time.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World, both_dbs};

const NAME: &str = "Đặng Thị Thu Hà";

/// Words of a person that only a service given may know, and those no recipient may.
const PERSONAL: [&str; 3] = [NAME, "0912 345 678", "Chỉ nhắn tin buổi sáng"];
const NEVER: [&str; 5] = ["001196012345", "Số 5 ngõ 7", "Bé Ba", "person_id", "case_id"];

/// A case with what a referral to the school needs.
fn ready_case(app: &TestApp, world: &World) -> (Uuid, Uuid) {
    let person = app.person(&world.worker, NAME);
    let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(10));
    app.consent(&world.worker, person, world.school, app.days_ago(9));
    app.assess(&world.worker, case, &["vocational_training", "loan"], app.days_ago(8));
    (person, case)
}

/// What the school reads of a referral, in the list and alone.
fn read(app: &TestApp, world: &World, referral: Uuid) -> String {
    let alone = app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect(200).text();
    alone + &app.get("/referrals").by(&world.teacher).send().expect(200).text()
}

fn shows_person(text: &str) -> bool {
    for word in NEVER {
        assert!(!text.contains(word), "a recipient reads {word}: {text}");
    }
    let shown = PERSONAL.iter().filter(|word| text.contains(**word)).count();
    assert!(shown == 0 || shown == PERSONAL.len(), "{text}");
    shown > 0
}

fn status_of(app: &TestApp, world: &World, referral: Uuid) -> Value {
    app.get(&format!("/referrals/{referral}")).by(&world.worker).send().expect(200).json()["status"].clone()
}

both_dbs! {
    fn a_recipient_sees_the_minimum_before_accepting_the_person_after_and_nothing_once_over(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = ready_case(app, &world);
        let referral = app.draft(&world.worker, case, "vocational_training", world.school);
        app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect_problem(404, "not_found");
        app.step(&world.worker, referral, "send").expect(200);
        let minimum = read(app, &world, referral);
        assert!(!shows_person(&minimum) && minimum.contains("\"age_group\":\"adult\""), "{minimum}");
        let accepted = app.step(&world.teacher, referral, "accept").expect(200).text();
        assert!(shows_person(&accepted) && shows_person(&read(app, &world, referral)));
        assert!(shows_person(&app.step(&world.teacher, referral, "start").expect(200).text()));
        let completed = app.step(&world.teacher, referral, "complete").expect(200).text();
        assert!(!shows_person(&completed) && !shows_person(&read(app, &world, referral)));
    }

    fn a_referral_taken_back_is_gone_for_the_recipient(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = ready_case(app, &world);
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, referral, "accept").expect(200);
        app.step(&world.worker, referral, "cancel").expect(200);
        app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect_problem(404, "not_found");
        let list = app.get("/referrals").by(&world.teacher).send().expect(200).json();
        assert_eq!(list["items"], json!([]));
    }

    fn a_partner_who_declines_never_learns_who_it_was(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = ready_case(app, &world);
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        let declined = app.step(&world.teacher, referral, "decline").expect(200).text();
        assert!(!shows_person(&declined) && !shows_person(&read(app, &world, referral)));
        assert_eq!(status_of(app, &world, referral), "declined");
    }

    fn a_late_answer_is_refused_and_the_referral_returns_to_the_sender(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = ready_case(app, &world);
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        app.pass_days(7);
        app.keep_house();
        assert_eq!(status_of(app, &world, referral), "sent", "the last day is in time");
        app.pass_days(1);
        for answer in ["accept", "decline"] {
            app.step(&world.teacher, referral, answer).expect_problem(409, "answer_too_late");
        }
        app.keep_house();
        assert_eq!(status_of(app, &world, referral), "expired");
        app.get(&format!("/referrals/{referral}")).by(&world.teacher).send().expect_problem(404, "not_found");
        let last = app.number("select count(*) as n from referral_events where to_status = 'expired' and recorded_by is null");
        assert_eq!(last, 1, "nobody did it but the deadline");
    }

    fn an_answer_on_the_last_day_is_in_time(app: &TestApp) {
        let world = World::build(app);
        let (_, case) = ready_case(app, &world);
        let referral = app.referral(&world.worker, case, "vocational_training", world.school);
        app.pass_days(7);
        app.step(&world.teacher, referral, "accept").expect(200);
    }

    fn a_lender_reads_no_reason_category_in_any_byte(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = ready_case(app, &world);
        app.consent(&world.worker, person, world.lender, app.days_ago(1));
        let referral = app.referral(&world.worker, case, "loan", world.lender);
        let banker = &world.banker;
        let mut bytes = String::new();
        let mut read = |path: &str| {
            let reply = app.get(path).by(banker).send();
            bytes += &format!("{:?}", reply.headers);
            bytes += &reply.text();
        };
        let alone = format!("/referrals/{referral}");
        for step in ["accept", "start", "complete"] {
            read(&alone);
            read("/referrals");
            read("/referrals?incoming=true");
            read(&format!("/cases/{case}"));
            read(&format!("/persons/{person}"));
            read(&format!("/deliveries?referral_id={referral}"));
            app.step(banker, referral, step).expect(200);
        }
        read(&alone);
        read("/me");
        assert!(bytes.contains("loan"), "the lender reads something");
        for word in [
            "person_selling_sex", "possible_victim", "identified_victim", "establishment_worker", "at_risk",
            "categor", "bán dâm", "nạn nhân",
        ] {
            assert!(!bytes.contains(word), "a lender reads {word}");
        }
    }
}
