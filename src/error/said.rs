//! What a value is measured against, in words: days, what it goes together with, the form it has.

use chrono::NaiveDate;

/// An enum of what is said, each in Vietnamese and English, and [`ALL`](Self::ALL) of it.
macro_rules! said {
    ($(#[$meta:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => ($vi:literal, $en:literal),)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// Everything that is said.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub(super) fn texts(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$variant => ($vi, $en),)+
                }
            }
        }
    };
}

said! {
    /// A day that another is measured against. The day itself is not told where it is a person's.
    DayOf {
        /// Today.
        Today => ("hôm nay", "today"),
        /// The earliest year a record holds.
        Year1900 => ("năm 1900", "the year 1900"),
        /// Somebody met agreed to be referred.
        Agreement => ("ngày người đó đồng ý", "the day the person agreed"),
        /// Somebody referred came.
        Arrival => ("ngày người đó đến", "the day the person came"),
        /// The first day that was asked for.
        FirstDayAsked => ("ngày đầu được hỏi", "the first day asked for"),
        /// The last day that may be asked for with it.
        YearAfterFirstDay => ("một năm kể từ ngày đầu được hỏi", "one year from the first day asked for"),
        /// Somebody's birth.
        Birth => ("ngày sinh", "the birth"),
        /// Somebody's coming of age.
        ComingOfAge => ("ngày đủ 18 tuổi", "the day of coming of age"),
        /// The case was received, here or where it was before.
        CaseReceived => ("ngày tiếp nhận hồ sơ", "the day the case was received"),
        /// What last happened in the case.
        LastCaseEvent => ("ngày của sự kiện gần nhất trong hồ sơ", "the day of the last event of the case"),
        /// An assessment.
        Assessment => ("ngày đánh giá", "the day of the assessment"),
        /// A plan was agreed.
        PlanAgreed => ("ngày thống nhất kế hoạch", "the day the plan was agreed"),
        /// Somebody became guardian.
        GuardianFrom => ("ngày bắt đầu giám hộ", "the first day of the guardianship"),
        /// A consent was given.
        ConsentGiven => ("ngày đồng ý", "the day the consent was given"),
        /// An organisation opened.
        OrganisationFrom => ("ngày tổ chức bắt đầu hoạt động", "the first day of the organisation"),
        /// As early as a recipient can know of.
        YearBeforeSent => ("một năm trước ngày gửi chuyển gửi", "a year before the referral was sent"),
        /// A referral was answered.
        ReferralAnswered => ("ngày nơi nhận trả lời chuyển gửi", "the day the referral was answered"),
        /// A point of intervention begins.
        PointFrom => ("ngày đầu của điểm can thiệp", "the first day of the point of intervention"),
        /// The last group leaves a point of intervention.
        GroupLeavesPoint => ("ngày nhóm cuối cùng rời điểm can thiệp", "the day the last group leaves the point of intervention"),
        /// A group begins to work in a place.
        PlaceFrom => ("ngày nhóm bắt đầu hoạt động ở đó", "the day the group begins to work there"),
        /// A stay began.
        StayFrom => ("ngày vào ở", "the first day of the stay"),
        /// A course begins.
        CourseFrom => ("ngày bắt đầu khóa học", "the first day of the course"),
        /// A course ends.
        CourseUntil => ("ngày kết thúc khóa học", "the last day of the course"),
        /// Somebody was enrolled.
        Enrolled => ("ngày nhập học", "the day of the enrolment"),
        /// The last day recorded of an enrolment.
        LastAttended => ("ngày học gần nhất đã ghi", "the last day of attendance on record"),
        /// A learner completed the course.
        CourseEnded => ("ngày học xong", "the day the learner completed the course"),
        /// A loan was applied for.
        LoanApplied => ("ngày xin vay", "the day of the application"),
        /// A loan was granted.
        LoanDecided => ("ngày quyết định cho vay", "the day of the decision"),
        /// Money was first paid out.
        LoanPaidOut => ("ngày giải ngân đầu tiên", "the day money was first paid out"),
        /// Money was last paid back.
        LoanRepaid => ("ngày trả nợ gần nhất", "the day money was last paid back"),
        /// What was last recorded in the ledger.
        LastLoanEntry => ("ngày của bút toán gần nhất", "the day of the last entry"),
        /// What an entry of a register is about happened.
        EntryDay => ("ngày của mục này", "the day of the entry"),
        /// A step before it.
        StepBefore => ("bước trước đó", "the step before"),
        /// An establishment opened.
        EstablishmentOpened => ("ngày mở cơ sở", "the day the establishment opened"),
        /// An establishment closed.
        EstablishmentClosed => ("ngày đóng cơ sở", "the last day of the establishment"),
        /// The last instalment.
        LastInstalment => ("ngày trả kỳ cuối", "the day of the last instalment"),
    }
}

said! {
    /// What a value must fit: another field, or what is on record. A whole sentence.
    FitsWith {
        /// The plan of repayment is one of the product.
        PlanOfProduct => ("Sản phẩm vay này không trả theo cách đó.", "This loan product is not paid back in that way."),
        /// The product asks for no certificate.
        NoCertificate => ("Sản phẩm vay này không cần giấy xác nhận.", "This loan product asks for no certificate."),
        /// The referral is for a loan.
        LoanReferral => ("Cần một chuyển gửi vay vốn.", "A referral for a loan is needed."),
        /// The referral is for training.
        TrainingReferral => ("Cần một chuyển gửi học nghề.", "A referral for vocational training is needed."),
        /// The service is that of the referral.
        ServiceOfReferral => ("Phải là dịch vụ của chuyển gửi.", "It must be the service of the referral."),
        /// Something of the loan is left.
        RestOfLoan => ("Gốc đã trả hết; không còn gì để xóa nợ.", "All is paid back; nothing is left to be written off."),
        /// The amounts make an account.
        LoanAccount => ("Số đã trả phải khớp với số đã giải ngân và kỳ trả.", "What was paid back must fit what was paid out and the instalments."),
        /// Money was paid out.
        MoneyPaidOut => ("Chưa giải ngân thì chưa có gì để xóa nợ.", "Where no money was paid out, nothing is written off."),
        /// The case is of a victim.
        OfVictims => ("Chỉ dành cho nạn nhân hoặc người có thể là nạn nhân.", "Only of a victim, or of somebody who may be one."),
        /// The case is of an identified victim.
        OfIdentifiedVictims => ("Chỉ dành cho nạn nhân đã được xác định.", "Only of an identified victim."),
        /// The case is closed.
        OnClosing => ("Chỉ nêu lý do khi đóng hồ sơ.", "A reason is given only when the case is closed."),
        /// The group goes with the sex on record.
        SexOnRecord => ("Nhóm phải khớp với giới tính trong hồ sơ.", "The group must fit the sex on record."),
        /// The group goes with the ethnicity on record.
        EthnicityOnRecord => ("Nhóm phải khớp với dân tộc trong hồ sơ.", "The group must fit the ethnicity on record."),
        /// Check-ups keep their days.
        CheckUpDays => ("Ngày này làm một lần hỏi lại đã ghi đến trước hạn của nó.", "By this day a check-up on record would lie before it was due."),
        /// Check-ups keep their work.
        CheckUpsOfWork => ("Đã ghi lần hỏi lại về việc làm này.", "Check-ups of this work are on record."),
        /// There is work.
        WithWork => ("Chỉ nêu khi có việc làm.", "Only where there is work."),
        /// The law still gives it.
        SupportLimit => ("Đã đến mức hỗ trợ; hãy hỏi nơi chuyển gửi.", "The limit of support is reached; ask the sender."),
        /// A point of intervention works while its model is used.
        DaysOfModel => ("Mô hình này không áp dụng trong những ngày đó.", "This model is not used on all of these days."),
        /// A group is at a point where and when the point is.
        PlaceOfPoint => ("Điểm can thiệp không ở đơn vị này hoặc không hoạt động trong những ngày đó.", "The point of intervention is not in this unit, or not on all of these days."),
        /// A group is in a unit once at a time.
        OncePerUnit => ("Mỗi đơn vị chỉ nêu một lần cho cùng một ngày.", "A unit is named once for a day."),
        /// One number is a part of another.
        PartOfNumber => ("Không được lớn hơn số toàn bộ.", "It may not be more than the number it is a part of."),
        /// As many came as are listed.
        Listed => ("Không được nhỏ hơn số người trong danh sách.", "It may not be less than the number of those listed."),
        /// A unit that has nothing to report recorded nothing.
        NothingOnRecord => ("Đơn vị đã ghi sổ hoặc có số liệu báo cáo của kỳ này.", "The unit has entries or reported values of this period."),
        /// Outreach is told by province and year.
        ProvincesAndYears => ("Số về tiếp cận cộng đồng chỉ nêu theo tỉnh hoặc cả nước, và theo cả năm.", "Numbers of outreach are told of provinces or the country, and of whole years, alone."),
        /// An officer records for the own unit.
        PlacesOfOfficer => ("Chỉ ghi cho đơn vị thuộc phạm vi của bạn.", "Only units within your reach are recorded."),
        /// An inspection takes the unit of its establishment.
        UnitOfEstablishment => ("Phải là đơn vị của cơ sở, hoặc để trống.", "It must be the unit of the establishment, or be left out."),
        /// An establishment was open whenever it was inspected.
        DaysOfInspections => ("Cơ sở phải đang mở vào mọi ngày đã ghi kiểm tra.", "The establishment must be open on every day it was inspected."),
        /// Figures go under the days they are of.
        CalendarOfPlan => ("Tệp ánh xạ chia kỳ theo ngày chốt, còn kế hoạch theo năm dương lịch: số sẽ mang ngày sai.", "The mapping cuts periods on the closing day, the plan by the civil year: figures would go under other days than theirs."),
        /// A period that is closed changes no more.
        OpenPeriod => ("Kỳ báo cáo của những ngày này đã khóa; cần mở lại trước.", "The reporting period of these days is closed; it must be opened again first."),
        /// Somebody else revised the value first.
        StandingRevision => ("Phải là số lần sửa đang có của giá trị này; để trống khi chưa có.", "It must be the revision of the value that stands; left empty where there is none."),
        /// Staff who are trained are in the work.
        StaffInWork => ("Chỉ nêu cán bộ trong phạm vi của bạn, đang làm công tác vào ngày đó.", "Only staff within your reach who are in the work on that day."),
        /// A staff number that several have.
        OneOfStaff => ("Nhiều cán bộ có mã này; hãy ghi id của mục trong sổ cán bộ.", "Several of the staff have this number; give the id of the entry instead."),
        /// Said when a report is submitted.
        Submission => ("Chỉ nêu khi gửi báo cáo.", "Only where a report is submitted."),
        /// Nothing was recorded since the unit said so.
        NothingOnRecordSince => ("Đơn vị, hoặc một đơn vị bên dưới, đã báo cáo không có số liệu nhưng sau đó đã ghi sổ hoặc có số được báo cáo; hãy trả lại để báo cáo lại.", "The unit, or one below it, reported that there was nothing, and something was recorded or reported since; return it, to be submitted anew."),
        /// Known by its name, in its unit.
        OnRecordOnce => ("Một đơn vị chỉ có một mục như vậy cho những ngày này; mục khác đã có trong sổ hoặc ở một dòng trước của tệp.", "A unit has one such entry for these days; another is on record, or in an earlier line of the file."),
        /// Named once.
        Once => ("Mỗi thứ chỉ nêu một lần trong danh sách.", "Each is named once in the list."),
        /// A split unit went into this one.
        SuccessorOfUnit => ("Chỉ nêu những đơn vị mà đơn vị cũ được chia vào.", "Only units that the old one was divided into are named."),
        /// All units that a split one went into.
        EverySuccessor => ("Nêu đủ mọi đơn vị mà đơn vị cũ được chia vào, kể cả đơn vị có phần bằng 0.", "Every unit that the old one was divided into is named, also one whose share is 0."),
        /// Shares make a whole.
        SharesOfWhole => ("Các phần phải cộng lại đúng 1000 phần nghìn.", "The shares must add up to 1000 thousandths."),
        /// The learner is still there.
        StillLearning => ("Người này không còn học ở khóa học.", "This person learns in the course no more."),
        /// The course is as long as its level may be.
        LengthOfLevel => ("Khóa học dài hơn mức của trình độ này trong danh mục.", "The course is longer than the catalogue lets this level be."),
        /// Steps of a plan come with the plan.
        StepsWithPlan => ("Bước của kế hoạch được ghi khi lưu kế hoạch.", "Steps of a care plan are recorded by saving the plan."),
        /// The reason speaks for what was found.
        ReasonForFinding => ("Lý do phải khớp với kết luận về điều kiện.", "The reason must speak for what was found about eligibility."),
        /// There is a need.
        InNeed => ("Chỉ nêu khi có nhu cầu.", "Only where there is a need."),
        /// A child comes with a victim.
        ChildOfVictim => ("Chỉ dành cho người chưa đủ 18 tuổi đi cùng nạn nhân.", "Only of somebody under 18 who comes with a victim."),
        /// One year of birth.
        OneYear => ("Chỉ nêu một năm sinh.", "One year of birth may be given."),
        /// Nobody anonymous is named.
        Anonymous => ("Người ẩn danh không ghi tên.", "Somebody anonymous is not named."),
        /// What is known of the birth.
        BirthPrecision => ("Không đi cùng với mức độ biết ngày sinh đã chọn.", "Does not go together with how well the birth is known."),
        /// Nobody has answered the referral.
        UnansweredReferral => ("Chỉ rút lại giới thiệu mà dịch vụ chưa trả lời.", "Only a referral that was not answered is taken back."),
        /// Two records.
        AnotherRecord => ("Cần một bản ghi khác.", "Another record is needed."),
        /// A guardian gave it.
        ByGuardian => ("Chỉ nêu người giám hộ khi người giám hộ đồng ý.", "A guardian is named only where a guardian agrees."),
        /// The person gave it.
        BySelf => ("Chỉ chính người đó đồng ý trước cho khi đủ 18 tuổi.", "Only the person agrees ahead of coming of age."),
        /// Money has an amount.
        AmountOfMoney => ("Chỉ nêu số tiền khi hỗ trợ bằng tiền.", "An amount is given only with money."),
        /// The owner is of the kind.
        KindOfOwner => ("Không đi cùng với loại người thực hiện.", "Does not go together with the kind of owner."),
        /// The receiver is another centre.
        AnotherCentre => ("Nơi nhận phải là một trung tâm khác.", "The receiver must be another centre."),
        /// A commune hands over a victim.
        LegalDuty => ("Chỉ xã chuyển nạn nhân, hoặc người có thể là nạn nhân, theo nghĩa vụ pháp luật.", "Only a commune hands over by legal duty, and only a victim or somebody who may be one."),
        /// The role is held without it.
        OfRole => ("Vai trò này được giữ không kèm theo nơi đó.", "This role is held without it."),
        /// The task is open.
        OfOpenTasks => ("Chỉ dùng khi xem việc còn mở.", "Only where open tasks are asked for."),
    }
}

/// The form a value has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// One of these words.
    OneOf(String),
    /// Something that always has the same form.
    Plain(PlainForm),
    /// A body that arrives in time.
    BodyWithin {
        /// Seconds.
        seconds: u64,
    },
}

said! {
    /// A form of a value that is always described in the same words.
    PlainForm {
        /// One JSON object.
        Object => ("một khối JSON", "one JSON object"),
        /// JSON.
        Json => ("JSON đúng cú pháp", "well-formed JSON"),
        /// A list.
        List => ("một danh sách", "a list"),
        /// Text.
        Text => ("văn bản", "text"),
        /// A whole number.
        WholeNumber => ("số nguyên vừa với trường này", "a whole number that fits this field"),
        /// A number.
        Number => ("một số", "a number"),
        /// Yes or no.
        Truth => ("true hoặc false", "true or false"),
        /// A day.
        Day => ("ngày dạng 1999-12-31", "a day such as 1999-12-31"),
        /// A day a record can hold.
        DayOnRecord => ("ngày từ 1900-01-01 đến 2200-12-31", "a day between 1900-01-01 and 2200-12-31"),
        /// An id.
        Id => ("mã của một bản ghi (UUID)", "the id of a record (UUID)"),
        /// What the description says.
        Described => ("giá trị đúng như mô tả", "a value of the described form"),
        /// An entity tag.
        ETag => ("một ETag, như \"3\"", "one ETag, such as \"3\""),
        /// A body that did not break off.
        WholeBody => ("nội dung gửi đầy đủ", "a whole body"),
        /// The parts of an upload.
        FileParts => ("multipart/form-data với hai phần details và file, mỗi phần một lần", "multipart/form-data with the parts details and file, each once"),
        /// How fast an upload must be.
        FileSpeed => ("ít nhất 64 KiB mỗi 10 giây, và tất cả trong 120 giây", "at least 64 KiB every 10 s, and all of it within 120 s"),
        /// A unit below the country.
        UnitBelowCountry => ("một xã, huyện hoặc tỉnh", "a commune, district or province"),
        /// A commune.
        Commune => ("một xã hoặc phường", "a commune"),
        /// A model of intervention.
        InterventionModel => ("một mô hình trong danh mục tiếp cận cộng đồng", "a model of the outreach catalogue"),
        /// A word of the outreach catalogue.
        OutreachWord => ("một mã trong danh mục tiếp cận cộng đồng", "a code of the outreach catalogue"),
        /// A contact code.
        ContactCode => ("mã tiếp cận do người đó nói hoặc trên thẻ", "a contact code, as said or as on a card"),
        /// A change of a field.
        FieldChange => ("giá trị trước và giá trị sau của trường", "the value a field had, and the one it gets"),
        /// A month.
        Month => ("một tháng, ví dụ 2026-11", "a month such as 2026-11"),
        /// Whole months.
        WholeMonths => ("từ ngày đầu một tháng đến ngày cuối một tháng", "whole months: from a first to a last day of a month"),
        /// A period of reporting.
        ReportPeriod => ("một kỳ báo cáo: 2025, 2025-H1, 2025-Q1, 2025-03 hoặc 2021-2025", "a period of reporting: 2025, 2025-H1, 2025-Q1, 2025-03 or 2021-2025"),
        /// A period of which there are official returns.
        ReturnPeriod => ("một kỳ của báo cáo chính thức, ví dụ 2025 hoặc 2025-H1 theo lịch closing", "a period of official returns, such as 2025 or 2025-H1 of the closing calendar"),
        /// The day of a map.
        MapDay => ("period, today hoặc một ngày như 2025-06-30", "period, today, or a day such as 2025-06-30"),
        /// Ways to break a figure down.
        Breakdown => ("một trong province, district, commune; month; class, kind, group; hoặc loại xã như mô tả API; cách nhau bằng dấu phẩy", "one of province, district, commune; month; class, kind, group; or the kind of commune as the API describes it; with commas between them"),
        /// A trade.
        Trade => ("một nghề trong danh mục đào tạo", "a trade of the training catalogue"),
        /// A room or a bed.
        Room => ("phòng như A12, hoặc giường như A12-2", "a room such as A12, or a bed such as A12-2"),
        /// Months of a follow-up.
        FollowUpMonths => ("3, 6 hoặc 12 tháng", "3, 6 or 12 months"),
        /// Numbers of lines.
        Lines => ("số thứ tự dòng, như 4,9-12", "numbers of lines, such as 4,9-12"),
        /// Steps of a plan.
        PlanSteps => ("nhiều nhất 100 bước trong tất cả các mục tiêu", "at most 100 steps in all goals together"),
        /// Letters of a name.
        NameLetters => ("chỉ chữ cái, có dấu hay không dấu, không có khoảng trắng", "letters only, with or without marks, without spaces"),
        /// The code of a card.
        CardCode => ("mã in trên thẻ, mười ký tự; xem lại từng ký tự", "the code printed on a card, ten characters; look at each again"),
        /// What is counted.
        Element => ("một chỉ số nguồn của sổ ghi, của một kế hoạch, hoặc số đơn vị của một cấp", "an element of a register or of a plan, or the number of units of a level"),
        /// Kinds and groups of what is counted.
        ElementClass => ("các từ của chỉ số nguồn này, theo thứ tự chữ cái", "words of this element, in the order of the alphabet"),
        /// A country.
        Country => ("hai chữ in hoa (ISO 3166), như VN", "two capital letters (ISO 3166), such as VN"),
    }
}

impl From<PlainForm> for Form {
    fn from(form: PlainForm) -> Self {
        Self::Plain(form)
    }
}

impl Form {
    pub(super) fn texts(&self) -> (String, String) {
        match self {
            Self::OneOf(words) => (format!("một trong các từ: {words}"), format!("one of these words: {words}")),
            Self::BodyWithin { seconds } => {
                (format!("nội dung gửi xong trong {seconds} giây"), format!("a body within {seconds} s"))
            }
            Self::Plain(form) => {
                let (vi, en) = form.texts();
                (vi.into(), en.into())
            }
        }
    }
}

/// A day as people write it.
pub(super) fn written(day: NaiveDate) -> (String, String) {
    (day.format("%d/%m/%Y").to_string(), day.to_string())
}

#[cfg(test)]
mod tests {
    use super::{DayOf, FitsWith, PlainForm};

    fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        let days = DayOf::ALL.iter().map(|day| day.texts());
        let fits = FitsWith::ALL.iter().map(|fit| fit.texts());
        days.chain(fits).chain(PlainForm::ALL.iter().map(|form| form.texts()))
    }

    #[test]
    fn what_is_said_holds_words_and_no_code() {
        for (vi, en) in all() {
            for text in [vi, en] {
                assert!(!text.contains(['_', '`', '{', '}', '+', '=', '<', '>']), "{text}");
            }
        }
    }

    #[test]
    fn each_is_said_once_in_each_language() {
        let (mut vi, mut en): (Vec<&str>, Vec<&str>) = all().unzip();
        let many = vi.len();
        vi.sort_unstable();
        vi.dedup();
        en.sort_unstable();
        en.dedup();
        assert_eq!((vi.len(), en.len()), (many, many));
    }
}
