//! Persons on record that a line of a file looks like.

use std::collections::HashMap;

use chrono::Datelike as _;

use crate::accounts::Actor;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::PersonId;
use crate::error::AppError;
use crate::grants::Action;
use crate::persons::model::{Birth, Person, SealedColumn, open_column};
use crate::persons::rules::{self as person_rules, PersonDetails};
use crate::persons::search::rules::bearers;
use crate::text::fold;
use crate::vault::Vault;

/// Persons whose names are opened at a time.
const AT_A_TIME: usize = 500;

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

/// Year of a birth, when it is known.
pub(super) fn year_of(birth: &Birth) -> Option<i32> {
    birth.earliest().map(|day| day.year())
}

/// For each look, persons whom the actor may see and who are `alike`, `most` at the most, in the order of ids.
/// The index of names says whose records are to be opened; where it cannot, all within reach are. Names are opened
/// part by part, so memory is bounded; whoever the actor does not see is neither read nor named.
pub(super) fn on_record(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    looks: &[Option<Look>],
    alike: fn(&Look, &Look) -> bool,
    most: usize,
) -> Result<Vec<Vec<PersonId>>, AppError> {
    let scope = actor.scope(Action::PersonRead)?;
    let mut sought = Sought::new(looks, alike, most);
    let names = looks.iter().flatten().map(|look| look.name.as_str());
    if let Some(bearers) = bearers(conn, &scope, &app.names, names)? {
        for some in bearers.chunks(AT_A_TIME) {
            sought.look_at(&app.vault, &person_rules::those_within(conn, &scope, some)?)?;
        }
        return Ok(sought.found);
    }
    let mut last = None;
    loop {
        let mut rows = person_rules::list(conn, actor, last, i64::try_from(AT_A_TIME).unwrap_or(i64::MAX))?;
        let more = rows.len() > AT_A_TIME;
        rows.truncate(AT_A_TIME);
        sought.look_at(&app.vault, &rows)?;
        match rows.last() {
            Some(row) if more => last = Some(row.id),
            _ => return Ok(sought.found),
        }
    }
}

/// Who is looked for, and who was found.
struct Sought<'a> {
    looks: &'a [Option<Look>],
    /// Positions of looks by their names.
    wanted: HashMap<&'a str, Vec<usize>>,
    alike: fn(&Look, &Look) -> bool,
    found: Vec<Vec<PersonId>>,
    most: usize,
}

impl<'a> Sought<'a> {
    fn new(looks: &'a [Option<Look>], alike: fn(&Look, &Look) -> bool, most: usize) -> Self {
        let mut wanted: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, look) in looks.iter().enumerate() {
            if let Some(look) = look {
                wanted.entry(&look.name).or_default().push(position);
            }
        }
        Self { looks, wanted, alike, found: vec![Vec::new(); looks.len()], most }
    }

    /// Opens the names of these records and notes whom they are like.
    fn look_at(&mut self, vault: &Vault, rows: &[Person]) -> Result<(), AppError> {
        let keys = vault.keys(&rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        for (row, key) in rows.iter().zip(&keys) {
            let Some(name) = open_column(key, row.id, SealedColumn::Name, row.sealed_name.as_deref())? else {
                continue;
            };
            let known = Look { name: fold(&name), year: year_of(&row.birth()) };
            for position in self.wanted.get(known.name.as_str()).into_iter().flatten() {
                let look = self.looks.get(*position).and_then(Option::as_ref);
                let like = look.is_some_and(|look| (self.alike)(look, &known));
                if let Some(persons) = self.found.get_mut(*position).filter(|found| like && found.len() < self.most) {
                    persons.push(row.id);
                }
            }
        }
        Ok(())
    }
}
