//! `/persons/search`.

use actix_web::post;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::matching::Query;
use super::model::FoundPersons;
use super::rules;
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::error::{AppError, Problem};
use crate::http::Valid;
use crate::http::extract::plain_text;

/// Persons shown when the client names no limit.
const DEFAULT_LIMIT: u16 = 20;

/// What was typed. It stands in the body, never in a URL, which proxies and browsers keep.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameSearch {
    /// Words of a name or alias in any order, with or without marks; the last may be cut short. A year of birth may stand among them.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    name: String,
    /// Year of birth; persons whose birth is not known are found after the others.
    #[validate(range(min = 1900, max = 2100))]
    birth_year: Option<u16>,
    /// Persons to show, 1 to 50; 20 when absent.
    #[validate(range(min = 1, max = 50))]
    limit: Option<u16>,
}

/// Find persons you may see by name, best first. Changes nothing, so it takes no Idempotency-Key. The view is logged.
#[utoipa::path(tag = "persons", request_body = NameSearch, responses(
    (status = 200, body = FoundPersons),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[post("/persons/search")]
pub(in crate::persons) async fn search_persons(
    caller: Caller,
    app: Data<App>,
    form: Valid<NameSearch>,
) -> Result<Json<FoundPersons>, AppError> {
    let query = Query::read(&form.body.name, form.body.birth_year)?;
    let limit = usize::from(form.body.limit.unwrap_or(DEFAULT_LIMIT));
    let (names, vault) = (app.names.clone(), app.vault.clone());
    let found = app
        .view(caller, move |conn, actor| {
            let found = rules::search(conn, actor, &names, &vault, &query, limit)?;
            let seen = Seen::list(SubjectKind::Person, found.items.iter().map(|person| person.id.0));
            Ok((found, seen))
        })
        .await?;
    Ok(Json(found))
}
