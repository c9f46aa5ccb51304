//! Storing many rows at once, where the engines differ in what is fast. The rows are
//! the same structs that the rules insert one by one.

use super::connection::DbConnection;

/// Rows of one statement on PostgreSQL: 32 columns at the most, 65,535 values a statement.
pub const ROWS_A_STATEMENT: usize = 1000;

/// A row that can be stored together with others of its table.
pub trait BulkRow: Sized {
    /// Inserts `rows`: one statement for many on PostgreSQL, where each costs a round
    /// trip; one prepared statement again and again on SQLite.
    ///
    /// # Errors
    /// The engine's own.
    fn insert_all(conn: &mut DbConnection, rows: &[Self]) -> diesel::QueryResult<()>;
}

/// Declares in which table a struct that derives `Insertable` is stored.
macro_rules! bulk_rows {
    ($($row:ty => $table:ident),+ $(,)?) => {$(
        impl $crate::db::bulk::BulkRow for $row {
            fn insert_all(conn: &mut $crate::db::DbConnection, rows: &[Self]) -> diesel::QueryResult<()> {
                use diesel::RunQueryDsl as _;
                match conn {
                    $crate::db::DbConnection::Postgres(conn) => {
                        for some in rows.chunks($crate::db::bulk::ROWS_A_STATEMENT) {
                            diesel::insert_into($crate::db::schema::$table::table).values(some).execute(conn)?;
                        }
                    }
                    $crate::db::DbConnection::Sqlite(conn) => {
                        for row in rows {
                            diesel::insert_into($crate::db::schema::$table::table).values(row).execute(conn)?;
                        }
                    }
                }
                Ok(())
            }
        }
    )+};
}
pub(crate) use bulk_rows;
