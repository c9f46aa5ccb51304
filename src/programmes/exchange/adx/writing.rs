//! Writing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;

use super::NAMESPACE;
use crate::db::types::Instant;
use crate::programmes::exchange::mapping::Mapping;
use crate::programmes::exchange::outgoing::{Format, Report, Sent, bounded, reports};
use crate::programmes::exchange::{DataSet, Faults};

/// Writes figures, a group for each unit and period: equal figures give equal bytes but for the moment of export,
/// in whatever order they come.
///
/// # Errors
/// Which of our codes lack a counterpart.
pub fn write(set: &DataSet, mapping: &Mapping, exported: Instant) -> Result<String, Faults> {
    let set = set.clone().sorted();
    let reports = reports(&set, mapping, Format::Adx(mapping.naming()))?;
    let mut xml = Xml(String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<adx"));
    xml.attribute("xmlns", NAMESPACE);
    xml.attribute("exported", &exported.0.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    xml.raw(">\n");
    for report in &reports {
        xml.group(report, mapping, set.complete_on);
    }
    xml.raw("</adx>\n");
    bounded(xml.0)
}

struct Xml(String);

impl Xml {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    fn group(&mut self, report: &Report<'_>, mapping: &Mapping, complete_on: Option<NaiveDate>) {
        self.raw("  <group");
        self.attribute("orgUnit", report.unit);
        self.attribute("period", &report.period);
        self.attribute("dataSet", mapping.data_set());
        if let Some(day) = complete_on {
            self.attribute("completeDate", &day.to_string());
        }
        let (combo, dimensions) = mapping.attribute();
        self.breakdown("attributeOptionCombo", combo, dimensions);
        self.raw(">\n");
        for figure in &report.figures {
            self.figure(figure);
        }
        self.raw("  </group>\n");
    }

    fn figure(&mut self, figure: &Sent<'_>) {
        self.raw("    <dataValue");
        self.attribute("dataElement", &figure.target.data_element);
        self.breakdown("categoryOptionCombo", figure.target.combo.as_deref(), &figure.target.dimensions);
        self.attribute("value", &figure.value.to_string());
        match figure.comment {
            Some(comment) => {
                self.raw(">\n      <annotation>");
                self.escaped(comment);
                self.raw("</annotation>\n    </dataValue>\n");
            }
            None => self.raw("/>\n"),
        }
    }

    /// Dimensions where there are any, for that is how ADX says it.
    fn breakdown(&mut self, name: &str, combo: Option<&str>, dimensions: &BTreeMap<String, String>) {
        match combo.filter(|_| dimensions.is_empty()) {
            Some(combo) => self.attribute(name, combo),
            None => dimensions.iter().for_each(|(name, option)| self.attribute(name, option)),
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.raw(" ");
        self.raw(name);
        self.raw("=\"");
        self.escaped(value);
        self.raw("\"");
    }

    /// Line ends and tabs are written as references, for readers turn them into others.
    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '&' => self.raw("&amp;"),
                '"' => self.raw("&quot;"),
                '\t' | '\n' | '\r' => {
                    // Writing to a string cannot fail.
                    let _never = write!(self.0, "&#{};", u32::from(c));
                }
                c => self.0.push(c),
            }
        }
    }
}
