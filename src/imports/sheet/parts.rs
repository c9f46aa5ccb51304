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
/// Bytes of a name that are looked at.
const LONGEST_NAME: usize = 64;

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
    let mut left = limits.unpacked;
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
            if tags.texts.max(most_said(&window)) > SHARED_TEXTS || tags.others > OTHER_TAGS {
                return Err(CellRule::Unpacked);
            }
            window.drain(..window.len().saturating_sub(ACROSS));
        }
        if tags.has_open_formula {
            return Err(CellRule::Formula);
        }
    }
    Ok(())
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
    Value,
}

/// The tags of a part, by their names without prefixes.
#[derive(Debug, Default)]
struct Tags {
    in_name: bool,
    closes: bool,
    name: Vec<u8>,
    cell: CellSeen,
    texts: u64,
    others: u64,
    has_open_formula: bool,
}

impl Tags {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'<' => {
                    (self.in_name, self.closes) = (true, false);
                    self.name.clear();
                }
                _ if !self.in_name => {}
                b'/' if self.name.is_empty() => self.closes = true,
                b':' => self.name.clear(),
                b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n' => {
                    self.in_name = false;
                    self.end_name();
                }
                _ if self.name.len() < LONGEST_NAME => self.name.push(*byte),
                _ => {}
            }
        }
    }

    fn end_name(&mut self) {
        match (self.closes, self.name.as_slice()) {
            (_, b"row") | (true, b"c") => self.end_cell(CellSeen::None),
            (false, b"c") => self.end_cell(CellSeen::Begun),
            (false, b"f") if self.cell == CellSeen::Begun => self.cell = CellSeen::Formula,
            (false, b"v" | b"is") if self.cell != CellSeen::None => self.cell = CellSeen::Value,
            (false, b"si") => self.texts += 1,
            (true, _) | (false, b"f" | b"v" | b"is" | b"t") => {}
            (false, _) => self.others += 1,
        }
    }

    fn end_cell(&mut self, next: CellSeen) {
        self.has_open_formula |= self.cell == CellSeen::Formula;
        self.cell = next;
    }
}
