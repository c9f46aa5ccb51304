//! Peer groups, and the points of intervention they work at.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    intervention_points (id) {
        id -> Id,
        model -> Text,
        name -> Text,
        unit_code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    peer_groups (id) {
        id -> Id,
        supported_by_id -> Id,
        kind -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    group_places (group_id, unit_code, valid_from) {
        group_id -> Id,
        unit_code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        point_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    member_counts (group_id, counted_on) {
        group_id -> Id,
        counted_on -> Date,
        leaders -> Integer,
        board -> Integer,
        educators -> Integer,
        members -> Integer,
        recorded_by -> Id,
        recorded_at -> Timestamp,
    }
}
