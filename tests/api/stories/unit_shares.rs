//! Declared shares of split communes: who declares, what fits, and what follows for the map.

use hoanhap::admin_units::{NotTold, Placed, shares};
use hoanhap::grants::Role;
use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::{TestApp, User, World, both_dbs};

/// Phường Cống Vị, of which one part went into Phường Ngọc Hà and one into Phường Giảng Võ.
const SPLIT: &str = "G63-C00007";
const PARTS: [&str; 2] = ["G34-C00008", "G34-C00025"];
const WHOLE: &str = "G63-C00001";

fn path(code: &str) -> String {
    format!("/admin-units/{code}/shares")
}

fn body(shares: &[(&str, i64)]) -> Value {
    let shares: Vec<Value> =
        shares.iter().map(|(code, share)| json!({"successor_code": code, "thousandths": share})).collect();
    json!({"basis": "population", "shares": shares})
}

fn put(app: &TestApp, user: &User, version: i64, shares: &[(&str, i64)]) -> Reply {
    app.put(&path(SPLIT), &body(shares)).by(user).version(version).send()
}

/// Where what was recorded in the commune lies today: codes with shares, or the reason why it is not told.
fn placed(app: &TestApp) -> Value {
    let shares = app.state().db.read_now(shares).expect("the shares");
    let (units, today) = (&app.state().units, app.today());
    match units.placed_on(SPLIT, today, &shares).expect("a unit") {
        Placed::At(unit) => json!(unit.code),
        Placed::Split(parts) => {
            json!(parts.iter().map(|(unit, share)| json!([unit.code, share])).collect::<Vec<_>>())
        }
        Placed::Above { unit, why } => {
            assert_eq!(why, NotTold::Split);
            json!(unit.code)
        }
    }
}

both_dbs! {
    fn shares_are_declared_corrected_and_taken_back_and_the_map_follows(app: &TestApp) {
        let world = World::build(app);
        let read = || app.get(&path(SPLIT)).by(&world.worker).send().expect(200);
        assert_eq!(read().version(), 0);
        assert_eq!(read().json(), json!({"id": null, "unit_code": SPLIT, "basis": null, "declared_at": null, "shares": []}));
        assert_eq!(placed(app), "G34-P01", "the province, not the default successor");

        let declared = put(app, &world.administrator, 0, &[(PARTS[1], 350), (PARTS[0], 650)]).expect(200);
        assert_eq!((declared.version(), declared.json()["basis"].clone()), (1, json!("population")));
        assert_eq!(declared.json()["shares"], body(&[(PARTS[0], 650), (PARTS[1], 350)])["shares"], "by code");
        assert_eq!((read().version(), read().json()), (1, declared.json()));
        assert_eq!(placed(app), json!([[PARTS[0], 650], [PARTS[1], 350]]));

        let corrected = put(app, &world.administrator, 1, &[(PARTS[0], 1000), (PARTS[1], 0)]).expect(200);
        assert_eq!((corrected.version(), corrected.json()["id"].clone()), (2, declared.json()["id"].clone()));
        assert_eq!(placed(app), json!([[PARTS[0], 1000]]));

        app.call("DELETE", &path(SPLIT)).by(&world.administrator).version(2).send().expect(204);
        assert_eq!((read().version(), read().json()["shares"].clone(), read().json()["basis"].clone()), (3, json!([]), Value::Null));
        assert_eq!(placed(app), "G34-P01");
        app.call("DELETE", &path(SPLIT)).by(&world.administrator).version(3).send().expect_problem(404, "not_found");

        put(app, &world.administrator, 0, &[(PARTS[0], 500), (PARTS[1], 500)]).expect_problem(412, "version_stale");
        put(app, &world.administrator, 3, &[(PARTS[0], 500), (PARTS[1], 500)]).expect(200);
        assert_eq!(placed(app), json!([[PARTS[0], 500], [PARTS[1], 500]]));
    }

    fn the_trail_tells_who_declared_shares_and_who_took_them_back(app: &TestApp) {
        let world = World::build(app);
        let declared = put(app, &world.administrator, 0, &[(PARTS[0], 500), (PARTS[1], 500)]).expect(200);
        put(app, &world.administrator, 1, &[(PARTS[0], 400), (PARTS[1], 600)]).expect(200);
        app.call("DELETE", &path(SPLIT)).by(&world.administrator).version(2).send().expect(204);
        let trail = app.all_items(&world.auditor, &format!("/audit/trail/unit_shares/{}", declared.id()), 1);
        let told: Vec<(&Value, &Value, &Value)> = trail.iter().map(|entry| (&entry["action"], &entry["fields"], &entry["account_id"])).collect();
        let (fields, who) = (json!(["basis", "shares"]), json!(world.administrator.id));
        let (create, update) = (json!("create"), json!("update"));
        let mut expected = [(&create, &fields, &who), (&update, &fields, &who), (&update, &fields, &who)];
        if told[0].0 != "create" {
            expected.reverse();
        }
        assert_eq!(told, expected);
    }

    fn shares_do_not_change_under_a_period_that_was_closed_after_the_split(app: &TestApp) {
        let world = World::build(app);
        let officer = app.account("canbo.khoaky", Role::ProgrammeOfficer, None, Some("G34-P01"));
        let close = |period: &str, version: i64, body: Value| {
            app.put(&format!("/reporting-periods/G34-P01/civil/{period}"), &body).by(&officer).version(version).send().expect(200);
        };
        let halves = [(PARTS[0], 500), (PARTS[1], 500)];
        put(app, &world.administrator, 0, &halves).expect(200);
        close("2025-Q3", 0, json!({"status": "closed"}));
        put(app, &world.administrator, 1, &[(PARTS[0], 300), (PARTS[1], 700)]).expect_problem(409, "period_closed");
        app.call("DELETE", &path(SPLIT)).by(&world.administrator).version(1).send().expect_problem(409, "period_closed");
        close("2025-Q3", 1, json!({"status": "reopened", "reason": "Công bố tỷ lệ chia"}));
        put(app, &world.administrator, 1, &[(PARTS[0], 300), (PARTS[1], 700)]).expect(200);
    }

    fn shares_name_every_part_once_and_make_a_whole(app: &TestApp) {
        let world = World::build(app);
        for (shares, field, rule) in [
            (vec![(PARTS[0], 500), (PARTS[1], 499)], "shares", "conflicts_with"),
            (vec![(PARTS[0], 500), (PARTS[1], 501)], "shares", "conflicts_with"),
            (vec![(PARTS[0], 1000)], "shares", "conflicts_with"),
            (vec![(PARTS[0], 500), (PARTS[0], 500)], "shares[1].successor_code", "conflicts_with"),
            (vec![(PARTS[0], 500), (PARTS[1], 500), ("G34-C00004", 0)], "shares[2].successor_code", "conflicts_with"),
            (vec![(PARTS[0], 500), ("nowhere", 500)], "shares[1].successor_code", "conflicts_with"),
            (vec![(PARTS[0], 1001), (PARTS[1], -1)], "shares[0].thousandths", "range"),
            (vec![], "shares", "length"),
        ] {
            let refused = put(app, &world.administrator, 0, &shares).expect(422);
            assert_eq!((refused.text_at("/errors/0/field"), refused.text_at("/errors/0/rule")), (field.to_owned(), rule.to_owned()));
        }
        let half = json!({"basis": "population", "shares": [{"successor_code": PARTS[0], "thousandths": 0.5}]});
        app.put(&path(SPLIT), &half).by(&world.administrator).version(0).send().expect(400);
        let guessed = json!({"basis": "guess", "shares": body(&[(PARTS[0], 500), (PARTS[1], 500)])["shares"]});
        app.put(&path(SPLIT), &guessed).by(&world.administrator).version(0).send().expect(400);
        assert_eq!(app.get(&path(SPLIT)).by(&world.administrator).send().expect(200).version(), 0);
        assert_eq!(placed(app), "G34-P01");
    }

    fn only_a_split_unit_has_shares(app: &TestApp) {
        let world = World::build(app);
        let to = |code: &str, shares: &[(&str, i64)]| app.put(&path(code), &body(shares)).by(&world.administrator).version(0).send();
        to(WHOLE, &[("G34-C00097", 1000)]).expect_problem(409, "unit_not_split");
        to("G34-C00004", &[("G34-C00004", 1000)]).expect_problem(409, "unit_not_split");
        to("G63-D001", &[(PARTS[0], 500), (PARTS[1], 500)]).expect_problem(409, "unit_not_split");
        to("G63-C99999", &[(PARTS[0], 1000)]).expect_problem(404, "not_found");
        assert_eq!(app.get(&path(WHOLE)).by(&world.worker).send().expect(200).json()["shares"], json!([]));
    }

    fn of_many_who_declare_first_at_once_one_does_and_the_others_are_told(app: &TestApp) {
        let world = World::build(app);
        app.token(&world.administrator);
        let mut replies: Vec<u16> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..6)
                .map(|writer| {
                    let world = &world;
                    scope.spawn(move || put(app, &world.administrator, 0, &[(PARTS[0], writer), (PARTS[1], 1000 - writer)]).status)
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().expect("a reply")).collect()
        });
        replies.sort_unstable();
        assert_eq!(replies, [200, 412, 412, 412, 412, 412]);
        put(app, &world.administrator, 1, &[(PARTS[0], 2), (PARTS[1], 998)]).expect(200);
        let second = put(app, &world.administrator, 1, &[(PARTS[0], 1), (PARTS[1], 999)]).expect_problem(412, "version_stale");
        assert!(second.text().contains("basis"), "it says what the first one changed: {}", second.text());
        app.put(&path(SPLIT), &body(&[(PARTS[0], 1), (PARTS[1], 999)])).by(&world.administrator).send().expect(428);
    }

    fn a_unit_is_told_with_its_full_name_and_what_it_is_today(app: &TestApp) {
        let world = World::build(app);
        let full = |code: &str| app.get(&format!("/admin-units/{code}")).by(&world.worker).send().expect(200).text_at("/full_name_vi");
        assert_eq!(full("G34-C00004"), "Phường Ba Đình, Thành phố Hà Nội");
        assert_eq!(full(WHOLE), "Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội (nay: Phường Hồng Hà, Thành phố Hà Nội)");
        assert_eq!(
            full(SPLIT),
            "Phường Cống Vị, Quận Ba Đình, Thành phố Hà Nội (nay thuộc: Phường Ngọc Hà, Thành phố Hà Nội; Phường Giảng Võ, Thành phố Hà Nội)"
        );
        let found = app.all_items(&world.worker, "/admin-units?name=tan%20tien&level=commune&on=2025-10-01", 50);
        let mut names: Vec<&str> = found.iter().filter_map(|unit| unit["full_name_vi"].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert!(names.len() == found.len() && found.len() > 6, "{names:?}");
    }
}
