//! Groups of peers: who supports them, where they work, how many they are.

use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::outreach::group_body;
use crate::support::world::{COMMUNE, PROVINCE};
use crate::support::{TestApp, User, World, both_dbs};

fn groups(app: &TestApp, user: &User) -> Vec<Value> {
    app.all_items(user, "/peer-groups", 1)
}

/// Field and rule of the first error.
fn broken(refused: &Reply) -> [String; 2] {
    ["/errors/0/field", "/errors/0/rule"].map(|place| refused.text_at(place))
}

both_dbs! {
    fn the_catalogue_tells_the_three_models_and_what_was_reported_of_them(app: &TestApp) {
        let world = World::build(app);
        let catalogue = app.get("/outreach/catalogue").by(&world.peer_leader).send().expect(200).json();
        let localities: Vec<&Value> = catalogue["models"].as_array().expect("models").iter().map(|model| &model["reported"]["localities"]).collect();
        assert_eq!(localities, [&json!(9), &json!(17), &json!(12)]);
        assert_eq!(catalogue["reported"]["points"], 113);
        assert_eq!(catalogue["kinds"]["self_help_group"]["vi"], "Nhóm tự lực");
    }

    fn a_group_stands_with_name_places_and_members_for_its_leader_and_its_centre_alone(app: &TestApp) {
        let world = World::build(app);
        let point = app.point(&world);
        app.peer_group(&world, world.group, world.centre);
        let places = json!([
            {"unit_code": PROVINCE, "valid_from": "2025-07-01", "valid_to": "2025-07-31"},
            {"unit_code": COMMUNE, "valid_from": "2025-08-01", "intervention_point_id": point},
        ]);
        app.place(&world.manager, world.group, 1, &places).expect(200);
        app.count_members(&world.manager, world.group, 2, "2025-08-01", [1, 1, 3, 5]).expect(200);
        let read = app.get(&format!("/peer-groups/{}", world.group)).by(&world.peer_leader).send().expect(200);
        assert_eq!(read.version(), 3);
        assert_eq!(read.json(), json!({
            "id": world.group, "name": "Nhóm đồng đẳng", "kind": "peer_group", "admin_unit_code": PROVINCE,
            "supported_by_id": world.centre,
            "places": [
                {"unit_code": PROVINCE, "valid_from": "2025-07-01", "valid_to": "2025-07-31", "intervention_point_id": null},
                {"unit_code": COMMUNE, "valid_from": "2025-08-01", "valid_to": null, "intervention_point_id": point},
            ],
            "members": {"counted_on": "2025-08-01", "leaders": 1, "board": 1, "educators": 3, "members": 5, "total": 10},
        }));
        assert_eq!(groups(app, &world.peer_leader), [read.json()]);
        assert_eq!(groups(app, &world.manager), [read.json()]);
        assert_eq!(groups(app, &world.other_manager), Vec::<Value>::new());
    }

    fn counts_of_members_are_kept_by_day_and_the_newest_day_is_shown(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        app.count_members(&world.manager, world.group, 1, "2025-08-01", [1, 0, 0, 9]).expect(200);
        app.count_members(&world.manager, world.group, 2, "2024-12-31", [1, 0, 0, 6]).expect(200);
        let shown = app.count_members(&world.manager, world.group, 3, "2024-12-31", [1, 0, 0, 7]).expect(200);
        assert_eq!(shown.json()["members"]["total"], 10, "an older day does not hide a newer one");
        let path = format!("/peer-groups/{}/members", world.group);
        let counts = app.all_items(&world.peer_leader, &path, 1);
        let told: Vec<(&Value, &Value)> = counts.iter().map(|count| (&count["counted_on"], &count["total"])).collect();
        assert_eq!(told, [(&json!("2025-08-01"), &json!(10)), (&json!("2024-12-31"), &json!(8))]);
    }

    fn a_group_that_gets_another_centre_is_out_of_sight_of_the_first(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let path = format!("/peer-groups/{}", world.group);
        let moved = json!({"supported_by_id": world.other_centre});
        app.patch(&path, &moved).by(&world.manager).version(1).send().expect_problem(403, "forbidden");
        app.patch(&path, &moved).by(&world.administrator).version(1).send().expect(200);
        app.get(&path).by(&world.manager).send().expect_problem(404, "not_found");
        app.patch(&path, &json!({"kind": "club"})).by(&world.other_manager).version(2).send().expect(200);
        assert_eq!(groups(app, &world.other_manager)[0]["kind"], "club");
    }

    fn two_who_change_a_group_at_once_do_not_overwrite_each_other(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        app.count_members(&world.manager, world.group, 1, "2025-08-01", [1, 0, 0, 9]).expect(200);
        app.place(&world.administrator, world.group, 1, &json!([])).expect_problem(412, "version_stale");
        let path = format!("/peer-groups/{}", world.group);
        app.patch(&path, &json!({"kind": "club"})).by(&world.administrator).version(1).send().expect_problem(412, "version_stale");
    }

    fn an_organisation_is_registered_as_a_group_once_however_often_the_request_comes(app: &TestApp) {
        let world = World::build(app);
        let body = group_body(world.group, world.centre);
        let ask = |key: &str| app.post("/peer-groups", &body).by(&world.administrator).key(key).send();
        let first = ask("a-key-of-the-administrator").expect(201);
        let again = ask("a-key-of-the-administrator").expect(201);
        assert_eq!(first.json(), again.json());
        ask("another-key-of-the-administrator").expect_problem(409, "group_registered");
    }

    fn a_leader_sees_the_points_of_the_own_group_and_no_others(app: &TestApp) {
        let world = World::build(app);
        let (own, other) = (app.point(&world), app.point(&world));
        app.peer_group(&world, world.group, world.centre);
        let at = json!([{"unit_code": COMMUNE, "valid_from": "2025-08-01", "valid_to": null, "intervention_point_id": own}]);
        app.place(&world.manager, world.group, 1, &at).expect(200);
        let seen = app.all_items(&world.peer_leader, "/intervention-points", 1);
        assert_eq!(seen.iter().map(|point| &point["id"]).collect::<Vec<_>>(), [&json!(own)]);
        let read = |point: uuid::Uuid| app.get(&format!("/intervention-points/{point}")).by(&world.peer_leader).send();
        assert_eq!(read(own).expect(200).json()["id"], json!(own));
        read(other).expect_problem(404, "not_found");
        assert_eq!(app.all_items(&world.manager, "/intervention-points", 1).len(), 2, "managers choose among all of them");
    }

    fn a_point_does_not_end_before_a_group_leaves_it(app: &TestApp) {
        let world = World::build(app);
        let point = app.point(&world);
        app.peer_group(&world, world.group, world.centre);
        let at_point = |last: Value| {
            json!([{"unit_code": COMMUNE, "valid_from": "2025-08-01", "valid_to": last, "intervention_point_id": point}])
        };
        app.place(&world.manager, world.group, 1, &at_point(Value::Null)).expect(200);
        let path = format!("/intervention-points/{point}");
        let end = |version: i64| {
            app.patch(&path, &json!({"valid_to": "2025-12-31"})).by(&world.administrator).version(version).send()
        };
        assert_eq!(broken(&end(1)), ["valid_to", "not_before"]);
        app.place(&world.manager, world.group, 2, &at_point(json!("2025-12-31"))).expect(200);
        end(1).expect(200);
        let longer = app.place(&world.manager, world.group, 3, &at_point(Value::Null));
        assert_eq!(broken(&longer), ["places[0].intervention_point_id", "conflicts_with"]);
        app.patch(&path, &json!({"valid_to": null, "name": "Điểm mới"})).by(&world.administrator).version(2).send().expect(200);
        assert_eq!(app.all_items(&world.peer_leader, "/intervention-points?model=peer_capacity", 1)[0]["name"], "Điểm mới");
    }
}
