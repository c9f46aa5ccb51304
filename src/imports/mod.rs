//! Importing what was kept on paper and in spreadsheets: templates, a dry run, an import
//! that is stored whole or not at all, and undoing it as a whole.
//!
//! A kind of import is a module, [`persons`] or [`loans`]: its columns, how a line is read, and
//! which rows come of it. [`sheet`] reads files, [`columns`] finds columns and reads cells.

pub mod columns;
pub mod decisions;
pub mod loans;
pub mod model;
pub mod persons;
pub mod report;
pub mod routes;
pub mod rules;
pub mod sheet;
pub mod template;

pub use model::ImportKind;
