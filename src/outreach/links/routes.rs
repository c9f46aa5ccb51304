//! `/persons/{id}/contact-codes`.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, delete, get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{CodeLink, CodeLinkView};
use super::rules;
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{CodeLinkId, PersonId};
use crate::error::{AppError, FieldError, Problem};
use crate::http::{Created, IdempotencyKey, Path, Valid};
use crate::outreach::codes::ContactCode;

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_links).service(create_link).service(delete_link);
}

/// List the contact codes that were linked to a person; not what they are.
#[utoipa::path(tag = "outreach", params(("id" = PersonId, Path)), responses((status = 200, body = Vec<CodeLinkView>)))]
#[get("/persons/{id}/contact-codes")]
async fn list_links(caller: Caller, app: Data<App>, id: Path<PersonId>) -> Result<Json<Vec<CodeLinkView>>, AppError> {
    let links = app
        .view(caller, move |conn, actor| {
            Ok((rules::list(conn, actor, id.0)?, Seen::record(SubjectKind::Person, id.0.0)))
        })
        .await?;
    Ok(Json(links.into_iter().map(Into::into).collect()))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeLinkForm {
    /// The code, as the person says it or as the card shows it.
    code: ContactCode,
}

/// Link a contact code to a person who agreed to support: from then on both count as one.
#[utoipa::path(tag = "outreach", request_body = CodeLinkForm, params(("id" = PersonId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = CodeLinkView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/{id}/contact-codes")]
async fn create_link(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
    key: IdempotencyKey,
    form: Valid<CodeLinkForm>,
) -> Result<Created<CodeLinkView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (person, now) = (id.0, app.clock.now());
    let code_mac = form.body.code.keyed(&app.ring.programme, now.civil_date()).map_err(|broken| {
        let named = |(field, rule): (&str, _)| FieldError::new(format!("code.{field}"), rule);
        AppError::Invalid(broken.into_iter().map(named).collect())
    })?;
    let row = CodeLink {
        id: CodeLinkId(app.random.uuid()),
        code_mac,
        person_id: person,
        linked_by: caller.account,
        linked_at: now,
    };
    let (trail, target) = (app.trail.clone(), Target::part(SubjectKind::Person, person.0, row.id.0));
    let write = move |conn: &mut _, actor: &_| {
        rules::link(conn, actor, &trail, &row)?;
        Ok(row.clone())
    };
    let rebuild = move |conn: &mut _, actor: &_, first| rules::read(conn, actor, person, CodeLinkId(first));
    let row = app.write_once(caller, bound, target, write, rebuild).await?;
    Ok(Created { location: format!("/persons/{person}/contact-codes"), version: None, record: row.into() })
}

/// Take the link between a contact code and a person back.
#[utoipa::path(tag = "outreach", params(("id" = PersonId, Path), ("link" = CodeLinkId, Path)), responses((status = 204)))]
#[delete("/persons/{id}/contact-codes/{link}")]
async fn delete_link(
    caller: Caller,
    app: Data<App>,
    path: Path<(PersonId, CodeLinkId)>,
) -> Result<HttpResponse, AppError> {
    let ((person, link), trail) = (path.0, app.trail.clone());
    app.write(caller, move |conn, actor| rules::unlink(conn, actor, &trail, person, link)).await?;
    Ok(HttpResponse::NoContent().finish())
}
