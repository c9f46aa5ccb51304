//! Bodies of requests and replies about entries. What they hold depends on the register, so they are described from
//! the shipped definitions.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{
    AdditionalProperties, Array, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType,
    Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationErrors};

use super::catalogue::{Column, Register, RegisterCatalogue, RegisterField};
use super::form::{MOST, MOST_PARTICIPANTS, UNIT_CODE};

/// An object whose fields are those of a register; each stands once.
#[derive(Debug, Clone, Default)]
struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Map::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("a field stands twice"));
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Once).map(Self)
    }
}

/// How a body differs from what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A new entry.
    New,
    /// A change of one.
    Change,
    /// An entry as it is read.
    View,
}

macro_rules! body {
    ($(#[$doc:meta])* $name:ident, $shape:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(transparent)]
        pub(super) struct $name(Fields);

        impl $name {
            /// The fields that were sent.
            pub(super) fn fields(&self) -> &Map<String, Value> {
                &self.0.0
            }
        }

        impl Validate for $name {
            fn validate(&self) -> Result<(), ValidationErrors> {
                Ok(())
            }
        }

        described!($name, $shape);
    };
}

macro_rules! described {
    ($name:ident, $shape:expr) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of_all($shape)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.extend(all($shape));
            }
        }
    };
}

body! {
    /// A new entry.
    NewEntry, Shape::New
}
body! {
    /// A change of an entry.
    EntryChange, Shape::Change
}

/// An entry as it is read.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct EntryView(pub(super) Map<String, Value>);

described!(EntryView, Shape::View);

fn one_of_all(shape: Shape) -> RefOr<Schema> {
    let each = Register::ALL.iter().map(|register| Ref::from_schema_name(schema_name(*register, shape)));
    let about = match shape {
        Shape::New => "A new entry, with the fields of its register.",
        Shape::Change => {
            "Fields of the register to change; what is not sent stays, `null` clears a field that need not be there."
        }
        Shape::View => "An entry, with the fields of its register.",
    };
    each.fold(OneOfBuilder::new(), OneOfBuilder::item).description(Some(about)).into()
}

/// `PressItemsEntry` and the like.
fn schema_name(register: Register, shape: Shape) -> String {
    let words = register.as_str().split('_');
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    let name: String = words.map(|word| -> String { capital(word) }).collect();
    let end = match shape {
        Shape::New => "Entry",
        Shape::Change => "EntryChange",
        Shape::View => "EntryView",
    };
    format!("{name}{end}")
}

fn all(shape: Shape) -> Vec<(String, RefOr<Schema>)> {
    // What ships with the program is read at its start, or it does not start.
    let Ok(catalogue) = RegisterCatalogue::shipped() else { return Vec::new() };
    let described = |register: &Register| (schema_name(*register, shape), of_register(&catalogue, *register, shape));
    Register::ALL.iter().map(described).collect()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn with_format(format: KnownFormat) -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(format)))
}

fn of_register(catalogue: &RegisterCatalogue, register: Register, shape: Shape) -> RefOr<Schema> {
    let about = catalogue.registers.get(&register).map(|definition| format!("{} ({}).", definition.en, definition.vi));
    let mut object = ObjectBuilder::new().schema_type(Type::Object).description(about);
    if shape == Shape::View {
        object = object.property("id", with_format(KnownFormat::Uuid)).required("id");
        object = object.property("register", text().enum_values(Some([register.as_str()]))).required("register");
    } else {
        object = object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    }
    let of_establishment = register == Register::Inspections;
    let unit = if of_establishment {
        "Unit: that of the establishment; need not be sent."
    } else {
        "Unit in which it happened, as it existed on that day."
    };
    object = object.property(UNIT_CODE, text().max_length(Some(20)).description(Some(unit)));
    if shape == Shape::View || (shape == Shape::New && !of_establishment) {
        object = object.required(UNIT_CODE);
    }
    for field in catalogue.of(register) {
        let name = if field.column == Column::Participants && shape == Shape::View {
            "participants_count"
        } else {
            &field.name
        };
        object = object.property(name, of_field(catalogue, field, shape));
        if shape == Shape::View || (shape == Shape::New && field.required) {
            object = object.required(name);
        }
    }
    if shape == Shape::View {
        let nullable = SchemaType::from_iter([Type::String, Type::Null]);
        let import = with_format(KnownFormat::Uuid).schema_type(nullable).description(Some("Import that made it."));
        object = object.property("import_id", import).required("import_id");
        for (name, about) in [("recorded_at", "When it was recorded."), ("changed_at", "When it was last changed.")] {
            object = object.property(name, with_format(KnownFormat::DateTime).description(Some(about))).required(name);
        }
        let void = ObjectBuilder::new().schema_type(Type::Boolean).description(Some("Whether it was declared void."));
        object = object.property("void", void).required("void");
    }
    object.into()
}

fn of_field(catalogue: &RegisterCatalogue, field: &RegisterField, shape: Shape) -> Schema {
    let number =
        || ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
    let about = format!("{} ({}).", field.en, field.vi);
    let plain = match field.column {
        Column::Kind | Column::Facet => {
            let words = field.words.as_deref().and_then(|list| catalogue.words.get(list)).into_iter().flatten();
            return of_words(words, about, field.required);
        }
        Column::Participants if shape != Shape::View => return list_of_participants(about),
        Column::Participants => number().minimum(Some(0)),
        Column::Number if field.flag => ObjectBuilder::new().schema_type(Type::Boolean),
        Column::Number | Column::SecondNumber => number().minimum(Some(0)).maximum(Some(MOST)),
        Column::Name => text().min_length(Some(1)).max_length(Some(200)),
        Column::About => with_format(KnownFormat::Uuid),
        Column::Day | Column::LastDay | Column::StepOne | Column::StepTwo | Column::StepThree => {
            with_format(KnownFormat::Date)
        }
    };
    let mut object: Object = plain.description(Some(about)).build();
    if !field.required && field.column != Column::Participants {
        object.schema_type = or_null(object.schema_type);
    }
    Schema::Object(object)
}

fn or_null(schema_type: SchemaType) -> SchemaType {
    match schema_type {
        SchemaType::Type(one) => SchemaType::from_iter([one, Type::Null]),
        other => other,
    }
}

fn of_words<'a>(
    words: impl Iterator<Item = (&'a String, &'a crate::text::Words)>,
    about: String,
    required: bool,
) -> Schema {
    let words: Vec<_> = words.collect();
    let lines = words.iter().map(|(word, named)| format!("- `{word}`: {} ({}).", named.en, named.vi));
    let about = std::iter::once(about).chain(lines).collect::<Vec<_>>().join("\n");
    let mut values: Vec<Value> = words.iter().map(|(word, _)| Value::from(word.as_str())).collect();
    let mut object = text().description(Some(about)).build();
    if !required {
        object.schema_type = or_null(object.schema_type);
        values.push(Value::Null);
    }
    object.enum_values = Some(values);
    Schema::Object(object)
}

fn list_of_participants(about: String) -> Schema {
    let about = format!(
        "{about} Numbers, each once; of staff also ids of their entries. Only how many there are is read again."
    );
    let item = text().min_length(Some(1)).max_length(Some(100));
    let mut list = Array::new(item);
    list.description = Some(about);
    list.max_items = Some(MOST_PARTICIPANTS);
    list.unique_items = true;
    Schema::Array(list)
}
