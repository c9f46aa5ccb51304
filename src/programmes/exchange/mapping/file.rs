//! Reading the mapping file. It is the operator's own, yet its faults are told by line and field and do not repeat it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{Entry, Mapping, Target};
use crate::error::{ExchangeRule, PlainForm, Rule};
use crate::programmes::exchange::Faults;
use crate::programmes::exchange::adx::is_dimension;
use crate::programmes::exchange::periods::Naming;
use crate::programmes::exchange::text::{is_identifier, line_of};
use crate::programmes::periods::Calendar;

/// Bytes that a mapping may have: all communes take a third of it.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The latest day on which every month can close with one to follow.
const LAST_CLOSING_DAY: u32 = 27;

type Text = Spanned<String>;
type Dimensions = BTreeMap<Text, Text>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_set: ReportTable,
    periods: PeriodTable,
    values: Vec<ValueTable>,
    units: BTreeMap<Text, Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportTable {
    code: Text,
    id: Text,
    attribute_option_combo: Option<Text>,
    #[serde(default)]
    attribute_dimensions: Dimensions,
    default_option_combo: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodTable {
    calendar: Spanned<Calendar>,
    closing_day: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueTable {
    element: Text,
    class: Option<Text>,
    data_element: Text,
    category_option_combo: Option<Text>,
    #[serde(default)]
    dimensions: Dimensions,
}

/// Fields of the file that a fault of its form may name.
const FIELDS: [&str; 11] = [
    "code",
    "id",
    "attribute_option_combo",
    "attribute_dimensions",
    "default_option_combo",
    "calendar",
    "closing_day",
    "element",
    "class",
    "data_element",
    "category_option_combo",
];

pub(super) fn read(text: &str) -> Result<Mapping, Faults> {
    if text.len() > MOST_BYTES {
        return Err(Faults::one("file", ExchangeRule::Size { mebibytes: MOST_BYTES / (1024 * 1024) }));
    }
    let file: File = toml::from_str(text).map_err(|error| form_fault(text, &error))?;
    Check { text, faults: Faults::default(), default_combo: None }.mapping(file)
}

/// What is wrong with the form, without the words of the reader, which repeat the file.
fn form_fault(text: &str, error: &toml::de::Error) -> Faults {
    let at = error.span().map_or(0, |span| span.start);
    let line = line_of(text.as_bytes(), at);
    let message = error.message();
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Faults::one(format!("lines[{line}].{name}"), Rule::Required);
    }
    let rule = if message.starts_with("unknown field") {
        Rule::Unknown
    } else if message.starts_with("unknown variant") {
        Rule::Format(crate::error::Form::OneOf("civil, closing".to_owned()))
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        Rule::Format(PlainForm::Described.into())
    } else {
        ExchangeRule::Toml.into()
    };
    let said = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(name, _)| name.trim());
    match said.and_then(|name| FIELDS.iter().find(|field| **field == name)) {
        Some(field) => Faults::one(format!("lines[{line}].{field}"), rule),
        None => Faults::of_line(line, rule),
    }
}

struct Check<'a> {
    text: &'a str,
    faults: Faults,
    default_combo: Option<String>,
}

impl Check<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        line_of(self.text.as_bytes(), span.start)
    }

    fn fault(&mut self, span: &Range<usize>, field: &str, rule: impl Into<Rule>) {
        if !self.faults.is_full() {
            let line = self.line(span);
            self.faults.push(format!("lines[{line}].{field}"), rule);
        }
    }

    fn identifier(&mut self, field: &str, text: Text) -> String {
        if !is_identifier(text.get_ref()) {
            self.fault(&text.span(), field, ExchangeRule::Identifier);
        }
        text.into_inner()
    }

    fn combo(&mut self, field: &str, text: Option<Text>) -> Option<String> {
        let span = text.as_ref()?.span();
        let combo = self.identifier(field, text?);
        if self.default_combo.as_ref() == Some(&combo) {
            self.fault(&span, field, ExchangeRule::DefaultCombo);
        }
        Some(combo)
    }

    fn dimensions(&mut self, field: &str, dimensions: Dimensions) -> BTreeMap<String, String> {
        let mut checked = BTreeMap::new();
        for (name, option) in dimensions {
            if !is_dimension(name.get_ref()) {
                self.fault(&name.span(), field, ExchangeRule::DimensionName);
            }
            let option = self.identifier(field, option);
            checked.insert(name.into_inner(), option);
        }
        checked
    }

    fn naming(&mut self, table: &PeriodTable) -> Naming {
        let calendar = *table.calendar.get_ref();
        let said = table.closing_day.as_ref().map(|day| (day.span(), *day.get_ref()));
        let usable = said.as_ref().is_none_or(|(_, day)| (1..=LAST_CLOSING_DAY).contains(day));
        if !usable || said.is_some() != (calendar == Calendar::Closing) {
            let span = said.as_ref().map_or_else(|| table.calendar.span(), |(span, _)| span.clone());
            self.fault(&span, "closing_day", ExchangeRule::ClosingDay);
        }
        // Within range whatever was said, for days are computed from it.
        let closing_day = said.map_or(1, |(_, day)| day.clamp(1, LAST_CLOSING_DAY));
        Naming { calendar, closing_day }
    }

    fn mapping(mut self, file: File) -> Result<Mapping, Faults> {
        let File { data_set, periods, values, units } = file;
        self.default_combo = data_set.default_option_combo.map(|combo| self.identifier("default_option_combo", combo));
        let naming = self.naming(&periods);
        let mut mapping = Mapping {
            code: self.identifier("code", data_set.code),
            id: self.identifier("id", data_set.id),
            attribute: (
                self.combo("attribute_option_combo", data_set.attribute_option_combo),
                self.dimensions("attribute_dimensions", data_set.attribute_dimensions),
            ),
            default_combo: self.default_combo.clone(),
            naming,
            entries: Vec::new(),
            ours: BTreeMap::new(),
            theirs: BTreeMap::new(),
            units: BTreeMap::new(),
            units_of_theirs: BTreeMap::new(),
        };
        self.values(&mut mapping, values);
        self.units(&mut mapping, units);
        self.faults.or(mapping)
    }

    fn values(&mut self, mapping: &mut Mapping, values: Vec<ValueTable>) {
        let mut lines: Vec<Range<usize>> = Vec::new();
        for table in values {
            let span = table.element.span();
            let target_span = table.data_element.span();
            let entry = self.entry(table);
            let place = mapping.entries.len();
            let ours = mapping.ours.entry(entry.element.clone()).or_default();
            if let Some(before) = ours.insert(entry.class.clone(), place).and_then(|before| lines.get(before)) {
                let line = self.line(before);
                self.fault(&span, "element", ExchangeRule::MappedTwice { line });
            }
            let theirs = mapping.theirs.entry(entry.target.data_element.clone()).or_default();
            let twice: Vec<usize> =
                entry.target.breakdowns().into_iter().filter_map(|way| theirs.insert(way, place)).collect();
            if let Some(before) = twice.first().and_then(|before| lines.get(*before)) {
                let line = self.line(before);
                self.fault(&target_span, "data_element", ExchangeRule::MappedTwice { line });
            }
            lines.push(span);
            mapping.entries.push(entry);
        }
    }

    fn entry(&mut self, table: ValueTable) -> Entry {
        let class = table.class.filter(|class| !class.get_ref().is_empty());
        Entry {
            element: self.identifier("element", table.element),
            class: class.map(|class| self.identifier("class", class)).unwrap_or_default(),
            target: Target {
                data_element: self.identifier("data_element", table.data_element),
                combo: self.combo("category_option_combo", table.category_option_combo),
                dimensions: self.dimensions("dimensions", table.dimensions),
            },
        }
    }

    fn units(&mut self, mapping: &mut Mapping, units: BTreeMap<Text, Text>) {
        let mut lines: BTreeMap<String, Range<usize>> = BTreeMap::new();
        let mut units: Vec<(Text, Text)> = units.into_iter().collect();
        units.sort_by_key(|(ours, _)| ours.span().start);
        for (ours, theirs) in units {
            let span = theirs.span();
            let ours = self.identifier("units", ours);
            let theirs = self.identifier("units", theirs);
            if let Some(before) = lines.insert(theirs.clone(), span.clone()) {
                let line = self.line(&before);
                self.fault(&span, "units", ExchangeRule::MappedTwice { line });
            }
            mapping.units_of_theirs.insert(theirs.clone(), ours.clone());
            mapping.units.insert(ours, theirs);
        }
    }
}
