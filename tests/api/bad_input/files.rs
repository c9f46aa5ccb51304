//! Files that cannot be imported.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::{Bad, CANARY, refuse_all};
use crate::support::imports::{COLUMNS, csv, line};
use crate::support::world::OLD_COMMUNE;
use crate::support::{TestApp, World, both_dbs};

/// A file of one line in which one cell is another.
fn with(column: &str, cell: &str) -> Vec<u8> {
    let mut cells = line(CANARY);
    let place = COLUMNS.iter().position(|name| *name == column).expect("a column");
    cells[place] = cell.to_owned();
    csv(&[cells])
}

/// A workbook of one line whose third column, the birth, and fifth, the telephone, are written by `write`.
fn workbook(write: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (place, name) in (0_u16..).zip(COLUMNS) {
        sheet.write_string(0, place, *name).expect("written");
    }
    sheet.write_string(1, 0, CANARY).expect("written");
    sheet.write_string(1, 1, "nữ").expect("written");
    sheet.write_string(1, 2, "1990").expect("written");
    write(sheet);
    book.save_to_buffer().expect("a workbook")
}

both_dbs! {
    fn a_cell_that_breaks_a_rule_is_named_by_line_and_column(app: &TestApp) {
        let world = World::build(app);
        app.token(&world.manager);
        let bad = |what, column: &'static str, cell: &str, field: &'static str, rule: &'static str| {
            Bad::new(what, app.importing(&world.manager, &with(column, cell), ""), 422, "invalid").names(field, rule)
        };
        let long = format!("{CANARY}{}", "á".repeat(10_000));
        refuse_all(app, vec![
            bad("no name", "name", "", "lines[2].name", "required"),
            bad("10,000 characters", "name", &long, "lines[2].name", "length"),
            bad("10,000 characters of summary", "case_summary", &long, "lines[2].case_summary", "length"),
            bad("an unknown word", "sex", CANARY, "lines[2].sex", "word"),
            bad("no sex", "sex", "", "lines[2].sex", "required"),
            bad("no birth", "birth", "", "lines[2].birth", "required"),
            bad("a birth in words", "birth", CANARY, "lines[2].birth", "birth"),
            bad("a birth in American order", "birth", "12/31/1990", "lines[2].birth", "birth"),
            bad("a year of two digits", "birth", "1/2/90", "lines[2].birth", "birth"),
            bad("a month and a year", "birth", "3/1990", "lines[2].birth", "birth"),
            bad("born tomorrow", "birth", "16/10/2025", "lines[2].birth", "not_in_future"),
            bad("born before 1900", "birth", "1/1/1850", "lines[2].birth", "birth"),
            bad("received tomorrow", "case_received_on", "16/10/2025", "lines[2].case_received_on", "not_in_future"),
            bad("received before the birth", "case_received_on", "7/3/1996", "lines[2].case_received_on", "not_before"),
            bad("no day of reception", "case_received_on", "", "lines[2].case_received_on", "required"),
            bad("no category of the case", "case_category", "", "lines[2].case_category", "required"),
            bad("an unknown category", "case_category", CANARY, "lines[2].case_category", "word"),
            bad("a unit that is none", "residence_unit_code", "X-1", "lines[2].residence_unit_code", "unit_not_valid_on_date"),
            bad("a unit of before", "case_unit_code", OLD_COMMUNE, "lines[2].case_unit_code", "unit_not_valid_on_date"),
            bad("a unit of 21 characters", "case_unit_code", &"X".repeat(21), "lines[2].case_unit_code", "length"),
            bad("an unknown decision", "decision", CANARY, "lines[2].decision", "word"),
            bad("a control character", "phone", "09\u{7}12", "lines[2].phone", "control_character"),
        ]);
    }

    fn cells_of_a_workbook_that_lost_something_are_refused(app: &TestApp) {
        let world = World::build(app);
        app.token(&world.manager);
        let bad = |what, file: Vec<u8>, field, rule| {
            Bad::new(what, app.importing(&world.manager, &file, ""), 422, "invalid").names(field, rule)
        };
        let date = Format::new().set_num_format("dd/mm/yyyy");
        let early = ExcelDateTime::from_serial_datetime(0.5).expect("a time");
        refuse_all(app, vec![
            bad("a telephone as a number", workbook(|sheet| { sheet.write_number(1, 4, 912_345_678).expect("written"); }), "lines[2].phone", "text_cell"),
            bad("an error", workbook(|sheet| { sheet.write_formula(1, 4, Formula::new("=1/0").set_result("#DIV/0!")).expect("written"); }), "lines[2]", "formula"),
            bad("a serial without format", workbook(|sheet| { sheet.write_number(1, 2, 35_132).expect("written"); }), "lines[2].birth", "birth"),
            bad("half a day", workbook(|sheet| { sheet.write_datetime_with_format(1, 2, &early, &date).expect("written"); }), "lines[2].birth", "birth"),
            bad("a date for a telephone", workbook(|sheet| { sheet.write_datetime_with_format(1, 4, ExcelDateTime::from_ymd(1990, 1, 1).expect("a day"), &date).expect("written"); }), "lines[2].phone", "text_cell"),
        ]);
    }

    fn a_file_that_is_no_table_of_ours_is_refused(app: &TestApp) {
        let world = World::build(app);
        app.token(&world.manager);
        let bad = |what, file: &[u8], field, rule| {
            Bad::new(what, app.importing(&world.manager, file, ""), 422, "invalid").names(field, rule)
        };
        let text = |text: &str| text.replace('X', CANARY).into_bytes();
        let many = csv(&vec![line(CANARY); 5_001]);
        refuse_all(app, vec![
            bad("nothing", b"", "file", "file"),
            bad("a PDF under another name", b"%PDF-1.7\n1 0 obj", "file", "file"),
            bad("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file", "file"),
            bad("UTF-16", b"\xff\xfen\0a\0m\0e\0", "file", "encoding"),
            bad("half a workbook", &workbook(|_| {})[..900], "file", "file"),
            bad("an archive of nothing", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "file", "file"),
            bad("headers only", b"name;sex;birth\r\n", "file", "lines"),
            bad("5,001 lines", &many, "file", "lines"),
            bad("an unknown column", &text("name;X;sex;birth\nX;1;f;1990\n"), "columns.B", "unknown_field"),
            bad("a cell without a column", &text("name;sex;birth\nX;f;1990;X\n"), "lines[2].D", "unknown_field"),
            bad("a column twice", &text("name;sex;birth;Họ và tên\nX;f;1990;X\n"), "columns.D", "column_twice"),
            bad("a column that is missing", &text("name;sex\nX;f\n"), "columns.birth", "required"),
            bad("a quote that stays open", &text("name;sex;birth\n\"X;f;1990\n"), "lines[2]", "quotes"),
        ]);
    }

    fn a_request_around_a_file_is_checked(app: &TestApp) {
        let world = World::build(app);
        app.token(&world.manager);
        let good = csv(&[line(CANARY)]);
        let send = |more: &str| app.importing(&world.manager, &good, more);
        let raw = |path: &str, file: &[u8]| app.call("POST", path).bytes(file, "text/csv").by(&world.manager);
        let huge = vec![b'x'; 11 * 1024 * 1024];
        refuse_all(app, vec![
            Bad::new("11 MB", raw("/imports?kind=persons", &huge), 413, "too_large"),
            Bad::new("no kind", raw("/imports", &good), 400, "malformed").names("kind", "required"),
            Bad::new("another kind", raw("/imports?kind=dogs", &good), 400, "malformed").names("kind", "format"),
            Bad::new("no key", send("").without_key(), 400, "malformed").names("Idempotency-Key", "required"),
            Bad::new("lines that are none", send("&skip_lines=a"), 422, "invalid").names("skip_lines", "format"),
            Bad::new("a line that is not there", send("&skip_lines=3"), 422, "invalid").names("skip_lines", "no_such_reference"),
            Bad::new("both decisions", send("&skip_lines=2&import_lines=2"), 422, "invalid").names("import_lines", "conflicts_with"),
        ]);
    }
}
