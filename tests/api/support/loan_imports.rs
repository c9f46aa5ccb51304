//! Files of loans to import.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::TestApp;
use super::client::{Call, User};
use super::imports::{FILE, table_csv, table_xlsx};

/// Columns of the usual file.
pub const COLUMNS: &[&str] = &[
    "case_id",
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
    "savings_group",
    "certificate_issuer",
    "certificate_issued_on",
    "disclosure_read_on",
    "applied_on",
    "decided_on",
    "approved_dong",
    "approved_months",
    "disbursed_on",
    "disbursed_dong",
    "repaid_principal_dong",
    "repaid_interest_dong",
    "last_repaid_on",
    "written_off_dong",
    "written_off_on",
    "write_off_reason",
    "decision",
];

/// A line of a paper: its cells by their columns; what is not there is empty.
#[derive(Debug, Clone)]
pub struct Paper(BTreeMap<&'static str, String>);

impl Paper {
    /// A loan of twenty million đồng over two years, granted and not paid out.
    pub fn of_case(case: Uuid) -> Self {
        Self::of(&[("case_id", &case.to_string())])
    }

    /// The same, of somebody who is named.
    pub fn of_name(name: &str, year: &str) -> Self {
        Self::of(&[("person_name", name), ("birth_year", year)])
    }

    fn of(who: &[(&'static str, &str)]) -> Self {
        let paper = Self(BTreeMap::new()).with("lender", "Phòng giao dịch vốn vay").with("product", "việc làm");
        let paper = paper.with("borrower", "cá nhân").with("asked_dong", "20.000.000").with("asked_months", "24");
        let paper = paper.with("plan", "gốc đều").with("frequency", "hằng tháng").with("purpose", "dịch vụ");
        let paper = paper.with("plan_text", "Mở tiệm may nhỏ").with("applied_on", "02/01/2024");
        let paper = paper.with("decided_on", "10/01/2024").with("approved_dong", "20000000");
        who.iter().fold(paper, |paper, (column, cell)| paper.with(column, cell))
    }

    /// With another cell.
    pub fn with(mut self, column: &'static str, cell: &str) -> Self {
        assert!(COLUMNS.contains(&column), "{column}");
        self.0.insert(column, cell.to_owned());
        self
    }

    /// Paid out in full on 15 January 2024.
    pub fn paid_out(self) -> Self {
        self.with("disbursed_on", "15/01/2024").with("disbursed_dong", "20.000.000")
    }

    /// Paid back in part, or in full, until 15 January 2025.
    pub fn paid_back(self, principal: i64, interest: i64) -> Self {
        self.paid_out()
            .with("repaid_principal_dong", &principal.to_string())
            .with("repaid_interest_dong", &interest.to_string())
            .with("last_repaid_on", "15/01/2025")
    }

    /// The rest written off on 1 March 2025.
    pub fn written_off(self, dong: i64) -> Self {
        self.with("written_off_dong", &dong.to_string())
            .with("written_off_on", "01/03/2025")
            .with("write_off_reason", "không liên lạc được")
    }

    fn cells(&self) -> Vec<String> {
        COLUMNS.iter().map(|column| self.0.get(column).cloned().unwrap_or_default()).collect()
    }
}

/// These loans as text.
pub fn csv(papers: &[Paper]) -> Vec<u8> {
    table_csv(COLUMNS, &papers.iter().map(Paper::cells).collect::<Vec<_>>())
}

/// The same as a workbook of texts.
pub fn xlsx(papers: &[Paper]) -> Vec<u8> {
    table_xlsx(COLUMNS, &papers.iter().map(Paper::cells).collect::<Vec<_>>())
}

impl TestApp {
    /// The request that imports a file of loans; `more` is added to the query.
    pub fn importing_loans(&self, user: &User, file: &[u8], more: &str) -> Call<'_> {
        self.call("POST", &format!("/imports?kind=loans{more}")).bytes(file, FILE).by(user)
    }

    /// Imports loans.
    #[track_caller]
    pub fn import_loans(&self, user: &User, papers: &[Paper]) -> Uuid {
        self.importing_loans(user, &csv(papers), "").send().expect(201).id()
    }

    /// Says what importing loans would do.
    #[track_caller]
    pub fn dry_run_of_loans(&self, user: &User, papers: &[Paper]) -> Value {
        self.importing_loans(user, &csv(papers), "&dry_run=true").send().expect(200).json()
    }

    /// Somebody with an old case, who agrees that the lender learns what it needs.
    #[track_caller]
    pub fn borrower(&self, worker: &User, lender: Uuid, name: &str) -> (Uuid, Uuid) {
        let person = self.person(worker, name);
        let case = self.old_case(worker, person, "at_risk", "2020-03-02".parse().expect("a day"));
        self.consent(worker, person, lender, self.days_ago(10));
        (person, case)
    }
}
