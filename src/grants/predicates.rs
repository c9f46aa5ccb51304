//! The SQL conditions of a [`Scope`]. Each is one static expression; the yes/no
//! check of a single row is the same expression with the row's id beside it.
#![expect(missing_docs, reason = "auto_type makes an alias of the same name for each predicate")]

use diesel::dsl::{auto_type, exists, not};
use diesel::prelude::*;

use super::Scope;
use super::scope::Slots;
use crate::cases::CaseStatus;
use crate::db::schema::{cases, deliveries, persons, referrals, transfers};
use crate::db::types::{AccountId, OrganisationId};
use crate::referrals::ReferralStatus;
use crate::transfers::status::TransferStatus;

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
    let taken_in = cases::opened_by.eq(account).and(cases::handed_to_case_id.is_null()).and(of_intake);
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
