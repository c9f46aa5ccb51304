//! Streams: what they take when they are inflated, and pictures inside of them.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::syntax::{Dict, Value};
use crate::attachments::content::Fault;
use crate::attachments::jpeg;

/// Bytes that all objects holding others may take when inflated.
const CONTAINERS: u64 = 32 << 20;
/// Bytes that all streams of a file may take in the program that shows it.
const SHOWN: u64 = 512 << 20;
/// Bytes of a compressed picture that was compressed once more.
const PICTURE: u64 = 32 << 20;

/// Filters that a stream may go through.
const FILTERS: [&[u8]; 9] = [
    b"FlateDecode",
    b"LZWDecode",
    b"ASCII85Decode",
    b"ASCIIHexDecode",
    b"RunLengthDecode",
    b"CCITTFaxDecode",
    b"JBIG2Decode",
    b"DCTDecode",
    b"JPXDecode",
];

/// How much inflating may still give.
#[derive(Debug)]
pub(super) struct Allowance(u64);

impl Allowance {
    pub(super) fn of_containers() -> Self {
        Self(CONTAINERS)
    }

    pub(super) fn of_all() -> Self {
        Self(SHOWN)
    }

    /// The content of a stream that holds objects.
    pub(super) fn inflated(&mut self, dict: &Dict, stream: &[u8]) -> Result<Vec<u8>, Fault> {
        let content = match filters(dict)?.as_slice() {
            [] => stream.to_vec(),
            [b"FlateDecode"] if dict.get(b"DecodeParms").is_none_or(|value| *value == Value::Null) => {
                inflate(stream, self.0)?
            }
            _ => return Err(Fault::Damaged),
        };
        self.spend(u64::try_from(content.len()).unwrap_or(u64::MAX))?;
        Ok(content)
    }

    /// Counts what a stream takes when it is shown.
    fn count(&mut self, stream: &[u8]) -> Result<(), Fault> {
        // A little more than is left tells that it is too much.
        let mut plain = ZlibDecoder::new(stream).take(self.0 + 1);
        let mut block = [0; 16 * 1024];
        loop {
            match plain.read(&mut block) {
                // A damaged stream shows as far as it goes.
                Ok(0) | Err(_) => return Ok(()),
                Ok(read) => self.spend(u64::try_from(read).unwrap_or(u64::MAX))?,
            }
        }
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(bytes).ok_or(Fault::TooComplex)?;
        Ok(())
    }

    /// The stream as it may stand in the new file, and its filters: pictures lose what cameras noted.
    pub(super) fn admit(&mut self, dict: &Dict, stream: &[u8]) -> Result<(Vec<u8>, Option<Value>), Fault> {
        let name = |filter: &[u8]| Some(Value::Name(filter.into()));
        match filters(dict)?.as_slice() {
            [b"DCTDecode"] => Ok((jpeg::strip(stream)?, name(b"DCTDecode"))),
            [b"FlateDecode", b"DCTDecode"] => {
                let picture = inflate(stream, PICTURE)?;
                Ok((jpeg::strip(&picture)?, name(b"DCTDecode")))
            }
            [b"JPXDecode"] => Ok((without_boxes(stream)?, name(b"JPXDecode"))),
            // Pictures in other wrappings could hide what cameras noted.
            several if several.iter().any(|filter| matches!(*filter, b"DCTDecode" | b"JPXDecode")) => {
                Err(Fault::Damaged)
            }
            several => {
                if several.first() == Some(&&b"FlateDecode"[..]) {
                    self.count(stream)?;
                }
                Ok((stream.to_vec(), dict.get(b"Filter").cloned()))
            }
        }
    }
}

/// Names of the filters a stream goes through.
fn filters(dict: &Dict) -> Result<Vec<&[u8]>, Fault> {
    let one = |value: &'_ Value| match value {
        Value::Name(name) => FILTERS.into_iter().find(|known| **known == **name).ok_or(Fault::Damaged),
        _ => Err(Fault::Damaged),
    };
    match dict.get(b"Filter") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(several)) => several.iter().map(one).collect(),
        Some(value) => one(value).map(|name| vec![name]),
    }
}

fn inflate(stream: &[u8], most: u64) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    ZlibDecoder::new(stream).take(most + 1).read_to_end(&mut content).map_err(|_| Fault::Damaged)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= most) { Ok(content) } else { Err(Fault::TooComplex) }
}

/// A JPEG 2000 file without the boxes that programs keep notes in.
fn without_boxes(file: &[u8]) -> Result<Vec<u8>, Fault> {
    // A bare code stream has none.
    if file.starts_with(b"\xff\x4f\xff\x51") {
        return Ok(file.to_vec());
    }
    let (mut kept, mut rest) = (Vec::with_capacity(file.len()), file);
    while let Some((head, _)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let length = match u32::from_be_bytes([a, b, c, d]) {
            0 => rest.len(),
            // A length of 64 bits is for files we do not take.
            length => usize::try_from(length).ok().filter(|length| *length >= 8).ok_or(Fault::Damaged)?,
        };
        let (part, after) = rest.split_at_checked(length).ok_or(Fault::Damaged)?;
        if !matches!(&kind, b"uuid" | b"xml " | b"uinf") {
            kept.extend_from_slice(part);
        }
        rest = after;
    }
    Ok(kept)
}
