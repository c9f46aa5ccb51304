//! What is read of a loan. A lender reads the referral's id, the product, amounts and dates; never the case,
//! the person, or why the programme meets anybody.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::types::{
    AccountId, CaseId, ConsentId, DeliveryId, Instant, LoanEventId, LoanId, OrganisationId, PersonId, ReferralId,
};
use crate::loans::LoanStatus;
use crate::loans::ledger::{Account, Frequency, Instalment, Overdue, RepaymentPlan};
use crate::loans::model::{CertificateIssuer, Loan, LoanEvent, LoanEventKind, LoanPapers, LoanPurpose};
use crate::loans::products::{Borrower, LoanProduct};
use crate::loans::rules::Side;
use crate::loans::status::RefusalReason;

/// A loan. Amounts are whole đồng.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoanView {
    /// Id.
    pub id: LoanId,
    /// Referral on which it was applied for.
    pub referral_id: ReferralId,
    /// Product.
    pub product: LoanProduct,
    /// Who borrows.
    pub borrower: Borrower,
    /// What the money is for.
    pub purpose: LoanPurpose,
    /// Asked for.
    pub asked_dong: i64,
    /// Months asked for.
    pub asked_months: i32,
    /// When principal comes back, by the agreement.
    pub plan: RepaymentPlan,
    /// How often instalments fall due, by the agreement.
    pub frequency: Frequency,
    /// Status.
    pub status: LoanStatus,
    /// Day of the application.
    pub applied_on: NaiveDate,
    /// Day of the decision.
    pub decided_on: Option<NaiveDate>,
    /// Granted.
    pub approved_dong: Option<i64>,
    /// Months granted.
    pub approved_months: Option<i32>,
    /// Interest a year in millionths of the principal (66000 is 6.6 %).
    pub rate_ppm: Option<i32>,
    /// The same on overdue principal.
    pub overdue_rate_ppm: Option<i32>,
    /// Why it was not granted.
    pub refusal_reason: Option<RefusalReason>,
    /// First day on which money was paid out.
    pub disbursed_on: Option<NaiveDate>,
    /// Last day on which the terms were changed.
    pub restructured_on: Option<NaiveDate>,
    /// Paid out.
    pub disbursed_dong: i64,
    /// Principal paid back.
    pub repaid_principal_dong: i64,
    /// Interest paid.
    pub repaid_interest_dong: i64,
    /// Principal written off.
    pub written_off_dong: i64,
    /// Principal outstanding.
    pub outstanding_dong: i64,
    /// Day on which the first instalment that is not paid falls, or fell, due.
    pub next_due_on: Option<NaiveDate>,
    /// Days since then, when it lies before today.
    pub overdue_days: Option<i64>,
    /// What the ledger says today; when the loan is read alone and money was paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The certificate; when the loan is read alone, and for the lender only while the consent to it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<LoanCertificateView>,
    /// What only the centre reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centre: Option<CentrePart>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// What only the centre reads of a loan.
#[derive(Debug, Serialize, ToSchema)]
pub struct CentrePart {
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// Centre that applied.
    pub centre_id: OrganisationId,
    /// Lender.
    pub lender_id: OrganisationId,
    /// Plan, when the loan is read alone.
    pub plan_text: Option<String>,
    /// Savings-and-credit group, when the loan is read alone.
    pub savings_group: Option<String>,
}

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoanCertificateView {
    /// Who issued it.
    issuer: CertificateIssuer,
    /// When.
    issued_on: NaiveDate,
    /// When the person was read what the lender learns from it; for the centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    disclosure_read_on: Option<NaiveDate>,
    /// Consent on which it goes to the lender; for the centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_id: Option<ConsentId>,
}

impl LoanCertificateView {
    pub(super) fn of(papers: &LoanPapers, side: Side) -> Option<Self> {
        let for_centre = side == Side::Centre;
        Some(Self {
            issuer: papers.certificate_issuer?,
            issued_on: papers.certified_on?,
            disclosure_read_on: papers.disclosure_read_on.filter(|_| for_centre),
            consent_id: papers.certificate_consent_id.filter(|_| for_centre),
        })
    }
}

/// A loan's account on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Position {
    /// The day.
    on: NaiveDate,
    /// Interest until that day that is not paid.
    interest_dong: i64,
    /// What would settle the loan on that day.
    owed_dong: i64,
    /// What is overdue.
    overdue: Option<Overdue>,
    /// Interest written off.
    written_off_interest_dong: i64,
}

impl Position {
    pub(super) fn on(account: &Account, day: NaiveDate) -> Self {
        let then = account.on(day);
        Self {
            on: day,
            interest_dong: then.interest(),
            owed_dong: then.owed(),
            overdue: then.overdue(day),
            written_off_interest_dong: then.written_off_interest,
        }
    }
}

/// The instalments of the terms that hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schedule {
    /// As seen on this day.
    pub on: NaiveDate,
    /// Principal outstanding: the sum of what is left of the instalments.
    pub outstanding_dong: i64,
    /// The instalments by day.
    pub instalments: Vec<Instalment>,
}

/// What settles a loan on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Settlement {
    /// The day.
    pub on: NaiveDate,
    /// Principal outstanding.
    pub principal_dong: i64,
    /// Interest until that day.
    pub interest_dong: i64,
    /// Both.
    pub total_dong: i64,
}

/// Something that happened to a loan.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoanEventView {
    /// Id.
    id: LoanEventId,
    /// What.
    kind: LoanEventKind,
    /// Day on which it happened.
    occurred_on: NaiveDate,
    /// Whole đồng.
    amount_dong: Option<i64>,
    /// Of what papers of before say was paid back: how much was interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    interest_dong: Option<i64>,
    /// Months granted, or of new terms from that day.
    term_months: Option<i32>,
    /// With new terms: when principal comes back.
    plan: Option<RepaymentPlan>,
    /// With new terms: how often instalments fall due.
    frequency: Option<Frequency>,
    /// The entry that was a mistake.
    reverses_id: Option<LoanEventId>,
    /// The delivery that stands for money paid out.
    delivery_id: Option<DeliveryId>,
    /// Reason word.
    reason: Option<String>,
    /// Who recorded it; for the centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_by: Option<AccountId>,
    /// When it was recorded.
    recorded_at: Instant,
}

impl LoanEventView {
    pub(super) fn of(event: LoanEvent, side: Side) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            occurred_on: event.occurred_on,
            amount_dong: event.amount_dong,
            interest_dong: event.interest_dong,
            term_months: event.term_months,
            plan: event.plan,
            frequency: event.frequency,
            reverses_id: event.reverses_id,
            delivery_id: event.delivery_id,
            reason: event.reason,
            recorded_by: event.recorded_by.filter(|_| side == Side::Centre),
            recorded_at: event.recorded_at,
        }
    }
}

impl LoanView {
    /// What a list shows of a loan.
    pub(super) fn of(loan: &Loan, side: Side, today: NaiveDate) -> Self {
        let overdue = loan.next_due_on.filter(|due| *due < today);
        let centre = (side == Side::Centre).then_some(CentrePart {
            case_id: loan.case_id,
            person_id: loan.person_id,
            centre_id: loan.centre_id,
            lender_id: loan.lender_id,
            plan_text: None,
            savings_group: None,
        });
        Self {
            id: loan.id,
            referral_id: loan.referral_id,
            product: loan.product,
            borrower: loan.borrower,
            purpose: loan.purpose,
            asked_dong: loan.asked_dong,
            asked_months: loan.asked_months,
            plan: loan.plan,
            frequency: loan.frequency,
            status: loan.status,
            applied_on: loan.applied_on,
            decided_on: loan.decided_on,
            approved_dong: loan.approved_dong,
            approved_months: loan.approved_months,
            rate_ppm: loan.rate_ppm,
            overdue_rate_ppm: loan.overdue_rate_ppm,
            refusal_reason: loan.refusal_reason,
            disbursed_on: loan.disbursed_on,
            restructured_on: loan.restructured_on,
            disbursed_dong: loan.disbursed_dong,
            repaid_principal_dong: loan.repaid_principal_dong,
            repaid_interest_dong: loan.repaid_interest_dong,
            written_off_dong: loan.written_off_dong,
            outstanding_dong: loan.outstanding_dong(),
            next_due_on: loan.next_due_on,
            overdue_days: overdue.map(|due| (today - due).num_days()),
            position: None,
            certificate: None,
            centre,
            version: loan.version,
        }
    }
}
