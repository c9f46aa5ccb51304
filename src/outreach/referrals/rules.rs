//! Referrals of contacts: sent by a group, answered by the service.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{ContactReferral, ContactReferralStatus, ReceivedContactReferral};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::schema::{outreach_contacts, outreach_referrals};
use crate::db::types::{CodeLinkId, ContactReferralId, OrganisationId, PersonId};
use crate::db::{DbConnection, met_one_row};
use crate::error::{AppError, Conflict, DayOf, Rule};
use crate::grants::Action;
use crate::grants::predicates::contact_referrals_addressed;
use crate::outreach::codes::CodeMac;
use crate::outreach::groups::rules::reached;
use crate::outreach::links::model::CodeLink;
use crate::outreach::links::rules as links;
use crate::vault::{DataKey, FieldName, open_if_any};
use crate::{consents, persons};

/// Where the message of a referral stands.
pub fn message_place(id: ContactReferralId) -> FieldName {
    FieldName { table: "outreach_referrals", column: "sealed_message", row: id.0 }
}

/// Reads a page of what a group sent, ordered by id, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn sent(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    after: Option<ContactReferralId>,
    limit: i64,
) -> Result<Vec<ContactReferral>, AppError> {
    reached(conn, actor, Action::OutreachRead, group)?;
    let mut query = outreach_referrals::table
        .filter(outreach_referrals::group_id.eq(group))
        .order(outreach_referrals::id)
        .limit(limit + 1)
        .select(ContactReferral::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(outreach_referrals::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Reads a page of what came to the reader's organisations, ordered by id, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`].
pub fn received(
    conn: &mut DbConnection,
    actor: &Actor,
    status: Option<ContactReferralStatus>,
    after: Option<ContactReferralId>,
    limit: i64,
) -> Result<Vec<ContactReferral>, AppError> {
    let scope = actor.scope(Action::ContactReferralAnswer)?;
    let mut query = outreach_referrals::table
        .filter(contact_referrals_addressed(&scope))
        .order(outreach_referrals::id)
        .limit(limit + 1)
        .select(ContactReferral::as_select())
        .into_boxed();
    if let Some(status) = status {
        query = query.filter(outreach_referrals::status.eq(status));
    }
    if let Some(after) = after {
        query = query.filter(outreach_referrals::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Reads one that came to the reader's organisations.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn find(conn: &mut DbConnection, actor: &Actor, id: ContactReferralId) -> Result<ContactReferral, AppError> {
    let scope = actor.scope(Action::ContactReferralAnswer)?;
    let one = outreach_referrals::table.filter(outreach_referrals::id.eq(id));
    Ok(one.filter(contact_referrals_addressed(&scope)).select(ContactReferral::as_select()).first(conn)?)
}

/// As the service reads it. Only who may link persons to codes is told whom she is known as.
///
/// # Errors
/// When the message does not open.
pub fn view(actor: &Actor, row: ContactReferral, key: &DataKey) -> Result<ReceivedContactReferral, AppError> {
    let message = open_if_any(key, row.group_id, message_place(row.id), row.sealed_message.as_deref())?;
    Ok(row.received(message, actor.scope(Action::ContactCodeLink).is_ok()))
}

/// What the service says.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// The person came on this day; the centre knows her as this person.
    Arrived(NaiveDate, Option<PersonId>),
    /// The person was served on this day.
    Served(NaiveDate),
    /// The person did not come.
    NotCome,
}

impl Answer {
    fn status(self) -> ContactReferralStatus {
        match self {
            Self::Arrived(..) => ContactReferralStatus::Arrived,
            Self::Served(_) => ContactReferralStatus::Served,
            Self::NotCome => ContactReferralStatus::NotCome,
        }
    }
}

/// Records what the service says. `link` is the id of the link between code and person, should one be made.
///
/// # Errors
/// Field errors; [`Conflict::IllegalTransition`]; [`Conflict::CodeLinked`]; [`Conflict::SupportConsentMissing`];
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn answer(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (id, expected): (ContactReferralId, i32),
    answer: Answer,
    link: CodeLinkId,
) -> Result<ContactReferral, AppError> {
    let mut row = find(conn, actor, id)?;
    check_version(conn, Subject::new(SubjectKind::ContactReferral, id.0), row.version, expected)?;
    let next = answer.status();
    if !row.status.may_become(next) {
        let (from, to) = (row.status.as_str(), next.as_str());
        return Err(AppError::Conflict(Conflict::IllegalTransition { from, to }));
    }
    row.status = next;
    match answer {
        Answer::Arrived(day, person) => {
            // A phone whose clock was ahead does not keep the service from saying that the person came.
            let agreed_on = row.agreed_on.min(row.created_at.civil_date());
            check_day(actor, "arrived_on", day, (agreed_on, DayOf::Agreement))?;
            row.arrived_on = Some(day);
            if let Some(person) = person {
                know_as(conn, actor, trail, &row, person, link)?;
                row.person_id = Some(person);
            }
        }
        Answer::Served(day) => {
            let arrived_on = row.arrived_on.unwrap_or(row.agreed_on);
            check_day(actor, "served_on", day, (arrived_on, DayOf::Arrival))?;
            row.served_on = Some(day);
        }
        Answer::NotCome => {}
    }
    save(conn, actor, trail, row)
}

fn check_day(
    actor: &Actor,
    field: &'static str,
    day: NaiveDate,
    (first, named): (NaiveDate, DayOf),
) -> Result<(), AppError> {
    if day > actor.now.civil_date() {
        return Err(AppError::field(field, Rule::NotInFuture));
    }
    if day < first {
        return Err(AppError::field(field, Rule::NotBefore(named)));
    }
    Ok(())
}

/// The person who came is on record here: her code, if the group knew one, is hers from now on.
fn know_as(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    row: &ContactReferral,
    person: PersonId,
    link: CodeLinkId,
) -> Result<(), AppError> {
    let scope = actor.scope(Action::ContactCodeLink)?;
    if !persons::rules::is_within(conn, &scope, person)? {
        return Err(AppError::field("person_id", Rule::NoSuchReference));
    }
    if !consents::rules::agrees_to_support(conn, person, actor.now.civil_date())? {
        return Err(AppError::Conflict(Conflict::SupportConsentMissing));
    }
    let Some(code_mac) = code_of(conn, row)? else { return Ok(()) };
    if links::list(conn, actor, person)?.iter().any(|known| known.code_mac == code_mac) {
        return Ok(());
    }
    let linked = CodeLink { id: link, code_mac, person_id: person, linked_by: actor.account, linked_at: actor.now };
    links::link(conn, actor, trail, &linked)
}

fn code_of(conn: &mut DbConnection, row: &ContactReferral) -> Result<Option<CodeMac>, AppError> {
    match row.contact_id {
        Some(contact) => Ok(outreach_contacts::table.find(contact).select(outreach_contacts::code_mac).first(conn)?),
        None => Ok(row.code_mac),
    }
}

fn save(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    mut row: ContactReferral,
) -> Result<ContactReferral, AppError> {
    let read = row.version;
    row.version += 1;
    row.updated_at = actor.now;
    let stored = outreach_referrals::table.find(row.id).filter(outreach_referrals::version.eq(read));
    let saved = diesel::update(stored)
        .set((
            outreach_referrals::status.eq(row.status),
            outreach_referrals::arrived_on.eq(row.arrived_on),
            outreach_referrals::served_on.eq(row.served_on),
            outreach_referrals::person_id.eq(row.person_id),
            outreach_referrals::updated_at.eq(row.updated_at),
            outreach_referrals::version.eq(row.version),
        ))
        .execute(conn)?;
    met_one_row(saved)?;
    let subject = Subject::new(SubjectKind::ContactReferral, row.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Transition, &["status"], actor.now)?;
    Ok(row)
}
