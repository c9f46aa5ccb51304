//! Rows, words and views of groups.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::{group_places, member_counts, peer_groups};
use crate::db::types::{AccountId, Instant, InterventionPointId, OrganisationId, text_enum};

text_enum! {
    /// Kind of group. The words shown stand in `config/outreach.toml`.
    GroupKind {
        /// Nhóm đồng đẳng.
        PeerGroup = "peer_group",
        /// Nhóm tự lực.
        SelfHelpGroup = "self_help_group",
        /// Câu lạc bộ.
        Club = "club",
    }
}

text_enum! {
    /// What a member is in the group. Each member counts once, by the first of these that is true.
    MemberRole {
        /// Trưởng nhóm, chủ nhiệm.
        Leader = "leader",
        /// Phó nhóm, ban chủ nhiệm.
        Board = "board",
        /// Đồng đẳng viên.
        Educator = "educator",
        /// Thành viên.
        Member = "member",
    }
}

/// A group. Its name and seat are those of its organisation.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = peer_groups)]
pub struct PeerGroup {
    /// Id, of the organisation as well.
    pub id: OrganisationId,
    /// Centre that supports it.
    pub supported_by_id: OrganisationId,
    /// Kind.
    pub kind: GroupKind,
    /// When it was registered.
    pub created_at: Instant,
    /// When it, its places or its members were last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// A unit in which a group works.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = group_places, treat_none_as_default_value = false)]
pub struct GroupPlace {
    /// Group.
    pub group_id: OrganisationId,
    /// Unit.
    pub unit_code: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// Point of intervention it belongs to there.
    pub point_id: Option<InterventionPointId>,
}

/// How many a group is on a day.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = member_counts)]
pub struct MemberCount {
    /// Group.
    pub group_id: OrganisationId,
    /// Day of the count.
    pub counted_on: NaiveDate,
    /// Leaders.
    pub leaders: i32,
    /// Other members of the board.
    pub board: i32,
    /// Peer educators who are neither.
    pub educators: i32,
    /// All others.
    pub members: i32,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// A unit in which a group works.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GroupPlaceView {
    /// Unit.
    pub unit_code: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; none until further notice.
    pub valid_to: Option<NaiveDate>,
    /// Point of intervention it belongs to there; it names the model.
    pub intervention_point_id: Option<InterventionPointId>,
}

/// How many a group is on a day. Nobody is named, and each counts once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MemberCountView {
    /// Day of the count.
    pub counted_on: NaiveDate,
    /// Leaders.
    pub leaders: i32,
    /// Other members of the board.
    pub board: i32,
    /// Peer educators who are neither.
    pub educators: i32,
    /// All others.
    pub members: i32,
    /// All of them.
    pub total: i32,
}

/// A group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PeerGroupView {
    /// Id, of the organisation as well.
    pub id: OrganisationId,
    /// Name, of the organisation.
    pub name: String,
    /// Kind.
    pub kind: GroupKind,
    /// Unit the organisation is seated in.
    pub admin_unit_code: String,
    /// Centre that supports it.
    pub supported_by_id: OrganisationId,
    /// Where it works or worked, the earliest first.
    pub places: Vec<GroupPlaceView>,
    /// The newest count of its members.
    pub members: Option<MemberCountView>,
}

impl From<GroupPlace> for GroupPlaceView {
    fn from(row: GroupPlace) -> Self {
        Self {
            unit_code: row.unit_code,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            intervention_point_id: row.point_id,
        }
    }
}

impl From<MemberCount> for MemberCountView {
    fn from(row: MemberCount) -> Self {
        Self {
            counted_on: row.counted_on,
            leaders: row.leaders,
            board: row.board,
            educators: row.educators,
            members: row.members,
            total: row.leaders + row.board + row.educators + row.members,
        }
    }
}
