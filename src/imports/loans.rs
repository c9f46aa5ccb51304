//! Loans of before this program: columns, and how a line is read. A line is one loan, of somebody who is on record
//! at the centre with a case.

use chrono::{Datelike as _, NaiveDate};
use uuid::Uuid;

use super::columns::{Column, Row, Words, column, needed};
use super::report::Fault;
use crate::db::types::{CaseId, LoanEventId, LoanId, ReferralId};
use crate::error::{FitsWith, PlainForm, Rule};
use crate::loans::ledger::{Frequency, RepaymentPlan};
use crate::loans::model::{CertificateIssuer, LoanPurpose};
use crate::loans::products::{Borrower, LoanProduct};
use crate::loans::rules::{Application, Certificate, Grant, History, PaidBack, PaidOut, WrittenOff};
use crate::loans::status::WriteOffReason;
use crate::text::fold;

/// Whole đồng that the program takes at the most, as in the forms of the API.
const MOST_DONG: i64 = 1_000_000_000_000;
/// Months that the program takes at the most.
const MOST_MONTHS: i64 = 600;

/// The columns of the template.
pub const COLUMNS: &[Column] = &[
    column("case_id", "Mã hồ sơ", "Hoặc họ tên và năm sinh · or name and year of birth"),
    column("person_name", "Họ và tên", "Như trong hồ sơ của trung tâm · as on record at the centre"),
    column("birth_year", "Năm sinh", "1990"),
    needed(column("lender", "Nơi cho vay", "Tên đúng như trong hệ thống, hoặc mã · exact name, or id")),
    needed(column("product", "Chương trình vay", PRODUCT_WORDS)),
    needed(column("borrower", "Người vay", BORROWER_WORDS)),
    needed(column("asked_dong", "Số tiền đề nghị", DONG)),
    needed(column("asked_months", "Số tháng đề nghị", "24")),
    needed(column("plan", "Cách trả gốc", PLAN_WORDS)),
    needed(column("frequency", "Kỳ trả", FREQUENCY_WORDS)),
    needed(column("purpose", "Mục đích vay", PURPOSE_WORDS)),
    column("plan_text", "Phương án sử dụng vốn", "Lời của người vay · in the person's words"),
    column("savings_group", "Tổ tiết kiệm và vay vốn", "Khi chương trình đòi hỏi · where the product needs one"),
    column("certificate_issuer", "Nơi cấp giấy xác nhận", ISSUER_WORDS),
    column("certificate_issued_on", "Ngày cấp giấy xác nhận", "20/04/2020"),
    column("disclosure_read_on", "Ngày giải thích giấy xác nhận", DISCLOSURE_HINT),
    needed(column("applied_on", "Ngày đề nghị", "04/05/2020")),
    needed(column("decided_on", "Ngày phê duyệt", "11/05/2020")),
    needed(column("approved_dong", "Số tiền được duyệt", DONG)),
    column("approved_months", "Số tháng được duyệt", "Để trống nếu như đề nghị · empty: as asked for"),
    column("disbursed_on", "Ngày giải ngân", "Để trống nếu chưa giải ngân · empty: not paid out yet"),
    column("disbursed_dong", "Số tiền giải ngân", DONG),
    column("repaid_principal_dong", "Gốc đã trả", DONG),
    column("repaid_interest_dong", "Lãi đã trả", DONG),
    column("last_repaid_on", "Ngày trả gần nhất", "20/05/2021"),
    column("written_off_dong", "Số tiền xóa nợ", "Toàn bộ gốc còn lại · all principal that is left"),
    column("written_off_on", "Ngày xóa nợ", "31/12/2022"),
    column("write_off_reason", "Lý do xóa nợ", WRITE_OFF_WORDS),
    super::decisions::COLUMN,
];

const DONG: &str = "Đồng, số nguyên: 20000000, 20.000.000";
const DISCLOSURE_HINT: &str = "Chỉ khi giấy được gửi cho nơi cho vay, theo sự đồng ý riêng · only when the certificate \
                               goes to the lender, on a consent of its own";

const PRODUCT_WORDS: &str = "vay vốn sinh kế, vay vốn hỗ trợ tạo việc làm, vay vốn hộ nghèo";
const PRODUCTS: &Words<LoanProduct> = &[
    (LoanProduct::Livelihood, &["vay vốn sinh kế", "sinh kế", "livelihood"]),
    (LoanProduct::JobCreation, &["vay vốn hỗ trợ tạo việc làm", "việc làm", "job_creation"]),
    (LoanProduct::PoorHousehold, &["vay vốn hộ nghèo", "hộ nghèo", "poor_household"]),
];
const BORROWER_WORDS: &str = "cá nhân, hộ gia đình";
const BORROWERS: &Words<Borrower> =
    &[(Borrower::Individual, &["cá nhân", "individual"]), (Borrower::Household, &["hộ gia đình", "hộ", "household"])];
const PLAN_WORDS: &str = "gốc đều, gốc cuối kỳ";
const PLANS: &Words<RepaymentPlan> = &[
    (RepaymentPlan::EqualPrincipal, &["gốc đều", "trả dần", "equal_principal"]),
    (RepaymentPlan::AtTerm, &["gốc cuối kỳ", "cuối kỳ", "at_term"]),
];
const FREQUENCY_WORDS: &str = "hằng tháng, hằng quý";
const FREQUENCIES: &Words<Frequency> = &[
    (Frequency::Monthly, &["hằng tháng", "hàng tháng", "tháng", "monthly"]),
    (Frequency::Quarterly, &["hằng quý", "hàng quý", "quý", "quarterly"]),
];
const PURPOSE_WORDS: &str = "trồng trọt chăn nuôi, buôn bán, nghề thủ công, dịch vụ, công cụ làm việc, khác";
const PURPOSES: &Words<LoanPurpose> = &[
    (LoanPurpose::Farming, &["trồng trọt chăn nuôi", "trồng trọt", "chăn nuôi", "farming"]),
    (LoanPurpose::Trade, &["buôn bán", "trade"]),
    (LoanPurpose::Craft, &["nghề thủ công", "thủ công", "craft"]),
    (LoanPurpose::Services, &["dịch vụ", "services"]),
    (LoanPurpose::Equipment, &["công cụ làm việc", "công cụ", "equipment"]),
    (LoanPurpose::Other, &["khác", "other"]),
];
const ISSUER_WORDS: &str = "chủ tịch xã, tổ chức chính trị xã hội, trưởng nhóm";
const ISSUERS: &Words<CertificateIssuer> = &[
    (CertificateIssuer::CommuneChair, &["chủ tịch xã", "commune_chair"]),
    (CertificateIssuer::PoliticalSocialOrganisation, &["tổ chức chính trị xã hội", "political_social_organisation"]),
    (CertificateIssuer::GroupLeader, &["trưởng nhóm", "group_leader"]),
];
const WRITE_OFF_WORDS: &str = "đã mất, không liên lạc được, không thu hồi được, thiên tai dịch bệnh, khác";
const WRITE_OFF_REASONS: &Words<WriteOffReason> = &[
    (WriteOffReason::Died, &["đã mất", "died"]),
    (WriteOffReason::Unreachable, &["không liên lạc được", "unreachable"]),
    (WriteOffReason::Irrecoverable, &["không thu hồi được", "irrecoverable"]),
    (WriteOffReason::Disaster, &["thiên tai dịch bệnh", "thiên tai", "dịch bệnh", "disaster"]),
    (WriteOffReason::Other, &["khác", "other"]),
];

/// Whose loan it is, as the line says. There is a case, or a name and a year.
#[derive(Debug, Clone)]
pub struct Who {
    /// Case.
    pub case: Option<CaseId>,
    /// Name, folded.
    pub name: Option<String>,
    /// Year of birth.
    pub year: Option<i32>,
}

/// What a line says.
#[derive(Debug, Clone)]
pub struct Record {
    /// Line.
    pub line: u32,
    /// Whether it was decided to import it.
    pub decided: bool,
    /// Borrower.
    pub who: Who,
    /// Id or exact name of the lender.
    pub lender: String,
    /// The loan; ids are not drawn yet.
    pub history: History,
    /// The plan in the person's words; empty where the paper has none.
    pub plan_text: String,
    /// Savings-and-credit group.
    pub savings_group: Option<String>,
}

/// Reads a line.
///
/// # Errors
/// Every rule that a cell breaks by itself.
pub fn parse(mut row: Row<'_>, decided: bool) -> Result<Record, Vec<Fault>> {
    let line = row.number();
    let who = who(&mut row);
    let lender = row.text("lender");
    let lender = row.require("lender", lender);
    let plan_text = row.short("plan_text", 4000);
    let savings_group = row.short("savings_group", 200);
    let application = application(&mut row, savings_group.is_some());
    let months = application.as_ref().map(|application| application.asked_months);
    let grant = grant(&mut row, months);
    let (paid_out, paid_back, written_off) = money(&mut row);
    let faults = row.into_faults();
    let (Some(lender), Some(application), Some(grant), true) = (lender, application, grant, faults.is_empty()) else {
        return Err(faults);
    };
    let events = [LoanEventId(Uuid::nil()); 4];
    let history = History { application, grant, paid_out, paid_back, written_off, events };
    Ok(Record { line, decided, who, lender, history, plan_text: plan_text.unwrap_or_default(), savings_group })
}

fn who(row: &mut Row<'_>) -> Who {
    let id = row.text("case_id");
    let case = id.as_deref().and_then(|text| text.parse().ok());
    if id.is_some() && case.is_none() {
        row.breaks("case_id", Rule::Format(PlainForm::Id.into()));
    }
    let name = row.text("person_name").map(|name| fold(&name));
    let year = row.birth("birth_year").and_then(|birth| birth.earliest()).map(|born| born.year());
    if id.is_none() {
        row.require("person_name", name.as_ref());
        row.require("birth_year", year);
    }
    Who { case, name, year }
}

fn application(row: &mut Row<'_>, names_group: bool) -> Option<Application> {
    let product = row.needed_word("product", PRODUCTS, PRODUCT_WORDS);
    let borrower = row.needed_word("borrower", BORROWERS, BORROWER_WORDS);
    let asked_dong = row.needed_number("asked_dong", 1, MOST_DONG);
    let asked_months = row.needed_number("asked_months", 1, MOST_MONTHS);
    let plan = row.needed_word("plan", PLANS, PLAN_WORDS);
    let frequency = row.needed_word("frequency", FREQUENCIES, FREQUENCY_WORDS);
    let purpose = row.needed_word("purpose", PURPOSES, PURPOSE_WORDS);
    let certificate = certificate(row);
    let applied_on = row.day("applied_on");
    let applied_on = row.require("applied_on", applied_on);
    Some(Application {
        id: LoanId(Uuid::nil()),
        event: LoanEventId(Uuid::nil()),
        referral: ReferralId(Uuid::nil()),
        product: product?,
        borrower: borrower?,
        asked_dong: asked_dong?,
        asked_months: i32::try_from(asked_months?).ok()?,
        plan: plan?,
        frequency: frequency?,
        purpose: purpose?,
        applied_on: applied_on?,
        names_group,
        certificate,
    })
}

fn certificate(row: &mut Row<'_>) -> Option<Certificate> {
    let issuer = row.word("certificate_issuer", ISSUERS, ISSUER_WORDS);
    let issued_on = row.day("certificate_issued_on");
    let disclosure_read_on = row.day("disclosure_read_on");
    if issuer.is_none() && issued_on.is_none() && disclosure_read_on.is_none() {
        return None;
    }
    let (issuer, issued_on) =
        (row.require("certificate_issuer", issuer), row.require("certificate_issued_on", issued_on));
    Some(Certificate { issuer: issuer?, issued_on: issued_on?, disclosure_read_on })
}

fn grant(row: &mut Row<'_>, asked_months: Option<i32>) -> Option<Grant> {
    let on = row.day("decided_on");
    let on = row.require("decided_on", on);
    let dong = row.needed_number("approved_dong", 1, MOST_DONG);
    let months = row.number_of("approved_months", 1, MOST_MONTHS).and_then(|months| i32::try_from(months).ok());
    Some(Grant { on: on?, dong: dong?, months: months.or(asked_months)? })
}

/// What became of the money; of each step all cells stand, or none.
fn money(row: &mut Row<'_>) -> (Option<PaidOut>, Option<PaidBack>, Option<WrittenOff>) {
    let paid_out = paid_out(row);
    let (paid_back, written_off) = (paid_back(row), written_off(row));
    if paid_out.is_none() && !row.is_any_broken(&["disbursed_on", "disbursed_dong"]) {
        if paid_back.is_some() {
            row.breaks("disbursed_dong", Rule::Required);
        } else if written_off.is_some() {
            row.breaks("written_off_dong", Rule::MustFit(FitsWith::MoneyPaidOut));
        }
    }
    (paid_out, paid_back, written_off)
}

fn paid_out(row: &mut Row<'_>) -> Option<PaidOut> {
    let on = row.day("disbursed_on");
    let dong = row.number_of("disbursed_dong", 0, MOST_DONG);
    if on.is_none() && dong.unwrap_or(0) == 0 && !row.is_any_broken(&["disbursed_on", "disbursed_dong"]) {
        return None;
    }
    let (on, dong) = (row.require("disbursed_on", on), row.require("disbursed_dong", dong.filter(|dong| *dong > 0)));
    Some(PaidOut { on: on?, dong: dong? })
}

fn paid_back(row: &mut Row<'_>) -> Option<PaidBack> {
    let principal = row.number_of("repaid_principal_dong", 0, MOST_DONG);
    let interest = row.number_of("repaid_interest_dong", 0, MOST_DONG);
    let on: Option<NaiveDate> = row.day("last_repaid_on");
    let sum = principal.unwrap_or(0) + interest.unwrap_or(0);
    let broken = row.is_any_broken(&["repaid_principal_dong", "repaid_interest_dong", "last_repaid_on"]);
    if broken || (on.is_none() && sum == 0) {
        return None;
    }
    if sum == 0 {
        row.breaks("repaid_principal_dong", Rule::Required);
    }
    let on = row.require("last_repaid_on", on)?;
    Some(PaidBack { on, principal: principal.unwrap_or(0), interest: interest.unwrap_or(0) })
}

fn written_off(row: &mut Row<'_>) -> Option<WrittenOff> {
    let dong = row.number_of("written_off_dong", 0, MOST_DONG).filter(|dong| *dong > 0);
    let on = row.day("written_off_on");
    let reason = row.word("write_off_reason", WRITE_OFF_REASONS, WRITE_OFF_WORDS);
    if dong.is_none() && on.is_none() && reason.is_none() {
        return None;
    }
    let (dong, on) = (row.require("written_off_dong", dong), row.require("written_off_on", on));
    let reason = row.require("write_off_reason", reason);
    Some(WrittenOff { on: on?, dong: dong?, reason: reason? })
}

/// The column of what a rule of loans names.
pub fn column_of(field: &str) -> &'static str {
    match field {
        "certificate" => "certificate_issuer",
        "certificate.issued_on" => "certificate_issued_on",
        "certificate.disclosure_read_on" => "disclosure_read_on",
        "paid_out.on" => "disbursed_on",
        "paid_out.dong" => "disbursed_dong",
        "paid_back.on" => "last_repaid_on",
        "paid_back.principal" => "repaid_principal_dong",
        "paid_back.interest" => "repaid_interest_dong",
        "written_off.on" => "written_off_on",
        "written_off.dong" => "written_off_dong",
        _ => COLUMNS.iter().find(|column| column.code == field).map_or("product", |column| column.code),
    }
}
