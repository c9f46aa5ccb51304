//! What is refused about entitlements and stays.

/// A limit of the law, or a rule of stays, that refuses a well-formed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupportRefusal {
    /// The law does not give this support to the person.
    NotEntitled,
    /// The support is given once, and was.
    OnceOnlyUsed,
    /// The days the law gives are used up.
    DaysUsedUp {
        /// Days, with extensions.
        limit: u32,
    },
    /// The time in which the law gives it is over.
    EntitlementExpired,
    /// What a recipient of a referral is told instead: which limit, and why, is the sender's to know.
    SupportLimitReached,
    /// The person has a stay on these days already.
    StayOverlaps,
    /// The bed is taken on these days.
    BedTaken,
    /// The stay has ended.
    StayEnded,
    /// The person still stays somewhere: the case is closed when the day of leaving is known.
    StayGoesOn,
    /// Who extends it is not named by the law that applies.
    NotExtendable,
    /// The override was taken back before.
    AlreadyRevoked,
}

impl SupportRefusal {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotEntitled => "not_entitled",
            Self::OnceOnlyUsed => "once_only_used",
            Self::DaysUsedUp { .. } => "days_used_up",
            Self::EntitlementExpired => "entitlement_expired",
            Self::SupportLimitReached => "support_limit_reached",
            Self::StayOverlaps => "stay_overlaps",
            Self::BedTaken => "bed_taken",
            Self::StayEnded => "stay_ended",
            Self::StayGoesOn => "stay_goes_on",
            Self::NotExtendable => "not_extendable",
            Self::AlreadyRevoked => "already_revoked",
        }
    }

    pub(super) fn title(self) -> (String, String) {
        let (vi, en) = match self {
            Self::DaysUsedUp { limit } => {
                return (
                    format!("Đã hết {limit} ngày theo chế độ; cần gia hạn hoặc quyết định của quản lý."),
                    format!(
                        "The {limit} days the law gives are used up; an extension or a manager's override is needed."
                    ),
                );
            }
            Self::NotEntitled => (
                "Luật chưa quy định chế độ này cho người được hỗ trợ; có thể hỗ trợ theo chương trình hoặc theo quyết định của quản lý.",
                "The law does not give this support to the person; a programme may, or a manager's override.",
            ),
            Self::OnceOnlyUsed => (
                "Chế độ này chỉ hưởng một lần và đã hưởng; cần quyết định của quản lý.",
                "This support is given once, and was received; a manager's override is needed.",
            ),
            Self::EntitlementExpired => (
                "Đã quá thời hạn của chế độ này; cần quyết định của quản lý.",
                "The time for this support is over; a manager's override is needed.",
            ),
            Self::SupportLimitReached => {
                ("Đã đến mức hỗ trợ; hãy hỏi nơi chuyển gửi.", "The limit of support is reached; ask the sender.")
            }
            Self::StayOverlaps => {
                ("Đã có thời gian lưu trú trùng ngày.", "There is a stay on some of these days already.")
            }
            Self::BedTaken => ("Giường này đã có người vào ngày đó.", "The bed is taken on some of these days."),
            Self::StayEnded => ("Thời gian lưu trú đã kết thúc.", "The stay has ended."),
            Self::StayGoesOn => (
                "Người này còn đang lưu trú; hãy ghi ngày rời đi trước khi đóng hồ sơ.",
                "The person still stays somewhere; record the day of leaving before closing the case.",
            ),
            Self::NotExtendable => (
                "Quy định áp dụng không cho nơi này gia hạn.",
                "The law that applies does not let this body extend the stay.",
            ),
            Self::AlreadyRevoked => ("Quyết định đã được thu hồi trước đó.", "The override was taken back before."),
        };
        (vi.into(), en.into())
    }
}

impl From<SupportRefusal> for super::AppError {
    fn from(refusal: SupportRefusal) -> Self {
        Self::Conflict(super::Conflict::Support(refusal))
    }
}
