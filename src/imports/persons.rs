//! Persons, each with their case or without: columns, and how a line is read.

use chrono::NaiveDate;

use super::columns::{Column, Row, Words, column, needed, zeros};
use super::report::Fault;
use crate::admin_units::AdminUnits;
use crate::cases::routes::CaseForm;
use crate::cases::rules::{NewCase, broken_rules};
use crate::db::types::{CaseEventId, CaseId, PersonId};
use crate::error::{DayOf, FieldError, Rule};
use crate::http::extract::Checked as _;
use crate::persons::ClientCategory;
use crate::persons::model::{Birth, BirthPrecision, Ethnicity, Sex};
use crate::persons::routes::NewPerson;
use crate::persons::rules::PersonDetails;

/// The columns of the template.
pub const COLUMNS: &[Column] = &[
    needed(column("name", "Họ và tên", "Để trống nếu ẩn danh · empty when anonymous")),
    column("anonymous", "Ẩn danh", "có, không"),
    column("aliases", "Tên gọi khác", "Cách nhau bằng dấu chấm phẩy · parted by semicolons"),
    needed(column("sex", "Giới tính", SEX_WORDS)),
    needed(column("birth", "Ngày sinh", "31/12/1990; 1990; không rõ")),
    column("nationality", "Quốc tịch", "Mã ISO 3166 · code: VN, LA, KH"),
    column("ethnicity", "Dân tộc", "Kinh, Tày, Mông … khác"),
    zeros(column("residence_unit_code", "Mã đơn vị nơi ở", "G34-C00004")),
    zeros(column("phone", "Số điện thoại", "Văn bản · text")),
    zeros(column("national_id", "Số định danh", "Không bắt buộc; văn bản · never required; text")),
    column("address", "Địa chỉ", "Số nhà, thôn, tổ · below the commune"),
    column("safe_contact", "Liên hệ an toàn", "Cách liên hệ không gây hại · how to reach without harm"),
    column("categories", "Nhóm", CATEGORY_WORDS),
    column("case_category", "Nhóm của hồ sơ", CATEGORY_WORDS),
    column("case_received_on", "Ngày tiếp nhận", "31/12/2025"),
    column("case_identified_on", "Ngày được xác định là nạn nhân", "Theo giấy xác nhận · as the certificate says"),
    zeros(column("case_unit_code", "Mã đơn vị của hồ sơ", "Đơn vị tồn tại vào ngày tiếp nhận · of that day")),
    column("case_trafficked_again", "Bị mua bán lần nữa", "có, không"),
    column("case_summary", "Tóm tắt hồ sơ", ""),
    super::decisions::COLUMN,
];

const SEX_WORDS: &str = "nữ, nam, khác, không rõ";
const SEXES: &Words<Sex> = &[
    (Sex::Female, &["nữ", "female", "f"]),
    (Sex::Male, &["nam", "male", "m"]),
    (Sex::Other, &["khác", "other"]),
    (Sex::Unknown, &["không rõ", "unknown"]),
];

const CATEGORY_WORDS: &str =
    "nghi là nạn nhân, nạn nhân, người bán dâm, lao động tại cơ sở kinh doanh dịch vụ, nguy cơ cao";
const CATEGORIES: &Words<ClientCategory> = &[
    (ClientCategory::PossibleVictim, &["nghi là nạn nhân", "possible_victim"]),
    (ClientCategory::IdentifiedVictim, &["nạn nhân", "identified_victim"]),
    (ClientCategory::PersonSellingSex, &["người bán dâm", "person_selling_sex"]),
    (
        ClientCategory::EstablishmentWorker,
        &[
            "lao động tại cơ sở kinh doanh dịch vụ",
            "người lao động tại cơ sở kinh doanh dịch vụ",
            "establishment_worker",
        ],
    ),
    (ClientCategory::AtRisk, &["nguy cơ cao", "người có nguy cơ cao", "at_risk"]),
];

/// Names of peoples whose code is not simply their name.
const PEOPLES: &Words<Ethnicity> = &[(Ethnicity::Hmong, &["mông", "h'mông"]), (Ethnicity::Other, &["khác"])];
const PEOPLE_WORDS: &str = "54 dân tộc theo danh mục thống kê · by the list of 1979, or khác (other)";

/// What a line says.
#[derive(Debug, Clone)]
pub struct Record {
    /// Line.
    pub line: u32,
    /// Whether it was decided to import it.
    pub decided: bool,
    /// The person.
    pub person: PersonDetails,
    /// The case, without ids.
    pub case: Option<(NewCase, Option<String>)>,
}

/// Reads a line.
///
/// # Errors
/// Every rule that a cell breaks.
pub fn parse(mut row: Row<'_>, decided: bool, units: &AdminUnits, today: NaiveDate) -> Result<Record, Vec<Fault>> {
    let line = row.number();
    let person = person(&mut row);
    note(&mut row, person.broken_rules());
    let mut person = PersonDetails::from(person);
    note(&mut row, person.broken_rules(units, today));
    let case = case(&mut row, &person.birth, units, today);
    if let Some((new, _)) = &case
        && !person.categories.contains(&new.category)
    {
        // A case of a category makes its person one of that category.
        person.categories.push(new.category);
    }
    let faults = row.into_faults();
    if faults.is_empty() { Ok(Record { line, decided, person, case }) } else { Err(faults) }
}

fn person(row: &mut Row<'_>) -> NewPerson {
    let sex = row.word("sex", SEXES, SEX_WORDS);
    let birth = row.birth("birth");
    NewPerson {
        organisation_id: None,
        anonymous: row.yes("anonymous"),
        name: row.text("name"),
        aliases: row.texts("aliases"),
        sex: row.require("sex", sex).unwrap_or(Sex::Unknown),
        birth: row.require("birth", birth).unwrap_or(Birth {
            precision: BirthPrecision::Unknown,
            date: None,
            year: None,
        }),
        nationality: row.text("nationality").map(|code| match crate::text::fold(&code).as_str() {
            "viet nam" => "VN".to_owned(),
            _ => code.to_uppercase(),
        }),
        ethnicity: people(row),
        residence_unit_code: row.text("residence_unit_code"),
        phone: row.text("phone"),
        national_id: row.text("national_id"),
        address: row.text("address"),
        safe_contact: row.text("safe_contact"),
        categories: row.words("categories", CATEGORIES, CATEGORY_WORDS),
    }
}

fn people(row: &mut Row<'_>) -> Option<Ethnicity> {
    let text = row.text("ethnicity")?;
    let code = crate::text::fold(&text.replace(['-', '–', '_'], " ")).replace(' ', "_");
    match code.parse() {
        Ok(people) => Some(people),
        Err(_) => row.word("ethnicity", PEOPLES, PEOPLE_WORDS),
    }
}

/// The case, when any of its columns holds something.
fn case(row: &mut Row<'_>, birth: &Birth, units: &AdminUnits, today: NaiveDate) -> Option<(NewCase, Option<String>)> {
    let category = row.word("case_category", CATEGORIES, CATEGORY_WORDS);
    let received_on = row.day("case_received_on");
    let identified_on = row.day("case_identified_on");
    let unit_code = row.text("case_unit_code");
    let summary = row.text("case_summary");
    let trafficked_again = row.yes("case_trafficked_again");
    if category.is_none()
        && received_on.is_none()
        && identified_on.is_none()
        && unit_code.is_none()
        && summary.is_none()
        && !trafficked_again
        && !row.is_any_broken(&[
            "case_category",
            "case_received_on",
            "case_identified_on",
            "case_unit_code",
            "case_summary",
        ])
    {
        return None;
    }
    let category = row.require("case_category", category);
    let received_on = row.require("case_received_on", received_on);
    let unit_code = row.require("case_unit_code", unit_code);
    let (category, received_on, unit_code) = (category?, received_on?, unit_code?);
    let nobody = PersonId(uuid::Uuid::nil());
    let form = CaseForm {
        person_id: nobody,
        organisation_id: None,
        unit_code,
        category,
        received_on,
        trafficked_again,
        identified_on,
        summary,
    };
    note_case(row, form.broken_rules());
    let new = NewCase {
        id: CaseId(uuid::Uuid::nil()),
        event: CaseEventId(uuid::Uuid::nil()),
        person: nobody,
        organisation: None,
        unit_code: form.unit_code,
        category,
        received_on,
        trafficked_again,
        identified_on,
    };
    note_case(row, broken_rules(units, &new, today));
    if birth.earliest().is_some_and(|born| received_on < born) {
        row.breaks("case_received_on", Rule::NotBefore(DayOf::Birth));
    }
    Some((new, form.summary))
}

/// Notes what the form of a person breaks, under the names of our columns.
fn note(row: &mut Row<'_>, broken: Vec<FieldError>) {
    for FieldError { field, rule } in broken {
        let name = field.split(['.', '[']).next().unwrap_or_default();
        let column = COLUMNS.iter().find(|column| column.code == name).map_or("name", |column| column.code);
        row.breaks_once(column, rule);
    }
}

/// As [`note`], for the form of a case.
fn note_case(row: &mut Row<'_>, broken: Vec<FieldError>) {
    for FieldError { field, rule } in broken {
        let name = COLUMNS.iter().find(|column| column.code.strip_prefix("case_") == Some(field.as_str()));
        row.breaks_once(name.map_or("case_category", |column| column.code), rule);
    }
}
