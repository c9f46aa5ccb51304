//! Accounts, their sessions, and keys of repeated requests.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    accounts (id) {
        id -> Id,
        username -> Text,
        display_name -> Text,
        password_hash -> Nullable<Text>,
        state -> Text,
        created_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    account_grants (id) {
        id -> Id,
        account_id -> Id,
        role -> Text,
        organisation_id -> Nullable<Id>,
        admin_unit_code -> Nullable<Text>,
        granted_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    login_sessions (id) {
        id -> Id,
        account_id -> Id,
        nonce -> Binary,
        peer_mac -> Binary,
        generation -> Integer,
        rotated_at -> Timestamp,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        end_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    login_guesses (name_mac, day, peer_mac) {
        name_mac -> Binary,
        peer_mac -> Binary,
        day -> Date,
        wrong -> Integer,
        last_wrong_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    account_invitations (account_id) {
        account_id -> Id,
        secret_mac -> Binary,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    idempotency_keys (account_id, key) {
        account_id -> Id,
        key -> Text,
        body_mac -> Binary,
        resource_id -> Id,
        created_at -> Timestamp,
    }
}
