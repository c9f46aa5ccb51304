//! Settings, administrative units, organisations.

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

    unit_share_heads (id) {
        id -> Id,
        unit_code -> Text,
        basis -> Nullable<Text>,
        declared_by -> Id,
        declared_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Id;

    unit_shares (unit_code, successor_code) {
        unit_code -> Text,
        successor_code -> Text,
        thousandths -> Integer,
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
