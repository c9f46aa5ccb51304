//! Rows of declared shares.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::{unit_share_heads, unit_shares};
use crate::db::types::{AccountId, Instant, UnitSharesId, text_enum};

text_enum! {
    /// What declared shares rest on.
    ShareBasis {
        /// How many people live in each part.
        Population = "population",
        /// How many households.
        Households = "households",
        /// How large each part is.
        Area = "area",
        /// What the authorities of the new units agreed on.
        Agreement = "agreement",
    }
}

/// What was declared about a split unit.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit_share_heads, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct UnitShareHead {
    /// Id; the trail knows it by this.
    pub id: UnitSharesId,
    /// The split unit.
    pub unit_code: String,
    /// What the shares rest on; none once they are taken back.
    pub basis: Option<ShareBasis>,
    /// Who declared them, or took them back.
    pub declared_by: AccountId,
    /// When.
    pub declared_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// The share of one new unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = unit_shares)]
pub struct UnitShare {
    /// The split unit.
    pub unit_code: String,
    /// One of the units it went into.
    pub successor_code: String,
    /// The share that lies there.
    pub thousandths: i32,
}

/// Declared shares of a split unit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnitSharesView {
    /// Id, by which the trail knows what was declared; none before anything was.
    pub id: Option<UnitSharesId>,
    /// The split unit.
    pub unit_code: String,
    /// What the shares rest on; none where none are declared.
    pub basis: Option<ShareBasis>,
    /// When they were declared.
    pub declared_at: Option<Instant>,
    /// The shares, by code; none where none are declared.
    pub shares: Vec<UnitShareView>,
}

/// The share of one new unit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnitShareView {
    /// One of the units it went into.
    pub successor_code: String,
    /// Thousandths of what is counted in the split unit; all shares of a unit add up to 1000.
    pub thousandths: i32,
}

impl From<UnitShare> for UnitShareView {
    fn from(row: UnitShare) -> Self {
        Self { successor_code: row.successor_code, thousandths: row.thousandths }
    }
}
