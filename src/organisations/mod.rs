//! Organisations: centres, facilities, schools, lenders, clinics, legal aid.

pub mod model;
pub mod routes;
pub mod rules;

pub use model::OrganisationKind;
