//! Care plans and tasks.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    care_plans (case_id, number) {
        case_id -> Id,
        number -> Integer,
        person_id -> Id,
        organisation_id -> Id,
        agreed_with -> Text,
        agreed_on -> Date,
        review_on -> Date,
        saved_by -> Id,
        saved_at -> Timestamp,
        approved_on -> Nullable<Date>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    care_plan_goals (id) {
        id -> Id,
        case_id -> Id,
        plan_number -> Integer,
        position -> Integer,
        service_type -> Nullable<Text>,
        sealed_text -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    care_plan_steps (id) {
        id -> Id,
        case_id -> Id,
        plan_number -> Integer,
        goal_id -> Id,
        position -> Integer,
        task_id -> Id,
        owner_kind -> Text,
        owner_id -> Nullable<Id>,
        partner_id -> Nullable<Id>,
        due_on -> Date,
        sealed_title -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    tasks (id) {
        id -> Id,
        case_id -> Id,
        person_id -> Id,
        organisation_id -> Id,
        kind -> Text,
        owner_kind -> Text,
        owner_id -> Nullable<Id>,
        partner_id -> Nullable<Id>,
        due_on -> Date,
        status -> Text,
        done_on -> Nullable<Date>,
        cancel_reason -> Nullable<Text>,
        step_id -> Nullable<Id>,
        sealed_title -> Nullable<Binary>,
        created_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}
