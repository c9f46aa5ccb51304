//! Declaring shares of split units, and taking them back.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{ShareBasis, UnitShare, UnitShareHead};
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Shares, Successor, WHOLE};
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::schema::{unit_share_heads, unit_shares};
use crate::db::types::UnitSharesId;
use crate::db::{DbConnection, is_unique_violation, lost_race, met_one_row};
use crate::error::{AppError, Conflict, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::programmes::closing::locks::Closed;

/// Shares as somebody declares them.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Id the record gets if it is the first of this unit.
    pub id: UnitSharesId,
    /// What they rest on.
    pub basis: ShareBasis,
    /// One for each new unit.
    pub shares: Vec<UnitShare>,
}

/// All shares that are declared.
///
/// # Errors
/// The engine's own.
pub fn shares(conn: &mut DbConnection) -> Result<Shares, AppError> {
    let rows: Vec<UnitShare> = unit_shares::table.select(UnitShare::as_select()).load(conn)?;
    let mut shares = Shares::default();
    for row in rows {
        shares.declare(&row.unit_code, &row.successor_code, i64::from(row.thousandths));
    }
    Ok(shares)
}

/// What is declared about a unit; none before anything was.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown unit; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    code: &str,
) -> Result<Option<(UnitShareHead, Vec<UnitShare>)>, AppError> {
    actor.scope(Action::AdminUnitRead)?;
    units.get(code).ok_or(AppError::NotFound)?;
    let Some(head) = head_of(conn, code)? else { return Ok(None) };
    let rows = unit_shares::table.filter(unit_shares::unit_code.eq(code)).order(unit_shares::successor_code);
    Ok(Some((head, rows.select(UnitShare::as_select()).load(conn)?)))
}

/// Declares the shares of a split unit in place of those declared before.
///
/// # Errors
/// [`Conflict::UnitNotSplit`]; `Conflict::PeriodClosed`; field errors; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn declare(
    conn: &mut DbConnection,
    actor: &Actor,
    (units, trail): (&AdminUnits, &TrailKey),
    (code, expected): (&str, i32),
    declaration: &Declaration,
) -> Result<UnitShareHead, AppError> {
    let before = begin(conn, actor, units, (code, expected))?;
    check(units.successors(code), &declaration.shares)?;
    refuse_closed(conn, actor, units, code)?;
    let head = UnitShareHead {
        id: before.as_ref().map_or(declaration.id, |head| head.id),
        unit_code: code.to_owned(),
        basis: Some(declaration.basis),
        declared_by: actor.account,
        declared_at: actor.now,
        version: expected + 1,
    };
    match before {
        None => insert(conn, &head)?,
        Some(_) => save(conn, &head, expected)?,
    }
    forget(conn, code)?;
    for share in &declaration.shares {
        diesel::insert_into(unit_shares::table).values(share).execute(conn)?;
    }
    let action = if expected == 0 { TrailAction::Create } else { TrailAction::Update };
    note(conn, trail, actor, &head, action)?;
    Ok(head)
}

/// Takes declared shares back: what was recorded in the unit is left at its province again.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown unit and where none are declared; [`AppError::VersionStale`]; [`AppError::Forbidden`].
pub fn take_back(
    conn: &mut DbConnection,
    actor: &Actor,
    (units, trail): (&AdminUnits, &TrailKey),
    (code, expected): (&str, i32),
) -> Result<(), AppError> {
    let before = begin(conn, actor, units, (code, expected))?;
    let mut head = before.filter(|head| head.basis.is_some()).ok_or(AppError::NotFound)?;
    refuse_closed(conn, actor, units, code)?;
    head.basis = None;
    head.declared_by = actor.account;
    head.declared_at = actor.now;
    head.version = expected + 1;
    save(conn, &head, expected)?;
    forget(conn, code)?;
    note(conn, trail, actor, &head, TrailAction::Update)
}

/// What stands, if it is at the version that was expected; before the first declaration that is 0.
fn begin(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    (code, expected): (&str, i32),
) -> Result<Option<UnitShareHead>, AppError> {
    actor.scope(Action::UnitSharesWrite)?;
    units.get(code).ok_or(AppError::NotFound)?;
    let head = head_of(conn, code)?;
    match &head {
        Some(head) => check_version(conn, subject(head), head.version, expected)?,
        None if expected != 0 => return Err(AppError::VersionStale { current: 0, changed: Vec::new() }),
        None => {}
    }
    Ok(head)
}

/// On the map of a period that ended after the split, what the unit told lies where its shares put it: such a period
/// that is closed changes no more.
fn refuse_closed(conn: &mut DbConnection, actor: &Actor, units: &AdminUnits, code: &str) -> Result<(), AppError> {
    let Some(after) = units.get(code).and_then(|unit| unit.valid_to?.succ_opt()) else { return Ok(()) };
    let mut closed = Closed::read_for(conn, units, actor.now.civil_date(), [&code.to_owned()])?;
    closed.touch(code, (after, NaiveDate::MAX)).map_or(Ok(()), |period| Err(AppError::closed(period)))
}

fn check(steps: &[Successor], shares: &[UnitShare]) -> Result<(), AppError> {
    if steps.len() < 2 {
        return Err(AppError::Conflict(Conflict::UnitNotSplit));
    }
    let mut broken = Vec::new();
    for (position, share) in shares.iter().enumerate() {
        let is_successor = steps.iter().any(|step| step.successor == share.successor_code);
        let is_named_before = shares.iter().take(position).any(|other| other.successor_code == share.successor_code);
        let fault = match (is_successor, is_named_before) {
            (false, _) => FitsWith::SuccessorOfUnit,
            (true, true) => FitsWith::Once,
            (true, false) => continue,
        };
        broken.push(FieldError::new(format!("shares[{position}].successor_code"), Rule::MustFit(fault)));
    }
    if broken.is_empty() && shares.len() < steps.len() {
        broken.push(FieldError::new("shares", Rule::MustFit(FitsWith::EverySuccessor)));
    } else if broken.is_empty() && shares.iter().map(|share| i64::from(share.thousandths)).sum::<i64>() != WHOLE {
        broken.push(FieldError::new("shares", Rule::MustFit(FitsWith::SharesOfWhole)));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

fn head_of(conn: &mut DbConnection, code: &str) -> Result<Option<UnitShareHead>, AppError> {
    let head = unit_share_heads::table.filter(unit_share_heads::unit_code.eq(code));
    Ok(head.select(UnitShareHead::as_select()).first(conn).optional()?)
}

/// Two who declare first at once: one of them reads again, and finds the other's.
fn insert(conn: &mut DbConnection, head: &UnitShareHead) -> Result<(), AppError> {
    match diesel::insert_into(unit_share_heads::table).values(head).execute(conn) {
        Err(error) if is_unique_violation(&error) => Err(lost_race().into()),
        other => Ok(other.map(drop)?),
    }
}

fn save(conn: &mut DbConnection, head: &UnitShareHead, read: i32) -> Result<(), AppError> {
    let row =
        unit_share_heads::table.filter(unit_share_heads::id.eq(head.id)).filter(unit_share_heads::version.eq(read));
    let saved = diesel::update(row).set(head).execute(conn)?;
    met_one_row(saved)
}

fn forget(conn: &mut DbConnection, code: &str) -> Result<(), AppError> {
    diesel::delete(unit_shares::table.filter(unit_shares::unit_code.eq(code))).execute(conn)?;
    Ok(())
}

fn subject(head: &UnitShareHead) -> Subject {
    Subject::new(SubjectKind::UnitShares, head.id.0)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    head: &UnitShareHead,
    action: TrailAction,
) -> Result<(), AppError> {
    record(conn, trail, subject(head), Some(actor.account), action, &["basis", "shares"], actor.now)
}
