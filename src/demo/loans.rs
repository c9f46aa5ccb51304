//! Loans of the demo, on the referrals of the stories, in rows of the form that the rules make.

use chrono::NaiveDate;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::load::at;
use super::story::loans::{draw_terms, history};
use crate::app::App;
use crate::audit::TrailAction;
use crate::clock::Random;
use crate::db::types::{AccountId, LoanEventId, LoanId};
use crate::deliveries::model::Delivery;
use crate::error::AppError;
use crate::loans::LoanStatus;
use crate::loans::ledger::{Terms, What, replay};
use crate::loans::model::{Loan, LoanEvent, LoanEventKind, LoanPapers, LoanPurpose, standing_entries};
use crate::loans::products::{Borrower, LoanProduct, Product};
use crate::loans::status::{RefusalReason, WriteOffReason};
use crate::referrals::ReferralStatus;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::vault::{DataKey, seal};

/// A loan with its papers and events, and what each event left in the trail.
pub(super) struct LoanRecords {
    pub(super) loan: Loan,
    pub(super) papers: LoanPapers,
    pub(super) events: Vec<(LoanEvent, TrailAction, &'static str)>,
}

/// Who writes down the loans of one person.
pub(super) struct LoanScribe<'a> {
    pub(super) app: &'a App,
    pub(super) ids: &'a Random,
    pub(super) key: &'a DataKey,
    /// The centre's worker, and the lender's account.
    pub(super) worker: AccountId,
    pub(super) lender: AccountId,
    /// Whether the person's age is known to be above the products' limits.
    pub(super) is_of_known_age: bool,
}

const PLANS: [(LoanPurpose, &str); 6] = [
    (LoanPurpose::Farming, "Nuôi gà thả vườn, bán cho quán ăn trong phường (minh họa)"),
    (LoanPurpose::Trade, "Bán rau và đồ khô ở chợ buổi sáng (minh họa)"),
    (LoanPurpose::Craft, "Làm hương và đồ mây tre, có người đặt mua (minh họa)"),
    (LoanPurpose::Services, "Mở tiệm may sửa quần áo tại nhà (minh họa)"),
    (LoanPurpose::Equipment, "Mua máy may công nghiệp để nhận hàng gia công (minh họa)"),
    OTHER_PLAN,
];
const OTHER_PLAN: (LoanPurpose, &str) = (LoanPurpose::Other, "Mở quán cơm bình dân cùng chị gái (minh họa)");

impl LoanScribe<'_> {
    /// The loan on a referral, if the lender accepted it and a product is lent on that day.
    pub(super) fn loan(
        &self,
        rng: &mut StdRng,
        (referral, steps): &(Referral, Vec<ReferralEvent>),
        given: Option<&Delivery>,
    ) -> Result<Option<LoanRecords>, AppError> {
        let day_of = |status| {
            let step = steps.iter().find(|step| step.to_status == status);
            step.map(|step| step.recorded_at.civil_date())
        };
        let Some(accepted_on) = day_of(ReferralStatus::Accepted) else { return Ok(None) };
        let individual = self.is_of_known_age && rng.random_bool(0.7);
        let (code, borrower) = if individual {
            (LoanProduct::JobCreation, Borrower::Individual)
        } else {
            (LoanProduct::PoorHousehold, Borrower::Household)
        };
        let Some(product) = self.app.products.on(code, accepted_on) else { return Ok(None) };
        let terms = draw_terms(rng);
        let asked = given.and_then(|given| given.amount_dong).unwrap_or_else(|| 5_000_000 * rng.random_range(2..=10));
        let mut told = self.application(rng, referral, (product, borrower), terms, (accepted_on, asked))?;
        let today = self.app.clock.today();
        let ended = steps.last().filter(|step| !step.to_status.shows_person());
        match (given, ended) {
            (Some(given), _) => {
                self.appraise(&mut told, accepted_on);
                let decided_on = day_of(ReferralStatus::InService).unwrap_or(accepted_on);
                self.approve(&mut told, decided_on, asked, terms);
                self.pay(rng, &mut told, given, terms, today)?;
            }
            (None, Some(end)) => {
                if rng.random_bool(0.5) {
                    self.appraise(&mut told, accepted_on);
                    self.refuse(rng, &mut told, accepted_on);
                } else {
                    let mut event = self.event(&told, LoanEventKind::Withdrawn, end.recorded_at.civil_date(), 0);
                    event.reason = Some("referral_ended".to_owned());
                    event.recorded_by = end.recorded_by;
                    event.recorded_at = end.recorded_at;
                    told.turn_to(LoanStatus::Withdrawn, event);
                }
            }
            (None, None) => match rng.random_range(0..6) {
                0 => {}
                1 | 2 => self.appraise(&mut told, accepted_on),
                3 => {
                    self.appraise(&mut told, accepted_on);
                    self.refuse(rng, &mut told, accepted_on);
                }
                _ => {
                    self.appraise(&mut told, accepted_on);
                    self.approve(&mut told, accepted_on, asked, terms);
                }
            },
        }
        Ok(Some(told))
    }

    fn application(
        &self,
        rng: &mut StdRng,
        referral: &Referral,
        (product, borrower): (&Product, Borrower),
        terms: Terms,
        (on, asked_dong): (NaiveDate, i64),
    ) -> Result<LoanRecords, AppError> {
        let id = LoanId(self.ids.uuid());
        let (purpose, plan) = PLANS.get(rng.random_range(0..PLANS.len())).copied().unwrap_or(OTHER_PLAN);
        let sealed = |column, text: &str| {
            seal(&self.app.random, self.key, referral.person_id, LoanPapers::place(id, column), 1, text)
        };
        let papers = LoanPapers {
            loan_id: id,
            sealed_plan: sealed("sealed_plan", plan)?,
            sealed_group: product
                .needs_group
                .then(|| sealed("sealed_group", "Tổ tiết kiệm và vay vốn số 3 (minh họa)"))
                .transpose()?,
            certificate_issuer: None,
            certified_on: None,
            disclosure_read_on: None,
            certificate_consent_id: None,
        };
        let created_at = at(on, 290);
        let loan = Loan {
            id,
            referral_id: referral.id,
            case_id: referral.case_id,
            person_id: referral.person_id,
            centre_id: referral.from_organisation_id,
            lender_id: referral.to_organisation_id,
            product: product.code,
            borrower,
            asked_dong,
            asked_months: i32::try_from(terms.months).unwrap_or(12),
            plan: terms.plan,
            frequency: terms.frequency,
            purpose,
            status: LoanStatus::Application,
            applied_on: on,
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
            created_by: self.worker,
            created_at,
            updated_at: created_at,
            version: 1,
        };
        let mut event = LoanEvent::new(LoanEventId(self.ids.uuid()), id, LoanEventKind::Applied, on, created_at);
        event.amount_dong = Some(asked_dong);
        event.recorded_by = Some(self.worker);
        Ok(LoanRecords { loan, papers, events: vec![(event, TrailAction::Create, "loan")] })
    }

    /// Something the lender records, so many minutes into its day.
    fn event(&self, told: &LoanRecords, kind: LoanEventKind, on: NaiveDate, minutes: i64) -> LoanEvent {
        let id = LoanEventId(self.ids.uuid());
        LoanEvent { recorded_by: Some(self.lender), ..LoanEvent::new(id, told.loan.id, kind, on, at(on, minutes)) }
    }

    fn appraise(&self, told: &mut LoanRecords, on: NaiveDate) {
        let event = self.event(told, LoanEventKind::Appraised, on, 300);
        told.turn_to(LoanStatus::Appraisal, event);
    }

    fn refuse(&self, rng: &mut StdRng, told: &mut LoanRecords, on: NaiveDate) {
        let reasons = [RefusalReason::NoFunds, RefusalReason::PlanNotFeasible, RefusalReason::PapersIncomplete];
        let reason = reasons.get(rng.random_range(0..3)).copied().unwrap_or(RefusalReason::Other);
        let mut event = self.event(told, LoanEventKind::Refused, on, 310);
        event.reason = Some(reason.as_str().to_owned());
        told.loan.decided_on = Some(on);
        told.loan.refusal_reason = Some(reason);
        told.turn_to(LoanStatus::Refused, event);
    }

    fn approve(&self, told: &mut LoanRecords, on: NaiveDate, dong: i64, terms: Terms) {
        let Some(product) = self.app.products.on(told.loan.product, on) else { return };
        told.loan.decided_on = Some(on);
        told.loan.approved_dong = Some(dong);
        told.loan.approved_months = i32::try_from(terms.months).ok();
        told.loan.rate_ppm = Some(product.rate_ppm);
        told.loan.overdue_rate_ppm = Some(product.overdue_rate_ppm());
        let mut event = self.event(told, LoanEventKind::Approved, on, 320);
        event.amount_dong = told.loan.approved_dong;
        event.term_months = told.loan.approved_months;
        told.turn_to(LoanStatus::Approved, event);
    }

    /// Paid out with the delivery, and paid back until today.
    fn pay(
        &self,
        rng: &mut StdRng,
        told: &mut LoanRecords,
        given: &Delivery,
        terms: Terms,
        today: NaiveDate,
    ) -> Result<(), AppError> {
        let (Some(rates), Some(dong)) = (told.loan.rates(), given.amount_dong) else { return Ok(()) };
        let mut events: Vec<LoanEvent> = Vec::new();
        for entry in history(rng, terms, rates, (given.delivered_on, dong), today) {
            let kind = match entry.what {
                What::Disbursed(_) => LoanEventKind::Disbursed,
                What::Repaid(_) | What::BroughtOver { .. } => LoanEventKind::Repaid,
                What::Restructured(_) => LoanEventKind::Restructured,
                What::WrittenOff(_) => LoanEventKind::WrittenOff,
            };
            let mut event = self.event(told, kind, entry.on, 200);
            match entry.what {
                What::Disbursed(dong) => {
                    event.amount_dong = Some(dong);
                    event.delivery_id = Some(given.id);
                }
                What::Repaid(dong) => event.amount_dong = Some(dong),
                What::BroughtOver { principal, interest } => {
                    event.amount_dong = Some(principal + interest);
                    event.interest_dong = Some(interest);
                }
                What::Restructured(terms) => {
                    event.term_months = i32::try_from(terms.months).ok();
                    event.plan = Some(terms.plan);
                    event.frequency = Some(terms.frequency);
                }
                What::WrittenOff(dong) => {
                    event.amount_dong = Some(dong);
                    event.reason = Some(WriteOffReason::Unreachable.as_str().to_owned());
                }
            }
            events.push(event.clone());
            let entries = standing_entries(&events);
            let account = replay(terms, rates, &entries)
                .map_err(|refusal| AppError::internal(format!("a loan of the demo does not hold: {refusal:?}")))?;
            told.loan.note_figures(&account, &entries);
            let status = match (account.is_written_off, account.is_settled()) {
                (true, _) => LoanStatus::WrittenOff,
                (false, true) => LoanStatus::Settled,
                (false, false) => LoanStatus::Disbursed,
            };
            told.turn_to(status, event);
        }
        Ok(())
    }
}

impl LoanRecords {
    fn turn_to(&mut self, status: LoanStatus, event: LoanEvent) {
        let same = self.loan.status == status;
        let (action, field) = if same { (TrailAction::Update, "ledger") } else { (TrailAction::Transition, "status") };
        self.loan.status = status;
        self.loan.updated_at = event.recorded_at;
        self.loan.version += 1;
        self.events.push((event, action, field));
    }
}
