//! The trail and the view log.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    audit_heads (subject_kind, subject_id) {
        subject_kind -> Text,
        subject_id -> Id,
        seq -> BigInt,
        mac -> Binary,
        seal -> Binary,
        checkpointed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    audit_entries (subject_kind, subject_id, seq) {
        subject_kind -> Text,
        subject_id -> Id,
        seq -> BigInt,
        at -> Timestamp,
        account_id -> Nullable<Id>,
        action -> Text,
        fields -> Text,
        mac -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    audit_checkpoints (number) {
        number -> BigInt,
        at -> Timestamp,
        heads -> BigInt,
        mac -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    audit_checkpoint_heads (checkpoint_number, subject_kind, subject_id) {
        checkpoint_number -> BigInt,
        subject_kind -> Text,
        subject_id -> Id,
        seq -> BigInt,
        mac -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    view_log (seq) {
        seq -> BigInt,
        at -> Timestamp,
        account_id -> Id,
        subject_kind -> Text,
        subject_id -> Nullable<Id>,
        action -> Text,
        shown -> Nullable<Binary>,
    }
}
