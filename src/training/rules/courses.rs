//! Courses: offering, changing, withdrawing; [`listing`] finds one with a place left.

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::{courses, enrolments};
use crate::db::types::{CourseId, OrganisationId};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, PlainForm, Rule};
use crate::grants::predicates::courses_offered;
use crate::grants::{Action, Scope};
use crate::organisations;
use crate::services::{ServiceType, Services};
use crate::training::TrainingCatalogue;
use crate::training::model::{Course, CourseLevel};
use crate::training::status::EnrolmentStatus;

mod listing;

pub use listing::{Filter, list, taken};

/// Learners a course may have: so many stand on the sheet of a day.
pub const MOST_PLACES: i64 = 200;

/// What the rules of courses look things up in.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Who gives training.
    pub services: &'a Services,
    /// Where courses are held.
    pub units: &'a AdminUnits,
    /// Trades and levels.
    pub catalogue: &'a TrainingCatalogue,
}

/// What a school says of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseTerms {
    /// Trade.
    pub trade: String,
    /// Level.
    pub level: CourseLevel,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Where it is held.
    pub venue: String,
    /// Commune it is held in.
    pub unit_code: String,
    /// Places.
    pub places: i64,
    /// Fee a learner in đồng.
    pub fee_dong: i64,
}

/// What is to be changed of a course; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct CourseChange {
    /// Trade.
    pub trade: Option<String>,
    /// Level.
    pub level: Option<CourseLevel>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub ends_on: Option<NaiveDate>,
    /// Where it is held.
    pub venue: Option<String>,
    /// Commune it is held in.
    pub unit_code: Option<String>,
    /// Places.
    pub places: Option<i64>,
    /// Fee a learner in đồng.
    pub fee_dong: Option<i64>,
}

/// Offers a course of the actor's school.
///
/// # Errors
/// Field errors; [`AppError::Forbidden`] without the right.
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    trail: &TrailKey,
    id: CourseId,
    asked: Option<OrganisationId>,
    terms: &CourseTerms,
) -> Result<Course, AppError> {
    let organisation = school(&actor.scope(Action::CourseWrite)?, asked)?;
    let (today, service) = (actor.now.civil_date(), ServiceType::VocationalTraining);
    organisations::rules::for_service(conn, books.services, "organisation_id", organisation, service, today)?;
    check(books, terms, today)?;
    let terms = terms.clone();
    let course = Course {
        id,
        organisation_id: organisation,
        trade: terms.trade,
        level: terms.level,
        starts_on: terms.starts_on,
        ends_on: terms.ends_on,
        venue: terms.venue,
        unit_code: terms.unit_code,
        places: terms.places,
        fee_dong: terms.fee_dong,
        withdrawn_at: None,
        created_by: actor.account,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
    };
    diesel::insert_into(courses::table).values(&course).execute(conn)?;
    note(conn, trail, actor, id, TrailAction::Create, &["course"])?;
    Ok(course)
}

/// The school that offers: the one asked for, or the only one there is.
fn school(scope: &Scope, asked: Option<OrganisationId>) -> Result<OrganisationId, AppError> {
    let reached: Vec<OrganisationId> = scope.addressed.iter().collect();
    match (asked, reached.as_slice()) {
        (Some(asked), reached) if reached.contains(&asked) => Ok(asked),
        (None, [only]) => Ok(*only),
        (None, [_, _, ..]) => Err(AppError::field("organisation_id", Rule::Required)),
        _ => Err(AppError::Forbidden),
    }
}

fn check(books: Books<'_>, terms: &CourseTerms, today: NaiveDate) -> Result<(), AppError> {
    let mut broken = Vec::new();
    if !books.catalogue.trades.contains_key(&terms.trade) {
        broken.push(FieldError::new("trade", Rule::Format(PlainForm::Trade.into())));
    }
    if terms.ends_on < terms.starts_on {
        broken.push(FieldError::new("ends_on", Rule::NotBefore(DayOf::CourseFrom)));
    } else if terms.ends_on < today {
        broken.push(FieldError::new("ends_on", Rule::NotBefore(DayOf::Today)));
    } else if (terms.ends_on - terms.starts_on).num_days() >= books.catalogue.most_days(terms.level) {
        broken.push(FieldError::new("ends_on", Rule::MustFit(FitsWith::LengthOfLevel)));
    }
    if !books.units.is_valid_on(&terms.unit_code, terms.starts_on.max(today)) {
        broken.push(FieldError::new("unit_code", Rule::UnitNotValidOn));
    } else if books.units.get(&terms.unit_code).is_some_and(|unit| unit.level != Level::Commune) {
        broken.push(FieldError::new("unit_code", Rule::Format(PlainForm::Commune.into())));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

/// Reads one course and how many places are taken.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: CourseId) -> Result<(Course, i64), AppError> {
    let course = find(conn, actor, id)?;
    let taken = places_taken(conn, id)?;
    Ok((course, taken))
}

fn find(conn: &mut DbConnection, actor: &Actor, id: CourseId) -> Result<Course, AppError> {
    let scope = actor.scope(Action::CourseRead)?;
    let found = courses::table.filter(courses::id.eq(id)).select(Course::as_select());
    if scope.everywhere { Ok(found.first(conn)?) } else { Ok(found.filter(courses_offered(&scope)).first(conn)?) }
}

/// 404 when the course cannot be seen; 403 when it can but is another's to change.
pub(super) fn find_for(
    conn: &mut DbConnection,
    actor: &Actor,
    action: Action,
    id: CourseId,
) -> Result<Course, AppError> {
    let course = find(conn, actor, id)?;
    if actor.scope(action)?.addressed.contains(course.organisation_id) { Ok(course) } else { Err(AppError::Forbidden) }
}

/// The course of an enrolment.
pub(super) fn of_enrolment(conn: &mut DbConnection, id: CourseId) -> Result<Course, AppError> {
    Ok(courses::table.find(id).select(Course::as_select()).first(conn)?)
}

pub(super) fn places_taken(conn: &mut DbConnection, id: CourseId) -> Result<i64, AppError> {
    Ok(enrolments::table
        .filter(enrolments::course_id.eq(id))
        .filter(enrolments::status.eq_any(EnrolmentStatus::TAKES_PLACE))
        .count()
        .get_result(conn)?)
}

/// Changes a course. While learners hold places only venue and places may change, and no place that is held goes.
///
/// # Errors
/// Field errors; [`Conflict::CourseHasLearners`], [`Conflict::CourseClosed`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn update(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    trail: &TrailKey,
    id: CourseId,
    expected: i32,
    change: &CourseChange,
) -> Result<(Course, i64), AppError> {
    let mut course = find_for(conn, actor, Action::CourseWrite, id)?;
    check_version(conn, Subject::new(SubjectKind::Course, course.id.0), course.version, expected)?;
    let today = actor.now.civil_date();
    if !course.is_open_on(today) {
        return Err(AppError::Conflict(Conflict::CourseClosed));
    }
    let (terms, fields) = changed(&course, change);
    check(books, &terms, today)?;
    let taken = places_taken(conn, id)?;
    if terms.places < taken {
        return Err(AppError::field("places", Rule::Range { min: taken, max: MOST_PLACES }));
    }
    let fixed = |field: &&str| !matches!(*field, "venue" | "places");
    if fields.iter().any(fixed) && has_learners(conn, id)? {
        return Err(AppError::Conflict(Conflict::CourseHasLearners));
    }
    course.trade = terms.trade;
    course.level = terms.level;
    course.starts_on = terms.starts_on;
    course.ends_on = terms.ends_on;
    course.venue = terms.venue;
    course.unit_code = terms.unit_code;
    course.places = terms.places;
    course.fee_dong = terms.fee_dong;
    save(conn, actor, &mut course)?;
    note(conn, trail, actor, id, TrailAction::Update, &fields)?;
    Ok((course, taken))
}

/// The terms after a change, and the names of the fields that differ.
fn changed(course: &Course, change: &CourseChange) -> (CourseTerms, Vec<&'static str>) {
    let mut fields = Vec::new();
    let change = change.clone();
    let terms = CourseTerms {
        trade: pick(&course.trade, change.trade, "trade", &mut fields),
        level: pick(&course.level, change.level, "level", &mut fields),
        starts_on: pick(&course.starts_on, change.starts_on, "starts_on", &mut fields),
        ends_on: pick(&course.ends_on, change.ends_on, "ends_on", &mut fields),
        venue: pick(&course.venue, change.venue, "venue", &mut fields),
        unit_code: pick(&course.unit_code, change.unit_code, "unit_code", &mut fields),
        places: pick(&course.places, change.places, "places", &mut fields),
        fee_dong: pick(&course.fee_dong, change.fee_dong, "fee_dong", &mut fields),
    };
    (terms, fields)
}

fn pick<T: Clone + PartialEq>(now: &T, wish: Option<T>, name: &'static str, fields: &mut Vec<&'static str>) -> T {
    match wish {
        Some(wish) if wish != *now => {
            fields.push(name);
            wish
        }
        _ => now.clone(),
    }
}

/// Whether anybody was enrolled whose place was not given back.
fn has_learners(conn: &mut DbConnection, id: CourseId) -> Result<bool, AppError> {
    let held = enrolments::table
        .filter(enrolments::course_id.eq(id))
        .filter(enrolments::status.ne(EnrolmentStatus::Cancelled));
    Ok(diesel::select(exists(held)).get_result(conn)?)
}

/// Withdraws a course in which nobody holds a place.
///
/// # Errors
/// [`Conflict::CourseHasLearners`], [`Conflict::CourseClosed`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn withdraw(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: CourseId,
    expected: i32,
) -> Result<Course, AppError> {
    let mut course = find_for(conn, actor, Action::CourseWrite, id)?;
    check_version(conn, Subject::new(SubjectKind::Course, course.id.0), course.version, expected)?;
    if course.withdrawn_at.is_some() {
        return Err(AppError::Conflict(Conflict::CourseClosed));
    }
    if has_learners(conn, id)? {
        return Err(AppError::Conflict(Conflict::CourseHasLearners));
    }
    course.withdrawn_at = Some(actor.now);
    save(conn, actor, &mut course)?;
    note(conn, trail, actor, id, TrailAction::Transition, &["withdrawn_at"])?;
    Ok(course)
}

fn save(conn: &mut DbConnection, actor: &Actor, course: &mut Course) -> Result<(), AppError> {
    let read = course.version;
    course.version += 1;
    course.updated_at = actor.now;
    let row = courses::table.filter(courses::id.eq(course.id)).filter(courses::version.eq(read));
    let saved = diesel::update(row)
        .set((
            courses::trade.eq(&course.trade),
            courses::level.eq(course.level),
            courses::starts_on.eq(course.starts_on),
            courses::ends_on.eq(course.ends_on),
            courses::venue.eq(&course.venue),
            courses::unit_code.eq(&course.unit_code),
            courses::places.eq(course.places),
            courses::fee_dong.eq(course.fee_dong),
            courses::withdrawn_at.eq(course.withdrawn_at),
            courses::updated_at.eq(course.updated_at),
            courses::version.eq(course.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

pub(super) fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    id: CourseId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Course, id.0), Some(actor.account), action, fields, actor.now)
}
