//! What is refused about official returns.

/// Why an official return is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnRefusal {
    /// The password that was asked for once more is another one.
    WrongPassword,
    /// The period was opened again: what was computed may not stand.
    PeriodOpen,
    /// A later revision is there.
    Superseded,
    /// It was filed before.
    Filed,
    /// Nobody has signed it first.
    NotSigned,
    /// The second signature is another person's.
    SameSigner,
    /// What stands in the database was not computed or signed here.
    NotGenuine,
}

impl ReturnRefusal {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong_password",
            Self::PeriodOpen => "period_open",
            Self::Superseded => "return_superseded",
            Self::Filed => "return_filed",
            Self::NotSigned => "return_not_signed",
            Self::SameSigner => "same_signer",
            Self::NotGenuine => "return_not_genuine",
        }
    }

    pub(super) fn title(self) -> (String, String) {
        let (vi, en) = match self {
            Self::WrongPassword => ("Mật khẩu không đúng; chưa ký.", "The password is not right; nothing was signed."),
            Self::PeriodOpen => (
                "Kỳ báo cáo đã được mở lại; ký bản lập khi kỳ được khóa lần nữa.",
                "The period was opened again; sign what is computed when it is closed once more.",
            ),
            Self::Superseded => {
                ("Đã có bản sửa đổi sau; hãy ký bản đó.", "A later revision is there; that one is to be signed.")
            }
            Self::Filed => ("Báo cáo này đã được nộp.", "This return was filed before."),
            Self::NotSigned => ("Chưa có chữ ký thứ nhất.", "Nobody has given the first signature."),
            Self::SameSigner => (
                "Chữ ký thứ hai phải của người khác, không phải người đã ký thứ nhất.",
                "The second signature is given by another person than the first.",
            ),
            Self::NotGenuine => (
                "Báo cáo này đã bị thay đổi ngoài hệ thống; hãy báo người vận hành chạy «audit verify».",
                "This return was altered behind the program's back; have the operator run “audit verify”.",
            ),
        };
        (vi.into(), en.into())
    }
}
