//! Embedded migrations of both engines and of the key store.

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::DbConnection;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const KEYS_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/keys/sqlite");
const KEYS_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/keys/postgres");

/// Which of the two databases a migration set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Records.
    Main,
    /// Wrapped keys.
    Keys,
}

/// How far the schema of a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All migrations of this program are applied.
    Current,
    /// Migrations are still to be applied; the number says how many.
    Behind(usize),
}

/// The schema cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database was migrated by a newer version of this program.
    #[error("the database has migration {0}, which this version of the program does not know; use the newer version")]
    Newer(String),
    /// A migration failed; its transaction was rolled back.
    #[error("migration failed: {0}")]
    Failed(String),
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> SchemaError {
    SchemaError::Failed(error.to_string())
}

macro_rules! with_engine {
    ($connection:expr, $store:expr, |$c:ident, $source:ident| $body:expr) => {
        match ($connection, $store) {
            (DbConnection::Postgres($c), Store::Main) => {
                let $source = POSTGRES;
                $body
            }
            (DbConnection::Postgres($c), Store::Keys) => {
                let $source = KEYS_POSTGRES;
                $body
            }
            (DbConnection::Sqlite($c), Store::Main) => {
                let $source = SQLITE;
                $body
            }
            (DbConnection::Sqlite($c), Store::Keys) => {
                let $source = KEYS_SQLITE;
                $body
            }
        }
    };
}

/// How far the schema is.
///
/// # Errors
/// When the database is newer than this program, or does not answer.
pub fn stage(connection: &mut DbConnection, store: Store) -> Result<Stage, SchemaError> {
    // Read by hand: Diesel makes its table when it is asked, and asking must change nothing.
    let applied = applied(connection).map_err(|e| failed(e.into()))?;
    with_engine!(connection, store, |c, source| {
        let known = versions(&source, c)?;
        if let Some(unknown) = applied.iter().find(|version| !known.contains(version)) {
            return Err(SchemaError::Newer(unknown.clone()));
        }
        match known.len() - applied.len() {
            0 => Ok(Stage::Current),
            behind => Ok(Stage::Behind(behind)),
        }
    })
}

fn applied(connection: &mut DbConnection) -> diesel::QueryResult<Vec<String>> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    if !super::has_table(connection, "__diesel_schema_migrations")? {
        return Ok(Vec::new());
    }
    let rows: Vec<Applied> =
        diesel::sql_query("select version from __diesel_schema_migrations order by version").load(connection)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn versions<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
    _engine: &mut impl diesel::Connection<Backend = DB>,
) -> Result<Vec<String>, SchemaError> {
    let all: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(failed)?;
    Ok(all.iter().map(|m| m.name().version().to_string()).collect())
}

/// Applies what is missing.
///
/// # Errors
/// When a migration fails or the database is newer than this program.
pub fn migrate(connection: &mut DbConnection, store: Store) -> Result<(), SchemaError> {
    stage(connection, store)?;
    with_engine!(connection, store, |c, source| c.run_pending_migrations(source).map(drop).map_err(failed))
}

/// Takes every migration back; all data goes. For tests of the migrations.
///
/// # Errors
/// When a migration cannot be reverted.
pub fn revert_all(connection: &mut DbConnection, store: Store) -> Result<(), SchemaError> {
    with_engine!(connection, store, |c, source| c.revert_all_migrations(source).map(drop).map_err(failed))
}
