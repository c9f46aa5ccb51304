//! `/exchange-mappings`, `/programmes/{code}/exchange` and `/reported-values/exchange`: figures to and from other systems.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Json, Payload, block};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::{ExchangeFormat, FigureFile, Told, data_set, refuse_misdated};
use crate::accounts::Caller;
use crate::app::App;
use crate::error::{AppError, Problem};
use crate::grants::Action;
use crate::http::{IdempotencyKey, Path, Query};
use crate::programmes::figures::routes::{Words, count_what_is_due, read_for, turn};
use crate::programmes::sheets::routes::import_of;
use crate::programmes::sheets::{Content, RegisterImportView, Table};
use crate::text::tidy;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_mappings).service(send_figures).service(receive_figures);
}

/// A file that says what figures are called in another system.
#[derive(Debug, Serialize, ToSchema)]
struct ExchangeMappingView {
    /// Its name.
    name: String,
    /// Our code of the report; of an export the code of the plan. None where something is wrong with the file.
    code: Option<String>,
    /// Id of the report in the other system.
    data_set: Option<String>,
    /// Our elements it names, each once.
    elements: Vec<String>,
    /// Units it names.
    units: usize,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExchangeMappings {
    /// The files, by name.
    items: Vec<ExchangeMappingView>,
}

/// List the other systems that figures can be sent to or taken from.
#[utoipa::path(tag = "programmes", responses((status = 200, body = ExchangeMappings)))]
#[get("/exchange-mappings")]
async fn list_mappings(caller: Caller, app: Data<App>) -> Result<Json<ExchangeMappings>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::IndicatorRead)).await?;
    let shelf = app.mappings.clone();
    let items = block(move || -> Result<_, AppError> {
        shelf.names()?.into_iter().map(|name| view(&shelf, name)).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(ExchangeMappings { items: items.await?? }))
}

fn view(shelf: &super::MappingShelf, name: String) -> Result<ExchangeMappingView, AppError> {
    let mapping = match shelf.read(&name) {
        Ok(mapping) => Some(mapping),
        Err(AppError::Invalid(_)) => None,
        Err(error) => return Err(error),
    };
    let mut elements: Vec<String> =
        mapping.iter().flat_map(|mapping| mapping.elements().map(|(element, ..)| element.to_owned())).collect();
    elements.dedup();
    Ok(ExchangeMappingView {
        name,
        code: mapping.as_ref().map(|mapping| mapping.code().to_owned()),
        data_set: mapping.as_ref().map(|mapping| mapping.data_set().to_owned()),
        units: mapping.as_ref().map_or(0, |mapping| mapping.units().count()),
        elements,
    })
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SendingFilter {
    /// Name of the mapping.
    #[validate(length(max = 60))]
    mapping: String,
    /// Format.
    format: ExchangeFormat,
    /// Unit; that of the plan when absent. It must exist on the map.
    #[validate(length(max = 20))]
    unit: Option<String>,
    /// Period: `2025`, `2025-H1`, `2025-Q1`, `2025-03` or `2021-2025`; the newest year of the plan that has begun when absent.
    #[validate(length(max = 9))]
    period: Option<String>,
    /// Ways to break figures down, with commas between them: one of `province`, `district`, `commune`; `month`; `class`; `commune_kind`.
    #[validate(length(max = 60))]
    breakdown: Option<String>,
    /// Map that units are shown on: `period` (its last day, or today), `today`, or a day.
    #[validate(length(max = 10))]
    map: Option<String>,
}

/// Get the figures of a plan as a file for another system: those that the mapping names. What has no counterpart there
/// is refused by name, and nothing is sent.
#[utoipa::path(tag = "programmes", params(("code" = String, Path), SendingFilter), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/programmes/{code}/exchange")]
async fn send_figures(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    query: Query<SendingFilter>,
) -> Result<HttpResponse, AppError> {
    let SendingFilter { mapping, format, unit, period, breakdown, map } = query.0;
    let turn = turn(&app, caller).await?;
    count_what_is_due(&app).await?;
    let shelf = app.mappings.clone();
    let mapping = block(move || shelf.read(&mapping)).await??;
    let (state, now) = (app.clone(), app.clock.now());
    let (file, name) = app
        .read(caller, move |conn, actor| {
            let _turn = turn;
            let words = Words {
                unit: unit.as_deref(),
                period: period.as_deref(),
                breakdown: breakdown.as_deref(),
                map: map.as_deref(),
            };
            let all = read_for(conn, actor, &state, &code.0, words, None)?;
            if let Some(plan) = state.plans.now().get(&code.0) {
                refuse_misdated(plan, &mapping)?;
            }
            let file = format.write(&data_set(&all, &mapping), &mapping, now)?;
            Ok((file, format!("{}_{}_{}.{}", all.programme, all.unit_code, all.period, format.extension())))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(file))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReceivingFilter {
    /// Name of the mapping.
    #[validate(length(max = 60))]
    mapping: String,
    /// Format of the file.
    format: ExchangeFormat,
    /// Who reported the figures.
    source_agency: String,
    /// In which document.
    source_document: String,
    /// Of which day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    source_on: NaiveDate,
    /// Why they replace what stands; needed where something else stands.
    reason: Option<String>,
    /// `true`: store everything once nothing is wrong; else it is only said what is wrong.
    #[serde(default)]
    apply: bool,
}

/// Bring in figures of another system as reported values: all of a file or nothing. What stands already with the same
/// value is left as it is. Read the import at `Location` for how far it is.
#[utoipa::path(tag = "reported-values", params(ReceivingFilter, ("Idempotency-Key" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 202, body = RegisterImportView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/reported-values/exchange")]
async fn receive_figures(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    query: Query<ReceivingFilter>,
    payload: Payload,
) -> Result<HttpResponse, AppError> {
    let ReceivingFilter { mapping: name, format, source_agency, source_document, source_on, reason, apply } = query.0;
    app.read(caller, |_, actor| actor.scope(Action::ReportedValueWrite)).await?;
    let (shelf, wanted) = (app.mappings.clone(), name.clone());
    let mapping = block(move || shelf.read(&wanted)).await??;
    let told = Told {
        agency: tidy(&source_agency),
        document: tidy(&source_document),
        on: source_on,
        reason: reason.as_deref().map(tidy).unwrap_or_default(),
    };
    let content = Content::Figures(Box::new(FigureFile { mapping, format, told }));
    import_of(request, (caller, app), (Table::Reported, content, &name), apply, key, payload).await
}
