//! Files as centres fill them in: people with their cases, and loans of before.

use chrono::{Datelike as _, Days, NaiveDate};
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::demo::cast::Centre;
use crate::demo::dice::pick;
use crate::demo::load::dice_commune;
use crate::demo::names::{self, Ethnicity, Naming};
use crate::text::fold;

/// Columns about the person, and about the case.
const PERSON: [&str; 7] = ["name", "sex", "birth", "residence_unit_code", "phone", "address", "safe_contact"];
const CASE: [&str; 4] = ["case_category", "case_received_on", "case_unit_code", "case_summary"];
/// Columns about a loan.
const LOAN: [&str; 19] = [
    "person_name",
    "birth_year",
    "lender",
    "product",
    "borrower",
    "asked_dong",
    "asked_months",
    "plan",
    "frequency",
    "purpose",
    "plan_text",
    "applied_on",
    "decided_on",
    "approved_dong",
    "disbursed_on",
    "disbursed_dong",
    "repaid_principal_dong",
    "repaid_interest_dong",
    "last_repaid_on",
];
const DECISION: &str = "decision";

const CATEGORIES: [&str; 3] = ["người bán dâm", "nguy cơ cao", "lao động tại cơ sở kinh doanh dịch vụ"];
const SUMMARIES: [&str; 4] = [
    "Chép từ sổ tiếp nhận cũ (minh họa)",
    "Muốn học nghề, đang ở cùng mẹ (minh họa)",
    "Hội phụ nữ phường giới thiệu đến (minh họa)",
    "Đã nhận hỗ trợ khám sức khỏe, muốn vay vốn buôn bán nhỏ (minh họa)",
];

/// Telephone numbers from here on: those of the stories count from nought.
const FIRST_PHONE: u32 = 910_000;

/// Somebody in a centre's old book, with the cells of their line.
pub(super) struct OnPaper {
    pub(super) name: String,
    pub(super) birth_year: i32,
    person: [String; PERSON.len()],
    case: [String; CASE.len()],
}

/// So many people of a centre who came to it some two to three years ago; no name comes twice.
pub(super) fn people(rng: &mut StdRng, centre: &Centre, number: u32, today: NaiveDate) -> Vec<OnPaper> {
    let mut people: Vec<OnPaper> = Vec::new();
    let mut phone = FIRST_PHONE;
    while people.len() < usize::try_from(number).unwrap_or(0) {
        phone += 1;
        let one = OnPaper::draw(rng, centre, phone, today);
        if people.iter().all(|known| fold(&known.name) != fold(&one.name)) {
            people.push(one);
        }
    }
    people
}

impl OnPaper {
    fn draw(rng: &mut StdRng, centre: &Centre, phone: u32, today: NaiveDate) -> Self {
        let birth_year = today.year() - rng.random_range(24..46);
        let female = rng.random_bool(0.9);
        let ethnicity = Ethnicity::draw(rng, centre.region);
        let name = names::full_name(rng, ethnicity, Naming { female, birth_year, region: centre.region });
        let received_on = today - Days::new(rng.random_range(800..1100));
        let person = [
            name.clone(),
            if female { "nữ" } else { "nam" }.to_owned(),
            birth_year.to_string(),
            commune(rng, &centre.communes),
            names::phone(phone),
            names::address(rng, centre.region),
            names::safe_contact(rng, true),
        ];
        let case = [
            pick(rng, &CATEGORIES).to_owned(),
            written(received_on),
            commune(rng, centre.communes_on(received_on)),
            pick(rng, &SUMMARIES).to_owned(),
        ];
        Self { name, birth_year, person, case }
    }
}

fn commune(rng: &mut StdRng, communes: &[String]) -> String {
    dice_commune(rng, communes).unwrap_or_default()
}

/// A day as people write it.
fn written(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// A file of these people; somebody noticed that the first one stands in the book twice.
pub(super) fn of_people(people: &[OnPaper], with_cases: bool) -> Vec<u8> {
    let line = |one: &OnPaper, decision: &str| {
        let case = one.case.iter().filter(|_| with_cases);
        let cells = one.person.iter().chain(case).cloned();
        cells.chain([decision.to_owned()]).collect::<Vec<_>>()
    };
    let lines = people.iter().map(|one| line(one, "")).chain(people.first().map(|one| line(one, "bỏ qua")));
    let case = CASE.iter().filter(|_| with_cases);
    table(PERSON.iter().chain(case).chain([&DECISION]), lines)
}

/// A file of their loans: one goes on and is paid when it falls due, the others are paid back.
pub(super) fn of_loans(borrowers: &[OnPaper], lender: uuid::Uuid, today: NaiveDate) -> Vec<u8> {
    let day = |ago: u64| written(today - Days::new(ago));
    let lines = borrowers.iter().enumerate().map(|(position, borrower)| {
        let goes_on = position == 0;
        let (asked, months) = if goes_on { ("30.000.000", "36") } else { ("20.000.000", "18") };
        let (principal, interest) = if goes_on { ("17.500.000", "2.400.000") } else { ("20.000.000", "1.150.000") };
        let cells: [&str; LOAN.len()] = [
            &borrower.name,
            &borrower.birth_year.to_string(),
            &lender.to_string(),
            "vay vốn hỗ trợ tạo việc làm",
            "cá nhân",
            asked,
            months,
            "gốc đều",
            "hằng quý",
            if goes_on { "dịch vụ" } else { "buôn bán" },
            if goes_on { "Mở tiệm gội đầu tại nhà (minh họa)" } else { "" },
            &day(730),
            &day(716),
            asked,
            &day(700),
            asked,
            principal,
            interest,
            &day(if goes_on { 70 } else { 160 }),
        ];
        cells.map(str::to_owned).to_vec()
    });
    table(LOAN.iter(), lines)
}

/// A table as a spreadsheet writes it in Vietnam: semicolons between cells.
fn table<'a>(columns: impl Iterator<Item = &'a &'static str>, lines: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let header = columns.map(|column| (*column).to_owned()).collect();
    let joined = |cells: Vec<String>| {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        quoted.join(";") + "\r\n"
    };
    std::iter::once(header).chain(lines).map(joined).collect::<String>().into_bytes()
}
