//! Guessing a password gets slow; logging in does not.

use chrono::TimeDelta;

use crate::support::client::PASSWORD;
use crate::support::{TestApp, World, both_dbs};

const WRONG: &str = "một mật khẩu không đúng 1975";

both_dbs! {
    fn wrong_passwords_are_delayed_and_the_delay_passes(app: &TestApp) {
        let world = World::build(app);
        let name = &world.worker.username;
        for _ in 0..5 {
            app.login(name, WRONG).expect_problem(401, "login_refused");
        }
        let refused = app.login(name, WRONG).expect_problem(429, "too_many_guesses");
        assert!(refused.header("retry-after").is_some());
        app.login(name, PASSWORD).expect_problem(429, "too_many_guesses");
        app.clock.advance(TimeDelta::seconds(2));
        app.login(name, PASSWORD).expect(200);
    }

    fn delays_grow_with_every_further_wrong_password(app: &TestApp) {
        let world = World::build(app);
        let name = &world.worker.username;
        let mut waits = Vec::new();
        for _ in 0..5 {
            app.login(name, WRONG).expect(401);
        }
        for _ in 0..5 {
            let wait: i64 = app.login(name, WRONG).expect(429).header("retry-after").expect("a wait").parse().expect("seconds");
            waits.push(wait);
            app.clock.advance(TimeDelta::seconds(wait));
            app.login(name, WRONG).expect(401);
        }
        assert!(waits.is_sorted() && waits[0] < waits[4], "{waits:?}");
    }

    fn at_most_a_hundred_wrong_passwords_a_day_are_looked_at(app: &TestApp) {
        let world = World::build(app);
        let name = &world.worker.username;
        let mut looked_at = 0;
        for _ in 0..140 {
            looked_at += usize::from(app.login(name, WRONG).status == 401);
            app.clock.advance(TimeDelta::seconds(15));
        }
        assert!(looked_at <= 100, "{looked_at}");
        app.login(&world.second_worker.username, PASSWORD).expect(200);
        app.pass_days(1);
        app.login(name, PASSWORD).expect(200);
    }

    fn thirty_two_correct_logins_at_once_all_succeed(app: &TestApp) {
        let world = World::build(app);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let ask = || app.login(&world.worker.username, PASSWORD).status;
            let threads: Vec<_> = (0..32).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
        });
        assert_eq!(statuses, [200; 32]);
    }

    fn an_unknown_name_a_wrong_password_and_a_closed_account_read_alike(app: &TestApp) {
        let world = World::build(app);
        let wrong = app.login(&world.worker.username, WRONG);
        let unknown = app.login("không.có.ai", WRONG);
        app.force_state(&world.second_worker, hoanhap::accounts::AccountState::Suspended);
        let closed = app.login(&world.second_worker.username, PASSWORD);
        assert_eq!(wrong.status, 401);
        assert_eq!(unknown.refusal(), wrong.refusal());
        assert_eq!(closed.refusal(), wrong.refusal());
        for _ in 0..4 {
            app.login("không.có.ai", WRONG).expect(401);
        }
        app.login("không.có.ai", WRONG).expect_problem(429, "too_many_guesses");
    }
}
