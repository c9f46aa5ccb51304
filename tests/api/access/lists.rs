//! Lists and single reads agree: what a list shows can be read, what it hides is not there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::records::{Asker, File, GIVEN_NAMES, askers};
use crate::support::{TestApp, User, World, both_dbs};

fn ids(items: &[Value]) -> BTreeSet<Uuid> {
    items.iter().map(|item| item["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
}

/// What a refusal may differ in is only the request's id.
fn check(app: &TestApp, user: &User, shown: &BTreeSet<Uuid>, all: &[Uuid], kind: &str) {
    let nowhere = app.state().random.uuid();
    let ask = |id: &Uuid| app.get(&format!("/{kind}/{id}")).by(user).send();
    let change = |id: &Uuid| app.patch(&format!("/{kind}/{id}"), &json!({})).by(user).version(4711).send();
    for id in all {
        let read = ask(id);
        if shown.contains(id) {
            assert_eq!(read.status, 200, "{kind}: {} sees {id} in the list only", user.username);
            continue;
        }
        assert_eq!(read.status, 404, "{kind}: {} reads {id}, which the list hides", user.username);
        assert_eq!(read.refusal(), ask(&nowhere).refusal(), "{kind}: hidden differs from missing");
        if kind == "persons" || kind == "cases" {
            let changed = change(id);
            assert_eq!(changed.status, 404, "{kind}: {} may try to change {id}", user.username);
            assert_eq!(changed.refusal(), change(&nowhere).refusal(), "{kind}: hidden differs from missing");
        }
    }
}

fn every(askers: &[Asker], pick: impl Fn(&File) -> Uuid) -> Vec<Uuid> {
    askers.iter().flat_map(|asker| asker.files.values().map(&pick)).collect()
}

both_dbs! {
    fn a_search_finds_exactly_those_whom_the_list_shows(app: &TestApp) {
        let world = World::build(app);
        let askers = askers(app, &world);
        // Registered last, so that the index has followed all that was changed before.
        let last = app.person(&world.second_worker, "Người Sau Cùng");
        app.finds(&world.second_worker, "nguoi sau cung", &[last]);
        for user in askers.iter().filter_map(|asker| asker.user.as_ref()) {
            let list = app.get("/persons").by(user).send();
            let search = app.search(user, &json!({"name": "mai ban thi"}));
            assert_eq!(list.status, search.status, "{}", user.username);
            if list.status == 200 {
                let shown = ids(&app.all_items(user, "/persons", 50));
                let named = |given: &&str| app.found(user, &format!("{given} ban thi"));
                let mut found: Vec<Uuid> = GIVEN_NAMES.iter().flat_map(named).collect();
                found.extend(app.found(user, "lê cỏ may"));
                found.extend(app.found(user, "sau cung"));
                assert_eq!(found.len(), shown.len(), "{}", user.username);
                assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), shown, "{}", user.username);
            }
        }
    }

    fn what_a_list_shows_can_be_read_and_what_it_hides_is_answered_like_nothing(app: &TestApp) {
        let world = World::build(app);
        let askers = askers(app, &world);
        let mut persons = every(&askers, |file| file.person);
        persons.extend(askers.iter().map(|asker| asker.to_open));
        let (cases, referrals) = (every(&askers, |file| file.case), every(&askers, |file| file.referral));
        let stays = every(&askers, |file| file.stay);
        let loans = every(&askers, |file| file.loan);
        for asker in &askers {
            let Some(user) = &asker.user else { continue };
            for (kind, all) in [
                ("persons", &persons),
                ("cases", &cases),
                ("referrals", &referrals),
                ("stays", &stays),
                ("loans", &loans),
            ] {
                if app.get(&format!("/{kind}")).by(user).send().status == 200 {
                    let shown = ids(&app.all_items(user, &format!("/{kind}"), 7));
                    check(app, user, &shown, all, kind);
                }
            }
            for file in asker.files.values() {
                let list = app.get(&format!("/deliveries?case_id={}", file.case)).by(user).send();
                if list.status == 200 {
                    let by_referral = format!("/deliveries?referral_id={}", file.referral);
                    let mut shown = ids(list.json()["items"].as_array().expect("items"));
                    shown.extend(ids(&app.all_items(user, &by_referral, 7)));
                    check(app, user, &shown, &[file.delivery], "deliveries");
                }
            }
        }
    }
}
