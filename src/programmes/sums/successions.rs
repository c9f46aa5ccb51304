//! Units that were merged or split, and what they told in numbers: the count of a new unit takes the place of those of
//! the units it was made of, which nobody counts any more. What stands in lists stays where it was recorded.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::flows::EntryFact;
use crate::admin_units::AdminUnits;
use crate::programmes::elements::Family;
use crate::programmes::registers::catalogue::Register;

/// The registers of a family in which the same is listed, and told in numbers.
pub(super) fn list_and_counts(family: Family) -> Option<(Register, Register)> {
    match family {
        Family::Staff => Some((Register::Staff, Register::StaffCounts)),
        Family::Establishments => Some((Register::Establishments, Register::EstablishmentCounts)),
        _ => None,
    }
}

/// Whether entries of a register move the numbers of the units before and after their own.
pub fn hands_over(register: Register) -> bool {
    list_and_counts(register.family()).is_some_and(|(list, counts)| register == list || register == counts)
}

/// What a unit told in a list and in numbers.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// Days of its list.
    pub listed: BTreeSet<NaiveDate>,
    /// The last day on which anybody or anything of its list stands; none without a list.
    pub listed_until: Option<NaiveDate>,
    /// Its counts.
    pub counts: Vec<EntryFact>,
}

/// What units told, by their codes.
pub type Tellings = HashMap<String, Telling>;

/// Days whose counts count in a unit: those up to one day, and those after another. Between them the list of a unit that
/// went into it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    until: NaiveDate,
    again_after: NaiveDate,
}

impl Default for Counted {
    fn default() -> Self {
        Self { until: NaiveDate::MAX, again_after: NaiveDate::MAX }
    }
}

impl Counted {
    fn holds(self, day: NaiveDate) -> bool {
        day <= self.until || day > self.again_after
    }

    fn and(self, other: Self) -> Self {
        match (self.until, other.until) {
            (_, NaiveDate::MAX) => self,
            (NaiveDate::MAX, _) => other,
            _ => Self { until: self.until.min(other.until), again_after: self.again_after.max(other.again_after) },
        }
    }
}

/// A unit that came before or after another, with those before or after it in turn.
#[derive(Debug, Clone)]
struct Relative {
    telling: Telling,
    counted: Counted,
    /// Last day of the older of the two.
    turn: NaiveDate,
    next: Vec<Relative>,
}

/// Those a unit was made of, and those it went into.
#[derive(Debug, Clone, Default)]
pub struct Succession {
    before: Vec<Relative>,
    after: Vec<Relative>,
    counted: Counted,
    /// Staff are appointed anew in a new unit, and so stand in its list; an establishment stands in the list of the unit
    /// in which it opened.
    lists_take_over: bool,
}

/// What is counted of an entry that tells a number.
type Count<'a> = &'a dyn Fn(&EntryFact) -> Option<i64>;
/// What an entry counts: its two words.
type Words<'a> = (&'a str, &'a str);

fn words(entry: &EntryFact) -> Words<'_> {
    (&entry.kind, &entry.facet)
}

/// Units whose numbers depend on each other: those a unit went into, and all that went into the same.
pub fn related(units: &AdminUnits, unit: &str) -> BTreeSet<String> {
    let mut related = BTreeSet::new();
    collect_before(units, unit, &mut related);
    collect_after(units, unit, &mut related);
    related.remove(unit);
    related
}

fn collect_before(units: &AdminUnits, unit: &str, related: &mut BTreeSet<String>) {
    for old in units.predecessors(unit) {
        if related.insert(old.code.clone()) {
            collect_before(units, &old.code, related);
        }
    }
}

fn collect_after(units: &AdminUnits, unit: &str, related: &mut BTreeSet<String>) {
    for step in units.successors(unit) {
        related.insert(step.successor.clone());
        collect_before(units, &step.successor, related);
        collect_after(units, &step.successor, related);
    }
}

impl Succession {
    /// That of a unit in a family.
    pub fn of(units: &AdminUnits, family: Family, unit: &str, tellings: &Tellings) -> Self {
        Self {
            before: before(units, unit, tellings),
            after: after(units, unit, tellings),
            counted: counted(units, unit, tellings),
            lists_take_over: family == Family::Staff,
        }
    }

    /// Whether a count counts here: not while the list of a unit that went into this one goes on.
    pub(super) fn counts(&self, count: &EntryFact) -> bool {
        self.counted.holds(count.day)
    }

    /// The day from which all units that this one went into tell what it told in these words.
    pub(super) fn handed_over(&self, of: &EntryFact, count: Count<'_>) -> Option<NaiveDate> {
        self.all_tell(&self.after, words(of), count)
    }

    /// The day from which all units that this one went into keep lists that go on for it.
    pub(super) fn listed_later(&self) -> Option<NaiveDate> {
        self.all_tell(&self.after, ("", ""), &|_| None)
    }

    fn all_tell(&self, after: &[Relative], words: Words<'_>, count: Count<'_>) -> Option<NaiveDate> {
        let first = |new: &Relative| {
            let own = self.tells(&new.telling, (new.turn, new.counted), words, count);
            own.into_iter().chain(self.all_tell(&new.next, words, count)).min()
        };
        after.iter().map(first).collect::<Option<Vec<NaiveDate>>>()?.into_iter().max()
    }

    /// The first day after a turn on which a unit tells a number in these words that counts.
    fn tells(
        &self,
        telling: &Telling,
        (turn, counted): (NaiveDate, Counted),
        of: Words<'_>,
        count: Count<'_>,
    ) -> Option<NaiveDate> {
        let first_listed = telling.listed.first().copied().unwrap_or(NaiveDate::MAX);
        let counts = |entry: &&EntryFact| {
            words(entry) == of && count(entry).is_some() && counted.holds(entry.day) && entry.day < first_listed
        };
        let told = telling.counts.iter().filter(counts).map(|entry| entry.day);
        let listed = telling.listed.iter().copied().filter(|_| self.lists_take_over);
        told.chain(listed).filter(|day| *day > turn).min()
    }

    /// What this unit took over from those it was made of: on which day, the entry that told it, and how many.
    pub(super) fn taken_over<'s>(&'s self, own: &Telling, count: Count<'_>) -> Vec<(NaiveDate, &'s EntryFact, i64)> {
        let mut taken = Vec::new();
        for old in &self.before {
            self.take(old, &|words| self.tells(own, (old.turn, self.counted), words, count), count, &mut taken);
        }
        taken
    }

    /// What this unit gave to several units once all of them told it, where it was split.
    pub(super) fn given<'t>(&self, own: &'t Telling, count: Count<'_>) -> Vec<(NaiveDate, &'t EntryFact, i64)> {
        let last = standing(own, self.counted, count).into_values().filter(|_| self.after.len() > 1);
        last.filter_map(|entry| Some((self.handed_over(entry, count)?, entry, count(entry)?))).collect()
    }

    fn take<'s>(
        &'s self,
        old: &'s Relative,
        taken_on: &dyn Fn(Words<'_>) -> Option<NaiveDate>,
        count: Count<'_>,
        taken: &mut Vec<(NaiveDate, &'s EntryFact, i64)>,
    ) {
        let last = standing(&old.telling, old.counted, count);
        for (words, entry) in last {
            if let (Some(day), Some(number)) = (taken_on(words), count(entry)) {
                taken.push((day, entry, number));
            }
        }
        for older in &old.next {
            let between = |words: Words<'_>| self.tells(&old.telling, (older.turn, old.counted), words, count);
            let on = |words: Words<'_>| taken_on(words).filter(|_| between(words).is_none());
            self.take(older, &on, count, taken);
        }
    }
}

/// The last count of each words, where no list goes before them.
fn standing<'t>(telling: &'t Telling, counted: Counted, count: Count<'_>) -> HashMap<Words<'t>, &'t EntryFact> {
    let mut last: HashMap<Words<'_>, &EntryFact> = HashMap::new();
    let is_told = |entry: &&EntryFact| count(entry).is_some() && counted.holds(entry.day);
    for entry in telling.counts.iter().filter(is_told).filter(|_| telling.listed.is_empty()) {
        let newest = last.entry(words(entry)).or_insert(entry);
        if newest.turn() < entry.turn() {
            *newest = entry;
        }
    }
    last
}

fn last_day(units: &AdminUnits, unit: &str) -> NaiveDate {
    units.get(unit).and_then(|unit| unit.valid_to).unwrap_or(NaiveDate::MAX)
}

/// Those that went into a unit whole.
fn whole_before<'a>(units: &'a AdminUnits, unit: &'a str) -> impl Iterator<Item = &'a str> {
    let is_whole = move |code: &&str| units.successors(code).iter().all(|step| step.is_whole && step.successor == unit);
    units.predecessors(unit).map(|old| old.code.as_str()).filter(is_whole)
}

fn relative(units: &AdminUnits, unit: &str, turn: NaiveDate, tellings: &Tellings, next: Vec<Relative>) -> Relative {
    let telling = tellings.get(unit).cloned().unwrap_or_default();
    Relative { telling, counted: counted(units, unit, tellings), turn, next }
}

fn before(units: &AdminUnits, unit: &str, tellings: &Tellings) -> Vec<Relative> {
    let of = |old: &str| relative(units, old, last_day(units, old), tellings, before(units, old, tellings));
    whole_before(units, unit).map(of).collect()
}

fn after(units: &AdminUnits, unit: &str, tellings: &Tellings) -> Vec<Relative> {
    let turn = last_day(units, unit);
    let of = |new: &str| relative(units, new, turn, tellings, after(units, new, tellings));
    units.successors(unit).iter().map(|step| of(&step.successor)).collect()
}

/// The days whose counts count in a unit.
fn counted(units: &AdminUnits, unit: &str, tellings: &Tellings) -> Counted {
    let of = |old: &str| {
        let until = last_day(units, old);
        let listed = tellings.get(old).and_then(|telling| telling.listed_until).filter(|listed| *listed > until);
        let own = listed.map_or_else(Counted::default, |again_after| Counted { until, again_after });
        own.and(counted(units, old, tellings))
    };
    whole_before(units, unit).map(of).fold(Counted::default(), Counted::and)
}
