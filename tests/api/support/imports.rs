//! Files to import.

use rust_xlsxwriter::Workbook;
use uuid::Uuid;

use super::TestApp;
use super::client::{Call, Reply, User};
use super::world::COMMUNE;

/// Media type under which files are sent; the server looks at their content.
pub const FILE: &str = "application/octet-stream";

/// Columns of the usual file.
pub const COLUMNS: &[&str] = &[
    "name",
    "sex",
    "birth",
    "residence_unit_code",
    "phone",
    "case_category",
    "case_received_on",
    "case_unit_code",
    "case_summary",
    "decision",
];

/// A line of the usual file: somebody with a case.
pub fn line(name: &str) -> Vec<String> {
    let cells =
        [name, "nữ", "08/03/1996", COMMUNE, "0912 345 678", "người bán dâm", "01/09/2025", COMMUNE, "Đến cùng mẹ", ""];
    cells.map(str::to_owned).to_vec()
}

/// The usual columns and these lines, as text.
pub fn csv(lines: &[Vec<String>]) -> Vec<u8> {
    table_csv(COLUMNS, lines)
}

/// The same as a workbook of texts.
pub fn xlsx(lines: &[Vec<String>]) -> Vec<u8> {
    table_xlsx(COLUMNS, lines)
}

/// A table as text.
pub fn table_csv(columns: &[&str], lines: &[Vec<String>]) -> Vec<u8> {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let joined = |cells: &[String]| cells.iter().map(quoted).collect::<Vec<_>>().join(";");
    let header: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let mut file = format!("\u{feff}{}\r\n", joined(&header));
    for line in lines {
        file.push_str(&joined(line));
        file.push_str("\r\n");
    }
    file.into_bytes()
}

/// A table as a workbook of texts.
pub fn table_xlsx(columns: &[&str], lines: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let header: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    for (row, cells) in (0_u32..).zip(std::iter::once(&header).chain(lines)) {
        for (column, cell) in (0_u16..).zip(cells) {
            sheet.write_string(row, column, cell).expect("a cell is written");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

/// A file of so many people with different names.
pub fn people(number: usize) -> Vec<Vec<String>> {
    (1..=number).map(|number| line(&format!("Người thứ {number}"))).collect()
}

impl TestApp {
    /// The request that imports a file; `more` is added to the query.
    pub fn importing(&self, user: &User, file: &[u8], more: &str) -> Call<'_> {
        self.call("POST", &format!("/imports?kind=persons{more}")).bytes(file, FILE).by(user)
    }

    /// Imports a file.
    #[track_caller]
    pub fn import(&self, user: &User, file: &[u8]) -> Uuid {
        self.importing(user, file, "").send().expect(201).id()
    }

    /// Says what importing it would do.
    #[track_caller]
    pub fn dry_run(&self, user: &User, file: &[u8], more: &str) -> serde_json::Value {
        self.importing(user, file, &format!("&dry_run=true{more}")).send().expect(200).json()
    }

    /// Undoes an import, as it stands.
    #[track_caller]
    pub fn undo_import(&self, user: &User, import: Uuid) -> Reply {
        let version = self.get(&format!("/imports/{import}")).by(user).send().expect(200).version();
        self.post(&format!("/imports/{import}/undo"), &serde_json::json!({})).by(user).version(version).send()
    }

    /// Data keys in the key store.
    pub fn keys(&self) -> i64 {
        let sql = "select count(*) as n from wrapped_keys";
        self.state()
            .vault
            .store()
            .read_now(|conn| Ok(super::database::count(conn, sql)))
            .expect("the key store answers")
    }
}
