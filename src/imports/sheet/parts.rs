//! What stands in the parts of a workbook, seen before its reader makes anything of it: the reader keeps each style and
//! each text, and makes room for what a file says there is, however small the file.
//!
//! Parts are taken apart by the crate the reader takes them apart with, set up alike, so that both see the same tags.

use std::cell::Cell;
use std::io::{BufReader, Cursor, Error, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesStart, Event};

use super::Limits;
use crate::error::CellRule;

/// Parts of a workbook.
const MOST_PARTS: usize = 1_000;
/// Texts that a workbook shares, and may say it shares.
const SHARED_TEXTS: u64 = 2_000_000;
/// Tags of one part that are neither cells nor texts: names, merged cells, runs of formatted text.
const OTHER_TAGS: u64 = 10_000_000;
/// Tags of a part with styles, and styles among them: Excel has 65,490.
const STYLE_TAGS: (u64, u64) = (1_000_000, 200_000);
/// Sheets, and letters of the name of a part: the reader puts one into the other.
const SHEETS: u64 = 1_000;
const LONGEST_TARGET: usize = 300;
/// Tags that are open within each other.
const DEEPEST: u64 = 10_000;
/// Bytes of one tag or text: a cell holds 32,767 letters.
const LONGEST: u64 = 4 * 1024 * 1024;
/// Bytes of the longest tag of a part with styles times the number of styles: the reader copies what such a tag says, a
/// font and a format, for each style that names it.
const MOST_COPIED: u64 = 256 * 1024 * 1024;
/// Formulas that share one are numbered so far; the reader makes room for as many.
const SHARED_FORMULAS: u64 = 2_000_000;
/// Letters and digits of the last cell of a sheet, XFD1048576.
const LAST_CELL: (usize, usize) = (3, 7);

/// Unpacks every part once, bit by bit, so that its true size is known and not what it says of itself.
///
/// # Errors
/// Too much of anything; a cell whose value the reader would not read whole; texts, styles or sheets elsewhere than where
/// the reader looks for them.
pub(super) fn check(bytes: &[u8], limits: Limits) -> Result<(), CellRule> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| CellRule::File)?;
    if archive.len() > MOST_PARTS {
        return Err(CellRule::Unpacked);
    }
    let left = Cell::new(limits.unpacked);
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| CellRule::File)?;
        let name = part.name().map_err(|_| CellRule::File)?.to_ascii_lowercase();
        let since = Cell::new(0);
        let mut part = Measured { part, left: &left, since: &since, is_too_much: Cell::new(false) };
        if is_markup(&name) {
            let seen = Seen::default().read(&mut part, &since);
            if part.is_too_much.get() {
                return Err(CellRule::Unpacked);
            }
            seen?;
        }
        // Whatever the reader of markup left, it is unpacked to know its size.
        since.set(0);
        let mut rest = vec![0; 64 * 1024];
        while part
            .read(&mut rest)
            .map_err(|_| if part.is_too_much.get() { CellRule::Unpacked } else { CellRule::File })?
            > 0
        {
            since.set(0);
        }
    }
    Ok(())
}

/// Whether a part, by its name in small letters, is markup. Pictures and the like are nothing the reader opens.
fn is_markup(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "xml" | "rels")))
}

/// A part that ends with an error when the workbook, or one tag or text of it, becomes too long.
struct Measured<'a, R> {
    part: R,
    /// Bytes that all parts may still have.
    left: &'a Cell<u64>,
    /// Bytes since the last tag or text ended.
    since: &'a Cell<u64>,
    is_too_much: Cell<bool>,
}

impl<R: Read> Read for Measured<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.part.read(into)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.since.set(self.since.get().saturating_add(bytes));
        let Some(left) = self.left.get().checked_sub(bytes).filter(|_| self.since.get() <= LONGEST) else {
            self.is_too_much.set(true);
            return Err(Error::other("too much"));
        };
        self.left.set(left);
        Ok(read)
    }
}

/// What was seen of a part.
#[derive(Debug, Default)]
struct Seen {
    depth: u64,
    texts: u64,
    sheets: u64,
    styles: u64,
    others: u64,
    longest: u64,
    has_cells: bool,
    cell: Option<Holding>,
}

/// What a cell says it holds, and how much of that was seen.
#[derive(Debug, Default)]
struct Holding {
    kind: String,
    values: u32,
    value: Value,
}

/// How much of the value of a cell was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Value {
    #[default]
    None,
    Begun,
    Told,
}

impl Holding {
    /// Whether the reader takes a value piece by piece; of all else the first piece.
    fn is_text(&self) -> bool {
        matches!(self.kind.as_str(), "str" | "d")
    }

    /// A value begins: a cell has one.
    fn begin(&mut self, value: Value) -> Result<(), CellRule> {
        self.values += 1;
        self.value = value;
        if self.values > 1 { Err(CellRule::File) } else { Ok(()) }
    }

    /// Something within a value: numbers, and numbers of texts, are of one piece, and the latter of digits.
    fn take(&mut self, event: &Event<'_>) -> Result<(), CellRule> {
        let is_whole = match event {
            Event::Text(text) if self.value == Value::Begun => {
                self.value = Value::Told;
                self.kind != "s" || text.bytes().all(|byte| byte.is_ascii_digit())
            }
            Event::Start(_) | Event::CData(_) => false,
            _ => self.is_text(),
        };
        if is_whole { Ok(()) } else { Err(CellRule::File) }
    }
}

impl Seen {
    fn read(mut self, part: impl Read, since: &Cell<u64>) -> Result<(), CellRule> {
        let mut reader = Reader::from_reader(BufReader::new(part));
        let config = reader.config_mut();
        (config.check_end_names, config.check_comments, config.expand_empty_elements) = (false, false, true);
        config.trim_text(false);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let Ok(event) = reader.read_event_into(&mut buffer) else {
                // The reader of workbooks comes no further either.
                return Ok(());
            };
            since.set(0);
            let within = self.cell.as_mut().filter(|cell| cell.value != Value::None);
            match (&event, within) {
                (Event::Eof, _) => return Ok(()),
                (Event::DocType(_), _) => return Err(CellRule::File),
                (Event::End(tag), _) => self.end(tag),
                (_, Some(cell)) => cell.take(&event)?,
                (Event::Start(tag), None) => self.begin(tag)?,
                _ => {}
            }
        }
    }

    fn end(&mut self, tag: &BytesEnd<'_>) {
        self.depth = self.depth.saturating_sub(1);
        match tag.local_name().as_ref() {
            "c" | "row" => self.cell = None,
            _ => self.cell.iter_mut().for_each(|cell| cell.value = Value::None),
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), CellRule> {
        self.depth += 1;
        let name = tag.local_name();
        match (name.as_ref(), self.cell.as_mut()) {
            ("sheetData", _) => self.has_cells = true,
            ("row" | "c", _) if self.has_cells => {
                check_place(tag)?;
                let kind = attribute(tag, "t")?.unwrap_or_default();
                self.cell = (name.as_ref() == "c").then(|| Holding { kind, ..Holding::default() });
            }
            ("f", Some(_)) => check_shared(tag)?,
            ("v", Some(cell)) => cell.begin(Value::Begun)?,
            ("is", Some(cell)) => cell.begin(Value::None)?,
            ("si", _) => self.texts += 1,
            ("row" | "c" | "cell" | "f" | "v" | "is" | "t", _) => {}
            (other, _) => self.count(other, tag)?,
        }
        if self.is_too_much() { Err(CellRule::Unpacked) } else { Ok(()) }
    }

    fn count(&mut self, name: &str, tag: &BytesStart<'_>) -> Result<(), CellRule> {
        self.others += 1;
        self.longest = self.longest.max(u64::try_from(tag.len()).unwrap_or(u64::MAX));
        match name {
            "xf" => self.styles += 1,
            "sheet" => self.sheets += 1,
            "sst" => {
                let said = attribute(tag, "uniqueCount")?.map_or(0, |said| said.parse().unwrap_or(u64::MAX));
                self.texts = self.texts.max(said);
            }
            "Relationship" => check_target(tag)?,
            _ => {}
        }
        Ok(())
    }

    fn is_too_much(&self) -> bool {
        let (tags, styles) = STYLE_TAGS;
        let of_styles = self.styles > 0
            && (self.others > tags || self.styles > styles || self.styles.saturating_mul(self.longest) > MOST_COPIED);
        of_styles
            || self.texts > SHARED_TEXTS
            || self.others > OTHER_TAGS
            || self.sheets > SHEETS
            || self.depth > DEEPEST
    }
}

/// A row or a cell lies within a sheet: the reader counts larger numbers from the beginning again.
fn check_place(tag: &BytesStart<'_>) -> Result<(), CellRule> {
    let place = attribute(tag, "r")?.unwrap_or_default();
    let count = |is: fn(&u8) -> bool| place.as_bytes().iter().filter(|sign| is(sign)).count();
    let (letters, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    if letters > LAST_CELL.0 || digits > LAST_CELL.1 { Err(CellRule::File) } else { Ok(()) }
}

fn check_shared(tag: &BytesStart<'_>) -> Result<(), CellRule> {
    let number = attribute(tag, "si")?.map_or(0, |number| number.parse().unwrap_or(u64::MAX));
    if number > SHARED_FORMULAS { Err(CellRule::Unpacked) } else { Ok(()) }
}

/// Texts and styles are where the reader looks for them, whatever the workbook says, and sheets are markup.
fn check_target(tag: &BytesStart<'_>) -> Result<(), CellRule> {
    let (kind, target) = (attribute(tag, "Type")?.unwrap_or_default(), attribute(tag, "Target")?.unwrap_or_default());
    let target = target.to_ascii_lowercase();
    let file = target.strip_prefix("/xl/").or_else(|| target.strip_prefix("./")).unwrap_or(&target);
    let fits = match kind.rsplit('/').next().unwrap_or_default() {
        "sharedStrings" => file == "sharedstrings.xml",
        "styles" => file == "styles.xml",
        "worksheet" | "chartsheet" | "dialogsheet" | "officeDocument" => {
            is_markup(&target) && target.len() <= LONGEST_TARGET
        }
        _ => true,
    };
    if fits { Ok(()) } else { Err(CellRule::File) }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, CellRule> {
    let mut found = None;
    for attribute in tag.attributes() {
        // One that stands twice is refused: which of them counts, readers do not agree.
        let attribute = attribute.map_err(|_| CellRule::File)?;
        if attribute.key.as_ref() == name {
            found = Some(attribute.value.into_owned());
        }
    }
    Ok(found)
}
