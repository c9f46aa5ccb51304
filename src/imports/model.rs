//! Rows, words and views of imports.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::{import_rows, imports, loose_keys};
use crate::db::types::{AccountId, CaseId, ImportId, Instant, LoanId, OrganisationId, PersonId, ReferralId, text_enum};

text_enum! {
    /// What a file holds.
    ImportKind {
        /// A line is a person, with their case or without.
        Persons = "persons",
        /// A line is a loan of before, of somebody on record with a case.
        Loans = "loans",
    }
}

text_enum! {
    /// What became of an import.
    ImportState {
        /// It stands.
        Done = "done",
        /// All it made is gone again.
        Undone = "undone",
    }
}

/// An import as stored; no name of a file, for it could hold a person's.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = imports, treat_none_as_default_value = false)]
pub struct Import {
    /// Id.
    pub id: ImportId,
    /// Centre.
    pub organisation_id: OrganisationId,
    /// What it held.
    pub kind: ImportKind,
    /// Who ran it.
    pub run_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// Keyed hash of the file: the same file is not imported twice.
    pub file_mac: Vec<u8>,
    /// Lines that were read, without headers.
    pub rows_read: i32,
    /// Lines that were left out by decision.
    pub rows_skipped: i32,
    /// Persons registered.
    pub persons_made: i32,
    /// Cases opened.
    pub cases_made: i32,
    /// Loans told.
    pub loans_made: i32,
    /// When it was undone.
    pub undone_at: Option<Instant>,
    /// Who undid it.
    pub undone_by: Option<AccountId>,
    /// Version for `If-Match`.
    pub version: i32,
}

/// What came of one line, until the import is undone. It names without holding: a person
/// who is erased later is not kept by it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_rows, treat_none_as_default_value = false)]
pub struct ImportRow {
    /// Import.
    pub import_id: ImportId,
    /// Line in the file.
    pub line: i32,
    /// Person registered.
    pub person_id: Option<PersonId>,
    /// Case opened.
    pub case_id: Option<CaseId>,
    /// Referral made for a loan.
    pub referral_id: Option<ReferralId>,
    /// Loan told.
    pub loan_id: Option<LoanId>,
}

/// A data key whose person is not on record: not yet, or not any more.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = loose_keys, treat_none_as_default_value = false)]
pub struct LooseKey {
    /// Whose key.
    pub person_id: PersonId,
    /// Import that made it.
    pub import_id: ImportId,
    /// Since when.
    pub since: Instant,
    /// Whether it is to be destroyed; no import stores its person any more.
    pub doomed: bool,
}

bulk_rows! { ImportRow => import_rows, LooseKey => loose_keys }

/// An import as the managers of its centre read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportView {
    /// Id.
    pub id: ImportId,
    /// Centre.
    pub organisation_id: OrganisationId,
    /// What it held.
    pub kind: ImportKind,
    /// What became of it.
    pub state: ImportState,
    /// Who ran it.
    pub run_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// Lines that were read, without headers.
    pub rows_read: i32,
    /// Lines that were left out by decision.
    pub rows_skipped: i32,
    /// Persons registered.
    pub persons_made: i32,
    /// Cases opened.
    pub cases_made: i32,
    /// Loans told.
    pub loans_made: i32,
    /// When it was undone.
    pub undone_at: Option<Instant>,
    /// Who undid it.
    pub undone_by: Option<AccountId>,
}

impl From<Import> for ImportView {
    fn from(row: Import) -> Self {
        Self {
            id: row.id,
            organisation_id: row.organisation_id,
            kind: row.kind,
            state: if row.undone_at.is_some() { ImportState::Undone } else { ImportState::Done },
            run_by: row.run_by,
            created_at: row.created_at,
            rows_read: row.rows_read,
            rows_skipped: row.rows_skipped,
            persons_made: row.persons_made,
            cases_made: row.cases_made,
            loans_made: row.loans_made,
            undone_at: row.undone_at,
            undone_by: row.undone_by,
        }
    }
}
