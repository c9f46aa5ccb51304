//! What the index of names follows.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    search_changes (seq) {
        seq -> BigInt,
        tx -> BigInt,
        person_id -> Id,
        at -> Timestamp,
    }
}
