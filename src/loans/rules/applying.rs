//! Writing the application for a loan.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{exposure, note, refuse_paid_by_hand};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::TrailAction;
use crate::cases::{self, model::Case};
use crate::consents::{self, model::ConsentPurpose};
use crate::db::DbConnection;
use crate::db::schema::{loan_events, loan_papers, loans};
use crate::db::types::{AccountId, ConsentId, Instant, LoanEventId, LoanId, PersonId, ReferralId};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, LoanConflict, Rule};
use crate::grants::Action;
use crate::loans::LoanStatus;
use crate::loans::ledger::{Frequency, RepaymentPlan};
use crate::loans::model::{CertificateIssuer, Loan, LoanEvent, LoanEventKind, LoanPapers, LoanPurpose};
use crate::loans::products::{Borrower, LoanProduct, Product};
use crate::persons::model::{Birth, Person};
use crate::referrals::{self, model::Referral};
use crate::services::ServiceType;

/// An application that is to be written.
#[derive(Debug, Clone)]
pub struct Application {
    /// Id of the loan.
    pub id: LoanId,
    /// Id of its first event.
    pub event: LoanEventId,
    /// Referral for a loan that the lender has accepted.
    pub referral: ReferralId,
    /// Product.
    pub product: LoanProduct,
    /// Who borrows.
    pub borrower: Borrower,
    /// Whole đồng.
    pub asked_dong: i64,
    /// Months.
    pub asked_months: i32,
    /// When principal comes back.
    pub plan: RepaymentPlan,
    /// How often instalments fall due.
    pub frequency: Frequency,
    /// What the money is for.
    pub purpose: LoanPurpose,
    /// Day of the application; the product is the one of that day.
    pub applied_on: NaiveDate,
    /// Whether the savings-and-credit group is named.
    pub names_group: bool,
    /// The certificate, where the product needs one.
    pub certificate: Option<Certificate>,
}

/// A certificate that a product's law demands.
#[derive(Debug, Clone, Copy)]
pub struct Certificate {
    /// Who issued it.
    pub issuer: CertificateIssuer,
    /// When.
    pub issued_on: NaiveDate,
    /// When the person was read what the lender learns from it. None only of a loan of before this program:
    /// the certificate then stays with the centre.
    pub disclosure_read_on: Option<NaiveDate>,
}

/// Writes an application. `seal` seals the plan and the name of the group.
///
/// # Errors
/// Field errors; [`Conflict::ConsentMissing`], [`LoanConflict::CertificateConsentMissing`],
/// [`LoanConflict::Open`], [`LoanConflict::PaidByHand`], [`LoanConflict::Ceiling`], [`Conflict::ReferralNotInService`] when the lender has
/// not accepted the referral; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn apply(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    new: &Application,
    seal: impl Fn(PersonId) -> Result<(Vec<u8>, Option<Vec<u8>>), AppError>,
) -> Result<Loan, AppError> {
    let (referral, _) = referrals::rules::read(conn, actor, new.referral)?;
    let case = cases::rules::find_for(conn, actor, Action::LoanApply, referral.case_id)?;
    check_referral(conn, actor, &referral)?;
    let person = referrals::rules::person_of(conn, &referral)?;
    let (product, ceiling) = check(app, actor.now.civil_date(), new, &case, &person).map_err(AppError::Invalid)?;
    let open = loans::table.filter(loans::referral_id.eq(referral.id)).filter(loans::status.eq_any([
        LoanStatus::Application,
        LoanStatus::Appraisal,
        LoanStatus::Approved,
        LoanStatus::Disbursed,
    ]));
    if diesel::select(diesel::dsl::exists(open)).get_result::<bool>(conn)? {
        return Err(AppError::loan(LoanConflict::Open));
    }
    refuse_paid_by_hand(conn, referral.id)?;
    if exposure(conn, person.id, new.product, new.id)? + new.asked_dong > ceiling {
        return Err(AppError::loan(LoanConflict::Ceiling));
    }
    let consent =
        if product.needs_certificate { Some(certificate_consent(conn, actor.now, new, &referral)?) } else { None };
    let loan = row((actor.account, actor.now), new, &referral);
    let papers = papers_of(new, consent, seal(person.id)?);
    diesel::insert_into(loans::table).values(&loan).execute(conn)?;
    diesel::insert_into(loan_papers::table).values(&papers).execute(conn)?;
    let event = applied((actor.account, actor.now), new);
    diesel::insert_into(loan_events::table).values(&event).execute(conn)?;
    note(conn, &app.trail, event.recorded_by, loan.id, TrailAction::Create, &["loan"], actor.now)?;
    Ok(loan)
}

/// The event that an application is.
pub(super) fn applied((by, at): (AccountId, Instant), new: &Application) -> LoanEvent {
    let mut event = LoanEvent::new(new.event, new.id, LoanEventKind::Applied, new.applied_on, at);
    event.amount_dong = Some(new.asked_dong);
    event.recorded_by = Some(by);
    event
}

/// The papers of an application: the sealed plan, and the sealed name of the group.
pub fn papers_of(new: &Application, consent: Option<ConsentId>, sealed: (Vec<u8>, Option<Vec<u8>>)) -> LoanPapers {
    LoanPapers {
        loan_id: new.id,
        sealed_plan: sealed.0,
        sealed_group: sealed.1,
        certificate_issuer: new.certificate.map(|certificate| certificate.issuer),
        certified_on: new.certificate.map(|certificate| certificate.issued_on),
        disclosure_read_on: new.certificate.and_then(|certificate| certificate.disclosure_read_on),
        certificate_consent_id: consent,
    }
}

fn check_referral(conn: &mut DbConnection, actor: &Actor, referral: &Referral) -> Result<(), AppError> {
    if referral.service_type != ServiceType::Loan {
        return Err(AppError::field("referral_id", Rule::MustFit(FitsWith::LoanReferral)));
    }
    if !referral.status.shows_person() {
        return Err(referral.status.not_in_service());
    }
    let today = actor.now.civil_date();
    match referral.consent_id {
        Some(consent) if consents::rules::is_live(conn, consent, today)? => Ok(()),
        _ => Err(AppError::Conflict(Conflict::ConsentMissing)),
    }
}

/// The product of the day, and its ceiling for this borrower.
///
/// # Errors
/// Every rule that the application breaks.
pub(super) fn check<'a>(
    app: &'a App,
    today: NaiveDate,
    new: &Application,
    case: &Case,
    person: &Person,
) -> Result<(&'a Product, i64), Vec<FieldError>> {
    let mut broken = Vec::new();
    let mut refuse = |field: &str, rule| broken.push(FieldError::new(field, rule));
    if new.applied_on > today {
        refuse("applied_on", Rule::NotInFuture);
    }
    if new.applied_on < case.begun_on() {
        refuse("applied_on", Rule::NotBefore(DayOf::CaseReceived));
    }
    let offered =
        app.products.on(new.product, new.applied_on).filter(|product| lives_where(app, product, new, case, person));
    let Some((product, ceiling)) = offered.and_then(|product| Some((product, product.ceiling(new.borrower)?))) else {
        refuse("product", Rule::ProductNotOffered);
        return Err(broken);
    };
    if new.asked_dong > ceiling {
        refuse("amount_dong", Rule::Range { min: 1, max: ceiling });
    }
    if i64::from(new.asked_months) > i64::from(product.term_months_max) {
        refuse("term_months", Rule::Range { min: 1, max: product.term_months_max.into() });
    }
    if !product.plans.contains(&new.plan) {
        refuse("plan", Rule::MustFit(FitsWith::PlanOfProduct));
    }
    let birth = Birth { precision: person.birth_precision, date: person.birth_date, year: person.birth_year };
    if let Some(years) = product.minimum_age
        && birth.age_on(new.applied_on).is_none_or(|age| age < years)
    {
        refuse("product", Rule::MinimumAge(years));
    }
    if product.needs_group && !new.names_group {
        refuse("savings_group", Rule::Required);
    }
    match new.certificate {
        None if product.needs_certificate => refuse("certificate", Rule::Required),
        // What the law does not demand is not asked for.
        Some(_) if !product.needs_certificate => refuse("certificate", Rule::MustFit(FitsWith::NoCertificate)),
        Some(certificate) if certificate.issued_on > new.applied_on => {
            refuse("certificate.issued_on", Rule::NotAfter(DayOf::LoanApplied));
        }
        _ => {}
    }
    if broken.is_empty() { Ok((product, ceiling)) } else { Err(broken) }
}

/// Whether the product is offered where the person lives, as the map was on that day; where that is not
/// known, where the case was received.
fn lives_where(app: &App, product: &Product, new: &Application, case: &Case, person: &Person) -> bool {
    if product.provinces.is_empty() {
        return true;
    }
    let residence = person.residence_unit_code.as_deref().filter(|code| app.units.is_valid_on(code, new.applied_on));
    let unit = residence.unwrap_or(&case.unit_code);
    product.provinces.iter().any(|province| app.units.is_within(unit, province))
}

/// The consent on which the certificate goes to the lender; the person was read what it tells before giving it.
///
/// # Errors
/// [`LoanConflict::CertificateConsentMissing`]; a field error when the person was read it later.
pub fn certificate_consent(
    conn: &mut DbConnection,
    now: Instant,
    new: &Application,
    referral: &Referral,
) -> Result<ConsentId, AppError> {
    let (purpose, today) = (ConsentPurpose::LoanCertificate, now.civil_date());
    let live = consents::rules::live(conn, referral.person_id, purpose, referral.to_organisation_id, today)?;
    let consent = live.ok_or(AppError::loan(LoanConflict::CertificateConsentMissing))?;
    let read_on = new.certificate.and_then(|certificate| certificate.disclosure_read_on);
    if read_on.is_some_and(|day| day > consent.given_on) {
        return Err(AppError::field("certificate.disclosure_read_on", Rule::NotAfter(DayOf::ConsentGiven)));
    }
    Ok(consent.id)
}

/// The row of an application.
pub(super) fn row((by, at): (AccountId, Instant), new: &Application, referral: &Referral) -> Loan {
    Loan {
        id: new.id,
        referral_id: referral.id,
        case_id: referral.case_id,
        person_id: referral.person_id,
        centre_id: referral.from_organisation_id,
        lender_id: referral.to_organisation_id,
        product: new.product,
        borrower: new.borrower,
        asked_dong: new.asked_dong,
        asked_months: new.asked_months,
        plan: new.plan,
        frequency: new.frequency,
        purpose: new.purpose,
        status: LoanStatus::Application,
        applied_on: new.applied_on,
        decided_on: None,
        approved_dong: None,
        approved_months: None,
        rate_ppm: None,
        overdue_rate_ppm: None,
        refusal_reason: None,
        disbursed_on: None,
        restructured_on: None,
        disbursed_dong: 0,
        repaid_principal_dong: 0,
        repaid_interest_dong: 0,
        written_off_dong: 0,
        next_due_on: None,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}
