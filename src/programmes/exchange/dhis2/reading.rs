//! Reading. DHIS2 gives more fields with every release, so what is not known is passed over.

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::error::{ExchangeRule, PlainForm, Rule};
use crate::programmes::exchange::incoming::{Incoming, Said, too_many_or_none};
use crate::programmes::exchange::{DataSet, Faults, MOST_VALUES, Mapping, periods, text};
use crate::programmes::periods::ReportPeriod;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow)]
    data_set: Option<Text<'a>>,
    #[serde(borrow)]
    complete_date: Option<Text<'a>>,
    #[serde(borrow)]
    period: Option<Text<'a>>,
    #[serde(borrow)]
    org_unit: Option<Text<'a>>,
    #[serde(borrow)]
    attribute_option_combo: Option<Text<'a>>,
    #[serde(borrow)]
    data_values: Values<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    #[serde(borrow)]
    data_element: Option<Text<'a>>,
    #[serde(borrow)]
    category_option_combo: Option<Text<'a>>,
    #[serde(borrow)]
    attribute_option_combo: Option<Text<'a>>,
    #[serde(borrow)]
    period: Option<Text<'a>>,
    #[serde(borrow)]
    org_unit: Option<Text<'a>>,
    value: Option<Figure>,
    #[serde(borrow)]
    comment: Option<Text<'a>>,
    deleted: Option<bool>,
}

/// Text that is borrowed from the file where it has no escapes.
struct Text<'a>(Cow<'a, str>);

/// A number, or what is none.
struct Figure(Option<i64>);

/// Figures, up to one more than there may be.
struct Values<'a>(Vec<Value<'a>>);

/// Reads a data value set.
///
/// A figure that was deleted over there (`deleted`) is refused: leaving it out would let stand with us what was
/// withdrawn with them, and to withdraw a figure here is a person's decision, with a reason, that no file brings.
///
/// # Errors
/// Everything that is wrong, by place; nothing is taken of a file that has a fault.
pub fn read(bytes: &[u8], mapping: &Mapping) -> Result<DataSet, Faults> {
    let text = text::of_file(bytes)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let file: File<'_> = serde_path_to_error::deserialize(&mut json).map_err(|error| form_fault(&error))?;
    json.end().map_err(|error| Faults::of_line(error.line(), PlainForm::Json))?;
    if file.data_values.0.len() > MOST_VALUES {
        return Err(Faults::one("dataValues", too_many_or_none()));
    }
    let mut incoming = Incoming::new(mapping);
    let header = Header::read(&file, &mut incoming);
    for (index, value) in file.data_values.0.iter().enumerate() {
        if incoming.faults.is_full() {
            break;
        }
        figure(index, value, &header, &mut incoming);
    }
    incoming.data_set_read()
}

/// What the figures have in common.
struct Header<'a, 'm> {
    unit: Option<Option<&'m str>>,
    period: Option<Option<ReportPeriod>>,
    attribute: Option<&'a str>,
}

impl<'a, 'm> Header<'a, 'm> {
    fn read(file: &'a File<'_>, incoming: &mut Incoming<'m>) -> Self {
        if let Some(id) = said(file.data_set.as_ref()) {
            incoming.data_set("dataSet".to_owned(), id);
        }
        let complete_on = completion(said(file.complete_date.as_ref()), incoming);
        incoming.report(complete_on);
        let unit = said(file.org_unit.as_ref()).map(|id| incoming.unit(|| "orgUnit".to_owned(), id));
        let period = said(file.period.as_ref()).map(|code| period(|| "period".to_owned(), code, incoming));
        Self { unit, period, attribute: said(file.attribute_option_combo.as_ref()) }
    }
}

/// DHIS2 also takes `true`, for the day on which it is told; here it is not known which day that was.
fn completion(said: Option<&str>, incoming: &mut Incoming<'_>) -> Option<NaiveDate> {
    let said = said.filter(|said| *said != "false")?;
    let day = text::day_of_moment(said);
    if day.is_none() {
        incoming.faults.push("completeDate", PlainForm::DayOnRecord);
    }
    day
}

fn period(field: impl FnOnce() -> String, code: &str, incoming: &mut Incoming<'_>) -> Option<ReportPeriod> {
    let period = periods::of_dhis2(code);
    if period.is_none() {
        incoming.faults.push(field(), ExchangeRule::PeriodCode);
    }
    period
}

fn figure<'m>(index: usize, value: &Value<'_>, header: &Header<'_, 'm>, incoming: &mut Incoming<'m>) {
    let field = |name: &str| format!("dataValues[{index}].{name}");
    if value.deleted == Some(true) {
        return incoming.faults.push(field("deleted"), ExchangeRule::Withdrawn);
    }
    let unit = match said(value.org_unit.as_ref()) {
        Some(id) => Some(incoming.unit(|| field("orgUnit"), id)),
        None => header.unit,
    };
    let period = match said(value.period.as_ref()) {
        Some(code) => Some(period(|| field("period"), code, incoming)),
        None => header.period,
    };
    for (missing, name) in [(unit.is_none(), "orgUnit"), (period.is_none(), "period"), (value.value.is_none(), "value")]
    {
        if missing {
            incoming.faults.push(field(name), Rule::Required);
        }
    }
    if value.value.as_ref().is_some_and(|figure| figure.0.is_none()) {
        incoming.faults.push(field("value"), ExchangeRule::Figure);
    }
    let mapping = incoming.mapping;
    let attribute = said(value.attribute_option_combo.as_ref()).or(header.attribute);
    if !mapping.is_attribute(&mapping.breakdown(attribute, std::collections::BTreeMap::new())) {
        incoming.faults.push(field("attributeOptionCombo"), ExchangeRule::NotInMapping);
    }
    let combo = said(value.category_option_combo.as_ref());
    let said = Said {
        data_element: said(value.data_element.as_ref()),
        breakdown: mapping.breakdown(combo, std::collections::BTreeMap::new()),
        unit: unit.flatten(),
        period: period.flatten(),
        value: value.value.as_ref().and_then(|figure| figure.0),
        comment: said(value.comment.as_ref()),
    };
    incoming.figure(field, said);
}

/// What a field says; DHIS2 writes nothing as an empty text too.
fn said<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(|text| text.0.as_ref()).filter(|text| !text.is_empty())
}

/// Fields whose form a fault may be of.
const FIELDS: [&str; 11] = [
    "dataSet",
    "completeDate",
    "period",
    "orgUnit",
    "attributeOptionCombo",
    "dataValues",
    "dataElement",
    "categoryOptionCombo",
    "value",
    "comment",
    "deleted",
];

/// What is wrong with the form, without the words of the reader, which repeat the file.
fn form_fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Faults {
    let inner = error.inner();
    let message = inner.to_string();
    if inner.classify() != Category::Data || message.starts_with("duplicate field") {
        return Faults::of_line(inner.line(), PlainForm::Json);
    }
    if message.starts_with("missing field `dataValues`") {
        return Faults::one("dataValues", Rule::Required);
    }
    let path = error.path().to_string();
    let names: Vec<&str> = path.split('.').map(|part| part.split('[').next().unwrap_or_default()).collect();
    let Some(last) = names.last().filter(|_| names.iter().all(|name| FIELDS.contains(name))) else {
        return Faults::of_line(inner.line(), PlainForm::Object);
    };
    let expected = match *last {
        "deleted" => PlainForm::Truth,
        "dataValues" if path == "dataValues" => PlainForm::List,
        "dataValues" => PlainForm::Object,
        _ => PlainForm::Text,
    };
    Faults::one(path, expected)
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// DHIS2 writes numbers as text; other programs write them as numbers.
impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FigureVisitor;
        impl Visitor<'_> for FigureVisitor {
            type Value = Figure;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Figure, E> {
                Ok(Figure(text::whole(text)))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Figure, E> {
                Ok(Figure(Some(number)))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Figure, E> {
                Ok(Figure(i64::try_from(number).ok()))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Figure, E> {
                Ok(Figure(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Figure, E> {
                Ok(Figure(None))
            }
        }
        deserializer.deserialize_any(FigureVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values<'de>, A::Error> {
                let mut values = Vec::new();
                while values.len() <= MOST_VALUES {
                    match list.next_element()? {
                        Some(value) => values.push(value),
                        None => return Ok(Values(values)),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Values(values))
            }
        }
        deserializer.deserialize_seq(ValuesVisitor)
    }
}
