//! `/admin-units/{code}/shares`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{ShareBasis, UnitShare, UnitShareHead, UnitSharesView};
use super::rules::{self, Declaration};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::types::UnitSharesId;
use crate::error::{AppError, Problem};
use crate::http::{IfMatch, Path, Valid, Versioned};

/// Registers the routes.
pub(in crate::admin_units) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_shares).service(declare_shares).service(take_shares_back);
}

fn versioned(head: UnitShareHead, rows: Vec<UnitShare>) -> Versioned<UnitSharesView> {
    let record = UnitSharesView {
        id: Some(head.id),
        unit_code: head.unit_code,
        declared_at: head.basis.map(|_| head.declared_at),
        basis: head.basis,
        shares: rows.into_iter().map(Into::into).collect(),
    };
    Versioned { version: head.version, record }
}

/// Read which share of a split unit lies in which new one, as declared. Before anything was declared there are
/// none, at version 0.
#[utoipa::path(tag = "admin-units", params(("code" = String, Path)), responses((status = 200, body = UnitSharesView)))]
#[get("/admin-units/{code}/shares")]
async fn read_shares(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
) -> Result<Versioned<UnitSharesView>, AppError> {
    let (units, asked) = (app.units.clone(), code.0.clone());
    let found = app.read(caller, move |conn, actor| rules::read(conn, actor, &units, &asked)).await?;
    Ok(match found {
        Some((head, rows)) => versioned(head, rows),
        None => Versioned {
            version: 0,
            record: UnitSharesView { id: None, unit_code: code.0, basis: None, declared_at: None, shares: Vec::new() },
        },
    })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnitSharesForm {
    /// What the shares rest on.
    basis: ShareBasis,
    /// One for each unit the split one went into; together 1000.
    #[validate(length(min = 1, max = 20), nested)]
    shares: Vec<UnitShareForm>,
}

#[derive(Debug, Deserialize, Validate, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnitShareForm {
    /// One of the units it went into.
    #[validate(length(max = 20))]
    successor_code: String,
    /// Thousandths of what is counted in the split unit.
    #[validate(range(min = 0, max = 1000))]
    thousandths: i32,
}

/// Declare which share of a split unit lies in which new one, in place of what was declared before (`If-Match: "0"`
/// the first time). Figures on the new map divide by it; without, they leave what was recorded there at the province.
#[utoipa::path(tag = "admin-units", request_body = UnitSharesForm, params(("code" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = UnitSharesView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[put("/admin-units/{code}/shares")]
async fn declare_shares(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    version: IfMatch,
    form: Valid<UnitSharesForm>,
) -> Result<Versioned<UnitSharesView>, AppError> {
    let share = |share: UnitShareForm| UnitShare {
        unit_code: code.0.clone(),
        successor_code: share.successor_code,
        thousandths: share.thousandths,
    };
    let UnitSharesForm { basis, shares } = form.body;
    let mut shares: Vec<UnitShare> = shares.into_iter().map(share).collect();
    let declaration = Declaration { id: UnitSharesId(app.random.uuid()), basis, shares: shares.clone() };
    let state = app.clone();
    let head = app
        .write(caller, move |conn, actor| {
            rules::declare(conn, actor, (&state.units, &state.trail), (&code.0, version.0), &declaration)
        })
        .await?;
    shares.sort_by(|a, b| a.successor_code.cmp(&b.successor_code));
    Ok(versioned(head, shares))
}

/// Take declared shares back: figures on the new map leave what was recorded there at the province again.
#[utoipa::path(tag = "admin-units", params(("code" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[delete("/admin-units/{code}/shares")]
async fn take_shares_back(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    version: IfMatch,
) -> Result<HttpResponse, AppError> {
    let state = app.clone();
    app.write(caller, move |conn, actor| {
        rules::take_back(conn, actor, (&state.units, &state.trail), (&code.0, version.0))
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
