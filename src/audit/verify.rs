//! `audit verify`: walks every chain and says what does not fit.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::checkpoint::{ANCHOR, CheckpointHead, heads_bytes};
use super::model::SubjectKind;
use super::trail::{Entry, Subject, SubjectId, TrailKey};
use crate::db::schema::{audit_checkpoint_heads, audit_checkpoints, audit_entries, audit_heads};
use crate::db::types::Instant;
use crate::db::{Database, DbConnection};
use crate::error::AppError;
use crate::vault::Vault;

/// Subjects read at once, so that memory stays bounded.
const BATCH: i64 = 1_000;

/// Something the trail shows that the program never writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Entries of a subject do not form the chain its head seals: changed, missing, added or reordered.
    #[error("{} {}: the chain is broken at entry {seq}", subject.kind, subject.id)]
    BrokenChain {
        /// Subject.
        subject: Subject,
        /// First entry that does not fit.
        seq: i64,
    },
    /// The head's seal is not ours: the chain was cut short or its head replaced.
    #[error("{} {}: the head of the chain is not sealed by this installation", subject.kind, subject.id)]
    BrokenSeal {
        /// Subject.
        subject: Subject,
    },
    /// Entries without a head.
    #[error("{} {}: entries without a head", subject.kind, subject.id)]
    HeadMissing {
        /// Subject.
        subject: Subject,
    },
    /// A checkpoint lists a chain that is gone, shorter, or another one.
    #[error("{} {}: checkpoint {number} saw a chain that is gone or shorter now", subject.kind, subject.id)]
    ChainVanished {
        /// Subject.
        subject: Subject,
        /// Checkpoint.
        number: i64,
    },
    /// A head that says a checkpoint lists it, but none does: it would never be listed again.
    #[error("{} {}: the head is marked as listed in a checkpoint, but is not", subject.kind, subject.id)]
    FalselyMarked {
        /// Subject.
        subject: Subject,
    },
    /// A checkpoint is not the one this installation made.
    #[error("checkpoint {number} is missing or altered")]
    BrokenCheckpoint {
        /// Checkpoint.
        number: i64,
    },
    /// The key store vouches for checkpoints that are not there.
    #[error("the key store vouches for checkpoint {anchored}, but the last one here is {found}")]
    CheckpointsCut {
        /// Number in the key store.
        anchored: i64,
        /// Last number in the database.
        found: i64,
    },
}

/// Checks every chain, every checkpoint and the anchor. An empty list means all fits.
///
/// # Errors
/// When a database fails.
pub fn verify(db: &Database, vault: &Vault, key: &TrailKey) -> Result<Vec<Finding>, AppError> {
    let mut findings = Vec::new();
    let anchor = vault.anchor(ANCHOR)?;
    let key = key.clone();
    db.read_now(|conn| {
        verify_chains(conn, &key, &mut findings)?;
        verify_checkpoints(conn, &key, anchor, &mut findings)
    })?;
    Ok(findings)
}

#[derive(Queryable)]
struct Head {
    kind: SubjectKind,
    id: SubjectId,
    seq: i64,
    mac: Vec<u8>,
    seal: Vec<u8>,
}

fn verify_chains(conn: &mut DbConnection, key: &TrailKey, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    for &kind in SubjectKind::ALL {
        let mut after = SubjectId(uuid::Uuid::nil());
        loop {
            let heads: Vec<Head> = audit_heads::table
                .filter(audit_heads::subject_kind.eq(kind))
                .filter(audit_heads::subject_id.gt(after))
                .order(audit_heads::subject_id)
                .select((
                    audit_heads::subject_kind,
                    audit_heads::subject_id,
                    audit_heads::seq,
                    audit_heads::mac,
                    audit_heads::seal,
                ))
                .limit(BATCH)
                .load(conn)?;
            let last = heads.last().map(|head| head.id);
            let mut entries = entries_between(conn, kind, after, last)?;
            for head in &heads {
                let chain = entries.remove(&head.id).unwrap_or_default();
                findings.extend(check_chain(key, head, &chain));
            }
            findings.extend(entries.keys().map(|id| Finding::HeadMissing { subject: Subject { kind, id: *id } }));
            match last {
                Some(id) => after = id,
                None => break,
            }
        }
    }
    Ok(())
}

/// Entries of subjects after `after`, up to `last` (or all that follow), by subject.
fn entries_between(
    conn: &mut DbConnection,
    kind: SubjectKind,
    after: SubjectId,
    last: Option<SubjectId>,
) -> Result<BTreeMap<SubjectId, Vec<Entry>>, AppError> {
    let mut query = audit_entries::table
        .filter(audit_entries::subject_kind.eq(kind))
        .filter(audit_entries::subject_id.gt(after))
        .order((audit_entries::subject_id, audit_entries::seq))
        .select(Entry::as_select())
        .into_boxed();
    if let Some(last) = last {
        query = query.filter(audit_entries::subject_id.le(last));
    }
    let mut by_subject: BTreeMap<SubjectId, Vec<Entry>> = BTreeMap::new();
    for entry in query.load(conn)? {
        by_subject.entry(entry.subject_id).or_default().push(entry);
    }
    Ok(by_subject)
}

fn check_chain(key: &TrailKey, head: &Head, chain: &[Entry]) -> Option<Finding> {
    let subject = Subject { kind: head.kind, id: head.id };
    if key.head_seal(subject, head.seq, &head.mac).as_slice() != head.seal {
        return Some(Finding::BrokenSeal { subject });
    }
    let mut previous = Vec::new();
    for (expected, entry) in (1_i64..).zip(chain) {
        if entry.seq != expected || key.entry_mac(entry, &previous).as_slice() != entry.mac {
            return Some(Finding::BrokenChain { subject, seq: expected });
        }
        previous.clone_from(&entry.mac);
    }
    let length = i64::try_from(chain.len()).unwrap_or(i64::MAX);
    (length != head.seq || previous != head.mac).then_some(Finding::BrokenChain { subject, seq: length + 1 })
}

fn verify_checkpoints(
    conn: &mut DbConnection,
    key: &TrailKey,
    anchor: Option<(i64, Vec<u8>)>,
    findings: &mut Vec<Finding>,
) -> Result<(), AppError> {
    let checkpoints: Vec<(i64, Instant, i64, Vec<u8>)> = audit_checkpoints::table
        .order(audit_checkpoints::number)
        .select((audit_checkpoints::number, audit_checkpoints::at, audit_checkpoints::heads, audit_checkpoints::mac))
        .load(conn)?;
    let mut previous = Vec::new();
    let mut latest: BTreeMap<Subject, (i64, i64, Vec<u8>)> = BTreeMap::new();
    for (expected, (number, at, listed, mac)) in (1_i64..).zip(&checkpoints) {
        let heads: Vec<CheckpointHead> = audit_checkpoint_heads::table
            .filter(audit_checkpoint_heads::checkpoint_number.eq(number))
            .order((audit_checkpoint_heads::subject_kind, audit_checkpoint_heads::subject_id))
            .select(CheckpointHead::as_select())
            .load(conn)?;
        let made = key.checkpoint_mac(*number, *at, &heads_bytes(&heads), &previous);
        let complete = i64::try_from(heads.len()) == Ok(*listed);
        if *number != expected || !complete || made.as_slice() != mac.as_slice() {
            findings.push(Finding::BrokenCheckpoint { number: expected });
            return Ok(());
        }
        previous.clone_from(mac);
        for head in heads {
            let subject = Subject { kind: head.subject_kind, id: head.subject_id };
            latest.insert(subject, (*number, head.seq, head.mac));
        }
    }
    let found = i64::try_from(checkpoints.len()).unwrap_or(i64::MAX);
    if let Some((anchored, mac)) = anchor {
        let position = usize::try_from(anchored - 1).unwrap_or(usize::MAX);
        if checkpoints.get(position).map(|(.., standing)| standing) != Some(&mac) {
            findings.push(Finding::CheckpointsCut { anchored, found });
        }
    }
    let marked: Vec<(SubjectKind, SubjectId, i64, Vec<u8>)> = audit_heads::table
        .filter(audit_heads::checkpointed)
        .select((audit_heads::subject_kind, audit_heads::subject_id, audit_heads::seq, audit_heads::mac))
        .load(conn)?;
    for (kind, id, seq, mac) in marked {
        let subject = Subject { kind, id };
        if latest.get(&subject).map(|(_, seq, mac)| (*seq, mac)) != Some((seq, &mac)) {
            findings.push(Finding::FalselyMarked { subject });
        }
    }
    for (subject, (number, seq, mac)) in latest {
        let standing: Option<Vec<u8>> = audit_entries::table
            .find((subject.kind, subject.id, seq))
            .select(audit_entries::mac)
            .first(conn)
            .optional()?;
        if standing.as_deref() != Some(mac.as_slice()) {
            findings.push(Finding::ChainVanished { subject, number });
        }
    }
    Ok(())
}
