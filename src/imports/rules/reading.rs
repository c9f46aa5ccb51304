//! Reading imports.

use diesel::prelude::*;

use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::imports;
use crate::db::types::{ImportId, Instant, OrganisationId};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::grants::Action;
use crate::grants::predicates::imports_within;
use crate::imports::model::Import;

/// An import of a centre of the actor's.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn find(conn: &mut DbConnection, actor: &Actor, id: ImportId) -> Result<Import, AppError> {
    let scope = actor.scope(Action::ImportRun)?;
    let reached = imports::table.filter(imports::id.eq(id)).filter(imports_within(&scope));
    Ok(reached.select(Import::as_select()).first(conn)?)
}

/// A file that stands imported is not looked at again: each of its lines would look like a record it made.
///
/// # Errors
/// [`ImportRefusal::FileImported`].
pub fn refuse_known_file(conn: &mut DbConnection, centre: OrganisationId, file_mac: &[u8]) -> Result<(), AppError> {
    let standing = imports::table
        .filter(imports::organisation_id.eq(centre))
        .filter(imports::file_mac.eq(file_mac))
        .filter(imports::undone_at.is_null());
    let known: bool = diesel::select(diesel::dsl::exists(standing)).get_result(conn)?;
    if known { Err(AppError::Conflict(Conflict::Import(ImportRefusal::FileImported))) } else { Ok(()) }
}

/// A page of imports, newest first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    after: Option<(Instant, ImportId)>,
    limit: i64,
) -> Result<Vec<Import>, AppError> {
    let scope = actor.scope(Action::ImportRun)?;
    let mut query = imports::table
        .filter(imports_within(&scope))
        .order((imports::created_at.desc(), imports::id.desc()))
        .select(Import::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(imports::created_at.lt(at).or(imports::created_at.eq(at).and(imports::id.lt(id))));
    }
    Ok(query.load(conn)?)
}
