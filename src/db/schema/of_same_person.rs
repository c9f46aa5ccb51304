//! Records that are one person.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    same_decisions (id) {
        id -> Id,
        low_id -> Id,
        high_id -> Id,
        verdict -> Text,
        decided_by -> Id,
        decided_at -> Timestamp,
        taken_back_by -> Nullable<Id>,
        taken_back_at -> Nullable<Timestamp>,
        taken_back_reason -> Nullable<Text>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    same_groups (person_id) {
        person_id -> Id,
        root_id -> Id,
    }
}
