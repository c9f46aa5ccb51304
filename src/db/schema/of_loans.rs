//! Loans and what happened to them.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    loans (id) {
        id -> Id,
        referral_id -> Id,
        case_id -> Id,
        person_id -> Id,
        centre_id -> Id,
        lender_id -> Id,
        product -> Text,
        borrower -> Text,
        asked_dong -> BigInt,
        asked_months -> Integer,
        plan -> Text,
        frequency -> Text,
        purpose -> Text,
        status -> Text,
        applied_on -> Date,
        decided_on -> Nullable<Date>,
        approved_dong -> Nullable<BigInt>,
        approved_months -> Nullable<Integer>,
        rate_ppm -> Nullable<Integer>,
        overdue_rate_ppm -> Nullable<Integer>,
        refusal_reason -> Nullable<Text>,
        disbursed_on -> Nullable<Date>,
        restructured_on -> Nullable<Date>,
        disbursed_dong -> BigInt,
        repaid_principal_dong -> BigInt,
        repaid_interest_dong -> BigInt,
        written_off_dong -> BigInt,
        next_due_on -> Nullable<Date>,
        created_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    loan_papers (loan_id) {
        loan_id -> Id,
        sealed_plan -> Binary,
        sealed_group -> Nullable<Binary>,
        certificate_issuer -> Nullable<Text>,
        certified_on -> Nullable<Date>,
        disclosure_read_on -> Nullable<Date>,
        certificate_consent_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    loan_events (id) {
        id -> Id,
        loan_id -> Id,
        kind -> Text,
        occurred_on -> Date,
        amount_dong -> Nullable<BigInt>,
        interest_dong -> Nullable<BigInt>,
        term_months -> Nullable<Integer>,
        plan -> Nullable<Text>,
        frequency -> Nullable<Text>,
        reverses_id -> Nullable<Id>,
        delivery_id -> Nullable<Id>,
        reason -> Nullable<Text>,
        recorded_by -> Nullable<Id>,
        recorded_at -> Timestamp,
    }
}
