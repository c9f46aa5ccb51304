//! How many a group is, by role and day. Nobody is named.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::audit::TrailKey;
use crate::db::DbConnection;
use crate::db::schema::member_counts;
use crate::db::types::OrganisationId;
use crate::error::{AppError, DayOf, Rule};
use crate::grants::Action;
use crate::organisations;
use crate::outreach::groups::model::{MemberCount, PeerGroupView};

/// The newest count of each of these groups that was ever counted.
pub(super) fn newest(
    conn: &mut DbConnection,
    groups: &[OrganisationId],
) -> Result<HashMap<OrganisationId, MemberCount>, AppError> {
    let later = diesel::alias!(member_counts as later);
    let last_day = later
        .filter(later.field(member_counts::group_id).eq(member_counts::group_id))
        .select(diesel::dsl::max(later.field(member_counts::counted_on)))
        .single_value();
    let rows: Vec<MemberCount> = member_counts::table
        .filter(member_counts::group_id.eq_any(groups))
        .filter(member_counts::counted_on.nullable().eq(last_day))
        .select(MemberCount::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.group_id, row)).collect())
}

/// Reads a page of the counts of a group, the newest first, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    id: OrganisationId,
    before: Option<NaiveDate>,
    limit: i64,
) -> Result<Vec<MemberCount>, AppError> {
    super::find_for(conn, actor, Action::PeerGroupRead, id)?;
    let mut query = member_counts::table
        .filter(member_counts::group_id.eq(id))
        .order(member_counts::counted_on.desc())
        .limit(limit + 1)
        .select(MemberCount::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(member_counts::counted_on.lt(before));
    }
    Ok(query.load(conn)?)
}

/// Records how many a group is on a day, or corrects what was recorded of that day.
///
/// # Errors
/// Field errors; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn record(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    expected: i32,
    count: &MemberCount,
) -> Result<(PeerGroupView, i32), AppError> {
    let group = super::begin(conn, actor, count.group_id, expected)?;
    if count.counted_on > actor.now.civil_date() {
        return Err(AppError::field("day", Rule::NotInFuture));
    }
    let organisation = organisations::rules::find(conn, count.group_id)?;
    if organisation.is_some_and(|organisation| count.counted_on < organisation.valid_from) {
        return Err(AppError::field("day", Rule::NotBefore(DayOf::OrganisationFrom)));
    }
    let day = member_counts::table.find((count.group_id, count.counted_on));
    diesel::delete(day).execute(conn)?;
    diesel::insert_into(member_counts::table).values(count).execute(conn)?;
    super::finish(conn, actor, trail, group, &["members"])
}
