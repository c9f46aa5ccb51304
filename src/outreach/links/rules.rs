//! Linking a contact code to a person who agrees, and taking that back.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::prelude::*;

use super::model::CodeLink;
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record, times_since};
use crate::db::schema::outreach_links;
use crate::db::types::{CodeLinkId, PersonId};
use crate::db::{DbConnection, is_unique_violation};
use crate::error::{AppError, Conflict};
use crate::grants::Action;
use crate::outreach::codes::CodeMac;
use crate::{consents, persons};

/// Most links a person may have, and be given within a day: what somebody said differently at different times, and cards.
const MOST: usize = 20;

/// Links a code to a person, who agrees to support from the centre.
///
/// # Errors
/// [`Conflict::CodeLinked`]; [`Conflict::TooManyCodes`]; [`Conflict::SupportConsentMissing`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn link(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, link: &CodeLink) -> Result<(), AppError> {
    let scope = actor.scope(Action::ContactCodeLink)?;
    persons::rules::find(conn, &scope, link.person_id)?;
    if !consents::rules::agrees_to_support(conn, link.person_id, actor.now.civil_date())? {
        return Err(AppError::Conflict(Conflict::SupportConsentMissing));
    }
    let subject = Subject::new(SubjectKind::Person, link.person_id.0);
    let today = times_since(conn, subject, TrailAction::CodeLink, actor.now.plus(-TimeDelta::days(1)))?;
    // Links that were taken back count as well: by linking and unlinking nobody tries out which codes are known.
    if of_person(conn, link.person_id)?.len() >= MOST || today >= MOST {
        return Err(AppError::Conflict(Conflict::TooManyCodes));
    }
    match diesel::insert_into(outreach_links::table).values(link).execute(conn) {
        Err(error) if is_unique_violation(&error) => return Err(AppError::Conflict(Conflict::CodeLinked)),
        inserted => inserted?,
    };
    note(conn, actor, trail, link.person_id, TrailAction::CodeLink)
}

/// Links of a person that the actor may read.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn list(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<Vec<CodeLink>, AppError> {
    persons::rules::find(conn, &actor.scope(Action::ContactCodeLink)?, person)?;
    of_person(conn, person)
}

fn of_person(conn: &mut DbConnection, person: PersonId) -> Result<Vec<CodeLink>, AppError> {
    Ok(outreach_links::table
        .filter(outreach_links::person_id.eq(person))
        .order(outreach_links::id)
        .select(CodeLink::as_select())
        .load(conn)?)
}

/// Takes a link back.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn unlink(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    person: PersonId,
    id: CodeLinkId,
) -> Result<(), AppError> {
    persons::rules::find(conn, &actor.scope(Action::ContactCodeLink)?, person)?;
    let row = outreach_links::table.find(id).filter(outreach_links::person_id.eq(person));
    if diesel::delete(row).execute(conn)? == 0 {
        return Err(AppError::NotFound);
    }
    note(conn, actor, trail, person, TrailAction::CodeUnlink)
}

/// Reads one link of a person.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn read(conn: &mut DbConnection, actor: &Actor, person: PersonId, id: CodeLinkId) -> Result<CodeLink, AppError> {
    list(conn, actor, person)?.into_iter().find(|link| link.id == id).ok_or(AppError::NotFound)
}

/// Whom each linked code is. For counting distinct persons; there are as many as links.
///
/// # Errors
/// The engine's own.
pub fn everybody(conn: &mut DbConnection) -> Result<BTreeMap<CodeMac, PersonId>, AppError> {
    let rows: Vec<(CodeMac, PersonId)> =
        outreach_links::table.select((outreach_links::code_mac, outreach_links::person_id)).load(conn)?;
    Ok(rows.into_iter().collect())
}

fn note(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    person: PersonId,
    action: TrailAction,
) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::Person, person.0);
    record(conn, trail, subject, Some(actor.account), action, &["contact_codes"], actor.now)
}
