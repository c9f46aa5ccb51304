//! Writing a PDF in its plainest form: one object after the other, a table, a trailer.

use std::io::Write as _;

use super::clean::NewObject;
use super::syntax::Value;
use crate::attachments::content::Fault;

/// The file of these objects; the first is the catalogue.
pub(super) fn file(objects: &[NewObject], most: usize) -> Result<Vec<u8>, Fault> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in (1_u32..).zip(objects) {
        places.push(file.len());
        put(&mut file, format_args!("{number} 0 obj\n"));
        value(&mut file, &object.value);
        if let Some(stream) = &object.stream {
            file.extend_from_slice(b"\nstream\n");
            file.extend_from_slice(stream);
            file.extend_from_slice(b"\nendstream");
        }
        file.extend_from_slice(b"\nendobj\n");
        if file.len() > most {
            return Err(Fault::TooComplex);
        }
    }
    let (table, size) = (file.len(), places.len() + 1);
    put(&mut file, format_args!("xref\n0 {size}\n0000000000 65535 f \n"));
    for place in places {
        put(&mut file, format_args!("{place:010} 00000 n \n"));
    }
    put(&mut file, format_args!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n"));
    Ok(file)
}

fn put(file: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _never = file.write_fmt(text);
}

fn value(file: &mut Vec<u8>, given: &Value) {
    match given {
        Value::Null => file.extend_from_slice(b"null"),
        Value::Bool(yes) => put(file, format_args!("{yes}")),
        Value::Int(number) => put(file, format_args!("{number}")),
        Value::Real(digits) => file.extend_from_slice(digits),
        Value::Name(word) => name(file, word),
        Value::Text(bytes) => text(file, bytes),
        Value::Array(items) => {
            file.push(b'[');
            for item in items {
                value(file, item);
                file.push(b' ');
            }
            file.push(b']');
        }
        Value::Dict(dict) => {
            file.extend_from_slice(b"<<");
            for (key, entry) in &dict.0 {
                name(file, key);
                file.push(b' ');
                value(file, entry);
                file.push(b'\n');
            }
            file.extend_from_slice(b">>");
        }
        Value::Reference(number) => put(file, format_args!("{number} 0 R")),
    }
}

fn name(file: &mut Vec<u8>, word: &[u8]) {
    file.push(b'/');
    for byte in word {
        if byte.is_ascii_alphanumeric() || b"-_.+*:@,'!&$".contains(byte) {
            file.push(*byte);
        } else {
            put(file, format_args!("#{byte:02X}"));
        }
    }
}

fn text(file: &mut Vec<u8>, bytes: &[u8]) {
    file.push(b'(');
    for byte in bytes {
        match byte {
            b'(' | b')' | b'\\' => file.extend_from_slice(&[b'\\', *byte]),
            b'\r' => file.extend_from_slice(b"\\r"),
            other => file.push(*other),
        }
    }
    file.push(b')');
}
