//! The ledger of a loan: what was paid out and paid back, new terms, a rest written off, and reversals.

use chrono::NaiveDate;

use super::deciding::check_agreed;
use super::{Ledger, exposure, find_for, find_version, illegal, ledger, refuse_paid_by_hand, save};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::TrailKey;
use crate::db::DbConnection;
use crate::db::types::{DeliveryId, LoanEventId, LoanId};
use crate::deliveries::model::DeliveryForm;
use crate::deliveries::rules::{Ground, NewDelivery};
use crate::error::{AppError, DayOf, FieldError, FitsWith, LoanConflict, Rule};
use crate::grants::Action;
use crate::loans::LoanStatus;
use crate::loans::ledger::{self as arithmetic, Account, Refusal, Terms};
use crate::loans::model::{Loan, LoanEvent, LoanEventKind, standing_entries};
use crate::loans::products::Products;
use crate::loans::status::WriteOffReason;
use crate::referrals::ReferralStatus;
use crate::services::ServiceType;
use crate::{consents, deliveries, referrals};

/// Money that changed hands.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    /// Id of the entry.
    pub id: LoanEventId,
    /// Day.
    pub on: NaiveDate,
    /// Whole đồng.
    pub dong: i64,
}

/// Records money paid out, in full or in part. The first part needs the referral in service; every part
/// paid out while it is, is recorded as a delivery too.
///
/// # Errors
/// Field errors; [`LoanConflict::NothingLeft`] when all was paid out; [`LoanConflict::Ceiling`]; [`LoanConflict::PaidByHand`]; [`IllegalTransition`](crate::error::Conflict),
/// [`ReferralNotInService`](crate::error::Conflict),
/// [`ConsentMissing`](crate::error::Conflict), [`LoanConflict::CertificateConsentMissing`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn disburse(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    (id, expected): (LoanId, i32),
    paid: Payment,
    delivery: DeliveryId,
) -> Result<Loan, AppError> {
    let loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let is_first = loan.status == LoanStatus::Approved;
    if !is_first && loan.status != LoanStatus::Disbursed {
        return Err(illegal(loan.status, LoanStatus::Disbursed));
    }
    if is_first {
        check_agreed(conn, actor, &loan)?;
        refuse_paid_by_hand(conn, loan.referral_id)?;
    }
    check_ceiling(conn, &app.products, &loan)?;
    check_day(actor, "disbursed_on", paid.on, loan.decided_on, DayOf::LoanDecided)?;
    let left = loan.approved_dong.unwrap_or(0) - loan.disbursed_dong;
    check_amount(paid.dong, left)?;
    let mut event = entry(actor, &loan, LoanEventKind::Disbursed, paid.id, paid.on);
    event.amount_dong = Some(paid.dong);
    if is_first || referrals::rules::status_of(conn, loan.referral_id)? == ReferralStatus::InService {
        let new = NewDelivery {
            id: delivery,
            ground: Ground::Referral(loan.referral_id),
            service_type: ServiceType::Loan,
            delivered_on: paid.on,
            form: DeliveryForm::Money,
            amount_dong: Some(paid.dong),
            part_of: None,
        };
        deliveries::rules::create(conn, actor, &app.entitlements, &app.trail, &new)?;
        event.delivery_id = Some(delivery);
    }
    let (events, _) = ledger(conn, &loan)?.into_parts();
    post(conn, &app.trail, loan, events, event)
}

/// Since the decision another loan may have come to owe more: by a reversal, or because two records turned out to
/// be one person.
fn check_ceiling(conn: &mut DbConnection, products: &Products, loan: &Loan) -> Result<(), AppError> {
    let product = loan.decided_on.and_then(|day| products.on(loan.product, day));
    let ceiling = product.and_then(|product| product.ceiling(loan.borrower)).unwrap_or(0);
    let owed = exposure(conn, loan.person_id, loan.product, loan.id)? + loan.exposure_dong();
    if owed > ceiling { Err(AppError::loan(LoanConflict::Ceiling)) } else { Ok(()) }
}

/// Records money paid back. Two that are recorded at the same time both count, so no version is asked for.
///
/// # Errors
/// Field errors, with the most that may be paid; [`LoanConflict::NothingLeft`];
/// [`IllegalTransition`](crate::error::Conflict); [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn repay(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: LoanId,
    paid: Payment,
) -> Result<Loan, AppError> {
    let loan = find_for(conn, actor, Action::LoanLend, id)?;
    let Ledger { events, terms, rates, .. } = running(conn, &loan)?;
    check_day(actor, "repaid_on", paid.on, loan.disbursed_on, DayOf::LoanPaidOut)?;
    let entries = standing_entries(&events);
    check_amount(paid.dong, arithmetic::most_repayable(terms, rates, &entries, paid.on, paid.id))?;
    let mut event = entry(actor, &loan, LoanEventKind::Repaid, paid.id, paid.on);
    event.amount_dong = Some(paid.dong);
    post(conn, trail, loan, events, event)
}

/// Lays what is outstanding on new instalments, from a day on. The rates stay.
///
/// # Errors
/// Field errors; [`LoanConflict::LedgerBroken`] when later entries do not go with it; [`LoanConflict::NothingLeft`];
/// [`IllegalTransition`](crate::error::Conflict); [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn restructure(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    id: LoanId,
    expected: i32,
    (on, terms): (NaiveDate, Terms),
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let events = running(conn, &loan)?.events;
    check_day(actor, "restructured_on", on, loan.disbursed_on, DayOf::LoanPaidOut)?;
    let agreed = loan.decided_on.and_then(|day| app.products.on(loan.product, day));
    let product = agreed.ok_or_else(|| AppError::internal("the product of a loan is gone from config/loans.toml"))?;
    let mut broken = Vec::new();
    if terms.months > product.term_months_max {
        broken.push(FieldError::new("term_months", Rule::Range { min: 1, max: product.term_months_max.into() }));
    }
    if !product.plans.contains(&terms.plan) {
        broken.push(FieldError::new("plan", Rule::MustFit(FitsWith::PlanOfProduct)));
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    let mut event = entry(actor, &loan, LoanEventKind::Restructured, event, on);
    event.term_months = i32::try_from(terms.months).ok();
    event.plan = Some(terms.plan);
    event.frequency = Some(terms.frequency);
    post(conn, &app.trail, loan, events, event)
}

/// Writes off all that is outstanding, and the interest with it.
///
/// # Errors
/// Field errors; [`LoanConflict::NothingLeft`]; [`IllegalTransition`](crate::error::Conflict); [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn write_off(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: LoanId,
    expected: i32,
    (on, reason): (NaiveDate, WriteOffReason),
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let (events, account) = running(conn, &loan)?.into_parts();
    check_day(actor, "written_off_on", on, account.last_day(), DayOf::LastLoanEntry)?;
    let mut event = entry(actor, &loan, LoanEventKind::WrittenOff, event, on);
    event.amount_dong = Some(account.outstanding());
    event.reason = Some(reason.as_str().to_owned());
    post(conn, trail, loan, events, event)
}

/// Declares an entry a mistake; it counts no more, and stays readable. A reversal that would make any figure
/// negative is refused: later entries are reversed first.
///
/// # Errors
/// [`LoanConflict::NotReversible`], [`LoanConflict::LedgerBroken`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn reverse(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: LoanId,
    expected: i32,
    mistake: LoanEventId,
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let events = super::reading::events_of(conn, id)?;
    let wrong = events.iter().find(|event| event.id == mistake).ok_or(AppError::NotFound)?;
    if !standing_entries(&events).iter().any(|entry| entry.id == mistake) {
        return Err(AppError::loan(LoanConflict::NotReversible));
    }
    if let Some(delivery) = wrong.delivery_id {
        deliveries::rules::void_of_loan(conn, actor, trail, delivery)?;
    }
    let mut event = entry(actor, &loan, LoanEventKind::Reversed, event, actor.now.civil_date());
    event.amount_dong = wrong.amount_dong;
    event.reverses_id = Some(mistake);
    post(conn, trail, loan, events, event)
}

/// The ledger of a loan on which money is owed.
fn running(conn: &mut DbConnection, loan: &Loan) -> Result<Ledger, AppError> {
    match loan.status {
        LoanStatus::Disbursed => ledger(conn, loan),
        LoanStatus::Settled | LoanStatus::WrittenOff => Err(AppError::loan(LoanConflict::NothingLeft)),
        status => Err(illegal(status, LoanStatus::Disbursed)),
    }
}

fn entry(actor: &Actor, loan: &Loan, kind: LoanEventKind, id: LoanEventId, on: NaiveDate) -> LoanEvent {
    LoanEvent { recorded_by: Some(actor.account), ..LoanEvent::new(id, loan.id, kind, on, actor.now) }
}

fn check_day(
    actor: &Actor,
    field: &str,
    day: NaiveDate,
    earliest: Option<NaiveDate>,
    of: DayOf,
) -> Result<(), AppError> {
    if day > actor.now.civil_date() {
        return Err(AppError::field(field, Rule::NotInFuture));
    }
    if earliest.is_some_and(|earliest| day < earliest) {
        return Err(AppError::field(field, Rule::NotBefore(of)));
    }
    Ok(())
}

fn check_amount(dong: i64, most: i64) -> Result<(), AppError> {
    if most <= 0 {
        return Err(AppError::loan(LoanConflict::NothingLeft));
    }
    if dong > most {
        return Err(AppError::field("amount_dong", Rule::Range { min: 1, max: most }));
    }
    Ok(())
}

/// Adds an event to the ledger, if the whole still holds, and notes every figure anew.
fn post(
    conn: &mut DbConnection,
    trail: &TrailKey,
    mut loan: Loan,
    mut events: Vec<LoanEvent>,
    event: LoanEvent,
) -> Result<Loan, AppError> {
    let (Some(terms), Some(rates)) = (loan.terms(), loan.rates()) else {
        return Err(illegal(loan.status, LoanStatus::Disbursed));
    };
    events.push(event.clone());
    let entries = standing_entries(&events);
    let account = arithmetic::replay(terms, rates, &entries).map_err(|refusal| match refusal {
        Refusal::AfterLastInstalment => AppError::field("disbursed_on", Rule::NotAfter(DayOf::LastInstalment)),
        Refusal::NothingOutstanding => AppError::loan(LoanConflict::NothingLeft),
        _ => AppError::loan(LoanConflict::LedgerBroken),
    })?;
    let from = loan.status;
    loan.note_figures(&account, &entries);
    loan.status = match with_money(&account) {
        Some(status) => status,
        None => without_money(conn, &loan, event.recorded_at.civil_date())?,
    };
    save(conn, trail, &mut loan, from, &event)?;
    Ok(loan)
}

/// What a loan is by its account; none when no money was paid out.
pub(super) fn with_money(account: &Account) -> Option<LoanStatus> {
    if account.is_written_off {
        Some(LoanStatus::WrittenOff)
    } else if account.is_settled() {
        Some(LoanStatus::Settled)
    } else {
        (account.disbursed > 0).then_some(LoanStatus::Disbursed)
    }
}

/// What a loan is when the only money paid out was a mistake: granted, if the referral still holds.
fn without_money(conn: &mut DbConnection, loan: &Loan, today: NaiveDate) -> Result<LoanStatus, AppError> {
    let open = referrals::rules::status_of(conn, loan.referral_id)?.shows_person();
    let certificate = super::papers(conn, loan.id)?.certificate_consent_id;
    let agreed = match certificate {
        Some(consent) => consents::rules::is_live(conn, consent, today)?,
        None => true,
    };
    Ok(if open && agreed { LoanStatus::Approved } else { LoanStatus::Withdrawn })
}
