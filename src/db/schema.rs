//! Tables of the main database, by field; the migrations of both engines are checked against them.
#![expect(missing_docs, reason = "made by the table macro; columns are described in the models")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the table macro takes its types so"))]

mod of_accounts;
mod of_audit;
mod of_casework;
mod of_entitlements;
mod of_imports;
mod of_loans;
mod of_notes;
mod of_outreach;
mod of_plans;
mod of_programmes;
mod of_reference;
mod of_same_person;
mod of_search;
mod of_training;

pub use of_accounts::*;
pub use of_audit::*;
pub use of_casework::*;
pub use of_entitlements::*;
pub use of_imports::*;
pub use of_loans::*;
pub use of_notes::*;
pub use of_outreach::*;
pub use of_plans::*;
pub use of_programmes::*;
pub use of_reference::*;
pub use of_same_person::*;
pub use of_search::*;
pub use of_training::*;

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    admin_units,
    admin_unit_successors,
    unit_share_heads,
    unit_shares,
    organisations,
    accounts,
    account_grants,
    login_sessions,
    login_guesses,
    account_invitations,
    idempotency_keys,
    persons,
    consents,
    cases,
    case_events,
    support_refusals,
    assessments,
    assessed_needs,
    referrals,
    referral_events,
    deliveries,
    follow_ups,
    guardians,
    transfers,
    care_plans,
    care_plan_goals,
    care_plan_steps,
    tasks,
    loans,
    loan_papers,
    loan_events,
    notes,
    note_versions,
    attachments,
    imports,
    import_rows,
    loose_keys,
    audit_heads,
    audit_entries,
    audit_checkpoints,
    audit_checkpoint_heads,
    view_log,
    statistical_releases,
    register_entries,
    register_participants,
    register_imports,
    reported_values,
    register_sums,
    register_series,
    sums_counted,
    sums_due,
    sums_versions,
    person_standings,
    standings_kept,
    standings_due,
    standings_ahead,
    standings_turn,
    plan_versions,
    reporting_periods,
    reporting_steps,
    published_figures,
    official_returns,
    entitlement_overrides,
    case_circumstances,
    stays,
    stay_extensions,
    courses,
    enrolments,
    enrolment_events,
    course_days,
    attendances,
    training_aids,
    job_outcomes,
    job_check_ups,
    same_groups,
    same_decisions,
    search_changes,
    intervention_points,
    peer_groups,
    group_places,
    member_counts,
    outreach_sessions,
    outreach_supplies,
    outreach_tallies,
    outreach_contacts,
    outreach_operations,
    outreach_conflicts,
    outreach_stock_moves,
    outreach_links,
    outreach_referrals,
    outreach_reduced,
    outreach_devices,
    outreach_parcels,
);

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    accounts::id,
    accounts::display_name,
    account_grants::id,
    account_grants::revoked_at,
    cases::status,
);
