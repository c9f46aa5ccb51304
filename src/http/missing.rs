//! Which required fields a body lacks, by its described form: the reader of JSON names the first alone.

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayItems, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// Fields named at the most, so that a reply is no longer than the request.
const MOST: usize = 50;

/// The paths of the required fields that this body lacks, in the order of the description.
pub(super) fn missing_fields<T: ToSchema>(text: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice(text) else { return Vec::new() };
    let mut named = Vec::new();
    T::schemas(&mut named);
    let mut search = Search { named: named.into_iter().collect(), missing: Vec::new() };
    search.look(&T::schema(), "", &body);
    search.missing.truncate(MOST);
    search.missing
}

struct Search {
    named: HashMap<String, RefOr<Schema>>,
    missing: Vec<String>,
}

impl Search {
    fn look(&mut self, form: &RefOr<Schema>, path: &str, value: &Value) {
        match form {
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                if let Some(form) = self.named.get(name).cloned() {
                    self.look(&form, path, value);
                }
            }
            RefOr::T(schema) => self.look_into(schema, path, value),
        }
    }

    fn look_into(&mut self, schema: &Schema, path: &str, value: &Value) {
        match (schema, value) {
            (Schema::Object(form), Value::Object(fields)) => {
                let of = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                let lacking = form.required.iter().filter(|name| !fields.contains_key(*name));
                self.missing.extend(lacking.map(|name| of(name)));
                for (name, inner) in &form.properties {
                    if let Some(value) = fields.get(name) {
                        self.look(inner, &of(name), value);
                    }
                }
            }
            (Schema::Array(form), Value::Array(items)) => {
                let ArrayItems::RefOrSchema(inner) = &form.items else { return };
                for (place, item) in items.iter().enumerate() {
                    if self.missing.len() < MOST {
                        self.look(inner, &format!("{path}[{place}]"), item);
                    }
                }
            }
            (Schema::OneOf(forms), _) => self.look_if_one(&forms.items, path, value),
            (Schema::AllOf(forms), _) => forms.items.iter().for_each(|form| self.look(form, path, value)),
            _ => {}
        }
    }

    /// What may be null is one of two forms; of several others it is not known which is meant.
    fn look_if_one(&mut self, forms: &[RefOr<Schema>], path: &str, value: &Value) {
        let mut others = forms.iter().filter(|form| !is_null(form));
        if let (Some(form), None) = (others.next(), others.next()) {
            self.look(form, path, value);
        }
    }
}

fn is_null(form: &RefOr<Schema>) -> bool {
    matches!(form, RefOr::T(Schema::Object(form)) if form.schema_type == SchemaType::Type(Type::Null))
}
