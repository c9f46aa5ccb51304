//! Building the index, and keeping it as the records are on every node.

use std::collections::{BTreeMap, HashSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant as Moment};

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::index::{Facts, Hit, Index};
use super::likeness::{Likeness, plain_number};
use super::matching::Query;
use crate::db::schema::{cases, persons, search_changes};
use crate::db::types::{Instant, OrganisationId, PersonId};
use crate::db::{Database, DbConnection, unsettled_from};
use crate::error::AppError;
use crate::persons::model::{Birth, BirthPrecision, SealedColumn, open_column};
use crate::vault::{DataKey, Vault};

/// Between two looks at what changed, when nobody on this node wrote.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two looks however much is written.
const REST: Duration = Duration::from_millis(50);
/// A node that could not look for so long builds its index anew: what it missed may be gone.
const MISSED: Duration = Duration::from_mins(15);
/// Minutes after which a change is forgotten; every node that works has followed it by then.
const KEPT_MINUTES: i64 = 60;
/// Persons read at once when everybody is.
const PAGE: i64 = 500;
/// Persons whom the index does not have as they are now; when they are more, it says nothing of names.
const MOST_UNFOLLOWED: usize = 5_000;
/// Persons read at once when they changed.
const BATCH: usize = 500;

/// The index of names of this node; nothing of it is ever written anywhere. Cheap to clone.
#[derive(Clone, Default)]
pub struct NameIndex(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// None until it is built.
    index: RwLock<Option<Index>>,
    /// How far the index is; set after it is, so that the index is never behind.
    followed: RwLock<Option<(Position, Moment)>>,
    /// Wakes the thread that follows.
    wake: OnceLock<SyncSender<()>>,
}

impl std::fmt::Debug for NameIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameIndex(…)")
    }
}

impl NameIndex {
    /// Starts the thread that builds the index and keeps it; it ends when the last clone is gone. A second call does nothing.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(&self, db: Database, vault: Vault) -> std::io::Result<()> {
        let (wake, woken) = sync_channel(1);
        if self.0.wake.set(wake).is_err() {
            return Ok(());
        }
        let follower = Follower { shared: Arc::downgrade(&self.0), db, vault };
        std::thread::Builder::new().name("name-index".into()).spawn(move || follower.run(&woken))?;
        Ok(())
    }

    /// Tells the follower that something was written here, so that it looks at once.
    pub fn wake(&self) {
        if let Some(wake) = self.0.wake.get() {
            // One that is due already will see this as well.
            let _is_due = wake.try_send(());
        }
    }

    /// Everybody of these organisations who fits.
    pub(super) fn hits_within(&self, query: &Query, organisations: &[OrganisationId]) -> Result<Vec<Hit>, AppError> {
        self.look(|index| index.hits_within(query, organisations))
    }

    /// Those of these persons who fit.
    pub(super) fn hits_among(&self, query: &Query, persons: &[PersonId]) -> Result<Vec<Hit>, AppError> {
        self.look(|index| index.hits_among(query, persons))
    }

    /// Who of these organisations may be the person of this likeness, likeliest first.
    pub(super) fn alike_within(
        &self,
        likeness: &Likeness,
        organisations: &[OrganisationId],
    ) -> Result<Vec<PersonId>, AppError> {
        self.look(|index| index.alike_within(likeness, organisations))
    }

    /// Who of these persons may be the person of this likeness, likeliest first.
    pub(super) fn alike_among(&self, likeness: &Likeness, persons: &[PersonId]) -> Result<Vec<PersonId>, AppError> {
        self.look(|index| index.alike_among(likeness, persons))
    }

    /// Who of these organisations may bear one of these names (words, folded), and whoever changed in the records
    /// since the index was brought up to date: nobody is missing. None when the index cannot say so.
    ///
    /// # Errors
    /// The engine's own.
    pub(super) fn bearers(
        &self,
        conn: &mut DbConnection,
        wanted: &[Vec<Box<str>>],
        organisations: &[OrganisationId],
    ) -> Result<Option<Vec<PersonId>>, AppError> {
        // Read before the index: what is followed meanwhile is looked at twice, and not missed.
        let followed = self.0.followed.read().unwrap_or_else(PoisonError::into_inner).clone();
        // Of a node that fell behind for long, changes may be forgotten already.
        let Some((position, _)) = followed.filter(|(_, since)| since.elapsed() < MISSED) else { return Ok(None) };
        let (mut persons, _) = position.changed(conn)?;
        if persons.len() > MOST_UNFOLLOWED {
            return Ok(None);
        }
        match self.look(|index| index.bearers_within(wanted, organisations)) {
            Ok(bearers) => persons.extend(bearers),
            Err(AppError::IndexBuilding) => return Ok(None),
            Err(error) => return Err(error),
        }
        persons.sort_unstable();
        persons.dedup();
        Ok(Some(persons))
    }

    fn look<T>(&self, f: impl FnOnce(&Index) -> T) -> Result<T, AppError> {
        let index = self.0.index.read().unwrap_or_else(PoisonError::into_inner);
        index.as_ref().map(f).ok_or(AppError::IndexBuilding)
    }
}

/// Forgets changes that every node has followed.
///
/// # Errors
/// The engine's own.
pub fn forget_followed(conn: &mut DbConnection, now: Instant) -> Result<usize, AppError> {
    let horizon = now.plus(-TimeDelta::minutes(KEPT_MINUTES));
    Ok(diesel::delete(search_changes::table.filter(search_changes::at.lt(horizon))).execute(conn)?)
}

/// How far the changes were followed.
#[derive(Debug, Default, Clone)]
struct Position {
    /// The highest number seen.
    seq: i64,
    /// Transactions from this one on may have written since; none where the number says it all.
    unsettled: Option<i64>,
    /// Numbers seen of such transactions.
    seen: HashSet<i64>,
}

impl Position {
    /// The position of a node that reads everybody from now on.
    fn now(conn: &mut DbConnection) -> Result<Self, AppError> {
        let seq: Option<i64> = search_changes::table.select(diesel::dsl::max(search_changes::seq)).first(conn)?;
        Ok(Self { seq: seq.unwrap_or(0), unsettled: unsettled_from(conn)?, seen: HashSet::new() })
    }

    /// Who changed since, and the position after it. On PostgreSQL a lower number may be
    /// committed after a higher one, so what is asked for is not what is above a number but
    /// what transactions wrote that were not settled at the last look.
    fn changed(&self, conn: &mut DbConnection) -> Result<(Vec<PersonId>, Self), AppError> {
        let unsettled = unsettled_from(conn)?;
        let mut query = search_changes::table
            .select((search_changes::seq, search_changes::tx, search_changes::person_id))
            .into_boxed();
        query = match self.unsettled {
            Some(tx) => query.filter(search_changes::tx.ge(tx)),
            None => query.filter(search_changes::seq.gt(self.seq)),
        };
        let rows: Vec<(i64, i64, PersonId)> = query.load(conn)?;
        let seq = rows.iter().map(|(seq, ..)| *seq).fold(self.seq, i64::max);
        let seen = rows.iter().filter(|(_, tx, _)| unsettled.is_some_and(|from| *tx >= from));
        let seen = seen.map(|(seq, ..)| *seq).collect();
        let fresh = rows.iter().filter(|(seq, ..)| !self.seen.contains(seq));
        let mut persons: Vec<PersonId> = fresh.map(|(.., person)| *person).collect();
        persons.sort_unstable();
        persons.dedup();
        Ok((persons, Self { seq, unsettled, seen }))
    }
}

/// What is read of a person.
#[derive(Queryable, Selectable)]
#[diesel(table_name = persons)]
struct Row {
    id: PersonId,
    organisation_id: OrganisationId,
    birth_precision: BirthPrecision,
    birth_date: Option<NaiveDate>,
    birth_year: Option<i32>,
    sealed_name: Option<Vec<u8>>,
    sealed_aliases: Option<Vec<u8>>,
    sealed_phone: Option<Vec<u8>>,
}

/// A person read and opened.
struct Read {
    row: Row,
    organisations: Vec<OrganisationId>,
    name: Option<String>,
    aliases: Option<String>,
    phone: Option<String>,
}

impl Read {
    fn facts(&self) -> Facts<'_> {
        let Row { birth_precision: precision, birth_date: date, birth_year: year, .. } = self.row;
        Facts {
            id: self.row.id,
            organisations: &self.organisations,
            birth: Birth { precision, date, year },
            name: self.name.as_deref(),
            aliases: self.aliases.iter().flat_map(|aliases| aliases.lines()).collect(),
            phone: self.phone.as_deref().and_then(plain_number),
        }
    }
}

struct Follower {
    shared: Weak<Shared>,
    db: Database,
    vault: Vault,
}

impl Follower {
    fn run(self, woken: &Receiver<()>) {
        let mut position = None;
        let mut looked = Moment::now();
        loop {
            let due = position.take().filter(|_| looked.elapsed() < MISSED);
            let began = Moment::now();
            let done = match due.as_ref() {
                Some(position) => self.follow(position),
                None => self.build(),
            };
            position = match done {
                Ok(reached) => {
                    looked = Moment::now();
                    if let Some(shared) = self.shared.upgrade() {
                        let mut followed = shared.followed.write().unwrap_or_else(PoisonError::into_inner);
                        *followed = Some((reached.clone(), began));
                    }
                    Some(reached)
                }
                Err(error) => {
                    tracing::warn!(cause = %error, "the index of names did not follow");
                    due
                }
            };
            std::thread::sleep(REST);
            match woken.recv_timeout(PAUSE) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Reads everybody; what changes meanwhile is followed from the position before.
    fn build(&self) -> Result<Position, AppError> {
        let started = Moment::now();
        let position = self.db.read_now(Position::now)?;
        let mut index = Index::default();
        let mut after = PersonId(uuid::Uuid::nil());
        loop {
            let rows = self.db.read_now(|conn| {
                let page = persons::table.filter(persons::id.gt(after)).order(persons::id).limit(PAGE);
                let rows: Vec<Row> = page.select(Row::as_select()).load(conn)?;
                let Some(last) = rows.last().map(|row| row.id) else { return Ok(Vec::new()) };
                let of_page = cases::person_id.gt(after).and(cases::person_id.le(last));
                let held =
                    cases::table.filter(of_page).select((cases::person_id, cases::organisation_id)).load(conn)?;
                Ok(with_organisations(rows, held))
            })?;
            let Some(last) = rows.last().map(|(row, _)| row.id) else { break };
            after = last;
            for read in &self.open(rows)? {
                index.put(&read.facts());
            }
        }
        index.settle();
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(millis, persons = index.len(), bytes = index.bytes(), "the index of names is built");
        if let Some(shared) = self.shared.upgrade() {
            *shared.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index);
        }
        Ok(position)
    }

    fn follow(&self, position: &Position) -> Result<Position, AppError> {
        let (changed, reached) = self.db.read_now(|conn| position.changed(conn))?;
        for some in changed.chunks(BATCH) {
            // Read after the look, so no older than what it saw.
            let rows = self.db.read_now(|conn| {
                let rows: Vec<Row> =
                    persons::table.filter(persons::id.eq_any(some)).select(Row::as_select()).load(conn)?;
                let of_some = cases::table.filter(cases::person_id.eq_any(some));
                let held = of_some.select((cases::person_id, cases::organisation_id)).load(conn)?;
                Ok(with_organisations(rows, held))
            })?;
            let read = self.open(rows)?;
            let Some(shared) = self.shared.upgrade() else { break };
            let mut index = shared.index.write().unwrap_or_else(PoisonError::into_inner);
            let Some(index) = index.as_mut() else { break };
            for person in some {
                index.remove(*person);
            }
            for read in &read {
                index.put(&read.facts());
            }
        }
        Ok(reached)
    }

    /// Opens names. Whose key is gone was erased and is left out; so is, with a line in the log, whose
    /// name does not open: one broken record must not take the search from everybody.
    fn open(&self, rows: Vec<(Row, Vec<OrganisationId>)>) -> Result<Vec<Read>, AppError> {
        let ids: Vec<PersonId> = rows.iter().map(|(row, _)| row.id).collect();
        let mut keys: BTreeMap<PersonId, DataKey> = self.vault.keys_in_passing(&ids)?.into_iter().collect();
        let mut opened = Vec::with_capacity(rows.len());
        for (row, organisations) in rows {
            let Some(key) = keys.remove(&row.id).filter(|key| !key.is_erased()) else { continue };
            let name = open_column(&key, row.id, SealedColumn::Name, row.sealed_name.as_deref());
            let aliases = open_column(&key, row.id, SealedColumn::Aliases, row.sealed_aliases.as_deref());
            let phone = open_column(&key, row.id, SealedColumn::Phone, row.sealed_phone.as_deref());
            match (name, aliases, phone) {
                (Ok(name), Ok(aliases), Ok(phone)) => {
                    opened.push(Read { row, organisations, name, aliases, phone });
                }
                (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                    tracing::error!(cause = %error, "a person is left out of the index of names");
                }
            }
        }
        Ok(opened)
    }
}

/// Each person with the organisations of its cases and the one that registered it.
fn with_organisations(rows: Vec<Row>, held: Vec<(PersonId, OrganisationId)>) -> Vec<(Row, Vec<OrganisationId>)> {
    let mut by_person: BTreeMap<PersonId, Vec<OrganisationId>> = BTreeMap::new();
    for (person, organisation) in held {
        by_person.entry(person).or_default().push(organisation);
    }
    let with = |row: Row| {
        let mut organisations = by_person.remove(&row.id).unwrap_or_default();
        organisations.push(row.organisation_id);
        organisations.sort_unstable();
        organisations.dedup();
        (row, organisations)
    };
    rows.into_iter().map(with).collect()
}
