//! Registering and changing organisations.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Organisation, OrganisationKind};
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::DbConnection;
use crate::db::schema::organisations;
use crate::db::types::OrganisationId;
use crate::error::{AppError, DayOf, Rule};
use crate::grants::Action;
use crate::services::{ServiceType, Services};

/// Whether there is an organisation of this id.
///
/// # Errors
/// The engine's own.
pub fn exists(conn: &mut DbConnection, id: OrganisationId) -> Result<bool, AppError> {
    Ok(diesel::select(diesel::dsl::exists(organisations::table.find(id))).get_result(conn)?)
}

/// The organisation of this id, for rules of other features.
///
/// # Errors
/// The engine's own.
pub fn find(conn: &mut DbConnection, id: OrganisationId) -> Result<Option<Organisation>, AppError> {
    Ok(organisations::table.find(id).select(Organisation::as_select()).first(conn).optional()?)
}

/// Organisations of exactly this name, two at the most.
///
/// # Errors
/// The engine's own.
pub fn named(conn: &mut DbConnection, name: &str) -> Result<Vec<OrganisationId>, AppError> {
    let bearers = organisations::table.filter(organisations::name.eq(name)).order(organisations::id);
    Ok(bearers.select(organisations::id).limit(2).load(conn)?)
}

/// The organisation to which a service may be referred on this day.
///
/// # Errors
/// A field error on `field` when there is none, it is closed, or gives other services.
pub fn for_service(
    conn: &mut DbConnection,
    services: &Services,
    field: &'static str,
    id: OrganisationId,
    service: ServiceType,
    day: NaiveDate,
) -> Result<Organisation, AppError> {
    let organisation = find(conn, id)?.ok_or_else(|| AppError::field(field, Rule::NoSuchReference))?;
    if organisation.is_open_on(day) && services.is_given_by(service, organisation.kind) {
        return Ok(organisation);
    }
    Err(AppError::field(field, Rule::WrongOrganisation))
}

/// Reads one organisation.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: OrganisationId) -> Result<Organisation, AppError> {
    actor.scope(Action::OrganisationRead)?;
    find(conn, id)?.ok_or(AppError::NotFound)
}

/// Which organisations a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<OrganisationKind>,
    /// Seated in this unit.
    pub admin_unit: Option<String>,
}

/// Reads a page of organisations ordered by id, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    filter: &Filter,
    after: Option<OrganisationId>,
    limit: i64,
) -> Result<Vec<Organisation>, AppError> {
    actor.scope(Action::OrganisationRead)?;
    let mut query =
        organisations::table.select(Organisation::as_select()).order(organisations::id).limit(limit + 1).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(organisations::kind.eq(kind));
    }
    if let Some(unit) = &filter.admin_unit {
        query = query.filter(organisations::admin_unit_code.eq(unit.clone()));
    }
    if let Some(after) = after {
        query = query.filter(organisations::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Registers an organisation.
///
/// # Errors
/// Field errors; [`AppError::Forbidden`] without the right.
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    trail: &TrailKey,
    organisation: &Organisation,
) -> Result<(), AppError> {
    actor.scope(Action::OrganisationWrite)?;
    check(units, organisation)?;
    diesel::insert_into(organisations::table).values(organisation).execute(conn)?;
    let fields = ["kind", "name", "admin_unit_code", "valid_from", "valid_to"];
    let subject = Subject::new(SubjectKind::Organisation, organisation.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Create, &fields, actor.now)
}

fn check(units: &AdminUnits, organisation: &Organisation) -> Result<(), AppError> {
    if units.get(&organisation.admin_unit_code).is_none() {
        return Err(AppError::field("admin_unit_code", Rule::NoSuchReference));
    }
    if organisation.valid_to.is_some_and(|last| last < organisation.valid_from) {
        return Err(AppError::field("valid_to", Rule::NotBefore(DayOf::OrganisationFrom)));
    }
    Ok(())
}

/// Changes name or last day of an organisation.
///
/// # Errors
/// [`AppError::VersionStale`]; field errors; [`AppError::NotFound`].
pub fn update(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    trail: &TrailKey,
    id: OrganisationId,
    expected: i32,
    name: Option<&str>,
    valid_to: Option<Option<NaiveDate>>,
) -> Result<Organisation, AppError> {
    actor.scope(Action::OrganisationWrite)?;
    let mut organisation = find(conn, id)?.ok_or(AppError::NotFound)?;
    if organisation.version != expected {
        return Err(AppError::VersionStale {
            current: organisation.version,
            changed: vec!["name".into(), "valid_to".into()],
        });
    }
    let mut fields = Vec::new();
    if let Some(name) = name {
        name.clone_into(&mut organisation.name);
        fields.push("name");
    }
    if let Some(valid_to) = valid_to {
        organisation.valid_to = valid_to;
        fields.push("valid_to");
    }
    check(units, &organisation)?;
    organisation.version += 1;
    diesel::update(organisations::table.find(id))
        .set((
            organisations::name.eq(&organisation.name),
            organisations::valid_to.eq(organisation.valid_to),
            organisations::version.eq(organisation.version),
        ))
        .execute(conn)?;
    let subject = Subject::new(SubjectKind::Organisation, id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Update, &fields, actor.now)?;
    Ok(organisation)
}

/// The kinds of these organisations.
///
/// # Errors
/// The engine's own.
pub fn kinds(
    conn: &mut DbConnection,
    ids: &[OrganisationId],
) -> Result<Vec<(OrganisationId, OrganisationKind)>, AppError> {
    let found = organisations::table.filter(organisations::id.eq_any(ids));
    Ok(found.select((organisations::id, organisations::kind)).load(conn)?)
}
