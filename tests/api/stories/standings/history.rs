//! A random history of persons: rows as the rules, imports and made-up data store them, and as none does.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use diesel::connection::SimpleConnection as _;
use diesel::dsl::exists;
use diesel::prelude::*;
use hoanhap::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use hoanhap::cases::CaseStatus;
use hoanhap::cases::model::{Case, CaseEvent, CaseEventKind};
use hoanhap::clock::Random;
use hoanhap::db::DbConnection;
use hoanhap::db::bulk::BulkRow as _;
use hoanhap::db::schema::*;
use hoanhap::db::types::*;
use hoanhap::deliveries::model::{Delivery, DeliveryForm};
use hoanhap::outreach::codes::CodeMac;
use hoanhap::outreach::links::model::CodeLink;
use hoanhap::outreach::referrals::model::{ContactReferral, ContactReferralStatus};
use hoanhap::outreach::sessions::model::{AgeBand, ContactRow, ReferralOffer, Screening, Seen, SessionRow};
use hoanhap::persons::ClientCategory;
use hoanhap::persons::model::{BirthPrecision, CategorySet, Person, Sex};
use hoanhap::persons::same::model::SameGroup;
use hoanhap::services::ServiceType;
use hoanhap::stays::model::Stay;
use uuid::Uuid;

/// Who and where.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    pub account: Uuid,
    pub centres: [Uuid; 2],
    pub partner: Uuid,
    pub group: Uuid,
    pub units: [&'static str; 3],
}

/// Makes things happen, and says which day it is.
pub struct History {
    cast: Cast,
    random: Random,
    pub today: NaiveDate,
    number: i64,
}

const SERVICES: [ServiceType; 4] =
    [ServiceType::EssentialNeeds, ServiceType::Medical, ServiceType::Loan, ServiceType::SocialSupport];

/// All that a history leaves behind, children first.
pub fn sweep(conn: &mut DbConnection) -> QueryResult<()> {
    for table in [
        "outreach_referrals",
        "outreach_links",
        "outreach_contacts",
        "outreach_sessions",
        "same_groups",
        "support_refusals",
        "stays",
        "deliveries",
        "assessed_needs",
        "assessments",
        "case_events",
        "cases",
        "persons",
    ] {
        conn.batch_execute(&format!("delete from {table}"))?;
    }
    Ok(())
}

macro_rules! id_of {
    (persons) => {
        PersonId
    };
    (cases) => {
        CaseId
    };
    (case_events) => {
        CaseEventId
    };
    (assessments) => {
        AssessmentId
    };
    (deliveries) => {
        DeliveryId
    };
    (stays) => {
        StayId
    };
    (support_refusals) => {
        RefusalId
    };
    (outreach_sessions) => {
        OutreachSessionId
    };
    (outreach_contacts) => {
        ContactId
    };
    (outreach_referrals) => {
        ContactReferralId
    };
}

/// One of the rows of a table; where there is none nothing happens.
macro_rules! any {
    ($self:ident, $conn:ident, $table:ident) => {{
        let ids: Vec<id_of!($table)> = $table::table.order($table::id).select($table::id).load($conn)?;
        match $self.pick_of(&ids) {
            Some(id) => id,
            None => return Ok(()),
        }
    }};
}

impl History {
    pub fn new(cast: Cast, seed: u64) -> Self {
        let random = Random::seeded(seed);
        let today = NaiveDate::from_ymd_opt(2025, 1, 10).expect("a day");
        let mut history = Self { cast, random, today, number: 0 };
        history.today = today + TimeDelta::days(history.below(300));
        history
    }

    fn below(&mut self, end: i64) -> i64 {
        i64::from(u32::from_le_bytes(self.random.bytes())) % end
    }

    fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    fn pick_of<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(self.pick(from)) }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let place = self.below(i64::try_from(from.len()).expect("few"));
        from[usize::try_from(place).expect("a place")].clone()
    }

    pub fn length(&mut self) -> usize {
        usize::try_from(8 + self.below(14)).expect("a number")
    }

    /// How much happens at once, and whether everything was counted before and is compared after it.
    pub fn pace(&mut self) -> (usize, bool, bool) {
        let settled = self.chance(60);
        (usize::try_from(1 + self.below(3)).expect("a number"), settled, settled || self.chance(30))
    }

    fn now(&mut self) -> Instant {
        self.number += 1;
        Instant::new("2025-01-01T00:00:00Z".parse().expect("a moment")).plus(TimeDelta::seconds(self.number))
    }

    /// A day of the last three years or so, often of late.
    fn day(&mut self) -> NaiveDate {
        let back = if self.chance(50) { self.below(40) } else { self.below(900) };
        self.today - TimeDelta::days(back)
    }

    fn unit(&mut self) -> String {
        let units = self.cast.units;
        self.pick(&units).to_owned()
    }

    fn code(&mut self) -> CodeMac {
        let number = 1 + self.below(5);
        CodeMac::of_uuid(Uuid::from_u64_pair(u64::MAX / 6 * u64::try_from(number).expect("a number"), 1))
    }

    fn account(&self) -> AccountId {
        AccountId(self.cast.account)
    }

    fn centre(&mut self) -> OrganisationId {
        let centres = self.cast.centres;
        OrganisationId(self.pick(&centres))
    }

    fn category(&mut self) -> ClientCategory {
        if self.chance(70) { ClientCategory::PersonSellingSex } else { self.pick(ClientCategory::ALL) }
    }

    pub fn step(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let persons: i64 = persons::table.count().get_result(conn)?;
        if persons < 3 {
            return self.register(conn);
        }
        match self.below(33) {
            0 => self.register(conn),
            1 | 2 => self.open(conn),
            3 => self.close(conn),
            4 => self.reopen(conn),
            5 => self.hand_over(conn),
            6..=8 => self.assess(conn),
            9 | 10 => self.deliver(conn),
            11 => self.change_delivery(conn),
            12 => self.house(conn),
            13 => self.change_stay(conn),
            14 => self.refuse(conn),
            15 => self.identify(conn),
            16 => self.categories(conn),
            17 => self.join(conn),
            18 => self.part(conn),
            19 => self.link(conn),
            20 => self.meet(conn),
            21 => self.change_contact(conn),
            22 => self.change_session(conn),
            23 => self.send(conn),
            24 => self.change_referral(conn),
            25..=28 => self.correct(conn),
            29..=31 => self.take_away(conn),
            _ => {
                let days = 1 + self.below(30);
                self.today += TimeDelta::days(days);
                Ok(())
            }
        }
    }

    fn register(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let now = self.now();
        let mut categories = CategorySet::default();
        categories.insert(self.category());
        let row = Person {
            id: PersonId(self.random.uuid()),
            registered_by: self.account(),
            organisation_id: self.centre(),
            sex: Sex::Female,
            birth_precision: BirthPrecision::Unknown,
            birth_date: None,
            birth_year: None,
            nationality: None,
            ethnicity: None,
            residence_unit_code: None,
            anonymous: true,
            categories,
            sealed_name: None,
            sealed_aliases: None,
            sealed_phone: None,
            sealed_national_id: None,
            sealed_address: None,
            sealed_safe_contact: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Person::insert_all(conn, &[row])
    }

    fn case_of(&mut self, person_id: PersonId, received_on: NaiveDate) -> Case {
        let now = self.now();
        Case {
            id: CaseId(self.random.uuid()),
            person_id,
            organisation_id: self.centre(),
            unit_code: self.unit(),
            category: ClientCategory::AtRisk,
            status: CaseStatus::Received,
            received_on,
            identified_on: self.chance(30).then(|| self.day()),
            closed_on: None,
            close_reason: None,
            assigned_to: None,
            opened_by: self.account(),
            sealed_summary: None,
            created_at: now,
            updated_at: now,
            version: 1,
            status_since: received_on,
            trafficked_again: false,
            handed_to_case_id: None,
            continues_case_id: None,
            first_received_on: None,
            planned_before: false,
            last_contact_on: received_on,
        }
    }

    fn event(&mut self, case_id: CaseId, kind: CaseEventKind, to: Option<CaseStatus>, on: NaiveDate) -> CaseEvent {
        CaseEvent {
            id: CaseEventId(self.random.uuid()),
            case_id,
            kind,
            from_status: None,
            to_status: to,
            occurred_on: on,
            reason: None,
            sealed_note: None,
            recorded_by: self.account(),
            recorded_at: self.now(),
        }
    }

    fn open(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let person = any!(self, conn, persons);
        let day = self.day();
        let case = self.case_of(person, day);
        let event = self.event(case.id, CaseEventKind::Opened, Some(CaseStatus::Received), day);
        Case::insert_all(conn, &[case])?;
        CaseEvent::insert_all(conn, &[event])
    }

    fn end(&mut self, conn: &mut DbConnection, case: CaseId) -> QueryResult<()> {
        let day = self.day();
        diesel::update(cases::table.find(case)).set(cases::closed_on.eq(day)).execute(conn)?;
        let event = self.event(case, CaseEventKind::StatusChanged, Some(CaseStatus::Closed), day);
        CaseEvent::insert_all(conn, &[event])
    }

    fn close(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        self.end(conn, case)
    }

    fn reopen(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        diesel::update(cases::table.find(case)).set(cases::closed_on.eq(None::<NaiveDate>)).execute(conn)?;
        let (closed, reopened) = (self.day(), self.day());
        let mut events = vec![self.event(case, CaseEventKind::Reopened, Some(CaseStatus::ReceivingSupport), reopened)];
        if self.chance(50) {
            events.insert(0, self.event(case, CaseEventKind::StatusChanged, Some(CaseStatus::Closed), closed));
        }
        CaseEvent::insert_all(conn, &events)
    }

    fn hand_over(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        let person = cases::table.find(case).select(cases::person_id).first(conn)?;
        self.end(conn, case)?;
        let day = self.day();
        let next = self.case_of(person, day);
        Case::insert_all(conn, &[next])
    }

    fn assess(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        let person_id = cases::table.find(case).select(cases::person_id).first(conn)?;
        let row = Assessment {
            id: AssessmentId(self.random.uuid()),
            case_id: case,
            person_id,
            organisation_id: self.centre(),
            unit_code: self.unit(),
            assessed_on: self.day(),
            assessed_by: self.account(),
            risk: None,
            sealed_findings: None,
            next_review_on: None,
            created_at: self.now(),
        };
        let services: BTreeSet<ServiceType> = (0..=self.below(3)).map(|_| self.pick(&SERVICES)).collect();
        let need = |service_type| AssessedNeed {
            assessment_id: row.id,
            service_type,
            in_need: self.chance(85),
            eligible: self.chance(85),
            reason: None,
            need_reason: None,
        };
        let needs: Vec<AssessedNeed> = services.into_iter().map(need).collect();
        Assessment::insert_all(conn, &[row])?;
        AssessedNeed::insert_all(conn, &needs)
    }

    fn deliver(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        let person_id = cases::table.find(case).select(cases::person_id).first(conn)?;
        let rows: Vec<Delivery> = (0..=self.below(2))
            .map(|_| Delivery {
                id: DeliveryId(self.random.uuid()),
                case_id: case,
                person_id,
                referral_id: None,
                organisation_id: self.centre(),
                centre_id: self.centre(),
                service_type: self.pick(&SERVICES),
                delivered_on: self.day(),
                form: DeliveryForm::InKind,
                amount_dong: None,
                recorded_by: self.account(),
                voided_at: None,
                void_reason: None,
                created_at: self.now(),
                version: 1,
            })
            .collect();
        Delivery::insert_all(conn, &rows)
    }

    fn change_delivery(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = deliveries::table.find(any!(self, conn, deliveries));
        let now = self.now();
        match self.below(3) {
            0 => diesel::update(row).set(deliveries::delivered_on.eq(self.day())).execute(conn)?,
            1 => diesel::update(row).set(deliveries::service_type.eq(self.pick(&SERVICES))).execute(conn)?,
            _ => diesel::update(row).set(deliveries::voided_at.eq(self.chance(80).then_some(now))).execute(conn)?,
        };
        Ok(())
    }

    fn house(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        let person_id = cases::table.find(case).select(cases::person_id).first(conn)?;
        let now = self.now();
        let row = Stay {
            id: StayId(self.random.uuid()),
            case_id: case,
            person_id,
            referral_id: None,
            organisation_id: OrganisationId(self.cast.partner),
            centre_id: self.centre(),
            room: None,
            in_on: self.day(),
            expected_out_on: None,
            out_on: None,
            runs_out_on: None,
            recorded_by: self.account(),
            voided_at: None,
            void_reason: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Stay::insert_all(conn, &[row])
    }

    fn change_stay(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = stays::table.find(any!(self, conn, stays));
        let now = self.now();
        match self.below(3) {
            0 => diesel::update(row).set(stays::out_on.eq(self.chance(80).then(|| self.day()))).execute(conn)?,
            1 => diesel::update(row).set(stays::in_on.eq(self.day())).execute(conn)?,
            _ => diesel::update(row).set(stays::voided_at.eq(self.chance(80).then_some(now))).execute(conn)?,
        };
        Ok(())
    }

    fn refuse(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        let person_id = cases::table.find(case).select(cases::person_id).first(conn)?;
        let row = SupportRefusal {
            id: RefusalId(self.random.uuid()),
            case_id: case,
            person_id,
            service_type: self.chance(60).then(|| self.pick(&SERVICES)),
            refused_on: self.day(),
            recorded_by: self.account(),
            created_at: self.now(),
        };
        SupportRefusal::insert_all(conn, &[row])
    }

    fn identify(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = cases::table.find(any!(self, conn, cases));
        let day = self.chance(80).then(|| self.day());
        diesel::update(case).set(cases::identified_on.eq(day)).execute(conn).map(drop)
    }

    fn categories(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let person = persons::table.find(any!(self, conn, persons));
        let sells = self.chance(50);
        diesel::update(person).set(persons::person_selling_sex.eq(sells)).execute(conn).map(drop)
    }

    fn regroup(&mut self, conn: &mut DbConnection, groups: &[BTreeSet<PersonId>]) -> QueryResult<()> {
        let members: Vec<PersonId> = groups.iter().flatten().copied().collect();
        diesel::delete(same_groups::table.filter(same_groups::person_id.eq_any(&members))).execute(conn)?;
        let mut rows = Vec::new();
        for group in groups.iter().filter(|group| group.len() > 1) {
            let root_id = *group.first().expect("a member");
            rows.extend(group.iter().map(|person| SameGroup { person_id: *person, root_id }));
        }
        SameGroup::insert_all(conn, &rows)
    }

    fn group_of(&mut self, conn: &mut DbConnection, person: PersonId) -> QueryResult<BTreeSet<PersonId>> {
        let root: Option<PersonId> =
            same_groups::table.find(person).select(same_groups::root_id).first(conn).optional()?;
        let Some(root) = root else { return Ok([person].into()) };
        let members = same_groups::table.filter(same_groups::root_id.eq(root)).select(same_groups::person_id);
        Ok(members.load::<PersonId>(conn)?.into_iter().collect())
    }

    fn join(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let (one, other) = (any!(self, conn, persons), any!(self, conn, persons));
        let mut group = self.group_of(conn, one)?;
        group.extend(self.group_of(conn, other)?);
        self.regroup(conn, &[group])
    }

    fn part(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let ids: Vec<PersonId> =
            same_groups::table.order(same_groups::person_id).select(same_groups::person_id).load(conn)?;
        let Some(one) = self.pick_of(&ids) else { return Ok(()) };
        let (stay, go) = self.group_of(conn, one)?.into_iter().partition(|_| self.chance(50));
        self.regroup(conn, &[stay, go])
    }

    fn link(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let (code, person) = (self.code(), any!(self, conn, persons));
        let known = outreach_links::table.filter(outreach_links::code_mac.eq(code));
        if diesel::select(exists(known)).get_result(conn)? {
            if self.chance(40) {
                return diesel::update(known).set(outreach_links::person_id.eq(person)).execute(conn).map(drop);
            }
            return diesel::delete(known).execute(conn).map(drop);
        }
        let row = CodeLink {
            id: CodeLinkId(self.random.uuid()),
            code_mac: code,
            person_id: person,
            linked_by: self.account(),
            linked_at: self.now(),
        };
        diesel::insert_into(outreach_links::table).values(row).execute(conn).map(drop)
    }

    /// Now and then a day that is still to come: a phone's clock was wrong.
    fn held_on(&mut self) -> NaiveDate {
        if self.chance(25) { self.today + TimeDelta::days(1 + self.below(45)) } else { self.day() }
    }

    fn needs(&mut self) -> String {
        let needs: BTreeSet<ServiceType> = (0..self.below(3)).map(|_| self.pick(&SERVICES)).collect();
        needs.into_iter().map(ServiceType::as_str).collect::<Vec<_>>().join(",")
    }

    fn meet(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let (id, now) = (OutreachSessionId(self.random.uuid()), self.now());
        self.number += 10;
        let session = SessionRow {
            id,
            group_id: OrganisationId(self.cast.group),
            held_on: self.held_on(),
            unit_code: self.unit(),
            venue: "street".to_owned(),
            workers: String::new(),
            topics: String::new(),
            sealed_note: None,
            day_doubtful: false,
            recorded_by: self.account(),
            created_at: now,
            updated_at: now,
            removed_at: None,
            change_seq: self.number,
            version: 1,
        };
        SessionRow::insert_all(conn, &[session])?;
        let contacts: Vec<ContactRow> = (0..=self.below(2)).map(|_| self.contact(id)).collect();
        ContactRow::insert_all(conn, &contacts)
    }

    fn contact(&mut self, session_id: OutreachSessionId) -> ContactRow {
        let now = self.now();
        ContactRow {
            id: ContactId(self.random.uuid()),
            session_id,
            group_id: OrganisationId(self.cast.group),
            worker: 1,
            code_mac: self.chance(90).then(|| self.code()),
            category: self.chance(90).then(|| self.category()),
            sex: Sex::Female,
            age_band: AgeBand::From25,
            seen: Seen::New,
            topics: String::new(),
            needs: self.needs(),
            violence: Screening::NotAsked,
            trafficking: Screening::NotAsked,
            child: Screening::NotAsked,
            referral: ReferralOffer::NotOffered,
            follow_up_agreed: false,
            sealed_note: None,
            recorded_by: self.account(),
            created_at: now,
            updated_at: now,
            removed_at: None,
            change_seq: self.number,
            version: 1,
        }
    }

    fn change_contact(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = outreach_contacts::table.find(any!(self, conn, outreach_contacts));
        let now = self.now();
        match self.below(4) {
            0 => {
                let code = self.chance(75).then(|| self.code());
                diesel::update(row).set(outreach_contacts::code_mac.eq(code)).execute(conn)
            }
            1 => diesel::update(row).set(outreach_contacts::category.eq(self.category())).execute(conn),
            2 => diesel::update(row).set(outreach_contacts::needs.eq(self.needs())).execute(conn),
            _ => {
                let removed = self.chance(70).then_some(now);
                diesel::update(row).set(outreach_contacts::removed_at.eq(removed)).execute(conn)
            }
        }
        .map(drop)
    }

    fn change_session(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = outreach_sessions::table.find(any!(self, conn, outreach_sessions));
        let now = self.now();
        match self.below(3) {
            0 => diesel::update(row).set(outreach_sessions::held_on.eq(self.held_on())).execute(conn),
            1 => diesel::update(row).set(outreach_sessions::unit_code.eq(self.unit())).execute(conn),
            _ => {
                let removed = self.chance(60).then_some(now);
                diesel::update(row).set(outreach_sessions::removed_at.eq(removed)).execute(conn)
            }
        }
        .map(drop)
    }

    fn send(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let contacts: Vec<ContactId> =
            outreach_contacts::table.order(outreach_contacts::id).select(outreach_contacts::id).load(conn)?;
        let person = any!(self, conn, persons);
        let now = self.now();
        let row = ContactReferral {
            id: ContactReferralId(self.random.uuid()),
            group_id: OrganisationId(self.cast.group),
            contact_id: self.pick_of(&contacts).filter(|_| self.chance(80)),
            code_mac: self.chance(30).then(|| self.code()),
            to_organisation_id: OrganisationId(self.cast.partner),
            service_type: self.pick(&SERVICES),
            sex: Sex::Female,
            age_band: AgeBand::From25,
            sealed_message: None,
            agreed_on: self.today,
            status: ContactReferralStatus::Arrived,
            arrived_on: self.chance(60).then(|| self.day()),
            served_on: None,
            person_id: self.chance(50).then_some(person),
            created_by: self.account(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        ContactReferral::insert_all(conn, &[row])
    }

    fn change_referral(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let id = any!(self, conn, outreach_referrals);
        let (row, person) = (outreach_referrals::table.find(id), any!(self, conn, persons));
        match self.below(4) {
            0 | 1 => {
                let day = self.chance(85).then(|| self.day());
                diesel::update(row).set(outreach_referrals::arrived_on.eq(day)).execute(conn)
            }
            2 => {
                let person = self.chance(70).then_some(person);
                diesel::update(row).set(outreach_referrals::person_id.eq(person)).execute(conn)
            }
            _ => {
                // The contact is reduced to a number; its code stays here.
                let code = self.chance(70).then(|| self.code());
                let reduced =
                    (outreach_referrals::contact_id.eq(None::<ContactId>), outreach_referrals::code_mac.eq(code));
                diesel::update(row).set(reduced).execute(conn)
            }
        }
        .map(drop)
    }

    /// What no rule does, and would be followed all the same.
    fn correct(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        match self.below(8) {
            0 => {
                let row = cases::table.find(any!(self, conn, cases));
                diesel::update(row).set(cases::unit_code.eq(self.unit())).execute(conn)
            }
            1 => {
                let row = cases::table.find(any!(self, conn, cases));
                diesel::update(row).set(cases::received_on.eq(self.day())).execute(conn)
            }
            2 => {
                let row = assessments::table.find(any!(self, conn, assessments));
                let told = (assessments::assessed_on.eq(self.day()), assessments::unit_code.eq(self.unit()));
                diesel::update(row).set(told).execute(conn)
            }
            3 => {
                let id = any!(self, conn, assessments);
                let needs = assessed_needs::table.filter(assessed_needs::assessment_id.eq(id));
                diesel::update(needs).set(assessed_needs::eligible.eq(self.chance(50))).execute(conn)
            }
            4 => {
                let row = support_refusals::table.find(any!(self, conn, support_refusals));
                diesel::update(row).set(support_refusals::refused_on.eq(self.day())).execute(conn)
            }
            5 | 6 => {
                let row = case_events::table.find(any!(self, conn, case_events));
                diesel::update(row).set(case_events::occurred_on.eq(self.day())).execute(conn)
            }
            _ => return self.move_case(conn),
        }
        .map(drop)
    }

    fn move_case(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let (case, person) = (any!(self, conn, cases), any!(self, conn, persons));
        diesel::update(cases::table.find(case)).set(cases::person_id.eq(person)).execute(conn)?;
        macro_rules! along {
            ($($table:ident),+) => {$(
                diesel::update($table::table.filter($table::case_id.eq(case)))
                    .set($table::person_id.eq(person))
                    .execute(conn)?;
            )+};
        }
        along!(assessments, deliveries, stays, support_refusals);
        Ok(())
    }

    fn take_away(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        match self.below(10) {
            0 => diesel::delete(case_events::table.find(any!(self, conn, case_events))).execute(conn),
            1 => diesel::delete(deliveries::table.find(any!(self, conn, deliveries))).execute(conn),
            2 => diesel::delete(stays::table.find(any!(self, conn, stays))).execute(conn),
            3 => diesel::delete(support_refusals::table.find(any!(self, conn, support_refusals))).execute(conn),
            4 => diesel::delete(outreach_referrals::table.find(any!(self, conn, outreach_referrals))).execute(conn),
            5 => {
                let id = any!(self, conn, assessments);
                diesel::delete(assessed_needs::table.filter(assessed_needs::assessment_id.eq(id))).execute(conn)?;
                diesel::delete(assessments::table.find(id)).execute(conn)
            }
            6 => {
                let id = any!(self, conn, outreach_contacts);
                let own = outreach_referrals::table.filter(outreach_referrals::contact_id.eq(id));
                diesel::update(own).set(outreach_referrals::contact_id.eq(None::<ContactId>)).execute(conn)?;
                diesel::delete(outreach_contacts::table.find(id)).execute(conn)
            }
            7 => {
                let members = same_groups::table.order(same_groups::person_id).select(same_groups::person_id);
                let members: Vec<PersonId> = members.load(conn)?;
                let Some(member) = self.pick_of(&members) else { return Ok(()) };
                diesel::delete(same_groups::table.find(member)).execute(conn)
            }
            _ => return self.take_case_away(conn),
        }
        .map(drop)
    }

    /// As when an import is undone.
    fn take_case_away(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let id = any!(self, conn, cases);
        diesel::delete(case_events::table.filter(case_events::case_id.eq(id))).execute(conn)?;
        let used = diesel::select(exists(assessments::table.filter(assessments::case_id.eq(id)))).get_result(conn)?
            || diesel::select(exists(deliveries::table.filter(deliveries::case_id.eq(id)))).get_result(conn)?
            || diesel::select(exists(stays::table.filter(stays::case_id.eq(id)))).get_result(conn)?
            || diesel::select(exists(support_refusals::table.filter(support_refusals::case_id.eq(id))))
                .get_result(conn)?;
        if used {
            return Ok(());
        }
        diesel::delete(cases::table.find(id)).execute(conn).map(drop)
    }
}
