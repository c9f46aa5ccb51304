//! What happens when a transfer is accepted: the sender's case is closed and the receiver's opened.

use crate::accounts::Actor;
use crate::audit::TrailKey;
use crate::cases::rules::HandOver;
use crate::db::DbConnection;
use crate::db::types::{CaseEventId, CaseId};
use crate::error::AppError;
use crate::organisations::OrganisationKind;
use crate::transfers::model::Transfer;
use crate::{cases, entitlements, loans, organisations, referrals, stays, training};

/// Closes the sender's case and opens the receiver's, which waits to be assigned. Open
/// referrals go along, and with them training and what may come of it, loans and stays
/// elsewhere, so that nobody's help ends by a move; drafts are dropped.
pub(super) fn move_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    transfer: &Transfer,
    case: CaseId,
    opened: CaseEventId,
    closed: CaseEventId,
) -> Result<(), AppError> {
    let sender = organisations::rules::find(conn, transfer.from_organisation_id)?;
    let hand_over = HandOver {
        case: transfer.case_id,
        new_case: case,
        receiver: transfer.to_organisation_id,
        opened,
        closed,
        // A commune takes people in on behalf of the centre: the law's time runs from that day.
        keeps_reception: sender.is_some_and(|sender| sender.kind == OrganisationKind::CommuneOffice),
    };
    cases::rules::hand_over(conn, actor, trail, &hand_over)?;
    let (from, receiver) = (transfer.case_id, transfer.to_organisation_id);
    referrals::rules::follow_case(conn, actor, trail, from, case, receiver)?;
    training::rules::follow_case(conn, actor, trail, from, case)?;
    loans::rules::follow_case(conn, actor, trail, from, case, receiver)?;
    entitlements::rules::follow_case(conn, from, case)?;
    stays::rules::follow_case(conn, actor, trail, from, case, receiver)
}
