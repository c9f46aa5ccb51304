//! Rows and words of organisations.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::schema::organisations;
use crate::db::types::{Instant, OrganisationId, text_enum};

text_enum! {
    /// Kind of organisation.
    OrganisationKind {
        /// Trung tâm công tác xã hội.
        SocialWorkCentre = "social_work_centre",
        /// Cơ sở hỗ trợ nạn nhân.
        VictimSupportFacility = "victim_support_facility",
        /// Cơ sở trợ giúp xã hội.
        SocialAssistanceFacility = "social_assistance_facility",
        /// Cơ sở tạm lánh.
        Shelter = "shelter",
        /// Cơ sở giáo dục nghề nghiệp.
        VocationalSchool = "vocational_school",
        /// Ngân hàng Chính sách xã hội or another lender.
        Lender = "lender",
        /// Cơ sở y tế.
        HealthFacility = "health_facility",
        /// Trung tâm trợ giúp pháp lý.
        LegalAidCentre = "legal_aid_centre",
        /// Doanh nghiệp, as employer.
        Employer = "employer",
        /// Tổ chức xã hội.
        SocialOrganisation = "social_organisation",
        /// Ủy ban nhân dân cấp xã.
        CommuneOffice = "commune_office",
        /// Nhóm đồng đẳng, nhóm tự lực, câu lạc bộ.
        PeerGroup = "peer_group",
    }
}

impl OrganisationKind {
    /// Whether organisations of this kind run cases, so that a case can be transferred to them.
    pub fn runs_cases(self) -> bool {
        matches!(self, Self::SocialWorkCentre | Self::VictimSupportFacility | Self::SocialAssistanceFacility)
    }
}

/// An organisation.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = organisations, treat_none_as_default_value = false)]
pub struct Organisation {
    /// Id.
    pub id: OrganisationId,
    /// Kind.
    pub kind: OrganisationKind,
    /// Name.
    pub name: String,
    /// Unit it is seated in.
    pub admin_unit_code: String,
    /// First day it works.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// When it was registered.
    pub created_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

impl Organisation {
    /// Whether it works on this day.
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}
