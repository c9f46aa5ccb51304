//! Vietnamese text: one form to store, one folded form to look up by.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    /// A name in Vietnamese and in English.
    pub fn new(vi: &str, en: &str) -> Self {
        Self { vi: vi.to_owned(), en: en.to_owned() }
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _never = write!(text, "{byte:02x}");
        text
    })
}

/// Text as it may stand in a page, between tags or in a quoted attribute.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether a character shows nothing itself and changes how others are read: controls, and those that turn the direction
/// of what follows, so that a text reads as another than it is.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The form in which text is stored: composed (NFC), outer white space gone.
pub fn tidy(text: &str) -> String {
    text.trim().nfc().collect()
}

/// The form in which numbers and names of things are compared that read alike: lower case, one way of writing each
/// letter (NFKC), single spaces, nothing between letters that does not show. Marks stay: *Hoa* is not *Hòa*.
pub fn spoken_alike(text: &str) -> String {
    let shown = |c: &char| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let plain: String = text.nfkc().filter(shown).collect::<String>().to_lowercase();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The form in which names are compared: lower case, without marks, đ as d, single spaces.
/// *Hòa*, *Hoà* and *hoa* fold alike.
pub fn fold(text: &str) -> String {
    let plain: String =
        text.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)).map(|c| if c == 'đ' { 'd' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{escape_html, fold, is_hidden, spoken_alike};

    #[test]
    fn nothing_that_is_typed_becomes_a_tag() {
        assert_eq!(escape_html("<b onload='x'>&\"đ"), "&lt;b onload=&#39;x&#39;&gt;&amp;&quot;đ");
    }

    #[test]
    fn what_reads_alike_is_told_alike_and_marks_are_told_apart() {
        for same in ["CB-Đặng  1", "cb-đặng\u{a0}1", "CB-\u{200b}Đặng 1", "ＣＢ-Đặng １", " CB-Đa\u{323}\u{306}ng 1"]
        {
            assert_eq!(spoken_alike(same), "cb-đặng 1", "{same:?}");
        }
        assert_ne!(spoken_alike("Hoa"), spoken_alike("Hòa"));
    }

    #[test]
    fn what_turns_the_direction_of_a_text_is_hidden_and_vietnamese_is_not() {
        assert!("a\u{202e}b\u{2066}\u{200f}\u{7}".chars().filter(|c| is_hidden(*c)).count() == 4);
        assert!(!"Đỗ Thị Hòa – «Ánh»\u{301}".chars().any(is_hidden));
    }

    #[test]
    fn tone_placement_marks_and_case_do_not_matter_when_looking_up() {
        for spelling in ["Thanh Hóa", "Thanh Hoá", "thanh  hoa", "THANH HO\u{301}A"] {
            assert_eq!(fold(spelling), "thanh hoa");
        }
        assert_eq!(fold("Đắk Lắk"), "dak lak");
    }
}
