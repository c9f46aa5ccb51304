//! Rows and words of consents.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::bulk::bulk_rows;
use crate::db::schema::consents;
use crate::db::types::{AccountId, ConsentId, GuardianId, Instant, OrganisationId, PersonId, text_enum};

text_enum! {
    /// What a consent is for. Silence is never consent (Law 91/2025/QH15).
    ConsentPurpose {
        /// Keeping a record and giving support.
        Support = "support",
        /// Passing what a service needs to the recipient it names.
        Referral = "referral",
        /// Handing the case over to the centre it names.
        Transfer = "transfer",
        /// Passing the certificate that a loan product demands to the lender it names.
        LoanCertificate = "loan_certificate",
    }
}

text_enum! {
    /// Who gave the consent.
    GivenBy {
        /// The person.
        OneSelf = "self",
        /// A guardian.
        Guardian = "guardian",
        /// A legal representative.
        LegalRepresentative = "legal_representative",
    }
}

text_enum! {
    /// How the consent is proven.
    Proof {
        /// A signature on paper.
        WrittenSignature = "written_signature",
        /// Spoken before a witness.
        WitnessedSpoken = "witnessed_spoken",
        /// A recording.
        Recording = "recording",
        /// An electronic signature.
        ElectronicSignature = "electronic_signature",
    }
}

text_enum! {
    /// Why a consent ended before its last day.
    ConsentEndReason {
        /// It was withdrawn.
        Withdrawn = "withdrawn",
        /// The guardian who gave it is no longer the guardian.
        GuardianEnded = "guardian_ended",
        /// By the corrected birth the person was a child who does not agree alone.
        GuardianNeeded = "guardian_needed",
    }
}

/// A consent.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents, treat_none_as_default_value = false)]
pub struct Consent {
    /// Id.
    pub id: ConsentId,
    /// Whose data.
    pub person_id: PersonId,
    /// For what.
    pub purpose: ConsentPurpose,
    /// To whom; the centre itself when none.
    pub recipient_organisation_id: Option<OrganisationId>,
    /// Given by whom.
    pub given_by: GivenBy,
    /// When.
    pub given_on: NaiveDate,
    /// How proven.
    pub proof: Proof,
    /// Last day.
    pub expires_on: Option<NaiveDate>,
    /// Day of withdrawal.
    pub withdrawn_on: Option<NaiveDate>,
    /// Who recorded the withdrawal.
    pub withdrawn_by: Option<AccountId>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
    /// The guardian who gave it, where a guardian did.
    pub guardian_id: Option<GuardianId>,
    /// Why it was withdrawn.
    pub end_reason: Option<ConsentEndReason>,
    /// First day on which it holds, where it was given ahead of coming of age.
    pub holds_from: Option<NaiveDate>,
    /// Last day as it was told, whenever the person comes of age.
    pub told_expires_on: Option<NaiveDate>,
}

bulk_rows! { Consent => consents }

impl Consent {
    /// Whether it holds on after the other's last day.
    pub fn outlasts(&self, other: &Self) -> bool {
        other.expires_on.is_some_and(|last| self.expires_on.is_none_or(|own| own > last))
    }
}
