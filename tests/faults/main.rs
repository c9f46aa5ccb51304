//! Faults and what is left on disk, shown with the real program as a process.

mod canaries;
mod kill;
mod migrations;
mod process;
mod start;
