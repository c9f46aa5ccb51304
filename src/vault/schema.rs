//! Tables of the key store, which is a database of its own.
#![expect(missing_docs, reason = "made by the table macro; columns are described in the models")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the table macro takes its types so"))]

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    wrapped_keys (person_id, recipient) {
        person_id -> Id,
        recipient -> Text,
        kek_id -> Text,
        wrapped -> Binary,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    anchors (name) {
        name -> Text,
        number -> BigInt,
        mac -> Binary,
        at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(wrapped_keys, anchors,);
