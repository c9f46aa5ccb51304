//! Storing persons and their cases.

use actix_web::web::block;

use super::{begin, line_of, store_once};
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, TrailKey};
use crate::cases::model::{Case, CaseEvent};
use crate::cases::rules::{NewCase, Opener, opening};
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::types::{CaseEventId, CaseId, PersonId};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::http::idempotency::BoundKey;
use crate::imports::model::{Import, ImportRow};
use crate::imports::persons::Record;
use crate::imports::rules::checking::imports_of_persons;
use crate::imports::rules::keys;
use crate::persons::model::Person;
use crate::persons::rules::{Registration, sealed_row};
use crate::vault::{DataKey, seal};

/// The rows of an import, sealed.
#[derive(Debug)]
struct Rows {
    import: Import,
    imports_before: i64,
    made: Vec<ImportRow>,
    persons: Vec<Person>,
    cases: Vec<Case>,
    events: Vec<CaseEvent>,
}

/// Stores persons. Their data keys are made and committed before, and destroyed again when nothing comes of it.
///
/// # Errors
/// As [`super::import`].
pub(super) async fn import(
    app: &App,
    caller: Caller,
    bound: BoundKey,
    (import, imports_before): (Import, i64),
    records: Vec<Record>,
) -> Result<Import, AppError> {
    let (id, now) = (import.id, import.created_at);
    let persons: Vec<PersonId> = records.iter().map(|_| PersonId(app.random.uuid())).collect();
    let loose = persons.clone();
    app.db.write(move |conn| keys::loosen(conn, id, &loose, false, now)).await?;
    let made = make(app, (import, imports_before), records, persons).await;
    let stored = match made {
        Ok(rows) => {
            let trail = app.trail.clone();
            store_once(app, caller, bound, id, move |conn, actor| rows.store(conn, actor, &trail)).await
        }
        Err(error) => Err(error),
    };
    // Nothing came of it, or the first request under this key was stored and not this one.
    if stored.as_ref().map_or(true, |import| import.id != id) {
        let state = app.clone();
        let cleared = block(move || {
            state.db.write_now(move |conn| keys::give_up(conn, id))?;
            keys::destroy_loose_keys(&state, now)
        });
        if let Err(error) = cleared.await.map_err(AppError::from).flatten() {
            tracing::error!(cause = %error, "keys of an import that was not stored are left to the next round");
        }
    }
    stored
}

async fn make(
    app: &App,
    (import, imports_before): (Import, i64),
    records: Vec<Record>,
    persons: Vec<PersonId>,
) -> Result<Rows, AppError> {
    let state = app.clone();
    block(move || {
        let keys = state.vault.create_keys_now(&persons, import.created_at)?;
        Rows::seal(&state.random, (import, imports_before), &records, &persons, &keys)
    })
    .await?
}

impl Rows {
    fn seal(
        random: &Random,
        (import, imports_before): (Import, i64),
        records: &[Record],
        persons: &[PersonId],
        keys: &[DataKey],
    ) -> Result<Self, AppError> {
        let (by, organisation, at) = (import.run_by, import.organisation_id, import.created_at);
        let (made, persons_made, cases, events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut rows = Self { import, imports_before, made, persons: persons_made, cases, events };
        // Imported cases wait to be assigned.
        let opener = Opener { organisation, by, assigned_to: None, at };
        for ((record, person), key) in records.iter().zip(persons).zip(keys) {
            let registration = Registration { id: *person, by, organisation, at };
            rows.persons.push(sealed_row(random, key, registration, &record.person)?);
            let case_id = match &record.case {
                Some((new, summary)) => {
                    let id = CaseId(random.uuid());
                    let new = NewCase { id, event: CaseEventId(random.uuid()), person: *person, ..new.clone() };
                    let summary = summary.as_deref();
                    let sealing = |text| seal(random, key, *person, Case::summary_place(id), 1, text);
                    let (case, event) = opening(&new, &opener, summary.map(sealing).transpose()?);
                    rows.cases.push(case);
                    rows.events.push(event);
                    Some(id)
                }
                None => None,
            };
            rows.made.push(ImportRow {
                import_id: rows.import.id,
                line: line_of(record.line)?,
                person_id: Some(*person),
                case_id,
                referral_id: None,
                loan_id: None,
            });
        }
        Ok(rows)
    }

    fn store(&self, conn: &mut DbConnection, actor: &Actor, trail: &TrailKey) -> Result<Import, AppError> {
        begin(conn, actor, &self.import)?;
        if imports_of_persons(conn, self.import.organisation_id)? != self.imports_before + 1 {
            return Err(AppError::Conflict(Conflict::Import(ImportRefusal::ImportedMeanwhile)));
        }
        keys::hold(conn, self.import.id, self.persons.len())?;
        Person::insert_all(conn, &self.persons)?;
        Case::insert_all(conn, &self.cases)?;
        CaseEvent::insert_all(conn, &self.events)?;
        ImportRow::insert_all(conn, &self.made)?;
        let mut chains = NewChains::new(trail.clone());
        let mut note = |kind, id, field| {
            chains.record(Subject::new(kind, id), Some(actor.account), TrailAction::Create, &[field], actor.now);
        };
        note(SubjectKind::Import, self.import.id.0, "import");
        self.persons.iter().for_each(|person| note(SubjectKind::Person, person.id.0, "person"));
        self.cases.iter().for_each(|case| note(SubjectKind::Case, case.id.0, "case"));
        chains.store(conn)?;
        Ok(self.import.clone())
    }
}
