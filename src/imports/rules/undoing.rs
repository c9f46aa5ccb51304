//! Undoing an import: all that it made goes again, unless something was built on it.

use diesel::prelude::*;

use super::{find, keys};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, changed_since, record_each};
use crate::cases::rules as case_rules;
use crate::db::DbConnection;
use crate::db::references::{Rows, count_references};
use crate::db::schema::{cases, import_rows, imports, persons};
use crate::db::types::{CaseId, ImportId, PersonId};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::imports::model::Import;
use crate::persons::rules as person_rules;

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
    if import.version != expected {
        let changed = changed_since(conn, own, import.version - expected)?;
        return Err(AppError::VersionStale { current: import.version, changed });
    }
    if import.undone_at.is_some() {
        return Err(AppError::Conflict(Conflict::Import(ImportRefusal::AlreadyUndone)));
    }
    let rows = built_on(conn, id)?;
    if rows > 0 {
        return Err(AppError::Conflict(Conflict::Import(ImportRefusal::BuiltOn { rows })));
    }
    let made: Vec<(PersonId, Option<CaseId>)> = import_rows::table
        .filter(import_rows::import_id.eq(id))
        .order(import_rows::line)
        .select((import_rows::person_id, import_rows::case_id))
        .load(conn)?;
    let persons: Vec<PersonId> = made.iter().map(|(person, _)| *person).collect();
    let cases: Vec<CaseId> = made.iter().filter_map(|(_, case)| *case).collect();
    case_rules::remove_unused(conn, &cases)?;
    person_rules::remove_unused(conn, &persons)?;
    diesel::delete(import_rows::table.filter(import_rows::import_id.eq(id))).execute(conn)?;
    keys::loosen(conn, id, &persons, true, actor.now)?;
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
    let of = |kind, ids: &mut dyn Iterator<Item = uuid::Uuid>| ids.map(|id| Subject::new(kind, id)).collect::<Vec<_>>();
    let by = Some(actor.account);
    let persons = of(SubjectKind::Person, &mut persons.iter().map(|id| id.0));
    record_each(conn, trail, &persons, by, TrailAction::Void, &["person"], actor.now)?;
    let cases = of(SubjectKind::Case, &mut cases.iter().map(|id| id.0));
    record_each(conn, trail, &cases, by, TrailAction::Void, &["case"], actor.now)?;
    record_each(conn, trail, &[own], by, TrailAction::Void, &["import"], actor.now)?;
    Ok(import)
}

/// Rows that were added to what an import made, changed of it, or removed from it since.
/// Every table that references persons or cases counts, whichever feature it belongs to.
fn built_on(conn: &mut DbConnection, id: ImportId) -> Result<i64, AppError> {
    let of_import = || import_rows::table.filter(import_rows::import_id.eq(id));
    let changed_persons: i64 = of_import()
        .left_join(persons::table.on(persons::id.eq(import_rows::person_id)))
        .filter(persons::id.nullable().is_null().or(persons::version.nullable().gt(1)))
        .count()
        .get_result(conn)?;
    let changed_cases: i64 = of_import()
        .filter(import_rows::case_id.is_not_null())
        .left_join(cases::table.on(cases::id.nullable().eq(import_rows::case_id)))
        .filter(cases::id.nullable().is_null().or(cases::version.nullable().gt(1)))
        .count()
        .get_result(conn)?;
    let own_cases = "c.id not in (select case_id from import_rows where import_id = $1 and case_id is not null)";
    let made_with_it = [("cases", own_cases), ("case_events", "c.kind <> 'opened'")];
    let rows = Rows {
        table: "import_rows",
        key: "import_id",
        key_value: id.0,
        references: &[("persons", "person_id"), ("cases", "case_id")],
        except: &made_with_it,
    };
    Ok(changed_persons + changed_cases + count_references(conn, &rows)?)
}
