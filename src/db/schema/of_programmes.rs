//! Registers, reported values, what they come to, plans, and statistical releases.

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

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    register_entries (id) {
        id -> Id,
        register -> Text,
        unit_code -> Text,
        province_code -> Text,
        day -> Date,
        last_day -> Nullable<Date>,
        kind -> Text,
        facet -> Text,
        number -> Nullable<BigInt>,
        second_number -> Nullable<BigInt>,
        about_id -> Nullable<Id>,
        name -> Text,
        step_one_on -> Nullable<Date>,
        step_two_on -> Nullable<Date>,
        step_three_on -> Nullable<Date>,
        import_id -> Nullable<Id>,
        recorded_by -> Id,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        voided_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    register_participants (entry_id, who) {
        entry_id -> Id,
        who -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    reported_values (id) {
        id -> Id,
        element -> Text,
        class -> Text,
        unit_code -> Text,
        province_code -> Text,
        calendar -> Text,
        period -> Text,
        revision -> Integer,
        is_current -> Bool,
        value -> Nullable<BigInt>,
        source_agency -> Text,
        source_document -> Text,
        source_on -> Date,
        reason -> Text,
        import_id -> Nullable<Id>,
        entered_by -> Id,
        entered_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    register_sums (series, class, until_year, unit_code, year) {
        series -> Text,
        class -> Text,
        until_year -> Integer,
        unit_code -> Text,
        year -> Integer,
        province_code -> Text,
        opening -> BigInt,
        halves -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    register_series (series) {
        series -> Text,
        built_at -> Timestamp,
        counted_as -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sums_versions (family) {
        family -> Text,
        version -> BigInt,
        rebuilt -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sums_counted (family, unit_code) {
        family -> Text,
        unit_code -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sums_due (id) {
        id -> BigInt,
        register -> Text,
        unit_code -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    plan_versions (code, version) {
        code -> Text,
        version -> Integer,
        content -> Text,
        origin -> Text,
        stored_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    reporting_periods (id) {
        id -> Id,
        unit_code -> Text,
        province_code -> Text,
        calendar -> Text,
        period -> Text,
        first_day -> Date,
        last_day -> Date,
        status -> Text,
        revision -> Integer,
        nothing_to_report -> Bool,
        reason -> Text,
        changed_by -> Id,
        changed_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    reporting_steps (period_id, seq) {
        period_id -> Id,
        seq -> Integer,
        status -> Text,
        revision -> Integer,
        reason -> Text,
        taken_by -> Id,
        taken_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    published_figures (plan_code, indicator_code, unit_code, calendar, period, revision) {
        plan_code -> Text,
        indicator_code -> Text,
        unit_code -> Text,
        calendar -> Text,
        period -> Text,
        revision -> Integer,
        plan_version -> Integer,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        content -> Text,
        reason -> Text,
        published_by -> Id,
        published_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    register_imports (id) {
        id -> Id,
        register -> Text,
        unit_code -> Text,
        province_code -> Text,
        state -> Text,
        applies -> Bool,
        run_by -> Id,
        created_at -> Timestamp,
        alive_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        file_mac -> Binary,
        rows_read -> Integer,
        rows_stored -> Integer,
        fault_count -> BigInt,
        faults -> Text,
        failure -> Text,
        undone_by -> Nullable<Id>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    official_returns (id) {
        id -> Id,
        number -> BigInt,
        province_code -> Text,
        calendar -> Text,
        period -> Text,
        first_day -> Date,
        last_day -> Date,
        revision -> Integer,
        content -> Text,
        nothing_to_report -> Bool,
        computed_at -> Timestamp,
        reason -> Text,
        chain_mac -> Binary,
        status -> Text,
        recipient -> Nullable<Text>,
        first_signed_by -> Nullable<Id>,
        first_signed_at -> Nullable<Timestamp>,
        signature_mac -> Nullable<Binary>,
        second_signed_by -> Nullable<Id>,
        second_signed_at -> Nullable<Timestamp>,
        receipt -> Nullable<Text>,
        receipt_mac -> Nullable<Binary>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    person_standings (person_id, measure_key, year) {
        person_id -> Id,
        measure_key -> Text,
        year -> Integer,
        unit_code -> Text,
        standing -> Text,
        assessed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    standings_kept (measure_key, year) {
        measure_key -> Text,
        year -> Integer,
        counted_as -> Text,
        built_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    standings_due (id) {
        id -> BigInt,
        person_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    standings_ahead (person_id) {
        person_id -> Id,
        on_day -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    standings_turn (id) {
        id -> Integer,
        turn -> BigInt,
    }
}
