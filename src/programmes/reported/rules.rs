//! Entering what other bodies reported, and reading it.

mod checking;

use chrono::NaiveDate;
use diesel::prelude::*;

pub use checking::{MOST_VALUE, NewValue, check};

use super::model::ReportedValue;
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::DbConnection;
use crate::db::schema::reported_values;
use crate::db::types::ReportedValueId;
use crate::error::{AppError, FitsWith, Rule};
use crate::grants::predicates::reported_within;
use crate::grants::{Action, Places, province_of};
use crate::programmes::Plans;
use crate::programmes::closing::locks::{Closed, Span};
use crate::programmes::elements::Source;
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::plans::Plan;
use crate::programmes::registers::RegisterCatalogue;

/// What the rules look things up in.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Words of classes.
    pub catalogue: &'a RegisterCatalogue,
    /// Plans, which declare elements.
    pub plans: &'a Plans,
    /// Day of the month on which state reports close.
    pub closing_day: u32,
    /// Key of the trail.
    pub trail: &'a TrailKey,
}

impl<'a> Books<'a> {
    /// Those of a running server, with its plans of now.
    pub fn of(app: &'a App, plans: &'a Plans) -> Self {
        Self { units: &app.units, catalogue: &app.registers, plans, closing_day: app.closing_day, trail: &app.trail }
    }

    /// Where the actor may do this.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the right.
    pub fn places(&self, actor: &Actor, action: Action) -> Result<Places, AppError> {
        Ok(Places::of(&actor.scope(action)?, self.units, actor.now.civil_date()))
    }
}

/// Enters the next revision of a value.
///
/// # Errors
/// Field errors; [`AppError::VersionStale`] when another revision stands than the one expected;
/// [`AppError::Forbidden`] without the right.
pub fn enter(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    id: ReportedValueId,
    new: &NewValue,
) -> Result<ReportedValue, AppError> {
    let places = books.places(actor, Action::ReportedValueWrite)?;
    let today = actor.now.civil_date();
    match check(books, new, today) {
        broken if broken.is_empty() => {}
        broken => return Err(AppError::Invalid(broken)),
    }
    let province_code = province_of(books.units, &new.unit_code, today);
    if !places.holds(&new.unit_code, &province_code) {
        return Err(AppError::field("unit_code", Rule::MustFit(FitsWith::PlacesOfOfficer)));
    }
    let mut closed = Closed::read_for(conn, books.units, today, [&new.unit_code])?;
    let period = (new.period, new.calendar, books.closing_day);
    if let Some(period) = moves_closed(&mut closed, books.plans, (&new.element, &new.unit_code), period) {
        return Err(AppError::closed(period));
    }
    let standing = current(conn, new)?;
    let read = standing.as_ref().map_or(0, |row| row.revision);
    if new.expected_revision.is_some_and(|expected| expected != read) {
        let fields = ["value", "source_agency", "source_document", "source_on"].map(str::to_owned);
        return Err(AppError::VersionStale { current: read, changed: fields.to_vec() });
    }
    check_revision(new, standing.as_ref())?;
    let row = row_of(new, (id, read + 1), province_code, actor);
    supersede(conn, &row)?;
    diesel::insert_into(reported_values::table).values(&row).execute(conn)?;
    note(conn, actor, books, &row, standing.as_ref())?;
    Ok(row)
}

/// A closed period whose figures a value moves: one that holds all of its days, or compares with them. How many units
/// there were at any time of a year is what every part of the year is a share of. Values count in plans of their calendar
/// alone.
pub(in crate::programmes) fn moves_closed(
    closed: &mut Closed<'_>,
    plans: &Plans,
    (element, unit): (&str, &str),
    (period, calendar, closing_day): (ReportPeriod, Calendar, u32),
) -> Option<Span> {
    closed.look_at(calendar);
    let (from, to) = period.days(calendar, closing_day);
    if element.starts_with("units_") {
        let (first, last) = ReportPeriod::of_year(period.year).days(calendar, closing_day);
        return closed.touch(unit, (first.min(from), last.max(to)));
    }
    let compared = plans.closed_by_comparison(
        closed,
        unit,
        (|plan: &Plan| plan.calendar == calendar, |source: &Source| source.element == element),
        (from, to),
    );
    compared.or_else(|| closed.cover(unit, (from, to)))
}

/// A revision says why it was made, and what is taken back was there.
fn check_revision(new: &NewValue, standing: Option<&ReportedValue>) -> Result<(), AppError> {
    if new.value.is_none() && standing.is_none_or(|row| row.value.is_none()) {
        return Err(AppError::field("value", Rule::Required));
    }
    if standing.is_some() && new.reason.is_empty() {
        return Err(AppError::field("reason", Rule::Required));
    }
    Ok(())
}

/// The row of a new revision.
pub(in crate::programmes) fn row_of(
    new: &NewValue,
    (id, revision): (ReportedValueId, i32),
    province_code: String,
    actor: &Actor,
) -> ReportedValue {
    ReportedValue {
        id,
        element: new.element.clone(),
        class: new.class.clone(),
        unit_code: new.unit_code.clone(),
        province_code,
        calendar: new.calendar,
        period: new.period.to_string(),
        revision,
        is_current: true,
        value: new.value,
        source_agency: new.source_agency.clone(),
        source_document: new.source_document.clone(),
        source_on: new.source_on,
        reason: new.reason.clone(),
        import_id: None,
        entered_by: actor.account,
        entered_at: actor.now,
    }
}

/// The revision that stands.
fn current(conn: &mut DbConnection, new: &NewValue) -> Result<Option<ReportedValue>, AppError> {
    let found = reported_values::table
        .filter(reported_values::element.eq(&new.element))
        .filter(reported_values::unit_code.eq(&new.unit_code))
        .filter(reported_values::calendar.eq(new.calendar))
        .filter(reported_values::period.eq(new.period.to_string()))
        .filter(reported_values::class.eq(&new.class))
        .order(reported_values::revision.desc());
    Ok(found.select(ReportedValue::as_select()).first(conn).optional()?)
}

/// The revision before this one is history from now on.
fn supersede(conn: &mut DbConnection, row: &ReportedValue) -> Result<(), AppError> {
    let before = reported_values::table
        .filter(reported_values::element.eq(&row.element))
        .filter(reported_values::unit_code.eq(&row.unit_code))
        .filter(reported_values::calendar.eq(row.calendar))
        .filter(reported_values::period.eq(&row.period))
        .filter(reported_values::class.eq(&row.class))
        .filter(reported_values::is_current.eq(true));
    diesel::update(before).set(reported_values::is_current.eq(false)).execute(conn)?;
    Ok(())
}

fn note(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    row: &ReportedValue,
    standing: Option<&ReportedValue>,
) -> Result<(), AppError> {
    let (action, subject) = match standing {
        None => (TrailAction::Create, row.id),
        Some(_) => (TrailAction::Update, first_of(conn, row)?),
    };
    let mut fields = vec!["value", "source_agency", "source_document", "source_on"];
    if !row.reason.is_empty() {
        fields.push("reason");
    }
    let subject = Subject::new(SubjectKind::ReportedValue, subject.0);
    record(conn, books.trail, subject, Some(actor.account), action, &fields, actor.now)
}

/// The first revision, by whose id the trail knows the value.
fn first_of(conn: &mut DbConnection, row: &ReportedValue) -> Result<ReportedValueId, AppError> {
    let first = reported_values::table
        .filter(reported_values::element.eq(&row.element))
        .filter(reported_values::unit_code.eq(&row.unit_code))
        .filter(reported_values::calendar.eq(row.calendar))
        .filter(reported_values::period.eq(&row.period))
        .filter(reported_values::class.eq(&row.class))
        .filter(reported_values::revision.eq(1));
    Ok(first.select(reported_values::id).first(conn)?)
}

/// Reads one revision.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn find(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    id: ReportedValueId,
) -> Result<ReportedValue, AppError> {
    let places = books.places(actor, Action::ReportedValueRead)?;
    let found = reported_values::table.filter(reported_values::id.eq(id)).filter(reported_within(&places));
    Ok(found.select(ReportedValue::as_select()).first(conn)?)
}

/// The revisions of a value, the newest first, one more than `limit`.
///
/// # Errors
/// As [`find`].
pub fn history(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    id: ReportedValueId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ReportedValue>, AppError> {
    let row = find(conn, actor, books, id)?;
    let mut revisions = reported_values::table
        .filter(reported_values::element.eq(row.element))
        .filter(reported_values::unit_code.eq(row.unit_code))
        .filter(reported_values::calendar.eq(row.calendar))
        .filter(reported_values::period.eq(row.period))
        .filter(reported_values::class.eq(row.class))
        .order(reported_values::revision.desc())
        .select(ReportedValue::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some(before) = before {
        revisions = revisions.filter(reported_values::revision.lt(i32::try_from(before).unwrap_or(0)));
    }
    Ok(revisions.load(conn)?)
}

/// Which values are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this element.
    pub element: Option<String>,
    /// Of this unit and of what lies in it.
    pub unit: Option<String>,
    /// Of this period.
    pub period: Option<ReportPeriod>,
    /// Only the newest revisions.
    pub current: bool,
}

/// Reads a page of values by element and id, one more than `limit`.
///
/// # Errors
/// Field errors; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    filter: &Filter,
    after: Option<(String, ReportedValueId)>,
    limit: i64,
) -> Result<Vec<ReportedValue>, AppError> {
    let places = books.places(actor, Action::ReportedValueRead)?;
    let places = asked(&places, books, actor.now.civil_date(), filter)?;
    let mut rows: Vec<ReportedValue> = Vec::new();
    for place in places.each() {
        rows.extend(page(conn, filter, &place, after.clone(), limit)?);
    }
    rows.sort_by(|a, b| (&a.element, a.id).cmp(&(&b.element, b.id)));
    rows.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Of these places those that are asked for.
fn asked(places: &Places, books: Books<'_>, today: NaiveDate, filter: &Filter) -> Result<Places, AppError> {
    match &filter.unit {
        None => Ok(places.clone()),
        Some(unit) if books.units.get(unit).is_none() => Err(AppError::field("unit", Rule::NoSuchReference)),
        Some(unit) => Ok(places.within(&Places::of_unit(unit, books.units, today), books.units, today)),
    }
}

/// A page of one place.
fn page(
    conn: &mut DbConnection,
    filter: &Filter,
    place: &Places,
    after: Option<(String, ReportedValueId)>,
    limit: i64,
) -> Result<Vec<ReportedValue>, AppError> {
    let mut query = reported_values::table
        .filter(reported_within(place))
        .order((reported_values::element, reported_values::id))
        .select(ReportedValue::as_select())
        .limit(limit + 1)
        .into_boxed();
    if filter.current {
        query = query.filter(reported_values::is_current.eq(true));
    }
    if let Some(element) = &filter.element {
        query = query.filter(reported_values::element.eq(element.clone()));
    }
    if let Some(period) = &filter.period {
        query = query.filter(reported_values::period.eq(period.to_string()));
    }
    if let Some((element, id)) = after {
        // The first condition is the one an index is entered by.
        let behind = reported_values::element.gt(element.clone()).or(reported_values::id.gt(id));
        query = query.filter(reported_values::element.ge(element)).filter(behind);
    }
    Ok(query.load(conn)?)
}
