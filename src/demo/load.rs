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
use super::{DemoAccount, dice, twice};
use crate::app::App;
use crate::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use crate::cases::model::{Case, CaseEvent, CaseEventKind};
use crate::clock::Random;
use crate::consents::model::{Consent, ConsentPurpose, GivenBy, Proof};
use crate::db::types::{
    AccountId, AssessmentId, CaseEventId, CaseId, ConsentId, DeliveryId, GuardianId, Instant, OrganisationId, PersonId,
    ReferralEventId, ReferralId, RefusalId, UnknownWord,
};
use crate::deliveries::model::Delivery;
use crate::error::AppError;
use crate::guardians::model::{Guardian, Relation};
use crate::persons::model::Birth;
use crate::persons::rules::{self as person_rules, PersonDetails, Registration};
use crate::referrals::model::{Referral, ReferralEvent};
use crate::referrals::{self, ReferralStatus};
use crate::services::ServiceType;
use crate::vault::{DataKey, seal};
use crate::{boot, settings};

mod going_on;

mod entitled;

/// Persons written in one transaction.
const CHUNK: u32 = 500;

/// Makes the people, their cases and everything that happened; returns the accounts to be shown.
pub(super) fn load(app: &App, persons: u32, seed: u64) -> Result<Vec<DemoAccount>, AppError> {
    let mut rng = StdRng::seed_from_u64(seed);
    let ids = Random::seeded(seed);
    let today = app.clock.today();
    let since = at(today - TimeDelta::days(4 * 365), 0);
    let cast = cast::make(app, &ids, since)?;
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
        app.db.write_now(move |conn| Ok(batch.store(conn)?))?;
        next = end;
    }
    register.store(app, &ids, &mut rng, &cast.centres)?;
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
        let generation_ends = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or_default();
        let communes = if received <= generation_ends { &self.centre.old_communes } else { &self.centre.communes };
        let unit_code = dice_commune(rng, communes).unwrap_or_else(|| "VN".to_owned());
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
        let deliveries = self.deliveries(&case, worker, &referrals)?;
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
        };
        Ok((case, events))
    }

    /// Who spoke for a child.
    fn guardian(&self, rng: &mut StdRng, key: &DataKey, worker: AccountId) -> Result<Option<Guardian>, AppError> {
        let Some(told) = self.story.consents.iter().find(|told| told.given_by != "self") else { return Ok(None) };
        let id = GuardianId(self.ids.uuid());
        let relations = match told.given_by {
            "guardian" => [Relation::Mother, Relation::Grandparent, Relation::Relative],
            _ => [Relation::Mother, Relation::Father, Relation::Authority],
        };
        let relation = relations.get(rng.random_range(0..relations.len())).copied().unwrap_or(Relation::Relative);
        let name = format!("Người giám hộ {}", self.number);
        Ok(Some(Guardian {
            id,
            person_id: self.person,
            relation,
            sealed_name: seal(&self.app.random, key, self.person, Guardian::name_place(id), 1, &name)?,
            sealed_phone: None,
            from_on: self.story.case.received_on,
            until_on: None,
            end_reason: None,
            recorded_by: worker,
            created_at: at(self.story.case.received_on, 8),
            version: 1,
        }))
    }

    /// One consent for support, and one for each partner that a referral went to.
    fn consents(
        &self,
        worker: AccountId,
        guardian: Option<&Guardian>,
        birth: &Birth,
    ) -> Result<Vec<Consent>, AppError> {
        let mut consents = Vec::new();
        for told in &self.story.consents {
            let given_by: GivenBy = word(told.given_by)?;
            let guardian = guardian.filter(|_| given_by != GivenBy::OneSelf);
            let of_age = guardian.and_then(|_| birth.of_age_on()?.pred_opt());
            let purpose: ConsentPurpose = word(told.purpose)?;
            let recipients = match purpose {
                ConsentPurpose::Support => vec![None],
                ConsentPurpose::Transfer => Vec::new(),
                ConsentPurpose::Referral | ConsentPurpose::LoanCertificate => {
                    self.recipients()?.into_iter().map(Some).collect()
                }
            };
            for recipient in recipients {
                consents.push(Consent {
                    id: ConsentId(self.ids.uuid()),
                    person_id: self.person,
                    purpose,
                    recipient_organisation_id: recipient,
                    given_by,
                    given_on: told.given_on,
                    proof: Proof::WrittenSignature,
                    expires_on: of_age,
                    withdrawn_on: None,
                    withdrawn_by: None,
                    recorded_by: worker,
                    created_at: at(told.given_on, 10),
                    version: 1,
                    guardian_id: guardian.map(|guardian| guardian.id),
                    end_reason: None,
                });
            }
        }
        Ok(consents)
    }

    fn recipients(&self) -> Result<Vec<OrganisationId>, AppError> {
        let mut recipients = Vec::new();
        for told in &self.story.referrals {
            if let Some((id, _)) = self.centre.partner(self.app, word(told.service_type)?)
                && !recipients.contains(&id)
            {
                recipients.push(id);
            }
        }
        Ok(recipients)
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

    fn referrals(
        &self,
        case: &Case,
        worker: AccountId,
        consents: &[Consent],
    ) -> Result<Vec<(Referral, Vec<ReferralEvent>)>, AppError> {
        let make = |told: &story::Referral| {
            let service_type = word(told.service_type)?;
            let (to, partner) = self
                .centre
                .partner(self.app, service_type)
                .ok_or_else(|| AppError::internal("no partner of the demo gives a service"))?;
            let consent = consents.iter().find(|consent| consent.recipient_organisation_id == Some(to));
            let id = ReferralId(self.ids.uuid());
            let steps = self.steps(id, told, worker, partner);
            let status = steps.last().map_or(ReferralStatus::Draft, |step| step.to_status);
            let referral = Referral {
                id,
                case_id: case.id,
                person_id: self.person,
                service_type,
                from_organisation_id: case.organisation_id,
                to_organisation_id: to,
                status,
                consent_id: consent.map(|consent| consent.id),
                answer_due_on: Some(told.answer_due_on),
                sent_at: Some(at(told.sent_on, 61)),
                answered_at: told.answered_on.filter(|_| told.answer != "expired").map(|day| at(day, 90)),
                decline_reason: told.decline_reason.map(word).transpose()?,
                outcome: (status == ReferralStatus::Completed).then_some(referrals::status::Outcome::Achieved),
                sealed_message: None,
                created_by: worker,
                created_at: at(told.sent_on, 60),
                updated_at: steps.last().map_or_else(|| at(told.sent_on, 61), |step| step.recorded_at),
                version: i32::try_from(steps.len()).unwrap_or(1),
                start_due_on: told
                    .answered_on
                    .filter(|_| told.answer == "accepted")
                    .map(|day| day + TimeDelta::days(i64::from(self.app.services.start_days(service_type)))),
                stop_reason: (status == ReferralStatus::Stopped)
                    .then_some(referrals::status::ReferralStopReason::Other),
                emergency_reason: None,
                consent_due_on: None,
                reviewed_by: None,
                reviewed_at: None,
            };
            Ok((referral, steps))
        };
        self.story.referrals.iter().map(make).collect()
    }

    fn steps(
        &self,
        referral_id: ReferralId,
        told: &story::Referral,
        worker: AccountId,
        partner: AccountId,
    ) -> Vec<ReferralEvent> {
        use ReferralStatus::{Accepted, Completed, Declined, Draft, Expired, InService, Sent, Stopped};
        let mut path = vec![(Draft, Some(worker), at(told.sent_on, 60)), (Sent, Some(worker), at(told.sent_on, 61))];
        let answered = told.answered_on.map(|day| at(day, 90));
        match (told.answer, answered) {
            ("accepted", Some(moment)) => path.push((Accepted, Some(partner), moment)),
            ("declined", Some(moment)) => path.push((Declined, Some(partner), moment)),
            ("expired", Some(moment)) => path.push((Expired, None, moment)),
            _ => {}
        }
        if let Some(day) = told.started_on {
            path.push((InService, Some(partner), at(day, 100)));
        }
        if let Some(day) = told.completed_on {
            let to = if told.outcome == Some("completed") { Completed } else { Stopped };
            path.push((to, Some(partner), at(day, 400)));
        }
        let mut from = None;
        path.into_iter()
            .map(|(to_status, recorded_by, recorded_at)| ReferralEvent {
                id: ReferralEventId(self.ids.uuid()),
                referral_id,
                from_status: from.replace(to_status),
                to_status,
                reason: None,
                recorded_by,
                recorded_at,
            })
            .collect()
    }

    fn deliveries(
        &self,
        case: &Case,
        worker: AccountId,
        referrals: &[(Referral, Vec<ReferralEvent>)],
    ) -> Result<Vec<Delivery>, AppError> {
        let make = |told: &story::Delivery| {
            let referral = told.referral.and_then(|position| referrals.get(position)).map(|(referral, _)| referral);
            let service_type = word(told.service_type)?;
            let partner = self.centre.partner(self.app, service_type).map(|(_, account)| account);
            Ok(Delivery {
                id: DeliveryId(self.ids.uuid()),
                case_id: case.id,
                person_id: self.person,
                referral_id: referral.map(|referral| referral.id),
                organisation_id: referral.map_or(case.organisation_id, |referral| referral.to_organisation_id),
                centre_id: case.organisation_id,
                service_type,
                delivered_on: told.delivered_on,
                form: word(told.form)?,
                amount_dong: told.amount_dong,
                recorded_by: referral.and(partner).unwrap_or(worker),
                voided_at: None,
                void_reason: None,
                created_at: at(told.delivered_on, 200),
                version: 1,
            })
        };
        self.story.deliveries.iter().map(make).collect()
    }
}

impl Scribe<'_> {
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

fn dice_commune(rng: &mut StdRng, communes: &[String]) -> Option<String> {
    communes.get(rng.random_range(0..communes.len().max(1))).cloned()
}
