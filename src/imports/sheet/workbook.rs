//! Excel workbooks: the first sheet that shows, values only.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use chrono::NaiveDate;

use super::{Cell, Limits, Line, MOST_COLUMNS, Measure, Unreadable};
use crate::error::CellRule;

/// Parts of a workbook.
const MOST_PARTS: usize = 1_000;
/// Texts that a workbook may say it shares; the reader makes room for as many as it says.
const SHARED_TEXTS: u64 = 2_000_000;

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Vec<Line>, Unreadable> {
    check_parts(bytes, limits)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| CellRule::File)?;
    let shows = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let name = book.sheets_metadata().iter().find(shows).ok_or(CellRule::File)?.name.clone();
    if !limits.merged {
        refuse_merged(&mut book, &name)?;
    }
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| CellRule::File)?;
    let mut lines: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    let mut measure = Measure::new(limits);
    while let Some(found) = cells.next_cell().map_err(|_| CellRule::File)? {
        let (row, column) = found.get_position();
        let cell = cell_of(found.get_value(), &mut measure)?;
        if cell == Cell::Empty {
            continue;
        }
        let column = usize::try_from(column).ok().filter(|column| *column < MOST_COLUMNS).ok_or(CellRule::Unpacked)?;
        let line = match lines.entry(row) {
            std::collections::btree_map::Entry::Occupied(line) => line.into_mut(),
            std::collections::btree_map::Entry::Vacant(line) => {
                measure.line()?;
                line.insert(Vec::new())
            }
        };
        if line.len() <= column {
            line.resize(column + 1, Cell::Empty);
        }
        if let Some(place) = line.get_mut(column) {
            *place = cell;
        }
    }
    Ok(lines.into_iter().map(|(row, cells)| Line { number: row.saturating_add(1), cells }).collect())
}

fn cell_of(value: &DataRef<'_>, measure: &mut Measure) -> Result<Cell, Unreadable> {
    let text = match value {
        DataRef::Empty => return Ok(Cell::Empty),
        DataRef::Bool(flag) => return Ok(Cell::Flag(*flag)),
        DataRef::Float(number) => return Ok(Cell::Number(*number)),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            let day = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
            return Ok(day.map_or(Cell::Fault, Cell::Day));
        }
        DataRef::DateTime(_) | DataRef::DurationIso(_) | DataRef::Error(_) => return Ok(Cell::Fault),
        DataRef::DateTimeIso(text) => {
            let day = text.get(..10).and_then(|day| day.parse().ok());
            return Ok(day.map_or(Cell::Fault, Cell::Day));
        }
        DataRef::Int(number) => return Ok(Cell::of_text(&number.to_string())),
        DataRef::String(text) => text.as_str(),
        DataRef::SharedString(text) => text,
    };
    measure.text(text.len())?;
    Ok(Cell::of_text(text))
}

/// Of merged cells only the first holds anything, which would be taken for an empty cell in all other lines.
fn refuse_merged(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<(), Unreadable> {
    let merged = book.merge_cells_by_sheet_name(name).map_err(|_| CellRule::File)?;
    match merged.first() {
        Some(first) => Err(Unreadable { rule: CellRule::Merged, line: Some(first.start.0.saturating_add(1)) }),
        None => Ok(()),
    }
}

/// Unpacks every part once, bit by bit, so that its true size is known and not what it says of itself.
fn check_parts(bytes: &[u8], limits: Limits) -> Result<(), CellRule> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| CellRule::File)?;
    if archive.len() > MOST_PARTS {
        return Err(CellRule::Unpacked);
    }
    let mut left = limits.unpacked;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| CellRule::File)?;
        let mut part = part.take(left + 1);
        // The end of what was read before is looked at again, for a number may stand across.
        let (mut window, mut more) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let read = part.read(&mut more).map_err(|_| CellRule::File)?;
            if read == 0 {
                break;
            }
            left = left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)).ok_or(CellRule::Unpacked)?;
            window.extend_from_slice(more.get(..read).unwrap_or_default());
            if most_said(&window) > SHARED_TEXTS {
                return Err(CellRule::Unpacked);
            }
            window.drain(..window.len().saturating_sub(ACROSS));
        }
    }
    Ok(())
}

/// Bytes in which a count stands, whatever white space is in it.
const ACROSS: usize = 4 * 1024;

/// The largest number that stands behind `uniqueCount`: the reader of workbooks makes room
/// for so many texts before it has seen any, and a false number would end the process.
fn most_said(part: &[u8]) -> u64 {
    const NAME: &[u8] = b"uniqueCount";
    let behind = part.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME);
    let number = |(place, _): (usize, &[u8])| {
        let rest = part.get(place + NAME.len()..).unwrap_or_default();
        let digits = rest.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
        digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    };
    behind.map(number).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
    use zip::write::SimpleFileOptions;

    use super::super::{Cell, Unreadable, read};
    use crate::error::CellRule;

    fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a part");
            writer.write_all(content).expect("its content");
        }
        writer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn dates_numbers_texts_and_the_values_of_formulas_are_read_as_what_they_are() {
        let mut book = Workbook::new();
        let date = Format::new().set_num_format("dd/mm/yyyy");
        let sheet = book.add_worksheet();
        let day = ExcelDateTime::from_ymd(1996, 3, 8).expect("a day");
        sheet.write_string(0, 0, "Nguye\u{302}\u{303}n Thi\u{323} Ho\u{300}a").expect("written");
        sheet.write_datetime_with_format(0, 1, &day, &date).expect("written");
        sheet.write_number(0, 2, 1990).expect("written");
        sheet.write_formula(2, 0, Formula::new("=1+1").set_result("hai")).expect("written");
        sheet.write_boolean(2, 1, true).expect("written");
        let lines = read(&book.save_to_buffer().expect("a workbook")).expect("read");
        assert_eq!(lines[0].number, 1);
        let name = Cell::Text("Nguyễn Thị Hòa".to_owned());
        let born = Cell::Day("1996-03-08".parse().expect("a day"));
        assert_eq!(lines[0].cells, [name, born, Cell::Number(1990.0)]);
        assert_eq!(lines[1].number, 3);
        assert_eq!(lines[1].cells, [Cell::Text("hai".to_owned()), Cell::Flag(true)]);
    }

    #[test]
    fn an_archive_that_unpacks_to_far_more_than_it_is_is_given_up() {
        let zeros = vec![b' '; 70 * 1024 * 1024];
        let bomb = zipped(&[("xl/sharedStrings.xml", &zeros)]);
        assert!(bomb.len() < 1024 * 1024, "it is small");
        assert_eq!(read(&bomb), Err(Unreadable::from(CellRule::Unpacked)));
    }

    #[test]
    fn a_false_count_of_texts_makes_no_room() {
        let said = br#"<sst count="1" uniqueCount = "99999999999"><si><t>x</t></si></sst>"#;
        assert_eq!(read(&zipped(&[("xl/sharedStrings.xml", said)])), Err(Unreadable::from(CellRule::Unpacked)));
    }

    #[test]
    fn an_archive_that_is_no_workbook_is_refused() {
        assert_eq!(read(&zipped(&[("mimetype", b"application/zip")])), Err(Unreadable::from(CellRule::File)));
        assert_eq!(read(b"PK\x03\x04 and nothing more"), Err(Unreadable::from(CellRule::File)));
    }

    #[test]
    fn a_cell_far_out_makes_no_table_of_its_size() {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(1_048_575, 16_383, "x").expect("written");
        assert_eq!(read(&book.save_to_buffer().expect("a workbook")), Err(Unreadable::from(CellRule::Unpacked)));
    }
}
