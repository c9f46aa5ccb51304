//! Somebody met who agrees is referred to a service: the group hears whether the person came and was served, the
//! service what it needs to expect somebody who gives no name.

pub mod model;
pub mod routes;
pub mod rules;
pub mod services;
