//! Loans made as their users make them: through the API.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Reply, User};
use super::world::OLD_COMMUNE;

/// An application for twenty million đồng over ten months, for a product that needs no papers.
pub fn loan_body(referral: Uuid, applied_on: NaiveDate) -> Value {
    json!({
        "referral_id": referral, "product": "job_creation", "borrower": "individual",
        "amount_dong": 20_000_000, "term_months": 10, "plan": "equal_principal", "frequency": "monthly",
        "purpose": "services", "plan_text": "Mở tiệm may nhỏ ở chợ Mơ", "applied_on": applied_on,
    })
}

impl Client {
    /// Opens a case received in a commune as it was before July 2025.
    #[track_caller]
    pub fn old_case(&self, user: &User, person: Uuid, category: &str, received_on: NaiveDate) -> Uuid {
        let body = json!({
            "person_id": person, "unit_code": OLD_COMMUNE, "category": category, "received_on": received_on,
        });
        self.post("/cases", &body).by(user).send().expect(201).id()
    }

    /// Applies for a loan.
    #[track_caller]
    pub fn loan(&self, user: &User, referral: Uuid, applied_on: NaiveDate) -> Uuid {
        self.post("/loans", &loan_body(referral, applied_on)).by(user).send().expect(201).id()
    }

    /// What a reader gets of a loan.
    #[track_caller]
    pub fn read_loan(&self, user: &User, loan: Uuid) -> Value {
        self.get(&format!("/loans/{loan}")).by(user).send().expect(200).json()
    }

    /// Takes a step with the loan as it stands.
    #[track_caller]
    pub fn loan_step(&self, user: &User, loan: Uuid, step: &str, body: &Value) -> Reply {
        let version = self.get(&format!("/loans/{loan}")).by(user).send().expect(200).version();
        self.post(&format!("/loans/{loan}/{step}"), body).by(user).version(version).send()
    }

    /// Looks at a loan and grants it.
    #[track_caller]
    pub fn grant_loan(&self, banker: &User, loan: Uuid, dong: i64, months: i64, on: NaiveDate) {
        self.loan_step(banker, loan, "appraise", &json!({})).expect(200);
        let approval = json!({"decided_on": on, "amount_dong": dong, "term_months": months});
        self.loan_step(banker, loan, "approve", &approval).expect(200);
    }

    /// Pays money out.
    #[track_caller]
    pub fn pay_out(&self, banker: &User, loan: Uuid, dong: i64, on: NaiveDate) {
        let part = json!({"disbursed_on": on, "amount_dong": dong});
        self.loan_step(banker, loan, "disbursements", &part).expect(200);
    }

    /// Records a repayment.
    #[track_caller]
    pub fn pay_back(&self, banker: &User, loan: Uuid, dong: i64, on: NaiveDate) -> Reply {
        let body = json!({"repaid_on": on, "amount_dong": dong});
        self.post(&format!("/loans/{loan}/repayments"), &body).by(banker).send()
    }

    /// A loan of which all was paid out on the day it was applied for.
    #[track_caller]
    pub fn disbursed_loan(&self, worker: &User, banker: &User, referral: Uuid, on: NaiveDate) -> Uuid {
        let loan = self.loan(worker, referral, on);
        self.grant_loan(banker, loan, 20_000_000, 10, on);
        self.pay_out(banker, loan, 20_000_000, on);
        loan
    }

    /// A referral for a loan that the lender serves, with the person's own consent.
    #[track_caller]
    pub fn served_referral(
        &self,
        (worker, banker): (&User, &User),
        (person, case, lender): (Uuid, Uuid, Uuid),
        on: NaiveDate,
    ) -> Uuid {
        self.consent(worker, person, lender, on);
        self.consented_referral((worker, banker), (case, lender), on)
    }

    /// The same, with a consent that is on record.
    #[track_caller]
    pub fn consented_referral(
        &self,
        (worker, banker): (&User, &User),
        (case, lender): (Uuid, Uuid),
        on: NaiveDate,
    ) -> Uuid {
        self.assess(worker, case, &["loan"], on);
        let referral = self.referral(worker, case, "loan", lender);
        self.step(banker, referral, "accept").expect(200);
        self.step(banker, referral, "start").expect(200);
        referral
    }
}
