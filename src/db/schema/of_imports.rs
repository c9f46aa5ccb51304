//! Imports of what was kept on paper and in spreadsheets.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    imports (id) {
        id -> Id,
        organisation_id -> Id,
        kind -> Text,
        run_by -> Id,
        created_at -> Timestamp,
        file_mac -> Binary,
        rows_read -> Integer,
        rows_skipped -> Integer,
        persons_made -> Integer,
        cases_made -> Integer,
        loans_made -> Integer,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<Id>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    import_rows (import_id, line) {
        import_id -> Id,
        line -> Integer,
        person_id -> Nullable<Id>,
        case_id -> Nullable<Id>,
        referral_id -> Nullable<Id>,
        loan_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    loose_keys (person_id) {
        person_id -> Id,
        import_id -> Id,
        since -> Timestamp,
        doomed -> Bool,
    }
}
