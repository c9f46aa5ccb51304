//! Rows of points of intervention.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::intervention_points;
use crate::db::types::{Instant, InterventionPointId};

/// A point of intervention.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = intervention_points, treat_none_as_default_value = false)]
pub struct InterventionPoint {
    /// Id.
    pub id: InterventionPointId,
    /// Code of its model.
    pub model: String,
    /// Name.
    pub name: String,
    /// Unit it lies in.
    pub unit_code: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// When it was registered.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// A point of intervention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InterventionPointView {
    /// Id.
    pub id: InterventionPointId,
    /// Code of its model, as in the catalogue.
    pub model: String,
    /// Name.
    pub name: String,
    /// Unit it lies in.
    pub unit_code: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; none until further notice.
    pub valid_to: Option<NaiveDate>,
}

impl From<InterventionPoint> for InterventionPointView {
    fn from(row: InterventionPoint) -> Self {
        Self {
            id: row.id,
            model: row.model,
            name: row.name,
            unit_code: row.unit_code,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}
