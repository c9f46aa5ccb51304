//! People who were registered twice, the second time in a hurry: some are still to be noticed,
//! some were found to be one person.

use chrono::{Datelike as _, NaiveDate, TimeDelta};

use super::load::at;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction};
use crate::clock::Random;
use crate::db::types::PersonId;
use crate::error::AppError;
use crate::persons::model::{Birth, BirthPrecision, Person};
use crate::persons::rules::{PersonDetails, Registration, sealed_row};
use crate::persons::same::model::{Pair, SameDecision, SameDecisionId, SameGroup, Verdict};
use crate::text::fold;
use crate::vault::DataKey;

/// One person in so many was registered twice and merged, and one more not noticed yet.
const ONE_IN: u32 = 97;

/// Whether person `number` was registered twice.
pub(super) fn is_twice(number: u32) -> bool {
    matches!(number % ONE_IN, 13 | 60)
}

/// The second record of a person, and what was decided.
pub(super) struct Twin {
    pub(super) person: Person,
    pub(super) decision: Option<SameDecision>,
}

/// The second record of the person whose first one is `first`; none of whoever gave no name, or came too lately.
pub(super) fn twin(
    (random, ids): (&Random, &Random),
    (id, key): (PersonId, &DataKey),
    (number, today): (u32, NaiveDate),
    first: &Person,
    details: &PersonDetails,
) -> Result<Option<Twin>, AppError> {
    let again = first.created_at.civil_date() + TimeDelta::days(20);
    let Some(name) = details.name.as_deref().filter(|_| again <= today) else { return Ok(None) };
    let year = details.birth.earliest().map(|day| day.year());
    let precision = if year.is_some() { BirthPrecision::Year } else { BirthPrecision::Unknown };
    let details = PersonDetails {
        name: Some(without_marks(name)),
        aliases: Vec::new(),
        birth: Birth { precision, date: None, year },
        nationality: None,
        ethnicity: None,
        phone: None,
        national_id: None,
        address: None,
        safe_contact: None,
        categories: Vec::new(),
        ..details.clone()
    };
    let (by, organisation) = (first.registered_by, first.organisation_id);
    let person = sealed_row(random, key, Registration { id, by, organisation, at: at(again, 0) }, &details)?;
    let noticed = again + TimeDelta::days(12);
    let pair = Pair::of(first.id, id).filter(|_| number % ONE_IN == 13 && noticed <= today);
    let decision = pair.map(|pair| SameDecision {
        id: SameDecisionId(ids.uuid()),
        low_id: pair.low,
        high_id: pair.high,
        verdict: Verdict::Same,
        decided_by: by,
        decided_at: at(noticed, 30),
        taken_back_by: None,
        taken_back_at: None,
        taken_back_reason: None,
        version: 1,
    });
    Ok(Some(Twin { person, decision }))
}

impl Twin {
    /// Who counts for whom.
    pub(super) fn groups(&self) -> Vec<SameGroup> {
        let of = |decision: &SameDecision| {
            let root_id = decision.low_id;
            [decision.low_id, decision.high_id].map(|person_id| SameGroup { person_id, root_id })
        };
        self.decision.iter().flat_map(of).collect()
    }

    /// The trail it leaves.
    pub(super) fn note(&self, trail: &mut NewChains) {
        let by = Some(self.person.registered_by);
        let own = Subject::new(SubjectKind::Person, self.person.id.0);
        trail.record(own, by, TrailAction::Create, &["person"], self.person.created_at);
        if let Some(decision) = &self.decision {
            for person in [decision.low_id, decision.high_id] {
                let subject = Subject::new(SubjectKind::Person, person.0);
                let (by, word) = (Some(decision.decided_by), decision.verdict.as_str());
                trail.record(subject, by, TrailAction::SameDecide, &[word], decision.decided_at);
            }
        }
    }
}

/// As somebody types a name in a hurry.
fn without_marks(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    fold(name).split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_marks;

    #[test]
    fn a_name_typed_in_a_hurry_has_capitals_and_no_marks() {
        assert_eq!(without_marks("Đặng Thị Hòa"), "Dang Thi Hoa");
    }
}
