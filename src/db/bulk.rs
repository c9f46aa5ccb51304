//! Storing many rows at once, where the engines differ in what is fast. The rows are
//! the same structs that the rules insert one by one.

use super::connection::DbConnection;

/// Rows of one statement: 32 columns at the most, 65,535 values a statement. Rows after which progress is told.
pub const ROWS_A_STATEMENT: usize = 1000;
/// Rows from which PostgreSQL copies them in; fewer are one statement.
pub const ROWS_COPIED: usize = 100;

/// A row that can be stored together with others of its table.
pub trait BulkRow: Sized {
    /// Inserts `rows`: all together on PostgreSQL, where each statement costs a round
    /// trip; one prepared statement again and again on SQLite.
    ///
    /// # Errors
    /// The engine's own.
    fn insert_all(conn: &mut DbConnection, rows: &[Self]) -> diesel::QueryResult<()>;
}

/// Declares in which table a struct that derives `Insertable` is stored; `in_parts` where it is put together of others,
/// which cannot be copied.
macro_rules! bulk_rows {
    (in_parts $row:ty => $table:ident) => {
        $crate::db::bulk::bulk_rows! { @ $row => $table, |conn, rows| {
            for some in rows.chunks($crate::db::bulk::ROWS_A_STATEMENT) {
                diesel::insert_into($crate::db::schema::$table::table).values(some).execute(conn)?;
            }
        }}
    };
    ($($row:ty => $table:ident),+ $(,)?) => {$(
        $crate::db::bulk::bulk_rows! { @ $row => $table, |conn, rows| {
            if rows.len() >= $crate::db::bulk::ROWS_COPIED {
                let copy = diesel::copy_from($crate::db::schema::$table::table).from_insertable(rows);
                diesel::ExecuteCopyFromDsl::execute(copy, conn)?;
            } else if !rows.is_empty() {
                diesel::insert_into($crate::db::schema::$table::table).values(rows).execute(conn)?;
            }
        }}
    )+};
    (@ $row:ty => $table:ident, |$conn:ident, $rows:ident| $postgres:block) => {
        impl $crate::db::bulk::BulkRow for $row {
            fn insert_all(conn: &mut $crate::db::DbConnection, $rows: &[Self]) -> diesel::QueryResult<()> {
                use diesel::RunQueryDsl as _;
                match conn {
                    $crate::db::DbConnection::Postgres($conn) => $postgres,
                    $crate::db::DbConnection::Sqlite(conn) => {
                        for row in $rows {
                            diesel::insert_into($crate::db::schema::$table::table).values(row).execute(conn)?;
                        }
                    }
                }
                Ok(())
            }
        }
    };
}
pub(crate) use bulk_rows;

/// A row that takes the place of the one with its primary key.
pub trait ReplacingRow: Sized {
    /// Inserts `rows`, or changes those that stand there: some at a time on PostgreSQL, one by one on SQLite.
    ///
    /// # Errors
    /// The engine's own.
    fn replace_all(conn: &mut DbConnection, rows: &[Self]) -> diesel::QueryResult<()>;
}

/// Declares the key of such a row, and what else it has.
macro_rules! replacing_rows {
    ($row:ty => $table:ident, key ($($key:ident),+), rest ($($column:ident),+)) => {
        impl $crate::db::bulk::ReplacingRow for $row {
            fn replace_all(conn: &mut $crate::db::DbConnection, rows: &[Self]) -> diesel::QueryResult<()> {
                use diesel::upsert::excluded;
                use diesel::{ExpressionMethods as _, RunQueryDsl as _};
                use $crate::db::schema::$table;
                match conn {
                    $crate::db::DbConnection::Postgres(conn) => {
                        for some in rows.chunks($crate::db::bulk::ROWS_A_STATEMENT) {
                            diesel::insert_into($table::table)
                                .values(some)
                                .on_conflict(($($table::$key),+))
                                .do_update()
                                .set(($($table::$column.eq(excluded($table::$column))),+))
                                .execute(conn)?;
                        }
                    }
                    $crate::db::DbConnection::Sqlite(conn) => {
                        for row in rows {
                            diesel::insert_into($table::table)
                                .values(row)
                                .on_conflict(($($table::$key),+))
                                .do_update()
                                .set(($($table::$column.eq(excluded($table::$column))),+))
                                .execute(conn)?;
                        }
                    }
                }
                Ok(())
            }
        }
    };
}
pub(crate) use replacing_rows;
