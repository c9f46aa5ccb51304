//! Persons on record that a line of a file looks like.

use std::collections::HashMap;

use chrono::Datelike as _;

use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::types::PersonId;
use crate::error::AppError;
use crate::persons::model::{Birth, SealedColumn, open_column};
use crate::persons::rules::{self as person_rules, PersonDetails};
use crate::text::fold;
use crate::vault::Vault;

/// Persons whose names are opened at a time.
const AT_A_TIME: i64 = 500;

/// By what a person is told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// Name, folded.
    pub(super) name: String,
    /// Year of birth, when it is known.
    pub(super) year: Option<i32>,
}

impl Look {
    /// Of somebody to be registered; none for somebody without a name.
    pub(super) fn of(person: &PersonDetails) -> Option<Self> {
        person.name.as_deref().map(|name| Self { name: fold(name), year: year_of(&person.birth) })
    }

    /// Whether both may be one person: the same name, and years of birth that do not differ.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        self.name == other.name && (self.year.is_none() || other.year.is_none() || self.year == other.year)
    }
}

fn year_of(birth: &Birth) -> Option<i32> {
    birth.earliest().map(|day| day.year())
}

/// For each look, persons whom the actor may see and whom it may be, `most` at the most.
/// Names are opened part by part, so memory is bounded; whoever the actor does not see is
/// neither read nor named.
pub(super) fn on_record(
    conn: &mut DbConnection,
    actor: &Actor,
    vault: &Vault,
    looks: &[Option<Look>],
    most: usize,
) -> Result<Vec<Vec<PersonId>>, AppError> {
    let mut wanted: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, look) in looks.iter().enumerate() {
        if let Some(look) = look {
            wanted.entry(&look.name).or_default().push(position);
        }
    }
    let mut found = vec![Vec::new(); looks.len()];
    let mut last = None;
    loop {
        let mut rows = person_rules::list(conn, actor, last, AT_A_TIME)?;
        let more = rows.len() > usize::try_from(AT_A_TIME).unwrap_or(usize::MAX);
        if more {
            rows.pop();
        }
        let keys = vault.keys(&rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        for (row, key) in rows.iter().zip(&keys) {
            let Some(name) = open_column(key, row.id, SealedColumn::Name, row.sealed_name.as_deref())? else {
                continue;
            };
            let known = Look { name: fold(&name), year: year_of(&row.birth()) };
            for position in wanted.get(known.name.as_str()).into_iter().flatten() {
                let like = looks.get(*position).and_then(Option::as_ref).is_some_and(|look| look.may_be(&known));
                if let Some(persons) = found.get_mut(*position).filter(|persons| like && persons.len() < most) {
                    persons.push(row.id);
                }
            }
        }
        match rows.last() {
            Some(row) if more => last = Some(row.id),
            _ => return Ok(found),
        }
    }
}
