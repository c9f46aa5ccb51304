//! A loan's account as it stands on one day, moved forward day by day.

use chrono::{Months, NaiveDate};

use super::{Rates, Refusal, RepaymentPlan, Terms, What};

/// Interest is counted in đồng × millionths × days; so many of them are one đồng a year of 365 days.
const UNITS_A_DONG: i128 = 1_000_000 * 365;

/// An instalment of the terms that hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) due_on: NaiveDate,
    /// Principal that comes back with it.
    pub(super) principal: i64,
    /// Interest that fell due with it and is not paid.
    pub(super) interest: i64,
}

/// A loan's account on one day. Amounts are whole đồng.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Paid out.
    pub disbursed: i64,
    /// Principal paid back.
    pub repaid_principal: i64,
    /// Interest paid.
    pub repaid_interest: i64,
    /// Principal written off.
    pub written_off: i64,
    /// Interest written off with it.
    pub written_off_interest: i64,
    /// Whether the rest was written off.
    pub is_written_off: bool,
    pub(super) terms: Terms,
    rates: Rates,
    pub(super) day: Option<NaiveDate>,
    principal: i64,
    /// Interest not paid, in units.
    accrued: i128,
    /// Principal that was paid back before these terms began.
    before_terms: i64,
    pub(super) rows: Vec<Row>,
    /// How many rows have fallen due.
    pub(super) fallen_due: usize,
    /// Day on which the period began that is running.
    period_since: NaiveDate,
    /// Whether a payment within the running period left no interest unpaid.
    interest_met: bool,
}

impl Account {
    pub(super) fn new(terms: Terms, rates: Rates) -> Self {
        Self {
            disbursed: 0,
            repaid_principal: 0,
            repaid_interest: 0,
            written_off: 0,
            written_off_interest: 0,
            is_written_off: false,
            terms,
            rates,
            day: None,
            principal: 0,
            accrued: 0,
            before_terms: 0,
            rows: Vec::new(),
            fallen_due: 0,
            period_since: NaiveDate::MIN,
            interest_met: false,
        }
    }

    /// Principal outstanding.
    pub fn outstanding(&self) -> i64 {
        self.principal
    }

    /// Interest until the day of the account, rounded down.
    pub fn interest(&self) -> i64 {
        i64::try_from(self.accrued / UNITS_A_DONG).unwrap_or(i64::MAX)
    }

    /// What settles the loan on the day of the account.
    pub fn owed(&self) -> i64 {
        self.principal + self.interest()
    }

    /// Whether money was paid out and none is owed.
    pub fn is_settled(&self) -> bool {
        self.disbursed > 0 && !self.is_written_off && self.owed() == 0
    }

    /// Day of the last thing that happened.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.day
    }

    /// Last day on which money can be paid out: the one before the last instalment.
    pub fn last_instalment_on(&self) -> Option<NaiveDate> {
        self.rows.last().map(|row| row.due_on)
    }

    /// Interest that has fallen due and is not paid.
    pub(super) fn interest_due(&self) -> i64 {
        // After the last instalment every day's interest is due at once.
        if self.fallen_due == self.rows.len() { self.interest() } else { self.noted_interest() }
    }

    /// Interest that fell due with an instalment and is not paid.
    pub(super) fn noted_interest(&self) -> i64 {
        self.rows.iter().map(|row| row.interest).sum()
    }

    /// Principal that has fallen due and is not paid back.
    pub(super) fn principal_due(&self) -> i64 {
        let due: i64 = self.rows.iter().take(self.fallen_due).map(|row| row.principal).sum();
        (due - self.repaid_by_terms()).max(0)
    }

    /// Principal paid back since these terms began; it fills the instalments in their order.
    pub(super) fn repaid_by_terms(&self) -> i64 {
        self.repaid_principal - self.before_terms
    }

    pub(super) fn take(&mut self, on: NaiveDate, what: What) -> Result<(), Refusal> {
        if self.is_written_off {
            return Err(Refusal::AfterWriteOff);
        }
        if self.day.is_some() {
            self.advance(on);
        } else if !matches!(what, What::Disbursed(_)) {
            return Err(Refusal::BeforeDisbursement);
        }
        match what {
            What::Disbursed(amount) => self.pay_out(on, amount),
            What::Restructured(terms) => self.restructure(on, terms),
            What::BroughtOver { principal, interest } => self.bring_over(on, principal, interest),
            What::Repaid(amount) => self.pay_back(on, amount),
            What::WrittenOff(amount) => self.write_off(amount),
        }
    }

    /// Moves the account to a later day: interest accrues, instalments fall due.
    pub(super) fn advance(&mut self, to: NaiveDate) {
        while let Some(row) = self.rows.get(self.fallen_due).copied().filter(|row| row.due_on <= to) {
            self.accrue(row.due_on);
            self.fall_due(row.due_on);
        }
        self.accrue(to);
    }

    fn accrue(&mut self, to: NaiveDate) {
        let Some(day) = self.day.filter(|day| *day < to) else { return };
        let days = i128::from((to - day).num_days());
        let extra = i128::from(self.rates.overdue - self.rates.ordinary);
        let a_day =
            i128::from(self.principal) * i128::from(self.rates.ordinary) + i128::from(self.principal_due()) * extra;
        self.accrued += a_day * days;
        self.day = Some(to);
    }

    /// The next instalment falls due, with all interest that is not paid; where it was met early,
    /// the interest of the days since goes with the next one, unless this is the last.
    fn fall_due(&mut self, on: NaiveDate) {
        let is_last = self.fallen_due + 1 == self.rows.len();
        let unpaid = self.interest() - self.noted_interest();
        let through: i64 = self.rows.iter().take(self.fallen_due + 1).map(|row| row.principal).sum();
        let met_early = self.interest_met && through <= self.repaid_by_terms() && !is_last;
        if let Some(row) = self.rows.get_mut(self.fallen_due).filter(|_| !met_early) {
            row.interest = unpaid;
        }
        self.fallen_due += 1;
        self.period_since = on;
        self.interest_met = false;
    }

    fn pay_out(&mut self, on: NaiveDate, amount: i64) -> Result<(), Refusal> {
        if self.day.is_none() {
            self.day = Some(on);
            self.begin(on, self.terms);
        }
        if self.fallen_due >= self.rows.len() {
            return Err(Refusal::AfterLastInstalment);
        }
        self.disbursed += amount;
        self.principal += amount;
        self.spread(amount);
        Ok(())
    }

    /// New instalments, from this day on.
    fn begin(&mut self, on: NaiveDate, terms: Terms) {
        let step = terms.frequency.months();
        let regular = (1..).map(|number| number * step).take_while(|months| *months < terms.months);
        self.rows = regular
            .chain([terms.months])
            .filter_map(|months| on.checked_add_months(Months::new(months)))
            .map(|due_on| Row { due_on, principal: 0, interest: 0 })
            .collect();
        self.terms = terms;
        self.fallen_due = 0;
        self.before_terms = self.repaid_principal;
        self.period_since = on;
        self.interest_met = false;
    }

    /// Lays principal on the instalments to come.
    fn spread(&mut self, amount: i64) {
        let coming = self.rows.get_mut(self.fallen_due..).unwrap_or_default();
        let count = i64::try_from(coming.len()).unwrap_or(1).max(1);
        let share = match self.terms.plan {
            RepaymentPlan::EqualPrincipal => amount / count,
            RepaymentPlan::AtTerm => 0,
        };
        for row in coming.iter_mut() {
            row.principal += share;
        }
        if let Some(last) = coming.last_mut() {
            last.principal += amount - share * count;
        }
    }

    fn restructure(&mut self, on: NaiveDate, terms: Terms) -> Result<(), Refusal> {
        if self.principal == 0 {
            return Err(Refusal::NothingOutstanding);
        }
        self.begin(on, terms);
        self.spread(self.principal);
        Ok(())
    }

    /// Interest due first, then principal due, then interest until the day, then principal ahead.
    fn pay_back(&mut self, on: NaiveDate, amount: i64) -> Result<(), Refusal> {
        if amount > self.owed() {
            return Err(Refusal::Overpaid);
        }
        let mut left = amount;
        let mut part = |most: i64| {
            let taken = left.min(most);
            left -= taken;
            taken
        };
        let interest_due = part(self.interest_due());
        self.pay_interest(interest_due);
        let principal_due = part(self.principal_due());
        self.principal -= principal_due;
        self.repaid_principal += principal_due;
        let interest = part(self.interest());
        self.pay_interest(interest);
        self.principal -= left;
        self.repaid_principal += left;
        self.interest_met |= on > self.period_since && self.interest() == 0;
        if self.principal == 0 {
            // A fraction of a đồng is left and is never asked for.
            self.accrued = 0;
        }
        Ok(())
    }

    /// What papers say was paid back until this day settles the interest until then.
    fn bring_over(&mut self, on: NaiveDate, principal: i64, interest: i64) -> Result<(), Refusal> {
        if principal > self.principal || interest > self.interest() {
            return Err(Refusal::Overpaid);
        }
        self.principal -= principal;
        self.repaid_principal += principal;
        self.repaid_interest += interest;
        self.accrued = 0;
        self.rows.iter_mut().for_each(|row| row.interest = 0);
        self.interest_met |= on > self.period_since;
        Ok(())
    }

    fn pay_interest(&mut self, amount: i64) {
        self.accrued -= i128::from(amount) * UNITS_A_DONG;
        self.repaid_interest += amount;
        let mut left = amount;
        for row in self.rows.iter_mut().take(self.fallen_due) {
            let paid = left.min(row.interest);
            row.interest -= paid;
            left -= paid;
        }
    }

    fn write_off(&mut self, amount: i64) -> Result<(), Refusal> {
        if self.principal == 0 {
            return Err(Refusal::NothingOutstanding);
        }
        if amount != self.principal {
            return Err(Refusal::NotAllWrittenOff);
        }
        self.written_off = amount;
        self.written_off_interest = self.interest();
        self.is_written_off = true;
        self.principal = 0;
        self.accrued = 0;
        self.rows.clear();
        self.fallen_due = 0;
        Ok(())
    }
}
