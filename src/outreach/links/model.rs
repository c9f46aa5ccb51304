//! Rows of links between a contact code and a person.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::outreach_links;
use crate::db::types::{AccountId, CodeLinkId, Instant, PersonId};
use crate::outreach::codes::CodeMac;

/// A contact code that is a person on record.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_links)]
pub struct CodeLink {
    /// Id.
    pub id: CodeLinkId,
    /// Keyed code.
    pub code_mac: CodeMac,
    /// Person.
    pub person_id: PersonId,
    /// Who linked them.
    pub linked_by: AccountId,
    /// When.
    pub linked_at: Instant,
}

/// A contact code that is this person. The code itself is kept nowhere.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodeLinkView {
    /// Id.
    pub id: CodeLinkId,
    /// Who linked them.
    pub linked_by: AccountId,
    /// When.
    pub linked_at: Instant,
}

impl From<CodeLink> for CodeLinkView {
    fn from(row: CodeLink) -> Self {
        Self { id: row.id, linked_by: row.linked_by, linked_at: row.linked_at }
    }
}
