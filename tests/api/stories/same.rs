//! Two records, one person? Proposed with reasons, decided by people, undone without a trace in any record.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use hoanhap::audit;
use hoanhap::cases::model::{Case, CaseEvent};
use hoanhap::consents::model::Consent;
use hoanhap::db::schema;
use hoanhap::deliveries::model::Delivery;
use hoanhap::persons::model::Person;
use hoanhap::persons::same::everyone;
use hoanhap::referrals::model::Referral;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, User, World, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

/// A person of whom little is known but what is given.
fn known(app: &TestApp, user: &User, name: &str, more: Value) -> Uuid {
    let mut body = json!({"name": name, "sex": "female", "birth": {"precision": "unknown"}});
    body.as_object_mut().expect("a form").extend(more.as_object().expect("fields").clone());
    app.post("/persons", &body).by(user).send().expect(201).id()
}

fn exact(day: &str) -> Value {
    json!({"precision": "exact", "date": day})
}

fn year(year: i32) -> Value {
    json!({"precision": "year", "year": year})
}

/// A person with a case in work, consent, referral and delivery.
fn helped(app: &TestApp, world: &World, name: &str) -> Uuid {
    let person = app.person(&world.worker, name);
    let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(5));
    app.consent(&world.worker, person, world.lender, app.days_ago(5));
    app.assess(&world.worker, case, &["loan", "social_support"], app.days_ago(4));
    let referral = app.referral(&world.worker, case, "loan", world.lender);
    app.step(&world.banker, referral, "accept").expect(200);
    app.step(&world.banker, referral, "start").expect(200);
    app.deliver(&world.banker, referral, "loan", app.today());
    person
}

/// Every record of persons and their casework, to the byte.
fn records(app: &TestApp) -> BTreeSet<String> {
    let read = app.state().db.read_now(|conn| {
        let mut rows = BTreeSet::new();
        macro_rules! take {
            ($($table:ident: $row:ty),+) => {$(
                let all: Vec<$row> = schema::$table::table.select(<$row>::as_select()).load(conn)?;
                rows.extend(all.iter().map(|row| format!("{row:?}")));
            )+};
        }
        take!(persons: Person, cases: Case, case_events: CaseEvent, consents: Consent, referrals: Referral, deliveries: Delivery);
        Ok(rows)
    });
    read.expect("the records")
}

fn group(app: &TestApp, person: Uuid) -> Vec<Uuid> {
    let id = hoanhap::db::types::PersonId(person);
    let all = app.state().db.read_now(|conn| everyone(conn, id)).expect("the group");
    all.into_iter().map(|id| id.0).collect()
}

fn clients(app: &TestApp, world: &World) -> (u64, u64, u64) {
    let figure = app.figure(&world.manager, PLAN, "808-10", 2025);
    let number = |name: &str| figure[name].as_u64().unwrap_or_else(|| panic!("{name}: {figure}"));
    (number("clients"), number("denominator"), number("numerator"))
}

both_dbs! {
    fn who_may_be_the_same_person_is_proposed_with_the_reasons_likeliest_first(app: &TestApp) {
        let world = World::build(app);
        let user = &world.worker;
        let home = json!({"birth": exact("1996-03-08"), "phone": "+84 912 345 678", "national_id": "001196012345",
            "residence_unit_code": "G34-C00004", "aliases": ["Bé Ba"]});
        let own = known(app, user, "Đặng Thị Thu Hòa", home);
        let twin = known(app, user, "hoà đặng thị thu", json!({"birth": exact("1996-03-08"), "phone": "0912345678",
            "national_id": "001 196 012 345", "residence_unit_code": "G34-C00004"}));
        let filler = known(app, user, "Dang Thi Thu Hoa", json!({"birth": exact("1996-01-01")}));
        let alias = known(app, user, "Bé Ba", json!({"birth": year(1996)}));
        let near = known(app, user, "Đặng Thị Hòa", json!({"birth": exact("1996-03-08")}));
        let renamed = known(app, user, "Lò Thị Mỷ", json!({"birth": exact("1996-03-08"), "phone": "0912 345 678"}));
        let open = known(app, user, "Đặng Thị Thu Hòa", json!({"sex": "unknown"}));
        for (name, more) in [
            ("Đặng Thị Thu Hòa", json!({"birth": exact("1996-03-09")})),
            ("Đặng Thị Thu Hòa", json!({"birth": year(1995)})),
            ("Đặng Thị Thu Hòa", json!({"sex": "male", "birth": exact("1996-03-08")})),
            ("Vàng Thị Dợ", json!({"birth": exact("1996-03-08"), "national_id": "001196012345"})),
            ("Đặng Thị Thu Hương", json!({"birth": year(1996)})),
        ] {
            known(app, user, name, more);
        }
        let hidden = known(app, &world.other_worker, "Đặng Thị Thu Hòa", json!({"birth": exact("1996-03-08")}));
        app.finds(&world.other_worker, "thu hoa dang thi", &[hidden]);
        assert!(app.found(user, "thu hoa dang thi").contains(&open));
        let found = app.candidates(user, own);
        let expected = [
            (twin, vec!["name", "birth_date", "residence", "phone", "national_id"]),
            (renamed, vec!["birth_date", "phone"]),
            (filler, vec!["name", "birth_year"]),
            (near, vec!["name_alike", "birth_date"]),
            (alias, vec!["alias", "birth_year"]),
            (open, vec!["name"]),
        ];
        let expected: BTreeMap<Uuid, Vec<String>> =
            expected.into_iter().map(|(id, why)| (id, why.into_iter().map(str::to_owned).collect())).collect();
        assert_eq!(found.iter().cloned().collect::<BTreeMap<_, _>>(), expected);
        assert_eq!(found[0].0, twin);
        assert_eq!(found[1].0, renamed);
        assert!(app.candidates(&world.other_worker, hidden).is_empty());
        assert_eq!(app.number("select count(*) as n from same_decisions"), 0, "proposals are kept nowhere");
    }

    fn contradictory_births_are_shown_and_propose_nobody_without_a_name_and_a_number(app: &TestApp) {
        let world = World::build(app);
        let of = |name: &str, birth: Value, phone: &str| {
            known(app, &world.worker, name, json!({"birth": birth, "phone": phone}))
        };
        let own = of("Vi Thị Mai", exact("1996-03-08"), "0912 345 678");
        let swapped = of("Mai Vi Thị", exact("1996-08-03"), "0912345678");
        let misheard = of("Vi Thị Mai", exact("1997-03-08"), "+84 912 345 678");
        of("Vi Thị Mai", exact("1997-03-08"), "0900 000 000");
        let last = of("Lò Thị Ban", exact("1997-03-08"), "0912 345 678");
        app.finds(&world.worker, "lo thi ban", &[last]);
        let found: BTreeMap<Uuid, Vec<String>> = app.candidates(&world.worker, own).into_iter().collect();
        let why = vec!["name".to_owned(), "phone".to_owned(), "birth_differs".to_owned()];
        assert_eq!(found, BTreeMap::from([(swapped, why.clone()), (misheard, why)]));
    }

    fn a_pair_that_was_never_one_is_not_proposed_again_until_that_is_taken_back(app: &TestApp) {
        let world = World::build(app);
        let one = known(app, &world.worker, "Vi Thị Mai", json!({"birth": year(1990)}));
        let other = known(app, &world.worker, "Vi Thị Mai", json!({"birth": year(1990)}));
        app.finds(&world.worker, "vi thi mai", &[one.min(other), one.max(other)]);
        assert_eq!(app.candidates(&world.worker, one).len(), 1);
        app.decide(&world.worker, other, one, "not_same").expect(200);
        assert!(app.candidates(&world.worker, one).is_empty() && app.candidates(&world.worker, other).is_empty());
        assert!(app.same_as(&world.worker, one).is_empty());
        app.decide(&world.worker, one, other, "same").expect_problem(409, "decided_not_same");
        app.decide(&world.worker, one, other, "not_same").expect_problem(409, "decided_not_same");
        let stands = app.get(&format!("/persons/{one}/same")).by(&world.worker).send().expect(200).json();
        assert_eq!(stands["items"][0]["verdict"], "not_same");
        assert_eq!((&stands["items"][0]["person_id"], &stands["items"][0]["other_id"]), (&json!(one), &json!(other)));
        app.split(&world.worker, one, other).expect(200);
        assert_eq!(app.candidates(&world.worker, one).len(), 1);
        app.decide(&world.worker, one, other, "same").expect(200);
        assert!(app.candidates(&world.worker, one).is_empty(), "who is merged is not proposed");
        app.decide(&world.worker, one, other, "same").expect_problem(409, "already_same");
        app.decide(&world.worker, one, other, "not_same").expect_problem(409, "already_same");
    }

    fn both_records_are_looked_at_side_by_side_and_counted_as_far_as_one_may_see(app: &TestApp) {
        let world = World::build(app);
        let one = helped(app, &world, "Lê Thị Hòa");
        let other = known(app, &world.worker, "Lê Thị Hoà", json!({"birth": exact("1996-03-08")}));
        let shown = app.preview(&world.worker, one, other).expect(200).json();
        let differs = ["aliases", "nationality", "ethnicity", "residence_unit_code", "phone", "national_id", "address", "safe_contact", "categories"];
        assert_eq!(shown["differs"], json!([&["name"][..], &differs[..]].concat()));
        assert_eq!(shown["person_has"], json!({"cases": 1, "consents": 1, "referrals": 1, "deliveries": 1}));
        assert_eq!(shown["other_has"], json!({"cases": 0, "consents": 0, "referrals": 0, "deliveries": 0}));
        assert_eq!(shown["reasons"], json!(["name", "birth_date"]));
        assert_eq!(shown["decided"], Value::Null);
        let both = "select count(*) as n from view_log where seq = (select max(seq) from view_log) and length(shown) = 32";
        assert_eq!(app.number(both), 1);
        app.preview(&world.worker, one, one).expect_problem(404, "not_found");
        app.preview(&world.counsellor, one, other).expect_problem(404, "not_found");
    }

    fn a_merged_person_counts_once_and_a_split_restores_every_record_to_the_byte(app: &TestApp) {
        let world = World::build(app);
        let (one, other) = (helped(app, &world, "Lê Thị Hòa"), helped(app, &world, "Lê Thị Hoà"));
        let third = app.person(&world.worker, "Hòa");
        app.case(&world.worker, third, "person_selling_sex", app.days_ago(2));
        let (before, rows) = (clients(app, &world), records(app));
        assert_eq!(before, (3, 2, 2));
        let merged = app.decide(&world.worker, one, other, "same").expect(200);
        assert_eq!(merged.json()["verdict"], "same");
        assert_eq!(clients(app, &world), (2, 1, 1));
        assert_eq!(app.same_as(&world.worker, one), [other]);
        app.decide(&world.worker, third, other, "same").expect(200);
        assert_eq!(clients(app, &world), (1, 1, 1));
        assert_eq!(group(app, third).len(), 3);
        assert_eq!(records(app), rows, "a merge moves no record");
        app.split(&world.worker, one, third).expect_problem(409, "nothing_decided");
        app.split(&world.worker, one, other).expect(200);
        assert_eq!((clients(app, &world), app.same_as(&world.worker, third)), ((2, 2, 2), vec![other]));
        let done = app.split(&world.worker, other, third).expect(200).json();
        assert_eq!((&done["taken_back_reason"], done["taken_back_at"].is_string()), (&json!("mistake"), true));
        assert_eq!((clients(app, &world), records(app)), (before, rows));
        assert_eq!(app.number("select count(*) as n from same_groups"), 0);
        for (person, entries) in [(one, 2), (other, 4), (third, 2)] {
            let sql = format!("select count(*) as n from audit_entries where action in ('same.decide', 'same.take_back') and subject_id = {}", app.sql_id(person));
            assert_eq!(app.number(&sql), entries);
        }
        let state = app.state();
        assert!(audit::verify(&state.db, &state.vault, &state.trail).expect("verified").is_empty());
    }

    fn an_open_case_of_one_record_is_an_open_case_of_the_person(app: &TestApp) {
        let world = World::build(app);
        let [one, other] = ["Lê Thị Hòa", "Lê Thị Hoà"].map(|name| app.person(&world.worker, name));
        app.case(&world.worker, one, "at_risk", app.today());
        app.decide(&world.worker, one, other, "same").expect(200);
        let body = json!({"person_id": other, "unit_code": "G34-C00004", "category": "at_risk", "received_on": app.today()});
        app.post("/cases", &body).by(&world.worker).send().expect_problem(409, "open_case_exists");
        app.split(&world.worker, one, other).expect(200);
        app.post("/cases", &body).by(&world.worker).send().expect(201);
    }

    fn a_decision_rests_on_what_was_looked_at(app: &TestApp) {
        let world = World::build(app);
        let [one, other, third] = ["Lê Thị Hòa", "Lê Thị Hoà", "Lê Hòa"].map(|name| app.person(&world.worker, name));
        let version = app.preview(&world.worker, one, other).expect(200).version();
        assert_eq!(app.preview(&world.worker, other, one).expect(200).version(), version);
        app.patch(&format!("/persons/{other}"), &json!({"sex": "unknown"})).by(&world.worker).version(1).send().expect(200);
        let stale = app.decide_on(&world.worker, one, other, "same", version).expect_problem(412, "version_stale");
        let version = app.preview(&world.worker, one, other).expect(200).version();
        assert_eq!(stale.version(), version);
        // Another merge of one of the two changes what is decided about as well.
        app.decide(&world.worker, other, third, "same").expect(200);
        app.decide_on(&world.worker, one, other, "same", version).expect_problem(412, "version_stale");
        let path = format!("/persons/{one}/same");
        let body = json!({"other_id": other, "verdict": "same"});
        app.post(&path, &body).by(&world.worker).send().expect_problem(428, "version_required");
        let version = app.preview(&world.worker, one, other).expect(200).version();
        let ask = || app.post(&path, &body).key("merge-once-only").by(&world.worker).version(version).send().expect(200);
        let (first, again) = (ask(), ask());
        assert_eq!((first.json(), first.version()), (again.json(), again.version()));
        assert_eq!(app.number("select count(*) as n from same_decisions"), 2);
    }

    fn only_who_may_change_both_decides_and_nobody_learns_of_a_record_out_of_reach(app: &TestApp) {
        let world = World::build(app);
        let own = app.person(&world.worker, "Lê Thị Hòa");
        let waiting = app.person(&world.manager, "Lê Thị Hoà");
        app.case(&world.manager, waiting, "at_risk", app.today());
        let foreign = app.person(&world.other_worker, "Lê Thị Hoà");
        app.preview(&world.worker, own, waiting).expect_problem(403, "forbidden");
        app.decide_on(&world.worker, own, waiting, "same", 1).expect_problem(403, "forbidden");
        let nowhere = app.state().random.uuid();
        let hidden = app.decide_on(&world.worker, own, foreign, "same", 1).expect_problem(422, "invalid");
        assert_eq!(hidden.refusal(), app.decide_on(&world.worker, own, nowhere, "same", 1).refusal());
        assert_eq!(app.preview(&world.worker, own, foreign).refusal(), app.preview(&world.worker, own, nowhere).refusal());
        // Who sees one of them only is told of nobody else.
        let case = app.case(&world.worker, own, "at_risk", app.today());
        app.decide(&world.manager, own, waiting, "same").expect(200);
        assert_eq!(app.same_as(&world.worker, own), [waiting]);
        let id = app.sql_id(case);
        app.sql(&format!("update cases set organisation_id = {}, assigned_to = {} where id = {id}", app.sql_id(world.other_centre), app.sql_id(world.other_worker.id)));
        assert!(app.same_as(&world.other_worker, own).is_empty());
        let stands = app.get(&format!("/persons/{own}/same")).by(&world.other_worker).send().expect(200).json();
        assert_eq!(stands["items"], json!([]));
    }

    fn any_merges_and_splits_count_as_the_decisions_say_and_leave_every_record_as_it_was(app: &TestApp) {
        let world = World::build(app);
        let people: Vec<Uuid> = (0..6)
            .map(|number| {
                let person = app.person(&world.worker, &format!("Người {number}"));
                app.case(&world.worker, person, "person_selling_sex", app.days_ago(1));
                person
            })
            .collect();
        let rows = records(app);
        let steps = prop::collection::vec((0_usize..6, 0_usize..6, any::<bool>()), 1..12);
        let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&steps, |steps| {
            let mut stands: BTreeSet<(usize, usize)> = BTreeSet::new();
            for (one, other, merge) in steps {
                if one == other {
                    continue;
                }
                let pair = (one.min(other), one.max(other));
                let together = parts(&stands, people.len());
                let expected = match (merge, together[one] == together[other], stands.contains(&pair)) {
                    (true, false, _) => {
                        stands.insert(pair);
                        200
                    }
                    (false, _, true) => {
                        stands.remove(&pair);
                        200
                    }
                    _ => 409,
                };
                let (one, other) = (people[one], people[other]);
                let reply = if merge {
                    app.decide(&world.worker, one, other, "same")
                } else {
                    app.split(&world.worker, one, other)
                };
                prop_assert_eq!(reply.status, expected, "{}", reply.text());
                check(app, &world, &people, &stands);
            }
            for (one, other) in stands {
                app.split(&world.worker, people[other], people[one]).expect(200);
            }
            check(app, &world, &people, &BTreeSet::new());
            prop_assert!(records(app) == rows, "a record changed");
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
    }

    fn merges_and_splits_at_the_same_time_end_as_one_after_the_other(app: &TestApp) {
        let world = World::build(app);
        let people: Vec<Uuid> = (0..5).map(|number| app.person(&world.worker, &format!("Người {number}"))).collect();
        app.token(&world.worker);
        let ring: Vec<(usize, usize)> = (0..5).flat_map(|one| [(one, (one + 1) % 5), (one, (one + 2) % 5)]).collect();
        for round in 0..3 {
            let pairs = ring.iter().copied().cycle().skip(round * 3).take(10);
            std::thread::scope(|scope| {
                for (lane, (one, other)) in pairs.enumerate() {
                    let (world, people) = (&world, &people);
                    scope.spawn(move || {
                        let (one, other) = (people[one], people[other]);
                        let reply = if lane % 4 == 3 {
                            app.split(&world.worker, one, other)
                        } else {
                            app.decide(&world.worker, one, other, "same")
                        };
                        assert!([200, 409, 412].contains(&reply.status), "{}", reply.text());
                    });
                }
            });
            let stands = app.state().db.read_now(|conn| {
                let rows: Vec<(Uuid, Uuid)> = schema::same_decisions::table
                    .filter(schema::same_decisions::taken_back_at.is_null())
                    .select((schema::same_decisions::low_id, schema::same_decisions::high_id))
                    .load::<(hoanhap::db::types::PersonId, hoanhap::db::types::PersonId)>(conn)?
                    .into_iter()
                    .map(|(low, high)| (low.0, high.0))
                    .collect();
                Ok(rows)
            });
            let place = |id: Uuid| people.iter().position(|person| *person == id).expect("one of them");
            let stands: BTreeSet<(usize, usize)> =
                stands.expect("the decisions").into_iter().map(|(low, high)| (place(low), place(high))).collect();
            // One after the other, no merge would have joined two that were joined: the pairs form no ring.
            let together = parts(&stands, people.len());
            let groups: BTreeSet<usize> = together.iter().copied().collect();
            assert_eq!(stands.len() + groups.len(), people.len(), "{stands:?}");
            check_groups(app, &people, &stands);
        }
    }
}

/// For each of `count` people, the lowest number of those they are joined with.
fn parts(stands: &BTreeSet<(usize, usize)>, count: usize) -> Vec<usize> {
    let mut roots: Vec<usize> = (0..count).collect();
    for (one, other) in stands {
        let (from, to) = (roots[*one].max(roots[*other]), roots[*one].min(roots[*other]));
        roots.iter_mut().filter(|root| **root == from).for_each(|root| *root = to);
    }
    roots
}

fn check_groups(app: &TestApp, people: &[Uuid], stands: &BTreeSet<(usize, usize)>) {
    let together = parts(stands, people.len());
    for (number, person) in people.iter().enumerate() {
        let mut members: Vec<Uuid> =
            people.iter().zip(&together).filter(|(_, root)| **root == together[number]).map(|(id, _)| *id).collect();
        members.sort_unstable();
        assert_eq!(group(app, *person), members);
    }
}

fn check(app: &TestApp, world: &World, people: &[Uuid], stands: &BTreeSet<(usize, usize)>) {
    check_groups(app, people, stands);
    let distinct: BTreeSet<usize> = parts(stands, people.len()).into_iter().collect();
    assert_eq!(clients(app, world).0, u64::try_from(distinct.len()).expect("a number"));
}
