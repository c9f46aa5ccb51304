//! Peer groups, self-help groups and clubs: who supports them, where they work, how many they are.

pub mod model;
pub mod routes;
pub mod rules;
