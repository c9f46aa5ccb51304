//! Which groups a scope reaches.

use diesel::dsl::{auto_type, exists};
use diesel::prelude::*;

use crate::db::schema::{group_places, intervention_points, outreach_referrals, peer_groups};
use crate::db::types::OrganisationId;
use crate::grants::Scope;
use crate::grants::scope::Slots;
use crate::outreach::referrals::model::ContactReferralStatus;

/// Peer groups of a scope: those that are its organisations, and those its organisations support.
pub fn groups_within(scope: &Scope) -> groups_reached {
    groups_reached(scope.organisations, scope.supported)
}

/// See [`groups_within`].
#[auto_type]
pub fn groups_reached(organisations: Slots, supported: Slots) -> _ {
    let first: OrganisationId = organisations.0;
    let second: OrganisationId = organisations.1;
    let third: OrganisationId = organisations.2;
    let fourth: OrganisationId = organisations.3;
    let own = peer_groups::id
        .eq(first)
        .or(peer_groups::id.eq(second))
        .or(peer_groups::id.eq(third))
        .or(peer_groups::id.eq(fourth));
    let through: groups_of = groups_of(supported);
    own.or(through)
}

/// Peer groups that these organisations support.
#[auto_type]
fn groups_of(supported: Slots) -> _ {
    let first: OrganisationId = supported.0;
    let second: OrganisationId = supported.1;
    let third: OrganisationId = supported.2;
    let fourth: OrganisationId = supported.3;
    peer_groups::supported_by_id
        .eq(first)
        .or(peer_groups::supported_by_id.eq(second))
        .or(peer_groups::supported_by_id.eq(third))
        .or(peer_groups::supported_by_id.eq(fourth))
}

/// Points of intervention at which groups of the scope's organisations work, or did.
pub fn points_within(scope: &Scope) -> points_of {
    points_of(scope.organisations)
}

/// See [`points_within`].
#[auto_type]
pub fn points_of(organisations: Slots) -> _ {
    let first: OrganisationId = organisations.0;
    let second: OrganisationId = organisations.1;
    let third: OrganisationId = organisations.2;
    let fourth: OrganisationId = organisations.3;
    let own = group_places::group_id
        .eq(first)
        .or(group_places::group_id.eq(second))
        .or(group_places::group_id.eq(third))
        .or(group_places::group_id.eq(fourth));
    let there = group_places::point_id.eq(intervention_points::id.nullable());
    exists(group_places::table.filter(there).filter(own))
}

/// Referrals of contacts that came to an organisation of the scope, but those that were taken back.
pub fn contact_referrals_addressed(scope: &Scope) -> contact_referrals_incoming {
    contact_referrals_incoming(scope.addressed)
}

/// See [`contact_referrals_addressed`].
#[auto_type]
pub fn contact_referrals_incoming(addressed: Slots) -> _ {
    let first: OrganisationId = addressed.0;
    let second: OrganisationId = addressed.1;
    let third: OrganisationId = addressed.2;
    let fourth: OrganisationId = addressed.3;
    let to = outreach_referrals::to_organisation_id
        .eq(first)
        .or(outreach_referrals::to_organisation_id.eq(second))
        .or(outreach_referrals::to_organisation_id.eq(third))
        .or(outreach_referrals::to_organisation_id.eq(fourth));
    let cancelled: ContactReferralStatus = ContactReferralStatus::Cancelled;
    outreach_referrals::status.ne(cancelled).and(to)
}
