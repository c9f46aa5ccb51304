//! An officer reaches what was recorded in the own places, and nothing else is there.

use std::collections::BTreeSet;

use hoanhap::admin_units::{AdminUnits, Level};
use hoanhap::grants::Role;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::registers::{entry_body, with};
use crate::support::{TestApp, User, World, both_dbs};

const REGISTER: Register = Register::PilotModels;

fn officer(app: &TestApp, unit: &str) -> User {
    app.account(&format!("canbo.{}", unit.to_lowercase()), Role::ProgrammeOfficer, None, Some(unit))
}

fn seen(app: &TestApp, user: &User) -> BTreeSet<String> {
    let items = app.all_items(user, &format!("/registers/{REGISTER}/entries"), 3);
    let ids: BTreeSet<String> = items.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned).collect();
    assert_eq!(ids.len(), items.len(), "none stands twice");
    ids
}

/// A commune of today made of several, one of them whole and one of them in part.
fn mixed(units: &AdminUnits, today: chrono::NaiveDate) -> (String, String, String) {
    let made = units.units_on(Level::Commune, "VN", today);
    let found = made.into_iter().find_map(|commune| {
        let before: Vec<_> = units.predecessors(&commune.code).filter(|old| old.level == Level::Commune).collect();
        let parts = |old: &&&hoanhap::admin_units::AdminUnit| units.successors(&old.code).len();
        let whole = before.iter().find(|old| parts(old) == 1 && old.valid_from.is_none())?;
        let split = before.iter().find(|old| parts(old) > 1 && old.valid_from.is_none())?;
        Some((commune.code.clone(), whole.code.clone(), split.code.clone()))
    });
    found.expect("there are such communes")
}

both_dbs! {
    fn province_commune_and_country_reach_their_own_and_to_others_nothing_is_there(app: &TestApp) {
        let world = World::build(app);
        let units = &app.state().units;
        let (commune, whole, split) = mixed(units, app.today());
        let province = units.province_on(&commune, app.today()).expect("a province").code.clone();
        let country = officer(app, "VN");
        let record = |user: &User, unit: &str, day: &str| {
            let body = with(entry_body(REGISTER), &json!({"unit_code": unit, "name": format!("Mô hình {unit}"), "from": day, "to": "2026-12-31"}));
            app.recording(user, REGISTER, &body).send()
        };
        let ids: Vec<String> = [
            (commune.as_str(), "2025-08-01"), (whole.as_str(), "2025-02-01"), (split.as_str(), "2025-02-01"),
            (province.as_str(), "2025-08-01"), ("VN", "2025-08-01"), ("G34-P96", "2025-08-01"),
        ].iter().map(|(unit, day)| record(&country, unit, day).expect(201).id().to_string()).collect();
        let picked = |places: &[usize]| -> BTreeSet<String> { places.iter().map(|place| ids[*place].clone()).collect() };
        let (of_province, of_commune) = (officer(app, &province), officer(app, &commune));
        assert_eq!(seen(app, &country), picked(&[0, 1, 2, 3, 4, 5]));
        assert_eq!(seen(app, &of_province), picked(&[0, 1, 2, 3]));
        assert_eq!(seen(app, &of_commune), picked(&[0, 1]));

        for (user, reached) in [(&country, picked(&[0, 1, 2, 3, 4, 5])), (&of_province, picked(&[0, 1, 2, 3])), (&of_commune, picked(&[0, 1]))] {
            for id in &ids {
                let expected = if reached.contains(id) { 200 } else { 404 };
                let path = format!("/registers/{REGISTER}/entries/{id}");
                app.get(&path).by(user).send().expect(expected);
                let change = app.patch(&path, &json!({"name": "Tên"})).by(user).version(4711).send();
                change.expect(if expected == 200 { 412 } else { 404 });
                let void = app.post(&format!("{path}/void"), &json!({})).by(user).version(4711).send();
                void.expect(if expected == 200 { 412 } else { 404 });
                let other = format!("/registers/{}/entries/{id}", Register::PressItems);
                app.get(&other).by(user).send().expect(404);
            }
        }
        for (user, unit) in [(&of_commune, "VN"), (&of_commune, province.as_str()), (&of_province, "G34-P96")] {
            let refused = record(user, unit, "2025-08-01").expect_problem(422, "invalid").json();
            assert_eq!(refused["errors"][0]["field"], "unit_code");
            let own: Uuid = ids[0].parse().expect("an id");
            let moved = app.change_entry(user, REGISTER, own, &json!({"unit_code": unit})).expect_problem(422, "invalid").json();
            assert_eq!(moved["errors"][0]["field"], "unit_code", "an entry is not moved out of reach");
        }
        for user in [&world.manager, &world.administrator, &world.supervisor, &world.return_officer, &world.auditor] {
            app.get(&format!("/registers/{REGISTER}/entries")).by(user).send().expect(403);
            app.recording(user, REGISTER, &entry_body(REGISTER)).send().expect(403);
        }
    }

    fn an_officer_of_a_province_that_was_merged_reaches_the_whole_of_today(app: &TestApp) {
        let (old, new) = (officer(app, "G63-P44"), officer(app, "G34-P44"));
        let body = with(entry_body(REGISTER), &json!({"unit_code": "G63-P45", "from": "2025-05-05"}));
        let id = app.entry(&new, REGISTER, &body);
        assert_eq!(seen(app, &old), [id.to_string()].into());
        assert_eq!(seen(app, &new), [id.to_string()].into());
        let today = with(entry_body(REGISTER), &json!({"unit_code": "G34-P44", "name": "Mô hình mới"}));
        app.entry(&old, REGISTER, &today);
        assert_eq!(seen(app, &new).len(), 2);
    }

    fn an_officer_of_several_places_sees_each_entry_once(app: &TestApp) {
        let user = officer(app, "G34-P01");
        let commune = crate::support::world::COMMUNE;
        app.grant(&user, Role::ProgrammeOfficer, None, Some(commune));
        app.grant(&user, Role::ProgrammeOfficer, None, Some("G34-P44"));
        for unit in [commune, "G34-P01", "G34-P44"] {
            app.entry(&user, REGISTER, &with(entry_body(REGISTER), &json!({"unit_code": unit})));
        }
        assert_eq!(seen(app, &user).len(), 3);
        let of_one: Vec<Value> = app.all_items(&user, &format!("/registers/{REGISTER}/entries?unit=G34-P01"), 2);
        assert_eq!(of_one.len(), 2);
    }
}
