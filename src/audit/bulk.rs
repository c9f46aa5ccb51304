//! Chains of subjects that are stored in bulk, made in memory by the rule that
//! [`record`](super::record) follows.

use std::collections::BTreeMap;

use super::model::TrailAction;
use super::trail::{Entry, Head, Subject, TrailKey, link};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::types::{AccountId, Instant};

/// Whole chains of subjects that the database does not know yet.
#[derive(Debug)]
pub struct NewChains {
    key: TrailKey,
    entries: Vec<Entry>,
    heads: BTreeMap<Subject, Head>,
}

impl NewChains {
    /// No chains yet.
    pub fn new(key: TrailKey) -> Self {
        Self { key, entries: Vec::new(), heads: BTreeMap::new() }
    }

    /// Adds an entry to the chain of its subject; arguments as of [`record`](super::record).
    pub fn record(
        &mut self,
        subject: Subject,
        account: Option<AccountId>,
        action: TrailAction,
        fields: &[&str],
        now: Instant,
    ) {
        let last = self.heads.get(&subject).map(|head| (head.seq, head.mac.as_slice()));
        let (entry, head) = link(&self.key, subject, last, account, action, fields, now);
        self.entries.push(entry);
        self.heads.insert(subject, head);
    }

    /// Stores the chains, in the transaction of the records they are about.
    ///
    /// # Errors
    /// The engine's own; a chain that exists already is refused by the primary key.
    pub fn store(&self, conn: &mut DbConnection) -> diesel::QueryResult<()> {
        let heads: Vec<Head> = self.heads.values().cloned().collect();
        Head::insert_all(conn, &heads)?;
        Entry::insert_all(conn, &self.entries)
    }
}
