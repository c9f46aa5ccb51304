//! Referrals: from a centre to a partner that helps.

pub mod model;
pub mod routes;
pub mod rules;
pub mod status;

pub use model::ReferralView;
pub use status::ReferralStatus;
