//! Finding persons by name. Names are sealed at rest, so what is searched is an index in the
//! memory of each node; whoever it finds is read and checked again in the records before
//! anything is shown: an index that lags behind may leave somebody out, and never shows more.

#[cfg(test)]
mod accuracy;
mod following;
mod index;
mod likeness;
mod matching;
pub mod model;
pub mod routes;
pub mod rules;
mod words;

pub use following::{NameIndex, forget_followed};
pub use likeness::{Alike, Likeness, likeness_of, plain_number};
pub use matching::Query;
