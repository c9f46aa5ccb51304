//! What stands in the parts of a workbook, seen before its reader makes anything of it: the reader keeps each style and
//! each text, and makes room for what a file says there is, however small the file.

use std::io::{Cursor, Read as _};

use super::Limits;
use crate::error::CellRule;

/// Parts of a workbook.
const MOST_PARTS: usize = 1_000;
/// Texts that a workbook shares, and may say it shares.
const SHARED_TEXTS: u64 = 2_000_000;
/// Tags of one part that are neither cells nor texts: styles, sheets, names, merged cells.
const OTHER_TAGS: u64 = 1_000_000;
/// Bytes in which a count stands, whatever white space is in it.
const ACROSS: usize = 4 * 1024;
/// Tags that are open within each other.
const DEEPEST: u64 = 1_000_000;
/// Bytes of one tag.
const LONGEST_TAG: usize = 64 * 1024;
/// Bytes of one text: a cell holds 32,767 letters.
const LONGEST_TEXT: usize = 4 * 1024 * 1024;
/// Bytes of the longest tag times the number of tags: the reader copies what one says for each that names it.
const MOST_COPIED: u64 = 512 * 1024 * 1024;

/// Unpacks every part once, bit by bit, so that its true size is known and not what it says of itself.
///
/// # Errors
/// Too much of anything; a formula that was stored without what it comes to, for such a cell is not empty, and what it
/// holds is not known.
pub(super) fn check(bytes: &[u8], limits: Limits) -> Result<(), CellRule> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| CellRule::File)?;
    if archive.len() > MOST_PARTS {
        return Err(CellRule::Unpacked);
    }
    let (mut left, mut others, mut longest, mut has_open_formula) = (limits.unpacked, 0_u64, 0_u64, false);
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| CellRule::File)?;
        let mut part = part.take(left + 1);
        let mut tags = Tags::default();
        // The end of what was read before is looked at again, for a number may stand across.
        let (mut window, mut more) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let read = part.read(&mut more).map_err(|_| CellRule::File)?;
            if read == 0 {
                break;
            }
            left = left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)).ok_or(CellRule::Unpacked)?;
            let new = more.get(..read).unwrap_or_default();
            tags.read(new);
            window.extend_from_slice(new);
            let texts = tags.texts.max(tags.said).max(most_said(&window));
            let is_too_many = texts > SHARED_TEXTS || tags.others > OTHER_TAGS || tags.depth > DEEPEST;
            if tags.is_too_much || is_too_many {
                return Err(CellRule::Unpacked);
            }
            window.drain(..window.len().saturating_sub(ACROSS));
        }
        has_open_formula |= tags.has_open_formula;
        (others, longest) = (others + tags.others, longest.max(tags.longest));
        if others.saturating_mul(longest) > MOST_COPIED {
            return Err(CellRule::Unpacked);
        }
    }
    if has_open_formula { Err(CellRule::Formula) } else { Ok(()) }
}

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

/// What is known of a cell of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CellSeen {
    #[default]
    None,
    Begun,
    Formula,
    /// After a formula a value has begun, of which nothing was seen.
    NoValueYet,
    Value,
}

/// Where in a part a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Text,
    Tag,
    /// In a tag, in text between these signs.
    Quoted(u8),
    /// In a comment or in text that is no markup, until these bytes.
    Hidden(&'static [u8; 3]),
}

/// The tags of a part, by their names without prefixes.
#[derive(Debug, Default)]
struct Tags {
    place: Place,
    /// The tag, from behind its first sign.
    tag: Vec<u8>,
    /// Bytes since the last tag ended, or of the comment.
    apart: usize,
    last: [u8; 3],
    cell: CellSeen,
    is_text: bool,
    depth: u64,
    texts: u64,
    others: u64,
    longest: u64,
    said: u64,
    has_open_formula: bool,
    is_too_much: bool,
}

impl Tags {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.last = [self.last[1], self.last[2], *byte];
            match (self.place, byte) {
                (Place::Text, b'<') => {
                    (self.place, self.apart) = (Place::Tag, 0);
                    self.tag.clear();
                }
                (Place::Text, _) => {
                    self.apart += 1;
                    if self.cell == CellSeen::NoValueYet {
                        self.cell = CellSeen::Value;
                    }
                }
                (Place::Hidden(end), _) => {
                    self.apart += 1;
                    if self.last == *end {
                        (self.place, self.apart) = (Place::Text, 0);
                    }
                }
                (Place::Tag, b'>') => {
                    self.place = Place::Text;
                    self.end_tag();
                }
                // In a tag that ends an element the reader sees no quotes, and so hides nothing behind them.
                (Place::Tag, b'"' | b'\'') if !matches!(self.tag.first(), Some(b'/' | b'?' | b'!')) => {
                    self.place = Place::Quoted(*byte);
                    self.tag.push(*byte);
                }
                (Place::Quoted(sign), _) if *byte == sign => {
                    self.place = Place::Tag;
                    self.tag.push(*byte);
                }
                (Place::Tag | Place::Quoted(_), _) => {
                    self.tag.push(*byte);
                    match self.tag.as_slice() {
                        b"!--" => self.place = Place::Hidden(b"-->"),
                        b"![CDATA[" => self.place = Place::Hidden(b"]]>"),
                        _ => {}
                    }
                }
            }
            if self.tag.len() > LONGEST_TAG || self.apart > LONGEST_TEXT {
                self.is_too_much = true;
                return;
            }
        }
    }

    fn end_tag(&mut self) {
        let tag = std::mem::take(&mut self.tag);
        let (closes, stands_alone) = (tag.first() == Some(&b'/'), tag.last() == Some(&b'/'));
        let whole = tag.strip_prefix(b"/").unwrap_or(&tag);
        let end = whole.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(whole.len());
        let (name, rest) = whole.split_at(end);
        let name = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        self.depth = if closes { self.depth.saturating_sub(1) } else { self.depth + u64::from(!stands_alone) };
        match (closes, name) {
            (_, b"row") | (true, b"c") => self.end_cell(CellSeen::None),
            (false, b"c") => {
                self.end_cell(CellSeen::Begun);
                self.is_text = rest.windows(7).any(|part| part == b"t=\"str\"" || part == b"t='str'");
            }
            (false, b"f") if self.cell != CellSeen::None => self.cell = CellSeen::Formula,
            (false, b"v") if self.cell == CellSeen::Formula && !self.is_text => self.cell = CellSeen::NoValueYet,
            (false, b"v" | b"is") if self.cell != CellSeen::None => self.cell = CellSeen::Value,
            (false, b"si") => self.texts += 1,
            (true, _) | (false, b"f" | b"v" | b"is" | b"t") => {}
            (false, b"sst") => self.said = self.said.max(most_said(rest)),
            (false, _) => {
                self.others += 1;
                self.longest = self.longest.max(u64::try_from(tag.len()).unwrap_or(u64::MAX));
            }
        }
    }

    fn end_cell(&mut self, next: CellSeen) {
        self.has_open_formula |= matches!(self.cell, CellSeen::Formula | CellSeen::NoValueYet);
        self.cell = next;
    }
}
