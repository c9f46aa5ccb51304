//! What of a document comes into the new one, and what makes us refuse it.

use std::collections::{HashMap, HashSet, VecDeque};

use super::document::{Document, Object};
use super::streams::Allowance;
use super::syntax::{Dict, Value};
use crate::attachments::content::Fault;

/// Keys that only something active or hidden has: scripts, what starts by itself, embedded files, XFA.
const REFUSED_KEYS: [&[u8]; 8] =
    [b"JS", b"JavaScript", b"AA", b"EF", b"EmbeddedFiles", b"XFA", b"RichMediaContent", b"RichMediaSettings"];
/// Actions that run, send, open or play something (ISO 32000-1, 12.6.4).
const REFUSED_ACTIONS: [&[u8]; 12] = [
    b"JavaScript",
    b"Launch",
    b"SubmitForm",
    b"ImportData",
    b"GoToE",
    b"GoToR",
    b"Rendition",
    b"Movie",
    b"Sound",
    b"Trans3D",
    b"GoTo3DView",
    b"RichMediaExecute",
];
/// Annotations that carry or play something.
const REFUSED_ANNOTATIONS: [&[u8]; 7] =
    [b"FileAttachment", b"RichMedia", b"Movie", b"Sound", b"Screen", b"3D", b"PDFBarcode"];
/// What programs noted about file and author, and little pictures of what a page showed before.
const DROPPED_KEYS: [&[u8]; 6] = [b"Metadata", b"PieceInfo", b"LastModified", b"Thumb", b"Perms", b"SpiderInfo"];

/// An object of the new file; its number is its place, from one.
#[derive(Debug)]
pub(super) struct NewObject {
    pub(super) value: Value,
    pub(super) stream: Option<Vec<u8>>,
}

/// The objects that can be reached from the catalogue, which comes first.
pub(super) fn reachable(mut document: Document<'_>) -> Result<Vec<NewObject>, Fault> {
    let root = document.objects.get(&document.root).ok_or(Fault::Damaged)?;
    check_catalogue(root, &document.objects)?;
    let mut walk = Walk { numbers: HashMap::new(), waiting: VecDeque::new(), known: 0, shown: Allowance::of_all() };
    walk.number(document.root);
    let mut made = Vec::new();
    while let Some(number) = walk.waiting.pop_front() {
        // What is named and nowhere is nothing (7.3.10).
        let gone = Object::null();
        let object = document.objects.remove(&number).unwrap_or(gone);
        made.push(walk.object(object)?);
    }
    Ok(made)
}

/// A document needs pages, and may open at a place of its own and do nothing else.
fn check_catalogue(root: &Object<'_>, objects: &HashMap<u32, Object<'_>>) -> Result<(), Fault> {
    let follow = |value: &'_ Value| match value {
        Value::Reference(number) => objects.get(number).map(|object| object.value.clone()),
        value => Some(value.clone()),
    };
    let Value::Dict(catalogue) = &root.value else { return Err(Fault::Damaged) };
    let pages = catalogue.get(b"Pages").and_then(follow);
    if !matches!(pages, Some(Value::Dict(pages)) if pages.get(b"Kids").is_some()) {
        return Err(Fault::Damaged);
    }
    match catalogue.get(b"OpenAction").and_then(follow) {
        Some(Value::Dict(action)) if !action.is(b"S", b"GoTo") => Err(Fault::Active),
        _ => Ok(()),
    }
}

struct Walk {
    /// New numbers by old.
    numbers: HashMap<u32, u32>,
    waiting: VecDeque<u32>,
    known: u32,
    shown: Allowance,
}

impl Walk {
    fn number(&mut self, old: u32) -> u32 {
        if let Some(new) = self.numbers.get(&old) {
            return *new;
        }
        self.known += 1;
        self.numbers.insert(old, self.known);
        self.waiting.push_back(old);
        self.known
    }

    fn object(&mut self, object: Object<'_>) -> Result<NewObject, Fault> {
        match (object.value, object.stream) {
            (Value::Dict(dict), Some(stream)) => self.stream(dict, stream),
            (value, _) => Ok(NewObject { value: self.value(value)?, stream: None }),
        }
    }

    fn stream(&mut self, mut dict: Dict, stream: &[u8]) -> Result<NewObject, Fault> {
        // Its bytes would stand in another file.
        if dict.get(b"F").is_some() {
            return Err(Fault::Active);
        }
        if dict.is(b"Type", b"Metadata") {
            return Ok(NewObject { value: Value::Null, stream: None });
        }
        let (bytes, filter) = self.shown.admit(&dict, stream)?;
        let was_wrapped = matches!(dict.get(b"Filter"), Some(Value::Array(several)) if several.len() > 1);
        let unwrapped = was_wrapped && matches!(filter, Some(Value::Name(_)));
        dict.0.retain(|(key, _)| !matches!(key.as_ref(), b"Length" | b"Filter"));
        if unwrapped {
            // Parameters stood there for each filter; those of a JPEG are a matter of taste.
            dict.0.retain(|(key, _)| key.as_ref() != b"DecodeParms");
        }
        let Dict(mut entries) = self.dict(dict)?.unwrap_or_default();
        entries.extend(filter.map(|filter| (Box::from(&b"Filter"[..]), filter)));
        entries.push((Box::from(&b"Length"[..]), Value::Int(i64::try_from(bytes.len()).unwrap_or(i64::MAX))));
        Ok(NewObject { value: Value::Dict(Dict(entries)), stream: Some(bytes) })
    }

    fn value(&mut self, value: Value) -> Result<Value, Fault> {
        Ok(match value {
            Value::Reference(old) => Value::Reference(self.number(old)),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Value::Dict(dict) => self.dict(dict)?.map_or(Value::Null, Value::Dict),
            plain => plain,
        })
    }

    /// None for a dictionary that does not come along.
    fn dict(&mut self, dict: Dict) -> Result<Option<Dict>, Fault> {
        refuse_active(&dict)?;
        // A signature holds no more for a file that was made anew, and its certificate names people.
        if dict.get(b"ByteRange").is_some() || dict.is(b"Type", b"Metadata") {
            return Ok(None);
        }
        let mut seen = HashSet::with_capacity(dict.0.len());
        let mut entries = Vec::with_capacity(dict.0.len());
        for (key, value) in dict.0 {
            // Of a key that stands twice the first value holds, whichever another program would take.
            if seen.insert(key.clone()) && !DROPPED_KEYS.contains(&key.as_ref()) {
                let value = self.value(value)?;
                entries.push((key, value));
            }
        }
        Ok(Some(Dict(entries)))
    }
}

fn refuse_active(dict: &Dict) -> Result<(), Fault> {
    let is_one_of = |key: &[u8], words: &[&[u8]]| words.iter().any(|word| dict.is(key, word));
    let active = dict.0.iter().any(|(key, _)| REFUSED_KEYS.contains(&key.as_ref()))
        || is_one_of(b"S", &REFUSED_ACTIONS)
        || is_one_of(b"Subtype", &REFUSED_ANNOTATIONS)
        || is_one_of(b"Type", &[b"EmbeddedFile", b"Filespec", b"F"]);
    if active { Err(Fault::Active) } else { Ok(()) }
}
