//! Rows, words and views of what was decided about two records.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::bulk::bulk_rows;
use crate::db::schema::{same_decisions, same_groups};
use crate::db::types::{AccountId, Instant, PersonId, id_type, text_enum};
use crate::persons::PersonView;
use crate::persons::search::model::FoundPerson;

id_type! {
    /// One decision about two records.
    SameDecisionId;
}

text_enum! {
    /// What was decided about two records.
    Verdict {
        /// One person: they count once.
        Same = "same",
        /// Two persons: never proposed again.
        NotSame = "not_same",
    }
}

text_enum! {
    /// Why a decision was taken back.
    SplitReason {
        /// It was a mistake.
        Mistake = "mistake",
        /// Papers or facts that came later say otherwise.
        NewFacts = "new_facts",
        /// The person says otherwise.
        PersonSays = "person_says",
        /// Another reason.
        Other = "other",
    }
}

text_enum! {
    /// Why two records may be one person.
    SameReason {
        /// The same words make up a name of both, but for marks and order.
        Name = "name",
        /// The given name and most other words of a name are the same.
        NameAlike = "name_alike",
        /// A name or alias of one is an alias of the other.
        Alias = "alias",
        /// Born on the same day.
        BirthDate = "birth_date",
        /// Born in the same year, where no more is known of one; 1 January counts as no more.
        BirthYear = "birth_year",
        /// The births contradict each other, though name and number agree: speaks against it, and is shown for that.
        BirthDiffers = "birth_differs",
        /// Same unit of residence.
        Residence = "residence",
        /// Same telephone number.
        Phone = "phone",
        /// Same number of the identity card; never enough by itself.
        NationalId = "national_id",
    }
}

/// Two different persons' records, in an order that does not depend on who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The lower id.
    pub low: PersonId,
    /// The higher id.
    pub high: PersonId,
}

impl Pair {
    /// The pair of two records; none when they are one record.
    pub fn of(one: PersonId, other: PersonId) -> Option<Self> {
        (one != other).then(|| Self { low: one.min(other), high: one.max(other) })
    }
}

/// A decision as stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = same_decisions, treat_none_as_default_value = false)]
pub struct SameDecision {
    /// Id.
    pub id: SameDecisionId,
    /// The lower id of the pair.
    pub low_id: PersonId,
    /// The higher id of the pair.
    pub high_id: PersonId,
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub decided_by: AccountId,
    /// When.
    pub decided_at: Instant,
    /// Who took it back.
    pub taken_back_by: Option<AccountId>,
    /// When.
    pub taken_back_at: Option<Instant>,
    /// Why.
    pub taken_back_reason: Option<SplitReason>,
    /// 1, and 2 once it was taken back.
    pub version: i32,
}

/// A record that is one person with others; `root_id` is the lowest id of them and counts for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = same_groups, treat_none_as_default_value = false)]
pub struct SameGroup {
    /// The record.
    pub person_id: PersonId,
    /// The record that counts.
    pub root_id: PersonId,
}

bulk_rows! { SameDecision => same_decisions, SameGroup => same_groups }

/// A decision as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SameDecisionView {
    /// Id.
    pub id: SameDecisionId,
    /// One record.
    pub person_id: PersonId,
    /// The other.
    pub other_id: PersonId,
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub decided_by: AccountId,
    /// When.
    pub decided_at: Instant,
    /// When it was taken back.
    pub taken_back_at: Option<Instant>,
    /// Why it was taken back.
    pub taken_back_reason: Option<SplitReason>,
}

impl SameDecision {
    /// The decision as read from `person`'s side.
    pub fn view(&self, person: PersonId) -> SameDecisionView {
        let (person_id, other_id) =
            if person == self.high_id { (self.high_id, self.low_id) } else { (self.low_id, self.high_id) };
        SameDecisionView {
            id: self.id,
            person_id,
            other_id,
            verdict: self.verdict,
            decided_by: self.decided_by,
            decided_at: self.decided_at,
            taken_back_at: self.taken_back_at,
            taken_back_reason: self.taken_back_reason,
        }
    }
}

/// What was decided about a person's records and still stands, as far as the reader may see both.
#[derive(Debug, Serialize, ToSchema)]
pub struct SameDecisions {
    /// The decisions, oldest first.
    pub items: Vec<SameDecisionView>,
}

/// Somebody who may be the same person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SameCandidate {
    /// The other record.
    pub person: FoundPerson,
    /// Weights of the reasons together; more is likelier.
    pub score: u32,
    /// Why.
    pub reasons: Vec<SameReason>,
}

/// Who may be the same person, likeliest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SameCandidates {
    /// At most 20.
    pub items: Vec<SameCandidate>,
}

/// How many records hang on a person, as far as the reader may see them; none where the reader may see none of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordCounts {
    /// Cases.
    pub cases: Option<i64>,
    /// Consents.
    pub consents: Option<i64>,
    /// Referrals.
    pub referrals: Option<i64>,
    /// Deliveries.
    pub deliveries: Option<i64>,
}

/// Two records side by side. `ETag` changes with either record, with what was decided about
/// them, and with who is one person with either.
#[derive(Debug, Serialize, ToSchema)]
pub struct SamePreview {
    /// One record.
    pub person: PersonView,
    /// The other.
    pub other: PersonView,
    /// Names of the fields that differ.
    pub differs: Vec<&'static str>,
    /// What hangs on the one.
    pub person_has: RecordCounts,
    /// What hangs on the other.
    pub other_has: RecordCounts,
    /// What speaks for one person.
    pub reasons: Vec<SameReason>,
    /// What was decided about these two and stands.
    pub decided: Option<SameDecisionView>,
}
