//! What centres had in books before, imported on days that have passed: by the rules that the API uses, under a
//! clock that is put back.

mod files;

use actix_web::web::block;
use chrono::{Datelike as _, Days, NaiveDate};
use diesel::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use self::files::{of_loans, of_people, people};
use super::cast::Centre;
use super::load::at;
use crate::accounts::{Caller, open_session};
use crate::app::{App, Target};
use crate::audit::SubjectKind;
use crate::cases::rules::{self as case_rules, Move};
use crate::cases::status::CaseStatus;
use crate::clock::{Clock, Random};
use crate::consents::model::{Consent, ConsentPurpose, GivenBy, Proof};
use crate::consents::rules as consent_rules;
use crate::db::schema::import_rows;
use crate::db::types::{AccountId, CaseEventId, CaseId, ConsentId, ImportId, OrganisationId, PersonId};
use crate::error::AppError;
use crate::http::idempotency::BoundKey;
use crate::imports::ImportKind;
use crate::imports::model::Import;
use crate::imports::rules::{self, Decisions, Order};
use crate::services::ServiceType;

/// Keeps these draws apart from those of the stories.
const OWN_SEED: u64 = 0x1a90_47d5;

/// Persons in the book of the first centre, and of the second.
const IN_FIRST_BOOK: u32 = 12;
const IN_SECOND_BOOK: u32 = 8;
/// Of the first book, those who have a loan.
const BORROWERS: usize = 3;

/// Makes the imports of the first two centres.
pub(super) fn make(app: &App, seed: u64, centres: &[Centre]) -> Result<(), AppError> {
    let past = Past { app, ids: Random::seeded(seed ^ OWN_SEED), today: app.clock.today() };
    let mut rng = StdRng::seed_from_u64(seed ^ OWN_SEED);
    let [first, second, ..] = centres else { return Ok(()) };
    let runtime = actix_web::rt::Runtime::new().map_err(|error| AppError::internal(error.to_string()))?;
    runtime.block_on(async {
        past.bring_in(&mut rng, first).await?;
        past.bring_in_lately(&mut rng, second).await
    })
}

/// The days on which centres brought in what stood in their books.
struct Past<'a> {
    app: &'a App,
    ids: Random,
    today: NaiveDate,
}

impl Past<'_> {
    /// A moment so many days ago, or of the Friday before. Steps three days apart stay in their order.
    fn ago(&self, days: u64, minutes: i64) -> Moment {
        let day = self.today - Days::new(days);
        let weekend = u64::from(day.weekday().num_days_from_monday()).saturating_sub(4);
        let clock = Clock::standing_at(at(day - Days::new(weekend), minutes).0);
        Moment { app: App { clock, random: self.ids.clone(), ..self.app.clone() } }
    }

    /// The first file lacked the cases and was undone; the second one stands and is worked on; loans follow once
    /// the borrowers agreed.
    async fn bring_in(&self, rng: &mut StdRng, centre: &Centre) -> Result<(), AppError> {
        let book = people(rng, centre, IN_FIRST_BOOK, self.today);
        let persons = (ImportKind::Persons, centre);
        let hasty = self.ago(75, 0).import(persons, of_people(&book, false)).await?;
        self.ago(75, 40).undo(centre.manager, hasty.id).await?;
        let stands = self.ago(75, 65).import(persons, of_people(&book, true)).await?;
        let made = self.made_by(stands.id)?;
        let cases: Vec<CaseId> = made.iter().map(|(_, case)| *case).collect();
        self.ago(72, 0).assign(centre, &cases).await?;
        self.ago(69, 0).move_on(centre, &cases, CaseStatus::Screened, 2).await?;
        self.ago(63, 0).move_on(centre, &cases, CaseStatus::ReceivingSupport, 3).await?;
        let Some((lender, _)) = centre.partner(self.app, ServiceType::Loan) else { return Ok(()) };
        let agreed: Vec<PersonId> = made.iter().map(|(person, _)| *person).take(BORROWERS).collect();
        self.ago(59, 0).agree(centre, &agreed, lender).await?;
        let borrowers = book.get(..BORROWERS).unwrap_or_default();
        let loans = of_loans(borrowers, lender.0, self.today);
        self.ago(56, 0).import((ImportKind::Loans, centre), loans).await?;
        Ok(())
    }

    /// A file of last week, whose cases still wait to be assigned.
    async fn bring_in_lately(&self, rng: &mut StdRng, centre: &Centre) -> Result<(), AppError> {
        let book = people(rng, centre, IN_SECOND_BOOK, self.today);
        self.ago(6, 0).import((ImportKind::Persons, centre), of_people(&book, true)).await?;
        Ok(())
    }

    /// The persons and cases that an import made, in the order of its lines.
    fn made_by(&self, import: ImportId) -> Result<Vec<(PersonId, CaseId)>, AppError> {
        self.app.db.read_now(|conn| {
            let rows = import_rows::table.filter(import_rows::import_id.eq(import)).order(import_rows::line);
            let columns = (import_rows::person_id.assume_not_null(), import_rows::case_id.assume_not_null());
            Ok(rows.filter(import_rows::case_id.is_not_null()).select(columns).load(conn)?)
        })
    }
}

/// The program as it was at a moment of the past.
struct Moment {
    app: App,
}

impl Moment {
    async fn enter(&self, account: AccountId) -> Result<Caller, AppError> {
        let tokens = open_session(&self.app, account, "demo").await?;
        self.app.tokens.verify(&tokens.access_token, self.app.clock.now()).ok_or(AppError::Unauthenticated)
    }

    async fn import(&self, (kind, centre): (ImportKind, &Centre), file: Vec<u8>) -> Result<Import, AppError> {
        let (app, caller, centre) = (&self.app, self.enter(centre.manager).await?, centre.id);
        let prepared = rules::prepare(&file, kind, &Decisions::default(), &app.units, app.clock.today())?;
        let state = app.clone();
        let check = move |conn: &mut _, actor: &_| {
            let checked = rules::check(conn, actor, &state, centre, prepared)?;
            let seen = checked.seen();
            Ok((checked, seen))
        };
        let checked = app.view(caller, check).await?;
        let refusals = checked.refusals();
        if !refusals.is_empty() {
            return Err(AppError::Invalid(refusals));
        }
        let order = Order::of((kind, centre), rules::file_mac(app, &file), checked);
        rules::import(app, caller, self.key(), order).await
    }

    async fn undo(&self, manager: AccountId, import: ImportId) -> Result<(), AppError> {
        let (caller, trail) = (self.enter(manager).await?, self.app.trail.clone());
        let write = move |conn: &mut _, actor: &_| rules::undo(conn, actor, &trail, import, 1);
        let target = Target::record(SubjectKind::Import, import.0);
        let again = move |conn: &mut _, actor: &_, _| rules::find(conn, actor, import);
        self.app.write_once(caller, self.key(), target, write, again).await?;
        let (state, now) = (self.app.clone(), self.app.clock.now());
        block(move || rules::destroy_loose_keys(&state, now)).await?
    }

    /// The manager gives the cases to the workers in turn.
    async fn assign(&self, centre: &Centre, cases: &[CaseId]) -> Result<(), AppError> {
        let caller = self.enter(centre.manager).await?;
        for (case, worker) in cases.iter().copied().zip(centre.workers.iter().copied().cycle()) {
            let (trail, event) = (self.app.trail.clone(), CaseEventId(self.app.random.uuid()));
            let write = move |conn: &mut _, actor: &_| {
                case_rules::assign(conn, actor, &trail, case, 1, Some(worker), event).map(drop)
            };
            self.app.write(caller, write).await?;
        }
        Ok(())
    }

    /// Each worker moves their cases, which have this version, to a status.
    async fn move_on(&self, centre: &Centre, cases: &[CaseId], to: CaseStatus, version: i32) -> Result<(), AppError> {
        let occurred_on = self.app.clock.today();
        for (position, worker) in centre.workers.iter().enumerate() {
            let caller = self.enter(*worker).await?;
            for case in cases.iter().copied().skip(position).step_by(centre.workers.len()) {
                let (trail, event) = (self.app.trail.clone(), CaseEventId(self.app.random.uuid()));
                let wish = Move { to, occurred_on, reason: None, event, sealed_note: None };
                let write = move |conn: &mut _, actor: &_| {
                    case_rules::change_status(conn, actor, &trail, case, version, &wish).map(drop)
                };
                self.app.write(caller, write).await?;
            }
        }
        Ok(())
    }

    /// These persons agree that the lender learns what it needs; the workers of their cases write it down.
    async fn agree(&self, centre: &Centre, persons: &[PersonId], lender: OrganisationId) -> Result<(), AppError> {
        for (person, worker) in persons.iter().zip(centre.workers.iter().cycle()) {
            let caller = self.enter(*worker).await?;
            let (trail, consent) = (self.app.trail.clone(), self.consent(*person, lender, *worker));
            let write =
                move |conn: &mut _, actor: &_| consent_rules::create(conn, actor, &trail, &consent, false).map(drop);
            self.app.write(caller, write).await?;
        }
        Ok(())
    }

    fn consent(&self, person: PersonId, to: OrganisationId, by: AccountId) -> Consent {
        Consent {
            id: ConsentId(self.app.random.uuid()),
            person_id: person,
            purpose: ConsentPurpose::Referral,
            recipient_organisation_id: Some(to),
            given_by: GivenBy::OneSelf,
            given_on: self.app.clock.today(),
            proof: Proof::WrittenSignature,
            expires_on: None,
            withdrawn_on: None,
            withdrawn_by: None,
            recorded_by: by,
            created_at: self.app.clock.now(),
            version: 1,
            guardian_id: None,
            end_reason: None,
            holds_from: None,
            told_expires_on: None,
        }
    }

    fn key(&self) -> BoundKey {
        BoundKey::unasked(self.app.random.uuid())
    }
}
