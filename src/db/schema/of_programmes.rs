//! Statistical releases.

diesel::table! {
    use diesel::sql_types::*;

    statistical_releases (measure, scope_unit_code, year) {
        measure -> Text,
        scope_unit_code -> Text,
        year -> Integer,
        number -> BigInt,
        plan_code -> Text,
        indicator_code -> Text,
        released_at -> Timestamp,
        content -> Text,
        chain_mac -> Binary,
    }
}
