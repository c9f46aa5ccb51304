//! The names of everybody, as numbers of words, in memory.
//!
//! A search reads through all of it: that takes about three milliseconds for 100,000 persons, is the
//! same however many of them the searcher may not see, and needs no lists beside the names.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::likeness::{Alike, Likeness, alike};
use super::matching::{Query, Score};
use super::words::{Fit, Word, words};
use crate::db::types::{OrganisationId, PersonId};
use crate::persons::model::Birth;

/// Stands between the names of one person.
const BETWEEN: u32 = u32::MAX;
/// Numbers that may lie unused before the rest is moved together.
const MOST_UNUSED: usize = 1 << 14;

/// What the index takes in of a person.
pub(super) struct Facts<'a> {
    pub(super) id: PersonId,
    /// Organisations through which somebody may reach the person.
    pub(super) organisations: &'a [OrganisationId],
    pub(super) birth: Birth,
    /// The name proper; none of an anonymous person.
    pub(super) name: Option<&'a str>,
    pub(super) aliases: Vec<&'a str>,
    /// Plain telephone number.
    pub(super) phone: Option<String>,
}

/// A person who fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) score: Score,
    pub(super) id: PersonId,
}

/// One person: where the numbers of organisations, then of words, stand in `cells`.
#[derive(Clone, Copy)]
struct Entry {
    id: PersonId,
    start: u32,
    organisations: u16,
    words: u16,
    /// 0 when unknown.
    year: u16,
    named: bool,
    /// Keyed by this process, 0 when none.
    phone: u32,
}

/// The index. Names are held as numbers of words, and a word once however many bear it.
#[derive(Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    places: HashMap<PersonId, u32>,
    cells: Vec<u32>,
    unused: usize,
    words: Numbered<Word>,
    organisations: Numbered<OrganisationId>,
    key: RandomState,
}

/// Values and their numbers.
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(BETWEEN);
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }
}

impl Index {
    /// Takes in a person as they are now.
    pub(super) fn put(&mut self, facts: &Facts<'_>) {
        self.remove(facts.id);
        let start = self.cells.len();
        for organisation in facts.organisations {
            let number = self.organisations.number(*organisation);
            self.cells.push(number);
        }
        let named = facts.name.is_some();
        for (number, name) in facts.name.iter().chain(&facts.aliases).enumerate() {
            if number > 0 {
                self.cells.push(BETWEEN);
            }
            for word in words(name) {
                let number = self.words.number(word);
                self.cells.push(number);
            }
        }
        let len = self.cells.len() - start;
        let organisations = u16::try_from(facts.organisations.len()).unwrap_or(u16::MAX);
        let entry = Entry {
            id: facts.id,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            organisations,
            words: u16::try_from(len - usize::from(organisations)).unwrap_or(u16::MAX),
            year: year_of(facts.birth),
            named,
            phone: self.mark(facts.phone.as_deref()),
        };
        self.places.insert(facts.id, u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(entry);
    }

    /// Forgets a person.
    pub(super) fn remove(&mut self, id: PersonId) {
        let Some(place) = self.places.remove(&id) else { return };
        let place_in_list = at(place);
        if place_in_list >= self.entries.len() {
            return;
        }
        let gone = self.entries.swap_remove(place_in_list);
        if let Some(moved) = self.entries.get(place_in_list) {
            self.places.insert(moved.id, place);
        }
        self.unused += usize::from(gone.organisations) + usize::from(gone.words);
        if self.unused > MOST_UNUSED && self.unused > self.cells.len() / 2 {
            self.move_together();
        }
    }

    /// Drops what is used by nobody any more, words included.
    fn move_together(&mut self) {
        let mut fresh = Self { key: self.key.clone(), ..Self::default() };
        fresh.entries.reserve_exact(self.entries.len());
        for entry in &self.entries {
            let start = u32::try_from(fresh.cells.len()).unwrap_or(u32::MAX);
            let (organisations, names) = self.parts(entry);
            for number in organisations {
                let value = self.organisations.values.get(at(*number));
                fresh.cells.extend(value.map(|value| fresh.organisations.number(*value)));
            }
            for number in names {
                let value = self.words.values.get(at(*number));
                fresh.cells.push(value.map_or(BETWEEN, |value| fresh.words.number(value.clone())));
            }
            fresh.entries.push(Entry { start, ..*entry });
        }
        fresh.places = std::mem::take(&mut self.places);
        *self = fresh;
    }

    /// Gives back memory that was set aside while everybody was taken in.
    pub(super) fn settle(&mut self) {
        self.entries.shrink_to_fit();
        self.cells.shrink_to_fit();
        self.places.shrink_to_fit();
    }

    /// Persons.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes held, but for what the allocator adds.
    pub(super) fn bytes(&self) -> usize {
        let word = |word: &Word| word.bytes() + size_of::<Word>();
        self.entries.capacity() * size_of::<Entry>()
            + self.places.capacity() * 8 / 7 * (size_of::<(PersonId, u32)>() + 1)
            + self.cells.capacity() * size_of::<u32>()
            + 2 * self.words.values.iter().map(word).sum::<usize>()
            + 2 * self.organisations.values.len() * size_of::<OrganisationId>()
    }

    fn numbers_of(&self, organisations: &[OrganisationId]) -> Vec<u32> {
        organisations.iter().filter_map(|id| self.organisations.numbers.get(id).copied()).collect()
    }

    /// Everybody of these organisations who fits, in no order.
    pub(super) fn hits_within(&self, query: &Query, organisations: &[OrganisationId]) -> Vec<Hit> {
        let numbers = self.numbers_of(organisations);
        let fits = self.fits(query);
        let within = |entry: &&Entry| {
            let (own, _) = self.parts(entry);
            own.iter().any(|number| numbers.contains(number))
        };
        self.entries.iter().filter(within).filter_map(|entry| self.hit(query, &fits, entry)).collect()
    }

    /// Those of these persons who fit, in no order.
    pub(super) fn hits_among(&self, query: &Query, persons: &[PersonId]) -> Vec<Hit> {
        let fits = self.fits(query);
        let entries = persons.iter().filter_map(|id| self.entries.get(at(*self.places.get(id)?)));
        entries.filter_map(|entry| self.hit(query, &fits, entry)).collect()
    }

    /// Who of these organisations is so like somebody that they may be the same, likeliest first.
    pub(super) fn alike_within(&self, likeness: &Likeness, organisations: &[OrganisationId]) -> Vec<PersonId> {
        let numbers = self.numbers_of(organisations);
        let within = |entry: &&Entry| self.parts(entry).0.iter().any(|number| numbers.contains(number));
        self.alike_of(likeness, self.entries.iter().filter(within))
    }

    /// As [`Index::alike_within`], of these persons.
    pub(super) fn alike_among(&self, likeness: &Likeness, persons: &[PersonId]) -> Vec<PersonId> {
        self.alike_of(likeness, persons.iter().filter_map(|id| self.entries.get(at(*self.places.get(id)?))))
    }

    fn alike_of<'a>(&self, likeness: &Likeness, entries: impl Iterator<Item = &'a Entry>) -> Vec<PersonId> {
        let phone = self.mark(likeness.phone.as_deref());
        // Their words by the number of the word of the likeness that folds alike; 0 is none of them.
        let mut own: Numbered<&str> = Numbered::default();
        own.number("");
        let names: Vec<Vec<u32>> =
            likeness.names.iter().map(|name| name.iter().map(|word| own.number(word)).collect()).collect();
        let known: Vec<u32> =
            self.words.values.iter().map(|word| own.numbers.get(&*word.folded).copied().unwrap_or(0)).collect();
        let fits = |entry: &Entry| {
            let of_names = self.parts(entry).1.split(|number| *number == BETWEEN).map(|name| {
                let theirs: Vec<u32> = name.iter().map(|word| known.get(at(*word)).copied().unwrap_or(0)).collect();
                names.iter().map(|name| alike(name, &theirs)).max().unwrap_or(Alike::Not)
            });
            of_names.max().unwrap_or(Alike::Not)
        };
        let goes_together = |year: u16| year == 0 || likeness.year == 0 || year == likeness.year;
        let mut found: Vec<(bool, std::cmp::Reverse<Alike>, bool, PersonId)> = Vec::new();
        for entry in entries {
            let same_phone = phone != 0 && phone == entry.phone;
            if !same_phone && !goes_together(entry.year) {
                continue;
            }
            let fit = fits(entry);
            if same_phone || fit != Alike::Not {
                found.push((!same_phone, std::cmp::Reverse(fit), entry.year == 0, entry.id));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(.., id)| id).collect()
    }

    /// Everybody of these organisations whose name proper is one of `wanted`, word by word, in no order.
    pub(super) fn bearers_within(&self, wanted: &[Vec<Box<str>>], organisations: &[OrganisationId]) -> Vec<PersonId> {
        let numbers = self.numbers_of(organisations);
        // As in [`Index::alike_of`]; 0 is a word of none of the names.
        let mut own: Numbered<&str> = Numbered::default();
        own.number("");
        let wanted: HashSet<Vec<u32>> =
            wanted.iter().map(|name| name.iter().map(|word| own.number(word)).collect()).collect();
        let known: Vec<u32> =
            self.words.values.iter().map(|word| own.numbers.get(&*word.folded).copied().unwrap_or(0)).collect();
        let bears = |entry: &&Entry| {
            let (of, names) = self.parts(entry);
            let name = names.split(|number| *number == BETWEEN).next().unwrap_or_default();
            entry.named && of.iter().any(|number| numbers.contains(number)) && {
                let name: Vec<u32> = name.iter().map(|word| known.get(at(*word)).copied().unwrap_or(0)).collect();
                wanted.contains(&name)
            }
        };
        self.entries.iter().filter(bears).map(|entry| entry.id).collect()
    }

    /// A mark of a telephone number that tells nothing outside this process.
    fn mark(&self, phone: Option<&str>) -> u32 {
        let short = |phone| u32::try_from(self.key.hash_one(phone) >> 32).unwrap_or(1).max(1);
        phone.map_or(0, short)
    }

    /// For each typed word, how each known word fits it.
    fn fits(&self, query: &Query) -> Vec<Vec<Fit>> {
        let of_word =
            |(typed, last): (&Word, bool)| self.words.values.iter().map(|word| word.fits(typed, last)).collect();
        query.words().map(of_word).collect()
    }

    fn hit(&self, query: &Query, fits: &[Vec<Fit>], entry: &Entry) -> Option<Hit> {
        let (_, names) = self.parts(entry);
        let fit = |typed: usize, word: u32| fits.get(typed).and_then(|fits| fits.get(at(word))).copied();
        let names = names.split(|number| *number == BETWEEN).enumerate();
        let names = names.map(|(number, name)| (number == 0 && entry.named, name));
        let (score, _) = query.best(names, entry.year, |typed, word| fit(typed, word).unwrap_or(Fit::None))?;
        Some(Hit { score, id: entry.id })
    }

    /// Numbers of the organisations and of the words of a person.
    fn parts(&self, entry: &Entry) -> (&[u32], &[u32]) {
        let (start, organisations) = (at(entry.start), usize::from(entry.organisations));
        let cells = self.cells.get(start..start + organisations + usize::from(entry.words)).unwrap_or_default();
        cells.split_at_checked(organisations).unwrap_or_default()
    }
}

/// Takes the `count` best out of `hits`, best first.
pub(super) fn take_best(hits: &mut Vec<Hit>, count: usize) -> Vec<Hit> {
    let order = |hit: &Hit| (std::cmp::Reverse(hit.score), hit.id);
    let rest = if hits.len() > count {
        hits.select_nth_unstable_by_key(count, order);
        hits.split_off(count)
    } else {
        Vec::new()
    };
    let mut best = std::mem::replace(hits, rest);
    best.sort_unstable_by_key(order);
    best
}

/// Year of birth, 0 when unknown.
pub(super) fn year_of(birth: Birth) -> u16 {
    use chrono::Datelike as _;
    birth.earliest().and_then(|day| u16::try_from(day.year()).ok()).unwrap_or(0)
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persons::model::BirthPrecision;
    use proptest::prelude::*;
    use uuid::Uuid;

    const UNKNOWN: Birth = Birth { precision: BirthPrecision::Unknown, date: None, year: None };

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    fn centre(number: u128) -> OrganisationId {
        OrganisationId(Uuid::from_u128(number))
    }

    fn put(index: &mut Index, id: u128, organisation: u128, names: &[&str]) {
        let (name, aliases) = (names.first().copied(), names.get(1..).unwrap_or_default().to_vec());
        let organisations = &[centre(organisation)];
        index.put(&Facts { id: person(id), organisations, birth: UNKNOWN, name, aliases, phone: None });
    }

    fn found(index: &Index, typed: &str, organisation: u128) -> Vec<u128> {
        let mut hits = index.hits_within(&Query::read(typed, None).expect("a query"), &[centre(organisation)]);
        let best = take_best(&mut hits, 3);
        best.into_iter().chain(take_best(&mut hits, usize::MAX)).map(|hit| hit.id.0.as_u128()).collect()
    }

    #[test]
    fn a_person_is_found_by_every_name_within_the_organisation_only_and_by_the_last_name_put() {
        let mut index = Index::default();
        put(&mut index, 1, 1, &["Lê Thị Hòa", "Bé Ba"]);
        put(&mut index, 2, 2, &["Lê Thị Hoa"]);
        assert_eq!(found(&index, "hoa le", 1), [1]);
        assert_eq!(found(&index, "be b", 1), [1]);
        assert!(found(&index, "hoa be", 1).is_empty(), "no word of another name");
        put(&mut index, 1, 2, &["Lê Thị Hoa"]);
        assert!(found(&index, "hoa", 1).is_empty());
        assert_eq!(found(&index, "hoa", 2), [1, 2]);
        index.remove(person(1));
        assert_eq!(found(&index, "hoa", 2), [2]);
        assert!(index.hits_among(&Query::read("hoa", None).expect("a query"), &[person(1)]).is_empty());
    }

    #[test]
    fn bearers_of_a_name_are_those_of_the_organisation_whose_name_proper_has_the_same_words() {
        let mut index = Index::default();
        put(&mut index, 1, 1, &["Lê Thị Hòa", "Bé Ba"]);
        put(&mut index, 2, 1, &["LE THI HOÀ"]);
        put(&mut index, 3, 1, &["Hòa Lê Thị"]);
        put(&mut index, 4, 2, &["Lê Thị Hòa"]);
        put(&mut index, 5, 1, &["Bé Ba"]);
        let name = |text: &str| words(text).into_iter().map(|word| word.folded).collect::<Vec<_>>();
        let bearers = |names: &[&str], organisation| {
            let wanted: Vec<_> = names.iter().map(|text| name(text)).collect();
            let mut found = index.bearers_within(&wanted, &[centre(organisation)]);
            found.sort_unstable();
            found.into_iter().map(|id| id.0.as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(bearers(&["Lê Thị Hòa"], 1), [1, 2]);
        assert_eq!(bearers(&["Be Ba", "Lê Thị Hòa"], 1), [1, 2, 5], "an alias is no name proper");
        assert_eq!(bearers(&["Lê Thị Hòa"], 2), [4]);
        assert!(bearers(&["Lê Thị Hòa"], 3).is_empty() && bearers(&["Lê Thị"], 1).is_empty());
    }

    proptest! {
        #[test]
        fn after_any_changes_the_index_finds_what_a_fresh_one_finds(
            changes in prop::collection::vec((0_u128..12, 0_u128..3, 0_usize..5), 1..60), moved in any::<bool>(),
        ) {
            const NAMES: [&[&str]; 5] =
                [&["Lò Thị Mai", "Mai"], &["Mai Lò"], &["Đinh Văn Mái"], &["H'Mai Niê"], &[]];
            let mut index = Index::default();
            let mut last = std::collections::BTreeMap::new();
            for (id, organisation, names) in changes {
                if names == 4 && organisation == 2 {
                    index.remove(person(id));
                    last.remove(&id);
                } else {
                    put(&mut index, id, organisation, NAMES[names]);
                    last.insert(id, (organisation, names));
                }
            }
            if moved {
                index.move_together();
                index.settle();
            }
            let mut fresh = Index::default();
            for (id, (organisation, names)) in &last {
                put(&mut fresh, *id, *organisation, NAMES[*names]);
            }
            prop_assert_eq!(index.len(), last.len());
            for organisation in 0..3 {
                for typed in ["mai", "m", "lo mai", "mái", "nie h"] {
                    prop_assert_eq!(found(&index, typed, organisation), found(&fresh, typed, organisation));
                }
            }
        }
    }
}
