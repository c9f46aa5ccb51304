//! From a referral to a job that lasts: courses, enrolments, attendance, aid, work.

mod aid;
mod attendance;
mod chain;
mod courses;
mod endings;
mod enrolling;
mod secrecy;
