//! Logging in, staying logged in, and being shown the door.

use chrono::TimeDelta;
use hoanhap::grants::Role;
use serde_json::json;

use crate::support::client::{PASSWORD, Reply};
use crate::support::{TestApp, World, both_dbs};

fn refresh(app: &TestApp, token: &str) -> Reply {
    app.post("/auth/refresh", &json!({"refresh_token": token})).send()
}

fn me(app: &TestApp, token: &str) -> Reply {
    app.get("/me").bearer(token).send()
}

both_dbs! {
    fn an_access_token_ends_after_ten_minutes(app: &TestApp) {
        let world = World::build(app);
        let pair = app.login(&world.worker.username, PASSWORD).expect(200);
        assert_eq!(pair.json()["expires_in"], 600);
        let token = pair.text_at("/access_token");
        app.clock.advance(TimeDelta::seconds(599));
        me(app, &token).expect(200);
        app.clock.advance(TimeDelta::seconds(10));
        me(app, &token).expect_problem(401, "unauthenticated");
    }

    fn a_refresh_gives_a_successor_and_a_retry_within_ten_seconds_the_same_one(app: &TestApp) {
        let world = World::build(app);
        let first = app.login(&world.worker.username, PASSWORD).expect(200).text_at("/refresh_token");
        let successor = refresh(app, &first).expect(200).text_at("/refresh_token");
        assert_ne!(successor, first);
        app.clock.advance(TimeDelta::seconds(9));
        let retried = refresh(app, &first).expect(200);
        assert_eq!(retried.text_at("/refresh_token"), successor);
        me(app, &retried.text_at("/access_token")).expect(200);
        refresh(app, &successor).expect(200);
    }

    fn a_refresh_token_used_again_later_ends_the_whole_session(app: &TestApp) {
        let world = World::build(app);
        let first = app.login(&world.worker.username, PASSWORD).expect(200).text_at("/refresh_token");
        let other = app.login(&world.worker.username, PASSWORD).expect(200);
        let second = refresh(app, &first).expect(200);
        app.clock.advance(TimeDelta::seconds(30));
        refresh(app, &first).expect_problem(401, "login_refused");
        refresh(app, &second.text_at("/refresh_token")).expect_problem(401, "login_refused");
        me(app, &second.text_at("/access_token")).expect_problem(401, "unauthenticated");
        me(app, &other.text_at("/access_token")).expect(200);
        assert_eq!(app.number("select count(*) as n from login_sessions where end_reason = 'reuse'"), 1);
    }

    fn a_token_two_generations_old_ends_the_session_even_at_once(app: &TestApp) {
        let world = World::build(app);
        let first = app.login(&world.worker.username, PASSWORD).expect(200).text_at("/refresh_token");
        let second = refresh(app, &first).expect(200).text_at("/refresh_token");
        let third = refresh(app, &second).expect(200).text_at("/refresh_token");
        refresh(app, &first).expect_problem(401, "login_refused");
        refresh(app, &third).expect_problem(401, "login_refused");
    }

    fn refreshing_side_by_side_gives_everybody_the_same_successor(app: &TestApp) {
        let world = World::build(app);
        let first = app.login(&world.worker.username, PASSWORD).expect(200).text_at("/refresh_token");
        let successors: Vec<String> = std::thread::scope(|scope| {
            let ask = || refresh(app, &first).expect(200).text_at("/refresh_token");
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
        });
        assert!(successors.iter().all(|token| *token == successors[0]), "{successors:?}");
    }

    fn a_session_ends_when_idle_for_an_hour_and_after_twelve_hours_at_the_latest(app: &TestApp) {
        let world = World::build(app);
        let login = || app.login(&world.worker.username, PASSWORD).expect(200).text_at("/refresh_token");
        let idle = login();
        app.clock.advance(TimeDelta::minutes(61));
        refresh(app, &idle).expect_problem(401, "login_refused");
        let mut busy = login();
        for _ in 0..14 {
            app.clock.advance(TimeDelta::minutes(50));
            busy = refresh(app, &busy).expect(200).text_at("/refresh_token");
        }
        app.clock.advance(TimeDelta::minutes(50));
        refresh(app, &busy).expect_problem(401, "login_refused");
    }

    fn logging_out_ends_the_session_at_once(app: &TestApp) {
        let world = World::build(app);
        let pair = app.login(&world.worker.username, PASSWORD).expect(200);
        let token = pair.text_at("/access_token");
        app.call("POST", "/auth/logout").bearer(&token).send().expect(204);
        me(app, &token).expect_problem(401, "unauthenticated");
        refresh(app, &pair.text_at("/refresh_token")).expect_problem(401, "login_refused");
    }

    fn suspending_an_account_counts_at_its_next_request_on_every_node(app: &TestApp) {
        let world = World::build(app);
        let node = app.another_node();
        let pair = app.login(&world.worker.username, PASSWORD).expect(200);
        let token = pair.text_at("/access_token");
        node.client.get("/cases").bearer(&token).send().expect(200);
        let path = format!("/users/{}/state", world.worker.id);
        let admin = &world.administrator;
        app.post(&path, &json!({"state": "suspended"})).by(admin).version(1).send().expect(200);
        node.client.get("/cases").bearer(&token).send().expect_problem(401, "unauthenticated");
        app.get("/cases").bearer(&token).send().expect_problem(401, "unauthenticated");
        refresh(app, &pair.text_at("/refresh_token")).expect_problem(401, "login_refused");
        app.login(&world.worker.username, PASSWORD).expect_problem(401, "login_refused");
        app.post(&path, &json!({"state": "active"})).by(admin).version(2).send().expect(200);
        app.get("/cases").bearer(&token).send().expect_problem(401, "unauthenticated");
        app.login(&world.worker.username, PASSWORD).expect(200);
        app.post(&path, &json!({"state": "revoked"})).by(admin).version(3).send().expect(200);
        app.post(&path, &json!({"state": "active"})).by(admin).version(4).send().expect_problem(409, "illegal_transition");
    }

    fn a_grant_taken_back_counts_at_the_next_request(app: &TestApp) {
        let world = World::build(app);
        let user = app.account_without_role("hai.vai");
        let grant = app.grant(&user, Role::SocialWorker, Some(world.centre), None);
        let token = app.token(&user);
        let person = app.person(&user, "Mạc Thị Tâm");
        app.case(&user, person, "at_risk", app.today());
        assert_eq!(app.all_items(&user, "/cases", 50).len(), 1);
        let path = format!("/users/{}/roles/{grant}", user.id);
        app.call("DELETE", &path).by(&world.administrator).send().expect(200);
        app.get("/cases").bearer(&token).send().expect_problem(403, "forbidden");
        app.grant(&user, Role::SocialWorker, Some(world.other_centre), None);
        let list = app.get("/cases").bearer(&token).send().expect(200).json();
        assert_eq!(list["items"], json!([]), "cases stay with the centre they were assigned in");
    }

    fn an_invited_account_opens_with_its_invitation_once_and_within_three_days(app: &TestApp) {
        let world = World::build(app);
        let invite = |name: &str| {
            let body = json!({"username": name, "display_name": "Người mới"});
            app.post("/users", &body).by(&world.administrator).send().expect(201).text_at("/invitation")
        };
        let accept = |name: &str, secret: &str| {
            let body = json!({"username": name, "invitation": secret, "password": PASSWORD});
            app.post("/auth/accept-invitation", &body).send()
        };
        let (secret, late) = (invite("moi.mot"), invite("moi.hai"));
        app.login("moi.mot", PASSWORD).expect_problem(401, "login_refused");
        accept("moi.mot", &late).expect_problem(401, "login_refused");
        let pair = accept("moi.mot", &secret).expect(200);
        me(app, &pair.text_at("/access_token")).expect(200);
        accept("moi.mot", &secret).expect_problem(401, "login_refused");
        app.clock.advance(TimeDelta::hours(73));
        accept("moi.hai", &late).expect_problem(401, "login_refused");
    }

    fn the_first_administrator_is_made_with_the_consoles_code_and_only_once(app: &TestApp) {
        let code = secrecy::ExposeSecret::expose_secret(&app.state().setup.issue(&app.clock, &app.state().random)).to_owned();
        let set_up = |code: &str| app.post("/auth/setup", &json!({"code": code, "username": "dau.tien", "password": PASSWORD})).send();
        set_up("AAAAAAAAAAAAAAAAAAAA").expect_problem(401, "login_refused");
        let token = set_up(&code).expect(200).text_at("/access_token");
        assert_eq!(me(app, &token).expect(200).text_at("/roles/0/role"), "administrator");
        set_up(&code).expect_problem(401, "login_refused");
    }

    fn one_account_never_holds_roles_that_exclude_each_other(app: &TestApp) {
        let world = World::build(app);
        let path = format!("/users/{}/roles", world.return_officer.id);
        let supervise = json!({"role": "supervisor", "admin_unit_code": "VN"});
        app.post(&path, &supervise).by(&world.administrator).send().expect_problem(409, "roles_exclude_each_other");
    }
}
