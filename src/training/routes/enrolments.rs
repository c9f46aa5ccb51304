//! `/enrolments`: the school's and the centre's view of the same record.

use actix_web::web::{Data, Json};
use actix_web::{get, post, put};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::courses::Nothing;
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{CourseId, EnrolmentEventId, EnrolmentId, ReferralEventId, ReferralId};
use crate::error::{AppError, Problem};
use crate::http::extract::plain_text;
use crate::http::idempotency::BoundKey;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::referrals::status::Outcome;
use crate::text::tidy;
use crate::training::model::Enrolment;
use crate::training::model::views::{EnrolmentReply, LearnerView};
use crate::training::rules::enrolling::{self, End, EndIds, NewEnrolment};
use crate::training::rules::{self, reading};
use crate::training::status::StopReason;
use crate::vault::{seal, version_of};

fn show_one(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    id: EnrolmentId,
) -> Result<Versioned<EnrolmentReply>, AppError> {
    let (enrolment, side) = rules::read(conn, actor, id)?;
    let record = reading::show(conn, actor, &app.vault, enrolment, side)?;
    Ok(Versioned { version: record.version(), record })
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    pub(super) limit: Option<i64>,
}

/// List the learners of a course of your school, in the order in which they enrolled. The view is logged.
#[utoipa::path(tag = "training", params(("id" = CourseId, Path), Paging), responses((status = 200, body = Page<LearnerView>)))]
#[get("/courses/{id}/enrolments")]
pub(super) async fn list_learners(
    caller: Caller,
    app: Data<App>,
    id: Path<CourseId>,
    query: Query<Paging>,
) -> Result<Json<Page<LearnerView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, EnrolmentId(cursor.id))),
        None => None,
    };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let rows = reading::roster(conn, actor, &vault, id.0, after, limit)?;
            let end = |row: &LearnerView| Cursor::after_date(row.enrolled_on, row.id.0);
            let page = Page::of(rows, limit, end, Ok)?;
            let seen = Seen::list(SubjectKind::Enrolment, page.items.iter().map(|item| item.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolmentForm {
    /// A referral to vocational training that your school accepted.
    referral_id: ReferralId,
    /// A course of your school with a place left.
    course_id: CourseId,
    /// Day of enrolment, not before the referral was accepted; today when absent.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    enrolled_on: Option<NaiveDate>,
}

/// Enrol the person of a referral in a course.
#[utoipa::path(tag = "training", request_body = EnrolmentForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = EnrolmentReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/enrolments")]
pub(super) async fn enrol(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<EnrolmentForm>,
) -> Result<Created<EnrolmentReply>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let new = NewEnrolment {
        id: EnrolmentId(app.random.uuid()),
        event: EnrolmentEventId(app.random.uuid()),
        referral_event: ReferralEventId(app.random.uuid()),
        referral: form.referral_id,
        course: form.course_id,
        enrolled_on: form.enrolled_on,
    };
    let (state, again) = (app.clone(), app.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        enrolling::enrol(conn, actor, &state.services, &state.trail, &new)?;
        log_reply(conn, actor, SubjectKind::Enrolment, new.id.0)?;
        show_one(conn, actor, &state, new.id)
    };
    let target = Target::record(SubjectKind::Enrolment, new.id.0);
    let reply = app
        .write_once(caller, bound, target, write, move |conn, actor, first| {
            show_one(conn, actor, &again, EnrolmentId(first))
        })
        .await?;
    let location = format!("/enrolments/{}", reply.record.id());
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

/// Read an enrolment: as the centre of the case, or as the school. The view is logged.
#[utoipa::path(tag = "training", params(("id" = EnrolmentId, Path)), responses((status = 200, body = EnrolmentReply)))]
#[get("/enrolments/{id}")]
pub(super) async fn read_enrolment(
    caller: Caller,
    app: Data<App>,
    id: Path<EnrolmentId>,
) -> Result<Versioned<EnrolmentReply>, AppError> {
    let state = app.clone();
    app.view(caller, move |conn, actor| {
        let reply = show_one(conn, actor, &state, id.0)?;
        Ok((reply, Seen::record(SubjectKind::Enrolment, id.0.0)))
    })
    .await
}

/// A certificate as it is sent.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateForm {
    /// Number.
    #[validate(length(min = 1, max = 60), custom(function = plain_text))]
    number: String,
    /// Day on which it was issued, not before the end of the course.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    issued_on: NaiveDate,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompletionForm {
    /// Day, not before the last day of study.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    completed_on: NaiveDate,
    /// What came of the referral.
    outcome: Outcome,
    /// Certificate; it may also follow later.
    #[validate(nested)]
    certificate: Option<CertificateForm>,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StopForm {
    /// Day, not before the last day of study.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    stopped_on: NaiveDate,
    /// Why.
    reason: StopReason,
}

fn sealed_number(app: &App, enrolment: &Enrolment, number: &str) -> Result<Vec<u8>, AppError> {
    let key = app.vault.key(enrolment.person_id)?;
    let next = version_of(enrolment.sealed_certificate_number.as_deref()) + 1;
    let place = Enrolment::certificate_place(enrolment.id);
    Ok(seal(&app.random, &key, enrolment.person_id, place, next, number)?)
}

async fn end(
    caller: Caller,
    app: &Data<App>,
    id: EnrolmentId,
    version: IfMatch,
    bound: BoundKey,
    (wish, number): (End, Option<String>),
) -> Result<Versioned<EnrolmentReply>, AppError> {
    let ids = EndIds { event: EnrolmentEventId(app.random.uuid()), referral_event: ReferralEventId(app.random.uuid()) };
    let (state, again) = (app.clone(), app.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |enrolment: &Enrolment| {
            number.as_deref().map(|number| sealed_number(&state, enrolment, number)).transpose()
        };
        let which = (id, version.0);
        enrolling::end(conn, actor, &state.services, &state.trail, which, wish, ids, sealing)?;
        log_reply(conn, actor, SubjectKind::Enrolment, id.0)?;
        show_one(conn, actor, &state, id)
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Enrolment, id.0), write, move |conn, actor, first| {
        show_one(conn, actor, &again, EnrolmentId(first))
    })
    .await
}

/// Declares the route of one end; they differ in name, body and end only.
macro_rules! end_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $form:ty, |$body:ident| $end:expr) => {
        $(#[$doc])*
        #[utoipa::path(tag = "training", request_body = $form,
            params(("id" = EnrolmentId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
            (status = 200, body = EnrolmentReply),
            (status = 409, body = Problem, content_type = "application/problem+json"),
            (status = 412, body = Problem, content_type = "application/problem+json")))]
        #[post($path)]
        pub(super) async fn $name(
            caller: Caller,
            app: Data<App>,
            id: Path<EnrolmentId>,
            version: IfMatch,
            key: IdempotencyKey,
            form: Valid<$form>,
        ) -> Result<Versioned<EnrolmentReply>, AppError> {
            let bound = key.bind(&app.ring.server, &form.bytes);
            let $body = form.body;
            end(caller, &app, id.0, version, bound, $end).await
        }
    };
}

end_route!(
    /// Say that the learner finished the course. The referral is completed with it.
    complete_enrolment, "/enrolments/{id}/complete", CompletionForm, |body| {
        let (issued_on, number) = body.certificate.map(|sent| (sent.issued_on, tidy(&sent.number))).unzip();
        let (on, outcome) = (body.completed_on, body.outcome);
        (End::Complete { on, outcome, certificate_issued_on: issued_on }, number)
    }
);
end_route!(
    /// Say that the learner stopped the course. The referral is stopped with it.
    stop_enrolment, "/enrolments/{id}/stop", StopForm, |body| {
        (End::Stop { on: body.stopped_on, reason: body.reason }, None)
    }
);
end_route!(
    /// Give a place back before the first day of study. The referral stays as it is.
    cancel_enrolment, "/enrolments/{id}/cancel", Nothing, |_body| (End::Cancel, None)
);

/// Record the certificate of a completed course, or correct it.
#[utoipa::path(tag = "training", request_body = CertificateForm, params(("id" = EnrolmentId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = EnrolmentReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[put("/enrolments/{id}/certificate")]
pub(super) async fn set_certificate(
    caller: Caller,
    app: Data<App>,
    id: Path<EnrolmentId>,
    version: IfMatch,
    form: Valid<CertificateForm>,
) -> Result<Versioned<EnrolmentReply>, AppError> {
    let (state, id) = (app.clone(), id.0);
    let (number, issued_on) = (tidy(&form.body.number), form.body.issued_on);
    app.write(caller, move |conn, actor| {
        let sealing = |enrolment: &Enrolment| sealed_number(&state, enrolment, &number);
        enrolling::certify(conn, actor, &state.trail, (id, version.0), issued_on, sealing)?;
        log_reply(conn, actor, SubjectKind::Enrolment, id.0)?;
        show_one(conn, actor, &state, id)
    })
    .await
}
