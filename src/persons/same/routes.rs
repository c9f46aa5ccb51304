//! `/persons/{id}/same…`.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::candidates::{candidates, reasons};
use super::model::{
    SameCandidates, SameDecisionId, SameDecisionView, SameDecisions, SamePreview, SplitReason, Verdict,
};
use super::rules::{self, Decision, Named};
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::types::PersonId;
use crate::error::{AppError, Problem};
use crate::http::{IdempotencyKey, IfMatch, Path, Valid, Versioned};
use crate::persons::PersonView;
use crate::stays;

/// Registers the routes.
pub(in crate::persons) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_same_candidates).service(list_same_decisions).service(decide_same);
    config.service(preview_same).service(split_same);
}

/// List who may be the same person, likeliest first, with the reasons. Nothing of this is kept. The view is logged.
#[utoipa::path(tag = "persons", params(("id" = PersonId, Path)), responses(
    (status = 200, body = SameCandidates),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[get("/persons/{id}/same-candidates")]
async fn list_same_candidates(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
) -> Result<Json<SameCandidates>, AppError> {
    let (names, vault) = (app.names.clone(), app.vault.clone());
    let reply = app
        .view(caller, move |conn, actor| {
            let items = candidates(conn, actor, &names, &vault, id.0)?;
            let shown = items.iter().map(|candidate| candidate.person.id.0);
            let seen = Seen::list(SubjectKind::Person, shown.chain([id.0.0]));
            Ok((SameCandidates { items }, seen))
        })
        .await?;
    Ok(Json(reply))
}

/// List what was decided about a person's records and still stands.
#[utoipa::path(tag = "persons", params(("id" = PersonId, Path)), responses((status = 200, body = SameDecisions)))]
#[get("/persons/{id}/same")]
async fn list_same_decisions(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
) -> Result<Json<SameDecisions>, AppError> {
    let reply = app
        .view(caller, move |conn, actor| {
            let items = rules::decisions_of(conn, actor, id.0)?.iter().map(|row| row.view(id.0)).collect();
            Ok((SameDecisions { items }, Seen::record(SubjectKind::Person, id.0.0)))
        })
        .await?;
    Ok(Json(reply))
}

/// Look at two records side by side before deciding. The `ETag` is the version to decide on. Both views are logged.
#[utoipa::path(tag = "persons", params(("id" = PersonId, Path), ("other" = PersonId, Path)), responses(
    (status = 200, body = SamePreview)))]
#[get("/persons/{id}/same/{other}")]
async fn preview_same(
    caller: Caller,
    app: Data<App>,
    ids: Path<(PersonId, PersonId)>,
) -> Result<Versioned<SamePreview>, AppError> {
    let vault = app.vault.clone();
    let (one, other) = ids.0;
    app.view(caller, move |conn, actor| {
        let (first, second) = rules::find_pair(conn, actor, one, other, Named::InPath)?;
        let (version, decided) = rules::pair_as_it_stands(conn, one, other)?;
        let view = |row: &crate::persons::model::Person| row.view(&vault.key(row.id)?);
        let (mut person, mut second) = (view(&first)?, view(&second)?);
        person.same_as = Some(rules::same_as(conn, actor, one)?);
        second.same_as = Some(rules::same_as(conn, actor, other)?);
        let preview = SamePreview {
            differs: differing(&person, &second),
            reasons: reasons(&person, &second),
            person_has: rules::records_of(conn, actor, one)?,
            other_has: rules::records_of(conn, actor, other)?,
            decided: decided.map(|decision| decision.view(one)),
            person,
            other: second,
        };
        let seen = Seen::list(SubjectKind::Person, [one.0, other.0].into_iter());
        Ok((Versioned { version, record: preview }, seen))
    })
    .await
}

fn differing(one: &PersonView, other: &PersonView) -> Vec<&'static str> {
    [
        ("anonymous", one.anonymous != other.anonymous),
        ("name", one.name != other.name),
        ("aliases", one.aliases != other.aliases),
        ("sex", one.sex != other.sex),
        ("birth", one.birth != other.birth),
        ("nationality", one.nationality != other.nationality),
        ("ethnicity", one.ethnicity != other.ethnicity),
        ("residence_unit_code", one.residence_unit_code != other.residence_unit_code),
        ("phone", one.phone != other.phone),
        ("national_id", one.national_id != other.national_id),
        ("address", one.address != other.address),
        ("safe_contact", one.safe_contact != other.safe_contact),
        ("categories", one.categories != other.categories),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDecision {
    /// The other record.
    other_id: PersonId,
    /// One person (they count once, and can be split again), or never one (not proposed again).
    verdict: Verdict,
}

/// Decide whether two records are one person. No record moves: a merge is a link that a split takes away.
#[utoipa::path(tag = "persons", request_body = NewDecision,
    params(("id" = PersonId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)), responses(
    (status = 200, body = SameDecisionView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 428, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/same")]
async fn decide_same(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<NewDecision>,
) -> Result<Versioned<SameDecisionView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let NewDecision { other_id, verdict } = form.body;
    let decision = Decision { id: SameDecisionId(app.random.uuid()), one: id.0, other: other_id, verdict };
    let state = app.clone();
    let write = move |conn: &mut _, actor: &Actor| {
        let (row, version) = rules::decide(conn, actor, &state.trail, decision, version.0)?;
        stays::rules::refresh(conn, &state.entitlements, decision.one, actor.now)?;
        log_reply(conn, actor, SubjectKind::Person, decision.one.0)?;
        Ok(Versioned { version, record: row.view(decision.one) })
    };
    let target = Target::part(SubjectKind::Person, id.0.0, decision.id.0);
    app.write_once(caller, bound, target, write, move |conn, actor, first| {
        rules::find_pair(conn, actor, decision.one, decision.other, Named::InBody)?;
        let row = rules::decision(conn, SameDecisionId(first))?;
        let (version, _) = rules::pair_as_it_stands(conn, decision.one, decision.other)?;
        Ok(Versioned { version, record: row.view(decision.one) })
    })
    .await
}

#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakeBack {
    /// Why.
    reason: SplitReason,
}

/// Take back what was decided about two records: one person is split again, all records as they were; a pair that was never one may be proposed again.
#[utoipa::path(tag = "persons", request_body = TakeBack,
    params(("id" = PersonId, Path), ("other" = PersonId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)), responses(
    (status = 200, body = SameDecisionView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 428, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/same/{other}/split")]
async fn split_same(
    caller: Caller,
    app: Data<App>,
    ids: Path<(PersonId, PersonId)>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<TakeBack>,
) -> Result<Versioned<SameDecisionView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (one, other) = ids.0;
    let (state, reason) = (app.clone(), form.body.reason);
    let write = move |conn: &mut _, actor: &Actor| {
        let (row, version) = rules::take_back(conn, actor, &state.trail, (one, other), reason, version.0)?;
        for person in [one, other] {
            stays::rules::refresh(conn, &state.entitlements, person, actor.now)?;
        }
        log_reply(conn, actor, SubjectKind::Person, one.0)?;
        Ok(Versioned { version, record: row.view(one) })
    };
    // Which decision stands is known inside only; a repeated request finds the last one of the pair that was taken back.
    let target = Target::record(SubjectKind::Person, one.0);
    app.write_once(caller, bound, target, write, move |conn, actor, _| {
        rules::find_pair(conn, actor, one, other, Named::InPath)?;
        let row = rules::last_taken_back(conn, one, other)?;
        let (version, _) = rules::pair_as_it_stands(conn, one, other)?;
        Ok(Versioned { version, record: row.view(one) })
    })
    .await
}
