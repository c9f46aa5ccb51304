//! What lists, counts and inspections of establishments come to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Counting, EntryFact, year_of};
use crate::db::types::RegisterEntryId;
use crate::programmes::registers::catalogue::Register;
use crate::programmes::sums::successions::Telling;

impl<'a> Counting<'a> {
    pub(super) fn establishments(
        &mut self,
        one: impl Fn(&EntryFact) -> Option<i64>,
        counted: impl Fn(&EntryFact) -> Option<i64>,
    ) {
        for establishment in self.entries(Register::Establishments) {
            if let Some(count) = one(establishment) {
                self.stand(&establishment.kind, establishment.day, establishment.last_day, count);
            }
        }
        let listed_since = self.listed_since(Register::Establishments);
        self.level(Register::EstablishmentCounts, listed_since, counted, |entry| entry.kind.as_str());
    }

    /// What the unit told of establishments.
    fn telling(&self) -> Telling {
        let of = |register: Register| self.facts.entries.iter().filter(move |entry| entry.register == register);
        Telling {
            listed: of(Register::Establishments).map(|entry| entry.day).collect(),
            listed_until: of(Register::Establishments).map(|entry| entry.last_day.unwrap_or(NaiveDate::MAX)).max(),
            counts: of(Register::EstablishmentCounts).cloned().collect(),
        }
    }

    /// Takes off what other units had counted, or count now in place of this one.
    fn take_off(&mut self, counted: &[(NaiveDate, &EntryFact, i64)]) {
        for (day, entry, number) in counted {
            if self.series.takes_kind(&entry.kind) {
                self.add(&entry.kind, self.half(*day), -number);
            }
        }
    }

    /// Those of lists on their day, and each growth of the counts. In the half month in which a list or the counts of a
    /// new unit begin only those are new that are more than were counted before.
    pub(super) fn establishments_opened(&mut self) {
        let listed_since = self.listed_since(Register::Establishments);
        let first_half = listed_since.map(|day| self.half(day));
        let (first, later): (Vec<&EntryFact>, Vec<&EntryFact>) =
            self.entries(Register::Establishments).partition(|one| Some(self.half(one.day)) == first_half);
        self.level(Register::EstablishmentCounts, listed_since, |count| count.number, |entry| entry.kind.as_str());
        let (own, succession) = (self.telling(), &self.facts.succession);
        self.take_off(&succession.taken_over(&own, &|count| count.number));
        self.open(&first);
        for change in self.flows.values_mut().flat_map(BTreeMap::values_mut) {
            *change = (*change).max(0);
        }
        // Of a unit that was split nobody can tell which of the new ones opened less: all told, it is less by what it had.
        self.take_off(&succession.given(&own, &|count| count.number));
        self.open(&later);
    }

    fn begins_half(&self, day: NaiveDate) -> bool {
        day.pred_opt().is_none_or(|before| self.half(before) != self.half(day))
    }

    fn open(&mut self, establishments: &[&EntryFact]) {
        for one in establishments {
            self.add(&one.kind, self.half(one.day), 1);
        }
    }

    /// On the evening before a half month they stand, and in it they do not operate on a single day: those of lists, and
    /// of those counted in numbers as many as a list that begins with the half month does not know.
    pub(super) fn establishments_ended_before(&mut self) {
        let listed_since = self.listed_since(Register::Establishments);
        if let Some(listed) = listed_since.filter(|listed| self.begins_half(*listed)) {
            self.level(Register::EstablishmentCounts, listed_since, |count| count.number, |entry| entry.kind.as_str());
            let first = self.half(listed);
            let listed: Vec<&EntryFact> =
                self.entries(Register::Establishments).filter(|one| self.half(one.day) == first).collect();
            self.open(&listed);
            for halves in self.flows.values_mut() {
                halves.retain(|half, change| *half == first && *change < 0);
                for change in halves.values_mut() {
                    *change = -*change;
                }
            }
        }
        for establishment in self.entries(Register::Establishments) {
            let Some(last) = establishment.last_day else { continue };
            let next = last.succ_opt().map_or_else(|| self.half(last), |next| self.half(next));
            if next != self.half(last) {
                self.add(&establishment.kind, next, 1);
            }
        }
    }

    /// Inspections of each establishment, the earliest first.
    fn inspections(&self) -> BTreeMap<RegisterEntryId, Vec<&'a EntryFact>> {
        let mut inspections: BTreeMap<RegisterEntryId, Vec<&EntryFact>> = BTreeMap::new();
        for entry in self.facts.entries.iter().filter(|entry| entry.register == Register::Inspections) {
            if let Some(about) = entry.about {
                inspections.entry(about).or_default().push(entry);
            }
        }
        for of_one in inspections.values_mut() {
            of_one.sort_by_key(|entry| entry.turn());
        }
        inspections
    }

    pub(super) fn inspected_in_year(&mut self, counts: impl Fn(&EntryFact) -> bool) {
        let mut inspections = self.inspections();
        for establishment in self.entries(Register::Establishments) {
            let mut years = BTreeSet::new();
            for inspection in inspections.remove(&establishment.id).unwrap_or_default() {
                let half = self.half(inspection.day);
                // An inspection that finds nothing, or nothing new, tells that there was none.
                let is_new = counts(inspection) && years.insert(year_of(half, self.series.calendar));
                self.add(&establishment.kind, half, i64::from(is_new));
            }
        }
    }

    pub(super) fn ever_inspected(&mut self) {
        let since = self.series.since.unwrap_or(NaiveDate::MIN);
        let inspections = self.inspections();
        for establishment in self.entries(Register::Establishments) {
            let own = inspections.get(&establishment.id).map_or(&[][..], Vec::as_slice);
            let Some(first) = own.iter().map(|inspection| inspection.day).find(|day| *day >= since) else { continue };
            if establishment.last_day.is_none_or(|last| first <= last) {
                self.stand(&establishment.kind, first.max(establishment.day), establishment.last_day, 1);
            }
        }
    }
}
