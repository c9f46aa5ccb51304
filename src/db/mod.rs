//! The two doors to the database: [`Database::read`] and [`Database::write`].
//!
//! Both hold one transaction around the closure they are given. The closure of
//! a write may run more than once, so it must be pure: no mail, no HTTP, and
//! ids and secrets made before it.

pub mod bulk;
mod checkpoint;
pub mod connection;
mod migrate;
mod pool;
pub mod references;
pub mod schema;
pub mod types;
mod writer;

pub use connection::{DatabaseUrl, DbConnection, Engine, MultiBackend};
pub use migrate::{SchemaError, Stage, Store, migrate, revert_all, stage};
pub use pool::{Database, DatabaseOptions, OpenError};
pub use writer::Size;

use crate::error::AppError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Whether the engine asks for the transaction to be tried again.
fn wants_retry(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(_, info) => info.message().contains("deadlock detected"),
        _ => false,
    }
}

/// What a write returns that found another one ahead of it; the door then tries it again.
pub fn lost_race() -> DieselError {
    DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new("another write was first".to_owned()))
}

/// What follows an update that names the version which was read in the same transaction: it met that row.
///
/// # Errors
/// [`AppError::Internal`] when it met none, or several.
pub fn met_one_row(rows: usize) -> Result<(), AppError> {
    if rows == 1 { Ok(()) } else { Err(AppError::internal("a guarded update met another number of rows than one")) }
}

/// Whether a write was refused because a row of that key exists.
pub fn is_unique_violation(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// The oldest transaction that was not settled at the moment this read looks at: what a transaction
/// of this number or a later one wrote may appear later. None where writes are settled in their
/// order (SQLite), so that the highest number seen says it all.
///
/// # Errors
/// The engine's own.
pub fn unsettled_from(conn: &mut DbConnection) -> diesel::QueryResult<Option<i64>> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Oldest {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        tx: i64,
    }
    match conn.engine() {
        Engine::Sqlite => Ok(None),
        Engine::Postgres => {
            let sql = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as tx";
            let oldest: Oldest = diesel::sql_query(sql).get_result(conn)?;
            Ok(Some(oldest.tx))
        }
    }
}

/// Whether this database has been migrated at all.
///
/// # Errors
/// The engine's own.
pub fn has_tables(conn: &mut DbConnection) -> diesel::QueryResult<bool> {
    has_table(conn, "settings")
}

/// Whether there is a table of this name.
fn has_table(conn: &mut DbConnection, name: &'static str) -> diesel::QueryResult<bool> {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Text};
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let sql = match conn.engine() {
        Engine::Postgres => {
            "select count(*) as n from information_schema.tables \
             where table_schema = current_schema() and table_name = $1"
        }
        Engine::Sqlite => "select count(*) as n from sqlite_master where type = 'table' and name = $1",
    };
    let count: Count = diesel::sql_query(sql).bind::<Text, _>(name).get_result(conn)?;
    Ok(count.n > 0)
}
