//! The SQL conditions of a [`Scope`]. Each is one static expression; the yes/no
//! check of a single row is the same expression with the row's id beside it.
#![expect(missing_docs, reason = "auto_type makes an alias of the same name for each predicate")]

use diesel::dsl::{auto_type, exists, not};
use diesel::prelude::*;

use super::Scope;
use crate::db::schema::{cases, deliveries, persons, referrals};
use crate::db::types::{AccountId, OrganisationId};
use crate::referrals::ReferralStatus;

/// Cases within a scope.
pub fn cases_within(scope: &Scope) -> cases_reached {
    cases_reached(scope.account, scope.assigned.clone(), scope.waiting.clone(), scope.organisations.clone())
}

/// Persons within a scope: through a case within it, or registered by the
/// account itself while no case holds them.
pub fn persons_within(scope: &Scope) -> persons_reached {
    persons_reached(
        scope.account,
        scope.own.clone(),
        scope.assigned.clone(),
        scope.waiting.clone(),
        scope.organisations.clone(),
    )
}

/// Referrals within a scope, through their case.
pub fn referrals_within(scope: &Scope) -> referrals_reached {
    referrals_reached(scope.account, scope.assigned.clone(), scope.waiting.clone(), scope.organisations.clone())
}

/// Referrals addressed to an organisation of the scope, once they were sent.
pub fn referrals_addressed(scope: &Scope) -> referrals_incoming {
    referrals_incoming(scope.addressed.clone(), ReferralStatus::SHOWN_TO_RECIPIENT.to_vec())
}

/// Deliveries within a scope: through their case, or through a referral addressed to the organisation.
pub fn deliveries_within(scope: &Scope) -> deliveries_reached {
    deliveries_reached(
        scope.account,
        scope.assigned.clone(),
        scope.waiting.clone(),
        scope.organisations.clone(),
        scope.addressed.clone(),
        ReferralStatus::SHOWN_TO_RECIPIENT.to_vec(),
    )
}

/// See [`cases_within`].
#[auto_type]
pub fn cases_reached(
    account: AccountId,
    assigned: Vec<OrganisationId>,
    waiting: Vec<OrganisationId>,
    organisations: Vec<OrganisationId>,
) -> _ {
    let own = cases::assigned_to.eq(account).and(cases::organisation_id.eq_any(assigned));
    let waits = cases::assigned_to.is_null().and(cases::organisation_id.eq_any(waiting));
    own.or(waits).or(cases::organisation_id.eq_any(organisations))
}

/// See [`persons_within`].
#[auto_type]
pub fn persons_reached(
    account: AccountId,
    own: Vec<OrganisationId>,
    assigned: Vec<OrganisationId>,
    waiting: Vec<OrganisationId>,
    organisations: Vec<OrganisationId>,
) -> _ {
    let reached: cases_reached = cases_reached(account, assigned, waiting, organisations);
    let through_case = exists(cases::table.filter(cases::person_id.eq(persons::id)).filter(reached));
    let without_case = not(exists(cases::table.filter(cases::person_id.eq(persons::id))));
    let registered = persons::registered_by.eq(account).and(persons::organisation_id.eq_any(own));
    through_case.or(registered.and(without_case))
}

/// See [`referrals_within`].
#[auto_type]
pub fn referrals_reached(
    account: AccountId,
    assigned: Vec<OrganisationId>,
    waiting: Vec<OrganisationId>,
    organisations: Vec<OrganisationId>,
) -> _ {
    let reached: cases_reached = cases_reached(account, assigned, waiting, organisations);
    exists(cases::table.filter(cases::id.eq(referrals::case_id)).filter(reached))
}

/// See [`referrals_addressed`].
#[auto_type]
pub fn referrals_incoming(addressed: Vec<OrganisationId>, shown: Vec<ReferralStatus>) -> _ {
    referrals::to_organisation_id.eq_any(addressed).and(referrals::status.eq_any(shown))
}

/// See [`deliveries_within`].
#[auto_type]
pub fn deliveries_reached(
    account: AccountId,
    assigned: Vec<OrganisationId>,
    waiting: Vec<OrganisationId>,
    organisations: Vec<OrganisationId>,
    addressed: Vec<OrganisationId>,
    shown: Vec<ReferralStatus>,
) -> _ {
    let reached: cases_reached = cases_reached(account, assigned, waiting, organisations);
    let incoming: referrals_incoming = referrals_incoming(addressed, shown);
    let through_case = exists(cases::table.filter(cases::id.eq(deliveries::case_id)).filter(reached));
    let of_delivery = referrals::id.nullable().eq(deliveries::referral_id);
    let through_referral = exists(referrals::table.filter(of_delivery).filter(incoming));
    through_case.or(through_referral)
}
