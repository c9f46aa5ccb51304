//! Undoing an import: all that it made goes again, unless something was built on it.

use diesel::prelude::*;

use super::{find, keys};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record_each};
use crate::cases::rules as case_rules;
use crate::db::DbConnection;
use crate::db::references::{Rows, count_references};
use crate::db::schema::{cases, import_rows, imports, loans, persons, referrals};
use crate::db::types::{CaseId, ImportId, LoanId, PersonId, ReferralId};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::imports::model::{Import, ImportRow};
use crate::loans::rules as loan_rules;
use crate::persons::rules as person_rules;
use crate::referrals::rules as referral_rules;

/// Removes everything an import made and gives up the persons' data keys, which the caller
/// destroys once this is committed. The trail keeps its entries and says that the records are void.
///
/// # Errors
/// [`AppError::VersionStale`]; [`ImportRefusal::AlreadyUndone`]; [`ImportRefusal::BuiltOn`] with the
/// number of rows that stand in the way.
pub fn undo(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: ImportId,
    expected: i32,
) -> Result<Import, AppError> {
    let mut import = find(conn, actor, id)?;
    let own = Subject::new(SubjectKind::Import, id.0);
    check_version(conn, own, import.version, expected)?;
    if import.undone_at.is_some() {
        return Err(AppError::Conflict(Conflict::Import(ImportRefusal::AlreadyUndone)));
    }
    let rows = built_on(conn, id)?;
    if rows > 0 {
        return Err(AppError::Conflict(Conflict::Import(ImportRefusal::BuiltOn { rows })));
    }
    let made = Made::of(conn, id)?;
    made.remove(conn)?;
    diesel::delete(import_rows::table.filter(import_rows::import_id.eq(id))).execute(conn)?;
    keys::loosen(conn, id, &made.persons, true, actor.now)?;
    import.undone_at = Some(actor.now);
    import.undone_by = Some(actor.account);
    import.version += 1;
    diesel::update(imports::table.find(id))
        .set((
            imports::undone_at.eq(import.undone_at),
            imports::undone_by.eq(import.undone_by),
            imports::version.eq(import.version),
        ))
        .execute(conn)?;
    let by = Some(actor.account);
    for (subjects, field) in made.subjects() {
        record_each(conn, trail, &subjects, by, TrailAction::Void, &[field], actor.now)?;
    }
    record_each(conn, trail, &[own], by, TrailAction::Void, &["import"], actor.now)?;
    Ok(import)
}

/// What an import made.
struct Made {
    persons: Vec<PersonId>,
    cases: Vec<CaseId>,
    referrals: Vec<ReferralId>,
    loans: Vec<LoanId>,
}

impl Made {
    fn of(conn: &mut DbConnection, id: ImportId) -> Result<Self, AppError> {
        let rows: Vec<ImportRow> = import_rows::table
            .filter(import_rows::import_id.eq(id))
            .order(import_rows::line)
            .select(ImportRow::as_select())
            .load(conn)?;
        Ok(Self {
            persons: rows.iter().filter_map(|row| row.person_id).collect(),
            cases: rows.iter().filter_map(|row| row.case_id).collect(),
            referrals: rows.iter().filter_map(|row| row.referral_id).collect(),
            loans: rows.iter().filter_map(|row| row.loan_id).collect(),
        })
    }

    /// Removes all of it, what refers to others first.
    fn remove(&self, conn: &mut DbConnection) -> Result<(), AppError> {
        loan_rules::remove_unused(conn, &self.loans)?;
        referral_rules::remove_unused(conn, &self.referrals)?;
        case_rules::remove_unused(conn, &self.cases)?;
        person_rules::remove_unused(conn, &self.persons)
    }

    /// All of it, for the trail, and the word for each kind.
    fn subjects(&self) -> [(Vec<Subject>, &'static str); 4] {
        let of = |kind, ids: &mut dyn Iterator<Item = uuid::Uuid>| ids.map(|id| Subject::new(kind, id)).collect();
        [
            (of(SubjectKind::Person, &mut self.persons.iter().map(|id| id.0)), "person"),
            (of(SubjectKind::Case, &mut self.cases.iter().map(|id| id.0)), "case"),
            (of(SubjectKind::Referral, &mut self.referrals.iter().map(|id| id.0)), "referral"),
            (of(SubjectKind::Loan, &mut self.loans.iter().map(|id| id.0)), "loan"),
        ]
    }
}

/// Rows that were added to what an import made, changed of it, or removed from it since.
/// Every table that references persons, cases, referrals or loans counts, whichever feature it belongs to.
fn built_on(conn: &mut DbConnection, id: ImportId) -> Result<i64, AppError> {
    let own_cases = "c.id not in (select case_id from import_rows where import_id = $1 and case_id is not null)";
    let own_loans = "c.id not in (select loan_id from import_rows where import_id = $1 and loan_id is not null)";
    // Whatever is added to the events of a loan or a referral raises its version.
    let made_with_it = [
        ("cases", own_cases),
        ("case_events", "c.kind <> 'opened'"),
        ("loans", own_loans),
        ("loan_events", "false"),
        ("loan_papers", "false"),
        ("referral_events", "false"),
    ];
    let rows = Rows {
        table: "import_rows",
        key: "import_id",
        key_value: id.0,
        references: &[
            ("persons", "person_id"),
            ("cases", "case_id"),
            ("referrals", "referral_id"),
            ("loans", "loan_id"),
        ],
        except: &made_with_it,
    };
    Ok(changed(conn, id)? + count_references(conn, &rows)?)
}

/// Records of an import that were changed or removed since.
fn changed(conn: &mut DbConnection, id: ImportId) -> Result<i64, AppError> {
    let of_import = || import_rows::table.filter(import_rows::import_id.eq(id));
    let mut total = 0;
    macro_rules! count {
        ($table:ident, $column:ident) => {{
            let count: i64 = of_import()
                .filter(import_rows::$column.is_not_null())
                .left_join($table::table.on($table::id.nullable().eq(import_rows::$column)))
                .filter($table::id.nullable().is_null().or($table::version.nullable().gt(1)))
                .count()
                .get_result(conn)?;
            total += count;
        }};
    }
    count!(persons, person_id);
    count!(cases, case_id);
    count!(referrals, referral_id);
    count!(loans, loan_id);
    Ok(total)
}
