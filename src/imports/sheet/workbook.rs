//! Excel workbooks: the first sheet that shows, values only.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::{Cell, Limits, Line, MOST_COLUMNS, Measure, Unreadable, parts};
use crate::error::CellRule;

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Vec<Line>, Unreadable> {
    let found = parts::check(bytes, limits)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| CellRule::File)?;
    let shows = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let name = book.sheets_metadata().iter().find(shows).ok_or(CellRule::File)?.name.clone();
    // Sheets are found by their name.
    if book.sheets_metadata().iter().filter(|sheet| sheet.name == name).count() > 1 {
        return Err(CellRule::File.into());
    }
    if !limits.merged && found.merged {
        refuse_merged(&mut book, &name)?;
    }
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| CellRule::File)?;
    let mut lines: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    let mut measure = Measure::new(limits);
    while let Some(found) = cells.next_cell_with_formula_metadata().map_err(|_| CellRule::File)? {
        let (row, column) = found.pos;
        // Nobody knows whether what is stored beside it is what it comes to.
        if found.formula.is_some() {
            return Err(Unreadable { rule: CellRule::Formula, line: Some(row.saturating_add(1)) });
        }
        let cell = cell_of(&found.value, &mut measure)?;
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
            measure.cells(column + 1 - line.len())?;
            line.resize(column + 1, Cell::Empty);
        }
        match line.get_mut(column) {
            Some(place) if *place == Cell::Empty => *place = cell,
            // A cell that stands twice: which of them is shown, nobody knows.
            _ => return Err(CellRule::File.into()),
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
            return Ok(day_in_words(text).map_or(Cell::Fault, Cell::Day));
        }
        DataRef::Int(number) => return Ok(Cell::of_text(&number.to_string())),
        DataRef::String(text) => text.as_str(),
        DataRef::SharedString(text) => text,
    };
    measure.text(text.len())?;
    Ok(Cell::of_text(text))
}

/// A day; with a time, of no zone or midnight of the universal one, as programs write days.
fn day_in_words(text: &str) -> Option<NaiveDate> {
    if let Ok(day) = text.parse() {
        return Some(day);
    }
    let universal = text.strip_suffix('Z');
    let at: NaiveDateTime = universal.unwrap_or(text).parse().ok()?;
    (universal.is_none() || at.time() == NaiveTime::MIN).then_some(at.date())
}

/// Of merged cells only the first holds anything, which would be taken for an empty cell in all other lines.
fn refuse_merged(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<(), Unreadable> {
    let merged = book.merge_cells_by_sheet_name(name).map_err(|_| CellRule::File)?;
    match merged.first() {
        Some(first) => Err(Unreadable { rule: CellRule::Merged, line: Some(first.start.0.saturating_add(1)) }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
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
    fn dates_numbers_and_texts_are_read_as_what_they_are() {
        let mut book = Workbook::new();
        let date = Format::new().set_num_format("dd/mm/yyyy");
        let sheet = book.add_worksheet();
        let day = ExcelDateTime::from_ymd(1996, 3, 8).expect("a day");
        sheet.write_string(0, 0, "Nguye\u{302}\u{303}n Thi\u{323} Ho\u{300}a").expect("written");
        sheet.write_datetime_with_format(0, 1, &day, &date).expect("written");
        sheet.write_number(0, 2, 1990).expect("written");
        sheet.write_string(2, 0, "hai").expect("written");
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
    fn a_workbook_of_nothing_but_styles_or_texts_is_given_up_wherever_they_stand() {
        for (part, tag) in [
            ("xl/styles.xml", "<xf/>"),
            ("xl/sharedStrings.xml", "<si/>"),
            ("xl/worksheets/sheet1.xml", "<x:xf numFmtId='1'/>"),
            ("xl/worksheets/workbook.xml", "<sheet/>"),
        ] {
            let tags = tag.repeat(2_100_000);
            let bomb = zipped(&[(part, tags.as_bytes())]);
            assert!(bomb.len() < 1024 * 1024, "it is small");
            assert_eq!(read(&bomb), Err(Unreadable::from(CellRule::Unpacked)), "{part}");
        }
    }

    #[test]
    fn what_a_small_file_makes_large_is_given_up_whatever_it_is() {
        let long = "x".repeat(60_000);
        let spaces = " ".repeat(200_000);
        let copies = |style: &str| format!("<numFmt formatCode='{long}'/>{}", style.repeat(20_000));
        let hidden = |before: &str, after: &str| format!("{before}{}{after}", "<xf/>".repeat(1_100_000));
        for (what, part, content) in [
            (
                "a count far behind its name",
                "xl/sharedStrings.xml",
                format!("<sst uniqueCount{spaces}=\"99999999999999\">"),
            ),
            (
                "a count behind a sign",
                "xl/sharedStrings.xml",
                format!("<sst a='>' uniqueCount{}=\"99999999999999\">", " ".repeat(9_000)),
            ),
            (
                "a count behind another name",
                "xl/sharedStrings.xml",
                format!("<t/:sst uniqueCount{}=\"99999999999\">", " ".repeat(5_100)),
            ),
            ("a long text that each style copies", "xl/styles.xml", copies("<xf/>")),
            ("the same, with a stroke in its name", "xl/styles.xml", copies("<t/:xf numFmtId='9'/>")),
            ("styles behind a comment of two strokes", "xl/styles.xml", hidden("<!--><z \"-->", "<!--\"-->")),
            ("styles behind an instruction", "xl/styles.xml", hidden("<?x ><z \"?>", "<!--\"-->")),
            ("styles behind a quote", "xl/styles.xml", hidden("<y></y \"><z '\">", "<!--'-->")),
            ("a long tag", "xl/styles.xml", format!("<a b='{}'/>", "x".repeat(5_000_000))),
            ("a long text", "xl/worksheets/sheet1.xml", format!("<c><v>{}</v></c>", "1".repeat(5_000_000))),
            ("tags within each other", "xl/worksheets/sheet1.xml", "<t>".repeat(1_100_000)),
            ("many sheets", "xl/workbook.xml", "<sheet name='b' r:id='a'/>".repeat(1_001)),
            (
                "two texts of middling length that each of many styles copies",
                "xl/styles.xml",
                format!("<numFmt formatCode='{}'/>{}", "x".repeat(2_000), "<xf numFmtId='200'/>".repeat(190_000)),
            ),
            ("more styles than there are", "xl/styles.xml", "<xf/>".repeat(200_001)),
            ("more fonts, and no style", "xl/styles.xml", "<font/>".repeat(200_001)),
            ("more borders, and no style", "xl/styles.xml", "<border/>".repeat(200_001)),
            ("many names", "xl/workbook.xml", "<definedName name=''/>".repeat(100_001)),
            ("many relations", "xl/_rels/workbook.xml.rels", "<Relationship Id='1'/>".repeat(10_001)),
        ] {
            assert_eq!(
                read(&zipped(&[(part, content.as_bytes())])),
                Err(Unreadable::from(CellRule::Unpacked)),
                "{what}"
            );
        }
    }

    /// A sheet of this one row.
    fn of_row(row: &str) -> Vec<u8> {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(0, 0, "x").expect("written");
        let bytes = book.save_to_buffer().expect("a workbook");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
        let mut parts = Vec::new();
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).expect("a part");
            let name = part.name().expect("a name").into_owned();
            let mut content = String::new();
            std::io::Read::read_to_string(&mut part, &mut content).expect("its content");
            if let Some((before, after)) = content.split_once("<sheetData>").filter(|_| name.ends_with("sheet1.xml")) {
                let (_, after) = after.split_once("</sheetData>").expect("its end");
                content = format!("{before}<sheetData><row r=\"1\">{row}</row></sheetData>{after}");
            }
            parts.push((name, content));
        }
        let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, of)| (name.as_str(), of.as_bytes())).collect();
        zipped(&parts)
    }

    #[test]
    fn a_formula_is_refused_with_its_line_whatever_is_stored_beside_it() {
        for row in [
            "<c r=\"A1\"><f>1+1</f></c>",
            "<c r=\"A1\"><f>1+1</f><v>2</v></c>",
            "<c r=\"A1\"><f>1+2</f><v/>\n</c>",
            "<c r=\"A1\" t=\"str\"><f>IF(1,\"\",1)</f><v></v></c>",
            "<c r=\"A1\"><f t=\"array\" ref=\"A1:A2\">1</f><v>1</v></c>",
            "<c r=\"A1\"><f t=\"shared\" si=\"0\"/><v>1</v></c>",
            "<c r=\"A1\"><v>1</v><f>1</f></c>",
            "<c r=\"A1\"><f t=\"shared\" si=\"1000000000000\">1</f><v>1</v></c>",
        ] {
            assert_eq!(read(&of_row(row)), Err(Unreadable { rule: CellRule::Formula, line: Some(1) }), "{row}");
        }
    }

    #[test]
    fn a_value_in_pieces_a_cell_that_stands_twice_and_one_beyond_the_sheet_are_refused() {
        for row in [
            "<c r=\"A1\"><v>1&#50;</v></c>",
            "<c r=\"A1\"><v>1<!-- -->2</v></c>",
            "<c r=\"A1\"><v><![CDATA[12]]></v></c>",
            "<c r=\"A1\" t=\"str\"><v>a<![CDATA[b]]></v></c>",
            "<c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>2</v></c>",
            "<c r=\"A1\"><v>1<b/>2</v></c>",
            "<c r=\"A1\"><v>1</v><v>2</v></c>",
            "<c r=\"A1\" t=\"inlineStr\"><is><t>a</t></is><v>x</v></c>",
            "<c r=\"A1\" t=\"s\"><v> 1</v></c>",
            "<c r=\"A1\" r=\"A4294967298\"><v>1</v></c>",
            "<c r=\"A4294967297\"><v>1</v></c>",
            "<c r=\"AAAAAAAA1\"><v>1</v></c>",
            "<c r=\"A1\" t=\"n\"><is><c/></is><v>1<!-- -->00</v></c>",
            "<c r=\"A1\" t=\"n\"><is><row/></is><v>1&#50;</v></c>",
            "<c r=\"A1\" t=\"s\"><is><row/></is><v>x</v></c>",
            "<c r=\"A1\" t=\"s\"><v>99999999999999999999999</v></c>",
            "<c r=\"A1\" t=\"&#115;\"><v>0</v></c>",
            "<c r=\"A1\"><is><t>9</t></is></c>",
            "<c r=\"A1\" t=\"inlineStr\"><v>9</v></c>",
        ] {
            assert_eq!(read(&of_row(row)), Err(Unreadable::from(CellRule::File)), "{row}");
        }
        let whole =
            of_row("<c r=\"A1\" t=\"str\"><v>a &amp; b</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>c&#50;</t></is></c>");
        let cells = &read(&whole).expect("read")[0].cells;
        assert_eq!(*cells, [Cell::Text("a & b".to_owned()), Cell::Text("c2".to_owned())]);
        let fault = of_row("<c r=\"A1\" t=\"e\"><v>#DIV/0!</v></c>");
        assert_eq!(read(&fault).expect("read")[0].cells, [Cell::Fault]);
    }

    #[test]
    fn days_in_words_are_days_and_nothing_else() {
        let read = |text: &str| {
            let row = format!("<c r=\"A1\" t=\"d\"><v>{text}</v></c>");
            read(&of_row(&row)).expect("read")[0].cells[0].clone()
        };
        let day = Cell::Day("2026-03-05".parse().expect("a day"));
        for text in ["2026-03-05", "2026-03-05T00:00:00", "2026-03-05T00:00:00.000Z"] {
            assert_eq!(read(text), day, "{text}");
        }
        for text in ["2026-03-0599", "2026-03-05T23:00:00Z", "2026-03-05T23:00:00+07:00", "2026-03-05 or so"] {
            assert_eq!(read(text), Cell::Fault, "{text}");
        }
    }

    #[test]
    fn what_readers_would_not_agree_on_is_refused() {
        let merge = "<mergeCells/><mergeCells><mergeCell ref='A1:A2'/></mergeCells>";
        for (part, content) in [
            ("xl/worksheets/sheet1.xml", merge),
            ("xl/workbook.xml", "<workbookPr date1904='&#49;'/>"),
            ("xl/workbook.xml", "<workbookPr date1904='1'/><workbookPr date1904='0'/>"),
        ] {
            let book = zipped(&[(part, content.as_bytes())]);
            assert_eq!(super::parts::check(&book, super::Limits::LISTS), Err(CellRule::File), "{content}");
        }
        let twice = zipped(&[("xl/sharedStrings.xml", b"<sst/>"), ("xl\\sharedstrings.xml", b"<sst/>")]);
        assert_eq!(super::parts::check(&twice, super::Limits::LISTS), Err(CellRule::File));
        let extended = b"<workbookPr date1904='1'/><workbookPr chartTrackingRefBase='1'/>";
        let book = zipped(&[("xl/workbook.xml", extended)]);
        assert_eq!(super::parts::check(&book, super::Limits::LISTS).map(drop), Ok(()));
    }

    #[test]
    fn texts_and_styles_elsewhere_than_where_they_are_looked_for_are_refused() {
        let rels = |kind: &str, target: &str| {
            format!(
                "<Relationships><Relationship Id=\"a\" Type=\"http://x/{kind}\" Target=\"{target}\"/></Relationships>"
            )
        };
        for (kind, target) in [
            ("sharedStrings", "ss.xml"),
            ("sharedString&#115;", "ss.xml"),
            ("styles", "a/styles.xml"),
            ("worksheet", "media/image1.png"),
            ("officeDocument", "foo/workbook.xml"),
        ] {
            let book = zipped(&[("xl/_rels/workbook.xml.rels", rels(kind, target).as_bytes())]);
            assert_eq!(super::parts::check(&book, super::Limits::LISTS), Err(CellRule::File), "{kind}");
        }
        let long = format!("{}.xml", "a".repeat(1_000_000));
        let book = zipped(&[("xl/_rels/workbook.xml.rels", rels("worksheet", &long).as_bytes())]);
        assert_eq!(super::parts::check(&book, super::Limits::LISTS), Err(CellRule::File), "a long name");
        for (kind, target) in [("sharedStrings", "/xl/sharedStrings.xml"), ("vbaProject", "vbaProject.bin")] {
            let book = zipped(&[("xl/_rels/workbook.xml.rels", rels(kind, target).as_bytes())]);
            assert_eq!(super::parts::check(&book, super::Limits::LISTS).map(drop), Ok(()), "{kind}");
        }
    }

    #[test]
    fn what_other_workbooks_held_and_formatted_texts_are_nothing_to_refuse() {
        let link = "<externalLink><sheetData><row r='1'><cell r='A1' t='str'><v>Tom &amp; Jerry</v></cell></row></sheetData></externalLink>";
        let run =
            "<r><rPr><b/><sz val='11'/><color theme='1'/><rFont val='Calibri'/><family val='2'/></rPr><t>a</t></r>";
        let rich = format!("<sst count='3000000' uniqueCount='1'><si>{}</si></sst>", run.repeat(200_000));
        let pasted = format!("<worksheet><conditionalFormatting sqref='{}'/></worksheet>", "A1 ".repeat(20_000));
        let parts = [
            ("xl/externalLinks/externalLink1.xml", link),
            ("xl/sharedStrings.xml", &rich),
            ("xl/worksheets/sheet1.xml", &pasted),
        ];
        let book = zipped(&parts.map(|(name, text)| (name, text.as_bytes())));
        assert_eq!(super::parts::check(&book, super::Limits::LISTS).map(drop), Ok(()));
    }

    #[test]
    fn pictures_in_a_workbook_are_no_markup() {
        let white = vec![b'>'; 5_000_000];
        let noise = "<\"x".repeat(400_000);
        let book = zipped(&[("xl/media/image1.bmp", &white), ("xl/media/image2.emf", noise.as_bytes())]);
        assert_eq!(super::parts::check(&book, super::Limits::LISTS).map(drop), Ok(()));
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
