//! The matrix depends on every row of the grant table: what each operation asks of
//! the table is written down here once more, it gives every cell of the matrix, and
//! without any one row some cell would differ.

use hoanhap::db::types::{AccountId, OrganisationId};
use hoanhap::grants::table::{GRANTS, Grant};
use hoanhap::grants::{Action, HeldRole, Role, Scope};
use uuid::Uuid;

use super::expectations::{Line, lines};
use super::{figures, official_returns, outreach, registers, training};

/// What an operation asks of the table, one after the other.
pub enum Ask {
    /// 403 without the action.
    May(Action),
    /// 403 without the action, `.1` when it does not reach the record.
    Reach(Action, u16),
    /// 403 without any of the actions.
    Any(&'static [Action]),
}
use Ask::{Any, May, Reach};

fn asks(line: &Line) -> Option<(Vec<Ask>, u16)> {
    use Action as A;
    let (method, path) = line.parts();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let change = |read, write, done| (vec![Reach(read, 404), Reach(write, 403)], done);
    Some(match (method, path) {
        ("GET", "/users") => (vec![May(A::AccountRead)], 200),
        ("POST", "/users") => (vec![May(A::AccountWrite)], 201),
        ("GET", "/users/{id}") => (vec![Reach(A::AccountRead, 404)], 200),
        ("POST", "/users/{id}/state") => (vec![Reach(A::AccountWrite, 404)], 412),
        (_, path) if path.starts_with("/users/{id}/roles") => (vec![Reach(A::AccountWrite, 404)], 200),
        ("GET", "/organisations") => (vec![May(A::OrganisationRead)], 200),
        ("GET", "/organisations/{id}") => (vec![Reach(A::OrganisationRead, 404)], 200),
        ("POST", "/organisations") => (vec![May(A::OrganisationWrite)], 201),
        ("PATCH", "/organisations/{id}") => (vec![Reach(A::OrganisationWrite, 404)], 412),
        ("GET", "/admin-units") => (vec![May(A::AdminUnitRead)], 200),
        ("GET", "/admin-units/{code}" | "/admin-units/{code}/shares") => (vec![Reach(A::AdminUnitRead, 404)], 200),
        ("PUT" | "DELETE", "/admin-units/{code}/shares") => (vec![Reach(A::UnitSharesWrite, 404)], 412),
        ("GET", path) if path.starts_with("/audit/") => (vec![May(A::TrailRead)], 200),
        ("GET", "/programmes") => (vec![May(A::ProgrammeRead)], 200),
        ("GET", "/programmes/{code}") => (vec![Reach(A::ProgrammeRead, 404)], 200),
        ("GET", path) if path.ends_with("/figure") && line.relation == "none" => (vec![Reach(A::FigureRead, 404)], 200),
        ("GET", path) if path.ends_with("/figure") => (vec![Reach(A::FigureRead, 403)], 200),
        ("GET", "/statistics/releases") => (vec![May(A::ReleaseRead)], 200),
        ("GET", "/statistics/releases/{number}") => (vec![Reach(A::ReleaseRead, 404)], 200),
        ("GET", "/persons") => (vec![May(A::PersonRead)], 200),
        ("POST", "/persons/search") => (vec![May(A::PersonRead)], 200),
        ("POST", "/persons") => (vec![May(A::PersonCreate)], 201),
        ("GET", "/persons/{id}") => (vec![Reach(A::PersonRead, 404)], 200),
        ("PATCH", "/persons/{id}") => change(A::PersonRead, A::PersonUpdate, 412),
        ("GET", "/persons/{id}/viewers") => {
            (vec![May(A::ViewerRead), Reach(A::PersonRead, 404), Reach(A::ViewerRead, 403)], 200)
        }
        ("GET", "/persons/{id}/guardians") => (vec![Reach(A::ConsentRead, 404)], 200),
        ("POST", path) if path.starts_with("/persons/{id}/guardians") => {
            let done = if path.ends_with("/end") { 412 } else { 201 };
            (vec![May(A::ConsentWrite), Reach(A::ConsentRead, 404), Reach(A::ConsentWrite, 403)], done)
        }
        ("GET", "/persons/{id}/same-candidates" | "/persons/{id}/same") => (vec![Reach(A::PersonRead, 404)], 200),
        ("GET", "/persons/{id}/same/{other}") => change(A::PersonRead, A::PersonUpdate, 200),
        ("POST", path) if path.starts_with("/persons/{id}/same") => change(A::PersonRead, A::PersonUpdate, 412),
        ("GET", "/persons/{id}/contact-codes") => (vec![Reach(A::ContactCodeLink, 404)], 200),
        ("POST", "/persons/{id}/contact-codes") => (vec![Reach(A::ContactCodeLink, 404)], 409),
        ("DELETE", "/persons/{id}/contact-codes/{link}") => (vec![Reach(A::ContactCodeLink, 404)], 404),
        ("GET", "/persons/{id}/consents") => (vec![Reach(A::ConsentRead, 404)], 200),
        ("POST", path) if path.starts_with("/persons/{id}/consents") => {
            let done = if path.ends_with("/withdraw") { 412 } else { 201 };
            (vec![May(A::ConsentWrite), Reach(A::ConsentRead, 404), Reach(A::ConsentWrite, 403)], done)
        }
        ("GET", "/cases/{id}/notes") => change(A::CaseRead, A::NoteRead, 200),
        ("POST", "/cases/{id}/notes") => change(A::CaseRead, A::NoteWrite, 201),
        ("GET", path) if path.starts_with("/notes/{id}") => (vec![Reach(A::NoteRead, 404)], 200),
        ("PATCH", "/notes/{id}") => {
            change(A::NoteRead, A::NoteWrite, if line.relation == "assigned" { 412 } else { 403 })
        }
        ("POST", "/notes/{id}/mistaken") => change(A::NoteRead, A::NoteWrite, 412),
        ("GET", "/cases/{id}/counselling-notes") => change(A::CaseRead, A::CounsellingRead, 200),
        ("POST", "/cases/{id}/counselling-notes") => change(A::CaseRead, A::CounsellingWrite, 201),
        ("GET", path) if path.starts_with("/counselling-notes/{id}") => (vec![Reach(A::CounsellingRead, 404)], 200),
        (_, path) if path.starts_with("/counselling-notes/{id}") => {
            change(A::CounsellingRead, A::CounsellingWrite, 412)
        }
        ("GET", "/cases/{id}/attachments") => change(A::CaseRead, A::AttachmentRead, 200),
        ("POST", "/cases/{id}/attachments") => change(A::CaseRead, A::AttachmentWrite, 201),
        ("GET", path) if path.starts_with("/attachments/{id}") => (vec![Reach(A::AttachmentRead, 404)], 200),
        ("POST", "/attachments/{id}/void") => change(A::AttachmentRead, A::AttachmentWrite, 412),
        ("GET", "/cases") => (vec![May(A::CaseRead)], 200),
        ("POST", "/cases") => (vec![May(A::CaseCreate), Reach(A::PersonRead, 422)], 201),
        ("GET", "/entitlements/catalogue") => (vec![May(A::EntitlementRead)], 200),
        ("GET", "/cases/{id}/entitlements") => (vec![Reach(A::EntitlementRead, 404)], 200),
        ("POST", "/cases/{id}/entitlement-overrides") => change(A::CaseRead, A::EntitlementOverride, 201),
        ("POST", "/cases/{id}/entitlement-overrides/{override}/revoke") => {
            change(A::CaseRead, A::EntitlementOverride, 412)
        }
        ("GET", "/stays") => (vec![May(A::StayRead)], 200),
        ("GET", "/stays/{id}") => (vec![Reach(A::StayRead, 404)], 200),
        // A partner of the matrix is no facility, which only one who may record a stay is told.
        ("POST", "/stays") if line.relation.starts_with("addressed") => change(A::ReferralRead, A::StayWrite, 422),
        ("POST", "/stays") => change(A::CaseRead, A::StayWrite, 201),
        // When the referral is over, its facility may only record the last day; a house that is not for victims
        // alone extends nothing.
        (_, path) if path.starts_with("/stays/{id}") => {
            let over = line.relation == "addressed_over" && path != "/stays/{id}/leave"
                || line.relation == "addressed" && path == "/stays/{id}/extensions";
            change(A::StayRead, A::StayWrite, if over { 403 } else { 412 })
        }
        ("GET", path) if path.starts_with("/cases/{id}/care-plan") => (vec![Reach(A::PlanRead, 404)], 200),
        ("PUT", "/cases/{id}/care-plan") => change(A::CaseRead, A::PlanWrite, 412),
        ("POST", "/cases/{id}/tasks") => change(A::CaseRead, A::PlanWrite, 201),
        ("GET", "/tasks" | "/overviews/caseload") => (vec![May(A::PlanRead)], 200),
        ("GET", "/tasks/{id}") => (vec![Reach(A::PlanRead, 404)], 200),
        ("POST" | "PATCH", path) if path.starts_with("/tasks/{id}") => change(A::PlanRead, A::PlanWrite, 412),
        ("GET", "/reminders") if line.relation == "any" => {
            (vec![Any(&[A::PlanRead, A::CaseRead, A::ReferralAnswer, A::ReportingStep, A::OfficialReturnSign])], 200)
        }
        ("GET", "/reminders") => (vec![Reach(A::WorkloadRead, 403), May(A::PlanRead)], 200),
        ("GET", "/overviews/centre-workload") => (vec![Reach(A::WorkloadRead, 403)], 200),
        ("GET", "/overviews/waiting-referrals") => (vec![May(A::CaseRead), May(A::ReferralRead)], 200),
        (_, path) if training::is_of_it(path) => return training::asks(method, path),
        (_, path) if figures::is_exchange(path) => return figures::asks(method, path),
        (_, path) if registers::is_of_it(path) => return registers::asks(method, path),
        (_, path) if outreach::is_of_it(path) => return outreach::asks(method, path),
        (_, path) if figures::is_of_it(path) => return figures::asks(method, path),
        (_, path) if official_returns::is_of_it(path) => return official_returns::asks(method, path, &line.relation),
        ("GET", path) if path.starts_with("/cases/{id}") => (vec![Reach(A::CaseRead, 404)], 200),
        ("POST", "/cases/{id}/status") if line.relation.ends_with("_verifying") => {
            (vec![Reach(A::CaseRead, 404), Reach(A::CaseUpdate, 403), Reach(A::CaseDecide, 403)], 412)
        }
        ("POST", "/cases/{id}/transfers") => change(A::CaseRead, A::TransferOffer, 409),
        ("POST", "/cases/{id}/follow-ups") => change(A::CaseRead, A::CaseUpdate, 409),
        ("PATCH", "/cases/{id}") | ("POST", "/cases/{id}/status") => change(A::CaseRead, A::CaseUpdate, 412),
        ("PUT", "/cases/{id}/assignment") => change(A::CaseRead, A::CaseAssign, 412),
        ("POST", path) if path.starts_with("/cases/{id}/") => change(A::CaseRead, A::AssessmentWrite, 201),
        ("GET", "/transfers") => (vec![May(A::TransferRead)], 200),
        ("GET", "/transfers/{id}") => (vec![Reach(A::TransferRead, 404)], 200),
        ("POST", "/transfers/{id}/withdraw") => change(A::TransferRead, A::TransferOffer, 412),
        ("POST", path) if path.starts_with("/transfers/") => change(A::TransferRead, A::TransferAnswer, 412),
        ("GET", "/deliveries") => (vec![May(A::DeliveryRead)], 200),
        ("GET", "/deliveries/{id}") => (vec![Reach(A::DeliveryRead, 404)], 200),
        // The referral of the matrix has a loan, whose money stands in its ledger.
        ("POST", "/deliveries") if line.relation.starts_with("addressed") => {
            change(A::ReferralRead, A::DeliveryWrite, 409)
        }
        ("POST", "/deliveries") => change(A::CaseRead, A::DeliveryWrite, 201),
        ("POST", "/deliveries/{id}/void") => change(A::DeliveryRead, A::DeliveryWrite, 412),
        ("GET", "/referrals") => (vec![May(A::ReferralRead)], 200),
        ("GET", "/referrals/{id}/events") if line.relation.starts_with("addressed") => {
            (vec![Reach(A::ReferralRead, 404)], 403)
        }
        ("GET", "/referrals/{id}/events") => (vec![Reach(A::ReferralRead, 404)], 200),
        ("POST", "/referrals/{id}/review") => change(A::ReferralRead, A::EmergencyReview, 412),
        ("GET", "/referrals/{id}") => (vec![Reach(A::ReferralRead, 404)], 200),
        ("POST", "/referrals") => change(A::CaseRead, A::ReferralWrite, 201),
        ("POST", "/referrals/{id}/send" | "/referrals/{id}/cancel") => change(A::ReferralRead, A::ReferralWrite, 412),
        ("POST", path) if path.starts_with("/referrals/{id}/") => change(A::ReferralRead, A::ReferralAnswer, 412),
        ("GET", path) if path == "/imports" || path.starts_with("/imports/templates/") => {
            (vec![May(A::ImportRun)], 200)
        }
        ("POST", "/imports") => (vec![May(A::ImportRun)], 200),
        ("GET", "/imports/{id}") => (vec![Reach(A::ImportRun, 404)], 200),
        ("POST", "/imports/{id}/undo") => (vec![Reach(A::ImportRun, 404)], 412),
        ("GET", "/loan-products") => (vec![May(A::LoanProductRead)], 200),
        ("GET", "/loan-products/{code}/disclosure") if line.relation == "none" => (vec![May(A::LoanApply)], 404),
        ("GET", "/loan-products/{code}/disclosure") => (vec![May(A::LoanApply)], 200),
        ("GET", "/loans") => (vec![May(A::LoanRead)], 200),
        ("GET", path) if path.starts_with("/loans/{id}") => (vec![Reach(A::LoanRead, 404)], 200),
        ("POST", "/loans") => change(A::ReferralRead, A::LoanApply, 409),
        ("POST", "/loans/{id}/withdraw") => change(A::LoanRead, A::LoanApply, 412),
        ("POST", "/loans/{id}/repayments") => change(A::LoanRead, A::LoanLend, 200),
        ("POST", path) if path.starts_with("/loans/{id}/") => change(A::LoanRead, A::LoanLend, 412),
        _ => return None,
    })
}

fn any(slots: &hoanhap::grants::Slots) -> bool {
    slots.iter().next().is_some()
}

/// Whether a scope reaches a record in this relation.
fn reaches(scope: &Scope, line: &Line) -> bool {
    let path = line.parts().1;
    if outreach::is_of_it(path.strip_prefix("/api/v1").unwrap_or(path)) {
        return outreach::reaches(scope, line);
    }
    let all = scope.everywhere || any(&scope.organisations);
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    if official_returns::is_of_it(path) {
        return line.relation == "own" && !scope.admin_units.is_empty();
    }
    match line.relation.trim_end_matches("_verifying") {
        // A stay remains its facility's to end.
        "addressed_over" if line.operation.contains("/stays/{id}") => any(&scope.addressed),
        "none" | "foreign" | "colleagues" | "handed_over" | "addressed_draft" | "addressed_over" => false,
        "addressed" => scope.everywhere || any(&scope.addressed),
        "assigned" => all || any(&scope.assigned),
        "waiting" => all || any(&scope.waiting),
        "intake" => all || any(&scope.waiting) || any(&scope.intake),
        "others" | "assigned_not_author" => all,
        "own" if ["/figure", "/centre-workload", "/reminders"].iter().any(|end| line.operation.ends_with(end)) => all,
        "given" => all || (line.operation.contains("/tasks/{id}") && any(&scope.assigned)),
        "own" => any(&scope.own),
        _ => all || !scope.admin_units.is_empty(),
    }
}

/// The answer this table gives; none for operations that ask nothing of it.
fn answer(table: &[Grant], line: &Line, role: Role) -> Option<u16> {
    let (asks, done) = asks(line)?;
    let held = HeldRole {
        role,
        organisation: role.needs_organisation().then(|| OrganisationId(Uuid::from_u128(1))),
        admin_unit: role.needs_admin_unit().then(|| "VN".to_owned()),
    };
    let scope = |action| Scope::from_table(table, AccountId(Uuid::nil()), std::slice::from_ref(&held), action);
    for ask in asks {
        let (action, out_of_reach) = match ask {
            Any(actions) => (*actions.iter().find(|action| scope(**action).is_some()).unwrap_or(&actions[0]), None),
            May(action) => (action, None),
            Reach(action, status) => (action, Some(status)),
        };
        match (scope(action), out_of_reach) {
            (None, _) => return Some(403),
            (Some(scope), Some(status)) if !reaches(&scope, line) => return Some(status),
            _ => {}
        }
    }
    Some(done)
}

/// Cells of the matrix that this table does not give.
fn differing(table: &[Grant], lines: &[Line]) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines {
        for (column, expected) in &line.cells {
            let Ok(role) = column.parse::<Role>() else { continue };
            if answer(table, line, role).is_some_and(|status| status != *expected) {
                found.push(format!("{} {} {column}", line.operation, line.relation));
            }
        }
    }
    found
}

#[test]
fn the_grant_table_gives_every_cell_of_the_access_matrix() {
    assert_eq!(differing(GRANTS, &lines()), Vec::<String>::new());
}

#[test]
fn the_access_matrix_notices_the_loss_of_any_row_of_the_grant_table() {
    let lines = lines();
    for position in 0..GRANTS.len() {
        let mut table = GRANTS.to_vec();
        let lost = table.remove(position);
        assert!(!differing(&table, &lines).is_empty(), "no cell depends on {lost:?}");
    }
}
