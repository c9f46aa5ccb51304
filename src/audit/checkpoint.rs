//! Checkpoints: a numbered list of chain heads that changed, chained by MAC, the
//! last one anchored in the key store.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::model::SubjectKind;
use super::trail::{SubjectId, TrailKey};
use crate::db::schema::{audit_checkpoint_heads, audit_checkpoints, audit_heads};
use crate::db::types::{Id, Instant};
use crate::db::{Database, DbConnection};
use crate::error::AppError;
use crate::vault::Vault;

/// Anchor under which the key store keeps the last checkpoint.
pub(super) const ANCHOR: &str = "trail";
/// Heads of one checkpoint at the most; more wait for the next one.
const MAX_HEADS: i64 = 2_000;

/// A head as a checkpoint lists it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_checkpoint_heads, treat_none_as_default_value = false)]
pub(super) struct CheckpointHead {
    pub(super) checkpoint_number: i64,
    pub(super) subject_kind: SubjectKind,
    pub(super) subject_id: SubjectId,
    pub(super) seq: i64,
    pub(super) mac: Vec<u8>,
}

/// The listed heads as one string of bytes for the checkpoint's MAC.
pub(super) fn heads_bytes(heads: &[CheckpointHead]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for head in heads {
        bytes.extend_from_slice(head.subject_kind.as_str().as_bytes());
        bytes.extend_from_slice(head.subject_id.0.as_bytes());
        bytes.extend_from_slice(&head.seq.to_be_bytes());
        bytes.extend_from_slice(&head.mac);
    }
    bytes
}

/// Makes checkpoints until no changed head is left, and anchors the last. Returns how many were made.
///
/// # Errors
/// When either database fails. The anchor is written after the checkpoint: if it
/// fails, the next call anchors the newer one.
pub fn checkpoint(db: &Database, vault: &Vault, key: &TrailKey, now: Instant) -> Result<u32, AppError> {
    refuse_cut_trail(db, vault)?;
    let mut made = 0;
    loop {
        let key = key.clone();
        let written = db.write_now(move |conn| write_one(conn, &key, now))?;
        let Some((number, mac)) = written else { return Ok(made) };
        vault.set_anchor(ANCHOR, number, mac, now)?;
        made += 1;
    }
}

/// The database must hold the checkpoint that the key store vouches for; a trail that
/// was cut or set back must not get a fresh checkpoint over its gap.
fn refuse_cut_trail(db: &Database, vault: &Vault) -> Result<(), AppError> {
    let Some((number, mac)) = vault.anchor(ANCHOR)? else { return Ok(()) };
    let standing: Option<Vec<u8>> = db.read_now(|conn| {
        Ok(audit_checkpoints::table.find(number).select(audit_checkpoints::mac).first(conn).optional()?)
    })?;
    if standing.as_deref() == Some(mac.as_slice()) {
        return Ok(());
    }
    Err(AppError::internal("the trail was cut or set back behind its last checkpoint; run `audit verify`"))
}

fn write_one(conn: &mut DbConnection, key: &TrailKey, now: Instant) -> Result<Option<(i64, Vec<u8>)>, AppError> {
    let last: Option<(i64, Vec<u8>)> = audit_checkpoints::table
        .order(audit_checkpoints::number.desc())
        .select((audit_checkpoints::number, audit_checkpoints::mac))
        .first(conn)
        .optional()?;
    let (last_number, previous) = last.unwrap_or((0, Vec::new()));
    let number = last_number + 1;
    let changed: Vec<(SubjectKind, SubjectId, i64, Vec<u8>)> = audit_heads::table
        .filter(diesel::dsl::not(audit_heads::checkpointed))
        .order((audit_heads::subject_kind, audit_heads::subject_id))
        .select((audit_heads::subject_kind, audit_heads::subject_id, audit_heads::seq, audit_heads::mac))
        .limit(MAX_HEADS)
        .load(conn)?;
    if changed.is_empty() {
        return Ok(None);
    }
    let heads: Vec<CheckpointHead> = changed
        .into_iter()
        .map(|(subject_kind, subject_id, seq, mac)| CheckpointHead {
            checkpoint_number: number,
            subject_kind,
            subject_id,
            seq,
            mac,
        })
        .collect();
    let mac = key.checkpoint_mac(number, now, &heads_bytes(&heads), &previous).to_vec();
    diesel::insert_into(audit_checkpoints::table)
        .values((
            audit_checkpoints::number.eq(number),
            audit_checkpoints::at.eq(now),
            audit_checkpoints::heads.eq(i64::try_from(heads.len()).unwrap_or(i64::MAX)),
            audit_checkpoints::mac.eq(&mac),
        ))
        .execute(conn)?;
    if let Some(last) = heads.last() {
        list_heads(conn, number, last)?;
    }
    Ok(Some((number, mac)))
}

/// Lists every changed head up to `last` in the checkpoint and marks them; within one
/// serialisable transaction these are the very heads that were read.
fn list_heads(conn: &mut DbConnection, number: i64, last: &CheckpointHead) -> Result<(), AppError> {
    diesel::sql_query(
        "insert into audit_checkpoint_heads (checkpoint_number, subject_kind, subject_id, seq, mac) \
         select $1, subject_kind, subject_id, seq, mac from audit_heads \
         where not checkpointed and (subject_kind, subject_id) <= ($2, $3)",
    )
    .bind::<BigInt, _>(number)
    .bind::<Text, _>(last.subject_kind)
    .bind::<Id, _>(last.subject_id)
    .execute(conn)?;
    diesel::sql_query(
        "update audit_heads set checkpointed = true where not checkpointed and (subject_kind, subject_id) <= ($1, $2)",
    )
    .bind::<Text, _>(last.subject_kind)
    .bind::<Id, _>(last.subject_id)
    .execute(conn)?;
    Ok(())
}
