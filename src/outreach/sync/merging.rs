//! Two who changed the same record: compared field by field with what each had seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::Validate;

use super::operation::{FieldChange, object};
use super::reading::fields_of;
use crate::error::{FieldError, Rule};
use crate::http::extract::parse_json;
use crate::outreach::sessions::fields::{KeptContact, SessionFields};

/// Fields of a session or contact: what they are compared as.
pub trait Fields: Serialize + DeserializeOwned + Validate + ToSchema {
    /// Sets in order, texts composed.
    #[must_use]
    fn in_one_form(self) -> Self;
}

impl Fields for SessionFields {
    fn in_one_form(self) -> Self {
        self.tidied()
    }
}

impl Fields for KeptContact {
    fn in_one_form(self) -> Self {
        self.tidied()
    }
}

/// Bytes of a value in a conflict: more than any value of ours ever had.
const LONGEST: usize = 4_000;

/// Fields by name.
pub type Named = Map<String, Value>;

/// Two different things said of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Clash {
    /// Field.
    pub field: String,
    /// What the one who comes second had seen.
    pub base: Value,
    /// What stands.
    pub current: Value,
    /// What the one who comes second says.
    pub offered: Value,
}

/// What comes of changes.
#[derive(Debug, Default, PartialEq)]
pub struct Merged {
    /// All fields, with what could be changed.
    pub fields: Named,
    /// Names of those that changed.
    pub changed: BTreeSet<String>,
    /// Fields that somebody else changed meanwhile to something else.
    pub clashes: Vec<Clash>,
}

/// Applies changes to a record: a field that still is what was seen is set; one that is already what it becomes stays;
/// any other is a clash, and stays as it is. Of a record that was taken away every field that would change clashes.
/// `same` says whether a stored value (first) is the one that was seen.
///
/// # Errors
/// Values that the field cannot have.
pub fn merge<F: Fields>(
    current: &Named,
    removed: bool,
    changes: &BTreeMap<String, FieldChange>,
    same: impl Fn(&str, &Value, &Value) -> bool,
) -> Result<Merged, Vec<FieldError>> {
    let mut merged = Merged { fields: current.clone(), ..Merged::default() };
    for (field, change) in changes {
        let offered = in_one_form::<F>(current, field, &change.to)?;
        // What was seen may be of a form no longer allowed; then it is not what stands.
        let base = in_one_form::<F>(current, field, &change.from).unwrap_or_else(|_| change.from.clone());
        // Both are kept in a conflict, whether or not the field can have them.
        for (side, value) in [("from", &base), ("to", &offered)] {
            if value.to_string().len() > LONGEST {
                let rule = Rule::Length { min: 0, max: 1_000 };
                return Err(vec![FieldError::new(format!("body.{field}.{side}"), rule)]);
            }
        }
        let stands = current.get(field).cloned().unwrap_or_default();
        if stands == offered && !removed {
            continue;
        }
        if removed || !same(field, &stands, &base) {
            merged.clashes.push(Clash { field: field.clone(), base, current: stands, offered });
        } else {
            merged.fields.insert(field.clone(), offered);
            merged.changed.insert(field.clone());
        }
    }
    Ok(merged)
}

/// One field's value in the form in which it is kept.
fn in_one_form<F: Fields>(current: &Named, field: &str, value: &Value) -> Result<Value, Vec<FieldError>> {
    let mut with = current.clone();
    with.insert(field.to_owned(), value.clone());
    let read = of_named::<F>(&with).map_err(|errors| {
        // The others stand as they are, and were judged when they were set.
        errors
            .into_iter()
            .map(|error| match error.rule {
                Rule::Unknown => FieldError::new(format!("body.{}", error.field), Rule::Unknown),
                rule => FieldError::new(format!("body.{}.to", error.field), rule),
            })
            .collect::<Vec<_>>()
    })?;
    Ok(object(&read.in_one_form()).remove(field).unwrap_or_default())
}

/// Fields from their names.
///
/// # Errors
/// Values that a field cannot have.
pub fn of_named<F: Fields>(named: &Named) -> Result<F, Vec<FieldError>> {
    parse_json(Value::Object(named.clone()).to_string().as_bytes()).map_err(fields_of)
}

/// Whether a record still is what was seen.
pub fn is_as_seen(current: &Named, seen: &Named, same: impl Fn(&str, &Value, &Value) -> bool) -> bool {
    current.iter().all(|(field, stands)| same(field, stands, seen.get(field).unwrap_or(&Value::Null)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn session() -> Named {
        let told = json!({"held_on": "2026-11-01", "unit_code": "00001", "venue": "street", "workers": [1, 2],
            "topics": ["hiv"], "supplies": {"condom": 10}, "note": null});
        told.as_object().expect("an object").clone()
    }

    fn change(field: &str, from: Value, to: Value) -> BTreeMap<String, FieldChange> {
        BTreeMap::from([(field.to_owned(), FieldChange { from, to })])
    }

    fn equal(_: &str, one: &Value, other: &Value) -> bool {
        one == other
    }

    fn merged(changes: &BTreeMap<String, FieldChange>) -> Merged {
        merge::<SessionFields>(&session(), false, changes, equal).expect("merged")
    }

    #[test]
    fn a_field_that_is_still_as_it_was_seen_is_set() {
        let merged = merged(&change("venue", json!("street"), json!("home")));
        assert_eq!(merged.fields["venue"], "home");
        assert_eq!(merged.changed, BTreeSet::from(["venue".to_owned()]));
        assert!(merged.clashes.is_empty());
    }

    #[test]
    fn a_field_that_another_changed_meanwhile_clashes_and_stays() {
        let merged = merged(&change("venue", json!("online"), json!("home")));
        assert_eq!(merged.fields, session());
        assert_eq!(
            merged.clashes,
            [Clash { field: "venue".into(), base: json!("online"), current: json!("street"), offered: json!("home") }]
        );
    }

    #[test]
    fn what_two_changed_to_the_same_is_no_clash() {
        let merged = merged(&change("venue", json!("online"), json!("street")));
        assert_eq!((merged.changed.len(), merged.clashes.len()), (0, 0));
    }

    #[test]
    fn sets_are_compared_whatever_the_order_in_which_they_are_told() {
        let merged = merged(&change("workers", json!([2, 1, 1]), json!([3, 2])));
        assert_eq!(merged.fields["workers"], json!([2, 3]));
        assert!(merged.clashes.is_empty());
    }

    #[test]
    fn every_change_of_a_record_taken_away_clashes() {
        for to in ["home", "street"] {
            let changes = change("venue", json!("street"), json!(to));
            let merged = merge::<SessionFields>(&session(), true, &changes, equal).expect("merged");
            assert_eq!((merged.changed.len(), merged.clashes.len()), (0, 1), "{to}");
        }
    }

    #[test]
    fn what_was_seen_may_be_of_a_form_no_longer_allowed_but_not_of_any_length() {
        let old = merged(&change("venue", json!(7), json!("home")));
        assert_eq!((old.changed.len(), old.clashes.len()), (0, 1));
        let long = change("note", json!("A".repeat(1_000_000)), json!("y"));
        let errors = merge::<SessionFields>(&session(), false, &long, equal).expect_err("refused");
        assert_eq!(errors[0].field, "body.note.from");
        for (from, to, side) in [("A".repeat(9_000), "y".into(), "from"), ("y".into(), "A".repeat(9_000), "to")] {
            let long = change("topics", json!([from]), json!([to]));
            let errors = merge::<SessionFields>(&session(), false, &long, equal).expect_err("refused");
            assert_eq!(errors[0].field, format!("body.topics.{side}"));
        }
    }

    #[test]
    fn a_value_that_cannot_be_names_its_field_and_changes_nothing() {
        let changes = change("workers", json!([1, 2]), json!([0]));
        let errors = merge::<SessionFields>(&session(), false, &changes, equal).expect_err("refused");
        assert_eq!(errors[0].field, "body.workers.to");
        let errors = merge::<SessionFields>(&session(), false, &change("name", json!(null), json!("x")), equal)
            .expect_err("refused");
        assert_eq!((errors[0].field.as_str(), errors[0].rule.code()), ("body.name", "unknown_field"));
    }
}
