//! The segments of a JPEG: whether it ends, and what it is without all that is no picture.

use super::content::Fault;

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const ADOBE: u8 = 0xee;
const COMMENT: u8 = 0xfe;

/// Whether the picture comes to its end.
pub(super) fn ends(sent: &[u8]) -> Result<(), Fault> {
    walk(sent, |_, _| {})
}

/// The same compressed picture without comments, without what cameras and programs noted (EXIF with
/// its place, XMP, thumbnails), and without what stands after its end.
pub(super) fn strip(sent: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut kept = Vec::with_capacity(sent.len());
    walk(sent, |marker, bytes| {
        // Adobe's tells how colours are to be read.
        let noted = (0xe0..=0xef).contains(&marker) && marker != ADOBE;
        if noted || marker == COMMENT {
            return;
        }
        kept.extend_from_slice(bytes);
    })?;
    Ok(kept)
}

/// Shows each segment, with its marker, from the beginning of the picture to its end.
fn walk(sent: &[u8], mut show: impl FnMut(u8, &[u8])) -> Result<(), Fault> {
    let mut at = 2;
    show(0xd8, sent.get(..2).filter(|start| *start == b"\xff\xd8").ok_or(Fault::Damaged)?);
    loop {
        let rest = sent.get(at..).ok_or(Fault::Damaged)?;
        let fill = rest.iter().skip(1).take_while(|byte| **byte == 0xff).count();
        let [0xff, ..] = rest else { return Err(Fault::Damaged) };
        let marker = *rest.get(1 + fill).ok_or(Fault::Damaged)?;
        at += fill;
        let segment = sent.get(at..).ok_or(Fault::Damaged)?;
        let length = match marker {
            END => {
                show(marker, b"\xff\xd9");
                return Ok(());
            }
            0x00 => return Err(Fault::Damaged),
            0x01 | 0xd0..=0xd8 => 2,
            SCAN => {
                let header = 2 + stated_length(segment)?;
                header + scan_length(segment.get(header..).ok_or(Fault::Damaged)?)?
            }
            _ => 2 + stated_length(segment)?,
        };
        show(marker, segment.get(..length).ok_or(Fault::Damaged)?);
        at += length;
    }
}

fn stated_length(segment: &[u8]) -> Result<usize, Fault> {
    match segment {
        [_, _, high, low, ..] => match usize::from(u16::from_be_bytes([*high, *low])) {
            0 | 1 => Err(Fault::Damaged),
            length => Ok(length),
        },
        _ => Err(Fault::Damaged),
    }
}

/// Compressed data run until a marker that is neither a stuffed byte nor a restart.
fn scan_length(data: &[u8]) -> Result<usize, Fault> {
    let ends = |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(next, 0x00 | 0xff | 0xd0..=0xd7));
    data.windows(2).position(ends).ok_or(Fault::Damaged)
}
