//! Reading one plan file; what is wrong is told with line and field.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Books;
use super::check;
use super::model::Plan;

/// Bytes a plan file may have.
pub const MOST_BYTES: usize = 1024 * 1024;

/// Letters of a key that is named.
const LONGEST_KEY: usize = 60;

/// Something in a plan file that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFault {
    /// Line, from 1.
    pub line: usize,
    /// Field, as `indicators[2].targets[0].value`; empty of the whole file.
    pub field: String,
    /// What is allowed.
    pub message: String,
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "line {}: {}", self.line, self.message)
        } else {
            write!(f, "line {}, {}: {}", self.line, self.field, self.message)
        }
    }
}

/// A plan that was read from a file.
#[derive(Debug, Clone)]
pub struct PlanFile {
    /// The plan.
    pub plan: Plan,
}

impl PlanFile {
    /// As [`PlanFile::read`], of the bytes of a file.
    ///
    /// # Errors
    /// As [`PlanFile::read`]; what is no text.
    pub fn read_bytes(bytes: &[u8], books: Books<'_>) -> Result<Self, Vec<PlanFault>> {
        match std::str::from_utf8(bytes) {
            // A file cut at the limit may end within a letter; that it is too long says more.
            _ if bytes.len() > MOST_BYTES => Err(vec![too_long()]),
            Ok(text) => Self::read(text, books),
            Err(error) => {
                let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
                Err(vec![PlanFault { line, field: String::new(), message: "a plan is text in UTF-8".into() }])
            }
        }
    }

    /// Reads and checks a plan.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines: of the form the first fault, else all.
    pub fn read(text: &str, books: Books<'_>) -> Result<Self, Vec<PlanFault>> {
        Self::read_as(text, books, |_| {})
    }

    /// As [`PlanFile::read`], of a version that is stored. What an earlier program took, and would never tell a figure, is
    /// left out.
    ///
    /// # Errors
    /// As [`PlanFile::read`].
    pub fn read_stored(text: &str, books: Books<'_>) -> Result<Self, Vec<PlanFault>> {
        Self::read_as(text, books, |plan| check::leave_out_silent_breakdowns(plan, books))
    }

    fn read_as(text: &str, books: Books<'_>, mend: impl FnOnce(&mut Plan)) -> Result<Self, Vec<PlanFault>> {
        if text.len() > MOST_BYTES {
            return Err(vec![too_long()]);
        }
        let mut plan: Plan = read_form(text).map_err(|fault| vec![fault])?;
        mend(&mut plan);
        let tree = DeTable::parse(text).ok();
        let at = |(field, message): (String, String)| {
            let place = tree.as_ref().map_or(0, |tree| place_of(tree, &field));
            PlanFault { line: line_of(text, place), field, message }
        };
        let mut faults: Vec<PlanFault> = check::faults(&plan, books).into_iter().map(at).collect();
        faults.sort_by_key(|fault| fault.line);
        if faults.is_empty() { Ok(Self { plan }) } else { Err(faults) }
    }
}

fn too_long() -> PlanFault {
    PlanFault { line: 1, field: String::new(), message: format!("a plan has at most {MOST_BYTES} bytes") }
}

fn read_form(text: &str) -> Result<Plan, PlanFault> {
    let fault = |field: String, error: &toml::de::Error| PlanFault {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        field,
        message: error.message().to_owned(),
    };
    let reader = toml::Deserializer::parse(text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        fault(key_before(text, place), &error)
    })?;
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        fault(if path == "." { String::new() } else { path }, error.inner())
    })
}

/// The key with which the line of a place begins; nothing where it begins with none.
fn key_before(text: &str, place: usize) -> String {
    let before = text.get(..place).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let is_key =
        key.len() <= LONGEST_KEY && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_key { key.to_owned() } else { String::new() }
}

fn line_of(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1
}

/// Where a field stands; where its last steps are not written down, the part of it that is.
fn place_of(tree: &Spanned<DeTable<'_>>, field: &str) -> usize {
    let mut place = tree.span().start;
    let mut table = Some(tree.get_ref());
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    for step in field.replace('[', ".[").split('.') {
        let next = match step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(number) => {
                let list = value.and_then(|value| value.get_ref().as_array());
                list.and_then(|list| list.get(number.parse::<usize>().ok()?))
            }
            None => table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == step).map(|(_, value)| value)),
        };
        let Some(found) = next else { break };
        place = found.span().start;
        table = found.get_ref().as_table();
        value = Some(found);
    }
    place
}
