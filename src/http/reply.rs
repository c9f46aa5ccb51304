//! Replies with a version (`ETag`) or a place (`Location`).

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A record people edit, with the version it has.
#[derive(Debug)]
pub struct Versioned<T> {
    /// The record.
    pub record: T,
    /// Its version; `ETag` is this number in quotes.
    pub version: i32,
}

impl<T: Serialize> Responder for Versioned<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().insert_header((ETAG, etag(self.version))).json(self.record)
    }
}

/// A record that was made (or, for a repeated request, had been made).
#[derive(Debug)]
pub struct Created<T> {
    /// Path below `/api/v1` at which the record is read.
    pub location: String,
    /// The record.
    pub record: T,
    /// Its version, when people edit it.
    pub version: Option<i32>,
}

impl<T: Serialize> Responder for Created<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut reply = HttpResponse::Created();
        reply.insert_header((LOCATION, format!("/api/v1{}", self.location)));
        if let Some(version) = self.version {
            reply.insert_header((ETAG, etag(version)));
        }
        reply.json(self.record)
    }
}

fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// What a browser may do with a page that has this one style, and nothing else: show it.
pub fn style_policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'")
}
