//! What the rules of loans refuse.

/// A rule of loans that refuses a well-formed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoanConflict {
    /// The referral has a loan already that is neither refused, withdrawn nor over.
    Open,
    /// With the loans still outstanding the ceiling of the product would be exceeded.
    Ceiling,
    /// A live consent of the person to pass the certificate to this lender is needed.
    CertificateConsentMissing,
    /// No money is left to be paid out, paid back or written off on that day.
    NothingLeft,
    /// Together with what is recorded the ledger would not hold.
    LedgerBroken,
    /// The entry was reversed before, or is no entry of a ledger.
    NotReversible,
    /// The delivery stands for money a lender paid out; the lender reverses it in the loan's ledger.
    Delivery,
    /// The referral has a loan: what is paid out is recorded in its ledger, which records the delivery.
    PaidByLedger,
    /// Money was recorded by hand as given on the referral; it would count beside the ledger's.
    PaidByHand,
}

impl LoanConflict {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Open => "loan_open",
            Self::Ceiling => "loan_ceiling",
            Self::CertificateConsentMissing => "certificate_consent_missing",
            Self::NothingLeft => "nothing_left",
            Self::LedgerBroken => "ledger_broken",
            Self::NotReversible => "not_reversible",
            Self::Delivery => "delivery_of_loan",
            Self::PaidByLedger => "paid_by_ledger",
            Self::PaidByHand => "paid_by_hand",
        }
    }

    /// In Vietnamese and in English.
    pub(super) fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => (
                "Chuyển gửi này đã có một khoản vay đang xử lý hoặc đang trả.",
                "This referral has a loan that is being handled or paid back.",
            ),
            Self::Ceiling => (
                "Cộng với dư nợ hiện có sẽ vượt mức cho vay tối đa của sản phẩm.",
                "With the loans outstanding this would exceed the product's ceiling.",
            ),
            Self::CertificateConsentMissing => (
                "Cần sự đồng ý còn hiệu lực cho việc chuyển giấy xác nhận tới nơi cho vay này.",
                "A live consent to pass the certificate to this lender is needed.",
            ),
            Self::NothingLeft => (
                "Không còn khoản nào để giải ngân, trả hoặc xóa nợ vào ngày đó.",
                "Nothing is left on that day to be paid out, paid back or written off.",
            ),
            Self::LedgerBroken => (
                "Cùng với các bút toán đã ghi, sổ sẽ không còn khớp; hãy đảo bút toán sau trước.",
                "Together with what is recorded the ledger would not hold; reverse the later entries first.",
            ),
            Self::NotReversible => (
                "Bút toán này đã được đảo, hoặc không đảo được.",
                "This entry was reversed before, or cannot be reversed.",
            ),
            Self::Delivery => (
                "Đây là tiền nơi cho vay đã giải ngân; nơi cho vay đảo bút toán trong sổ của khoản vay.",
                "This is money that a lender paid out; the lender reverses it in the loan's ledger.",
            ),
            Self::PaidByLedger => (
                "Chuyển gửi này có khoản vay: tiền giải ngân được ghi trong sổ của khoản vay.",
                "This referral has a loan: money paid out is recorded in the loan's ledger.",
            ),
            Self::PaidByHand => (
                "Chuyển gửi này đã có khoản hỗ trợ vay vốn ghi bằng tay; hãy hủy bản ghi đó trước khi lập hồ sơ vay.",
                "A loan was recorded by hand as given on this referral; declare that record void before applying.",
            ),
        }
    }
}
