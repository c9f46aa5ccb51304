//! Storing loans of before, with the referrals they hang on. They are judged again in the transaction that stores
//! them: a consent may have been withdrawn, a case closed or a loan written since the file was checked.

use super::{begin, line_of, store_once};
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::types::PersonId;
use crate::error::{AppError, FieldError};
use crate::http::idempotency::BoundKey;
use crate::imports::model::{Import, ImportRow};
use crate::imports::report::undecided;
use crate::imports::rules::lending::{Judged, Placed, judge};
use crate::loans::model::{Loan, LoanEvent, LoanPapers};
use crate::loans::rules::papers_of;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::vault::{DataKey, seal};

/// Stores loans.
///
/// # Errors
/// As [`super::import`].
pub(super) async fn import(
    app: &App,
    caller: Caller,
    bound: BoundKey,
    import: Import,
    placed: Vec<Placed>,
) -> Result<Import, AppError> {
    let (state, id) = (app.clone(), import.id);
    store_once(app, caller, bound, id, move |conn, actor| store(conn, actor, &state, &import, &placed)).await
}

fn store(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    import: &Import,
    placed: &[Placed],
) -> Result<Import, AppError> {
    begin(conn, actor, import)?;
    let verdict = judge(conn, actor, app, import.organisation_id, placed)?;
    let refusals = verdict.faults.into_iter().map(FieldError::from).chain(undecided(&verdict.duplicates));
    let refusals: Vec<FieldError> = refusals.collect();
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let persons: Vec<PersonId> = verdict.judged.iter().map(|judged| judged.told.loan.person_id).collect();
    let keys = app.vault.keys(&persons)?;
    let mut papers = Vec::with_capacity(placed.len());
    let mut made = Vec::with_capacity(placed.len());
    for ((line, judged), key) in placed.iter().zip(&verdict.judged).zip(&keys) {
        papers.push(sealed(app, key, line, judged)?);
        made.push(ImportRow {
            import_id: import.id,
            line: line_of(line.record.line)?,
            person_id: None,
            case_id: None,
            referral_id: Some(judged.referral.id),
            loan_id: Some(judged.told.loan.id),
        });
    }
    insert(conn, verdict.judged, &papers, &made)?;
    let mut chains = NewChains::new(app.trail.clone());
    let mut note = |kind, id, field| {
        chains.record(Subject::new(kind, id), Some(actor.account), TrailAction::Create, &[field], actor.now);
    };
    note(SubjectKind::Import, import.id.0, "import");
    for row in &made {
        row.referral_id.iter().for_each(|id| note(SubjectKind::Referral, id.0, "referral"));
        row.loan_id.iter().for_each(|id| note(SubjectKind::Loan, id.0, "loan"));
    }
    chains.store(conn)?;
    Ok(import.clone())
}

fn sealed(app: &App, key: &DataKey, line: &Placed, judged: &Judged) -> Result<LoanPapers, AppError> {
    let (record, loan) = (&line.record, &judged.told.loan);
    let place = |column| LoanPapers::place(loan.id, column);
    let sealing = |column, text: &str| seal(&app.random, key, loan.person_id, place(column), 1, text);
    let plan = sealing("sealed_plan", &record.plan_text)?;
    let group = record.savings_group.as_deref().map(|text| sealing("sealed_group", text)).transpose()?;
    Ok(papers_of(&record.history.application, judged.certificate, (plan, group)))
}

fn insert(
    conn: &mut DbConnection,
    judged: Vec<Judged>,
    papers: &[LoanPapers],
    made: &[ImportRow],
) -> Result<(), AppError> {
    let (mut referrals, mut steps, mut loans, mut events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for one in judged {
        referrals.push(one.referral);
        steps.push(one.step);
        loans.push(one.told.loan);
        events.extend(one.told.events);
    }
    Referral::insert_all(conn, &referrals)?;
    ReferralEvent::insert_all(conn, &steps)?;
    Loan::insert_all(conn, &loans)?;
    LoanPapers::insert_all(conn, papers)?;
    LoanEvent::insert_all(conn, &events)?;
    Ok(ImportRow::insert_all(conn, made)?)
}
