//! Which methods a path has, for the reply to one it has not (RFC 9110, 15.5.6). Paths are public in the API
//! description, and no record is looked at: the reply is the same whether what the path names is there or not.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use utoipa::openapi::{OpenApi, PathItem};

use crate::error::AppError;

/// The paths of the API, each with its methods.
#[derive(Debug)]
pub struct KnownPaths(Vec<(ResourceDef, Vec<Method>)>);

impl KnownPaths {
    /// Those of this description.
    pub fn of(description: &OpenApi) -> Self {
        let paths = description.paths.paths.iter();
        Self(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods_of(item))).collect())
    }

    /// Why a request that no route takes is refused.
    pub fn refusal(&self, path: &str) -> AppError {
        let mut allowed: Vec<&str> = Vec::new();
        for (_, methods) in self.0.iter().filter(|(known, _)| known.is_match(path)) {
            allowed.extend(methods.iter().map(Method::as_str));
        }
        allowed.sort_unstable();
        allowed.dedup();
        if allowed.is_empty() { AppError::NotFound } else { AppError::MethodNotAllowed { allow: allowed.join(", ") } }
    }
}

fn methods_of(item: &PathItem) -> Vec<Method> {
    let offered = [
        (Method::DELETE, &item.delete),
        (Method::GET, &item.get),
        (Method::PATCH, &item.patch),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
    ];
    offered.into_iter().filter_map(|(method, operation)| operation.is_some().then_some(method)).collect()
}
