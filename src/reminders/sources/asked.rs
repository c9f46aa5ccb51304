//! What others ask of an organisation: answers to referrals and transfers, and beginning with what it accepted.
//! No case is named, for that is theirs.

use diesel::prelude::*;

use super::Day;
use crate::audit::SubjectKind;
use crate::db::DbConnection;
use crate::db::schema::{referrals, transfers};
use crate::db::types::{OrganisationId, ReferralId, TransferId};
use crate::error::AppError;
use crate::grants::predicates::{referrals_addressed, transfers_addressed};
use crate::referrals::ReferralStatus;
use crate::reminders::model::{Reminder, ReminderKind};
use crate::reminders::rules::{Ask, Through};
use crate::transfers::status::TransferStatus;

fn addressed(ask: &Ask<'_>) -> Vec<OrganisationId> {
    ask.scope.addressed.iter().collect()
}

/// Reads referrals in one status by one of their days.
macro_rules! incoming {
    ($conn:expr, $ask:expr, $kind:expr, $status:expr, $day:ident) => {{
        let due_on = referrals::$day.assume_not_null();
        let query = referrals::table
            .filter(referrals::to_organisation_id.eq_any(addressed($ask)))
            .filter(referrals::status.eq($status))
            .filter(referrals::$day.le($ask.until($ask.days.referral_answer_ahead)))
            .filter(referrals_addressed(&$ask.scope))
            .order((referrals::$day, referrals::id))
            .select((due_on, referrals::id))
            .limit($ask.limit)
            .into_boxed();
        let rows: Vec<(Day, ReferralId)> =
            read_on!(query, $ask.start($kind), due_on, referrals::id, ReferralId).load($conn)?;
        let show = |(day, id): (Day, ReferralId)| $ask.reminder($kind, day, (SubjectKind::Referral, id.0), None, None);
        Ok(rows.into_iter().map(show).collect())
    }};
}

/// Referrals that wait for the partner's answer.
pub(super) fn referral_answers(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    incoming!(conn, ask, ReminderKind::ReferralAnswerDue, ReferralStatus::Sent, answer_due_on)
}

/// Referrals that the partner accepted and has not begun with.
pub(super) fn referral_starts(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    incoming!(conn, ask, ReminderKind::ReferralStartDue, ReferralStatus::Accepted, start_due_on)
}

/// Cases that another centre or a commune offers.
pub(super) fn transfer_answers(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let kind = ReminderKind::TransferAnswerDue;
    let Through::Organisation(organisation) = ask.through else { return Ok(Vec::new()) };
    let query = transfers::table
        .filter(transfers::to_organisation_id.eq(organisation))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .filter(transfers::answer_due_on.le(ask.until(ask.days.deadline_ahead)))
        .filter(transfers_addressed(&ask.scope))
        .order((transfers::answer_due_on, transfers::id))
        .select((transfers::answer_due_on, transfers::id))
        .limit(ask.limit)
        .into_boxed();
    let rows: Vec<(Day, TransferId)> =
        read_on!(query, ask.start(kind), transfers::answer_due_on, transfers::id, TransferId).load(conn)?;
    let show = |(day, id): (Day, TransferId)| ask.reminder(kind, day, (SubjectKind::Transfer, id.0), None, None);
    Ok(rows.into_iter().map(show).collect())
}
