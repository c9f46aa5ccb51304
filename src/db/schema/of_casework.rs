//! Persons, consents, cases and what hangs on them.

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
        guardian_id -> Nullable<Id>,
        end_reason -> Nullable<Text>,
        holds_from -> Nullable<Date>,
        told_expires_on -> Nullable<Date>,
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
        status_since -> Date,
        trafficked_again -> Bool,
        handed_to_case_id -> Nullable<Id>,
        continues_case_id -> Nullable<Id>,
        first_received_on -> Nullable<Date>,
        planned_before -> Bool,
        screened_on -> Nullable<Date>,
        assessed_on -> Nullable<Date>,
        planned_on -> Nullable<Date>,
        supported_on -> Nullable<Date>,
        reopened_on -> Nullable<Date>,
        steps_open -> Bool,
        step_done_on -> Nullable<Date>,
        last_contact_on -> Date,
        last_risk -> Nullable<Text>,
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
        risk -> Nullable<Text>,
        sealed_findings -> Nullable<Binary>,
        next_review_on -> Nullable<Date>,
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
        need_reason -> Nullable<Text>,
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
        start_due_on -> Nullable<Date>,
        stop_reason -> Nullable<Text>,
        emergency_reason -> Nullable<Text>,
        consent_due_on -> Nullable<Date>,
        reviewed_by -> Nullable<Id>,
        reviewed_at -> Nullable<Timestamp>,
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

    follow_ups (id) {
        id -> Id,
        case_id -> Id,
        closed_on -> Date,
        months -> Integer,
        done_on -> Date,
        finding -> Text,
        sealed_note -> Nullable<Binary>,
        recorded_by -> Id,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    transfers (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        from_organisation_id -> Id,
        to_organisation_id -> Id,
        ground -> Text,
        consent_id -> Nullable<Id>,
        status -> Text,
        answer_due_on -> Date,
        sealed_summary -> Nullable<Binary>,
        offered_by -> Id,
        created_at -> Timestamp,
        answered_by -> Nullable<Id>,
        answered_at -> Nullable<Timestamp>,
        decline_reason -> Nullable<Text>,
        new_case_id -> Nullable<Id>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    guardians (id) {
        id -> Id,
        person_id -> Id,
        relation -> Text,
        sealed_name -> Binary,
        sealed_phone -> Nullable<Binary>,
        from_on -> Date,
        until_on -> Nullable<Date>,
        end_reason -> Nullable<Text>,
        recorded_by -> Id,
        created_at -> Timestamp,
        version -> Integer,
    }
}
