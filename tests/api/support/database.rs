//! A fresh database per test: a copy of a template that is made once per engine.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use hoanhap::boot::{Purpose, boot};
use hoanhap::db::{DbConnection, Engine};

use super::server::{config_for, surroundings, test_clock};

const ADMIN_URL: &str = "HOANHAP_TEST_POSTGRES_URL";
const REQUIRED: &str = "HOANHAP_TEST_REQUIRE_POSTGRES";

/// Directory and database of one test; both go when it is dropped.
#[derive(Debug)]
pub struct Place {
    /// Data directory: SQLite files, keys.
    pub dir: PathBuf,
    /// URL of the records; empty for the SQLite file in `dir`.
    pub url: String,
    /// Name of the PostgreSQL database.
    name: Option<String>,
}

impl Place {
    /// A copy of the engine's template; none when this machine has no such engine and need not have.
    pub fn fresh(engine: Engine) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let template = template(engine)?;
        let dir = own_dir().join(format!("{number}"));
        copy_dir(&template.dir, &dir);
        let Some(source) = &template.name else { return Some(Self { dir, url: String::new(), name: None }) };
        let name = format!("{}_{number}", prefix());
        as_admin(&format!("create database {name} template {source}"));
        Some(Self { dir, url: url_of(&name)?, name: Some(name) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            as_admin(&format!("drop database if exists {name} with (force)"));
        }
        let _gone_already = fs::remove_dir_all(&self.dir);
    }
}

fn template(engine: Engine) -> Option<&'static Place> {
    static SQLITE: OnceLock<Place> = OnceLock::new();
    static POSTGRES: OnceLock<Option<Place>> = OnceLock::new();
    match engine {
        Engine::Sqlite => Some(SQLITE.get_or_init(sqlite_template)),
        Engine::Postgres => POSTGRES.get_or_init(postgres_template).as_ref(),
    }
}

fn sqlite_template() -> Place {
    forget_dead_runs();
    let place = Place { dir: own_dir().join("template-sqlite"), url: String::new(), name: None };
    make_template(&place);
    place
}

fn postgres_template() -> Option<Place> {
    let name = format!("{}_template", prefix());
    let Some(url) = url_of(&name) else {
        let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
        assert!(!required, "{REQUIRED}=1, but {ADMIN_URL} is not set");
        return None;
    };
    forget_dead_runs();
    as_admin(&format!("create database {name}"));
    let place = Place { dir: own_dir().join("template-postgres"), url, name: Some(name.clone()) };
    make_template(&place);
    // A template may have no other connection while it is copied.
    let ends = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    as_admin(&ends);
    Some(place)
}

fn make_template(place: &Place) {
    let clock = test_clock();
    let app = boot(&config_for(place), Purpose::Work, surroundings(&clock, false)).expect("the template boots");
    // As if the program had been in use all these years, so that closed years are released.
    let since = |conn: &mut _| hoanhap::settings::set(conn, hoanhap::settings::INSTALLED_ON, "2020-01-01");
    app.db.write_now(since).expect("a setting");
    // Standings are kept from the start, so that every story is followed by them.
    hoanhap::programmes::standings::settle(&app.db, &app.keeper(), clock.now()).expect("standings are kept");
    // What is left in the log does not come along.
    app.db.settle_now().expect("the records are checkpointed");
    app.vault.store().settle_now().expect("the keys are checkpointed");
}

/// Copies key files and databases; what only helps an open database stays behind.
fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a test may make its directory");
    let mode = fs::metadata(from).expect("the template is there").permissions();
    fs::set_permissions(to, mode).expect("a test may close its directory");
    for entry in fs::read_dir(from).expect("the template is there").map(|entry| entry.expect("it can be read")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().contains(".db-") {
            fs::copy(entry.path(), &target).expect("the template is copied");
        }
    }
}

fn prefix() -> String {
    format!("hoanhap_test_{}", std::process::id())
}

fn own_dir() -> PathBuf {
    std::env::temp_dir().join(prefix().replace('_', "-"))
}

fn url_of(database: &str) -> Option<String> {
    let admin = std::env::var(ADMIN_URL).ok().filter(|url| !url.is_empty())?;
    let (base, query) = admin.split_once('?').unwrap_or((&admin, ""));
    let (server, _) = base.rsplit_once('/').expect("the URL names a database");
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Some(format!("{server}/{database}{query}"))
}

fn admin_connection() -> Option<PgConnection> {
    let url = std::env::var(ADMIN_URL).ok().filter(|url| !url.is_empty())?;
    Some(PgConnection::establish(&url).expect("the PostgreSQL server for tests answers"))
}

/// Tests run side by side, and a template is copied for one at a time.
fn as_admin(sql: &str) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut conn = admin_connection().expect("only asked with a server");
    conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    datname: String,
}

/// Removes what runs left behind that ended before they could.
fn forget_dead_runs() {
    let alive = |process: &str| Path::new("/proc").join(process).exists();
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix("hoanhap-test-").is_some_and(|process| !alive(process)) {
            let _another_run_was_faster = fs::remove_dir_all(entry.path());
        }
    }
    let Some(mut conn) = admin_connection() else { return };
    let left: Vec<Name> = diesel::sql_query("select datname from pg_database where datname like 'hoanhap_test_%'")
        .load(&mut conn)
        .expect("databases can be listed");
    for Name { datname } in left {
        let process = datname.trim_start_matches("hoanhap_test_").split('_').next().unwrap_or_default();
        if !alive(process) {
            let _another_run_was_faster = conn.batch_execute(&format!("drop database {datname} with (force)"));
        }
    }
}

/// Every table that a bad request might leave a row in; the counter of wrong passwords is none of them.
pub const RECORD_TABLES: &[&str] = &[
    "account_grants",
    "account_invitations",
    "accounts",
    "assessed_needs",
    "assessments",
    "attendances",
    "attachments",
    "audit_entries",
    "audit_heads",
    "case_circumstances",
    "case_events",
    "care_plan_goals",
    "care_plan_steps",
    "care_plans",
    "cases",
    "consents",
    "course_days",
    "courses",
    "deliveries",
    "follow_ups",
    "group_places",
    "guardians",
    "intervention_points",
    "entitlement_overrides",
    "enrolment_events",
    "enrolments",
    "idempotency_keys",
    "job_check_ups",
    "job_outcomes",
    "loan_events",
    "loan_papers",
    "loans",
    "import_rows",
    "imports",
    "login_sessions",
    "member_counts",
    "note_versions",
    "notes",
    "loose_keys",
    "official_returns",
    "organisations",
    "outreach_conflicts",
    "outreach_contacts",
    "outreach_devices",
    "outreach_links",
    "outreach_operations",
    "outreach_parcels",
    "outreach_reduced",
    "outreach_referrals",
    "outreach_sessions",
    "outreach_stock_moves",
    "outreach_supplies",
    "outreach_tallies",
    "peer_groups",
    "persons",
    "referral_events",
    "referrals",
    "published_figures",
    "register_entries",
    "register_imports",
    "register_participants",
    "reported_values",
    "reporting_periods",
    "reporting_steps",
    "same_decisions",
    "same_groups",
    "search_changes",
    "settings",
    "standings_due",
    "statistical_releases",
    "stay_extensions",
    "stays",
    "sums_due",
    "support_refusals",
    "transfers",
    "tasks",
    "training_aids",
    "unit_share_heads",
    "unit_shares",
    "view_log",
];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// One number that a query gives.
pub fn count(conn: &mut DbConnection, sql: &str) -> i64 {
    let row: Count = diesel::sql_query(sql).get_result(conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
    row.n
}
