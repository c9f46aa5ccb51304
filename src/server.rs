//! The HTTP server: all routes, and how it starts and stops.

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer, get, web};
use utoipa::Modify;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::Public;
use crate::app::App;
use crate::db::{Stage, Store};
use crate::error::{AppError, Problem};
use crate::http::finish::finish;
use crate::http::methods::KnownPaths;

#[derive(OpenApi)]
#[openapi(
    info(title = "Hòa Nhập", description = "Case management for victim support and reintegration services."),
    components(schemas(Problem)),
    modifiers(&BearerByDefault)
)]
struct Description;

struct BearerByDefault;

impl Modify for BearerByDefault {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = api.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        api.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    }
}

/// Registers every route of `/api/v1`. Routes are registered here and nowhere else,
/// always by `service`, so that the API description lists them all.
pub fn api(config: &mut ServiceConfig<'_>) {
    crate::accounts::routes::configure(config);
    crate::admin_units::routes::configure(config);
    crate::organisations::routes::configure(config);
    crate::persons::routes::configure(config);
    crate::consents::routes::configure(config);
    crate::guardians::routes::configure(config);
    crate::cases::routes::configure(config);
    crate::follow_ups::routes::configure(config);
    crate::assessments::routes::configure(config);
    crate::care_plans::routes::configure(config);
    crate::tasks::routes::configure(config);
    crate::reminders::routes::configure(config);
    crate::overviews::routes::configure(config);
    crate::referrals::routes::configure(config);
    crate::transfers::routes::configure(config);
    crate::deliveries::routes::configure(config);
    crate::entitlements::routes::configure(config);
    crate::stays::routes::configure(config);
    crate::training::routes::configure(config);
    crate::loans::routes::configure(config);
    crate::notes::routes::configure(config);
    crate::attachments::routes::configure(config);
    crate::imports::routes::configure(config);
    crate::outreach::routes::configure(config);
    crate::programmes::routes::configure(config);
    crate::statistics::routes::configure(config);
    crate::audit::routes::configure(config);
}

/// The API description, OpenAPI 3.1.
pub fn description() -> utoipa::openapi::OpenApi {
    let (_, api) = ActixApp::new()
        .into_utoipa_app()
        .openapi(Description::openapi())
        .service(utoipa_actix_web::scope("/api/v1").configure(api))
        .service(healthz)
        .service(readyz)
        .service(metrics_text)
        .service(api_description)
        .split_for_parts();
    api
}

/// The process runs.
#[utoipa::path(tag = "operation", security(()), responses((status = 200)))]
#[get("/healthz")]
async fn healthz(_: Public) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "ok"}))
}

/// Database and key store answer, and their schema is this program's.
#[utoipa::path(tag = "operation", security(()), responses((status = 200), (status = 503, body = Problem, content_type = "application/problem+json")))]
#[get("/readyz")]
async fn readyz(_: Public, app: Data<App>) -> Result<HttpResponse, AppError> {
    let not_ready = AppError::Busy { retry_after_seconds: 5 };
    let records = app.db.read(|conn| Ok(crate::db::stage(conn, Store::Main))).await;
    let keys = app.vault.store().read(|conn| Ok(crate::db::stage(conn, Store::Keys))).await;
    match (records, keys) {
        (Ok(Ok(Stage::Current)), Ok(Ok(Stage::Current))) => {
            Ok(HttpResponse::Ok().json(serde_json::json!({"status": "ready"})))
        }
        (records, keys) => {
            tracing::error!(?records, ?keys, "not ready");
            Err(not_ready)
        }
    }
}

/// Counters and timings for Prometheus, to readers on this machine that come through no proxy.
#[utoipa::path(tag = "operation", security(()), responses((status = 200, content_type = "text/plain")))]
#[get("/metrics")]
async fn metrics_text(_: Public, app: Data<App>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    // A live count of requests tells when somebody was registered, so only this machine reads it.
    let from_here = request.peer_addr().is_some_and(|address| address.ip().is_loopback());
    let forwarded = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    if !from_here || forwarded {
        return Err(AppError::NotFound);
    }
    let handle = app.metrics.as_ref().ok_or(AppError::NotFound)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render()))
}

/// This description.
#[utoipa::path(tag = "operation", security(()), responses((status = 200)))]
#[get("/api/openapi.json")]
async fn api_description(_: Public, document: Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}

struct ApiDocument(String);

async fn no_such_route(_: Public, paths: Data<KnownPaths>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    Err(paths.refusal(request.match_info().as_str()))
}

/// Makes the server, not yet running, that answers who comes to `listener`.
///
/// # Errors
/// When the system refuses.
pub fn on(app: App, listener: std::net::TcpListener, workers: usize) -> std::io::Result<actix_web::dev::Server> {
    let description = description();
    let text = description.to_json().map_err(std::io::Error::other)?;
    let paths = Data::new(KnownPaths::of(&description));
    let document = Data::new(ApiDocument(text));
    let app = Data::new(app);
    // Two a worker more than connections that read; more would wait, and each keeps memory of its own.
    // On PostgreSQL reads, writes and password hashes share them.
    let blocking_threads = usize::try_from(app.db.connections()).unwrap_or(usize::MAX).div_ceil(workers.max(1)) + 2;
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(app.clone())
            .app_data(document.clone())
            .app_data(paths.clone())
            .into_utoipa_app()
            .service(utoipa_actix_web::scope("/api/v1").configure(api))
            .service(healthz)
            .service(readyz)
            .service(metrics_text)
            .service(api_description)
            .into_app()
            .default_service(web::to(no_such_route))
            .wrap(from_fn(finish))
    })
    .workers(workers)
    .worker_max_blocking_threads(blocking_threads)
    .client_request_timeout(std::time::Duration::from_secs(10))
    .shutdown_timeout(25)
    .listen(listener)?;
    Ok(server.run())
}
