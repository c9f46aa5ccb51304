//! Inserts of many rows at once, where the engines differ in what is fast.

use diesel::RunQueryDsl as _;

use super::connection::DbConnection;
use super::schema::view_log;
use crate::audit::View;
use crate::error::AppError;

/// Inserts views: one statement on PostgreSQL, where each costs a round trip.
///
/// # Errors
/// The engine's own.
pub fn insert_views(conn: &mut DbConnection, views: &[View]) -> Result<(), AppError> {
    match conn {
        DbConnection::Postgres(conn) => {
            diesel::insert_into(view_log::table).values(views).execute(conn)?;
        }
        DbConnection::Sqlite(conn) => {
            for view in views {
                diesel::insert_into(view_log::table).values(view).execute(conn)?;
            }
        }
    }
    Ok(())
}
