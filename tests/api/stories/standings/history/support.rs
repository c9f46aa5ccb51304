//! Needs that were assessed, support that was given, and what was refused.

use std::collections::BTreeSet;

use diesel::prelude::*;
use hoanhap::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use hoanhap::db::DbConnection;
use hoanhap::db::bulk::BulkRow as _;
use hoanhap::db::schema::{cases, deliveries, stays, support_refusals};
use hoanhap::db::types::{AssessmentId, CaseId, DeliveryId, OrganisationId, RefusalId, StayId};
use hoanhap::deliveries::model::{Delivery, DeliveryForm};
use hoanhap::services::ServiceType;
use hoanhap::stays::model::Stay;

use super::{History, SERVICES};

impl History {
    pub(super) fn assess(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn deliver(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn change_delivery(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = deliveries::table.find(any!(self, conn, deliveries));
        let now = self.now();
        match self.below(4) {
            0 => diesel::update(row).set(deliveries::delivered_on.eq(self.day())).execute(conn)?,
            1 => diesel::update(row).set(deliveries::service_type.eq(self.pick(&SERVICES))).execute(conn)?,
            2 => diesel::delete(row).execute(conn)?,
            _ => diesel::update(row).set(deliveries::voided_at.eq(self.chance(80).then_some(now))).execute(conn)?,
        };
        Ok(())
    }

    pub(super) fn house(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn change_stay(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = stays::table.find(any!(self, conn, stays));
        let now = self.now();
        match self.below(4) {
            0 => diesel::update(row).set(stays::out_on.eq(self.chance(80).then(|| self.day()))).execute(conn)?,
            1 => diesel::update(row).set(stays::in_on.eq(self.day())).execute(conn)?,
            2 => diesel::delete(row).execute(conn)?,
            _ => diesel::update(row).set(stays::voided_at.eq(self.chance(80).then_some(now))).execute(conn)?,
        };
        Ok(())
    }

    pub(super) fn refuse(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn change_refusal(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let row = support_refusals::table.find(any!(self, conn, support_refusals));
        match self.below(3) {
            0 => diesel::update(row).set(support_refusals::refused_on.eq(self.day())).execute(conn),
            1 => {
                let service = self.chance(60).then(|| self.pick(&SERVICES));
                diesel::update(row).set(support_refusals::service_type.eq(service)).execute(conn)
            }
            _ => diesel::delete(row).execute(conn),
        }
        .map(drop)
    }
}
