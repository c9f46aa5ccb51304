//! What comes of a course, in believable shares.

use rand::rngs::StdRng;

use crate::demo::dice::weighted;
use crate::training::model::{AidGroup, AttendanceMark, CheckUpFinding, JobKind};
use crate::training::status::StopReason;

pub(super) fn draw_job(rng: &mut StdRng) -> JobKind {
    match weighted(rng, &[(50, 1), (25, 2), (8, 3), (12, 4), (5, 5_u8)]) {
        1 => JobKind::Employed,
        2 => JobKind::SelfEmployed,
        3 => JobKind::Cooperative,
        4 => JobKind::NoneYet,
        _ => JobKind::Unknown,
    }
}

pub(super) fn draw_mark(rng: &mut StdRng) -> AttendanceMark {
    match weighted(rng, &[(88, 1), (7, 2), (5, 3_u8)]) {
        2 => AttendanceMark::Excused,
        3 => AttendanceMark::Absent,
        _ => AttendanceMark::Present,
    }
}

pub(super) fn draw_finding(rng: &mut StdRng) -> CheckUpFinding {
    match weighted(rng, &[(78, 1), (14, 2), (8, 3_u8)]) {
        2 => CheckUpFinding::NotInWork,
        3 => CheckUpFinding::OutOfContact,
        _ => CheckUpFinding::InWork,
    }
}

pub(super) fn draw_group(rng: &mut StdRng) -> AidGroup {
    match weighted(rng, &[(4, 1), (8, 2), (18, 3), (20, 4), (35, 5), (15, 6_u8)]) {
        1 => AidGroup::Disabled,
        2 => AidGroup::PoorMinority,
        3 => AidGroup::Poor,
        4 => AidGroup::NearPoor,
        6 => AidGroup::RuralWorker,
        _ => AidGroup::Woman,
    }
}

pub(super) fn draw_stop_reason(rng: &mut StdRng) -> StopReason {
    match weighted(rng, &[(22, 1), (10, 2), (22, 3), (12, 4), (8, 5), (14, 6), (12, 7_u8)]) {
        1 => StopReason::FoundWork,
        2 => StopReason::Health,
        3 => StopReason::Family,
        4 => StopReason::Moved,
        5 => StopReason::Travel,
        6 => StopReason::Later,
        _ => StopReason::OutOfContact,
    }
}
