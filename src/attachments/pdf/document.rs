//! Reading a PDF from its first byte to its last. The tables of the file are not believed: each object
//! is taken where it stands, and of two with one number the later one, as after a saved change.

use std::collections::HashMap;

use super::streams;
use super::syntax::{Budget, Cursor, Dict, Value};
use crate::attachments::content::Fault;

/// Objects of a file at the most.
const OBJECTS: usize = 200_000;

/// An object: a value, and the bytes of a stream as they stand in the file.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    pub(super) value: Value,
    pub(super) stream: Option<&'a [u8]>,
    /// Where it was defined; the later definition holds.
    at: usize,
}

impl Object<'_> {
    /// What is named and stands nowhere.
    pub(super) fn null() -> Self {
        Self { value: Value::Null, stream: None, at: 0 }
    }
}

/// All objects of a file, and the number of its catalogue.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) objects: HashMap<u32, Object<'a>>,
    pub(super) root: u32,
}

/// Reads a file.
pub(super) fn read(file: &[u8]) -> Result<Document<'_>, Fault> {
    refuse_appendix(file)?;
    let mut reader =
        Reader { file, budget: Budget::full(), objects: HashMap::new(), containers: Vec::new(), root: None };
    reader.scan()?;
    reader.settle_lengths();
    reader.unpack()?;
    reader.settle_lengths();
    Ok(Document { root: reader.root.ok_or(Fault::Damaged)?, objects: reader.objects })
}

/// A file that goes on after its end is two files.
fn refuse_appendix(file: &[u8]) -> Result<(), Fault> {
    let end = file.windows(5).rposition(|word| word == b"%%EOF").ok_or(Fault::Damaged)?;
    let after = file.get(end + 5..).unwrap_or_default();
    let blank = |byte: &u8| super::syntax::is_space(*byte) || *byte == 0x1a;
    if after.iter().all(blank) { Ok(()) } else { Err(Fault::Damaged) }
}

struct Reader<'a> {
    file: &'a [u8],
    budget: Budget,
    objects: HashMap<u32, Object<'a>>,
    /// Numbers of objects that hold others, in the order of the file.
    containers: Vec<u32>,
    root: Option<u32>,
}

impl<'a> Reader<'a> {
    fn scan(&mut self) -> Result<(), Fault> {
        let mut cursor = Cursor::new(self.file);
        loop {
            cursor.skip_space();
            if cursor.rest().is_empty() {
                return Ok(());
            }
            let start = cursor.at();
            if let Some(number) = beginning(&mut cursor) {
                self.object(&mut cursor, number, start)?;
            } else if cursor.word(b"trailer") {
                cursor.skip_space();
                if let Value::Dict(trailer) = cursor.value(&mut self.budget)? {
                    self.trailer(&trailer)?;
                }
            } else {
                // Tables of places, and what wrote programs of old left behind.
                cursor.skip_junk();
            }
        }
    }

    fn object(&mut self, cursor: &mut Cursor<'a>, number: u32, at: usize) -> Result<(), Fault> {
        cursor.skip_space();
        // An empty object, which some programs write, is none.
        let value = if cursor.word(b"endobj") { return Ok(()) } else { cursor.value(&mut self.budget)? };
        cursor.skip_space();
        let stream = match &value {
            Value::Dict(dict) if cursor.word(b"stream") => Some(body(cursor, dict)?),
            _ => None,
        };
        cursor.skip_space();
        cursor.word(b"endobj");
        if let Value::Dict(dict) = &value {
            if dict.is(b"Type", b"XRef") {
                self.trailer(dict)?;
            } else if dict.is(b"Type", b"ObjStm") {
                self.containers.push(number);
            }
        }
        self.define(number, Object { value, stream, at })
    }

    fn define(&mut self, number: u32, object: Object<'a>) -> Result<(), Fault> {
        if self.objects.len() >= OBJECTS {
            return Err(Fault::TooComplex);
        }
        match self.objects.get(&number) {
            Some(known) if known.at > object.at => {}
            _ => drop(self.objects.insert(number, object)),
        }
        Ok(())
    }

    fn trailer(&mut self, dict: &Dict) -> Result<(), Fault> {
        if dict.get(b"Encrypt").is_some_and(|value| *value != Value::Null) {
            return Err(Fault::Encrypted);
        }
        if let Some(Value::Reference(root)) = dict.get(b"Root") {
            self.root = Some(*root);
        }
        Ok(())
    }

    /// A stream whose length stands in an object of its own was cut at the first word that ends one;
    /// where that object agrees with the file, it is believed.
    fn settle_lengths(&mut self) {
        let lengths: HashMap<u32, usize> = self
            .objects
            .iter()
            .filter_map(|(number, object)| match object.value {
                Value::Int(length) => usize::try_from(length).ok().map(|length| (*number, length)),
                _ => None,
            })
            .collect();
        for object in self.objects.values_mut() {
            let (Value::Dict(dict), Some(stream)) = (&object.value, object.stream) else { continue };
            let Some(Value::Reference(length)) = dict.get(b"Length") else { continue };
            let start = offset(self.file, stream);
            if let Some(whole) = lengths.get(length).and_then(|length| exactly(self.file, start, *length)) {
                object.stream = Some(whole);
            }
        }
    }

    /// Takes the objects out of those that hold others.
    fn unpack(&mut self) -> Result<(), Fault> {
        let mut left = streams::Allowance::of_containers();
        for number in std::mem::take(&mut self.containers) {
            let Some(container) = self.objects.remove(&number) else { continue };
            let (Value::Dict(dict), Some(stream)) = (&container.value, container.stream) else { continue };
            let content = left.inflated(dict, stream)?;
            for (number, value) in unpacked(dict, &content, &mut self.budget)? {
                self.define(number, Object { value, stream: None, at: container.at })?;
            }
        }
        Ok(())
    }
}

/// Takes the beginning of an object, such as `12 0 obj`, and gives its number.
fn beginning(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut ahead = *cursor;
    let number = ahead.unsigned()?;
    ahead.skip_space();
    ahead.unsigned()?;
    ahead.skip_space();
    // What follows may stand close: `obj<<`.
    if !ahead.word(b"obj") {
        return None;
    }
    *cursor = ahead;
    Some(number)
}

/// The bytes of a stream; the cursor stands behind its end afterwards.
fn body<'a>(cursor: &mut Cursor<'a>, dict: &Dict) -> Result<&'a [u8], Fault> {
    let rest = cursor.rest();
    let start = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    };
    let data = rest.get(start..).ok_or(Fault::Damaged)?;
    let stated = match dict.get(b"Length") {
        Some(Value::Int(length)) => usize::try_from(*length).ok().filter(|length| ends_at(data, *length).is_some()),
        _ => None,
    };
    let length = if let Some(length) = stated {
        length
    } else {
        let end = data.windows(9).position(|word| word == b"endstream").ok_or(Fault::Damaged)?;
        let before = data.get(..end).ok_or(Fault::Damaged)?;
        let before = before.strip_suffix(b"\n").unwrap_or(before);
        before.strip_suffix(b"\r").unwrap_or(before).len()
    };
    let end = ends_at(data, length).ok_or(Fault::Damaged)?;
    cursor.move_to(cursor.at() + start + end);
    data.get(..length).ok_or(Fault::Damaged)
}

/// Where the word that ends a stream of this length is over; none when it does not stand there.
fn ends_at(data: &[u8], length: usize) -> Option<usize> {
    let after = data.get(length..)?;
    let gap = after.iter().take(2).take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ')).count();
    after.get(gap..)?.starts_with(b"endstream").then_some(length + gap + 9)
}

fn exactly(file: &[u8], start: usize, length: usize) -> Option<&[u8]> {
    let data = file.get(start..)?;
    ends_at(data, length)?;
    data.get(..length)
}

/// Where a part of the file begins in it.
fn offset(file: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(file.as_ptr().addr())
}

/// The objects that a container holds, each read in its own part of it.
fn unpacked(dict: &Dict, content: &[u8], budget: &mut Budget) -> Result<Vec<(u32, Value)>, Fault> {
    let number = |key: &[u8]| match dict.get(key) {
        Some(Value::Int(number)) => usize::try_from(*number).map_err(|_| Fault::Damaged),
        _ => Err(Fault::Damaged),
    };
    let (count, first) = (number(b"N")?, number(b"First")?);
    if count > OBJECTS {
        return Err(Fault::TooComplex);
    }
    let mut index = Cursor::new(content.get(..first).ok_or(Fault::Damaged)?);
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        index.skip_space();
        let number = index.unsigned().ok_or(Fault::Damaged)?;
        index.skip_space();
        let place = index.unsigned().ok_or(Fault::Damaged)?;
        places.push((first + usize::try_from(place).map_err(|_| Fault::Damaged)?, number));
    }
    places.sort_unstable();
    let ends = places.iter().skip(1).map(|(place, _)| *place).chain([content.len()]);
    let mut objects = Vec::with_capacity(count);
    for ((start, number), end) in places.iter().zip(ends) {
        // Two objects in one place are no objects.
        let part = content.get(*start..end).filter(|part| !part.is_empty()).ok_or(Fault::Damaged)?;
        objects.push((*number, Cursor::new(part).value(budget)?));
    }
    Ok(objects)
}
