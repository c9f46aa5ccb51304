//! Peer groups, the points of intervention they work at, and their sessions and contacts.

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
        change_seq -> BigInt,
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

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_sessions (id) {
        id -> Id,
        group_id -> Id,
        held_on -> Date,
        unit_code -> Text,
        venue -> Text,
        workers -> Text,
        topics -> Text,
        sealed_note -> Nullable<Binary>,
        day_doubtful -> Bool,
        recorded_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
        change_seq -> BigInt,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_supplies (session_id, commodity) {
        session_id -> Id,
        commodity -> Text,
        quantity -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_tallies (session_id, sex, age_band, seen) {
        session_id -> Id,
        sex -> Text,
        age_band -> Text,
        seen -> Text,
        quantity -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_contacts (id) {
        id -> Id,
        session_id -> Id,
        group_id -> Id,
        worker -> Integer,
        code_mac -> Nullable<Binary>,
        category -> Nullable<Text>,
        sex -> Text,
        age_band -> Text,
        seen -> Text,
        topics -> Text,
        needs -> Text,
        violence -> Text,
        trafficking -> Text,
        child -> Text,
        referral -> Text,
        follow_up_agreed -> Bool,
        sealed_note -> Nullable<Binary>,
        recorded_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
        change_seq -> BigInt,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_operations (account_id, device_id, operation_id) {
        account_id -> Id,
        device_id -> Id,
        operation_id -> Id,
        group_id -> Id,
        record_id -> Id,
        conflicted -> Bool,
        body_mac -> Binary,
        told_at -> Timestamp,
        received_at -> Timestamp,
        clock_ahead_seconds -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_conflicts (id) {
        id -> Id,
        group_id -> Id,
        session_id -> Id,
        contact_id -> Nullable<Id>,
        field -> Text,
        sealed_base -> Binary,
        sealed_current -> Binary,
        sealed_offered -> Binary,
        account_id -> Id,
        device_id -> Id,
        operation_id -> Id,
        told_at -> Timestamp,
        received_at -> Timestamp,
        decider_id -> Id,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Id>,
        decision -> Nullable<Text>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_stock_moves (id) {
        id -> Id,
        group_id -> Id,
        commodity -> Text,
        kind -> Text,
        quantity -> Integer,
        moved_on -> Date,
        recorded_by -> Id,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_devices (device_id, account_id, group_id) {
        device_id -> Id,
        account_id -> Id,
        group_id -> Id,
        registered_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_parcels (id) {
        id -> Id,
        group_id -> Id,
        account_id -> Id,
        device_id -> Id,
        digest -> Binary,
        parcel -> Nullable<Binary>,
        operations -> Nullable<Integer>,
        told_from -> Nullable<Timestamp>,
        told_to -> Nullable<Timestamp>,
        received_at -> Timestamp,
        status -> Text,
        settled_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Id>,
        applied -> Integer,
        already_applied -> Integer,
        conflicted -> Integer,
        refused -> Integer,
        waiting -> Integer,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_links (id) {
        id -> Id,
        code_mac -> Binary,
        person_id -> Id,
        linked_by -> Id,
        linked_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_referrals (id) {
        id -> Id,
        group_id -> Id,
        contact_id -> Nullable<Id>,
        code_mac -> Nullable<Binary>,
        to_organisation_id -> Id,
        service_type -> Text,
        sex -> Text,
        age_band -> Text,
        sealed_message -> Nullable<Binary>,
        agreed_on -> Date,
        status -> Text,
        arrived_on -> Nullable<Date>,
        served_on -> Nullable<Date>,
        person_id -> Nullable<Id>,
        created_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    outreach_reduced (group_id, month, sex, age_band) {
        group_id -> Id,
        month -> Date,
        sex -> Text,
        age_band -> Text,
        contacts -> Integer,
        coded -> Integer,
        new -> Integer,
        violence -> Integer,
        trafficking -> Integer,
        child -> Integer,
        offered -> Integer,
        accepted -> Integer,
    }
}
