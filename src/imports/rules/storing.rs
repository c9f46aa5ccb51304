//! Storing what a file holds: all of it in one transaction, or nothing.

use actix_web::web::block;

use super::{find, keys};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, TrailKey};
use crate::cases::model::{Case, CaseEvent};
use crate::cases::rules::{NewCase, Opener, opening};
use crate::clock::Random;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::imports;
use crate::db::types::{CaseEventId, CaseId, ImportId, Instant, OrganisationId, PersonId};
use crate::db::{DbConnection, is_unique_violation};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::grants::Action;
use crate::http::idempotency::BoundKey;
use crate::imports::ImportKind;
use crate::imports::model::{Import, ImportRow};
use crate::imports::persons::Record;
use crate::persons::model::Person;
use crate::persons::rules::{Registration, sealed_row};
use crate::vault::{DataKey, seal};

/// What is asked for once a file is checked.
#[derive(Debug)]
pub struct Order {
    /// Kind of file.
    pub kind: ImportKind,
    /// Centre.
    pub organisation: OrganisationId,
    /// Keyed hash of the file.
    pub file_mac: Vec<u8>,
    /// Lines read.
    pub rows_read: usize,
    /// Lines left out.
    pub rows_skipped: usize,
    /// What is to be stored.
    pub records: Vec<Record>,
}

/// The rows of an import, sealed.
#[derive(Debug)]
struct Rows {
    import: Import,
    made: Vec<ImportRow>,
    persons: Vec<Person>,
    cases: Vec<Case>,
    events: Vec<CaseEvent>,
}

/// Stores the records of a checked file, once per key. The persons' data keys are made and
/// committed before, and destroyed again when nothing comes of it.
///
/// # Errors
/// [`ImportRefusal::FileImported`]; [`AppError::Forbidden`] when the right was lost meanwhile.
pub async fn import(app: &App, caller: Caller, bound: BoundKey, order: Order) -> Result<Import, AppError> {
    let (id, now) = (ImportId(app.random.uuid()), app.clock.now());
    let persons: Vec<PersonId> = order.records.iter().map(|_| PersonId(app.random.uuid())).collect();
    let loose = persons.clone();
    app.db.write(move |conn| keys::loosen(conn, id, &loose, false, now)).await?;
    let made = make(app, caller, id, now, order, persons).await;
    let stored = match made {
        Ok(rows) => store_once(app, caller, bound, rows).await,
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
    caller: Caller,
    id: ImportId,
    now: Instant,
    order: Order,
    persons: Vec<PersonId>,
) -> Result<Rows, AppError> {
    let state = app.clone();
    block(move || {
        let keys = state.vault.create_keys_now(&persons, now)?;
        Rows::seal(&state.random, caller, (id, now), &order, &persons, &keys)
    })
    .await?
}

async fn store_once(app: &App, caller: Caller, bound: BoundKey, rows: Rows) -> Result<Import, AppError> {
    let trail = app.trail.clone();
    let target = Target::record(SubjectKind::Import, rows.import.id.0);
    let write = move |conn: &mut _, actor: &_| rows.store(conn, actor, &trail);
    app.write_once(caller, bound, target, write, |conn, actor, first| find(conn, actor, ImportId(first))).await
}

fn counted(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Rows {
    fn seal(
        random: &Random,
        caller: Caller,
        (id, at): (ImportId, Instant),
        order: &Order,
        persons: &[PersonId],
        keys: &[DataKey],
    ) -> Result<Self, AppError> {
        let (by, organisation) = (caller.account, order.organisation);
        let import = Import {
            id,
            organisation_id: organisation,
            kind: order.kind,
            run_by: by,
            created_at: at,
            file_mac: order.file_mac.clone(),
            rows_read: counted(order.rows_read),
            rows_skipped: counted(order.rows_skipped),
            persons_made: counted(order.records.len()),
            cases_made: counted(order.records.iter().filter(|record| record.case.is_some()).count()),
            undone_at: None,
            undone_by: None,
            version: 1,
        };
        let mut rows = Self { import, made: Vec::new(), persons: Vec::new(), cases: Vec::new(), events: Vec::new() };
        // Imported cases wait to be assigned.
        let opener = Opener { organisation, by, assigned_to: None, at };
        for ((record, person), key) in order.records.iter().zip(persons).zip(keys) {
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
            let line = i32::try_from(record.line).map_err(|_| AppError::internal("a line number is too large"))?;
            rows.made.push(ImportRow { import_id: id, line, person_id: *person, case_id });
        }
        Ok(rows)
    }

    fn store(&self, conn: &mut DbConnection, actor: &Actor, trail: &TrailKey) -> Result<Import, AppError> {
        actor.scope(Action::ImportRun)?.own_organisation(Some(self.import.organisation_id))?;
        match diesel::RunQueryDsl::execute(diesel::insert_into(imports::table).values(&self.import), conn) {
            Err(error) if is_unique_violation(&error) => {
                return Err(AppError::Conflict(Conflict::Import(ImportRefusal::FileImported)));
            }
            inserted => inserted?,
        };
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
