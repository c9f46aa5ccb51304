//! Column types that both engines share: ids and instants, and the macros that
//! declare typed ids and text codes.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SubsecRound, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Timestamp;
use diesel::sqlite::Sqlite;
use serde::{Deserialize, Serialize};

use super::connection::MultiBackend;

/// SQL type of every id: `uuid` on PostgreSQL, a 16-byte blob on SQLite.
#[derive(Debug, Clone, Copy, Default, diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
#[diesel(postgres_type(name = "uuid"))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Id;

impl diesel::sql_types::HasSqlType<Id> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        MultiBackend::lookup_sql_type::<Id>(lookup)
    }
}

/// A UUID as both engines return it; the typed ids are read through it.
#[derive(Debug, Clone, Copy)]
pub struct Key(pub uuid::Uuid);

impl FromSql<Id, Sqlite> for Key {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Key(uuid::Uuid::from_slice(value.read_blob())?))
    }
}

impl FromSql<Id, Pg> for Key {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Key(uuid::Uuid::from_slice(value.as_bytes())?))
    }
}

/// Declares an id of its own type over [`Key`], so that a case's id cannot be
/// passed where a person's is meant.
macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
            diesel::deserialize::FromSqlRow, diesel::expression::AsExpression, utoipa::ToSchema,
        )]
        #[diesel(sql_type = $crate::db::types::Id)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        impl diesel::serialize::ToSql<$crate::db::types::Id, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.0.as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::serialize::ToSql<$crate::db::types::Id, diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::sqlite::Sqlite>,
            ) -> diesel::serialize::Result {
                out.set_value(self.0.as_bytes().as_slice());
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::serialize::ToSql<$crate::db::types::Id, $crate::db::connection::MultiBackend> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $crate::db::connection::MultiBackend>,
            ) -> diesel::serialize::Result {
                out.set_value(($crate::db::types::Id, self));
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::deserialize::FromSql<$crate::db::types::Id, $crate::db::connection::MultiBackend> for $name {
            fn from_sql(
                value: <$crate::db::connection::MultiBackend as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                value
                    .from_sql::<$crate::db::types::Key, $crate::db::types::Id>()
                    .map(|key| Self(key.0))
            }
        }
    )+};
}
pub(crate) use id_type;

/// Declares a closed set of words that is text in the database, in JSON and in
/// the API description.
macro_rules! text_enum {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
            diesel::deserialize::FromSqlRow, diesel::expression::AsExpression,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name {
            $($(#[doc = $vdoc])* #[serde(rename = $text)] $variant,)+
        }

        // The derive does not see through the macro which words are sent.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::db::types::words_schema(concat!($($doc, "\n"),*), &[$(($text, concat!($($vdoc, " "),*)),)+])
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }

        impl $name {
            /// Every word of the set, in the order it is declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word as stored and as sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::db::types::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::db::types::UnknownWord(stringify!($name))),
                }
            }
        }
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::sqlite::Sqlite>,
            ) -> diesel::serialize::Result {
                out.set_value(self.as_str());
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::serialize::ToSql<diesel::sql_types::Text, $crate::db::connection::MultiBackend> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $crate::db::connection::MultiBackend>,
            ) -> diesel::serialize::Result {
                out.set_value((diesel::sql_types::Text, self));
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::deserialize::FromSql<diesel::sql_types::Text, $crate::db::connection::MultiBackend> for $name {
            fn from_sql(
                value: <$crate::db::connection::MultiBackend as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                let text = value.from_sql::<String, diesel::sql_types::Text>()?;
                Ok(text.parse()?)
            }
        }
    };
}
pub(crate) use text_enum;

/// How a set of words stands in the API description: each word with what it means.
pub(crate) fn words_schema(
    about: &str,
    words: &[(&'static str, &'static str)],
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = words.iter().map(|(word, meaning)| format!("- `{word}`: {}", plain(meaning)));
    let text = std::iter::once(plain(about)).chain(lines).collect::<Vec<_>>().join("\n");
    utoipa::openapi::schema::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .description(Some(text))
        .enum_values(Some(words.iter().map(|(word, _)| *word)))
        .into()
}

/// A text column holds a word outside its set: the row was not written by this program.
#[derive(Debug, thiserror::Error)]
#[error("unknown word in a {0} column")]
pub struct UnknownWord(pub &'static str);

/// A moment in UTC, to the microsecond (what both engines keep).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    FromSqlRow,
    AsExpression,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[diesel(sql_type = Timestamp)]
#[serde(transparent)]
pub struct Instant(pub DateTime<Utc>);

impl Instant {
    /// The moment, cut to the precision the databases keep.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }

    /// The civil date of this moment in Vietnam (`Asia/Ho_Chi_Minh`, UTC+7 all year since 1975).
    pub fn civil_date(self) -> NaiveDate {
        match FixedOffset::east_opt(7 * 3600) {
            Some(vietnam) => self.0.with_timezone(&vietnam).date_naive(),
            None => self.0.date_naive(),
        }
    }

    /// The minute in Vietnam, as people write it.
    pub fn civil_minute(self) -> String {
        let here = FixedOffset::east_opt(7 * 3600).map(|vietnam| self.0.with_timezone(&vietnam).naive_local());
        here.unwrap_or_else(|| self.0.naive_utc()).format("%d/%m/%Y %H:%M").to_string()
    }

    /// The minute in Vietnam, in the order of ISO 8601.
    pub fn civil_minute_iso(self) -> String {
        let here = FixedOffset::east_opt(7 * 3600).map(|vietnam| self.0.with_timezone(&vietnam).naive_local());
        here.unwrap_or_else(|| self.0.naive_utc()).format("%Y-%m-%d %H:%M").to_string()
    }

    /// This moment moved by a span of time.
    #[must_use]
    pub fn plus(self, span: chrono::TimeDelta) -> Self {
        Self(self.0 + span)
    }

    /// Microseconds since 1970, the form in which moments enter a MAC.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }
}

impl ToSql<Timestamp, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Timestamp, Pg>::to_sql(&self.0.naive_utc(), &mut out.reborrow())
    }
}

impl ToSql<Timestamp, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.format("%F %T%.6f").to_string());
        Ok(IsNull::No)
    }
}

impl ToSql<Timestamp, MultiBackend> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Timestamp, self));
        Ok(IsNull::No)
    }
}

impl FromSql<Timestamp, MultiBackend> for Instant {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<NaiveDateTime, Timestamp>().map(|at| Self(at.and_utc()))
    }
}

id_type! {
    /// An account: one person who may log in.
    AccountId;
    /// One scoped grant of one account.
    GrantId;
    /// One login on one device, from password to logout.
    LoginSessionId;
    /// An organisation.
    OrganisationId;
    /// A person supported, or who asked for support.
    PersonId;
    /// A consent.
    ConsentId;
    /// A guardian of a person.
    GuardianId;
    /// A case.
    CaseId;
    /// A dated event in a case.
    CaseEventId;
    /// A follow-up after a case was closed.
    FollowUpId;
    /// A recorded refusal of support.
    RefusalId;
    /// An assessment of needs and eligibility.
    AssessmentId;
    /// A referral from a centre to a partner.
    ReferralId;
    /// A dated event in a referral.
    ReferralEventId;
    /// Support given.
    DeliveryId;
    /// A transfer of a case to another centre.
    TransferId;
    /// A manager's override of a limit of support.
    OverrideId;
    /// A circumstance entitlements depend on.
    CircumstanceId;
    /// A stay at a facility.
    StayId;
    /// An extension of a stay.
    ExtensionId;
    /// A goal of one version of a care plan.
    GoalId;
    /// A step as one version of a care plan states it.
    StepId;
    /// A task: a step of a care plan, or free work in a case.
    TaskId;
    /// Declared shares of a split administrative unit.
    UnitSharesId;
    /// A point of intervention.
    InterventionPointId;
    /// A session of outreach.
    OutreachSessionId;
    /// A contact of outreach: somebody met, mostly without a name.
    ContactId;
    /// Two values of one field of a session or contact, to be decided between.
    OutreachConflictId;
    /// A link between a contact code and a person.
    CodeLinkId;
    /// A referral of somebody met in outreach.
    ContactReferralId;
    /// A sealed parcel that a phone handed in without a login.
    OutreachParcelId;
    /// A phone, by a number it made itself.
    DeviceId;
    /// What a phone did, by a number it made itself.
    OperationId;
    /// An entry of a register of a programme.
    RegisterEntryId;
    /// Whoever took part in an activity: the entry of a member of staff, or a keyed hash that tells nobody.
    ParticipantId;
    /// A value reported by another body.
    ReportedValueId;
    /// The report of a unit for a period.
    ReportingPeriodId;
    /// An official return of a province.
    OfficialReturnId;
    /// An import into a register.
    RegisterImportId;
    /// A session or a contact.
    OutreachRecordId;
    /// A vocational course.
    CourseId;
    /// A place of one person in a course.
    EnrolmentId;
    /// A dated event of an enrolment.
    EnrolmentEventId;
    /// Training aid granted.
    TrainingAidId;
    /// A loan.
    LoanId;
    /// A dated event of a loan.
    LoanEventId;
    /// A note of a case.
    NoteId;
    /// A file of a case.
    AttachmentId;
    /// An import of a file.
    ImportId;
}
