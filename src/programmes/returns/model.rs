//! Rows and views of official returns.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::display_name;
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::db::types::{AccountId, Instant, OfficialReturnId, text_enum};
use crate::error::AppError;
use crate::programmes::periods::Calendar;

text_enum! {
    /// How far a return is.
    ReturnStatus {
        /// Computed when the period was closed.
        Computed = "computed",
        /// Signed once.
        Signed = "signed",
        /// Signed twice, by two people: filed.
        Filed = "filed",
        /// A later revision is there.
        Superseded = "superseded",
    }
}

/// A return as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = official_returns, treat_none_as_default_value = false)]
pub struct OfficialReturn {
    /// Id.
    pub id: OfficialReturnId,
    /// Place in the chain of all returns.
    pub number: i64,
    /// The province on the map of the period's last day.
    pub province_code: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// Times the period was closed.
    pub revision: i32,
    /// [`ReturnContent`] as it was computed.
    pub content: String,
    /// Whether every line is nought.
    pub nothing_to_report: bool,
    /// When.
    pub computed_at: Instant,
    /// Why the period was opened again; empty of the first.
    pub reason: String,
    /// Vouches for this return and all before it.
    pub chain_mac: Vec<u8>,
    /// How far it is.
    pub status: ReturnStatus,
    /// Code of the recipient.
    pub recipient: Option<String>,
    /// Who signed first.
    pub first_signed_by: Option<AccountId>,
    /// When.
    pub first_signed_at: Option<Instant>,
    /// Vouches for recipient and first signature.
    pub signature_mac: Option<Vec<u8>>,
    /// Who signed second.
    pub second_signed_by: Option<AccountId>,
    /// When: the return was filed then.
    pub second_signed_at: Option<Instant>,
    /// What the signer reads out to prove that it was filed.
    pub receipt: Option<String>,
    /// Vouches for both signatures and the moment of filing.
    pub receipt_mac: Option<Vec<u8>>,
    /// Version for `If-Match`.
    pub version: i32,
}

impl OfficialReturn {
    /// What was computed.
    pub(super) fn opened(&self) -> Result<ReturnContent, AppError> {
        serde_json::from_str(&self.content).map_err(|error| AppError::internal(error.to_string()))
    }
}

/// A total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnedLine {
    /// Code.
    pub code: String,
    /// Code of the line of whose persons these are a part.
    pub of: Option<String>,
    /// What it counts, in Vietnamese.
    pub vi: String,
    /// What it counts, in English.
    pub en: String,
    /// What asks for it.
    pub legal_basis: String,
    /// Distinct persons.
    pub persons: u64,
}

/// A release about the same persons, from which the return differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseBeside {
    /// Plan.
    pub programme: String,
    /// Indicator.
    pub indicator: String,
    /// Calendar year.
    pub year: i32,
    /// Last day on which records of that year are taken in.
    pub records_until: NaiveDate,
}

/// What a return says, frozen as it was computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnContent {
    /// Name of the province on the last day.
    pub province_vi: String,
    /// The same without marks; not official.
    pub province_en: String,
    /// Lines.
    pub lines: Vec<ReturnedLine>,
    /// Releases that take in some of the same days.
    pub releases: Vec<ReleaseBeside>,
    /// How to read it, and why releases say something else.
    pub note_vi: String,
    /// The same in English.
    pub note_en: String,
}

/// A return in the list: no number stands here.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OfficialReturnLine {
    /// Id.
    pub id: OfficialReturnId,
    /// The province on the map of the period's last day.
    pub province_code: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// Times the period was closed.
    pub revision: i32,
    /// How far it is.
    pub status: ReturnStatus,
    /// When it was computed.
    pub computed_at: Instant,
    /// Why the period was opened again.
    pub reason: Option<String>,
    /// Code of the recipient.
    pub recipient: Option<String>,
    /// Who signed first.
    pub first_signed_by: Option<AccountId>,
    /// When.
    pub first_signed_at: Option<Instant>,
    /// Who signed second.
    pub second_signed_by: Option<AccountId>,
    /// When it was filed.
    pub filed_at: Option<Instant>,
    /// What proves that it was filed.
    pub receipt: Option<String>,
}

impl From<&OfficialReturn> for OfficialReturnLine {
    fn from(row: &OfficialReturn) -> Self {
        Self {
            id: row.id,
            province_code: row.province_code.clone(),
            calendar: row.calendar,
            period: row.period.clone(),
            first_day: row.first_day,
            last_day: row.last_day,
            revision: row.revision,
            status: row.status,
            computed_at: row.computed_at,
            reason: Some(row.reason.clone()).filter(|reason| !reason.is_empty()),
            recipient: row.recipient.clone(),
            first_signed_by: row.first_signed_by,
            first_signed_at: row.first_signed_at,
            second_signed_by: row.second_signed_by,
            filed_at: row.second_signed_at,
            receipt: row.receipt.clone(),
        }
    }
}

/// A signature.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignatureView {
    /// Who.
    pub account_id: AccountId,
    /// Name that colleagues read.
    pub display_name: String,
    /// When.
    pub signed_at: Instant,
}

/// A return with its totals.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OfficialReturnView {
    #[serde(flatten)]
    line: OfficialReturnLine,
    /// Whether every total is nought. It is filed all the same.
    pub(super) nothing_to_report: bool,
    /// Signatures, the first one first.
    pub(super) signatures: Vec<SignatureView>,
    /// Totals and notes, as they were computed.
    pub(super) content: ReturnContent,
}

impl OfficialReturnView {
    /// As a reader sees it.
    pub(super) fn of(conn: &mut DbConnection, row: &OfficialReturn) -> Result<Self, AppError> {
        let given = [(row.first_signed_by, row.first_signed_at), (row.second_signed_by, row.second_signed_at)];
        let mut signatures = Vec::new();
        for (account_id, signed_at) in given.into_iter().filter_map(|(by, at)| Some((by?, at?))) {
            let display_name = display_name(conn, account_id)?;
            signatures.push(SignatureView { account_id, display_name, signed_at });
        }
        let content = row.opened()?;
        Ok(Self { line: row.into(), nothing_to_report: row.nothing_to_report, signatures, content })
    }
}
