//! A random history of persons: rows as the rules, imports and made-up data store them, and as none does.

use chrono::{NaiveDate, TimeDelta};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use hoanhap::clock::Random;
use hoanhap::db::DbConnection;
use hoanhap::db::schema::{cases, persons};
use hoanhap::db::types::{AccountId, Instant, OrganisationId};
use hoanhap::outreach::codes::CodeMac;
use hoanhap::persons::ClientCategory;
use hoanhap::services::ServiceType;
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
    theme: Theme,
}

/// What a history is mostly about.
#[derive(Debug, Clone, Copy)]
enum Theme {
    /// Cases that were closed through whole years, and opened again.
    Sleepers,
    Outreach,
    Deliveries,
    Stays,
    /// What victims refused who were identified.
    Refusals,
    Persons,
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

mod casework;
mod correcting;
mod outreach;
mod people;
mod support;

impl History {
    pub fn new(cast: Cast, seed: u64) -> Self {
        let random = Random::seeded(seed);
        let today = NaiveDate::from_ymd_opt(2025, 1, 10).expect("a day");
        let mut history = Self { cast, random, today, number: 0, theme: Theme::Persons };
        history.today = today + TimeDelta::days(history.below(300));
        history.theme = history.pick(&[
            Theme::Sleepers,
            Theme::Outreach,
            Theme::Deliveries,
            Theme::Stays,
            Theme::Refusals,
            Theme::Persons,
        ]);
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
        usize::try_from(12 + self.below(14)).expect("a number")
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

    /// A day before the last whole year, now and then before the one before it.
    fn long_ago(&mut self) -> NaiveDate {
        self.today - TimeDelta::days(600 + self.below(500))
    }

    fn unit(&mut self) -> String {
        let units = self.cast.units;
        self.pick(&units).to_owned()
    }

    fn code(&mut self) -> CodeMac {
        let number = 1 + self.below(3);
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
        let cases: i64 = cases::table.count().get_result(conn)?;
        if cases < 2 && self.chance(60) {
            return self.open(conn);
        }
        if self.chance(60) { self.of_the_theme(conn) } else { self.anything(conn) }
    }

    /// What one history is mostly about, so that much of a kind comes together.
    fn of_the_theme(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        match (self.theme, self.below(8)) {
            (Theme::Sleepers, 0) => self.open(conn),
            (Theme::Sleepers, 1) => self.forget_event(conn),
            (Theme::Sleepers, _) => self.tell_events(conn),
            (Theme::Outreach, 0 | 1) => self.meet(conn),
            (Theme::Outreach, 2) => self.change_contact(conn),
            (Theme::Outreach, 3) => self.change_session(conn),
            (Theme::Outreach, 4 | 5) => self.link(conn),
            (Theme::Outreach, 6) if self.chance(50) => self.send(conn),
            (Theme::Outreach, 6) => self.change_referral(conn),
            (Theme::Outreach, _) => self.take_away(conn),
            (Theme::Deliveries | Theme::Stays | Theme::Refusals, 0 | 1) => self.assess(conn),
            (Theme::Deliveries, 2 | 3) => self.deliver(conn),
            (Theme::Deliveries, 4..=6) => self.change_delivery(conn),
            (Theme::Deliveries, _) => self.correct(conn),
            (Theme::Stays, 2 | 3) => self.house(conn),
            (Theme::Stays, 4..=6) => self.change_stay(conn),
            (Theme::Stays, _) => self.take_away(conn),
            (Theme::Refusals, 2 | 3) => self.refuse(conn),
            (Theme::Refusals, 4..=6) => self.change_refusal(conn),
            (Theme::Refusals, _) => self.identify(conn),
            (Theme::Persons, 0 | 1) => self.categories(conn),
            (Theme::Persons, 2) => self.identify(conn),
            (Theme::Persons, 3 | 4) => self.join(conn),
            (Theme::Persons, 5) => self.part(conn),
            (Theme::Persons, 6) => self.hand_over(conn),
            (Theme::Persons, _) => self.take_away(conn),
        }
    }

    fn anything(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        match self.below(36) {
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
            32..=34 => self.tell_events(conn),
            _ => {
                let days = 1 + self.below(30);
                self.today += TimeDelta::days(days);
                Ok(())
            }
        }
    }
}
