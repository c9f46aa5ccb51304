//! Loans of before this program. What papers say of one becomes the rows that its steps would have left, by the
//! same rules; only what was paid back is one sum, for papers seldom say when each part came.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::applying::{self, Application};
use super::deciding::{Grant, check_grant, granted};
use super::paying::with_money;
use crate::accounts::Actor;
use crate::app::App;
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::{loan_events, loan_papers, loans};
use crate::db::types::{AccountId, Instant, LoanEventId, LoanId, OrganisationId, PersonId};
use crate::error::{AppError, DayOf, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::grants::predicates::loans_within;
use crate::loans::LoanStatus;
use crate::loans::ledger::{Account, replay};
use crate::loans::model::{Loan, LoanEvent, LoanEventKind, standing_entries};
use crate::loans::status::WriteOffReason;
use crate::persons::model::Person;
use crate::referrals::model::Referral;

/// Money paid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidOut {
    /// Day.
    pub on: NaiveDate,
    /// Whole đồng.
    pub dong: i64,
}

/// All that was paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidBack {
    /// Day on which the last of it came.
    pub on: NaiveDate,
    /// Principal, whole đồng.
    pub principal: i64,
    /// Interest.
    pub interest: i64,
}

/// The rest that will not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenOff {
    /// Day.
    pub on: NaiveDate,
    /// Whole đồng.
    pub dong: i64,
    /// Why.
    pub reason: WriteOffReason,
}

/// What papers say of a loan.
#[derive(Debug, Clone)]
pub struct History {
    /// The application. The referral it names is made for it.
    pub application: Application,
    /// What was granted.
    pub grant: Grant,
    /// What was paid out, if anything was.
    pub paid_out: Option<PaidOut>,
    /// What was paid back of it.
    pub paid_back: Option<PaidBack>,
    /// What was written off of it.
    pub written_off: Option<WrittenOff>,
    /// Ids of the events after the application, in the order of time.
    pub events: [LoanEventId; 4],
}

/// A loan and its events, as its steps would have left them.
#[derive(Debug, Clone)]
pub struct Told {
    /// The loan.
    pub loan: Loan,
    /// Its events, oldest first.
    pub events: Vec<LoanEvent>,
    /// What the person's loans of the product may come to.
    pub ceiling: i64,
}

/// Tells the rows of a history, recorded by an account at an instant.
///
/// # Errors
/// Every rule it breaks, named as the history names it: `asked_dong`, `paid_out.on`.
pub fn tell(
    app: &App,
    by: (AccountId, Instant),
    history: &History,
    (case, person, referral): (&Case, &Person, &Referral),
) -> Result<Told, Vec<FieldError>> {
    let (today, new) = (by.1.civil_date(), &history.application);
    let mut broken = Vec::new();
    let mut loan = applying::row(by, new, referral);
    if let Err(faults) = applying::check(app, today, new, case, person) {
        broken.extend(faults.into_iter().map(|fault| renamed(fault, "asked")));
    }
    let granting = check_grant(&app.products, today, &loan, history.grant);
    let Ok((product, ceiling)) = granting.map_err(|faults| {
        broken.extend(faults.into_iter().map(|fault| renamed(fault, "approved")));
    }) else {
        return Err(broken);
    };
    let [grant_id, entry_ids @ ..] = history.events;
    let grant = granted(&mut loan, product, history.grant, grant_id, by.1);
    let mut events = vec![applying::applied(by, new), LoanEvent { recorded_by: Some(by.0), ..grant }];
    loan.status = LoanStatus::Approved;
    let mut teller = Teller { by, today, loan: &mut loan, events: &mut events, broken: &mut broken };
    teller.money(history, entry_ids);
    if broken.is_empty() { Ok(Told { loan, events, ceiling }) } else { Err(broken) }
}

/// An amount or a term of a step, under the name that tells the steps apart.
fn renamed(fault: FieldError, step: &str) -> FieldError {
    match fault.field.as_str() {
        "amount_dong" => FieldError::new(format!("{step}_dong"), fault.rule),
        "term_months" => FieldError::new(format!("{step}_months"), fault.rule),
        _ => fault,
    }
}

struct Teller<'a> {
    by: (AccountId, Instant),
    today: NaiveDate,
    loan: &'a mut Loan,
    events: &'a mut Vec<LoanEvent>,
    broken: &'a mut Vec<FieldError>,
}

impl Teller<'_> {
    /// Tells what became of the money, step by step, as far as each holds.
    fn money(&mut self, history: &History, [out, back, off]: [LoanEventId; 3]) {
        let Some(paid_out) = history.paid_out else { return };
        let granted = history.grant.dong;
        self.day("paid_out.on", paid_out.on, history.grant.on, DayOf::LoanDecided);
        if paid_out.dong > granted {
            self.refuse("paid_out.dong", Rule::Range { min: 1, max: granted });
        }
        self.enter(LoanEventKind::Disbursed, out, paid_out.on, paid_out.dong);
        let mut last = (paid_out.on, DayOf::LoanPaidOut);
        if let Some(paid_back) = history.paid_back {
            self.day("paid_back.on", paid_back.on, last.0, last.1);
            last = (paid_back.on, DayOf::LoanRepaid);
            self.back(paid_out, paid_back, back);
        }
        if let Some(written_off) = history.written_off {
            self.day("written_off.on", written_off.on, last.0, last.1);
            let left = paid_out.dong - history.paid_back.map_or(0, |back| back.principal);
            if left <= 0 {
                self.refuse("written_off.dong", Rule::MustFit(FitsWith::RestOfLoan));
            } else if written_off.dong != left {
                self.refuse("written_off.dong", Rule::Range { min: left, max: left });
            }
            self.enter(LoanEventKind::WrittenOff, off, written_off.on, written_off.dong);
            self.last_event(|event| event.reason = Some(written_off.reason.as_str().to_owned()));
        }
        if !self.broken.is_empty() {
            return;
        }
        match self.account() {
            Some(account) => {
                self.loan.note_figures(&account, &standing_entries(self.events));
                self.loan.status = with_money(&account).unwrap_or(LoanStatus::Approved);
            }
            None => self.refuse("paid_back.principal", Rule::MustFit(FitsWith::LoanAccount)),
        }
    }

    fn back(&mut self, paid_out: PaidOut, paid_back: PaidBack, id: LoanEventId) {
        if paid_back.principal > paid_out.dong {
            self.refuse("paid_back.principal", Rule::Range { min: 0, max: paid_out.dong });
        }
        // No more than would be owed had nothing come before that day.
        let most = self.account().map_or(0, |account| account.on(paid_back.on).interest());
        if paid_back.interest > most {
            self.refuse("paid_back.interest", Rule::Range { min: 0, max: most });
        }
        self.enter(LoanEventKind::Repaid, id, paid_back.on, paid_back.principal + paid_back.interest);
        self.last_event(|event| event.interest_dong = Some(paid_back.interest));
    }

    fn account(&self) -> Option<Account> {
        replay(self.loan.terms()?, self.loan.rates()?, &standing_entries(self.events)).ok()
    }

    fn enter(&mut self, kind: LoanEventKind, id: LoanEventId, on: NaiveDate, dong: i64) {
        let mut event = LoanEvent::new(id, self.loan.id, kind, on, self.by.1);
        event.amount_dong = Some(dong);
        event.recorded_by = Some(self.by.0);
        self.events.push(event);
    }

    fn last_event(&mut self, change: impl FnOnce(&mut LoanEvent)) {
        if let Some(event) = self.events.last_mut() {
            change(event);
        }
    }

    fn day(&mut self, field: &str, day: NaiveDate, earliest: NaiveDate, of: DayOf) {
        if day > self.today {
            self.refuse(field, Rule::NotInFuture);
        }
        if day < earliest {
            self.refuse(field, Rule::NotBefore(of));
        }
    }

    fn refuse(&mut self, field: &str, rule: Rule) {
        self.broken.push(FieldError::new(field, rule));
    }
}

/// Loans of these records of one person that may be this very loan: the same lender, day of application and amount
/// asked for. Only those that the actor reaches as the centre, `most` at the most.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn like(
    conn: &mut DbConnection,
    actor: &Actor,
    persons: &[PersonId],
    lender: OrganisationId,
    (applied_on, asked_dong): (NaiveDate, i64),
    most: i64,
) -> Result<Vec<LoanId>, AppError> {
    let scope = actor.scope(Action::LoanRead)?;
    Ok(loans::table
        .filter(loans::person_id.eq_any(persons))
        .filter(loans::lender_id.eq(lender))
        .filter(loans::applied_on.eq(applied_on))
        .filter(loans::asked_dong.eq(asked_dong))
        .filter(loans_within(&scope))
        .order(loans::id)
        .select(loans::id)
        .limit(most)
        .load(conn)?)
}

/// Removes loans with their papers and events.
///
/// # Errors
/// The engine's own, when another row still refers to one of them.
pub fn remove_unused(conn: &mut DbConnection, ids: &[LoanId]) -> Result<(), AppError> {
    for some in ids.chunks(500) {
        diesel::delete(loan_events::table.filter(loan_events::loan_id.eq_any(some))).execute(conn)?;
        diesel::delete(loan_papers::table.filter(loan_papers::loan_id.eq_any(some))).execute(conn)?;
        diesel::delete(loans::table.filter(loans::id.eq_any(some))).execute(conn)?;
    }
    Ok(())
}
