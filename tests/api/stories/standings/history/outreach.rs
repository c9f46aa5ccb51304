//! Who was met by a group of peers, what they needed, and where they arrived.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use hoanhap::db::DbConnection;
use hoanhap::db::bulk::BulkRow as _;
use hoanhap::db::schema::{outreach_contacts, outreach_referrals, outreach_sessions, persons};
use hoanhap::db::types::{ContactId, ContactReferralId, OrganisationId, OutreachSessionId, PersonId};
use hoanhap::outreach::referrals::model::{ContactReferral, ContactReferralStatus};
use hoanhap::outreach::sessions::model::{AgeBand, ContactRow, ReferralOffer, Screening, Seen, SessionRow};
use hoanhap::persons::model::Sex;
use hoanhap::services::ServiceType;

use super::{History, SERVICES};

impl History {
    /// Now and then a day that is still to come: a phone's clock was wrong.
    pub(super) fn held_on(&mut self) -> NaiveDate {
        if self.chance(25) { self.today + TimeDelta::days(1 + self.below(45)) } else { self.day() }
    }

    pub(super) fn needs(&mut self) -> String {
        let needs: BTreeSet<ServiceType> = (0..self.below(3)).map(|_| self.pick(&SERVICES)).collect();
        needs.into_iter().map(ServiceType::as_str).collect::<Vec<_>>().join(",")
    }

    pub(super) fn meet(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn contact(&mut self, session_id: OutreachSessionId) -> ContactRow {
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

    pub(super) fn change_contact(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn change_session(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn send(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn change_referral(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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
}
