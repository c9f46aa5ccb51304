//! Registering and changing points of intervention.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::InterventionPoint;
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::intervention_points;
use crate::db::types::InterventionPointId;
use crate::error::{AppError, DayOf, FieldError, FitsWith, PlainForm, Rule};
use crate::grants::Action;
use crate::grants::predicates::points_within;
use crate::outreach::groups::rules::places;
use crate::outreach::{OutreachCatalogue, within};

/// What the rules look things up in.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Where points lie.
    pub units: &'a AdminUnits,
    /// Models.
    pub catalogue: &'a OutreachCatalogue,
}

/// Which points a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this model.
    pub model: Option<String>,
    /// In this unit.
    pub unit_code: Option<String>,
}

/// Reads a page of points ordered by id, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    filter: &Filter,
    after: Option<InterventionPointId>,
    limit: i64,
) -> Result<Vec<InterventionPoint>, AppError> {
    let scope = actor.scope(Action::InterventionPointRead)?;
    let mut query = intervention_points::table
        .select(InterventionPoint::as_select())
        .order(intervention_points::id)
        .limit(limit + 1)
        .into_boxed();
    if !scope.everywhere {
        query = query.filter(points_within(&scope));
    }
    if let Some(model) = &filter.model {
        query = query.filter(intervention_points::model.eq(model.clone()));
    }
    if let Some(unit) = &filter.unit_code {
        query = query.filter(intervention_points::unit_code.eq(unit.clone()));
    }
    if let Some(after) = after {
        query = query.filter(intervention_points::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Reads one point.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: InterventionPointId) -> Result<InterventionPoint, AppError> {
    let scope = actor.scope(Action::InterventionPointRead)?;
    let found = intervention_points::table.filter(intervention_points::id.eq(id));
    let found = found.select(InterventionPoint::as_select());
    Ok(if scope.everywhere { found.first(conn)? } else { found.filter(points_within(&scope)).first(conn)? })
}

/// The point of this id, for the rules of groups.
pub(in crate::outreach) fn find(
    conn: &mut DbConnection,
    id: InterventionPointId,
) -> Result<Option<InterventionPoint>, AppError> {
    Ok(intervention_points::table.find(id).select(InterventionPoint::as_select()).first(conn).optional()?)
}

/// Registers a point.
///
/// # Errors
/// Field errors; [`AppError::Forbidden`] without the right.
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    trail: &TrailKey,
    point: &InterventionPoint,
) -> Result<(), AppError> {
    actor.scope(Action::InterventionPointWrite)?;
    check(books, point)?;
    diesel::insert_into(intervention_points::table).values(point).execute(conn)?;
    note(conn, trail, actor, point.id, TrailAction::Create, &["model", "name", "unit_code", "valid_from", "valid_to"])
}

fn check(books: Books<'_>, point: &InterventionPoint) -> Result<(), AppError> {
    let mut broken = Vec::new();
    match books.catalogue.model(&point.model) {
        None => broken.push(FieldError::new("model", Rule::Format(PlainForm::InterventionModel.into()))),
        Some(model) if !within((point.valid_from, point.valid_to), (model.from, model.to)) => {
            broken.push(FieldError::new("valid_from", Rule::MustFit(FitsWith::DaysOfModel)));
        }
        Some(_) => {}
    }
    if point.valid_to.is_some_and(|last| last < point.valid_from) {
        broken.push(FieldError::new("valid_to", Rule::NotBefore(DayOf::PointFrom)));
    }
    if !books.units.is_valid_on(&point.unit_code, point.valid_from) {
        broken.push(FieldError::new("unit_code", Rule::UnitNotValidOn));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

/// Changes name or last day of a point. Groups at the point may not be there longer than it is.
///
/// # Errors
/// Field errors; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn update(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    trail: &TrailKey,
    (id, expected): (InterventionPointId, i32),
    name: Option<&str>,
    valid_to: Option<Option<NaiveDate>>,
) -> Result<InterventionPoint, AppError> {
    actor.scope(Action::InterventionPointWrite)?;
    let mut point = find(conn, id)?.ok_or(AppError::NotFound)?;
    check_version(conn, Subject::new(SubjectKind::InterventionPoint, id.0), point.version, expected)?;
    let mut fields = Vec::new();
    if let Some(name) = name.filter(|name| *name != point.name) {
        name.clone_into(&mut point.name);
        fields.push("name");
    }
    if let Some(valid_to) = valid_to.filter(|valid_to| *valid_to != point.valid_to) {
        point.valid_to = valid_to;
        fields.push("valid_to");
    }
    check(books, &point)?;
    if let Some(last) = point.valid_to.filter(|_| fields.contains(&"valid_to"))
        && places::is_longer_at(conn, id, last)?
    {
        return Err(AppError::field("valid_to", Rule::NotBefore(DayOf::GroupLeavesPoint)));
    }
    let read = point.version;
    point.version += 1;
    point.updated_at = actor.now;
    let row =
        intervention_points::table.filter(intervention_points::id.eq(id)).filter(intervention_points::version.eq(read));
    let saved = diesel::update(row)
        .set((
            intervention_points::name.eq(&point.name),
            intervention_points::valid_to.eq(point.valid_to),
            intervention_points::updated_at.eq(point.updated_at),
            intervention_points::version.eq(point.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)?;
    note(conn, trail, actor, id, TrailAction::Update, &fields)?;
    Ok(point)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    id: InterventionPointId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::InterventionPoint, id.0);
    record(conn, trail, subject, Some(actor.account), action, fields, actor.now)
}
