//! What no rule does, or undoing does, and would be followed all the same.

use diesel::dsl::exists;
use diesel::prelude::*;
use hoanhap::db::DbConnection;
use hoanhap::db::schema::{
    assessed_needs, assessments, case_events, cases, deliveries, outreach_contacts, outreach_referrals, persons,
    same_groups, stays, support_refusals,
};
use hoanhap::db::types::{
    AssessmentId, CaseEventId, CaseId, ContactId, ContactReferralId, DeliveryId, PersonId, RefusalId, StayId,
};

use super::History;

impl History {
    /// What no rule does, and would be followed all the same.
    pub(super) fn correct(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn move_case(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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

    pub(super) fn take_away(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        match self.below(10) {
            0 => return self.forget_event(conn),
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
                // Never the one that counts for the others: they would count for somebody who may count for none.
                let members = same_groups::table
                    .filter(same_groups::person_id.ne(same_groups::root_id))
                    .order(same_groups::person_id);
                let members: Vec<PersonId> = members.select(same_groups::person_id).load(conn)?;
                let Some(member) = self.pick_of(&members) else { return Ok(()) };
                diesel::delete(same_groups::table.find(member)).execute(conn)
            }
            _ => return self.take_case_away(conn),
        }
        .map(drop)
    }

    /// As when an import is undone.
    pub(super) fn take_case_away(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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
