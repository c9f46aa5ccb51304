//! What stands in the parts of a workbook, seen before its reader makes anything of it: the reader keeps each style and
//! each text, and makes room for what a file says there is, however small the file.
//!
//! Parts are taken apart by the crate the reader takes them apart with, set up alike, so that both see the same tags.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
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
/// Tags of a part with styles, and styles, fonts, fills, borders and formats among them: Excel has 65,490 styles.
const STYLE_TAGS: (u64, u64) = (1_000_000, 200_000);
/// Names that a workbook declares, and parts that one part names.
const NAMES: u64 = 100_000;
const RELATIONS: u64 = 10_000;
/// Sheets, and letters of the name of a part: the reader puts one into the other.
const SHEETS: u64 = 1_000;
const LONGEST_TARGET: usize = 300;
/// Tags that are open within each other.
const DEEPEST: u64 = 10_000;
/// Bytes of one tag or text: a cell holds 32,767 letters.
const LONGEST: u64 = 4 * 1024 * 1024;
/// Bytes of the longest tag of a part with styles times the number of styles: the reader copies what two such tags say, a
/// font and a format, for each style that names them.
const MOST_COPIED: u64 = 128 * 1024 * 1024;
/// Letters and digits of the last cell of a sheet, XFD1048576.
const LAST_CELL: (usize, usize) = (3, 7);
/// Digits of the number of a shared text.
const TEXT_DIGITS: usize = 7;

/// What a workbook has that its reader need not look for where it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// Merged cells, in any of its sheets, or what may hide some.
    pub merged: bool,
}

/// Unpacks every part once, bit by bit, so that its true size is known and not what it says of itself.
///
/// # Errors
/// Too much of anything; a cell whose value the reader would not read whole; texts, styles or sheets elsewhere than where
/// the reader looks for them.
pub(super) fn check(bytes: &[u8], limits: Limits) -> Result<Found, CellRule> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| CellRule::File)?;
    if archive.len() > MOST_PARTS {
        return Err(CellRule::Unpacked);
    }
    let left = Cell::new(limits.unpacked);
    let (mut found, mut names) = (Found::default(), BTreeSet::new());
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| CellRule::File)?;
        let name = part.name().map_err(|_| CellRule::File)?.to_ascii_lowercase();
        // Readers do not agree on which of two is meant that differ in nothing but this.
        if !names.insert(name.replace('\\', "/")) {
            return Err(CellRule::File);
        }
        let since = Cell::new(0);
        let mut part = Measured { part, left: &left, since: &since, is_too_much: Cell::new(false) };
        if is_markup(&name) {
            let seen = Seen::default().read(&mut part, &since);
            if part.is_too_much.get() {
                return Err(CellRule::Unpacked);
            }
            found.merged |= seen?.merging == Merging::Some;
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
    Ok(found)
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
    cell_styles: u64,
    names: u64,
    relations: u64,
    others: u64,
    longest: u64,
    has_cells: bool,
    has_book: bool,
    has_first_day: bool,
    merging: Merging,
    cell: Option<Holding>,
}

/// What a cell says it holds, and how much of that was seen.
#[derive(Debug, Default)]
struct Holding {
    kind: Kind,
    values: u32,
    value: Value,
}

/// What was seen of merged cells: the reader knows one list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Merging {
    #[default]
    None,
    Begun,
    Some,
}

impl Merging {
    fn begin(&mut self) -> Result<(), CellRule> {
        if std::mem::replace(self, Self::Begun) == Self::None { Ok(()) } else { Err(CellRule::File) }
    }
}

/// How the reader takes the value of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// Piece by piece.
    Text,
    /// A text of its own, which is no value.
    Inline,
    /// The number of a shared text, by its first piece.
    Shared,
    /// By its first piece.
    #[default]
    Other,
}

impl Kind {
    fn named(name: &str) -> Self {
        match name {
            "str" | "d" => Self::Text,
            "inlineStr" => Self::Inline,
            "s" => Self::Shared,
            _ => Self::Other,
        }
    }
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
    /// A value begins: a cell has one, of its kind.
    fn begin(&mut self, value: Value) -> Result<(), CellRule> {
        self.values += 1;
        self.value = value;
        let is_inline = self.kind == Kind::Inline;
        if self.values > 1 || is_inline != (value == Value::None) { Err(CellRule::File) } else { Ok(()) }
    }

    /// Something within a value: numbers, and numbers of texts, are of one piece, and the latter of digits.
    fn take(&mut self, event: &Event<'_>) -> Result<(), CellRule> {
        let is_whole = match event {
            Event::Text(text) if self.value == Value::Begun => {
                self.value = Value::Told;
                let is_number = text.len() <= TEXT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
                self.kind != Kind::Shared || is_number
            }
            Event::Start(_) | Event::CData(_) => false,
            _ => self.kind == Kind::Text,
        };
        if is_whole { Ok(()) } else { Err(CellRule::File) }
    }
}

impl Seen {
    /// Ends where the reader of workbooks ends, too: whether cells are merged behind what cannot be read, it finds out.
    fn read(mut self, part: impl Read, since: &Cell<u64>) -> Result<Self, CellRule> {
        let mut reader = Reader::from_reader(BufReader::new(part));
        let config = reader.config_mut();
        (config.check_end_names, config.check_comments, config.expand_empty_elements) = (false, false, true);
        config.trim_text(false);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let Ok(event) = reader.read_event_into(&mut buffer) else {
                self.merging = Merging::Some;
                return Ok(self);
            };
            since.set(0);
            let within = self.cell.as_mut().filter(|cell| cell.value != Value::None);
            match (&event, within) {
                (Event::Eof, _) => return Ok(self),
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
            // The reader would not take it for a new one.
            ("row" | "c", Some(_)) => return Err(CellRule::File),
            ("row" | "c", None) if self.has_cells => {
                let [place, kind] = attributes(tag, ["r", "t"])?.map(Option::unwrap_or_default);
                if kind.contains('&') {
                    return Err(CellRule::File);
                }
                check_place(&place)?;
                let kind = Kind::named(&kind);
                self.cell = (name.as_ref() == "c").then(|| Holding { kind, ..Holding::default() });
            }
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
            "xf" => self.cell_styles += 1,
            "font" | "fill" | "border" | "numFmt" => self.styles += 1,
            "sheet" => self.sheets += 1,
            "definedName" => self.names += 1,
            "mergeCells" => self.merging.begin()?,
            "mergeCell" => self.merging = Merging::Some,
            "workbookPr" => self.check_first_day(tag)?,
            "sst" => {
                let [said] = attributes(tag, ["uniqueCount"])?;
                let said = said.map_or(0, |said| said.parse().unwrap_or(u64::MAX));
                self.texts = self.texts.max(said);
            }
            "Relationship" => {
                self.relations += 1;
                self.check_target(tag)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Says once from which day on days are numbered, if at all.
    fn check_first_day(&mut self, tag: &BytesStart<'_>) -> Result<(), CellRule> {
        let [said] = attributes(tag, ["date1904"])?;
        let Some(said) = said else { return Ok(()) };
        let is_plain = matches!(&*said, "0" | "1" | "false" | "true");
        if is_plain && !std::mem::replace(&mut self.has_first_day, true) { Ok(()) } else { Err(CellRule::File) }
    }

    /// The workbook, its texts and styles are where the reader looks for them, whatever else is said, and sheets are markup.
    fn check_target(&mut self, tag: &BytesStart<'_>) -> Result<(), CellRule> {
        let [kind, target] = attributes(tag, ["Type", "Target"])?.map(Option::unwrap_or_default);
        let target = target.to_ascii_lowercase();
        let file = target.strip_prefix("/xl/").or_else(|| target.strip_prefix("./")).unwrap_or(&target);
        let fits = match kind.rsplit('/').next().unwrap_or_default() {
            "officeDocument" => {
                let is_first = !std::mem::replace(&mut self.has_book, true);
                is_first && target.trim_start_matches('/') == "xl/workbook.xml"
            }
            "sharedStrings" => file == "sharedstrings.xml",
            "styles" => file == "styles.xml",
            "worksheet" | "chartsheet" | "dialogsheet" => is_markup(&target) && target.len() <= LONGEST_TARGET,
            kind => !kind.contains('&'),
        };
        if fits { Ok(()) } else { Err(CellRule::File) }
    }

    fn is_too_much(&self) -> bool {
        let (tags, most) = STYLE_TAGS;
        let styles = self.styles + self.cell_styles;
        let copied = self.cell_styles.saturating_mul(self.longest);
        let of_styles = styles > 0 && (self.others > tags || styles > most || copied > MOST_COPIED);
        of_styles
            || self.texts > SHARED_TEXTS
            || self.others > OTHER_TAGS
            || self.names > NAMES
            || self.relations > RELATIONS
            || self.sheets > SHEETS
            || self.depth > DEEPEST
    }
}

/// A row or a cell has no more letters and digits than the last of a sheet: the reader counts larger numbers from the
/// beginning again.
fn check_place(place: &str) -> Result<(), CellRule> {
    let count = |is: fn(&u8) -> bool| place.as_bytes().iter().filter(|sign| is(sign)).count();
    let (letters, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    if letters > LAST_CELL.0 || digits > LAST_CELL.1 { Err(CellRule::File) } else { Ok(()) }
}

/// The attributes of these names.
fn attributes<'t, const N: usize>(
    tag: &'t BytesStart<'_>,
    names: [&str; N],
) -> Result<[Option<Cow<'t, str>>; N], CellRule> {
    let mut found = [const { None }; N];
    for attribute in tag.attributes() {
        // One that stands twice is refused: which of them counts, readers do not agree.
        let attribute = attribute.map_err(|_| CellRule::File)?;
        for (name, place) in names.iter().zip(&mut found) {
            if attribute.key.as_ref() == *name {
                *place = Some(attribute.value.clone());
            }
        }
    }
    Ok(found)
}
