//! Writing the trail: one chain per subject.

use diesel::prelude::*;

use super::model::{SubjectKind, TrailAction};
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::{audit_entries, audit_heads};
use crate::db::types::{AccountId, Instant, id_type};
use crate::db::{DbConnection, is_unique_violation, lost_race};
use crate::error::AppError;
use crate::vault::ServerKey;

id_type! {
    /// Id of whatever a trail entry is about.
    SubjectId;
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its id.
    pub id: SubjectId,
}

impl Subject {
    /// A subject.
    pub fn new(kind: SubjectKind, id: uuid::Uuid) -> Self {
        Self { kind, id: SubjectId(id) }
    }
}

/// The key of the trail. Without it no entry can be forged, dropped or moved unseen.
#[derive(Debug, Clone)]
pub struct TrailKey(ServerKey);

impl TrailKey {
    /// From the key ring's trail key.
    pub fn new(key: ServerKey) -> Self {
        Self(key)
    }

    /// MAC of one entry and all before it of the same subject.
    pub(super) fn entry_mac(&self, entry: &Entry, previous: &[u8]) -> [u8; 32] {
        self.0.mac(
            "trail entry",
            &[
                entry.subject_kind.as_str().as_bytes(),
                entry.subject_id.0.as_bytes(),
                &entry.seq.to_be_bytes(),
                &entry.at.micros().to_be_bytes(),
                entry.account_id.as_ref().map_or(&[][..], |id| id.0.as_bytes()),
                entry.action.as_bytes(),
                entry.fields.as_bytes(),
                previous,
            ],
        )
    }

    /// Seal of a head: this chain ends at `seq`, and no earlier.
    pub(super) fn head_seal(&self, subject: Subject, seq: i64, mac: &[u8]) -> [u8; 32] {
        let kind = subject.kind.as_str().as_bytes();
        self.0.mac("trail head", &[kind, subject.id.0.as_bytes(), &seq.to_be_bytes(), mac])
    }

    /// MAC of a checkpoint.
    pub(super) fn checkpoint_mac(&self, number: i64, at: Instant, heads: &[u8], previous: &[u8]) -> [u8; 32] {
        self.0.mac("trail checkpoint", &[&number.to_be_bytes(), &at.micros().to_be_bytes(), heads, previous])
    }
}

/// One entry as stored. The action is plain text so that `verify` reads entries
/// that no program wrote.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
pub(super) struct Entry {
    pub(super) subject_kind: SubjectKind,
    pub(super) subject_id: SubjectId,
    pub(super) seq: i64,
    pub(super) at: Instant,
    pub(super) account_id: Option<AccountId>,
    pub(super) action: String,
    pub(super) fields: String,
    pub(super) mac: Vec<u8>,
}

bulk_rows! { Entry => audit_entries, Head => audit_heads }

/// The end of a chain as stored: its last entry, sealed.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_heads, treat_none_as_default_value = false)]
pub(super) struct Head {
    pub(super) subject_kind: SubjectKind,
    pub(super) subject_id: SubjectId,
    pub(super) seq: i64,
    pub(super) mac: Vec<u8>,
    pub(super) seal: Vec<u8>,
    pub(super) checkpointed: bool,
}

/// The next entry of a chain that ends with `last` (number and MAC), and its new end.
pub(super) fn link(
    key: &TrailKey,
    subject: Subject,
    last: Option<(i64, &[u8])>,
    account: Option<AccountId>,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> (Entry, Head) {
    let (last, previous) = last.unwrap_or((0, &[]));
    let mut entry = Entry {
        subject_kind: subject.kind,
        subject_id: subject.id,
        seq: last + 1,
        at: now,
        account_id: account,
        action: action.as_str().to_owned(),
        fields: fields.join(","),
        mac: Vec::new(),
    };
    entry.mac = key.entry_mac(&entry, previous).to_vec();
    let head = Head {
        subject_kind: subject.kind,
        subject_id: subject.id,
        seq: entry.seq,
        mac: entry.mac.clone(),
        seal: key.head_seal(subject, entry.seq, &entry.mac).to_vec(),
        checkpointed: false,
    };
    (entry, head)
}

/// Adds an entry to the subject's chain, in the transaction of the change itself.
/// `fields` are names of fields, never values.
///
/// # Errors
/// The engine's own.
pub fn record(
    conn: &mut DbConnection,
    key: &TrailKey,
    subject: Subject,
    account: Option<AccountId>,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    let head: Option<(i64, Vec<u8>)> = match action {
        // A new record has no chain; a head that exists all the same is refused by the primary key.
        TrailAction::Create => None,
        _ => audit_heads::table
            .find((subject.kind, subject.id))
            .select((audit_heads::seq, audit_heads::mac))
            .first(conn)
            .optional()?,
    };
    let last = head.as_ref().map(|(seq, mac)| (*seq, mac.as_slice()));
    let (entry, new_head) = link(key, subject, last, account, action, fields, now);
    // The head first: two writers of one subject meet there, and the engine lets one of them try again.
    if let Some((last, _)) = head {
        let row = audit_heads::table.find((subject.kind, subject.id)).filter(audit_heads::seq.eq(last));
        let values = (
            audit_heads::seq.eq(new_head.seq),
            audit_heads::mac.eq(new_head.mac),
            audit_heads::seal.eq(new_head.seal),
            audit_heads::checkpointed.eq(false),
        );
        if diesel::update(row).set(values).execute(conn)? != 1 {
            return Err(lost_race().into());
        }
    } else {
        match diesel::insert_into(audit_heads::table).values(&new_head).execute(conn) {
            Err(error) if is_unique_violation(&error) => return Err(lost_race().into()),
            inserted => inserted?,
        };
    }
    diesel::insert_into(audit_entries::table).values(&entry).execute(conn)?;
    Ok(())
}

/// Adds the same entry to the chains of many subjects, with a few statements for all of them;
/// arguments as of [`record`].
///
/// # Errors
/// The engine's own.
pub fn record_each(
    conn: &mut DbConnection,
    key: &TrailKey,
    subjects: &[Subject],
    account: Option<AccountId>,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    for some in subjects.chunks(500) {
        let mut heads = Vec::with_capacity(some.len());
        for kind in SubjectKind::ALL {
            let ids: Vec<SubjectId> = some.iter().filter(|s| s.kind == *kind).map(|s| s.id).collect();
            if ids.is_empty() {
                continue;
            }
            let rows = || {
                audit_heads::table
                    .filter(audit_heads::subject_kind.eq(*kind))
                    .filter(audit_heads::subject_id.eq_any(&ids))
            };
            let columns = (audit_heads::subject_kind, audit_heads::subject_id, audit_heads::seq, audit_heads::mac);
            let found: Vec<(SubjectKind, SubjectId, i64, Vec<u8>)> = rows().select(columns).load(conn)?;
            if diesel::delete(rows()).execute(conn)? != found.len() {
                return Err(lost_race().into());
            }
            heads.extend(found);
        }
        if heads.len() != some.len() {
            return Err(AppError::internal("a subject without a chain"));
        }
        let linked = heads.iter().map(|(kind, id, seq, mac)| {
            let subject = Subject { kind: *kind, id: *id };
            link(key, subject, Some((*seq, mac.as_slice())), account, action, fields, now)
        });
        let (entries, heads): (Vec<Entry>, Vec<Head>) = linked.unzip();
        Head::insert_all(conn, &heads)?;
        Entry::insert_all(conn, &entries)?;
    }
    Ok(())
}

/// Fields of which an editor is not told that they changed: the record is a recipient's as well, who would learn
/// that the case moved, that a consent was given anew, or that a manager looked.
const SENDERS: [&str; 4] = ["case_id", "consent_id", "certificate_consent_id", "reviewed_at"];

/// Refuses an edit that was begun at another version than the `current` one, and tells the editor who comes second
/// which fields the first one changed.
///
/// # Errors
/// [`AppError::VersionStale`].
pub fn check_version(conn: &mut DbConnection, subject: Subject, current: i32, expected: i32) -> Result<(), AppError> {
    if current == expected {
        return Ok(());
    }
    let changed = changed_since(conn, subject, current.saturating_sub(expected))?;
    Err(AppError::VersionStale { current, changed })
}

/// How often something was done to a subject since a moment.
///
/// # Errors
/// The engine's own.
pub fn times_since(
    conn: &mut DbConnection,
    subject: Subject,
    action: TrailAction,
    since: Instant,
) -> Result<usize, AppError> {
    let times: i64 = audit_entries::table
        .filter(audit_entries::subject_kind.eq(subject.kind))
        .filter(audit_entries::subject_id.eq(subject.id))
        .filter(audit_entries::action.eq(action.as_str()))
        .filter(audit_entries::at.ge(since))
        .select(diesel::dsl::count_star())
        .first(conn)?;
    Ok(usize::try_from(times).unwrap_or(usize::MAX))
}

/// Names of the fields that the last `edits` edits of a subject changed.
fn changed_since(conn: &mut DbConnection, subject: Subject, edits: i32) -> Result<Vec<String>, AppError> {
    let editing = [TrailAction::Update, TrailAction::Transition, TrailAction::Assign].map(TrailAction::as_str);
    let changed: Vec<String> = audit_entries::table
        .filter(audit_entries::subject_kind.eq(subject.kind))
        .filter(audit_entries::subject_id.eq(subject.id))
        .filter(audit_entries::action.eq_any(editing))
        .order(audit_entries::seq.desc())
        .limit(i64::from(edits.clamp(0, 50)))
        .select(audit_entries::fields)
        .load(conn)?;
    let mut names: Vec<String> = changed.iter().flat_map(|fields| fields.split(',')).map(str::to_owned).collect();
    names.retain(|name| !SENDERS.contains(&name.as_str()));
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
