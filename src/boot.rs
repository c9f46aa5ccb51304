//! From configuration to a running [`App`]: every check that can fail is made
//! before the server answers, so there is no half-start.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use diesel::prelude::*;

use crate::accounts::passwords::Passwords;
use crate::accounts::setup::SetupCode;
use crate::accounts::tokens::Tokens;
use crate::admin_units::{AdminUnits, CatalogueError, copy_into};
use crate::apart::Apart;
use crate::app::App;
use crate::attachments::{Files, FilesError};
use crate::audit::{TrailKey, ViewLog};
use crate::cases::deadlines::{Deadlines, DeadlinesError};
use crate::clock::{Clock, Random};
use crate::config::{Config, ConfigError};
use crate::db::schema::{peer_groups, persons};
use crate::db::types::{Instant, OrganisationId, PersonId};
use crate::db::{Database, DatabaseOptions, OpenError, SchemaError, Store, migrate};
use crate::entitlements::{Catalogue, EntitlementsError};
use crate::error::AppError;
use crate::loans::Products;
use crate::loans::products::ProductsError;
use crate::outreach::{OutreachCatalogue, OutreachConfigError};
use crate::persons::search::{NameIndex, forget_followed};
use crate::programmes::exchange::MappingShelf;
use crate::programmes::plans::{Books, RefreshError, refresh, store_shipped};
use crate::programmes::registers::{RegisterCatalogue, RegisterConfigError};
use crate::programmes::returns::{ReturnCatalogue, ReturnConfigError};
use crate::programmes::{PlanShelf, Plans, PlansError};
use crate::reminders::{ReminderDays, ReminderDaysError};
use crate::services::{Services, ServicesError};
use crate::settings;
use crate::training::{TrainingCatalogue, TrainingConfigError};
use crate::vault::{KeyFileError, KeyRing, KnownKeys, Vault};
use crate::working_calendar::{CalendarError, WorkingCalendar};

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// Configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// Directory of the sealed files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The key store is empty, or belongs to another database.
    #[error(
        "the key store and the database do not belong together; restore the right key store (keys.db) or name the right database"
    )]
    KeyStore,
    /// List of administrative units.
    #[error(transparent)]
    Units(#[from] CatalogueError),
    /// Plan files.
    #[error(transparent)]
    Plans(#[from] PlansError),
    /// Registers.
    #[error(transparent)]
    Registers(#[from] RegisterConfigError),
    /// Versions of plans in the database.
    #[error(transparent)]
    PlanVersions(#[from] RefreshError),
    /// Service types.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// What the law gives.
    #[error(transparent)]
    Entitlements(#[from] EntitlementsError),
    /// When reminders come.
    #[error(transparent)]
    Reminders(#[from] ReminderDaysError),
    /// Trades and training aid.
    #[error(transparent)]
    Training(#[from] TrainingConfigError),
    /// Models and words of outreach.
    #[error(transparent)]
    Outreach(#[from] OutreachConfigError),
    /// What official returns hold.
    #[error(transparent)]
    Returns(#[from] ReturnConfigError),
    /// Loan products.
    #[error(transparent)]
    Products(#[from] ProductsError),
    /// The database is a demo, or is none.
    #[error("{0}")]
    Demo(&'static str),
    /// The system refused.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The calendar of working days cannot be read.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The deadlines cannot be read.
    #[error(transparent)]
    Deadlines(#[from] DeadlinesError),
    /// The port cannot be had.
    #[error("port {} of {} cannot be had ({cause}); stop what listens there, or choose another port", .place.port(), .place.ip())]
    Port {
        /// Address and port asked for.
        place: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Anything else.
    #[error(transparent)]
    App(#[from] AppError),
}

impl BootError {
    /// Exit code of the process, after sysexits.h.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Plans(_)
            | Self::PlanVersions(_)
            | Self::Registers(_)
            | Self::Units(_)
            | Self::Services(_)
            | Self::Entitlements(_)
            | Self::Calendar(_)
            | Self::Products(_)
            | Self::Returns(_)
            | Self::Training(_)
            | Self::Outreach(_)
            | Self::Reminders(_)
            | Self::Deadlines(_) => 78,
            Self::Open(_) => 69,
            Self::Schema(_) | Self::Demo(_) => 65,
            Self::Keys(_) | Self::KeyStore | Self::Files(_) => 77,
            Self::Io(_) | Self::Port { .. } | Self::App(_) => 71,
        }
    }
}

/// Whether an installation holds made-up data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Real work: a demo database is refused.
    Work,
    /// Made-up data: a database without the demo marker is refused unless it is empty.
    Demo,
    /// Looking at either kind.
    Inspection,
}

/// What tests replace.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// How databases are opened.
    pub database: DatabaseOptions,
    /// Renders the metrics, where a recorder is installed.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
}

/// Takes the port the server will listen on. The first thing of a start: a port that is taken is told before
/// anything is written or said. Who connects meanwhile waits until the server runs.
///
/// # Errors
/// [`BootError::Port`].
pub fn take_port(config: &Config) -> Result<TcpListener, BootError> {
    let place = SocketAddr::new(config.server.address, config.server.port);
    TcpListener::bind(place).map_err(|cause| BootError::Port { place, cause })
}

/// Opens databases and keys, brings the schema up to date and checks that all belong together.
///
/// # Errors
/// The first thing that is wrong.
#[expect(clippy::too_many_lines, reason = "one step after the other, in the order in which they may fail")]
pub fn boot(config: &Config, purpose: Purpose, around: Surroundings) -> Result<App, BootError> {
    let units = AdminUnits::shipped()?;
    let services = Services::shipped()?;
    let deadlines = Deadlines::shipped(WorkingCalendar::shipped()?)?;
    let entitlements = Catalogue::shipped(&services)?;
    let reminders = ReminderDays::shipped()?;
    let training = TrainingCatalogue::shipped()?;
    let outreach = OutreachCatalogue::shipped()?;
    let products = Products::shipped(&units)?;
    let returns = ReturnCatalogue::shipped()?;
    let registers = RegisterCatalogue::shipped()?;
    if config.database_url()?.file().is_some() || config.keys_url()?.file().is_some() {
        make_private_dir(&config.server.data_dir)?;
    }
    let db = Database::open(&config.database_url()?, &around.database)?;
    let stored = read_marks(&db)?;
    check_purpose(purpose, &stored)?;
    let demo = purpose == Purpose::Demo || stored.demo;
    let plans = PlanShelf::new(Plans::shipped(Books { units: &units, registers: &registers }, demo)?);
    let known = KnownKeys { keys: stored.fingerprint.as_deref(), programme: stored.programme.as_deref() };
    let ring = Arc::new(KeyRing::load(&config.keys_dir(), &around.random, known)?);
    let keys = Database::open(&config.keys_url()?, &DatabaseOptions { connections: 4, abort_first_attempt: false })?;
    bring_up_to_date(&keys, Store::Keys)?;
    let vault = Vault::new(keys, ring.clone(), around.random.clone());
    let installation = installation(&stored, &vault, &around)?;
    bring_up_to_date(&db, Store::Main)?;
    let units = Arc::new(units);
    let marks = [
        (settings::KEY_FINGERPRINT, ring.fingerprint()),
        (settings::PROGRAMME_KEY_FINGERPRINT, ring.programme_fingerprint()),
        (settings::INSTALLATION, installation),
    ];
    mark(&db, purpose, marks, around.clock.today().to_string(), units.clone())?;
    store_shipped(&db, demo, around.clock.now())?;
    refresh(&db, &plans, Books { units: &units, registers: &registers }, demo)?;
    let files = Files::open(config.files_dir(), &config.files)?;
    let views = ViewLog::start(db.clone())?;
    let started = around.clock.now();
    Ok(App {
        started,
        vault,
        trail: TrailKey::new(ring.trail.clone()),
        files,
        tokens: Tokens::new(ring.clone()),
        passwords: Passwords::new(&config.passwords, around.random.clone())?,
        setup: SetupCode::default(),
        names: NameIndex::default(),
        services: Arc::new(services),
        deadlines: Arc::new(deadlines),
        entitlements: Arc::new(entitlements),
        reminders: Arc::new(reminders),
        training: Arc::new(training),
        outreach: Arc::new(outreach),
        products: Arc::new(products),
        returns: Arc::new(returns),
        plans,
        registers: Arc::new(registers),
        closing_day: config.programmes.closing_day,
        sums: Arc::default(),
        grounds: Arc::default(),
        mappings: Arc::new(MappingShelf::new(config.mappings_dir())),
        demo,
        clock: around.clock,
        random: around.random,
        metrics: around.metrics,
        figures: Arc::new(tokio::sync::Semaphore::new(1)),
        reports: Apart::new("reports")?,
        imports: Arc::new(tokio::sync::Semaphore::new(1)),
        import_files: Arc::new(tokio::sync::Semaphore::new(8)),
        register_imports: Arc::default(),
        syncs: Arc::new(tokio::sync::Semaphore::new(4)),
        arrivals: Arc::default(),
        behind_proxy: config.server.behind_tls_proxy,
        db,
        ring,
        views,
        units,
    })
}

/// Writes into the database which keys, key store and purpose it belongs to, and the units it knows.
fn mark(
    db: &Database,
    purpose: Purpose,
    marks: [(&'static str, String); 3],
    today: String,
    units: Arc<AdminUnits>,
) -> Result<(), AppError> {
    db.write_now(move |conn| {
        for (name, value) in &marks {
            // Two nodes of a new installation may start at once; what the first wrote stands.
            match settings::get(conn, name)? {
                Some(stands) if stands != *value => {
                    return Err(AppError::internal("another node was first to start here with other keys"));
                }
                Some(_) => {}
                None => settings::set(conn, name, value)?,
            }
        }
        if settings::get(conn, settings::INSTALLED_ON)?.is_none() {
            settings::set(conn, settings::INSTALLED_ON, &today)?;
        }
        if purpose == Purpose::Demo {
            settings::set(conn, settings::DEMO, "made-up data")?;
        }
        copy_into(conn, &units)
    })
}

/// The name that database and key store share; made when both are new.
fn installation(stored: &Marks, vault: &Vault, around: &Surroundings) -> Result<String, BootError> {
    const ANCHOR: &str = "installation";
    let in_keys = vault.anchor(ANCHOR)?.and_then(|(_, name)| String::from_utf8(name).ok());
    match (&stored.installation, in_keys) {
        (Some(here), Some(there)) if *here == there => Ok(there),
        (None, None) => {
            let name = around.random.uuid().to_string();
            vault.set_anchor(ANCHOR, 0, name.clone().into_bytes(), around.clock.now())?;
            // Another node may have been faster.
            let stands = vault.anchor(ANCHOR)?.and_then(|(_, name)| String::from_utf8(name).ok());
            Ok(stands.unwrap_or(name))
        }
        // A first start was interrupted between the two stores.
        (None, Some(there)) if vault.is_empty()? => Ok(there),
        _ => Err(BootError::KeyStore),
    }
}

#[derive(Default)]
struct Marks {
    migrated: bool,
    installation: Option<String>,
    fingerprint: Option<String>,
    programme: Option<String>,
    demo: bool,
}

/// What the database says of itself before anything is changed.
fn read_marks(db: &Database) -> Result<Marks, BootError> {
    let marks = db.read_now(|conn| {
        let stage = crate::db::stage(conn, Store::Main);
        Ok(match stage {
            Err(error) => Err(error),
            Ok(_) if !crate::db::has_tables(conn)? => Ok(Marks::default()),
            Ok(_) => Ok(Marks {
                migrated: true,
                installation: settings::get(conn, settings::INSTALLATION)?,
                fingerprint: settings::get(conn, settings::KEY_FINGERPRINT)?,
                programme: settings::get(conn, settings::PROGRAMME_KEY_FINGERPRINT)?,
                demo: settings::get(conn, settings::DEMO)?.is_some(),
            }),
        })
    })?;
    Ok(marks?)
}

fn check_purpose(purpose: Purpose, marks: &Marks) -> Result<(), BootError> {
    match (purpose, marks.migrated, marks.demo) {
        (Purpose::Demo, true, false) => {
            Err(BootError::Demo("this database is not a demo; the demo command does not touch it"))
        }
        (Purpose::Work, true, true) => Err(BootError::Demo(
            "this database holds made-up data of a demo; use the demo command, or another database",
        )),
        _ => Ok(()),
    }
}

fn make_private_dir(dir: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn bring_up_to_date(db: &Database, store: Store) -> Result<(), BootError> {
    let migrated = db.alone_now(|conn| Ok(migrate(conn, store)))?;
    Ok(migrated?)
}

/// Work that a node does besides answering: returning late referrals, forgetting old
/// keys and guesses, checkpoints of the trail, releases of closed years, files that no row names. Safe on any
/// number of nodes.
///
/// # Errors
/// The first thing that failed; the rest is tried again at the next round.
pub fn housekeeping(app: &App) -> Result<(), AppError> {
    let now: Instant = app.clock.now();
    let trail = app.trail.clone();
    while {
        let trail = trail.clone();
        app.db.write_now(move |conn| {
            let referrals = crate::referrals::rules::sweep(conn, &trail, now)?;
            Ok(referrals + crate::transfers::rules::sweep(conn, &trail, now)?)
        })? > 0
    } {}
    let trail = app.trail.clone();
    while {
        let trail = trail.clone();
        app.db.write_now(move |conn| crate::loans::rules::sweep(conn, &trail, now))? > 0
    } {}
    app.db.write_now(move |conn| {
        crate::http::idempotency::forget_old(conn, now)?;
        forget_followed(conn, now)?;
        crate::accounts::forget_guesses_before(conn, now.civil_date())
    })?;
    crate::audit::checkpoint(&app.db, &app.vault, &app.trail, now)?;
    follow_plans(app)?;
    crate::programmes::sheets::fail_interrupted(app, app.started)?;
    crate::programmes::sums::settle(&app.db, &app.counter(), now)?;
    crate::programmes::standings::settle(&app.db, &app.keeper(), now)?;
    crate::statistics::release_closed_years(app, now)?;
    // A node that stopped between closing a period and this is made up for.
    crate::programmes::returns::anchor(&app.db, &app.vault, now)?;
    // Last, and both: they refuse, round after round, where databases and files do not belong together.
    let keys = crate::imports::rules::destroy_loose_keys(app, now);
    crate::attachments::sweep_next(app)?;
    keys
}

/// Takes over plans that were imported since.
fn follow_plans(app: &App) -> Result<(), AppError> {
    let books = Books { units: &app.units, registers: &app.registers };
    match refresh(&app.db, &app.plans, books, app.demo) {
        Ok(_) => Ok(()),
        Err(RefreshError::App(error)) => Err(error),
        Err(RefreshError::Plans(error)) => Err(AppError::internal(error.to_string())),
    }
}

/// Days after which a key without a person is an orphan.
pub const ORPHAN_DAYS: i64 = 35;

/// Removes data keys whose person was never committed. At start, before requests come in.
///
/// # Errors
/// When a database fails.
pub fn sweep_orphan_keys(app: &App) -> Result<usize, AppError> {
    // Longer than any backup is kept: a restored database knows every person whose key is so old.
    let before = app.clock.now().plus(-chrono::TimeDelta::days(ORPHAN_DAYS));
    app.vault.sweep_orphans(before, |batch| {
        let batch = batch.to_vec();
        app.db.read_now(|conn| {
            let mut known = persons::table.filter(persons::id.eq_any(&batch)).select(persons::id).load(conn)?;
            let ids: Vec<OrganisationId> = batch.iter().map(|id| OrganisationId(id.0)).collect();
            let groups = peer_groups::table.filter(peer_groups::id.eq_any(ids)).select(peer_groups::id);
            known.extend(groups.load::<OrganisationId>(conn)?.into_iter().map(|group| PersonId(group.0)));
            Ok(known)
        })
    })
}
