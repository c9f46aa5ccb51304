//! Deciding whether two records are one person, taking it back, and looking at both first.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::groups::{decisions_among, everyone, regroup};
use super::model::{Pair, RecordCounts, SameDecision, SameDecisionId, SplitReason, Verdict};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::DbConnection;
use crate::db::schema::{cases, consents, deliveries, persons, referrals, same_decisions};
use crate::db::types::PersonId;
use crate::error::{AppError, Conflict, FitsWith, Rule};
use crate::grants::Action;
use crate::grants::predicates::{cases_within, deliveries_within, persons_within, referrals_within};
use crate::persons::model::Person;
use crate::persons::rules::{find, is_within};

/// Records that may be one person at the most; more are a mistake, and would make each split slow.
const MOST_TOGETHER: usize = 20;

/// Where the other record was named, which says how it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// In the path: what is not to be seen is not found.
    InPath,
    /// In the field `other_id` of the body.
    InBody,
}

/// Both records, for somebody who may change both.
///
/// # Errors
/// [`AppError::NotFound`] or a field error for what cannot be seen, [`AppError::Forbidden`] for what cannot be changed.
pub fn find_pair(
    conn: &mut DbConnection,
    actor: &Actor,
    one: PersonId,
    other: PersonId,
    named: Named,
) -> Result<(Person, Person), AppError> {
    let (reading, writing) = (actor.scope(Action::PersonRead)?, actor.scope(Action::PersonUpdate));
    let first = find(conn, &reading, one)?;
    let writing = writing?;
    if !is_within(conn, &writing, one)? {
        return Err(AppError::Forbidden);
    }
    let refused = |rule| match named {
        Named::InPath => AppError::NotFound,
        Named::InBody => AppError::field("other_id", rule),
    };
    if one == other {
        return Err(refused(Rule::MustFit(FitsWith::AnotherRecord)));
    }
    let second = find(conn, &reading, other).map_err(|error| match error {
        AppError::NotFound | AppError::Database(diesel::result::Error::NotFound) => refused(Rule::NoSuchReference),
        error => error,
    })?;
    if is_within(conn, &writing, other)? { Ok((first, second)) } else { Err(AppError::Forbidden) }
}

/// All that a decision about a pair rests on.
struct Standing {
    /// Who is one person with either of the two.
    ones: Vec<PersonId>,
    others: Vec<PersonId>,
    /// Every decision among all of them.
    decisions: Vec<SameDecision>,
    /// Changes with any of this, and with any field of any of the records.
    version: i32,
}

fn standing(conn: &mut DbConnection, one: PersonId, other: PersonId) -> Result<Standing, AppError> {
    let (ones, others) = (everyone(conn, one)?, everyone(conn, other)?);
    let all: BTreeSet<PersonId> = ones.iter().chain(&others).copied().collect();
    let all: Vec<PersonId> = all.into_iter().collect();
    let decisions = decisions_among(conn, &all)?;
    let versions: Vec<(PersonId, i32)> = persons::table
        .filter(persons::id.eq_any(&all))
        .order(persons::id)
        .select((persons::id, persons::version))
        .load(conn)?;
    let mut digest = Sha256::new();
    for (person, version) in versions {
        digest.update(person.0.as_bytes());
        digest.update(version.to_be_bytes());
    }
    for decision in &decisions {
        digest.update(decision.id.0.as_bytes());
        digest.update(decision.version.to_be_bytes());
    }
    let start = digest.finalize().first_chunk::<4>().copied().unwrap_or_default();
    // No sign, so that it reads like any other version.
    let version = i32::from_be_bytes(start) & i32::MAX;
    Ok(Standing { ones, others, decisions, version })
}

impl Standing {
    /// The decision about this very pair.
    fn of_pair(&self, pair: Pair) -> Option<&SameDecision> {
        let stands = |decision: &&SameDecision| decision.taken_back_at.is_none();
        let same_pair = |decision: &&SameDecision| (decision.low_id, decision.high_id) == (pair.low, pair.high);
        self.decisions.iter().filter(stands).find(same_pair)
    }

    fn says_not_same(&self) -> bool {
        let stands =
            |decision: &&SameDecision| decision.taken_back_at.is_none() && decision.verdict == Verdict::NotSame;
        self.decisions.iter().any(|decision| stands(&decision))
    }
}

/// The version of all that is known about a pair, and the decision about it that stands.
///
/// # Errors
/// The engine's own.
pub fn pair_as_it_stands(
    conn: &mut DbConnection,
    one: PersonId,
    other: PersonId,
) -> Result<(i32, Option<SameDecision>), AppError> {
    let standing = standing(conn, one, other)?;
    let decided = Pair::of(one, other).and_then(|pair| standing.of_pair(pair).cloned());
    Ok((standing.version, decided))
}

/// What is decided, and about whom.
#[derive(Debug, Clone, Copy)]
pub struct Decision {
    /// Id of the decision.
    pub id: SameDecisionId,
    /// One record.
    pub one: PersonId,
    /// The other.
    pub other: PersonId,
    /// Whether they are one person.
    pub verdict: Verdict,
}

/// Decides about a pair, by somebody who may change both records and has looked at `expected`.
/// Returns the decision and the version after it.
///
/// # Errors
/// As [`find_pair`]; [`AppError::VersionStale`]; [`Conflict::AlreadySame`], [`Conflict::DecidedNotSame`],
/// [`Conflict::TooManyTogether`].
pub fn decide(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    decision: Decision,
    expected: i32,
) -> Result<(SameDecision, i32), AppError> {
    let Decision { id, one, other, verdict } = decision;
    find_pair(conn, actor, one, other, Named::InBody)?;
    let pair = Pair::of(one, other).ok_or(AppError::NotFound)?;
    let before = standing(conn, one, other)?;
    refuse_stale(&before, expected)?;
    if before.ones.contains(&other) {
        return Err(AppError::Conflict(Conflict::AlreadySame));
    }
    if before.says_not_same() && (verdict == Verdict::Same || before.of_pair(pair).is_some()) {
        return Err(AppError::Conflict(Conflict::DecidedNotSame));
    }
    let together: Vec<PersonId> = before.ones.iter().chain(&before.others).copied().collect();
    if verdict == Verdict::Same && together.len() > MOST_TOGETHER {
        return Err(AppError::Conflict(Conflict::TooManyTogether));
    }
    let row = SameDecision {
        id,
        low_id: pair.low,
        high_id: pair.high,
        verdict,
        decided_by: actor.account,
        decided_at: actor.now,
        taken_back_by: None,
        taken_back_at: None,
        taken_back_reason: None,
        version: 1,
    };
    diesel::insert_into(same_decisions::table).values(&row).execute(conn)?;
    if verdict == Verdict::Same {
        regroup(conn, &together)?;
    }
    note(conn, actor, trail, pair, TrailAction::SameDecide, verdict.as_str())?;
    let after = standing(conn, one, other)?;
    Ok((row, after.version))
}

/// Takes back what was decided about this very pair: a merge is split, or a pair may be
/// proposed again. Others who were joined through this pair only part as well.
///
/// # Errors
/// As [`find_pair`]; [`AppError::VersionStale`]; [`Conflict::NothingDecided`].
pub fn take_back(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (one, other): (PersonId, PersonId),
    reason: SplitReason,
    expected: i32,
) -> Result<(SameDecision, i32), AppError> {
    find_pair(conn, actor, one, other, Named::InPath)?;
    let pair = Pair::of(one, other).ok_or(AppError::NotFound)?;
    let before = standing(conn, one, other)?;
    refuse_stale(&before, expected)?;
    let stood = before.of_pair(pair).cloned().ok_or(AppError::Conflict(Conflict::NothingDecided))?;
    let row = SameDecision {
        taken_back_by: Some(actor.account),
        taken_back_at: Some(actor.now),
        taken_back_reason: Some(reason),
        version: stood.version + 1,
        ..stood
    };
    diesel::update(same_decisions::table.find(row.id))
        .set((
            same_decisions::taken_back_by.eq(row.taken_back_by),
            same_decisions::taken_back_at.eq(row.taken_back_at),
            same_decisions::taken_back_reason.eq(row.taken_back_reason),
            same_decisions::version.eq(row.version),
        ))
        .execute(conn)?;
    if row.verdict == Verdict::Same {
        regroup(conn, &before.ones)?;
    }
    note(conn, actor, trail, pair, TrailAction::SameTakeBack, reason.as_str())?;
    let after = standing(conn, one, other)?;
    Ok((row, after.version))
}

fn refuse_stale(standing: &Standing, expected: i32) -> Result<(), AppError> {
    if standing.version == expected {
        return Ok(());
    }
    Err(AppError::VersionStale { current: standing.version, changed: Vec::new() })
}

/// In the trail of both records.
fn note(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    pair: Pair,
    action: TrailAction,
    word: &str,
) -> Result<(), AppError> {
    for person in [pair.low, pair.high] {
        let subject = Subject::new(SubjectKind::Person, person.0);
        record(conn, trail, subject, Some(actor.account), action, &[word], actor.now)?;
    }
    Ok(())
}

/// The decision of this id, for a repeated request.
///
/// # Errors
/// [`AppError::NotFound`].
pub fn decision(conn: &mut DbConnection, id: SameDecisionId) -> Result<SameDecision, AppError> {
    Ok(same_decisions::table.find(id).select(SameDecision::as_select()).first(conn)?)
}

/// The last decision about a pair that was taken back.
///
/// # Errors
/// [`AppError::NotFound`].
pub fn last_taken_back(conn: &mut DbConnection, one: PersonId, other: PersonId) -> Result<SameDecision, AppError> {
    let pair = Pair::of(one, other).ok_or(AppError::NotFound)?;
    Ok(same_decisions::table
        .filter(same_decisions::low_id.eq(pair.low))
        .filter(same_decisions::high_id.eq(pair.high))
        .filter(same_decisions::taken_back_at.is_not_null())
        .order((same_decisions::taken_back_at.desc(), same_decisions::decided_at.desc(), same_decisions::id))
        .select(SameDecision::as_select())
        .first(conn)?)
}

/// What was decided and stands about the records that are one person with `person`, where the
/// actor may see both records.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn decisions_of(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<Vec<SameDecision>, AppError> {
    let scope = actor.scope(Action::PersonRead)?;
    find(conn, &scope, person)?;
    let members = everyone(conn, person)?;
    let decisions: Vec<SameDecision> = same_decisions::table
        .filter(same_decisions::low_id.eq_any(&members).or(same_decisions::high_id.eq_any(&members)))
        .filter(same_decisions::taken_back_at.is_null())
        .order((same_decisions::decided_at, same_decisions::id))
        .select(SameDecision::as_select())
        .limit(200)
        .load(conn)?;
    let of_both = decisions.iter().flat_map(|decision| [decision.low_id, decision.high_id]);
    let seen = visible(conn, actor, &of_both.collect::<Vec<_>>())?;
    Ok(decisions
        .into_iter()
        .filter(|decision| seen.contains(&decision.low_id) && seen.contains(&decision.high_id))
        .collect())
}

/// Records that are one person with `person`, as far as the actor may see them; `person` is not among them.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn same_as(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<Vec<PersonId>, AppError> {
    let mut others = everyone(conn, person)?;
    others.retain(|other| *other != person);
    if others.is_empty() {
        return Ok(others);
    }
    Ok(visible(conn, actor, &others)?.into_iter().collect())
}

fn visible(conn: &mut DbConnection, actor: &Actor, ids: &[PersonId]) -> Result<BTreeSet<PersonId>, AppError> {
    let scope = actor.scope(Action::PersonRead)?;
    let within = persons::table.filter(persons::id.eq_any(ids)).filter(persons_within(&scope));
    Ok(within.select(persons::id).load::<PersonId>(conn)?.into_iter().collect())
}

/// How many records hang on a person, as far as the actor may see them.
///
/// # Errors
/// The engine's own.
pub fn records_of(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<RecordCounts, AppError> {
    let mut counts = RecordCounts { cases: None, consents: None, referrals: None, deliveries: None };
    if let Ok(scope) = actor.scope(Action::CaseRead) {
        let rows = cases::table.filter(cases::person_id.eq(person)).filter(cases_within(&scope));
        counts.cases = Some(rows.count().get_result(conn)?);
    }
    if let Ok(scope) = actor.scope(Action::ConsentRead)
        && is_within(conn, &scope, person)?
    {
        counts.consents = Some(consents::table.filter(consents::person_id.eq(person)).count().get_result(conn)?);
    }
    // Through the cases: they have an index of persons.
    let of_person = || cases::table.filter(cases::person_id.eq(person)).select(cases::id);
    if let Ok(scope) = actor.scope(Action::ReferralRead) {
        let rows = referrals::table.filter(referrals::case_id.eq_any(of_person())).filter(referrals_within(&scope));
        counts.referrals = Some(rows.count().get_result(conn)?);
    }
    if let Ok(scope) = actor.scope(Action::DeliveryRead) {
        let rows = deliveries::table.filter(deliveries::case_id.eq_any(of_person())).filter(deliveries_within(&scope));
        counts.deliveries = Some(rows.count().get_result(conn)?);
    }
    Ok(counts)
}
