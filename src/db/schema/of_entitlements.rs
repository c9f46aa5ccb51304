//! Entitlements and stays.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    entitlement_overrides (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        service_type -> Text,
        reason -> Text,
        sealed_note -> Nullable<Binary>,
        valid_until -> Date,
        recorded_by -> Id,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        revoked_by -> Nullable<Id>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    case_circumstances (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        circumstance -> Text,
        since_on -> Date,
        recorded_by -> Id,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    stays (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        referral_id -> Nullable<Id>,
        organisation_id -> Id,
        centre_id -> Id,
        room -> Nullable<Text>,
        in_on -> Date,
        expected_out_on -> Nullable<Date>,
        out_on -> Nullable<Date>,
        runs_out_on -> Nullable<Date>,
        recorded_by -> Id,
        voided_at -> Nullable<Timestamp>,
        void_reason -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    stay_extensions (id) {
        id -> Id,
        stay_id -> Id,
        days -> Integer,
        granted_by -> Text,
        granted_on -> Date,
        reason -> Text,
        recorded_by -> Id,
        created_at -> Timestamp,
    }
}
