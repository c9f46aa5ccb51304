//! The last word on every reply: request id, security headers, problem documents,
//! one log line and one metric. Nothing here knows the body or the query string.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;

use crate::error::{AppError, Language};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware around every route.
///
/// # Errors
/// Those of the framework's own layers; errors of routes become problem documents here.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    #[expect(clippy::disallowed_methods, reason = "it names a request, not a record")]
    let request_id = uuid::Uuid::new_v4().simple().to_string();
    let language = Language::of(header(&request, &ACCEPT_LANGUAGE));
    let method = request.method().clone();
    let response = next.call(request).await?;
    let mut response = match response.response().error().and_then(|e| e.as_error::<AppError>()) {
        Some(error) => {
            let document = problem(error, language, &request_id);
            response.into_response(document)
        }
        None => unroute(response, language, &request_id),
    };
    // The route's template, never the path: paths carry ids.
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    metrics::histogram!("hoanhap_request_seconds", "route" => route.clone(), "method" => method.to_string(), "status" => status.to_string())
        .record(elapsed.as_secs_f64());
    tracing::info!(request.id = %request_id, %method, route, status, micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), "request");
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A file says so more strictly itself.
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    Ok(response)
}

fn header<'a>(request: &'a ServiceRequest, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// An error the framework made itself (no such route) reads like ours.
fn unroute<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    language: Language,
    request_id: &str,
) -> ServiceResponse<BoxBody> {
    let problem_of = |error: &AppError| problem(error, language, request_id);
    let ours = response.headers().contains_key(CONTENT_TYPE);
    match response.status() {
        StatusCode::NOT_FOUND if !ours => response.into_response(problem_of(&AppError::NotFound)),
        _ => response.map_into_boxed_body(),
    }
}

fn problem(error: &AppError, language: Language, request_id: &str) -> actix_web::HttpResponse {
    if error.status().is_server_error() {
        tracing::error!(request.id = %request_id, cause = %error, "request failed");
    }
    let mut reply = actix_web::HttpResponse::build(error.status());
    if let Some(seconds) = error.retry_after() {
        reply.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    if let AppError::MethodNotAllowed { allow } = error {
        reply.insert_header((ALLOW, allow.as_str()));
    }
    if let AppError::VersionStale { current, .. } = error {
        reply.insert_header((ETAG, format!("\"{current}\"")));
    }
    let body = serde_json::to_string(&error.problem(language, request_id)).unwrap_or_default();
    reply.insert_header((CONTENT_TYPE, "application/problem+json")).body(body)
}
