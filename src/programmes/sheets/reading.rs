//! From the bytes of a file to rows, or to what is wrong with it. No database here.

use chrono::NaiveDate;

use super::columns::{SheetColumn, columns_of};
use super::rows::{Faults, Rows};
use super::table::Table;
use super::{LIMITS, MOST_LINES, MOST_LISTED};
use crate::app::App;
use crate::error::{CellRule, FieldError, PlainForm, Rule};
use crate::imports::report::letters_of;
use crate::imports::sheet::{Cell, Line, read_within};
use crate::programmes::Plans;
use crate::programmes::exchange::FigureFile;
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::registers::draft::{Draft, Given};
use crate::programmes::registers::form::EntryForm;
use crate::programmes::reported::rules::{self as reported, NewValue};
use crate::text::tidy;

/// What the bytes of a file are.
#[derive(Debug)]
pub(in crate::programmes) enum Content {
    /// A workbook or a text with columns, known by its first bytes.
    Sheet,
    /// Figures of another system.
    Figures(Box<FigureFile>),
}

/// What was read of a file.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Lines with content, without headers.
    pub read: usize,
    /// Codes of the columns that the file has.
    pub columns: Vec<String>,
    /// Rows in which nothing is wrong.
    pub rows: Rows,
    /// What each row is called where a file has no lines; empty where it has.
    pub labels: Vec<String>,
    /// What is wrong with others.
    pub faults: Faults,
}

/// Where the columns of a file are.
struct Header {
    /// Place of each column of the table in the file.
    places: Vec<Option<usize>>,
    /// Lines of headers.
    lines: usize,
}

/// Reads a file of this table.
///
/// # Errors
/// When it cannot be read at all, or its columns are not those of the table.
pub(super) fn prepare(
    app: &App,
    (table, content): (Table, &Content),
    bytes: &[u8],
    today: NaiveDate,
) -> Result<Prepared, Faults> {
    match content {
        Content::Sheet => prepare_sheet(app, table, bytes, today),
        Content::Figures(incoming) => prepare_figures(app, incoming, bytes, today),
    }
}

/// Reads the figures of another system as reported values. Each is called by our codes, for it has no line.
fn prepare_figures(app: &App, incoming: &FigureFile, bytes: &[u8], today: NaiveDate) -> Result<Prepared, Faults> {
    let values = incoming.read(bytes).map_err(|found| {
        let mut faults = Faults::default();
        found.all().iter().for_each(|fault| faults.add(None, Some(&fault.field), &fault.rule));
        faults
    })?;
    let plans = app.plans.now();
    let books = reported::Books::of(app, &plans);
    let (mut rows, mut labels, mut faults) = (Vec::with_capacity(values.len()), Vec::new(), Faults::default());
    for (line, value) in (1_u32..).zip(values) {
        let broken = reported::check(books, &value, today);
        labels.push(label(&value));
        if broken.is_empty() {
            rows.push((line, value));
        }
        faults.add_all(line, broken);
    }
    Ok(Prepared {
        read: labels.len(),
        columns: ["element", "class", "unit_code", "period", "value", "source_agency", "source_document", "source_on"]
            .map(str::to_owned)
            .to_vec(),
        rows: Rows::Values(rows),
        faults,
        labels,
    })
}

fn label(value: &NewValue) -> String {
    let NewValue { element, class, unit_code, period, .. } = value;
    let class = if class.is_empty() { String::new() } else { format!(".{class}") };
    format!("elements.{element}{class} units.{unit_code} {period}")
}

fn prepare_sheet(app: &App, table: Table, bytes: &[u8], today: NaiveDate) -> Result<Prepared, Faults> {
    let lines = read_within(bytes, LIMITS).map_err(|fault| {
        let mut faults = Faults::default();
        faults.add(fault.line, None, &Rule::Cell(fault.rule));
        faults
    })?;
    let columns = columns_of(table, &app.registers);
    let header = find_header(&lines, &columns)?;
    let data = lines.len() - header.lines.min(lines.len());
    if data == 0 || data > MOST_LINES {
        let mut faults = Faults::default();
        faults.add(None, None, &Rule::Cell(CellRule::Lines { max: MOST_LINES }));
        return Err(faults);
    }
    let skipped = header.lines;
    let plans = app.plans.now();
    let mut reader = Reader { app, plans: &plans, columns: &columns, header, today, faults: Faults::default() };
    let rows = reader.rows(table, lines.into_iter().skip(skipped), data);
    let Reader { header, faults, .. } = reader;
    let there = columns.iter().zip(&header.places).filter(|(_, place)| place.is_some());
    let columns = there.map(|(column, _)| column.code.clone()).collect();
    Ok(Prepared { read: data, columns, rows, labels: Vec::new(), faults })
}

fn texts(line: &Line) -> impl Iterator<Item = (usize, &str)> {
    line.cells.iter().enumerate().filter_map(|(place, cell)| match cell {
        Cell::Empty => None,
        Cell::Text(text) => Some((place, text.as_str())),
        _ => Some((place, "")),
    })
}

/// Finds the columns by the names in the first line, or by the codes in the second.
fn find_header(lines: &[Line], columns: &[SheetColumn]) -> Result<Header, Faults> {
    let mut faults = Faults::default();
    let Some(first) = lines.first() else {
        faults.add(None, None, &Rule::Cell(CellRule::File));
        return Err(faults);
    };
    let second = lines.get(1).filter(|line| has_codes(line, columns));
    let line = second.unwrap_or(first);
    let named = |text: &str| columns.iter().position(|column| column.is_named(text));
    let mut places = vec![None; columns.len()];
    for (place, text) in texts(line) {
        match named(text).and_then(|column| places.get_mut(column)) {
            None => faults.add(Some(line.number), Some(&letters_of(place)), &Rule::Unknown),
            Some(Some(_)) => {
                faults.add(Some(line.number), Some(&letters_of(place)), &Rule::Cell(CellRule::ColumnTwice));
            }
            Some(free) => *free = Some(place),
        }
    }
    // A column that moved in one of the two lines alone would be read as another.
    for (place, text) in texts(first).filter(|_| second.is_some()) {
        let differs = |column: usize| places.get(column) != Some(&Some(place));
        if named(text).is_some_and(differs) {
            faults.add(Some(first.number), Some(&letters_of(place)), &Rule::Cell(CellRule::Headers));
        }
    }
    for (column, _) in columns.iter().zip(&places).filter(|(column, place)| column.needed && place.is_none()) {
        faults.add(None, Some(&column.code), &Rule::Required);
    }
    let lines = if second.is_some() { 2 } else { 1 };
    if faults.is_empty() { Ok(Header { places, lines }) } else { Err(faults) }
}

/// Whether a line holds the codes of columns: most of its texts are, so that one with a slip is told, not read as a row.
fn has_codes(line: &Line, columns: &[SheetColumn]) -> bool {
    let is_code = |(_, text): &(usize, &str)| columns.iter().any(|column| column.code == *text);
    let all = texts(line).count();
    all > 0 && texts(line).filter(is_code).count() * 2 > all
}

struct Reader<'a> {
    app: &'a App,
    plans: &'a Plans,
    columns: &'a [SheetColumn],
    header: Header,
    today: NaiveDate,
    faults: Faults,
}

impl Reader<'_> {
    fn rows(&mut self, table: Table, lines: impl Iterator<Item = Line>, many: usize) -> Rows {
        match table {
            Table::Entries(register) => {
                let form =
                    EntryForm { catalogue: &self.app.registers, units: &self.app.units, register, today: self.today };
                let (mut rows, mut listed) = (Vec::with_capacity(many), 0);
                for line in lines {
                    if let Some(draft) = self.entry(&form, &line) {
                        listed += draft.participants.as_ref().map_or(0, Vec::len);
                        rows.push((line.number, draft));
                    }
                    if listed > MOST_LISTED {
                        let max = u64::try_from(MOST_LISTED).unwrap_or(u64::MAX);
                        self.faults.add(None, Some("participants"), &Rule::Items { min: 0, max });
                        break;
                    }
                }
                Rows::Entries(register, rows)
            }
            Table::Reported => {
                let mut rows = Vec::with_capacity(many);
                for line in lines {
                    if let Some(value) = self.value(&line) {
                        rows.push((line.number, value));
                    }
                }
                Rows::Values(rows)
            }
        }
    }

    /// What each column gives in a line; none where a cell cannot be read, or stands under no column.
    fn given(&mut self, line: &Line) -> Option<Vec<Given>> {
        let before = self.faults.count;
        for (place, cell) in line.cells.iter().enumerate() {
            if *cell != Cell::Empty && !self.header.places.contains(&Some(place)) {
                self.faults.add(Some(line.number), Some(&letters_of(place)), &Rule::Unknown);
            }
        }
        let mut given = Vec::with_capacity(self.columns.len());
        for (column, place) in self.columns.iter().zip(&self.header.places) {
            let cell = place.and_then(|place| line.cells.get(place)).unwrap_or(&Cell::Empty);
            match column.read(cell) {
                Ok(value) => given.push(value),
                Err(rule) => self.faults.add(Some(line.number), Some(&column.code), &rule),
            }
        }
        (self.faults.count == before).then_some(given)
    }

    fn entry(&mut self, form: &EntryForm<'_>, line: &Line) -> Option<Draft> {
        let given = self.given(line)?;
        let mut draft = Draft::default();
        for (column, value) in self.columns.iter().zip(given) {
            if let (Some(place), false) = (column.place, value == Given::Nothing) {
                draft.put(place, value);
            }
        }
        let errors = [form.missing(&draft), form.broken(&draft)].concat();
        let fine = errors.is_empty();
        self.faults.add_all(line.number, errors);
        fine.then_some(draft)
    }

    fn value(&mut self, line: &Line) -> Option<NewValue> {
        let given = self.given(line)?;
        let value = new_value(self.columns, given).and_then(|value| {
            let books = reported::Books::of(self.app, self.plans);
            match reported::check(books, &value, self.today) {
                broken if broken.is_empty() => Ok(value),
                broken => Err(broken),
            }
        });
        value.map_err(|errors| self.faults.add_all(line.number, errors)).ok()
    }
}

/// A value of the cells of a line.
fn new_value(columns: &[SheetColumn], given: Vec<Given>) -> Result<NewValue, Vec<FieldError>> {
    let given: Vec<(&str, Given)> = columns.iter().map(|column| column.code.as_str()).zip(given).collect();
    let of = |code: &str| given.iter().find(|(name, _)| *name == code).map(|(_, value)| value);
    let text = |code: &str| match of(code) {
        Some(Given::Text(text)) => tidy(text),
        _ => String::new(),
    };
    let number = |code: &str| if let Some(Given::Number(number)) = of(code) { Some(*number) } else { None };
    let day = if let Some(Given::Day(day)) = of("source_on") { Some(*day) } else { None };
    let mut faults: Vec<FieldError> = Vec::new();
    for column in columns.iter().filter(|column| column.needed) {
        if of(&column.code).is_none_or(|value| *value == Given::Nothing) {
            faults.push(FieldError::new(&*column.code, Rule::Required));
        }
    }
    let period = ReportPeriod::asked(&text("period")).ok();
    if period.is_none() && !text("period").is_empty() {
        faults.push(FieldError::new("period", Rule::Format(PlainForm::ReportPeriod.into())));
    }
    let expected = i32::try_from(number("expected_revision").unwrap_or(0)).unwrap_or(-1);
    match (period, day, text("calendar").parse::<Calendar>()) {
        (Some(period), Some(source_on), Ok(calendar)) if faults.is_empty() => Ok(NewValue {
            element: text("element"),
            class: text("class"),
            unit_code: text("unit_code"),
            calendar,
            period,
            value: number("value"),
            source_agency: text("source_agency"),
            source_document: text("source_document"),
            source_on,
            reason: text("reason"),
            expected_revision: Some(expected),
        }),
        _ => Err(faults),
    }
}
