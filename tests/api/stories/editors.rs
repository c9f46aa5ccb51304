//! Nobody's change is lost.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Client, Engine, TestApp, User, World, both_dbs};

const WRITERS: usize = 8;
const INCREMENTS: usize = 200;

/// Adds one to the number in a case's summary until it is done; how often somebody was faster.
fn add_one(client: &Client, user: &User, case: Uuid) -> usize {
    let path = format!("/cases/{case}");
    for refused in 0.. {
        let read = client.get(&path).by(user).send().expect(200);
        let number: usize = read.text_at("/summary").parse().expect("a number");
        let change = json!({"summary": (number + 1).to_string()});
        let reply = client.patch(&path, &change).by(user).version(read.version()).send();
        match reply.status {
            200 => return refused,
            412 => {}
            status => panic!("{status}: {}", reply.text()),
        }
    }
    unreachable!("the loop ends with a return")
}

both_dbs! {
    fn eight_writers_make_two_hundred_of_two_hundred_read_modify_writes(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Dương Thị Lý");
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let summary = json!({"summary": "0"});
        app.patch(&format!("/cases/{case}"), &summary).by(&world.worker).version(1).send().expect(200);
        // Two processes where the engine allows it.
        let second = (app.engine == Engine::Postgres).then(|| app.another_node());
        let clients = [second.as_ref().map_or(&**app, |node| &node.client), &**app];
        app.token(&world.worker);
        let (world, clients) = (&world, &clients);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let client = clients[writer % clients.len()];
                scope.spawn(move || {
                    for _ in 0..INCREMENTS / WRITERS {
                        add_one(client, &world.worker, case);
                    }
                });
            }
        });
        let file = app.get(&format!("/cases/{case}")).by(&world.worker).send().expect(200);
        assert_eq!(file.text_at("/summary"), INCREMENTS.to_string());
        assert_eq!(file.version(), i64::try_from(INCREMENTS).expect("small") + 2);
    }

    fn the_second_of_two_editors_is_told_what_the_first_one_changed(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Dương Thị Lý");
        let path = format!("/persons/{person}");
        let read = app.get(&path).by(&world.worker).send().expect(200).version();
        let first = json!({"phone": "0987 000 111", "sex": "other"});
        let changed = app.patch(&path, &first).by(&world.worker).version(read).send().expect(200);
        let second = app.patch(&path, &json!({"address": "Ngõ khác"})).by(&world.worker).version(read).send();
        let second = second.expect_problem(412, "version_stale");
        assert_eq!(second.version(), changed.version(), "the ETag that stands");
        assert_eq!(second.json()["changed"], json!(["phone", "sex"]));
        assert!(!second.text().contains("0987"), "names of fields, not what they hold");
        let now = app.get(&path).by(&world.worker).send().expect(200).json();
        assert_eq!((now["phone"].as_str(), now["address"].as_str()), (Some("0987 000 111"), Some("Số 5 ngõ 7")));
    }

    fn a_change_without_a_version_is_refused_and_one_with_a_malformed_version_too(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Dương Thị Lý");
        let case = app.case(&world.worker, person, "at_risk", app.today());
        let path = format!("/cases/{case}");
        let change = || app.patch(&path, &json!({"summary": "Khác"})).by(&world.worker);
        change().send().expect_problem(428, "version_required");
        for malformed in ["1", "W/\"1\"", "*", "\"1\", \"2\"", "\"x\""] {
            let reply = change().header("if-match", malformed).send().expect_problem(400, "malformed");
            assert_eq!(reply.text_at("/errors/0/field"), "If-Match");
        }
        let stale = change().version(2).send().expect_problem(412, "version_stale");
        assert_eq!(stale.version(), 1);
        change().version(1).send().expect(200);
    }
}
