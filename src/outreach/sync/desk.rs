//! Where operations of one hand are applied: the records they are about, with what was done to them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::merging::{Clash, Named};
use super::operation::{Hand, Keys};
use crate::db::types::{
    AccountId, ContactId, ContactReferralId, Instant, OperationId, OrganisationId, OutreachConflictId,
    OutreachRecordId, OutreachSessionId,
};
use crate::outreach::referrals::model::ContactReferral;
use crate::outreach::reports::stock::StockMove;
use crate::outreach::sessions::fields::Books;
use crate::outreach::sessions::model::{AgeBand, ContactRow, Seen, SessionRow};
use crate::persons::model::Sex;
use crate::services::ServiceType;

/// A record as it stands, with what operations have done to it.
#[derive(Debug, Clone)]
pub struct Held<R> {
    /// Row; of its columns only those that are no fields are right while operations are applied.
    pub row: R,
    /// Fields.
    pub fields: Named,
    /// Whether it is not stored yet.
    pub is_new: bool,
    /// Names of fields that changed.
    pub changed: BTreeSet<String>,
    /// What else the trail is told, though the record itself did not change.
    pub noted: BTreeSet<String>,
}

/// What the columns of both kinds of records have in common.
pub trait Row {
    /// When it was taken away.
    fn removed_at(&mut self) -> &mut Option<Instant>;
    /// Its version.
    fn version(&mut self) -> &mut i32;
    /// Who recorded it.
    fn recorded_by(&self) -> AccountId;
}

impl Row for SessionRow {
    fn removed_at(&mut self) -> &mut Option<Instant> {
        &mut self.removed_at
    }

    fn version(&mut self) -> &mut i32 {
        &mut self.version
    }

    fn recorded_by(&self) -> AccountId {
        self.recorded_by
    }
}

impl Row for ContactRow {
    fn removed_at(&mut self) -> &mut Option<Instant> {
        &mut self.removed_at
    }

    fn version(&mut self) -> &mut i32 {
        &mut self.version
    }

    fn recorded_by(&self) -> AccountId {
        self.recorded_by
    }
}

impl<R: Row> Held<R> {
    /// As it is stored.
    pub fn stored(row: R, fields: Named) -> Self {
        Self { row, fields, is_new: false, changed: BTreeSet::new(), noted: BTreeSet::new() }
    }

    /// As it will be stored for the first time.
    pub fn new(row: R, fields: Named, changed: &[&str]) -> Self {
        let changed = changed.iter().map(ToString::to_string).collect();
        Self { row, fields, is_new: true, changed, noted: BTreeSet::new() }
    }

    /// Marks it as changed in these fields. Its version rises once however many operations of one part change it.
    pub fn touch(&mut self, fields: impl IntoIterator<Item = String>) {
        if !self.is_new && self.changed.is_empty() {
            *self.row.version() += 1;
        }
        self.changed.extend(fields);
    }

    /// Whether it is to be stored.
    pub fn is_touched(&self) -> bool {
        self.is_new || !self.changed.is_empty()
    }

    /// Whether the trail is told of it.
    pub fn is_noted(&self) -> bool {
        self.is_touched() || !self.noted.is_empty()
    }
}

/// A referral as it stands.
#[derive(Debug, Clone)]
pub struct HeldReferral {
    /// Row; of a new one without its message.
    pub row: ContactReferral,
    /// Message of a new one.
    pub message: Option<String>,
    /// Whether it is to be stored.
    pub state: ReferralState,
}

/// What is to be stored of a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferralState {
    /// Nothing.
    AsStored,
    /// All of it.
    New,
    /// Its status.
    Changed,
}

/// One counter of a session.
pub type Counter = (OutreachSessionId, Sex, AgeBand, Seen);

/// An operation that was done before.
#[derive(Debug, Clone)]
pub struct Known {
    /// In which group.
    pub group: OrganisationId,
    /// What it made, changed or took away.
    pub record: Uuid,
    /// Whether it met a conflict.
    pub conflicted: bool,
    /// What it was.
    pub body_mac: Vec<u8>,
}

/// An operation that was done now.
#[derive(Debug, Clone)]
pub struct Done {
    /// Its number.
    pub id: OperationId,
    /// What it made, changed or took away.
    pub record: Uuid,
    /// Whether it met a conflict.
    pub conflicted: bool,
    /// What it was.
    pub body_mac: Vec<u8>,
    /// When, by the phone's clock.
    pub told_at: Instant,
}

/// Two different things said of one field of one record.
#[derive(Debug, Clone)]
pub struct Met {
    /// Id.
    pub id: OutreachConflictId,
    /// Session.
    pub session: OutreachSessionId,
    /// Contact, where it is about one.
    pub contact: Option<ContactId>,
    /// The values.
    pub clash: Clash,
    /// The operation that came second.
    pub operation: OperationId,
    /// When, by its clock.
    pub told_at: Instant,
    /// Who decides.
    pub decider: AccountId,
}

/// Where operations of one hand are applied to the records they are about.
#[derive(Debug)]
pub struct Desk<'a> {
    /// Whose they are.
    pub hand: Hand,
    /// Keys.
    pub keys: Keys<'a>,
    /// Communes and codes.
    pub books: Books<'a>,
    /// When they arrived.
    pub now: Instant,
    /// By how much the phone's clock is ahead.
    pub clock_ahead_seconds: i64,
    /// Who leads the group now.
    pub leaders: Vec<AccountId>,
    /// Those of the operations that were done before.
    pub known: HashMap<OperationId, Known>,
    /// Sessions they are about.
    pub sessions: HashMap<OutreachSessionId, Held<SessionRow>>,
    /// Contacts they are about.
    pub contacts: HashMap<ContactId, Held<ContactRow>>,
    /// Counters of those sessions, and whether each is stored.
    pub counters: BTreeMap<Counter, (i32, bool)>,
    /// How many contacts those of the sessions hold which are to be taken away.
    pub held_by: HashMap<OutreachSessionId, usize>,
    /// Versions of the contacts of those, and of sessions that were taken away, added up as they were stored.
    pub versions: HashMap<OutreachSessionId, i32>,
    /// Counters that moved.
    pub moved: BTreeSet<Counter>,
    /// Services that contacts are referred to, and whether each gives what is asked for.
    pub services: HashMap<(OrganisationId, ServiceType), bool>,
    /// Referrals.
    pub referrals: HashMap<ContactReferralId, HeldReferral>,
    /// Moves of stock: those that were stored before by their ids alone, and those to be stored.
    pub stock: (HashSet<OutreachRecordId>, Vec<StockMove>),
    /// Operations that were done.
    pub done: Vec<Done>,
    /// Conflicts that were met.
    pub met: Vec<Met>,
}
