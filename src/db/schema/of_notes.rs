//! Notes of cases and what is attached to them.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    notes (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        organisation_id -> Id,
        counselling -> Bool,
        kind -> Text,
        occurred_on -> Date,
        sealed_text -> Binary,
        author_id -> Id,
        mistaken_at -> Nullable<Timestamp>,
        mistake_reason -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    note_versions (note_id, number) {
        note_id -> Id,
        number -> Integer,
        kind -> Text,
        occurred_on -> Date,
        sealed_text -> Binary,
        written_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    attachments (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        organisation_id -> Id,
        kind -> Text,
        media_type -> Text,
        size_bytes -> BigInt,
        digest -> Binary,
        file_name -> Text,
        sealed_title -> Binary,
        note_id -> Nullable<Id>,
        consent_id -> Nullable<Id>,
        added_by -> Id,
        voided_at -> Nullable<Timestamp>,
        void_reason -> Nullable<Text>,
        created_at -> Timestamp,
        version -> Integer,
    }
}
