//! Where persons stand is kept as a full recount says, whatever happens to their records: told as random histories of
//! rows. After every other story of the API the same is asked (`support::server::run`).
//!
//! `HOANHAP_STANDINGS_RUNS=2000` tells more of them, `HOANHAP_STANDINGS_SEED` names the first; and
//! `HOANHAP_STANDINGS_WITHOUT=<trigger>` takes a trigger away, whereupon the test must fail.

mod history;

use std::sync::{Arc, Mutex};

use chrono::{Datelike as _, NaiveTime, TimeDelta};
use hoanhap::db::DbConnection;
use hoanhap::db::types::Instant;
use hoanhap::programmes::standings;

use self::history::{Cast, History, sweep};
use crate::support::outreach::group_body;
use crate::support::world::{COMMUNE, OLD_COMMUNE};
use crate::support::{Engine, TestApp, World, both_dbs};

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

fn cast(app: &TestApp) -> Cast {
    let world = World::build(app);
    app.post("/peer-groups", &group_body(world.group, world.centre)).by(&world.administrator).send().expect(201);
    Cast {
        account: world.worker.id,
        centres: [world.centre, world.other_centre],
        partner: world.shelter,
        group: world.group,
        units: [COMMUNE, OLD_COMMUNE, "G34-P01"],
    }
}

fn drop_trigger(app: &TestApp, name: &str) {
    match app.engine {
        Engine::Sqlite => app.sql(&format!("drop trigger {name}")),
        Engine::Postgres => app.sql(&format!(
            "do $$ begin execute (select format('drop trigger %I on %s', tgname, tgrelid::regclass)
             from pg_trigger where tgname = '{name}'); end $$"
        )),
    }
}

/// Lets `many` things happen, each in a transaction of its own or with others.
fn happen(app: &TestApp, history: &Arc<Mutex<History>>, many: usize) {
    let history = history.clone();
    let happens = move |conn: &mut DbConnection| {
        let mut history = history.lock().expect("not poisoned");
        Ok((0..many).try_for_each(|_| history.step(conn))?)
    };
    app.state().db.write_now(happens).expect("written");
}

fn tell(app: &TestApp, cast: Cast, seed: u64) {
    let history = Arc::new(Mutex::new(History::new(cast, seed)));
    let steps = history.lock().expect("not poisoned").length();
    let today = || history.lock().expect("not poisoned").today;
    let now = || Instant::new((today().and_time(NaiveTime::MIN)).and_utc() + TimeDelta::hours(3));
    let settle = || standings::settle(&app.state().db, &app.state().keeper(), now()).expect("settled");
    let look = |told: &str| {
        for measure in app.person_measures() {
            for back in 0..3 {
                app.assert_standings(&measure, today().year() - back, today(), told);
            }
        }
    };
    settle();
    let mut told = format!("seed {seed}");
    for step in 0..steps {
        let (many, settled, looked) = history.lock().expect("not poisoned").pace();
        if settled {
            settle();
        }
        happen(app, &history, if settled { 1 } else { many });
        told = format!("seed {seed}, step {step}");
        if looked {
            look(&told);
        }
    }
    look(&format!("{told}, pending"));
    app.assert_settled(now(), &told);
    look(&format!("{told}, settled"));
    app.state().db.write_now(|conn| Ok(sweep(conn)?)).expect("swept");
    look(&format!("{told}, swept"));
    app.assert_settled(now(), &format!("{told}, swept"));
    assert_eq!(app.number("select count(*) as n from person_standings"), 0, "{told}, swept");
}

both_dbs! {
    fn standings_are_what_a_recount_says_whatever_happens(app: &TestApp) {
        let cast = cast(app);
        if let Ok(name) = std::env::var("HOANHAP_STANDINGS_WITHOUT") {
            drop_trigger(app, &name);
        }
        let (first, runs) = (number("HOANHAP_STANDINGS_SEED", 1), number("HOANHAP_STANDINGS_RUNS", 100));
        let begun = std::time::Instant::now();
        for seed in first..first + runs {
            tell(app, cast, seed);
        }
        let seconds = begun.elapsed().as_secs();
        println!("{:?}: {runs} histories from seed {first} in {seconds} s, all as recounted", app.engine);
    }

    fn a_rebuild_and_a_new_year_keep_what_a_recount_says(app: &TestApp) {
        let cast = cast(app);
        let history = Arc::new(Mutex::new(History::new(cast, 7)));
        happen(app, &history, 60);
        let now = app.clock.now();
        standings::rebuild(&app.state().db, &app.state().keeper(), now).expect("rebuilt");
        app.assert_standings_follow();
        // Nothing is written at the turn of the year, and nobody is counted again for it.
        let kept = app.number("select count(*) as n from standings_kept where year = 2026");
        assert!(kept > 0);
        app.pass_days(100);
        for measure in app.person_measures() {
            app.assert_standings(&measure, 2026, app.today(), "in the new year");
        }
        // What was kept wrongly is found.
        app.sql("update person_standings set assessed = not assessed");
        let differences = standings::compare(&app.state().db, &app.state().keeper(), app.clock.now()).expect("compared");
        assert!(!differences.is_empty());
        standings::rebuild(&app.state().db, &app.state().keeper(), app.clock.now()).expect("rebuilt");
        app.state().db.write_now(|conn| Ok(sweep(conn)?)).expect("swept");
    }

    fn a_change_that_histories_seldom_meet_marks_whom_it_is_about(app: &TestApp) {
        let cast = cast(app);
        let code = if app.engine == Engine::Postgres { "standings_code(code_mac)" } else { "code_mac" };
        let of_arrivals = |which: &str| {
            format!(
                "select {code} as person_id from outreach_referrals where code_mac is not null and {which}
                 union select person_id from outreach_referrals where person_id is not null and {which}
                 union select {code} from outreach_contacts where code_mac is not null
                     and id in (select contact_id from outreach_referrals where {which})"
            )
        };
        let (some, refused) = ("arrived_on is not null", "select distinct person_id from support_refusals");
        let changes = [
            (of_arrivals(some), "update outreach_referrals set service_type = 'legal_aid' where arrived_on is not null"),
            (of_arrivals(some), "delete from outreach_referrals where arrived_on is not null"),
            (refused.to_owned(), "update support_refusals set service_type = 'legal_aid'"),
            (refused.to_owned(), "delete from support_refusals"),
        ];
        let mut met = [0; 4];
        for seed in 1..=12 {
            happen(app, &Arc::new(Mutex::new(History::new(cast, seed))), 60);
            for ((whom, change), met) in changes.iter().zip(&mut met) {
                app.sql("delete from standings_due");
                let concerned = app.number(&format!("select count(*) as n from ({whom}) as concerned"));
                app.sql(change);
                let marked = app.number("select count(distinct person_id) as n from standings_due");
                assert_eq!(marked, concerned, "seed {seed}: {change}");
                *met += concerned;
            }
            app.state().db.write_now(|conn| Ok(sweep(conn)?)).expect("swept");
        }
        assert!(met.iter().all(|met| *met > 1), "{met:?}");
        standings::rebuild(&app.state().db, &app.state().keeper(), app.clock.now()).expect("rebuilt");
    }

    fn what_was_counted_by_other_rules_is_not_read_and_counted_anew(app: &TestApp) {
        let cast = cast(app);
        let history = Arc::new(Mutex::new(History::new(cast, 11)));
        happen(app, &history, 60);
        app.assert_settled(app.clock.now(), "at first");
        app.sql("update person_standings set assessed = not assessed");
        app.sql("update standings_kept set counted_as = 'otherwise' where year >= 2024");
        for measure in app.person_measures() {
            app.assert_standings(&measure, 2025, app.today(), "as if by another version");
        }
        app.sql("update standings_kept set counted_as = 'otherwise'");
        app.assert_settled(app.clock.now(), "counted anew");
        app.state().db.write_now(|conn| Ok(sweep(conn)?)).expect("swept");
    }
}
