//! Tables of the main database; the migrations of both engines are checked against it.
#![expect(missing_docs, reason = "made by the table macro; columns are described in the models")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the table macro takes its types so"))]

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    admin_units (code) {
        code -> Text,
        level -> Text,
        name_vi -> Text,
        name_en -> Text,
        name_folded -> Text,
        parent_code -> Nullable<Text>,
        province_code -> Nullable<Text>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        successor_code -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    admin_unit_successors (code, successor_code) {
        code -> Text,
        successor_code -> Text,
        is_default -> Bool,
        is_whole -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    organisations (id) {
        id -> Id,
        kind -> Text,
        name -> Text,
        admin_unit_code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        created_at -> Timestamp,
        version -> Integer,
    }
}

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

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    persons (id) {
        id -> Id,
        registered_by -> Id,
        organisation_id -> Id,
        sex -> Text,
        birth_precision -> Text,
        birth_date -> Nullable<Date>,
        birth_year -> Nullable<Integer>,
        nationality -> Nullable<Text>,
        ethnicity -> Nullable<Text>,
        residence_unit_code -> Nullable<Text>,
        anonymous -> Bool,
        possible_victim -> Bool,
        identified_victim -> Bool,
        person_selling_sex -> Bool,
        establishment_worker -> Bool,
        at_risk -> Bool,
        sealed_name -> Nullable<Binary>,
        sealed_aliases -> Nullable<Binary>,
        sealed_phone -> Nullable<Binary>,
        sealed_national_id -> Nullable<Binary>,
        sealed_address -> Nullable<Binary>,
        sealed_safe_contact -> Nullable<Binary>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    consents (id) {
        id -> Id,
        person_id -> Id,
        purpose -> Text,
        recipient_organisation_id -> Nullable<Id>,
        given_by -> Text,
        given_on -> Date,
        proof -> Text,
        expires_on -> Nullable<Date>,
        withdrawn_on -> Nullable<Date>,
        withdrawn_by -> Nullable<Id>,
        recorded_by -> Id,
        created_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    cases (id) {
        id -> Id,
        person_id -> Id,
        organisation_id -> Id,
        unit_code -> Text,
        category -> Text,
        status -> Text,
        received_on -> Date,
        identified_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        close_reason -> Nullable<Text>,
        assigned_to -> Nullable<Id>,
        opened_by -> Id,
        sealed_summary -> Nullable<Binary>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    case_events (id) {
        id -> Id,
        case_id -> Id,
        kind -> Text,
        from_status -> Nullable<Text>,
        to_status -> Nullable<Text>,
        occurred_on -> Date,
        reason -> Nullable<Text>,
        sealed_note -> Nullable<Binary>,
        recorded_by -> Id,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    support_refusals (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        service_type -> Nullable<Text>,
        refused_on -> Date,
        recorded_by -> Id,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    assessments (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        organisation_id -> Id,
        unit_code -> Text,
        assessed_on -> Date,
        assessed_by -> Id,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    assessed_needs (assessment_id, service_type) {
        assessment_id -> Id,
        service_type -> Text,
        in_need -> Bool,
        eligible -> Bool,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    referrals (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        service_type -> Text,
        from_organisation_id -> Id,
        to_organisation_id -> Id,
        status -> Text,
        consent_id -> Nullable<Id>,
        answer_due_on -> Nullable<Date>,
        sent_at -> Nullable<Timestamp>,
        answered_at -> Nullable<Timestamp>,
        decline_reason -> Nullable<Text>,
        outcome -> Nullable<Text>,
        sealed_message -> Nullable<Binary>,
        created_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    referral_events (id) {
        id -> Id,
        referral_id -> Id,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
        recorded_by -> Nullable<Id>,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    deliveries (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        referral_id -> Nullable<Id>,
        organisation_id -> Id,
        centre_id -> Id,
        service_type -> Text,
        delivered_on -> Date,
        form -> Text,
        amount_dong -> Nullable<BigInt>,
        recorded_by -> Id,
        voided_at -> Nullable<Timestamp>,
        void_reason -> Nullable<Text>,
        created_at -> Timestamp,
        version -> Integer,
    }
}

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

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    admin_units,
    admin_unit_successors,
    organisations,
    accounts,
    account_grants,
    login_sessions,
    login_guesses,
    account_invitations,
    idempotency_keys,
    persons,
    consents,
    cases,
    case_events,
    support_refusals,
    assessments,
    assessed_needs,
    referrals,
    referral_events,
    deliveries,
    audit_heads,
    audit_entries,
    audit_checkpoints,
    audit_checkpoint_heads,
    view_log,
    statistical_releases,
);
