//! A series: an element narrowed by words, as it is counted for every unit and half month.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::programmes::elements::{Element, Nature, Source};
use crate::programmes::periods::Calendar;

/// What is counted, apart from where and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// Element.
    pub element: Element,
    /// Only these kinds; all when empty.
    pub kinds: BTreeSet<String>,
    /// Only these groups; all when empty.
    pub groups: BTreeSet<String>,
    /// Only staff directly involved.
    pub direct: bool,
    /// Whose years count, of what counts once a year.
    pub calendar: Calendar,
    /// Since when, of what counts ever since.
    pub since: Option<NaiveDate>,
}

impl Series {
    /// The series of a source in a plan that began on `since`; none of an element that no register gives.
    pub fn of(source: &Source, calendar: Calendar, since: NaiveDate) -> Option<Self> {
        let element = source.of_register()?;
        let nature = element.nature();
        Some(Self {
            element,
            kinds: source.kinds.clone(),
            groups: source.groups.clone(),
            direct: source.direct,
            calendar: if nature == Nature::OnceAYear { calendar } else { Calendar::Civil },
            since: (nature == Nature::Ever).then_some(since),
        })
    }

    /// The series that are stored for a source: of what stood during a period, the level, what came, and what had just
    /// gone.
    pub fn stored_for(source: &Source, calendar: Calendar, since: NaiveDate) -> Vec<Self> {
        Self::of(source, calendar, since).map_or_else(Vec::new, Self::stored)
    }

    /// As [`Series::stored_for`], of a series.
    pub fn stored(self) -> Vec<Self> {
        if self.element != Element::EstablishmentsOperating {
            return vec![self];
        }
        let level = Self { element: Element::Establishments, ..self.clone() };
        let ended = Self { element: Element::EstablishmentsEndedBefore, ..self.clone() };
        vec![level, Self { element: Element::EstablishmentsOpened, ..self }, ended]
    }

    /// A text that tells it from every other series.
    pub fn code(&self) -> String {
        let mut code = self.element.as_str().to_owned();
        for (sign, words) in [(':', &self.kinds), ('/', &self.groups)] {
            if !words.is_empty() {
                code.push(sign);
                code.push_str(&words.iter().map(String::as_str).collect::<Vec<_>>().join("+"));
            }
        }
        if self.direct {
            code.push_str("!direct");
        }
        if self.calendar == Calendar::Closing {
            code.push_str("@closing");
        }
        if let Some(since) = self.since {
            code.push('>');
            code.push_str(&since.to_string());
        }
        code
    }

    /// Whether a kind is counted.
    pub fn takes_kind(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(kind)
    }

    /// Whether a group is counted.
    pub fn takes_group(&self, group: &str) -> bool {
        self.groups.is_empty() || self.groups.contains(group)
    }
}
