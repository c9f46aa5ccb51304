//! What the program promises, told as stories through the API.

mod bulk;
mod case_life;
mod connections;
mod consent;
mod consent_acts;
mod editors;
mod guessing;
mod lists;
mod main_job;
mod partners;
mod regressions;
mod repeats;
mod sessions;
mod supervisor;
mod tokens;
mod trail;
mod transfers;
mod traps;
mod victims;
mod views;
