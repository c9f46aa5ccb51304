//! Lists of courses with the places taken.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::db::DbConnection;
use crate::db::schema::{admin_units, courses, enrolments};
use crate::db::types::{CourseId, OrganisationId};
use crate::error::{AppError, Rule};
use crate::grants::Action;
use crate::grants::predicates::courses_offered;
use crate::training::model::{Course, CourseLevel};
use crate::training::status::EnrolmentStatus;

/// How many places are taken in each of these courses; none for a course without learners.
///
/// # Errors
/// The engine's own.
pub fn taken(conn: &mut DbConnection, ids: &[CourseId]) -> Result<HashMap<CourseId, i64>, AppError> {
    let rows: Vec<(CourseId, i64)> = enrolments::table
        .filter(enrolments::course_id.eq_any(ids))
        .filter(enrolments::status.eq_any(EnrolmentStatus::TAKES_PLACE))
        .group_by(enrolments::course_id)
        .select((enrolments::course_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Which courses a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this trade.
    pub trade: Option<String>,
    /// Of this level.
    pub level: Option<CourseLevel>,
    /// Held in this unit or one below it.
    pub unit_code: Option<String>,
    /// Of this school.
    pub organisation: Option<OrganisationId>,
    /// That may still be joined on this day; today when none.
    pub open_on: Option<NaiveDate>,
    /// With places left.
    pub has_places: bool,
    /// Those that are over or withdrawn as well.
    pub past: bool,
}

/// Reads a page of courses, those that end first first, one more than `limit`.
///
/// # Errors
/// A field error for an unknown unit; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    filter: &Filter,
    after: Option<(NaiveDate, CourseId)>,
    limit: i64,
) -> Result<Vec<Course>, AppError> {
    let scope = actor.scope(Action::CourseRead)?;
    let mut query =
        courses::table.order((courses::ends_on, courses::id)).select(Course::as_select()).limit(limit + 1).into_boxed();
    if !scope.everywhere {
        query = query.filter(courses_offered(&scope));
    }
    if !filter.past {
        let day = filter.open_on.unwrap_or_else(|| actor.now.civil_date());
        query = query.filter(courses::ends_on.ge(day)).filter(courses::withdrawn_at.is_null());
    }
    if let Some(trade) = &filter.trade {
        query = query.filter(courses::trade.eq(trade.clone()));
    }
    if let Some(level) = filter.level {
        query = query.filter(courses::level.eq(level));
    }
    if let Some(organisation) = filter.organisation {
        query = query.filter(courses::organisation_id.eq(organisation));
    }
    if let Some(code) = narrowing(units, filter)? {
        let below = admin_units::code
            .eq(code.clone())
            .or(admin_units::parent_code.eq(code.clone()))
            .or(admin_units::province_code.eq(code));
        let within = admin_units::table.filter(admin_units::code.eq(courses::unit_code)).filter(below);
        query = query.filter(exists(within));
    }
    if filter.has_places {
        let taken = enrolments::table
            .filter(enrolments::course_id.eq(courses::id))
            .filter(enrolments::status.eq_any(EnrolmentStatus::TAKES_PLACE))
            .select(count_star())
            .single_value();
        query = query.filter(courses::places.nullable().gt(taken));
    }
    if let Some((day, id)) = after {
        query = query.filter(courses::ends_on.gt(day).or(courses::ends_on.eq(day).and(courses::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// The unit that narrows a list; the whole country does not.
fn narrowing(units: &AdminUnits, filter: &Filter) -> Result<Option<String>, AppError> {
    let Some(code) = &filter.unit_code else { return Ok(None) };
    let unit = units.get(code).ok_or_else(|| AppError::field("unit_code", Rule::NoSuchReference))?;
    Ok((unit.level != Level::Country).then(|| code.clone()))
}
