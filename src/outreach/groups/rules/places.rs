//! Where a group works, from when to when, and at which point of intervention.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::audit::TrailKey;
use crate::db::DbConnection;
use crate::db::schema::group_places;
use crate::db::types::{InterventionPointId, OrganisationId};
use crate::error::{AppError, DayOf, FieldError, FitsWith, Rule};
use crate::outreach::groups::model::{GroupPlace, PeerGroupView};
use crate::outreach::points::rules as points;
use crate::outreach::within;

/// The places of these groups, the earliest first.
pub(super) fn of(
    conn: &mut DbConnection,
    groups: &[OrganisationId],
) -> Result<HashMap<OrganisationId, Vec<GroupPlace>>, AppError> {
    let rows: Vec<GroupPlace> = group_places::table
        .filter(group_places::group_id.eq_any(groups))
        .order((group_places::group_id, group_places::valid_from, group_places::unit_code))
        .select(GroupPlace::as_select())
        .load(conn)?;
    let mut of_group: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        of_group.entry(row.group_id).or_default().push(row);
    }
    Ok(of_group)
}

/// Whether a group is at this point after that day.
pub(in crate::outreach) fn is_longer_at(
    conn: &mut DbConnection,
    point: InterventionPointId,
    day: NaiveDate,
) -> Result<bool, AppError> {
    let longer = group_places::table
        .filter(group_places::point_id.eq(point))
        .filter(group_places::valid_to.is_null().or(group_places::valid_to.gt(day)));
    Ok(diesel::select(exists(longer)).get_result(conn)?)
}

/// Replaces the places of a group.
///
/// # Errors
/// Field errors; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn replace(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    trail: &TrailKey,
    (id, expected): (OrganisationId, i32),
    places: &[GroupPlace],
) -> Result<(PeerGroupView, i32), AppError> {
    let group = super::begin(conn, actor, id, expected)?;
    let mut broken = Vec::new();
    for (position, place) in places.iter().enumerate() {
        if let Some((field, rule)) = fault(conn, units, place)? {
            broken.push(FieldError::new(format!("places[{position}].{field}"), rule));
        }
    }
    let repeated = places.iter().enumerate().find(|(position, place)| {
        places.iter().take(*position).any(|earlier| earlier.unit_code == place.unit_code && meet(earlier, place))
    });
    if let Some((position, _)) = repeated {
        broken.push(FieldError::new(format!("places[{position}].valid_from"), Rule::MustFit(FitsWith::OncePerUnit)));
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    diesel::delete(group_places::table.filter(group_places::group_id.eq(id))).execute(conn)?;
    for place in places {
        diesel::insert_into(group_places::table).values(place).execute(conn)?;
    }
    super::finish(conn, actor, trail, group, &["places"])
}

/// What is wrong with a place taken by itself.
fn fault(
    conn: &mut DbConnection,
    units: &AdminUnits,
    place: &GroupPlace,
) -> Result<Option<(&'static str, Rule)>, AppError> {
    if place.valid_to.is_some_and(|last| last < place.valid_from) {
        return Ok(Some(("valid_to", Rule::NotBefore(DayOf::PlaceFrom))));
    }
    if !units.is_valid_on(&place.unit_code, place.valid_from) {
        return Ok(Some(("unit_code", Rule::UnitNotValidOn)));
    }
    let Some(id) = place.point_id else { return Ok(None) };
    let Some(point) = points::find(conn, id)? else {
        return Ok(Some(("intervention_point_id", Rule::NoSuchReference)));
    };
    let days = (place.valid_from, place.valid_to);
    let fits = within(days, (point.valid_from, point.valid_to)) && same_area(units, &place.unit_code, &point.unit_code);
    Ok((!fits).then_some(("intervention_point_id", Rule::MustFit(FitsWith::PlaceOfPoint))))
}

/// Whether one of the units lies in the other. A point and a group may be told of different times, before and after
/// units were merged, so what became of them counts as well.
fn same_area(units: &AdminUnits, one: &str, other: &str) -> bool {
    let now = |code: &str| {
        units.successors(code).iter().map(|next| next.successor.clone()).chain([code.to_owned()]).collect()
    };
    let (ones, others): (Vec<String>, Vec<String>) = (now(one), now(other));
    ones.iter().any(|one| others.iter().any(|other| units.is_within(one, other) || units.is_within(other, one)))
}

fn meet(one: &GroupPlace, other: &GroupPlace) -> bool {
    one.valid_to.is_none_or(|last| other.valid_from <= last) && other.valid_to.is_none_or(|last| one.valid_from <= last)
}
