//! Categories, records that are one person, and whom a contact code is.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;
use hoanhap::db::DbConnection;
use hoanhap::db::bulk::BulkRow as _;
use hoanhap::db::schema::{outreach_links, persons, same_groups};
use hoanhap::db::types::{CodeLinkId, PersonId};
use hoanhap::outreach::links::model::CodeLink;
use hoanhap::persons::same::model::SameGroup;

use super::History;

impl History {
    pub(super) fn categories(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let person = persons::table.find(any!(self, conn, persons));
        let sells = self.chance(50);
        diesel::update(person).set(persons::person_selling_sex.eq(sells)).execute(conn).map(drop)
    }

    pub(super) fn regroup(&mut self, conn: &mut DbConnection, groups: &[BTreeSet<PersonId>]) -> QueryResult<()> {
        let members: Vec<PersonId> = groups.iter().flatten().copied().collect();
        let mut rows = Vec::new();
        for group in groups.iter().filter(|group| group.len() > 1) {
            let root_id = *group.first().expect("a member");
            rows.extend(group.iter().map(|person| SameGroup { person_id: *person, root_id }));
        }
        // As the rules do, or in place.
        let mut gone = members;
        if self.chance(50) {
            gone.retain(|member| rows.iter().all(|row| row.person_id != *member));
            let mut new = Vec::new();
            for row in rows {
                let own = same_groups::table.find(row.person_id);
                let known = diesel::update(own).set(same_groups::root_id.eq(row.root_id)).execute(conn)?;
                new.extend((known == 0).then_some(row));
            }
            rows = new;
        }
        diesel::delete(same_groups::table.filter(same_groups::person_id.eq_any(&gone))).execute(conn)?;
        SameGroup::insert_all(conn, &rows)
    }

    pub(super) fn group_of(&mut self, conn: &mut DbConnection, person: PersonId) -> QueryResult<BTreeSet<PersonId>> {
        let root: Option<PersonId> =
            same_groups::table.find(person).select(same_groups::root_id).first(conn).optional()?;
        let Some(root) = root else { return Ok([person].into()) };
        let members = same_groups::table.filter(same_groups::root_id.eq(root)).select(same_groups::person_id);
        Ok(members.load::<PersonId>(conn)?.into_iter().collect())
    }

    pub(super) fn join(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let (one, other) = (any!(self, conn, persons), any!(self, conn, persons));
        let mut group = self.group_of(conn, one)?;
        group.extend(self.group_of(conn, other)?);
        self.regroup(conn, &[group])
    }

    pub(super) fn part(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let ids: Vec<PersonId> =
            same_groups::table.order(same_groups::person_id).select(same_groups::person_id).load(conn)?;
        let Some(one) = self.pick_of(&ids) else { return Ok(()) };
        let (stay, go) = self.group_of(conn, one)?.into_iter().partition(|_| self.chance(50));
        self.regroup(conn, &[stay, go])
    }

    pub(super) fn link(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
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
}
