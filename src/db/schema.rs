//! Tables of the main database, by field; the migrations of both engines are checked against them.
#![expect(missing_docs, reason = "made by the table macro; columns are described in the models")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the table macro takes its types so"))]

mod of_accounts;
mod of_audit;
mod of_casework;
mod of_programmes;
mod of_reference;

pub use of_accounts::*;
pub use of_audit::*;
pub use of_casework::*;
pub use of_programmes::*;
pub use of_reference::*;

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    admin_units,
    admin_unit_successors,
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
    audit_heads,
    audit_entries,
    audit_checkpoints,
    audit_checkpoint_heads,
    view_log,
    statistical_releases,
);
