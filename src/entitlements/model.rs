//! Rows and views of circumstances and overrides, and the view of entitlements.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::{ClockKind, Group, Version};
use super::evaluate::{Entitlement, Reason, Unit};
use super::facts::{Absence, Ground, Standing};
use crate::db::bulk::bulk_rows;
use crate::db::schema::{case_circumstances, entitlement_overrides};
use crate::db::types::{AccountId, CaseId, CircumstanceId, Instant, OverrideId, PersonId, text_enum};
use crate::error::AppError;
use crate::services::ServiceType;
use crate::vault::{DataKey, FieldName, open_if_any};

text_enum! {
    /// What entitlements depend on and the status of a case does not say.
    Circumstance {
        /// The minor came with a victim.
        AccompaniesVictim = "accompanies_victim",
        /// The minor does not, or no longer.
        DoesNotAccompany = "does_not_accompany",
        /// The person is abroad while being identified.
        Abroad = "abroad",
        /// The person is in Vietnam.
        AtHome = "at_home",
    }
}

/// A circumstance from a day on; a later one of the same pair takes its place.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_circumstances, treat_none_as_default_value = false)]
pub struct CaseCircumstance {
    /// Id.
    pub id: CircumstanceId,
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// The circumstance.
    pub circumstance: Circumstance,
    /// First day.
    pub since_on: NaiveDate,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
}

/// A circumstance as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CircumstanceView {
    /// Id.
    pub id: CircumstanceId,
    /// The circumstance.
    pub circumstance: Circumstance,
    /// First day.
    pub since_on: NaiveDate,
}

impl CaseCircumstance {
    /// The view.
    pub fn view(&self) -> CircumstanceView {
        CircumstanceView { id: self.id, circumstance: self.circumstance, since_on: self.since_on }
    }
}

text_enum! {
    /// Why a manager lets something exceed a limit.
    OverrideReason {
        /// Life or health would be at risk.
        RiskToLife = "risk_to_life",
        /// There is no other safe place yet.
        NoSafePlace = "no_safe_place",
        /// The application was made in time; the support came later.
        AppliedInTime = "applied_in_time",
        /// An authority decided so.
        AuthorityDecision = "authority_decision",
        /// What was begun is to be brought to its end.
        ToBeCompleted = "to_be_completed",
    }
}

/// A manager's decision that support of one kind may exceed its limit.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = entitlement_overrides, treat_none_as_default_value = false)]
pub struct Override {
    /// Id.
    pub id: OverrideId,
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// Service type.
    pub service_type: ServiceType,
    /// Why.
    pub reason: OverrideReason,
    /// Sealed note.
    pub sealed_note: Option<Vec<u8>>,
    /// Last day.
    pub valid_until: NaiveDate,
    /// Who decided.
    pub recorded_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
    /// Who took it back.
    pub revoked_by: Option<AccountId>,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { CaseCircumstance => case_circumstances, Override => entitlement_overrides }

/// An override as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverrideView {
    /// Id.
    pub id: OverrideId,
    /// Service type.
    pub service_type: ServiceType,
    /// Why.
    pub reason: OverrideReason,
    /// Note.
    pub note: Option<String>,
    /// Last day.
    pub valid_until: NaiveDate,
    /// Who decided.
    pub recorded_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
    /// Whether it holds on the day of the reply.
    pub live: bool,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Override {
    /// Where the sealed note stands.
    pub fn note_place(id: OverrideId) -> FieldName {
        FieldName { table: "entitlement_overrides", column: "sealed_note", row: id.0 }
    }

    /// Whether it holds on this day.
    pub fn is_live_on(&self, day: NaiveDate) -> bool {
        self.revoked_at.is_none() && day <= self.valid_until
    }

    /// The view on `today`.
    ///
    /// # Errors
    /// When the note does not open.
    pub fn view(self, key: &DataKey, today: NaiveDate) -> Result<OverrideView, AppError> {
        let note = open_if_any(key, self.person_id, Self::note_place(self.id), self.sealed_note.as_deref())?;
        Ok(OverrideView {
            live: self.is_live_on(today),
            id: self.id,
            service_type: self.service_type,
            reason: self.reason,
            note,
            valid_until: self.valid_until,
            recorded_by: self.recorded_by,
            created_at: self.created_at,
            revoked_at: self.revoked_at,
            version: self.version,
        })
    }
}

/// As what the law sees the person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StandingView {
    /// Group.
    pub group: Group,
    /// Ground.
    pub ground: Ground,
    /// Day of identification; clocks begin on it.
    pub identified_on: Option<NaiveDate>,
    /// Day whose law applies.
    pub law_of: NaiveDate,
}

impl From<&Standing> for StandingView {
    fn from(standing: &Standing) -> Self {
        Self {
            group: standing.group,
            ground: standing.ground,
            identified_on: standing.identified_on,
            law_of: standing.law_of,
        }
    }
}

/// What one letter gives, and what is left of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "answers to separate questions")]
pub struct EntitlementView {
    /// Letter of Law 53/2024/QH15, Art. 37.
    pub letter: String,
    /// Service type.
    pub service_type: ServiceType,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// Whether the person is entitled, whatever is used up.
    pub entitled: bool,
    /// Why, or why not.
    pub reason: Reason,
    /// Whether something of it can still be given: entitled, and neither used up nor too late.
    pub available: bool,
    /// Legal basis in Vietnamese.
    pub basis_vi: Option<String>,
    /// Legal basis in English.
    pub basis_en: Option<String>,
    /// A further condition that only people can judge, in Vietnamese.
    pub condition_vi: Option<String>,
    /// The same in English.
    pub condition_en: Option<String>,
    /// Whether the text of the law was seen; `false` is still to be confirmed.
    pub confirmed: bool,
    /// In what it is counted.
    pub unit: Unit,
    /// The limit with extensions; none where the law sets none.
    pub limit: Option<u32>,
    /// Days by which the limit was extended.
    pub extended: u32,
    /// Used so far, over all cases and centres.
    pub used: u32,
    /// Left.
    pub left: Option<u32>,
    /// Used beyond the limit.
    pub over: u32,
    /// Last day of a clock of months or school years.
    pub until: Option<NaiveDate>,
    /// While a stay goes on: the last day the limit covers.
    pub runs_out_on: Option<NaiveDate>,
    /// Whether support was given although no status entitles to it; it is never refused for that.
    pub given_without_status: bool,
}

impl EntitlementView {
    /// The view on `day`.
    pub fn of(found: &Entitlement<'_>, day: NaiveDate) -> Self {
        let text = |pick: fn(&Version) -> Option<&String>| found.version.and_then(pick).cloned();
        let clock = found.version.and_then(|version| version.clock);
        let binding = clock.is_none_or(|clock| clock.of == ClockKind::Application);
        let in_time = found.until.is_none_or(|until| day <= until || !binding);
        Self {
            letter: found.regime.letter.clone(),
            service_type: found.regime.service,
            name_vi: found.regime.name_vi.clone(),
            name_en: found.regime.name_en.clone(),
            entitled: found.entitled,
            reason: found.reason,
            available: found.entitled && found.left != Some(0) && in_time,
            basis_vi: text(|version| Some(&version.basis_vi)),
            basis_en: text(|version| Some(&version.basis_en)),
            condition_vi: text(|version| version.condition_vi.as_ref()),
            condition_en: text(|version| version.condition_en.as_ref()),
            confirmed: found.version.is_some_and(|version| version.confirmed),
            unit: found.unit,
            limit: found.limit,
            extended: found.extended,
            used: found.used,
            left: found.left,
            over: found.over,
            until: found.until,
            runs_out_on: found.runs_out_on,
            given_without_status: !found.entitled && found.used > 0,
        }
    }
}

/// A service found by assessment; for persons to whom the law gives no list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssessedService {
    /// Service type.
    pub service_type: ServiceType,
    /// Whether the person needs it.
    pub in_need: bool,
    /// Whether the person may get it.
    pub eligible: bool,
    /// Day of the assessment.
    pub assessed_on: NaiveDate,
}

/// What a person is entitled to by a case on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntitlementsView {
    /// Case.
    pub case_id: CaseId,
    /// Day.
    pub on: NaiveDate,
    /// Whether the law has a list for this person; if not, `assessed` says what the person may get.
    pub statutory: bool,
    /// As what the law sees the person.
    pub standing: Option<StandingView>,
    /// Why there is no standing.
    pub absence: Option<Absence>,
    /// Whether the nationality is not known; the person is then treated as resident.
    pub nationality_unknown: bool,
    /// Whether the age is not known; the person is then not refused for it.
    pub age_unknown: bool,
    /// Letter by letter; empty where the law has no list.
    pub items: Vec<EntitlementView>,
    /// By assessed eligibility, service by service.
    pub assessed: Vec<AssessedService>,
    /// Circumstances on record, oldest first.
    pub circumstances: Vec<CircumstanceView>,
    /// Overrides of this case, newest first; at most 200.
    pub overrides: Vec<OverrideView>,
}
