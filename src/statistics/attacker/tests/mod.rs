use super::*;

mod controls;
mod known;
mod widths;
