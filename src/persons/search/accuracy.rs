//! Whether people are found as they are typed by somebody in a hurry.
//!
//! Method: 1,000 persons of every part of the country and of its peoples, with the names that the
//! demo makes up. Each name is typed in five careless ways, and the person must stand among the
//! first five found. Where others bear the same name, or more than five persons fit a last word
//! that is cut short, the year of birth is typed as well, as a worker would who sees too many.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use unicode_normalization::UnicodeNormalization as _;

use super::index::{Facts, Index, take_best};
use super::matching::Query;
use crate::db::types::{OrganisationId, PersonId};
use crate::demo::names::{Ethnicity, Naming, Region, full_name};
use crate::persons::model::{Birth, BirthPrecision};
use crate::text::fold;

const CENTRE: OrganisationId = OrganisationId(uuid::Uuid::nil());

/// How a name is typed.
type Way = fn(&str) -> String;

struct Known {
    id: PersonId,
    name: String,
    year: i32,
}

fn people(count: u32) -> Vec<Known> {
    let mut rng = StdRng::seed_from_u64(2026);
    let regions =
        [Region::RedRiver, Region::NorthernMountains, Region::NorthCentral, Region::CentralCoast, Region::South];
    (0..count)
        .map(|number| {
            let region = regions[rng.random_range(0..regions.len())];
            let people = Ethnicity::draw(&mut rng, region);
            let year = rng.random_range(1965..=2012);
            let naming = Naming { female: rng.random_range(0..10) < 8, birth_year: year, region };
            let name = full_name(&mut rng, people, naming);
            Known { id: PersonId(uuid::Uuid::from_u128(u128::from(number) + 1)), name, year }
        })
        .collect()
}

fn index_of(people: &[Known]) -> Index {
    let mut index = Index::default();
    for known in people {
        let birth = Birth { precision: BirthPrecision::Year, date: None, year: Some(known.year) };
        let (name, aliases) = (Some(known.name.as_str()), Vec::new());
        index.put(&Facts { id: known.id, organisations: &[CENTRE], birth, name, aliases, phone: None });
    }
    index
}

fn in_another_order(name: &str) -> String {
    let mut words: Vec<&str> = name.split(' ').collect();
    words.rotate_left(1);
    if words.len() > 2 {
        words.swap(0, 1);
    }
    words.join(" ")
}

/// The tone on the other vowel: *Hòa* as *Hoà*, *Thuý* as *Thúy*.
fn with_tones_moved(name: &str) -> String {
    let is_tone = |c: char| matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let move_tone = |word: &str| -> String {
        let marked: Vec<char> = word.nfd().collect();
        let Some(place) = marked.iter().position(|c| is_tone(*c)) else { return word.to_owned() };
        let tone = marked[place];
        let mut plain: String = marked.iter().copied().filter(|c| !is_tone(*c)).nfc().collect();
        for (pair, first) in [("oa", 'o'), ("oe", 'o'), ("uy", 'u')] {
            if let Some(at) = plain.to_lowercase().find(pair) {
                // On the first vowel where it stood on the second, and the other way round.
                let stood_on_first = place > 0 && marked[place - 1].to_lowercase().next() == Some(first);
                plain.insert(at + if stood_on_first { 2 } else { 1 }, tone);
                return plain;
            }
        }
        word.to_owned()
    };
    name.split(' ').map(move_tone).collect::<Vec<_>>().join(" ")
}

fn cut_short(name: &str) -> String {
    let mut letters: Vec<char> = fold(name).chars().collect();
    let last_word = letters.iter().rev().take_while(|c| **c != ' ').count();
    letters.truncate(letters.len() - usize::from(last_word > 2));
    letters.into_iter().collect()
}

fn rank(index: &Index, typed: &str, year: Option<i32>, id: PersonId) -> (Option<usize>, usize) {
    let year = year.map(|year| u16::try_from(year).expect("a year"));
    let mut hits = index.hits_within(&Query::read(typed, year).expect("a name"), &[CENTRE]);
    let count = hits.len();
    (take_best(&mut hits, 50).iter().position(|hit| hit.id == id), count)
}

#[test]
fn of_a_thousand_names_typed_carelessly_99_in_100_are_among_the_first_five() {
    let people = people(1_000);
    let index = index_of(&people);
    let mut bearers: HashMap<String, usize> = HashMap::new();
    for known in &people {
        *bearers.entry(fold(&known.name)).or_default() += 1;
    }
    let ways: [(&str, Way); 5] = [
        ("without marks", fold),
        ("in another order", |name| in_another_order(&fold(name))),
        ("decomposed", |name| name.nfd().collect()),
        ("tones moved", with_tones_moved),
        ("last word cut short", cut_short),
    ];
    let moved = people.iter().filter(|known| with_tones_moved(&known.name) != known.name).count();
    assert!(moved > 30, "only {moved} names have a tone to move");
    let mut report = Vec::new();
    for (way, typed) in ways {
        let mut found = 0;
        let mut with_year = 0;
        for known in &people {
            let typed = typed(&known.name);
            let (mut place, fitting) = rank(&index, &typed, None, known.id);
            let needs_year = bearers[&fold(&known.name)] > 1 || (way == "last word cut short" && fitting > 5);
            if needs_year {
                place = rank(&index, &typed, Some(known.year), known.id).0;
            }
            found += usize::from(place.is_some_and(|place| place < 5));
            with_year += usize::from(needs_year);
        }
        let told = format!("{way}: {found} of 1000, the year typed for {with_year}");
        report.push(told);
        assert!(found >= 990, "{report:?}");
    }
}

#[test]
#[ignore = "measures the index alone; run it with --release --nocapture"]
fn a_hundred_thousand_persons_are_read_through_in_milliseconds() {
    use std::io::Write as _;
    let people = people(100_000);
    let mut index = index_of(&people);
    index.settle();
    let mut out = std::io::stderr().lock();
    writeln!(out, "{} bytes a person", index.bytes() / people.len()).expect("written");
    for typed in ["ng", "nguyễn", "nguyen thi", "nguyen thi h", "lò a páo", "hương"] {
        let started = std::time::Instant::now();
        let mut hits = index.hits_within(&Query::read(typed, None).expect("a name"), &[CENTRE]);
        let count = hits.len();
        take_best(&mut hits, 21);
        writeln!(out, "{typed}: {count} fit, {:?}", started.elapsed()).expect("written");
    }
}
