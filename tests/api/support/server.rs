//! The real server on a free port, with a clock that stands still.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Deref;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, NaiveDate, TimeDelta};
use diesel::connection::SimpleConnection as _;
use hoanhap::app::App;
use hoanhap::boot::{Purpose, Surroundings, boot, housekeeping};
use hoanhap::clock::{Clock, Random};
use hoanhap::config::{Config, DEFAULTS};
use hoanhap::db::{DatabaseOptions, Engine};

use super::client::Client;
use super::database::{Place, RECORD_TABLES, count};

/// Ten o'clock in Vietnam on a day on which the plans of 2021-2025 still run.
pub const START: &str = "2025-10-15T03:00:00Z";

/// How a test's server differs from the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Every write is aborted once and repeated.
    pub abort_first_attempt: bool,
    /// The index of names is not built until the test starts it.
    pub without_index: bool,
}

/// One process of the program.
#[derive(Debug)]
pub struct Node {
    /// Its state.
    pub app: App,
    /// Speaks to it.
    pub client: Client,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    fn start(config: &Config, clock: &Clock, options: Options) -> Self {
        let around = surroundings(clock, options.abort_first_attempt);
        let app = boot(config, Purpose::Work, around).expect("the server boots");
        if !options.without_index {
            app.names.start(app.db.clone(), app.vault.clone()).expect("the index starts");
        }
        let served = app.clone();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
                let port = listener.local_addr().expect("its port").port();
                let server = hoanhap::server::on(served, listener, 2).expect("the server is made");
                tell.send((server.handle(), port)).expect("the test waits");
                server.await.expect("the server ends well");
            });
        });
        let (handle, port) = told.recv().expect("the server starts");
        Self { client: Client::new(port, clock), app, handle, thread: Some(thread) }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for the end, as the join does.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _a_test_that_failed_says_so_itself = thread.join();
        }
    }
}

/// A server on its own database.
#[derive(Debug)]
pub struct TestApp {
    node: Node,
    /// Moves only when a test moves it.
    pub clock: Clock,
    /// Which database.
    pub engine: Engine,
    config: Config,
    /// Kept so that the files and the database go when the test ends.
    _place: Place,
}

impl Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.node.client
    }
}

impl TestApp {
    /// A server on a fresh database; none when this machine has no such engine and need not have.
    pub fn start(engine: Engine, options: Options) -> Option<Self> {
        let place = Place::fresh(engine)?;
        let config = config_for(&place);
        let clock = test_clock();
        let node = Node::start(&config, &clock, options);
        Some(Self { node, clock, engine, config, _place: place })
    }

    /// Another process on the same database and keys.
    pub fn another_node(&self) -> Node {
        Node::start(&self.config, &self.clock, Options::default())
    }

    /// The state of the running server.
    pub fn state(&self) -> &App {
        &self.node.app
    }

    /// Where databases and keys are.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.config.server.data_dir
    }

    /// Where the sealed files are.
    pub fn files_dir(&self) -> std::path::PathBuf {
        self.config.files_dir()
    }

    /// Today in Vietnam.
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    /// A day before today.
    pub fn days_ago(&self, days: i64) -> NaiveDate {
        self.today() - TimeDelta::days(days)
    }

    /// Lets days pass.
    pub fn pass_days(&self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
    }

    /// One round of what a node does besides answering.
    pub fn keep_house(&self) {
        housekeeping(&self.node.app).expect("a round of housekeeping");
    }

    /// Changes the records behind the program's back.
    pub fn sql(&self, statement: &str) {
        let done = self.node.app.db.write_now({
            let statement = statement.to_owned();
            move |conn| Ok(conn.batch_execute(&statement)?)
        });
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// One number that a query gives.
    pub fn number(&self, query: &str) -> i64 {
        self.node.app.db.read_now(|conn| Ok(count(conn, query))).expect("the database answers")
    }

    /// An id as SQL text of this engine.
    pub fn sql_id(&self, id: uuid::Uuid) -> String {
        match self.engine {
            Engine::Postgres => format!("'{id}'"),
            Engine::Sqlite => format!("x'{}'", id.simple()),
        }
    }

    /// Rows of each table that holds records.
    pub fn row_counts(&self) -> BTreeMap<&'static str, i64> {
        let counts = self.node.app.db.read_now(|conn| {
            let rows = |table: &&'static str| (*table, count(conn, &format!("select count(*) as n from {table}")));
            Ok(RECORD_TABLES.iter().map(rows).collect())
        });
        counts.expect("the database answers")
    }
}

/// Runs a test on one database. Whatever it did, what is kept with a case is then what its history says,
/// and where persons stand what a recount says.
pub fn run(engine: Engine, test: fn(&TestApp)) {
    match TestApp::start(engine, Options::default()) {
        Some(app) => {
            test(&app);
            assert_eq!(app.wrongly_kept_days(), Vec::<&str>::new());
            app.assert_standings_follow();
        }
        None => println!("skipped: HOANHAP_TEST_POSTGRES_URL names no PostgreSQL server"),
    }
}

/// A clock that stands at [`START`].
pub fn test_clock() -> Clock {
    Clock::standing_at(START.parse::<DateTime<_>>().expect("a moment"))
}

/// The shipped configuration with cheap passwords, on this place.
pub fn config_for(place: &Place) -> Config {
    // Not Config::load: the environment of a test run says nothing about the server.
    let mut config: Config = toml::from_str(DEFAULTS).expect("the shipped configuration is good");
    config.server.data_dir.clone_from(&place.dir);
    config.database.url.clone_from(&place.url);
    config.database.connections = 8;
    config.passwords.memory_kib = 8;
    config.passwords.passes = 1;
    config.passwords.queue = 64;
    config
}

/// A standing clock, real randomness.
pub fn surroundings(clock: &Clock, abort_first_attempt: bool) -> Surroundings {
    Surroundings {
        clock: clock.clone(),
        random: Random::system(),
        database: DatabaseOptions { connections: 8, abort_first_attempt },
        metrics: None,
    }
}
