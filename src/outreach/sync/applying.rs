//! Operations applied, in memory, to the records they are about.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::desk::{Desk, Done, Held, Known, Met, Row};
use super::merging::{Clash, Fields, Merged, Named, is_as_seen, merge, of_named};
use super::operation::{Asked, Deed, FieldChange, People, TallyStep, object};
use super::reading::is_code;
use super::reply::{OperationStatus, Outcome};
use crate::db::types::{ContactId, Instant, OrganisationId, OutreachConflictId, OutreachSessionId};
use crate::error::{FieldError, Rule};
use crate::outreach::conflicts::model::{ConflictView, REMOVED};
use crate::outreach::sessions::fields::{KeptContact, SessionFields, is_doubtful};
use crate::outreach::sessions::model::{ContactRow, SessionRow};
use crate::vault::ServerKey;

/// What an operation came to.
pub(super) enum CameTo {
    Done { version: i32, conflicts: Vec<ConflictView> },
    Refused(Vec<FieldError>),
    NotHere,
}

use CameTo::{NotHere, Refused};

impl Desk<'_> {
    /// Applies one operation.
    pub fn apply(&mut self, asked: &Asked) -> Outcome {
        if let Some(known) = self.known.get(&asked.id) {
            return self.again(asked, known.clone());
        }
        let came_to = match &asked.deed {
            Deed::CreateSession(fields) => self.create_session(asked, fields),
            Deed::CreateContact(session, fields) => self.create_contact(asked, OutreachSessionId(*session), fields),
            Deed::ChangeSession(changes) => self.change_session(asked, changes),
            Deed::ChangeContact(changes) => self.change_contact(asked, changes),
            Deed::RemoveSession(seen, people) => self.remove_session(asked, seen, people),
            Deed::RemoveContact(seen) => self.remove_contact(asked, seen),
            Deed::Tally(steps) => self.tally(asked, steps),
            Deed::Stock(told) => self.move_stock(asked, told),
            Deed::Refer(contact, told) => self.refer(asked, ContactId(*contact), told),
            Deed::CancelReferral => self.cancel_referral(asked),
        };
        self.outcome(asked, came_to)
    }

    /// Rules that a session, or a contact of it, breaks as it stands on the desk.
    pub fn faults_of(&self, (session, contact): (OutreachSessionId, Option<ContactId>)) -> Vec<FieldError> {
        match contact {
            Some(contact) => self.contacts.get(&contact).map_or_else(Vec::new, |held| {
                of_named::<KeptContact>(&held.fields).map_or_else(|errors| errors, |fields| fields.faults(self.books))
            }),
            None => self.sessions.get(&session).map_or_else(Vec::new, |held| {
                let doubtful = held.row.day_doubtful;
                of_named::<SessionFields>(&held.fields)
                    .map_or_else(|errors| errors, |fields| fields.faults(self.books, held.row.created_at, doubtful))
            }),
        }
    }

    fn outcome(&mut self, asked: &Asked, came_to: CameTo) -> Outcome {
        let mut outcome = Outcome::refused(asked.position, Some(asked.id), Vec::new());
        match came_to {
            Refused(errors) => outcome.errors = errors,
            NotHere if asked.may_come => outcome.status = OperationStatus::Waiting,
            NotHere => outcome.errors = vec![FieldError::new(asked.deed.named_by(), Rule::NoSuchReference)],
            CameTo::Done { version, conflicts } => {
                let conflicted = !conflicts.is_empty();
                outcome.status = if conflicted { OperationStatus::Conflict } else { OperationStatus::Applied };
                (outcome.record, outcome.version) = (Some(asked.record), Some(version));
                (outcome.conflicted, outcome.conflicts) = (conflicted, conflicts);
                let done = Done {
                    id: asked.id,
                    record: asked.record,
                    conflicted,
                    body_mac: asked.body_mac.clone(),
                    told_at: asked.told_at,
                };
                let (group, body_mac) = (self.hand.group, done.body_mac.clone());
                let known = Known { group, record: done.record, conflicted, body_mac };
                self.known.insert(asked.id, known);
                self.done.push(done);
            }
        }
        outcome
    }

    fn again(&self, asked: &Asked, known: Known) -> Outcome {
        if known.body_mac != asked.body_mac || known.group != self.hand.group {
            return Outcome::refused(
                asked.position,
                Some(asked.id),
                vec![FieldError::new("id", Rule::OperationReused)],
            );
        }
        let session = self.sessions.get(&OutreachSessionId(known.record)).map(|held| held.row.version);
        let contact = || self.contacts.get(&ContactId(known.record)).map(|held| held.row.version);
        Outcome {
            status: OperationStatus::AlreadyApplied,
            record: Some(known.record),
            version: session.or_else(contact),
            conflicted: known.conflicted,
            ..Outcome::refused(asked.position, Some(asked.id), Vec::new())
        }
    }

    fn create_session(&mut self, asked: &Asked, fields: &SessionFields) -> CameTo {
        let id = OutreachSessionId(asked.record);
        // Its operation was forgotten since, but what it made is here.
        if let Some(held) = self.sessions.get(&id) {
            return CameTo::Done { version: held.row.version, conflicts: Vec::new() };
        }
        let doubtful = is_doubtful(fields.held_on, self.now, self.clock_ahead_seconds);
        let faults = fields.faults(self.books, self.now, doubtful);
        if !faults.is_empty() {
            return Refused(in_body(faults));
        }
        let row = SessionRow {
            id,
            group_id: self.hand.group,
            held_on: fields.held_on,
            unit_code: String::new(),
            venue: String::new(),
            workers: String::new(),
            topics: String::new(),
            sealed_note: None,
            day_doubtful: doubtful,
            recorded_by: self.hand.account,
            created_at: self.now,
            updated_at: self.now,
            removed_at: None,
            change_seq: 0,
            version: 1,
        };
        self.sessions.insert(id, Held::new(row, object(fields), &["session"]));
        CameTo::Done { version: 1, conflicts: Vec::new() }
    }

    fn create_contact(&mut self, asked: &Asked, session: OutreachSessionId, fields: &KeptContact) -> CameTo {
        let id = ContactId(asked.record);
        if let Some(held) = self.contacts.get(&id) {
            return CameTo::Done { version: held.row.version, conflicts: Vec::new() };
        }
        if !self.sessions.contains_key(&session) {
            return NotHere;
        }
        let faults = fields.faults(self.books);
        if !faults.is_empty() {
            return Refused(in_body(faults));
        }
        let row = ContactRow {
            id,
            session_id: session,
            group_id: self.hand.group,
            worker: fields.worker,
            code_mac: None,
            category: None,
            sex: fields.sex,
            age_band: fields.age_band,
            seen: fields.seen,
            topics: String::new(),
            needs: String::new(),
            violence: fields.violence,
            trafficking: fields.trafficking,
            child: fields.child,
            referral: fields.referral,
            follow_up_agreed: fields.follow_up_agreed,
            sealed_note: None,
            recorded_by: self.hand.account,
            created_at: self.now,
            updated_at: self.now,
            removed_at: None,
            change_seq: 0,
            version: 1,
        };
        self.contacts.insert(id, Held::new(row, object(fields), &[]));
        if let Some(number) = self.held_by.get_mut(&session) {
            *number += 1;
        }
        let conflicts = self.worked_on(asked, session);
        CameTo::Done { version: 1, conflicts }
    }

    /// Work on a session that somebody took away is kept, and it is asked whether the session stays away.
    pub(super) fn worked_on(&mut self, asked: &Asked, session: OutreachSessionId) -> Vec<ConflictView> {
        let removed = self.sessions.get(&session).is_some_and(|held| held.row.removed_at.is_some());
        let comes_back = |clash: &Clash| clash.field == REMOVED && clash.offered == Value::Bool(false);
        let asked_before =
            self.met.iter().any(|met| met.session == session && met.contact.is_none() && comes_back(&met.clash));
        if !removed || asked_before {
            return Vec::new();
        }
        let clash = Clash { field: REMOVED.into(), base: false.into(), current: true.into(), offered: false.into() };
        self.meet(asked, (session, None), vec![clash])
    }

    fn change_session(&mut self, asked: &Asked, changes: &BTreeMap<String, FieldChange>) -> CameTo {
        let id = OutreachSessionId(asked.record);
        let (programme, group) = (self.keys.programme, self.hand.group);
        let (books, now, clock) = (self.books, self.now, self.clock_ahead_seconds);
        let Some(held) = self.sessions.get_mut(&id) else { return NotHere };
        let merged = match merged::<SessionFields, _>(held, changes, |field, kept, seen| {
            same(programme, group, field, kept, seen)
        }) {
            Ok(merged) => merged,
            Err(errors) => return Refused(errors),
        };
        if !merged.changed.is_empty() {
            let fields = match of_named::<SessionFields>(&merged.fields) {
                Ok(fields) => fields,
                Err(errors) => return Refused(in_body(errors)),
            };
            let moved = merged.changed.contains("held_on");
            let doubtful = if moved { is_doubtful(fields.held_on, now, clock) } else { held.row.day_doubtful };
            let faults = fields.faults(books, now, doubtful);
            if !faults.is_empty() {
                return Refused(in_body(faults));
            }
            held.row.day_doubtful = doubtful;
            held.fields = merged.fields;
            held.touch(merged.changed);
        }
        let version = held.row.version;
        let conflicts = self.meet(asked, (id, None), merged.clashes);
        CameTo::Done { version, conflicts }
    }

    fn change_contact(&mut self, asked: &Asked, changes: &BTreeMap<String, FieldChange>) -> CameTo {
        let id = ContactId(asked.record);
        let (programme, group, books) = (self.keys.programme, self.hand.group, self.books);
        let Some(held) = self.contacts.get_mut(&id) else { return NotHere };
        let merged = match merged::<KeptContact, _>(held, changes, |field, kept, seen| {
            same(programme, group, field, kept, seen)
        }) {
            Ok(merged) => merged,
            Err(errors) => return Refused(errors),
        };
        let says_something = !merged.changed.is_empty() || !merged.clashes.is_empty();
        if !merged.changed.is_empty() {
            let faults = of_named::<KeptContact>(&merged.fields).map(|fields| fields.faults(books));
            match faults {
                Ok(faults) if faults.is_empty() => {}
                Ok(errors) | Err(errors) => return Refused(in_body(errors)),
            }
            held.fields = merged.fields;
            held.touch(merged.changed);
        }
        let (version, session) = (held.row.version, held.row.session_id);
        let mut conflicts = self.meet(asked, (session, Some(id)), merged.clashes);
        if says_something {
            conflicts.extend(self.worked_on(asked, session));
        }
        CameTo::Done { version, conflicts }
    }

    /// Those met in a session go with it, so it must hold those who were seen.
    fn remove_session(&mut self, asked: &Asked, seen: &Map<String, Value>, people: &People) -> CameTo {
        let id = OutreachSessionId(asked.record);
        let all_seen = self.are_as_seen(id, people);
        let (programme, group, now) = (self.keys.programme, self.hand.group, self.now);
        let Some(held) = self.sessions.get_mut(&id) else { return NotHere };
        let clashes =
            removal(held, seen, now, |field, kept, seen| all_seen && same(programme, group, field, kept, seen));
        let version = held.row.version;
        let conflicts = self.meet(asked, (id, None), clashes);
        CameTo::Done { version, conflicts }
    }

    /// Whether those met in a session are still as they were seen, and nobody else.
    fn are_as_seen(&self, id: OutreachSessionId, people: &People) -> bool {
        let (programme, group) = (self.keys.programme, self.hand.group);
        let is_as_seen = |(contact, seen): (&Uuid, &Named)| {
            self.contacts.get(&ContactId(*contact)).is_some_and(|held| {
                held.row.session_id == id
                    && held.row.removed_at.is_none()
                    && is_as_seen(&held.fields, seen, |field, kept, seen| same(programme, group, field, kept, seen))
            })
        };
        let counters = self.counters.iter().filter(|((session, ..), (number, _))| *session == id && *number > 0);
        counters.map(|((_, sex, age, seen), (number, _))| ((*sex, *age, *seen), *number)).eq(people.counted.clone())
            && self.held_by.get(&id) == Some(&people.contacts.len())
            && people.contacts.iter().all(is_as_seen)
    }

    fn remove_contact(&mut self, asked: &Asked, seen: &Map<String, Value>) -> CameTo {
        let id = ContactId(asked.record);
        let (programme, group, now) = (self.keys.programme, self.hand.group, self.now);
        let Some(held) = self.contacts.get_mut(&id) else { return NotHere };
        let before = held.row.removed_at;
        let clashes = removal(held, seen, now, |field, kept, seen| same(programme, group, field, kept, seen));
        let (version, session) = (held.row.version, held.row.session_id);
        if held.row.removed_at != before
            && let Some(number) = self.held_by.get_mut(&session)
        {
            *number = number.saturating_sub(1);
        }
        let conflicts = self.meet(asked, (session, Some(id)), clashes);
        CameTo::Done { version, conflicts }
    }

    fn tally(&mut self, asked: &Asked, steps: &[TallyStep]) -> CameTo {
        let id = OutreachSessionId(asked.record);
        let Some(held) = self.sessions.get_mut(&id) else { return NotHere };
        held.touch(["tallies".to_owned()]);
        let version = held.row.version;
        for step in steps {
            let counter = (id, step.sex, step.age_band, step.seen);
            let (number, _) = self.counters.entry(counter).or_insert((0, false));
            *number = number.saturating_add(step.add);
            self.moved.insert(counter);
        }
        let conflicts = self.worked_on(asked, id);
        CameTo::Done { version, conflicts }
    }

    fn meet(
        &mut self,
        asked: &Asked,
        (session, contact): (OutreachSessionId, Option<ContactId>),
        clashes: Vec<Clash>,
    ) -> Vec<ConflictView> {
        let record = match contact {
            Some(contact) => self.contacts.get(&contact).map(|held| (held.row.recorded_by(), held.row.version)),
            None => self.sessions.get(&session).map(|held| (held.row.recorded_by(), held.row.version)),
        };
        let (owner, version) = record.unzip();
        // Who recorded it first decides, as long as that leader leads; else the one who came second.
        let decider = owner.filter(|owner| self.leaders.contains(owner)).unwrap_or(self.hand.account);
        let mut views = Vec::with_capacity(clashes.len());
        for clash in clashes {
            let more = if contact.is_none() && clash.field == REMOVED { self.versions_of(session) } else { 0 };
            let version = version.unwrap_or(1).saturating_add(more);
            let part = clash.field.as_bytes();
            let id = OutreachConflictId(self.hand.derived(self.keys.server, "outreach conflict", asked.id, part));
            let met = Met { id, session, contact, clash, operation: asked.id, told_at: asked.told_at, decider };
            views.push(ConflictView::of_met(&met, version, self.hand, self.now, self.keys.programme));
            self.met.push(met);
        }
        views
    }

    /// The versions of all contacts of a session, added up as they will be stored.
    fn versions_of(&self, session: OutreachSessionId) -> i32 {
        let touched = self.contacts.values().filter(|held| held.row.session_id == session && held.is_touched());
        let more = i32::try_from(touched.count()).unwrap_or(i32::MAX);
        self.versions.get(&session).copied().unwrap_or(0).saturating_add(more)
    }
}

fn same(programme: &ServerKey, group: OrganisationId, field: &str, kept: &Value, seen: &Value) -> bool {
    if field == "code" { is_code(programme, group, kept, seen) } else { kept == seen }
}

fn merged<F: Fields, R: Row + Clone>(
    held: &mut Held<R>,
    changes: &BTreeMap<String, FieldChange>,
    same: impl Fn(&str, &Value, &Value) -> bool,
) -> Result<Merged, Vec<FieldError>> {
    let removed = held.row.removed_at().is_some();
    merge::<F>(&held.fields, removed, changes, same)
}

/// Takes a record away that still is what was seen; else that is a clash.
fn removal<R: Row>(
    held: &mut Held<R>,
    seen: &Named,
    now: Instant,
    same: impl Fn(&str, &Value, &Value) -> bool,
) -> Vec<Clash> {
    if held.row.removed_at().is_some() {
        return Vec::new();
    }
    if !is_as_seen(&held.fields, seen, same) {
        return vec![Clash { field: REMOVED.into(), base: false.into(), current: false.into(), offered: true.into() }];
    }
    *held.row.removed_at() = Some(now);
    held.touch([REMOVED.to_owned()]);
    Vec::new()
}

fn in_body(errors: Vec<FieldError>) -> Vec<FieldError> {
    errors.into_iter().map(|error| FieldError::new(format!("body.{}", error.field), error.rule)).collect()
}
