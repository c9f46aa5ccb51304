//! `/cases`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::deadlines::Deadline;
use super::model::{Case, CaseEvent, CaseEventView, CaseLine, CaseView};
use super::progress::Progress;
use super::rules::{self, Filter, ListRow, Move, NewCase};
use super::status::{CaseStatus, CloseReason};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::types::{AccountId, CaseEventId, CaseId, OrganisationId, PersonId};
use crate::error::{AppError, Problem, Rule};
use crate::grants::Action;
use crate::http::extract::{plain_text, present};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::persons::model::{SealedColumn, open_column};
use crate::persons::{ClientCategory, PersonView};
use crate::referrals::ReferralView;
use crate::text::tidy;
use crate::vault::{seal, version_of};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_cases)
        .service(create_case)
        .service(read_case)
        .service(update_case)
        .service(change_status)
        .service(assign_case)
        .service(list_case_events);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CaseFilter {
    /// Of this centre.
    organisation_id: Option<OrganisationId>,
    /// Counted in this unit.
    unit_code: Option<String>,
    /// In this status.
    status: Option<CaseStatus>,
    /// Assigned to this worker.
    assigned_to: Option<AccountId>,
    /// Of this person.
    person_id: Option<PersonId>,
    /// `true`: only cases of persons who were trafficked again.
    #[serde(default)]
    trafficked_again: bool,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the cases you may see, newest reception first. The view is logged.
#[utoipa::path(tag = "cases", params(CaseFilter), responses((status = 200, body = Page<CaseLine>)))]
#[get("/cases")]
async fn list_cases(
    caller: Caller,
    app: Data<App>,
    query: Query<CaseFilter>,
) -> Result<Json<Page<CaseLine>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let after = match listing::cursor(query.cursor.as_deref())? {
        Some(cursor) => Some((cursor.date()?, CaseId(cursor.id))),
        None => None,
    };
    let filter = Filter {
        organisation: query.organisation_id,
        unit_code: query.unit_code,
        status: query.status,
        assigned_to: query.assigned_to,
        person: query.person_id,
        trafficked_again: query.trafficked_again,
    };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, &filter, after, limit)?;
            let persons: Vec<PersonId> = rows.iter().map(|(case, _)| case.person_id).collect();
            let mut keys = vault.keys(&persons)?.into_iter();
            let end = |(case, _): &ListRow| Cursor::after_date(case.received_on, case.id.0);
            let page = Page::of(rows, limit, end, |(case, name)| {
                let key = keys.next().ok_or_else(|| AppError::internal("a data key is missing"))?;
                let person_name = open_column(&key, case.person_id, SealedColumn::Name, name.as_deref())?;
                Ok(CaseLine { case, person_name })
            })?;
            let seen = Seen::list(SubjectKind::Case, page.items.iter().map(|line| line.case.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

/// A case to be opened, as a form; an import fills one for each line that holds a case.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseForm {
    /// Whose case; a person you may see.
    pub person_id: PersonId,
    /// Centre; needed only when you work for several.
    pub organisation_id: Option<OrganisationId>,
    /// Unit it is counted in; must exist on the day of reception.
    #[validate(length(max = 20))]
    pub unit_code: String,
    /// Category it concerns.
    pub category: ClientCategory,
    /// Day of reception.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    pub received_on: NaiveDate,
    /// Whether the person, a victim of an earlier case, was trafficked again; they tell it, the program does not guess.
    #[serde(default)]
    pub trafficked_again: bool,
    /// Day on which somebody else identified the person as a victim, as the certificate says; of identified victims only.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    pub identified_on: Option<NaiveDate>,
    /// Summary.
    #[validate(length(min = 1, max = 5000), custom(function = plain_text))]
    pub summary: Option<String>,
}

/// Open a case.
#[utoipa::path(tag = "cases", request_body = CaseForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = CaseView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/cases")]
async fn create_case(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<CaseForm>,
) -> Result<Created<CaseView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let id = CaseId(app.random.uuid());
    let new = NewCase {
        id,
        event: CaseEventId(app.random.uuid()),
        person: form.person_id,
        organisation: form.organisation_id,
        unit_code: form.unit_code,
        category: form.category,
        received_on: form.received_on,
        trafficked_again: form.trafficked_again,
        identified_on: form.identified_on,
    };
    let summary = form.summary.as_deref().map(tidy);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut _, actor: &crate::accounts::Actor| {
        let sealing = || {
            let Some(text) = &summary else { return Ok(None) };
            let key = state.vault.key(new.person)?;
            Ok(Some(seal(&state.random, &key, new.person, Case::summary_place(id), 1, text)?))
        };
        let case = rules::create(conn, actor, &state.units, &state.trail, &new, sealing)?;
        let version = case.version;
        Ok((case.view(&state.vault.key(new.person)?)?, version))
    };
    let (case, version) = app
        .write_once(caller, bound, Target::record(SubjectKind::Case, id.0), write, move |conn, actor, first| {
            let case = rules::read(conn, actor, CaseId(first))?;
            let version = case.version;
            Ok((case.clone().view(&vault.key(case.person_id)?)?, version))
        })
        .await?;
    Ok(Created { location: format!("/cases/{}", case.id), version: Some(version), record: case })
}

/// A case with the person and the referrals.
#[derive(Debug, Serialize, ToSchema)]
struct CaseFile {
    #[serde(flatten)]
    case: CaseView,
    /// Step of case management it is in, computed from the record.
    progress: Progress,
    /// Whose case; absent once another centre goes on with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonView>,
    /// Referrals, oldest first; at most 200 (the rest is read from `/referrals`).
    referrals: Vec<ReferralView>,
    /// What is to be done and until when, soonest first.
    deadlines: Vec<Deadline>,
}

/// Read a case with its person and referrals. The view is logged.
#[utoipa::path(tag = "cases", params(("id" = CaseId, Path)), responses((status = 200, body = CaseFile)))]
#[get("/cases/{id}")]
async fn read_case(caller: Caller, app: Data<App>, id: Path<CaseId>) -> Result<Versioned<CaseFile>, AppError> {
    let (vault, deadlines) = (app.vault.clone(), app.deadlines.clone());
    app.view(caller, move |conn, actor| {
        let rules::CaseFile { case, person, shows_person, progress, referrals, deadlines } =
            rules::read_file(conn, actor, &deadlines, id.0)?;
        let key = vault.key(person.id)?;
        let version = case.version;
        let referrals = referrals.into_iter().map(|row| row.view(&key)).collect::<Result<_, _>>()?;
        let person = if shows_person { Some(person.view(&key)?) } else { None };
        let record = CaseFile { case: case.view(&key)?, progress, person, referrals, deadlines };
        Ok((Versioned { record, version }, Seen::record(SubjectKind::Case, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseChange {
    /// New summary; `null` empties it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 5000), custom(function = plain_text))]
    summary: Option<Option<String>>,
}

/// Change a case.
#[utoipa::path(tag = "cases", request_body = CaseChange, params(("id" = CaseId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = CaseView),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 428, body = Problem, content_type = "application/problem+json")))]
#[patch("/cases/{id}")]
async fn update_case(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    version: IfMatch,
    form: Valid<CaseChange>,
) -> Result<Versioned<CaseView>, AppError> {
    let state = app.clone();
    let summary = form.body.summary.map(|text| text.as_deref().map(tidy));
    app.write(caller, move |conn, actor| {
        let sealing = |case: &Case| {
            let Some(summary) = &summary else { return Ok(case.sealed_summary.clone()) };
            let Some(text) = summary else { return Ok(None) };
            let key = state.vault.key(case.person_id)?;
            let next = version_of(case.sealed_summary.as_deref()) + 1;
            let place = Case::summary_place(case.id);
            Ok(Some(seal(&state.random, &key, case.person_id, place, next, text)?))
        };
        let case = rules::update_summary(conn, actor, &state.trail, id.0, version.0, sealing)?;
        log_reply(conn, actor, SubjectKind::Case, id.0.0)?;
        let key = state.vault.key(case.person_id)?;
        Ok(Versioned { version: case.version, record: case.view(&key)? })
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatusChange {
    /// New status.
    to: CaseStatus,
    /// Day on which it happened.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    occurred_on: NaiveDate,
    /// Why; required when the case is closed.
    reason: Option<CloseReason>,
    /// Note.
    #[validate(length(min = 1, max = 5000), custom(function = plain_text))]
    note: Option<String>,
}

/// Move a case to another status.
#[utoipa::path(tag = "cases", request_body = StatusChange,
    params(("id" = CaseId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = CaseView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/cases/{id}/status")]
async fn change_status(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<StatusChange>,
) -> Result<Versioned<CaseView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let StatusChange { to, occurred_on, reason, note } = form.body;
    let event = CaseEventId(app.random.uuid());
    let note = note.as_deref().map(tidy);
    let (state, vault, id) = (app.clone(), app.vault.clone(), id.0);
    let write = move |conn: &mut _, actor: &crate::accounts::Actor| {
        let person = rules::read(conn, actor, id)?.person_id;
        let data_key = state.vault.key(person)?;
        let sealed_note = match &note {
            Some(text) => Some(seal(&state.random, &data_key, person, CaseEvent::note_place(event), 1, text)?),
            None => None,
        };
        let wish = Move { to, occurred_on, reason, event, sealed_note };
        let case = rules::change_status(conn, actor, &state.trail, id, version.0, &wish)?;
        crate::stays::rules::refresh(conn, &state.entitlements, person, actor.now)?;
        log_reply(conn, actor, SubjectKind::Case, id.0)?;
        Ok(Versioned { version: case.version, record: case.view(&data_key)? })
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Case, id.0), write, move |conn, actor, first| {
        let case = rules::read(conn, actor, CaseId(first))?;
        let key = vault.key(case.person_id)?;
        Ok(Versioned { version: case.version, record: case.view(&key)? })
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// Worker of the centre; `null` puts the case back to wait.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<AccountId>, required = true)]
    account_id: Option<Option<AccountId>>,
}

/// Assign a case to a worker, or take a waiting one.
#[utoipa::path(tag = "cases", request_body = Assignment, params(("id" = CaseId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = CaseView),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[put("/cases/{id}/assignment")]
async fn assign_case(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    version: IfMatch,
    form: Valid<Assignment>,
) -> Result<Versioned<CaseView>, AppError> {
    let worker = form.body.account_id.ok_or_else(|| AppError::field("account_id", Rule::Required))?;
    let (state, event) = (app.clone(), CaseEventId(app.random.uuid()));
    app.write(caller, move |conn, actor| {
        let case = rules::assign(conn, actor, &state.trail, id.0, version.0, worker, event)?;
        log_reply(conn, actor, SubjectKind::Case, id.0.0)?;
        let key = state.vault.key(case.person_id)?;
        Ok(Versioned { version: case.version, record: case.view(&key)? })
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// Read the dated events of a case. The view is logged.
#[utoipa::path(tag = "cases", params(("id" = CaseId, Path), Paging), responses((status = 200, body = Page<CaseEventView>)))]
#[get("/cases/{id}/events")]
async fn list_case_events(
    caller: Caller,
    app: Data<App>,
    id: Path<CaseId>,
    query: Query<Paging>,
) -> Result<Json<Page<CaseEventView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, CaseEventId(cursor.id))),
        None => None,
    };
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            actor.scope(Action::CaseRead)?;
            let (case, rows) = rules::list_events(conn, actor, id.0, after, limit)?;
            let key = vault.key(case.person_id)?;
            let end = |event: &CaseEvent| Cursor::after_instant(event.recorded_at, event.id.0);
            let page = Page::of(rows, limit, end, |event| rules::event_view(event, case.person_id, &key))?;
            Ok((page, Seen::record(SubjectKind::Case, id.0.0)))
        })
        .await?;
    Ok(Json(page))
}
