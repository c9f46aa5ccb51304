//! From somebody met to somebody served: referrals of contacts, codes that become persons, and who is counted once.

use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::phones::{Phone, change, contact, new_contact, new_session, operation, said, tally};
use crate::support::{TestApp, User, World, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

fn world(app: &TestApp) -> World {
    let world = World::build(app);
    app.peer_group(&world, world.group, world.centre);
    world
}

/// Somebody who sells sex, with this code and these needs.
fn coded(code: &Value, needs: &[&str]) -> Value {
    let mut told = contact();
    (told["code"], told["category"], told["needs"]) = (code.clone(), json!("person_selling_sex"), json!(needs));
    told
}

/// A referral of the contact that an operation of the same phone made.
fn refer(contact: &Value, to: Uuid, service: &str) -> Value {
    let mut sent = operation(
        "referral_send",
        &json!({"to_organisation_id": to, "service_type": service, "agreed_on": "2025-10-14",
        "message": "sẽ đưa thẻ"}),
    );
    sent["record"] = json!({"operation": contact["id"]});
    sent
}

/// Numerator, denominator and clients of the centre.
fn figure(app: &TestApp, manager: &User) -> [i64; 3] {
    let figure = app.figure(manager, PLAN, "808-10", 2025);
    ["numerator", "denominator", "clients"]
        .map(|name| figure[name].as_i64().unwrap_or_else(|| panic!("{name}: {figure}")))
}

fn answer(
    app: &TestApp,
    user: &User,
    referral: &Value,
    what: &str,
    version: i64,
    body: &Value,
) -> crate::support::client::Reply {
    let path = format!("/outreach/referrals/received/{}/{what}", referral.as_str().expect("an id"));
    app.post(&path, body).without_key().by(user).version(version).send()
}

fn sent(app: &TestApp, world: &World) -> Vec<Value> {
    app.all_items(&world.peer_leader, &format!("/outreach/referrals/sent?group_id={}", world.group), 1)
}

fn agrees(app: &TestApp, user: &User, person: Uuid) {
    let body = json!({"purpose": "support", "given_by": "self", "given_on": app.today(), "proof": "recording"});
    app.post(&format!("/persons/{person}/consents"), &body).by(user).send().expect(201);
}

both_dbs! {
    fn a_leader_hears_that_a_referred_contact_came_and_was_served_and_nothing_else(app: &TestApp) {
        let world = world(app);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let met = new_contact(&made, &contact());
        let referral = phone.done(app, &[refer(&met, world.centre, "medical"), met.clone(), made])[0].clone();
        let received = app.all_items(&world.worker, "/outreach/referrals/received", 1);
        assert_eq!(received.len(), 1);
        assert_eq!((&received[0]["message"], &received[0]["sex"], &received[0]["status"]), (&json!("sẽ đưa thẻ"), &json!("female"), &json!("sent")));
        assert_eq!(app.all_items(&world.other_worker, "/outreach/referrals/received", 1), Vec::<Value>::new());
        answer(app, &world.other_worker, &referral, "arrival", 1, &json!({"arrived_on": "2025-10-15"})).expect_problem(404, "not_found");
        answer(app, &world.worker, &referral, "service", 1, &json!({"served_on": "2025-10-15"})).expect_problem(409, "illegal_transition");
        answer(app, &world.worker, &referral, "absence", 1, &json!({})).expect(200);
        assert_eq!(sent(app, &world)[0]["status"], "not_come");
        answer(app, &world.worker, &referral, "arrival", 2, &json!({"arrived_on": "2025-10-13"})).expect_problem(422, "invalid");
        answer(app, &world.worker, &referral, "arrival", 2, &json!({"arrived_on": "2025-10-15"})).expect(200);
        answer(app, &world.worker, &referral, "service", 2, &json!({"served_on": "2025-10-15"})).expect_problem(412, "version_stale");
        answer(app, &world.worker, &referral, "service", 3, &json!({"served_on": "2025-10-15"})).expect(200);
        let told = sent(app, &world);
        assert_eq!(told.len(), 1);
        let mut names: Vec<&String> = told[0].as_object().expect("an object").keys().collect();
        names.sort();
        assert_eq!(names, ["agreed_on", "contact_id", "id", "service_type", "status", "to_organisation_id"]);
        assert_eq!(told[0]["status"], "served");
    }

    fn nobody_is_named_as_a_person_on_record_who_did_not_agree_whether_she_has_a_code_or_none(app: &TestApp) {
        let world = world(app);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let met = new_contact(&made, &contact());
        let mut sent = refer(&met, world.centre, "medical");
        sent["body"]["agreed_on"] = json!("2026-12-01");
        let referral = phone.done(app, &[made, met, sent]).remove(2);
        let person = app.person(&world.worker, "Nguyễn Thị Hoa");
        let arrived = json!({"arrived_on": app.today(), "person_id": person});
        answer(app, &world.worker, &referral, "arrival", 1, &arrived).expect_problem(409, "support_consent_missing");
        agrees(app, &world.worker, person);
        answer(app, &world.worker, &referral, "arrival", 1, &arrived).expect(200);
    }

    fn a_group_reads_to_whom_it_may_refer_and_no_place_of_refuge_is_among_them(app: &TestApp) {
        let world = world(app);
        let refuge = app.organisation(OrganisationKind::Shelter, "Nhà tạm lánh");
        let path = format!("/outreach/services?group_id={}", world.group);
        let offers = app.all_items(&world.peer_leader, &path, 2);
        let of = |id: Uuid| offers.iter().find(|offer| offer["organisation_id"] == json!(id));
        assert_eq!(of(world.clinic).expect("the clinic")["services"], json!(["medical", "psychological"]));
        assert!(of(world.centre).is_some());
        assert!(of(refuge).is_none(), "a phone that is lost tells nobody where people hide");
        assert!(of(world.group).is_none());
    }

    fn a_referral_says_what_the_contact_says_when_both_come_in_one_batch(app: &TestApp) {
        let world = world(app);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let records = phone.done(app, &[made.clone(), new_contact(&made, &contact())]);
        let older = change("contact_change", &records[1], "age_band", &json!("25_34"), &json!("35_49"));
        let told = json!({"to_organisation_id": world.centre, "service_type": "medical", "agreed_on": "2025-10-14"});
        let mut sent = operation("referral_send", &told);
        sent["record"] = json!({"id": records[1]});
        let referral = phone.done(app, &[older, sent]).remove(1);
        let path = format!("/outreach/referrals/received/{}", referral.as_str().expect("an id"));
        assert_eq!(app.get(&path).by(&world.worker).send().expect(200).json()["age_band"], "35_49");
    }

    fn a_referral_is_taken_back_while_nobody_has_answered_it(app: &TestApp) {
        let world = world(app);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let met = new_contact(&made, &contact());
        let (one, two) = (refer(&met, world.clinic, "medical"), refer(&met, world.centre, "medical"));
        let wrong = refer(&met, world.clinic, "loan");
        let results = phone.sync(app, &[made, met, one.clone(), two.clone(), wrong]);
        assert_eq!(results[4]["errors"][0]["rule"], "wrong_organisation");
        answer(app, &world.worker, &results[3]["record"], "arrival", 1, &json!({"arrived_on": "2025-10-15"})).expect(200);
        let back = |of: &Value| {
            let mut back = operation("referral_cancel", &json!({}));
            back["record"] = json!({"operation": of["id"]});
            back
        };
        let results = phone.sync(app, &[back(&one), back(&two)]);
        assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!("applied"), &json!("refused")));
        let clinic = app.account("phongkham", Role::Partner, Some(world.clinic), None);
        assert_eq!(app.all_items(&clinic, "/outreach/referrals/received", 1), Vec::<Value>::new());
    }

    fn whoever_has_a_code_counts_once_however_often_and_by_however_many_groups_she_was_met(app: &TestApp) {
        let world = world(app);
        let second = app.organisation(OrganisationKind::PeerGroup, "Nhóm hai");
        app.peer_group(&world, second, world.centre);
        let leader = app.account("dongdang2", Role::PeerLeader, Some(second), None);
        let (one, two) = (Phone::new(&world.peer_leader, world.group), Phone::new(&leader, second));
        let made = new_session();
        let first = new_contact(&made, &coded(&said(4), &["medical", "legal_aid"]));
        let again = new_contact(&made, &coded(&said(4), &["medical"]));
        let other = new_contact(&made, &coded(&said(5), &[]));
        let mut nobody = contact();
        (nobody["category"], nobody["needs"]) = (json!("person_selling_sex"), json!(["medical"]));
        one.done(app, &[made.clone(), first.clone(), again, other, new_contact(&made, &nobody), tally(&made, 20)]);
        let made = new_session();
        two.done(app, &[made.clone(), new_contact(&made, &coded(&said(4), &["medical"]))]);
        assert_eq!(figure(app, &world.manager), [0, 1, 2], "need was told of one; without a code nobody counts");
        assert_eq!(figure(app, &world.other_manager), [0, 0, 0]);
        let referral = one.done(app, &[refer(&first, world.clinic, "medical")]).remove(0);
        assert_eq!(figure(app, &world.manager), [0, 1, 2], "to be referred is not to be served");
        let clinic = app.account("phongkham", Role::Partner, Some(world.clinic), None);
        answer(app, &clinic, &referral, "arrival", 1, &json!({"arrived_on": "2025-10-15"})).expect(200);
        assert_eq!(figure(app, &world.manager), [1, 1, 2]);
    }

    fn a_contact_that_becomes_a_person_counts_once_before_and_after(app: &TestApp) {
        let world = world(app);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let met = new_contact(&made, &coded(&said(4), &["medical"]));
        let referral = phone.done(app, &[made, met.clone(), refer(&met, world.centre, "medical")]).remove(2);
        assert_eq!(figure(app, &world.manager), [0, 1, 1]);
        let person = app.person(&world.worker, "Nguyễn Thị Hoa");
        let case = app.case(&world.worker, person, "person_selling_sex", app.today());
        app.assess(&world.worker, case, &["legal_aid"], app.today());
        assert_eq!(figure(app, &world.manager), [0, 2, 2], "nobody knows yet that they are one");
        let arrived = json!({"arrived_on": "2025-10-15", "person_id": person});
        answer(app, &world.worker, &referral, "arrival", 1, &arrived).expect_problem(409, "support_consent_missing");
        agrees(app, &world.worker, person);
        let shown = answer(app, &world.worker, &referral, "arrival", 1, &arrived).expect(200);
        assert_eq!(shown.json()["person_id"], json!(person));
        assert_eq!(figure(app, &world.manager), [1, 1, 1]);
        assert!(!sent(app, &world)[0].as_object().expect("an object").contains_key("person_id"));
        let path = format!("/persons/{person}/contact-codes");
        let links = app.get(&path).by(&world.worker).send().expect(200).json();
        assert_eq!(links.as_array().map(Vec::len), Some(1));
        let link = format!("{path}/{}", links[0]["id"].as_str().expect("an id"));
        app.call("DELETE", &link).by(&world.other_worker).send().expect_problem(404, "not_found");
        app.call("DELETE", &link).by(&world.worker).send().expect(204);
        assert_eq!(figure(app, &world.manager), [1, 2, 2], "whoever came came, whoever she was taken for");
        assert_eq!(figure(app, &world.manager)[2], 2);
    }

    fn a_code_is_linked_at_the_centre_to_one_person_alone_and_only_who_agrees(app: &TestApp) {
        let world = world(app);
        let person = app.person(&world.worker, "Nguyễn Thị Hoa");
        let other = app.person(&world.worker, "Trần Thị Hoa");
        let link = |person: Uuid, user: &User| app.post(&format!("/persons/{person}/contact-codes"), &json!({"code": said(4)})).by(user).send();
        link(person, &world.worker).expect_problem(409, "support_consent_missing");
        agrees(app, &world.worker, person);
        agrees(app, &world.worker, other);
        link(person, &world.other_worker).expect_problem(404, "not_found");
        link(person, &world.peer_leader).expect_problem(403, "forbidden");
        let linked = link(person, &world.worker).expect(201);
        assert!(!linked.text().contains("Hoa"), "the code is kept nowhere");
        link(other, &world.worker).expect_problem(409, "code_linked");
        let weak = json!({"code": {"said": {"own_letters": "Hoa", "year": 1996}}});
        let refused = app.post(&format!("/persons/{person}/contact-codes"), &weak).by(&world.worker).send().expect_problem(422, "invalid");
        assert_eq!((refused.text_at("/errors/0/field"), refused.text_at("/errors/0/rule")), ("code.said".into(), "too_little".into()));
    }

    fn a_manager_reads_totals_of_whole_months_for_those_of_a_day_tell_of_one_person(app: &TestApp) {
        let world = world(app);
        let totals = |user: &User, from: &str, to: &str| {
            app.get(&format!("/outreach/totals?group_id={}&from={from}&to={to}", world.group)).by(user).send()
        };
        totals(&world.peer_leader, "2025-10-14", "2025-10-14").expect(200);
        for (from, to) in [("2025-10-14", "2025-10-14"), ("2025-10-01", "2025-10-30"), ("2025-09-02", "2025-10-31")] {
            let refused = totals(&world.manager, from, to).expect_problem(422, "invalid");
            assert_eq!(refused.text_at("/errors/0/field"), "from", "{from} to {to}");
        }
        totals(&world.manager, "2025-09-01", "2025-10-31").expect(200);
    }

    fn codes_are_not_tried_out_by_linking_and_unlinking(app: &TestApp) {
        let world = world(app);
        let person = app.person(&world.worker, "Nguyễn Thị Hoa");
        agrees(app, &world.worker, person);
        let path = format!("/persons/{person}/contact-codes");
        let link = |day: u8| app.post(&path, &json!({"code": said(day)})).by(&world.worker).send();
        for day in 1..=20 {
            let linked = link(day).expect(201).json();
            let made = format!("{path}/{}", linked["id"].as_str().expect("an id"));
            app.call("DELETE", &made).by(&world.worker).send().expect(204);
        }
        link(21).expect_problem(409, "too_many_codes");
        let trail = app.all_items(&world.auditor, &format!("/audit/trail/person/{person}"), 1);
        let times = |action: &str| trail.iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((times("code.link"), times("code.unlink")), (20, 20));
    }

    fn group_contacts_person_times_and_distinct_persons_are_three_numbers(app: &TestApp) {
        let world = world(app);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let mut yes = coded(&said(4), &[]);
        (yes["violence"], yes["seen"], yes["referral"]) = (json!("yes"), json!("new"), json!("declined"));
        let two = |session: &Value| vec![new_contact(session, &coded(&said(4), &[])), new_contact(session, &contact())];
        let later = new_session();
        let stock = operation("stock_move", &json!({"commodity": "condom", "kind": "received", "quantity": 100, "moved_on": "2025-09-30"}));
        let lost = operation("stock_move", &json!({"commodity": "condom", "kind": "lost", "quantity": 5, "moved_on": "2025-10-02"}));
        phone.done(app, &[vec![made.clone(), new_contact(&made, &yes), tally(&made, 20), later.clone(), stock.clone(), lost], two(&later)].concat());
        assert_eq!(phone.sync(app, &[stock])[0]["status"], "already_applied");
        let ask = |user: &User, what: &str| app.get(&format!("/outreach/{what}&group_id={}", world.group)).by(user).send();
        for user in [&world.peer_leader, &world.manager] {
            let totals = ask(user, "totals?from=2025-10-01&to=2025-10-31").expect(200).json();
            let number = |name: &str| totals[name].as_u64().unwrap_or_else(|| panic!("{name}: {totals}"));
            assert_eq!([number("sessions"), number("contacts"), number("persons_with_code"), number("contacts_without_code"), number("group_contacts")], [2, 3, 1, 1, 20]);
            assert_eq!([number("violence_told"), number("contacts_new"), number("referrals_offered"), number("referrals_accepted")], [1, 1, 1, 0]);
            assert_eq!(totals["supplies"], json!({"condom": 80}));
            let line = &ask(user, "stock?month=2025-10").expect(200).json()[0];
            assert_eq!(line, &json!({"commodity": "condom", "opening": 100, "received": 0, "found": 0, "handed_out": 80, "returned": 0, "lost": 5, "closing": 15}));
            let sheet = ask(user, "allowances?month=2025-10&dong_a_day=150000").expect(200).json();
            assert_eq!(sheet, json!([{"worker": 1, "days": 1, "sessions": 2, "contacts": 3, "amount_dong": 150_000}]));
        }
        let notebook = ask(&world.peer_leader, "notebook?worker=1&month=2025-10").expect(200).json();
        assert_eq!((&notebook["contacts"], &notebook["uncoded_contacts"], &notebook["group_contacts"], &notebook["clients"][0]["times"]), (&json!(3), &json!(1), &json!(20), &json!(2)));
        assert_eq!(notebook["clients"].as_array().map(Vec::len), Some(1));
        ask(&world.manager, "notebook?worker=1&month=2025-10").expect_problem(403, "forbidden");
        ask(&world.other_manager, "totals?from=2025-10-01&to=2025-10-31").expect_problem(404, "not_found");
        ask(&world.peer_leader, "totals?from=2025-01-01&to=2026-01-02").expect_problem(422, "invalid");
        ask(&world.peer_leader, "stock?month=10-2025").expect_problem(400, "malformed");
        assert_eq!(ask(&world.peer_leader, "stock?month=2025-09").expect(200).json()[0]["closing"], 100);
    }
}
