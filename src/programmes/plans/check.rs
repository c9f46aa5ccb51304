//! Whether what a plan says can be: every rule that its form alone does not keep.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use super::Books;
use super::model::{
    Breakdown, CadenceMeasure, Indicator, MeasureKind, Measured, Milestone, Operator, Plan, Target, UnitMeasure,
};
use crate::admin_units::Level;
use crate::programmes::elements::{Element, OutreachElement, Source};
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::programmes::registers::catalogue::{Column, Register, RegisterCatalogue};

type Faults = Vec<(String, String)>;

/// Fields that cannot be, each with what is allowed.
pub(super) fn faults(plan: &Plan, books: Books<'_>) -> Faults {
    let mut faults = Faults::new();
    check_plan(plan, books, &mut faults);
    check_reports(plan, &mut faults);
    check_elements(plan, books.registers, &mut faults);
    check_values(plan, books, &mut faults);
    let mut codes = BTreeSet::new();
    for (number, indicator) in plan.indicators.iter().enumerate() {
        let path = format!("indicators[{number}]");
        if !codes.insert(indicator.code.as_str()) {
            faults.push((format!("{path}.code"), "a code stands once".into()));
        }
        check_code(&indicator.code, &format!("{path}.code"), &mut faults);
        check_indicator(plan, indicator, books, &path, &mut faults);
    }
    faults
}

fn check_code(code: &str, path: &str, faults: &mut Faults) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if code.is_empty() || code.len() > 40 || !code.chars().all(plain) {
        faults.push((path.to_owned(), "1 to 40 letters, digits, hyphens or underscores".into()));
    }
}

fn check_texts(texts: &[(&str, &String)], path: &str, faults: &mut Faults) {
    let blank = texts.iter().filter(|(_, text)| text.trim().is_empty());
    faults.extend(blank.map(|(field, _)| (format!("{path}{field}"), "some text".to_owned())));
}

fn check_plan(plan: &Plan, books: Books<'_>, faults: &mut Faults) {
    check_code(&plan.code, "code", faults);
    let texts = [("title_vi", &plan.title_vi), ("title_en", &plan.title_en), ("document", &plan.document)];
    check_texts(&texts, "", faults);
    if plan.first_year > plan.last_year || !(1990..=2100).contains(&plan.first_year) || plan.last_year > 2100 {
        faults.push(("last_year".into(), "years from 1990 to 2100, the last not before the first".into()));
    }
    match books.units.get(&plan.scope_unit) {
        None => faults.push(("scope_unit".into(), "the code of an administrative unit".into())),
        Some(unit) if unit.level != plan.level => {
            faults.push(("level".into(), format!("the level of that unit, {}", unit.level)));
        }
        Some(_) => {}
    }
    if plan.reported_by <= plan.level && plan.reported_by != Level::Commune {
        faults.push(("reported_by".into(), "a level below that of the plan".into()));
    }
    let is_province = |code: &String| books.units.get(code).is_some_and(|unit| unit.level == Level::Province);
    for (number, participant) in plan.participants.iter().flatten().enumerate() {
        if !is_province(participant) {
            faults.push((format!("participants[{number}]"), "the code of a province".into()));
        }
    }
    if plan.indicators.is_empty() {
        faults.push(("indicators".into(), "at least one indicator".into()));
    }
}

fn check_reports(plan: &Plan, faults: &mut Faults) {
    for (number, kind) in plan.reports.iter().enumerate() {
        let path = || format!("reports[{number}]");
        if plan.reports.iter().take(number).any(|earlier| earlier == kind) {
            faults.push((path(), "a length of periods stands once".into()));
        }
        let is_asked = |year| plan.asks_in(year, *kind);
        if *kind == PeriodKind::FiveYears && !(plan.first_year..=plan.last_year).any(is_asked) {
            faults.push((path(), "five years that lie in the plan, as 2021-2025".into()));
        }
    }
    if plan.report_days.is_some_and(|days| days > plan.grace_days) {
        faults.push(("report_days".into(), format!("at most grace_days, {}", plan.grace_days)));
    }
}

fn check_elements(plan: &Plan, registers: &RegisterCatalogue, faults: &mut Faults) {
    let mut codes = BTreeSet::new();
    for (number, element) in plan.elements.iter().enumerate() {
        let path = format!("elements[{number}].code");
        check_code(&element.code, &path, faults);
        if element.code.parse::<Element>().is_ok()
            || element.code.parse::<OutreachElement>().is_ok()
            || is_number_of_units(&element.code)
            || !codes.insert(element.code.as_str())
        {
            faults.push((path, "a code of its own, which no register gives".into()));
        }
        let is_word = |word: &String| registers.words.values().any(|list| list.contains_key(word));
        if !element.classes.iter().all(is_word) {
            faults.push((format!("elements[{number}].classes"), "words of `config/registers.toml`".into()));
        }
    }
}

fn check_values(plan: &Plan, books: Books<'_>, faults: &mut Faults) {
    let mut told = BTreeSet::new();
    for (number, value) in plan.values.iter().enumerate() {
        let path = |field: &str| format!("values[{number}].{field}");
        if !is_known(plan, &value.element) {
            faults.push((path("element"), "an element of a register or of outreach, or one this plan declares".into()));
        }
        if books.units.get(&value.unit).is_none() {
            faults.push((path("unit"), "the code of an administrative unit".into()));
        }
        if !value.period.parse().is_ok_and(ReportPeriod::is_of_plans) {
            faults.push((path("period"), "a period: 2020, 2020-H1, 2020-Q1, 2020-01 or 2016-2020".into()));
        }
        if value.value < 0 {
            faults.push((path("value"), "not below nought".into()));
        }
        if !told.insert((&value.element, &value.unit, &value.period)) {
            faults.push((path("period"), "a value of an element, unit and period stands once".into()));
        }
    }
}

/// An element of a register or of outreach, one the plan declares, or the number of units of a level.
fn is_known(plan: &Plan, element: &str) -> bool {
    element.parse::<Element>().is_ok()
        || element.parse::<OutreachElement>().is_ok()
        || plan.elements.iter().any(|declared| declared.code == element)
        || is_number_of_units(element)
}

fn is_number_of_units(element: &str) -> bool {
    element.strip_prefix("units_").is_some_and(|level| level.parse::<Level>().is_ok())
}

fn check_indicator(plan: &Plan, indicator: &Indicator, books: Books<'_>, path: &str, faults: &mut Faults) {
    let texts = [
        ("name_vi", &indicator.name_vi),
        ("name_en", &indicator.name_en),
        ("source_text", &indicator.source_text),
        ("definition_vi", &indicator.definition_vi),
        ("definition_en", &indicator.definition_en),
    ];
    check_texts(&texts, &format!("{path}."), faults);
    check_measured(plan, indicator, path, faults);
    for (field, source) in named_sources(&indicator.measured) {
        check_source(plan, source, books, &format!("{path}.measured.{field}"), faults);
    }
    if let Some(reported) = indicator.measured.units.as_ref().and_then(|units| units.reported_as.as_ref())
        && !plan.elements.iter().any(|declared| declared.code == *reported)
    {
        faults.push((format!("{path}.measured.units.reported_as"), "an element this plan declares".into()));
    }
    if indicator.targets.is_empty() {
        faults.push((format!("{path}.targets"), "at least one target; `none` where there is none".into()));
    }
    for (number, target) in indicator.targets.iter().enumerate() {
        check_target(plan, indicator, target, books, &format!("{path}.targets[{number}]"), faults);
    }
    check_breakdowns(plan, indicator, books, path, faults);
}

/// A way to break down that would never tell a figure is none.
fn check_breakdowns(plan: &Plan, indicator: &Indicator, books: Books<'_>, path: &str, faults: &mut Faults) {
    for (_, message) in silent_breakdowns(plan, indicator, books) {
        faults.push((format!("{path}.breakdowns"), message));
    }
}

/// Takes ways to break down away that would never tell a figure.
pub(super) fn leave_out_silent_breakdowns(plan: &mut Plan, books: Books<'_>) {
    let of = |indicator| silent_breakdowns(plan, indicator, books).into_iter().map(|(way, _)| way).collect();
    let silent: Vec<Vec<Breakdown>> = plan.indicators.iter().map(of).collect();
    for (indicator, silent) in plan.indicators.iter_mut().zip(silent) {
        indicator.breakdowns.retain(|way| !silent.contains(way));
    }
}

/// Ways to break down that would never tell a figure, each with what it is possible of.
fn silent_breakdowns(plan: &Plan, indicator: &Indicator, books: Books<'_>) -> Vec<(Breakdown, String)> {
    let mut silent: Vec<(Breakdown, String)> = Vec::new();
    if !has_classes(plan, indicator, books) {
        let message = "`class` only of cadences that ask for one kind each, of shares of units by one condition on a register, and of other shares \
                       whose numerator and denominator have the same words";
        silent.push((Breakdown::Class, message.into()));
    }
    if indicator.measured.units.as_ref().is_none_or(|units| units.level != Level::Commune) {
        silent.push((Breakdown::CommuneKind, "`commune_kind` only of shares of communes".into()));
    }
    let top = indicator.measured.numerator.as_ref().filter(|_| indicator.measured.denominator.is_some());
    for (way, words) in [(Breakdown::Kind, top.map(|top| &top.kinds)), (Breakdown::Group, top.map(|top| &top.groups))] {
        if words.is_none_or(|words| words.len() < 2) {
            silent.push((way, format!("`{way}` only of shares whose numerator names several {way}s")));
        }
    }
    silent.retain(|(way, _)| indicator.breakdowns.contains(way));
    silent
}

fn has_classes(plan: &Plan, indicator: &Indicator, books: Books<'_>) -> bool {
    let Measured { numerator, denominator, units, cadence, .. } = &indicator.measured;
    let list = |source: &Source| {
        let (register, column) = source.of_register()?.words().class?;
        books.registers.field(register, column)?.words.clone()
    };
    let declared = |source: &Source| plan.declared(&source.element).map(|declared| &declared.classes);
    let words = |name: &String| books.registers.words.get(name);
    let alike = |top: &Source, bottom: &Source| match (list(top), list(bottom), declared(top), declared(bottom)) {
        (Some(top), Some(bottom), ..) => top == bottom,
        (Some(top), None, _, Some(classes)) => {
            !classes.is_empty() && words(&top).is_some_and(|list| classes.iter().all(|class| list.contains_key(class)))
        }
        (None, None, Some(top), Some(bottom)) => !top.is_empty() && top == bottom,
        _ => false,
    };
    let asked_for: BTreeSet<String> = cadence.iter().map(|one| one.source.class()).collect();
    let is_word = |one: &CadenceMeasure| one.source.kinds.len() == 1 && one.source.groups.is_empty();
    let by_cadence = !cadence.is_empty() && cadence.iter().all(is_word) && asked_for.len() == cadence.len();
    let by_one = units.as_ref().is_some_and(|units| {
        numerator.is_none() && units.all.len() == 1 && units.all.iter().all(|one| list(&one.source).is_some())
    });
    let shares = numerator.as_ref().zip(denominator.as_ref()).is_some_and(|(top, bottom)| alike(top, bottom));
    by_cadence || by_one || shares
}

fn named_sources(measured: &Measured) -> Vec<(String, &Source)> {
    let mut sources = Vec::new();
    sources.extend(measured.numerator.iter().map(|source| ("numerator".to_owned(), source)));
    sources.extend(measured.denominator.iter().map(|source| ("denominator".to_owned(), source)));
    let conditions = measured.units.iter().flat_map(|units| &units.all).enumerate();
    sources.extend(conditions.map(|(number, condition)| (format!("units.all[{number}].source"), &condition.source)));
    let cadence = measured.cadence.iter().enumerate();
    sources.extend(cadence.map(|(number, cadence)| (format!("cadence[{number}].source"), &cadence.source)));
    sources
}

/// What each kind needs, and what it may not have.
fn check_measured(plan: &Plan, indicator: &Indicator, path: &str, faults: &mut Faults) {
    use MeasureKind as K;
    let measured = &indicator.measured;
    let has = [
        ("numerator", measured.numerator.is_some()),
        ("denominator", measured.denominator.is_some()),
        ("units", measured.units.is_some()),
        ("cases", measured.cases.is_some()),
        ("cadence", !measured.cadence.is_empty()),
        ("baseline_year", measured.baseline_year.is_some()),
    ];
    let (needed, allowed): (&[&str], &[&str]) = match indicator.kind {
        K::UnitShare | K::Stepped => (&["units"], &["units"]),
        K::PersonShare if measured.cases.is_some() => (&["cases"], &["cases"]),
        K::PersonShare | K::ItemShare | K::EstablishmentShare | K::Cumulative => {
            (&["numerator", "denominator"], &["numerator", "denominator"])
        }
        K::Cadence => (&["cadence"], &["cadence"]),
        K::Growth | K::Hold | K::Count => (&["numerator"], &["numerator"]),
        K::Reduction => (&["numerator"], &["numerator", "baseline_year"]),
        K::YearlyIncrement => (&["numerator", "units"], &["numerator", "units"]),
    };
    for (field, present) in has {
        let at = format!("{path}.measured.{field}");
        if needed.contains(&field) && !present {
            faults.push((at, format!("needed by the kind {}", indicator.kind)));
        } else if present && !allowed.contains(&field) {
            faults.push((at, format!("not used by the kind {}", indicator.kind)));
        }
    }
    if let Some(units) = &measured.units {
        check_units(plan, indicator.kind, units, path, faults);
    }
    if measured.baseline_year.is_some_and(|year| !(1990..=plan.last_year).contains(&year)) {
        faults.push((format!("{path}.measured.baseline_year"), "a year from 1990 to the last of the plan".into()));
    }
}

fn check_units(plan: &Plan, kind: MeasureKind, units: &UnitMeasure, path: &str, faults: &mut Faults) {
    if units.all.is_empty() && kind != MeasureKind::YearlyIncrement {
        faults.push((format!("{path}.measured.units.all"), "at least one condition".into()));
    }
    if units.level <= plan.level && units.level != Level::Commune {
        faults.push((format!("{path}.measured.units.level"), "a level below that of the plan".into()));
    }
    if !units.commune_kinds.is_empty() && units.level != Level::Commune {
        faults.push((format!("{path}.measured.units.commune_kinds"), "only where communes are counted".into()));
    }
    for (number, condition) in units.all.iter().enumerate() {
        if condition.at_least < 1 {
            faults.push((format!("{path}.measured.units.all[{number}].at_least"), "at least 1".into()));
        }
    }
}

fn check_source(plan: &Plan, source: &Source, books: Books<'_>, path: &str, faults: &mut Faults) {
    let Some(element) = source.of_register() else {
        if !is_known(plan, &source.element) {
            faults.push((
                format!("{path}.element"),
                "an element of a register or of outreach, or one this plan declares".into(),
            ));
        }
        if !source.kinds.is_empty() || !source.groups.is_empty() || source.direct {
            faults
                .push((path.to_owned(), "what outreach gives or another body reports is not narrowed by words".into()));
        }
        return;
    };
    let words = element.words();
    for (field, picked, place) in [("kinds", &source.kinds, words.kinds), ("groups", &source.groups, words.groups)] {
        let unknown = picked.iter().any(|word| !is_word(books, place, word));
        if unknown {
            let known = place.and_then(|(register, column)| books.registers.words_of(register, column));
            let known: Vec<&str> = known.into_iter().flatten().map(|(word, _)| word.as_str()).collect();
            faults.push((format!("{path}.{field}"), format!("some of: {}", known.join(", "))));
        }
    }
    if source.direct && !matches!(element, Element::Staff | Element::StaffTrained) {
        faults.push((format!("{path}.direct"), "only of staff".into()));
    }
}

fn is_word(books: Books<'_>, place: Option<(Register, Column)>, word: &str) -> bool {
    let words = place.and_then(|(register, column)| books.registers.words_of(register, column));
    words.is_some_and(|words| words.contains_key(word))
}

fn check_target(
    plan: &Plan,
    indicator: &Indicator,
    target: &Target,
    books: Books<'_>,
    path: &str,
    faults: &mut Faults,
) {
    let within = |value: u32| is_wanted(indicator.kind, value);
    let (value, max) = (target.value, target.max);
    let fits = match target.operator {
        Operator::AtLeast | Operator::Equal => value.is_some_and(within) && max.is_none(),
        Operator::Range => matches!((value, max), (Some(min), Some(max)) if within(min) && within(max) && min <= max),
        Operator::Hold | Operator::None => value.is_none() && max.is_none(),
    };
    if !fits {
        faults.push((
            format!("{path}.value"),
            "a value for `at_least` and `equal`, value and max for `range`, neither for `hold` and `none`; of shares 1 to 100"
                .into(),
        ));
    }
    if (target.operator == Operator::Hold) != (indicator.kind == MeasureKind::Hold) && target.operator != Operator::None
    {
        faults.push((format!("{path}.operator"), "`hold` goes with the kind hold, and with no other".into()));
    }
    check_days(plan, indicator, target, path, faults);
    if target.interpolated && target.milestones.is_empty() {
        faults.push((format!("{path}.interpolated"), "only between milestones".into()));
    }
    let binds = target.unit.as_ref().is_none_or(|unit| books.units.is_within(unit, &plan.scope_unit));
    if !binds {
        faults.push((format!("{path}.unit"), "a unit of the area of the plan".into()));
    }
}

/// By when something is wanted, and what on the way there.
fn check_days(plan: &Plan, indicator: &Indicator, target: &Target, path: &str, faults: &mut Faults) {
    let in_plan = |day: &NaiveDate| (plan.first_year..=plan.last_year).contains(&day.year());
    if !target.by.iter().all(in_plan) {
        faults.push((format!("{path}.by"), "a day in the years of the plan".into()));
    }
    let in_order = target.milestones.windows(2).all(|pair| matches!(pair, [a, b] if a.by < b.by));
    let fits = |step: &Milestone| {
        in_plan(&step.by) && target.by.is_some_and(|by| step.by < by) && is_wanted(indicator.kind, step.value)
    };
    if !in_order || !target.milestones.iter().all(fits) {
        let message = "days in order, in the years of the plan and before `by`, with values that can be";
        faults.push((format!("{path}.milestones"), message.into()));
    }
    if indicator.kind == MeasureKind::Stepped && target.milestones.is_empty() {
        faults.push((format!("{path}.milestones"), "the kind stepped has at least one".into()));
    }
}

/// Whether a value can be a target: shares have percent up to 100, numbers and growth no bound.
fn is_wanted(kind: MeasureKind, value: u32) -> bool {
    let bounded = !matches!(kind, MeasureKind::Count | MeasureKind::Growth);
    value >= 1 && (!bounded || value <= 100)
}
