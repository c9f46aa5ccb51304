//! Attendance: the sheet of a day of a course, and the days of one learner.

use actix_web::web::{Data, Json};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::enrolments::Paging;
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{CourseId, DeliveryId, EnrolmentEventId, EnrolmentId, ReferralEventId};
use crate::error::{AppError, Problem};
use crate::http::{Cursor, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::training::model::views::{AttendanceView, DayRecorded, DaySheet};
use crate::training::model::{Attendance, AttendanceMark};
use crate::training::rules::attendance::{self, DayWish, SentMark};

/// Read the sheet of a day: those who learn now, and those recorded on that day. The view is logged.
#[utoipa::path(tag = "training", params(("id" = CourseId, Path), ("day" = NaiveDate, Path)), responses((status = 200, body = DaySheet)))]
#[get("/courses/{id}/attendance/{day}")]
pub(super) async fn read_day(
    caller: Caller,
    app: Data<App>,
    path: Path<(CourseId, NaiveDate)>,
) -> Result<Versioned<DaySheet>, AppError> {
    let (course_id, day) = path.0;
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let (rows, version) = attendance::sheet(conn, actor, &vault, course_id, day)?;
        let seen = Seen::list(SubjectKind::Enrolment, rows.iter().map(|row| row.enrolment_id.0));
        Ok((Versioned { version, record: DaySheet { course_id, day, rows, version } }, seen))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayForm {
    /// Learners; those not named stay as they are.
    #[validate(length(min = 1, max = 200))]
    rows: Vec<MarkForm>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MarkForm {
    /// A learner of this course.
    enrolment_id: EnrolmentId,
    /// Whether the learner was there.
    mark: AttendanceMark,
}

/// Record or correct who was there on a day of a course. `If-Match` is `"0"` while nothing is recorded.
#[utoipa::path(tag = "training", request_body = DayForm,
    params(("id" = CourseId, Path), ("day" = NaiveDate, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = DayRecorded),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[put("/courses/{id}/attendance/{day}")]
pub(super) async fn record_day(
    caller: Caller,
    app: Data<App>,
    path: Path<(CourseId, NaiveDate)>,
    version: IfMatch,
    form: Valid<DayForm>,
) -> Result<Versioned<DayRecorded>, AppError> {
    let (course, day) = path.0;
    let rows: Vec<SentMark> = form
        .body
        .rows
        .iter()
        .map(|row| SentMark {
            enrolment: row.enrolment_id,
            mark: row.mark,
            event: EnrolmentEventId(app.random.uuid()),
            referral_event: ReferralEventId(app.random.uuid()),
            delivery: DeliveryId(app.random.uuid()),
        })
        .collect();
    let wish = DayWish { course, day, expected: version.0 };
    let state = app.clone();
    let record = app.write(caller, move |conn, actor| {
        let config = attendance::Config { services: &state.services, entitlements: &state.entitlements };
        attendance::record_day(conn, actor, config, &state.trail, wish, &rows)
    });
    record.await.map(|record| Versioned { version: record.version, record })
}

/// List the days recorded of one learner, oldest first. The view is logged.
#[utoipa::path(tag = "training", params(("id" = EnrolmentId, Path), Paging), responses((status = 200, body = Page<AttendanceView>)))]
#[get("/enrolments/{id}/attendance")]
pub(super) async fn list_days(
    caller: Caller,
    app: Data<App>,
    id: Path<EnrolmentId>,
    query: Query<Paging>,
) -> Result<Json<Page<AttendanceView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| cursor.date()).transpose()?;
    let page = app
        .view(caller, move |conn, actor| {
            let rows = attendance::days_of(conn, actor, id.0, after, limit)?;
            let end = |row: &Attendance| Cursor::after_date(row.day, row.enrolment_id.0);
            let page = Page::of(rows, limit, end, |row| {
                Ok(AttendanceView { day: row.day, mark: row.mark, recorded_at: row.recorded_at })
            })?;
            Ok((page, Seen::record(SubjectKind::Enrolment, id.0.0)))
        })
        .await?;
    Ok(Json(page))
}
