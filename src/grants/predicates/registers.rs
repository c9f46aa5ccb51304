//! What is recorded in the places of an officer.

use diesel::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::MultiBackend;
use crate::db::schema::{register_entries, register_imports, reported_values};
use crate::grants::places::Places;

/// A condition on rows of a table.
pub type Within<T> = Box<dyn BoxableExpression<T, MultiBackend, SqlType = Bool>>;

macro_rules! within {
    ($table:ident, $places:expr) => {{
        let one = |codes: &std::collections::BTreeSet<String>| match codes.len() {
            1 => codes.first().cloned(),
            _ => None,
        };
        let places: &Places = $places;
        let (provinces, units) = (&places.provinces, &places.units);
        let condition: Within<$table::table> = if places.everywhere {
            Box::new($table::unit_code.is_not_null())
        } else if let (Some(province), true) = (one(provinces), units.is_empty()) {
            Box::new($table::province_code.eq(province))
        } else if let (true, Some(unit)) = (provinces.is_empty(), one(units)) {
            Box::new($table::unit_code.eq(unit))
        } else {
            let provinces: Vec<String> = provinces.iter().cloned().collect();
            let units: Vec<String> = units.iter().cloned().collect();
            Box::new($table::province_code.eq_any(provinces).or($table::unit_code.eq_any(units)))
        };
        condition
    }};
}

/// Entries of registers in these places.
pub fn entries_within(places: &Places) -> Within<register_entries::table> {
    within!(register_entries, places)
}

/// Values reported of these places.
pub fn reported_within(places: &Places) -> Within<reported_values::table> {
    within!(reported_values, places)
}

/// Imports run by officers of these places.
pub fn register_imports_within(places: &Places) -> Within<register_imports::table> {
    within!(register_imports, places)
}
