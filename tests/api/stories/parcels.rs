//! Work that was sealed on a phone is never lost: it comes with the sync, or without a login into quarantine.

use hoanhap::accounts::model::AccountState;
use hoanhap::organisations::OrganisationKind;
use serde_json::{Value, json};

use crate::support::parcels::{Sealer, base64, hand_in, register};
use crate::support::phones::{Group, Phone, change, contact, new_contact, new_session, operation, session, tally};
use crate::support::{Engine, Options, TestApp, both_dbs};

const CANARY: &str = "Quạ vàng số bảy";

impl Group {
    fn quarantine(&self, app: &TestApp) -> Vec<Value> {
        app.quarantine(&self.world.manager, self.world.group, false)
    }

    fn open(&self, app: &TestApp) -> Vec<Value> {
        app.quarantine(&self.world.manager, self.world.group, true)
    }

    fn accept(&self, app: &TestApp, seen: &Value) -> Value {
        app.accept_parcel(&self.world.manager, seen)
    }

    fn revoke_leader(&self, app: &TestApp) {
        let revoked = json!({"state": "revoked"});
        let path = format!("/users/{}/state", self.world.peer_leader.id);
        app.post(&path, &revoked).by(&self.world.administrator).version(1).send().expect(200);
    }
}

fn outcomes(numbers: [i32; 5]) -> Value {
    let [applied, already, conflict, refused, waiting] = numbers;
    json!({"applied": applied, "already_applied": already, "conflict": conflict, "refused": refused, "waiting": waiting})
}

/// Work of one evening whose note nobody but the group may read.
fn evening() -> Vec<Value> {
    let mut made = operation("session_create", &session());
    made["body"]["note"] = json!(CANARY);
    let mut late = tally(&made, 4);
    late["at"] = json!("2025-10-14T16:00:00Z");
    vec![made.clone(), new_contact(&made, &contact()), late]
}

fn sessions(app: &TestApp) -> i64 {
    app.number("select count(*) as n from outreach_sessions")
}

fn parcels(app: &TestApp) -> i64 {
    app.number("select count(*) as n from outreach_parcels")
}

fn kept(app: &TestApp) -> i64 {
    app.number("select count(*) as n from outreach_parcels where parcel is not null")
}

both_dbs! {
    fn work_sealed_before_access_ended_waits_for_the_manager_and_is_then_done_in_the_leaders_name(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let sealer = Sealer::register(app, &phone);
        let parcel = sealer.seal(&evening());
        group.revoke_leader(app);
        phone.send(app, &[]).expect_problem(401, "unauthenticated");
        sealer.hand_in(app, &parcel).expect(202);
        let listed = group.open(app);
        assert_eq!(sessions(app), 0, "nothing is done by itself");
        let seen = &listed[0];
        assert_eq!((listed.len(), &seen["account_id"], &seen["status"]), (1, &json!(group.world.peer_leader.id), &json!("waiting")));
        assert_eq!((&seen["operations"], &seen["told_from"], &seen["told_to"]), (&json!(3), &json!("2025-10-14T13:00:00Z"), &json!("2025-10-14T16:00:00Z")));
        let path = format!("/outreach/parcels?group_id={}", group.world.group);
        assert!(!app.get(&path).by(&group.world.manager).send().expect(200).text().contains(CANARY));
        let accepted = group.accept(app, seen);
        assert_eq!((&accepted["status"], &accepted["outcomes"], &accepted["decided_by"]), (&json!("accepted"), &outcomes([3, 0, 0, 0, 0]), &json!(group.world.manager.id)));
        assert!(!accepted.to_string().contains(CANARY));
        assert_eq!(group.open(app), Vec::<Value>::new());
        assert_eq!(group.quarantine(app), [accepted]);
        let shown = app.all_items(&group.second, &format!("/outreach/sessions?group_id={}", group.world.group), 1);
        assert_eq!((&shown[0]["note"], &shown[0]["tallies"][0]["count"]), (&json!(CANARY), &json!(4)));
        let by_leader = format!("select count(*) as n from outreach_sessions where recorded_by = {}", app.sql_id(group.world.peer_leader.id));
        assert_eq!(app.number(&by_leader), 1);
        assert_eq!(kept(app), 0, "what is on record is not kept twice");
    }

    fn the_trail_names_the_manager_who_accepted_and_nobody_who_handed_in(app: &TestApp) {
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        let stock = json!({"commodity": "condom", "kind": "received", "quantity": 100, "moved_on": "2025-10-01"});
        sealer.leave(app, &[evening(), vec![operation("stock_move", &stock)]].concat());
        let accepted = group.accept(app, &group.open(app)[0]);
        let path = format!("/outreach/sessions?group_id={}", group.world.group);
        let record = app.all_items(&group.second, &path, 1)[0]["id"].clone();
        let entries = |kind: &str, id: &Value| {
            let path = format!("/audit/trail/{kind}/{}", id.as_str().expect("an id"));
            let all = app.all_items(&group.world.auditor, &path, 1);
            let mut told: Vec<String> = all.iter().map(|entry| format!("{} {} {}", entry["action"], entry["account_id"], entry["fields"])).collect();
            told.sort();
            told
        };
        let (manager, leader) = (json!(group.world.manager.id), json!(group.world.peer_leader.id));
        assert_eq!(entries("outreach_session", &record), [format!(r#""create" {manager} ["session","tallies","contacts"]"#)]);
        assert_eq!(entries("outreach_parcel", &accepted["id"]), [r#""create" null ["parcel"]"#.to_owned(), format!(r#""transition" {manager} ["status"]"#)]);
        let of_group = entries("peer_group", &json!(group.world.group));
        assert!(of_group.contains(&format!(r#""device.register" {leader} ["devices"]"#)), "{of_group:?}");
        assert!(of_group.contains(&format!(r#""stock.move" {manager} ["stock"]"#)), "{of_group:?}");
    }

    fn a_parcel_handed_in_again_is_acknowledged_again_and_kept_once(app: &TestApp) {
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        let parcel = sealer.leave(app, &evening());
        sealer.hand_in(app, &parcel).expect(202);
        assert_eq!(parcels(app), 1);
        group.accept(app, &group.open(app)[0]);
        assert_eq!(sealer.hand_in(app, &parcel).expect(202).json(), json!({"acknowledged": true}));
        assert_eq!((parcels(app), kept(app), sessions(app)), (1, 0, 1));
    }

    fn a_device_is_given_the_same_keys_however_often_it_registers_and_another_one_others(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let first = Sealer::register(app, &phone);
        let again = Sealer::register(app, &phone);
        assert_eq!(first.keys, again.keys);
        assert_eq!(app.number("select count(*) as n from outreach_devices"), 1);
        let other = Sealer::register(app, &group.phone());
        assert_eq!(first.keys["public_key"], other.keys["public_key"]);
        let of_second = register(app, &group.second, phone.device, group.world.group).expect(200).json();
        assert!(first.keys["device_key"] != other.keys["device_key"] && first.keys["device_key"] != of_second["device_key"]);
        let foreign = app.organisation(OrganisationKind::PeerGroup, "Nhóm khác");
        app.peer_group(&group.world, foreign, group.world.centre);
        register(app, &group.world.peer_leader, phone.device, foreign).expect_problem(404, "not_found");
        register(app, &group.world.manager, phone.device, group.world.group).expect_problem(403, "forbidden");
    }

    fn whatever_is_wrong_with_a_parcel_the_refusal_is_the_same_and_nothing_is_stored(app: &TestApp) {
        let group = Group::of(app);
        let (phone, world) = (group.phone(), &group.world);
        let sealer = Sealer::register(app, &phone);
        let neighbour = Sealer::register(app, &group.phone());
        let foreign = app.organisation(OrganisationKind::PeerGroup, "Nhóm khác");
        app.peer_group(world, foreign, world.centre);
        let parcel = sealer.seal(&evening());
        let good = sealer.body(&parcel);
        let with = |field: &str, value: Value| { let mut body = good.clone(); body[field] = value; body };
        let mut altered = parcel.clone();
        altered[100] ^= 1;
        let unknown = sealer.posing(app.state().random.uuid(), world.peer_leader.id, world.group);
        let never = app.state().random.uuid();
        let bodies = [
            ("a wrong tag", with("tag", json!(base64(&[7; 32])))),
            ("a short tag", with("tag", json!(base64(&[7; 4])))),
            ("no tag", with("tag", json!(""))),
            ("another device", with("device_id", json!(app.state().random.uuid()))),
            ("another account's device", with("account_id", json!(group.second.id))),
            ("an account of nowhere", with("account_id", json!(never))),
            ("a group it is not registered for", with("group_id", json!(foreign))),
            ("a group of nowhere", with("group_id", json!(never))),
            ("another key", with("key_id", json!("0000000000000000"))),
            ("altered under its old tag", with("parcel", json!(base64(&altered)))),
            ("altered and tagged anew", sealer.body(&altered)),
            ("cut short and tagged anew", sealer.body(&parcel[..60])),
            ("nothing, tagged", sealer.body(&[])),
            ("a neighbour's parcel under one's own tag", sealer.body(&neighbour.seal(&evening()))),
            ("a device that was never registered", unknown.body(&unknown.seal(&evening()))),
        ];
        let before = app.row_counts();
        let refusal = hand_in(app, &bodies[0].1).expect_problem(409, "parcel_refused").refusal();
        for (what, body) in &bodies {
            assert_eq!(hand_in(app, body).refusal(), refusal, "{what}");
        }
        assert_eq!(app.row_counts(), before);
        hand_in(app, &good).expect(202);
    }

    fn only_managers_of_the_supporting_centre_see_parcels_and_decide(app: &TestApp) {
        let group = Group::of(app);
        let world = &group.world;
        let sealer = Sealer::register(app, &group.phone());
        sealer.leave(app, &evening());
        let seen = group.open(app).remove(0);
        let path = format!("/outreach/parcels?group_id={}", world.group);
        for (user, status, code) in [(&world.other_manager, 404, "not_found"), (&world.peer_leader, 403, "forbidden"), (&world.administrator, 403, "forbidden"), (&world.worker, 403, "forbidden")] {
            app.get(&path).by(user).send().expect_problem(status, code);
            for decision in ["accept", "refuse"] {
                app.decide_parcel(user, &seen, decision).expect_problem(status, code);
            }
        }
        let mut nowhere = seen.clone();
        nowhere["id"] = json!(app.state().random.uuid());
        let hidden = app.decide_parcel(&world.other_manager, &seen, "accept").refusal();
        assert_eq!(app.decide_parcel(&world.other_manager, &nowhere, "accept").refusal(), hidden);
        assert_eq!(group.open(app), [seen]);
    }

    fn a_parcel_is_accepted_once_however_often_that_is_asked(app: &TestApp) {
        let group = Group::of(app);
        let manager = &group.world.manager;
        let sealer = Sealer::register(app, &group.phone());
        sealer.leave(app, &evening());
        let seen = group.open(app).remove(0);
        let accepted = group.accept(app, &seen);
        app.decide_parcel(manager, &seen, "accept").expect_problem(412, "version_stale");
        app.decide_parcel(manager, &accepted, "accept").expect_problem(409, "parcel_decided");
        app.decide_parcel(manager, &accepted, "refuse").expect_problem(409, "parcel_decided");
        let without = format!("/outreach/parcels/{}/accept", seen["id"].as_str().expect("an id"));
        app.post(&without, &json!({})).without_key().by(manager).send().expect_problem(428, "version_required");
        assert_eq!((sessions(app), app.number("select count(*) as n from outreach_contacts")), (1, 1));
        assert_eq!(app.number("select sum(quantity) as n from outreach_tallies"), 4);
    }

    fn a_parcel_that_comes_many_times_at_once_is_kept_once_and_accepted_by_one_of_many(app: &TestApp) {
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        let parcel = sealer.seal(&evening());
        let at_once = |work: &(dyn Fn() -> u16 + Sync)| -> Vec<u16> {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
                let mut found: Vec<u16> = threads.into_iter().map(|thread| thread.join().expect("it answers")).collect();
                found.sort_unstable();
                found
            })
        };
        assert_eq!(at_once(&|| sealer.hand_in(app, &parcel).status), [202; 6]);
        assert_eq!(parcels(app), 1);
        let seen = group.open(app).remove(0);
        let managers = at_once(&|| app.decide_parcel(&group.world.manager, &seen, "accept").status);
        assert_eq!(managers, [200, 412, 412, 412, 412, 412]);
        assert_eq!(group.quarantine(app)[0]["outcomes"], outcomes([3, 0, 0, 0, 0]));
        assert_eq!(app.number("select sum(quantity) as n from outreach_tallies"), 4);
    }

    fn a_write_that_runs_twice_counts_and_keeps_once(app: &TestApp) {
        let app = &TestApp::start(app.engine, Options { abort_first_attempt: true, ..Options::default() }).expect("as the first one");
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        let made = new_session();
        let counted = (0..600).map(|_| tally(&made, 1));
        let work: Vec<Value> = std::iter::once(made.clone()).chain(counted).collect();
        sealer.leave(app, &work);
        assert_eq!(group.accept(app, &group.open(app)[0])["outcomes"], outcomes([601, 0, 0, 0, 0]));
        assert_eq!(app.number("select sum(quantity) as n from outreach_tallies"), 600);
    }

    fn accepting_a_large_parcel_goes_on_where_it_broke_off(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let sealer = Sealer::register(app, &phone);
        let made = new_session();
        let counted = (0..600).map(|_| tally(&made, 1));
        let work: Vec<Value> = std::iter::once(made.clone()).chain(counted).collect();
        sealer.leave(app, &work);
        // As after a crash between the first part of 500 and the second.
        phone.sync(app, &work[..500]);
        app.sql("update outreach_parcels set applied = 500");
        let accepted = group.accept(app, &group.open(app)[0]);
        assert_eq!(accepted["outcomes"], outcomes([601, 0, 0, 0, 0]));
        assert_eq!(app.number("select sum(quantity) as n from outreach_tallies"), 600);
    }

    fn a_refused_parcel_is_kept_and_may_be_accepted_later(app: &TestApp) {
        let group = Group::of(app);
        let manager = &group.world.manager;
        let sealer = Sealer::register(app, &group.phone());
        let parcel = sealer.leave(app, &evening());
        let refused = app.decide_parcel(manager, &group.open(app)[0], "refuse").expect(200).json();
        assert_eq!((&refused["status"], &refused["outcomes"]), (&json!("refused"), &outcomes([0; 5])));
        app.decide_parcel(manager, &refused, "refuse").expect_problem(409, "parcel_decided");
        assert_eq!((group.open(app), kept(app), sessions(app)), (vec![], 1, 0));
        sealer.hand_in(app, &parcel).expect(202);
        assert_eq!((group.open(app), parcels(app)), (vec![], 1), "sent again it is known");
        let accepted = group.accept(app, &refused);
        assert_eq!((&accepted["status"], &accepted["outcomes"]), (&json!("accepted"), &outcomes([3, 0, 0, 0, 0])));
        assert_eq!((kept(app), sessions(app)), (0, 1));
    }

    fn what_waits_for_its_session_is_counted_and_done_once_that_is_there(app: &TestApp) {
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        let (early, made) = (new_session(), new_session());
        sealer.leave(app, &[new_contact(&made, &contact()), early, tally(&made, 2)]);
        let waits = group.accept(app, &group.open(app)[0]);
        assert_eq!((&waits["status"], &waits["outcomes"]), (&json!("accepted"), &outcomes([1, 0, 0, 0, 2])));
        assert_eq!((group.open(app), kept(app)), (vec![waits.clone()], 1));
        let again = group.accept(app, &waits);
        assert_eq!(again["outcomes"], waits["outcomes"], "what was done is counted as done");
        sealer.leave(app, &[made]);
        let of_session = group.open(app).into_iter().find(|seen| seen["status"] == "waiting").expect("the second");
        group.accept(app, &of_session);
        let done = group.accept(app, &again);
        assert_eq!(done["outcomes"], outcomes([3, 0, 0, 0, 0]));
        assert_eq!((group.open(app), kept(app)), (vec![], 0));
    }

    fn what_still_waits_may_be_given_up_and_stays_kept(app: &TestApp) {
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        sealer.leave(app, &[tally(&new_session(), 2)]);
        let waits = group.accept(app, &group.open(app)[0]);
        let given_up = app.decide_parcel(&group.world.manager, &waits, "refuse").expect(200).json();
        assert_eq!((&given_up["status"], &given_up["outcomes"]), (&json!("refused"), &outcomes([0, 0, 0, 0, 1])));
        assert_eq!((group.open(app), kept(app)), (vec![], 1));
    }

    fn operations_that_break_rules_are_counted_and_their_parcel_is_kept(app: &TestApp) {
        let group = Group::of(app);
        let sealer = Sealer::register(app, &group.phone());
        let mut nowhere = new_session();
        nowhere["body"]["unit_code"] = json!("99999");
        sealer.leave(app, &[new_session(), nowhere, json!(7)]);
        let accepted = group.accept(app, &group.open(app)[0]);
        assert_eq!((&accepted["outcomes"], &accepted["operations"]), (&outcomes([1, 0, 0, 2, 0]), &json!(3)));
        assert_eq!((group.open(app), kept(app)), (vec![], 1));
        assert_eq!(group.accept(app, &accepted)["outcomes"], accepted["outcomes"], "it may be tried again");
    }

    fn work_that_the_leader_also_sent_by_hand_is_done_once_whichever_comes_first(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let sealer = Sealer::register(app, &phone);
        let (first, second) = (evening(), evening());
        sealer.leave(app, &first);
        phone.done(app, &first);
        let accepted = group.accept(app, &group.open(app)[0]);
        assert_eq!(accepted["outcomes"], outcomes([0, 3, 0, 0, 0]));
        sealer.leave(app, &second);
        group.accept(app, &group.open(app)[0]);
        assert!(phone.sync(app, &second).iter().all(|result| result["status"] == "already_applied"));
        assert_eq!(sessions(app), 2);
    }

    fn what_meets_a_change_of_somebody_else_becomes_a_conflict_and_overwrites_nothing(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let second = Phone::new(&group.second, group.world.group);
        let sealer = Sealer::register(app, &phone);
        let record = phone.done(app, &[new_session()]).remove(0);
        let parcel = sealer.seal(&[change("session_change", &record, "venue", &json!("street"), &json!("online"))]);
        second.done(app, &[change("session_change", &record, "venue", &json!("street"), &json!("home"))]);
        group.revoke_leader(app);
        sealer.hand_in(app, &parcel).expect(202);
        let accepted = group.accept(app, &group.open(app)[0]);
        assert_eq!(accepted["outcomes"], outcomes([0, 0, 1, 0, 0]));
        let open = app.all_items(&group.second, &format!("/outreach/conflicts?group_id={}&open=true", group.world.group), 1);
        assert_eq!((open.len(), &open[0]["offered"], &open[0]["account_id"]), (1, &json!("online"), &json!(group.world.peer_leader.id)));
        let path = format!("/outreach/conflicts/{}/decide", open[0]["id"].as_str().expect("an id"));
        let take = json!({"decision": "take", "record_version": 2});
        app.post(&path, &take).without_key().by(&group.second).version(1).send().expect(200);
        second.sync(app, &[]);
        assert_eq!(second.sees(&record).expect("the session")["venue"], "online");
    }

    fn a_parcel_that_holds_no_operations_is_kept_and_never_done(app: &TestApp) {
        let group = Group::of(app);
        let manager = &group.world.manager;
        let sealer = Sealer::register(app, &group.phone());
        sealer.hand_in(app, &sealer.seal_bytes(CANARY.as_bytes())).expect(202);
        let seen = group.open(app).remove(0);
        assert_eq!(seen["operations"], Value::Null);
        let refusal = app.decide_parcel(manager, &seen, "accept").expect_problem(409, "parcel_unreadable");
        assert!(!refusal.text().contains(CANARY));
        app.decide_parcel(manager, &seen, "refuse").expect(200);
        assert_eq!((group.open(app), kept(app)), (vec![], 1));
    }

    fn parcels_of_one_phone_are_bounded_and_acceptance_makes_room(app: &TestApp) {
        let group = Group::of(app);
        let (phone, neighbour) = (group.phone(), group.phone());
        let (sealer, other) = (Sealer::register(app, &phone), Sealer::register(app, &neighbour));
        sealer.leave(app, &evening());
        let columns = "group_id, account_id, device_id, parcel, received_at, status, applied, already_applied, conflicted, refused, waiting, version";
        let copies: Vec<String> = (1..500).map(|_| {
            let id = app.state().random.uuid();
            let digest = if app.engine == Engine::Postgres { format!("'\\x{}'::bytea", id.simple()) } else { app.sql_id(id) };
            format!("insert into outreach_parcels (id, digest, {columns}) select {}, {digest}, {columns} from outreach_parcels where operations = 3;", app.sql_id(id))
        }).collect();
        app.sql(&copies.concat());
        assert_eq!(kept(app), 500);
        let one_more = sealer.seal(&[new_session()]);
        sealer.hand_in(app, &one_more).expect_problem(409, "too_many_parcels");
        other.leave(app, &[new_session()]);
        let first = app.get(&format!("/outreach/parcels?group_id={}&limit=200", group.world.group)).by(&group.world.manager).send().expect(200).json();
        let whole = first["items"].as_array().expect("items").iter().find(|seen| seen["operations"] == 3).cloned();
        let whole = whole.unwrap_or_else(|| group.open(app).into_iter().find(|seen| seen["operations"] == 3).expect("the whole one"));
        group.accept(app, &whole);
        sealer.hand_in(app, &one_more).expect(202);
    }

    fn parcels_in_a_batch_are_opened_and_what_they_hold_comes_after_the_rest(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let (sealer, neighbour) = (Sealer::register(app, &phone), Sealer::register(app, &group.phone()));
        let (one, two) = (evening(), new_session());
        let open = new_contact(&two, &contact());
        let mut altered = sealer.seal(&[new_session()]);
        altered[80] ^= 1;
        let sent = [sealer.seal(&one), altered, sealer.seal(&[]), neighbour.seal(&evening()), sealer.seal_bytes(b"{}"), sealer.seal(std::slice::from_ref(&two))];
        let mut body = phone.batch(std::slice::from_ref(&open));
        let mut texts: Vec<Value> = sent.iter().map(|parcel| json!({"parcel": base64(parcel)})).collect();
        texts.push(json!({"parcel": "không phải base64"}));
        body["parcels"] = json!(texts);
        let send = |body: &Value| app.post("/outreach/sync", body).without_key().by(phone.user).send();
        let reply = send(&body).expect(200).json();
        let unopenable = json!({"status": "unopenable", "operations": 0});
        let opened = |operations: i32| json!({"status": "opened", "operations": operations});
        assert_eq!(reply["parcels"], json!([opened(3), unopenable, opened(0), unopenable, unopenable, opened(1), unopenable]));
        let results = reply["results"].as_array().expect("results");
        let numbers: Vec<&Value> = results.iter().map(|result| &result["operation"]).collect();
        assert_eq!(numbers, [&open["id"], &one[0]["id"], &one[1]["id"], &one[2]["id"], &two["id"]]);
        assert!(results.iter().all(|result| result["status"] == "applied"), "{results:?}");
        let again = send(&body).expect(200).json();
        assert!(again["results"].as_array().expect("results").iter().all(|result| result["status"] == "already_applied"));
        assert_eq!((sessions(app), parcels(app)), (2, 0), "they need no decision");
        assert_eq!(send(&phone.batch(&[])).expect(200).json()["parcels"], json!([]));
    }

    fn a_batch_with_its_parcels_is_bounded(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let sealer = Sealer::register(app, &phone);
        let send = |operations: usize, parcels: Vec<Value>| {
            let mut body = phone.batch(&vec![json!(1); operations]);
            body["parcels"] = json!(parcels);
            app.post("/outreach/sync", &body).without_key().by(phone.user).send()
        };
        let parcel = |operations: usize| json!({"parcel": base64(&sealer.seal(&vec![json!(1); operations]))});
        let most = send(2000, vec![parcel(3000)]).expect(200).json();
        assert_eq!(most["results"].as_array().map(Vec::len), Some(5000));
        let over = send(2000, vec![parcel(3000), parcel(1)]).expect_problem(422, "invalid").json();
        assert_eq!((&over["errors"][0]["field"], &over["errors"][0]["rule"]), (&json!("parcels"), &json!("length")));
        send(0, vec![parcel(0); 201]).expect_problem(422, "invalid");
        assert_eq!(send(0, vec![parcel(5001)]).expect(200).json()["parcels"][0]["status"], "unopenable");
    }

    fn a_leader_who_is_only_suspended_loses_nothing_either(app: &TestApp) {
        let group = Group::of(app);
        let phone = group.phone();
        let sealer = Sealer::register(app, &phone);
        app.force_state(&group.world.peer_leader, AccountState::Suspended);
        sealer.leave(app, &evening());
        assert_eq!(group.open(app).len(), 1);
        register(app, &group.second, phone.device, group.world.group).expect(200);
    }
}
