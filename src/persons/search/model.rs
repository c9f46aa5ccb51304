//! What a search shows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::persons;
use crate::db::types::PersonId;
use crate::persons::model::{Birth, BirthPrecision, CategorySet, ClientCategory, Sex};

/// A person who was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FoundPerson {
    /// Id.
    pub id: PersonId,
    /// Name as the person gives it; none of an anonymous person.
    pub name: Option<String>,
    /// The other name that fits, where it is not the name itself.
    pub matched_alias: Option<String>,
    /// Birth as known.
    pub birth: Birth,
    /// Sex.
    pub sex: Sex,
    /// Unit of residence.
    pub residence_unit_code: Option<String>,
    /// Categories.
    pub categories: Vec<ClientCategory>,
}

/// Whom a search found, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundPersons {
    /// The persons.
    pub items: Vec<FoundPerson>,
    /// Whether more whom you may see fit: type more of the name, or the year of birth.
    pub more: bool,
}

/// What is read of a person who may have been found.
#[derive(Queryable, Selectable)]
#[diesel(table_name = persons)]
pub(super) struct Candidate {
    pub(super) id: PersonId,
    pub(super) sex: Sex,
    pub(super) birth_precision: BirthPrecision,
    pub(super) birth_date: Option<NaiveDate>,
    pub(super) birth_year: Option<i32>,
    pub(super) residence_unit_code: Option<String>,
    #[diesel(embed)]
    pub(super) categories: CategorySet,
    pub(super) sealed_name: Option<Vec<u8>>,
    pub(super) sealed_aliases: Option<Vec<u8>>,
}
