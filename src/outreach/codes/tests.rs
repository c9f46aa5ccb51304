use std::collections::{HashMap, HashSet};

use diesel::IntoSql as _;
use diesel::prelude::*;
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::population::{Person, Population, THIS_YEAR, first, population};
use super::*;
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::connection::DatabaseUrl;

const PERSONS: usize = 50_000;
/// At most so many of a thousand persons share their code with another.
const ALLOWED: f64 = 2.0;
/// Populations the codes are measured on; the second is the hardest of the sixteen that were.
const SAMPLES: [(Population, u64); 2] = [(Population::Country, 1), (Population::City, 8)];

fn key() -> ServerKey {
    ServerKey::new([7; 32])
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(THIS_YEAR, 3, 15).expect("a day")
}

fn said(own: &str) -> SaidCode {
    SaidCode {
        own_letters: own.to_owned(),
        mother_letters: Some("Hoa".to_owned()),
        day: Some(7),
        month: Some(11),
        year: Some(1999),
        place: Some(2),
        tie: None,
    }
}

fn mac(code: SaidCode) -> Result<CodeMac, Broken> {
    ContactCode::Said(code).keyed(&key(), today())
}

fn text(code: SaidCode) -> Option<String> {
    ContactCode::Said(code).canonical(today()).ok().map(|text| text.to_string())
}

fn per_thousand(part: usize, whole: usize) -> f64 {
    let number = |count| f64::from(u32::try_from(count).expect("a count"));
    1000.0 * number(part) / number(whole)
}

/// Persons of a thousand whose code is another's as well.
fn shared<T: std::hash::Hash + Eq>(codes: impl Iterator<Item = T>) -> f64 {
    let mut bearers: HashMap<T, usize> = HashMap::new();
    codes.for_each(|code| *bearers.entry(code).or_default() += 1);
    let all = bearers.values().sum();
    per_thousand(bearers.into_values().filter(|bearers| *bearers > 1).sum(), all)
}

/// The same, had the code so many letters of both names.
fn with_letters(persons: &[&Person], letters: usize) -> f64 {
    shared(persons.iter().map(|person| {
        let code = person.code();
        let of_mother = code.mother_letters.map(|_| fold(&first(&person.mother, letters)));
        (fold(&first(&person.own, letters)), of_mother, code.day, code.month, code.year, code.place)
    }))
}

#[test]
fn at_most_two_in_a_thousand_persons_share_a_code() {
    for (kind, seed) in SAMPLES {
        let persons = population(kind, seed, PERSONS);
        let nguyen = per_thousand(persons.iter().filter(|person| person.family == "Nguyễn").count(), PERSONS);
        let year_alone = per_thousand(persons.iter().filter(|person| person.code().month.is_none()).count(), PERSONS);
        assert!((390.0..410.0).contains(&nguyen) && (30.0..50.0).contains(&year_alone), "{nguyen} {year_alone}");
        let macs: Vec<CodeMac> = persons.iter().filter_map(|person| mac(person.code()).ok()).collect();
        let accepted = per_thousand(macs.len(), PERSONS);
        assert!(accepted > 930.0, "{accepted} in a thousand say enough");
        let rate = shared(macs.into_iter());
        assert!((0.1..=ALLOWED).contains(&rate), "{rate} in a thousand share a code");
    }
}

#[test]
fn with_fewer_letters_or_with_all_who_say_little_more_would() {
    let samples = SAMPLES.map(|(kind, seed)| population(kind, seed, PERSONS));
    let rates = |letters: usize| {
        samples.each_ref().map(|persons| {
            let accepted: Vec<&Person> = persons.iter().filter(|person| text(person.code()).is_some()).collect();
            with_letters(&accepted, letters)
        })
    };
    let (two, three, four) = (rates(2), rates(3), rates(LETTERS));
    assert!(two.iter().all(|rate| *rate > ALLOWED), "{two:?}");
    assert!(three.iter().any(|rate| *rate > ALLOWED), "{three:?}");
    assert!(four.iter().all(|rate| *rate <= ALLOWED), "{four:?}");
    let everybody = with_letters(&samples[1].iter().collect::<Vec<_>>(), LETTERS);
    assert!(everybody > ALLOWED, "{everybody}");
}

#[test]
fn a_family_name_in_place_of_given_names_tells_few_apart() {
    let (kind, seed) = SAMPLES[0];
    let persons = population(kind, seed, PERSONS);
    let rate = shared(persons.iter().map(|person| (fold(&first(&person.family, 2)), person.birth)));
    assert!(rate > 400.0, "{rate}");
}

#[test]
fn a_tie_digit_tells_apart_everybody_who_says_the_same() {
    let mut met = HashSet::new();
    let mut others = 0;
    for person in population(Population::City, 1, PERSONS) {
        let digits = std::iter::once(None).chain((1..=9).map(Some));
        let codes = digits.map(|tie| SaidCode { tie, ..person.code() });
        let mut macs = codes.map_while(|code| mac(code).ok()).enumerate();
        let Some((0, first)) = macs.next() else { continue };
        if met.insert(first) {
            continue;
        }
        others += 1;
        let (digit, _) = macs.find(|(_, mac)| met.insert(*mac)).expect("a digit is free");
        assert!(digit <= 2, "two digits are enough here: {digit}");
    }
    assert!(others > 10 && per_thousand(others, PERSONS) < ALLOWED, "{others}");
    let tie = |tie| mac(SaidCode { tie, ..said("Hà") }).expect("a code");
    assert_eq!(tie(Some(1)), tie(Some(1)), "whoever says the digit is known again");
    assert_ne!(tie(None), tie(Some(1)), "whoever forgets it is not");
}

/// What somebody may try who has the program, but not the key.
fn attacks(text: &str) -> Vec<CodeMac> {
    let hmac = |key: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    };
    let framed: Vec<u8> = ["contact code", text]
        .into_iter()
        .flat_map(|part| [&u64::try_from(part.len()).expect("short").to_be_bytes(), part.as_bytes()].concat())
        .collect();
    let mut hashes: Vec<[u8; 32]> = vec![
        Sha256::digest(text).into(),
        Sha256::digest(&framed).into(),
        Sha256::digest(Sha256::digest(text)).into(),
        hmac(b""),
        hmac(b"contact code"),
    ];
    let backwards: Vec<[u8; 32]> = hashes.iter().map(|hash| std::array::from_fn(|at| hash[31 - at])).collect();
    hashes.extend(backwards);
    let keys = [[0; 32], [255; 32], *b"contact codecontact codecontact "].map(ServerKey::new);
    let by_key = keys.iter().map(|key| CodeMac::of(key, text));
    by_key.chain(hashes.iter().map(CodeMac::first_bytes)).collect()
}

#[test]
fn without_the_key_stored_codes_and_a_list_of_everybody_give_nothing_away() {
    // The worst case: the list says all that each of them said, and everybody on it was met.
    let everybody: Vec<_> = population(Population::Country, 3, 20_000).iter().map(Person::code).collect();
    let texts: Vec<String> = everybody.into_iter().filter_map(text).collect();
    let stored: HashSet<CodeMac> = texts.iter().map(|text| CodeMac::of(&key(), text)).collect();
    let guessed = texts.iter().flat_map(|text| attacks(text)).filter(|guess| stored.contains(guess)).count();
    assert_eq!(guessed, 0);
    let with_the_key = texts.iter().filter(|text| stored.contains(&CodeMac::of(&key(), text))).count();
    assert_eq!(with_the_key, texts.len());
    assert!(with_the_key > 18_000);
}

#[test]
fn whoever_says_too_little_gets_a_card() {
    let known = |day, mother: bool, place| SaidCode {
        day,
        place,
        mother_letters: mother.then(|| "Hoa".to_owned()),
        ..said("Hà")
    };
    for (code, enough) in [
        (known(Some(7), true, Some(2)), true),
        (known(Some(7), true, None), true),
        (known(Some(7), false, Some(2)), true),
        (known(None, true, Some(2)), true),
        (known(None, true, None), false),
        (known(None, false, Some(2)), false),
        (known(Some(7), false, None), false),
        (SaidCode { month: None, ..said("Hà") }, false),
        (SaidCode { year: None, ..said("Hà") }, false),
        (SaidCode { month: None, day: None, ..said("Hà") }, false),
    ] {
        let broken = mac(code).map(|_| ());
        assert_eq!(broken, if enough { Ok(()) } else { Err(vec![("said", Rule::TooLittle)]) });
    }
}

#[test]
fn each_field_that_cannot_be_is_named_with_what_is_allowed() {
    let range = |min, max| Rule::Range { min, max };
    let (length, letters) = (Rule::Length { min: 1, max: 4 }, Rule::Format(PlainForm::NameLetters.into()));
    let mother = |text: &str| SaidCode { mother_letters: Some(text.to_owned()), ..said("Hà") };
    for (code, field, rule) in [
        (said(""), "said.own_letters", length.clone()),
        (said("Phương"), "said.own_letters", length.clone()),
        (said("Sa R"), "said.own_letters", letters.clone()),
        (said("a|b"), "said.own_letters", letters.clone()),
        (said("9"), "said.own_letters", letters.clone()),
        (said("Жа"), "said.own_letters", letters),
        (mother(" "), "said.mother_letters", length),
        (SaidCode { day: Some(0), ..said("Hà") }, "said.day", range(1, 30)),
        (SaidCode { day: Some(31), ..said("Hà") }, "said.day", range(1, 30)),
        (SaidCode { day: Some(29), month: Some(2), ..said("Hà") }, "said.day", range(1, 28)),
        (SaidCode { month: Some(13), ..said("Hà") }, "said.month", range(1, 12)),
        (SaidCode { year: Some(1899), ..said("Hà") }, "said.year", range(1900, 2026)),
        (SaidCode { year: Some(2027), ..said("Hà") }, "said.year", range(1900, 2026)),
        (SaidCode { place: Some(21), ..said("Hà") }, "said.place", range(1, 20)),
        (SaidCode { tie: Some(0), ..said("Hà") }, "said.tie", range(1, 9)),
    ] {
        assert_eq!(mac(code).map(|_| ()), Err(vec![(field, rule)]));
    }
    let leap = SaidCode { day: Some(29), month: Some(2), year: Some(2000), ..said("Hà") };
    assert!(mac(leap).is_ok());
    let several = SaidCode { own_letters: String::new(), month: Some(0), place: Some(0), ..said("") };
    assert_eq!(mac(several).map_err(|broken| broken.len()), Err(3), "all of them at once");
}

#[test]
fn short_names_are_taken_whole_and_other_names_are_other_codes() {
    for own in ["Ý", "An", "Vân", "Hạnh", "Đào"] {
        assert!(mac(said(own)).is_ok(), "{own}");
    }
    assert_ne!(mac(said("Hà")).expect("a code"), mac(said("Hạnh")).expect("a code"));
    assert_eq!(mac(said("Hòa")).expect("a code"), mac(said("Hoà")).expect("a code"));
    assert_eq!(mac(said("Đào")).expect("a code"), mac(said("dao")).expect("a code"));
}

#[test]
fn a_code_shows_nothing_of_itself_in_logs() {
    let card = Card::random(&Random::seeded(1));
    let shown = [ContactCode::Said(said("Quạ")), ContactCode::Card(card)].map(|code| {
        let mac = code.keyed(&key(), today()).expect("a code");
        format!("{code:?} {mac:?}")
    });
    assert_eq!(shown, ["Said(SaidCode(…)) CodeMac(…)", "Card(Card(…)) CodeMac(…)"]);
}

#[test]
fn both_kinds_are_read_from_json_and_nothing_else_is() {
    let read = |json: &str| serde_json::from_str::<ContactCode>(json).map_err(|error| error.to_string());
    let code =
        read(r#"{"said": {"own_letters": "Hạn", "mother_letters": "lan", "year": 1999, "month": 2, "place": 1}}"#);
    assert!(code.expect("a code").keyed(&key(), today()).is_ok());
    assert!(read(r#"{"card": "7kq2 m9xd 45"}"#).expect("a code").keyed(&key(), today()).is_ok());
    for json in [
        r#"{"said": {"own_letters": "Han", "name": "Hạnh"}}"#,
        r#"{"said": {"own_letters": "Han"}, "card": "7KQ2-M9XD-45"}"#,
        r#"{"card": "7KQ2-M9XD-46"}"#,
        r#"{"name": "Hạnh"}"#,
    ] {
        let refused = read(json).expect_err(json);
        assert!(!refused.contains("Hạnh") && !refused.contains("7KQ2"), "{refused}");
    }
}

#[test]
fn a_card_with_one_wrong_character_or_two_exchanged_is_refused() {
    let symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let random = Random::seeded(5);
    for _ in 0..40 {
        let right: Vec<char> = Card::random(&random).to_string().chars().filter(|c| *c != '-').collect();
        let reads = |text: &[char]| text.iter().collect::<String>().parse::<Card>().is_ok();
        assert!(reads(&right));
        for at in 0..right.len() {
            for other in symbols.chars().filter(|other| *other != right[at]) {
                let mut wrong = right.clone();
                wrong[at] = other;
                assert!(!reads(&wrong), "{right:?} {wrong:?}");
            }
            for with in (at + 1)..right.len() {
                let mut wrong = right.clone();
                wrong.swap(at, with);
                assert!(wrong == right || !reads(&wrong), "{right:?} {wrong:?}");
            }
            assert!(!reads(&[&right[..at], &right[at + 1..]].concat()), "one left out");
        }
    }
    for text in ["", "-", "7KQ2-M9XD-4U", "7KQ2-M9XD-455", "7KQ2-M9XD-4", "7KQ2-M9XD-4ß"] {
        assert_eq!(text.parse::<Card>(), Err(NotACard), "{text}");
    }
}

#[test]
fn cards_are_drawn_anew_each_time_and_from_all_that_are() {
    let random = Random::seeded(6);
    let cards: Vec<String> = (0..10_000).map(|_| Card::random(&random).to_string()).collect();
    assert_eq!(cards.iter().collect::<HashSet<_>>().len(), cards.len());
    for at in [0, 1, 2, 3, 5, 6, 7, 8, 10, 11] {
        let drawn: HashSet<u8> = cards.iter().map(|card| card.as_bytes()[at]).collect();
        assert_eq!(drawn.len(), 32, "position {at}");
    }
    assert_eq!(cards[0].split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 2]);
}

#[test]
fn a_code_stands_in_both_databases_as_its_bytes() {
    let code = mac(said("Hà")).expect("a code");
    let in_memory = SqliteConnection::establish(":memory:").expect("a database");
    let postgres = std::env::var("HOANHAP_TEST_POSTGRES_URL").ok();
    let postgres = postgres.map(|url| url.parse::<DatabaseUrl>().expect("a URL").connect().expect("a connection"));
    for mut conn in std::iter::once(DbConnection::Sqlite(in_memory)).chain(postgres) {
        let column = || code.into_sql::<diesel::sql_types::Binary>();
        assert_eq!(diesel::select(column()).get_result::<CodeMac>(&mut conn).expect("a row"), code);
        assert_eq!(diesel::select(column()).get_result::<Vec<u8>>(&mut conn).expect("a row").len(), 16);
        let other = diesel::select(vec![0_u8; 15].into_sql::<diesel::sql_types::Binary>());
        assert!(other.get_result::<CodeMac>(&mut conn).is_err());
    }
}

/// Letters as people type them.
fn typed() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&["a", "ắ", "Ọ", "đ", "Đ", "ư", "n", "G", "h", "ỹ"][..]), 1..=4)
        .prop_map(|letters| letters.concat())
}

fn any_said() -> impl Strategy<Value = SaidCode> {
    let mother = proptest::option::of(typed());
    let birth = (proptest::option::of(1..=28_u8), 1..=12_u8, 1950..=2008_u16);
    let (place, tie) = (proptest::option::of(1..=20_u8), proptest::option::of(1..=9_u8));
    (typed(), mother, birth, place, tie).prop_map(|(own_letters, mother_letters, (day, month, year), place, tie)| {
        SaidCode { own_letters, mother_letters, day, month: Some(month), year: Some(year), place, tie }
    })
}

/// The parts of a code in the form in which they tell people apart.
fn parts(code: &SaidCode) -> Vec<String> {
    let number = |number: Option<u16>| number.map_or("-".to_owned(), |number| number.to_string());
    let small = |small: Option<u8>| number(small.map(u16::from));
    vec![
        "said 1".to_owned(),
        fold(&code.own_letters),
        code.mother_letters.as_deref().map_or("-".to_owned(), fold),
        number(code.year),
        small(code.month),
        small(code.day),
        small(code.place),
        small(code.tie),
    ]
}

proptest! {
    #[test]
    fn accents_case_and_composition_make_no_other_code(code in any_said()) {
        prop_assume!(text(code.clone()).is_some());
        let first = mac(code.clone()).expect("a code");
        let mother = |spell: fn(&str) -> String| code.mother_letters.as_deref().map(spell);
        let spellings: [fn(&str) -> String; 6] = [
            |text: &str| text.to_lowercase(),
            |text: &str| text.to_uppercase(),
            |text: &str| text.nfc().collect(),
            |text: &str| text.nfd().collect(),
            |text: &str| fold(text),
            |text: &str| format!(" {text} "),
        ];
        for spell in spellings {
            let spelt = SaidCode { own_letters: spell(&code.own_letters), mother_letters: mother(spell), ..code.clone() };
            prop_assert_eq!(mac(spelt).expect("a code"), first);
        }
    }

    #[test]
    fn every_part_of_a_code_can_be_read_back_so_no_two_codes_are_one(code in any_said()) {
        if let Some(text) = text(code.clone()) {
            prop_assert_eq!(text.split('|').map(str::to_owned).collect::<Vec<_>>(), parts(&code));
        }
    }

    #[test]
    fn two_codes_are_one_only_if_all_their_parts_are(one in any_said(), other in any_said(), from in 0..7_usize) {
        let mut mixed = one.clone();
        match from {
            0 => mixed.own_letters = other.own_letters,
            1 => mixed.mother_letters = other.mother_letters,
            2 => mixed.day = other.day,
            3 => mixed.month = other.month,
            4 => mixed.year = other.year,
            5 => mixed.place = other.place,
            _ => mixed.tie = other.tie,
        }
        if let (Ok(first), Ok(second)) = (mac(one.clone()), mac(mixed.clone())) {
            prop_assert_eq!(first == second, parts(&one) == parts(&mixed));
        }
    }

    #[test]
    fn a_card_is_read_however_it_is_written(seed: u64) {
        let card = Card::random(&Random::seeded(seed));
        let printed = card.to_string();
        let spaced: String = printed.replace('-', "").chars().flat_map(|c| [c, ' ']).collect();
        for written in [
            printed.to_lowercase(),
            printed.replace('-', " – "),
            printed.replace('0', "O").replace('1', "I"),
            printed.replace('0', "o").replace('1', "l"),
            spaced,
        ] {
            prop_assert_eq!(written.parse::<Card>(), Ok(card));
        }
        let code = ContactCode::Card(card).canonical(today()).expect("a code");
        prop_assert_eq!(code.as_str(), format!("card 1|{}", printed.replace('-', "")));
    }
}
