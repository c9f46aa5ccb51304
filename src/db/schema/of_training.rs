//! Courses, enrolments and what came of them.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    courses (id) {
        id -> Id,
        organisation_id -> Id,
        trade -> Text,
        level -> Text,
        starts_on -> Date,
        ends_on -> Date,
        venue -> Text,
        unit_code -> Text,
        places -> BigInt,
        fee_dong -> BigInt,
        withdrawn_at -> Nullable<Timestamp>,
        created_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    enrolments (id) {
        id -> Id,
        course_id -> Id,
        referral_id -> Id,
        case_id -> Id,
        person_id -> Id,
        organisation_id -> Id,
        status -> Text,
        enrolled_on -> Date,
        ended_on -> Nullable<Date>,
        stop_reason -> Nullable<Text>,
        certificate_issued_on -> Nullable<Date>,
        sealed_certificate_number -> Nullable<Binary>,
        served_on -> Nullable<Date>,
        delivery_id -> Nullable<Id>,
        created_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    enrolment_events (id) {
        id -> Id,
        enrolment_id -> Id,
        from_status -> Nullable<Text>,
        to_status -> Text,
        occurred_on -> Date,
        reason -> Nullable<Text>,
        recorded_by -> Nullable<Id>,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    course_days (course_id, day) {
        course_id -> Id,
        day -> Date,
        recorded_by -> Id,
        recorded_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    attendances (enrolment_id, day) {
        enrolment_id -> Id,
        day -> Date,
        mark -> Text,
        recorded_by -> Id,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    training_aids (id) {
        id -> Id,
        enrolment_id -> Id,
        case_id -> Id,
        person_id -> Id,
        delivery_id -> Id,
        aid_group -> Text,
        paid_on -> Date,
        study_days -> BigInt,
        fee_dong -> BigInt,
        meals_dong -> BigInt,
        travel_dong -> BigInt,
        granted_by -> Id,
        created_at -> Timestamp,
        voided_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    job_outcomes (enrolment_id) {
        enrolment_id -> Id,
        case_id -> Id,
        kind -> Text,
        in_trade -> Nullable<Bool>,
        started_on -> Nullable<Date>,
        next_due_on -> Nullable<Date>,
        recorded_by -> Id,
        recorded_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    job_check_ups (enrolment_id, months) {
        enrolment_id -> Id,
        months -> Integer,
        checked_on -> Date,
        finding -> Text,
        recorded_by -> Id,
        recorded_at -> Timestamp,
        version -> Integer,
    }
}
