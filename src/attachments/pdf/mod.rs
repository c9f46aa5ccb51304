//! PDFs are read whole by a strict reader of our own and written anew: what can be reached from the
//! catalogue, in one plain file, and nothing else. A program that shows the result sees what we saw.
//!
//! Not one of the crates for PDF: those we looked at trust the tables of a file, so that a small file
//! can make them read the same object a million times; ours reads every byte once, within a budget.

mod clean;
mod document;
mod streams;
mod syntax;
mod write;

use super::content::{Fault, Limits};

/// Makes a PDF anew.
pub(super) fn clean(sent: &[u8], limits: Limits) -> Result<Vec<u8>, Fault> {
    let document = document::read(sent)?;
    let objects = clean::reachable(document)?;
    write::file(&objects, limits.max_bytes)
}

#[cfg(test)]
mod tests;
