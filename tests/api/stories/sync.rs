//! What phones hand in: each operation once, nothing dropped, nothing overwritten unseen.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};

use crate::support::phones::{
    Group, Phone, change, contact, new_contact, new_number, new_session, operation, said, session, tally,
};
use crate::support::{TestApp, User, both_dbs};

impl Group {
    fn conflicts(&self, app: &TestApp) -> Vec<Value> {
        app.all_items(
            &self.world.peer_leader,
            &format!("/outreach/conflicts?group_id={}&open=true", self.world.group),
            1,
        )
    }
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().expect("a status")).collect()
}

/// The removal of a session that was not changed since it was made, nor were its contacts; so many young women were
/// counted in it.
fn removal(record: &Value, contacts: &[&Value], counted: i64) -> Value {
    let seen = |record: &&Value| json!({"record": {"id": record}, "contact": contact()});
    let contacts: Vec<Value> = contacts.iter().map(seen).collect();
    let tallies = json!([{"sex": "female", "age_band": "18_24", "seen": "new", "count": counted}]);
    let seen = json!({"session": session(), "contacts": contacts, "tallies": tallies});
    let mut removal = operation("session_remove", &seen);
    removal["record"] = json!({"id": record});
    removal
}

both_dbs! {
    fn a_session_recorded_without_a_signal_arrives_whole_in_whatever_order(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let made = new_session();
        let (first, second) = (new_contact(&made, &contact()), new_contact(&made, &json!({"worker": 1, "sex": "male", "age_band": "under_16",
            "code": said(4), "category": "person_selling_sex", "needs": ["vocational_training", "medical"], "child": "yes",
            "referral": "accepted", "follow_up_agreed": true, "note": "gặp lại ở chợ"})));
        let records = phone.done(app, &[tally(&made, 19), second.clone(), tally(&made, 1), first, made]);
        let id = records[4].as_str().expect("an id");
        let shown = app.get(&format!("/outreach/sessions/{id}")).by(&group.world.peer_leader).send().expect(200).json();
        assert_eq!(shown["supplies"], json!({"condom": 40}));
        assert_eq!(shown["tallies"], json!([{"sex": "female", "age_band": "18_24", "seen": "new", "count": 20}]));
        assert_eq!(shown["day_doubtful"], false);
        let met = app.all_items(&group.world.peer_leader, &format!("/outreach/sessions/{id}/contacts"), 1);
        assert_eq!(met.len(), 2);
        let coded = met.iter().find(|contact| contact["client"] != Value::Null).expect("the coded one");
        assert_eq!((&coded["note"], &coded["child"], &coded["needs"]), (&json!("gặp lại ở chợ"), &json!("yes"), &json!(["medical", "vocational_training"])));
        let listed = app.all_items(&group.world.peer_leader, &format!("/outreach/sessions?group_id={}", group.world.group), 1);
        assert_eq!(listed, [shown]);
    }

    fn an_operation_that_comes_again_is_done_once_and_its_number_is_no_other_operations(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let made = new_session();
        let batch = [made.clone(), tally(&made, 5)];
        let first = phone.sync(app, &batch);
        let again = phone.sync(app, &batch);
        assert_eq!(statuses(&again), ["already_applied", "already_applied"]);
        assert_eq!(first[0]["record"], again[0]["record"]);
        assert_eq!(app.number("select sum(quantity) as n from outreach_tallies"), 5);
        let mut other = made.clone();
        other["body"]["venue"] = json!("home");
        let refused = phone.sync(app, &[other]);
        assert_eq!((&refused[0]["status"], &refused[0]["errors"][0]["rule"]), (&json!("refused"), &json!("operation_reused")));
        let twin = Phone::new(&group.world.peer_leader, group.world.group);
        assert_eq!(statuses(&twin.sync(app, &[made])), ["applied"], "the same number on another phone is another operation");
        assert_eq!(app.number("select count(*) as n from outreach_sessions"), 2);
    }

    fn what_comes_before_its_session_waits_and_is_done_when_the_session_is_there(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let made = new_session();
        let met = new_contact(&made, &contact());
        assert_eq!(statuses(&phone.sync(app, &[met.clone(), tally(&made, 2)])), ["waiting", "waiting"]);
        phone.done(app, &[made]);
        phone.done(app, &[met]);
        let mut nowhere = new_contact(&new_session(), &contact());
        nowhere["session"] = json!({"id": new_number()});
        let refused = phone.sync(app, &[nowhere]);
        assert_eq!((&refused[0]["status"], &refused[0]["errors"][0]["rule"]), (&json!("refused"), &json!("no_such_reference")));
    }

    fn two_who_change_different_fields_both_have_their_way(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let record = one.done(app, &[new_session()]).remove(0);
        two.sync(app, &[]);
        one.done(app, &[change("session_change", &record, "venue", &json!("street"), &json!("home"))]);
        two.done(app, &[change("session_change", &record, "topics", &json!(["hiv"]), &json!(["loans", "hiv"]))]);
        one.sync(app, &[]);
        let seen = two.sees(&record).expect("the session");
        assert_eq!((&seen["venue"], &seen["topics"], &seen["version"]), (&json!("home"), &json!(["hiv", "loans"]), &json!(3)));
        assert_eq!(one.sees(&record), Some(seen));
        assert_eq!(group.conflicts(app), Vec::<Value>::new());
    }

    fn two_who_change_the_same_field_differently_leave_both_values_to_a_named_decider(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let record = one.done(app, &[new_session()]).remove(0);
        one.done(app, &[change("session_change", &record, "venue", &json!("street"), &json!("home"))]);
        let mut second = change("session_change", &record, "venue", &json!("street"), &json!("online"));
        second["body"]["note"] = json!({"from": null, "to": "ghi chú"});
        let results = two.sync(app, std::slice::from_ref(&second));
        assert_eq!(statuses(&results), ["conflict"]);
        let told = &results[0]["conflicts"][0];
        assert_eq!((&told["field"], &told["base"], &told["current"], &told["offered"]), (&json!("venue"), &json!("street"), &json!("home"), &json!("online")));
        let seen = two.sees(&record).expect("the session");
        assert_eq!((&seen["venue"], &seen["note"]), (&json!("home"), &json!("ghi chú")), "what did not clash was done");
        assert_eq!(two.sync(app, &[second])[0]["conflicted"], true, "sent again it tells that it met one");
        let open = group.conflicts(app);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0]["decider_id"], json!(group.world.peer_leader.id), "who recorded the session decides");
        let path = format!("/outreach/conflicts/{}", open[0]["id"].as_str().expect("an id"));
        let take = json!({"decision": "take", "record_version": 3});
        let decide = |user: &User, version: i64, body: &Value| app.post(&format!("{path}/decide"), body).without_key().by(user).version(version).send();
        decide(&group.second, 1, &take).expect_problem(409, "not_the_decider");
        decide(&group.world.peer_leader, 1, &json!({"decision": "take", "record_version": 2})).expect_problem(409, "record_changed");
        decide(&group.world.peer_leader, 1, &take).expect(200);
        decide(&group.world.peer_leader, 2, &take).expect_problem(409, "conflict_decided");
        one.sync(app, &[]);
        assert_eq!(one.sees(&record).expect("the session")["venue"], "online");
        let path = format!("/audit/trail/outreach_session/{}", record.as_str().expect("an id"));
        let told: Vec<Value> = app.all_items(&group.world.auditor, &path, 50).into_iter().map(|entry| entry["action"].clone()).collect();
        assert!(told.contains(&json!("conflict.decide")), "{told:?}");
        assert_eq!(group.conflicts(app), Vec::<Value>::new());
    }

    fn a_conflict_whose_decider_leads_no_more_is_decided_by_whoever_leads(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let record = one.done(app, &[new_session()]).remove(0);
        one.done(app, &[change("session_change", &record, "venue", &json!("street"), &json!("home"))]);
        two.sync(app, &[change("session_change", &record, "venue", &json!("street"), &json!("online"))]);
        let conflict = &group.conflicts(app)[0]["id"];
        let suspend = json!({"state": "suspended"});
        app.post(&format!("/users/{}/state", group.world.peer_leader.id), &suspend).by(&group.world.administrator).version(1).send().expect(200);
        let path = format!("/outreach/conflicts/{}/decide", conflict.as_str().expect("an id"));
        app.post(&path, &json!({"decision": "keep", "record_version": 2})).without_key().by(&group.second).version(1).send().expect(200);
        two.sync(app, &[]);
        assert_eq!(two.sees(&record).expect("the session")["venue"], "home");
    }

    fn a_session_taken_away_while_another_goes_on_with_it_is_not_lost(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let records = one.done(app, &[made.clone(), new_contact(&made, &contact())]);
        two.sync(app, &[]);
        assert_eq!(two.known.borrow().len(), 2);
        one.done(app, &[removal(&records[0], &[&records[1]], 0)]);
        let mut added = new_contact(&made, &contact());
        added["session"] = json!({"id": records[0]});
        let results = two.sync(app, &[added, change("session_change", &records[0], "venue", &json!("street"), &json!("home"))]);
        assert_eq!(statuses(&results), ["conflict", "conflict"]);
        assert_eq!(app.number("select count(*) as n from outreach_contacts"), 2, "what was added is kept");
        let open = group.conflicts(app);
        let removed = open.iter().find(|conflict| conflict["field"] == "removed").expect("whether it stays away is asked");
        assert_eq!((&removed["current"], &removed["offered"]), (&json!(true), &json!(false)));
        let path = format!("/outreach/conflicts/{}/decide", removed["id"].as_str().expect("an id"));
        let body = json!({"decision": "take", "record_version": removed["record_version"]});
        app.post(&path, &body).without_key().by(&group.world.peer_leader).version(1).send().expect(200);
        one.sync(app, &[]);
        assert_eq!(one.known.borrow().len(), 3, "the session and both contacts are back on the phone that took it away");
    }

    fn a_session_is_not_taken_away_with_people_whom_the_phone_had_not_seen(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let record = one.done(app, std::slice::from_ref(&made)).remove(0);
        let mut counted = tally(&made, 3);
        counted["session"] = json!({"id": record});
        two.done(app, &[counted]);
        let results = one.sync(app, &[removal(&record, &[], 0)]);
        assert_eq!(statuses(&results), ["conflict"]);
        assert_eq!(app.number("select count(*) as n from outreach_sessions where removed_at is null"), 1);
        one.done(app, &[removal(&record, &[], 3)]);
        two.sync(app, &[]);
        assert_eq!(two.sees(&record), None);
    }

    fn a_contact_that_came_unseen_is_not_made_up_for_by_one_that_went(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let records = one.done(app, &[made.clone(), new_contact(&made, &contact())]);
        two.sync(app, &[]);
        let mut gone = operation("contact_remove", &contact());
        gone["record"] = json!({"id": records[1]});
        let mut added = new_contact(&made, &contact());
        added["session"] = json!({"id": records[0]});
        let added = two.done(app, &[gone, added]).remove(1);
        let results = one.sync(app, &[removal(&records[0], &[&records[1]], 0)]);
        assert_eq!(statuses(&results), ["conflict"], "it holds one contact, but another one");
        one.done(app, &[removal(&records[0], &[&added], 0)]);
    }

    fn an_operation_that_was_done_in_another_group_is_not_said_to_be_done_in_this_one(app: &TestApp) {
        let group = Group::of(app);
        let other = app.organisation(OrganisationKind::PeerGroup, "Nhóm thứ hai");
        app.peer_group(&group.world, other, group.world.centre);
        app.grant(&group.world.peer_leader, Role::PeerLeader, Some(other), None);
        let (phone, made) = (group.phone(), new_session());
        phone.done(app, std::slice::from_ref(&made));
        let mut there = Phone::new(&group.world.peer_leader, other);
        there.device = phone.device;
        let refused = there.sync(app, &[made]);
        assert_eq!((&refused[0]["status"], &refused[0]["errors"][0]["rule"]), (&json!("refused"), &json!("operation_reused")));
    }

    fn a_contact_that_was_changed_unseen_keeps_its_session(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let records = one.done(app, &[made.clone(), new_contact(&made, &contact())]);
        two.sync(app, &[]);
        let noted = change("contact_change", &records[1], "violence", &json!("not_asked"), &json!("yes"));
        two.done(app, &[noted]);
        let results = one.sync(app, &[removal(&records[0], &[&records[1]], 0)]);
        assert_eq!(statuses(&results), ["conflict"], "whoever takes the session away does not know of the violence");
        let mut known = removal(&records[0], &[&records[1]], 0);
        known["body"]["contacts"][0]["contact"]["violence"] = json!("yes");
        one.done(app, &[known]);
    }

    fn work_on_a_contact_whose_session_was_taken_away_is_kept_and_asked_about(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let records = one.done(app, &[made.clone(), new_contact(&made, &contact())]);
        two.sync(app, &[]);
        one.done(app, &[removal(&records[0], &[&records[1]], 0)]);
        let noted = change("contact_change", &records[1], "violence", &json!("not_asked"), &json!("yes"));
        let results = two.sync(app, &[noted]);
        assert_eq!(statuses(&results), ["conflict"]);
        let asked = &results[0]["conflicts"][0];
        assert_eq!((&asked["session_id"], &asked["contact_id"]), (&records[0], &Value::Null));
        assert_eq!((&asked["field"], &asked["offered"]), (&json!("removed"), &json!(false)));
        let same = change("contact_change", &records[1], "violence", &json!("yes"), &json!("yes"));
        two.done(app, &[same]);
        assert_eq!(group.conflicts(app).len(), 1, "what says nothing new asks nothing");
        let path = format!("/outreach/conflicts/{}/decide", asked["id"].as_str().expect("an id"));
        let body = json!({"decision": "take", "record_version": asked["record_version"]});
        app.post(&path, &body).without_key().by(&group.world.peer_leader).version(1).send().expect(200);
        one.sync(app, &[]);
        assert_eq!(one.sees(&records[1]).expect("it is back")["violence"], "yes");
    }

    fn a_session_is_not_decided_away_with_what_the_decider_has_not_seen(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let records = one.done(app, &[made.clone(), new_contact(&made, &contact())]);
        two.sync(app, &[]);
        two.done(app, &[change("contact_change", &records[1], "child", &json!("not_asked"), &json!("yes"))]);
        let asked = one.sync(app, &[removal(&records[0], &[&records[1]], 0)])[0]["conflicts"][0].clone();
        two.done(app, &[change("contact_change", &records[1], "violence", &json!("not_asked"), &json!("yes"))]);
        let id = asked["id"].as_str().expect("an id");
        let decide = |record_version: &Value| {
            let body = json!({"decision": "take", "record_version": record_version});
            app.post(&format!("/outreach/conflicts/{id}/decide"), &body).without_key().by(&group.world.peer_leader).version(1).send()
        };
        decide(&asked["record_version"]).expect_problem(409, "record_changed");
        let now = app.get(&format!("/outreach/conflicts/{id}")).by(&group.world.peer_leader).send().expect(200).json();
        decide(&now["record_version"]).expect(200);
        two.sync(app, &[]);
        assert_eq!(two.sees(&records[0]), None);
    }

    fn counters_that_moved_unseen_keep_their_session_even_if_their_sum_is_the_same(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let record = one.done(app, &[made.clone(), tally(&made, 3)]).remove(0);
        two.sync(app, &[]);
        let mut moved = tally(&made, -2);
        moved["session"] = json!({"id": record});
        moved["body"]["counts"].as_array_mut().expect("a list").push(json!({"sex": "male", "age_band": "18_24", "seen": "new", "add": 2}));
        two.done(app, &[moved]);
        assert_eq!(statuses(&one.sync(app, &[removal(&record, &[], 3)])), ["conflict"]);
        let mut known = removal(&record, &[], 1);
        known["body"]["tallies"].as_array_mut().expect("a list").push(json!({"sex": "male", "age_band": "18_24", "seen": "new", "count": 2}));
        one.done(app, &[known]);
    }

    fn a_session_whose_counter_stands_below_nought_is_taken_away_by_what_was_shown(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let made = new_session();
        let record = phone.done(app, &[made.clone(), tally(&made, -2)]).remove(0);
        phone.done(app, &[removal(&record, &[], 0)]);
    }

    fn what_was_met_in_a_session_that_was_taken_away_is_told_to_nobody(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let mut noted = contact();
        noted["note"] = json!("ghi chú");
        let records = one.done(app, &[made.clone(), new_contact(&made, &noted)]);
        let mut seen = removal(&records[0], &[&records[1]], 0);
        seen["body"]["contacts"][0]["contact"] = noted;
        one.done(app, &[seen]);
        let told = two.send(app, &[]).expect(200).json();
        assert_eq!((&told["contacts"][0]["removed"], &told["contacts"][0]["contact"]), (&json!(true), &Value::Null));
        let path = format!("/outreach/sessions/{}", records[0].as_str().expect("an id"));
        app.get(&path).by(&group.second).send().expect_problem(404, "not_found");
        let changed = change("contact_change", &records[1], "violence", &json!("not_asked"), &json!("yes"));
        assert_eq!(statuses(&two.sync(app, &[changed])), ["conflict"]);
        let shown = app.get(&path).by(&group.second).send().expect(200).json();
        assert!(shown["removed_at"].is_string(), "whoever decides can see it: {shown}");
        assert_eq!(app.all_items(&group.second, &format!("{path}/contacts"), 1)[0]["violence"], "yes");
    }

    fn a_value_that_is_taken_brings_the_session_back_in_which_it_shows(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let records = one.done(app, &[made.clone(), new_contact(&made, &contact())]);
        two.sync(app, &[]);
        let clash = change("contact_change", &records[1], "violence", &json!("no"), &json!("yes"));
        let asked = two.sync(app, &[clash])[0]["conflicts"][0].clone();
        one.done(app, &[removal(&records[0], &[&records[1]], 0)]);
        let path = format!("/outreach/conflicts/{}/decide", asked["id"].as_str().expect("an id"));
        let body = json!({"decision": "take", "record_version": asked["record_version"]});
        app.post(&path, &body).without_key().by(&group.world.peer_leader).version(1).send().expect(200);
        one.sync(app, &[]);
        assert_eq!(one.sees(&records[1]).expect("it is back")["violence"], "yes");
        assert!(one.sees(&records[0]).is_some());
    }

    fn a_day_that_is_taken_is_judged_anew(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let record = phone.done(app, &[new_session()]).remove(0);
        let decide = |to: &str| {
            let asked = phone.sync(app, &[change("session_change", &record, "held_on", &json!("2019-01-01"), &json!(to))]);
            let asked = &asked[0]["conflicts"][0];
            let path = format!("/outreach/conflicts/{}/decide", asked["id"].as_str().expect("an id"));
            let body = json!({"decision": "take", "record_version": asked["record_version"]});
            app.post(&path, &body).without_key().by(&group.world.peer_leader).version(1).send().expect(200);
            phone.sync(app, &[]);
            phone.sees(&record).expect("the session")["day_doubtful"].clone()
        };
        assert_eq!(decide("2027-03-04"), json!(true));
        assert_eq!(decide("2025-10-13"), json!(false));
    }

    fn a_batch_that_names_more_contacts_than_one_statement_takes_is_answered(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let records = phone.done(app, &[new_session()]);
        let named: Vec<Value> = (0..5_000).map(|_| json!({"record": {"id": new_number()}, "contact": {"worker": 1, "sex": "male", "age_band": "18_24"}})).collect();
        let removals: Vec<Value> = (0..7).map(|_| {
            let mut removal = removal(&records[0], &[], 0);
            removal["body"]["contacts"] = named.iter().map(|_| json!({"record": {"id": new_number()}, "contact": {"worker": 1, "sex": "male", "age_band": "18_24"}})).collect();
            removal
        }).collect();
        assert_eq!(statuses(&phone.sync(app, &removals)), ["conflict"; 7]);
    }

    fn what_was_seen_of_a_field_is_kept_up_to_a_length_alone(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let record = phone.done(app, &[new_session()]).remove(0);
        let long = change("session_change", &record, "note", &json!("A".repeat(100_000)), &json!("y"));
        let refused = phone.sync(app, &[long]);
        assert_eq!(refused[0]["errors"][0]["field"], "body.note.from");
        assert_eq!(app.number("select count(*) as n from outreach_conflicts"), 0);
    }

    fn a_change_that_cannot_be_read_names_its_field(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let record = phone.done(app, &[new_session()]).remove(0);
        let refused = |body: Value| {
            let mut changed = operation("session_change", &body);
            changed["record"] = json!({"id": record});
            let error = phone.sync(app, &[changed])[0]["errors"][0].clone();
            [error["field"].clone(), error["rule"].clone()]
        };
        assert_eq!(refused(json!({"venue": {"to": "home"}})), ["body.venue", "format"]);
        assert_eq!(refused(json!({"venu": {"from": "street", "to": "home"}})), ["body.venu", "unknown_field"]);
        for change in [json!({"to": "x"}), json!({"from": "x", "to": "y"})] {
            let told = refused(json!({"Nguyễn Thị Hoa": change}));
            assert_eq!(told[0], "body.?", "what stands where a field's name belongs may be somebody's");
        }
        assert_eq!(refused(json!({})), ["body", "format"]);
        let mut lost = tally(&new_session(), 1);
        lost["session"] = json!({"id": new_number()});
        assert_eq!(phone.sync(app, &[lost])[0]["errors"][0]["field"], "session");
    }

    fn counters_of_two_phones_add_up_whichever_step_comes_first(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let record = one.done(app, &[made.clone(), tally(&made, -2)]).remove(0);
        let shown = one.sees(&record).expect("the session");
        assert_eq!(shown["tallies"], json!([]), "below nought reads as nought");
        assert_eq!(shown["tallies_below_nought"], json!(true), "and is told of");
        let mut counted = tally(&made, 20);
        counted["session"] = json!({"id": record});
        two.done(app, &[counted]);
        assert_eq!(two.sees(&record).expect("the session")["tallies"][0]["count"], 18);
    }

    fn what_changed_is_read_page_by_page_and_a_cursor_from_before_a_restore_begins_anew(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made: Vec<Value> = (0..3).map(|_| new_session()).collect();
        let met: Vec<Value> = made.iter().flat_map(|session| [new_contact(session, &contact()), new_contact(session, &contact())]).collect();
        let records = one.done(app, &[made, met].concat());
        let mut read = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let mut body = two.batch(&[]);
            (body["cursor"], body["limit"]) = (cursor, json!(2));
            let reply = app.post("/outreach/sync", &body).without_key().by(two.user).send().expect(200).json();
            let changes: Vec<&Value> = ["sessions", "contacts"].iter().flat_map(|list| reply[*list].as_array().expect("a list")).collect();
            assert!(changes.len() <= 2);
            read.extend(changes.iter().map(|change| change["id"].clone()));
            cursor = reply["cursor"].clone();
            if reply["more"] == false {
                break;
            }
        }
        let sorted = |ids: &[Value]| { let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect(); ids.sort(); ids };
        assert_eq!(sorted(&read), sorted(&records));
        app.sql("update outreach_sessions set change_seq = change_seq - 5 where change_seq > 100");
        app.sql("update peer_groups set change_seq = 8");
        let mut body = two.batch(&[]);
        body["cursor"] = cursor;
        let reply = app.post("/outreach/sync", &body).without_key().by(two.user).send().expect(200).json();
        assert_eq!(reply["anew"], true);
    }

    fn a_wrong_clock_is_told_and_days_it_tells_are_kept_and_doubted(app: &TestApp) {
        let group = Group::of(app);
        let mut phone = group.phone();
        phone.time = "2027-10-15T03:00:00Z".into();
        let mut made = new_session();
        made["body"]["held_on"] = json!("2027-10-14");
        made["at"] = json!("2027-10-14T10:00:00Z");
        let reply = phone.send(app, std::slice::from_ref(&made)).expect(200).json();
        assert_eq!(reply["clock"], json!({"ahead_seconds": 730 * 86_400, "wrong": true}));
        assert_eq!(reply["results"][0]["status"], "applied");
        let record = reply["results"][0]["record"].clone();
        let told = "select count(*) as n from outreach_operations where clock_ahead_seconds = 63072000 and told_at > received_at";
        assert_eq!(app.number(told), 1);
        phone.time = "2025-10-15T03:00:00Z".into();
        phone.sync(app, &[]);
        let seen = phone.sees(&record).expect("the session");
        assert_eq!((&seen["held_on"], &seen["day_doubtful"]), (&json!("2027-10-14"), &json!(true)));
        phone.done(app, &[change("session_change", &record, "held_on", &json!("2027-10-14"), &json!("2025-10-14"))]);
        assert_eq!(phone.sees(&record).expect("the session")["day_doubtful"], false);
    }

    fn one_bad_operation_is_refused_with_its_field_and_the_others_are_done(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let made = new_session();
        let with = |field: &str, value: Value| { let mut one = new_session(); one["body"][field] = value; one };
        let batch = [
            made.clone(), with("venue", json!("somewhere")), with("workers", json!([0])), with("unit_code", json!("99999")),
            with("note", json!("x".repeat(281))), with("topics", json!(["Nguyễn Thị A"])), json!({"id": "no"}), json!(7),
            new_contact(&made, &json!({"worker": 1, "sex": "female", "age_band": "25_34", "code": {"card": "0000-0000-01"}})),
            operation("session_change", &json!({"venue": {"from": "street", "to": "home"}})),
            { let mut one = new_session(); one["at"] = json!("+200000-01-01T00:00:00Z"); one },
        ];
        let results = phone.sync(app, &batch);
        assert_eq!(results.len(), batch.len());
        let fields: Vec<&str> = results.iter().map(|result| result["errors"][0]["field"].as_str().unwrap_or("")).collect();
        assert_eq!(fields[..8], ["", "body.venue", "body.workers", "body.unit_code", "body.note", "body.topics", "id", "body"]);
        assert_eq!((fields[8].starts_with("body.code"), fields[9], fields[10]), (true, "record", "at"), "{results:?}");
        assert_eq!(statuses(&results).iter().filter(|status| **status == "refused").count(), 10);
        assert_eq!(app.number("select count(*) as n from outreach_sessions"), 1);
        assert!(!serde_json::to_string(&results).expect("JSON").contains("Nguyễn"), "no error repeats what was sent");
    }

    fn a_batch_may_be_packed_and_is_bounded_in_bytes_and_number(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let send = |bytes: &[u8]| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::best());
            packer.write_all(bytes).expect("packed");
            let packed = packer.finish().expect("packed");
            app.call("POST", "/outreach/sync").bytes(&packed, "application/json").header("content-encoding", "gzip").without_key().by(phone.user).send()
        };
        let body = serde_json::to_vec(&phone.batch(&[new_session()])).expect("JSON");
        assert_eq!(send(&body).expect(200).json()["results"][0]["status"], "applied");
        send(&vec![b' '; 20 * 1024 * 1024]).expect_problem(413, "too_large");
        let many = phone.batch(&vec![json!(1); 5001]);
        send(&serde_json::to_vec(&many).expect("JSON")).expect_problem(422, "invalid");
        let odd = app.post("/outreach/sync", &phone.batch(&[])).without_key().header("content-encoding", "br").by(phone.user).send();
        odd.expect_problem(415, "unsupported_media_type");
    }

    fn a_code_is_known_again_within_a_group_and_means_nothing_in_another(app: &TestApp) {
        let group = Group::of(app);
        let foreign = app.organisation(OrganisationKind::PeerGroup, "Nhóm khác");
        app.peer_group(&group.world, foreign, group.world.other_centre);
        let other = app.account("dongdang3", Role::PeerLeader, Some(foreign), None);
        let (here, there) = (group.phone(), Phone::new(&other, foreign));
        let client = |phone: &Phone<'_>, code: Value| {
            let made = new_session();
            let mut body = contact();
            body["code"] = code;
            let met = phone.done(app, &[made.clone(), new_contact(&made, &body)]).remove(1);
            phone.sees(&met).expect("the contact")["client"].clone()
        };
        let first = client(&here, said(4));
        let mut folded = said(4);
        folded["said"]["own_letters"] = json!("HOÀ");
        assert_eq!(client(&here, folded), first);
        assert_ne!(client(&here, said(5)), first);
        assert_ne!(client(&there, said(4)), first);
        let stored = "select count(distinct code_mac) as n from outreach_contacts";
        assert_eq!(app.number(stored), 2, "both groups store the same");
    }

    fn a_code_seen_by_its_handle_alone_is_corrected_without_being_known(app: &TestApp) {
        let group = Group::of(app);
        let (one, two) = (group.phone(), group.second_phone());
        let made = new_session();
        let mut body = contact();
        body["code"] = said(4);
        let met = one.done(app, &[made.clone(), new_contact(&made, &body)]).remove(1);
        two.sync(app, &[]);
        let handle = two.sees(&met).expect("the contact")["client"].clone();
        two.done(app, &[change("contact_change", &met, "code", &handle, &said(5))]);
        let late = one.sync(app, &[change("contact_change", &met, "code", &said(4), &said(6))]);
        assert_eq!(statuses(&late), ["conflict"]);
        assert_eq!(late[0]["conflicts"][0]["base"], handle, "codes are told by their handles");
    }

    fn nobody_but_the_groups_own_leaders_reads_or_writes_its_contacts(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let record = phone.done(app, &[new_session()]).remove(0);
        let foreign = app.organisation(OrganisationKind::PeerGroup, "Nhóm khác");
        app.peer_group(&group.world, foreign, group.world.centre);
        let other = app.account("dongdang3", Role::PeerLeader, Some(foreign), None);
        Phone::new(&other, group.world.group).send(app, &[]).expect_problem(404, "not_found");
        Phone::new(&group.world.manager, group.world.group).send(app, &[]).expect_problem(403, "forbidden");
        let stranger = Phone::new(&other, foreign);
        let results = stranger.sync(app, &[change("session_change", &record, "venue", &json!("street"), &json!("home"))]);
        assert_eq!(statuses(&results), ["refused"], "a session of another group is as none");
        let path = format!("/outreach/sessions/{}", record.as_str().expect("an id"));
        app.get(&path).by(&other).send().expect_problem(404, "not_found");
        app.get(&path).by(&group.world.manager).send().expect_problem(403, "forbidden");
    }

    fn the_trail_tells_of_sessions_and_who_saw_them(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let made = new_session();
        let record = phone.done(app, &[made.clone(), new_contact(&made, &contact())]).remove(0);
        phone.done(app, &[change("session_change", &record, "venue", &json!("street"), &json!("home"))]);
        let path = format!("/audit/trail/outreach_session/{}", record.as_str().expect("an id"));
        let entries = app.all_items(&group.world.auditor, &path, 1);
        let told: Vec<(&Value, &Value)> = entries.iter().map(|entry| (&entry["action"], &entry["fields"])).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&(&json!("create"), &json!(["session", "contacts"]))), "{told:?}");
        assert!(told.contains(&(&json!("update"), &json!(["venue"]))), "{told:?}");
        assert_eq!(app.number("select count(*) as n from view_log where subject_kind = 'peer_group'"), 2);
    }
}
