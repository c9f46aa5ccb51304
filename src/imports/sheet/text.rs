//! Tables in text: cells between semicolons, commas or tabs.
//!
//! Stricter than most readers: a quote that is opened and not closed in its cell would
//! swallow the lines after it, and people with them.

use super::{Cell, Limits, Line, MOST_COLUMNS, Measure, Unreadable, unguarded};
use crate::error::CellRule;

/// Where in a cell the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Bare,
    Quoted,
    AfterQuote,
}

pub(super) fn read(text: &str, limits: Limits) -> Result<Vec<Line>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let delimiter = delimiter_of(&text);
    let mut table = Table::new(limits);
    let mut at = At::Start;
    for c in text.chars() {
        at = match (at, c) {
            (At::Quoted, '"') => At::AfterQuote,
            (At::Start, '"') => At::Quoted,
            (At::AfterQuote, '"') | (At::Quoted, _) => {
                table.cell.push(c);
                At::Quoted
            }
            (_, '\n') => {
                table.end_line()?;
                At::Start
            }
            (_, c) if c == delimiter => {
                table.end_cell()?;
                At::Start
            }
            (At::AfterQuote, _) => return Err(table.broken()),
            (At::Start | At::Bare, _) => {
                table.cell.push(c);
                At::Bare
            }
        };
    }
    if at == At::Quoted {
        return Err(table.broken());
    }
    table.end_line()?;
    Ok(table.lines)
}

/// The sign that the first line has most of outside quotes; of equals, the one that texts
/// themselves hold least often.
fn delimiter_of(text: &str) -> char {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let bare: String = first.split('"').step_by(2).collect();
    let count = |sign: char| bare.chars().filter(|c| *c == sign).count();
    [',', '\t', ';'].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(';')
}

struct Table {
    lines: Vec<Line>,
    /// Lines that ended, blank ones too.
    ended: u32,
    cells: Vec<Cell>,
    cell: String,
    measure: Measure,
}

impl Table {
    fn new(limits: Limits) -> Self {
        let measure = Measure::new(limits);
        Self { lines: Vec::new(), ended: 0, cells: Vec::new(), cell: String::new(), measure }
    }

    fn end_cell(&mut self) -> Result<(), Unreadable> {
        self.measure.text(self.cell.len())?;
        self.cells.push(Cell::of_text(unguarded(self.cell.trim())));
        self.cell.clear();
        if self.cells.len() > MOST_COLUMNS { Err(CellRule::Unpacked.into()) } else { Ok(()) }
    }

    fn end_line(&mut self) -> Result<(), Unreadable> {
        self.end_cell()?;
        self.ended += 1;
        let cells = std::mem::take(&mut self.cells);
        if cells.iter().any(|cell| *cell != Cell::Empty) {
            self.measure.line()?;
            self.measure.cells(cells.len())?;
            self.lines.push(Line { number: self.ended, cells });
        }
        Ok(())
    }

    /// The line in which a quoted cell was begun is to blame.
    fn broken(&self) -> Unreadable {
        Unreadable { rule: CellRule::Quotes, line: Some(self.ended + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, guarded, read};
    use crate::error::CellRule;

    fn texts(file: &str) -> Vec<(u32, Vec<String>)> {
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            _ => String::new(),
        };
        let lines = read(file.as_bytes()).expect("a table");
        lines.iter().map(|line| (line.number, line.cells.iter().map(text).collect())).collect()
    }

    #[test]
    fn cells_are_parted_by_whatever_the_first_line_is_parted_by() {
        let expected = vec![(1, vec!["a".to_owned(), "b,c".to_owned()]), (2, vec!["1".to_owned(), "2".to_owned()])];
        assert_eq!(texts("\u{feff}a;\"b,c\";\r\n1;2;\r\n".replace(";\r", "\r").as_str()), expected);
        assert_eq!(texts("a\tb,c\n1\t2"), expected);
        assert_eq!(texts("a,\"b,c\"\r1,2"), expected);
    }

    #[test]
    fn lines_are_numbered_as_a_spreadsheet_numbers_them() {
        let lines = texts("a;b\n\n\"two\nlines\";x\n;\nlast;y\n");
        let numbers: Vec<u32> = lines.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 5]);
        assert_eq!(lines[1].1[0], "two\nlines");
    }

    #[test]
    fn a_quote_that_is_not_closed_in_its_cell_swallows_nobody() {
        for file in ["a;b\n\"Hoa;1\nLan;2\n", "a;b\n\"Hoa;1\n\"Lan;2\n", "a;b\n\"Hoa\"x;1\n"] {
            let fault = read(file.as_bytes()).expect_err("a broken table");
            assert_eq!((fault.rule, fault.line), (CellRule::Quotes, Some(2)), "{file}");
        }
        assert_eq!(texts("a\n5\" gỗ")[1].1[0], "5\" gỗ");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for file in [b"%PDF-1.7 ...".as_slice(), b"", b" \n ", b"a\0b", b"\xd0\xcf\x11\xe0\xa1"] {
            assert_eq!(read(file).expect_err("no table").rule, CellRule::File);
        }
        for file in [b"a;b\n\xff\xfe".as_slice(), b"\xff\xfea\0", b"\xfe\xff\0a", b"H\xf2a;x"] {
            assert_eq!(read(file).expect_err("no UTF-8").rule, CellRule::Encoding);
        }
    }

    #[test]
    fn text_that_a_spreadsheet_would_take_for_a_formula_is_guarded_and_comes_back() {
        for text in ["=1+1", "+84 912", "-", "@SUM(A1)"] {
            let written = guarded(text);
            assert!(written.starts_with('\''));
            assert_eq!(texts(&written)[0].1[0], text);
        }
        assert_eq!(guarded("Hòa"), "Hòa");
        assert_eq!(texts("'tis")[0].1[0], "'tis");
    }
}
