//! The SQL conditions of a [`Scope`]. Each is one static expression; the yes/no
//! check of a single row is the same expression with the row's id beside it.
#![expect(missing_docs, reason = "auto_type makes an alias of the same name for each predicate")]

use diesel::dsl::{auto_type, exists, not};
use diesel::prelude::*;

use super::Scope;
use super::scope::Slots;
use crate::accounts::AccountState;
use crate::cases::CaseStatus;
use crate::db::schema::{
    account_grants, accounts, attachments, cases, courses, deliveries, enrolments, imports, loans, notes, persons,
    referrals, stays, tasks, transfers,
};
use crate::db::types::{AccountId, OrganisationId};
use crate::loans::LoanStatus;
use crate::referrals::ReferralStatus;
use crate::transfers::status::TransferStatus;

mod outreach;
mod registers;

pub use outreach::*;
pub use registers::*;

// Every expression here has the same SQL text whatever the scope holds (a scope has a
// fixed number of slots for organisations), so both engines prepare it once.

/// Cases within a scope.
pub fn cases_within(scope: &Scope) -> cases_reached {
    cases_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Persons within a scope: through a case within it, or registered by the
/// account itself while no case holds them.
pub fn persons_within(scope: &Scope) -> persons_reached {
    persons_reached(scope.account, scope.own, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Referrals within a scope, through their case.
pub fn referrals_within(scope: &Scope) -> referrals_reached {
    referrals_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Referrals addressed to an organisation of the scope, once they were sent.
pub fn referrals_addressed(scope: &Scope) -> referrals_incoming {
    referrals_incoming(scope.addressed)
}

/// Deliveries within a scope: through their case, or through a referral addressed to the organisation.
pub fn deliveries_within(scope: &Scope) -> deliveries_reached {
    deliveries_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations, scope.addressed)
}

/// Transfers within a scope, through the sender's case, or offered by the account at an
/// organisation that only takes people in.
pub fn transfers_within(scope: &Scope) -> transfers_reached {
    transfers_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Transfers offered to an organisation of the scope.
pub fn transfers_addressed(scope: &Scope) -> transfers_incoming {
    transfers_incoming(scope.addressed)
}

/// Stays within a scope, through their case.
pub fn stays_within(scope: &Scope) -> stays_reached {
    stays_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Stays at a facility of the scope that came by referral. They remain the facility's to end
/// when the referral is over.
pub fn stays_addressed(scope: &Scope) -> stays_incoming {
    stays_incoming(scope.addressed)
}

/// Tasks within a scope: through their case, or given to the account itself.
pub fn tasks_within(scope: &Scope) -> tasks_reached {
    tasks_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Enrolments within a scope, through their case.
pub fn enrolments_within(scope: &Scope) -> enrolments_reached {
    enrolments_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Enrolments that answer a referral addressed to an organisation of the scope, while that referral is its to see.
pub fn enrolments_addressed(scope: &Scope) -> enrolments_incoming {
    enrolments_incoming(scope.addressed)
}

/// Courses that an organisation of the scope offers.
pub fn courses_offered(scope: &Scope) -> courses_own {
    courses_own(scope.addressed)
}

/// Loans within a scope, through their case.
pub fn loans_within(scope: &Scope) -> loans_reached {
    loans_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Loans that an organisation of the scope was asked for, until they are withdrawn.
pub fn loans_addressed(scope: &Scope) -> loans_incoming {
    loans_incoming(scope.addressed)
}

/// Notes within a scope, through their case; counselling notes are none of them.
pub fn notes_within(scope: &Scope) -> notes_reached {
    notes_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Counselling notes within a scope: those the account wrote in a case that is assigned to it, and those of
/// the organisations. A note that another centre wrote stays out of sight.
pub fn counselling_within(scope: &Scope) -> counselling_reached {
    counselling_reached(scope.account, scope.assigned, scope.organisations)
}

/// Files within a scope, through their case.
pub fn attachments_within(scope: &Scope) -> attachments_reached {
    attachments_reached(scope.account, scope.intake, scope.assigned, scope.waiting, scope.organisations)
}

/// Imports of the organisations of a scope.
pub fn imports_within(scope: &Scope) -> imports_of {
    imports_of(scope.organisations)
}

/// See [`imports_within`].
#[auto_type]
pub fn imports_of(slots: Slots) -> _ {
    let first: OrganisationId = slots.0;
    let second: OrganisationId = slots.1;
    let third: OrganisationId = slots.2;
    let fourth: OrganisationId = slots.3;
    imports::organisation_id
        .eq(first)
        .or(imports::organisation_id.eq(second))
        .or(imports::organisation_id.eq(third))
        .or(imports::organisation_id.eq(fourth))
}

/// Cases of one of these organisations.
#[auto_type]
pub fn cases_of(slots: Slots) -> _ {
    let first: OrganisationId = slots.0;
    let second: OrganisationId = slots.1;
    let third: OrganisationId = slots.2;
    let fourth: OrganisationId = slots.3;
    cases::organisation_id
        .eq(first)
        .or(cases::organisation_id.eq(second))
        .or(cases::organisation_id.eq(third))
        .or(cases::organisation_id.eq(fourth))
}

/// See [`cases_within`].
#[auto_type]
pub fn cases_reached(account: AccountId, intake: Slots, assigned: Slots, waiting: Slots, organisations: Slots) -> _ {
    let of_intake: cases_of = cases_of(intake);
    let of_assigned: cases_of = cases_of(assigned);
    let of_waiting: cases_of = cases_of(waiting);
    let of_organisations: cases_of = cases_of(organisations);
    let own = cases::assigned_to.eq(account).and(of_assigned);
    let closed: CaseStatus = CaseStatus::Closed;
    let waits = cases::assigned_to.is_null().and(cases::status.ne(closed)).and(of_waiting);
    // What an officer took in who has left is the turn of those who are still there.
    let active: AccountState = AccountState::Active;
    let still_there = exists(
        account_grants::table
            .inner_join(accounts::table.on(accounts::id.eq(account_grants::account_id)))
            .filter(account_grants::account_id.eq(cases::opened_by))
            .filter(account_grants::organisation_id.eq(cases::organisation_id.nullable()))
            .filter(account_grants::revoked_at.is_null())
            .filter(accounts::state.eq(active)),
    );
    let was_there = exists(
        account_grants::table
            .filter(account_grants::account_id.eq(cases::opened_by))
            .filter(account_grants::organisation_id.eq(cases::organisation_id.nullable())),
    );
    let theirs = cases::opened_by.eq(account).or(was_there.and(not(still_there)));
    let taken_in = of_intake.and(cases::handed_to_case_id.is_null()).and(theirs);
    own.or(waits).or(of_organisations).or(taken_in)
}

/// See [`persons_within`].
#[auto_type]
pub fn persons_reached(
    account: AccountId,
    own: Slots,
    intake: Slots,
    assigned: Slots,
    waiting: Slots,
    organisations: Slots,
) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    let going_on = cases::handed_to_case_id.is_null();
    let through_case = exists(cases::table.filter(cases::person_id.eq(persons::id)).filter(reached).filter(going_on));
    let without_case = not(exists(cases::table.filter(cases::person_id.eq(persons::id))));
    let first: OrganisationId = own.0;
    let second: OrganisationId = own.1;
    let third: OrganisationId = own.2;
    let fourth: OrganisationId = own.3;
    let here = persons::organisation_id
        .eq(first)
        .or(persons::organisation_id.eq(second))
        .or(persons::organisation_id.eq(third))
        .or(persons::organisation_id.eq(fourth));
    let registered = persons::registered_by.eq(account).and(here);
    through_case.or(registered.and(without_case))
}

/// See [`referrals_within`].
#[auto_type]
pub fn referrals_reached(
    account: AccountId,
    intake: Slots,
    assigned: Slots,
    waiting: Slots,
    organisations: Slots,
) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    exists(cases::table.filter(cases::id.eq(referrals::case_id)).filter(reached))
}

/// See [`referrals_addressed`]. The recipient never sees what was not sent, was taken
/// back, or returned to its sender.
#[auto_type]
pub fn referrals_incoming(addressed: Slots) -> _ {
    let first: OrganisationId = addressed.0;
    let second: OrganisationId = addressed.1;
    let third: OrganisationId = addressed.2;
    let fourth: OrganisationId = addressed.3;
    let here = referrals::to_organisation_id
        .eq(first)
        .or(referrals::to_organisation_id.eq(second))
        .or(referrals::to_organisation_id.eq(third))
        .or(referrals::to_organisation_id.eq(fourth));
    let draft: ReferralStatus = ReferralStatus::Draft;
    let expired: ReferralStatus = ReferralStatus::Expired;
    let cancelled: ReferralStatus = ReferralStatus::Cancelled;
    let shown = referrals::status.ne(draft).and(referrals::status.ne(expired)).and(referrals::status.ne(cancelled));
    here.and(shown)
}

/// See [`deliveries_within`].
#[auto_type]
pub fn deliveries_reached(
    account: AccountId,
    intake: Slots,
    assigned: Slots,
    waiting: Slots,
    organisations: Slots,
    addressed: Slots,
) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    let incoming: referrals_incoming = referrals_incoming(addressed);
    let through_case = exists(cases::table.filter(cases::id.eq(deliveries::case_id)).filter(reached));
    let of_delivery = referrals::id.nullable().eq(deliveries::referral_id);
    let through_referral = exists(referrals::table.filter(of_delivery).filter(incoming));
    through_case.or(through_referral)
}

/// See [`transfers_within`].
#[auto_type]
pub fn transfers_reached(
    account: AccountId,
    intake: Slots,
    assigned: Slots,
    waiting: Slots,
    organisations: Slots,
) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    let through_case = exists(cases::table.filter(cases::id.eq(transfers::case_id)).filter(reached));
    let first: OrganisationId = intake.0;
    let second: OrganisationId = intake.1;
    let third: OrganisationId = intake.2;
    let fourth: OrganisationId = intake.3;
    let here = transfers::from_organisation_id
        .eq(first)
        .or(transfers::from_organisation_id.eq(second))
        .or(transfers::from_organisation_id.eq(third))
        .or(transfers::from_organisation_id.eq(fourth));
    let offered = transfers::offered_by.eq(account).and(here);
    through_case.or(offered)
}

/// See [`transfers_addressed`]. The receiver never sees what was taken back or returned to its sender.
#[auto_type]
pub fn transfers_incoming(addressed: Slots) -> _ {
    let first: OrganisationId = addressed.0;
    let second: OrganisationId = addressed.1;
    let third: OrganisationId = addressed.2;
    let fourth: OrganisationId = addressed.3;
    let here = transfers::to_organisation_id
        .eq(first)
        .or(transfers::to_organisation_id.eq(second))
        .or(transfers::to_organisation_id.eq(third))
        .or(transfers::to_organisation_id.eq(fourth));
    let withdrawn: TransferStatus = TransferStatus::Withdrawn;
    let expired: TransferStatus = TransferStatus::Expired;
    here.and(transfers::status.ne(withdrawn)).and(transfers::status.ne(expired))
}

/// See [`stays_within`].
#[auto_type]
pub fn stays_reached(account: AccountId, intake: Slots, assigned: Slots, waiting: Slots, organisations: Slots) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    exists(cases::table.filter(cases::id.eq(stays::case_id)).filter(reached))
}

/// See [`stays_addressed`].
#[auto_type]
pub fn stays_incoming(addressed: Slots) -> _ {
    let first: OrganisationId = addressed.0;
    let second: OrganisationId = addressed.1;
    let third: OrganisationId = addressed.2;
    let fourth: OrganisationId = addressed.3;
    let here = stays::organisation_id
        .eq(first)
        .or(stays::organisation_id.eq(second))
        .or(stays::organisation_id.eq(third))
        .or(stays::organisation_id.eq(fourth));
    stays::referral_id.is_not_null().and(here)
}

/// See [`tasks_within`]. A grant that is taken back takes the tasks of that centre along.
#[auto_type]
pub fn tasks_reached(account: AccountId, intake: Slots, assigned: Slots, waiting: Slots, organisations: Slots) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    let through_case = exists(cases::table.filter(cases::id.eq(tasks::case_id)).filter(reached));
    let first: OrganisationId = assigned.0;
    let second: OrganisationId = assigned.1;
    let third: OrganisationId = assigned.2;
    let fourth: OrganisationId = assigned.3;
    let here = tasks::organisation_id
        .eq(first)
        .or(tasks::organisation_id.eq(second))
        .or(tasks::organisation_id.eq(third))
        .or(tasks::organisation_id.eq(fourth));
    let given = tasks::owner_id.eq(account).and(here);
    through_case.or(given)
}

/// See [`enrolments_within`].
#[auto_type]
pub fn enrolments_reached(
    account: AccountId,
    intake: Slots,
    assigned: Slots,
    waiting: Slots,
    organisations: Slots,
) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    exists(cases::table.filter(cases::id.eq(enrolments::case_id)).filter(reached))
}

/// See [`enrolments_addressed`].
#[auto_type]
pub fn enrolments_incoming(addressed: Slots) -> _ {
    let incoming: referrals_incoming = referrals_incoming(addressed);
    exists(referrals::table.filter(referrals::id.eq(enrolments::referral_id)).filter(incoming))
}

/// See [`courses_offered`].
#[auto_type]
pub fn courses_own(addressed: Slots) -> _ {
    let first: OrganisationId = addressed.0;
    let second: OrganisationId = addressed.1;
    let third: OrganisationId = addressed.2;
    let fourth: OrganisationId = addressed.3;
    courses::organisation_id
        .eq(first)
        .or(courses::organisation_id.eq(second))
        .or(courses::organisation_id.eq(third))
        .or(courses::organisation_id.eq(fourth))
}

/// See [`loans_within`].
#[auto_type]
pub fn loans_reached(account: AccountId, intake: Slots, assigned: Slots, waiting: Slots, organisations: Slots) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    exists(cases::table.filter(cases::id.eq(loans::case_id)).filter(reached))
}

/// See [`loans_addressed`]. Reached through the lender and not through the referral: when that has
/// ended, the contract goes on.
#[auto_type]
pub fn loans_incoming(addressed: Slots) -> _ {
    let first: OrganisationId = addressed.0;
    let second: OrganisationId = addressed.1;
    let third: OrganisationId = addressed.2;
    let fourth: OrganisationId = addressed.3;
    let here = loans::lender_id
        .eq(first)
        .or(loans::lender_id.eq(second))
        .or(loans::lender_id.eq(third))
        .or(loans::lender_id.eq(fourth));
    let withdrawn: LoanStatus = LoanStatus::Withdrawn;
    here.and(loans::status.ne(withdrawn))
}

/// See [`notes_within`].
#[auto_type]
pub fn notes_reached(account: AccountId, intake: Slots, assigned: Slots, waiting: Slots, organisations: Slots) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    let counselling: bool = false;
    let through_case = exists(cases::table.filter(cases::id.eq(notes::case_id)).filter(reached));
    notes::counselling.eq(counselling).and(through_case)
}

/// See [`counselling_within`].
#[auto_type]
pub fn counselling_reached(account: AccountId, assigned: Slots, organisations: Slots) -> _ {
    let of_assigned: cases_of = cases_of(assigned);
    let of_organisations: cases_of = cases_of(organisations);
    let counselling: bool = true;
    let own = cases::assigned_to.eq(account).and(of_assigned).and(notes::author_id.eq(account));
    let reached = own.or(of_organisations);
    let of_note = cases::id.eq(notes::case_id).and(cases::organisation_id.eq(notes::organisation_id));
    let through_case = exists(cases::table.filter(of_note).filter(reached));
    notes::counselling.eq(counselling).and(through_case)
}

/// See [`attachments_within`].
#[auto_type]
pub fn attachments_reached(
    account: AccountId,
    intake: Slots,
    assigned: Slots,
    waiting: Slots,
    organisations: Slots,
) -> _ {
    let reached: cases_reached = cases_reached(account, intake, assigned, waiting, organisations);
    exists(cases::table.filter(cases::id.eq(attachments::case_id)).filter(reached))
}
