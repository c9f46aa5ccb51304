//! Reading loans, as the centre of the case or as the lender.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::consents;
use crate::db::DbConnection;
use crate::db::schema::{loan_events, loan_papers, loans};
use crate::db::types::{CaseId, Instant, LoanEventId, LoanId, OrganisationId};
use crate::error::AppError;
use crate::grants::predicates::{loans_addressed, loans_within};
use crate::grants::{Action, Scope};
use crate::loans::LoanStatus;
use crate::loans::ledger::{Account, Rates, Terms, replay};
use crate::loans::model::{Loan, LoanEvent, LoanPapers, standing_entries};

/// Through which side a reader reaches a loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Through the case.
    Centre,
    /// As the lender.
    Lender,
}

/// Reads one loan.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: LoanId) -> Result<(Loan, Side), AppError> {
    let scope = actor.scope(Action::LoanRead)?;
    let found = || loans::table.filter(loans::id.eq(id)).select(Loan::as_select());
    let ours: Option<Loan> = found().filter(loans_within(&scope)).first(conn).optional()?;
    if let Some(loan) = ours {
        return Ok((loan, Side::Centre));
    }
    Ok((found().filter(loans_addressed(&scope)).first(conn)?, Side::Lender))
}

/// The papers of a loan that was read.
///
/// # Errors
/// The engine's own.
pub fn papers(conn: &mut DbConnection, id: LoanId) -> Result<LoanPapers, AppError> {
    Ok(loan_papers::table.find(id).select(LoanPapers::as_select()).first(conn)?)
}

/// Whether the lender may know of the certificate: only while the person agrees to just that.
///
/// # Errors
/// The engine's own.
pub fn certificate_is_shown(
    conn: &mut DbConnection,
    papers: &LoanPapers,
    side: Side,
    today: NaiveDate,
) -> Result<bool, AppError> {
    match (side, papers.certificate_consent_id) {
        (Side::Centre, _) => Ok(true),
        (Side::Lender, Some(consent)) => consents::rules::is_live(conn, consent, today),
        (Side::Lender, None) => Ok(false),
    }
}

/// A loan's events and what its entries come to.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Every event, oldest first.
    pub events: Vec<LoanEvent>,
    /// Terms of the agreement.
    pub terms: Terms,
    /// Rates of the agreement.
    pub rates: Rates,
    /// The account after the last entry.
    pub account: Account,
}

impl Ledger {
    /// The events and the account.
    pub fn into_parts(self) -> (Vec<LoanEvent>, Account) {
        (self.events, self.account)
    }
}

/// The ledger of a loan that was granted.
///
/// # Errors
/// [`AppError::NotFound`] for a loan without agreement.
pub fn ledger(conn: &mut DbConnection, loan: &Loan) -> Result<Ledger, AppError> {
    let (Some(terms), Some(rates)) = (loan.terms(), loan.rates()) else { return Err(AppError::NotFound) };
    let events = events_of(conn, loan.id)?;
    let account = replay(terms, rates, &standing_entries(&events))
        .map_err(|refusal| AppError::internal(format!("the ledger of a loan does not hold: {refusal:?}")))?;
    Ok(Ledger { events, terms, rates, account })
}

/// Every event of a loan, oldest first: some for each month of its life.
pub(super) fn events_of(conn: &mut DbConnection, id: LoanId) -> Result<Vec<LoanEvent>, AppError> {
    Ok(loan_events::table
        .filter(loan_events::loan_id.eq(id))
        .order((loan_events::recorded_at, loan_events::id))
        .select(LoanEvent::as_select())
        .load(conn)?)
}

/// Reads a page of the events of a loan that was read, oldest first, one more than `limit`.
///
/// # Errors
/// The engine's own.
pub fn list_events(
    conn: &mut DbConnection,
    id: LoanId,
    after: Option<(Instant, LoanEventId)>,
    limit: i64,
) -> Result<Vec<LoanEvent>, AppError> {
    let mut query = loan_events::table
        .filter(loan_events::loan_id.eq(id))
        .order((loan_events::recorded_at, loan_events::id))
        .select(LoanEvent::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query
            .filter(loan_events::recorded_at.gt(at).or(loan_events::recorded_at.eq(at).and(loan_events::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// The lenders of a scope, named once more so that an index gives a list in its order.
fn lenders_of(scope: &Scope) -> Vec<OrganisationId> {
    scope.addressed.iter().collect()
}

/// Which loans a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this status.
    pub status: Option<LoanStatus>,
    /// Of this case.
    pub case: Option<CaseId>,
}

/// Reads a page of loans of one side, oldest application first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    side: Side,
    filter: &Filter,
    after: Option<(Instant, LoanId)>,
    limit: i64,
) -> Result<Vec<Loan>, AppError> {
    let scope = actor.scope(Action::LoanRead)?;
    let mut query =
        loans::table.order((loans::created_at, loans::id)).select(Loan::as_select()).limit(limit + 1).into_boxed();
    query = match (side, filter.case) {
        (Side::Centre, Some(case)) => query.filter(loans_within(&scope)).filter(loans::case_id.eq(case)),
        (Side::Centre, None) => {
            query.filter(loans_within(&scope)).filter(loans::centre_id.eq_any(scope.case_organisations()))
        }
        (Side::Lender, _) => query.filter(loans_addressed(&scope)).filter(loans::lender_id.eq_any(lenders_of(&scope))),
    };
    if let Some(status) = filter.status {
        query = query.filter(loans::status.eq(status));
    }
    if let Some((at, id)) = after {
        query = query.filter(loans::created_at.gt(at).or(loans::created_at.eq(at).and(loans::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// Reads a page of the loans of one side that are overdue on `today`, longest overdue first, one more than
/// `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list_overdue(
    conn: &mut DbConnection,
    actor: &Actor,
    side: Side,
    today: NaiveDate,
    after: Option<(NaiveDate, LoanId)>,
    limit: i64,
) -> Result<Vec<Loan>, AppError> {
    let scope = actor.scope(Action::LoanRead)?;
    let mut query = loans::table
        .filter(loans::next_due_on.lt(today))
        .order((loans::next_due_on, loans::id))
        .select(Loan::as_select())
        .limit(limit + 1)
        .into_boxed();
    query = match side {
        Side::Centre => query.filter(loans_within(&scope)).filter(loans::centre_id.eq_any(scope.case_organisations())),
        Side::Lender => query.filter(loans_addressed(&scope)).filter(loans::lender_id.eq_any(lenders_of(&scope))),
    };
    if let Some((day, id)) = after {
        query = query.filter(loans::next_due_on.gt(day).or(loans::next_due_on.eq(day).and(loans::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// The side a list shows to this actor when none is asked for.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn usual_side(actor: &Actor) -> Result<Side, AppError> {
    let scope: Scope = actor.scope(Action::LoanRead)?;
    Ok(if scope.case_organisations().is_empty() { Side::Lender } else { Side::Centre })
}
