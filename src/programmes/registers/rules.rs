//! Making, changing and voiding entries, with what their numbers move.

mod due;
mod locks;
mod reading;

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::catalogue::{Column, Register, RegisterCatalogue};
use super::draft::{Change, Draft, Place};
use super::form::{EntryForm, UNIT_CODE};
use super::model::{Participant, RegisterEntry, Told};
use super::once::{said_twice, says_more};
use super::references::References;
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record, record_each};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{register_entries, register_participants};
use crate::db::types::{ParticipantId, RegisterEntryId};
use crate::error::{AppError, Conflict, FieldError, FitsWith, Rule};
use crate::grants::{Action, Places, province_of};
use crate::programmes::plans::PlanShelf;
use crate::programmes::sums::hands_over;
use crate::vault::ServerKey;

pub use due::mark_units;
pub use locks::{Others, any_closed};
use locks::{moved_by_change, refuse_locked};
pub use reading::{Filter, find, list, told};

/// What the rules look things up in.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Registers.
    pub catalogue: &'a RegisterCatalogue,
    /// Key of the trail.
    pub trail: &'a TrailKey,
    /// Programme key, for the numbers of participants.
    pub key: &'a ServerKey,
    /// Plans, some of which compare with an earlier time.
    pub plans: &'a PlanShelf,
}

impl<'a> Books<'a> {
    /// Those of a running server.
    pub fn of(app: &'a App) -> Self {
        Self {
            units: &app.units,
            catalogue: &app.registers,
            trail: &app.trail,
            key: &app.ring.programme,
            plans: &app.plans,
        }
    }

    /// Where the actor may do this.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the right.
    pub fn places(&self, actor: &Actor, action: Action) -> Result<Places, AppError> {
        Ok(Places::of(&actor.scope(action)?, self.units, actor.now.civil_date()))
    }

    /// The form of a register today.
    pub fn form(&self, register: Register, actor: &Actor) -> EntryForm<'a> {
        EntryForm { catalogue: self.catalogue, units: self.units, register, today: actor.now.civil_date() }
    }
}

/// Records an entry.
///
/// # Errors
/// Field errors; [`AppError::Forbidden`] without the right.
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (id, register): (RegisterEntryId, Register),
    change: &Change,
) -> Result<Told, AppError> {
    let places = books.places(actor, Action::RegisterWrite)?;
    let mut draft = Draft::default();
    for (place, given) in change {
        draft.put(*place, given.clone());
    }
    let form = books.form(register, actor);
    match form.missing(&draft) {
        missing if !missing.is_empty() => return Err(AppError::Malformed(missing)),
        _ => none_of(form.broken(&draft))?,
    }
    let participants = settle(conn, books, &places, &form, &mut draft)?;
    let entry = new_entry((id, register), draft, books, actor);
    reached(&places, &entry)?;
    stands_once(conn, books, &places, &entry)?;
    let who: BTreeSet<ParticipantId> = participants.unwrap_or_default().into_iter().collect();
    let others = Others::read(conn, &books.plans.now(), register, &who, [entry.unit_code.clone()])?;
    refuse_locked(conn, actor, books, &others.moved_by((&entry, &who)))?;
    diesel::insert_into(register_entries::table).values(&entry).execute(conn)?;
    let rows: Vec<Participant> = who.iter().map(|who| Participant { entry_id: id, who: *who }).collect();
    Participant::insert_all(conn, &rows)?;
    let names: Vec<&str> = change.iter().map(|(place, _)| name_of(&form, *place)).collect();
    note(conn, books, actor, id, TrailAction::Create, &names)?;
    mark_units(conn, books.units, register, &who, [entry.unit_code.clone()])?;
    told(conn, entry)
}

/// The row of a new entry.
pub(in crate::programmes) fn new_entry(
    (id, register): (RegisterEntryId, Register),
    draft: Draft,
    books: Books<'_>,
    actor: &Actor,
) -> RegisterEntry {
    let mut entry = RegisterEntry {
        id,
        register,
        unit_code: String::new(),
        province_code: String::new(),
        day: actor.now.civil_date(),
        last_day: None,
        kind: String::new(),
        facet: String::new(),
        number: None,
        second_number: None,
        about_id: None,
        name: String::new(),
        step_one_on: None,
        step_two_on: None,
        step_three_on: None,
        import_id: None,
        recorded_by: actor.account,
        created_at: actor.now,
        updated_at: actor.now,
        voided_at: None,
        version: 1,
    };
    draft.write_into(&mut entry);
    entry.province_code = province_of(books.units, &entry.unit_code, actor.now.civil_date());
    entry
}

fn none_of(faults: Vec<FieldError>) -> Result<(), AppError> {
    if faults.is_empty() { Ok(()) } else { Err(AppError::Invalid(faults)) }
}

fn name_of<'a>(form: &EntryForm<'a>, place: Place) -> &'a str {
    match place {
        Place::Unit => UNIT_CODE,
        Place::Column(column) => form.name_of(column),
    }
}

fn settle(
    conn: &mut DbConnection,
    books: Books<'_>,
    places: &Places,
    form: &EntryForm<'_>,
    draft: &mut Draft,
) -> Result<Option<Vec<ParticipantId>>, AppError> {
    let references = References::read(conn, places, form.register, std::iter::once(&*draft))?;
    references.settle(form, books.key, draft).map_err(AppError::Invalid)
}

/// Refuses what lies outside of the places of the officer.
fn reached(places: &Places, entry: &RegisterEntry) -> Result<(), AppError> {
    if places.holds(&entry.unit_code, &entry.province_code) {
        return Ok(());
    }
    Err(AppError::field(UNIT_CODE, Rule::MustFit(FitsWith::PlacesOfOfficer)))
}

/// Refuses what its unit has on record for the same days.
fn stands_once(
    conn: &mut DbConnection,
    books: Books<'_>,
    places: &Places,
    entry: &RegisterEntry,
) -> Result<(), AppError> {
    let twice = said_twice(conn, (books.catalogue, books.units, places), entry.register, std::slice::from_ref(entry))?;
    none_of(twice.into_iter().map(|(_, fault)| fault).collect())
}

/// Changes an entry; fields that are not given stay.
///
/// # Errors
/// Field errors; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`];
/// [`Conflict::AlreadyVoided`].
pub fn update(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (register, id, expected): (Register, RegisterEntryId, i32),
    change: &Change,
) -> Result<Told, AppError> {
    let places = books.places(actor, Action::RegisterWrite)?;
    let before = standing(conn, actor, books, (register, id, expected))?;
    let listed = participants_of(conn, id)?;
    let form = books.form(register, actor);
    let mut draft = changed(&before, change, &listed);
    none_of(form.missing(&draft))?;
    none_of(form.broken(&draft))?;
    let participants = settle(conn, books, &places, &form, &mut draft)?;
    let mut entry = before.clone();
    draft.write_into(&mut entry);
    entry.province_code = province_of(books.units, &entry.unit_code, actor.now.civil_date());
    reached(&places, &entry)?;
    if says_more(books.catalogue, &before, &entry) {
        stands_once(conn, books, &places, &entry)?;
    }
    let gives_list = participants.is_some();
    let now = participants.map_or_else(|| listed.clone(), |now| now.into_iter().collect());
    let who: BTreeSet<ParticipantId> = listed.union(&now).copied().collect();
    let others =
        Others::read(conn, &books.plans.now(), register, &who, [before.unit_code.clone(), entry.unit_code.clone()])?;
    let has_ended = books.units.get(&before.unit_code).is_some_and(|unit| unit.valid_to.is_some());
    let of_lists = (gives_list, has_ended && hands_over(register));
    refuse_locked(conn, actor, books, &moved_by_change((&before, &listed), (&entry, &now), of_lists, &others))?;
    if register == Register::Establishments {
        carry_inspections(conn, actor, books, (&before, &entry), &form)?;
    }
    let names: Vec<&str> = change.iter().map(|(place, _)| name_of(&form, *place)).collect();
    save(conn, actor, &mut entry)?;
    if now != listed {
        replace_participants(conn, id, &now)?;
    }
    note(conn, books, actor, id, TrailAction::Update, &names)?;
    mark_units(conn, books.units, register, &who, [before.unit_code, entry.unit_code.clone()])?;
    told(conn, entry)
}

/// An entry that may be changed at this version.
fn standing(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (register, id, expected): (Register, RegisterEntryId, i32),
) -> Result<RegisterEntry, AppError> {
    let entry = reading::row(conn, actor, books, (register, id), Action::RegisterWrite)?;
    check_version(conn, Subject::new(SubjectKind::RegisterEntry, id.0), entry.version, expected)?;
    if entry.voided_at.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyVoided));
    }
    Ok(entry)
}

/// An entry with these changes.
fn changed(before: &RegisterEntry, change: &Change, listed: &BTreeSet<ParticipantId>) -> Draft {
    let mut draft = Draft { listed: listed.len(), ..Draft::of(before) };
    if before.register == Register::Inspections {
        draft.unit_code = None;
    }
    for (place, given) in change {
        draft.put(*place, given.clone());
    }
    // Staff who were trained must be in the work on the new day as well.
    let moved = draft.day != Some(before.day);
    if before.register == Register::StaffTrainings && moved && draft.participants.is_none() {
        draft.participants = Some(listed.iter().map(|who| who.0.to_string()).collect());
    }
    draft
}

fn save(conn: &mut DbConnection, actor: &Actor, entry: &mut RegisterEntry) -> Result<(), AppError> {
    let read = entry.version;
    entry.version += 1;
    entry.updated_at = actor.now;
    let row =
        register_entries::table.filter(register_entries::id.eq(entry.id)).filter(register_entries::version.eq(read));
    let saved = diesel::update(row).set(&*entry).execute(conn)?;
    crate::db::met_one_row(saved)
}

fn participants_of(conn: &mut DbConnection, id: RegisterEntryId) -> Result<BTreeSet<ParticipantId>, AppError> {
    let listed = register_participants::table.filter(register_participants::entry_id.eq(id));
    Ok(listed.select(register_participants::who).load(conn)?.into_iter().collect())
}

fn replace_participants(
    conn: &mut DbConnection,
    id: RegisterEntryId,
    now: &BTreeSet<ParticipantId>,
) -> Result<(), AppError> {
    diesel::delete(register_participants::table.filter(register_participants::entry_id.eq(id))).execute(conn)?;
    let rows: Vec<Participant> = now.iter().map(|who| Participant { entry_id: id, who: *who }).collect();
    Ok(Participant::insert_all(conn, &rows)?)
}

/// Inspections go with their establishment into its new unit, and must lie in its new days.
fn carry_inspections(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (before, after): (&RegisterEntry, &RegisterEntry),
    form: &EntryForm<'_>,
) -> Result<(), AppError> {
    let own = || register_entries::table.filter(register_entries::about_id.eq(before.id));
    let days: (Option<chrono::NaiveDate>, Option<chrono::NaiveDate>) = own()
        .filter(register_entries::voided_at.is_null())
        .select((diesel::dsl::min(register_entries::day), diesel::dsl::max(register_entries::day)))
        .first(conn)?;
    let outside = |column| Err(AppError::field(form.name_of(column), Rule::MustFit(FitsWith::DaysOfInspections)));
    match days {
        (Some(first), _) if first < after.day => return outside(Column::Day),
        (_, Some(last)) if after.last_day.is_some_and(|closed| last > closed) => return outside(Column::LastDay),
        _ if before.unit_code == after.unit_code => return Ok(()),
        _ => {}
    }
    let moved: Vec<RegisterEntryId> = own().select(register_entries::id).load(conn)?;
    diesel::update(own())
        .set((
            register_entries::unit_code.eq(&after.unit_code),
            register_entries::province_code.eq(&after.province_code),
            register_entries::updated_at.eq(actor.now),
            register_entries::version.eq(register_entries::version + 1),
        ))
        .execute(conn)?;
    let subjects: Vec<Subject> =
        moved.iter().map(|inspection| Subject::new(SubjectKind::RegisterEntry, inspection.0)).collect();
    record_each(conn, books.trail, &subjects, Some(actor.account), TrailAction::Update, &[UNIT_CODE], actor.now)
}

/// Declares an entry void: it stays to be read, and counts nowhere.
///
/// # Errors
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`]; [`Conflict::AlreadyVoided`].
pub fn void(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (register, id, expected): (Register, RegisterEntryId, i32),
) -> Result<Told, AppError> {
    let mut entry = standing(conn, actor, books, (register, id, expected))?;
    let who = participants_of(conn, id)?;
    let others = Others::read(conn, &books.plans.now(), register, &who, [entry.unit_code.clone()])?;
    refuse_locked(conn, actor, books, &others.moved_by((&entry, &who)))?;
    entry.voided_at = Some(actor.now);
    save(conn, actor, &mut entry)?;
    note(conn, books, actor, id, TrailAction::Void, &["voided_at"])?;
    mark_units(conn, books.units, register, &who, [entry.unit_code.clone()])?;
    told(conn, entry)
}

fn note(
    conn: &mut DbConnection,
    books: Books<'_>,
    actor: &Actor,
    id: RegisterEntryId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::RegisterEntry, id.0);
    record(conn, books.trail, subject, Some(actor.account), action, fields, actor.now)
}
