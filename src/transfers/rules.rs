//! Offering, answering and ending transfers, and reading them. Accepting one is in `accepting`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::accepting;
use super::model::{Transfer, TransferReply};
use super::status::{TransferDeclineReason, TransferGround, TransferStatus};
use crate::accounts::Actor;
use crate::assessments;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::deadlines::{DeadlineKind, Deadlines};
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::consents::{self, model::ConsentPurpose};
use crate::db::DbConnection;
use crate::db::schema::{consents as consent_table, persons, transfers};
use crate::db::types::{AccountId, CaseEventId, CaseId, ConsentId, Instant, OrganisationId, PersonId, TransferId};
use crate::error::{AppError, Conflict, Rule};
use crate::grants::Action;
use crate::grants::predicates::{transfers_addressed, transfers_within};
use crate::organisations::{self, OrganisationKind};
use crate::persons::ClientCategory;
use crate::persons::model::Person;
use crate::referrals::model::AgeGroup;
use crate::vault::Vault;

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
/// Field errors; [`Conflict::CaseClosed`], [`Conflict::TransferOffered`], [`Conflict::ConsentMissing`];
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
        return Err(AppError::field(FIELD, Rule::ConflictsWith("case_id")));
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
            if commune && victim { Ok(None) } else { Err(AppError::field("ground", Rule::ConflictsWith("case_id"))) }
        }
    }
}

/// Through which side a reader reaches a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// As its sender.
    Sender,
    /// As the organisation it is offered to.
    Recipient,
}

/// Reads one transfer.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: TransferId) -> Result<(Transfer, Side), AppError> {
    let scope = actor.scope(Action::TransferRead)?;
    let found = || transfers::table.filter(transfers::id.eq(id)).select(Transfer::as_select());
    let sent: Option<Transfer> = found().filter(transfers_within(&scope)).first(conn).optional()?;
    if let Some(transfer) = sent {
        return Ok((transfer, Side::Sender));
    }
    Ok((found().filter(transfers_addressed(&scope)).first(conn)?, Side::Recipient))
}

/// Which transfers a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this status.
    pub status: Option<TransferStatus>,
    /// Of this case; for senders.
    pub case: Option<CaseId>,
}

/// Reads a page of transfers of one side, oldest first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    side: Side,
    filter: &Filter,
    after: Option<(Instant, TransferId)>,
    limit: i64,
) -> Result<Vec<(Transfer, Person)>, AppError> {
    let scope = actor.scope(Action::TransferRead)?;
    let mut query = transfers::table
        .inner_join(persons::table.on(persons::id.eq(transfers::person_id)))
        .order((transfers::created_at, transfers::id))
        .select((Transfer::as_select(), Person::as_select()))
        .limit(limit + 1)
        .into_boxed();
    query = match side {
        Side::Sender => query
            .filter(transfers_within(&scope))
            .filter(transfers::from_organisation_id.eq_any(scope.case_organisations())),
        Side::Recipient => query.filter(transfers_addressed(&scope)),
    };
    if let Some(status) = filter.status {
        query = query.filter(transfers::status.eq(status));
    }
    if let Some(case) = filter.case {
        query = query.filter(transfers::case_id.eq(case));
    }
    if let Some((at, id)) = after {
        query = query.filter(transfers::created_at.gt(at).or(transfers::created_at.eq(at).and(transfers::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// The replies for this side: the receiver gets the minimum.
///
/// # Errors
/// When a sealed field does not open.
pub fn show(
    conn: &mut DbConnection,
    vault: &Vault,
    side: Side,
    rows: Vec<(Transfer, Person)>,
    today: NaiveDate,
) -> Result<Vec<TransferReply>, AppError> {
    let people: Vec<PersonId> = rows.iter().map(|(_, person)| person.id).collect();
    let keys = vault.keys(&people)?;
    let mut needs = match side {
        Side::Sender => BTreeMap::new(),
        Side::Recipient => {
            let of_cases: Vec<CaseId> = rows.iter().map(|(transfer, _)| transfer.case_id).collect();
            assessments::rules::needs_of_cases(conn, &of_cases)?
        }
    };
    rows.into_iter()
        .zip(keys)
        .map(|((transfer, person), key)| match side {
            Side::Sender => transfer.view(&key).map(TransferReply::Sender),
            Side::Recipient => {
                let needs = needs.remove(&transfer.case_id).unwrap_or_default();
                let age_group = AgeGroup::on(&person.birth(), today);
                transfer.incoming_view(&key, age_group, needs).map(TransferReply::Recipient)
            }
        })
        .collect()
}

/// As [`show`], for one transfer.
///
/// # Errors
/// When a sealed field does not open.
pub fn show_one(
    conn: &mut DbConnection,
    vault: &Vault,
    transfer: Transfer,
    side: Side,
    today: NaiveDate,
) -> Result<TransferReply, AppError> {
    let person = persons::table.find(transfer.person_id).select(Person::as_select()).first(conn)?;
    let replies = show(conn, vault, side, vec![(transfer, person)], today)?;
    replies.into_iter().next().ok_or_else(|| AppError::internal("a transfer lost its reply"))
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

fn end(
    conn: &mut DbConnection,
    trail: &TrailKey,
    transfer: &mut Transfer,
    status: TransferStatus,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    let read = transfer.version;
    transfer.status = status;
    transfer.version += 1;
    transfer.answered_by = by;
    transfer.answered_at = Some(now);
    let row = transfers::table.filter(transfers::id.eq(transfer.id)).filter(transfers::version.eq(read));
    let saved = diesel::update(row)
        .set((
            transfers::status.eq(transfer.status),
            transfers::consent_id.eq(transfer.consent_id),
            transfers::decline_reason.eq(transfer.decline_reason),
            transfers::new_case_id.eq(transfer.new_case_id),
            transfers::answered_by.eq(transfer.answered_by),
            transfers::answered_at.eq(transfer.answered_at),
            transfers::version.eq(transfer.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)?;
    note(conn, trail, by, transfer.id, TrailAction::Transition, &["status"], now)
}

/// Takes back the offers that rest on a consent which has just ended.
///
/// # Errors
/// The engine's own.
pub fn close_without_consent(
    conn: &mut DbConnection,
    trail: &TrailKey,
    consent: ConsentId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    let offered = transfers::table
        .filter(transfers::consent_id.eq(consent))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .select(Transfer::as_select());
    for mut transfer in offered.load::<Transfer>(conn)? {
        end(conn, trail, &mut transfer, TransferStatus::Withdrawn, by, now)?;
    }
    Ok(())
}

/// Takes back the offer of a case that is being closed.
///
/// # Errors
/// The engine's own.
pub fn withdraw_of_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
) -> Result<(), AppError> {
    let offered = transfers::table
        .filter(transfers::case_id.eq(case))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .select(Transfer::as_select());
    for mut transfer in offered.load::<Transfer>(conn)? {
        end(conn, trail, &mut transfer, TransferStatus::Withdrawn, Some(actor.account), actor.now)?;
    }
    Ok(())
}

/// Ends up to 500 offers whose deadline has passed, and up to 500 whose consent has run
/// out. Returns how many. Called every minute.
///
/// # Errors
/// The engine's own.
pub fn sweep(conn: &mut DbConnection, trail: &TrailKey, now: Instant) -> Result<usize, AppError> {
    let today = now.civil_date();
    let late = transfers::table
        .filter(transfers::status.eq(TransferStatus::Offered))
        .filter(transfers::answer_due_on.lt(today))
        .order((transfers::answer_due_on, transfers::id))
        .select(Transfer::as_select())
        .limit(500)
        .load::<Transfer>(conn)?;
    let mut swept = late.len();
    for mut transfer in late {
        end(conn, trail, &mut transfer, TransferStatus::Expired, None, now)?;
    }
    let without = transfers::table
        .inner_join(consent_table::table.on(consent_table::id.nullable().eq(transfers::consent_id)))
        .filter(transfers::status.eq(TransferStatus::Offered))
        .filter(consent_table::expires_on.lt(today))
        .select(Transfer::as_select())
        .limit(500)
        .load::<Transfer>(conn)?;
    swept += without.len();
    for mut transfer in without {
        end(conn, trail, &mut transfer, TransferStatus::Withdrawn, None, now)?;
    }
    Ok(swept)
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
