//! Hòa Nhập: case management for victim support and reintegration services in Vietnam.
//!
//! Features are folders; each has `routes` (parse and reply), `rules` (the rule and
//! its queries) and `model` (rows and words). `docs/developers/README.md` is the map.

pub mod accounts;
pub mod admin_units;
pub mod apart;
pub mod app;
pub mod assessments;
pub mod attachments;
pub mod audit;
pub mod boot;
pub mod care_plans;
pub mod cases;
pub mod clock;
pub mod config;
pub mod consents;
pub mod db;
pub mod deliveries;
pub mod demo;
pub mod entitlements;
pub mod error;
pub mod follow_ups;
pub mod grants;
pub mod guardians;
pub mod http;
pub mod imports;
pub mod loans;
pub mod notes;
pub mod organisations;
pub mod outreach;
pub mod overviews;
pub mod persons;
pub mod programmes;
pub mod referrals;
pub mod reminders;
pub mod server;
pub mod services;
pub mod settings;
pub mod statistics;
pub mod stays;
pub mod tasks;
pub mod text;
pub mod training;
pub mod transfers;
pub mod vault;
pub mod working_calendar;
