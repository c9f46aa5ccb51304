//! Turning stories into records of the form that the rules make.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use self::going_on::Around;
use super::batch::{Batch, Records};
use super::cast::{self, Centre};
use super::loans::{LoanRecords, LoanScribe};
use super::papers::Desk;
use super::plans::Planner;
use super::story::{self, Story, story_in};
use super::training::Register;
use super::{DemoAccount, dice, imports, outreach, programme, twice};
use crate::app::App;
use crate::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use crate::cases::model::{Case, CaseEvent, CaseEventKind};
use crate::clock::Random;
use crate::db::Size;
use crate::db::types::{AccountId, AssessmentId, CaseEventId, CaseId, Instant, PersonId, RefusalId, UnknownWord};
use crate::deliveries::model::Delivery;
use crate::error::AppError;
use crate::persons::model::Birth;
use crate::persons::rules::{self as person_rules, PersonDetails, Registration};
use crate::referrals::model::{Referral, ReferralEvent};
use crate::services::ServiceType;
use crate::vault::DataKey;
use crate::{boot, settings};

mod agreed;
mod entitled;
mod going_on;
mod served;

/// Persons written in one transaction.
const CHUNK: u32 = 500;

/// Makes the people, their cases and everything that happened; returns the accounts to be shown.
pub(super) fn load(app: &App, persons: u32, seed: u64) -> Result<Vec<DemoAccount>, AppError> {
    let mut rng = StdRng::seed_from_u64(seed);
    let ids = Random::seeded(seed);
    let today = app.clock.today();
    let since = at(today - TimeDelta::days(4 * 365), 0);
    let cast = cast::make(app, &ids, since)?;
    // First, while few names are on record that a file could look like.
    imports::make(app, seed, &cast.centres)?;
    let weights: Vec<(u32, usize)> = cast.centres.iter().enumerate().map(|(n, centre)| (centre.weight, n)).collect();
    let around = Around { centres: &cast.centres, today };
    let mut register = Register::default();
    let mut next = 0;
    while next < persons {
        let end = persons.min(next + CHUNK);
        let people: Vec<PersonId> = (next..end).map(|_| PersonId(ids.uuid())).collect();
        let keys = app.vault.create_keys_now(&people, app.clock.now())?;
        let twice = (next..end).filter(|number| twice::is_twice(*number));
        let twins: Vec<PersonId> = twice.map(|_| PersonId(ids.uuid())).collect();
        let mut twin_keys = twins.iter().copied().zip(app.vault.create_keys_now(&twins, app.clock.now())?);
        let mut batch = Batch::new(app.trail.clone());
        for ((number, person), key) in (next..end).zip(people).zip(keys) {
            let Some(centre) = cast.centres.get(dice::weighted(&mut rng, &weights)) else { continue };
            let story = story_in(&mut rng, number, today, centre.strength, centre.region);
            let scribe = Scribe { app, ids: &ids, centre, story: &story, person, number, seed };
            let twin = if twice::is_twice(number) { twin_keys.next() } else { None };
            let mut records = scribe.records(&mut rng, &key, twin)?;
            scribe.go_on(&mut rng, &around, &mut records);
            register.note(&records);
            batch.add(records);
        }
        app.db.write_sized_now(Size::Large, move |conn| Ok(batch.store(conn)?))?;
        next = end;
    }
    register.store(app, &ids, &mut rng, &cast.centres)?;
    for led in &cast.led {
        outreach::make(app, &ids, &mut rng, led)?;
    }
    if let Some(centre) = cast.centres.first() {
        programme::make(app, &ids, seed, &cast.officers, centre)?;
    }
    // As if the centres had worked with the program from the first of these days on.
    app.db.write_now(move |conn| settings::set(conn, settings::INSTALLED_ON, &since.civil_date().to_string()))?;
    boot::housekeeping(app)?;
    app.db.settle_now()?;
    Ok(cast.accounts)
}

/// Nine in the morning in Vietnam, and so many minutes.
pub(super) fn at(day: NaiveDate, minutes: i64) -> Instant {
    let morning = day.and_time(NaiveTime::MIN) + TimeDelta::hours(2) + TimeDelta::minutes(minutes);
    Instant(morning.and_utc())
}

pub(super) fn word<T: std::str::FromStr<Err = UnknownWord>>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|error: UnknownWord| AppError::internal(error.to_string()))
}

struct Scribe<'a> {
    app: &'a App,
    ids: &'a Random,
    centre: &'a Centre,
    story: &'a Story,
    person: PersonId,
    number: u32,
    seed: u64,
}

impl Scribe<'_> {
    fn records(&self, rng: &mut StdRng, key: &DataKey, twin: Option<(PersonId, DataKey)>) -> Result<Records, AppError> {
        let worker = self.worker();
        let story = self.story;
        let received = story.case.received_on;
        let residence = dice_commune(rng, &self.centre.communes);
        let details = self.details(residence)?;
        let registration =
            Registration { id: self.person, by: worker, organisation: self.centre.id, at: at(received, 0) };
        let person = person_rules::sealed_row(&self.app.random, key, registration, &details)?;
        let unit_code = dice_commune(rng, self.centre.communes_on(received)).unwrap_or_else(|| "VN".to_owned());
        let (case, events) = self.case(worker, unit_code)?;
        let guardian = self.guardian(rng, key, worker)?;
        let consents = self.consents(worker, guardian.as_ref(), &person.birth())?;
        let referrals = self.referrals(&case, worker, &consents)?;
        let deliveries = self.deliveries(&case, worker, &referrals)?;
        let file = entitled::File {
            person: &person,
            case: &case,
            events: &events,
            referrals: &referrals,
            deliveries: &deliveries,
        };
        let stays = self.stays(&file, worker)?;
        let mut assessments = self.assessments(&case, worker)?;
        let mut planner = Planner::new(self.app, self.ids, key, self.story, &case, worker);
        planner.complete(&mut assessments)?;
        let partner = referrals.first().map(|(referral, _)| referral.to_organisation_id);
        let work = planner.work(&assessments, partner)?;
        let twin = match twin {
            Some((id, key)) => {
                let when = (self.number, self.app.clock.today());
                twice::twin((&self.app.random, self.ids), (id, &key), when, &person, &details)?
            }
            None => None,
        };
        let desk = Desk { app: self.app, ids: self.ids, seed: self.seed, key, worker };
        Ok(Records {
            twin,
            stays,
            overrides: self.overrides(&case, key)?,
            assessments,
            work,
            refusals: self.refusals(&case, worker)?,
            loans: self.loans(key, worker, &referrals, &deliveries)?,
            deliveries,
            notes: desk.notes(&case, self.story)?,
            attachments: desk.papers(&case, self.story, &consents)?,
            person,
            case,
            events,
            guardian,
            consents,
            referrals,
            follow_ups: Vec::new(),
            transfers: Vec::new(),
            later_cases: Vec::new(),
        })
    }

    fn worker(&self) -> AccountId {
        let position = usize::try_from(self.number).unwrap_or(0) % self.centre.workers.len().max(1);
        self.centre.workers.get(position).copied().unwrap_or(self.centre.manager)
    }

    fn details(&self, residence: Option<String>) -> Result<PersonDetails, AppError> {
        let person = &self.story.person;
        Ok(PersonDetails {
            name: person.name.clone(),
            aliases: person.aliases.clone(),
            sex: word(person.sex)?,
            birth: Birth { precision: word(person.birth_precision)?, date: person.birth_date, year: person.birth_year },
            nationality: person.nationality.map(str::to_owned),
            ethnicity: person.ethnicity.map(word).transpose()?,
            residence_unit_code: residence,
            phone: person.phone.clone(),
            national_id: person.national_id.clone(),
            address: person.address.clone(),
            safe_contact: person.safe_contact.clone(),
            categories: person.categories.iter().map(|name| word(name)).collect::<Result<_, _>>()?,
            anonymous: person.anonymous,
        })
    }

    fn case(&self, worker: AccountId, unit_code: String) -> Result<(Case, Vec<CaseEvent>), AppError> {
        let told = &self.story.case;
        let id = CaseId(self.ids.uuid());
        let mut events = Vec::new();
        for (minutes, change) in (5_i64..).step_by(7).zip(&told.events) {
            events.push(CaseEvent {
                id: CaseEventId(self.ids.uuid()),
                case_id: id,
                kind: if change.from.is_none() { CaseEventKind::Opened } else { CaseEventKind::StatusChanged },
                from_status: change.from.map(word).transpose()?,
                to_status: Some(word(change.to)?),
                occurred_on: change.on,
                reason: if change.to == "closed" { told.close_reason.map(word).transpose()? } else { None },
                sealed_note: None,
                recorded_by: worker,
                recorded_at: at(change.on, minutes),
            });
        }
        let waits = told.status == "received" && self.number.is_multiple_of(2);
        let last = events.last().map_or_else(|| at(told.received_on, 5), |event| event.recorded_at);
        let case = Case {
            id,
            person_id: self.person,
            organisation_id: self.centre.id,
            unit_code,
            category: word(told.category)?,
            status: word(told.status)?,
            received_on: told.received_on,
            identified_on: told.identified_on,
            closed_on: told.closed_on,
            close_reason: told.close_reason.map(word).transpose()?,
            assigned_to: (!waits).then_some(worker),
            opened_by: worker,
            sealed_summary: None,
            created_at: at(told.received_on, 5),
            updated_at: last,
            version: 1,
            status_since: told.events.last().map_or(told.received_on, |change| change.on),
            trafficked_again: false,
            handed_to_case_id: None,
            continues_case_id: None,
            first_received_on: None,
            planned_before: false,
            last_contact_on: told.received_on,
        };
        Ok((case, events))
    }

    fn assessments(&self, case: &Case, worker: AccountId) -> Result<Vec<(Assessment, Vec<AssessedNeed>)>, AppError> {
        let make = |told: &story::Assessment| {
            let id = AssessmentId(self.ids.uuid());
            let assessment = Assessment {
                id,
                case_id: case.id,
                person_id: self.person,
                organisation_id: case.organisation_id,
                unit_code: case.unit_code.clone(),
                assessed_on: told.assessed_on,
                assessed_by: worker,
                risk: None,
                sealed_findings: None,
                next_review_on: None,
                created_at: at(told.assessed_on, 30),
            };
            let needs = told
                .needs
                .iter()
                .map(|need| {
                    let service_type = word(need.service_type)?;
                    let (in_need, eligible) = (need.in_need, need.eligible);
                    let reason = self.by_programme(service_type).filter(|_| eligible);
                    Ok(AssessedNeed { assessment_id: id, service_type, in_need, eligible, reason, need_reason: None })
                })
                .collect::<Result<_, AppError>>()?;
            Ok((assessment, needs))
        };
        self.story.assessments.iter().map(make).collect()
    }

    fn refusals(&self, case: &Case, worker: AccountId) -> Result<Vec<SupportRefusal>, AppError> {
        let make = |told: &story::Refusal| {
            Ok(SupportRefusal {
                id: RefusalId(self.ids.uuid()),
                case_id: case.id,
                person_id: self.person,
                service_type: told.service_type.map(word).transpose()?,
                refused_on: told.refused_on,
                recorded_by: worker,
                created_at: at(told.refused_on, 40),
            })
        };
        self.story.refusals.iter().map(make).collect()
    }

    fn loans(
        &self,
        key: &DataKey,
        worker: AccountId,
        referrals: &[(Referral, Vec<ReferralEvent>)],
        deliveries: &[Delivery],
    ) -> Result<Vec<LoanRecords>, AppError> {
        let Some((_, lender)) = self.centre.partner(self.app, ServiceType::Loan) else { return Ok(Vec::new()) };
        // Dice of their own, so that the rest of the story stays as it is.
        let mut rng = StdRng::from_seed(self.ids.bytes());
        let is_of_known_age = self.story.person.birth_precision != "unknown";
        let scribe = LoanScribe { app: self.app, ids: self.ids, key, worker, lender, is_of_known_age };
        let mut loans = Vec::new();
        for sent in referrals.iter().filter(|(referral, _)| referral.service_type == ServiceType::Loan) {
            let given = deliveries.iter().find(|given| given.referral_id == Some(sent.0.id));
            loans.extend(scribe.loan(&mut rng, sent, given)?);
        }
        Ok(loans)
    }
}

pub(super) fn dice_commune(rng: &mut StdRng, communes: &[String]) -> Option<String> {
    communes.get(rng.random_range(0..communes.len().max(1))).cloned()
}
