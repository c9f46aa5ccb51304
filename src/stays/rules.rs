//! Changing, extending and ending stays; [`arriving`] records them, [`reading`] reads them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Extension, Sight, Stay, is_label, names_bed};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::{cases as case_table, stay_extensions, stays};
use crate::db::types::{CaseId, ExtensionId, Instant, OrganisationId, PersonId, StayId};
use crate::deliveries::model::VoidReason;
use crate::entitlements::catalogue::Extender;
use crate::entitlements::evaluate::evaluate;
use crate::entitlements::{self, Catalogue};
use crate::error::{AppError, Conflict, DayOf, FieldError, PlainForm, Rule, SupportRefusal};
use crate::grants::Action;
use crate::grants::predicates::{stays_addressed, stays_within};
use crate::services::{ServiceType, Services};
use crate::stays::model::ExtensionReason;

mod arriving;
mod reading;

pub use arriving::{NewStay, create};
pub use reading::{Filter, ListRow, extensions_of, goes_on, list, read, usual_side};

/// The configured rules a stay is checked by.
#[derive(Debug, Clone, Copy)]
pub struct Rulebook<'a> {
    /// Service types.
    pub services: &'a Services,
    /// What the law gives.
    pub catalogue: &'a Catalogue,
    /// Key of the trail.
    pub trail: &'a TrailKey,
}

fn check_out(out: NaiveDate, in_on: NaiveDate, today: NaiveDate, broken: &mut Vec<FieldError>) {
    if out > today {
        broken.push(FieldError::new("out_on", Rule::NotInFuture));
    }
    if out < in_on {
        broken.push(FieldError::new("out_on", Rule::NotBefore(DayOf::StayFrom)));
    }
}

fn check_plan(room: Option<&str>, expected: Option<NaiveDate>, in_on: NaiveDate, broken: &mut Vec<FieldError>) {
    if room.is_some_and(|label| !is_label(label)) {
        broken.push(FieldError::new("room", Rule::Format(PlainForm::Room.into())));
    }
    if expected.is_some_and(|day| day < in_on) {
        broken.push(FieldError::new("expected_out_on", Rule::NotBefore(DayOf::StayFrom)));
    }
}

fn overlaps(one: (NaiveDate, Option<NaiveDate>), other: (NaiveDate, Option<NaiveDate>)) -> bool {
    let before = |first: NaiveDate, end: Option<NaiveDate>| end.is_none_or(|end| first < end);
    before(one.0, other.1) && before(other.0, one.1) || one == other
}

fn refuse_taken_bed(conn: &mut DbConnection, stay: &Stay) -> Result<(), AppError> {
    let Some(bed) = stay.room.as_deref().filter(|label| names_bed(label)) else { return Ok(()) };
    let others = stays::table
        .filter(stays::organisation_id.eq(stay.organisation_id))
        .filter(stays::room.eq(bed))
        .filter(stays::voided_at.is_null())
        .filter(stays::id.ne(stay.id))
        .filter(stays::out_on.is_null().or(stays::out_on.ge(stay.in_on)));
    let spans: Vec<(NaiveDate, Option<NaiveDate>)> = others.select((stays::in_on, stays::out_on)).load(conn)?;
    if spans.iter().any(|span| overlaps((stay.in_on, stay.out_on), *span)) {
        return Err(SupportRefusal::BedTaken.into());
    }
    Ok(())
}

/// What may be changed of a stay; absent parts stay as they are.
#[derive(Debug, Clone, Default)]
pub struct StayChange {
    /// Label of room or bed.
    pub room: Option<Option<String>>,
    /// Day on which the person is expected to leave.
    pub expected_out_on: Option<Option<NaiveDate>>,
}

/// Moves the person to another room, or expects another day.
///
/// # Errors
/// Field errors; [`SupportRefusal::BedTaken`], [`SupportRefusal::StayEnded`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn change(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: StayId,
    expected: i32,
    wish: &StayChange,
) -> Result<(Stay, Sight), AppError> {
    let (mut stay, sight) = find_for(conn, actor, id)?;
    refuse_former(sight)?;
    check_version(conn, Subject::new(SubjectKind::Stay, stay.id.0), stay.version, expected)?;
    refuse_over(&stay)?;
    let mut fields = Vec::new();
    if let Some(room) = &wish.room {
        stay.room.clone_from(room);
        fields.push("room");
    }
    if let Some(day) = wish.expected_out_on {
        stay.expected_out_on = day;
        fields.push("expected_out_on");
    }
    let mut broken = Vec::new();
    check_plan(stay.room.as_deref(), stay.expected_out_on, stay.in_on, &mut broken);
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    refuse_taken_bed(conn, &stay)?;
    save(conn, &mut stay, actor.now)?;
    note(conn, trail, actor, id, TrailAction::Update, &fields)?;
    Ok((stay, sight))
}

/// Records the last day. It is never refused for a limit: the person has left. The facility may record
/// it also after its referral is over.
///
/// # Errors
/// Field errors; [`SupportRefusal::StayEnded`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn leave(
    conn: &mut DbConnection,
    actor: &Actor,
    book: Rulebook<'_>,
    id: StayId,
    expected: i32,
    out_on: NaiveDate,
) -> Result<(Stay, Sight), AppError> {
    let (mut stay, sight) = find_for(conn, actor, id)?;
    check_version(conn, Subject::new(SubjectKind::Stay, stay.id.0), stay.version, expected)?;
    refuse_over(&stay)?;
    let mut broken = Vec::new();
    check_out(out_on, stay.in_on, actor.now.civil_date(), &mut broken);
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    stay.out_on = Some(out_on);
    stay.runs_out_on = None;
    save(conn, &mut stay, actor.now)?;
    note(conn, book.trail, actor, id, TrailAction::Update, &["out_on"])?;
    refresh(conn, book.catalogue, stay.person_id, actor.now)?;
    Ok((stay, sight))
}

/// An extension as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewExtension {
    /// Id.
    pub id: ExtensionId,
    /// Days added.
    pub days: i32,
    /// Who decided.
    pub granted_by: Extender,
    /// When.
    pub granted_on: NaiveDate,
    /// Why.
    pub reason: ExtensionReason,
}

/// Extends the days the law gives, by decision of the facility's director or the health department.
///
/// # Errors
/// Field errors; [`SupportRefusal::NotExtendable`], [`SupportRefusal::StayEnded`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn extend(
    conn: &mut DbConnection,
    actor: &Actor,
    book: Rulebook<'_>,
    id: StayId,
    expected: i32,
    new: NewExtension,
) -> Result<(Stay, Sight), AppError> {
    let (mut stay, sight) = find_for(conn, actor, id)?;
    refuse_former(sight)?;
    // Where others live as well, whether there is a limit to extend is the centre's to know.
    if sight == Sight::Serving {
        return Err(AppError::Forbidden);
    }
    check_version(conn, Subject::new(SubjectKind::Stay, stay.id.0), stay.version, expected)?;
    refuse_over(&stay)?;
    let today = actor.now.civil_date();
    let mut broken = Vec::new();
    if new.granted_on > today {
        broken.push(FieldError::new("granted_on", Rule::NotInFuture));
    }
    if new.granted_on < stay.in_on {
        broken.push(FieldError::new("granted_on", Rule::NotBefore(DayOf::StayFrom)));
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    let facts = entitlements::load(conn, stay.person_id, today)?;
    let standing = facts.standing(book.catalogue, stay.case_id, today);
    let version = standing.ok().and_then(|found| {
        book.catalogue.of(ServiceType::EssentialNeeds).next().and_then(|regime| regime.on(found.law_of))
    });
    // Where no limit holds there is nothing to check; the decision is on record all the same.
    if version.is_some_and(|version| version.days.is_some() && !version.extendable_by.contains(&new.granted_by)) {
        return Err(SupportRefusal::NotExtendable.into());
    }
    let row = Extension {
        id: new.id,
        stay_id: id,
        days: new.days,
        granted_by: new.granted_by,
        granted_on: new.granted_on,
        reason: new.reason,
        recorded_by: actor.account,
        created_at: actor.now,
    };
    diesel::insert_into(stay_extensions::table).values(&row).execute(conn)?;
    save(conn, &mut stay, actor.now)?;
    note(conn, book.trail, actor, id, TrailAction::Update, &["extension"])?;
    refresh(conn, book.catalogue, stay.person_id, actor.now)?;
    stay = stays::table.find(id).select(Stay::as_select()).first(conn)?;
    Ok((stay, sight))
}

/// Declares a stay void; it stays readable and counts nowhere.
///
/// # Errors
/// [`Conflict::AlreadyVoided`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn void(
    conn: &mut DbConnection,
    actor: &Actor,
    book: Rulebook<'_>,
    id: StayId,
    expected: i32,
    reason: VoidReason,
) -> Result<(Stay, Sight), AppError> {
    let (mut stay, sight) = find_for(conn, actor, id)?;
    // After the referral is over the record is the centre's.
    refuse_former(sight)?;
    check_version(conn, Subject::new(SubjectKind::Stay, stay.id.0), stay.version, expected)?;
    if stay.voided_at.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyVoided));
    }
    stay.voided_at = Some(actor.now);
    stay.void_reason = Some(reason);
    stay.runs_out_on = None;
    save(conn, &mut stay, actor.now)?;
    note(conn, book.trail, actor, id, TrailAction::Void, &["voided_at"])?;
    refresh(conn, book.catalogue, stay.person_id, actor.now)?;
    Ok((stay, sight))
}

/// Brings centre and last covered day of the open stays of a person up to date. Whatever changes what
/// they depend on (stays, deliveries of essential needs, identification, the case's centre) calls it in its own write.
///
/// # Errors
/// The engine's own.
pub fn refresh(conn: &mut DbConnection, catalogue: &Catalogue, person: PersonId, now: Instant) -> Result<(), AppError> {
    let people = entitlements::people(conn, person)?;
    let open: Vec<(StayId, CaseId, OrganisationId, Option<NaiveDate>, OrganisationId)> = stays::table
        .inner_join(case_table::table.on(case_table::id.eq(stays::case_id)))
        .filter(stays::person_id.eq_any(people))
        .filter(stays::out_on.is_null())
        .filter(stays::voided_at.is_null())
        .select((stays::id, stays::case_id, stays::centre_id, stays::runs_out_on, case_table::organisation_id))
        .load(conn)?;
    if open.is_empty() {
        return Ok(());
    }
    let today = now.civil_date();
    let facts = entitlements::load(conn, person, today)?;
    for (id, case, centre, known, of_case) in open {
        let found = evaluate(catalogue, &facts, case, today);
        let essential = found.iter().find(|one| one.regime.service == ServiceType::EssentialNeeds && one.entitled);
        let runs_out = essential.and_then(|one| one.runs_out_on);
        if (runs_out, of_case) != (known, centre) {
            diesel::update(stays::table.find(id))
                .set((stays::runs_out_on.eq(runs_out), stays::centre_id.eq(of_case)))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// The case was handed over: a stay at a facility by referral goes on in the receiver's, one in
/// the sender's own house ends today. [`refresh`] is still to be called.
///
/// # Errors
/// The engine's own.
pub fn follow_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    from: CaseId,
    to: CaseId,
    receiver: OrganisationId,
) -> Result<(), AppError> {
    let open: Vec<Stay> = stays::table
        .filter(stays::case_id.eq(from))
        .filter(stays::out_on.is_null())
        .filter(stays::voided_at.is_null())
        .select(Stay::as_select())
        .load(conn)?;
    for mut stay in open {
        let moved = stay.referral_id.is_some();
        if moved {
            let place = (stays::case_id.eq(to), stays::centre_id.eq(receiver));
            diesel::update(stays::table.find(stay.id)).set(place).execute(conn)?;
        } else {
            stay.out_on = Some(actor.now.civil_date());
            stay.runs_out_on = None;
        }
        save(conn, &mut stay, actor.now)?;
        let field = if moved { "case_id" } else { "out_on" };
        note(conn, trail, actor, stay.id, TrailAction::Update, &[field])?;
    }
    Ok(())
}

fn refuse_former(sight: Sight) -> Result<(), AppError> {
    if sight == Sight::Former { Err(AppError::Forbidden) } else { Ok(()) }
}

fn refuse_over(stay: &Stay) -> Result<(), AppError> {
    if stay.voided_at.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyVoided));
    }
    if stay.out_on.is_some() {
        return Err(SupportRefusal::StayEnded.into());
    }
    Ok(())
}

/// 404 when the stay cannot be seen; 403 when it can but is not the reader's to change.
fn find_for(conn: &mut DbConnection, actor: &Actor, id: StayId) -> Result<(Stay, Sight), AppError> {
    let (stay, sight) = read(conn, actor, id)?;
    let scope = actor.scope(Action::StayWrite)?;
    let found = stays::table.filter(stays::id.eq(id));
    let reached: bool = match sight {
        Sight::Centre => diesel::select(diesel::dsl::exists(found.filter(stays_within(&scope)))).get_result(conn)?,
        Sight::ServingVictims | Sight::Serving | Sight::Former => {
            diesel::select(diesel::dsl::exists(found.filter(stays_addressed(&scope)))).get_result(conn)?
        }
    };
    if reached { Ok((stay, sight)) } else { Err(AppError::Forbidden) }
}

fn save(conn: &mut DbConnection, stay: &mut Stay, now: Instant) -> Result<(), AppError> {
    let read = stay.version;
    stay.version += 1;
    stay.updated_at = now;
    let saved = diesel::update(stays::table.filter(stays::id.eq(stay.id)).filter(stays::version.eq(read)))
        .set((
            stays::room.eq(&stay.room),
            stays::expected_out_on.eq(stay.expected_out_on),
            stays::out_on.eq(stay.out_on),
            stays::runs_out_on.eq(stay.runs_out_on),
            stays::voided_at.eq(stay.voided_at),
            stays::void_reason.eq(stay.void_reason),
            stays::updated_at.eq(stay.updated_at),
            stays::version.eq(stay.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    id: StayId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Stay, id.0), Some(actor.account), action, fields, actor.now)
}
