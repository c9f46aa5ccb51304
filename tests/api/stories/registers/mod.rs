//! Registers of a programme: what its officers record, who reaches it, and what it comes to.

mod entries;
mod files;
mod histories;
mod numbers;
mod reach;
mod reported;
