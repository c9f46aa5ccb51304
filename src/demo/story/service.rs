//! The service types and how each of them goes as a rule.

use std::ops::RangeInclusive;

use super::profile::Kind;

/// A service type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    EssentialNeeds,
    Medical,
    Psychological,
    LegalAid,
    Travel,
    GeneralEducation,
    VocationalTraining,
    InitialAllowance,
    Loan,
    SocialSupport,
}

/// How a partner deals with referrals for a service.
#[derive(Debug, Clone)]
pub(super) struct PartnerHabits {
    /// Days from plan to sending.
    pub send_after: RangeInclusive<u64>,
    /// Days allowed for an answer.
    pub answer_within: u64,
    /// Share accepted of those answered.
    pub accepts: f64,
    /// Days from acceptance to the first day.
    pub start_after: RangeInclusive<u64>,
    /// Days from first to last day.
    pub lasts: RangeInclusive<u64>,
    /// Share given up before the end.
    pub stops: f64,
}

impl Service {
    /// The word stored for it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::EssentialNeeds => "essential_needs",
            Self::Medical => "medical",
            Self::Psychological => "psychological",
            Self::LegalAid => "legal_aid",
            Self::Travel => "travel",
            Self::GeneralEducation => "general_education",
            Self::VocationalTraining => "vocational_training",
            Self::InitialAllowance => "initial_allowance",
            Self::Loan => "loan",
            Self::SocialSupport => "social_support",
        }
    }

    /// What an assessment of such a person looks at.
    pub(super) fn looked_at(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Trafficking => &[
                Self::EssentialNeeds,
                Self::Medical,
                Self::Psychological,
                Self::LegalAid,
                Self::Travel,
                Self::GeneralEducation,
                Self::VocationalTraining,
                Self::InitialAllowance,
                Self::Loan,
            ],
            Kind::SellingSex => &[
                Self::SocialSupport,
                Self::VocationalTraining,
                Self::Loan,
                Self::Medical,
                Self::Psychological,
                Self::LegalAid,
            ],
            Kind::Establishment | Kind::AtRisk => {
                &[Self::SocialSupport, Self::VocationalTraining, Self::Medical, Self::Psychological, Self::LegalAid]
            }
        }
    }

    /// Share of such people who need it.
    pub(super) fn need_share(self, kind: Kind) -> f64 {
        let (trafficking, selling, others) = match self {
            Self::EssentialNeeds => (0.72, 0.0, 0.0),
            Self::Medical => (0.58, 0.45, 0.30),
            Self::Psychological => (0.62, 0.30, 0.28),
            Self::LegalAid => (0.50, 0.22, 0.25),
            Self::Travel => (0.48, 0.0, 0.0),
            Self::GeneralEducation => (0.08, 0.0, 0.0),
            Self::VocationalTraining => (0.48, 0.36, 0.30),
            Self::InitialAllowance => (0.55, 0.0, 0.0),
            Self::Loan => (0.30, 0.30, 0.0),
            Self::SocialSupport => (0.0, 0.55, 0.50),
        };
        match kind {
            Kind::Trafficking => trafficking,
            Kind::SellingSex => selling,
            Kind::Establishment | Kind::AtRisk => others,
        }
    }

    /// Share of the wishes a centre meets itself; the rest go to a partner.
    pub(super) fn own_share(self) -> f64 {
        match self {
            Self::EssentialNeeds => 0.9,
            Self::Travel | Self::InitialAllowance => 1.0,
            Self::Psychological => 0.65,
            Self::SocialSupport => 0.7,
            Self::Medical => 0.25,
            Self::LegalAid | Self::GeneralEducation | Self::VocationalTraining | Self::Loan => 0.0,
        }
    }

    /// Days from plan to the first time the centre gives it, how often at most, and days between two times.
    pub(super) fn own_rhythm(self) -> (RangeInclusive<u64>, u32, RangeInclusive<u64>) {
        match self {
            Self::EssentialNeeds => (0..=3, 4, 7..=25),
            Self::Travel => (1..=30, 1, 1..=1),
            Self::InitialAllowance => (20..=150, 1, 1..=1),
            Self::Psychological => (2..=21, 6, 7..=28),
            Self::SocialSupport => (3..=35, 3, 14..=50),
            _ => (2..=30, 2, 7..=40),
        }
    }

    /// How often a partner gives it at most, and days between two times.
    pub(super) fn partner_rhythm(self) -> (u32, RangeInclusive<u64>) {
        match self {
            Self::Psychological => (5, 7..=21),
            Self::EssentialNeeds => (3, 7..=25),
            Self::Medical | Self::LegalAid | Self::SocialSupport => (2, 5..=30),
            _ => (1, 1..=1),
        }
    }

    /// How its partners deal with referrals.
    pub(super) fn partner(self) -> PartnerHabits {
        let habits = |send_after, answer_within, accepts, start_after, lasts, stops| PartnerHabits {
            send_after,
            answer_within,
            accepts,
            start_after,
            lasts,
            stops,
        };
        match self {
            Self::EssentialNeeds => habits(0..=4, 5, 0.85, 0..=3, 14..=80, 0.08),
            Self::Medical => habits(0..=20, 7, 0.86, 0..=10, 3..=40, 0.05),
            Self::LegalAid => habits(4..=50, 14, 0.85, 1..=14, 14..=100, 0.06),
            Self::GeneralEducation => habits(10..=60, 14, 0.80, 3..=40, 120..=270, 0.12),
            Self::VocationalTraining => habits(14..=110, 14, 0.72, 5..=40, 50..=90, 0.16),
            Self::Loan => habits(30..=180, 21, 0.52, 5..=30, 10..=45, 0.06),
            _ => habits(3..=35, 10, 0.80, 2..=15, 20..=110, 0.10),
        }
    }

    /// Share of people who say no to it although they need it.
    pub(super) fn refusal_share(self) -> f64 {
        match self {
            Self::Psychological => 0.028,
            Self::LegalAid | Self::Loan => 0.02,
            _ => 0.012,
        }
    }
}
