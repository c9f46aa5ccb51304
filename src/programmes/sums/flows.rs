//! What the entries of one unit come to in a series, by half months. No database here.

mod establishments;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::series::Series;
use super::successions::Succession;
use crate::db::types::{Instant, ParticipantId, RegisterEntryId};
use crate::programmes::elements::Element;
use crate::programmes::periods::{Calendar, HALVES, HalfMonth};
use crate::programmes::registers::catalogue::{Register, TipOffDays};

/// Raised whenever this file counts otherwise: what was kept is then counted anew.
const RULES: u32 = 7;

/// An entry of a register, as far as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFact {
    /// Id.
    pub id: RegisterEntryId,
    /// Register.
    pub register: Register,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Day.
    pub day: NaiveDate,
    /// Last day.
    pub last_day: Option<NaiveDate>,
    /// First word.
    pub kind: String,
    /// Second word.
    pub facet: String,
    /// How many.
    pub number: Option<i64>,
    /// A second number.
    pub second_number: Option<i64>,
    /// Entry it is about.
    pub about: Option<RegisterEntryId>,
    /// Days of the steps after it.
    pub steps: [Option<NaiveDate>; 3],
}

impl EntryFact {
    /// Of two of one day, the one that was recorded last comes last; of one file, that of the later line.
    pub fn turn(&self) -> (NaiveDate, Instant, RegisterEntryId) {
        (self.day, self.recorded_at, self.id)
    }
}

/// Somebody took part in an activity, or in a training wherever it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TakingPart {
    /// Day of the activity.
    pub day: NaiveDate,
    /// The activity.
    pub entry: RegisterEntryId,
    /// Who.
    pub who: ParticipantId,
    /// Its form, or the topic of a training.
    pub kind: String,
    /// Its audience.
    pub facet: String,
}

/// Everything that one unit's numbers of a family come from; nothing that was declared void.
#[derive(Debug, Clone, Default)]
pub struct UnitFacts {
    /// Its own entries.
    pub entries: Vec<EntryFact>,
    /// Of communication: who took part in its own activities. Of staff: all trainings, wherever, of its own staff.
    pub taking_part: Vec<TakingPart>,
    /// Of staff: its own trainings that list who came.
    pub with_list: BTreeSet<RegisterEntryId>,
    /// Of staff and establishments: the units before and after it.
    pub succession: Succession,
}

/// What counting needs to know besides.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
    /// Day after which months are cut.
    pub closing_day: u32,
    /// When a tip-off is handled in time.
    pub tip_off_days: TipOffDays,
}

impl Measures {
    /// By which rules, days and terms sums are counted.
    pub(super) fn counted_as(self) -> String {
        let TipOffDays { verify, classify, handle } = self.tip_off_days;
        format!("{RULES} {} {verify}/{classify}/{handle}", self.closing_day)
    }
}

/// Changes by class and half month; nought where something was told that changes nothing.
pub type Flows = BTreeMap<String, BTreeMap<HalfMonth, i64>>;

struct Counting<'a> {
    series: &'a Series,
    facts: &'a UnitFacts,
    measures: Measures,
    flows: Flows,
}

/// Counts a series from the facts of a unit.
pub fn flows(series: &Series, facts: &UnitFacts, measures: Measures) -> Flows {
    let mut counting = Counting { series, facts, measures, flows: Flows::new() };
    match series.element {
        Element::CommunicationActivities => counting.activities(|_| Some(1), |entry| &entry.kind),
        Element::Attendances => counting.activities(|entry| entry.number, |entry| &entry.facet),
        Element::PersonsReached => counting.persons_reached(),
        Element::PressItems => counting.events(Register::PressItems, |_| Some(1)),
        Element::Staff => counting.staff(),
        Element::StaffTrained => counting.staff_trained(),
        Element::Establishments => counting.establishments(|_| Some(1), |count| count.number),
        Element::EstablishmentWorkers => {
            counting.establishments(|one| one.number, |count| count.second_number);
        }
        // Read from the level before the period, less what ended on its eve, and what opened in it.
        Element::EstablishmentsOperating => {}
        Element::EstablishmentsOpened => counting.establishments_opened(),
        Element::EstablishmentsEndedBefore => counting.establishments_ended_before(),
        Element::EstablishmentsInspected => counting.inspected_in_year(|_| true),
        Element::EstablishmentsDisguised => counting.inspected_in_year(|found| found.kind == "disguised_prostitution"),
        Element::EstablishmentsEverInspected => counting.ever_inspected(),
        Element::TipOffsReceived => counting.events(Register::TipOffs, |_| Some(1)),
        Element::TipOffsHandled => {
            let days = measures.tip_off_days;
            counting.events(Register::TipOffs, move |entry| Some(i64::from(is_handled_in_time(entry, days))));
        }
        Element::PersonsSurveyed => counting.events(Register::NeedSurveys, |entry| entry.number),
        Element::PersonsInNeed => counting.events(Register::NeedSurveys, |entry| entry.second_number),
        Element::LocalPlans => counting.local_plans(),
        Element::PilotModels => counting.running(Register::PilotModels),
        Element::HealthyCommunes => counting.healthy(true),
        Element::HealthyCommunesNew => counting.healthy(false),
    }
    counting.flows.retain(|_, halves| !halves.is_empty());
    counting.flows
}

/// Verified, classified and handled, each within its days after the reception.
fn is_handled_in_time(entry: &EntryFact, days: TipOffDays) -> bool {
    let limits = [days.verify, days.classify, days.handle];
    entry.steps.iter().zip(limits).all(|(step, limit)| {
        step.is_some_and(|step| step >= entry.day && (step - entry.day).num_days() <= i64::from(limit))
    })
}

/// The year of a calendar that a half month belongs to.
fn year_of(half: HalfMonth, calendar: Calendar) -> i32 {
    let shift = i32::from(calendar == Calendar::Closing);
    (half.0 + shift).div_euclid(HALVES)
}

impl<'a> Counting<'a> {
    fn half(&self, day: NaiveDate) -> HalfMonth {
        HalfMonth::of(day, self.measures.closing_day)
    }

    fn add(&mut self, class: &str, half: HalfMonth, change: i64) {
        *self.flows.entry(class.to_owned()).or_default().entry(half).or_default() += change;
    }

    /// Entries of a register of the kinds that are counted.
    fn entries(&self, register: Register) -> impl Iterator<Item = &'a EntryFact> + use<'a> {
        let (series, facts) = (self.series, self.facts);
        facts.entries.iter().filter(move |entry| entry.register == register && series.takes_kind(&entry.kind))
    }

    fn events(&mut self, register: Register, count: impl Fn(&EntryFact) -> Option<i64>) {
        for entry in self.entries(register).filter(|entry| self.series.takes_group(&entry.facet)) {
            if let Some(count) = count(entry) {
                self.add(&entry.kind, self.half(entry.day), count);
            }
        }
    }

    fn activities(&mut self, count: impl Fn(&EntryFact) -> Option<i64>, class: impl Fn(&EntryFact) -> &String) {
        for entry in self.entries(Register::CommunicationActivities) {
            if let Some(count) = count(entry).filter(|_| self.series.takes_group(&entry.facet)) {
                self.add(class(entry), self.half(entry.day), count);
            }
        }
    }

    /// Whoever stands in lists of the unit counts at its first activity of the year, and so once in each unit: what was
    /// recorded elsewhere moves no number here, and tells nobody where a person was. Where there is no list, those told
    /// to be reached for the first time count.
    fn persons_reached(&mut self) {
        let counts = |part: &&TakingPart| self.series.takes_kind(&part.kind) && self.series.takes_group(&part.facet);
        let mut parts: Vec<&TakingPart> = self.facts.taking_part.iter().filter(counts).collect();
        parts.sort();
        let mut seen: BTreeSet<(ParticipantId, i32)> = BTreeSet::new();
        for part in parts {
            let half = self.half(part.day);
            let is_new = seen.insert((part.who, year_of(half, self.series.calendar)));
            self.add(&part.facet, half, i64::from(is_new));
        }
        let listed: BTreeSet<RegisterEntryId> = self.facts.taking_part.iter().map(|part| part.entry).collect();
        for entry in self.entries(Register::CommunicationActivities) {
            let Some(told) = entry.second_number else { continue };
            if self.series.takes_group(&entry.facet) && !listed.contains(&entry.id) {
                self.add(&entry.facet, self.half(entry.day), told);
            }
        }
    }

    /// Adds something that stands from one day to another, both counted.
    fn stand(&mut self, class: &str, from: NaiveDate, to: Option<NaiveDate>, count: i64) {
        self.add(class, self.half(from), count);
        if let Some(after) = to.and_then(|last| last.succ_opt()) {
            self.add(class, self.half(after.max(from)), -count);
        }
    }

    /// The first day that a list of the unit speaks of. From it on the list counts; what was told in numbers counts
    /// until then, so that a new list leaves the figures of before as they were.
    fn listed_since(&self, register: Register) -> Option<NaiveDate> {
        self.facts.entries.iter().filter(|entry| entry.register == register).map(|entry| entry.day).min()
    }

    /// Adds a level that is known by counts: each holds until the next of its words, until there is a list, and until the
    /// units that this one went into tell it.
    fn level(
        &mut self,
        register: Register,
        listed_since: Option<NaiveDate>,
        count: impl Fn(&EntryFact) -> Option<i64>,
        class: impl Fn(&EntryFact) -> &str,
    ) {
        let succession = &self.facts.succession;
        let counts =
            |entry: &&EntryFact| listed_since.is_none_or(|listed| entry.day < listed) && succession.counts(entry);
        let mut counts: Vec<&EntryFact> = self.entries(register).filter(counts).collect();
        counts.sort_by_key(|entry| entry.turn());
        let mut standing: BTreeMap<(&str, &str), (&EntryFact, i64)> = BTreeMap::new();
        for entry in counts {
            let Some(now) = count(entry) else { continue };
            let last = standing.insert((&entry.kind, &entry.facet), (entry, now)).map_or(0, |(_, last)| last);
            self.add(class(entry), self.half(entry.day), now - last);
        }
        for (entry, last) in standing.into_values() {
            let ends = listed_since.into_iter().chain(succession.handed_over(entry, &count)).min();
            if let Some(ends) = ends {
                self.add(class(entry), self.half(ends), -last);
            }
        }
    }

    /// Staff of lists who are counted.
    fn staff_listed(&self) -> impl Iterator<Item = &'a EntryFact> + use<'a> {
        let direct = self.series.direct;
        self.entries(Register::Staff).filter(move |one| !direct || one.number == Some(1))
    }

    fn staff(&mut self) {
        for one in self.staff_listed() {
            if self.series.takes_group(&one.facet) {
                self.stand(&one.facet, one.day, one.last_day, 1);
            }
        }
        let direct = self.series.direct;
        let groups = &self.series.groups;
        let counted = |entry: &EntryFact| groups.is_empty() || groups.contains(&entry.facet);
        self.level(
            Register::StaffCounts,
            self.listed_since(Register::Staff),
            |entry| (if direct { entry.second_number } else { entry.number }).filter(|_| counted(entry)),
            |entry| entry.facet.as_str(),
        );
    }

    /// Staff of lists by their first training of the topics; until there is a list, those told to be trained for the
    /// first time in trainings that list nobody.
    fn staff_trained(&mut self) {
        let since = self.series.since.unwrap_or(NaiveDate::MIN);
        for one in self.staff_listed() {
            let own =
                |part: &&TakingPart| part.who.0 == one.id.0 && part.day >= since && self.series.takes_group(&part.kind);
            let first = self.facts.taking_part.iter().filter(own).map(|part| part.day).min();
            let Some(first) = first.filter(|first| one.last_day.is_none_or(|last| *first <= last)) else {
                continue;
            };
            self.stand(&one.facet, first.max(one.day), one.last_day, 1);
        }
        let later = self.facts.succession.listed_later();
        let listed_since = self.listed_since(Register::Staff).into_iter().chain(later).min();
        let trainings = self.facts.entries.iter().filter(|entry| entry.register == Register::StaffTrainings);
        for training in trainings.filter(|one| !self.series.direct && !self.facts.with_list.contains(&one.id)) {
            let Some(told) = training.second_number else { continue };
            let counts = self.series.takes_group(&training.kind) && self.series.takes_kind(&training.facet);
            let counts = counts && self.facts.succession.counts(training);
            if counts && training.day >= since && listed_since.is_none_or(|listed| training.day < listed) {
                let until = listed_since.and_then(|listed| listed.pred_opt());
                self.stand("", training.day, until, told);
            }
        }
    }

    fn running(&mut self, register: Register) {
        for entry in self.entries(register) {
            self.stand(&entry.kind, entry.day, entry.last_day, 1);
        }
    }

    /// A plan counts from the day on which it is carried out.
    fn local_plans(&mut self) {
        for plan in self.entries(Register::LocalPlans) {
            let [Some(carried_out), ..] = plan.steps else { continue };
            let from = carried_out.max(plan.day);
            if plan.last_day.is_none_or(|last| from <= last) {
                self.stand(&plan.kind, from, plan.last_day, 1);
            }
        }
    }

    /// A commune that is recognised twice at a time counts once: the days on which any recognition holds. `level`
    /// counts while it lasts; else each new beginning counts.
    fn healthy(&mut self, level: bool) {
        let mut spans: Vec<(NaiveDate, NaiveDate)> = self
            .entries(Register::HealthyCommunes)
            .map(|entry| (entry.day, entry.last_day.unwrap_or(NaiveDate::MAX)))
            .collect();
        spans.sort_unstable();
        let mut merged: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        for (from, to) in spans {
            match merged.last_mut() {
                Some((_, last)) if last.succ_opt().is_none_or(|next| from <= next) => *last = to.max(*last),
                _ => merged.push((from, to)),
            }
        }
        for (from, to) in merged {
            if level {
                self.stand("", from, (to < NaiveDate::MAX).then_some(to), 1);
            } else {
                self.add("", self.half(from), 1);
            }
        }
    }
}
