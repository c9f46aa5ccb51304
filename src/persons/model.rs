//! Rows, words and views of persons.

use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use super::ethnicity::Ethnicity;
use crate::db::bulk::bulk_rows;
use crate::db::schema::persons;
use crate::db::types::{AccountId, Instant, OrganisationId, PersonId, text_enum};
use crate::error::AppError;
use crate::vault::{DataKey, FieldName, open_if_any};

text_enum! {
    /// Sex as the person states it.
    Sex {
        /// Nữ.
        Female = "female",
        /// Nam.
        Male = "male",
        /// Khác.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

text_enum! {
    /// How exactly the birth is known.
    BirthPrecision {
        /// Day, month and year.
        Exact = "exact",
        /// The year only.
        Year = "year",
        /// Not known.
        Unknown = "unknown",
    }
}

text_enum! {
    /// Why the programme meets the person; one person may be in several.
    ClientCategory {
        /// Nghi là nạn nhân, or being identified.
        PossibleVictim = "possible_victim",
        /// Nạn nhân, identified by the authority.
        IdentifiedVictim = "identified_victim",
        /// Người bán dâm.
        PersonSellingSex = "person_selling_sex",
        /// Người lao động tại cơ sở kinh doanh dịch vụ.
        EstablishmentWorker = "establishment_worker",
        /// Người có nguy cơ cao.
        AtRisk = "at_risk",
    }
}

/// Birth as known; contradictory parts are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Birth {
    /// How exactly it is known.
    pub precision: BirthPrecision,
    /// With `exact`: the day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    pub date: Option<NaiveDate>,
    /// With `year`: the year.
    #[serde(default)]
    pub year: Option<i32>,
}

impl Birth {
    /// The earliest day on which the person can have been born.
    pub fn earliest(&self) -> Option<NaiveDate> {
        self.date.or_else(|| self.year.and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1)))
    }

    /// The first day on which the person is 18 whatever was not said about the birth; for
    /// protection, somebody of whom only the year is known counts as born on its last day.
    pub fn of_age_on(&self) -> Option<NaiveDate> {
        let born = self.date.or_else(|| self.year.and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31)))?;
        born.checked_add_months(chrono::Months::new(18 * 12))
    }

    /// Whether the person is under 18 on `day` whatever was not said about the birth.
    pub fn is_minor_on(&self, day: NaiveDate) -> bool {
        self.age_on(day).is_some_and(|age| age < 18)
    }

    /// Whether the person may be under 18 on `day`; not when nothing is known of the birth.
    pub fn may_be_minor_on(&self, day: NaiveDate) -> bool {
        self.of_age_on().is_some_and(|of_age| day < of_age)
    }

    /// Age in full years on `day`, as far as known (a known year counts as if born on its first day).
    pub fn age_on(&self, day: NaiveDate) -> Option<u32> {
        let born = self.earliest()?;
        let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
        u32::try_from(day.year() - born.year() - i32::from(!had_birthday)).ok()
    }
}

/// A person as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = persons, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Person {
    /// Id.
    pub id: PersonId,
    /// Who registered the person.
    pub registered_by: AccountId,
    /// Where.
    pub organisation_id: OrganisationId,
    /// Sex.
    pub sex: Sex,
    /// How exactly the birth is known.
    pub birth_precision: BirthPrecision,
    /// Day of birth.
    pub birth_date: Option<NaiveDate>,
    /// Year of birth, when only that is known.
    pub birth_year: Option<i32>,
    /// ISO 3166 code.
    pub nationality: Option<String>,
    /// Ethnic group, as a code of the statistics office.
    pub ethnicity: Option<Ethnicity>,
    /// Unit of residence.
    pub residence_unit_code: Option<String>,
    /// Whether the person gave no name.
    pub anonymous: bool,
    /// Categories.
    #[diesel(embed)]
    pub categories: CategorySet,
    /// Sealed name, never split.
    pub sealed_name: Option<Vec<u8>>,
    /// Sealed aliases, one a line.
    pub sealed_aliases: Option<Vec<u8>>,
    /// Sealed telephone number.
    pub sealed_phone: Option<Vec<u8>>,
    /// Sealed number of the identity card.
    pub sealed_national_id: Option<Vec<u8>>,
    /// Sealed address below the commune.
    pub sealed_address: Option<Vec<u8>>,
    /// Sealed rules for safe contact.
    pub sealed_safe_contact: Option<Vec<u8>>,
    /// When registered.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { in_parts Person => persons }

/// The categories of a person, a column each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = persons)]
#[expect(clippy::struct_excessive_bools, reason = "a set, each member a column")]
pub struct CategorySet {
    possible_victim: bool,
    identified_victim: bool,
    person_selling_sex: bool,
    establishment_worker: bool,
    at_risk: bool,
}

impl Person {
    /// Birth as known.
    pub fn birth(&self) -> Birth {
        Birth { precision: self.birth_precision, date: self.birth_date, year: self.birth_year }
    }
}

impl CategorySet {
    /// The categories as a list, in the order of their declaration.
    pub fn list(mut self) -> Vec<ClientCategory> {
        ClientCategory::ALL.iter().copied().filter(|category| *self.member(*category)).collect()
    }

    /// Takes one more in.
    pub fn insert(&mut self, category: ClientCategory) {
        *self.member(category) = true;
    }

    fn member(&mut self, category: ClientCategory) -> &mut bool {
        match category {
            ClientCategory::PossibleVictim => &mut self.possible_victim,
            ClientCategory::IdentifiedVictim => &mut self.identified_victim,
            ClientCategory::PersonSellingSex => &mut self.person_selling_sex,
            ClientCategory::EstablishmentWorker => &mut self.establishment_worker,
            ClientCategory::AtRisk => &mut self.at_risk,
        }
    }
}

impl FromIterator<ClientCategory> for CategorySet {
    fn from_iter<T: IntoIterator<Item = ClientCategory>>(categories: T) -> Self {
        let mut set = Self::default();
        categories.into_iter().for_each(|category| set.insert(category));
        set
    }
}

/// The sealed columns of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedColumn {
    /// `sealed_name`
    Name,
    /// `sealed_aliases`
    Aliases,
    /// `sealed_phone`
    Phone,
    /// `sealed_national_id`
    NationalId,
    /// `sealed_address`
    Address,
    /// `sealed_safe_contact`
    SafeContact,
}

impl SealedColumn {
    /// Where this column of `person` stands.
    pub fn place(self, person: PersonId) -> FieldName {
        let column = match self {
            Self::Name => "sealed_name",
            Self::Aliases => "sealed_aliases",
            Self::Phone => "sealed_phone",
            Self::NationalId => "sealed_national_id",
            Self::Address => "sealed_address",
            Self::SafeContact => "sealed_safe_contact",
        };
        FieldName { table: "persons", column, row: person.0 }
    }
}

/// Opens a sealed column of a person.
///
/// # Errors
/// When the value does not open.
pub fn open_column(
    key: &DataKey,
    person: PersonId,
    column: SealedColumn,
    stored: Option<&[u8]>,
) -> Result<Option<String>, AppError> {
    Ok(open_if_any(key, person, column.place(person), stored)?)
}

/// A person as those who may see the person read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonView {
    /// Id.
    pub id: PersonId,
    /// Whether the person gave no name.
    pub anonymous: bool,
    /// Whether the person was erased: the texts are gone for good.
    pub erased: bool,
    /// Name as the person gives it, never split.
    pub name: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Sex.
    pub sex: Sex,
    /// Birth as known.
    pub birth: Birth,
    /// ISO 3166 code.
    pub nationality: Option<String>,
    /// Ethnic group.
    pub ethnicity: Option<Ethnicity>,
    /// Unit of residence.
    pub residence_unit_code: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Number of the identity card.
    pub national_id: Option<String>,
    /// Address below the commune.
    pub address: Option<String>,
    /// How the person may be contacted safely.
    pub safe_contact: Option<String>,
    /// Categories.
    pub categories: Vec<ClientCategory>,
    /// When registered.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Other records that are the same person, as far as you may see them; only where one person is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<Vec<PersonId>>,
}

impl Person {
    /// Opens the sealed fields.
    ///
    /// # Errors
    /// When a field does not open.
    pub fn view(&self, key: &DataKey) -> Result<PersonView, AppError> {
        let open = |column, stored: &Option<Vec<u8>>| open_column(key, self.id, column, stored.as_deref());
        let aliases = open(SealedColumn::Aliases, &self.sealed_aliases)?;
        Ok(PersonView {
            id: self.id,
            anonymous: self.anonymous,
            erased: key.is_erased(),
            name: open(SealedColumn::Name, &self.sealed_name)?,
            aliases: aliases.iter().flat_map(|text| text.lines()).map(str::to_owned).collect(),
            sex: self.sex,
            birth: Birth { precision: self.birth_precision, date: self.birth_date, year: self.birth_year },
            nationality: self.nationality.clone(),
            ethnicity: self.ethnicity,
            residence_unit_code: self.residence_unit_code.clone(),
            phone: open(SealedColumn::Phone, &self.sealed_phone)?,
            national_id: open(SealedColumn::NationalId, &self.sealed_national_id)?,
            address: open(SealedColumn::Address, &self.sealed_address)?,
            safe_contact: open(SealedColumn::SafeContact, &self.sealed_safe_contact)?,
            categories: self.categories.list(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            same_as: None,
        })
    }
}

/// Ids of persons in a view log entry are plain UUIDs.
impl From<PersonId> for Uuid {
    fn from(id: PersonId) -> Self {
        id.0
    }
}
