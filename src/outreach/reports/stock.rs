//! The stock of commodities of a group: what came in, what went out, what is left.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::sum;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::month::Month;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::bulk::bulk_rows;
use crate::db::schema::{outreach_sessions, outreach_stock_moves, outreach_supplies};
use crate::db::types::{AccountId, Instant, OrganisationId, OutreachRecordId, text_enum};
use crate::error::AppError;
use crate::grants::Action;
use crate::outreach::groups::rules::find_for;

text_enum! {
    /// How stock moved, but for what was handed out in sessions.
    StockMoveKind {
        /// Nhận về.
        Received = "received",
        /// Trả lại.
        Returned = "returned",
        /// Hỏng, mất, hết hạn.
        Lost = "lost",
        /// Thừa khi kiểm kê.
        Found = "found",
    }
}

/// What is told of a move of stock.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockMoveFields {
    /// Code of the commodity.
    #[validate(length(max = 40))]
    pub commodity: String,
    /// How it moved.
    pub kind: StockMoveKind,
    /// Pieces, 1 to 1,000,000.
    #[validate(range(min = 1, max = 1_000_000))]
    pub quantity: i32,
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    pub moved_on: NaiveDate,
}

/// A move of stock as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_stock_moves, treat_none_as_default_value = false)]
pub struct StockMove {
    /// Id.
    pub id: OutreachRecordId,
    /// Group.
    pub group_id: OrganisationId,
    /// Commodity.
    pub commodity: String,
    /// How it moved.
    pub kind: StockMoveKind,
    /// Pieces.
    pub quantity: i32,
    /// Day, as told.
    pub moved_on: NaiveDate,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it arrived.
    pub created_at: Instant,
}

bulk_rows! { StockMove => outreach_stock_moves }

/// One commodity in one month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StockLine {
    /// Code of the commodity.
    pub commodity: String,
    /// Pieces at the beginning of the month; below nought when more was handed out than was ever recorded as received.
    pub opening: i64,
    /// Received.
    pub received: i64,
    /// Found when counting.
    pub found: i64,
    /// Handed out in sessions.
    pub handed_out: i64,
    /// Given back.
    pub returned: i64,
    /// Broken, lost or out of date.
    pub lost: i64,
    /// Pieces at the end of the month.
    pub closing: i64,
}

/// Reads the stock of a group in one month, a line a commodity that ever moved.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    group: OrganisationId,
    month: Month,
) -> Result<Vec<StockLine>, AppError> {
    find_for(conn, actor, Action::OutreachTotalsRead, group)?;
    let mut lines: BTreeMap<String, StockLine> = BTreeMap::new();
    for (commodity, kind, pieces) in moves(conn, group, (EARLIEST, before(month)))? {
        lines.entry(commodity).or_default().opening += signed(kind, pieces);
    }
    for (commodity, pieces) in handed_out(conn, group, (EARLIEST, before(month)))? {
        lines.entry(commodity).or_default().opening -= pieces;
    }
    for (commodity, kind, pieces) in moves(conn, group, (month.first, month.last))? {
        let line = lines.entry(commodity).or_default();
        match kind {
            StockMoveKind::Received => line.received += pieces,
            StockMoveKind::Returned => line.returned += pieces,
            StockMoveKind::Lost => line.lost += pieces,
            StockMoveKind::Found => line.found += pieces,
        }
    }
    for (commodity, pieces) in handed_out(conn, group, (month.first, month.last))? {
        lines.entry(commodity).or_default().handed_out += pieces;
    }
    let line = |(commodity, line): (String, StockLine)| StockLine {
        closing: line.opening + line.received + line.found - line.handed_out - line.returned - line.lost,
        commodity,
        ..line
    };
    Ok(lines.into_iter().map(line).collect())
}

fn before(month: Month) -> NaiveDate {
    month.first.pred_opt().unwrap_or(month.first)
}

fn signed(kind: StockMoveKind, pieces: i64) -> i64 {
    match kind {
        StockMoveKind::Received | StockMoveKind::Found => pieces,
        StockMoveKind::Returned | StockMoveKind::Lost => -pieces,
    }
}

type Days = (NaiveDate, NaiveDate);

fn moves(
    conn: &mut DbConnection,
    group: OrganisationId,
    (from, to): Days,
) -> Result<Vec<(String, StockMoveKind, i64)>, AppError> {
    let sums: Vec<(String, StockMoveKind, Option<i64>)> = outreach_stock_moves::table
        .filter(outreach_stock_moves::group_id.eq(group))
        .filter(outreach_stock_moves::moved_on.between(from, to))
        .group_by((outreach_stock_moves::commodity, outreach_stock_moves::kind))
        .select((outreach_stock_moves::commodity, outreach_stock_moves::kind, sum(outreach_stock_moves::quantity)))
        .load(conn)?;
    Ok(sums.into_iter().map(|(commodity, kind, pieces)| (commodity, kind, pieces.unwrap_or(0))).collect())
}

fn handed_out(
    conn: &mut DbConnection,
    group: OrganisationId,
    (from, to): Days,
) -> Result<Vec<(String, i64)>, AppError> {
    let sums: Vec<(String, Option<i64>)> = outreach_supplies::table
        .inner_join(outreach_sessions::table.on(outreach_sessions::id.eq(outreach_supplies::session_id)))
        .filter(outreach_sessions::group_id.eq(group))
        .filter(outreach_sessions::held_on.between(from, to))
        .filter(outreach_sessions::removed_at.is_null())
        .group_by(outreach_supplies::commodity)
        .select((outreach_supplies::commodity, sum(outreach_supplies::quantity)))
        .load(conn)?;
    Ok(sums.into_iter().map(|(commodity, pieces)| (commodity, pieces.unwrap_or(0))).collect())
}

/// No record holds an earlier day.
const EARLIEST: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
