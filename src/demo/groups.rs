//! The groups of the demo: where they work, at which points of intervention, how many they are.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::cast::Centre;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::schema::{group_places, intervention_points, member_counts, peer_groups};
use crate::db::types::{Instant, InterventionPointId, OrganisationId};
use crate::error::AppError;
use crate::outreach::groups::model::{GroupKind, GroupPlace, MemberCount, PeerGroup};
use crate::outreach::points::model::InterventionPoint;

/// Kinds of the groups of a centre, with the model each works in and how many members it began with.
pub(super) const KINDS: [(GroupKind, &str, &str, i32); 3] = [
    (GroupKind::PeerGroup, "Nhóm đồng đẳng minh họa", "peer_capacity", 6),
    (GroupKind::SelfHelpGroup, "Nhóm tự lực minh họa", "service_provision", 9),
    (GroupKind::Club, "Câu lạc bộ người lao động minh họa", "workers_rights", 21),
];

/// Rows of all groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    points: Vec<InterventionPoint>,
    groups: Vec<PeerGroup>,
    places: Vec<GroupPlace>,
    counts: Vec<MemberCount>,
}

impl Groups {
    /// Adds the group that this organisation is: it worked in a commune until the units changed, and in what became of
    /// it since.
    pub(super) fn add(
        &mut self,
        ids: &Random,
        since: Instant,
        today: NaiveDate,
        centre: &Centre,
        id: OrganisationId,
        position: usize,
    ) {
        let Some((kind, _, model, members)) = KINDS.get(position) else { return };
        self.groups.push(PeerGroup {
            id,
            supported_by_id: centre.id,
            kind: *kind,
            created_at: since,
            updated_at: since,
            version: 1,
        });
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        let old = (centre.old_communes.get(position), day(2019, 4, 1), Some(day(2025, 6, 30)));
        let new = (centre.communes.get(position), day(2025, 7, 1), None);
        for (commune, valid_from, valid_to) in [old, new] {
            let Some(unit_code) = commune.cloned() else { continue };
            let point = InterventionPointId(ids.uuid());
            self.points.push(InterventionPoint {
                id: point,
                model: (*model).to_owned(),
                name: format!("Điểm can thiệp minh họa {unit_code}"),
                unit_code: unit_code.clone(),
                valid_from,
                valid_to,
                created_at: since,
                updated_at: since,
                version: 1,
            });
            self.places.push(GroupPlace { group_id: id, unit_code, valid_from, valid_to, point_id: Some(point) });
        }
        for (year, more) in (2019..).zip([0, 1, 1, 2, 4, 3, 5, 6, 6, 7]) {
            let counted_on = day(year, 12, 31);
            if counted_on <= today {
                self.counts.push(MemberCount {
                    group_id: id,
                    counted_on,
                    leaders: 1,
                    board: i32::from(*kind == GroupKind::Club) * 3,
                    educators: 2 + more / 2,
                    members: members + more,
                    recorded_by: centre.manager,
                    recorded_at: since,
                });
            }
        }
    }

    /// Stores them, with their entries in the trail.
    pub(super) fn store(&self, conn: &mut DbConnection, trail: &TrailKey, since: Instant) -> Result<(), AppError> {
        for point in &self.points {
            diesel::insert_into(intervention_points::table).values(point).execute(conn)?;
            let subject = Subject::new(SubjectKind::InterventionPoint, point.id.0);
            record(conn, trail, subject, None, TrailAction::Create, &["name"], since)?;
        }
        for group in &self.groups {
            diesel::insert_into(peer_groups::table).values(group).execute(conn)?;
            let subject = Subject::new(SubjectKind::PeerGroup, group.id.0);
            record(conn, trail, subject, None, TrailAction::Create, &["kind", "supported_by_id"], since)?;
        }
        for place in &self.places {
            diesel::insert_into(group_places::table).values(place).execute(conn)?;
        }
        for count in &self.counts {
            diesel::insert_into(member_counts::table).values(count).execute(conn)?;
        }
        Ok(())
    }
}
