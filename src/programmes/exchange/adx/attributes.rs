//! Attributes of an element of ADX: those it has, and those that are dimensions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::errors::Error;
use quick_xml::escape::EscapeError;
use quick_xml::events::BytesStart;

use super::{NO_DIMENSION, is_scheme};
use crate::error::ExchangeRule;
use crate::programmes::exchange::text::is_forbidden;

/// Attributes that an element may have.
pub(super) const MOST_ATTRIBUTES: usize = 64;

/// What an element says of itself.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    /// By name, those that have a meaning in ADX or DHIS2.
    known: BTreeMap<&'static str, Cow<'a, str>>,
    /// The others: dimensions and their options.
    pub(super) dimensions: BTreeMap<String, String>,
}

impl<'a> Attributes<'a> {
    /// Reads them. Those of other namespaces are passed over: ADX lets anybody add such.
    pub(super) fn read(element: &BytesStart<'a>) -> Result<Self, ExchangeRule> {
        let mut read = Self::default();
        for (number, attribute) in element.attributes().enumerate() {
            if number >= MOST_ATTRIBUTES {
                return Err(ExchangeRule::Attributes { max: MOST_ATTRIBUTES });
            }
            let attribute = attribute.map_err(|_| ExchangeRule::Xml)?;
            let name = attribute.key.into_inner();
            if attribute.value.contains('<') {
                return Err(ExchangeRule::Xml);
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| rule_of(&error))?;
            if value.chars().any(is_forbidden) {
                return Err(ExchangeRule::Encoding);
            }
            if name == "xmlns" || name.contains(':') || is_scheme(name) {
                continue;
            }
            match NO_DIMENSION.iter().find(|known| **known == name) {
                Some(known) => drop(read.known.insert(known, Cow::Owned(value.into_owned()))),
                None => drop(read.dimensions.insert(name.to_owned(), value.into_owned())),
            }
        }
        Ok(read)
    }

    /// The value of one that has a meaning, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(AsRef::as_ref).filter(|value| !value.is_empty())
    }

    /// Whether it is there, even empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// The dimensions, which are said once.
    pub(super) fn take_dimensions(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.dimensions)
    }
}

/// What is wrong, without the words of the reader, which repeat the file.
pub(super) fn rule_of(error: &Error) -> ExchangeRule {
    match error {
        Error::Escape(EscapeError::UnrecognizedEntity(..) | EscapeError::TooManyNestedEntities) => {
            ExchangeRule::Entities
        }
        Error::Encoding(_) => ExchangeRule::Encoding,
        _ => ExchangeRule::Xml,
    }
}
