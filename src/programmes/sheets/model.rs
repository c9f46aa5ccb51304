//! Rows, words and views of imports.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::rows::KeptFault;
use super::table::Table;
use crate::db::schema::register_imports;
use crate::db::types::{AccountId, Instant, RegisterImportId, text_enum};
use crate::error::{AppError, Language};

text_enum! {
    /// How far an import is.
    RegisterImportState {
        /// It waits for its turn, or the file is being read and held against the records.
        Checking = "checking",
        /// Something is wrong with the file; nothing was stored.
        Refused = "refused",
        /// Nothing is wrong; it was asked for no more than that.
        Checked = "checked",
        /// Its rows are being stored, all or none.
        Storing = "storing",
        /// All of it is stored.
        Done = "done",
        /// The work broke off; nothing was stored.
        Failed = "failed",
        /// All it made was declared void again.
        Undone = "undone",
    }
}

/// An import as stored; no name of a file.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = register_imports, treat_none_as_default_value = false)]
pub struct RegisterImport {
    /// Id.
    pub id: RegisterImportId,
    /// Which table.
    pub register: String,
    /// Unit of the officer.
    pub unit_code: String,
    /// Its province on the map of today.
    pub province_code: String,
    /// How far it is.
    pub state: RegisterImportState,
    /// Whether it is stored once nothing is wrong.
    pub applies: bool,
    /// Who ran it.
    pub run_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When the work last gave a sign of life.
    pub alive_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Keyed hash of the file.
    pub file_mac: Vec<u8>,
    /// Lines that were read.
    pub rows_read: i32,
    /// Rows that were stored.
    pub rows_stored: i32,
    /// How many faults there are.
    pub fault_count: i64,
    /// The first of them, as JSON.
    pub faults: String,
    /// Why it failed; empty when it did not.
    pub failure: String,
    /// Who undid it.
    pub undone_by: Option<AccountId>,
    /// Version for `If-Match`.
    pub version: i32,
}

impl RegisterImport {
    /// The table it is about.
    ///
    /// # Errors
    /// When the row was not written by this program.
    pub fn table(&self) -> Result<Table, AppError> {
        Table::of(&self.register).ok_or_else(|| AppError::internal("an import of an unknown table"))
    }
}

/// Something that is wrong with a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisterFault {
    /// Line, as spreadsheets number it; none of the whole file or a column.
    pub line: Option<u32>,
    /// Name of the field, or the letter of a column that the table has not; of a file of figures, its place or which
    /// figure it is.
    pub column: Option<String>,
    /// Stable code of the rule.
    pub rule: String,
    /// What is allowed.
    pub message: String,
}

/// An import as officers read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisterImportView {
    /// Id.
    pub id: RegisterImportId,
    /// The register, or `reported_values`.
    pub register: String,
    /// How far it is.
    pub state: RegisterImportState,
    /// Whether it is stored once nothing is wrong.
    pub apply: bool,
    /// Who ran it.
    pub run_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Lines that were read, without headers.
    pub rows_read: i32,
    /// Rows that are stored; while it is at work, those that this server has written so far, of which none counts
    /// before all do.
    pub rows_stored: i32,
    /// How many faults there are.
    pub fault_count: i64,
    /// The first 1,000 of them; none in a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<RegisterFault>,
    /// Why it failed: a stable code; none when it did not.
    pub failure: Option<String>,
    /// Who undid it.
    pub undone_by: Option<AccountId>,
}

impl RegisterImportView {
    /// The import with its faults in a language; `written` are the rows this node has written so far.
    pub fn of(row: RegisterImport, language: Language, written: Option<i32>) -> Self {
        let kept: Vec<KeptFault> = serde_json::from_str(&row.faults).unwrap_or_default();
        let said = |fault: KeptFault| RegisterFault {
            line: fault.line,
            column: fault.column,
            rule: fault.rule,
            message: if language == Language::En { fault.en } else { fault.vi },
        };
        Self {
            id: row.id,
            register: row.register,
            state: row.state,
            apply: row.applies,
            run_by: row.run_by,
            created_at: row.created_at,
            ended_at: row.ended_at,
            rows_read: row.rows_read,
            rows_stored: written.filter(|_| row.state == RegisterImportState::Storing).unwrap_or(row.rows_stored),
            fault_count: row.fault_count,
            faults: kept.into_iter().map(said).collect(),
            failure: Some(row.failure).filter(|failure| !failure.is_empty()),
            undone_by: row.undone_by,
        }
    }
}
