//! Rows and words of loans.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::ledger::{Account, Entry, Frequency, Rates, RepaymentPlan, Terms, What};
use super::products::{Borrower, LoanProduct};
use super::status::{LoanStatus, RefusalReason};
use crate::db::bulk::bulk_rows;
use crate::db::schema::{loan_events, loan_papers, loans};
use crate::db::types::{
    AccountId, CaseId, ConsentId, DeliveryId, Instant, LoanEventId, LoanId, OrganisationId, PersonId, ReferralId,
    text_enum,
};
use crate::error::AppError;
use crate::vault::{DataKey, FieldName, open, open_if_any};

text_enum! {
    /// What the money is for.
    LoanPurpose {
        /// Crops, animals, fish.
        Farming = "farming",
        /// Buying and selling.
        Trade = "trade",
        /// Making things.
        Craft = "craft",
        /// Services: sewing, hair, food, repair.
        Services = "services",
        /// Tools or a vehicle for work.
        Equipment = "equipment",
        /// Something else.
        Other = "other",
    }
}

text_enum! {
    /// Who issued the certificate.
    CertificateIssuer {
        /// Chair of the commune's People's Committee.
        CommuneChair = "commune_chair",
        /// A political-social organisation.
        PoliticalSocialOrganisation = "political_social_organisation",
        /// Leader of a club or group.
        GroupLeader = "group_leader",
    }
}

text_enum! {
    /// What happened to a loan.
    LoanEventKind {
        /// The centre applied.
        Applied = "applied",
        /// The lender began to look at it.
        Appraised = "appraised",
        /// Granted.
        Approved = "approved",
        /// Not granted.
        Refused = "refused",
        /// Withdrawn before money was paid out.
        Withdrawn = "withdrawn",
        /// Money was paid out.
        Disbursed = "disbursed",
        /// Money was paid back.
        Repaid = "repaid",
        /// New terms for what is outstanding.
        Restructured = "restructured",
        /// The rest was written off.
        WrittenOff = "written_off",
        /// An entry of the ledger was a mistake and counts no more.
        Reversed = "reversed",
    }
}

/// A loan as stored. The amounts and `next_due_on` repeat what the ledger says, for lists;
/// they are written in the transaction of every entry.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = loans, treat_none_as_default_value = false)]
pub struct Loan {
    /// Id.
    pub id: LoanId,
    /// Referral on which it was applied for.
    pub referral_id: ReferralId,
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// Centre that applied.
    pub centre_id: OrganisationId,
    /// Lender.
    pub lender_id: OrganisationId,
    /// Product.
    pub product: LoanProduct,
    /// Who borrows.
    pub borrower: Borrower,
    /// Whole đồng asked for.
    pub asked_dong: i64,
    /// Months asked for.
    pub asked_months: i32,
    /// When principal comes back, by the agreement.
    pub plan: RepaymentPlan,
    /// How often instalments fall due, by the agreement.
    pub frequency: Frequency,
    /// What the money is for.
    pub purpose: LoanPurpose,
    /// Status.
    pub status: LoanStatus,
    /// Day of the application.
    pub applied_on: NaiveDate,
    /// Day of the decision.
    pub decided_on: Option<NaiveDate>,
    /// Whole đồng granted.
    pub approved_dong: Option<i64>,
    /// Months granted.
    pub approved_months: Option<i32>,
    /// Interest a year in millionths, of the day of the decision.
    pub rate_ppm: Option<i32>,
    /// The same on overdue principal.
    pub overdue_rate_ppm: Option<i32>,
    /// Why it was not granted.
    pub refusal_reason: Option<RefusalReason>,
    /// First day on which money was paid out.
    pub disbursed_on: Option<NaiveDate>,
    /// Last day on which the terms were changed.
    pub restructured_on: Option<NaiveDate>,
    /// Paid out, whole đồng.
    pub disbursed_dong: i64,
    /// Principal paid back.
    pub repaid_principal_dong: i64,
    /// Interest paid.
    pub repaid_interest_dong: i64,
    /// Principal written off.
    pub written_off_dong: i64,
    /// Day on which the first instalment that is not paid falls, or fell, due.
    pub next_due_on: Option<NaiveDate>,
    /// Who wrote the application.
    pub created_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// Something that happened to a loan. Nothing is ever changed or removed; a mistake is reversed.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = loan_events, treat_none_as_default_value = false)]
pub struct LoanEvent {
    /// Id.
    pub id: LoanEventId,
    /// Loan.
    pub loan_id: LoanId,
    /// What.
    pub kind: LoanEventKind,
    /// Day on which it happened.
    pub occurred_on: NaiveDate,
    /// Whole đồng.
    pub amount_dong: Option<i64>,
    /// Of what papers of before say was paid back: how much was interest.
    pub interest_dong: Option<i64>,
    /// With new terms: months from that day.
    pub term_months: Option<i32>,
    /// With new terms: when principal comes back.
    pub plan: Option<RepaymentPlan>,
    /// With new terms: how often instalments fall due.
    pub frequency: Option<Frequency>,
    /// The entry that was a mistake.
    pub reverses_id: Option<LoanEventId>,
    /// The delivery that stands for money paid out.
    pub delivery_id: Option<DeliveryId>,
    /// Reason word.
    pub reason: Option<String>,
    /// Who recorded it; none when the end of a referral or a consent did it by itself.
    pub recorded_by: Option<AccountId>,
    /// When it was recorded.
    pub recorded_at: Instant,
}

bulk_rows! { Loan => loans, LoanPapers => loan_papers, LoanEvent => loan_events }

impl Loan {
    /// Principal outstanding, whole đồng.
    pub fn outstanding_dong(&self) -> i64 {
        self.disbursed_dong - self.repaid_principal_dong - self.written_off_dong
    }

    /// What the loan takes up of the ceiling: what is outstanding, and what may still be paid out.
    pub fn exposure_dong(&self) -> i64 {
        let granted = self.approved_dong.unwrap_or(0);
        match self.status {
            LoanStatus::Approved => granted,
            LoanStatus::Disbursed => self.outstanding_dong() + granted - self.disbursed_dong,
            _ => 0,
        }
    }

    /// Terms of the agreement; none before the decision.
    pub fn terms(&self) -> Option<Terms> {
        let months = u32::try_from(self.approved_months?).ok()?;
        Some(Terms { months, plan: self.plan, frequency: self.frequency })
    }

    /// Rates of the agreement; none before the decision.
    pub fn rates(&self) -> Option<Rates> {
        Some(Rates { ordinary: self.rate_ppm?.into(), overdue: self.overdue_rate_ppm?.into() })
    }

    /// Notes what the ledger says, for lists.
    pub fn note_figures(&mut self, account: &Account, entries: &[Entry]) {
        self.disbursed_dong = account.disbursed;
        self.repaid_principal_dong = account.repaid_principal;
        self.repaid_interest_dong = account.repaid_interest;
        self.written_off_dong = account.written_off;
        self.next_due_on = account.next_due_on();
        let days = |wanted: fn(&What) -> bool| entries.iter().filter(move |e| wanted(&e.what)).map(|e| e.on);
        self.disbursed_on = days(|what| matches!(what, What::Disbursed(_))).min();
        self.restructured_on = days(|what| matches!(what, What::Restructured(_))).max();
    }
}

/// The papers of an application; all but the certificate are for the centre alone.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = loan_papers, treat_none_as_default_value = false)]
pub struct LoanPapers {
    /// Loan.
    pub loan_id: LoanId,
    /// Sealed plan, in the person's words.
    pub sealed_plan: Vec<u8>,
    /// Sealed name of the savings-and-credit group.
    pub sealed_group: Option<Vec<u8>>,
    /// Who issued the certificate, where the product needs one.
    pub certificate_issuer: Option<CertificateIssuer>,
    /// When it was issued.
    pub certified_on: Option<NaiveDate>,
    /// When the person was read what the lender learns from it.
    pub disclosure_read_on: Option<NaiveDate>,
    /// Consent on which the certificate goes to the lender.
    pub certificate_consent_id: Option<ConsentId>,
}

impl LoanPapers {
    /// Where a sealed text of an application stands.
    pub fn place(id: LoanId, column: &'static str) -> FieldName {
        FieldName { table: "loan_papers", column, row: id.0 }
    }

    /// Opens the plan and the name of the group.
    ///
    /// # Errors
    /// When one does not open.
    pub fn texts(&self, key: &DataKey, person: PersonId) -> Result<(String, Option<String>), AppError> {
        let place = |column| Self::place(self.loan_id, column);
        let plan = open(key, person, place("sealed_plan"), &self.sealed_plan)?.to_string();
        Ok((plan, open_if_any(key, person, place("sealed_group"), self.sealed_group.as_deref())?))
    }
}

/// The entries of a ledger that stand: neither reversed nor a reversal.
pub fn standing_entries(events: &[LoanEvent]) -> Vec<Entry> {
    let reversed: Vec<LoanEventId> = events.iter().filter_map(|event| event.reverses_id).collect();
    events.iter().filter(|event| !reversed.contains(&event.id)).filter_map(LoanEvent::entry).collect()
}

impl LoanEvent {
    /// An event of this kind with nothing more to say.
    pub fn new(id: LoanEventId, loan_id: LoanId, kind: LoanEventKind, on: NaiveDate, at: Instant) -> Self {
        Self {
            id,
            loan_id,
            kind,
            occurred_on: on,
            amount_dong: None,
            interest_dong: None,
            term_months: None,
            plan: None,
            frequency: None,
            reverses_id: None,
            delivery_id: None,
            reason: None,
            recorded_by: None,
            recorded_at: at,
        }
    }

    /// The entry of the ledger that this is; none for what moves no money and changes no terms.
    pub fn entry(&self) -> Option<Entry> {
        let what = match self.kind {
            LoanEventKind::Disbursed => What::Disbursed(self.amount_dong?),
            LoanEventKind::Repaid => match self.interest_dong {
                Some(interest) => What::BroughtOver { principal: self.amount_dong? - interest, interest },
                None => What::Repaid(self.amount_dong?),
            },
            LoanEventKind::WrittenOff => What::WrittenOff(self.amount_dong?),
            LoanEventKind::Restructured => What::Restructured(Terms {
                months: u32::try_from(self.term_months?).ok()?,
                plan: self.plan?,
                frequency: self.frequency?,
            }),
            _ => return None,
        };
        Some(Entry { id: self.id, on: self.occurred_on, what })
    }
}
