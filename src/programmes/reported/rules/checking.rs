//! Whether a value may be reported as it is said. No database here.

use chrono::NaiveDate;

use super::Books;
use crate::admin_units::{CommuneKind, Level};
use crate::error::{FieldError, FitsWith, PlainForm, Rule};
use crate::programmes::elements::{Element, OutreachElement, Source};
use crate::programmes::periods::{Calendar, PeriodKind, ReportPeriod};
use crate::programmes::plans::Plan;
use crate::text::is_hidden;

/// Largest value.
pub const MOST_VALUE: i64 = 1_000_000_000_000;
const LONGEST_SOURCE: usize = 200;
const LONGEST_REASON: usize = 500;

/// A revision as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewValue {
    /// What was counted.
    pub element: String,
    /// Of which kinds and groups, as [`Source::class`] writes it.
    pub class: String,
    /// Unit.
    pub unit_code: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: ReportPeriod,
    /// The value; none takes it back.
    pub value: Option<i64>,
    /// Who reported it.
    pub source_agency: String,
    /// In which document.
    pub source_document: String,
    /// Of which day.
    pub source_on: NaiveDate,
    /// Why it is revised.
    pub reason: String,
    /// The revision that stands, as far as the officer knows, 0 when there is none; none: whichever stands, and a value
    /// equal to it is no new revision.
    pub expected_revision: Option<i32>,
}

/// What a value breaks.
pub fn check(books: Books<'_>, new: &NewValue, today: NaiveDate) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let mut add = |field: &str, rule: Rule| faults.push(FieldError::new(field, rule));
    if !is_known(books, &new.element) {
        add("element", Rule::Format(PlainForm::Element.into()));
    } else if !is_class(books, &new.element, &new.class) {
        add("class", Rule::Format(PlainForm::ElementClass.into()));
    }
    let (first, last) = new.period.days(new.calendar, books.closing_day);
    if !books.units.is_valid_on(&new.unit_code, first) && !books.units.is_valid_on(&new.unit_code, last) {
        add("unit_code", Rule::UnitNotValidOn);
    }
    if first > today {
        add("period", Rule::NotInFuture);
    }
    // Sessions and points tell where people are met.
    let is_coarse = books.plans.all().any(|plan| plan.is_coarse(&new.element));
    if is_coarse || new.element.parse::<OutreachElement>().is_ok() {
        let level = books.units.get(&new.unit_code).map(|unit| unit.level);
        if matches!(level, Some(Level::District | Level::Commune)) {
            add("unit_code", Rule::MustFit(FitsWith::ProvincesAndYears));
        }
        if new.period.kind.months() < PeriodKind::Year.months() {
            add("period", Rule::MustFit(FitsWith::ProvincesAndYears));
        }
    }
    if new.source_on > today {
        add("source_on", Rule::NotInFuture);
    }
    if new.value.is_some_and(|value| !(0..=MOST_VALUE).contains(&value)) {
        add("value", Rule::Range { min: 0, max: MOST_VALUE });
    }
    for (field, text, min, max) in [
        ("source_agency", &new.source_agency, 1, LONGEST_SOURCE),
        ("source_document", &new.source_document, 1, LONGEST_SOURCE),
        ("reason", &new.reason, 0, LONGEST_REASON),
    ] {
        if !(min..=max).contains(&text.chars().count()) {
            let bound = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
            add(field, Rule::Length { min: bound(min), max: bound(max) });
        }
        if text.chars().any(is_hidden) {
            add(field, Rule::ControlCharacter);
        }
    }
    faults
}

/// An element of a register or of outreach, one that a plan declares, or the number of units of a level.
fn is_known(books: Books<'_>, element: &str) -> bool {
    element.parse::<Element>().is_ok()
        || element.parse::<OutreachElement>().is_ok()
        || element.strip_prefix("units_").is_some_and(|level| level.parse::<Level>().is_ok())
        || books.plans.all().any(|plan| plan.elements.iter().any(|declared| declared.code == element))
}

/// Whether a text names kinds and groups of the element, as [`Source::class`] writes them.
fn is_class(books: Books<'_>, element: &str, class: &str) -> bool {
    let Ok(known) = element.parse::<Element>() else {
        let is_declared = |plan: &Plan| plan.declared(element).is_some_and(|of| of.classes.contains(class));
        return class.is_empty() || is_commune_kinds(element, class) || books.plans.all().any(is_declared);
    };
    let (rest, direct) = class.strip_suffix("!direct").map_or((class, false), |rest| (rest, true));
    let (kinds, groups) = rest.split_once('/').unwrap_or((rest, ""));
    let listed = |text: &str| text.split('+').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let source = Source {
        element: element.to_owned(),
        kinds: listed(kinds),
        groups: listed(groups),
        direct,
        reported_first: false,
    };
    let places = known.words();
    let fits = |words: &std::collections::BTreeSet<String>, place| match place {
        None => words.is_empty(),
        Some((register, column)) => {
            let known = books.catalogue.words_of(register, column);
            words.iter().all(|word| known.is_some_and(|known| known.contains_key(word)))
        }
    };
    let of_staff = matches!(known, Element::Staff | Element::StaffTrained);
    source.class() == class
        && (of_staff || !direct)
        && fits(&source.kinds, places.kinds)
        && fits(&source.groups, places.groups)
}

/// Kinds of communes, in the order of their words, of how many communes there are.
fn is_commune_kinds(element: &str, class: &str) -> bool {
    let kinds: Vec<&str> = class.split('+').collect();
    element == "units_commune" && kinds.is_sorted() && kinds.iter().all(|kind| kind.parse::<CommuneKind>().is_ok())
}
