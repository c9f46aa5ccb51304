//! What a reader of JSON or of a query expected, in our words. Its own message may repeat what was sent, and speaks
//! of types.

use crate::error::{Form, PlainForm};

/// The form a value should have had, by the message of the reader that refused it.
pub(super) fn form_of(message: &str) -> Form {
    let expected = message.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected {
        _ if message.starts_with("UUID parsing failed") => PlainForm::Id.into(),
        // Said of no JSON, and of a number where a word should be.
        _ if message == "expected value" => PlainForm::Described.into(),
        _ if is_syntax(message) => PlainForm::Json.into(),
        None if of_a_date(message) => PlainForm::Day.into(),
        None => PlainForm::Described.into(),
        Some(expected) => words_in(expected).map_or_else(|| form_of_type(expected).into(), Form::OneOf),
    }
}

/// What is said where the text is no JSON at all.
fn is_syntax(message: &str) -> bool {
    ["expected ", "EOF while", "key must", "trailing c", "invalid escape", "control character", "invalid number"]
        .iter()
        .any(|start| message.starts_with(start))
}

/// What the reader of dates says of a text that is none.
fn of_a_date(message: &str) -> bool {
    ["input contains invalid characters", "premature end of input", "input is out of range", "trailing input"]
        .contains(&message)
}

/// The words of a closed list, which are ours and stand between backticks.
fn words_in(expected: &str) -> Option<String> {
    let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn form_of_type(expected: &str) -> PlainForm {
    match expected {
        "a string" | "string" | "str" | "a borrowed string" | "string or map" => PlainForm::Text,
        "a boolean" | "bool" => PlainForm::Truth,
        "f32" | "f64" => PlainForm::Number,
        "a formatted date string" => PlainForm::Day,
        "a date between 1900-01-01 and 2200-12-31" => PlainForm::DayOnRecord,
        "the code of a card" => PlainForm::CardCode,
        "a formatted UUID string" | "UUID string" => PlainForm::Id,
        _ if expected.starts_with("struct ") || expected == "a map" => PlainForm::Object,
        _ if expected.starts_with("a sequence") || expected.starts_with("an array") => PlainForm::List,
        _ if is_whole_number(expected) => PlainForm::WholeNumber,
        _ => PlainForm::Described,
    }
}

/// Names of types such as `u16` and `i64`.
fn is_whole_number(name: &str) -> bool {
    name.strip_prefix(['u', 'i']).is_some_and(|bits| bits == "size" || bits.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::form_of;
    use crate::error::{Form, PlainForm};
    use crate::http::extract::{CivilDate, civil_date};
    use crate::outreach::codes::Card;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Two {
        FirstWord,
        SecondWord,
    }

    #[derive(Debug, Deserialize)]
    enum Three {
        #[serde(rename = "a")]
        A,
        #[serde(rename = "b")]
        B,
        #[serde(rename = "c")]
        C,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        _on: CivilDate,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Every {
        _text: String,
        _small: u8,
        _large: i64,
        _real: f64,
        _truth: bool,
        _list: Vec<u8>,
        _two: Option<Two>,
        _three: Option<Three>,
        _inner: Option<Inner>,
        _id: Option<uuid::Uuid>,
        _card: Option<Card>,
        #[serde(skip)]
        _unused: (),
    }

    #[derive(Debug, Deserialize)]
    struct Dated {
        #[serde(deserialize_with = "civil_date")]
        _on: chrono::NaiveDate,
    }

    fn said<T: serde::de::DeserializeOwned + std::fmt::Debug>(json: &str) -> Form {
        let message = serde_json::from_str::<T>(json).unwrap_err().to_string();
        form_of(message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text))
    }

    #[test]
    fn every_kind_of_value_is_named_in_words() {
        let words = |words: &str| Form::OneOf(words.to_owned());
        for (json, form) in [
            (r#"{"_text": 1}"#, PlainForm::Text.into()),
            (r#"{"_small": "Quạ"}"#, PlainForm::WholeNumber.into()),
            (r#"{"_small": 300}"#, PlainForm::WholeNumber.into()),
            (r#"{"_large": 1.5}"#, PlainForm::WholeNumber.into()),
            (r#"{"_real": "Quạ"}"#, PlainForm::Number.into()),
            (r#"{"_truth": "expected Quạ"}"#, PlainForm::Truth.into()),
            (r#"{"_list": {}}"#, PlainForm::List.into()),
            (r#"{"_two": "Quạ"}"#, words("first_word, second_word")),
            (r#"{"_three": "Quạ"}"#, words("a, b, c")),
            (r#"{"_three": 7}"#, PlainForm::Described.into()),
            (r#"{"_inner": "Quạ"}"#, PlainForm::Object.into()),
            (r#"{"_id": "Quạ"}"#, PlainForm::Id.into()),
            (r#"{"_id": "00000000-0000-4000-8000-00000000000"}"#, PlainForm::Id.into()),
            (r#"{"_id": 7}"#, PlainForm::Id.into()),
            (r#"{"_card": "7KQ2-M9XD-46"}"#, PlainForm::CardCode.into()),
            (r#"{"_card": 7}"#, PlainForm::Text.into()),
            (r#"{"_text": }"#, PlainForm::Described.into()),
            (r#"{"_text": "x" "#, PlainForm::Json.into()),
            (r#"{"_text": "x";}"#, PlainForm::Json.into()),
            (r"{7: 1}", PlainForm::Json.into()),
        ] {
            assert_eq!(said::<Every>(json), form, "{json}");
        }
        for (json, form) in [
            (r#"{"_on": "Quạ"}"#, PlainForm::Day.into()),
            (r#"{"_on": "2025-02-30"}"#, PlainForm::Day.into()),
            (r#"{"_on": 7}"#, PlainForm::Day.into()),
            (r#"{"_on": "1899-12-31"}"#, PlainForm::DayOnRecord.into()),
        ] {
            assert_eq!(said::<Dated>(json), form, "{json}");
        }
    }
}
