//! What is still to be paid, instalment by instalment.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;

/// An instalment of the terms that hold. Amounts are whole đồng.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Instalment {
    /// Day on which it falls due.
    pub due_on: NaiveDate,
    /// Principal that comes back with it.
    pub principal_dong: i64,
    /// Of that, what is not paid back.
    pub principal_left_dong: i64,
    /// Interest that is to be paid with it: what fell due and is not paid, or, for an instalment
    /// to come, what will have accrued if all before it is paid on its day.
    pub interest_left_dong: i64,
}

impl Instalment {
    /// What is to be paid with it.
    pub fn left(&self) -> i64 {
        self.principal_left_dong + self.interest_left_dong
    }
}

/// What should have been paid before a day and was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Overdue {
    /// Days since the oldest instalment that is not paid.
    pub days: i64,
    /// Principal and interest of the instalments before the day, whole đồng.
    pub amount_dong: i64,
}

impl Account {
    /// The account on a later day, if nothing happens until then; as it is on an earlier one.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Self {
        let mut later = self.clone();
        if later.day.is_some() {
            later.advance(day);
        }
        later
    }

    /// Every instalment as seen on `day`, which is not before the last thing that happened.
    pub fn schedule(&self, day: NaiveDate) -> Vec<Instalment> {
        let now = self.on(day);
        let mut filled = now.repaid_by_terms();
        let mut ahead = now.clone();
        // Whatever is due by now is taken as paid now, so that the coming instalments are as agreed.
        ahead.pay_what_is_due();
        let last_fallen = if now.fallen_due == now.rows.len() { now.rows.len().checked_sub(1) } else { None };
        let mut instalments = Vec::with_capacity(now.rows.len());
        for (position, row) in now.rows.iter().enumerate() {
            let paid = filled.min(row.principal);
            filled -= paid;
            let mut interest = row.interest;
            if position >= now.fallen_due {
                ahead.advance(row.due_on);
                interest = ahead.interest_due();
                ahead.pay_what_is_due();
            } else if last_fallen == Some(position) {
                interest += now.interest_due() - now.noted_interest();
            }
            instalments.push(Instalment {
                due_on: row.due_on,
                principal_dong: row.principal,
                principal_left_dong: row.principal - paid,
                interest_left_dong: interest,
            });
        }
        instalments
    }

    fn pay_what_is_due(&mut self) {
        let due = self.interest_due() + self.principal_due();
        if let Some(day) = self.day.filter(|_| due > 0) {
            // What is due is never more than what is owed.
            let _paid = self.take(day, super::What::Repaid(due));
        }
    }

    /// Day on which the first instalment falls, or fell, due that is not paid; none when nothing is owed.
    /// It does not depend on the day of asking.
    pub fn next_due_on(&self) -> Option<NaiveDate> {
        let day = self.day?;
        self.schedule(day).iter().find(|instalment| instalment.left() > 0).map(|instalment| instalment.due_on)
    }

    /// What is overdue on `day`: an instalment may be paid on its day.
    pub fn overdue(&self, day: NaiveDate) -> Option<Overdue> {
        let missed: Vec<Instalment> =
            self.schedule(day).into_iter().filter(|row| row.due_on < day && row.left() > 0).collect();
        let oldest = missed.first()?.due_on;
        let amount_dong = missed.iter().map(Instalment::left).sum();
        Some(Overdue { days: (day - oldest).num_days(), amount_dong })
    }
}
