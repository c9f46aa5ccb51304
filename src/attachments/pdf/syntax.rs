//! The syntax of PDF values (ISO 32000-1, 7.2 and 7.3), read strictly and within a budget.

use crate::attachments::content::Fault;

/// Values may stand so deep in one another.
const DEPTH: u32 = 64;
/// Values of a file at the most: some hundred megabytes would follow from more.
const VALUES: u32 = 1_000_000;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// As it was written.
    Real(Box<[u8]>),
    Name(Box<[u8]>),
    Text(Box<[u8]>),
    Array(Vec<Value>),
    Dict(Dict),
    /// The number of another object.
    Reference(u32),
}

/// A dictionary, in the order in which it was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Dict(pub(super) Vec<(Box<[u8]>, Value)>);

impl Dict {
    /// The value under a key; the first where a key stands twice.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Value> {
        self.0.iter().find_map(|(name, value)| (name.as_ref() == key).then_some(value))
    }

    /// Whether the value under a key is this name.
    pub(super) fn is(&self, key: &[u8], name: &[u8]) -> bool {
        matches!(self.get(key), Some(Value::Name(found)) if found.as_ref() == name)
    }
}

/// How much a file may still hold.
#[derive(Debug)]
pub(super) struct Budget(u32);

impl Budget {
    pub(super) fn full() -> Self {
        Self(VALUES)
    }

    fn take(&mut self) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(1).ok_or(Fault::TooComplex)?;
        Ok(())
    }
}

/// Reads values from bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where it stands.
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// Moves to a place.
    pub(super) fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What follows.
    pub(super) fn rest(self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, Fault> {
        let byte = self.peek().ok_or(Fault::Damaged)?;
        self.at += 1;
        Ok(byte)
    }

    /// Skips white space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                self.at += self.rest().iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Takes this word, if it stands here as a whole.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        let Some(after) = self.rest().strip_prefix(word) else { return false };
        let whole = !after.first().is_some_and(|byte| is_regular(*byte));
        if whole {
            self.at += word.len();
        }
        whole
    }

    /// Takes a number without sign or point, if one stands here.
    pub(super) fn unsigned(&mut self) -> Option<u32> {
        let rest = self.rest();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if rest.get(digits).is_some_and(|byte| is_regular(*byte)) {
            return None;
        }
        let number = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
        self.at += digits;
        Some(number)
    }

    /// Skips what is no syntax of ours: to the next white space or delimiter.
    pub(super) fn skip_junk(&mut self) {
        let regular = self.rest().iter().take_while(|byte| is_regular(**byte)).count();
        self.at += regular.max(1);
    }

    /// Reads the value that stands here.
    pub(super) fn value(&mut self, budget: &mut Budget) -> Result<Value, Fault> {
        self.value_within(DEPTH, budget)
    }

    fn value_within(&mut self, depth: u32, budget: &mut Budget) -> Result<Value, Fault> {
        let depth = depth.checked_sub(1).ok_or(Fault::TooComplex)?;
        budget.take()?;
        self.skip_space();
        match self.peek().ok_or(Fault::Damaged)? {
            b'/' => Ok(Value::Name(self.name())),
            b'(' => self.literal().map(Value::Text),
            b'[' => self.array(depth, budget),
            b'<' if self.rest().starts_with(b"<<") => self.dict(depth, budget).map(Value::Dict),
            b'<' => self.hexadecimal().map(Value::Text),
            byte if byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.') => self.number(),
            _ if self.word(b"true") => Ok(Value::Bool(true)),
            _ if self.word(b"false") => Ok(Value::Bool(false)),
            _ if self.word(b"null") => Ok(Value::Null),
            _ => Err(Fault::Damaged),
        }
    }

    fn name(&mut self) -> Box<[u8]> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.at += 1;
            let escaped = match (byte, self.rest()) {
                (b'#', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
                _ => None,
            };
            name.push(match escaped {
                Some((high, low)) => {
                    self.at += 2;
                    16 * high + low
                }
                None => byte,
            });
        }
        name.into()
    }

    fn literal(&mut self) -> Result<Box<[u8]>, Fault> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1_u32);
        loop {
            match self.next()? {
                b'\\' => self.escape(&mut text)?,
                b'(' => {
                    open += 1;
                    text.push(b'(');
                }
                b')' if open == 1 => return Ok(text.into()),
                b')' => {
                    open -= 1;
                    text.push(b')');
                }
                byte => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let byte = self.next()?;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' if self.peek() == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    self.at += 1;
                    code = 8 * code + u32::from(digit - b'0');
                }
                text.push(u8::try_from(code & 0xff).unwrap_or(0));
            }
            other => text.push(other),
        }
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<Box<[u8]>, Fault> {
        self.at += 1;
        let (mut text, mut half) = (Vec::new(), None);
        loop {
            match self.next()? {
                b'>' => {
                    text.extend(half.map(|high: u8| 16 * high));
                    return Ok(text.into());
                }
                byte if is_space(byte) => {}
                byte => {
                    let digit = hex_digit(byte).ok_or(Fault::Damaged)?;
                    match half.take() {
                        None => half = Some(digit),
                        Some(high) => text.push(16 * high + digit),
                    }
                }
            }
        }
    }

    fn array(&mut self, depth: u32, budget: &mut Budget) -> Result<Value, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Value::Array(items));
            }
            items.push(self.value_within(depth, budget)?);
        }
    }

    fn dict(&mut self, depth: u32, budget: &mut Budget) -> Result<Dict, Fault> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            match self.rest() {
                [b'>', b'>', ..] => {
                    self.at += 2;
                    return Ok(Dict(entries));
                }
                [b'/', ..] => {
                    budget.take()?;
                    let key = self.name();
                    entries.push((key, self.value_within(depth, budget)?));
                }
                _ => return Err(Fault::Damaged),
            }
        }
    }

    /// A number, or a reference that begins with one.
    fn number(&mut self) -> Result<Value, Fault> {
        let mut ahead = *self;
        if let Some(number) = ahead.unsigned() {
            let after_number = ahead;
            ahead.skip_space();
            let generation = ahead.unsigned();
            ahead.skip_space();
            if generation.is_some() && ahead.word(b"R") {
                *self = ahead;
                return Ok(Value::Reference(number));
            }
            *self = after_number;
            return Ok(Value::Int(number.into()));
        }
        let rest = self.rest();
        let length = rest.iter().take_while(|byte| is_regular(**byte)).count();
        let text = rest.get(..length).ok_or(Fault::Damaged)?;
        if !text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')) || length > 40 {
            return Err(Fault::Damaged);
        }
        self.at += length;
        let whole = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        Ok(whole.map_or_else(|| Value::Real(text.into()), Value::Int))
    }
}
