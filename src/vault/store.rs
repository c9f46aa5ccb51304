//! The key store: wrapped data keys, and a cache of opened ones.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use diesel::prelude::*;
use quick_cache::sync::Cache;
use zeroize::Zeroizing;

use super::files::KeyRing;
use super::schema::{anchors, wrapped_keys};
use crate::clock::Random;
use crate::db::types::{Instant, OrganisationId, PersonId};
use crate::db::{Database, is_unique_violation};
use crate::error::AppError;

/// Recipient of a wrapping that the server itself can open.
const SERVER: &str = "server";
/// Opened keys kept in memory; 64 bytes each with their bookkeeping.
const CACHED: usize = 50_000;
const NONCE: usize = 24;
/// Keys without a person that one sweep may remove.
const MOST_ORPHANS: usize = 100;

/// The data key of one person, in the open. Wiped from memory when dropped. Of somebody who was erased it
/// holds nothing: their texts are read as absent, and nothing more is sealed for them.
#[derive(Clone)]
pub struct DataKey(Option<Arc<Zeroizing<[u8; 32]>>>);

impl DataKey {
    fn of(bytes: [u8; 32]) -> Self {
        Self(Some(Arc::new(Zeroizing::new(bytes))))
    }

    /// None when the person was erased.
    pub(super) fn bytes(&self) -> Option<&[u8; 32]> {
        self.0.as_ref().map(|bytes| &***bytes)
    }

    /// Whether the person was erased.
    pub fn is_erased(&self) -> bool {
        self.0.is_none()
    }

    #[cfg(test)]
    pub(super) fn for_tests(bytes: [u8; 32]) -> Self {
        Self::of(bytes)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

#[derive(Insertable)]
#[diesel(table_name = wrapped_keys, treat_none_as_default_value = false)]
struct WrappedKey<'a> {
    person_id: PersonId,
    recipient: &'a str,
    kek_id: &'a str,
    wrapped: Vec<u8>,
    created_at: Instant,
}

/// The keys of persons. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Database,
    ring: Arc<KeyRing>,
    random: Random,
    opened: Arc<Cache<PersonId, DataKey>>,
}

impl Vault {
    /// A vault over an open key store.
    pub fn new(store: Database, ring: Arc<KeyRing>, random: Random) -> Self {
        Self { store, ring, random, opened: Arc::new(Cache::new(CACHED)) }
    }

    /// Makes the data key of a new person and commits it, wrapped, before any record can need it.
    ///
    /// # Errors
    /// When the key store does not take it.
    pub async fn create_key(&self, person: PersonId, now: Instant) -> Result<DataKey, AppError> {
        let (key, wrapped) = self.make_key(person)?;
        let kek_id = self.ring.wrapping_id.clone();
        self.store.write(move |conn| insert(conn, person, &kek_id, wrapped.clone(), now)).await?;
        Ok(self.keep(person, key))
    }

    /// As [`Vault::create_key`] for many persons in one commit.
    ///
    /// # Errors
    /// When the key store does not take them.
    pub fn create_keys_now(&self, persons: &[PersonId], now: Instant) -> Result<Vec<DataKey>, AppError> {
        let made: Vec<(DataKey, Vec<u8>)> = persons.iter().map(|p| self.make_key(*p)).collect::<Result<_, _>>()?;
        let rows: Vec<(PersonId, Vec<u8>)> =
            persons.iter().copied().zip(made.iter().map(|(_, wrapped)| wrapped.clone())).collect();
        let kek_id = self.ring.wrapping_id.clone();
        self.store.write_now(move |conn| {
            rows.iter().try_for_each(|(person, wrapped)| insert(conn, *person, &kek_id, wrapped.clone(), now))
        })?;
        Ok(persons.iter().zip(made).map(|(person, (key, _))| self.keep(*person, key)).collect())
    }

    /// The data key of a peer group, made when it is first asked for. It stands among those of persons, under the id
    /// of the group.
    ///
    /// # Errors
    /// When the key store fails, or the key does not unwrap.
    pub fn group_key_now(&self, group: OrganisationId, now: Instant) -> Result<DataKey, AppError> {
        let id = PersonId(group.0);
        if let Some(key) = self.opened.get(&id) {
            return Ok(key);
        }
        if let Some(key) = self.fetch(&[id])?.pop() {
            return Ok(key);
        }
        let (key, wrapped) = self.make_key(id)?;
        let kek_id = self.ring.wrapping_id.clone();
        match self.store.write_now(move |conn| insert(conn, id, &kek_id, wrapped.clone(), now)) {
            Ok(()) => Ok(self.keep(id, key)),
            // Another was faster: its key is the one.
            Err(AppError::Database(refused)) if is_unique_violation(&refused) => self.key(id),
            Err(error) => Err(error),
        }
    }

    /// The data keys of `persons`, in their order.
    ///
    /// # Errors
    /// When a key is missing or does not unwrap: the key store or the key files are wrong ones.
    pub fn keys(&self, persons: &[PersonId]) -> Result<Vec<DataKey>, AppError> {
        let missing: Vec<PersonId> = persons.iter().copied().filter(|p| self.opened.get(p).is_none()).collect();
        if !missing.is_empty() {
            self.fetch(&missing)?;
        }
        persons
            .iter()
            .map(|person| match self.opened.get(person) {
                Some(key) => Ok(key),
                None => self.fetch(&[*person])?.pop().ok_or_else(|| AppError::internal("a data key is missing")),
            })
            .collect()
    }

    /// The data key of one person.
    ///
    /// # Errors
    /// As [`Vault::keys`].
    pub fn key(&self, person: PersonId) -> Result<DataKey, AppError> {
        self.keys(&[person])?.pop().ok_or_else(|| AppError::internal("a data key is missing"))
    }

    fn fetch(&self, persons: &[PersonId]) -> Result<Vec<DataKey>, AppError> {
        let keys = self.keys_in_passing(persons)?;
        Ok(keys.into_iter().map(|(person, key)| self.keep(person, key)).collect())
    }

    /// Those of the data keys of `persons` that there are, in no order and without keeping them in
    /// memory: for work that passes over everybody.
    ///
    /// # Errors
    /// When a key does not unwrap: the key files are wrong.
    pub fn keys_in_passing(&self, persons: &[PersonId]) -> Result<Vec<(PersonId, DataKey)>, AppError> {
        let rows: Vec<(PersonId, Vec<u8>)> = self.store.read_now(|conn| {
            Ok(wrapped_keys::table
                .filter(wrapped_keys::person_id.eq_any(persons))
                .filter(wrapped_keys::recipient.eq(SERVER))
                .select((wrapped_keys::person_id, wrapped_keys::wrapped))
                .load(conn)?)
        })?;
        rows.into_iter().map(|(person, wrapped)| Ok((person, self.unwrap(person, &wrapped)?))).collect()
    }

    fn make_key(&self, person: PersonId) -> Result<(DataKey, Vec<u8>), AppError> {
        let key = Zeroizing::new(self.random.bytes::<32>());
        let nonce: [u8; NONCE] = self.random.bytes();
        let sealed = self
            .wrapping_cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: key.as_slice(), aad: &aad(person) })
            .map_err(|_| AppError::internal("a data key could not be wrapped"))?;
        Ok((DataKey::of(*key), [nonce.as_slice(), &sealed].concat()))
    }

    /// Keeps a key in memory that is committed. One that is not may lose against that of another node, and what was
    /// sealed with it meanwhile would never open again.
    fn keep(&self, person: PersonId, key: DataKey) -> DataKey {
        self.opened.insert(person, key.clone());
        key
    }

    fn unwrap(&self, person: PersonId, wrapped: &[u8]) -> Result<DataKey, AppError> {
        if wrapped.is_empty() {
            return Ok(DataKey(None));
        }
        let refused = || AppError::internal("a data key does not unwrap");
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let plain = self
            .wrapping_cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad(person) })
            .map_err(|_| refused())?;
        let bytes: [u8; 32] = Zeroizing::new(plain).as_slice().try_into().map_err(|_| refused())?;
        Ok(DataKey::of(bytes))
    }

    fn wrapping_cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.ring.wrapping.derive("wrap data keys")))
    }

    /// Erases persons whose records stay: their keys are destroyed, so that nothing that was sealed for them opens
    /// again, here or in any copy, and the log of the key store is emptied. What is left in their place says that they
    /// were erased, and that this is not just another key store.
    ///
    /// # Errors
    /// When the key store fails; erasing again is harmless.
    pub fn erase_now(&self, persons: &[PersonId]) -> Result<(), AppError> {
        let gone = persons.to_vec();
        self.store.write_now(move |conn| {
            for some in gone.chunks(500) {
                let keys = wrapped_keys::table.filter(wrapped_keys::person_id.eq_any(some));
                diesel::update(keys).set(wrapped_keys::wrapped.eq(Vec::<u8>::new())).execute(conn)?;
            }
            Ok(())
        })?;
        for person in persons {
            self.opened.remove(person);
        }
        self.store.settle_now()
    }

    /// Destroys the keys of persons whose records are gone, and empties the log of the key
    /// store so that no copy stays behind there.
    ///
    /// # Errors
    /// When the key store fails; destroying again is harmless.
    pub fn destroy_keys_now(&self, persons: &[PersonId]) -> Result<(), AppError> {
        let gone = persons.to_vec();
        self.store.write_now(move |conn| {
            for some in gone.chunks(500) {
                diesel::delete(wrapped_keys::table.filter(wrapped_keys::person_id.eq_any(some))).execute(conn)?;
            }
            Ok(())
        })?;
        for person in persons {
            self.opened.remove(person);
        }
        self.store.settle_now()
    }

    /// Removes keys made before `before` whose record was never committed: those of persons
    /// that `exists` does not know. More than [`MOST_ORPHANS`] of them are no orphans but
    /// the sign of a wrong or older database, and none is removed.
    ///
    /// # Errors
    /// When either database fails, or there are too many.
    pub fn sweep_orphans(
        &self,
        before: Instant,
        exists: impl Fn(&[PersonId]) -> Result<Vec<PersonId>, AppError>,
    ) -> Result<usize, AppError> {
        let mut orphans: Vec<PersonId> = Vec::new();
        let mut last = PersonId(uuid::Uuid::nil());
        loop {
            let batch: Vec<PersonId> = self.store.read_now(|conn| {
                Ok(wrapped_keys::table
                    .filter(wrapped_keys::person_id.gt(last))
                    .filter(wrapped_keys::created_at.lt(before))
                    .filter(wrapped_keys::recipient.eq(SERVER))
                    .order(wrapped_keys::person_id)
                    .select(wrapped_keys::person_id)
                    .limit(500)
                    .load(conn)?)
            })?;
            let Some(&end) = batch.last() else { break };
            last = end;
            let known: std::collections::HashSet<PersonId> = exists(&batch)?.into_iter().collect();
            orphans.extend(batch.into_iter().filter(|person| !known.contains(person)));
            if orphans.len() > MOST_ORPHANS {
                return Err(AppError::internal("too many keys without a person: is this the right database?"));
            }
        }
        let removed = orphans.len();
        self.store.write_now(move |conn| {
            diesel::delete(wrapped_keys::table.filter(wrapped_keys::person_id.eq_any(&orphans))).execute(conn)?;
            Ok(())
        })?;
        Ok(removed)
    }

    /// The last anchor of this name: number and MAC. Anchors live here, outside the
    /// database they vouch for.
    ///
    /// # Errors
    /// When the key store fails.
    pub fn anchor(&self, name: &'static str) -> Result<Option<(i64, Vec<u8>)>, AppError> {
        self.store.read_now(|conn| {
            Ok(anchors::table.find(name).select((anchors::number, anchors::mac)).first(conn).optional()?)
        })
    }

    /// Moves the anchor of this name forward; it never goes back, whichever node is slower.
    ///
    /// # Errors
    /// When the key store fails.
    pub fn set_anchor(&self, name: &'static str, number: i64, mac: Vec<u8>, at: Instant) -> Result<(), AppError> {
        self.store.write_now(move |conn| {
            let values = (anchors::number.eq(number), anchors::mac.eq(&mac), anchors::at.eq(at));
            let older = anchors::table.find(name).filter(anchors::number.lt(number));
            let changed = diesel::update(older).set(values).execute(conn)?;
            let there = diesel::dsl::exists(anchors::table.find(name));
            if changed == 0 && !diesel::select(there).get_result::<bool>(conn)? {
                diesel::insert_into(anchors::table).values((anchors::name.eq(name), values)).execute(conn)?;
            }
            Ok(())
        })
    }

    /// Whether no data key is kept yet.
    ///
    /// # Errors
    /// When the key store fails.
    pub fn is_empty(&self) -> Result<bool, AppError> {
        let any = wrapped_keys::table.select(wrapped_keys::person_id).limit(1);
        Ok(self.store.read_now(|conn| Ok(any.first::<PersonId>(conn).optional()?))?.is_none())
    }

    /// The key store itself, for readiness and migrations.
    pub fn store(&self) -> &Database {
        &self.store
    }
}

fn aad(person: PersonId) -> Vec<u8> {
    [b"wrapped_keys|server|".as_slice(), person.0.as_bytes()].concat()
}

fn insert(
    conn: &mut crate::db::DbConnection,
    person: PersonId,
    kek_id: &str,
    wrapped: Vec<u8>,
    now: Instant,
) -> Result<(), AppError> {
    let row = WrappedKey { person_id: person, recipient: SERVER, kek_id, wrapped, created_at: now };
    diesel::insert_into(wrapped_keys::table).values(&row).execute(conn)?;
    Ok(())
}
