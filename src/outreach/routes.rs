//! `/outreach`, `/intervention-points` and `/peer-groups`.

use actix_web::get;
use actix_web::web::{Data, Json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{OutreachCatalogue, conflicts, groups, links, parcels, points, referrals, reports, sessions, sync};
use crate::accounts::Caller;
use crate::app::App;
use crate::error::AppError;
use crate::grants::Action;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_catalogue);
    points::routes::configure(config);
    groups::routes::configure(config);
    sessions::routes::configure(config);
    sync::routes::configure(config);
    conflicts::routes::configure(config);
    reports::routes::configure(config);
    links::routes::configure(config);
    referrals::routes::configure(config);
    parcels::routes::configure(config);
}

/// Read the models of intervention with what was reported of them, and the words for kinds and roles.
#[utoipa::path(tag = "outreach", responses((status = 200, body = OutreachCatalogue)))]
#[get("/outreach/catalogue")]
async fn read_catalogue(caller: Caller, app: Data<App>) -> Result<Json<OutreachCatalogue>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::InterventionPointRead)).await?;
    Ok(Json((*app.outreach).clone()))
}
