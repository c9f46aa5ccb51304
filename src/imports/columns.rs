//! Columns of a template: finding them in a file, and reading the cells of a line.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};

use super::report::Fault;
use super::sheet::{Cell, Line};
use crate::error::{CellRule, Rule};
use crate::http::extract::plain_text;
use crate::persons::model::{Birth, BirthPrecision};
use crate::text::fold;

/// A column of a template.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name for programs, in the second line of a template.
    pub code: &'static str,
    /// Name for people, in the first line.
    pub label: &'static str,
    /// Whether a file must have it.
    pub needed: bool,
    /// Whether leading zeros count, so that a number in its place is not the whole of it.
    pub zeros: bool,
    /// What it takes, in Vietnamese and English.
    pub hint: &'static str,
}

/// A column that a file may lack.
pub(super) const fn column(code: &'static str, label: &'static str, hint: &'static str) -> Column {
    Column { code, label, needed: false, zeros: false, hint }
}

/// One that it must have.
pub(super) const fn needed(column: Column) -> Column {
    Column { needed: true, ..column }
}

/// One in which leading zeros count.
pub(super) const fn zeros(column: Column) -> Column {
    Column { zeros: true, ..column }
}

/// Where the columns of a file are, and where its data begins.
#[derive(Debug)]
pub struct Header {
    places: BTreeMap<&'static str, usize>,
    columns: &'static [Column],
    /// Lines of headers.
    pub lines: usize,
}

/// A column's code, or the label people know it by.
fn is_named(column: &Column, text: &str) -> bool {
    let folded = fold(text);
    column.code == text.trim() || folded == fold(column.label) || folded.replace(' ', "_") == column.code
}

fn texts(line: &Line) -> impl Iterator<Item = (usize, &str)> {
    line.cells.iter().enumerate().filter_map(|(place, cell)| match cell {
        Cell::Empty => None,
        Cell::Text(text) => Some((place, text.as_str())),
        _ => Some((place, "")),
    })
}

impl Header {
    /// Finds the columns by the names in the first line, or by the codes in the second.
    ///
    /// # Errors
    /// Columns that are not of this template, stand twice, or are missing.
    pub fn find(lines: &[Line], columns: &'static [Column]) -> Result<Self, Vec<Fault>> {
        let codes = |line: &&Line| texts(line).all(|(_, text)| columns.iter().any(|column| column.code == text));
        let second = lines.get(1).filter(codes);
        let Some(line) = second.or(lines.first()) else { return Err(Vec::new()) };
        let mut places = BTreeMap::new();
        let mut faults = Vec::new();
        for (place, text) in texts(line) {
            match columns.iter().find(|column| is_named(column, text)) {
                None => faults.push(Fault::of_place(place, Rule::Unknown)),
                Some(column) if places.insert(column.code, place).is_some() => {
                    faults.push(Fault::of_place(place, Rule::Cell(CellRule::ColumnTwice)));
                }
                Some(_) => {}
            }
        }
        let missing = columns.iter().filter(|column| column.needed && !places.contains_key(column.code));
        faults.extend(missing.map(|column| Fault::of_column(column.code, Rule::Required)));
        let headers = if second.is_some() { 2 } else { 1 };
        if faults.is_empty() { Ok(Self { places, columns, lines: headers }) } else { Err(faults) }
    }
}

/// A line being read; what is wrong with its cells is kept.
#[derive(Debug)]
pub struct Row<'a> {
    header: &'a Header,
    line: &'a Line,
    faults: Vec<Fault>,
}

/// A word with the spellings it is known by, folded.
pub type Words<T> = [(T, &'static [&'static str])];

impl<'a> Row<'a> {
    /// A line of the file.
    pub fn new(header: &'a Header, line: &'a Line) -> Self {
        let mut row = Self { header, line, faults: Vec::new() };
        for (place, cell) in line.cells.iter().enumerate() {
            if *cell != Cell::Empty && !header.places.values().any(|known| *known == place) {
                row.faults.push(Fault { line: Some(line.number), ..Fault::of_place(place, Rule::Unknown) });
            }
        }
        row
    }

    /// Number of the line.
    pub fn number(&self) -> u32 {
        self.line.number
    }

    /// What is wrong.
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Notes that a cell breaks a rule.
    pub fn breaks(&mut self, column: &'static str, rule: Rule) {
        self.faults.push(Fault::of_cell(self.line.number, column, rule));
    }

    /// As [`Row::breaks`], unless a rule of this kind is noted of the cell.
    pub fn breaks_once(&mut self, column: &'static str, rule: Rule) {
        if !self.faults.iter().any(|fault| fault.column == Some(column) && fault.rule.code() == rule.code()) {
            self.breaks(column, rule);
        }
    }

    /// Whether any of these cells breaks a rule.
    pub fn is_any_broken(&self, columns: &[&'static str]) -> bool {
        columns.iter().any(|column| self.is_broken(column))
    }

    fn is_broken(&self, column: &'static str) -> bool {
        self.faults.iter().any(|fault| fault.column == Some(column))
    }

    fn cell(&self, column: &'static str) -> &'a Cell {
        let place = self.header.places.get(column);
        place.and_then(|place| self.line.cells.get(*place)).unwrap_or(&Cell::Empty)
    }

    /// The value, or the note that there must be one, unless something else is wrong with the cell.
    pub fn require<T>(&mut self, column: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.is_broken(column) {
            self.breaks(column, Rule::Required);
        }
        value
    }

    /// A text as it stands.
    pub fn text(&mut self, column: &'static str) -> Option<String> {
        let zeros = self.header.columns.iter().any(|known| known.code == column && known.zeros);
        text_in(self.cell(column), zeros).unwrap_or_else(|rule| {
            self.breaks(column, rule);
            None
        })
    }

    /// A text of so many characters at the most, none of them a control character.
    pub fn short(&mut self, column: &'static str, max: u64) -> Option<String> {
        let text = self.text(column)?;
        if u64::try_from(text.chars().count()).is_ok_and(|length| length > max) {
            self.breaks(column, Rule::Length { min: 1, max });
        }
        if plain_text(&text).is_err() {
            self.breaks(column, Rule::ControlCharacter);
        }
        Some(text)
    }

    /// Texts between semicolons or on lines of their own.
    pub fn texts(&mut self, column: &'static str) -> Vec<String> {
        let text = self.text(column).unwrap_or_default();
        text.split([';', '\n']).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }

    /// A word of a closed list.
    pub fn word<T: Copy>(&mut self, column: &'static str, words: &Words<T>, known: &'static str) -> Option<T> {
        let text = self.text(column)?;
        self.known(column, &text, words, known)
    }

    /// As [`Row::word`]; there must be one.
    pub fn needed_word<T: Copy>(&mut self, column: &'static str, words: &Words<T>, known: &'static str) -> Option<T> {
        let word = self.word(column, words, known);
        self.require(column, word)
    }

    /// A whole number from `min` to `max`.
    pub fn number_of(&mut self, column: &'static str, min: i64, max: i64) -> Option<i64> {
        match number_in(self.cell(column)) {
            Ok(Some(number)) if !(min..=max).contains(&number) => self.breaks(column, Rule::Range { min, max }),
            Ok(number) => return number,
            Err(rule) => self.breaks(column, rule),
        }
        None
    }

    /// As [`Row::number_of`]; there must be one.
    pub fn needed_number(&mut self, column: &'static str, min: i64, max: i64) -> Option<i64> {
        let number = self.number_of(column, min, max);
        self.require(column, number)
    }

    /// Words of a closed list, parted as [`Row::texts`] or by commas.
    pub fn words<T: Copy>(&mut self, column: &'static str, words: &Words<T>, known: &'static str) -> Vec<T> {
        let text = self.text(column).unwrap_or_default();
        let parts: Vec<&str> = text.split([';', '\n', ',']).map(str::trim).filter(|part| !part.is_empty()).collect();
        parts.into_iter().filter_map(|part| self.known(column, part, words, known)).collect()
    }

    fn known<T: Copy>(&mut self, column: &'static str, text: &str, words: &Words<T>, known: &'static str) -> Option<T> {
        let folded = plain(text);
        let found = words.iter().find(|(_, spellings)| spellings.iter().any(|spelling| plain(spelling) == folded));
        if found.is_none() {
            self.breaks(column, Rule::Cell(CellRule::Word(known)));
        }
        found.map(|(word, _)| *word)
    }

    /// Yes or no; nothing is no.
    pub fn yes(&mut self, column: &'static str) -> bool {
        match self.cell(column) {
            Cell::Flag(flag) => *flag,
            _ => self.word(column, YES_OR_NO, YES_OR_NO_WORDS).unwrap_or(false),
        }
    }

    /// A day.
    pub fn day(&mut self, column: &'static str) -> Option<NaiveDate> {
        day_in(self.cell(column)).unwrap_or_else(|rule| {
            self.breaks(column, rule);
            None
        })
    }

    /// A birth: a day, a year, or that it is not known.
    pub fn birth(&mut self, column: &'static str) -> Option<Birth> {
        let exact = |day| Birth { precision: BirthPrecision::Exact, date: Some(day), year: None };
        let birth = match self.cell(column) {
            Cell::Empty => return None,
            Cell::Day(day) => Some(*day).filter(|day| is_recordable(*day)).map(exact),
            Cell::Text(text) if ["khong ro", "khong biet", "unknown", "?"].contains(&fold(text).as_str()) => {
                Some(Birth { precision: BirthPrecision::Unknown, date: None, year: None })
            }
            Cell::Text(text) => day_of(text).map(exact).or_else(|| year_of(text)),
            Cell::Number(number) => year_of(&number.to_string()),
            Cell::Flag(_) | Cell::Fault => None,
        };
        if birth.is_none() {
            self.breaks(column, Rule::Cell(CellRule::Birth));
        }
        birth
    }
}

const YES_OR_NO: &Words<bool> =
    &[(true, &["có", "x", "yes", "true", "đúng"]), (false, &["không", "no", "false", "sai"])];
/// The words for yes and no.
pub const YES_OR_NO_WORDS: &str = "có, không";

/// The text of a cell; where leading zeros count, a number is not the whole of it.
///
/// # Errors
/// When it holds something else.
pub fn text_in(cell: &Cell, zeros: bool) -> Result<Option<String>, Rule> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Text(text) => Ok(Some(text.clone())),
        Cell::Number(number) if !zeros => Ok(Some(number.to_string())),
        Cell::Number(_) | Cell::Day(_) => Err(Rule::Cell(CellRule::TextCell)),
        Cell::Flag(_) | Cell::Fault => Err(Rule::Cell(CellRule::Value)),
    }
}

/// The whole number of a cell.
///
/// # Errors
/// When it holds something else.
pub fn number_in(cell: &Cell) -> Result<Option<i64>, Rule> {
    let number = match cell {
        Cell::Empty => return Ok(None),
        Cell::Number(number) => whole(*number),
        Cell::Text(text) => digits_of(text),
        Cell::Day(_) | Cell::Flag(_) | Cell::Fault => None,
    };
    number.map(Some).ok_or(Rule::Cell(CellRule::Number))
}

/// The day of a cell.
///
/// # Errors
/// When it holds something else, or a day that no record holds.
pub fn day_in(cell: &Cell) -> Result<Option<NaiveDate>, Rule> {
    let day = match cell {
        Cell::Empty => return Ok(None),
        Cell::Day(day) => Some(*day).filter(|day| is_recordable(*day)),
        Cell::Text(text) => day_of(text),
        _ => None,
    };
    day.map(Some).ok_or(Rule::Cell(CellRule::Date))
}

/// Yes or no in a cell.
///
/// # Errors
/// When it holds something else.
pub fn flag_in(cell: &Cell) -> Result<Option<bool>, Rule> {
    let text = match cell {
        Cell::Flag(flag) => return Ok(Some(*flag)),
        cell => text_in(cell, false)?,
    };
    let Some(text) = text else { return Ok(None) };
    let known = |(_, spellings): &&(bool, &[&str])| spellings.iter().any(|word| plain(word) == plain(&text));
    let found = YES_OR_NO.iter().find(known).map(|(flag, _)| *flag);
    found.map(Some).ok_or(Rule::Cell(CellRule::Word(YES_OR_NO_WORDS)))
}

/// A word without marks, and with single spaces for whatever parts it.
pub fn plain(text: &str) -> String {
    fold(&text.replace(['_', '-', '–'], " "))
}

/// A number of a spreadsheet without a fraction; beyond 2^53 it cannot tell one whole number from the next.
fn whole(number: f64) -> Option<i64> {
    let text = (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then(|| format!("{number:.0}"))?;
    text.parse().ok()
}

/// `20000000`, or in groups of three as Vietnamese writes them: `20.000.000`; with commas or spaces as well. What
/// could be a fraction, such as `1.5`, is not guessed at.
fn digits_of(text: &str) -> Option<i64> {
    let separator = text.chars().find(|c| !c.is_ascii_digit()).unwrap_or('.');
    if !matches!(separator, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}') {
        return None;
    }
    let groups: Vec<&str> = text.split(separator).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let sized = match groups.as_slice() {
        [_] => true,
        // 1,000 is a thousand to some and one to others.
        [_, _] if separator == ',' => false,
        [first, rest @ ..] => first.len() <= 3 && rest.iter().all(|group| group.len() == 3),
        [] => false,
    };
    if sized && groups.iter().all(digits) { groups.concat().parse().ok() } else { None }
}

/// The years that a record can hold.
fn is_recordable(day: NaiveDate) -> bool {
    (1900..=2200).contains(&day.year())
}

fn year_of(text: &str) -> Option<Birth> {
    let year = text.parse().ok().filter(|year| text.len() == 4 && (1900..=2200).contains(year))?;
    Some(Birth { precision: BirthPrecision::Year, date: None, year: Some(year) })
}

/// `31/12/2025`, `31-12-2025`, `31.12.2025` or `2025-12-31`; a year has four digits.
fn day_of(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] | [day, month, year] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
            (year, month, day)
        }
        _ => return None,
    };
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(day).filter(|day| is_recordable(*day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_vietnamese_order_or_as_iso_writes_them_and_never_guessed() {
        let day = |text: &str| day_of(text).map(|day| day.to_string());
        for text in ["08/03/1996", "8/3/1996", "8-3-1996", "08.03.1996", "1996-03-08", "1996/3/8"] {
            assert_eq!(day(text).as_deref(), Some("1996-03-08"), "{text}");
        }
        for text in ["3/1996", "08/03/96", "31/02/1996", "12/31/1996", "08/03/1850", "35132", "8 tháng 3", ""] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_whole_and_grouped_by_three_or_not_at_all() {
        for text in ["20000000", "20.000.000", "20,000,000", "20 000 000", "20\u{a0}000\u{a0}000", "020000000"] {
            assert_eq!(digits_of(text), Some(20_000_000), "{text}");
        }
        for text in
            ["", "1.5", "20.000,00", "20.000.00", "2000.000", "-5", "+5", "1e6", ".000", "20tr", "99999999999999999999"]
        {
            assert_eq!(digits_of(text), None, "{text}");
        }
        assert_eq!((whole(2e7), whole(-1.0), whole(0.5), whole(1e300)), (Some(20_000_000), Some(-1), None, None));
    }

    #[test]
    fn words_are_known_in_either_language_with_marks_or_without() {
        assert_eq!(plain("Bru – Vân Kiều"), plain("bru_van_kieu"));
        assert_eq!(plain("NỮ"), "nu");
    }
}
