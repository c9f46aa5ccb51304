//! Reading, event by event. The structure is fixed and four elements deep, so nothing is kept but the figures.

use std::collections::BTreeMap;

use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::NAMESPACE;
use super::attributes::{Attributes, rule_of};
use crate::error::{ExchangeRule, PlainForm, Rule};
use crate::programmes::exchange::incoming::{Incoming, Said, too_many_or_none};
use crate::programmes::exchange::{DataSet, Faults, MOST_VALUES, Mapping, text};
use crate::programmes::periods::ReportPeriod;

/// Reads figures in ADX. Groups that name one unit and period may be several; a figure is named once.
///
/// A comment is read from `annotation`, where the profile puts it, or else from the attribute `comment`, where DHIS2 does.
/// A figure that was deleted over there is refused, as in [`dhis2::read`](super::super::dhis2::read).
///
/// # Errors
/// Everything that is wrong, by line; nothing is taken of a file that has a fault.
pub fn read(bytes: &[u8], mapping: &Mapping) -> Result<DataSet, Faults> {
    let text = text::of_file(bytes)?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    let mut state = Reader::new(mapping, text);
    loop {
        let from = reader.buffer_position();
        let (namespace, event) = match reader.read_resolved_event() {
            Ok(read) => read,
            Err(error) => {
                let at = from.max(reader.error_position());
                return Err(Faults::of_line(state.line(at, 0), rule_of(&error)));
            }
        };
        let is_adx = namespace == ResolveResult::Bound(Namespace(NAMESPACE));
        let line = state.line(from, blank_before(&event));
        let goes_on = state.event(line, is_adx, event).map_err(|rule| Faults::of_line(line, rule))?;
        if !goes_on || state.incoming.faults.is_full() {
            return state.incoming.data_set_read();
        }
    }
}

/// Bytes of white space with which a text begins: what is wrong with it stands behind them.
fn blank_before(event: &Event<'_>) -> usize {
    match event {
        Event::Text(text) => text.len() - text.trim_start().len(),
        _ => 0,
    }
}

/// Where in the file the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Before,
    Adx,
    Group,
    Figure,
    Annotation,
    After,
}

/// What a group says of its figures.
#[derive(Default)]
struct Group<'m> {
    line: usize,
    unit: Option<&'m str>,
    period: Option<ReportPeriod>,
    /// Whether it is a report of the attribute that is mapped, unless a figure says otherwise.
    is_mapped: bool,
    /// Whether that it is none was told.
    told: bool,
}

/// A figure whose element has not ended.
struct Figure<'a> {
    line: usize,
    attributes: Attributes<'a>,
    annotation: Option<String>,
}

struct Reader<'a, 'm> {
    incoming: Incoming<'m>,
    at: At,
    group: Group<'m>,
    figure: Option<Figure<'a>>,
    figures: usize,
    lines: Lines<'a>,
}

/// Counts lines as the reader goes on.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: usize,
}

impl<'a, 'm> Reader<'a, 'm> {
    fn new(mapping: &'m Mapping, text: &'a str) -> Self {
        let lines = Lines { bytes: text.as_bytes(), offset: 0, line: 1 };
        let incoming = Incoming::new(mapping);
        Self { incoming, at: At::Before, group: Group::default(), figure: None, figures: 0, lines }
    }

    fn line(&mut self, offset: u64, further: usize) -> usize {
        self.lines.at(usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(further))
    }

    /// Whether there is more to come.
    fn event(&mut self, line: usize, is_adx: bool, event: Event<'a>) -> Result<bool, Rule> {
        match event {
            Event::Start(element) | Event::Empty(element) => self.start(line, is_adx, &element)?,
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => self.reference(&reference)?,
            Event::DocType(_) => return Err(ExchangeRule::Entities.into()),
            Event::Decl(declaration) => check_declaration(&declaration)?,
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof if self.at == At::After => return Ok(false),
            Event::Eof => return Err(ExchangeRule::Xml.into()),
        }
        Ok(true)
    }

    fn start(&mut self, line: usize, is_adx: bool, element: &BytesStart<'a>) -> Result<(), Rule> {
        let name = element.local_name().into_inner();
        if self.at == At::Before && !(is_adx && name == "adx") {
            return Err(ExchangeRule::Namespace.into());
        }
        let inner = match (self.at, name) {
            (At::Before, "adx") => At::Adx,
            (At::Adx, "group") => At::Group,
            (At::Group, "dataValue") => At::Figure,
            (At::Figure, "annotation") => At::Annotation,
            _ => return Err(ExchangeRule::Element.into()),
        };
        if !is_adx {
            return Err(ExchangeRule::Element.into());
        }
        let attributes = Attributes::read(element)?;
        self.at = inner;
        match inner {
            At::Group => self.open_group(line, attributes),
            At::Figure => return self.open_figure(line, attributes),
            At::Annotation => return self.open_annotation(),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self) {
        self.at = match self.at {
            At::Annotation => At::Figure,
            At::Figure => {
                self.close_figure();
                At::Group
            }
            At::Group => At::Adx,
            _ => At::After,
        };
    }

    fn text(&mut self, text: &str) -> Result<(), Rule> {
        if self.at != At::Annotation {
            let is_blank = text.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            return if is_blank { Ok(()) } else { Err(ExchangeRule::Element.into()) };
        }
        // A little more than is allowed is kept, so that the bound is seen to be passed.
        if let Some(annotation) = self.figure.as_mut().and_then(|figure| figure.annotation.as_mut())
            && annotation.len() <= 4 * text::LONGEST_COMMENT
        {
            annotation.push_str(text);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Rule> {
        let character = match reference.resolve_char_ref().map_err(|_| ExchangeRule::Xml)? {
            Some(character) => character,
            None => match reference.as_ref() {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "apos" => '\'',
                "quot" => '"',
                _ => return Err(ExchangeRule::Entities.into()),
            },
        };
        if text::is_forbidden(character) {
            return Err(ExchangeRule::Encoding.into());
        }
        self.text(character.encode_utf8(&mut [0; 4]))
    }

    fn open_group(&mut self, line: usize, mut attributes: Attributes<'a>) {
        let field = |name: &str| format!("lines[{line}].{name}");
        for name in ["orgUnit", "period", "dataSet"] {
            if attributes.get(name).is_none() {
                self.incoming.faults.push(field(name), Rule::Required);
            }
        }
        if let Some(id) = attributes.get("dataSet") {
            self.incoming.data_set(field("dataSet"), id);
        }
        let naming = self.incoming.mapping.naming();
        let period = attributes.get("period").map(|interval| naming.of_adx(interval));
        if period == Some(None) {
            self.incoming.faults.push(field("period"), ExchangeRule::PeriodSpan);
        }
        let complete_on = attributes.get("completeDate").filter(|said| *said != "false");
        let day = complete_on.and_then(text::day_of_moment);
        if complete_on.is_some() && day.is_none() {
            self.incoming.faults.push(field("completeDate"), PlainForm::DayOnRecord);
        }
        self.incoming.report(day);
        let mapping = self.incoming.mapping;
        let dimensions = attributes.take_dimensions();
        self.group = Group {
            line,
            unit: attributes.get("orgUnit").and_then(|id| self.incoming.unit(|| field("orgUnit"), id)),
            period: period.flatten(),
            is_mapped: mapping.is_attribute(&mapping.breakdown(attributes.get("attributeOptionCombo"), dimensions)),
            told: false,
        };
    }

    /// DHIS2 also lets each figure say of which attribute it is.
    fn check_attribute(&mut self, line: usize, own: Option<&str>) {
        let mapping = self.incoming.mapping;
        let (line, is_mapped) = match own {
            Some(own) => (line, mapping.is_attribute(&mapping.breakdown(Some(own), BTreeMap::new()))),
            None => (self.group.line, self.group.is_mapped || std::mem::replace(&mut self.group.told, true)),
        };
        if !is_mapped {
            self.incoming.faults.push(format!("lines[{line}].attributeOptionCombo"), ExchangeRule::NotInMapping);
        }
    }

    fn open_figure(&mut self, line: usize, attributes: Attributes<'a>) -> Result<(), Rule> {
        self.figures += 1;
        if self.figures > MOST_VALUES {
            return Err(too_many_or_none());
        }
        self.figure = Some(Figure { line, attributes, annotation: None });
        Ok(())
    }

    fn open_annotation(&mut self) -> Result<(), Rule> {
        match self.figure.as_mut() {
            Some(figure) if figure.annotation.is_none() => {
                figure.annotation = Some(String::new());
                Ok(())
            }
            _ => Err(ExchangeRule::Element.into()),
        }
    }

    fn close_figure(&mut self) {
        let Some(Figure { line, mut attributes, annotation }) = self.figure.take() else { return };
        let field = |name: &str| format!("lines[{line}].{name}");
        if attributes.get("deleted").is_some_and(|said| said != "false") {
            return self.incoming.faults.push(field("deleted"), ExchangeRule::Withdrawn);
        }
        self.check_attribute(line, attributes.get("attributeOptionCombo"));
        let mapping = self.incoming.mapping;
        let value = attributes.get("value").map(text::whole);
        match value {
            Some(Some(_)) => {}
            None if !attributes.has("value") => self.incoming.faults.push(field("value"), Rule::Required),
            _ => self.incoming.faults.push(field("value"), ExchangeRule::Figure),
        }
        let dimensions = attributes.take_dimensions();
        let said = Said {
            data_element: attributes.get("dataElement"),
            breakdown: mapping.breakdown(attributes.get("categoryOptionCombo"), dimensions),
            unit: self.group.unit,
            period: self.group.period,
            value: value.flatten(),
            comment: annotation.as_deref().filter(|text| !text.trim().is_empty()).or(attributes.get("comment")),
        };
        self.incoming.figure(field, said);
    }
}

/// The text was read as UTF-8, so it may not say that it is anything else.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Rule> {
    let version = declaration.version().map_err(|_| ExchangeRule::Xml)?;
    if version != "1.0" {
        return Err(ExchangeRule::Xml.into());
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("UTF-8") => Ok(()),
        Some(_) => Err(ExchangeRule::Encoding.into()),
    }
}

impl Lines<'_> {
    /// The line of a byte that does not lie before the last one asked for.
    fn at(&mut self, offset: usize) -> usize {
        let passed = self.bytes.get(self.offset..offset.min(self.bytes.len())).unwrap_or_default();
        self.line += text::line_of(passed, passed.len()) - 1;
        self.offset = self.offset.max(offset.min(self.bytes.len()));
        self.line
    }
}
