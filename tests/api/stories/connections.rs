//! What the doors to the database promise when something goes wrong behind them.

use std::sync::mpsc::channel;
use std::time::Duration;

use diesel::prelude::*;
use hoanhap::db::{DbConnection, Size};
use hoanhap::error::AppError;
use hoanhap::settings;

use crate::support::{Engine, TestApp, World, both_dbs};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn fail_on_purpose(conn: &mut DbConnection) {
    let twice = "insert into settings (name, value) values ('test.twice', '1'), ('test.twice', '2')";
    diesel::sql_query(twice).execute(conn).expect_err("a name stands once");
}

both_dbs! {
    fn a_write_is_never_acknowledged_and_lost_though_a_failure_in_it_was_swallowed(app: &TestApp) {
        let written = app.state().db.write_now(|conn| {
            settings::set(conn, "test.first", "1")?;
            fail_on_purpose(conn);
            Ok(())
        });
        let there = app.number("select count(*) as n from settings where name = 'test.first'") == 1;
        assert_eq!(written.is_ok(), there);
        app.state().db.write_now(|conn| settings::set(conn, "test.second", "1")).expect("the next write stands");
        assert_eq!(app.number("select count(*) as n from settings where name = 'test.second'"), 1);
    }

    fn a_read_sees_what_was_committed_before_it_began_however_long_its_connection_waited(app: &TestApp) {
        for round in 0..20 {
            let value = round.to_string();
            let expected = value.clone();
            app.state().db.write_now(move |conn| settings::set(conn, "test.round", &value)).expect("written");
            let read = app.state().db.read_now(|conn| settings::get(conn, "test.round")).expect("read");
            assert_eq!(read, Some(expected));
        }
    }

    fn a_large_write_stands_whole_or_not_at_all_and_the_small_ones_around_it_stand(app: &TestApp) {
        let db = app.state().db.clone();
        let large = |name: &'static str, refused: bool| {
            let db = db.clone();
            std::thread::spawn(move || {
                db.write_sized_now(Size::Large, move |conn| {
                    (0..200).try_for_each(|number| settings::set(conn, &format!("test.{name}.{number}"), "1"))?;
                    if refused { Err(AppError::NotFound) } else { Ok(()) }
                })
            })
        };
        let small = |number: usize| {
            let db = db.clone();
            std::thread::spawn(move || db.write_now(move |conn| settings::set(conn, &format!("test.small.{number}"), "1")))
        };
        let smalls: Vec<_> = (0..20).map(small).collect();
        let (stands, refused) = (large("stands", false), large("refused", true));
        let more: Vec<_> = (20..40).map(small).collect();
        stands.join().expect("no panic").expect("it stands");
        refused.join().expect("no panic").expect_err("it is refused");
        smalls.into_iter().chain(more).for_each(|small| small.join().expect("no panic").expect("it stands"));
        let count = |name: &str| app.number(&format!("select count(*) as n from settings where name like 'test.{name}.%'"));
        assert_eq!((count("stands"), count("refused"), count("small")), (200, 0, 40));
    }

    fn a_large_write_is_planned_by_what_the_tables_hold_and_the_next_small_one_as_ever(app: &TestApp) {
        if app.engine == Engine::Sqlite {
            return;
        }
        let planned = |size: Size| {
            app.state().db.write_sized_now(size, |conn| {
                let asked = diesel::sql_query("select current_setting('plan_cache_mode') as value");
                Ok(asked.get_result::<Setting>(conn)?.value)
            })
        };
        assert_eq!(planned(Size::Large).expect("asked"), "force_custom_plan");
        assert_eq!(planned(Size::Small).expect("asked"), "force_generic_plan");
    }

    fn a_write_that_loses_to_others_again_and_again_gets_its_turn(app: &TestApp) {
        let db = app.state().db.clone();
        let (rivals, ended) = channel();
        let written = db.clone().write_now(move |conn| {
            let before = settings::get(conn, "test.turn")?;
            let (db, rivals) = (db.clone(), rivals.clone());
            let (tell, told) = channel();
            std::thread::spawn(move || {
                let written = db.write_now(|conn| settings::set(conn, "test.turn", "a rival"));
                let (_whether_awaited, _whether_counted) = (tell.send(()), rivals.send(written));
            });
            // Beside us the rival has committed at once. When we go alone it waits for us.
            let _whether_beside = told.recv_timeout(Duration::from_millis(500));
            settings::set(conn, "test.turn", &format!("after {before:?}"))
        });
        written.expect("it is written in the end");
        assert!(ended.into_iter().all(|rival| rival.is_ok()), "and so is everybody else's");
    }

    fn a_read_that_writes_is_refused(app: &TestApp) {
        let refused = app.state().db.read_now(|conn| settings::set(conn, "test.read", "1"));
        assert!(refused.is_err());
        assert_eq!(app.number("select count(*) as n from settings where name = 'test.read'"), 0);
    }

    fn a_panic_inside_a_write_undoes_it_and_the_next_one_stands(app: &TestApp) {
        let db = app.state().db.clone();
        let thread = std::thread::spawn(move || {
            db.write_now(|conn| {
                settings::set(conn, "test.panic", "1")?;
                panic!("on purpose");
                #[expect(unreachable_code, reason = "gives the closure its type")]
                Ok(())
            })
        });
        let _panicked_on_postgres_and_told_on_sqlite = thread.join();
        assert_eq!(app.number("select count(*) as n from settings where name = 'test.panic'"), 0);
        app.state().db.write_now(|conn| settings::set(conn, "test.after", "1")).expect("the next write stands");
    }

    fn a_server_that_was_restarted_goes_unnoticed(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lê Thị Lại");
        if app.engine == Engine::Postgres {
            let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and pid <> pg_backend_pid()";
            app.state().db.alone_now(|conn| Ok(diesel::sql_query(cut).execute(conn)?)).expect("the others are cut off");
            std::thread::sleep(Duration::from_millis(1200));
        }
        app.get(&format!("/persons/{person}")).by(&world.worker).send().expect(200);
        app.person(&world.worker, "Lê Thị Mới");
    }
}
