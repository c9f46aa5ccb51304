//! What a running server holds, and the doors every route goes through.

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use crate::accounts::passwords::Passwords;
use crate::accounts::setup::SetupCode;
use crate::accounts::tokens::Tokens;
use crate::accounts::{Actor, Caller};
use crate::admin_units::AdminUnits;
use crate::apart::Apart;
use crate::attachments::Files;
use crate::audit::{Seen, SubjectKind, TrailKey, ViewLog};
use crate::cases::deadlines::Deadlines;
use crate::clock::{Clock, Random};
use crate::db::{Database, DbConnection, Size};
use crate::entitlements::Catalogue;
use crate::error::AppError;
use crate::http::idempotency::{BoundKey, claim, claimed};
use crate::loans::Products;
use crate::outreach::OutreachCatalogue;
use crate::persons::search::NameIndex;
use crate::programmes::PlanShelf;
use crate::programmes::exchange::MappingShelf;
use crate::programmes::registers::RegisterCatalogue;
use crate::programmes::returns::ReturnCatalogue;
use crate::programmes::standings::Keeper;
use crate::programmes::sums::{Counter, Measures};
use crate::reminders::ReminderDays;
use crate::services::Services;
use crate::training::TrainingCatalogue;
use crate::vault::{KeyRing, Vault};

/// State of one node: connections, keys, and caches it can rebuild.
#[derive(Debug, Clone)]
pub struct App {
    /// The records.
    pub db: Database,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Keys of this installation.
    pub ring: Arc<KeyRing>,
    /// Data keys of persons.
    pub vault: Vault,
    /// Key of the trail.
    pub trail: TrailKey,
    /// Log of views.
    pub views: ViewLog,
    /// Sealed files.
    pub files: Files,
    /// Token maker.
    pub tokens: Tokens,
    /// Password hasher.
    pub passwords: Passwords,
    /// Setup code of an installation without administrator.
    pub setup: SetupCode,
    /// Administrative units of both generations.
    pub units: Arc<AdminUnits>,
    /// The names of everybody, to be searched.
    pub names: NameIndex,
    /// Service types.
    pub services: Arc<Services>,
    /// Deadlines of cases.
    pub deadlines: Arc<Deadlines>,
    /// What the law gives to victims.
    pub entitlements: Arc<Catalogue>,
    /// When reminders come.
    pub reminders: Arc<ReminderDays>,
    /// Trades, levels and the tariff of training aid.
    pub training: Arc<TrainingCatalogue>,
    /// Models of intervention and words of outreach.
    pub outreach: Arc<OutreachCatalogue>,
    /// What official returns hold.
    pub returns: Arc<ReturnCatalogue>,
    /// Loan products.
    pub products: Arc<Products>,
    /// Programme plans.
    pub plans: PlanShelf,
    /// Registers of programmes.
    pub registers: Arc<RegisterCatalogue>,
    /// Day of the month on which state reports close.
    pub closing_day: u32,
    /// What figures are called in other systems.
    pub mappings: Arc<MappingShelf>,
    /// Numbers of registers that were asked for lately.
    pub sums: Arc<crate::programmes::sums::Memo>,
    /// Maps that were asked for lately.
    pub grounds: Arc<crate::admin_units::Grounds>,
    /// Whether the data are made up.
    pub demo: bool,
    /// One exact figure is computed at a time: it reads all of a centre, part by part.
    pub figures: Arc<Semaphore>,
    /// Where large reports are made.
    pub reports: Apart,
    /// One file is imported at a time: it is held in memory, and stored in one transaction.
    pub imports: Arc<Semaphore>,
    /// Few files wait for that: each is held in memory.
    pub import_files: Arc<Semaphore>,
    /// When this process was begun.
    pub started: crate::db::types::Instant,
    /// How far this node is with files of registers.
    pub register_imports: Arc<crate::programmes::sheets::Progress>,
    /// Few batches of phones are worked on at a time: each is held in memory.
    pub syncs: Arc<Semaphore>,
    /// Batches of phones that are being received.
    pub arrivals: Arc<crate::outreach::sync::Arrivals>,
    /// Whether a trusted proxy stands before this server and names the client in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Renders the metrics.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
}

/// What a write makes or changes, and what its reply is a view of.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    resource: uuid::Uuid,
    kind: SubjectKind,
    whole: Option<uuid::Uuid>,
    size: Size,
}

impl Target {
    /// A record that is a subject of its own.
    pub fn record(kind: SubjectKind, id: uuid::Uuid) -> Self {
        Self { resource: id, kind, whole: None, size: Size::Small }
    }

    /// A part, such as a consent, of the subject `whole`.
    pub fn part(kind: SubjectKind, whole: uuid::Uuid, id: uuid::Uuid) -> Self {
        Self { resource: id, kind, whole: Some(whole), size: Size::Small }
    }

    /// With thousands of rows that hang on it.
    #[must_use]
    pub fn large(self) -> Self {
        Self { size: Size::Large, ..self }
    }
}

impl App {
    /// What counts the registers, for the plans of now.
    pub fn counter(&self) -> Counter {
        Counter {
            units: self.units.clone(),
            measures: Measures { closing_day: self.closing_day, tip_off_days: self.registers.tip_off_days },
            series: Arc::new(self.plans.now().series()),
            memo: self.sums.clone(),
        }
    }

    /// What keeps the standings of persons, for the plans of now.
    pub fn keeper(&self) -> Keeper {
        Keeper::of(&self.plans.now(), self.services.clone())
    }

    /// Reads on behalf of a caller, whose account is checked in the same transaction.
    ///
    /// # Errors
    /// What `f` returns; [`AppError::Unauthenticated`] when the session or account is closed.
    pub async fn read<T, F>(&self, caller: Caller, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &Actor) -> Result<T, AppError> + Send + 'static,
    {
        let now = self.clock.now();
        self.db
            .read(move |conn| {
                let actor = Actor::load(conn, caller, now)?;
                f(conn, &actor)
            })
            .await
    }

    /// As [`App::read`], what takes much memory.
    ///
    /// # Errors
    /// As [`App::read`].
    pub async fn read_apart<T, F>(&self, caller: Caller, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &Actor) -> Result<T, AppError> + Send + 'static,
    {
        let (now, db) = (self.clock.now(), self.db.clone());
        let read = move |conn: &mut DbConnection| {
            let actor = Actor::load(conn, caller, now)?;
            f(conn, &actor)
        };
        self.reports.run(move || db.read_now(read)).await
    }

    /// Reads what shows persons' records, and answers only once that view is logged.
    /// `f` returns the reply and what it shows.
    ///
    /// # Errors
    /// As [`App::read`]; when the view could not be logged, nothing is shown.
    pub async fn view<T, F>(&self, caller: Caller, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &Actor) -> Result<(T, Seen), AppError> + Send + 'static,
    {
        let now = self.clock.now();
        let (db, views) = (self.db.clone(), self.views.clone());
        let (reply, answer) = oneshot::channel();
        // The reply leaves from the thread that logged the view; waiting for this one as well would be a detour.
        drop(actix_web::rt::task::spawn_blocking(move || {
            let read = db.read_now(|conn| {
                let actor = Actor::load(conn, caller, now)?;
                f(conn, &actor)
            });
            // A caller that went away has seen nothing.
            match read {
                Ok((shown, seen)) => {
                    views.log(caller.account, seen, now, move |logged| drop(reply.send(logged.map(|()| shown))));
                }
                Err(error) => drop(reply.send(Err(error))),
            }
        }));
        answer.await.map_err(|_| AppError::internal("a view was neither logged nor refused"))?
    }

    /// Writes on behalf of a caller, whose account is checked in the same transaction.
    /// `f` may run more than once.
    ///
    /// # Errors
    /// As [`App::read`].
    pub async fn write<T, F>(&self, caller: Caller, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection, &Actor) -> Result<T, AppError> + Send + 'static,
    {
        self.write_sized(Size::Small, caller, f).await
    }

    /// As [`App::write`], saying how much it changes.
    ///
    /// # Errors
    /// As [`App::read`].
    pub async fn write_sized<T, F>(&self, size: Size, caller: Caller, mut f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection, &Actor) -> Result<T, AppError> + Send + 'static,
    {
        let now = self.clock.now();
        let written = self
            .db
            .write_sized(size, move |conn| {
                let actor = Actor::load(conn, caller, now)?;
                f(conn, &actor)
            })
            .await;
        self.names.wake();
        written
    }

    /// Writes exactly once per idempotency key. `target` is the record `f` makes
    /// or changes. When the key was used before, nothing is written and `rebuild`
    /// answers for the record of that first request, under the caller's rights of now.
    ///
    /// # Errors
    /// As [`App::read`]; [`AppError::IdempotencyKeyReused`] when the first request was another one.
    pub async fn write_once<T, F, R>(
        &self,
        caller: Caller,
        key: BoundKey,
        target: Target,
        mut f: F,
        rebuild: R,
    ) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection, &Actor) -> Result<T, AppError> + Send + 'static,
        R: FnOnce(&mut DbConnection, &Actor, uuid::Uuid) -> Result<T, AppError> + Send + 'static,
    {
        let bound = key.clone();
        let written = self
            .write_sized(target.size, caller, move |conn, actor| {
                claim(conn, actor, &bound, target.resource, actor.now)?;
                f(conn, actor)
            })
            .await;
        match written {
            Err(AppError::IdempotentReplay) => {
                // The reply shows the record as it stands now, which is a view like any other.
                self.view(caller, move |conn, actor| {
                    let first = claimed(conn, actor, &key)?;
                    let reply = rebuild(conn, actor, first)?;
                    Ok((reply, Seen::record(target.kind, target.whole.unwrap_or(first))))
                })
                .await
            }
            written => written,
        }
    }
}
