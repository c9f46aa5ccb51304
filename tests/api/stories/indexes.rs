//! Lists of what is to be done are read from an index of the worker, the centre or the case, on
//! both engines: what they cost does not grow with what was done before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{InstrumentationEvent, SimpleConnection as _};
use diesel::prelude::*;
use hoanhap::accounts::Actor;
use hoanhap::app::App;
use hoanhap::db::DbConnection;
use hoanhap::db::types::{
    AccountId, CaseId, DeviceId, LoginSessionId, OrganisationId, OutreachSessionId, RegisterEntryId, ReportedValueId,
};
use hoanhap::error::AppError;
use hoanhap::grants::{HeldRole, Role};
use hoanhap::outreach::sync::operation::{Hand, Keys};
use hoanhap::outreach::sync::{Setting, apply_part, read_all, since};
use hoanhap::programmes::closing::duties::DutyBooks;
use hoanhap::programmes::plans::Plans;
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::{registers, reported};
use hoanhap::reminders::rules::{Settings, Whose};
use hoanhap::tasks::TaskStatus;
use hoanhap::tasks::rules::{By, Filter};
use hoanhap::{outreach, overviews, reminders, tasks};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::phones::{self, Phone};
use crate::support::world::{COMMUNE, PROVINCE};
use crate::support::{Engine, TestApp, World, both_dbs};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

/// How the engine runs a statement of the program, whatever the values.
fn explain(conn: &mut DbConnection, engine: Engine, sql: &str) -> String {
    let statement = match engine {
        Engine::Sqlite => format!("explain query plan {sql}"),
        Engine::Postgres => {
            let mut run = |sql: &str| conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            // The tables are as good as empty; without this they would be read whole.
            run("set local enable_seqscan = off; set local enable_bitmapscan = off");
            run("create or replace function pg_temp.explained(asked text) returns table (detail text) as
                 $$ begin return query execute asked; end $$ language plpgsql");
            // A name of its own: to free one would free the statements that the connection keeps.
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let asked = format!("asked_{}", NEXT.fetch_add(1, Ordering::Relaxed));
            run(&format!("prepare {asked} as {sql}"));
            let most = (1..100).rev().find(|number| sql.contains(&format!("${number}"))).unwrap_or(0);
            let nulls = if most == 0 { String::new() } else { format!("({})", vec!["null"; most].join(", ")) };
            format!("select detail from pg_temp.explained('explain execute {asked}{nulls}')")
        }
    };
    let lines: Vec<Line> = diesel::sql_query(&statement).load(conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
    lines.into_iter().map(|line| line.detail).collect::<Vec<_>>().join("\n")
}

/// Runs `work` and returns how the engine runs each of its statements.
fn plans(app: &TestApp, work: impl Fn(&mut DbConnection) -> Result<(), AppError> + Send + 'static) -> Vec<String> {
    let engine = app.engine;
    let explained = app.state().db.write_now(move |conn| {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_string());
            }
        });
        let done = work(conn);
        conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        done?;
        let said = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
        let sql = said.iter().map(|text| text.split(" -- binds").next().unwrap_or_default());
        Ok(sql.map(|sql| explain(conn, engine, sql)).collect())
    });
    explained.expect("explained")
}

fn actor(app: &TestApp, account: Uuid, centre: Uuid, role: Role) -> Actor {
    Actor {
        account: AccountId(account),
        session: LoginSessionId(Uuid::nil()),
        roles: vec![HeldRole { role, organisation: Some(OrganisationId(centre)), admin_unit: None }],
        now: app.clock.now(),
    }
}

/// What is read without the index it should be read from.
fn without(plans: &[String], allowed: &[&[&str]]) -> Vec<String> {
    assert_eq!(plans.len(), allowed.len(), "{plans:#?}");
    let served = |plan: &str, indexes: &[&str]| indexes.iter().any(|index| plan.contains(index));
    plans.iter().zip(allowed).filter(|(plan, indexes)| !served(plan, indexes)).map(|(plan, _)| plan.clone()).collect()
}

both_dbs! {
    fn tasks_are_listed_from_the_index_of_their_owner_centre_or_case(app: &TestApp) {
        let world = World::build(app);
        for (by, index) in [
            (By::Owner(AccountId(world.worker.id)), "tasks_by_owner"),
            (By::Organisation(OrganisationId(world.centre)), "tasks_by_organisation"),
            (By::Case(CaseId(Uuid::nil())), "tasks_by_case"),
        ] {
            let actor = actor(app, world.worker.id, world.centre, Role::SocialWorker);
            let plans = plans(app, move |conn| {
                let today = Some(actor.now.civil_date());
                let filter = Filter { by, status: TaskStatus::Open, from: None, until: today };
                tasks::rules::list(conn, &actor, &filter, None, 50).map(drop)
            });
            assert_eq!(without(&plans, &[&[index]]), Vec::<String>::new());
            assert!(!plans[0].contains("TEMP B-TREE") && !plans[0].contains("Sort"), "sorted by hand: {}", plans[0]);
        }
    }

    fn overviews_are_read_from_the_open_cases_of_a_worker_or_centre(app: &TestApp) {
        let world = World::build(app);
        let (worker, centre) = (world.worker.id, world.centre);
        let (social_worker, manager) = (
            actor(app, worker, centre, Role::SocialWorker),
            actor(app, world.manager.id, centre, Role::CentreManager),
        );
        let plans = plans(app, move |conn| {
            overviews::rules::caseload(conn, &social_worker, AccountId(worker), None, 50)?;
            overviews::rules::centre_workload(conn, &manager, None)?;
            overviews::rules::waiting_referrals(conn, &manager, None, None, 50).map(drop)
        });
        // Of as good as empty tables several cost the same, and PostgreSQL takes any of them.
        let of_cases: &[&str] =
            &["cases_open_by_organisation", "cases_open_by_worker"];
        let of_referrals: &[&str] = &["referrals_by_sender", "cases_open_by_organisation"];
        assert_eq!(
            without(&plans, &[&["cases_open_by_worker"], of_cases, of_cases, of_referrals]),
            Vec::<String>::new()
        );
        assert!(!plans[0].contains("USE TEMP B-TREE FOR ORDER BY\nSEARCH"), "{}", plans[0]);
    }

    fn every_source_of_reminders_begins_at_what_is_open(app: &TestApp) {
        let world = World::build(app);
        let (mine, all) = (
            actor(app, world.worker.id, world.centre, Role::SocialWorker),
            actor(app, world.manager.id, world.centre, Role::CentreManager),
        );
        let office = actor(app, world.worker.id, world.office, Role::CommuneOfficer);
        let partner = actor(app, world.teacher.id, world.school, Role::Partner);
        let state = app.state().clone();
        let plans = plans(app, move |conn| {
            let shelf = state.plans.now();
            let settings = settings(&state, &shelf);
            for (actor, whose) in [(&mine, Whose::Mine), (&all, Whose::Centre(None)), (&office, Whose::Mine), (&partner, Whose::Mine)] {
                reminders::rules::list(conn, actor, settings, whose, None, 50)?;
            }
            Ok(())
        });
        // Of as good as empty tables several cost the same, and PostgreSQL takes any of them.
        let open: &[&str] = &[
            "cases_open_by_worker", "cases_open_by_organisation",
            "cases_by_organisation_status", "cases_by_deadline",
        ];
        let exactly = |indexes| if app.engine == Engine::Postgres { open } else { indexes };
        let of_worker: &[&str] = exactly(&["cases_open_by_worker", "cases_open_by_organisation"]);
        let of_centre: &[&str] = exactly(&["cases_open_by_organisation"]);
        let of_status: &[&str] = exactly(&["cases_by_organisation_status", "cases_open_by_organisation", "cases_open_by_worker"]);
        let of_closed: &[&str] = &["cases_by_deadline", "cases_by_worker", "cases_by_organisation_status"];
        let of_stays: &[&str] = &["stays_running_out_by_centre", "stays_resident_by_centre", "stays_resident_by_facility"];
        let of_jobs: &[&str] = &["job_outcomes_due"];
        let of_loans: &[&str] = &["loans_by_centre_due", "loans_by_centre_status", "loans_by_case"];
        let of_transfers: &[&str] = &["transfers_by_recipient", "transfers_by_deadline"];
        let of_recipient: &[&str] = &["referrals_by_recipient", "referrals_by_deadline"];
        let of_sender: &[&str] = &["referrals_by_sender", "referrals_by_deadline"];
        let expected = [
            &["tasks_by_owner"], of_worker, of_worker, of_worker, of_sender, of_worker,
            of_status, of_worker, of_closed, of_worker, of_stays, of_jobs, of_loans,
            &["tasks_by_organisation"], of_centre, of_centre, of_centre, of_sender, of_centre,
            of_status, of_centre, of_closed, of_centre, of_stays, of_jobs, of_loans, of_transfers,
            &["cases_by_opener", "cases_open_by_organisation", "cases_open_by_worker"],
            of_recipient, of_recipient,
        ];
        let wrong = without(&plans, &expected);
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}

/// References to records that an import's undoing removes, which no index serves. An index of those rows alone that
/// refer to anything does as well.
fn unserved_references(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "select m.name || '.' || f.\"from\" as detail
             from sqlite_master m join pragma_foreign_key_list(m.name) f
             where m.type = 'table' and f.\"table\" in ('persons', 'cases', 'referrals', 'loans')
             and not exists (
                select 1 from pragma_index_list(m.name) l join pragma_index_info(l.name) i
                left join sqlite_master s on s.name = l.name
                where i.seqno = 0 and i.name = f.\"from\"
                and (l.partial = 0 or s.sql like '%where ' || f.\"from\" || ' is not null'))"
        }
        Engine::Postgres => {
            "select c.conrelid::regclass || '.' || a.attname as detail
             from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
             where c.contype = 'f' and c.confrelid::regclass::text in ('persons', 'cases', 'referrals', 'loans')
             and not exists (
                select 1 from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1]
                and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = '(' || a.attname || ' IS NOT NULL)'))"
        }
    }
}

both_dbs! {
    fn what_refers_to_a_record_that_may_go_is_found_by_an_index(app: &TestApp) {
        let sql = unserved_references(app.engine);
        let unserved = app.state().db.write_now(move |conn| Ok(diesel::sql_query(sql).load::<Line>(conn)?));
        let unserved: Vec<String> = unserved.expect("asked").into_iter().map(|line| line.detail).collect();
        // An index there would be taken for check-ups that are due, which are to be read by their day.
        assert_eq!(unserved, ["job_outcomes.case_id"]);
    }
}

fn settings<'a>(state: &'a App, plans: &'a Plans) -> Settings<'a> {
    let (units, returns, closing_day) = (&*state.units, &*state.returns, state.closing_day);
    let reporting = DutyBooks { units, plans, returns, closing_day };
    Settings { days: &state.reminders, deadlines: &state.deadlines, reporting }
}

fn officer(app: &TestApp, unit: &str) -> Actor {
    let role = HeldRole { role: Role::ProgrammeOfficer, organisation: None, admin_unit: Some(unit.to_owned()) };
    Actor {
        account: AccountId(Uuid::nil()),
        session: LoginSessionId(Uuid::nil()),
        roles: vec![role],
        now: app.clock.now(),
    }
}

both_dbs! {
    fn reminders_of_reports_read_those_of_the_units_or_of_the_province(app: &TestApp) {
        app.pass_days(100);
        for unit in ["VN", PROVINCE, COMMUNE] {
            let mut actor = officer(app, unit);
            actor.roles.push(HeldRole { role: Role::ReturnOfficer, ..actor.roles[0].clone() });
            let state = app.state().clone();
            let explained = plans(app, move |conn| {
                let shelf = state.plans.now();
                reminders::rules::list(conn, &actor, settings(&state, &shelf), Whose::Mine, None, 50).map(drop)
            });
            let of = |table: &str| explained.iter().filter(|plan| plan.contains(table)).cloned().collect::<Vec<_>>();
            let (periods, returns) = (of("reporting_periods"), of("official_returns"));
            assert!(!periods.is_empty() && returns.is_empty() == (unit == COMMUNE), "{unit}: {explained:#?}");
            // Which of several indexes that begin with the unit is taken, engines decide anew with each table's size.
            let looked_up = |plan: &&String| {
                let by = plan.lines().find(|line| line.contains("Index Cond") || line.contains("USING INDEX"));
                by.is_some_and(|by| by.contains("unit_code") || by.contains("province_code"))
            };
            let wrong: Vec<_> = periods.iter().filter(|plan| !looked_up(plan)).collect();
            assert!(wrong.is_empty(), "{unit}: {wrong:#?}");
            let is_indexed = |plan: &String| plan.contains("returns_by_key") || plan.contains("returns_of_period");
            assert!(returns.iter().all(is_indexed), "{unit}: {returns:#?}");
        }
    }

    fn registers_and_reported_values_are_listed_from_an_index_of_the_province_the_unit_or_all(app: &TestApp) {
        let places = [
            ("VN", "register_entries_by_day", "reported_values_by_element"),
            ("G34-P01", "register_entries_by_province", "reported_values_of_province"),
            (COMMUNE, "register_entries_by_unit", "reported_values_by_unit"),
        ];
        for (unit, of_entries, of_values) in places {
            let (actor, state) = (officer(app, unit), app.state().clone());
            let explained = plans(app, move |conn| {
                let after = Some((actor.now.civil_date(), RegisterEntryId(Uuid::nil())));
                let books = registers::rules::Books::of(&state);
                registers::rules::list(conn, &actor, books, Register::PressItems, &Default::default(), after, 50)?;
                let plans = state.plans.now();
                let books = reported::rules::Books::of(&state, &plans);
                let after = Some((String::new(), ReportedValueId(Uuid::nil())));
                reported::rules::list(conn, &actor, books, &Default::default(), after, 50).map(drop)
            });
            // PostgreSQL looks types up as well.
            let own = |plan: &&String| plan.contains("register_entries") || plan.contains("reported_values");
            assert!(explained.iter().filter(own).count() >= 2);
            for plan in explained.iter().filter(own) {
                let index = if plan.contains("register_entries") { of_entries } else { of_values };
                assert!(plan.contains(index), "{unit}: {plan}");
                assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "sorted by hand: {plan}");
            }
        }
    }
}

/// Indexes of all that a group holds, through which nothing is to be read that is known by its id.
const OF_THE_GROUP: [&str; 4] = [
    "outreach_sessions_by_change",
    "outreach_contacts_by_change",
    "outreach_sessions_by_day",
    "outreach_referrals_by_group",
];

/// Of these plans, those of outreach's own tables.
fn of_outreach(plans: Vec<String>) -> Vec<String> {
    plans.into_iter().filter(|plan| plan.contains("outreach_")).collect()
}

/// A session with somebody met, and operations about both.
fn recorded(app: &TestApp, world: &World) -> (Uuid, Vec<Box<RawValue>>) {
    let (phone, made) = (Phone::new(&world.peer_leader, world.group), phones::new_session());
    let records = phone.done(app, &[made.clone(), phones::new_contact(&made, &phones::contact())]);
    let mut removed =
        phones::operation("session_remove", &json!({"session": phones::session(), "contacts": [], "tallies": []}));
    removed["record"] = json!({"id": records[0]});
    let mut counted = phones::tally(&made, 2);
    counted["session"] = json!({"id": records[0]});
    let told = [
        phones::new_session(),
        phones::change("session_change", &records[0], "venue", &json!("street"), &json!("home")),
        phones::change("contact_change", &records[1], "violence", &json!("not_asked"), &json!("yes")),
        counted,
        removed,
    ];
    let raw = |operation: &Value| RawValue::from_string(operation.to_string()).expect("JSON");
    (records[0].as_str().and_then(|id| id.parse().ok()).expect("an id"), told.iter().map(raw).collect())
}

both_dbs! {
    fn lists_of_outreach_are_read_from_an_index_of_the_group_the_session_or_the_service(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let (session, _) = recorded(app, &world);
        let leader = actor(app, world.peer_leader.id, world.group, Role::PeerLeader);
        let manager = actor(app, world.manager.id, world.centre, Role::CentreManager);
        let group = OrganisationId(world.group);
        let plans = of_outreach(plans(app, move |conn| {
            outreach::sessions::rules::list(conn, &leader, group, Default::default(), None, 50)?;
            outreach::sessions::rules::contacts(conn, &leader, OutreachSessionId(session), None, 50)?;
            outreach::conflicts::rules::list(conn, &leader, group, true, None, 50)?;
            outreach::conflicts::rules::list(conn, &leader, group, false, None, 50)?;
            outreach::referrals::rules::sent(conn, &leader, group, None, 50)?;
            outreach::referrals::rules::received(conn, &manager, None, None, 50)?;
            outreach::parcels::rules::list(conn, &manager, (group, true), None, 50)?;
            outreach::parcels::rules::list(conn, &manager, (group, false), None, 50).map(drop)
        }));
        let by_id: &[&str] = &["sqlite_autoindex_outreach_sessions_1", "outreach_sessions_pkey"];
        // PostgreSQL joins the indexes of several services only by bitmaps, which are switched off here.
        let of_services: &[&str] = &["outreach_referrals_by_recipient", "outreach_referrals_pkey"];
        let expected: [&[&str]; 9] = [
            &["outreach_sessions_by_day"], by_id, &["outreach_contacts_by_session"], &["outreach_conflicts_open"],
            &["outreach_conflicts_by_group"], &["outreach_referrals_by_group"], of_services,
            &["outreach_parcels_open"], &["outreach_parcels_by_group"],
        ];
        assert_eq!(without(&plans, &expected), Vec::<String>::new());
        // What came to several services is put into order; all others stand in it.
        let sorted = |plan: &&String| plan.contains("TEMP B-TREE") || plan.contains("Sort");
        assert_eq!(plans.iter().filter(sorted).filter(|plan| !plan.contains("by_recipient")).collect::<Vec<_>>(), Vec::<&String>::new());
    }

    fn a_sync_finds_what_it_is_about_by_ids_and_what_changed_by_the_count_of_changes(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let (_, operations) = recorded(app, &world);
        let leader = actor(app, world.peer_leader.id, world.group, Role::PeerLeader);
        let (state, group) = (app.state().clone(), OrganisationId(world.group));
        let key = state.vault.group_key_now(group, leader.now).expect("a key");
        let hand = Hand { account: leader.account, device: DeviceId(phones::new_number()), group };
        let setting = Setting { hand, author: leader.account, clock_ahead_seconds: 0, key: key.clone() };
        let keys = Keys { server: &state.ring.server, programme: &state.ring.programme, today: leader.now.civil_date() };
        let (asked, unread) = read_all(&operations, hand, keys);
        assert!(unread.is_empty(), "{unread:?}");
        let (applying, reading) = (state.clone(), state);
        let by = leader.clone();
        let applied = of_outreach(plans(app, move |conn| apply_part(conn, &by, &applying, &setting, &asked).map(drop)));
        let through = |plan: &&String| {
            OF_THE_GROUP.iter().any(|index| plan.contains(index)) || plan.contains("SCAN outreach") || plan.contains("Seq Scan on outreach")
        };
        assert_eq!(applied.iter().filter(through).collect::<Vec<_>>(), Vec::<&String>::new());
        let by_id = ["autoindex_outreach_contacts_1", "outreach_contacts_pkey"];
        assert!(applied.iter().any(|plan| by_id.iter().any(|index| plan.contains(index))), "{applied:#?}");
        let changes = of_outreach(plans(app, move |conn| since(conn, &leader, &reading, (group, &key), None, 50).map(drop)));
        let sessions: &[&str] = &["outreach_sessions_by_change"];
        assert_eq!(without(&changes[..2], &[sessions, &["outreach_contacts_by_change"]]), Vec::<String>::new());
    }
}
