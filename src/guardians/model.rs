//! Rows and words of guardians.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::guardians;
use crate::db::types::{AccountId, GuardianId, Instant, PersonId, text_enum};
use crate::error::AppError;
use crate::vault::{DataKey, FieldName, open, open_if_any};

text_enum! {
    /// What the guardian is to the person.
    Relation {
        /// Mẹ.
        Mother = "mother",
        /// Cha.
        Father = "father",
        /// Ông, bà.
        Grandparent = "grandparent",
        /// Anh, chị.
        Sibling = "sibling",
        /// Người thân khác.
        Relative = "relative",
        /// Cha, mẹ nuôi or a family that took the child in.
        FosterParent = "foster_parent",
        /// Cơ sở đang nuôi dưỡng.
        Institution = "institution",
        /// Ủy ban nhân dân cấp xã, or another representative the law names.
        Authority = "authority",
    }
}

text_enum! {
    /// Why a guardianship ended.
    GuardianEndReason {
        /// Somebody else is the guardian now.
        Replaced = "replaced",
        /// The guardian's interest goes against the child's, or the guardian is suspected of having harmed the child.
        ConflictOfInterest = "conflict_of_interest",
        /// The guardian died.
        Died = "died",
        /// Decided by a court or authority.
        Decision = "decision",
        /// The person came of age.
        CameOfAge = "came_of_age",
        /// Recorded by mistake.
        Mistake = "mistake",
    }
}

/// A guardian of a person.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = guardians, treat_none_as_default_value = false)]
pub struct Guardian {
    /// Id.
    pub id: GuardianId,
    /// Whose guardian.
    pub person_id: PersonId,
    /// What the guardian is to the person.
    pub relation: Relation,
    /// Sealed name.
    pub sealed_name: Vec<u8>,
    /// Sealed telephone number.
    pub sealed_phone: Option<Vec<u8>>,
    /// First day.
    pub from_on: NaiveDate,
    /// Last day.
    pub until_on: Option<NaiveDate>,
    /// Why it ended.
    pub end_reason: Option<GuardianEndReason>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { Guardian => guardians }

/// A guardian as read by those who may see the person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GuardianView {
    /// Id.
    pub id: GuardianId,
    /// What the guardian is to the person.
    pub relation: Relation,
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// First day.
    pub from_on: NaiveDate,
    /// Last day.
    pub until_on: Option<NaiveDate>,
    /// Why it ended.
    pub end_reason: Option<GuardianEndReason>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Guardian {
    /// Where the sealed name of a guardian stands.
    pub fn name_place(id: GuardianId) -> FieldName {
        FieldName { table: "guardians", column: "sealed_name", row: id.0 }
    }

    /// Where the sealed telephone number of a guardian stands.
    pub fn phone_place(id: GuardianId) -> FieldName {
        FieldName { table: "guardians", column: "sealed_phone", row: id.0 }
    }

    /// Whether the guardian speaks for the person on this day.
    pub fn is_in_charge_on(&self, day: NaiveDate) -> bool {
        self.from_on <= day && self.until_on.is_none_or(|last| day <= last)
    }

    /// Opens the sealed fields; they are sealed under the key of the person.
    ///
    /// # Errors
    /// When one does not open.
    pub fn view(self, key: &DataKey) -> Result<GuardianView, AppError> {
        let name = open(key, self.person_id, Self::name_place(self.id), &self.sealed_name)?.to_string();
        let phone = open_if_any(key, self.person_id, Self::phone_place(self.id), self.sealed_phone.as_deref())?;
        Ok(GuardianView {
            id: self.id,
            relation: self.relation,
            name,
            phone,
            from_on: self.from_on,
            until_on: self.until_on,
            end_reason: self.end_reason,
            version: self.version,
        })
    }
}
