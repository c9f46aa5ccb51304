//! Storing what a file holds: all of it in one transaction, or nothing.

mod loans;
mod persons;

use super::{Checked, Found, find};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::db::schema::imports;
use crate::db::types::{ImportId, Instant, OrganisationId};
use crate::db::{DbConnection, is_unique_violation};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::grants::Action;
use crate::http::idempotency::BoundKey;
use crate::imports::ImportKind;
use crate::imports::model::Import;

/// What is asked for once a file is checked.
#[derive(Debug)]
pub struct Order {
    /// Kind of file.
    pub kind: ImportKind,
    /// Centre.
    pub organisation: OrganisationId,
    /// Keyed hash of the file.
    pub file_mac: Vec<u8>,
    /// Lines read.
    pub rows_read: usize,
    /// Lines left out.
    pub rows_skipped: usize,
    /// What is to be stored.
    pub found: Found,
    /// Imports of persons of the centre when the file was checked.
    pub imports_before: i64,
}

/// By what a file is known again without being kept.
pub fn file_mac(app: &App, bytes: &[u8]) -> Vec<u8> {
    app.ring.server.mac("imported file", &[bytes]).to_vec()
}

/// Stores what a checked file holds, once per key.
///
/// # Errors
/// [`ImportRefusal::FileImported`], [`ImportRefusal::ImportedMeanwhile`]; field errors when a loan cannot be told any more; [`AppError::Forbidden`] when
/// the right was lost meanwhile.
pub async fn import(app: &App, caller: Caller, bound: BoundKey, order: Order) -> Result<Import, AppError> {
    let id = ImportId(app.random.uuid());
    let import = order.import(id, caller, app.clock.now());
    match order.found {
        Found::Persons(records) => persons::import(app, caller, bound, (import, order.imports_before), records).await,
        Found::Loans(placed) => loans::import(app, caller, bound, import, placed).await,
    }
}

impl Order {
    /// For a file in which nothing is to be refused.
    pub fn of((kind, organisation): (ImportKind, OrganisationId), file_mac: Vec<u8>, checked: Checked) -> Self {
        let Checked { rows_read, rows_skipped, found, imports_before, .. } = checked;
        Self { kind, organisation, file_mac, rows_read, rows_skipped, found, imports_before }
    }

    fn import(&self, id: ImportId, caller: Caller, at: Instant) -> Import {
        let (persons, cases, loans) = self.found.counts();
        Import {
            id,
            organisation_id: self.organisation,
            kind: self.kind,
            run_by: caller.account,
            created_at: at,
            file_mac: self.file_mac.clone(),
            rows_read: counted(self.rows_read),
            rows_skipped: counted(self.rows_skipped),
            persons_made: counted(persons),
            cases_made: counted(cases),
            loans_made: counted(loans),
            undone_at: None,
            undone_by: None,
            version: 1,
        }
    }
}

fn counted(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn line_of(line: u32) -> Result<i32, AppError> {
    i32::try_from(line).map_err(|_| AppError::internal("a line number is too large"))
}

/// Runs a write under the key of the request, or reads what the first request under it stored.
async fn store_once<F>(
    app: &App,
    caller: Caller,
    bound: BoundKey,
    import: ImportId,
    write: F,
) -> Result<Import, AppError>
where
    F: FnMut(&mut DbConnection, &Actor) -> Result<Import, AppError> + Send + 'static,
{
    let target = Target::record(SubjectKind::Import, import.0).large();
    app.write_once(caller, bound, target, write, |conn, actor, first| find(conn, actor, ImportId(first))).await
}

/// Stores the import itself, if this file was not stored before.
fn begin(conn: &mut DbConnection, actor: &Actor, import: &Import) -> Result<(), AppError> {
    actor.scope(Action::ImportRun)?.own_organisation(Some(import.organisation_id))?;
    match diesel::RunQueryDsl::execute(diesel::insert_into(imports::table).values(import), conn) {
        Err(error) if is_unique_violation(&error) => {
            Err(AppError::Conflict(Conflict::Import(ImportRefusal::FileImported)))
        }
        inserted => Ok(inserted.map(drop)?),
    }
}
