//! Offering and answering transfers; [`accepting`] moves the case, [`ending`] takes back what ends without an
//! answer, [`reading`] reads.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::Transfer;
use super::status::{TransferDeclineReason, TransferGround, TransferStatus};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::deadlines::{DeadlineKind, Deadlines};
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::consents::{self, model::ConsentPurpose};
use crate::db::DbConnection;
use crate::db::schema::transfers;
use crate::db::types::{AccountId, CaseEventId, CaseId, ConsentId, Instant, OrganisationId, PersonId, TransferId};
use crate::error::{AppError, Conflict, FitsWith, Rule};
use crate::grants::Action;
use crate::grants::predicates::{transfers_addressed, transfers_within};
use crate::organisations::{self, OrganisationKind};
use crate::persons::ClientCategory;

mod accepting;
mod ending;
mod reading;

use ending::end;
pub use ending::{close_without_consent, rest_on, sweep, withdraw_of_case};
pub use reading::{Filter, Side, list, read, show, show_one};

/// A transfer that is to be offered.
#[derive(Debug, Clone)]
pub struct NewTransfer {
    /// Id.
    pub id: TransferId,
    /// Case.
    pub case: CaseId,
    /// Receiver.
    pub to: OrganisationId,
    /// What allows it.
    pub ground: TransferGround,
}

/// Offers a case to another organisation that runs cases.
///
/// # Errors
/// Field errors; [`Conflict::CaseClosed`], [`Conflict::OtherCaseOpen`], [`Conflict::TransferOffered`], [`Conflict::ConsentMissing`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn offer(
    conn: &mut DbConnection,
    actor: &Actor,
    deadlines: &Deadlines,
    trail: &TrailKey,
    new: &NewTransfer,
    seal_summary: impl Fn(PersonId) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Transfer, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::TransferOffer, new.case)?;
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    let today = actor.now.civil_date();
    check_receiver(conn, &case, new.to, today)?;
    cases::rules::refuse_another_open(conn, &case)?;
    if is_offered(conn, case.id)? {
        return Err(AppError::Conflict(Conflict::TransferOffered));
    }
    let consent_id = ground_on(conn, &case, new, today)?;
    let answer = deadlines.one(DeadlineKind::TransferAnswer, today, today);
    let transfer = Transfer {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        from_organisation_id: case.organisation_id,
        to_organisation_id: new.to,
        ground: new.ground,
        consent_id,
        status: TransferStatus::Offered,
        answer_due_on: answer.map_or(today, |deadline| deadline.due_on),
        sealed_summary: seal_summary(case.person_id)?,
        offered_by: actor.account,
        created_at: actor.now,
        answered_by: None,
        answered_at: None,
        decline_reason: None,
        new_case_id: None,
        version: 1,
    };
    diesel::insert_into(transfers::table).values(&transfer).execute(conn)?;
    note(conn, trail, Some(actor.account), transfer.id, TrailAction::Create, &["transfer"], actor.now)?;
    Ok(transfer)
}

fn check_receiver(conn: &mut DbConnection, case: &Case, to: OrganisationId, day: NaiveDate) -> Result<(), AppError> {
    const FIELD: &str = "to_organisation_id";
    if to == case.organisation_id {
        return Err(AppError::field(FIELD, Rule::MustFit(FitsWith::AnotherCentre)));
    }
    let receiver =
        organisations::rules::find(conn, to)?.ok_or_else(|| AppError::field(FIELD, Rule::NoSuchReference))?;
    if receiver.is_open_on(day) && receiver.kind.runs_cases() {
        return Ok(());
    }
    Err(AppError::field(FIELD, Rule::WrongOrganisation))
}

fn is_offered(conn: &mut DbConnection, case: CaseId) -> Result<bool, AppError> {
    let offered =
        transfers::table.filter(transfers::case_id.eq(case)).filter(transfers::status.eq(TransferStatus::Offered));
    Ok(diesel::select(diesel::dsl::exists(offered)).get_result(conn)?)
}

/// The consent a transfer rests on; none where the law asks for none.
fn ground_on(
    conn: &mut DbConnection,
    case: &Case,
    new: &NewTransfer,
    day: NaiveDate,
) -> Result<Option<ConsentId>, AppError> {
    match new.ground {
        TransferGround::Consent => {
            consents::rules::live_for(conn, case.person_id, ConsentPurpose::Transfer, new.to, day).map(Some)
        }
        TransferGround::LegalDuty => {
            let sender = organisations::rules::find(conn, case.organisation_id)?;
            let commune = sender.is_some_and(|sender| sender.kind == OrganisationKind::CommuneOffice);
            let victim = matches!(case.category, ClientCategory::PossibleVictim | ClientCategory::IdentifiedVictim);
            if commune && victim {
                Ok(None)
            } else {
                Err(AppError::field("ground", Rule::MustFit(FitsWith::LegalDuty)))
            }
        }
    }
}

/// An answer to an offer, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The receiver takes the case over.
    Accept {
        /// Id of the receiver's case.
        case: CaseId,
        /// Id of the event that opens it.
        opened: CaseEventId,
        /// Id of the event that closes the sender's.
        closed: CaseEventId,
    },
    /// The receiver cannot take it.
    Decline(TransferDeclineReason),
    /// The sender takes the offer back.
    Withdraw,
}

impl Step {
    fn target(self) -> TransferStatus {
        match self {
            Self::Accept { .. } => TransferStatus::Accepted,
            Self::Decline(_) => TransferStatus::Declined,
            Self::Withdraw => TransferStatus::Withdrawn,
        }
    }
}

/// Answers an offer, or takes it back.
///
/// # Errors
/// [`Conflict::IllegalTransition`], [`Conflict::AnswerTooLate`], [`Conflict::ConsentMissing`];
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn take_step(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: TransferId,
    expected: i32,
    step: Step,
) -> Result<Transfer, AppError> {
    let mut transfer = find_for(conn, actor, step, id)?;
    if transfer.version != expected {
        return Err(AppError::VersionStale { current: transfer.version, changed: vec!["status".into()] });
    }
    let (from, to) = (transfer.status, step.target());
    if !from.may_become(to) {
        return Err(AppError::Conflict(Conflict::IllegalTransition { from: from.as_str(), to: to.as_str() }));
    }
    let today = actor.now.civil_date();
    if step != Step::Withdraw && today > transfer.answer_due_on {
        return Err(AppError::Conflict(Conflict::AnswerTooLate));
    }
    match step {
        Step::Accept { case, opened, closed } => {
            if transfer.ground == TransferGround::Consent {
                let (person, receiver) = (transfer.person_id, transfer.to_organisation_id);
                let purpose = ConsentPurpose::Transfer;
                transfer.consent_id = Some(consents::rules::live_for(conn, person, purpose, receiver, today)?);
            }
            accepting::move_case(conn, actor, trail, &transfer, case, opened, closed)?;
            transfer.new_case_id = Some(case);
        }
        Step::Decline(reason) => transfer.decline_reason = Some(reason),
        Step::Withdraw => {}
    }
    end(conn, trail, &mut transfer, to, Some(actor.account), actor.now)?;
    Ok(transfer)
}

/// 404 when the transfer cannot be seen; 403 when it can but this is not the reader's step to take.
fn find_for(conn: &mut DbConnection, actor: &Actor, step: Step, id: TransferId) -> Result<Transfer, AppError> {
    let (transfer, _) = read(conn, actor, id)?;
    let found = transfers::table.filter(transfers::id.eq(id));
    let reached: bool = if step == Step::Withdraw {
        let scope = actor.scope(Action::TransferOffer)?;
        diesel::select(diesel::dsl::exists(found.filter(transfers_within(&scope)))).get_result(conn)?
    } else {
        let scope = actor.scope(Action::TransferAnswer)?;
        diesel::select(diesel::dsl::exists(found.filter(transfers_addressed(&scope)))).get_result(conn)?
    };
    if reached { Ok(transfer) } else { Err(AppError::Forbidden) }
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    by: Option<AccountId>,
    id: TransferId,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Transfer, id.0), by, action, fields, now)
}
